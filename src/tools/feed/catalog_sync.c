/* sync_catalogs. AdCP 3.1 media-buy/sync_catalogs.
 *
 * A catalog is kept without its items, and each item as a part of it; a sync replaces the items as a whole. Items
 * without an identifier cannot be named by creatives and events: they are rejected (with validation_mode strict the
 * whole call is). A catalog with a URL is fetched by a job (domain/feed/catalog_feed.h); until that has happened the reply says so,
 * and its items are those it had before. */
#include "base/crypto.h"
#include "base/encode.h"
#include "base/first_occurrence.h"
#include "base/rfc3339.h"
#include "domain/feed/catalog_feed.h"
#include "tools/buyer/buyer_data_tools.h"
#include "tools/buyer/buyer_object_sync.h"

#define CATALOGS_MAX 50
#define ITEMS_MAX    10000
#define ISSUES_SHOWN 100

struct items {
    yyjson_val *list;
    struct str *ids; /* of those that are taken; the others' are empty */
    size_t good;
    yyjson_mut_val *issues; /* array; empty: none */
};

static void add_issue(struct buyer_object_sync *h, struct items *it, size_t i, struct str id, const char *reason)
{
    if (yyjson_mut_arr_size(it->issues) >= ISSUES_SHOWN) return;
    yyjson_mut_val *o = json_push_obj(h->c->doc, it->issues);
    json_add_str(h->c->doc, o, "item_id", id.n ? id : arena_printf(h->c->arena, "#%zu", i));
    json_add_cstr(h->c->doc, o, "status", "rejected");
    json_push_str(h->c->doc, json_add_arr(h->c->doc, o, "reasons"), str_from(reason));
}

static void check_items(struct buyer_object_sync *h, struct items *it)
{
    yyjson_val *item;
    size_t i, n = yyjson_arr_size(it->list);
    it->issues = yyjson_mut_arr(h->c->doc);
    it->ids = ARENA_ARRAY(h->c->arena, struct str, n + 1);
    yyjson_arr_foreach(it->list, i, n, item) it->ids[i] = feed_item_id(item);
    const size_t *first = first_occurrences(h->c->arena, it->ids, n);
    for (i = 0; i < n; i++) {
        if (!it->ids[i].n) {
            add_issue(h, it, i, it->ids[i], "The item has no identifier.");
        } else if (first[i] != i) {
            add_issue(h, it, i, it->ids[i], "Another item has the same identifier.");
            it->ids[i] = STR_NONE;
        } else {
            it->good++;
        }
    }
}

static int check_catalog(struct buyer_object_sync *h, struct buyer_object_item *item, struct items *it, struct err *e)
{
    struct str type;
    if (json_req_str(JSON_FIELD(item->entry, "type", item->at), (struct json_len){ 1, 40 }, &type, e)) return -1;
    if (json_opt_arr(JSON_FIELD(item->entry, "items", item->at), (struct json_len){ 1, SIZE_MAX }, &it->list, e))
        return -1;
    if (json_has(item->entry, "url") && it->list) {
        (void)err_set(e, "INVALID_REQUEST", "A catalog has its items in the call or at a URL, not both.");
        return err_field(e, "%s/url", item->at);
    }
    if (json_has(item->entry, "url")) return catalog_feed_check(h->c->act, item->entry, item->at, e);
    if (yyjson_arr_size(it->list) > ITEMS_MAX) {
        (void)err_set(e, "CATALOG_LIMIT_EXCEEDED", "A catalog holds at most %d items.", ITEMS_MAX);
        return err_field(e, "%s/items", item->at);
    }
    check_items(h, it);
    if (yyjson_arr_size(it->list) == it->good) return 0;
    bool strict = str_is(json_str(h->c->args, "validation_mode"), "strict");
    if (!strict && it->good > 0) return 0;
    (void)err_set(e, "ITEM_VALIDATION_FAILED", "%zu of the items were rejected.", yyjson_arr_size(it->list) - it->good);
    (void)err_suggest(e, "Give every item its own item_id.");
    return err_field(e, "%s/items", item->at);
}

/* The catalog without its items, which have rows of their own; the mark tells whether they change. */
static struct str catalog_doc(struct buyer_object_sync *h, const struct buyer_object_item *item, const struct items *it)
{
    struct arena *a = h->c->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc), *kept = json_copy(doc, item->entry);
    (void)yyjson_mut_obj_remove_key(kept, "items");
    json_add_val(doc, root, "catalog", kept);
    if (!it->list) { /* not sent: the items stay */
        json_add_copy(doc, root, "items_mark", yyjson_obj_get(document_read(a, item->row.doc), "items_mark"));
        return json_write(a, root);
    }
    uint8_t hash[SHA256_BYTES];
    sha256(json_canonical(a, it->list, NULL), hash);
    json_add_str(doc, root, "items_mark", hex_encode(a, (struct str){ (const char *)hash, sizeof(hash) }));
    return json_write(a, root);
}

static int store_items(struct buyer_object_sync *h, const struct buyer_object_item *item, const struct items *it,
                       struct err *e)
{
    struct tx *tx = h->c->act->tx;
    yyjson_val *v;
    size_t i, n;
    if (q_buyer_object_parts_clear(tx, &item->row.key, e)) return -1;
    yyjson_arr_foreach(it->list, i, n, v) {
        if (!it->ids[i].n) continue; /* rejected */
        struct buyer_object_part part = { it->ids[i], json_write_val(h->c->arena, v) };
        if (document_fits(part.doc, BUYER_ITEM_BYTES_MAX, "An item of a catalog", e)) return -1;
        if (q_buyer_object_part_put(tx, &item->row.key, &part, e) < 0) return -1;
    }
    return 0;
}

static void add_counts(struct buyer_object_sync *h, yyjson_mut_val *o, int64_t count)
{
    json_add_i64(h->c->doc, o, "item_count", count);
    json_add_i64(h->c->doc, o, "items_approved", count);
    json_add_i64(h->c->doc, o, "items_pending", 0);
}

/* Where a catalog is fetched from, when next, and what came of the last time. */
static void tell_feed(struct buyer_object_sync *h, const struct catalog_feed *f, yyjson_mut_val *o)
{
    yyjson_mut_doc *doc = h->c->doc;
    if (!f->known && !f->url.n) return;
    if (f->rejected) {
        (void)yyjson_mut_obj_remove_key(o, "items_rejected");
        json_add_i64(doc, o, "items_rejected", f->rejected);
        if (f->issues.n && !yyjson_mut_obj_get(o, "item_issues")) json_add_raw(doc, o, "item_issues", f->issues);
    }
    if (f->next_at != TIME_NONE) json_add_time(doc, o, "next_fetch_at", f->next_at);
    if (f->status == CATALOG_FEED_FETCHED) return;
    yyjson_mut_val *warnings = json_add_arr(doc, o, "warnings");
    if (f->status == CATALOG_FEED_PENDING) {
        json_push_str(doc, warnings,
                      STR("The feed has not been fetched yet; the items are those from before. Call sync_catalogs"
                          " without catalogs to see what became of it."));
        return;
    }
    json_push_str(doc, warnings,
                  arena_printf(h->c->arena,
                               "The feed could not be taken: " STR_FMT " The items are those from"
                               " before.",
                               STR_ARG(f->reason)));
}

/* Says whose word holds from now on: the feed's or the call's. */
static int sync_feed(struct buyer_object_sync *h, struct buyer_object_item *item, const struct items *it, struct err *e)
{
    struct catalog_feed f = { .next_at = TIME_NONE };
    if (json_has(item->entry, "url")) {
        if (h->dry_run) f = (struct catalog_feed){ .url = json_str(item->entry, "url"), .next_at = TIME_NONE };
        else if (catalog_feed_ask(h->c->act, &item->row.key, item->entry, &f, e)) return -1;
        tell_feed(h, &f, item->reply);
        return 0;
    }
    bool own = it->list || !item->found; /* an appointment of a deleted namesake is not this catalog's */
    return own && !h->dry_run ? catalog_feed_forget(h->c->act->tx, &item->row.key, e) : 0;
}

static int sync_catalog(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e)
{
    struct items it = { 0 };
    bool changed;
    int64_t count = 0;
    if (check_catalog(h, item, &it, e)) return -1;
    struct str doc = catalog_doc(h, item, &it);
    item->row.name = json_str(item->entry, "name");
    if (buyer_object_keep(h, item, doc, &changed, e)) return -1;
    if (changed && it.list && !h->dry_run && store_items(h, item, &it, e)) return -1;
    if (q_buyer_object_parts_count(h->c->act->tx, &item->row.key, &count, e)) return -1;
    if (h->dry_run && it.list) count = (int64_t)it.good;
    add_counts(h, item->reply, count);
    size_t rejected = yyjson_arr_size(it.list) - it.good;
    json_add_i64(h->c->doc, item->reply, "items_rejected", (int64_t)rejected);
    if (rejected) json_add_val(h->c->doc, item->reply, "item_issues", it.issues);
    json_add_time(h->c->doc, item->reply, "last_synced_at", item->row.updated_at);
    return sync_feed(h, item, &it, e);
}

static int show_catalog(struct buyer_object_sync *h, const struct buyer_object_row *row, yyjson_mut_val *out,
                        struct err *e)
{
    int64_t count;
    if (q_buyer_object_parts_count(h->c->act->tx, &row->key, &count, e)) return -1;
    add_counts(h, out, count);
    json_add_time(h->c->doc, out, "last_synced_at", row->updated_at);
    struct catalog_feed f;
    if (catalog_feed_load(h->c->act->tx, h->c->arena, &row->key, &f, e)) return -1;
    tell_feed(h, &f, out);
    return 0;
}

/* catalog_ids narrows the call to some of its catalogs. */
static bool wanted(yyjson_val *ids, struct str id)
{
    yyjson_val *v;
    size_t i, n;
    if (!yyjson_is_arr(ids)) return true;
    yyjson_arr_foreach(ids, i, n, v) {
        if (str_eq(json_val_str(v), id)) return true;
    }
    return false;
}

static int entry(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e)
{
    if (wanted(yyjson_obj_get(h->c->args, "catalog_ids"), item->id)) return sync_catalog(h, item, e);
    (void)err_set(e, "INVALID_REQUEST", "The call is limited to other catalogs by catalog_ids.");
    return err_field(e, "%s/catalog_id", item->at);
}

/* With validation_mode strict one failed catalog undoes them all. */
static int check_strict(struct buyer_object_sync *h, struct err *e)
{
    yyjson_mut_val *o;
    size_t i, n;
    if (!str_is(json_str(h->c->args, "validation_mode"), "strict")) return 0;
    yyjson_mut_arr_foreach(h->out, i, n, o) {
        if (!yyjson_mut_equals_str(yyjson_mut_obj_get(o, "action"), "failed")) continue;
        (void)err_set(e, "VALIDATION_ERROR",
                      "A catalog was refused and validation_mode is strict: nothing was synced.");
        (void)err_suggest(e, "Send validation_mode lenient to see what is wrong with each catalog.");
        return err_field(e, "/catalogs/%zu", i);
    }
    return 0;
}

int sync_catalogs_run(struct tool_call *c, struct err *e)
{
    static const struct buyer_object_ops ops = { entry, show_catalog };
    struct buyer_object_sync h = {
        .c = c, .kind = BUYER_OBJECT_CATALOG, .id_key = "catalog_id", .list_key = "catalogs", .list_max = CATALOGS_MAX
    };
    if (buyer_object_begin(&h, e) || buyer_object_run(&h, &ops, e)) return -1;
    return check_strict(&h, e);
}
