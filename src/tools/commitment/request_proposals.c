/* request_proposals (AdCP 3.2, compact lifecycle): the plans that get_products offers for a brief, each with a flight and a budget, as
 * drafts that are kept. */
#include "domain/commitment/offer.h"
#include "domain/product/forecast.h"
#include "tools/commitment/commitment_tools.h"
#include "tools/commitment/proposal_tools.h"
#include "tools/core/renamed.h"
#include "tools/product/catalog_tools.h"

/* ---- what is asked ---- */

struct brief {
    yyjson_val *brand;
    int64_t start_at, end_at;
    int64_t budget_max; /* micros; -1: none was said */
    struct str currency;
};

static int read_day(yyjson_val *filters, const char *key, int64_t *at, struct err *e)
{
    struct str day = json_str(filters, key);
    if (!day.n) return 0;
    if (rfc3339_parse_date(day, at) == 0) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s is a day: YYYY-MM-DD", key);
    return err_field(e, "/criteria/offer_filters/%s", key);
}

/* Who would run at any time of a horizon is offered its first days, as long as forecasts are for. */
static int read_horizon(yyjson_val *filters, struct brief *b, struct err *e)
{
    const char *at = "/criteria/offer_filters/availability_horizon";
    yyjson_val *horizon = json_obj(filters, "availability_horizon");
    int64_t start, end;
    if (!horizon) return 0;
    if (json_req_time(JSON_FIELD(horizon, "start_time", at), &start, e) ||
        json_req_time(JSON_FIELD(horizon, "end_time", at), &end, e)) {
        return -1;
    }
    if (start > b->start_at) b->start_at = start;
    if (end <= b->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "the horizon ends before anything could begin");
        return err_field(e, "%s/end_time", at);
    }
    b->end_at = b->start_at + FORECAST_DAYS_DEFAULT * USEC_PER_DAY;
    if (b->end_at > end) b->end_at = end;
    return 0;
}

/* Without dates: tomorrow, and as long as forecasts are for. Without an end: as long from the start. */
static int read_brief(struct tool_call *c, struct brief *out, struct err *e)
{
    yyjson_val *brand = json_obj(c->args, "brand"), *filters = json_obj(json_obj(c->args, "criteria"), "offer_filters");
    yyjson_val *range = json_obj(filters, "budget_range");
    struct brief b = { .brand = brand ? brand : json_obj(json_obj(c->args, "account"), "brand"),
                       .start_at = utc_day_start(c->act->now) + USEC_PER_DAY,
                       .end_at = TIME_NONE,
                       .budget_max = -1,
                       .currency = json_str(range, "currency") };
    if (read_day(filters, "start_date", &b.start_at, e) || read_day(filters, "end_date", &b.end_at, e)) return -1;
    if (json_opt_money(JSON_FIELD(range, "max", "/criteria/offer_filters/budget_range"), &b.budget_max, e)) return -1;
    b.end_at = b.end_at == TIME_NONE ? b.start_at + FORECAST_DAYS_DEFAULT * USEC_PER_DAY : b.end_at + USEC_PER_DAY;
    if (read_horizon(filters, &b, e)) return -1;
    *out = b;
    return 0;
}

static yyjson_val *brief_args(struct tool_call *c)
{
    yyjson_val *criteria = json_obj(c->args, "criteria");
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *to = json_root_obj(doc);
    json_add_cstr(doc, to, "buying_mode", "brief");
    json_add_copy(doc, to, "brief", yyjson_obj_get(c->args, "brief"));
    json_add_copy(doc, to, "account", yyjson_obj_get(c->args, "account"));
    products_criteria(doc, to, criteria);
    return json_parse_own(c->arena, json_write(c->arena, to));
}

/* ---- a plan of get_products as an offer ---- */

/* 1 made, 0: nothing that fits the budget; -1. */
static int make_offer(struct tool_call *c, const struct brief *b, yyjson_val *found, struct offer_plan *out,
                      struct err *e)
{
    struct proposal p;
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    int rc = proposal_read_draft(c->act, json_str(found, "proposal_id"), &p, e);
    if (rc <= 0) return rc;
    struct offer_plan plan = { .brand = b->brand,
                               .n = p.n,
                               .start_at = b->start_at,
                               .end_at = b->end_at,
                               .name = json_str(found, "name"),
                               .description = json_str(found, "description") };
    for (size_t i = 0; i < p.n; i++) {
        plan.purchases[i] = (struct offer_purchase){ p.allocations[i].product, p.allocations[i].option,
                                                     p.allocations[i].percent * MICROS_PER_UNIT };
    }
    struct proposal_budget budget = proposal_budget(&p, &ts);
    bool said = b->budget_max >= 0 && str_eq(b->currency, str_from(p.allocations[0].option->currency));
    if (said && b->budget_max < budget.min) return 0;
    offer_set_total(&plan, !said ? budget.recommended : b->budget_max < budget.max ? b->budget_max : budget.max);
    *out = plan;
    return 1;
}

static int offer_all(struct tool_call *c, const struct brief *b, yyjson_val *got, struct proposals_reply *reply,
                     struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(got, "proposals"), i, n, v) {
        struct offer_plan plan;
        struct str shown;
        int rc = make_offer(c, b, v, &plan, e);
        if (rc < 0 || (rc && offer_draft(c->act, &plan, &shown, e))) return -1;
        if (rc) proposals_add(reply, shown, &plan);
    }
    return 0;
}

static int declined(struct tool_call *c, struct str reason)
{
    json_add_cstr(c->doc, c->reply, "outcome", "rejected");
    json_add_str(c->doc, c->reply, "reason", reason);
    c->message = reason;
    return 0;
}

int request_proposals_run(struct tool_call *c, struct err *e)
{
    static const struct renamed names[] = { { "/filters", "/criteria/offer_filters" },
                                            { "/property_list", "/criteria/offer_filters/property_list" },
                                            { "/ext/salesagent/product_ids", "/criteria/product_ids" },
                                            { "/required_policies", "/criteria/policy_ids" } };
    struct brief b;
    yyjson_val *got;
    struct proposals_reply reply = { .c = c, .list = yyjson_mut_arr(c->doc) };
    if (read_brief(c, &b, e)) return -1;
    if (products_asked(c, brief_args(c), &got, e)) return renamed_error(names, ARRAY_LEN(names), e);
    if (str_is(json_str(got, "status"), "rejected")) return declined(c, json_str(got, "reason"));
    if (offer_all(c, &b, got, &reply, e)) return -1;
    if (yyjson_mut_arr_size(reply.list) == 0)
        return declined(c, STR("No plan of this publisher's fits the brief and its budget."));
    json_add_cstr(c->doc, c->reply, "outcome", "proposed");
    json_add_cstr(c->doc, c->reply, "status", "completed");
    json_add_val(c->doc, c->reply, "proposals", reply.list);
    return proposals_products(&reply, e);
}
