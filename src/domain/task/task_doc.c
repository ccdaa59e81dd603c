#include "domain/task/task_doc.h"

#include "contract/document.h"

bool task_open(const struct task_row *task)
{
    return !str_is(task->state, "completed") && !str_is(task->state, "failed");
}

const char *task_adcp_status(const struct task_row *task)
{
    if (task_open(task)) return "submitted";
    if (str_is(task->decision, "rejected")) return "rejected";
    if (str_is(task->decision, "withdrawn")) return "canceled";
    return str_is(task->state, "completed") ? "completed" : "failed";
}

/* ---- the document ---- */

yyjson_val *task_get(const struct act *act, const struct task_row *task, const char *key)
{
    return yyjson_obj_get(document_read(act->arena, task->doc), key);
}

struct str task_tool(const struct act *act, const struct task_row *task)
{
    return json_val_str(task_get(act, task, "called_as"));
}

struct str task_member(const struct act *act, const struct task_row *task, const char *key)
{
    yyjson_val *v = task_get(act, task, key);
    return v ? json_write_val(act->arena, v) : STR_NONE;
}

void task_put(const struct act *act, struct task_row *task, const char *key, struct str json_text)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    document_set_text(&d, key, json_text);
    task->doc = document_text(&d);
}

void task_put_str(const struct act *act, struct task_row *task, const char *key, struct str text)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    document_set_str(&d, key, text);
    task->doc = document_text(&d);
}

void task_drop(const struct act *act, struct task_row *task, const char *key)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    if (!document_get(&d, key)) return;
    document_remove(&d, key);
    task->doc = document_text(&d);
}

bool task_executing(const struct act *act, const struct task_row *task)
{
    return task_open(task) && json_bool_or(task_get(act, task, "execution"), "running", false);
}
