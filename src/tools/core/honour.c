/* See honour.h. */
#include "tools/core/honour.h"

#include <stdio.h>

#include "contract/validate.h"

#define NOT_BUILT   "Creatives are built in one way here, one for each format that is asked for."
#define NOT_IN_GOAL "Delivery is not steered by that part of an optimization goal."
#define NOT_DATED   "Policies are in force from when they are sent until they are replaced."

#define ONE_ACCOUNT   "A brand has one account with each operator here."
#define NOT_CAPPED    "Only budgets, caps of packages and frequency caps of their targeting limit delivery here."
#define NOT_BID       "Bids are the bid_price of a package, where its pricing option has a floor."
#define NOT_ROTATED   "Creatives of a package take turns by their weight."
#define NOT_EVIDENCE  "No evidence on audiences is kept here."
#define NOT_PREFLIGHT "What would be accepted is found out by asking for it in create_media_buy."
#define NOT_PLACED    "A creative is sent whole, with the assets of one format."
#define NOT_A_STUDY   "Feedback is a performance_index of a period here."
#define NOT_SOFT      "A package's budget is what it is to spend."
#define NOT_FINAL     "When measurement is final is the publisher's to say."
#define NOT_OPPORTUNE "Opportunities are not kept here."

/* What AdCP 3.2 added to a creative. */
#define OF_CREATIVES(tool, list)                                                                                       \
    { tool, list "/representation_selection", NOT_PLACED }, { tool, list "/component_assets", NOT_PLACED },            \
        { tool, list "/rights", "Rights to a creative's parts are not kept here." }

/* What offers are found by in 3.2 and not here. */
#define OF_OFFERS(tool, at) { tool, at "/audience_evidence_requirements", NOT_EVIDENCE }

#define OF_CRITERIA(tool, at)                                                                                          \
    { tool, at "/targeting_overlay", NOT_PREFLIGHT }, { tool, at "/media_buy_frequency_cap", NOT_CAPPED },             \
        { tool, at "/required_overlay_support", NOT_PREFLIGHT },                                                       \
        { tool, at "/required_media_buy_support", NOT_CAPPED }, { tool, at "/acceptance_context", NOT_PREFLIGHT },     \
        { tool, at "/catalog", "Offers are not chosen by what a catalog holds." },                                     \
        OF_OFFERS(tool, at "/offer_filters")

#define OF_MEDIA_BUY(tool)                                                                                             \
    { tool, "/bidding", NOT_BID }, { tool, "/daily_budget_cap", NOT_CAPPED },                                          \
        { tool, "/budget_cap_timezone", NOT_CAPPED }, { tool, "/frequency_cap", NOT_CAPPED },                          \
        { tool, "/budget_allocation", "Each package has its own budget here." },                                       \
        { tool, "/pacing", "Pacing is said package by package here." }

/* What a package is to be optimised and targeted for. */
#define OF_GOALS(tool, list)                                                                                           \
    { tool, list "/optimization_goals/*/target_frequency", NOT_IN_GOAL },                                              \
        { tool, list "/optimization_goals/*/view_duration_seconds", NOT_IN_GOAL },                                     \
        { tool, list "/optimization_goals/*/attribution_window", NOT_IN_GOAL },                                        \
        { tool, list "/optimization_goals/*/reach_unit", NOT_IN_GOAL },                                                \
        { tool, list "/optimization_goals/*/event_sources/*/value_field", NOT_IN_GOAL },                               \
        { tool, list "/optimization_goals/*/event_sources/*/value_factor", NOT_IN_GOAL },                              \
        { tool, list "/targeting_overlay/age_restriction/verification_required", "Nobody's age is verified here." },   \
        { tool, list "/targeting_overlay/age_restriction/accepted_methods", "Nobody's age is verified here." },        \
        { tool, list "/targeting_overlay/signal_targeting/*/min_value", "Signals are targeted whole, not by value." }, \
        { tool, list "/targeting_overlay/signal_targeting/*/max_value", "Signals are targeted whole, not by value." }

/* The members of packages, as create_media_buy and update_media_buy have them. */
#define OF_PACKAGES(tool, list)                                                                                        \
    OF_GOALS(tool, list), { tool, list "/bidding", NOT_BID }, { tool, list "/min_spend_target", NOT_SOFT },            \
        { tool, list "/creative_assignments/*/rotation_mode", NOT_ROTATED },                                           \
        { tool, list "/creative_assignments/*/group_id", NOT_ROTATED },                                                \
        { tool, list "/creative_assignments/*/sequence_position", NOT_ROTATED },                                       \
        OF_CREATIVES(tool, list "/creatives/*")

#define OF_NEW_PURCHASES(tool, list)                                                                                   \
    { tool, list "/audience_evidence_requirements", NOT_EVIDENCE },                                                    \
    {                                                                                                                  \
        tool, list "/audience_evidence_pins", NOT_EVIDENCE                                                             \
    }

/* The members that only a package that is made new has. */
#define OF_NEW_PACKAGES(tool, list)                                                                                    \
    OF_NEW_PURCHASES(tool, list),                                                                                      \
        { tool, list "/committed_metrics/*/methodology_version", "Metrics have no versions of a methodology here." }

const struct unhonoured unhonoured[] = {
    { "*", "/account/operator_unit", ONE_ACCOUNT },
    { "*", "/account/currency", ONE_ACCOUNT },
    { "*", "/account/timezone", ONE_ACCOUNT },
    { "*", "/account/brand/countries", ONE_ACCOUNT },
    { "create_media_buy", "/artifact_webhook", "This publisher collects no artifacts of what ads were shown beside." },
    { "create_media_buy", "/opportunity", NOT_OPPORTUNE },
    OF_MEDIA_BUY("create_media_buy"),
    OF_PACKAGES("create_media_buy", "/packages/*"),
    OF_NEW_PACKAGES("create_media_buy", "/packages/*"),
    { "create_media_buy", "/packages/*/measurement_terms/billing_measurement/finalization_deadline_hours", NOT_FINAL },
    OF_MEDIA_BUY("update_media_buy"),
    OF_NEW_PACKAGES("update_media_buy", "/new_packages/*"),
    OF_PACKAGES("update_media_buy", "/packages/*"),
    OF_PACKAGES("update_media_buy", "/new_packages/*"),
    { "update_media_buy", "/new_packages/*/measurement_terms/billing_measurement/finalization_deadline_hours",
      NOT_FINAL },
    { "build_creative", "/transformer_id", NOT_BUILT },
    { "build_creative", "/max_creatives", NOT_BUILT },
    { "build_creative", "/max_variants", NOT_BUILT },
    { "build_creative", "/variant_axis", NOT_BUILT },
    { "build_creative", "/keep_mode", NOT_BUILT },
    { "build_creative", "/selection_strategy", NOT_BUILT },
    { "build_creative", "/evaluator", NOT_BUILT },
    { "build_creative", "/signal_conditions", NOT_BUILT },
    { "build_creative", "/refine_from_build_variant_id", NOT_BUILT },
    { "build_creative", "/preview_quality", NOT_BUILT },
    { "build_creative", "/max_spend", "Building a creative costs nothing here." },
    { "report_usage", "/usage/*/build_variant_id", "No usage is billed by build variants here." },
    { "report_usage", "/usage/*/property_list_id", "No usage is billed by property lists here." },
    { "report_usage", "/usage/*/rights_id", "No usage is billed by rights here." },
    { "create_content_standards", "/policies/*/effective_date", NOT_DATED },
    { "create_content_standards", "/policies/*/sunset_date", NOT_DATED },
    { "create_content_standards", "/policies/*/requires_human_review",
      "Artifacts are judged by words here, by nobody." },
    { "update_content_standards", "/policies/*/effective_date", NOT_DATED },
    { "update_content_standards", "/policies/*/sunset_date", NOT_DATED },
    { "update_content_standards", "/policies/*/requires_human_review",
      "Artifacts are judged by words here, by nobody." },
    { "get_products", "/acceptance_context", NOT_PREFLIGHT },
    { "get_products", "/targeting_overlay", NOT_PREFLIGHT },
    { "get_products", "/media_buy_frequency_cap", NOT_CAPPED },
    { "get_products", "/required_overlay_support", NOT_PREFLIGHT },
    { "get_products", "/required_media_buy_support", NOT_CAPPED },
    { "get_products", "/filters/audience_activation_methods", "Products are not found by how audiences reach them." },
    { "get_products", "/filters/audience_evidence_requirements", NOT_EVIDENCE },
    OF_CRITERIA("list_products", "/criteria"),
    OF_CRITERIA("request_proposals", "/criteria"),
    { "request_proposals", "/criteria/outcome_target", "Plans are made of a brief and a budget, not of an outcome." },
    { "request_proposals", "/opportunity", NOT_OPPORTUNE },
    { "refine_proposals", "/refinements/*/criteria", "Ask for other offers with request_proposals." },
    { "refine_proposals", "/refinements/*/remove_media_buy_frequency_cap", NOT_CAPPED },
    { "decline_proposals", "/opportunity", NOT_OPPORTUNE },
    { "accept_proposal", "/daily_budget_cap", NOT_CAPPED },
    { "accept_proposal", "/budget_cap_timezone", NOT_CAPPED },
    { "accept_proposal", "/opportunity", NOT_OPPORTUNE },
    { "buy_products", "/opportunity", NOT_OPPORTUNE },
    OF_MEDIA_BUY("buy_products"),
    { "buy_products", "/purchases/*/bidding/automatic", NOT_BID },
    { "buy_products", "/purchases/*/bidding/max_bid", NOT_BID },
    { "buy_products", "/purchases/*/bidding/cost_per", NOT_BID },
    { "buy_products", "/purchases/*/bidding/roas", NOT_BID },
    { "buy_products", "/purchases/*/min_spend_target", NOT_SOFT },
    { "buy_products", "/purchases/*/catalog_ids", "Catalogs are given to packages of create_media_buy." },
    { "buy_products", "/purchases/*/measurement_terms/billing_measurement/finalization_deadline_hours", NOT_FINAL },
    OF_NEW_PURCHASES("buy_products", "/purchases/*"),
    OF_GOALS("buy_products", "/purchases/*"),
    OF_MEDIA_BUY("control_media_buy"),
    { "control_media_buy", "/packages/*/bidding", NOT_BID },
    { "control_media_buy", "/packages/*/min_spend_target", NOT_SOFT },
    { "control_media_buy", "/packages/*/catalog_ids", "Catalogs are given to packages of create_media_buy." },
    OF_GOALS("control_media_buy", "/packages/*"),
    { "get_media_buys", "/indicator_types", "No indicators are worked out here." },
    { "get_media_buy_delivery", "/reporting_revision_id", "Reports have no revisions here." },
    { "get_media_buy_delivery", "/requested_metrics", "All metrics that are known are told." },
    { "get_media_buy_delivery", "/pagination", "All media buys asked for are told at once." },
    OF_CREATIVES("sync_creatives", "/creatives/*"),
    { "sync_creatives", "/creatives/*/localization", "A creative has one language here; send one for each." },
    { "sync_creatives", "/creatives/*/revision_id", "A creative has no revisions here; the last one sent counts." },
    { "sync_creatives", "/assignment_operations", "Send assignments, which say all of them." },
    { "list_creatives", "/filters/indicator_types", "No indicators are worked out here." },
    { "build_creative", "/creative_representation_set", NOT_BUILT },
    { "build_creative", "/representation_destination", NOT_BUILT },
    { "build_creative", "/representation_selection_strategy", NOT_BUILT },
    { "build_creative", "/target_capability_id", NOT_BUILT },
    { "build_creative", "/target_capability_ids", NOT_BUILT },
    { "preview_creative", "/target_capability_id", "A preview is of a format." },
    { "preview_creative", "/requests/*/target_capability_id", "A preview is of a format." },
    { "preview_creative", "/creative_manifest/representation_selection", NOT_PLACED },
    { "preview_creative", "/creative_manifest/component_assets", NOT_PLACED },
    { "preview_creative", "/requests/*/creative_manifest/representation_selection", NOT_PLACED },
    { "preview_creative", "/requests/*/creative_manifest/component_assets", NOT_PLACED },
    { "provide_performance_feedback", "/baseline", NOT_A_STUDY },
    { "provide_performance_feedback", "/metric", NOT_A_STUDY },
    { "provide_performance_feedback", "/producer", NOT_A_STUDY },
    { "provide_performance_feedback", "/vendor", NOT_A_STUDY },
    { "provide_performance_feedback", "/methodology", NOT_A_STUDY },
    { "provide_performance_feedback", "/methodology_version", NOT_A_STUDY },
    { "provide_performance_feedback", "/study_ref", NOT_A_STUDY },
    { "provide_performance_feedback", "/evidence", NOT_A_STUDY },
    { "provide_performance_feedback", "/evidence_ref", NOT_A_STUDY },
    { "provide_performance_feedback", "/as_of", NOT_A_STUDY },
    { "provide_performance_feedback", "/final", NOT_A_STUDY },
    { "provide_performance_feedback", "/supersedes_feedback_id", NOT_A_STUDY },
    { "report_usage", "/usage/*/conversions", "No usage is billed by conversions here." },
    { "report_usage", "/usage/*/conversion_value", "No usage is billed by conversions here." },
    { "report_usage", "/usage/*/commissionable_value", "No usage is billed by commissions here." },
    { "sync_accounts", "/accounts/*/operator_identity", "Accounts are not moved to other operators here." },
    { "sync_accounts", "/accounts/*/revision", "Accounts have no revisions here; the last one sent counts." },
    { "sync_accounts", "/accounts/*/destination_billing_entity", "Whom to bill is billing_entity here." },
    { "sync_accounts", "/accounts/*/reporting_delivery_configs", "Reports are sent by reporting_webhook." },
    { "sync_accounts", "/accounts/*/notification_configs/*/product_payload_view", "Products are told in one form." },
    { "sync_audiences", "/audiences/*/source", "Members of an audience are sent, not fetched." },
    { "sync_catalogs", "/item_availability_updates", "Catalogs are sent whole here, availability with them." },
    { "sync_catalogs", "/item_availability_queries", "Catalogs are sent whole here, availability with them." },
    { "sync_event_sources", "/event_sources/*/value_currencies", "Values are in the currency each event names." },
    { "create_content_standards", "/policies/*/issuer", "Policies have neither issuers nor profiles here." },
    { "create_content_standards", "/policies/*/acceptance_profile",
      "Policies have neither issuers nor profiles here." },
    { "update_content_standards", "/policies/*/issuer", "Policies have neither issuers nor profiles here." },
    { "update_content_standards", "/policies/*/acceptance_profile",
      "Policies have neither issuers nor profiles here." },
    { "list_tasks", "/filters/context_contains", "Tasks are not searched by what their context holds." },
};
const size_t unhonoured_n = ARRAY_LEN(unhonoured);

#define STARS_MAX 4

static int refuse(const struct unhonoured *u, const size_t *stars, struct err *e)
{
    char at[ERR_FIELD_MAX];
    size_t n = 0, star = 0;
    for (const char *p = u->member; *p && n + 24 < sizeof(at); p++) {
        if (*p == '*') n += (size_t)snprintf(at + n, sizeof(at) - n, "%zu", stars[star++]);
        else at[n++] = *p;
    }
    at[n] = '\0';
    const char *name = strrchr(u->member, '/') + 1;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "%s is not supported. %s", name, u->reason);
    (void)err_suggest(e, "Leave %s out.", name);
    return err_field(e, "%s", at);
}

/* Follows the pointer from `v`; -1 when the member is there. As deep as the table's pointers. */
static int look(const struct unhonoured *u, const char *rest, yyjson_val *v, size_t *stars, size_t star, struct err *e)
{
    if (*rest == '\0') return v ? refuse(u, stars, e) : 0;
    const char *name = rest + 1, *end = name + strcspn(name, "/");
    if (*name == '*') {
        yyjson_val *item;
        size_t i, n;
        if (!yyjson_is_arr(v) || star == STARS_MAX) return 0; /* a test looks up every row of the table */
        yyjson_arr_foreach(v, i, n, item) {
            stars[star] = i;
            if (look(u, end, item, stars, star + 1, e)) return -1;
        }
        return 0;
    }
    yyjson_val *member = yyjson_obj_getn(v, name, (size_t)(end - name));
    return member && !yyjson_is_null(member) ? look(u, end, member, stars, star, e) : 0;
}

int honour_check(struct str tool, yyjson_val *args, struct err *e)
{
    for (size_t i = 0; i < unhonoured_n; i++) {
        size_t stars[STARS_MAX];
        bool every = strcmp(unhonoured[i].tool, "*") == 0; /* a tool may have no such member: then nobody sends it */
        if (!every && !str_is(tool, unhonoured[i].tool)) continue;
        if (look(&unhonoured[i], unhonoured[i].member, args, stars, 0, e)) return -1;
    }
    return 0;
}

bool honour_refuses(const char *tool, struct str member)
{
    for (size_t i = 0; i < unhonoured_n; i++) {
        if (strcmp(unhonoured[i].tool, tool) == 0 && str_is(member, unhonoured[i].member + 1)) return true;
    }
    return false;
}

static yyjson_mut_val *object_in(struct tool_call *c, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *have = yyjson_mut_obj_get(obj, key);
    if (yyjson_mut_is_obj(have)) return have;
    (void)yyjson_mut_obj_remove_key(obj, key); /* absent is fine; what is no object is a caller's, echoed */
    return json_add_obj(c->doc, obj, key);
}

yyjson_mut_val *honour_ours(struct tool_call *c)
{
    return object_in(c, object_in(c, c->reply, "ext"), "salesagent");
}

void honour_ignored(struct tool_call *c, struct str pointer)
{
    yyjson_mut_val *ours = honour_ours(c), *list = yyjson_mut_obj_get(ours, "ignored");
    if (!yyjson_mut_is_arr(list)) {
        (void)yyjson_mut_obj_remove_key(ours, "ignored"); /* a caller's own, echoed */
        list = json_add_arr(c->doc, ours, "ignored");
    }
    json_push_str(c->doc, list, pointer);
}

/* ---- items ---- */

const char *honour_batch(const char *tool, yyjson_val *args)
{
    static const struct {
        const char *tool, *list;
    } batches[] = {
        { "sync_creatives", "creatives" },
        { "sync_catalogs", "catalogs" },
        { "sync_audiences", "audiences" },
        { "sync_event_sources", "event_sources" },
    };
    if (str_is(json_str(args, "validation_mode"), "strict")) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
        if (strcmp(batches[i].tool, tool) == 0) return batches[i].list;
    }
    return NULL;
}

int honour_item(const struct tool_call *c, const char *list, size_t index, struct err *e)
{
    const struct contract_report *r = c->item_issues;
    struct str at = arena_printf(c->arena, "/%s/%zu", list, index);
    for (int i = 0; r && i < r->count; i++) {
        struct str pointer = r->issues[i].pointer;
        if (!str_starts(pointer, at) || (pointer.n > at.n && pointer.p[at.n] != '/')) continue;
        (void)err_set(e, "INVALID_REQUEST", STR_FMT, STR_ARG(r->issues[i].message));
        return err_field(e, STR_FMT, STR_ARG(pointer));
    }
    return 0;
}
