/* See catalog.h. Documents are stored in the order and with the members they came with; what AdCP requires and a
 * publisher left out is added, so that a stored product is a complete AdCP object but for agent URLs. */
#include "domain/product/catalog.h"
#include "contract/document.h"

#include "base/buf.h"
#include "base/id.h"
#include "base/tz.h"
#include "domain/buyer/inventory_list.h"
#include "domain/product/ad_server_check.h"
#include "domain/product/product.h"

#define TEXT_BYTES_MAX (64 * 1024)
#define PROPERTIES_MAX 5000
#define TEXT_DEPTH_MAX 8

/* ---- properties of a product ---- */

static bool arr_has(yyjson_val *arr, struct str s)
{
    size_t i, n;
    yyjson_val *v;
    if (s.n == 0) return false;
    yyjson_arr_foreach(arr, i, n, v) {
        if (str_eq(json_val_str(v), s)) return true;
    }
    return false;
}

static bool arrays_meet(yyjson_val *x, yyjson_val *y)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(x, i, n, v) {
        if (arr_has(y, json_val_str(v))) return true;
    }
    return false;
}

static bool selector_takes(yyjson_val *sel, yyjson_val *property, struct str id)
{
    struct str domain = property_domain(property);
    struct str type = json_str(sel, "selection_type");
    bool domain_ok =
        str_eq(json_str(sel, "publisher_domain"), domain) || arr_has(json_arr(sel, "publisher_domains"), domain);
    if (str_is(type, "by_id")) return domain_ok && arr_has(json_arr(sel, "property_ids"), id);
    if (str_is(type, "by_tag"))
        return domain_ok && arrays_meet(json_arr(sel, "property_tags"), json_arr(property, "tags"));
    return domain_ok;
}

/* True when one of the product's publisher_properties selects this property (`id` is its row's). A product without
 * selectors runs on everything. */
static bool product_selects_property(yyjson_val *product, yyjson_val *property, struct str id)
{
    yyjson_val *selectors = json_arr(product, "publisher_properties");
    size_t i, n;
    yyjson_val *sel;
    if (!selectors) return true;
    yyjson_arr_foreach(selectors, i, n, sel) {
        if (selector_takes(sel, property, id)) return true;
    }
    return false;
}

static int load_properties(struct catalog_writer *w, struct err *e)
{
    if (w->properties_loaded) return 0;
    struct catalog_slice slice = { 0, PROPERTIES_MAX };
    if (q_catalog_list(w->tx, w->arena, CATALOG_PROPERTY, w->tenant_id, slice, &w->properties, e)) return -1;
    w->properties_loaded = true;
    return 0;
}

/* ---- search text ---- */

const char *channel_words(struct str channel)
{
    static const struct {
        const char *channel, *words;
    } table[] = {
        { "display", "display banner" },
        { "olv", "online video pre-roll preroll" },
        { "ctv", "connected tv television streaming video" },
        { "linear_tv", "linear tv television broadcast" },
        { "radio", "radio audio" },
        { "streaming_audio", "streaming audio music" },
        { "podcast", "podcast audio" },
        { "dooh", "digital out of home outdoor screens" },
        { "ooh", "out of home outdoor billboard" },
        { "retail_media", "retail media commerce" },
        { "email", "email newsletter" },
        { "sponsored_intelligence", "assistant ai sponsored" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (str_is(channel, table[i].channel)) return table[i].words;
    }
    return NULL;
}

/* Every string and member name below `v`, with spaces for underscores. Depth is bounded by the parser's limit and
 * here. */
static void add_words(struct buf *b, yyjson_val *v, int depth)
{
    size_t i, n;
    yyjson_val *key, *item;
    if (yyjson_is_str(v)) {
        struct str s = json_val_str(v);
        for (size_t at = 0; at < s.n; at++) buf_add_char(b, s.p[at] == '_' ? ' ' : s.p[at]);
        buf_add_char(b, ' ');
    } else if (yyjson_is_arr(v) && depth > 0) {
        yyjson_arr_foreach(v, i, n, item) add_words(b, item, depth - 1);
    } else if (yyjson_is_obj(v) && depth > 0) {
        yyjson_obj_foreach(v, i, n, key, item) add_words(b, item, depth - 1);
    }
}

static void add_channels(struct buf *b, yyjson_val *channels)
{
    size_t i, n;
    yyjson_val *v;
    add_words(b, channels, 1);
    yyjson_arr_foreach(channels, i, n, v) {
        const char *words = channel_words(json_val_str(v));
        if (words) buf_addf(b, "%s ", words);
    }
}

/* Countries are searched by name too. */
static void add_country_names(struct buf *b, yyjson_val *codes)
{
    static const struct {
        const char *code, *name;
    } table[] = {
        { "US", "United States USA America" },
        { "GB", "United Kingdom UK Britain" },
        { "DE", "Germany" },
        { "FR", "France" },
        { "CA", "Canada" },
        { "AU", "Australia" },
        { "JP", "Japan" },
        { "ES", "Spain" },
        { "IT", "Italy" },
        { "NL", "Netherlands" },
        { "BR", "Brazil" },
        { "IN", "India" },
        { "MX", "Mexico" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (arr_has(codes, str_from(table[i].code))) buf_addf(b, "%s ", table[i].name);
    }
}

static void add_property_words(struct buf *b, yyjson_val *property)
{
    add_words(b, yyjson_obj_get(property, "name"), 0);
    struct str domain = property_domain(property);
    buf_add(b, domain);
    buf_add_char(b, ' ');
    add_words(b, yyjson_obj_get(property, "tags"), 1);
    yyjson_val *ours = json_obj(json_obj(property, "ext"), "salesagent");
    add_words(b, yyjson_obj_get(ours, "categories"), 1);
    add_words(b, yyjson_obj_get(ours, "description"), 0);
}

static struct str take(struct arena *a, struct buf *b)
{
    struct str s = arena_dup(a, buf_str(b)); /* past TEXT_BYTES_MAX the rest is not searched; nothing else is lost */
    buf_clear(b);
    return s;
}

int catalog_index_product(struct catalog_writer *w, yyjson_val *doc, struct err *e)
{
    if (load_properties(w, e)) return -1;
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    struct product_text text = { .name = json_str(doc, "name"), .description = json_str(doc, "description") };
    add_channels(&b, json_arr(doc, "channels"));
    text.channels = take(w->arena, &b);
    yyjson_val *targeting = json_obj(json_obj(json_obj(doc, "ext"), "salesagent"), "targeting");
    add_words(&b, targeting, TEXT_DEPTH_MAX);
    add_country_names(&b, json_arr(targeting, "geographic"));
    add_country_names(&b, json_arr(doc, "countries"));
    add_words(&b, json_arr(doc, "countries"), 1);
    text.targeting = take(w->arena, &b);
    for (size_t i = 0; i < w->properties.n; i++) {
        yyjson_val *property = document_read(w->arena, w->properties.rows[i].doc);
        if (property && product_selects_property(doc, property, w->properties.rows[i].id))
            add_property_words(&b, property);
    }
    text.properties = take(w->arena, &b);
    int rc = q_product_text_put(w->tx, w->tenant_id, json_str(doc, "product_id"), &text, e);
    buf_finish(&b);
    return rc;
}

/* ---- putting ---- */

static int position_of(struct catalog_writer *w, enum catalog_kind kind, struct catalog_row *row, int64_t position,
                       struct err *e)
{
    row->position = position;
    if (position != CATALOG_POSITION_KEEP) return 0;
    struct catalog_row old;
    int rc = q_catalog_get(w->tx, w->arena, kind, w->tenant_id, row->id, &old, e);
    if (rc < 0) return -1;
    if (rc == 1) {
        row->position = old.position;
        return 0;
    }
    return q_catalog_last_position(w->tx, kind, w->tenant_id, &row->position, e);
}

static int own_formats_exist(struct catalog_writer *w, const struct product *p, struct err *e)
{
    for (size_t i = 0; i < p->formats_n; i++) {
        if (p->formats[i].agent_url.n) continue;
        struct catalog_row row;
        int rc = q_catalog_get(w->tx, w->arena, CATALOG_FORMAT, w->tenant_id, p->formats[i].id, &row, e);
        if (rc < 0) return -1;
        if (rc == 0) {
            (void)err_set(e, "INVALID_REQUEST", "there is no creative format " STR_FMT, STR_ARG(p->formats[i].id));
            return err_field(e, "/format_ids/%zu", i);
        }
    }
    return 0;
}

static void add_all_domains(struct catalog_writer *w, yyjson_mut_doc *doc, yyjson_mut_val *product)
{
    yyjson_mut_val *arr = json_add_arr(doc, product, "publisher_properties");
    for (size_t i = 0; i < w->properties.n; i++) {
        yyjson_val *property = document_read(w->arena, w->properties.rows[i].doc);
        struct str domain = property_domain(property);
        bool seen = domain.n == 0;
        size_t at, n;
        yyjson_mut_val *item;
        yyjson_mut_arr_foreach(arr, at, n, item) {
            yyjson_mut_val *d = yyjson_mut_obj_get(item, "publisher_domain");
            seen = seen || str_eq(domain, (struct str){ yyjson_mut_get_str(d), yyjson_mut_get_len(d) });
        }
        if (seen) continue;
        item = json_push_obj(doc, arr);
        json_add_str(doc, item, "publisher_domain", domain);
        json_add_cstr(doc, item, "selection_type", "all");
    }
}

static void add_reporting(yyjson_mut_doc *doc, yyjson_mut_val *product)
{
    static const char *const metrics[] = { "impressions", "spend", "clicks", "ctr" };
    static const char *const frequencies[] = { "hourly", "daily", "monthly" };
    yyjson_mut_val *r = json_add_obj(doc, product, "reporting_capabilities"), *often;
    often = json_add_arr(doc, r, "available_reporting_frequencies");
    for (size_t i = 0; i < ARRAY_LEN(frequencies); i++) json_push_str(doc, often, str_from(frequencies[i]));
    json_add_i64(doc, r, "expected_delay_minutes", 60);
    json_add_cstr(doc, r, "timezone", "UTC");
    json_add_bool(doc, r, "supports_webhooks", true);
    yyjson_mut_val *arr = json_add_arr(doc, r, "available_metrics");
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) json_push_str(doc, arr, str_from(metrics[i]));
    json_add_cstr(doc, r, "date_range_support", "date_range");
}

/* What AdCP requires of a product and the publisher did not say. */
static struct str completed(struct catalog_writer *w, yyjson_val *doc)
{
    bool properties = yyjson_arr_size(json_arr(doc, "publisher_properties")) > 0;
    bool reporting = json_obj(doc, "reporting_capabilities") != NULL;
    bool formats = json_arr(doc, "format_ids") || json_arr(doc, "format_options");
    if (properties && reporting && formats) return json_write_val(w->arena, doc);
    yyjson_mut_doc *out = json_doc_new(w->arena);
    yyjson_mut_val *root = json_copy(out, doc);
    if (!properties) {
        (void)yyjson_mut_obj_remove_key(root, "publisher_properties"); /* an empty one, if any */
        add_all_domains(w, out, root);
    }
    if (!reporting) add_reporting(out, root);
    if (!formats) (void)json_add_arr(out, root, "format_ids");
    return json_write(w->arena, root);
}

static int zone_known(struct arena *a, yyjson_val *doc, struct err *e)
{
    struct str name = STR("UTC");
    const struct tz *zone;
    yyjson_val *reporting = json_obj(doc, "reporting_capabilities");
    if (json_opt_str(JSON_FIELD(reporting, "timezone", "/reporting_capabilities"), (struct json_len){ 1, TZ_NAME_MAX },
                     &name, e)) {
        return -1;
    }
    return tz_load(a, name, &zone, e) ? err_field(e, "/reporting_capabilities/timezone") : 0;
}

int catalog_put_product(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e)
{
    struct product p;
    if (product_read(w->arena, doc, &p, e) || zone_known(w->arena, doc, e)) return -1;
    if (own_formats_exist(w, &p, e) || product_check_ad_server(w, &p, e) || load_properties(w, e)) return -1;
    struct catalog_row row = { .id = p.product_id, .name = p.name, .doc = completed(w, doc) };
    if (position_of(w, CATALOG_PRODUCT, &row, position, e)) return -1;
    int changed = q_catalog_put(w->tx, CATALOG_PRODUCT, w->tenant_id, &row, w->now, e);
    if (changed != 1) return changed;
    return catalog_index_product(w, doc, e) ? -1 : 1;
}

int catalog_put_format(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e)
{
    struct format_ref ref;
    struct str name;
    if (!yyjson_is_obj(doc)) return err_set(e, "INVALID_REQUEST", "a creative format must be an object");
    if (!format_ref_read(yyjson_obj_get(doc, "format_id"), &ref) || !id_text_valid(ref.id, PRODUCT_ID_MAX)) {
        (void)err_set(e, "INVALID_REQUEST", "a creative format has a format_id {id}");
        return err_field(e, "/format_id");
    }
    if (json_req_str(JSON_FIELD(doc, "name", ""), (struct json_len){ 1, 500 }, &name, e)) return -1;
    struct catalog_row row = { .id = ref.id, .doc = json_write_val(w->arena, doc) };
    if (position_of(w, CATALOG_FORMAT, &row, position, e)) return -1;
    return q_catalog_put(w->tx, CATALOG_FORMAT, w->tenant_id, &row, w->now, e);
}

/* AdCP enums/identifier-types.json */
static const char *const identifier_types[] = { "domain",         "subdomain",        "network_id",
                                                "ios_bundle",     "android_package",  "apple_app_store_id",
                                                "google_play_id", "roku_store_id",    "fire_tv_asin",
                                                "samsung_app_id", "apple_tv_bundle",  "bundle_id",
                                                "venue_id",       "screen_id",        "openooh_venue_type",
                                                "rss_url",        "apple_podcast_id", "spotify_collection_id",
                                                "podcast_guid",   "station_id",       "facility_id" };

/* What every buyer sees of it has to be AdCP. */
static int check_identifiers(yyjson_val *property, struct err *e)
{
    struct str domain = property_domain(property);
    size_t i, n;
    yyjson_val *one;
    if (domain.n && !domain_text_valid(domain)) {
        (void)err_set(e, "INVALID_REQUEST", "a property's domain is a domain name in lower case, like news.example");
        return err_field(e, json_has(property, "publisher_domain") ? "/publisher_domain" : "/identifiers");
    }
    yyjson_arr_foreach(json_arr(property, "identifiers"), i, n, one) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(identifier_types) && !known; k++)
            known = str_is(json_str(one, "type"), identifier_types[k]);
        if (known && json_str(one, "value").n) continue;
        (void)err_set(e, "INVALID_REQUEST",
                      "an identifier of a property has a type of AdCP's (domain, ios_bundle, ...) and a value");
        return err_field(e, "/identifiers/%zu/%s", i, known ? "value" : "type");
    }
    return 0;
}

int catalog_put_property(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e)
{
    struct str id, name;
    if (!yyjson_is_obj(doc)) return err_set(e, "INVALID_REQUEST", "a property must be an object");
    if (json_req_str(JSON_FIELD(doc, "property_id", ""), (struct json_len){ 1, PRODUCT_ID_MAX }, &id, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "name", ""), (struct json_len){ 1, 500 }, &name, e)) return -1;
    if (property_domain(doc).n == 0 && !json_arr(doc, "identifiers")) {
        (void)err_set(e, "INVALID_REQUEST", "a property has a publisher_domain or identifiers");
        return err_field(e, "/publisher_domain");
    }
    if (check_identifiers(doc, e)) return -1;
    struct catalog_row row = { .id = id, .doc = json_write_val(w->arena, doc) };
    if (position_of(w, CATALOG_PROPERTY, &row, position, e)) return -1;
    int changed = q_catalog_put(w->tx, CATALOG_PROPERTY, w->tenant_id, &row, w->now, e);
    if (changed == 1) w->properties_loaded = false;
    return changed;
}

/* AdCP core/signal-id.json. */
static bool signal_id_valid(struct str id)
{
    for (size_t i = 0; i < id.n; i++) {
        char ch = id.p[i];
        bool ok =
            (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
        if (!ok) return false;
    }
    return true;
}

static int check_signal_prices(yyjson_val *doc, struct err *e)
{
    yyjson_val *list, *option;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(doc, "pricing_options", ""), (struct json_len){ 1, 100 }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, option) {
        if (json_str(option, "pricing_option_id").n && json_str(option, "model").n) continue;
        (void)err_set(e, "INVALID_REQUEST", "a signal's pricing option has pricing_option_id and model");
        return err_field(e, "/pricing_options/%zu", i);
    }
    return 0;
}

int catalog_put_signal(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e)
{
    struct str id, name, description;
    if (!yyjson_is_obj(doc)) return err_set(e, "INVALID_REQUEST", "a signal must be an object");
    if (json_req_str(JSON_FIELD(doc, "signal_id", ""), (struct json_len){ 1, PRODUCT_ID_MAX }, &id, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "name", ""), (struct json_len){ 1, 500 }, &name, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "description", ""), (struct json_len){ 1, 5000 }, &description, e)) return -1;
    if (!signal_id_valid(id)) {
        (void)err_set(e, "INVALID_REQUEST", "a signal_id holds letters, digits, _ and - only");
        return err_field(e, "/signal_id");
    }
    double coverage = json_real_or(doc, "coverage_percentage", -1);
    if (!(coverage >= 0 && coverage <= 100)) {
        (void)err_set(e, "INVALID_REQUEST", "a signal has a coverage_percentage from 0 to 100");
        return err_field(e, "/coverage_percentage");
    }
    if (check_signal_prices(doc, e)) return -1;
    struct catalog_row row = { .id = id, .doc = json_write_val(w->arena, doc) };
    if (position_of(w, CATALOG_SIGNAL, &row, position, e)) return -1;
    return q_catalog_put(w->tx, CATALOG_SIGNAL, w->tenant_id, &row, w->now, e);
}
