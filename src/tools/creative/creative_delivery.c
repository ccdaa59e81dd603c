/* get_creative_delivery: what is known of single creatives.
 *
 * domain/creative/creative_delivery.h says where a creative's own numbers are known; anywhere else they are left out. Each
 * creative has one variant: itself. */
#include "domain/buyer/account.h"
#include "domain/creative/creative_delivery.h"
#include "domain/delivery/delivery_json.h"
#include "domain/media_buy/media_buy.h"
#include "tools/core/reply_error.h"
#include "tools/creative/creative_reply.h"
#include "tools/creative/creative_tools.h"
#include "tools/core/page.h"

#define IDS_MAX  100
#define ROWS_MAX 1000

struct shown { /* one creative in one buy */
    const struct creative_assigned *creative;
    struct delivered totals;
    bool known;
};

struct call {
    struct tool_call *c;
    struct delivery_range range;
    yyjson_val *buy_ids, *creative_ids;
    struct page page;
    bool of_account;
    struct str account_id; /* with of_account; empty when there is no such account yet */
    struct str *buys; /* ids of the caller's buys that are asked about */
    size_t buys_n;
    struct shown *rows;
    size_t rows_n;
    int64_t from_at, until_at;
    char currency[4];
    yyjson_mut_val *errors;
};

/* ---- reading ---- */

static int read_day(yyjson_val *args, const char *key, int64_t *day, struct err *e)
{
    struct str text;
    if (!json_has(args, key)) return 0;
    if (json_req_str(JSON_FIELD(args, key, ""), (struct json_len){ 1, 32 }, &text, e)) return -1;
    if (rfc3339_parse_date(text, day) == 0) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s is not a day that exists (YYYY-MM-DD)", key);
    return err_field(e, "/%s", key);
}

/* Of creatives, an account that is named limits the media buys they are shown in; one that nothing was bought for yet has
 * none. Media buys that are named are what is wanted, whatever else the call says (the storyboard creative_ad_server). */
static int read_account(struct call *k, struct err *e)
{
    struct account_ref ref;
    struct account_row row;
    if (account_ref_read(k->c->args, &ref, e)) return -1;
    k->of_account = ref.given;
    int rc = ref.given ? account_find(k->c->act, &ref, ACCOUNT_USE_LIST, &row, e) : 0;
    if (rc == 1) k->account_id = row.account_id;
    return rc < 0 ? -1 : 0;
}

static int is_of_account(const struct call *k, struct str media_buy_id, bool *is, struct err *e)
{
    struct media_buy b;
    *is = true;
    if (!k->of_account) return 0;
    if (media_buy_require(k->c->act, media_buy_id, &b, e)) return -1;
    *is = str_eq(b.row.account_id, k->account_id);
    return 0;
}

static int read_call(struct call *k, struct err *e)
{
    yyjson_val *args = k->c->args;
    const struct json_len ids = { 1, IDS_MAX };
    int64_t first = TIME_NONE, end = TIME_NONE;
    if (json_opt_arr(JSON_FIELD(args, "media_buy_ids", ""), ids, &k->buy_ids, e)) return -1;
    if (json_opt_arr(JSON_FIELD(args, "creative_ids", ""), ids, &k->creative_ids, e)) return -1;
    if (read_day(args, "start_date", &first, e) || read_day(args, "end_date", &end, e)) return -1;
    if (!k->buy_ids && !k->creative_ids) {
        (void)err_set(e, "INVALID_REQUEST", "media_buy_ids or creative_ids is needed");
        return err_field(e, "/media_buy_ids");
    }
    if (delivery_range_of(first, end, &k->range, e)) return -1;
    return page_read(k->c, STR("creative_delivery"), &k->page, e);
}

/* ---- which buys ---- */

static void add_buy_id(struct call *k, struct str id)
{
    for (size_t i = 0; i < k->buys_n; i++) {
        if (str_eq(k->buys[i], id)) return;
    }
    if (k->buys_n < ROWS_MAX) k->buys[k->buys_n++] = id;
}

static void note_error(struct call *k, struct err *why, const char *key, size_t index)
{
    (void)err_field(why, "/%s/%zu", key, index);
    if (!k->errors) k->errors = json_add_arr(k->c->doc, k->c->reply, "errors");
    reply_error(k->c, k->errors, why);
}

static int find_named_buys(struct call *k, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    struct err why;
    yyjson_arr_foreach(k->buy_ids, i, n, v) {
        struct media_buy b;
        if (media_buy_require(k->c->act, json_val_str(v), &b, &why) == 0) add_buy_id(k, b.row.media_buy_id);
        else if (strcmp(why.code, "MEDIA_BUY_NOT_FOUND") != 0) return *e = why, -1;
        else note_error(k, &why, "media_buy_ids", i);
    }
    if (k->buys_n > 0) return 0;
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no media buy of that id");
    return err_field(e, "/media_buy_ids/0");
}

static int find_buys_of_creatives(struct call *k, struct err *e)
{
    size_t i, n, found = 0;
    yyjson_val *v;
    yyjson_arr_foreach(k->creative_ids, i, n, v) {
        struct creative_row row;
        struct creative_assignment_rows used;
        int rc = creative_get(k->c->act, k->c->act->principal->principal_id, json_val_str(v), &row, e);
        if (rc < 0) return -1;
        if (rc == 0) {
            struct err why;
            (void)err_set(&why, "CREATIVE_NOT_FOUND", "there is no creative with this creative_id");
            note_error(k, &why, "creative_ids", i);
            continue;
        }
        found++;
        if (k->buy_ids) continue;
        if (q_creative_assignments_of_creative(k->c->act->tx, k->c->arena, &row.key, &used, e)) return -1;
        for (size_t j = 0; j < used.n; j++) {
            bool is;
            if (is_of_account(k, used.rows[j].media_buy_id, &is, e)) return -1;
            if (is) add_buy_id(k, used.rows[j].media_buy_id);
        }
    }
    if (!k->creative_ids || found > 0) return 0;
    (void)err_set(e, "CREATIVE_NOT_FOUND", "there is no creative with this creative_id");
    return err_field(e, "/creative_ids/0");
}

/* ---- numbers ---- */

static bool is_asked(const struct call *k, struct str creative_id)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(k->creative_ids, i, n, v) {
        if (str_eq(json_val_str(v), creative_id)) return true;
    }
    return k->creative_ids == NULL;
}

static bool is_first_of(const struct creative_assigned_list *all, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(all->items[i].creative_id, all->items[at].creative_id)) return false;
    }
    return true;
}

static void add_creative(struct call *k, const struct creative_uses *uses, size_t at, const struct delivery *d)
{
    struct shown s = { .creative = &uses->now.items[at] };
    s.known = creative_delivered(d, uses, s.creative->creative_id, &s.totals);
    if (k->rows_n < ROWS_MAX) k->rows[k->rows_n++] = s;
}

static int read_buy(struct call *k, struct str id, struct err *e)
{
    struct plan *plan = ARENA_NEW(k->c->arena, struct plan);
    struct delivery d;
    struct creative_uses uses;
    int rc = plan_load(k->c->act, id, PLAN_NUMBERS, plan, e);
    if (rc != 1) return rc;
    if (delivery_read(k->c->act, plan, k->range, DELIVERY_TOTALS, &d, e)) return -1;
    if (creative_uses_read(k->c->act, id, &uses, e)) return -1;
    if (!k->currency[0]) memcpy(k->currency, plan->currency, sizeof(k->currency));
    if (k->from_at == TIME_NONE || d.from_at < k->from_at) k->from_at = d.from_at;
    if (k->until_at == TIME_NONE || d.until_at > k->until_at) k->until_at = d.until_at;
    for (size_t i = 0; i < uses.now.n; i++) {
        if (is_asked(k, uses.now.items[i].creative_id) && is_first_of(&uses.now, i)) add_creative(k, &uses, i, &d);
    }
    return 0;
}

/* ---- the reply ---- */

static int add_row(struct call *k, yyjson_mut_val *list, const struct shown *s, struct err *e)
{
    yyjson_mut_doc *doc = k->c->doc;
    struct creative_row row;
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_str(doc, o, "creative_id", s->creative->creative_id);
    json_add_str(doc, o, "media_buy_id", s->creative->media_buy_id);
    int rc = creative_get(k->c->act, k->c->act->principal->principal_id, s->creative->creative_id, &row, e);
    if (rc < 0) return -1;
    if (rc == 1) creative_reply_format(k->c, o, creative_stored(k->c, row.doc));
    yyjson_mut_val *variants;
    if (!s->known) {
        json_add_i64(doc, o, "variant_count", 0);
        variants = json_add_arr(doc, o, "variants");
        return 0;
    }
    delivery_add_metrics(doc, json_add_obj(doc, o, "totals"), &s->totals);
    json_add_i64(doc, o, "variant_count", 1);
    variants = json_push_obj(doc, json_add_arr(doc, o, "variants"));
    json_add_str(doc, variants, "variant_id", s->creative->creative_id);
    delivery_add_metrics(doc, variants, &s->totals);
    return 0;
}

static void add_period(struct call *k)
{
    yyjson_mut_doc *doc = k->c->doc;
    int64_t now = k->c->act->now;
    int64_t from = k->range.from_day != TIME_NONE ? k->range.from_day : k->from_at != TIME_NONE ? k->from_at : now;
    int64_t until = k->until_at != TIME_NONE ? k->until_at : now;
    yyjson_mut_val *o = json_add_obj(doc, k->c->reply, "reporting_period");
    json_add_time(doc, o, "start", from);
    json_add_time(doc, o, "end", until > from ? until : from);
    json_add_cstr(doc, o, "timezone", "UTC");
}

static int write_reply(struct call *k, struct err *e)
{
    struct tool_call *c = k->c;
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    add_period(k);
    json_add_str(c->doc, c->reply, "currency",
                 arena_dup(c->arena, str_from(k->currency[0] ? k->currency : ts.currency)));
    if (k->buys_n == 1) json_add_str(c->doc, c->reply, "media_buy_id", k->buys[0]);
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "creatives");
    size_t from = (size_t)k->page.offset, until = from + (size_t)k->page.max;
    for (size_t i = from; i < k->rows_n && i < until; i++) {
        if (add_row(k, list, &k->rows[i], e)) return -1;
    }
    yyjson_mut_val *p = json_add_obj(c->doc, c->reply, "pagination");
    json_add_i64(c->doc, p, "limit", k->page.max);
    json_add_i64(c->doc, p, "offset", k->page.offset);
    json_add_bool(c->doc, p, "has_more", k->rows_n > until);
    json_add_i64(c->doc, p, "total_count", (int64_t)k->rows_n);
    return 0;
}

int get_creative_delivery_run(struct tool_call *c, struct err *e)
{
    struct call k = { .c = c, .from_at = TIME_NONE, .until_at = TIME_NONE };
    k.buys = ARENA_ARRAY(c->arena, struct str, ROWS_MAX);
    k.rows = ARENA_ARRAY(c->arena, struct shown, ROWS_MAX);
    if (read_account(&k, e) || read_call(&k, e)) return -1;
    if (k.buy_ids && find_named_buys(&k, e)) return -1;
    if (find_buys_of_creatives(&k, e)) return -1;
    for (size_t i = 0; i < k.buys_n; i++) {
        if (read_buy(&k, k.buys[i], e)) return -1;
    }
    return write_reply(&k, e);
}
