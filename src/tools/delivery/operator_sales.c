/* x_sales_get: what media buys delivered in a stretch of days and what of it is billed, summed by month, advertiser, product,
 * buyer or media buy. Billable is what was delivered up to each package's budget: what an ad server showed beyond it is the
 * publisher's gift, and falls on the days on which it was shown. */
#include <stdlib.h>

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/q_catalog.h"
#include "store/q/q_live.h"
#include "tools/operation_tools.h"

#define LIMIT_DEFAULT 300
#define DAYS_MAX      366

enum by { BY_MONTH, BY_ADVERTISER, BY_PRODUCT, BY_BUYER, BY_MEDIA_BUY };
static const char *const by_names[] = { "month", "advertiser", "product", "buyer", "media_buy" };

struct sum {
    struct str key, name;
    char currency[4];
    struct str last_buy; /* the last one counted */
    int64_t buys, impressions, spend, billable, unknown_days;
};

struct sums {
    struct sum *list;
    size_t n, cap;
};

struct sales {
    struct tool_call *c;
    enum by by;
    int64_t from_day, to_day; /* half-open, as moments */
    struct sums groups, totals;
    struct plan_shelf shelf;
};

/* --- sums ------------------------------------------------------------------------------------------------------- */

static struct sum *sum_of(struct sales *s, struct sums *in, struct str key, const char *currency)
{
    for (size_t i = in->n; i-- > 0;) { /* what was met last is met again */
        if (str_eq(in->list[i].key, key) && strcmp(in->list[i].currency, currency) == 0) return &in->list[i];
    }
    if (in->n == in->cap) {
        struct sum *old = in->list;
        in->cap = in->cap ? in->cap * 2 : 32;
        in->list = ARENA_ARRAY(s->c->arena, struct sum, in->cap);
        if (in->n) memcpy(in->list, old, in->n * sizeof(*old));
    }
    struct sum *x = &in->list[in->n++];
    *x = (struct sum){ .key = key };
    memcpy(x->currency, currency, sizeof(x->currency));
    return x;
}

/* What one day adds; amounts are of one publisher's months and stay far below where 64 bits end. */
struct part {
    int64_t impressions, spend, billable, unknown_days;
};

static void add(struct sum *x, struct str media_buy_id, const struct part *p)
{
    if (!str_eq(x->last_buy, media_buy_id)) {
        x->last_buy = media_buy_id;
        x->buys++;
    }
    x->impressions += p->impressions;
    x->spend += p->spend;
    x->billable += p->billable;
    x->unknown_days += p->unknown_days;
}

static struct str month_of(struct sales *s, int64_t day_at)
{
    struct civil day = civil_from_days(day_at / USEC_PER_DAY);
    return arena_printf(s->c->arena, "%04lld-%02d", (long long)day.year, day.month);
}

/* --- one media buy ---------------------------------------------------------------------------------------------- */

static int name_product(struct sales *s, struct sum *x, struct err *e)
{
    struct catalog_row row;
    if (x->name.n) return 0;
    int rc = q_catalog_get(s->c->act->tx, s->c->arena, CATALOG_PRODUCT, s->c->act->tenant->tenant_id, x->key, &row, e);
    x->name = rc == 1 ? row.name : x->key;
    return rc < 0 ? -1 : 0;
}

static int group_of(struct sales *s, const struct ran_row *row, const struct plan *plan, const struct plan_package *k,
                    int64_t day_at, struct sum **out, struct err *e)
{
    struct str key = STR_NONE, name = STR_NONE;
    switch (s->by) {
    case BY_MONTH: key = name = month_of(s, day_at); break;
    case BY_ADVERTISER: key = name = row->advertiser; break;
    case BY_PRODUCT: key = k->product_id; break;
    case BY_BUYER: key = row->principal_id, name = row->buyer_name; break;
    case BY_MEDIA_BUY: key = row->media_buy_id, name = plan->name.n ? plan->name : row->media_buy_id; break;
    }
    *out = sum_of(s, &s->groups, key, plan->currency);
    if (name.n) (*out)->name = name;
    return s->by == BY_PRODUCT ? name_product(s, *out, e) : 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Its days from the first of its flight on: what was billable before is needed to know what still is. */
static int add_package(struct sales *s, const struct ran_row *row, const struct plan *plan,
                       const struct delivery_package *d, struct err *e)
{
    int64_t spent = 0;
    for (size_t i = 0; i < d->days_n; i++) {
        const struct delivery_day *day = &d->days[i];
        int64_t spend = day->delivered.of[METRIC_SPEND], impressions = day->delivered.of[METRIC_IMPRESSIONS];
        int64_t before = least(spent, d->package->budget_micros);
        if (spend != METRIC_UNKNOWN) spent += spend;
        if (day->day_at < s->from_day || day->day_at >= s->to_day) continue;
        struct part p = { .impressions = impressions == METRIC_UNKNOWN ? 0 : impressions,
                          .spend = spend == METRIC_UNKNOWN ? 0 : spend,
                          .billable = least(spent, d->package->budget_micros) - before,
                          .unknown_days = day->unknown };
        struct sum *group;
        if (group_of(s, row, plan, d->package, day->day_at, &group, e)) return -1;
        add(group, row->media_buy_id, &p);
        add(sum_of(s, &s->totals, STR_NONE, plan->currency), row->media_buy_id, &p);
    }
    return 0;
}

static int add_buy(struct sales *s, const struct ran_row *row, struct err *e)
{
    struct media_buy buy;
    struct plan plan;
    struct delivery d;
    struct delivery_range range = { TIME_NONE, s->to_day };
    int rc = media_buy_load(s->c->act, row->media_buy_id, &buy, e);
    if (rc < 1) return rc;
    if (plan_from_rows(s->c->act, &s->shelf, &buy.row, &buy.packages, &plan, e) ||
        delivery_read(s->c->act, &plan, range, DELIVERY_DAYS, &d, e))
        return -1;
    for (size_t i = 0; i < plan.packages_n; i++) {
        if (add_package(s, row, &plan, &d.packages[i], e)) return -1;
    }
    return 0;
}

/* --- the answer ------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    int c = n ? memcmp(x->key.p, y->key.p, n) : 0;
    if (!c) c = (x->key.n > y->key.n) - (x->key.n < y->key.n);
    return c ? c : strcmp(x->currency, y->currency);
}

static int by_spend(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return x->spend > y->spend ? -1 : x->spend < y->spend ? 1 : by_key(a, b);
}

static void encode(struct sales *s, const char *as, const struct sums *in)
{
    struct tool_call *c = s->c;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, as);
    for (size_t i = 0; i < in->n; i++) {
        const struct sum *x = &in->list[i];
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str_opt(c->doc, o, "key", x->key);
        json_add_str_opt(c->doc, o, "name", x->name);
        json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(x->currency)));
        json_add_i64(c->doc, o, "media_buys", x->buys);
        json_add_i64(c->doc, o, "impressions", x->impressions);
        json_add_money(c->doc, o, "spend", x->spend);
        json_add_money(c->doc, o, "billable", x->billable);
        if (x->unknown_days) json_add_i64(c->doc, o, "unknown_days", x->unknown_days);
    }
}

static int read_days(struct sales *s, struct err *e)
{
    struct str from = json_str(s->c->args, "from"), to = json_str(s->c->args, "to");
    int64_t last = 0;
    if (rfc3339_parse_date(from, &s->from_day) || rfc3339_parse_date(to, &last)) {
        (void)err_set(e, "INVALID_REQUEST", "A day is YYYY-MM-DD.");
        return err_field(e, rfc3339_parse_date(from, &s->from_day) ? "/from" : "/to");
    }
    s->to_day = last + USEC_PER_DAY;
    if (last >= s->from_day && last - s->from_day <= DAYS_MAX * USEC_PER_DAY) return 0;
    (void)err_set(e, "INVALID_REQUEST", "The last day is not before the first and at most %d days after it.", DAYS_MAX);
    return err_field(e, "/to");
}

/* END/ID of the last media buy of a page. */
static int read_place(struct str after, struct ran_filter *f, struct err *e)
{
    const char *slash = after.n ? memchr(after.p, '/', after.n) : NULL;
    size_t digits = slash ? (size_t)(slash - after.p) : 0;
    bool ok = !after.n || (digits > 0 && digits < 18);
    for (size_t i = 0; ok && i < digits; i++) {
        ok = after.p[i] >= '0' && after.p[i] <= '9';
        f->after_end_at = f->after_end_at * 10 + (after.p[i] - '0');
    }
    if (!ok) {
        (void)err_set(e, "INVALID_REQUEST", "after is no place of this list.");
        (void)err_suggest(e, "Send what the last answer said as next, or nothing.");
        return err_field(e, "/after");
    }
    if (after.n) f->after_id = str_skip(after, digits + 1);
    return 0;
}

int tool_x_sales_get(struct tool_call *c, struct err *e)
{
    struct sales s = { .c = c };
    struct ran_filter f = { .tenant_id = c->act->tenant->tenant_id,
                            .principal_id = json_str(c->args, "principal_id"),
                            .sandbox = c->act->sandbox,
                            .limit = (int)json_i64_or(c->args, "limit", LIMIT_DEFAULT) };
    struct ran_row *rows;
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(by_names); i++) {
        if (str_is(json_str(c->args, "by"), by_names[i])) s.by = (enum by)i;
    }
    if (read_days(&s, e) || read_place(json_str(c->args, "after"), &f, e)) return -1;
    f.from_at = s.from_day;
    f.to_at = s.to_day;
    if (q_ran_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    size_t looked_at = n > (size_t)f.limit ? (size_t)f.limit : n;
    for (size_t i = 0; i < looked_at; i++) {
        if (add_buy(&s, &rows[i], e)) return -1;
    }
    if (s.groups.n) qsort(s.groups.list, s.groups.n, sizeof(*s.groups.list), s.by == BY_MONTH ? by_key : by_spend);
    json_add_str(c->doc, c->reply, "from", json_str(c->args, "from"));
    json_add_str(c->doc, c->reply, "to", json_str(c->args, "to"));
    json_add_cstr(c->doc, c->reply, "by", by_names[s.by]);
    encode(&s, "rows", &s.groups);
    encode(&s, "totals", &s.totals);
    json_add_i64(c->doc, c->reply, "looked_at", (int64_t)looked_at);
    json_add_bool(c->doc, c->reply, "has_more", n > looked_at);
    if (n > looked_at)
        json_add_str(c->doc, c->reply, "next",
                     arena_printf(c->arena, "%lld/" STR_FMT, (long long)rows[looked_at - 1].end_at,
                                  STR_ARG(rows[looked_at - 1].media_buy_id)));
    return 0;
}
