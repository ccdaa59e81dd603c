/* Media buys and delivery in the data-model page's shapes. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "dialects/data_model.h"

#define ID_LEN ((struct json_len){ 1, 255 })
#define CENT   INT64_C(10000) /* in micros */

/* --- up -------------------------------------------------------------------------------------------------- */

/* A positive whole number of cents, as micros; -1 when missing. */
static int cents_up(struct shape_up *u, struct json_field f, int64_t *micros, struct err *e)
{
    yyjson_val *v;
    *micros = -1;
    if (data_model_number(u, f, &v, e)) return -1;
    if (!v) return 0;
    const int64_t cents_max = MONEY_MICROS_MAX / CENT;
    double cents = yyjson_get_num(v);
    if (cents >= 1 && cents <= (double)cents_max && cents == (double)(int64_t)cents) {
        *micros = (int64_t)cents * CENT;
        return 0;
    }
    err_set(e, "VALIDATION_ERROR", "%s must be a whole number greater than zero and at most %lld", f.key,
            (long long)cents_max);
    return err_field(e, "%s/%s", f.at, f.key);
}

static int flight_up(struct shape_up *u, yyjson_mut_val *out, struct err *e)
{
    int64_t first = TIME_NONE, last = TIME_NONE;
    if (shape_opt_date(JSON_FIELD(u->in, "start_date", ""), &first, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "end_date", ""), &last, e)) return -1;
    if (first != TIME_NONE && last != TIME_NONE && last < first) {
        err_set(e, "VALIDATION_ERROR", "end_date must not be before start_date");
        return err_field(e, "/end_date");
    }
    shape_add_flight(u, out, first, last);
    return 0;
}

static int countries_up(struct shape_up *u, yyjson_val *targeting, yyjson_mut_val *overlay, struct err *e)
{
    yyjson_val *list = NULL, *c;
    size_t i, n;
    if (shape_strings(JSON_FIELD(targeting, "geo_countries", "/targeting"), (struct json_len){ 0, 250 }, &list, e)) {
        return -1;
    }
    yyjson_arr_foreach(list, i, n, c) {
        struct str code = json_val_str(c);
        if (code.n == 2 && code.p[0] >= 'A' && code.p[0] <= 'Z' && code.p[1] >= 'A' && code.p[1] <= 'Z') continue;
        err_set(e, "VALIDATION_ERROR", "geo_countries takes ISO 3166-1 alpha-2 codes");
        return err_field(e, "/targeting/geo_countries/%zu", i);
    }
    if (yyjson_arr_size(list) > 0) json_add_copy(u->doc, overlay, "geo_countries", list);
    return 0;
}

/* Metro areas are Nielsen's; postal codes are those of the one country targeted. */
static int areas_up(struct shape_up *u, yyjson_val *targeting, yyjson_mut_val *overlay, struct err *e)
{
    static const struct {
        const char *country, *system;
    } systems[] = {
        { "US", "zip" },         { "GB", "outward" },  { "CA", "fsa" }, { "DE", "plz" },
        { "FR", "code_postal" }, { "AU", "postcode" }, { "CH", "plz" }, { "AT", "plz" },
    };
    yyjson_val *regions = NULL, *metros = NULL, *postal = NULL;
    const struct json_len any = { 0, 500 };
    if (shape_strings(JSON_FIELD(targeting, "geo_regions", "/targeting"), any, &regions, e)) return -1;
    if (shape_strings(JSON_FIELD(targeting, "geo_metros", "/targeting"), any, &metros, e)) return -1;
    if (shape_strings(JSON_FIELD(targeting, "geo_postal_areas", "/targeting"), any, &postal, e)) return -1;
    if (yyjson_arr_size(regions) > 0) json_add_copy(u->doc, overlay, "geo_regions", regions);
    if (yyjson_arr_size(metros) > 0) {
        yyjson_mut_val *metro = json_push_obj(u->doc, json_add_arr(u->doc, overlay, "geo_metros"));
        json_add_cstr(u->doc, metro, "system", "nielsen_dma");
        json_add_copy(u->doc, metro, "values", metros);
    }
    if (yyjson_arr_size(postal) == 0) return 0;
    yyjson_val *countries = json_arr(targeting, "geo_countries");
    struct str country = yyjson_arr_size(countries) == 1 ? json_val_str(yyjson_arr_get_first(countries)) : STR("");
    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        if (!str_is(country, systems[i].country)) continue;
        yyjson_mut_val *area = json_push_obj(u->doc, json_add_arr(u->doc, overlay, "geo_postal_areas"));
        json_add_str(u->doc, area, "country", country);
        json_add_cstr(u->doc, area, "system", systems[i].system);
        json_add_copy(u->doc, area, "values", postal);
        return 0;
    }
    err_set(e, "VALIDATION_ERROR",
            "geo_postal_areas needs exactly one country in geo_countries, with known postal codes");
    return err_field(e, "/targeting/geo_postal_areas");
}

static int custom_up(struct shape_up *u, yyjson_val *targeting, yyjson_mut_val *overlay, struct err *e)
{
    yyjson_val *custom = NULL, *key, *values;
    size_t i, n;
    if (json_opt_obj(JSON_FIELD(targeting, "custom_targeting", "/targeting"), &custom, e)) return -1;
    yyjson_obj_foreach(custom, i, n, key, values) {
        const char *name = yyjson_get_str(key);
        if (shape_strings(JSON_FIELD(custom, name, "/targeting/custom_targeting"), (struct json_len){ 0, 250 }, &values,
                          e)) {
            return -1;
        }
        if (strcmp(name, "device") == 0 && yyjson_arr_size(values) > 0) {
            json_add_copy(u->doc, overlay, "device_type", values);
        }
    }
    return 0;
}

static int targeting_up(struct shape_up *u, yyjson_mut_val *out, struct err *e)
{
    yyjson_val *targeting = NULL;
    if (json_opt_obj(JSON_FIELD(u->in, "targeting", ""), &targeting, e)) return -1;
    if (!targeting) return 0;
    yyjson_mut_val *overlay = yyjson_mut_obj(u->doc);
    if (countries_up(u, targeting, overlay, e) || areas_up(u, targeting, overlay, e)) return -1;
    if (custom_up(u, targeting, overlay, e)) return -1;
    if (yyjson_mut_obj_size(overlay) > 0) json_add_val(u->doc, out, "targeting_overlay", overlay);
    json_add_copy(u->doc, shape_ext(u, out), "targeting", targeting);
    return 0;
}

static int pricing_up(struct shape_up *u, yyjson_mut_val *out, struct str *currency, struct err *e)
{
    static const char *const models[] = { "cpm", "vcpm", "cpc", "cpcv", "cpv", "cpp", "flat_rate" };
    yyjson_val *pricing = NULL, *price;
    struct str model = STR_NONE;
    int64_t micros;
    if (json_opt_obj(JSON_FIELD(u->in, "pricing", ""), &pricing, e)) return -1;
    if (!pricing) return 0;
    if (json_req_str(JSON_FIELD(pricing, "pricing_model", "/pricing"), (struct json_len){ 1, 32 }, &model, e))
        return -1;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(models); i++) known = known || str_is(model, models[i]);
    if (!known) {
        err_set(e, "VALIDATION_ERROR", "pricing_model must be cpm, vcpm, cpc, cpcv, cpv, cpp or flat_rate");
        return err_field(e, "/pricing/pricing_model");
    }
    if (shape_opt_currency(JSON_FIELD(pricing, "currency", "/pricing"), currency, e)) return -1;
    if (data_model_number(u, JSON_FIELD(pricing, "bid_price", "/pricing"), &price, e)) return -1;
    yyjson_mut_val *want = json_add_obj(u->doc, shape_ext(u, out), "pricing");
    json_add_str(u->doc, want, "pricing_model", model);
    json_add_str(u->doc, want, "currency", *currency);
    if (!price) return 0;
    if (money_micros_from_double(yyjson_get_num(price), &micros, e)) return err_field(e, "/pricing/bid_price");
    if (micros == 0) {
        err_set(e, "VALIDATION_ERROR", "bid_price must be greater than zero");
        return err_field(e, "/pricing/bid_price");
    }
    json_add_money(u->doc, want, "offered_price", micros);
    return 0;
}

int data_model_create_up(struct shape_up *u, struct err *e)
{
    struct str product, name, advertiser = STR_NONE, currency = u->req->default_currency;
    int64_t budget, day;
    if (json_req_str(JSON_FIELD(u->in, "product_id", ""), ID_LEN, &product, e)) return -1;
    if (json_req_str(JSON_FIELD(u->in, "name", ""), ID_LEN, &name, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "advertiser_id", ""), ID_LEN, &advertiser, e)) return -1;
    if (cents_up(u, JSON_FIELD(u->in, "budget_cents", ""), &budget, e)) return -1;
    if (budget < 0) {
        err_set(e, "INVALID_REQUEST", "budget_cents is required");
        return err_field(e, "/budget_cents");
    }
    if (shape_req_date(JSON_FIELD(u->in, "start_date", ""), &day, e)) return -1;
    if (shape_req_date(JSON_FIELD(u->in, "end_date", ""), &day, e)) return -1;
    yyjson_mut_val *package = json_push_obj(u->doc, json_add_arr(u->doc, u->out, "packages"));
    json_add_str(u->doc, package, "product_id", product);
    json_add_money(u->doc, package, "budget", budget);
    json_add_str(u->doc, shape_ext(u, package), "name", name);
    if (flight_up(u, package, e) || targeting_up(u, package, e) || pricing_up(u, package, &currency, e)) return -1;
    yyjson_mut_val *total = json_add_obj(u->doc, u->out, "total_budget");
    json_add_money(u->doc, total, "amount", budget);
    json_add_str(u->doc, total, "currency", currency);
    shape_allow_past(u);
    json_add_str(u->doc, shape_ext(u, u->out), "name", name);
    json_add_str_opt(u->doc, shape_ext(u, u->out), "advertiser_id", advertiser);
    return 0;
}

/* The buy's one package is named by its number. */
int data_model_update_up(struct shape_up *u, struct err *e)
{
    struct str buy;
    int64_t budget;
    bool flag;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), ID_LEN, &buy, e)) return -1;
    if (cents_up(u, JSON_FIELD(u->in, "budget_cents", ""), &budget, e)) return -1;
    if (json_opt_bool(JSON_FIELD(u->in, "paused", ""), &flag, e)) return -1;
    json_add_str(u->doc, u->out, "media_buy_id", buy);
    shape_allow_past(u);
    json_add_copy(u->doc, u->out, "paused", yyjson_obj_get(u->in, "paused"));
    yyjson_mut_val *package = yyjson_mut_obj(u->doc);
    json_add_str(u->doc, package, "package_id", shape_package_id(u->arena, buy, STR("pkg-001")));
    if (budget > 0) json_add_money(u->doc, package, "budget", budget);
    if (flight_up(u, package, e) || targeting_up(u, package, e)) return -1;
    if (yyjson_mut_obj_size(package) > 1) {
        yyjson_mut_arr_append(json_add_arr(u->doc, u->out, "packages"), package);
    }
    return 0;
}

/* media_buy_id, or media_buy_ids, or neither: all. */
int data_model_ids_up(struct shape_up *u, struct err *e)
{
    struct str one = STR_NONE;
    yyjson_val *ids = NULL;
    int64_t first = TIME_NONE, last = TIME_NONE;
    if (json_opt_str(JSON_FIELD(u->in, "media_buy_id", ""), ID_LEN, &one, e)) return -1;
    if (shape_strings(JSON_FIELD(u->in, "media_buy_ids", ""), (struct json_len){ 0, 100 }, &ids, e)) return -1;
    if (one.n) {
        json_push_str(u->doc, json_add_arr(u->doc, u->out, "media_buy_ids"), one);
    } else if (yyjson_arr_size(ids) > 0) {
        json_add_copy(u->doc, u->out, "media_buy_ids", ids);
    }
    if (shape_opt_date(JSON_FIELD(u->in, "start_date", ""), &first, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "end_date", ""), &last, e)) return -1;
    shape_add_period(u, first, last);
    return 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

static void add_status(yyjson_mut_doc *doc, yyjson_mut_val *out, struct str status)
{
    static const struct {
        const char *canonical, *page;
    } words[] = {
        { "pending_approval", "pending" }, { "pending_creatives", "approved" },
        { "pending_start", "approved" },   { "rejected", "failed" },
        { "canceled", "failed" },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(status, words[i].canonical)) status = str_from(words[i].page);
    }
    json_add_str(doc, out, "status", status);
}

static void add_cents(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from, const char *member)
{
    if (json_has(from, member)) json_add_cents(doc, out, key, money_cents(shape_micros_or(from, member, 0)));
}

/* `waits`: a person has to agree first, to the buy or to its change; what is shown is the buy as it still is. */
static void add_buy(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy, bool waits)
{
    static const struct shape_member tail[] = {
        { "created_at", "created_at" },
        { "ad_server_order_id", "ad_server_order_id" },
        { 0 },
    };
    yyjson_val *package = json_get_path(buy, "/packages/0");
    json_add_copy(doc, out, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    add_status(doc, out, waits ? STR("pending_approval") : json_str(buy, "status"));
    json_add_copy(doc, out, "product_id", yyjson_obj_get(package, "product_id"));
    json_add_copy(doc, out, "name", yyjson_obj_get(buy, "name"));
    add_cents(doc, out, "budget_cents", buy, "total_budget");
    shape_add_day(doc, out, "start_date", json_str(buy, "start_time"));
    shape_add_last_day(doc, out, "end_date", json_str(buy, "end_time"));
    shape_copy(doc, out, buy, tail);
    json_add_bool(doc, out, "approval_required", waits || str_is(json_str(buy, "status"), "pending_approval"));
    json_add_copy(doc, out, "error_message", yyjson_obj_get(buy, "rejection_reason"));
}

yyjson_mut_val *data_model_create_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    bool waits = str_is(json_str(d->reply, "status"), "submitted");
    add_buy(d->doc, root, json_get_path(d->aux, "/media_buys/0"), waits);
    return root;
}

static size_t asked(const struct dialect_down *d)
{
    if (json_str(d->request->args, "media_buy_id").n) return 1;
    return yyjson_arr_size(json_arr(d->request->args, "media_buy_ids"));
}

yyjson_mut_val *data_model_media_buys_down(const struct dialect_down *d)
{
    yyjson_val *buys = json_arr(d->aux, "media_buys"), *buy;
    size_t i, n;
    if (asked(d) > 0 && yyjson_arr_size(buys) == 0) {
        return data_model_not_found(d->doc, "There is no media buy of that id.");
    }
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "media_buys");
    yyjson_arr_foreach(buys, i, n, buy) add_buy(d->doc, json_push_obj(d->doc, list), buy, /* waits= */ false);
    json_add_i64(d->doc, root, "total_results", (int64_t)n);
    return root;
}

/* The last second reported: of the flight once it is over, else of what has passed of it. */
static void add_period(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    int64_t as_of = 0, start = 0, end = 0;
    struct str last = json_str(buy, "as_of");
    json_add_copy(doc, out, "start_date", yyjson_obj_get(buy, "start_time"));
    bool known = rfc3339_parse(last, &as_of) == 0 && rfc3339_parse(json_str(buy, "end_time"), &end) == 0;
    if (!known || as_of > end) last = json_str(buy, "end_time");
    /* Before the first day nothing has passed: the period is empty. */
    if (known && rfc3339_parse(json_str(buy, "start_time"), &start) == 0 && as_of <= start) {
        json_add_copy(doc, out, "end_date", yyjson_obj_get(buy, "start_time"));
        return;
    }
    shape_add_second_before(doc, out, "end_date", last);
}

static const char *pacing_word(struct str status)
{
    if (str_is(status, "slightly_behind") || str_is(status, "behind")) return "behind";
    if (str_is(status, "ahead")) return "ahead";
    return str_is(status, "completed") ? "completed" : "on_track";
}

static void add_report(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    static const struct shape_member counts[] = {
        { "impressions", "impressions" },
        { "clicks", "clicks" },
        { "spend", "spend" },
        { 0 },
    };
    yyjson_val *totals = json_obj(buy, "totals");
    json_add_copy(doc, out, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    add_status(doc, out, json_str(buy, "status"));
    yyjson_mut_val *delivery = json_add_obj(doc, out, "delivery");
    shape_copy(doc, delivery, totals, counts);
    if (json_has(totals, "clicks")) {
        int64_t impressions = json_i64_or(totals, "impressions", 0);
        shape_add_ratio(doc, delivery, "ctr", json_i64_or(totals, "clicks", 0), impressions ? impressions : 1);
    }
    add_period(doc, delivery, buy);
    add_cents(doc, out, "budget_remaining_cents", buy, "budget_remaining");
    json_add_cstr(doc, out, "pacing", pacing_word(json_str(buy, "pacing_status")));
    int64_t elapsed = json_i64_or(buy, "days_elapsed", 0), days = json_i64_or(buy, "total_days", 0);
    /* One decimal of a percentage is 100,000 micros. */
    if (days > 0) {
        json_add_money(doc, out, "flight_progress_percent", muldiv(elapsed, 1000, days, MONEY_ROUND_HALF_UP) * 100000);
    }
}

yyjson_mut_val *data_model_delivery_down(const struct dialect_down *d)
{
    yyjson_val *buys = json_arr(d->aux, "media_buys"), *buy;
    size_t i, n;
    if (asked(d) > 0 && yyjson_arr_size(buys) == 0) {
        return data_model_not_found(d->doc, "There is no media buy of that id.");
    }
    yyjson_mut_val *root = json_root_obj(d->doc);
    if (asked(d) == 1) {
        add_report(d->doc, root, yyjson_arr_get_first(buys));
        return root;
    }
    yyjson_mut_val *list = json_add_arr(d->doc, root, "media_buys");
    yyjson_arr_foreach(buys, i, n, buy) add_report(d->doc, json_push_obj(d->doc, list), buy);
    return root;
}
