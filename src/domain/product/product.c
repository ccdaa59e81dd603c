/* Reading a stored or imported product. The checks are those the rest of the program relies on; the complete AdCP
 * schema is the contract's business. */
#include "domain/product/product.h"
#include "contract/document.h"

#include <salesagent/money.h>
#include <strings.h>

#include "base/log.h"
#include "store/memory.h"
#include "store/q/q_catalog.h"

#define OPTIONS_MAX  200
#define FORMATS_MAX  500
#define CHANNELS_MAX 50

static int read_id(struct json_field f, struct str *out, struct err *e)
{
    if (json_req_str(f, (struct json_len){ 1, PRODUCT_ID_MAX }, out, e)) return -1;
    if (id_text_valid(*out, PRODUCT_ID_MAX)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s must be printable ASCII without spaces, quotes or backslashes", f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

/* ---- pricing options ---- */

static int read_prices(struct pricing_option *o, const char *at, struct err *e)
{
    o->fixed_price_micros = o->floor_micros = o->p50_micros = -1;
    if (json_opt_money(JSON_FIELD(o->doc, "fixed_price", at), &o->fixed_price_micros, e)) return -1;
    if (json_opt_money(JSON_FIELD(o->doc, "floor_price", at), &o->floor_micros, e)) return -1;
    if (json_opt_money(JSON_FIELD(o->doc, "min_spend_per_package", at), &o->min_spend_micros, e)) return -1;
    yyjson_val *guidance = NULL;
    if (json_opt_obj(JSON_FIELD(o->doc, "price_guidance", at), &guidance, e)) return -1;
    if (guidance && json_opt_money(JSON_FIELD(guidance, "p50", "/price_guidance"), &o->p50_micros, e)) {
        return err_in(e, "%s", at);
    }
    if (o->fixed_price_micros >= 0 && o->floor_micros >= 0) {
        (void)err_set(e, "INVALID_REQUEST", "a pricing option has fixed_price or floor_price, not both");
        return err_field(e, "%s/floor_price", at);
    }
    if (o->fixed_price_micros == 0) {
        (void)err_set(e, "INVALID_REQUEST", "fixed_price must be more than zero");
        return err_field(e, "%s/fixed_price", at);
    }
    return 0;
}

static int read_option(yyjson_val *v, const char *at, struct pricing_option *o, struct err *e)
{
    if (!yyjson_is_obj(v)) {
        (void)err_set(e, "INVALID_REQUEST", "a pricing option must be an object");
        return err_field(e, "%s", at);
    }
    *o = (struct pricing_option){ .doc = v };
    struct str model, currency;
    if (read_id(JSON_FIELD(v, "pricing_option_id", at), &o->pricing_option_id, e)) return -1;
    if (json_req_str(JSON_FIELD(v, "pricing_model", at), (struct json_len){ 1, 32 }, &model, e)) return -1;
    if (!pricing_model_parse(model, &o->model)) {
        (void)err_set(e, "INVALID_REQUEST", "unknown pricing_model");
        (void)err_suggest(e, "use cpm, vcpm, cpc, cpcv, cpv, cpp, cpa, flat_rate or time");
        return err_field(e, "%s/pricing_model", at);
    }
    if (json_req_str(JSON_FIELD(v, "currency", at), (struct json_len){ 3, 3 }, &currency, e)) return -1;
    if (!currency_valid(currency)) {
        (void)err_set(e, "INVALID_REQUEST", "currency must be an ISO 4217 code");
        return err_field(e, "%s/currency", at);
    }
    memcpy(o->currency, currency.p, 3);
    if (json_opt_obj(JSON_FIELD(v, "parameters", at), &o->parameters, e)) return -1;
    if (!o->parameters && (o->model == PRICING_CPP || o->model == PRICING_CPV || o->model == PRICING_TIME)) {
        (void)err_set(e, "INVALID_REQUEST", "this pricing_model needs parameters");
        return err_field(e, "%s/parameters", at);
    }
    return read_prices(o, at, e);
}

static int read_options(struct arena *a, struct product *p, struct err *e)
{
    yyjson_val *arr, *v;
    if (json_req_arr(JSON_FIELD(p->doc, "pricing_options", ""), (struct json_len){ 1, OPTIONS_MAX }, &arr, e))
        return -1;
    p->pricing_options = ARENA_ARRAY(a, struct pricing_option, yyjson_arr_size(arr));
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        const char *at = arena_printf(a, "/pricing_options/%zu", i).p;
        struct pricing_option *o = &p->pricing_options[i];
        if (read_option(v, at, o, e)) return -1;
        if (product_pricing_option(p, o->pricing_option_id)) {
            (void)err_set(e, "INVALID_REQUEST", "pricing_option_id is used twice in this product");
            return err_field(e, "%s/pricing_option_id", at);
        }
        p->pricing_options_n = i + 1;
    }
    return 0;
}

/* ---- formats, channels ---- */

bool format_ref_read(yyjson_val *v, struct format_ref *out)
{
    if (yyjson_is_str(v)) {
        *out = (struct format_ref){ .id = json_val_str(v) };
        return out->id.n > 0;
    }
    *out = (struct format_ref){
        .agent_url = json_str(v, "agent_url"),
        .id = json_str(v, "id"),
        .width = json_i64_or(v, "width", 0),
        .height = json_i64_or(v, "height", 0),
        .duration_ms = json_i64_or(v, "duration_ms", 0),
    };
    return out->id.n > 0;
}

static int read_formats(struct arena *a, struct product *p, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(p->doc, "format_ids", ""), (struct json_len){ 0, FORMATS_MAX }, &arr, e)) return -1;
    if (!arr) return 0;
    p->formats = ARENA_ARRAY(a, struct format_ref, yyjson_arr_size(arr));
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (!format_ref_read(v, &p->formats[i])) {
            (void)err_set(e, "INVALID_REQUEST", "a format is {agent_url, id} or an id of the publisher's own");
            return err_field(e, "/format_ids/%zu", i);
        }
        p->formats_n = i + 1;
    }
    return 0;
}

static int read_channels(struct arena *a, struct product *p, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(p->doc, "channels", ""), (struct json_len){ 0, CHANNELS_MAX }, &arr, e)) return -1;
    if (!arr) return 0;
    p->channels = ARENA_ARRAY(a, struct str, yyjson_arr_size(arr));
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        p->channels[i] = json_val_str(v);
        if (p->channels[i].n == 0) {
            (void)err_set(e, "INVALID_REQUEST", "a channel is a name");
            return err_field(e, "/channels/%zu", i);
        }
        p->channels_n = i + 1;
    }
    return 0;
}

/* ---- our own settings ---- */

static int read_approval(yyjson_val *ours, struct product *p, struct err *e)
{
    struct str policy = STR_NONE;
    const char *at = "/ext/salesagent";
    if (json_opt_str(JSON_FIELD(ours, "approval_policy", at), (struct json_len){ 1, 16 }, &policy, e)) return -1;
    if (policy.n == 0) return 0;
    if (str_is(policy, "auto")) {
        p->approval = APPROVAL_AUTO;
    } else if (str_is(policy, "review")) {
        p->approval = APPROVAL_REVIEW;
    } else {
        (void)err_set(e, "INVALID_REQUEST", "approval_policy is auto or review");
        return err_field(e, "%s/approval_policy", at);
    }
    return 0;
}

static int read_ours(struct product *p, struct err *e)
{
    yyjson_val *ours = json_obj(json_obj(p->doc, "ext"), "salesagent");
    yyjson_val *reach = json_obj(ours, "estimated_reach");
    yyjson_val *capacity = json_obj(ours, "capacity");
    const struct json_range counts = { 0, INT64_C(1000000000000) };
    p->daily_impressions = p->daily_uniques = -1;
    p->active = true;
    const char *reach_at = "/ext/salesagent/estimated_reach";
    if (json_opt_i64(JSON_FIELD(reach, "daily_impressions", reach_at), counts, &p->daily_impressions, e)) return -1;
    if (json_opt_i64(JSON_FIELD(reach, "daily_uniques", reach_at), counts, &p->daily_uniques, e)) return -1;
    if (json_opt_i64(JSON_FIELD(capacity, "daily_impressions", "/ext/salesagent/capacity"), counts,
                     &p->daily_impressions, e)) {
        return -1;
    }
    if (json_opt_i64(JSON_FIELD(ours, "min_lead_hours", "/ext/salesagent"), (struct json_range){ 0, 24 * 366 },
                     &p->min_lead_hours, e)) {
        return -1;
    }
    if (json_opt_bool(JSON_FIELD(ours, "active", "/ext/salesagent"), &p->active, e)) return -1;
    yyjson_val *terms = json_obj(ours, "measurement_policy");
    p->measurement = (struct measurement_policy){
        .stated = terms != NULL,
        .min_variance_percent = json_i64_or(terms, "min_variance_percent", 0),
        .measurement_windows = json_arr(terms, "measurement_windows"),
        .vendors = json_arr(terms, "vendors"),
    };
    return read_approval(ours, p, e);
}

int product_read(struct arena *a, yyjson_val *doc, struct product *out, struct err *e)
{
    struct product p = { .doc = doc };
    struct str delivery;
    if (!yyjson_is_obj(doc)) return err_set(e, "INVALID_REQUEST", "a product must be an object");
    if (read_id(JSON_FIELD(doc, "product_id", ""), &p.product_id, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "name", ""), (struct json_len){ 1, 500 }, &p.name, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "description", ""), (struct json_len){ 0, 10000 }, &p.description, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "delivery_type", ""), (struct json_len){ 1, 32 }, &delivery, e)) return -1;
    p.guaranteed = str_is(delivery, "guaranteed");
    if (!p.guaranteed && !str_is(delivery, "non_guaranteed")) {
        (void)err_set(e, "INVALID_REQUEST", "delivery_type is guaranteed or non_guaranteed");
        return err_field(e, "/delivery_type");
    }
    if (read_options(a, &p, e)) return -1;
    if (read_formats(a, &p, e)) return -1;
    if (read_channels(a, &p, e)) return -1;
    if (json_opt_arr(JSON_FIELD(doc, "allowed_actions", ""), (struct json_len){ 1, 100 }, &p.allowed_actions, e)) {
        return -1;
    }
    if (read_ours(&p, e)) return -1;
    *out = p;
    return 0;
}

/* -1 with `why`, also when the document is no document. */
static int read_text(struct arena *a, struct str text, struct product *out, struct err *why)
{
    yyjson_doc *doc;
    return json_parse(a, text, &json_limits_own, &doc, why) || product_read(a, yyjson_doc_get_root(doc), out, why) ? -1
                                                                                                                   : 0;
}

static void log_damaged(struct arena *a, struct str product_id, const struct err *why)
{
    log_event(LOG_ERROR, "catalog", "a stored product is damaged", "product_id", arena_cstr(a, product_id), "why",
              why->message, "field", why->field, NULL);
}

struct loaded {
    bool whole;
    struct product product;
};

static int make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    struct catalog_row row;
    struct err why;
    struct loaded *p = ARENA_NEW(a, struct loaded);
    int rc = q_catalog_get(tx, a, CATALOG_PRODUCT, of->tenant_id, of->id, &row, e);
    if (rc != 1) return rc;
    p->whole = read_text(a, row.doc, &p->product, &why) == 0;
    if (!p->whole) log_damaged(a, of->id, &why);
    *out = p;
    return 1;
}

/* As memory_get. *out is NULL for a damaged one. */
static int load(struct tx *tx, struct arena *a, struct str tenant_id, struct str product_id, const struct product **out,
                struct err *e)
{
    struct memory_of of = { .make = make, .tenant_id = tenant_id, .id = product_id };
    const void *found;
    int rc = memory_get(tx, a, &of, &found, e);
    if (rc != 1) return rc;
    const struct loaded *p = found;
    *out = p->whole ? &p->product : NULL;
    return 1;
}

int product_load(struct tx *tx, struct arena *a, struct str tenant_id, struct str product_id, struct product *out,
                 struct err *e)
{
    const struct product *p;
    int rc = load(tx, a, tenant_id, product_id, &p, e);
    if (rc != 1) return rc;
    if (!p) return err_set(e, "SERVICE_UNAVAILABLE", "The product is damaged in the publisher's catalogue.");
    *out = *p;
    return 1;
}

int product_load_listed(struct tx *tx, struct arena *a, struct str tenant_id, struct str product_id,
                        struct product *out, struct err *e)
{
    const struct product *p;
    int rc = load(tx, a, tenant_id, product_id, &p, e);
    if (rc != 1 || !p) return rc == 1 ? 0 : rc;
    *out = *p;
    return 1;
}

/* ---- questions ---- */

struct str product_ad_server(const struct product *p)
{
    return json_str(json_get_path(p->doc, "/ext/salesagent/ad_server"), "name");
}

struct str product_ad_server_settings(struct arena *a, const struct product *p)
{
    yyjson_val *given = json_get_path(p->doc, "/ext/salesagent/ad_server");
    if (!yyjson_is_obj(given)) return STR_NONE;
    yyjson_mut_val *o = json_copy(json_doc_new(a), given);
    (void)yyjson_mut_obj_remove_key(o, "name"); /* absent is fine */
    return yyjson_mut_obj_size(o) ? json_write(a, o) : STR_NONE;
}

const struct pricing_option *product_pricing_option(const struct product *p, struct str pricing_option_id)
{
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        if (str_eq(p->pricing_options[i].pricing_option_id, pricing_option_id)) return &p->pricing_options[i];
    }
    return NULL;
}

static struct str url_core(struct str url)
{
    if (url.n >= 8 && strncasecmp(url.p, "https://", 8) == 0) {
        url = str_skip(url, 8);
    } else if (url.n >= 7 && strncasecmp(url.p, "http://", 7) == 0) {
        url = str_skip(url, 7);
    }
    while (url.n && url.p[url.n - 1] == '/') url.n--;
    if (url.n >= 4 && memcmp(url.p + url.n - 4, "/mcp", 4) == 0) url.n -= 4;
    while (url.n && url.p[url.n - 1] == '/') url.n--;
    return url;
}

static bool same_agent(struct str x, struct str y)
{
    x = url_core(x);
    y = url_core(y);
    return x.n == y.n && (x.n == 0 || strncasecmp(x.p, y.p, x.n) == 0);
}

bool format_ref_same(const struct format_ref *x, const struct format_ref *y)
{
    if (!str_eq(x->id, y->id)) return false;
    if (x->width && y->width && (x->width != y->width || x->height != y->height)) return false;
    if (x->duration_ms && y->duration_ms && x->duration_ms != y->duration_ms) return false;
    return x->agent_url.n == 0 || y->agent_url.n == 0 || same_agent(x->agent_url, y->agent_url);
}

bool product_takes_format(const struct product *p, const struct format_ref *f)
{
    for (size_t i = 0; i < p->formats_n; i++) {
        if (format_ref_same(&p->formats[i], f)) return true;
    }
    return p->formats_n == 0;
}

bool product_needs_approval(const struct product *p, const struct tenant_settings *ts, int64_t total_micros)
{
    switch (p->approval) {
    case APPROVAL_AUTO: return false;
    case APPROVAL_REVIEW: return true;
    case APPROVAL_DEFAULT: break;
    }
    return ts->workflow_required && total_micros >= ts->auto_approve_below_micros;
}

int64_t pricing_model_impressions(enum pricing_model model, int64_t micros, int64_t rate_micros)
{
    bool mille = model == PRICING_CPM || model == PRICING_VCPM;
    return mille && rate_micros > 0 ? muldiv(micros, 1000, rate_micros, MONEY_ROUND_DOWN) : -1;
}

int64_t pricing_impressions(const struct pricing_option *o, int64_t micros, int64_t rate_micros)
{
    if (o->model == PRICING_FLAT_RATE) return json_i64_or(o->parameters, "estimated_impressions", -1);
    return pricing_model_impressions(o->model, micros, rate_micros);
}
