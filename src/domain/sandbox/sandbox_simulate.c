/* Simulated delivery: numbers on top of what the ad server reports, kept as facts of their own source. */
#include <salesagent/money.h>

#include "domain/media_buy/budget_watch.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "domain/sandbox/sandbox.h"

#define COUNT_MAX INT64_C(1000000000000)
#define BUYS_MAX  1000

static const struct metric_name {
    const char *key;
    enum metric metric;
} counts[] = {
    { "impressions", METRIC_IMPRESSIONS },         { "clicks", METRIC_CLICKS },           { "views", METRIC_VIEWS },
    { "completed_views", METRIC_COMPLETED_VIEWS }, { "conversions", METRIC_CONVERSIONS },
};

static int bad(const char *key, const char *why, struct err *e)
{
    (void)err_set(e, "INVALID_PARAMS", "params.%s %s", key, why);
    return err_field(e, "/params/%s", key);
}

/* What the controller may be asked to inject and this publisher does not measure is refused, not dropped. */
static int check_measured(yyjson_val *params, struct err *e)
{
    static const char *const unmeasured[] = { "reach", "frequency", "reach_window", "vendor_metric_values" };
    for (size_t i = 0; i < ARRAY_LEN(unmeasured); i++) {
        if (json_has(params, unmeasured[i])) return bad(unmeasured[i], "is nothing this publisher measures", e);
    }
    return 0;
}

static int read_count(yyjson_val *obj, const char *key, int64_t *out, struct err *e)
{
    if (!json_has(obj, key)) return 0;
    int64_t v = json_i64_or(obj, key, -1);
    if (v < 0 || v > COUNT_MAX) return bad(key, "is a count, 0 or more", e);
    *out = v;
    return 0;
}

static int read_spend(yyjson_val *params, const char *currency, struct delivered *out, struct err *e)
{
    yyjson_val *spend = yyjson_obj_get(params, "reported_spend");
    if (!spend) return 0;
    struct err why;
    if (json_money(JSON_FIELD(spend, "amount", ""), &out->of[METRIC_SPEND], &why)) {
        return bad("reported_spend", "is {amount, currency}", e);
    }
    if (!str_is(json_str(spend, "currency"), currency))
        return bad("reported_spend", "is in another currency than the media buy", e);
    return 0;
}

static int read_delivered(yyjson_val *params, const char *currency, struct delivered *out, struct err *e)
{
    yyjson_val *v = json_obj(params, "viewability");
    *out = delivered_none();
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (read_count(params, counts[i].key, &out->of[counts[i].metric], e)) return -1;
    }
    if (read_count(v, "measurable_impressions", &out->of[METRIC_MEASURABLE], e)) return -1;
    if (read_count(v, "viewable_impressions", &out->of[METRIC_VIEWABLE], e)) return -1;
    return read_spend(params, currency, out, e);
}

static int own_buy(const struct act *act, struct str id, struct media_buy *b, struct err *e)
{
    int found = media_buy_load(act, id, b, e);
    if (found < 0) return -1;
    bool mine = found && str_eq(b->row.principal_id, act->principal->principal_id);
    return mine ? 0 : sandbox_not_found("media buy", e);
}

static void encode(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct delivered *d, struct str currency)
{
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (d->of[counts[i].metric] != METRIC_UNKNOWN) json_add_i64(doc, o, counts[i].key, d->of[counts[i].metric]);
    }
    if (d->of[METRIC_SPEND] == METRIC_UNKNOWN) return;
    yyjson_mut_val *spend = json_add_obj(doc, o, "reported_spend");
    json_add_money(doc, spend, "amount", d->of[METRIC_SPEND]);
    json_add_str(doc, spend, "currency", currency);
}

static int sum_simulated(const struct act *act, struct str media_buy_id, struct delivered *out, struct err *e)
{
    struct fact_rows facts;
    *out = delivered_none();
    if (q_facts_of_buy(act->tx, act->arena, media_buy_id, &facts, e)) return -1;
    for (size_t i = 0; i < facts.n; i++) {
        if (str_is(facts.rows[i].source, DELIVERY_SOURCE_SIMULATED)) delivered_add(out, &facts.rows[i].delivered);
    }
    return 0;
}

int sandbox_simulate_delivery(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc, yyjson_mut_val *reply,
                              struct err *e)
{
    struct str id;
    struct media_buy b;
    struct delivered more, sum;
    if (sandbox_param(params, "media_buy_id", &id, e) || own_buy(act, id, &b, e)) return -1;
    if (check_measured(params, e) || read_delivered(params, b.row.currency, &more, e)) return -1;
    if (media_buy_status_terminal(b.status) && b.status != BUY_COMPLETED) {
        return err_set(e, "INVALID_STATE", "A media buy that is %s delivers nothing.", media_buy_status_name(b.status));
    }
    if (delivery_simulate(act, id, STR_NONE, &more, e) || sum_simulated(act, id, &sum, e)) return -1;
    if (budget_watch(act, id, e)) return -1;
    struct str currency = arena_dup(act->arena, str_from(b.row.currency));
    encode(doc, json_add_obj(doc, reply, "simulated"), &more, currency);
    encode(doc, json_add_obj(doc, reply, "cumulative"), &sum, currency);
    return 0;
}

/* ---- budgets ---- */

/* Tenths of a percent are what buyers ask for; hundredths are kept. */
static int read_percentage(yyjson_val *params, int64_t *basis_points, struct err *e)
{
    double p = json_real_or(params, "spend_percentage", -1);
    if (!(p >= 0 && p <= 100)) return bad("spend_percentage", "is a number from 0 to 100", e);
    *basis_points = (int64_t)(p * 100 + 0.5);
    return 0;
}

static int spend_to(const struct act *act, const struct media_buy *b, int64_t basis_points, int64_t *spent,
                    struct err *e)
{
    struct plan plan;
    struct delivery d;
    int found = plan_load(act, b->row.media_buy_id, PLAN_NUMBERS, &plan, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("media buy", e);
    if (delivery_read(act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    int64_t now = d.lifetime.of[METRIC_SPEND] == METRIC_UNKNOWN ? 0 : d.lifetime.of[METRIC_SPEND];
    int64_t target =
        b->row.total_budget_micros / 10000 * basis_points + b->row.total_budget_micros % 10000 * basis_points / 10000;
    struct delivered more = delivered_none();
    *spent = target;
    if (target < now) return err_set(e, "INVALID_STATE", "More than that is spent already; spend does not go back.");
    more.of[METRIC_SPEND] = target - now;
    if (target == now) return 0;
    if (delivery_simulate(act, b->row.media_buy_id, STR_NONE, &more, e)) return -1;
    return budget_watch(act, b->row.media_buy_id, e);
}

static int spend_account(const struct act *act, struct str account_id, int64_t basis_points, struct money *spent,
                         struct money *budget, struct err *e)
{
    struct media_buy_filter f = { .tenant_id = act->tenant->tenant_id,
                                  .principal_id = act->principal->principal_id,
                                  .account_id = account_id,
                                  .limit = BUYS_MAX };
    struct media_buy_rows rows;
    if (q_media_buy_list(act->tx, act->arena, &f, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) {
        struct media_buy b = { .row = rows.rows[i] };
        struct money one = { 0 }, its_budget = { .micros = b.row.total_budget_micros };
        enum media_buy_status status = media_buy_status_at(&b.row, act->now);
        if (media_buy_status_terminal(status)) continue;
        memcpy(one.currency, b.row.currency, 4);
        memcpy(its_budget.currency, b.row.currency, 4);
        if (!spent->currency[0]) memcpy(spent->currency, b.row.currency, 4);
        if (!budget->currency[0]) memcpy(budget->currency, b.row.currency, 4);
        if (spend_to(act, &b, basis_points, &one.micros, e)) return -1;
        if (money_add(*spent, one, spent, e) || money_add(*budget, its_budget, budget, e)) return -1;
    }
    return 0;
}

static void encode_money(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key,
                         const struct money *m)
{
    yyjson_mut_val *v = json_add_obj(doc, o, key);
    json_add_money(doc, v, "amount", m->micros);
    json_add_str(doc, v, "currency", arena_dup(act->arena, str_from(m->currency)));
}

int sandbox_simulate_spend(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc, yyjson_mut_val *reply,
                           struct err *e)
{
    struct str id = json_str(params, "media_buy_id"), account_id = json_str(params, "account_id");
    int64_t basis_points = 0;
    struct money spent = { 0 }, budget = { 0 };
    if (read_percentage(params, &basis_points, e)) return -1;
    if (!id.n && !account_id.n) return bad("media_buy_id", "or account_id is required", e);
    if (id.n) {
        struct media_buy b;
        if (own_buy(act, id, &b, e) || spend_to(act, &b, basis_points, &spent.micros, e)) return -1;
        budget.micros = b.row.total_budget_micros;
        memcpy(spent.currency, b.row.currency, 4);
        memcpy(budget.currency, b.row.currency, 4);
    } else {
        struct account_row key = { .tenant_id = act->tenant->tenant_id,
                                   .account_id = account_id,
                                   .principal_id = act->principal->principal_id };
        struct account_row row;
        struct tenant_settings ts;
        int found = q_account_get(act->tx, act->arena, &key, &row, e);
        if (found != 1) return found < 0 ? -1 : sandbox_not_found("account", e);
        if (!row.sandbox) return err_set(e, "FORBIDDEN", "The account is a live one.");
        if (spend_account(act, account_id, basis_points, &spent, &budget, e)) return -1;
        tenant_settings_read(act->tenant, act->arena, &ts);
        if (!spent.currency[0]) memcpy(spent.currency, ts.currency, 4);
        if (!budget.currency[0]) memcpy(budget.currency, ts.currency, 4);
    }
    yyjson_mut_val *o = json_add_obj(doc, reply, "simulated");
    json_add_copy(doc, o, "spend_percentage", yyjson_obj_get(params, "spend_percentage"));
    encode_money(act, doc, o, "computed_spend", &spent);
    encode_money(act, doc, o, "budget", &budget);
    return 0;
}
