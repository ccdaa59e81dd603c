/* get_adcp_capabilities: what this agent is and can do, from three sources and no other: the publisher's settings
 * and catalogue, the registry of tools, and agent_features.h. A block that would be empty is left out, because its
 * presence is itself a claim. */
#include <salesagent/money.h>

#include "domain/buyer/inventory_list.h"
#include "domain/product/catalog.h"
#include "domain/product/daily_cap.h"
#include "domain/product/product.h"
#include "domain/tell/webhook_horizon.h"
#include "tools/product/catalog_reply.h"
#include "tools/product/catalog_tools.h"
#include "tools/core/agent_features.h"

#define PROPERTIES_MAX 5000

struct capabilities {
    struct tool_call *c;
    struct tenant_settings ts;
    yyjson_val *targeting, *wanted; /* wanted: args.protocols, or NULL for all */
    struct catalog_rows properties;
};

static bool has_tool(const char *name)
{
    return tool_find(str_from(name)) != NULL;
}

static bool wanted(const struct capabilities *k, const char *protocol)
{
    return !k->wanted || reply_arr_has(k->wanted, str_from(protocol));
}

static void push(struct tool_call *c, yyjson_mut_val *arr, const char *s)
{
    json_push_str(c->doc, arr, str_from(s));
}

static void add_list(struct tool_call *c, yyjson_mut_val *obj, const char *key, const char *const *items)
{
    yyjson_mut_val *arr = json_add_arr(c->doc, obj, key);
    for (; *items; items++) push(c, arr, *items);
}

static void add_adcp(struct tool_call *c)
{
    yyjson_mut_val *adcp = json_add_obj(c->doc, c->reply, "adcp");
    (void)yyjson_mut_arr_add_int(c->doc, json_add_arr(c->doc, adcp, "major_versions"), 3);
    yyjson_mut_val *versions = json_add_arr(c->doc, adcp, "supported_versions");
    for (int line = c->lines.from; line <= (int)c->lines.to; line++) push(c, versions, adcp_releases[line].line);
    /* The lineage of AdCP first, as the schema's examples have it; what is ours comes behind the plus sign. */
    json_add_str(c->doc, adcp, "build_version",
                 arena_printf(c->arena, "%s+salesagent.%s", adcp_releases[c->lines.to].schemas, SALESAGENT_VERSION));
    yyjson_mut_val *idem = json_add_obj(c->doc, adcp, "idempotency");
    json_add_bool(c->doc, idem, "supported", true);
    json_add_i64(c->doc, idem, "replay_ttl_seconds", IDEMPOTENCY_REPLAY_TTL_S);
}

static void add_protocols(struct tool_call *c)
{
    static const struct {
        const char *protocol, *tool;
    } table[] = {
        { "media_buy", "get_products" },
        { "creative", "preview_creative" },
        { "signals", "get_signals" },
        { "governance", "create_property_list" },
    };
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "supported_protocols");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (has_tool(table[i].tool)) push(c, arr, table[i].protocol);
    }
}

size_t agent_specialisms(const char *out[SPECIALISMS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < specialisms_n && n < SPECIALISMS_MAX - 1; i++) {
        bool all = true;
        for (const char *const *t = specialisms[i].tools; *t; t++) all = all && has_tool(*t);
        if (all) out[n++] = specialisms[i].name;
    }
    if (agent_features.governance_aware) out[n++] = "governance-aware-seller";
    return n;
}

static void add_specialisms(struct tool_call *c)
{
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "specialisms");
    const char *names[SPECIALISMS_MAX];
    size_t n = agent_specialisms(names);
    for (size_t i = 0; i < n; i++) push(c, arr, names[i]);
}

/* Surfaces whose published schemas are not frozen yet. */
static void add_experimental(struct tool_call *c)
{
    static const char *const governance[] = { "governance.campaign", NULL };
    if (agent_features.governance_aware) add_list(c, c->reply, "experimental_features", governance);
}

static void add_account(struct capabilities *k)
{
    static const char *const billing[] = { "operator", "agent", "advertiser", NULL };
    static const char *const currencies[] = { "per_media_buy", NULL };
    struct tool_call *c = k->c;
    if (!has_tool("sync_accounts")) return;
    yyjson_mut_val *account = json_add_obj(c->doc, c->reply, "account");
    json_add_bool(c->doc, account, "require_operator_auth", false);
    yyjson_val *own = json_arr(k->ts.doc, "supported_billing");
    if (own) {
        json_add_copy(c->doc, account, "supported_billing", own);
    } else {
        add_list(c, account, "supported_billing", billing);
    }
    json_add_bool(c->doc, account, "required_for_products", false);
    json_add_bool(c->doc, account, "account_financials", has_tool("get_account_financials"));
    json_add_bool(c->doc, account, "sandbox", c->act->sandbox);
    yyjson_mut_val *zone = json_add_obj(c->doc, account, "timezone");
    json_add_cstr(c->doc, zone, "mode", "seller_fixed");
    json_add_str(c->doc, zone, "fixed_timezone", k->ts.timezone);
    add_list(c, account, "supported_account_currency_modes", currencies); /* products are priced in their own */
}

/* ---- media_buy ---- */

static void add_pricing_models(struct capabilities *k, yyjson_mut_val *mb)
{
    yyjson_val *stated = json_arr(json_obj(k->ts.doc, "capabilities"), "pricing_models");
    yyjson_mut_val *arr = json_add_arr(k->c->doc, mb, "supported_pricing_models");
    for (int m = 0; m < PRICING_MODELS_N; m++) {
        const char *name = pricing_model_name((enum pricing_model)m);
        bool per_day = m == PRICING_TIME && reply_arr_has(stated, STR("cpd")); /* cost per day, as publishers say */
        if (!stated || per_day || reply_arr_has(stated, str_from(name))) push(k->c, arr, name);
    }
}

static bool dimension(const struct capabilities *k, const char *kind, const char *name)
{
    return !k->targeting || reply_arr_has(json_arr(k->targeting, kind), str_from(name));
}

static void add_targeting(struct capabilities *k, yyjson_mut_val *execution)
{
    static const char *const match_types[] = { "broad", "phrase", "exact", NULL };
    struct tool_call *c = k->c;
    yyjson_mut_val *t = json_add_obj(c->doc, execution, "targeting");
    json_add_bool(c->doc, t, "geo_countries", dimension(k, "geographic", "country"));
    json_add_bool(c->doc, t, "geo_regions",
                  dimension(k, "geographic", "state") || dimension(k, "geographic", "region"));
    if (dimension(k, "geographic", "dma") || dimension(k, "geographic", "metro")) {
        json_add_bool(c->doc, json_add_obj(c->doc, t, "geo_metros"), "nielsen_dma", true);
    }
    if (dimension(k, "demographic", "age_range")) {
        json_add_bool(c->doc, json_add_obj(c->doc, t, "age_restriction"), "supported", true);
    }
    json_add_bool(c->doc, t, "language", true);
    if (dimension(k, "contextual", "keyword")) {
        add_list(c, json_add_obj(c->doc, t, "keyword_targets"), "supported_match_types", match_types);
        add_list(c, json_add_obj(c->doc, t, "negative_keywords"), "supported_match_types", match_types);
    }
}

static void add_portfolio(struct capabilities *k, yyjson_mut_val *mb)
{
    struct tool_call *c = k->c;
    yyjson_mut_val *domains = yyjson_mut_arr(c->doc);
    for (size_t i = 0; i < k->properties.n; i++) {
        yyjson_val *property = reply_parse_row(c, &k->properties.rows[i]);
        if (property) reply_push_once(c, domains, property_domain(property));
    }
    if (yyjson_mut_arr_size(domains) == 0) return; /* AdCP requires a domain in a portfolio */
    yyjson_mut_val *p = json_add_obj(c->doc, mb, "portfolio");
    json_add_val(c->doc, p, "publisher_domains", domains);
    json_add_copy(c->doc, p, "primary_channels", json_arr(json_obj(k->ts.doc, "capabilities"), "channels"));
    json_add_copy(c->doc, p, "primary_countries", json_arr(k->ts.doc, "primary_countries"));
    json_add_str_opt(c->doc, p, "description", k->ts.portfolio_description);
    json_add_str_opt(c->doc, p, "advertising_policies", reply_policies_prose(c, &k->ts));
}

static void add_frequency_capping(const struct capabilities *k, yyjson_mut_val *mb)
{
    static const char *const per[] = { "individuals", "devices", NULL };
    static const char *const window[] = { "hours", "days", "campaign", NULL };
    struct tool_call *c = k->c;
    if (!k->targeting || !dimension(k, "delivery", "frequency_cap"))
        return; /* as domain/product/targeting.c accepts it */
    yyjson_mut_val *f = json_add_obj(c->doc, mb, "frequency_capping");
    add_list(c, f, "supported_per_units", per);
    add_list(c, f, "supported_window_units", window);
}

/* Days are the account's: the publisher's time zone. */
static int add_budget_capping(struct tool_call *c, yyjson_mut_val *mb, struct err *e)
{
    static const char *const scopes[] = { "package", NULL }, *const periods[] = { "day", NULL };
    bool kept;
    if (daily_caps_kept(c->act, &kept, e)) return -1;
    if (!kept) return 0;
    yyjson_mut_val *caps = json_add_obj(c->doc, mb, "budget_capping");
    add_list(c, caps, "supported_scopes", scopes);
    add_list(c, caps, "supported_periods", periods);
    json_add_cstr(c->doc, caps, "timezone_basis", "account");
    return 0;
}

static void add_audiences_and_events(struct tool_call *c, yyjson_mut_val *mb)
{
    static const char *const identifiers[] = { "hashed_email", "hashed_phone", NULL };
    static const char *const sources[] = { "website", "app", "in_store", "phone_call", "offline", NULL };
    if (has_tool("sync_audiences")) {
        yyjson_mut_val *a = json_add_obj(c->doc, mb, "audience_targeting");
        add_list(c, a, "supported_identifier_types", identifiers);
        json_add_i64(c->doc, a, "minimum_audience_size", 100);
    }
    if (has_tool("log_event")) {
        yyjson_mut_val *t = json_add_obj(c->doc, mb, "conversion_tracking");
        add_list(c, t, "supported_hashed_identifiers", identifiers);
        add_list(c, t, "supported_action_sources", sources);
    }
}

/* The tasks of the compact lifecycle that are served: any part of them may be (AdCP 3.2). */
static void add_lifecycle(struct tool_call *c, yyjson_mut_val *mb)
{
    if (c->line < ADCP_LINE_COMPACT) return;
    yyjson_mut_val *arr = json_add_arr(c->doc, mb, "lifecycle_tools");
    for (size_t i = 0; i < tool_table_n; i++) {
        if (tool_table[i].since == ADCP_LINE_COMPACT) push(c, arr, tool_table[i].name);
    }
    json_add_bool(c->doc, mb, "availability_horizon", true);
    static const char *const dimensions[] = { "total_budget",    "cpm",          "impressions", "flight",
                                              "product_changes", "alternatives", NULL };
    add_list(c, json_add_obj(c->doc, mb, "proposal_refinement"), "supported_dimensions", dimensions);
}

static int add_media_buy(struct capabilities *k, struct err *e)
{
    static const char *const modes[] = { "brief", "wholesale", "refine", NULL };
    static const char *const webhook[] = { "webhook", NULL }, *const surfaces[] = { "snapshot", "webhook", NULL };
    struct tool_call *c = k->c;
    if (!wanted(k, "media_buy")) return 0;
    yyjson_mut_val *mb = json_add_obj(c->doc, c->reply, "media_buy");
    add_pricing_models(k, mb);
    add_list(c, mb, "buying_modes", modes);
    if (agent_features.reporting_webhooks && agent_features.webhook_signing) {
        add_list(c, mb, "reporting_delivery_methods", webhook);
    }
    add_lifecycle(c, mb);
    json_add_bool(c->doc, mb, "anonymous_discovery", true); /* the first products, without forecasts */
    json_add_bool(c->doc, mb, "supports_proposals", agent_features.proposals);
    if (agent_features.governance_aware) json_add_bool(c->doc, mb, "governance_aware", true);
    add_list(c, mb, "propagation_surfaces", surfaces);
    json_add_cstr(c->doc, mb, "creative_approval_mode",
                  k->ts.creative_review_required ? "require_human" : "auto_approve");
    yyjson_mut_val *f = json_add_obj(c->doc, mb, "features");
    json_add_bool(c->doc, f, "inline_creative_management",
                  agent_features.inline_creatives && has_tool("sync_creatives"));
    json_add_bool(c->doc, f, "property_list_filtering", agent_features.property_list_filtering);
    json_add_bool(c->doc, f, "catalog_management", has_tool("sync_catalogs"));
    /* SDKs of 3.0 ask for these here, beside the blocks of the same names. */
    json_add_bool(c->doc, f, "audience_targeting", has_tool("sync_audiences"));
    json_add_bool(c->doc, f, "conversion_tracking", has_tool("log_event"));
    /* That the tasks are served, which SDKs ask before they call them; artifacts of deliveries would be the object
     * media_buy.content_standards, and are not claimed. */
    json_add_bool(c->doc, f, "content_standards", has_tool("create_content_standards"));
    add_targeting(k, json_add_obj(c->doc, mb, "execution"));
    add_frequency_capping(k, mb);
    add_audiences_and_events(c, mb);
    add_portfolio(k, mb);
    return add_budget_capping(c, mb, e);
}

/* ---- the rest ---- */

static void add_creative(struct capabilities *k)
{
    struct tool_call *c = k->c;
    if (!wanted(k, "creative") || !has_tool("sync_creatives")) return;
    yyjson_mut_val *v = json_add_obj(c->doc, c->reply, "creative");
    json_add_bool(c->doc, v, "supports_compliance", false);
    json_add_bool(c->doc, v, "has_creative_library", true);
    json_add_bool(c->doc, v, "supports_generation", false);
    json_add_bool(c->doc, v, "supports_transformation", has_tool("build_creative"));
}

static void add_signals(struct capabilities *k)
{
    static const char *const modes[] = { "brief", "wholesale", NULL };
    struct tool_call *c = k->c;
    if (!wanted(k, "signals") || !has_tool("get_signals")) return;
    add_list(c, json_add_obj(c->doc, c->reply, "signals"), "discovery_modes", modes);
}

/* Where verifiers begin: brand.json names our keys. AdCP 3.1 allows an https URL only; an agent that is tried out over
 * http says it in ext. */
static void add_trust_root(struct tool_call *c)
{
    if (!c->act->base_url.n) return;
    bool sayable = str_starts(c->act->base_url, STR("https://")) || c->minor_3_0;
    yyjson_mut_val *o = yyjson_mut_obj_get(c->reply, sayable ? "identity" : "ext");
    if (!yyjson_mut_is_obj(o)) o = json_add_obj(c->doc, c->reply, sayable ? "identity" : "ext");
    if (!sayable) {
        yyjson_mut_val *ours = yyjson_mut_obj_get(o, "salesagent");
        o = yyjson_mut_is_obj(ours) ? ours : json_add_obj(c->doc, o, "salesagent");
    }
    json_add_str(c->doc, o, "brand_json_url",
                 arena_printf(c->arena, STR_FMT "/.well-known/brand.json", STR_ARG(c->act->base_url)));
}

static void add_signing(struct capabilities *k)
{
    struct tool_call *c = k->c;
    static const char *const algorithms[] = { "ed25519", NULL };
    /* A line whose signatures must cover a digest is told of them where nothing else is accepted. */
    bool strict = c->lines.from > ADCP_LINE_LOOSE_SIGNATURES;
    if (agent_features.request_signing && (strict || c->line <= ADCP_LINE_LOOSE_SIGNATURES)) {
        yyjson_mut_val *r = json_add_obj(c->doc, c->reply, "request_signing");
        json_add_bool(c->doc, r, "supported", true);
        json_add_str(c->doc, r, "covers_content_digest", strict ? STR("required") : k->ts.content_digest);
        yyjson_mut_val *arr = json_add_arr(c->doc, r, "supported_for");
        for (size_t i = 0; i < tool_table_n; i++) {
            const struct tool *t = &tool_table[i];
            if (t->kind == TOOL_WRITE && !t->sandbox_only && !t->hidden && t->since <= c->line) push(c, arr, t->name);
        }
    }
    if (agent_features.webhook_signing) {
        yyjson_mut_val *w = json_add_obj(c->doc, c->reply, "webhook_signing");
        json_add_bool(c->doc, w, "supported", true);
        json_add_cstr(c->doc, w, "profile", "adcp/webhook-signing/v1");
        add_list(c, w, "algorithms", algorithms);
        json_add_bool(c->doc, w, "legacy_hmac_fallback", true);
        json_add_i64(c->doc, w, "delivery_retry_horizon_seconds", WEBHOOK_HORIZON_S);
        add_trust_root(c);
    }
}

static int add_feed(struct tool_call *c, struct err *e)
{
    struct catalog_version version;
    if (q_catalog_version(c->act->tx, c->act->tenant->tenant_id, &version, e)) return -1;
    yyjson_mut_val *w = json_add_obj(c->doc, c->reply, "wholesale_feed_versioning");
    json_add_bool(c->doc, w, "supported", true);
    json_add_bool(c->doc, w, "pricing_version_separate", false);
    json_add_bool(c->doc, w, "cache_scope_account", false);
    if (version.version > 0) json_add_time(c->doc, c->reply, "last_updated", version.changed_at);
    return 0;
}

static void add_sandbox(struct tool_call *c)
{
    if (!c->act->sandbox || !has_tool("comply_test_controller")) return;
    add_list(c, json_add_obj(c->doc, c->reply, "compliance_testing"), "scenarios", sandbox_scenarios);
}

static void add_aux(struct capabilities *k)
{
    struct tool_call *c = k->c;
    yyjson_val *stated = json_obj(k->ts.doc, "capabilities");
    yyjson_mut_val *t = json_add_obj(c->doc, c->aux, "tenant");
    json_add_str(c->doc, t, "name", c->act->tenant->name);
    json_add_str_opt(c->doc, t, "portfolio_description", k->ts.portfolio_description);
    json_add_str(c->doc, t, "adapter", c->act->tenant->adapter);
    json_add_copy(c->doc, c->aux, "channels", json_arr(stated, "channels"));
    json_add_copy(c->doc, c->aux, "pricing_models", json_arr(stated, "pricing_models"));
    json_add_copy(c->doc, c->aux, "targeting", k->targeting);
    json_add_str(c->doc, c->aux, "currency", arena_dup(c->arena, str_from(k->ts.currency)));
    json_add_money(c->doc, c->aux, "min_budget", k->ts.min_budget_micros);
    json_add_money(c->doc, c->aux, "max_budget", k->ts.max_budget_micros);
    json_add_bool(c->doc, c->aux, "workflow_required", k->ts.workflow_required);
    json_add_bool(c->doc, c->aux, "creative_review_required", k->ts.creative_review_required);
}

int get_adcp_capabilities_run(struct tool_call *c, struct err *e)
{
    struct capabilities k = { .c = c, .wanted = json_arr(c->args, "protocols") };
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    tenant_settings_read(c->act->tenant, c->arena, &k.ts);
    k.targeting = json_obj(json_obj(k.ts.doc, "capabilities"), "targeting");
    if (q_catalog_list(c->act->tx, c->arena, CATALOG_PROPERTY, c->act->tenant->tenant_id, all, &k.properties, e))
        return -1;
    add_adcp(c);
    add_protocols(c);
    add_account(&k);
    if (add_media_buy(&k, e)) return -1;
    add_signals(&k);
    add_creative(&k);
    add_signing(&k);
    add_specialisms(c);
    add_experimental(c);
    add_sandbox(c);
    if (add_feed(c, e)) return -1;
    add_aux(&k);
    c->message = arena_printf(c->arena, STR_FMT " sells media over AdCP 3.", STR_ARG(c->act->tenant->name));
    return 0;
}
