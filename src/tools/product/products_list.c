/* Which products are in the answer, and in which order. The order is made from ids alone; documents are read only
 * for what is shown and for what a filter has to look at, and never more than SCAN_MAX of them a call. */
#include <stdlib.h>

#include "tools/product/products.h"

#define SCAN_MAX         1500
#define ANONYMOUS_MAX    10
#define SIMILAR_TEXT_MAX 4000

/* A set of ids, for leaving out what was listed before. */
struct id_set {
    struct str *slots;
    size_t cap;
};

static struct id_set id_set_new(struct arena *a, size_t n)
{
    struct id_set s = { .cap = 16 };
    while (s.cap < n * 2 + 2) s.cap *= 2;
    s.slots = ARENA_ARRAY(a, struct str, s.cap);
    return s;
}

/* True when it was not there. */
static bool id_set_add(struct id_set *s, struct str id)
{
    size_t h = 5381;
    for (size_t i = 0; i < id.n; i++) h = h * 33 + (uint8_t)id.p[i];
    for (h &= s->cap - 1; s->slots[h].n; h = (h + 1) & (s->cap - 1)) {
        if (str_eq(s->slots[h], id)) return false;
    }
    s->slots[h] = id;
    return true;
}

/* What was ranked for this product; NULL when nothing matched. */
static const struct ranked_product *products_ranked(const struct discovery *d, struct str product_id)
{
    for (size_t i = 0; i < d->ranking.products_n; i++) {
        if (str_eq(d->ranking.products[i].product_id, product_id)) return &d->ranking.products[i];
    }
    return NULL;
}

static bool filtering(const struct discovery *d)
{
    return !product_filter_empty(&d->filter) || d->mode == MODE_REFINE;
}

/* Ids in the publisher's order: all that could be needed for this page and one more. */
static int list_rest(struct discovery *d, struct catalog_rows *rows, struct err *e)
{
    int64_t max = CATALOG_PAGE_MAX;
    if (!filtering(d)) {
        /* The few extra make up for products that turn out to be damaged or off sale. */
        int64_t need = d->page.offset + d->page.max + (int64_t)d->ranking.products_n + 64;
        if (need < max) max = need;
    }
    struct catalog_slice slice = { 0, max };
    if (q_product_ids(d->c->act->tx, d->c->arena, d->c->act->tenant->tenant_id, slice, rows, e)) return -1;
    d->order_is_all = rows->n < (size_t)max;
    return 0;
}

static int order_named(struct discovery *d)
{
    size_t i, n;
    yyjson_val *v;
    d->order = ARENA_ARRAY(d->c->arena, struct str, yyjson_arr_size(d->only_ids) + 1);
    struct id_set seen = id_set_new(d->c->arena, yyjson_arr_size(d->only_ids));
    yyjson_arr_foreach(d->only_ids, i, n, v) {
        struct str id = json_val_str(v);
        if (id.n && id_set_add(&seen, id)) d->order[d->order_n++] = id;
    }
    d->order_is_all = true;
    return 0;
}

/* Refining: products named with more_like_this are a brief themselves. */
static struct str similar_text(struct discovery *d, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        struct catalog_row row;
        if (!str_is(json_str(v, "action"), "more_like_this")) continue;
        int rc = q_catalog_get(d->c->act->tx, d->c->arena, CATALOG_PRODUCT, d->c->act->tenant->tenant_id,
                               json_str(v, "product_id"), &row, e);
        yyjson_val *doc = rc == 1 ? reply_parse_row(d->c, &row) : NULL;
        if (!doc) continue;
        struct str text = arena_printf(d->c->arena, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(json_str(doc, "name")),
                                       STR_ARG(json_str(v, "ask")), STR_ARG(json_str(doc, "description")));
        if (text.n > SIMILAR_TEXT_MAX) text.n = SIMILAR_TEXT_MAX;
        return text;
    }
    return STR_NONE;
}

static int rank(struct discovery *d, struct err *e)
{
    struct str text = d->mode == MODE_REFINE ? similar_text(d, e) : d->brief;
    if (text.n == 0) return 0;
    /* Unfiltered, one more than this page ends with is enough; a filter may have to look further. */
    size_t need = filtering(d) ? SCAN_MAX : (size_t)(d->page.offset + d->page.max + 1);
    struct ranking_request q = { d->c->act->tenant->tenant_id, text, need };
    return rank_brief(d->c->act->tx, d->c->arena, &q, &d->ranking, e);
}

static void add_included(struct discovery *d, struct id_set *seen)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        struct str id = json_str(v, "product_id");
        if (id.n && refine_fate_of(d, id) == REFINE_INCLUDED && id_set_add(seen, id)) d->order[d->order_n++] = id;
    }
}

int products_order(struct discovery *d, struct err *e)
{
    struct catalog_rows rest;
    if (d->only_ids) return order_named(d);
    if (rank(d, e) || list_rest(d, &rest, e)) return -1;
    size_t max = yyjson_arr_size(d->refine) + d->ranking.products_n + rest.n;
    d->order = ARENA_ARRAY(d->c->arena, struct str, max + 1);
    struct id_set seen = id_set_new(d->c->arena, max);
    add_included(d, &seen);
    for (size_t i = 0; i < d->ranking.products_n; i++) {
        if (id_set_add(&seen, d->ranking.products[i].product_id)) {
            d->order[d->order_n++] = d->ranking.products[i].product_id;
        }
    }
    for (size_t i = 0; i < rest.n; i++) {
        if (id_set_add(&seen, rest.rows[i].id)) d->order[d->order_n++] = rest.rows[i].id;
    }
    return 0;
}

/* ---- collecting ---- */

static bool has_channel(const struct product *p, const struct str *channels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < p->channels_n; j++) {
            if (str_eq(channels[i], p->channels[j])) return true;
        }
    }
    return false;
}

static bool wished(const struct wishes *w, const struct product *p)
{
    if (w->guaranteed >= 0 && p->guaranteed != (w->guaranteed == 1)) return false;
    if (w->fixed_price >= 0) {
        bool any = false;
        for (size_t i = 0; i < p->pricing_options_n; i++) {
            any = any || (p->pricing_options[i].fixed_price_micros >= 0) == (w->fixed_price == 1);
        }
        if (!any) return false;
    }
    if (w->without_n && has_channel(p, w->without, w->without_n)) return false;
    return w->only_n == 0 || has_channel(p, w->only, w->only_n);
}

/* True when the product is in the answer. Products the buyer named stay in, whatever else is asked. */
static bool passes(struct discovery *d, const struct product *p)
{
    if (!p->active) return false;
    enum refine_fate fate = d->mode == MODE_REFINE ? refine_fate_of(d, p->product_id) : REFINE_UNTOUCHED;
    if (fate == REFINE_OMITTED) return false;
    enum filter_reason r = product_filter_check(&d->filter, p);
    if (r != FILTER_PASSED) {
        d->excluded[r]++;
        return false;
    }
    return fate == REFINE_INCLUDED || wished(&d->wishes, p);
}

static void add_found(struct discovery *d, const struct product *p)
{
    const struct ranked_product *r = products_ranked(d, p->product_id);
    bool ranked = d->mode == MODE_BRIEF && d->brief.n > 0;
    d->found[d->found_n++] = (struct found_product){ .p = *p,
                                                     .relevance_bp = !ranked ? -1
                                                                     : r     ? r->relevance_bp
                                                                             : 0,
                                                     .matched = r ? r->matched : 0 };
}

static int count_all(struct discovery *d, struct err *e)
{
    if (d->only_ids || filtering(d)) return 0;
    return q_catalog_count(d->c->act->tx, CATALOG_PRODUCT, d->c->act->tenant->tenant_id, &d->total, e);
}

int products_collect(struct discovery *d, struct err *e)
{
    size_t max = (size_t)(d->anonymous && d->page.max > ANONYMOUS_MAX ? ANONYMOUS_MAX : d->page.max);
    d->found = ARENA_ARRAY(d->c->arena, struct found_product, max);
    d->next_offset = d->total = -1;
    int64_t passed = 0, scanned = 0;
    size_t i = (size_t)d->page.offset;
    bool count = d->page.offset == 0 && (filtering(d) || d->only_ids); /* to the end, for total_count */
    for (; i < d->order_n && scanned < SCAN_MAX; i++, scanned++) {
        struct product p;
        int rc = product_load_listed(d->c->act->tx, d->c->arena, d->c->act->tenant->tenant_id, d->order[i], &p, e);
        if (rc < 0) return -1;
        if (rc == 0 || !passes(d, &p)) continue;
        passed++;
        if (d->found_n < max) {
            add_found(d, &p);
        } else if (d->next_offset < 0) {
            d->next_offset = (int64_t)i;
            if (!count) break;
        }
    }
    bool end = i >= d->order_n && d->order_is_all;
    if (count && end) d->total = passed;
    if (!end && d->next_offset < 0) {
        d->next_offset = (int64_t)i;
        d->cut = d->found_n < max;
    }
    if (d->anonymous) d->next_offset = -1; /* strangers see the first products only */
    return d->total < 0 ? count_all(d, e) : 0;
}
