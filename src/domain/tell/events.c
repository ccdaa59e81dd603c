#include "domain/tell/events.h"

#include "contract/json.h"
#include "domain/core/audit.h"
#include "domain/tell/notify.h"
#include "domain/tell/people_notify.h"

int media_buy_changed(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                      struct err *e)
{
    struct history_row history = { .media_buy_id = buy->media_buy_id,
                                   .revision = buy->revision,
                                   .at = act->now,
                                   .actor = act->actor,
                                   .action = str_from(change->action),
                                   .summary = change->summary,
                                   .package_id = change->package_id };
    if (q_history_add(act->tx, &history, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_i64(doc, o, "revision", buy->revision);
    json_add_str(doc, o, "status", buy->status);
    json_add_str(doc, o, "summary", change->summary);
    json_add_str_opt(doc, o, "package_id", change->package_id);
    json_add_str_opt(doc, o, "origin", act->origin);
    struct audit_entry entry = {
        .action = arena_printf(act->arena, "media_buy.%s", change->action).p,
        .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(buy->media_buy_id)),
        .doc = json_write(act->arena, o),
    };
    return audit_add(act, &entry, e) ? -1 : notify_media_buy(act, buy, change, e);
}

int task_changed(const struct act *act, const struct task_row *task, const char *what, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "kind", task->kind);
    json_add_str(doc, o, "state", task->state);
    json_add_str_opt(doc, o, "decision", task->decision);
    json_add_str(doc, o, "subject",
                 arena_printf(act->arena, STR_FMT ":" STR_FMT, STR_ARG(task->subject_type), STR_ARG(task->subject_id)));
    json_add_str_opt(doc, o, "origin", act->origin);
    struct audit_entry entry = {
        .action = arena_printf(act->arena, "task.%s", what).p,
        .subject = arena_printf(act->arena, "task:" STR_FMT, STR_ARG(task->task_id)),
        .doc = json_write(act->arena, o),
    };
    if (audit_add(act, &entry, e) || notify_task(act, task, what, e)) return -1;
    return people_notify(act, task, what, e);
}
