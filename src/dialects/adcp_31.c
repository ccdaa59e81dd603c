#include "dialects/adcp_31.h"

#include "dialects/adcp_walk.h"

const char *adcp_31_error_code(const char *code)
{
    static const struct {
        const char *newer, *code;
    } codes[] = {
        { "ACCOUNT_IDENTITY_CONFLICT", "CONFLICT" },
        { "ACCOUNT_MOVED", "ACCOUNT_NOT_FOUND" },
        { "ACCOUNT_REQUIRED", "INVALID_REQUEST" },
        { "AMBIGUOUS_BIDDING_POLICY", "INVALID_REQUEST" },
        { "BIDDING_PLACEMENT_CONFLICT", "INVALID_REQUEST" },
        { "COMMITTED_RESOURCE_PURGED", "INVALID_STATE" },
        { "CONFLICTING_SELECTORS", "INVALID_REQUEST" },
        { "CREATIVE_LOCALE_NOT_ACCEPTED", "CREATIVE_REJECTED" },
        { "CREATIVE_MISSING_CLICK_URL", "CREATIVE_REJECTED" },
        { "CREATIVE_REPRESENTATION_UNRESOLVED", "CREATIVE_REJECTED" },
        { "CREATIVE_REVISION_CONTENT_MISMATCH", "CONFLICT" },
        { "CREATIVE_SIZE_MISMATCH", "CREATIVE_REJECTED" },
        { "CREATIVE_VALIDATION_FAILED_GENERIC", "CREATIVE_REJECTED" },
        { "CURSOR_EXPIRED", "INVALID_REQUEST" },
        { "FORMAT_SHAPE_PROMOTED", "UNSUPPORTED_FEATURE" },
        { "GOVERNANCE_AGENT_NOT_ACCEPTED", "PERMISSION_DENIED" },
        { "INVALID_PRICING_OPTION", "VALIDATION_ERROR" },
        { "INVALID_USAGE_DATA", "INVALID_REQUEST" },
        { "MACRO_RESOLUTION_FAILED", "CREATIVE_REJECTED" },
        { "PLACE_TARGET_UNAVAILABLE", "UNSUPPORTED_FEATURE" },
        { "PROVENANCE_SYNTHETIC_DEPICTION_MISSING", "PROVENANCE_REQUIRED" },
        { "SIGNED_RESPONSE_ENVELOPE_EXPIRED", "STALE_RESPONSE" },
        { "SIGNED_RESPONSE_REQUEST_HASH_MISMATCH", "VALIDATION_ERROR" },
        { "SIGNED_RESPONSE_TENANT_MISMATCH", "VALIDATION_ERROR" },
        { "SOURCE_ACCESS_FAILED", "REFERENCE_NOT_FOUND" },
        { "VAST_PARSE_FAILED", "CREATIVE_REJECTED" },
        { "VAST_VERSION_MISMATCH", "CREATIVE_REJECTED" },
        { "VAST_WRAPPER_DEPTH_EXCEEDED", "CREATIVE_REJECTED" },
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(code, codes[i].newer) == 0) return codes[i].code;
    }
    return code;
}

/* Before 3.2 the maker of a preview says what its page needs to work. */
static void render(yyjson_mut_doc *doc, yyjson_mut_val *r)
{
    yyjson_mut_val *sandbox = yyjson_mut_obj_get(yyjson_mut_obj_get(r, "embedding"), "recommended_sandbox");
    if (yyjson_mut_is_str(sandbox)) yyjson_mut_set_str(sandbox, "allow-scripts");
}

static void preview(yyjson_mut_doc *doc, yyjson_mut_val *p)
{
    adcp_each(p, "renders", render, doc);
}

static void previewed(yyjson_mut_doc *doc, yyjson_mut_val *result)
{
    adcp_each(result, "previews", preview, doc);
    adcp_each(yyjson_mut_obj_get(result, "response"), "previews", preview, doc);
    adcp_each(yyjson_mut_obj_get(result, "preview"), "previews", preview, doc);
}

/* A request that the publisher declines is, before 3.2, one that no product fits; why stands in the message. */
static void declined(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_mut_val *status = yyjson_mut_obj_get(reply, "status");
    if (!yyjson_mut_is_str(status) || !yyjson_mut_equals_str(status, "rejected")) return;
    yyjson_mut_set_str(status, "completed");
    yyjson_mut_obj_remove_key(reply, "reason");
    yyjson_mut_obj_remove_key(reply, "suggestions");
    json_add_arr(d->doc, reply, "products");
    json_add_cstr(d->doc, reply, "cache_scope", json_has(d->request->args, "account") ? "account" : "public");
}

/* What 3.2 alone names. */
static void package(yyjson_mut_doc *doc, yyjson_mut_val *p)
{
    (void)yyjson_mut_obj_remove_key(p, "daily_budget_cap"); /* absent is fine */
}

static void media_buy(yyjson_mut_doc *doc, yyjson_mut_val *buy)
{
    yyjson_mut_obj_remove_key(buy, "name");
    adcp_each(buy, "packages", package, doc);
    adcp_each(buy, "affected_packages", package, doc);
}

static void collection_list(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    static const char *const newer[] = { "channel", NULL };
    adcp_drop_of_collections(list, newer);
}

static void account(yyjson_mut_doc *doc, yyjson_mut_val *a)
{
    static const char *const newer[] = { "account.change_recorded",     "account.status_changed",
                                         "creative.assignment_changed", "indicators.changed",
                                         "reporting.delivery_ready",    "reporting.ledger_changed",
                                         "reporting.status_changed",    NULL };
    adcp_notification_words(a, newer);
    (void)yyjson_mut_obj_remove_key(a, "timezone"); /* absent is fine, here and below */
}

static void capabilities(yyjson_mut_val *reply)
{
    yyjson_mut_val *account = yyjson_mut_obj_get(reply, "account");
    (void)yyjson_mut_obj_remove_key(account, "timezone");
    (void)yyjson_mut_obj_remove_key(account, "supported_account_currency_modes");
    (void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(reply, "media_buy"), "anonymous_discovery");
    (void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(reply, "media_buy"), "budget_capping");
    (void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(reply, "webhook_signing"), "delivery_retry_horizon_seconds");
}

/* What the task of a compact call is to those who do not have these tools. */
static void task_word(yyjson_mut_doc *doc, yyjson_mut_val *task)
{
    static const struct {
        const char *newer, *word;
    } words[] = { { "buy_products", "create_media_buy" },
                  { "accept_proposal", "create_media_buy" },
                  { "control_media_buy", "update_media_buy" },
                  { "refine_proposals", "get_products" } };
    yyjson_mut_val *type = yyjson_mut_obj_get(task, "task_type");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!yyjson_mut_equals_str(type, words[i].newer)) continue;
        (void)yyjson_mut_obj_remove_key(task, "task_type");
        json_add_cstr(doc, task, "task_type", words[i].word);
        return;
    }
}

static void project_tool(const struct dialect_down *d, yyjson_mut_val *reply)
{
    struct str tool = d->request->tool;
    yyjson_mut_doc *doc = d->doc;
    if (str_is(tool, "preview_creative") || str_is(tool, "build_creative")) {
        previewed(doc, reply);
        adcp_each(reply, "results", previewed, doc);
    }
    if (str_is(tool, "create_media_buy") || str_is(tool, "update_media_buy")) media_buy(doc, reply);
    if (str_is(tool, "get_products")) declined(d, reply);
    if (str_is(tool, "get_adcp_capabilities")) capabilities(reply);
    collection_list(doc, yyjson_mut_obj_get(reply, "list")); /* of other lists: has no such filters */
    if (str_is(tool, "list_collection_lists")) adcp_each(reply, "lists", collection_list, doc);
    adcp_each(reply, "accounts", account, doc);
    adcp_drop_of_brands(reply, "countries");
    if (str_is(tool, "get_task_status") || str_is(tool, "tasks/get")) {
        media_buy(doc, yyjson_mut_obj_get(reply, "result")); /* of other tasks: has no such member */
        task_word(doc, reply);
    }
    adcp_each(reply, "tasks", task_word, doc);
    if (str_is(tool, "get_media_buys")) adcp_each(reply, "media_buys", media_buy, doc);
}

void adcp_31_project(const struct dialect_down *d, yyjson_mut_val *reply)
{
    adcp_reword_errors(d->doc, reply, ADCP_3_1, adcp_31_error_code);
    if (!d->failed) project_tool(d, reply);
}
