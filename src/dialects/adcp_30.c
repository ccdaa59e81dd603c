#include "dialects/adcp_30.h"

#include "dialects/adcp_31.h"
#include "dialects/adcp_walk.h"

/* --- values that 3.1 added to enumerations which 3.0 closed ----------------------------------------------- */

static const char *const new_valid_actions[] = {
    "extend_flight",
    "shorten_flight",
    "update_flight_dates",
    "increase_budget",
    "decrease_budget",
    "reallocate_budget",
    "update_targeting",
    "update_pacing",
    "update_frequency_caps",
    "replace_creative",
    "update_creative_assignments",
    "remove_creative",
    "remove_packages",
    NULL,
};
static const char *const new_metrics[] = {
    "engagements",
    "follows",
    "saves",
    "profile_visits",
    "cost_per_completed_view",
    "cpm",
    "downloads",
    "units_sold",
    "new_to_brand_units",
    "plays",
    "incremental_sales_lift",
    "brand_lift",
    "foot_traffic",
    "conversion_lift",
    "brand_search_lift",
    NULL,
};
static const char *const new_protocols[] = { "measurement", NULL };
static const char *const new_specialisms[] = { "creative-transformers", "sponsored-intelligence", NULL };
static const char *const new_task_types[] = { "media_buy_delivery", "build_creative", "get_products", "search_brands",
                                              NULL };
static const char *const new_notification_types[] = {
    "impairment",
    "creative.status_changed",
    "creative.purged",
    "product.created",
    "product.updated",
    "product.priced",
    "product.removed",
    "signal.created",
    "signal.updated",
    "signal.priced",
    "signal.removed",
    "wholesale_feed.bulk_change",
    NULL,
};
static const char *const new_event_types[] = { "follow", "content_view", "watch_milestone", NULL };
/* 3.0 lists what it knows instead. */
static const char *const scenarios_3_0[] = {
    "force_creative_status",
    "force_account_status",
    "force_media_buy_status",
    "force_session_status",
    "simulate_delivery",
    "simulate_budget_spend",
    NULL,
};

static void filter_member(yyjson_mut_val *obj, const char *key, const char *const *words)
{
    adcp_filter_words(yyjson_mut_obj_get(obj, key), words, ADCP_KEEP_OTHERS);
}

/* Replaces a string member by another word. */
static void reword(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *from, const char *to)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(obj, key);
    if (yyjson_mut_is_str(v) && yyjson_mut_equals_str(v, from)) yyjson_mut_set_str(v, to);
}

/* Some lists must not be empty; without a word that 3.0 knows the whole member goes. */
static void drop_when_empty(yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, key);
    if (yyjson_mut_is_arr(list) && yyjson_mut_arr_size(list) == 0) yyjson_mut_obj_remove_key(obj, key);
}

/* --- postal areas ---------------------------------------------------------------------------------------- */

/* 3.1 names a system within a country; 3.0 fuses the two and knows eleven pairs. */
static const struct {
    const char *country, *system, *fused;
} postal[] = {
    { "US", "zip", "us_zip" },           { "US", "zip_plus_four", "us_zip_plus_four" },
    { "GB", "outward", "gb_outward" },   { "GB", "full", "gb_full" },
    { "CA", "fsa", "ca_fsa" },           { "CA", "full", "ca_full" },
    { "DE", "plz", "de_plz" },           { "FR", "code_postal", "fr_code_postal" },
    { "AU", "postcode", "au_postcode" }, { "CH", "plz", "ch_plz" },
    { "AT", "plz", "at_plz" },
};

static void fuse_postal_area(yyjson_mut_doc *doc, yyjson_mut_val *area)
{
    yyjson_mut_val *country = yyjson_mut_obj_get(area, "country"), *system = yyjson_mut_obj_get(area, "system");
    if (!yyjson_mut_is_str(country) || !yyjson_mut_is_str(system)) return;
    for (size_t i = 0; i < ARRAY_LEN(postal); i++) {
        if (!yyjson_mut_equals_str(country, postal[i].country)) continue;
        if (!yyjson_mut_equals_str(system, postal[i].system)) continue;
        yyjson_mut_set_str(system, postal[i].fused);
        yyjson_mut_obj_remove_key(area, "country");
        return;
    }
}

/* {"US": ["zip"]} -> {"us_zip": true}; what 3.0 has no word for is not claimed. */
static void fuse_postal_support(yyjson_mut_doc *doc, yyjson_mut_val *targeting)
{
    yyjson_mut_val *have = yyjson_mut_obj_get(targeting, "geo_postal_areas");
    if (!yyjson_mut_is_obj(have)) return;
    yyjson_mut_val *want = yyjson_mut_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(postal); i++) {
        yyjson_mut_val *fused = yyjson_mut_obj_get(have, postal[i].fused), *system;
        bool supported = yyjson_mut_is_true(fused);
        yyjson_mut_val *systems = yyjson_mut_obj_get(have, postal[i].country);
        size_t k, n;
        yyjson_mut_arr_foreach(systems, k, n, system) {
            supported = supported || (yyjson_mut_is_str(system) && yyjson_mut_equals_str(system, postal[i].system));
        }
        if (supported) json_add_bool(doc, want, postal[i].fused, true);
    }
    yyjson_mut_obj_remove_key(targeting, "geo_postal_areas");
    if (yyjson_mut_obj_size(want) > 0) json_add_val(doc, targeting, "geo_postal_areas", want);
}

/* --- tools ----------------------------------------------------------------------------------------------- */

static void capabilities(yyjson_mut_doc *doc, yyjson_mut_val *reply)
{
    yyjson_mut_val *testing = yyjson_mut_obj_get(reply, "compliance_testing");
    adcp_filter_words(yyjson_mut_obj_get(testing, "scenarios"), scenarios_3_0, ADCP_KEEP_THESE);
    filter_member(reply, "specialisms", new_specialisms);
    filter_member(reply, "supported_protocols", new_protocols);
    yyjson_mut_val *media_buy = yyjson_mut_obj_get(reply, "media_buy");
    fuse_postal_support(doc, yyjson_mut_obj_get(yyjson_mut_obj_get(media_buy, "execution"), "targeting"));
    yyjson_mut_val *conversions = yyjson_mut_obj_get(media_buy, "conversion_tracking");
    filter_member(conversions, "supported_event_types", new_event_types);
}

static void package(yyjson_mut_doc *doc, yyjson_mut_val *p)
{
    yyjson_mut_val *targeting = yyjson_mut_obj_get(p, "targeting_overlay");
    adcp_each(targeting, "geo_postal_areas", fuse_postal_area, doc);
    adcp_each(targeting, "geo_postal_areas_exclude", fuse_postal_area, doc);
}

static void media_buy(yyjson_mut_doc *doc, yyjson_mut_val *buy)
{
    filter_member(buy, "valid_actions", new_valid_actions);
    adcp_each(buy, "packages", package, doc);
    adcp_each(buy, "affected_packages", package, doc);
}

static void product(yyjson_mut_doc *doc, yyjson_mut_val *p)
{
    yyjson_mut_val *reporting = yyjson_mut_obj_get(p, "reporting_capabilities");
    filter_member(reporting, "available_metrics", new_metrics);
    filter_member(p, "included_metrics", new_metrics);
    yyjson_mut_val *optimization = yyjson_mut_obj_get(p, "metric_optimization");
    filter_member(optimization, "supported_metrics", new_metrics);
    drop_when_empty(optimization, "supported_metrics");
}

static void format(yyjson_mut_doc *doc, yyjson_mut_val *f)
{
    filter_member(f, "reported_metrics", new_metrics);
    drop_when_empty(f, "reported_metrics");
}

/* 3.0 has no word for what is suspended; "rejected" is its nearest state that does not deliver. */
static void library_item(yyjson_mut_doc *doc, yyjson_mut_val *item)
{
    reword(doc, item, "status", "suspended", "rejected");
    reword(doc, item, "approval_status", "suspended", "rejected");
}

static void audience(yyjson_mut_doc *doc, yyjson_mut_val *item)
{
    reword(doc, item, "status", "suspended", "too_small");
}

static void account(yyjson_mut_doc *doc, yyjson_mut_val *a)
{
    yyjson_mut_val *configs = yyjson_mut_obj_get(a, "notification_configs"), *c;
    size_t i, n;
    yyjson_mut_arr_foreach(configs, i, n, c) filter_member(c, "event_types", new_notification_types);
}

static void collection_list(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    static const char *const newer[] = { "youtube_channel_handle", "youtube_channel_url", NULL };
    adcp_drop_of_collections(list, newer);
}

/* 3.0 knows the domains media-buy and signals. */
static void task(yyjson_mut_doc *doc, yyjson_mut_val *t)
{
    reword(doc, t, "domain", "creative", "media-buy");
}

/* A task of a type that 3.0 has not is left out of lists. */
static void tasks(yyjson_mut_val *reply)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(reply, "tasks");
    for (size_t i = yyjson_mut_arr_size(list); i-- > 0;) {
        yyjson_mut_val *type = yyjson_mut_obj_get(yyjson_mut_arr_get(list, i), "task_type");
        if (adcp_among(type, new_task_types)) (void)yyjson_mut_arr_remove(list, i);
    }
}

/* In 3.0 `status` of a created or changed buy is the media buy's own (reference §3.4, 2). */
static void body_status(yyjson_mut_doc *doc, yyjson_mut_val *reply)
{
    yyjson_mut_val *own = yyjson_mut_obj_get(reply, "media_buy_status");
    yyjson_mut_val *status = yyjson_mut_obj_get(reply, "status");
    if (!yyjson_mut_is_str(own) || !status || !yyjson_mut_equals_str(status, "completed")) return;
    yyjson_mut_obj_remove_key(reply, "status");
    json_add_val(doc, reply, "status", yyjson_mut_val_mut_copy(doc, own));
}

/* 3.0 has no submitted arm for updates: one that waits is a success that is implemented at no known date. */
static void waiting_update(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_mut_val *status = yyjson_mut_obj_get(reply, "status");
    if (!status || !yyjson_mut_equals_str(status, "submitted")) return;
    yyjson_mut_obj_remove_key(reply, "status");
    json_add_copy(d->doc, reply, "media_buy_id", yyjson_obj_get(d->request->args, "media_buy_id"));
    json_add_copy(d->doc, reply, "status", yyjson_obj_get(d->reply, "media_buy_status"));
    json_add_null(d->doc, reply, "implementation_date");
    json_add_arr(d->doc, reply, "affected_packages");
}

/* --- errors ---------------------------------------------------------------------------------------------- */

const char *adcp_30_error_code(const char *newest)
{
    const char *code = adcp_31_error_code(newest);
    static const struct {
        const char *start, *code;
    } codes[] = {
        { "AUTH_MISSING", "AUTH_REQUIRED" },
        { "AUTH_INVALID", "AUTH_REQUIRED" },
        { "AUTHORIZATION_REQUIRED", "AUTH_REQUIRED" },
        { "SCOPE_INSUFFICIENT", "PERMISSION_DENIED" },
        { "READ_ONLY_SCOPE", "PERMISSION_DENIED" },
        { "FIELD_NOT_PERMITTED", "PERMISSION_DENIED" },
        { "CREDENTIAL_IN_ARGS", "INVALID_REQUEST" },
        { "AGENT_SUSPENDED", "ACCOUNT_SUSPENDED" },
        { "AGENT_BLOCKED", "PERMISSION_DENIED" },
        { "ACTION_NOT_ALLOWED", "INVALID_STATE" },
        { "IDEMPOTENCY_IN_FLIGHT", "SERVICE_UNAVAILABLE" },
        { "BUDGET_CAP_REACHED", "BUDGET_EXHAUSTED" },
        { "CREATIVE_VALUE_NOT_ALLOWED", "CREATIVE_REJECTED" },
        { "CREATIVE_INACCESSIBLE", "CREATIVE_REJECTED" },
        { "PROVENANCE_", "CREATIVE_REJECTED" },
        { "FORMAT_", "UNSUPPORTED_FEATURE" },
        { "UNSUPPORTED_GRANULARITY", "UNSUPPORTED_FEATURE" },
        { "UNSUPPORTED_PROVISIONING", "UNSUPPORTED_FEATURE" },
        { "MULTI_FINALIZE_UNSUPPORTED", "UNSUPPORTED_FEATURE" },
        { "EVALUATOR_AGENT_NOT_ACCEPTED", "UNSUPPORTED_FEATURE" },
        { "BILLING_", "UNSUPPORTED_FEATURE" },
        { "PAYMENT_TERMS_NOT_SUPPORTED", "TERMS_REJECTED" },
        { "PROPOSAL_NOT_FOUND", "REFERENCE_NOT_FOUND" },
        { "SIGNAL_TARGETING_INCOMPATIBLE", "UNSUPPORTED_FEATURE" },
        { "BRAND_REQUIRED", "INVALID_REQUEST" },
        { "INVALID_FEED_FORMAT", "VALIDATION_ERROR" },
        { "ITEM_VALIDATION_FAILED", "VALIDATION_ERROR" },
        { "CATALOG_LIMIT_EXCEEDED", "VALIDATION_ERROR" },
        { "FEED_FETCH_FAILED", "SERVICE_UNAVAILABLE" },
        { "CONFIGURATION_ERROR", "SERVICE_UNAVAILABLE" },
        { "STALE_RESPONSE", "CONFLICT" },
        { "UNPRICEABLE_OUTPUT", "VALIDATION_ERROR" },
        { "PRIVATE_FIELD_IN_PUBLIC_PLACEMENT", "VALIDATION_ERROR" },
        { "PIXEL_TRACKER_", "UNSUPPORTED_FEATURE" },
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        size_t n = strlen(codes[i].start);
        bool family = codes[i].start[n - 1] == '_';
        if (family ? strncmp(code, codes[i].start, n) == 0 : strcmp(code, codes[i].start) == 0) return codes[i].code;
    }
    return code;
}

/* --- all together ---------------------------------------------------------------------------------------- */

static void project_tool(const struct dialect_down *d, yyjson_mut_val *reply)
{
    struct str tool = d->request->tool;
    yyjson_mut_doc *doc = d->doc;
    if (str_is(tool, "get_adcp_capabilities")) capabilities(doc, reply);
    if (str_is(tool, "update_media_buy")) waiting_update(d, reply);
    if (str_is(tool, "create_media_buy") || str_is(tool, "update_media_buy")) {
        body_status(doc, reply);
        media_buy(doc, reply);
    }
    if (str_is(tool, "get_task_status") || str_is(tool, "tasks/get")) {
        media_buy(doc, yyjson_mut_obj_get(reply, "result")); /* of other tasks: has no such members */
    }
    adcp_each(reply, "media_buys", media_buy, doc);
    adcp_each(reply, "products", product, doc);
    adcp_each(reply, "formats", format, doc);
    adcp_each(reply, "creatives", library_item, doc);
    adcp_each(reply, "audiences", audience, doc);
    adcp_each(reply, "accounts", account, doc);
    adcp_each(reply, "tasks", task, doc);
    adcp_each(reply, "lists", collection_list, doc);
    collection_list(doc, yyjson_mut_obj_get(reply, "list"));
    tasks(reply);
    adcp_drop_of_brands(reply, "brand_kit_override"); /* 3.0 closed over what a brand has */
}

void adcp_30_project(const struct dialect_down *d, yyjson_mut_val *reply)
{
    adcp_reword_errors(d->doc, reply, ADCP_3_0, adcp_30_error_code);
    if (!d->failed) project_tool(d, reply);
}
