/* Discovery, planning and buying in AdCP:Buy v1. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "dialects/buy_v1.h"

#define PACKAGES_MAX   100
#define DEFAULT_FLIGHT (30 * USEC_PER_DAY) /* what the first versions assumed when a call names no days */
#define CENT           INT64_C(10000)

/* --- discovery ------------------------------------------------------------------------------------------- */

int buy_v1_discover_up(struct shape_up *u, struct err *e)
{
    struct str brief;
    if (json_req_str(JSON_FIELD(u->in, "campaign_brief", ""), (struct json_len){ 1, 10000 }, &brief, e)) return -1;
    json_add_cstr(u->doc, u->out, "buying_mode", "brief");
    json_add_str(u->doc, u->out, "brief", brief);
    return 0;
}

/* The least that any of its pricing options asks for. */
static void add_min_spend(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *product)
{
    yyjson_val *option;
    size_t i, n;
    int64_t least = -1;
    yyjson_arr_foreach(json_arr(product, "pricing_options"), i, n, option) {
        int64_t spend = shape_micros_or(option, "min_spend", 0);
        if (least < 0 || spend < least) least = spend;
    }
    json_add_money(doc, out, "min_spend", least < 0 ? 0 : least);
}

/* The kinds of targeting in the page's words. */
static void add_targeting_available(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *product)
{
    static const struct {
        const char *kind, *word;
    } words[] = {
        { "geographic", "geography" },     { "behavioral", "interests" }, { "device", "device_types" },
        { "demographic", "demographics" }, { "contextual", "content" },
    };
    yyjson_val *v;
    size_t i, n;
    yyjson_mut_val *list = json_add_arr(doc, out, "targeting_available");
    yyjson_arr_foreach(json_arr(product, "targeting_available"), i, n, v) {
        struct str word = json_val_str(v);
        for (size_t k = 0; k < ARRAY_LEN(words); k++) {
            if (str_is(word, words[k].kind)) word = str_from(words[k].word);
        }
        json_push_str(doc, list, word);
    }
}

yyjson_mut_val *buy_v1_discover_down(const struct dialect_down *d)
{
    static const struct shape_member head[] = {
        { "product_id", "product_id" },
        { "name", "name" },
        { "description", "description" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "recommended_products");
    yyjson_val *product;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "products"), i, n, product) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        shape_copy(d->doc, out, product, head);
        add_min_spend(d->doc, out, product);
        add_targeting_available(d->doc, out, product);
    }
    return root;
}

int buy_v1_describe_up(struct shape_up *u, struct err *e)
{
    struct str id;
    if (json_req_str(JSON_FIELD(u->in, "product_id", ""), V1_ID_LEN, &id, e)) return -1;
    json_add_cstr(u->doc, u->out, "buying_mode", "wholesale");
    json_push_str(u->doc, json_add_arr(u->doc, shape_ext(u, u->out), "product_ids"), id);
    return 0;
}

yyjson_mut_val *buy_v1_describe_down(const struct dialect_down *d)
{
    static const struct shape_member head[] = {
        { "product_id", "product_id" },
        { "name", "name" },
        { "description", "description" },
        { "channels", "channels" },
        { "countries", "countries" },
        { "delivery_type", "delivery_type" },
        { 0 },
    };
    static const struct shape_member price[] = {
        { "pricing_option_id", "pricing_option_id" },
        { "pricing_model", "pricing_model" },
        { "rate", "rate" },
        { "currency", "currency" },
        { "min_spend", "min_spend" },
        { 0 },
    };
    static const struct shape_member tail[] = {
        { "targeting", "targeting" },
        { "estimated_reach", "estimated_reach" },
        { 0 },
    };
    yyjson_val *product = json_get_path(d->aux, "/products/0"), *option;
    size_t i, n;
    if (!product) return shape_not_found(d->doc, "There is no product of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    shape_copy(d->doc, root, product, head);
    add_min_spend(d->doc, root, product);
    yyjson_mut_val *pricing = json_add_arr(d->doc, root, "pricing");
    yyjson_arr_foreach(json_arr(product, "pricing_options"), i, n, option) {
        shape_copy(d->doc, json_push_obj(d->doc, pricing), option, price);
    }
    add_targeting_available(d->doc, root, product);
    shape_copy(d->doc, root, product, tail);
    json_add_copy(d->doc, root, "creative_specifications",
                  json_has(product, "formats") ? yyjson_obj_get(product, "formats")
                                               : yyjson_obj_get(product, "format_ids"));
    return root;
}

/* --- avails ---------------------------------------------------------------------------------------------- */

static int read_days(struct shape_up *u, int64_t *first, int64_t *last, struct err *e)
{
    if (shape_req_date(JSON_FIELD(u->in, "start_date", ""), first, e)) return -1;
    if (shape_req_date(JSON_FIELD(u->in, "end_date", ""), last, e)) return -1;
    if (*last >= *first) return 0;
    err_set(e, "VALIDATION_ERROR", "end_date must not be before start_date");
    return err_field(e, "/end_date");
}

int buy_v1_avails_up(struct shape_up *u, struct err *e)
{
    yyjson_val *ids;
    int64_t first, last, budget = -1;
    if (shape_strings(JSON_FIELD(u->in, "product_ids", ""), (struct json_len){ 1, PACKAGES_MAX }, &ids, e)) return -1;
    if (read_days(u, &first, &last, e)) return -1;
    if (shape_opt_amount(JSON_FIELD(u->in, "budget", ""), &budget, e)) return -1;
    json_add_copy(u->doc, u->out, "product_ids", ids);
    shape_add_flight(u, u->out, first, last);
    if (budget > 0) json_add_money(u->doc, u->out, "budget", budget);
    return buy_v1_targeting(u, JSON_FIELD(u->in, "targeting_overlay", ""), u->out, e);
}

/* "pkg_<product>_<YYYYMMDD>_<YYYYMMDD>" */
static void add_offer_id(const struct dialect_down *d, yyjson_mut_val *out, struct str product)
{
    struct str first = json_str(d->request->args, "start_date"), last = json_str(d->request->args, "end_date");
    struct str id = arena_printf(d->request->arena, "pkg_" STR_FMT "_%.4s%.2s%.2s_%.4s%.2s%.2s", STR_ARG(product),
                                 first.p, first.p + 5, first.p + 8, last.p, last.p + 5, last.p + 8);
    json_add_str(d->doc, out, "package_id", id);
}

yyjson_mut_val *buy_v1_avails_down(const struct dialect_down *d)
{
    static const struct shape_member members[] = {
        { "product_id", "product_id" },   { "name", "name" },
        { "impressions", "impressions" }, { "cpm", "cpm" },
        { "total_cost", "total_cost" },   { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "packages");
    yyjson_val *offer;
    size_t i, n;
    int64_t cost = 0, impressions = 0;
    yyjson_arr_foreach(json_arr(d->aux, "offers"), i, n, offer) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        add_offer_id(d, out, json_str(offer, "product_id"));
        shape_copy(d->doc, out, offer, members);
        cost += shape_micros_or(offer, "total_cost", 0);
        impressions += json_i64_or(offer, "impressions", 0);
    }
    json_add_money(d->doc, root, "total_budget", cost);
    json_add_i64(d->doc, root, "total_impressions", impressions);
    return root;
}

/* --- buying ---------------------------------------------------------------------------------------------- */

struct offer {
    struct str product;
    int64_t first, last; /* days; TIME_NONE when the name carries none */
};

static bool read_day8(struct str text, int64_t *day)
{
    char dashed[11];
    if (text.n != 8) return false;
    snprintf(dashed, sizeof(dashed), "%.4s-%.2s-%.2s", text.p, text.p + 4, text.p + 6);
    return rfc3339_parse_date(str_from(dashed), day) == 0;
}

/* Anything that is not an offer of ours is taken for a product's id. */
static struct offer read_offer(struct str name)
{
    struct offer o = { .product = name, .first = TIME_NONE, .last = TIME_NONE };
    int64_t first, last;
    size_t tail = 2 * 9;
    if (!str_starts(name, STR("pkg_")) || name.n <= 4 + tail) return o;
    const char *end = name.p + name.n;
    if (end[-9] != '_' || end[-18] != '_') return o;
    if (!read_day8((struct str){ end - 17, 8 }, &first) || !read_day8((struct str){ end - 8, 8 }, &last)) return o;
    return (struct offer){ .product = { name.p + 4, name.n - 4 - tail }, .first = first, .last = last };
}

/* The days named by the call; else those of the offer; else thirty days from the next one. */
static int flight_of(struct shape_up *u, struct offer *o, struct err *e)
{
    static const char *const firsts[] = { "start_date", "flight_start_date" };
    static const char *const lasts[] = { "end_date", "flight_end_date" };
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        if (shape_opt_date(JSON_FIELD(u->in, firsts[i], ""), &o->first, e)) return -1;
        if (shape_opt_date(JSON_FIELD(u->in, lasts[i], ""), &o->last, e)) return -1;
    }
    if (o->first == TIME_NONE) o->first = utc_day_start(u->req->now) + USEC_PER_DAY;
    if (o->last == TIME_NONE) o->last = o->first + DEFAULT_FLIGHT - USEC_PER_DAY;
    if (o->last >= o->first) return 0;
    err_set(e, "VALIDATION_ERROR", "the flight must not end before it starts");
    return err_field(e, json_has(u->in, "end_date") ? "/end_date" : "/flight_end_date");
}

static int create_package(struct shape_up *u, yyjson_val *v, size_t i, int64_t budget, struct err *e)
{
    struct str name = json_val_str(v);
    struct offer o = read_offer(name);
    if (flight_of(u, &o, e)) return -1;
    yyjson_mut_val *out = json_push_obj(u->doc, yyjson_mut_obj_get(u->out, "packages"));
    json_add_str(u->doc, out, "product_id", o.product);
    json_add_money(u->doc, out, "budget", budget);
    shape_add_flight(u, out, o.first, o.last);
    json_add_str(u->doc, shape_ext(u, out), "name", name);
    json_add_str(u->doc, shape_ext(u, out), "package_ref", name);
    return buy_v1_targeting(u, JSON_FIELD(u->in, "targeting_overlay", ""), out, e);
}

/* Packages are called by these names from then on. */
static int named_once(yyjson_val *packages, struct err *e)
{
    yyjson_val *a, *b;
    size_t i, n, k, m;
    yyjson_arr_foreach(packages, i, n, a) {
        yyjson_arr_foreach(packages, k, m, b) {
            if (k >= i) break;
            if (!str_eq(json_val_str(a), json_val_str(b))) continue;
            err_set(e, "VALIDATION_ERROR", STR_FMT " is named twice", STR_ARG(json_val_str(a)));
            return err_field(e, "/packages/%zu", i);
        }
    }
    return 0;
}

int buy_v1_create_up(struct shape_up *u, struct err *e)
{
    yyjson_val *packages, *p;
    int64_t total;
    struct str po = STR_NONE, currency = u->req->default_currency;
    size_t i, n;
    if (shape_strings(JSON_FIELD(u->in, "packages", ""), (struct json_len){ 1, PACKAGES_MAX }, &packages, e)) return -1;
    if (shape_req_amount(JSON_FIELD(u->in, "total_budget", ""), &total, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "po_number", ""), V1_ID_LEN, &po, e)) return -1;
    if (shape_opt_currency(JSON_FIELD(u->in, "currency", ""), &currency, e)) return -1;
    if (named_once(packages, e)) return -1;
    json_add_arr(u->doc, u->out, "packages");
    int64_t parts = (int64_t)yyjson_arr_size(packages), share = parts ? total / parts / CENT * CENT : total;
    yyjson_arr_foreach(packages, i, n, p) {
        /* What does not divide into cents goes to the first. */
        int64_t budget = i == 0 ? total - share * ((int64_t)n - 1) : share;
        if (create_package(u, p, i, budget, e)) return -1;
    }
    json_add_str_opt(u->doc, u->out, "po_number", po);
    yyjson_mut_val *budget = json_add_obj(u->doc, u->out, "total_budget");
    json_add_money(u->doc, budget, "amount", total);
    json_add_str(u->doc, budget, "currency", currency);
    shape_allow_past(u);
    return 0;
}

yyjson_mut_val *buy_v1_create_down(const struct dialect_down *d)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *task = buy_v1_open_task(buy);
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_copy(d->doc, root, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    json_add_cstr(d->doc, root, "status", buy_v1_status(buy));
    if (json_has(buy, "creative_deadline")) {
        json_add_copy(d->doc, root, "creative_deadline", yyjson_obj_get(buy, "creative_deadline"));
    } else {
        shape_add_second_before(d->doc, root, "creative_deadline", json_str(buy, "start_time"));
    }
    if (task) json_add_copy(d->doc, root, "detail", yyjson_obj_get(task, "task_id"));
    json_add_copy(d->doc, root, "reason", yyjson_obj_get(buy, "rejection_reason"));
    return root;
}
