/* Fixtures: remembered, so that the same one again changes nothing and another one under the same id is refused; and
 * the objects of a buyer (creatives, media buys, accounts). The catalogue's are in sandbox_seed_catalog.c. */
#include "domain/buyer/account.h"
#include "domain/core/ad_server.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/media_buy.h"
#include "domain/sandbox/sandbox.h"
#include "domain/sandbox/sandbox_seed.h"
#include "store/q/q_catalog.h"
#include "store/q/q_buyer_object.h"

#define DEFAULT_BUDGET (INT64_C(10000) * MICROS_PER_UNIT)
#define FLIGHT_DAYS    30

/* The account a seeded object belongs to: the fixture's, else the call's, else the caller's own. */
static int owner(const struct act *act, const struct sandbox_seed *in, enum account_use use, struct account_row *out,
                 struct err *e)
{
    struct account_ref ref = { 0 };
    yyjson_val *fixture = json_obj(in->params, "fixture");
    bool called =
        json_has(json_obj(in->call, "account"), "brand") || json_has(json_obj(in->call, "account"), "account_id");
    if (json_has(fixture, "account")) {
        if (account_ref_read(fixture, &ref, e)) return -1;
    } else if (called && account_ref_read(in->call, &ref, e)) {
        return -1;
    }
    return account_ensure(act, &ref, use, out, e);
}

/* ---- creatives ---- */

/* Something to show, of the kind the format's id speaks of. */
static void add_asset(yyjson_mut_doc *doc, yyjson_mut_val *assets, struct str format_id)
{
    bool video =
        format_id.n && (memmem(format_id.p, format_id.n, "video", 5) || memmem(format_id.p, format_id.n, "vast", 4));
    yyjson_mut_val *o = json_add_obj(doc, assets, video ? "video" : "image");
    json_add_cstr(doc, o, "asset_type", video ? "video" : "image");
    json_add_cstr(doc, o, "url", video ? "https://assets.example/seeded.mp4" : "https://assets.example/seeded.jpg");
    json_add_i64(doc, o, "width", video ? 1920 : 300);
    json_add_i64(doc, o, "height", video ? 1080 : 250);
    if (video) json_add_i64(doc, o, "duration_ms", 30000);
}

static struct str creative_doc(const struct act *act, struct str id, struct str name, struct str format_id,
                               yyjson_val *fixture)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    size_t i, n;
    yyjson_val *key, *val;
    json_add_str(doc, o, "creative_id", id);
    json_add_str(doc, o, "name", name);
    yyjson_obj_foreach(fixture, i, n, key, val) {
        if (!yyjson_mut_obj_get(o, yyjson_get_str(key))) json_add_copy(doc, o, yyjson_get_str(key), val);
    }
    if (!yyjson_mut_obj_get(o, "assets")) add_asset(doc, json_add_obj(doc, o, "assets"), format_id);
    return json_write(act->arena, o);
}

static int seed_creative(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    yyjson_val *params = in->params, *fixture = json_obj(params, "fixture");
    struct str id = json_str(params, "creative_id"), name = json_str(fixture, "name");
    struct str status = json_str(fixture, "status");
    struct account_row account;
    struct format_ref format = { 0 };
    enum creative_status parsed;
    if (!status.n) status = STR("approved");
    if (!creative_status_parse(status, &parsed)) return sandbox_bad_fixture("status", "is no status of a creative", e);
    if (json_has(fixture, "format_id") && !format_ref_read(yyjson_obj_get(fixture, "format_id"), &format)) {
        return sandbox_bad_fixture("format_id", "is no reference to a format", e);
    }
    if (owner(act, in, ACCOUNT_USE_SYNC, &account, e)) return -1;
    if (!name.n) name = id;
    struct creative_row row = { .key = { act->tenant->tenant_id, act->principal->principal_id, id },
                                .account_id = account.account_id,
                                .name = name,
                                .format_id = format.id.n ? format.id : STR("display_300x250"),
                                .status = status,
                                .doc = creative_doc(act, id, name, format.id, fixture),
                                .created_at = act->now,
                                .updated_at = act->now };
    return q_creative_put(act->tx, &row, e) < 0 ? -1 : 0;
}

/* ---- accounts ---- */

static int seed_account(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    yyjson_val *params = in->params, *fixture = json_obj(params, "fixture");
    struct str id = json_str(params, "account_id"), status = json_str(fixture, "status");
    struct account_ref ref = { .sandbox = true };
    struct account_row row, had;
    yyjson_val *brand = json_obj(fixture, "brand");
    ref.brand_domain = json_str(brand, "domain");
    ref.brand_id = json_str(brand, "brand_id");
    ref.operator_domain = json_str(fixture, "operator");
    account_new(act, &ref, &row);
    row.account_id = id;
    row.sandbox = true;
    row.doc = json_write_val(act->arena, fixture);
    if (json_str(fixture, "name").n) row.name = json_str(fixture, "name");
    if (status.n) row.status = status;
    int found = q_account_by_key(act->tx, act->arena, &row, &had, e);
    if (found < 0) return -1;
    if (found && !str_eq(had.account_id, id)) return sandbox_bad_fixture("brand", "has an account of another id", e);
    return found ? q_account_update(act->tx, &row, e) : q_account_insert(act->tx, &row, e);
}

/* ---- media buys ---- */

static int any_product(const struct act *act, struct str *product_id, struct err *e)
{
    struct catalog_slice first = { 0, 1 };
    struct catalog_rows rows;
    if (q_product_ids(act->tx, act->arena, act->tenant->tenant_id, first, &rows, e)) return -1;
    if (!rows.n) return err_set(e, "INVALID_STATE", "The publisher has no product to buy; seed one first.");
    *product_id = rows.rows[0].id;
    return 0;
}

static int seed_package(const struct act *act, const struct media_buy_row *buy, yyjson_val *fixture, int64_t ordinal,
                        struct err *e)
{
    struct str product_id = json_str(fixture, "product_id"), id = json_str(fixture, "package_id");
    struct product product;
    int64_t budget = buy->total_budget_micros;
    if (!product_id.n && any_product(act, &product_id, e)) return -1;
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, product_id, &product, e);
    if (found < 0) return -1;
    if (!found) return sandbox_bad_fixture("packages", "names a product that is not there", e);
    if (json_opt_money(JSON_FIELD(fixture, "budget", "/params/fixture/packages"), &budget, e)) return -1;
    const struct pricing_option *o = product_pricing_option(&product, json_str(fixture, "pricing_option_id"));
    if (!o) o = &product.pricing_options[0];
    int64_t rate = o->fixed_price_micros >= 0 ? o->fixed_price_micros
                   : o->floor_micros >= 0     ? o->floor_micros
                                              : MICROS_PER_UNIT;
    struct str ad_server = product_ad_server(&product);
    if (!ad_server.n && ad_server_first(act, &ad_server, e)) return -1;
    struct package_row row = {
        .media_buy_id = buy->media_buy_id,
        .package_id =
            id.n ? id : arena_printf(act->arena, "pkg-" STR_FMT "-%03d", STR_ARG(buy->media_buy_id), (int)ordinal),
        .ordinal = ordinal,
        .product_id = product_id,
        .pricing_option_id = o->pricing_option_id,
        .pricing_model = str_from(pricing_model_name(o->model)),
        .rate_micros = rate,
        .budget_micros = budget,
        .previous_budget_micros = -1,
        .impressions_goal = pricing_impressions(o, budget, rate),
        .pacing = STR("even"),
        .start_at = buy->start_at,
        .end_at = buy->end_at,
        .canceled_at = TIME_NONE,
        .ad_server = ad_server,
        .doc = STR("{}"),
    };
    return q_package_insert(act->tx, &row, e);
}

static int read_flight(const struct act *act, yyjson_val *fixture, struct media_buy_row *row, struct err *e)
{
    const char *at = "/params/fixture";
    row->start_at = utc_day_start(act->now);
    row->end_at = row->start_at + FLIGHT_DAYS * USEC_PER_DAY;
    if (json_opt_time(JSON_FIELD(fixture, "start_time", at), &row->start_at, e)) return -1;
    if (json_opt_time(JSON_FIELD(fixture, "end_time", at), &row->end_at, e)) return -1;
    return row->end_at > row->start_at ? 0 : sandbox_bad_fixture("end_time", "is not after start_time", e);
}

static int read_buy(const struct act *act, yyjson_val *params, yyjson_val *fixture, struct media_buy_row *row,
                    struct err *e)
{
    struct str currency = json_str(fixture, "currency"), status = json_str(fixture, "status");
    enum media_buy_status parsed;
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    if (!status.n) status = STR("active");
    if (!media_buy_status_parse(status, &parsed))
        return sandbox_bad_fixture("status", "is no status of a media buy", e);
    if (currency.n && !currency_valid(currency)) return sandbox_bad_fixture("currency", "is no ISO 4217 code", e);
    *row = (struct media_buy_row){
        .media_buy_id = json_str(params, "media_buy_id"),
        .tenant_id = act->tenant->tenant_id,
        .principal_id = act->principal->principal_id,
        .name = json_str(fixture, "name"),
        .status = status,
        .paused = parsed == BUY_PAUSED,
        .total_budget_micros = DEFAULT_BUDGET,
        .revision = 1,
        .created_at = act->now,
        .updated_at = act->now,
        .confirmed_at = act->now,
        .activated_at = parsed == BUY_ACTIVE ? act->now : TIME_NONE,
        .completed_at = parsed == BUY_COMPLETED ? act->now : TIME_NONE,
        .canceled_at = parsed == BUY_CANCELED ? act->now : TIME_NONE,
        .actions_allowed = -1,
        .echo = STR("{}"),
        .doc = STR("{}"),
    };
    memcpy(row->currency, currency.n ? currency.p : ts.currency, 3);
    if (json_opt_money(JSON_FIELD(fixture, "total_budget", "/params/fixture"), &row->total_budget_micros, e)) {
        return sandbox_bad_fixture("total_budget", "is a number here", e);
    }
    if (read_flight(act, fixture, row, e)) return -1;
    row->next_change_at = media_buy_next_change(row, parsed);
    return 0;
}

static int seed_media_buy(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    yyjson_val *params = in->params, *fixture = json_obj(params, "fixture");
    struct account_row account;
    struct media_buy_row row;
    struct media_buy had;
    yyjson_val *packages = json_arr(fixture, "packages"), *p;
    int found = media_buy_load(act, json_str(params, "media_buy_id"), &had, e);
    if (found < 0) return -1;
    if (found) return sandbox_bad_fixture("media_buy_id", "is taken by another media buy", e);
    if (read_buy(act, params, fixture, &row, e)) return -1;
    if (owner(act, in, ACCOUNT_USE_CREATE_BUY, &account, e)) return -1;
    row.account_id = account.account_id;
    if (q_media_buy_insert(act->tx, &row, e)) return -1;
    if (!packages) return seed_package(act, &row, NULL, 1, e);
    size_t i, n;
    yyjson_arr_foreach(packages, i, n, p) {
        if (seed_package(act, &row, p, (int64_t)i + 1, e)) return -1;
    }
    return 0;
}

/* ---- what is only remembered ---- */

/* Plans belong to governance agents and measurement catalogues to vendors: a publisher keeps what it was told. */
static int seed_kept(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    (void)act;
    (void)in;
    (void)e;
    return 0;
}

/* ---- all kinds ---- */

static const struct seed {
    const char *what, *id, *second_id;
    int (*put)(const struct act *act, const struct sandbox_seed *in, struct err *e);
} seeds[] = {
    { "product", "product_id", NULL, sandbox_seed_product },
    { "pricing_option", "product_id", "pricing_option_id", sandbox_seed_pricing_option },
    { "creative_format", "format_id", NULL, sandbox_seed_format },
    { "creative", "creative_id", NULL, seed_creative },
    { "media_buy", "media_buy_id", NULL, seed_media_buy },
    { "account", "account_id", NULL, seed_account },
    { "plan", "plan_id", NULL, seed_kept },
    { "measurement_catalog", "vendor", NULL, seed_kept },
};

int sandbox_bad_fixture(const char *member, const char *why, struct err *e)
{
    (void)err_set(e, "INVALID_PARAMS", "fixture.%s %s", member, why);
    return err_field(e, "/params/fixture/%s", member);
}

static int key_of(const struct act *act, const struct seed *s, yyjson_val *params, struct buyer_object_key *key,
                  struct err *e)
{
    struct str id, second = STR("");
    if (strcmp(s->id, "vendor") == 0) {
        id = json_str(json_obj(params, "vendor"), "domain");
        if (!id.n || !json_arr(params, "metrics")) {
            (void)err_set(e, "INVALID_PARAMS", "params.vendor {domain} and params.metrics are required");
            return err_field(e, "/params/vendor");
        }
    } else if (sandbox_param(params, s->id, &id, e)) {
        return -1;
    }
    if (s->second_id && sandbox_param(params, s->second_id, &second, e)) return -1;
    *key = (struct buyer_object_key){ .tenant_id = act->tenant->tenant_id,
                                      .kind = BUYER_OBJECT_SANDBOX,
                                      .principal_id = act->principal->principal_id,
                                      .object_id = arena_printf(act->arena, "seed:%s:" STR_FMT ":" STR_FMT, s->what,
                                                                STR_ARG(id), STR_ARG(second)) };
    return 0;
}

int sandbox_seed(const struct act *act, const struct sandbox_seed *in, bool *existing, struct err *e)
{
    yyjson_val *params = in->params;
    const struct seed *s = seeds;
    while (s < seeds + ARRAY_LEN(seeds) && strcmp(s->what, in->what) != 0) s++;
    ENSURE(s < seeds + ARRAY_LEN(seeds));
    struct buyer_object_key key;
    struct buyer_object_row had;
    if (json_has(params, "fixture") && !json_obj(params, "fixture")) {
        (void)err_set(e, "INVALID_PARAMS", "params.fixture is an object");
        return err_field(e, "/params/fixture");
    }
    if (key_of(act, s, params, &key, e)) return -1;
    struct str text = json_canonical(act->arena, params, NULL);
    int found = q_buyer_object_get(act->tx, act->arena, &key, &had, e);
    if (found < 0) return -1;
    *existing = found && str_eq(had.doc, text);
    if (*existing) return 0;
    if (found) {
        (void)err_set(e, "INVALID_PARAMS", "Another fixture was seeded under this id.");
        return err_field(e, "/params/fixture");
    }
    if (s->put(act, in, e)) return -1;
    struct buyer_object_row row = { .key = key, .doc = text, .created_at = act->now, .updated_at = act->now };
    return q_buyer_object_put(act->tx, &row, e);
}
