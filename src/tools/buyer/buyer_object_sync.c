#include "tools/core/honour.h"
#include "tools/buyer/buyer_object_sync.h"

#include <stdio.h>

#include "base/first_occurrence.h"
#include "domain/buyer/object_use.h"
#include "domain/core/audit.h"
#include "tools/core/reply_error.h"

static struct buyer_object_key key_of(const struct buyer_object_sync *h, struct str id)
{
    return (struct buyer_object_key){ h->account.tenant_id, h->kind, h->account.principal_id, h->account.account_id,
                                      id };
}

static void read_ids(struct buyer_object_sync *h)
{
    size_t i, n = yyjson_arr_size(h->list);
    yyjson_val *entry;
    struct str *ids = ARENA_ARRAY(h->c->arena, struct str, n + 1);
    yyjson_arr_foreach(h->list, i, n, entry) ids[i] = json_str(entry, h->id_key);
    h->ids = ids;
    h->first = first_occurrences(h->c->arena, ids, n);
}

int buyer_object_begin(struct buyer_object_sync *h, struct err *e)
{
    struct tool_call *c = h->c;
    struct account_ref ref;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (account_ensure(c->act, &ref, ACCOUNT_USE_SYNC, &h->account, e)) return -1;
    h->list = NULL;
    if (json_opt_arr(JSON_FIELD(c->args, h->list_key, ""), (struct json_len){ 1, h->list_max }, &h->list, e)) return -1;
    read_ids(h);
    struct buyer_object_key all = key_of(h, STR_NONE);
    if (q_buyer_object_count(c->act->tx, &all, &h->stored, e)) return -1;
    h->dry_run = json_bool_or(c->args, "dry_run", false);
    if (!h->list && json_bool_or(c->args, "delete_missing", false)) {
        (void)err_set(e, "INVALID_REQUEST", "delete_missing needs the list of what stays.");
        return err_field(e, "/%s", h->list_key);
    }
    if (h->dry_run) json_add_bool(c->doc, c->reply, "dry_run", true);
    h->out = json_add_arr(c->doc, c->reply, h->list_key);
    if (h->account.sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    return 0;
}

void buyer_object_action(struct buyer_object_sync *h, struct buyer_object_item *item, const char *action)
{
    (void)yyjson_mut_obj_remove_key(item->reply, "action");
    json_add_cstr(h->c->doc, item->reply, "action", action);
}

int buyer_object_keep(struct buyer_object_sync *h, struct buyer_object_item *item, struct str doc, bool *changed,
                      struct err *e)
{
    bool same = item->found && document_same(h->c->arena, item->row.doc, doc);
    if (!item->found && h->stored++ >= BUYER_OBJECT_ALL) {
        (void)err_set(e, "INVALID_REQUEST", "The account holds %d %s already, and no more are kept.", BUYER_OBJECT_ALL,
                      h->list_key);
        (void)err_suggest(e, "Delete what is not used any more.");
        return err_field(e, "%s", item->at);
    }
    if (!same && document_fits(doc, BUYER_OBJECT_BYTES_MAX, "The object", e)) return err_field(e, "%s", item->at);
    if (changed) *changed = !same;
    buyer_object_action(h, item, !item->found ? "created" : same ? "unchanged" : "updated");
    item->row.doc = doc;
    if (!same) item->row.updated_at = h->c->act->now;
    return same || h->dry_run ? 0 : q_buyer_object_put(h->c->act->tx, &item->row, e);
}

static bool in_list(const struct buyer_object_sync *h, struct str id)
{
    size_t n = yyjson_arr_size(h->list);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(h->ids[i], id)) return true;
    }
    return false;
}

static int open_item(struct buyer_object_sync *h, struct buyer_object_item *item, size_t i, struct err *e)
{
    struct tool_call *c = h->c;
    if (json_req_str(JSON_FIELD(item->entry, h->id_key, item->at), (struct json_len){ 1, BUYER_OBJECT_ID_MAX },
                     &item->id, e)) {
        return -1;
    }
    if (h->first[i] != i) {
        (void)err_set(e, "INVALID_REQUEST", "This %s is given twice.", h->id_key);
        return err_field(e, "%s/%s", item->at, h->id_key);
    }
    struct buyer_object_key key = key_of(h, item->id);
    int rc = q_buyer_object_get(c->act->tx, c->arena, &key, &item->row, e);
    if (rc < 0) return -1;
    item->found = rc == 1;
    if (rc == 0) {
        item->row = (struct buyer_object_row){
            .key = key, .doc = STR(""), .created_at = c->act->now, .updated_at = c->act->now
        };
    }
    return 0;
}

static int fail_item(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *why, struct err *e)
{
    struct tool_call *c = h->c;
    if (str_is(str_from(why->code), "SERVICE_UNAVAILABLE")) {
        *e = *why;
        return -1;
    }
    yyjson_mut_val *o = item->reply;
    (void)yyjson_mut_obj_clear(o); /* nothing of a failed entry is shown but why */
    json_add_str(c->doc, o, h->id_key, item->id.n ? item->id : STR("unknown"));
    json_add_cstr(c->doc, o, "action", "failed");
    reply_error(c, json_add_arr(c->doc, o, "errors"), why);
    return 0;
}

static int run_item(struct buyer_object_sync *h, const struct buyer_object_ops *ops, size_t i, yyjson_val *entry,
                    struct err *e)
{
    struct tool_call *c = h->c;
    struct err why;
    char at[64];
    (void)snprintf(at, sizeof(at), "/%s/%zu", h->list_key, i);
    struct buyer_object_item item = { .entry = entry, .at = at, .reply = json_push_obj(c->doc, h->out) };
    if (open_item(h, &item, i, &why) || honour_item(c, h->list_key, i, &why)) return fail_item(h, &item, &why, e);
    json_add_str(c->doc, item.reply, h->id_key, item.id);
    return ops->entry(h, &item, &why) ? fail_item(h, &item, &why, e) : 0;
}

static int delete_stored(struct buyer_object_sync *h, const struct buyer_object_key *key, yyjson_mut_val *o,
                         struct err *e)
{
    struct err why;
    if (object_unused(h->c->act, key, &why)) {
        struct buyer_object_item item = { .id = key->object_id, .reply = o };
        (void)err_field(&why, "/%s", h->list_key);
        return fail_item(h, &item, &why, e);
    }
    json_add_str(h->c->doc, o, h->id_key, key->object_id);
    json_add_cstr(h->c->doc, o, "action", "deleted");
    return !h->dry_run && q_buyer_object_delete(h->c->act->tx, key, e) < 0 ? -1 : 0;
}

static int each_stored(struct buyer_object_sync *h, const struct buyer_object_ops *ops, bool delete_missing,
                       struct err *e)
{
    struct tool_call *c = h->c;
    struct buyer_object_filter f = { .scope = key_of(h, STR_NONE), .limit = BUYER_OBJECT_ALL };
    struct buyer_object_rows rows;
    if (q_buyer_object_list(c->act->tx, c->arena, &f, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) {
        const struct buyer_object_key *key = &rows.rows[i].key;
        if (delete_missing && in_list(h, key->object_id)) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, h->out);
        if (delete_missing) {
            if (delete_stored(h, key, o, e)) return -1;
            continue;
        }
        json_add_str(c->doc, o, h->id_key, key->object_id);
        json_add_cstr(c->doc, o, "action", "unchanged");
        if (ops->show(h, &rows.rows[i], o, e)) return -1;
    }
    return 0;
}

static int audit(struct buyer_object_sync *h, struct err *e)
{
    struct arena *a = h->c->arena;
    struct audit_entry line = {
        .action = arena_printf(a, "%s.sync", h->kind).p,
        .subject = arena_printf(a, "account:" STR_FMT, STR_ARG(h->account.account_id)),
        .doc = arena_printf(a, "{\"count\":%zu}", yyjson_arr_size(h->list)),
    };
    return audit_add(h->c->act, &line, e);
}

int buyer_object_run(struct buyer_object_sync *h, const struct buyer_object_ops *ops, struct err *e)
{
    if (!h->list) return each_stored(h, ops, /* delete_missing= */ false, e);
    size_t n = yyjson_arr_size(h->list);
    yyjson_arr_iter it = yyjson_arr_iter_with(h->list);
    for (size_t i = 0; i < n; i++) {
        if (run_item(h, ops, i, yyjson_arr_iter_next(&it), e)) return -1;
    }
    if (json_bool_or(h->c->args, "delete_missing", false) && each_stored(h, ops, /* delete_missing= */ true, e))
        return -1;
    h->c->message = arena_printf(h->c->arena, "%zu %s synced.", n, h->list_key);
    return h->dry_run ? 0 : audit(h, e);
}
