/* sync_audiences. AdCP 3.1 media-buy/sync_audiences.
 *
 * Members come hashed; what is kept of one is its external_id and the hashes. There is no matching against users of
 * the publisher here, so no match counts are stated: an audience is ready when it is large enough to be used. */
#include "domain/buyer/object_use.h"
#include "domain/core/tenant_settings.h"
#include "domain/product/targeting_values.h"
#include "tools/buyer/buyer_data_tools.h"
#include "tools/buyer/buyer_object_sync.h"

#define AUDIENCES_MAX 1000
#define MEMBERS_MAX   100000

static bool hash_valid(yyjson_val *member, const char *key)
{
    struct str s = json_str(member, key);
    if (!json_has(member, key)) return true;
    if (s.n != 64) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) return false;
    }
    return true;
}

static int check_member(yyjson_val *member, const char *at, size_t i, struct err *e)
{
    struct str id = json_str(member, "external_id");
    bool clear = json_has(member, "email") || json_has(member, "phone") || !hash_valid(member, "hashed_email") ||
                 !hash_valid(member, "hashed_phone") || (id.n && memchr(id.p, '@', id.n));
    if (clear) {
        (void)err_set(e, "VALIDATION_ERROR", "Members must be hashed: SHA-256 in lower-case hex, no clear text.");
        (void)err_suggest(e, "Trim and lower-case e-mail addresses, write phones in E.164, then hash.");
        return err_field(e, "%s/%zu", at, i);
    }
    if (id.n > 0 && id.n <= BUYER_OBJECT_ID_MAX) return 0;
    (void)err_set(e, "INVALID_REQUEST", "A member needs an external_id of at most %d bytes.", BUYER_OBJECT_ID_MAX);
    return err_field(e, "%s/%zu/external_id", at, i);
}

static int read_members(struct buyer_object_item *item, const char *key, yyjson_val **out, struct arena *a,
                        struct err *e)
{
    yyjson_val *member;
    size_t i, n;
    const char *at = arena_printf(a, "%s/%s", item->at, key).p;
    *out = NULL;
    if (json_opt_arr(JSON_FIELD(item->entry, key, item->at), (struct json_len){ 1, MEMBERS_MAX }, out, e)) return -1;
    yyjson_arr_foreach(*out, i, n, member) {
        if (check_member(member, at, i, e)) return -1;
    }
    return 0;
}

/* What is kept: the definition, without members. */
static struct str audience_doc(struct buyer_object_sync *h, const struct buyer_object_item *item)
{
    static const char *const kept[] = { "name", "description", "audience_type", "tags", "consent_basis" };
    struct document d;
    document_open(h->c->arena, item->row.doc, &d);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) document_set(&d, kept[i], yyjson_obj_get(item->entry, kept[i]));
    if (!yyjson_mut_obj_get(d.root, "seller_id")) {
        document_set_str(&d, "seller_id", id_new(h->c->arena, h->c->act->rng, "aud-", h->c->act->now));
    }
    return document_text(&d);
}

static struct str member_doc(struct arena *a, yyjson_val *member)
{
    static const char *const kept[] = { "hashed_email", "hashed_phone", "uids" };
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, o, kept[i], yyjson_obj_get(member, kept[i]));
    return json_write(a, o);
}

/* Removal takes precedence, so it comes last. *changed when members came or went. */
static int write_members(struct buyer_object_sync *h, const struct buyer_object_item *item, yyjson_val *add,
                         yyjson_val *remove, bool *changed, struct err *e)
{
    struct tx *tx = h->c->act->tx;
    yyjson_val *member;
    size_t i, n;
    yyjson_arr_foreach(add, i, n, member) {
        struct buyer_object_part part = { json_str(member, "external_id"), member_doc(h->c->arena, member) };
        int rc = q_buyer_object_part_put(tx, &item->row.key, &part, e);
        if (rc < 0) return -1;
        *changed |= rc == 1;
    }
    yyjson_arr_foreach(remove, i, n, member) {
        int rc = q_buyer_object_part_delete(tx, &item->row.key, json_str(member, "external_id"), e);
        if (rc < 0) return -1;
        *changed |= rc == 1;
    }
    return 0;
}

static int show_audience(struct buyer_object_sync *h, const struct buyer_object_row *row, yyjson_mut_val *o,
                         struct err *e)
{
    struct tool_call *c = h->c;
    int64_t members, least = audience_minimum(c->act);
    yyjson_val *doc = document_read(c->arena, row->doc);
    bool suppression = str_is(json_str(doc, "audience_type"), "suppression"); /* excluding few harms nobody */
    if (q_buyer_object_parts_count(c->act->tx, &row->key, &members, e)) return -1;
    json_add_copy(c->doc, o, "name", yyjson_obj_get(doc, "name"));
    json_add_copy(c->doc, o, "seller_id", yyjson_obj_get(doc, "seller_id"));
    bool small = members < least && !suppression;
    struct str forced = row->status; /* set by the publisher's people: "suspended", "processing" */
    json_add_str(c->doc, o, "status", forced.n ? forced : small ? STR("too_small") : STR("ready"));
    json_add_i64(c->doc, o, "total_uploaded_count", members);
    if (small) json_add_i64(c->doc, o, "minimum_size", least);
    json_add_time(c->doc, o, "last_synced_at", row->updated_at);
    return 0;
}

static int show_discovered(struct buyer_object_sync *h, const struct buyer_object_row *row, yyjson_mut_val *o,
                           struct err *e)
{
    static const char *const more[] = { "description", "audience_type", "tags" };
    yyjson_val *doc = document_read(h->c->arena, row->doc);
    json_add_i64(h->c->doc, o, "uploaded_count", 0);
    for (size_t i = 0; i < ARRAY_LEN(more); i++) json_add_copy(h->c->doc, o, more[i], yyjson_obj_get(doc, more[i]));
    return show_audience(h, row, o, e);
}

static int delete_audience(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e)
{
    if (!item->found) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no audience of that id in this account.");
        return err_field(e, "%s/audience_id", item->at);
    }
    if (object_unused(h->c->act, &item->row.key, e)) return err_in(e, "%s", item->at);
    if (!h->dry_run && q_buyer_object_delete(h->c->act->tx, &item->row.key, e) < 0) return -1;
    buyer_object_action(h, item, "deleted");
    return 0;
}

static int sync_audience(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e)
{
    yyjson_val *add, *remove;
    bool changed, members_changed = false;
    if (json_bool_or(item->entry, "delete", false)) return delete_audience(h, item, e);
    if (read_members(item, "add", &add, h->c->arena, e) || read_members(item, "remove", &remove, h->c->arena, e))
        return -1;
    item->row.name = json_str(item->entry, "name");
    if (buyer_object_keep(h, item, audience_doc(h, item), &changed, e)) return -1;
    if (write_members(h, item, add, remove, &members_changed, e)) return -1;
    if (members_changed && !changed) {
        buyer_object_action(h, item, "updated");
        item->row.updated_at = h->c->act->now;
        if (q_buyer_object_put(h->c->act->tx, &item->row, e)) return -1;
    }
    json_add_i64(h->c->doc, item->reply, "uploaded_count", (int64_t)yyjson_arr_size(add));
    return show_audience(h, &item->row, item->reply, e);
}

int sync_audiences_run(struct tool_call *c, struct err *e)
{
    static const struct buyer_object_ops ops = { sync_audience, show_discovered };
    struct buyer_object_sync h = { .c = c,
                                   .kind = BUYER_OBJECT_AUDIENCE,
                                   .id_key = "audience_id",
                                   .list_key = "audiences",
                                   .list_max = AUDIENCES_MAX };
    return buyer_object_begin(&h, e) || buyer_object_run(&h, &ops, e) ? -1 : 0;
}
