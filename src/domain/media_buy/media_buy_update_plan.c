/* update_media_buy, the buy itself: its flight, pause, new packages, total, and whether the publisher still
 * has the room. Nothing is written here. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/product/insertion_order.h"
#include "domain/media_buy/media_buy_update.h"
#include "domain/product/sold_out.h"

static int plan_start(struct buy_update *u, int64_t *start_at, struct err *e)
{
    bool asap = str_is(json_str(u->args, "start_time"), "asap");
    if (asap) *start_at = u->act->now;
    if (!asap && json_opt_time(JSON_FIELD(u->args, "start_time", ""), start_at, e)) return -1;
    if (*start_at == u->old.start_at) return 0;
    if (u->act->now >= u->old.start_at) {
        if (asap) { /* it runs already */
            *start_at = u->old.start_at;
            return 0;
        }
        (void)err_set(e, "INVALID_STATE", "The flight has started; its start cannot be moved.");
        return err_field(e, "/start_time");
    }
    if (*start_at >= utc_day_start(u->act->now)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "start_time lies in the past");
    return err_field(e, "/start_time");
}

/* Whether the same request gives the package dates of its own, or ends it. */
static bool placed_by_request(const struct buy_update *u, const struct package_row *p)
{
    for (size_t k = 0; k < u->requests_n; k++) {
        const struct package_request *r = &u->requests[k];
        if (u->targets[k] == p && (r->canceled || r->start_at != TIME_NONE || r->end_at != TIME_NONE)) return true;
    }
    return false;
}

/* Packages that share the buy's old start or end follow it; the others must still fit, those that the request places
 * anew when it has done so (buy_update_fit_flight). */
static int move_packages(struct buy_update *u, int64_t start_at, int64_t end_at, struct err *e)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        struct package_row *p = &u->buy.packages.rows[i];
        int64_t start = p->start_at, end = p->end_at;
        if (p->canceled_at != TIME_NONE) continue;
        if (p->start_at == u->old.start_at) p->start_at = start_at;
        if (p->end_at == u->old.end_at) p->end_at = end_at;
        if (p->start_at != start || p->end_at != end) u->touched[i] = true;
        if (placed_by_request(u, p)) continue;
        if (p->end_at > end_at || p->start_at < start_at || p->end_at <= p->start_at) {
            (void)err_set(e, "INVALID_REQUEST", "package " STR_FMT " would lie outside the media buy's flight",
                          STR_ARG(p->package_id));
            (void)err_suggest(e, "Give that package dates of its own in the same update.");
            return err_field(e, end_at != u->old.end_at ? "/end_time" : "/start_time");
        }
    }
    return 0;
}

int buy_update_flight(struct buy_update *u, struct err *e)
{
    struct media_buy_row *row = &u->buy.row;
    int64_t start_at = u->old.start_at, end_at = u->old.end_at;
    if (plan_start(u, &start_at, e) || json_opt_time(JSON_FIELD(u->args, "end_time", ""), &end_at, e)) return -1;
    if (end_at != u->old.end_at && end_at <= u->act->now) {
        (void)err_set(e, "INVALID_REQUEST", "end_time lies in the past");
        (void)err_suggest(e, "Pause or cancel the media buy to stop it now.");
        return err_field(e, "/end_time");
    }
    if (end_at <= start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "/end_time");
    }
    bool given = start_at != u->old.start_at || end_at != u->old.end_at;
    if (given && move_packages(u, start_at, end_at, e)) return -1;
    row->start_at = start_at;
    row->end_at = end_at;
    if (given) {
        buy_update_attempt(u,
                           end_at > u->old.end_at   ? ACTION_EXTEND_FLIGHT
                           : end_at < u->old.end_at ? ACTION_SHORTEN_FLIGHT
                                                    : ACTION_UPDATE_FLIGHT_DATES,
                           ACTION_BIT(ACTION_UPDATE_FLIGHT_DATES) | ACTION_BIT(ACTION_UPDATE_DATES), "");
        buy_update_note(u, "updated_dates", STR_NONE, STR_NONE);
    }
    return 0;
}

/* Where the request speaks of the package. */
static const char *request_of(const struct buy_update *u, const struct package_row *p)
{
    for (size_t k = 0; k < u->requests_n; k++) {
        if (u->targets[k] == p) return u->requests[k].at;
    }
    return "/packages";
}

/* Packages got dates of their own: they lie within the buy's, or its flight becomes what they span. */
int buy_update_fit_flight(struct buy_update *u, struct err *e)
{
    struct media_buy_row *row = &u->buy.row;
    bool given = json_has(u->args, "start_time") || json_has(u->args, "end_time");
    int64_t start = TIME_NONE, end = TIME_NONE;
    if (!u->package_dates && !given) return 0;
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        const struct package_row *p = &u->buy.packages.rows[i];
        if (p->canceled_at != TIME_NONE) continue;
        if (given && (p->start_at < row->start_at || p->end_at > row->end_at)) {
            (void)err_set(e, "INVALID_REQUEST", "package " STR_FMT " would lie outside the media buy's flight",
                          STR_ARG(p->package_id));
            return err_field(e, "%s", request_of(u, p));
        }
        if (start == TIME_NONE || p->start_at < start) start = p->start_at;
        if (end == TIME_NONE || p->end_at > end) end = p->end_at;
    }
    if (start == TIME_NONE) return 0;
    if (given) return 0;
    row->start_at = start;
    row->end_at = end;
    return 0;
}

int buy_update_pause(struct buy_update *u, struct err *e)
{
    bool paused = u->old.paused;
    if (json_opt_bool(JSON_FIELD(u->args, "paused", ""), &paused, e)) return -1;
    if (paused == u->old.paused && (u->buy.status != BUY_PAUSED || paused)) return 0;
    u->paused = paused;
    u->resumed = !paused;
    u->buy.row.paused = paused;
    buy_update_attempt(u, paused ? ACTION_PAUSE : ACTION_RESUME, 0, "/paused");
    buy_update_note(u, paused ? "paused" : "resumed", STR_NONE, STR_NONE);
    return 0;
}

int buy_update_additions(struct buy_update *u, struct err *e)
{
    if (u->additions_n == 0) return 0;
    u->admitted = ARENA_ARRAY(u->act->arena, struct package_admitted, u->additions_n);
    for (size_t i = 0; i < u->additions_n; i++) {
        const struct package_request *r = &u->additions[i];
        struct package_admitted *a = &u->admitted[i];
        if (media_buy_admit_package(u->act, &u->ts, r, a, e) || insertion_order_refuse(&a->product, r->at, e))
            return -1;
        if (memcmp(a->option->currency, u->old.currency, 3) != 0) {
            (void)err_set(e, "VALIDATION_ERROR", "The media buy is in %s; this pricing option is in %s.",
                          u->old.currency, a->option->currency);
            return err_field(e, "%s/pricing_option_id", r->at);
        }
        int64_t first = u->act->now > u->buy.row.start_at ? u->act->now : u->buy.row.start_at;
        a->row.start_at = r->start_at != TIME_NONE ? r->start_at : first;
        a->row.end_at = r->end_at != TIME_NONE ? r->end_at : u->buy.row.end_at;
        if (a->row.start_at < utc_day_start(first) || a->row.end_at > u->buy.row.end_at ||
            a->row.end_at <= a->row.start_at) {
            (void)err_set(e, "INVALID_REQUEST", "a new package must lie within what is left of the media buy's flight");
            return err_field(e, "%s/%s", r->at, r->start_at != TIME_NONE ? "start_time" : "end_time");
        }
        media_buy_set_deadline(u->act, a);
        buy_update_attempt(u, ACTION_ADD_PACKAGES, 0, r->at);
        buy_update_note(
            u, "packages_added", STR_NONE,
            arena_printf(u->act->arena, "Package of product " STR_FMT " added", STR_ARG(a->row.product_id)));
        u->budgets = true;
    }
    media_buy_commit(u->act, u->admitted, u->additions_n, MEDIA_BUY_COMMITS_MORE, &u->buy.row);
    return 0;
}

int buy_update_total(struct buy_update *u, struct err *e)
{
    struct money sum = { 0 };
    memcpy(sum.currency, u->old.currency, 4);
    const char *at = "/packages";
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        struct money m = { .micros = u->buy.packages.rows[i].budget_micros };
        memcpy(m.currency, sum.currency, 4);
        if (money_add(sum, m, &sum, e)) return err_field(e, "/packages");
    }
    for (size_t i = 0; i < u->additions_n; i++) {
        struct money m = { .micros = u->admitted[i].row.budget_micros };
        memcpy(m.currency, sum.currency, 4);
        if (money_add(sum, m, &sum, e)) return err_field(e, "%s/budget", u->additions[i].at);
        at = arena_printf(u->act->arena, "%s/budget", u->additions[i].at).p;
    }
    for (size_t i = u->requests_n; i-- > 0;) {
        if (u->requests[i].budget_micros >= 0) at = arena_printf(u->act->arena, "%s/budget", u->requests[i].at).p;
    }
    yyjson_val *total = json_obj(u->args, "total_budget");
    int64_t given = sum.micros;
    if (total && json_has(total, "currency") && !str_is(json_str(total, "currency"), u->old.currency)) {
        (void)err_set(e, "VALIDATION_ERROR", "The media buy is in %s, which does not change.", u->old.currency);
        return err_field(e, "/total_budget/currency");
    }
    if (total && json_opt_money(JSON_FIELD(total, "amount", "/total_budget"), &given, e)) return -1;
    if (given != sum.micros) {
        (void)err_set(e, "VALIDATION_ERROR",
                      "total_budget is " STR_FMT ", but the packages' budgets add up to " STR_FMT ".",
                      STR_ARG(buy_update_amount(u, given)), STR_ARG(buy_update_amount(u, sum.micros)));
        return err_field(e, "/total_budget/amount");
    }
    if (!u->budgets) return 0;
    struct budget_check check = { sum.micros, sum.currency, at };
    if (media_buy_check_total(&u->ts, &check, e)) return -1;
    u->buy.row.total_budget_micros = sum.micros;
    return 0;
}

/* Where a package that asks for more than before, or at another time, stands in the request; NULL for the
 * others. */
static const char *asks_more(const struct buy_update *u, size_t i)
{
    const struct package_row *p = &u->buy.packages.rows[i], *was = &u->before[i];
    bool more = p->impressions_goal > was->impressions_goal || p->start_at != was->start_at || p->end_at != was->end_at;
    for (size_t k = 0; more && k < u->requests_n; k++) {
        if (u->targets[k] == p) return u->requests[k].at;
    }
    return more ? "" : NULL;
}

int buy_update_capacity(struct buy_update *u, struct err *e)
{
    size_t had = u->buy.packages.n, n = had + u->additions_n;
    struct package_row *rows = ARENA_ARRAY(u->act->arena, struct package_row, n + 1);
    const char **at = ARENA_ARRAY(u->act->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        rows[i] = i < had ? u->buy.packages.rows[i] : u->admitted[i - had].row;
        at[i] = i < had ? asks_more(u, i) : u->additions[i - had].at;
    }
    struct sold_out_ask ask = { .packages = { rows, n }, .at = at };
    ask.except.except_buy = u->old.media_buy_id;
    return sold_out_check(u->act, &ask, &u->warning, e);
}

/* Members of the buy itself that are stored and sent back, or kept for later. */
void buy_update_members(struct buy_update *u)
{
    static const struct {
        const char *key;
        bool shown;
    } members[] = { { "name", true },
                    { "invoice_recipient", true },
                    { "reporting_webhook", false },
                    { "governance_context", false },
                    { "push_notification_config", false } };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        yyjson_val *v = yyjson_obj_get(u->args, members[i].key);
        struct str *text = members[i].shown ? &u->buy.row.echo : &u->buy.row.doc;
        struct document d;
        if (!v) continue;
        document_open(u->act->arena, *text, &d);
        document_set(&d, members[i].key, v);
        struct str now = document_text(&d);
        if (str_eq(now, *text)) continue;
        *text = now;
        /* These two are stored with the row and are no reason to count its revision up. */
        bool beside = str_is(str_from(members[i].key), "push_notification_config") ||
                      str_is(str_from(members[i].key), "governance_context");
        if (!beside) u->row_changed = true;
    }
}
