/* get_products: brief, wholesale and refine over one list. Read tools/product/products.h for the parts. */
#include "domain/product/targeting_values.h"
#include "tools/product/products.h"

#include "base/rfc3339.h"
#include "domain/buyer/account.h"
#include "tools/product/catalog_tools.h"
#include "tools/core/reply_error.h"
#include "tools/core/agent_features.h"
#include "tools/core/honour.h"

#define BRIEF_BYTES_MAX 20000
#define REFINE_MAX      200
#define IDS_MAX         100

static int refuse(struct err *e, const char *field, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s", field);
}

static bool has_feature(struct str name)
{
    if (str_is(name, "inline_creative_management")) return agent_features.inline_creatives;
    if (str_is(name, "property_list_filtering")) return agent_features.property_list_filtering;
    return str_is(name, "catalog_management"); /* sync_catalogs */
}

/* ---- what is asked ---- */

static int read_mode(struct discovery *d, struct err *e)
{
    yyjson_val *args = d->c->args;
    struct str mode = STR_NONE;
    if (json_opt_str(JSON_FIELD(args, "buying_mode", ""), (struct json_len){ 1, 16 }, &mode, e)) return -1;
    if (str_is(mode, "wholesale")) {
        d->mode = MODE_WHOLESALE;
    } else if (str_is(mode, "refine")) {
        d->mode = MODE_REFINE;
    } else if (mode.n && !str_is(mode, "brief")) {
        return refuse(e, "/buying_mode", "buying_mode is brief, wholesale or refine.");
    }
    /* Callers from before buying modes may leave out both: they get everything, unranked. */
    if (str_is(mode, "brief") && !json_has(args, "brief"))
        return refuse(e, "/brief", "buying_mode brief needs a brief.");
    if (d->mode == MODE_REFINE && json_has(args, "brief")) {
        return refuse(e, "/brief", "A brief is only for buying_mode brief.");
    }
    if (d->mode != MODE_REFINE && json_has(args, "refine")) {
        return refuse(e, "/refine", "refine is only for buying_mode refine.");
    }
    if (d->mode != MODE_WHOLESALE &&
        (json_has(args, "if_wholesale_feed_version") || json_has(args, "if_pricing_version"))) {
        return refuse(e, "/if_wholesale_feed_version", "Feed versions are only for buying_mode wholesale.");
    }
    if (d->mode == MODE_WHOLESALE) {
        /* The schema allows a brief beside the whole feed, where there is nothing for it to choose. */
        if (json_has(args, "brief")) honour_ignored(d->c, STR("/brief"));
        return 0;
    }
    return json_opt_str(JSON_FIELD(args, "brief", ""), (struct json_len){ 1, BRIEF_BYTES_MAX }, &d->brief, e);
}

static int read_lists(struct discovery *d, struct err *e)
{
    yyjson_val *args = d->c->args;
    yyjson_val *ours = json_obj(json_obj(args, "ext"), "salesagent");
    if (d->mode == MODE_REFINE) {
        if (json_req_arr(JSON_FIELD(args, "refine", ""), (struct json_len){ 1, REFINE_MAX }, &d->refine, e)) return -1;
        if (refine_check(d, e)) return -1;
        refine_wishes(d);
    }
    if (json_opt_arr(JSON_FIELD(args, "fields", ""), (struct json_len){ 1, 200 }, &d->fields, e)) return -1;
    return json_opt_arr(JSON_FIELD(ours, "product_ids", "/ext/salesagent"), (struct json_len){ 0, IDS_MAX },
                        &d->only_ids, e);
}

/* 1: *out holds it, 0: it cannot be had now, and the answer says so; -1. */
static int other_agents_list(struct discovery *d, const struct list_ref *at, struct inventory_entries *out,
                             struct err *e)
{
    struct remote_list l;
    if (remote_list_load(d->c->act, &property_lists, at, &l, e)) return -1;
    if (l.state == REMOTE_LIST_DENIED || l.state == REMOTE_LIST_UNREADABLE) return remote_list_refuse(&l, at, e);
    d->list = l;
    *out = l.entries;
    return l.state == REMOTE_LIST_UNREACHABLE ? 0 : 1;
}

static int read_property_list(struct discovery *d, struct err *e)
{
    yyjson_val *ref = NULL;
    struct inventory_entries entries;
    if (json_opt_obj(JSON_FIELD(d->c->args, "property_list", ""), &ref, e)) return -1;
    if (!ref) return 0;
    struct list_ref at = { ref, "/property_list" };
    if (list_is_remote(d->c->act, ref)) act_not_kept(d->c->act); /* it is asked again when it is old */
    int found = list_is_remote(d->c->act, ref) ? other_agents_list(d, &at, &entries, e)
                                               : list_resolve(d->c->act, &property_lists, &at, &entries, e);
    if (found <= 0) return found;
    if (property_filter_make(d->c->act, &entries, &d->properties, e)) return -1;
    d->filter.properties = &d->properties;
    d->list_applied = true;
    return 0;
}

/* Whether the list was applied; and if another agent's could not be, or only as it was before, why. */
static void tell_of_list(struct discovery *d)
{
    struct tool_call *c = d->c;
    struct list_ref at = { json_obj(c->args, "property_list"), "/property_list" };
    struct err why = { 0 };
    if (!at.ref) return;
    json_add_bool(c->doc, c->reply, "property_list_applied", d->list_applied);
    if (d->list.state == REMOTE_LIST_FRESH) return;
    if (d->list.state == REMOTE_LIST_STALE) {
        (void)err_set(&why, "STALE_RESPONSE",
                      "The agent that keeps the list does not answer; products are chosen by what it"
                      " held before.");
        (void)err_field(&why, "/products");
        (void)err_details(&why, "{\"served_from_cache\":true,\"cache_age_seconds\":%lld}",
                          (long long)((c->act->now - d->list.fetched_at) / USEC_PER_SEC));
    } else {
        (void)remote_list_refuse(&d->list, &at, &why); /* told, not failed with */
    }
    reply_error(c, json_add_arr(c->doc, c->reply, "errors"), &why);
}

/* AdCP 3.1 time_budget: what may take longer (another agent's list, a person) is not waited for, and `incomplete` says so. */
static int read_budget(struct discovery *d, struct err *e)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = { { "seconds", 1 }, { "minutes", 60 }, { "hours", 3600 }, { "days", 86400 } };
    yyjson_val *budget = NULL;
    struct str unit;
    int64_t n;
    d->budget_s = -1;
    if (json_opt_obj(JSON_FIELD(d->c->args, "time_budget", ""), &budget, e)) return -1;
    if (!budget) return 0;
    if (json_req_i64(JSON_FIELD(budget, "interval", "/time_budget"), (struct json_range){ 1, 1000000 }, &n, e) ||
        json_req_str(JSON_FIELD(budget, "unit", "/time_budget"), (struct json_len){ 1, 16 }, &unit, e)) {
        return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_is(unit, units[i].name)) d->budget_s = n * units[i].seconds;
    }
    struct outside *outside = d->c->act->outside;
    if (outside && d->budget_s > 0) outside->patience_us = d->budget_s * USEC_PER_SEC;
    if (d->budget_s >= 0 || str_is(unit, "campaign")) return 0;
    return refuse(e, "/time_budget/unit", "A time budget is of seconds, minutes, hours or days.");
}

static int read_request(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    reply_settings(c, &d->ts);
    if (read_budget(d, e)) return -1;
    d->anonymous = c->act->principal == NULL;
    d->wishes.guaranteed = d->wishes.fixed_price = -1;
    if (read_mode(d, e) || read_lists(d, e)) return -1;
    yyjson_val *catalog = json_obj(c->args, "catalog");
    if (product_filter_read(c->args, &d->ts, &d->filter, e)) return -1;
    if (catalog && catalog_ref_accept(c->act, catalog, "/catalog", e)) return -1;
    d->filter.feature = has_feature;
    d->formats.act = c->act;
    d->filter.standard_format = format_ref_is_iab;
    d->filter.format_kind = format_ref_kind;
    d->filter.standard_arg = &d->formats;
    if (read_property_list(d, e)) return -1;
    /* A cursor goes on in the very list it came from: same mode, brief, filters and refinement. */
    yyjson_val *filters = json_obj(c->args, "filters");
    yyjson_val *properties = json_obj(c->args, "property_list");
    struct str list = arena_printf(
        c->arena, "products %d " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT, (int)d->mode,
        STR_ARG(d->filter.catalog_type), STR_ARG(properties ? json_canonical(c->arena, properties, NULL) : STR_NONE),
        STR_ARG(d->brief), STR_ARG(filters ? json_canonical(c->arena, filters, NULL) : STR_NONE),
        STR_ARG(d->refine ? json_canonical(c->arena, d->refine, NULL) : STR_NONE));
    return page_read(c, list, &d->page, e);
}

/* An account whose status does not allow discovery is refused; the rate card is the same for all others. */
static int check_account(struct discovery *d, struct err *e)
{
    struct account_ref ref;
    struct account_row row;
    if (d->anonymous || !json_has(d->c->args, "account")) return 0;
    if (account_ref_read(d->c->args, &ref, e)) return -1;
    int found = account_find(d->c->act, &ref, ACCOUNT_USE_PRODUCTS, &row, e);
    if (found < 0) return -1;
    if (found == 1) d->account_id = row.account_id;
    return found == 1 ? 0 : account_unknown(d->c->line, &ref, e);
}

/* 1: a rule of the publisher's declines to offer anything to this buyer, and the reply says so (AdCP 3.2,
 * get-products-rejected); 0: go on; -1 failed. The rate card is for whoever may read it. */
static int answer_declined(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    struct rule_verdict verdict;
    if (d->mode == MODE_WHOLESALE || d->anonymous || !c->act->principal) return 0;
    struct rule_facts facts = { .operation = "get_products",
                                .account_id = d->account_id,
                                .principal_id = c->act->principal->principal_id,
                                .before_micros = -1,
                                .named_only = true };
    if (rule_decide(c->act, &facts, &verdict, e)) return -1;
    if (verdict.outcome != RULE_REJECT) return 0;
    struct str reason = verdict.reason.n ? verdict.reason : STR("The publisher offers nothing for this request.");
    json_add_cstr(c->doc, c->reply, "status", "rejected");
    json_add_str(c->doc, c->reply, "reason", reason);
    c->message = reason;
    return 1;
}

/* ---- wholesale ---- */

int feed_version(struct tool_call *c, struct str *out, struct err *e)
{
    struct catalog_version version;
    if (q_catalog_version(c->act->tx, c->act->tenant->tenant_id, &version, e)) return -1;
    *out = arena_printf(c->arena, "w%lld-%llx", (long long)version.version, (unsigned long long)version.changed_at);
    return 0;
}

/* 1: nothing changed since the caller's version, and the reply says so; 0: go on; -1 failed. */
static int answer_unchanged(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    struct str token;
    if (d->mode != MODE_WHOLESALE || c->minor_3_0) return 0; /* AdCP 3.0 has no feed versions */
    if (feed_version(c, &token, e)) return -1;
    json_add_str(c->doc, c->reply, "wholesale_feed_version", token);
    if (!str_eq(json_str(c->args, "if_wholesale_feed_version"), token)) return 0;
    struct str pricing = json_str(c->args, "if_pricing_version");
    if (pricing.n && !str_eq(pricing, token)) return 0;
    json_add_bool(c->doc, c->reply, "unchanged", true);
    c->message = STR("Nothing has changed.");
    return 1;
}

/* The buyer's preference among equals: a stable partition of the page, first preference first. */
static void prefer_delivery(struct discovery *d)
{
    yyjson_val *preferred = json_arr(d->c->args, "preferred_delivery_types");
    struct str first = json_val_str(yyjson_arr_get_first(preferred));
    if (first.n == 0 || d->mode == MODE_WHOLESALE) return;
    struct found_product *sorted = ARENA_ARRAY(d->c->arena, struct found_product, d->found_n + 1);
    size_t n = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < d->found_n; i++) {
            bool is_first = str_is(first, d->found[i].p.guaranteed ? "guaranteed" : "non_guaranteed");
            if (is_first == (round == 0)) sorted[n++] = d->found[i];
        }
    }
    d->found = sorted;
}

static void say(struct discovery *d)
{
    struct tool_call *c = d->c;
    const char *limited = d->anonymous ? " Authenticate to see the whole catalogue, forecasts and proposals." : "";
    if (d->found_n == 0) {
        c->message =
            arena_printf(c->arena, "No product passes these filters; filter_diagnostics says which.%s", limited);
    } else {
        c->message = arena_printf(c->arena, "%zu products, first: " STR_FMT ".%s", d->found_n,
                                  STR_ARG(d->found[0].p.name), limited);
    }
}

/* Beside rows, forecasts rest on the day (who names no flight asks for one from tomorrow on) and on holds that expire. What
 * is refined rests on proposals, which expire, too. */
static int keep(struct discovery *d, struct err *e)
{
    const struct act *act = d->c->act;
    int64_t at;
    if (!act->keeping || d->mode == MODE_REFINE) return 0;
    act_changes_at(act, utc_day_start(act->now) + USEC_PER_DAY);
    if (q_product_holds_next(act->tx, act->tenant->tenant_id, act->now, &at, e)) return -1;
    act_changes_at(act, at);
    act_may_be_kept(act);
    return 0;
}

int get_products_run(struct tool_call *c, struct err *e)
{
    struct discovery d = { .c = c };
    if (read_request(&d, e) || check_account(&d, e)) return -1;
    int declined = answer_declined(&d, e);
    if (declined) return declined < 0 ? -1 : 0;
    int submitted = plans_submit(&d, e);
    if (submitted) return submitted < 0 ? -1 : 0;
    json_add_cstr(c->doc, c->reply, "cache_scope", "public"); /* one rate card for everybody */
    if (c->act->principal && c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    int unchanged = answer_unchanged(&d, e);
    if (unchanged) return unchanged < 0 ? -1 : 0;
    if (products_order(&d, e) || products_collect(&d, e)) return -1;
    products_rerank(&d);
    prefer_delivery(&d);
    if (products_show(&d, e)) return -1;
    if (d.mode == MODE_REFINE && refine_report(&d, e)) return -1;
    if (plans_offer(&d, e)) return -1;
    tell_of_list(&d);
    say(&d);
    return keep(&d, e);
}

bool get_products_writes(yyjson_val *args)
{
    return plans_finalizing(args);
}
