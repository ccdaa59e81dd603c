/* comply_test_controller (AdCP 3.0 and 3.1): one row a scenario. What a scenario refuses is a reply of this tool with
 * success false, not an error of the call. Exists in sandbox mode only, and only for sandbox credentials. */
#include "tools/sandbox/comply.h"

#include "domain/sandbox/sandbox.h"
#include "tools/core/agent_features.h"

struct scenario {
    const char *name, *what; /* what: of a seed, or the tool of a directive */
    int (*run)(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e);
    int (*force)(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e);
};

static void refuse(struct tool_call *c, const char *code, const char *detail)
{
    json_add_bool(c->doc, c->reply, "success", false);
    json_add_str(c->doc, c->reply, "error", arena_dup(c->arena, str_from(code)));
    json_add_str(c->doc, c->reply, "error_detail", arena_dup(c->arena, str_from(detail)));
}

/* ---- kinds of scenarios ---- */

static int force(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    struct sandbox_state state = { 0 };
    if (s->force(c->act, params, &state, e)) {
        if (strcmp(e->code, "INVALID_TRANSITION") == 0)
            json_add_str_opt(c->doc, c->reply, "current_state", state.current);
        return -1;
    }
    json_add_bool(c->doc, c->reply, "success", true);
    json_add_str(c->doc, c->reply, "previous_state", state.previous);
    json_add_str(c->doc, c->reply, "current_state", state.current);
    return 0;
}

static int seed(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    bool existing;
    if (sandbox_seed(c->act, &(struct sandbox_seed){ s->what, params, c->args }, &existing, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    json_add_cstr(c->doc, c->reply, "message", existing ? "The fixture is there already." : "The fixture is in place.");
    return 0;
}

static int simulate_delivery(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    if (sandbox_simulate_delivery(c->act, params, c->doc, c->reply, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    return 0;
}

static int simulate_spend(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    if (sandbox_simulate_spend(c->act, params, c->doc, c->reply, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    return 0;
}

static int direct(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    struct sandbox_directive d;
    if (sandbox_direct(c->act, s->what, params, &d, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    yyjson_mut_val *forced = json_add_obj(c->doc, c->reply, "forced");
    json_add_str(c->doc, forced, "arm", d.arm);
    json_add_str_opt(c->doc, forced, "task_id", d.task_id);
    return 0;
}

static int force_upstream(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    struct str upstream;
    if (sandbox_force_upstream(c->act, params, &upstream, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    json_add_cstr(c->doc, c->reply, "previous_state", "available");
    json_add_cstr(c->doc, c->reply, "current_state", "unavailable");
    json_add_str(
        c->doc, c->reply, "message",
        arena_printf(c->arena, STR_FMT " is unavailable until scenarios are listed again.", STR_ARG(upstream)));
    return 0;
}

static int query_traffic(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    if (sandbox_query_traffic(c->act, params, c->doc, c->reply, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    return 0;
}

static int query_provenance(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    if (sandbox_query_provenance(c->act, params, c->doc, c->reply, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    return 0;
}

/* Runners begin with it, so what an earlier run has forced on upstreams ends here. */
static int list_scenarios(struct tool_call *c, const struct scenario *s, yyjson_val *params, struct err *e)
{
    (void)s;
    (void)params;
    if (sandbox_reset_upstreams(c->act, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "scenarios");
    for (const char *const *name = sandbox_scenarios; *name; name++) json_push_str(c->doc, list, str_from(*name));
    return 0;
}

static const struct scenario scenarios[] = {
    { "list_scenarios", NULL, list_scenarios, NULL },
    { "force_creative_status", NULL, force, sandbox_force_creative },
    { "force_creative_purge", NULL, force, sandbox_purge_creative },
    { "force_account_status", NULL, force, sandbox_force_account },
    { "force_media_buy_status", NULL, force, sandbox_force_media_buy },
    { "force_audience_status", NULL, force, sandbox_force_audience },
    { "force_session_status", NULL, force, sandbox_force_session },
    { "force_task_completion", NULL, force, sandbox_complete_task },
    { "force_create_media_buy_arm", "create_media_buy", direct, NULL },
    { "force_get_products_arm", "get_products", direct, NULL },
    { "force_get_signals_arm", "get_signals", direct, NULL },
    { "force_upstream_unavailable", NULL, force_upstream, NULL },
    { "query_upstream_traffic", NULL, query_traffic, NULL },
    { "query_provenance_audit_observations", NULL, query_provenance, NULL },
    { "simulate_delivery", NULL, simulate_delivery, NULL },
    { "simulate_budget_spend", NULL, simulate_spend, NULL },
    { "seed_account", "account", seed, NULL },
    { "seed_product", "product", seed, NULL },
    { "seed_pricing_option", "pricing_option", seed, NULL },
    { "seed_creative", "creative", seed, NULL },
    { "seed_creative_format", "creative_format", seed, NULL },
    { "seed_media_buy", "media_buy", seed, NULL },
    { "seed_plan", "plan", seed, NULL },
    { "seed_measurement_catalog", "measurement_catalog", seed, NULL },
};

/* ---- the tool ---- */

/* The controller's own words for what the domain says in AdCP's. */
static const char *controller_code(const char *code)
{
    static const struct {
        const char *ours, *theirs;
    } words[] = {
        { "INVALID_REQUEST", "INVALID_PARAMS" },
        { "VALIDATION_ERROR", "INVALID_PARAMS" },
        { "MEDIA_BUY_NOT_FOUND", "NOT_FOUND" },
        { "CREATIVE_NOT_FOUND", "NOT_FOUND" },
        { "ACCOUNT_NOT_FOUND", "NOT_FOUND" },
        { "PACKAGE_NOT_FOUND", "NOT_FOUND" },
        { "INVALID_PARAMS", "INVALID_PARAMS" },
        { "NOT_FOUND", "NOT_FOUND" },
        { "INVALID_TRANSITION", "INVALID_TRANSITION" },
        { "INVALID_STATE", "INVALID_STATE" },
        { "FORBIDDEN", "FORBIDDEN" },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(code, words[i].ours) == 0) return words[i].theirs;
    }
    return NULL;
}

int comply_test_controller_run(struct tool_call *c, struct err *e)
{
    struct str name = json_str(c->args, "scenario");
    const struct scenario *s = NULL;
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        if (str_is(name, scenarios[i].name)) s = &scenarios[i];
    }
    yyjson_val *account = json_obj(c->args, "account");
    if (!c->act->principal->sandbox || (json_has(account, "sandbox") && !json_bool_or(account, "sandbox", false))) {
        refuse(c, "FORBIDDEN", "The test controller works on sandbox accounts only.");
    } else if (!s) {
        refuse(c, "UNKNOWN_SCENARIO", "list_scenarios names the scenarios there are.");
    } else if (s->run(c, s, json_obj(c->args, "params"), e)) {
        const char *code = controller_code(e->code);
        if (!code) return -1;
        refuse(c, code, e->message);
    }
    return 0;
}

/* ---- directives ---- */

bool comply_directed(const struct act *act, const struct tool *tool)
{
    struct sandbox_directive d;
    struct err e;
    return act->sandbox && act->principal && !tool->sandbox_only && sandbox_directed(act, tool->name, &d, &e) == 1;
}

int comply_answer(struct tool_call *c, const struct tool *tool, bool *answered, struct err *e)
{
    struct sandbox_directive d;
    *answered = false;
    if (!c->act->sandbox || !c->act->principal || tool->sandbox_only) return 0;
    int found = sandbox_directed(c->act, tool->name, &d, e);
    if (found != 1) return found;
    act_not_kept(c->act);
    if (sandbox_obey(c->act, tool->name, &d, c->args, e)) return -1;
    bool submitted = str_is(d.arm, "submitted");
    c->outcome = submitted ? TOOL_SUBMITTED : TOOL_INPUT_REQUIRED;
    if (submitted) c->task_id = d.task_id;
    c->message = d.message;
    *answered = true;
    return 0;
}

/* ---- upstreams ---- */

static bool has_payload(struct tool_call *c, const char *member)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(c->reply, member);
    return yyjson_mut_is_raw(v) || yyjson_mut_arr_size(v) > 0;
}

int comply_advise(struct tool_call *c, const struct tool *tool, struct err *e)
{
    struct sandbox_stale stale;
    if (!c->act->sandbox || !c->act->principal || c->minor_3_0 || c->outcome != TOOL_COMPLETED) return 0;
    int found = sandbox_stale(c->act, tool->name, &stale, e);
    if (found != 1) return found;
    act_not_kept(c->act); /* says how old it is */
    if (!has_payload(c, stale.payload)) return 0;
    yyjson_mut_val *errors = yyjson_mut_obj_get(c->reply, "errors");
    if (!errors) errors = json_add_arr(c->doc, c->reply, "errors");
    yyjson_mut_val *o = json_push_obj(c->doc, errors);
    json_add_cstr(c->doc, o, "code", "STALE_RESPONSE");
    json_add_str(
        c->doc, o, "message",
        arena_printf(c->arena, STR_FMT " cannot be reached; this is what it said last.", STR_ARG(stale.upstream)));
    json_add_cstr(c->doc, o, "recovery", "transient");
    json_add_cstr(c->doc, o, "field", stale.payload);
    yyjson_mut_val *details = json_add_obj(c->doc, o, "details");
    json_add_bool(c->doc, details, "served_from_cache", true);
    json_add_i64(c->doc, details, "cache_age_seconds", stale.age_s);
    json_add_i64(c->doc, details, "freshness_target_seconds", 0);
    json_add_str(c->doc, json_add_obj(c->doc, details, "upstream"), "name", stale.upstream);
    return 0;
}
