/* update_media_buy: what the same buyer asked for before and a person has not decided yet. The later word counts: a
 * waiting change whose members are all named again is withdrawn; one of which only a part is named again cannot be
 * divided, so that the later request is refused until it is decided. */
#include "contract/document.h"
#include "domain/media_buy/media_buy_update.h"

/* Members that say where and how, not what is to change. */
static bool is_beside(const char *key)
{
    static const char *const beside[] = {
        "media_buy_id",
        "account",
        "idempotency_key",
        "context",
        "revision",
        "adcp_version",
        "ext",
        "push_notification_config",
        "dry_run",
        "reporting_webhook",
        "adcp_major_version",
        "governance_context",
    };
    for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
        if (strcmp(key, beside[i]) == 0) return true;
    }
    return false;
}

static yyjson_val *entry_of(yyjson_val *args, struct str package_id)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(args, "packages"), i, n, v) {
        if (str_eq(json_str(v, "package_id"), package_id)) return v;
    }
    return NULL;
}

struct overlap {
    size_t members, named_again; /* of the waiting change */
};

static void compare_package(struct overlap *o, yyjson_val *was, yyjson_val *is)
{
    yyjson_val *key, *v;
    size_t i, n;
    yyjson_obj_foreach(was, i, n, key, v) {
        const char *name = yyjson_get_str(key);
        if (strcmp(name, "package_id") == 0 || is_beside(name)) continue;
        o->members++;
        if (json_has(is, name)) o->named_again++;
    }
}

/* Ending the buy, or a package of it, answers everything that waits about it. */
static struct overlap compare(yyjson_val *was, yyjson_val *is)
{
    struct overlap o = { 0, 0 };
    yyjson_val *key, *v, *p;
    size_t i, n, k, m;
    yyjson_obj_foreach(was, i, n, key, v) {
        const char *name = yyjson_get_str(key);
        if (is_beside(name)) continue;
        if (strcmp(name, "packages") != 0) {
            o.members++;
            if (json_has(is, name)) o.named_again++;
            continue;
        }
        yyjson_arr_foreach(v, k, m, p) compare_package(&o, p, entry_of(is, json_str(p, "package_id")));
    }
    return o;
}

static int refuse(const struct task_row *task, struct err *e)
{
    (void)err_set(e, "CONFLICT",
                  "Task " STR_FMT " waits for the publisher with an earlier change of the same, and of more.",
                  STR_ARG(task->task_id));
    (void)err_details(e, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(task->task_id));
    (void)err_suggest(e,
                      "Name everything again that the earlier request named, so that this one takes its place, or wait"
                      " for the decision.");
    return err_field(e, "/media_buy_id");
}

int buy_update_supersede(const struct buy_update *u, struct err *e)
{
    struct task_subject subject = { .type = "media_buy", .id = u->old.media_buy_id };
    struct task_row *rows;
    size_t n;
    if (task_open_of(u->act, &subject, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!str_is(rows[i].kind, "update_media_buy")) continue;
        yyjson_val *was = document_read(u->act->arena, task_member(u->act, &rows[i], "operation"));
        if (document_whole(u->act->arena, e)) return -1;
        struct overlap o = compare(was, u->args);
        if (o.named_again == 0) continue;
        if (o.named_again < o.members || task_executing(u->act, &rows[i])) return refuse(&rows[i], e);
        if (task_withdraw_one(u->act, &rows[i], "the buyer has asked for something else since", e)) return -1;
    }
    return 0;
}
