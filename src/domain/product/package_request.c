#include "domain/product/package_request.h"
#include "contract/document.h"

#include "base/first_occurrence.h"
#include <salesagent/money.h>

#include "base/buf.h"
#include "base/rfc3339.h"

#define ID_MAX       255
#define CATALOGS_MAX 100 /* there are fewer types */
#define TEXT_MAX     500
#define AMOUNT_MAX   INT64_C(1000000000000000)

static const char *const pacings[] = { "even", "asap", "front_loaded" };

static const char *const kept[] = {
    "format_ids",
    "format_option_refs",
    "format_kind",
    "params",
    "catalogs",
    "optimization_goals",
    "targeting_overlay",
    "measurement_terms",
    "performance_standards",
    "agency_estimate_number",
    "context",
    "ext",
    "bid_price",
    "daily_budget_cap",
};

static int read_name(struct package_request *r, struct err *e)
{
    const struct json_len len = { 1, TEXT_MAX };
    yyjson_val *ours = json_obj(json_obj(r->val, "ext"), "salesagent");
    if (json_opt_str(JSON_FIELD(r->val, "name", r->at), len, &r->name, e)) return -1;
    if (r->name.n || !json_has(ours, "name")) return 0;
    return json_opt_str(JSON_FIELD(ours, "name", "/ext/salesagent"), len, &r->name, e) ? err_in(e, "%s", r->at) : 0;
}

static int read_pacing(struct package_request *r, struct err *e)
{
    if (json_opt_str(JSON_FIELD(r->val, "pacing", r->at), (struct json_len){ 1, 32 }, &r->pacing, e)) return -1;
    if (r->pacing.n == 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(pacings); i++) {
        if (str_is(r->pacing, pacings[i])) return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "pacing must be even, asap or front_loaded");
    return err_field(e, "%s/pacing", r->at);
}

static int read_amounts(struct package_request *r, struct err *e)
{
    const struct json_field budget = JSON_FIELD(r->val, "budget", r->at);
    int rc = r->kind == PACKAGE_NEW ? json_money(budget, &r->budget_micros, e)
                                    : json_opt_money(budget, &r->budget_micros, e);
    if (rc || json_opt_money(JSON_FIELD(r->val, "bid_price", r->at), &r->bid_micros, e)) return -1;
    return json_opt_i64(JSON_FIELD(r->val, "impressions", r->at), (struct json_range){ 0, AMOUNT_MAX }, &r->impressions,
                        e);
}

static int read_flight(struct package_request *r, struct err *e)
{
    if (json_opt_time(JSON_FIELD(r->val, "start_time", r->at), &r->start_at, e) ||
        json_opt_time(JSON_FIELD(r->val, "end_time", r->at), &r->end_at, e)) {
        return -1;
    }
    if (r->start_at != TIME_NONE && r->end_at != TIME_NONE && r->end_at <= r->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "%s/end_time", r->at);
    }
    return 0;
}

static int read_ids(struct package_request *r, struct err *e)
{
    const struct json_len len = { 1, ID_MAX };
    if (r->kind == PACKAGE_NEW) {
        if (json_req_str(JSON_FIELD(r->val, "product_id", r->at), len, &r->product_id, e)) return -1;
        return json_req_str(JSON_FIELD(r->val, "pricing_option_id", r->at), len, &r->pricing_option_id, e);
    }
    static const char *const fixed[] = { "product_id", "pricing_option_id", "format_ids", "format_option_refs",
                                         "format_kind" };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (!json_has(r->val, fixed[i])) continue;
        (void)err_set(e, "INVALID_REQUEST", "%s of a package cannot be changed", fixed[i]);
        (void)err_suggest(e, "Cancel the package and add another one with new_packages.");
        return err_field(e, "%s/%s", r->at, fixed[i]);
    }
    return json_req_str(JSON_FIELD(r->val, "package_id", r->at), len, &r->package_id, e);
}

static int read_cancel(struct package_request *r, struct err *e)
{
    if (r->kind == PACKAGE_NEW || !json_has(r->val, "canceled")) return 0;
    if (json_req_bool(JSON_FIELD(r->val, "canceled", r->at), &r->canceled, e)) return -1;
    if (!r->canceled) {
        (void)err_set(e, "INVALID_REQUEST", "canceled can only be true: a cancellation is final");
        return err_field(e, "%s/canceled", r->at);
    }
    return json_opt_str(JSON_FIELD(r->val, "cancellation_reason", r->at), (struct json_len){ 0, TEXT_MAX },
                        &r->cancellation_reason, e);
}

/* INVALID_REQUEST, VALIDATION_ERROR or BUDGET_TOO_LOW naming the field. */
static int package_request_read(struct arena *a, yyjson_val *val, const char *at, enum package_request_kind kind,
                                struct package_request *out, struct err *e)
{
    struct package_request r = { .kind = kind,
                                 .val = val,
                                 .at = at,
                                 .budget_micros = -1,
                                 .bid_micros = -1,
                                 .impressions = -1,
                                 .agreed_micros = -1,
                                 .start_at = TIME_NONE,
                                 .end_at = TIME_NONE,
                                 .paused = -1 };
    if (!yyjson_is_obj(val)) {
        (void)err_set(e, "INVALID_REQUEST", "a package must be an object");
        return err_field(e, "%s", at);
    }
    bool paused = false;
    if (read_ids(&r, e) || read_name(&r, e) || read_amounts(&r, e) || read_pacing(&r, e) || read_flight(&r, e) ||
        read_cancel(&r, e) || json_opt_bool(JSON_FIELD(val, "paused", at), &paused, e)) {
        return -1;
    }
    if (json_has(val, "paused")) r.paused = paused;
    *out = r;
    return 0;
}

int package_requests_read(struct arena *a, yyjson_val *args, const char *key, enum package_request_kind kind,
                          struct package_request **out, size_t *n, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(args, key, ""), (struct json_len){ 1, PACKAGES_MAX }, &arr, e)) return -1;
    *n = 0;
    *out = NULL;
    if (!arr) return 0;
    struct package_request *list = ARENA_ARRAY(a, struct package_request, yyjson_arr_size(arr));
    size_t i, max;
    yyjson_arr_foreach(arr, i, max, v) {
        if (package_request_read(a, v, arena_printf(a, "/%s/%zu", key, i).p, kind, &list[i], e)) return -1;
    }
    *out = list;
    *n = yyjson_arr_size(arr);
    return 0;
}

/* ---- product and price ---- */

static int unknown_option(const struct product *p, const struct package_request *r, struct err *e)
{
    struct buf ids;
    buf_init(&ids, 200);
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        buf_addf(&ids, "%s" STR_FMT, i ? ", " : "", STR_ARG(p->pricing_options[i].pricing_option_id));
    }
    (void)err_set(e, "INVALID_PRICING_OPTION", "Product " STR_FMT " has no pricing option of that id.",
                  STR_ARG(p->product_id));
    (void)err_suggest(e, "Use one of: " STR_FMT ".", STR_ARG(buf_str(&ids)));
    buf_finish(&ids);
    return err_field(e, "%s/pricing_option_id", r->at);
}

int package_product(const struct act *act, const struct package_request *r, struct product *product,
                    const struct pricing_option **option, struct err *e)
{
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, r->product_id, product, e);
    if (found < 0) return -1;
    if (!found) {
        (void)err_set(e, "PRODUCT_NOT_FOUND", "There is no product of that id.");
        (void)err_suggest(e, "Call get_products for the products on sale.");
        return err_field(e, "%s/product_id", r->at);
    }
    if (!product->active) {
        (void)err_set(e, "PRODUCT_UNAVAILABLE", "This product is no longer sold.");
        (void)err_suggest(e, "Call get_products for the products on sale.");
        return err_field(e, "%s/product_id", r->at);
    }
    *option = product_pricing_option(product, r->pricing_option_id);
    return *option ? 0 : unknown_option(product, r, e);
}

int package_rate(const struct package_price *in, int64_t *rate_micros, struct err *e)
{
    const struct pricing_option *o = in->option;
    char least[MONEY_TEXT_MAX];
    if (in->budget_micros <= 0) {
        (void)err_set(e, "BUDGET_TOO_LOW", "The budget must be more than zero.");
        return err_field(e, "%s/budget", in->at);
    }
    if (in->budget_micros < o->min_spend_micros) {
        (void)money_print(o->min_spend_micros, least);
        (void)err_set(e, "BUDGET_TOO_LOW", "Pricing option " STR_FMT " needs at least %s %s per package.",
                      STR_ARG(o->pricing_option_id), least, o->currency);
        (void)err_details(e, "{\"minimum_budget\":%s,\"currency\":\"%s\"}", least, o->currency);
        (void)err_suggest(e, "Raise the budget to %s or more, or choose another pricing option.", least);
        return err_field(e, "%s/budget", in->at);
    }
    if (in->agreed_micros >= 0) {
        *rate_micros = in->agreed_micros;
        return 0;
    }
    if (o->fixed_price_micros >= 0) {
        *rate_micros = o->fixed_price_micros;
        return 0;
    }
    if (in->bid_micros < 0) {
        (void)err_set(e, "INVALID_REQUEST", "bid_price is required for an auction pricing option.");
        if (o->floor_micros >= 0) {
            (void)money_print(o->floor_micros, least);
            (void)err_suggest(e, "Bid at least %s %s.", least, o->currency);
        }
        return err_field(e, "%s/bid_price", in->at);
    }
    if (in->bid_micros == 0 || in->bid_micros < o->floor_micros) {
        (void)money_print(o->floor_micros > 0 ? o->floor_micros : 0, least);
        (void)err_set(e, "BUDGET_TOO_LOW", "The bid is below the floor price of %s %s.", least, o->currency);
        (void)err_details(e, "{\"floor_price\":%s,\"currency\":\"%s\"}", least, o->currency);
        (void)err_suggest(e, "Bid %s or more.", least);
        return err_field(e, "%s/bid_price", in->at);
    }
    *rate_micros = in->bid_micros;
    return 0;
}

/* ---- impressions ---- */

static int goal_unpaid(const struct package_goal *in, struct err *e)
{
    char budget[MONEY_TEXT_MAX];
    (void)money_print(in->budget_micros, budget);
    (void)err_set(e, "VALIDATION_ERROR", "The budget of %s buys %lld impressions at this price, not %lld.", budget,
                  (long long)in->bought, (long long)in->stated);
    (void)err_details(e, "{\"requested_impressions\":%lld,\"affordable_impressions\":%lld}", (long long)in->stated,
                      (long long)in->bought);
    (void)err_suggest(e, "Lower impressions to %lld, leave it out, or raise the budget.", (long long)in->bought);
    return err_field(e, "%s/impressions", in->at);
}

/* A click or a viewable impression says nothing certain of how many impressions it takes. */
static bool price_counts(const struct package_goal *in)
{
    return in->bought >= 0 && in->model != PRICING_VCPM;
}

int package_goal(const struct package_goal *in, int64_t *goal, struct err *e)
{
    const struct product *p = in->product;
    if (in->stated > in->bought && in->fixed_price && in->model == PRICING_CPM && in->bought >= 0) {
        return goal_unpaid(in, e);
    }
    if (in->stated < 0 && p && p->guaranteed && p->daily_impressions >= 0 && !price_counts(in)) {
        (void)err_set(e, "VALIDATION_ERROR",
                      "impressions is needed: a price by %s does not say how many of product " STR_FMT
                      "'s guaranteed impressions are to be kept free.",
                      pricing_model_name(in->model), STR_ARG(p->product_id));
        (void)err_suggest(e, "Give impressions, which delivery will not exceed, or choose an option priced by cpm.");
        return err_field(e, "%s/impressions", in->at);
    }
    *goal = in->stated >= 0 ? in->stated : in->bought;
    return 0;
}

/* ---- terms ---- */

static bool listed(yyjson_val *arr, struct str word)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) {
        if (str_eq(json_val_str(v), word)) return true;
    }
    return false;
}

static int rejected(const struct package_request *r, const char *term, struct err *e)
{
    return err_field(e, "%s/measurement_terms/billing_measurement/%s", r->at, term);
}

static int accept_measurement(const struct product *p, const struct package_request *r, struct err *e)
{
    const struct measurement_policy *m = &p->measurement;
    yyjson_val *billing = json_obj(json_obj(r->val, "measurement_terms"), "billing_measurement");
    if (!billing || !m->stated) return 0;
    struct str window = json_str(billing, "measurement_window");
    struct str vendor = json_str(json_obj(billing, "vendor"), "domain");
    if (json_has(billing, "max_variance_percent") &&
        json_real_or(billing, "max_variance_percent", 0) < (double)m->min_variance_percent) {
        (void)err_set(e, "TERMS_REJECTED", "A variance of at least %lld percent must be tolerated.",
                      (long long)m->min_variance_percent);
        (void)err_suggest(e, "Propose max_variance_percent %lld or more.", (long long)m->min_variance_percent);
        return rejected(r, "max_variance_percent", e);
    }
    if (window.n && m->measurement_windows && !listed(m->measurement_windows, window)) {
        (void)err_set(e, "TERMS_REJECTED", "This product is not billed on that measurement window.");
        (void)err_suggest(e, "Use a measurement_window that the product's reporting_capabilities list.");
        return rejected(r, "measurement_window", e);
    }
    if (vendor.n && m->vendors && !listed(m->vendors, vendor)) {
        (void)err_set(e, "TERMS_REJECTED", "That measurement vendor is not accepted for this product.");
        return rejected(r, "vendor", e);
    }
    return 0;
}

static int accept_metrics(const struct product *p, const struct package_request *r, struct err *e)
{
    yyjson_val *arr = json_arr(r->val, "committed_metrics"), *v;
    yyjson_val *capable = json_obj(p->doc, "reporting_capabilities");
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        struct str id = json_str(v, "metric_id");
        bool standard = str_is(json_str(v, "scope"), "standard");
        if (standard && listed(json_arr(capable, "available_metrics"), id)) continue;
        (void)err_set(e, "TERMS_REJECTED", "The metric " STR_FMT " cannot be committed to for this product.",
                      STR_ARG(id));
        (void)err_suggest(e, "Choose from the product's reporting_capabilities.available_metrics.");
        return err_field(e, "%s/committed_metrics/%zu/metric_id", r->at, i);
    }
    return 0;
}

static int accept_formats(const struct product *p, const struct tenant_settings *ts, const struct package_request *r,
                          struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(r->val, "format_ids", r->at), (struct json_len){ 1, 500 }, &arr, e)) return -1;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        struct format_ref f;
        if (!format_ref_read(v, &f)) {
            (void)err_set(e, "INVALID_REQUEST", "a format is {agent_url, id}");
            return err_field(e, "%s/format_ids/%zu", r->at, i);
        }
        if (product_takes_format(p, &f)) continue;
        (void)err_set(e, "VALIDATION_ERROR", "Product " STR_FMT " does not take the format " STR_FMT ".",
                      STR_ARG(p->product_id), STR_ARG(f.id));
        (void)err_suggest(e, "Use one of the product's format_ids; list_creative_formats describes them.");
        return err_field(e, "%s/format_ids/%zu", r->at, i);
    }
    return 0;
}

/* What the product says that it can be optimised for. */
static bool can_optimize(const struct product *p, yyjson_val *goal)
{
    yyjson_val *v;
    size_t i, n;
    if (str_is(json_str(goal, "kind"), "event")) return json_obj(p->doc, "conversion_tracking") != NULL;
    if (!str_is(json_str(goal, "kind"), "metric")) return false;
    yyjson_arr_foreach(json_arr(json_obj(p->doc, "metric_optimization"), "supported_metrics"), i, n, v) {
        if (str_eq(json_val_str(v), json_str(goal, "metric"))) return true;
    }
    return false;
}

static int accept_goals(const struct product *p, const struct package_request *r, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(r->val, "optimization_goals"), i, n, v) {
        if (can_optimize(p, v)) continue;
        (void)err_set(e, "UNSUPPORTED_FEATURE", "Delivery of this product is not optimised towards such a goal.");
        (void)err_suggest(
            e, "Leave it out, or choose a product whose metric_optimization or conversion_tracking covers it.");
        return err_field(e, "%s/optimization_goals/%zu", r->at, i);
    }
    return 0;
}

static int accept_catalogs(const struct package_request *r, struct err *e)
{
    yyjson_val *arr = json_arr(r->val, "catalogs"), *v, *w;
    size_t i, n, j, m;
    if (yyjson_arr_size(arr) > CATALOGS_MAX) {
        (void)err_set(e, "VALIDATION_ERROR", "A package has at most %d catalogs.", CATALOGS_MAX);
        return err_field(e, "%s/catalogs", r->at);
    }
    yyjson_arr_foreach(arr, i, n, v) {
        yyjson_arr_foreach(arr, j, m, w) {
            if (j >= i) break;
            if (!str_eq(json_str(v, "type"), json_str(w, "type"))) continue;
            (void)err_set(e, "VALIDATION_ERROR", "Each catalog of a package must have a type of its own.");
            return err_field(e, "%s/catalogs/%zu/type", r->at, i);
        }
    }
    return 0;
}

int package_accept(const struct product *p, const struct tenant_settings *ts, const struct package_request *r,
                   struct err *e)
{
    yyjson_val *overlay = NULL;
    if (json_opt_obj(JSON_FIELD(r->val, "targeting_overlay", r->at), &overlay, e)) return -1;
    if (overlay && targeting_accept(ts, overlay, "/targeting_overlay", e)) return err_in(e, "%s", r->at);
    if (accept_formats(p, ts, r, e) || accept_measurement(p, r, e) || accept_metrics(p, r, e) ||
        accept_goals(p, r, e)) {
        return -1;
    }
    return accept_catalogs(r, e);
}

/* ---- what is kept ---- */

static void put(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_val *value)
{
    (void)yyjson_mut_obj_remove_key(obj, key); /* absent is fine */
    if (strcmp(key, "daily_budget_cap") == 0 && yyjson_is_null(value)) return; /* there null ends it */
    json_add_copy(doc, obj, key, value);
}

/* The contract starts when it is agreed, so each entry is stamped. */
static void put_metrics(yyjson_mut_doc *doc, yyjson_mut_val *obj, yyjson_val *metrics, int64_t now)
{
    size_t i, n;
    yyjson_val *v;
    if (!metrics) return;
    (void)yyjson_mut_obj_remove_key(obj, "committed_metrics"); /* absent is fine */
    yyjson_mut_val *arr = json_add_arr(doc, obj, "committed_metrics");
    yyjson_arr_foreach(metrics, i, n, v) {
        yyjson_mut_val *entry = json_copy(doc, v);
        (void)yyjson_mut_obj_remove_key(entry, "committed_at"); /* never the caller's word */
        json_add_time(doc, entry, "committed_at", now);
        (void)yyjson_mut_arr_append(arr, entry); /* fails only for lack of memory, which ends the process */
    }
}

/* A format named by its id alone is one of ours; replies say whose it is. */
static void name_formats(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_mut_val *arr = yyjson_mut_obj_get(obj, "format_ids");
    struct tenant_settings ts;
    if (!arr) return;
    tenant_settings_read(act->tenant, act->arena, &ts);
    for (size_t i = 0; i < yyjson_mut_arr_size(arr); i++) {
        yyjson_mut_val *f = yyjson_mut_arr_get(arr, i);
        if (yyjson_mut_is_str(f)) {
            yyjson_mut_val *o = yyjson_mut_obj(doc);
            json_add_str(doc, o, "id", (struct str){ yyjson_mut_get_str(f), yyjson_mut_get_len(f) });
            (void)yyjson_mut_arr_replace(arr, i, o); /* it is there */
            f = o;
        }
        if (!yyjson_mut_obj_get(f, "agent_url")) json_add_str(doc, f, "agent_url", ts.agent_url);
    }
}

struct keyword_edit {
    const char *list, *add, *remove;
};

/* Two keywords are the same one when match type and word are equal. */
static struct str keyword_key(struct arena *a, struct str match_type, struct str keyword)
{
    return arena_printf(a, "%zu:" STR_FMT STR_FMT, match_type.n, STR_ARG(match_type), STR_ARG(keyword));
}

static struct str given_key(struct arena *a, yyjson_val *v)
{
    return keyword_key(a, json_str(v, "match_type"), json_str(v, "keyword"));
}

static struct str member(yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(obj, key);
    return (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) };
}

/* Of the keywords in force those that are neither removed nor given anew, then the given ones, each where it is given
 * last. By sorting (base/first_occurrence.h): campaigns have thousands of keywords. */
static void merge_keywords(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *arr, yyjson_val *add, yyjson_val *gone)
{
    size_t i, max, n = 0, add_n = yyjson_arr_size(add), changed_n = add_n + yyjson_arr_size(gone);
    size_t old_n = yyjson_mut_arr_size(arr);
    struct str *keys = ARENA_ARRAY(a, struct str, changed_n + old_n + 1);
    yyjson_mut_val **old = ARENA_ARRAY(a, yyjson_mut_val *, old_n + 1), *one;
    yyjson_val *v;
    yyjson_arr_foreach(add, i, max, v) keys[add_n - 1 - i] = given_key(a, v); /* backwards: the last is the first */
    n = add_n;
    yyjson_arr_foreach(gone, i, max, v) keys[n++] = given_key(a, v);
    yyjson_mut_arr_foreach(arr, i, max, one) {
        old[i] = one;
        keys[n++] = keyword_key(a, member(one, "match_type"), member(one, "keyword"));
    }
    const size_t *first = first_occurrences(a, keys, n);
    (void)yyjson_mut_arr_clear(arr); /* it is an array */
    for (i = 0; i < old_n; i++) {
        if (first[changed_n + i] >= changed_n) (void)yyjson_mut_arr_append(arr, old[i]);
    }
    yyjson_arr_foreach(add, i, max, v) {
        /* Appending fails only for lack of memory. */
        if (first[add_n - 1 - i] == add_n - 1 - i) (void)yyjson_mut_arr_append(arr, json_copy(doc, v));
    }
}

/* keyword_targets_add and the like: upserts by (keyword, match_type) into the overlay that is in force. */
static void edit_keywords(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct package_request *r,
                          const struct keyword_edit *edit)
{
    yyjson_val *add = json_arr(r->val, edit->add), *gone = json_arr(r->val, edit->remove);
    if (!add && !gone) return;
    yyjson_mut_val *overlay = yyjson_mut_obj_get(obj, "targeting_overlay");
    if (!overlay) overlay = json_add_obj(doc, obj, "targeting_overlay");
    yyjson_mut_val *arr = yyjson_mut_obj_get(overlay, edit->list);
    if (!arr) arr = json_add_arr(doc, overlay, edit->list);
    merge_keywords(a, doc, arr, add, gone);
    if (yyjson_mut_arr_size(arr) == 0) (void)yyjson_mut_obj_remove_key(overlay, edit->list);
    if (yyjson_mut_obj_size(overlay) == 0) (void)yyjson_mut_obj_remove_key(obj, "targeting_overlay");
}

/* Of a request that ends its package nothing else counts. */
static struct str canceled_doc(const struct act *act, const struct package_request *r, struct document *d)
{
    json_add_bool(d->doc, d->root, "canceled", true);
    yyjson_mut_val *c = json_add_obj(d->doc, d->root, "cancellation");
    json_add_time(d->doc, c, "canceled_at", act->now);
    json_add_cstr(d->doc, c, "canceled_by", "buyer");
    json_add_str_opt(d->doc, c, "reason", r->cancellation_reason);
    return document_text(d);
}

struct str package_doc(const struct act *act, const struct package_request *r, struct str old)
{
    static const struct keyword_edit edits[] = {
        { "keyword_targets", "keyword_targets_add", "keyword_targets_remove" },
        { "negative_keywords", "negative_keywords_add", "negative_keywords_remove" },
    };
    struct document d;
    document_open(act->arena, old, &d);
    yyjson_mut_doc *doc = d.doc;
    yyjson_mut_val *obj = d.root;
    if (r->canceled) return canceled_doc(act, r, &d);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (r->fixed_price && strcmp(kept[i], "bid_price") == 0) continue;
        if (json_has(r->val, kept[i])) put(doc, obj, kept[i], yyjson_obj_get(r->val, kept[i]));
    }
    if (r->kind == PACKAGE_NEW) name_formats(act, doc, obj);
    put_metrics(doc, obj, json_arr(r->val, "committed_metrics"), act->now);
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) edit_keywords(act->arena, doc, obj, r, &edits[i]);
    return json_write(act->arena, obj);
}
