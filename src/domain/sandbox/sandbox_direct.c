/* Directives: "answer the next create_media_buy with this task". One per caller and tool, used up by the next call. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/sandbox/sandbox.h"
#include "domain/task/task.h"
#include "store/q/q_buyer_object.h"

#define TASK_ID_MAX 128
#define MESSAGE_MAX 2000

static struct buyer_object_key key_of(const struct act *act, const char *tool)
{
    return (struct buyer_object_key){ .tenant_id = act->tenant->tenant_id,
                                      .kind = BUYER_OBJECT_SANDBOX,
                                      .principal_id = act->principal->principal_id,
                                      .object_id = arena_printf(act->arena, "arm:%s", tool) };
}

static int check(const char *tool, const struct sandbox_directive *d, struct err *e)
{
    bool waits = strcmp(tool, "create_media_buy") == 0 && str_is(d->arm, "input-required");
    if (!str_is(d->arm, "submitted") && !waits) {
        (void)err_set(e, "INVALID_PARAMS", "params.arm cannot be forced on %s", tool);
        return err_field(e, "/params/arm");
    }
    if (str_is(d->arm, "submitted") &&
        (d->task_id.n == 0 || d->task_id.n > TASK_ID_MAX || !id_text_valid(d->task_id, TASK_ID_MAX))) {
        (void)err_set(e, "INVALID_PARAMS", "params.task_id is required for a submitted answer: 1 to %d characters",
                      TASK_ID_MAX);
        return err_field(e, "/params/task_id");
    }
    if (d->message.n > MESSAGE_MAX) {
        (void)err_set(e, "INVALID_PARAMS", "params.message is longer than %d bytes", MESSAGE_MAX);
        return err_field(e, "/params/message");
    }
    return 0;
}

/* A task that was forced on this caller before may be forced on it again; every other id that is taken is refused. */
static int check_task_id(const struct act *act, struct str task_id, struct err *e)
{
    struct task_key taken = { .tenant_id = act->tenant->tenant_id, .task_id = task_id };
    struct task_row task;
    int found = task_id.n ? q_task_get(act->tx, act->arena, &taken, &task, e) : 0;
    if (found <= 0) return found;
    if (str_starts(task.kind, STR("forced")) && str_eq(task.principal_id, act->principal->principal_id)) return 0;
    (void)err_set(e, "INVALID_PARAMS", "params.task_id names a task that exists");
    return err_field(e, "/params/task_id");
}

int sandbox_direct(const struct act *act, const char *tool, yyjson_val *params, struct sandbox_directive *out,
                   struct err *e)
{
    struct sandbox_directive d = { .arm = json_str(params, "arm"), .message = json_str(params, "message") };
    if (str_is(d.arm, "submitted")) d.task_id = json_str(params, "task_id");
    if (check(tool, &d, e) || check_task_id(act, d.task_id, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "arm", d.arm);
    json_add_str_opt(doc, o, "task_id", d.task_id);
    json_add_str_opt(doc, o, "message", d.message);
    struct buyer_object_row row = {
        .key = key_of(act, tool), .doc = json_write(act->arena, o), .created_at = act->now, .updated_at = act->now
    };
    if (q_buyer_object_put(act->tx, &row, e)) return -1;
    *out = d;
    return 0;
}

int sandbox_directed(const struct act *act, const char *tool, struct sandbox_directive *out, struct err *e)
{
    struct buyer_object_key key = key_of(act, tool);
    struct buyer_object_row row;
    int found = q_buyer_object_get(act->tx, act->arena, &key, &row, e);
    if (found != 1) return found;
    yyjson_val *o = document_read(act->arena, row.doc);
    *out = (struct sandbox_directive){ json_str(o, "arm"), json_str(o, "task_id"), json_str(o, "message") };
    return 1;
}

/* What people see it as; deciding it has no effect beyond the decision. */
static const char *kind_for(const char *tool)
{
    if (strcmp(tool, "get_products") == 0) return "forced_products";
    return strcmp(tool, "get_signals") == 0 ? "forced_signals" : "forced";
}

int sandbox_obey(const struct act *act, const char *tool, const struct sandbox_directive *d, yyjson_val *args,
                 struct err *e)
{
    struct buyer_object_key key = key_of(act, tool);
    if (q_buyer_object_delete(act->tx, &key, e) < 0) return -1;
    if (!str_is(d->arm, "submitted")) return 0;
    struct task_key before = { act->tenant->tenant_id, act->principal->principal_id, d->task_id };
    if (q_task_delete(act->tx, &before, e) < 0) return -1;
    yyjson_val *context = yyjson_obj_get(args, "context"), *push = yyjson_obj_get(args, "push_notification_config");
    struct task_new task = {
        .kind = kind_for(tool),
        .task_id = d->task_id,
        .principal_id = act->principal->principal_id,
        .subject_type = "tool",
        .subject_id = str_from(tool),
        .description = d->message.n ? d->message : STR("Forced by the sandbox's test controller"),
        .rule = STR("the test controller asked for a task"),
        .context = context ? json_write_val(act->arena, context) : STR_NONE,
        .push_config = push ? json_write_val(act->arena, push) : STR_NONE,
        .due_at = TIME_NONE,
    };
    struct task_row row;
    return task_create(act, &task, &row, e);
}
