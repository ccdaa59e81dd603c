/* See feed.h. */
#include "domain/feed/feed.h"

#include <stdlib.h>

#include "contract/limits.h"
#include "domain/feed/feed_internal.h"

#define ID_MAX 256
/* Of all items together. The fields of a record are copied as often as mappings name them, and a constant into every
 * item: without a bound a small feed would become more than there is memory. */
#define ITEMS_BYTES_MAX ((size_t)32 << 20)

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

static yyjson_mut_val *item_of(struct feed_records *r, const struct feed_ask *ask, yyjson_mut_val *record)
{
    bool custom = str_is(ask->format, "custom");
    yyjson_mut_val *item = custom ? yyjson_mut_obj(r->doc) : yyjson_mut_val_mut_copy(r->doc, record);
    if (merchant(ask->format)) {
        rename_member(r->doc, item, "id", "item_id");
        rename_member(r->doc, item, "link", "url");
        rename_member(r->doc, item, "image_link", "image_url");
    }
    return ask->mappings ? feed_map(r, ask->mappings, record, item) : item;
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
        if (f->repeated++ == 0) f->first_repeated = sorted[i]->id;
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
        if (id.n) f.items[f.n++] = (struct feed_item){ arena_dup(r->a, id), doc };
        else f.nameless++;
    }
    drop_repeated(r->a, &f);
    *out = f;
    return 0;
}

int feed_read(struct arena *a, const struct feed_ask *ask, struct feed_items *out, struct err *e)
{
    struct feed_records r = { .a = a, .doc = json_doc_new(a) };
    struct str body = ask->body;
    r.list = yyjson_mut_arr(r.doc);
    if (str_starts(body, STR("\xef\xbb\xbf"))) body = str_skip(body, 3);
    while (body.n && (body.p[0] == ' ' || body.p[0] == '\n' || body.p[0] == '\r')) body = str_skip(body, 1);
    if (!body.n) return err_set(e, "INVALID_REQUEST", "The feed is empty.");
    if (str_starts(body, STR("\x1f\x8b")))
        return err_set(e, "INVALID_REQUEST", "The feed is compressed; only plain feeds are read.");
    int rc = body.p[0] == '<'                       ? feed_read_xml(&r, body, e)
             : body.p[0] == '[' || body.p[0] == '{' ? feed_read_json(&r, body, e)
                                                    : feed_read_table(&r, body, e);
    if (rc) return -1;
    if (yyjson_mut_arr_size(r.list) == 0) return err_set(e, "INVALID_REQUEST", "The feed has no items.");
    return read_items(&r, ask, out, e);
}
