/* See feed.h. */
#include "domain/feed/feed.h"

#include <stdlib.h>

#include "contract/limits.h"
#include "domain/feed/feed_internal.h"
#include "net/gzip.h"

#define ID_MAX 256
/* Of all items together. The fields of a record are copied as often as mappings name them, and a constant into every
 * item: without a bound a small feed would become more than there is memory. */
#define ITEMS_BYTES_MAX ((size_t)32 << 20)
#define PLAIN_BYTES_MAX ((size_t)32 << 20) /* of a feed that came compressed */

static const char *const id_members[] = { "item_id",      "offering_id",    "store_id",   "hotel_id",
                                          "flight_id",    "job_id",         "vehicle_id", "listing_id",
                                          "program_id",   "destination_id", "app_id",     "product_id",
                                          "promotion_id", "inventory_id",   "sku",        "id" };

struct str feed_item_id(yyjson_val *item)
{
    for (size_t i = 0; i < ARRAY_LEN(id_members); i++) {
        struct str id = json_str(item, id_members[i]);
        if (id.n > 0 && id.n <= ID_MAX) return id;
    }
    return STR_NONE;
}

/* ---- what can be honoured ---- */

static bool merchant(struct str format)
{
    return str_is(format, "google_merchant_center") || str_is(format, "facebook_catalog");
}

int feed_check(yyjson_val *entry, const char *at, struct err *e)
{
    struct str format = STR_NONE;
    yyjson_val *mappings = NULL;
    if (json_opt_str(JSON_FIELD(entry, "feed_format", at), (struct json_len){ 1, 64 }, &format, e)) return -1;
    if (json_opt_arr(JSON_FIELD(entry, "feed_field_mappings", at), (struct json_len){ 1, FEED_MAPPINGS_MAX }, &mappings,
                     e)) {
        return -1;
    }
    bool custom = str_is(format, "custom");
    if (format.n && !custom && !merchant(format)) {
        (void)err_set(e, "UNSUPPORTED_FEATURE", "Feeds of format " STR_FMT " are not read here.", STR_ARG(format));
        (void)err_suggest(
            e, "Send google_merchant_center, facebook_catalog, custom with feed_field_mappings, or AdCP items "
               "without feed_format; or put the items into the call.");
        return err_field(e, "%s/feed_format", at);
    }
    if (custom && !mappings) {
        (void)err_set(e, "INVALID_REQUEST", "A custom feed needs feed_field_mappings.");
        return err_field(e, "%s/feed_field_mappings", at);
    }
    return mappings ? feed_mappings_check(mappings, at, e) : 0;
}

/* ---- records ---- */

int feed_broken(struct err *e, const char *why)
{
    return err_set(e, "INVALID_REQUEST", "The feed cannot be read: %s.", why);
}

int feed_put(struct feed_records *r, yyjson_mut_val *record, struct str name, struct str value)
{
    yyjson_mut_val *old = yyjson_mut_obj_getn(record, name.p, name.n);
    if (!old) {
        if (yyjson_mut_obj_size(record) == FEED_COLUMNS_MAX) return -1;
        json_add_str(r->doc, record, arena_cstr(r->a, name), value);
    } else if (yyjson_mut_is_arr(old)) {
        json_push_str(r->doc, old, value);
    } else {
        (void)yyjson_mut_obj_remove_keyn(record, name.p, name.n);
        yyjson_mut_val *arr = json_add_arr(r->doc, record, arena_cstr(r->a, name));
        yyjson_mut_arr_append(arr, old);
        json_push_str(r->doc, arr, value);
    }
    return 0;
}

/* 0: merchants' own, 1: without a prefix, 2: of another vocabulary, 3: an attribute. `bare` behind the prefix. */
static int prefix_rank(struct str name, struct str *bare)
{
    const char *colon = memchr(name.p, ':', name.n);
    *bare = colon ? str_skip(name, (size_t)(colon - name.p) + 1) : name;
    if (str_starts(name, STR("g:"))) return 0;
    if (str_starts(name, STR("@:"))) return 3;
    return colon ? 2 : 1;
}

yyjson_mut_val *feed_settle(struct feed_records *r, yyjson_mut_val *record)
{
    yyjson_mut_val *out = yyjson_mut_obj(r->doc), *k, *v;
    for (int rank = 0; rank < 4; rank++) {
        size_t i, n;
        yyjson_mut_obj_foreach(record, i, n, k, v) {
            struct str bare;
            if (prefix_rank((struct str){ yyjson_mut_get_str(k), yyjson_mut_get_len(k) }, &bare) != rank) continue;
            if (!bare.n || yyjson_mut_obj_getn(out, bare.p, bare.n)) continue;
            json_add_val(r->doc, out, bare.p, yyjson_mut_val_mut_copy(r->doc, v));
        }
    }
    return out;
}

/* ---- records -> items ---- */

int feed_push(struct feed_records *r, yyjson_mut_val *record, struct err *e)
{
    if (yyjson_mut_arr_size(r->list) == FEED_ITEMS_MAX) {
        return err_set(e, "INVALID_REQUEST", "The feed has more than %d items.", FEED_ITEMS_MAX);
    }
    yyjson_mut_arr_append(r->list, record);
    return 0;
}

static void rename_member(yyjson_mut_doc *doc, yyjson_mut_val *item, const char *from, const char *to)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(item, from);
    if (!v || yyjson_mut_obj_get(item, to)) return;
    (void)yyjson_mut_obj_remove_key(item, from);
    json_add_val(doc, item, to, v);
}

/* What Merchant Center takes several times; of anything else the first counts. */
static bool taken_often(struct str name)
{
    static const char *const names[] = { "additional_image_link",
                                         "product_highlight",
                                         "product_detail",
                                         "product_type",
                                         "shipping",
                                         "tax",
                                         "promotion_id",
                                         "included_destination",
                                         "excluded_destination",
                                         "shopping_ads_excluded_country",
                                         "lifestyle_image_link",
                                         "video_link",
                                         "ads_label",
                                         "certification",
                                         "loyalty_program",
                                         "video",
                                         "free_shipping_threshold",
                                         "custom_label" };
    const char *dot = memchr(name.p, '.', name.n);
    if (dot) name.n = (size_t)(dot - name.p);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(name, names[i])) return true;
    }
    return false;
}

/* "Image Link" -> "image_link". */
static struct str usual_name(struct arena *a, struct str name, bool blanks)
{
    char *out = (char *)(uintptr_t)arena_dup(a, name).p; /* our own copy */
    for (size_t i = 0; i < name.n; i++) {
        if (out[i] >= 'A' && out[i] <= 'Z') out[i] = (char)(out[i] - 'A' + 'a');
        if (blanks && out[i] == ' ') out[i] = '_';
    }
    return (struct str){ out, name.n };
}

/* A record of text under the names that are usual. */
static yyjson_mut_val *usual(struct feed_records *r, const struct feed_ask *ask, yyjson_mut_val *record)
{
    bool shop = merchant(ask->format);
    yyjson_mut_val *item = yyjson_mut_obj(r->doc), *k, *v;
    size_t i, n;
    yyjson_mut_obj_foreach(record, i, n, k, v) {
        struct str name = { yyjson_mut_get_str(k), yyjson_mut_get_len(k) };
        if (!r->typed) name = usual_name(r->a, name, shop);
        if (shop && yyjson_mut_is_str(yyjson_mut_arr_get_first(v)) && !taken_often(name))
            v = yyjson_mut_arr_get_first(v);
        yyjson_mut_val *had = yyjson_mut_obj_getn(item, name.p, name.n);
        bool more = had && yyjson_mut_is_str(v) && (!shop || taken_often(name));
        if (!had) json_add_val(r->doc, item, name.p, yyjson_mut_val_mut_copy(r->doc, v));
        if (more && feed_put(r, item, name, (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) })) break;
    }
    return item;
}

/* An identifier that was written as a whole number is the text of it. */
static void name_ids(struct feed_records *r, yyjson_mut_val *item)
{
    for (size_t i = 0; i < ARRAY_LEN(id_members); i++) {
        yyjson_mut_val *v = yyjson_mut_obj_get(item, id_members[i]);
        if (!yyjson_mut_is_int(v)) continue;
        struct str text = json_write(r->a, v);
        (void)yyjson_mut_obj_remove_key(item, id_members[i]);
        json_add_str(r->doc, item, id_members[i], text);
    }
}

static yyjson_mut_val *item_of(struct feed_records *r, const struct feed_ask *ask, yyjson_mut_val *record)
{
    bool custom = str_is(ask->format, "custom");
    yyjson_mut_val *item = custom ? yyjson_mut_obj(r->doc) : usual(r, ask, record);
    if (merchant(ask->format)) {
        rename_member(r->doc, item, "id", "item_id");
        rename_member(r->doc, item, "link", "url");
        rename_member(r->doc, item, "image_link", "image_url");
    }
    if (ask->mappings) item = feed_map(r, ask->mappings, record, item);
    name_ids(r, item);
    return item;
}

static void add_issue(struct arena *a, struct feed_items *f, struct str id, const char *reason)
{
    if (!f->issues) f->issues = ARENA_ARRAY(a, struct feed_issue, FEED_ISSUES_MAX);
    if (f->issues_n < FEED_ISSUES_MAX) f->issues[f->issues_n++] = (struct feed_issue){ id, reason };
}

static int by_id(const void *x, const void *y)
{
    const struct feed_item *a = *(struct feed_item *const *)x, *b = *(struct feed_item *const *)y;
    int rc = memcmp(a->id.p, b->id.p, a->id.n < b->id.n ? a->id.n : b->id.n);
    if (rc) return rc;
    if (a->id.n != b->id.n) return a->id.n < b->id.n ? -1 : 1;
    return a < b ? -1 : a > b; /* the earlier record first */
}

/* Keeps the first of each id, in the feed's order. */
static void drop_repeated(struct arena *a, struct feed_items *f)
{
    struct feed_item **sorted = ARENA_ARRAY(a, struct feed_item *, f->n + 1);
    for (size_t i = 0; i < f->n; i++) sorted[i] = &f->items[i];
    qsort(sorted, f->n, sizeof(struct feed_item *), by_id);
    for (size_t i = 1; i < f->n; i++) {
        if (!str_eq(sorted[i]->id, sorted[i - 1]->id)) continue;
        f->repeated++;
        add_issue(a, f, sorted[i]->id, "An earlier record has the same identifier.");
        sorted[i]->doc = STR_NONE;
    }
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (f->items[i].doc.n) f->items[kept++] = f->items[i];
    }
    f->n = kept;
}

static int read_items(struct feed_records *r, const struct feed_ask *ask, struct feed_items *out, struct err *e)
{
    struct feed_items f = { .items = ARENA_ARRAY(r->a, struct feed_item, yyjson_mut_arr_size(r->list) + 1) };
    yyjson_mut_val *record;
    size_t i, n, bytes = 0;
    yyjson_mut_arr_foreach(r->list, i, n, record) {
        yyjson_doc *parsed;
        struct str doc = json_write(r->a, item_of(r, ask, record));
        bytes += doc.n;
        if (bytes > ITEMS_BYTES_MAX)
            return err_set(e, "INVALID_REQUEST", "The feed's items are larger than 32 MiB together.");
        if (json_parse(r->a, doc, &json_limits_item, &parsed, e))
            return err_set(e, "INVALID_REQUEST", "Record %zu is too large.", i + 1);
        struct str id = feed_item_id(yyjson_doc_get_root(parsed));
        if (id.n) {
            f.items[f.n++] = (struct feed_item){ arena_dup(r->a, id), doc };
        } else {
            f.nameless++;
            add_issue(r->a, &f, arena_printf(r->a, "#%zu", i), "The record has no identifier.");
        }
    }
    drop_repeated(r->a, &f);
    *out = f;
    return 0;
}

/* Shops put their feeds on the web with gzip. */
static int unpack(struct arena *a, struct str *body, struct err *e)
{
    if (!str_starts(*body, STR("\x1f\x8b"))) return 0;
    switch (gzip_expand(a, *body, PLAIN_BYTES_MAX, body)) {
    case GZIP_OK: return 0;
    case GZIP_TOO_LARGE: return err_set(e, "INVALID_REQUEST", "The feed is larger than 32 MiB when it is unpacked.");
    case GZIP_BROKEN: break;
    }
    return err_set(e, "INVALID_REQUEST", "The feed is compressed and not whole.");
}

int feed_read(struct arena *a, const struct feed_ask *ask, struct feed_items *out, struct err *e)
{
    struct feed_records r = { .a = a, .doc = json_doc_new(a) };
    struct str body = ask->body;
    r.list = yyjson_mut_arr(r.doc);
    if (str_starts(body, STR("PK\3\4")))
        return err_set(e, "INVALID_REQUEST", "The feed is a ZIP archive; send it plain or with gzip.");
    if (unpack(a, &body, e) || feed_text(a, ask->content_type, &body, e)) return -1;
    while (body.n && strchr(" \t\n\r", body.p[0])) body = str_skip(body, 1);
    if (!body.n) return err_set(e, "INVALID_REQUEST", "The feed is empty.");
    r.typed = body.p[0] == '[' || body.p[0] == '{';
    int rc = body.p[0] == '<' ? feed_read_xml(&r, body, e)
             : r.typed        ? feed_read_json(&r, body, e)
                              : feed_read_table(&r, body, e);
    if (rc) return -1;
    if (yyjson_mut_arr_size(r.list) == 0) return err_set(e, "INVALID_REQUEST", "The feed has no items.");
    return read_items(&r, ask, out, e);
}
