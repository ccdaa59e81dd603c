/* What a sandbox is asked to show or to suppose beside states: observations on a creative's provenance, and upstreams
 * that cannot be reached. */
#include "domain/creative/creative.h"
#include "domain/creative/creative_check.h"
#include "contract/document.h"
#include "domain/sandbox/sandbox.h"
#include "domain/core/tenant_settings.h"
#include "store/q/q_buyer_object.h"

/* ---- provenance ---- */

/* The one observation AdCP 3.1 defines: a carve-out is claimed, which is nobody's fault and worth an audit. */
static void observe_carveout(const struct act *act, yyjson_val *provenance, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    struct tenant_settings ts;
    struct str oversight = json_str(provenance, "human_oversight");
    yyjson_val *disclosure = json_obj(provenance, "disclosure");
    bool by_hand = str_is(oversight, "edited") || str_is(oversight, "directed");
    if (!by_hand || !json_has(disclosure, "required") || json_bool_or(disclosure, "required", true)) return;
    tenant_settings_read(act->tenant, act->arena, &ts);
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "code", "OVERSIGHT_DISCLOSURE_CARVEOUT_CLAIMED");
    json_add_cstr(doc, o, "severity", "audit-worthy");
    json_add_cstr(doc, o, "recovery", "informational");
    json_add_cstr(doc, o, "field", "creative_manifest.provenance.disclosure.required");
    json_add_cstr(doc, o, "message", "The creative claims human oversight and that no disclosure is required.");
    yyjson_mut_val *details = json_add_obj(doc, o, "details");
    json_add_str(doc, details, "agent_url", act->base_url.n ? act->base_url : ts.agent_url);
    yyjson_mut_val *claimed = json_add_obj(doc, details, "claimed_value");
    json_add_str(doc, claimed, "human_oversight", oversight);
    json_add_bool(doc, claimed, "disclosure_required", false);
}

int sandbox_query_provenance(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc, yyjson_mut_val *reply,
                             struct err *e)
{
    struct str id;
    struct creative_row row;
    if (sandbox_param(params, "creative_id", &id, e)) return -1;
    int found = creative_get(act, act->principal->principal_id, id, &row, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("creative", e);
    json_add_str(doc, reply, "creative_id", id);
    yyjson_mut_val *list = json_add_arr(doc, reply, "audit_observations");
    observe_carveout(act, creative_provenance(document_read(act->arena, row.doc)), doc, list);
    return 0;
}

/* ---- upstreams ---- */

/* What can be served from what we kept when the source of it is away, and how the source is called. */
static const struct {
    const char *tool, *payload, *upstream;
} surfaces[] = {
    { "get_products", "products", "inventory-service" },
    { "get_signals", "signals", "audience-service" },
    { "get_media_buys", "media_buys", "ad-server" },
    { "get_media_buy_delivery", "media_buy_deliveries", "ad-server" },
    { "list_creative_formats", "formats", "creative-agent" },
};

static struct buyer_object_key mark_key(const struct act *act, const char *tool)
{
    return (struct buyer_object_key){ .tenant_id = act->tenant->tenant_id,
                                      .kind = BUYER_OBJECT_SANDBOX,
                                      .principal_id = act->principal->principal_id,
                                      .object_id = arena_printf(act->arena, "upstream:%s", tool) };
}

int sandbox_force_upstream(const struct act *act, yyjson_val *params, struct str *upstream, struct err *e)
{
    const struct json_len len = { 1, 200 };
    struct str tool, name = STR_NONE;
    bool known = false;
    if (sandbox_param(params, "tool", &tool, e)) return -1;
    if (json_opt_str(JSON_FIELD(params, "upstream_name", "/params"), len, &name, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(surfaces); i++) {
        if (!str_is(tool, surfaces[i].tool) && !str_is(tool, "*")) continue;
        *upstream = name.n ? name : str_from(surfaces[i].upstream);
        struct buyer_object_row row = { .key = mark_key(act, surfaces[i].tool),
                                        .name = *upstream,
                                        .doc = STR("{}"),
                                        .created_at = act->now,
                                        .updated_at = act->now };
        if (q_buyer_object_put(act->tx, &row, e)) return -1;
        known = true;
    }
    if (known) return 0;
    (void)err_set(e, "INVALID_PARAMS", "'" STR_FMT "' has no upstream here that could be unavailable", STR_ARG(tool));
    return err_field(e, "/params/tool");
}

int sandbox_reset_upstreams(const struct act *act, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(surfaces); i++) {
        struct buyer_object_key key = mark_key(act, surfaces[i].tool);
        if (q_buyer_object_delete(act->tx, &key, e) < 0) return -1;
    }
    return 0;
}

int sandbox_stale(const struct act *act, const char *tool, struct sandbox_stale *out, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(surfaces); i++) {
        struct buyer_object_row row;
        struct buyer_object_key key;
        if (strcmp(tool, surfaces[i].tool) != 0) continue;
        key = mark_key(act, tool);
        int found = q_buyer_object_get(act->tx, act->arena, &key, &row, e);
        if (found != 1) return found;
        /* What we have is as old as the last time the source answered, which was before it went away. */
        int64_t age_s = (act->now - row.updated_at) / USEC_PER_SEC + 1;
        *out = (struct sandbox_stale){ surfaces[i].payload, row.name, age_s > 0 ? age_s : 1 };
        return 1;
    }
    return 0;
}
