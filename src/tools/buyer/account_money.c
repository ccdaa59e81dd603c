/* get_account_financials and report_usage. AdCP 3.1 accounts.
 *
 * Spend is what media buys of the account delivered on the days asked for, in one currency: that of the account's
 * credit limit, else the publisher's. Buys in another currency are not converted: they are left out. Nothing is said
 * of invoices, which live elsewhere. */
#include <stdio.h>

#include "domain/buyer/account.h"
#include "domain/core/audit.h"
#include "domain/delivery/delivery.h"
#include "contract/document.h"
#include "domain/core/tenant_settings.h"
#include "store/q/q_buyer_object.h"
#include "tools/buyer/account_tools.h"
#include "tools/core/reply_error.h"

#define BUYS_PAGE 100
#define USAGE_MAX 1000
#define ID_MAX    256

/* ---- get_account_financials ---- */

struct financials {
    struct account_row account;
    yyjson_val *doc;
    char currency[4];
    int64_t first_day, last_day; /* both inclusive */
    int64_t spent, committed;    /* of the period; budgets of buys that may still spend */
    int64_t buys;                /* with delivery in the period */
};

static int64_t month_start(int64_t at)
{
    char text[RFC3339_MAX];
    int64_t start;
    (void)rfc3339_print_date(at, text);
    text[8] = '0';
    text[9] = '1';
    return rfc3339_parse_date((struct str){ text, 10 }, &start) ? utc_day_start(at) : start;
}

static int read_day(yyjson_val *period, const char *key, int64_t *day, struct err *e)
{
    struct str text;
    if (json_req_str(JSON_FIELD(period, key, "/period"), (struct json_len){ 1, 32 }, &text, e)) return -1;
    if (rfc3339_parse_date(text, day) == 0) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s is not a day that exists (YYYY-MM-DD)", key);
    return err_field(e, "/period/%s", key);
}

static int read_period(struct tool_call *c, struct financials *f, struct err *e)
{
    yyjson_val *period = NULL;
    f->last_day = utc_day_start(c->act->now);
    f->first_day = month_start(c->act->now);
    if (json_opt_obj(JSON_FIELD(c->args, "period", ""), &period, e)) return -1;
    if (!period) return 0;
    if (read_day(period, "start", &f->first_day, e) || read_day(period, "end", &f->last_day, e)) return -1;
    if (f->first_day <= f->last_day) return 0;
    (void)err_set(e, "INVALID_REQUEST", "the period ends before it starts");
    return err_field(e, "/period/end");
}

static bool may_still_spend(const struct media_buy_row *buy)
{
    static const char *const over[] = { "completed", "canceled", "rejected", "failed" };
    for (size_t i = 0; i < ARRAY_LEN(over); i++) {
        if (str_is(buy->status, over[i])) return false;
    }
    return true;
}

static int add_buy(struct tool_call *c, struct financials *f, const struct media_buy_row *buy, struct err *e)
{
    if (memcmp(buy->currency, f->currency, 3) != 0) return 0;
    struct plan plan;
    struct delivery delivery;
    struct delivery_range range = { f->first_day, f->last_day + USEC_PER_DAY };
    if (may_still_spend(buy)) f->committed += buy->total_budget_micros;
    if (plan_load(c->act, buy->media_buy_id, PLAN_NUMBERS, &plan, e) < 0) return -1;
    if (delivery_read(c->act, &plan, range, DELIVERY_TOTALS, &delivery, e)) return -1;
    if (delivery.in_range.of[METRIC_SPEND] > 0) {
        f->spent += delivery.in_range.of[METRIC_SPEND];
        f->buys++;
    }
    return 0;
}

static int add_buys(struct tool_call *c, struct financials *f, struct err *e)
{
    struct media_buy_filter filter = { .tenant_id = f->account.tenant_id,
                                       .principal_id = f->account.principal_id,
                                       .account_id = f->account.account_id,
                                       .limit = BUYS_PAGE };
    for (;;) {
        struct media_buy_rows rows;
        if (q_media_buy_list(c->act->tx, c->arena, &filter, &rows, e)) return -1;
        for (size_t i = 0; i < rows.n; i++) {
            if (add_buy(c, f, &rows.rows[i], e)) return -1;
        }
        if (rows.n < BUYS_PAGE) return 0;
        filter.before_id = rows.rows[rows.n - 1].media_buy_id;
    }
}

static void add_day(struct tool_call *c, yyjson_mut_val *obj, const char *key, int64_t day)
{
    char *text = arena_alloc(c->arena, RFC3339_MAX);
    json_add_str(c->doc, obj, key, (struct str){ text, rfc3339_print_date(day, text) });
}

static void add_credit(struct tool_call *c, const struct financials *f)
{
    struct err ignored; /* a damaged limit is as if there were none */
    int64_t limit = -1;
    yyjson_val *credit = json_obj(f->doc, "credit_limit");
    if (!credit || json_opt_money(JSON_FIELD(credit, "amount", ""), &limit, &ignored) || limit < 0) return;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "credit");
    int64_t available = f->committed > limit ? 0 : limit - f->committed;
    json_add_money(c->doc, o, "credit_limit", limit);
    json_add_money(c->doc, o, "available_credit", available);
    if (limit > 0)
        json_add_i64(c->doc, o, "utilization_percent", muldiv(limit - available, 100, limit, MONEY_ROUND_HALF_UP));
}

static void choose_currency(struct tool_call *c, struct financials *f)
{
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    struct str own = json_str(json_obj(f->doc, "credit_limit"), "currency");
    memcpy(f->currency, ts.currency, sizeof(f->currency));
    if (currency_valid(own)) memcpy(f->currency, own.p, 3);
}

int get_account_financials_run(struct tool_call *c, struct err *e)
{
    struct financials f = { 0 };
    struct account_ref ref;
    yyjson_val *given;
    if (json_req_obj(JSON_FIELD(c->args, "account", ""), &given, e)) return -1;
    if (account_ref_read(c->args, &ref, e) || read_period(c, &f, e)) return -1;
    int found = account_find(c->act, &ref, ACCOUNT_USE_FINANCIALS, &f.account, e);
    if (found < 0) return -1;
    if (!found) {
        (void)err_set(e, "ACCOUNT_NOT_FOUND", "There is no such account for these credentials.");
        return err_field(e, "/account");
    }
    f.doc = document_read(c->arena, f.account.doc);
    choose_currency(c, &f);
    if (add_buys(c, &f, e)) return -1;
    json_add_copy(c->doc, c->reply, "account", given);
    json_add_str(c->doc, c->reply, "currency", arena_dup(c->arena, str_from(f.currency)));
    yyjson_mut_val *period = json_add_obj(c->doc, c->reply, "period");
    add_day(c, period, "start", f.first_day);
    add_day(c, period, "end", f.last_day);
    json_add_cstr(c->doc, c->reply, "timezone", "UTC"); /* delivery is kept by UTC day */
    yyjson_mut_val *spend = json_add_obj(c->doc, c->reply, "spend");
    json_add_money(c->doc, spend, "total_spend", f.spent);
    json_add_i64(c->doc, spend, "media_buy_count", f.buys);
    add_credit(c, &f);
    if (str_is(f.account.status, "payment_required")) json_add_cstr(c->doc, c->reply, "payment_status", "past_due");
    if (str_is(f.account.status, "suspended")) json_add_cstr(c->doc, c->reply, "payment_status", "suspended");
    json_add_copy(c->doc, c->reply, "payment_terms", yyjson_obj_get(f.doc, "payment_terms"));
    yyjson_mut_val *own = json_add_obj(c->doc, json_add_obj(c->doc, c->reply, "ext"), "salesagent");
    json_add_money(c->doc, own, "committed_budget", f.committed);
    return 0;
}

/* ---- report_usage ---- */

static int own_buy(struct tool_call *c, const struct account_row *account, struct str media_buy_id, const char *at,
                   struct err *e)
{
    struct media_buy_row buy;
    struct media_buy_key key = { account->tenant_id, account->principal_id, media_buy_id };
    int found = q_media_buy_get(c->act->tx, c->arena, &key, &buy, e);
    if (found < 0) return -1;
    if (found && str_eq(buy.account_id, account->account_id)) return 0;
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "The account has no media buy of that id.");
    return err_field(e, "%s/media_buy_id", at);
}

static int check_amounts(yyjson_val *record, const char *at, struct err *e)
{
    struct str currency;
    int64_t cost, spend = 0, impressions = 0;
    if (json_money(JSON_FIELD(record, "vendor_cost", at), &cost, e)) return -1;
    if (json_opt_money(JSON_FIELD(record, "media_spend", at), &spend, e)) return -1;
    if (json_opt_i64(JSON_FIELD(record, "impressions", at), (struct json_range){ 0, INT64_MAX }, &impressions, e))
        return -1;
    if (json_req_str(JSON_FIELD(record, "currency", at), (struct json_len){ 3, 3 }, &currency, e)) return -1;
    if (currency_valid(currency)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "currency must be three capital letters (ISO 4217)");
    return err_field(e, "%s/currency", at);
}

/* One record. -1 with `why` for what only this record did wrong, or with the store's failure. */
static int take_usage(struct tool_call *c, yyjson_val *record, const char *at, struct err *why)
{
    struct account_ref ref;
    struct account_row account;
    struct str buy = STR_NONE;
    const char *account_at = arena_printf(c->arena, "%s/account", at).p;
    if (check_amounts(record, at, why)) {
        why->code = "INVALID_USAGE_DATA"; /* of one record */
        return -1;
    }
    if (account_ref_read_at(yyjson_obj_get(record, "account"), account_at, &ref, why)) return -1;
    int found = account_find(c->act, &ref, ACCOUNT_USE_REPORT_USAGE, &account, why);
    if (found == 0) (void)err_set(why, "ACCOUNT_NOT_FOUND", "There is no such account for these credentials.");
    if (found <= 0) return err_field(why, "%s", account_at);
    if (json_opt_str(JSON_FIELD(record, "media_buy_id", at), (struct json_len){ 1, ID_MAX }, &buy, why)) return -1;
    if (buy.n && own_buy(c, &account, buy, at, why)) return -1;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_copy(doc, o, "reporting_period", yyjson_obj_get(c->args, "reporting_period"));
    json_add_copy(doc, o, "usage", record);
    struct buyer_object_row row = { .key = { account.tenant_id, BUYER_OBJECT_USAGE, account.principal_id,
                                             account.account_id, id_new(c->arena, c->act->rng, "use-", c->act->now) },
                                    .name = buy,
                                    .doc = json_write(c->arena, o),
                                    .created_at = c->act->now,
                                    .updated_at = c->act->now };
    return q_buyer_object_put(c->act->tx, &row, why);
}

static int check_reporting_period(struct tool_call *c, struct err *e)
{
    yyjson_val *period;
    int64_t start, end;
    if (json_req_obj(JSON_FIELD(c->args, "reporting_period", ""), &period, e)) return -1;
    if (json_req_time(JSON_FIELD(period, "start", "/reporting_period"), &start, e)) return -1;
    if (json_req_time(JSON_FIELD(period, "end", "/reporting_period"), &end, e)) return -1;
    if (start <= end) return 0;
    (void)err_set(e, "INVALID_REQUEST", "the reporting period ends before it starts");
    return err_field(e, "/reporting_period/end");
}

int report_usage_run(struct tool_call *c, struct err *e)
{
    yyjson_val *list, *record;
    size_t i, n;
    int64_t accepted = 0;
    if (check_reporting_period(c, e)) return -1;
    if (json_req_arr(JSON_FIELD(c->args, "usage", ""), (struct json_len){ 1, USAGE_MAX }, &list, e)) return -1;
    yyjson_mut_val *errors = yyjson_mut_arr(c->doc);
    yyjson_arr_foreach(list, i, n, record) {
        char at[40];
        struct err why;
        (void)snprintf(at, sizeof(at), "/usage/%zu", i);
        if (take_usage(c, record, at, &why) == 0) {
            accepted++;
        } else if (str_is(str_from(why.code), "SERVICE_UNAVAILABLE")) {
            *e = why;
            return -1;
        } else {
            reply_error(c, errors, &why);
        }
    }
    json_add_i64(c->doc, c->reply, "accepted", accepted);
    if (yyjson_mut_arr_size(errors) > 0) json_add_val(c->doc, c->reply, "errors", errors);
    if (c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    struct audit_entry line = { .action = "usage.report",
                                .subject = STR("usage"),
                                .doc = arena_printf(c->arena, "{\"accepted\":%lld}", (long long)accepted) };
    c->message = arena_printf(c->arena, "%lld usage records accepted.", (long long)accepted);
    return audit_add(c->act, &line, e);
}
