/* get_media_buy_delivery. AdCP 3.1 media-buy/task-reference/get_media_buy_delivery.
 *
 * Dates are UTC days; end_date is the day after the last (AdCP 3.0, 3.1 and 3.2), so that neighbouring windows add up. Ids of others are answered as if they did not exist: an entry of `errors`
 * beside the buys that were found, or the error alone when none was. */
#include "tools/delivery/delivery_missing.h"
#include "tools/delivery/delivery_reply.h"

#include <stdio.h>

#include "domain/buyer/account.h"
#include "domain/core/tenant_settings.h"
#include "tools/core/honour.h"
#include "tools/delivery/delivery_tools.h"

#define CELLS_MAX 100000 /* some hundred milliseconds */
#define BUYS_MAX  500 /* in one reply, named or found; the protocol knows no pages here */

struct input {
    yyjson_val *ids; /* NULL: all */
    unsigned statuses; /* mask; 0: any */
    struct delivery_range range;
    struct delivery_options options;
    struct account_ref account;
};

/* ---- decode ---- */

static int read_status(yyjson_val *v, const char *at, unsigned *mask, struct err *e)
{
    enum media_buy_status s;
    struct str text = json_val_str(v);
    if (str_is(text, "pending")) text = STR("pending_start"); /* the older name */
    if (!media_buy_status_parse(text, &s) || s == BUY_PENDING_APPROVAL || s == BUY_FAILED) {
        (void)err_set(e, "INVALID_REQUEST", "status_filter names a status that media buys do not have");
        return err_field(e, "%s", at);
    }
    *mask |= 1u << s;
    return 0;
}

static int read_statuses(yyjson_val *args, unsigned *mask, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(args, "status_filter"), *item;
    size_t i, n;
    if (v == NULL) return 0;
    if (!yyjson_is_arr(v)) return read_status(v, "/status_filter", mask, e);
    yyjson_arr_foreach(v, i, n, item) {
        char at[40];
        (void)snprintf(at, sizeof(at), "/status_filter/%zu", i);
        if (read_status(item, at, mask, e)) return -1;
    }
    return 0;
}

static int read_day(yyjson_val *args, const char *key, int64_t *day, struct err *e)
{
    struct str text;
    if (!json_has(args, key)) return 0;
    if (json_req_str(JSON_FIELD(args, key, ""), (struct json_len){ 1, 32 }, &text, e)) return -1;
    if (rfc3339_parse_date(text, day) == 0) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s is not a day that exists (YYYY-MM-DD)", key);
    return err_field(e, "/%s", key);
}

static int read_range(yyjson_val *args, struct delivery_range *out, struct err *e)
{
    int64_t first = TIME_NONE, end = TIME_NONE;
    if (read_day(args, "start_date", &first, e) || read_day(args, "end_date", &end, e)) return -1;
    return delivery_range_of(first, end, out, e);
}

static int read_windows(yyjson_val *args, struct delivery_options *o, struct err *e)
{
    struct str g = json_str(args, "time_granularity");
    bool wanted = json_bool_or(args, "include_window_breakdown", false);
    if (g.n == 0) return 0;
    if (!str_is(g, "daily") && !str_is(g, "monthly")) {
        (void)err_set(e, "UNSUPPORTED_GRANULARITY", "delivery is kept by day: daily and monthly windows are available");
        (void)err_details(e, "{\"supported_granularities\":[\"daily\",\"monthly\"]}");
        return err_field(e, "/time_granularity");
    }
    if (wanted) o->windows = str_is(g, "daily") ? WINDOWS_DAILY : WINDOWS_MONTHLY;
    return 0;
}

static int decode(yyjson_val *args, struct input *in, struct err *e)
{
    yyjson_val *id;
    size_t i, n;
    if (json_opt_arr(JSON_FIELD(args, "media_buy_ids", ""), (struct json_len){ 1, BUYS_MAX }, &in->ids, e)) return -1;
    yyjson_arr_foreach(in->ids, i, n, id) {
        if (json_val_str(id).n > 0) continue;
        (void)err_set(e, "INVALID_REQUEST", "media_buy_ids must be non-empty strings");
        return err_field(e, "/media_buy_ids/%zu", i);
    }
    if (read_statuses(args, &in->statuses, e) || read_range(args, &in->range, e)) return -1;
    if (read_windows(args, &in->options, e)) return -1;
    in->options.package_days = json_bool_or(args, "include_package_daily_breakdown", false);
    in->options.days = in->ids != NULL || in->options.package_days;
    return account_ref_read(args, &in->account, e);
}

/* ---- which buys ---- */

/* What to look for; nothing at all when `mask` is nothing but what no row can be. */
static unsigned stored_statuses(const struct tool_call *c, unsigned mask)
{
    unsigned stored = media_buy_stored_as(mask);
    /* Only a simulated clock brings an ended buy back; the many that have ended need not be looked through. */
    if (!c->act->mock_clock) stored &= mask | ~(1u << BUY_COMPLETED | 1u << BUY_CANCELED);
    return stored;
}

/* Half a total is no total: nothing is cut. */
static int too_many(struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "More than %d media buys match; one reply reports on %d at most.", BUYS_MAX,
                  BUYS_MAX);
    (void)err_details(e, "{\"media_buys_max\":%d}", BUYS_MAX);
    (void)err_suggest(e, "Name them in media_buy_ids (get_media_buys lists them in pages), or choose with account and"
                         " status_filter.");
    return err_field(e, "/media_buy_ids");
}

static int find_buys(struct tool_call *c, const struct input *in, struct media_buy_rows *out, struct err *e)
{
    const struct principal *who = c->act->principal;
    struct media_buy_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                  .principal_id = who->role == ROLE_BUYER ? who->principal_id : STR_NONE,
                                  .limit = BUYS_MAX + 1 };
    if (in->account.given) {
        struct account_row account;
        int rc = account_find(c->act, &in->account, ACCOUNT_USE_READ_BUYS, &account, e);
        if (rc < 0) return -1;
        *out = (struct media_buy_rows){ NULL, 0 };
        if (rc == 0) return 0;
        f.account_id = account.account_id;
    }
    if (in->ids) return q_media_buy_by_ids(c->act->tx, c->arena, &f, json_write_val(c->arena, in->ids), out, e);
    if (in->statuses) {
        unsigned stored = stored_statuses(c, in->statuses);
        if (stored == 0) {
            *out = (struct media_buy_rows){ NULL, 0 };
            return 0;
        }
        media_buy_status_names(stored, f.statuses);
    }
    if (q_media_buy_list(c->act->tx, c->arena, &f, out, e)) return -1;
    return out->n > BUYS_MAX ? too_many(e) : 0;
}

static bool has_buy(const struct media_buy_rows *rows, struct str id)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (str_eq(rows->rows[i].media_buy_id, id)) return true;
    }
    return false;
}

/* Says which ids are not there; -1 when none is. */
static int answer_missing(struct tool_call *c, const struct input *in, const struct media_buy_rows *rows, struct err *e)
{
    yyjson_val *id;
    yyjson_mut_val *errors = NULL;
    size_t i, n;
    if (in->ids != NULL && rows->n == 0) {
        (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no media buy of that id");
        return err_field(e, "/media_buy_ids/0");
    }
    yyjson_arr_foreach(in->ids, i, n, id) {
        if (has_buy(rows, json_val_str(id))) continue;
        if (!errors) errors = json_add_arr(c->doc, c->reply, "errors");
        yyjson_mut_val *o = json_push_obj(c->doc, errors);
        json_add_cstr(c->doc, o, "code", "MEDIA_BUY_NOT_FOUND");
        json_add_cstr(c->doc, o, "message", "there is no media buy of that id");
        json_add_str(c->doc, o, "field", arena_printf(c->arena, "media_buy_ids[%zu]", i));
        json_add_cstr(c->doc, o, "recovery", "correctable");
    }
    return 0;
}

/* ---- the reply ---- */

struct sums {
    struct delivered all;
    int64_t from_at, until_at;
    int64_t count;
    int64_t cells; /* of packages, or packages and days, so far */
    char currency[4];
    bool mixed; /* several currencies */
};

static void sum_up(struct sums *s, const struct delivery *d)
{
    delivered_add(&s->all, &d->in_range);
    if (s->count == 0) memcpy(s->currency, d->plan->currency, sizeof(s->currency));
    if (memcmp(s->currency, d->plan->currency, sizeof(s->currency)) != 0) s->mixed = true;
    if (s->count == 0 || d->from_at < s->from_at) s->from_at = d->from_at;
    if (s->count == 0 || d->until_at > s->until_at) s->until_at = d->until_at;
    s->count++;
}

static void add_period(struct tool_call *c, const struct input *in, const struct sums *s)
{
    int64_t now = c->act->now, from = s->count ? s->from_at : now, until = s->count ? s->until_at : now;
    if (in->range.from_day != TIME_NONE) from = in->range.from_day;
    if (in->range.to_day != TIME_NONE && !s->count) until = in->range.to_day;
    yyjson_mut_val *period = json_add_obj(c->doc, c->reply, "reporting_period");
    json_add_time(c->doc, period, "start", from);
    json_add_time(c->doc, period, "end", until > from ? until : from);
}

static void add_totals(struct tool_call *c, const struct sums *s)
{
    static const struct {
        const char *key;
        enum metric metric;
    } optional[] = { { "clicks", METRIC_CLICKS },
                     { "views", METRIC_VIEWS },
                     { "completed_views", METRIC_COMPLETED_VIEWS },
                     { "conversions", METRIC_CONVERSIONS } };
    const int64_t *of = s->all.of;
    if (s->mixed) return; /* money of several currencies has no sum */
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "aggregated_totals");
    json_add_i64(c->doc, o, "impressions", of[METRIC_IMPRESSIONS] > 0 ? of[METRIC_IMPRESSIONS] : 0);
    json_add_money(c->doc, o, "spend", of[METRIC_SPEND] > 0 ? of[METRIC_SPEND] : 0);
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        if (of[optional[i].metric] != METRIC_UNKNOWN) json_add_i64(c->doc, o, optional[i].key, of[optional[i].metric]);
    }
    json_add_i64(c->doc, o, "media_buy_count", s->count);
}

struct lists {
    yyjson_mut_val *reply, *aux;
    struct plan_shelf *shelf;
};

/* How much there is to say of a buy: a figure for each package, or for each package and day. */
static int64_t cells_of(const struct tool_call *c, const struct input *in, const struct media_buy_row *row,
                        const struct package_rows *packages)
{
    if (!in->options.days && !in->options.windows) return (int64_t)packages->n;
    int64_t from = row->start_at, until = row->end_at < c->act->now ? row->end_at : c->act->now;
    if (in->range.from_day != TIME_NONE && in->range.from_day > from) from = in->range.from_day;
    if (in->range.to_day != TIME_NONE && in->range.to_day < until) until = in->range.to_day;
    int64_t days = until > from ? (until - from) / USEC_PER_DAY + 2 : 1;
    return (int64_t)packages->n * days;
}

/* AdCP has no pages here, and half a total is no total. */
static int too_much(struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST",
                  "This report would have more than %d figures by package and day, too much for one reply.", CELLS_MAX);
    (void)err_details(e, "{\"figures_max\":%d}", CELLS_MAX);
    (void)err_suggest(e, "Ask for fewer media buys, a shorter range of days, or without a breakdown by day.");
    return err_field(e, "/media_buy_ids");
}

static int add_buy(struct tool_call *c, const struct input *in, const struct media_buy_row *row,
                   const struct lists *lists, struct sums *sums, struct err *e)
{
    enum media_buy_status status = media_buy_status_at(row, c->act->now);
    if (in->statuses && !(in->statuses & 1u << status)) return 0;
    struct package_rows packages;
    struct plan plan;
    struct delivery d;
    enum delivery_detail detail = in->options.days || in->options.windows ? DELIVERY_DAYS : DELIVERY_TOTALS;
    if (q_packages_of_buy(c->act->tx, c->arena, row->media_buy_id, &packages, e)) return -1;
    sums->cells += cells_of(c, in, row, &packages);
    if (sums->cells > CELLS_MAX) return too_much(e);
    if (plan_from_rows(c->act, lists->shelf, row, &packages, &plan, e)) return -1;
    if (delivery_read(c->act, &plan, in->range, detail, &d, e)) return -1;
    delivery_add_aux(c, lists->aux, &d, packages.rows, media_buy_status_name(status));
    if (status == BUY_PENDING_APPROVAL) return 0; /* an AdCP buyer has a task, and no media buy yet */
    sum_up(sums, &d);
    delivery_add_buy(c, lists->reply, &d, status, &in->options);
    yyjson_mut_val *reported = yyjson_mut_obj_get(yyjson_mut_arr_get_last(lists->reply), "by_package");
    for (size_t i = 0; i < packages.n; i++) {
        if (delivery_add_missing(c, yyjson_mut_arr_get(reported, i), &packages.rows[i], &d, e)) return -1;
    }
    return 0;
}

int get_media_buy_delivery_run(struct tool_call *c, struct err *e)
{
    struct input in = { .ids = NULL };
    struct media_buy_rows rows;
    struct sums sums = { .all = delivered_none() };
    if (decode(c->args, &in, e) || find_buys(c, &in, &rows, e)) return -1;
    if (answer_missing(c, &in, &rows, e)) return -1;
    struct plan_shelf shelf = { .products_n = 0 };
    struct lists lists = { yyjson_mut_arr(c->doc), json_add_arr(c->doc, c->aux, "media_buys"), &shelf };
    for (size_t i = 0; i < rows.n; i++) {
        if (add_buy(c, &in, &rows.rows[i], &lists, &sums, e)) return -1;
    }
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    add_period(c, &in, &sums);
    json_add_str(c->doc, c->reply, "currency", arena_dup(c->arena, str_from(sums.count ? sums.currency : ts.currency)));
    add_totals(c, &sums);
    /* AdCP: who has one window only ignores the wish. */
    if (json_has(c->args, "attribution_window")) honour_ignored(c, STR("/attribution_window"));
    json_add_val(c->doc, c->reply, "media_buy_deliveries", lists.reply);
    if (c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    /* No ad server here tells more than packages and days; a breakdown that is not known is left out, and that said. */
    const char *broken_down = yyjson_obj_size(json_obj(c->args, "reporting_dimensions")) > 0
                                  ? " Breakdowns by dimension are not known here and left out."
                                  : "";
    c->message = arena_printf(c->arena, "Delivery of %lld media buy%s: %lld impressions.%s", (long long)sums.count,
                              sums.count == 1 ? "" : "s",
                              (long long)(sums.all.of[METRIC_IMPRESSIONS] > 0 ? sums.all.of[METRIC_IMPRESSIONS] : 0),
                              broken_down);
    return 0;
}
