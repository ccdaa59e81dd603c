#include "domain/publisher/publisher_life.h"

#include "contract/json.h"
#include "domain/core/audit.h"
#include "store/publisher_rows.h"
#include "store/q/q_tenant.h"

#define COME_BACK_S 3600

int publisher_is_off(struct tx *tx, struct arena *a, struct str tenant_id, struct publisher_off *out, struct err *e)
{
    struct tenant_off_row row;
    int rc = q_tenant_off_get(tx, a, tenant_id, &row, e);
    if (rc == 1 && out) *out = (struct publisher_off){ row.since, row.actor, row.why };
    return rc;
}

int publisher_off_refuse(struct err *e)
{
    (void)err_set(e, "SERVICE_UNAVAILABLE", "This publisher is off the air for the time being.");
    e->retry_after_s = COME_BACK_S;
    return -1;
}

static int note(const struct act *act, const char *action, yyjson_mut_doc *doc, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject =
                                     arena_printf(act->arena, "tenant:" STR_FMT, STR_ARG(act->tenant->tenant_id)),
                                 .doc = doc ? json_write(act->arena, doc->root) : STR_NONE };
    return audit_add(act, &entry, e);
}

int publisher_disable(const struct act *act, struct str why, struct err *e)
{
    const struct tenant_off_row row = { act->tenant->tenant_id, act->now, act->actor, why };
    int changed = q_tenant_off_put(act->tx, &row, e);
    if (changed < 1) return changed;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    json_add_str_opt(doc, json_root_obj(doc), "why", why);
    return note(act, "publisher.disable", doc, e) ? -1 : 1;
}

int publisher_enable(const struct act *act, struct err *e)
{
    int changed = q_tenant_off_delete(act->tx, act->tenant->tenant_id, e);
    if (changed < 1) return changed;
    if (q_tenant_jobs_due(act->tx, act->tenant->tenant_id, act->now, e)) return -1;
    return note(act, "publisher.enable", NULL, e) ? -1 : 1;
}

int publisher_live_buys(const struct act *act, int64_t *n, struct err *e)
{
    return q_tenant_live_buys(act->tx, act->tenant->tenant_id, act->now, n, e);
}

int publisher_remove(const struct act *act, bool also_live, int64_t *rows, struct err *e)
{
    int64_t live;
    if (publisher_live_buys(act, &live, e)) return -1;
    if (live && !also_live) {
        (void)err_set(e, "INVALID_STATE", "%lld media buys are under way, or will be.", (long long)live);
        return err_suggest(e,
                           "End them first, or say --with-live-buys: what an ad server runs then goes on unwatched.");
    }
    if (publisher_rows_remove(act->tx, act->tenant->tenant_id, rows, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "name", act->tenant->name);
    json_add_i64(doc, root, "rows", *rows);
    json_add_i64(doc, root, "live_media_buys", live);
    return note(act, "publisher.remove", doc, e);
}
