#include "tools/creative/creative_from_catalog.h"
#include "contract/document.h"

#include "domain/buyer/account.h"
#include "store/q/q_buyer_object.h"

#define CATALOGS_MAX 200

static bool mentions(struct str text, struct str id)
{
    return id.n && text.n >= id.n && memmem(text.p, text.n, id.p, id.n) != NULL;
}

static const struct buyer_object_row *choose(const struct buyer_object_rows *rows, size_t n, struct str message)
{
    const struct buyer_object_row *latest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (mentions(message, rows->rows[i].key.object_id)) return &rows->rows[i];
        if (!latest || rows->rows[i].updated_at > latest->updated_at) latest = &rows->rows[i];
    }
    return latest;
}

static yyjson_mut_val *add_asset(yyjson_mut_doc *doc, yyjson_mut_val *assets, const char *key, const char *type)
{
    yyjson_mut_val *o = json_add_obj(doc, assets, key);
    json_add_cstr(doc, o, "asset_type", type);
    return o;
}

/* Items speak of title or name, and of an image in one of these members. */
static struct str first_occurrences(yyjson_val *item, const char *one, const char *other)
{
    struct str s = json_str(item, one);
    return s.n ? s : json_str(item, other);
}

static int manifest_of(struct tool_call *c, yyjson_val *item, yyjson_val **manifest, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *assets = json_add_obj(doc, json_root_obj(doc), "assets");
    struct str title = first_occurrences(item, "title", "name"), body = json_str(item, "description");
    struct str image = first_occurrences(item, "image_url", "image"), url = first_occurrences(item, "url", "link");
    const char *macro = json_str(item, "sku").n ? "sku={SKU}" : "item_id={ITEM_ID}";
    if (title.n) json_add_str(doc, add_asset(doc, assets, "headline", "text"), "content", title);
    if (body.n) json_add_str(doc, add_asset(doc, assets, "body", "text"), "content", body);
    if (image.n) json_add_str(doc, add_asset(doc, assets, "image", "image"), "url", image);
    if (url.n) {
        struct str page = { url.p, strcspn(arena_cstr(c->arena, url), "#") }, fragment = str_skip(url, page.n);
        const char *joint = !memchr(page.p, '?', page.n) ? "?" : strchr("?&", page.p[page.n - 1]) ? "" : "&";
        yyjson_mut_val *click = add_asset(doc, assets, "click_url", "url");
        json_add_cstr(doc, click, "url_type", "clickthrough");
        json_add_str(doc, click, "url",
                     arena_printf(c->arena, STR_FMT "%s%s" STR_FMT, STR_ARG(page), joint, macro, STR_ARG(fragment)));
    }
    yyjson_doc *parsed;
    if (json_parse(c->arena, json_write(c->arena, yyjson_mut_doc_get_root(doc)), &json_limits_own, &parsed, e))
        return -1;
    *manifest = yyjson_doc_get_root(parsed);
    return 0;
}

int creative_from_catalog(struct tool_call *c, struct str message, yyjson_val **manifest, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    if (account_ref_read(c->args, &ref, e)) return -1;
    int found = account_find(c->act, &ref, ACCOUNT_USE_SYNC, &account, e);
    if (found != 1) return found;
    struct buyer_object_filter f = { .scope = { .tenant_id = c->act->tenant->tenant_id,
                                                .kind = BUYER_OBJECT_CATALOG,
                                                .principal_id = c->act->principal->principal_id,
                                                .account_id = account.account_id },
                                     .limit = CATALOGS_MAX };
    struct buyer_object_rows rows;
    struct buyer_object_part part;
    if (q_buyer_object_list(c->act->tx, c->arena, &f, &rows, e)) return -1;
    size_t n = rows.n > CATALOGS_MAX ? CATALOGS_MAX : rows.n;
    const struct buyer_object_row *catalog = choose(&rows, n, message);
    if (!catalog) return 0;
    int rc = q_buyer_object_part_first(c->act->tx, c->arena, &catalog->key, &part, e);
    if (rc != 1) return rc;
    yyjson_val *item = document_read(c->arena, part.doc);
    if (!item) return document_whole(c->arena, e);
    return manifest_of(c, item, manifest, e) ? -1 : 1;
}
