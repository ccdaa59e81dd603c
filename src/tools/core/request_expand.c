#include "tools/core/request_expand.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/media_buy.h"

#define CENT     INT64_C(10000) /* in micros */
#define BUYS_MAX 200

struct expansion {
    struct tool_call *c;
    yyjson_mut_doc *doc;
    yyjson_mut_val *args, *ours; /* ours: args.ext.salesagent */
    struct media_buy buy;
};

/* False when the call has no ext.salesagent: nothing to expand. */
static bool begin(struct tool_call *c, struct expansion *x)
{
    if (!json_obj(json_obj(c->args, "ext"), "salesagent")) return false;
    *x = (struct expansion){ .c = c, .doc = json_doc_new(c->arena) };
    x->args = json_copy(x->doc, c->args);
    x->ours = yyjson_mut_obj_get(yyjson_mut_obj_get(x->args, "ext"), "salesagent");
    return true;
}

static int end(struct expansion *x, struct err *e)
{
    yyjson_doc *doc;
    if (json_parse(x->c->arena, json_write(x->c->arena, x->args), &json_limits_own, &doc, e)) return -1;
    x->c->args = yyjson_doc_get_root(doc);
    return 0;
}

static struct str mut_str(yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(obj, key);
    if (!yyjson_mut_is_str(v)) return STR_NONE;
    return (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) };
}

static yyjson_mut_val *ours_of(struct expansion *x, yyjson_mut_val *package)
{
    yyjson_mut_val *ext = yyjson_mut_obj_get(package, "ext");
    if (!yyjson_mut_is_obj(ext)) ext = json_add_obj(x->doc, package, "ext");
    yyjson_mut_val *v = yyjson_mut_obj_get(ext, "salesagent");
    return yyjson_mut_is_obj(v) ? v : json_add_obj(x->doc, ext, "salesagent");
}

static yyjson_val *stored(struct expansion *x, const struct package_row *p)
{
    yyjson_doc *doc;
    struct err e;
    return json_parse(x->c->arena, p->doc, &json_limits_own, &doc, &e) ? NULL : yyjson_doc_get_root(doc);
}

/* --- names ----------------------------------------------------------------------------------------------- */

/* "pkg-002", the tutorial's name of the second package. */
static bool is_short_name(struct str name, const struct package_row *row)
{
    struct str ordinal = str_skip(row->package_id, row->package_id.n > 3 ? row->package_id.n - 3 : 0);
    return name.n == 7 && str_starts(name, STR("pkg-")) && str_eq(str_skip(name, 4), ordinal);
}

static const struct package_row *by_name(struct expansion *x, struct str name)
{
    const struct package_rows *rows = &x->buy.packages;
    const struct package_row *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (str_eq(rows->rows[i].package_id, name) || is_short_name(name, &rows->rows[i])) return &rows->rows[i];
    }
    for (size_t i = 0; i < rows->n; i++) {
        if (str_eq(json_val_str(json_get_path(stored(x, &rows->rows[i]), "/ext/salesagent/package_ref")), name)) {
            return &rows->rows[i];
        }
        if (!str_eq(rows->rows[i].product_id, name)) continue;
        found = &rows->rows[i];
        n++;
    }
    return n == 1 ? found : NULL;
}

/* A name that fits no package stays as it is: the domain then says that there is none. */
static void resolve(struct expansion *x, const char *list)
{
    yyjson_mut_val *entry;
    size_t i, n;
    if (!yyjson_mut_get_bool(yyjson_mut_obj_get(x->ours, "packages_by_name"))) return;
    yyjson_mut_val *entries = yyjson_mut_obj_get(x->args, list);
    yyjson_mut_arr_foreach(entries, i, n, entry) {
        const struct package_row *p = by_name(x, mut_str(entry, "package_id"));
        if (!p) continue;
        yyjson_mut_obj_remove_key(entry, "package_id");
        json_add_str(x->doc, entry, "package_id", p->package_id);
    }
}

static int load_buy(struct expansion *x, struct err *e)
{
    struct str id = mut_str(x->args, "media_buy_id");
    if (!id.n) id = mut_str(x->ours, "media_buy_id");
    if (media_buy_require(x->c->act, id, &x->buy, e)) return -1;
    return 0;
}

int request_expand_names(struct tool_call *c, const char *list, struct err *e)
{
    struct expansion x;
    if (!begin(c, &x) || !yyjson_mut_get_bool(yyjson_mut_obj_get(x.ours, "packages_by_name"))) return 0;
    if (load_buy(&x, e)) return -1;
    resolve(&x, list);
    if (yyjson_mut_get_bool(yyjson_mut_obj_get(x.ours, "assign_named_only"))) {
        yyjson_mut_obj_remove_key(x.ours, "media_buy_id");
    }
    return end(&x, e);
}

/* --- create ---------------------------------------------------------------------------------------------- */

static const struct pricing_option *choose_option(const struct product *p, yyjson_mut_val *wanted)
{
    struct str model = mut_str(wanted, "pricing_model"), currency = mut_str(wanted, "currency");
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        bool fits = (!model.n || str_is(model, pricing_model_name(o->model))) &&
                    (!currency.n || str_eq(currency, str_from(o->currency)));
        if (fits) return o;
    }
    return NULL;
}

/* The price offered is the bid of an auction, and for a fixed price must at least reach it. */
static int offer(struct expansion *x, yyjson_mut_val *package, const struct pricing_option *o, const char *at,
                 struct err *e)
{
    yyjson_mut_val *price = yyjson_mut_obj_get(yyjson_mut_obj_get(ours_of(x, package), "pricing"), "offered_price");
    int64_t micros;
    if (!yyjson_mut_is_num(price)) return 0;
    if (money_micros_from_double(yyjson_mut_get_num(price), &micros, e)) return err_field(e, "%s", at);
    if (o->fixed_price_micros < 0) {
        json_add_money(x->doc, package, "bid_price", micros);
        return 0;
    }
    if (micros >= o->fixed_price_micros) return 0;
    char least[MONEY_TEXT_MAX];
    (void)money_print(o->fixed_price_micros, least);
    (void)err_set(e, "BUDGET_TOO_LOW", "The price of this option is %s %s.", least, o->currency);
    return err_field(e, "%s/ext/salesagent/pricing/offered_price", at);
}

static int price_package(struct expansion *x, yyjson_mut_val *package, const char *at, struct err *e)
{
    struct product product;
    struct act *act = x->c->act;
    struct str id = mut_str(package, "product_id");
    if (!id.n || yyjson_mut_obj_get(package, "pricing_option_id")) return 0;
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, id, &product, e);
    if (found < 0) return -1;
    if (!found) {
        (void)err_set(e, "PRODUCT_NOT_FOUND", "There is no product of that id.");
        return err_field(e, "%s/product_id", at);
    }
    const struct pricing_option *o = choose_option(&product, yyjson_mut_obj_get(ours_of(x, package), "pricing"));
    if (!o) {
        (void)err_set(e, "VALIDATION_ERROR", "The product has no pricing option of that model and currency.");
        return err_field(e, "%s/ext/salesagent/pricing", at);
    }
    json_add_str(x->doc, package, "pricing_option_id", o->pricing_option_id);
    return offer(x, package, o, at, e);
}

/* Creatives that a package waits for and that are in the library already. */
static int assign_present(struct expansion *x, yyjson_mut_val *package, struct err *e)
{
    yyjson_mut_val *waited = yyjson_mut_obj_get(ours_of(x, package), "awaited_creatives"), *entry, *list = NULL;
    size_t i, n;
    yyjson_mut_arr_foreach(waited, i, n, entry) {
        struct creative_row row;
        int found = creative_get(x->c->act, x->c->act->principal->principal_id, mut_str(entry, "creative_id"), &row, e);
        if (found < 0) return -1;
        if (!found) continue;
        if (!list) list = json_add_arr(x->doc, package, "creative_assignments");
        yyjson_mut_arr_append(list, yyjson_mut_val_mut_copy(x->doc, entry));
    }
    return 0;
}

int request_expand_create(struct tool_call *c, struct err *e)
{
    struct expansion x;
    yyjson_mut_val *package;
    size_t i, n;
    if (!begin(c, &x)) return 0;
    yyjson_mut_val *packages = yyjson_mut_obj_get(x.args, "packages");
    if (!yyjson_mut_is_arr(packages)) return 0;
    yyjson_mut_arr_foreach(packages, i, n, package) {
        if (!yyjson_mut_is_obj(package)) continue;
        if (price_package(&x, package, arena_printf(c->arena, "/packages/%zu", i).p, e)) return -1;
        if (assign_present(&x, package, e)) return -1;
    }
    return end(&x, e);
}

/* --- update ---------------------------------------------------------------------------------------------- */

static yyjson_mut_val *entry_of(struct expansion *x, const struct package_row *p)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(x->args, "packages"), *entry;
    size_t i, n;
    if (!list) list = json_add_arr(x->doc, x->args, "packages");
    yyjson_mut_arr_foreach(list, i, n, entry) {
        if (str_eq(mut_str(entry, "package_id"), p->package_id)) return entry;
    }
    entry = json_push_obj(x->doc, list);
    json_add_str(x->doc, entry, "package_id", p->package_id);
    return entry;
}

/* Lists are united, anything else is replaced. */
static void add_to_overlay(struct expansion *x, yyjson_mut_val *overlay, yyjson_mut_val *add)
{
    yyjson_mut_obj_iter it;
    if (!yyjson_mut_is_obj(add)) return;
    yyjson_mut_obj_iter_init(add, &it);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it));) {
        const char *name = yyjson_mut_get_str(key);
        yyjson_mut_val *more = yyjson_mut_obj_iter_get_val(key), *have = yyjson_mut_obj_get(overlay, name), *v, *w;
        if (!yyjson_mut_is_arr(more) || !yyjson_mut_is_arr(have)) {
            yyjson_mut_obj_remove_key(overlay, name);
            json_add_val(x->doc, overlay, name, yyjson_mut_val_mut_copy(x->doc, more));
            continue;
        }
        size_t i, n, k, m;
        yyjson_mut_arr_foreach(more, i, n, v) {
            bool listed = false;
            yyjson_mut_arr_foreach(have, k, m, w) listed = listed || yyjson_mut_equals(v, w);
            if (!listed) yyjson_mut_arr_append(have, yyjson_mut_val_mut_copy(x->doc, v));
        }
    }
}

static yyjson_mut_val *kept_or(struct expansion *x, yyjson_mut_val *given, yyjson_val *kept)
{
    if (yyjson_mut_is_obj(given)) return yyjson_mut_val_mut_copy(x->doc, given);
    return yyjson_is_obj(kept) ? json_copy(x->doc, kept) : NULL;
}

/* The overlay of a package is what its campaign asks for and on top of it what the package does. Each is replaced as a whole
 * by a later one of its kind, so both are kept by themselves; what a buy was created with is its campaign's. */
static void refine(struct expansion *x, yyjson_mut_val *entry, const struct package_row *p, yyjson_mut_val *campaign,
                   yyjson_mut_val *own)
{
    if (!yyjson_mut_is_obj(campaign) && !yyjson_mut_is_obj(own)) return;
    yyjson_val *doc = stored(x, p), *was = json_get_path(doc, "/ext/salesagent");
    yyjson_val *first = json_has(was, "package_overlay") || json_has(was, "campaign_overlay")
                            ? json_obj(was, "campaign_overlay")
                            : json_obj(doc, "targeting_overlay");
    campaign = kept_or(x, campaign, first);
    own = kept_or(x, own, json_obj(was, "package_overlay"));
    yyjson_mut_val *overlay = yyjson_mut_obj(x->doc), *ours = ours_of(x, entry);
    add_to_overlay(x, overlay, campaign);
    add_to_overlay(x, overlay, own);
    yyjson_mut_obj_remove_key(entry, "targeting_overlay");
    json_add_val(x->doc, entry, "targeting_overlay", overlay);
    json_add_val(x->doc, ours, "campaign_overlay", campaign);
    json_add_val(x->doc, ours, "package_overlay", own);
}

/* A PATCH of ext.salesagent: stored members that the entry does not name stay. */
static void keep_ours(struct expansion *x, yyjson_mut_val *entry, const struct package_row *p)
{
    yyjson_val *old = json_get_path(stored(x, p), "/ext/salesagent"), *key, *v;
    size_t i, n;
    if (!yyjson_mut_obj_get(entry, "ext")) return;
    yyjson_mut_val *now = ours_of(x, entry);
    yyjson_obj_foreach(old, i, n, key, v) {
        if (!yyjson_mut_obj_get(now, yyjson_get_str(key))) json_add_copy(x->doc, now, yyjson_get_str(key), v);
    }
}

static int index_of(struct expansion *x, yyjson_mut_val *entry)
{
    yyjson_mut_val *v;
    size_t i, n;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(x->args, "packages"), i, n, v) {
        if (v == entry) return (int)i;
    }
    return 0;
}

/* Of a package whose budget is changed without a word of impressions: those that the new budget buys. */
static int follow_budget(struct expansion *x, yyjson_mut_val *entry, const struct package_row *p, struct err *e)
{
    enum pricing_model model;
    int64_t budget = -1, rate = p->rate_micros;
    if (!yyjson_mut_obj_get(entry, "ext")) return 0;
    yyjson_mut_val *asked = yyjson_mut_obj_remove_key(ours_of(x, entry), "impressions_follow");
    yyjson_mut_val *money = yyjson_mut_obj_get(entry, "budget"), *bid = yyjson_mut_obj_get(entry, "bid_price");
    if (!asked || yyjson_mut_obj_get(entry, "impressions") || !pricing_model_parse(p->pricing_model, &model)) return 0;
    if (!yyjson_mut_is_num(money)) return 0;
    if (money_micros_from_double(yyjson_mut_get_num(money), &budget, e)) return err_field(e, "/packages");
    if (bid && money_micros_from_double(yyjson_mut_get_num(bid), &rate, e)) return err_field(e, "/packages");
    int64_t impressions = pricing_model_impressions(model, budget, rate);
    if (impressions >= 0) json_add_i64(x->doc, entry, "impressions", impressions);
    return 0;
}

/* A price that is named in AdCP:Buy v1 is to be the price: of a fixed one that cannot be. */
static int price_counts(struct expansion *x, yyjson_mut_val *entry, const struct package_row *p, struct err *e)
{
    struct act *act = x->c->act;
    struct product product;
    char is[MONEY_TEXT_MAX];
    int64_t wanted;
    if (!yyjson_mut_obj_get(entry, "ext") || !yyjson_mut_obj_remove_key(ours_of(x, entry), "price_counts")) return 0;
    yyjson_mut_val *bid = yyjson_mut_obj_get(entry, "bid_price");
    if (!bid || money_micros_from_double(yyjson_mut_get_num(bid), &wanted, e)) return bid ? -1 : 0;
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
    if (found < 0) return -1;
    const struct pricing_option *o = found ? product_pricing_option(&product, p->pricing_option_id) : NULL;
    bool fixed = !o || o->fixed_price_micros >= 0;
    if (!fixed || wanted == p->rate_micros) return 0;
    (void)money_print(p->rate_micros, is);
    (void)err_set(e, "VALIDATION_ERROR", "the price of this package is fixed at %s", is);
    return err_field(e, "/packages/%d/bid_price", index_of(x, entry));
}

static bool live(const struct package_row *p)
{
    return p->canceled_at == TIME_NONE;
}

/* `whole` over the live packages in proportion to their budgets, in whole cents; the rest goes to the first. Packages
 * whose entry has `skip` already keep what it says, and their share is taken off first. */
struct split {
    int64_t whole;
    const char *key;
    bool in_ours;
};

static yyjson_mut_val *split_place(struct expansion *x, const struct split *s, yyjson_mut_val *entry)
{
    return s->in_ours ? ours_of(x, entry) : entry;
}

static int split_over(struct expansion *x, const struct split *s, struct err *e)
{
    int64_t left = s->whole, weight = 0;
    struct package_row *first = NULL;
    for (size_t i = 0; i < x->buy.packages.n; i++) {
        struct package_row *p = &x->buy.packages.rows[i];
        if (!live(p)) continue;
        yyjson_mut_val *given = yyjson_mut_obj_get(split_place(x, s, entry_of(x, p)), s->key);
        int64_t micros = 0;
        if (given && money_micros_from_double(yyjson_mut_get_num(given), &micros, e)) return err_field(e, "/packages");
        left -= micros;
        if (given) continue;
        weight += p->budget_micros;
        if (!first) first = p;
    }
    if (left < 0 || (left > 0 && !first) || (first && left < CENT)) {
        (void)err_set(e, "VALIDATION_ERROR", "%s does not agree with what the packages ask for", s->key);
        return err_field(e, "/ext/salesagent/%s", s->in_ours ? s->key : "total_budget");
    }
    int64_t rest = left;
    for (size_t i = x->buy.packages.n; first && i-- > 0;) {
        struct package_row *p = &x->buy.packages.rows[i];
        if (!live(p)) continue;
        yyjson_mut_val *place = split_place(x, s, entry_of(x, p));
        if (yyjson_mut_obj_get(place, s->key)) continue;
        int64_t share = p == first ? rest : muldiv(left, p->budget_micros, weight, MONEY_ROUND_DOWN) / CENT * CENT;
        json_add_money(x->doc, place, s->key, share);
        if (s->in_ours)
            json_add_bool(x->doc, place, "daily_budget_shared", true); /* plan.c: what one leaves is the others' */
        rest -= share;
    }
    return 0;
}

static int whole_amount(struct expansion *x, const char *key, int64_t *micros, struct err *e)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(x->ours, key);
    *micros = -1;
    if (!v) return 0;
    if (money_micros_from_double(yyjson_mut_get_num(v), micros, e)) return err_field(e, "/ext/salesagent/%s", key);
    return 0;
}

static int campaign_money(struct expansion *x, struct err *e)
{
    int64_t total, daily;
    if (whole_amount(x, "total_budget", &total, e) || whole_amount(x, "daily_budget", &daily, e)) return -1;
    struct split budget = { total, "budget", false }, cap = { daily, "daily_budget", true };
    if (total >= 0 && split_over(x, &budget, e)) return -1;
    return daily >= 0 ? split_over(x, &cap, e) : 0;
}

static int each_package(struct expansion *x, struct err *e)
{
    yyjson_mut_val *add = yyjson_mut_obj_get(x->ours, "targeting_overlay_add");
    yyjson_mut_val *pacing = yyjson_mut_obj_get(x->ours, "pacing");
    for (size_t i = 0; i < x->buy.packages.n; i++) {
        const struct package_row *p = &x->buy.packages.rows[i];
        bool everywhere = add || pacing;
        yyjson_mut_val *entries = yyjson_mut_obj_get(x->args, "packages"), *v, *entry = NULL;
        size_t k, n;
        yyjson_mut_arr_foreach(entries, k, n, v) {
            if (str_eq(mut_str(v, "package_id"), p->package_id)) entry = v;
        }
        if (!entry && everywhere && live(p)) entry = entry_of(x, p);
        if (!entry) continue;
        if (pacing && !yyjson_mut_obj_get(entry, "pacing")) {
            json_add_val(x->doc, entry, "pacing", yyjson_mut_val_mut_copy(x->doc, pacing));
        }
        yyjson_mut_val *own_add = yyjson_mut_obj_get(entry, "ext")
                                      ? yyjson_mut_obj_remove_key(ours_of(x, entry), "targeting_overlay_add")
                                      : NULL;
        refine(x, entry, p, add, own_add);
        if (follow_budget(x, entry, p, e) || price_counts(x, entry, p, e)) return -1;
        keep_ours(x, entry, p);
    }
    return 0;
}

int request_expand_update(struct tool_call *c, struct err *e)
{
    struct expansion x;
    if (!begin(c, &x)) return 0;
    if (load_buy(&x, e)) return -1;
    resolve(&x, "packages");
    if (campaign_money(&x, e) || each_package(&x, e)) return -1;
    return end(&x, e);
}

/* --- creatives that packages wait for -------------------------------------------------------------------- */

static bool waits_for(yyjson_val *package, struct str creative_id)
{
    yyjson_val *list = json_arr(json_get_path(package, "/ext/salesagent"), "awaited_creatives"), *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_str(v, "creative_id"), creative_id)) return true;
    }
    return false;
}

static void assign_to_waiting(struct expansion *x, const struct package_row *p)
{
    yyjson_mut_val *creatives = yyjson_mut_obj_get(x->args, "creatives"), *c;
    yyjson_val *doc = stored(x, p);
    size_t i, n;
    yyjson_mut_arr_foreach(creatives, i, n, c) {
        struct str id = mut_str(c, "creative_id");
        if (!waits_for(doc, id)) continue;
        yyjson_mut_val *list = yyjson_mut_obj_get(x->args, "assignments");
        if (!list) list = json_add_arr(x->doc, x->args, "assignments");
        yyjson_mut_val *pair = json_push_obj(x->doc, list);
        json_add_str(x->doc, pair, "creative_id", id);
        json_add_str(x->doc, pair, "package_id", p->package_id);
    }
}

int request_expand_awaited(struct tool_call *c, struct err *e)
{
    struct expansion x;
    if (!begin(c, &x) || !yyjson_mut_get_bool(yyjson_mut_obj_get(x.ours, "assign_awaited"))) return 0;
    struct act *act = c->act;
    struct media_buy_filter f = { .tenant_id = act->tenant->tenant_id,
                                  .principal_id = act->principal->principal_id,
                                  .limit = BUYS_MAX };
    struct media_buy_rows buys;
    struct package_rows packages;
    if (q_media_buy_list(act->tx, act->arena, &f, &buys, e)) return -1;
    if (buys.n == 0) return 0;
    if (q_packages_of_buys(act->tx, act->arena, &buys, &packages, e)) return -1;
    for (size_t i = 0; i < packages.n; i++) {
        if (live(&packages.rows[i])) assign_to_waiting(&x, &packages.rows[i]);
    }
    return end(&x, e);
}
