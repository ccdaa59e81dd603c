/* The human tasks of AdCP:Buy v1: views on the publisher's one task machine. */
#include "dialects/buy_v1.h"

static const struct json_len text_len = { 1, 2000 };

/* A member that must be one of a few words. */
static int one_of(struct json_field f, const char *const *words, struct str *out, struct err *e)
{
    struct str given = STR_NONE;
    if (json_opt_str(f, (struct json_len){ 1, 64 }, &given, e)) return -1;
    if (!given.p) return 0;
    for (; *words; words++) {
        if (!str_is(given, *words)) continue;
        *out = given;
        return 0;
    }
    err_set(e, "VALIDATION_ERROR", STR_FMT " is not a known %s", STR_ARG(given), f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

static const char *const task_types[] = {
    "creative_approval", "permission_exception", "configuration_required", "compliance_review", "manual_approval", NULL,
};
static const char *const priorities[] = { "low", "medium", "high", "urgent", NULL };

/* --- up -------------------------------------------------------------------------------------------------- */

/* Copies optional texts under their own names. */
static int texts_up(struct shape_up *u, const char *const *keys, struct err *e)
{
    for (; *keys; keys++) {
        struct str text = STR_NONE;
        if (json_opt_str(JSON_FIELD(u->in, *keys, ""), text_len, &text, e)) return -1;
        if (text.n) json_add_str(u->doc, u->out, *keys, text);
    }
    return 0;
}

int buy_v1_task_create_up(struct shape_up *u, struct err *e)
{
    static const char *const texts[] = { "principal_id", "media_buy_id", "creative_id",
                                         "operation",    "error_detail", NULL };
    struct str type = STR_NONE, priority = STR("medium");
    yyjson_val *context = NULL;
    int64_t hours = 0;
    if (json_req_str(JSON_FIELD(u->in, "task_type", ""), (struct json_len){ 1, 64 }, &type, e)) return -1;
    if (one_of(JSON_FIELD(u->in, "task_type", ""), task_types, &type, e)) return -1;
    if (one_of(JSON_FIELD(u->in, "priority", ""), priorities, &priority, e)) return -1;
    if (json_opt_obj(JSON_FIELD(u->in, "context_data", ""), &context, e)) return -1;
    if (json_opt_i64(JSON_FIELD(u->in, "due_in_hours", ""), (struct json_range){ 1, 24 * 365 }, &hours, e)) return -1;
    json_add_str(u->doc, u->out, "task_type", type);
    json_add_str(u->doc, u->out, "priority", priority);
    json_add_copy(u->doc, u->out, "context_data", context);
    if (hours) json_add_i64(u->doc, u->out, "due_in_hours", hours);
    return texts_up(u, texts, e);
}

int buy_v1_task_list_up(struct shape_up *u, struct err *e)
{
    static const char *const texts[] = { "principal_id", "assigned_to", NULL };
    struct str type = STR_NONE, priority = STR_NONE;
    bool overdue = true;
    if (one_of(JSON_FIELD(u->in, "task_type", ""), task_types, &type, e)) return -1;
    if (one_of(JSON_FIELD(u->in, "priority", ""), priorities, &priority, e)) return -1;
    if (json_opt_bool(JSON_FIELD(u->in, "include_overdue", ""), &overdue, e)) return -1;
    json_add_str_opt(u->doc, u->out, "task_type", type);
    json_add_str_opt(u->doc, u->out, "priority", priority);
    json_add_bool(u->doc, u->out, "include_overdue", overdue);
    return texts_up(u, texts, e);
}

static int task_id_up(struct shape_up *u, struct err *e)
{
    struct str id;
    if (json_req_str(JSON_FIELD(u->in, "task_id", ""), V1_ID_LEN, &id, e)) return -1;
    json_add_str(u->doc, u->out, "task_id", id);
    return 0;
}

int buy_v1_task_assign_up(struct shape_up *u, struct err *e)
{
    struct str who;
    if (task_id_up(u, e) || json_req_str(JSON_FIELD(u->in, "assigned_to", ""), V1_ID_LEN, &who, e)) return -1;
    json_add_str(u->doc, u->out, "assigned_to", who);
    return 0;
}

int buy_v1_task_complete_up(struct shape_up *u, struct err *e)
{
    static const char *const resolutions[] = { "approved", "completed", "rejected", "cannot_complete", NULL };
    static const char *const texts[] = { "resolution_detail", "resolved_by", NULL };
    struct str resolution = STR_NONE;
    if (task_id_up(u, e)) return -1;
    if (json_req_str(JSON_FIELD(u->in, "resolution", ""), (struct json_len){ 1, 64 }, &resolution, e)) return -1;
    if (one_of(JSON_FIELD(u->in, "resolution", ""), resolutions, &resolution, e)) return -1;
    bool approve = str_is(resolution, "approved") || str_is(resolution, "completed");
    json_add_cstr(u->doc, u->out, "decision", approve ? "approve" : "reject");
    json_add_str(u->doc, u->out, "resolution", resolution);
    return texts_up(u, texts, e);
}

int buy_v1_task_verify_up(struct shape_up *u, struct err *e)
{
    yyjson_val *expected = NULL;
    if (task_id_up(u, e) || json_opt_obj(JSON_FIELD(u->in, "expected_outcome", ""), &expected, e)) return -1;
    json_add_copy(u->doc, u->out, "expected_outcome", expected);
    return 0;
}

int buy_v1_task_mark_up(struct shape_up *u, struct err *e)
{
    struct str who = STR_NONE;
    bool override = false;
    if (task_id_up(u, e)) return -1;
    if (json_opt_bool(JSON_FIELD(u->in, "override_verification", ""), &override, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "completed_by", ""), text_len, &who, e)) return -1;
    json_add_cstr(u->doc, u->out, "decision", "approve");
    json_add_cstr(u->doc, u->out, "resolution", "completed");
    json_add_bool(u->doc, u->out, "verify", true);
    json_add_bool(u->doc, u->out, "override_verification", override);
    json_add_str_opt(u->doc, u->out, "resolved_by", who);
    return 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

static struct str arg(const struct dialect_down *d, const char *key)
{
    return json_str(d->request->args, key);
}

yyjson_mut_val *buy_v1_task_create_down(const struct dialect_down *d)
{
    static const struct shape_member members[] = {
        { "task_id", "task_id" },
        { "status", "status" },
        { "due_by", "due_at" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    shape_copy(d->doc, root, json_obj(d->aux, "task"), members);
    return root;
}

/* Our kinds in the page's words; what a caller created keeps its own. */
static void add_type(yyjson_mut_doc *doc, yyjson_mut_val *out, struct str kind)
{
    static const struct {
        const char *start, *type;
    } types[] = {
        { "create_media_buy", "manual_approval" },    { "update_media_buy", "manual_approval" },
        { "creative_approval", "creative_approval" }, { "creative", "creative_approval" },
        { "account", "permission_exception" },
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (!str_starts(kind, str_from(types[i].start))) continue;
        json_add_cstr(doc, out, "task_type", types[i].type);
        return;
    }
    json_add_str(doc, out, "task_type", kind);
}

yyjson_mut_val *buy_v1_task_list_down(const struct dialect_down *d)
{
    static const struct shape_member members[] = {
        { "principal_id", "principal_id" },
        { "status", "status" },
        { "priority", "priority" },
        { "media_buy_id", "media_buy_id" },
        { "creative_id", "creative_id" },
        { "operation", "operation" },
        { "error_detail", "error_detail" },
        { "context_data", "context_data" },
        { "assigned_to", "assigned_to" },
        { "created_at", "created_at" },
        { "due_by", "due_at" },
        { "resolution", "resolution" },
        { "resolution_detail", "resolution_detail" },
        { "resolved_by", "resolved_by" },
        { "completed_at", "completed_at" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "tasks");
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "tasks"), i, n, task) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        json_add_copy(d->doc, out, "task_id", yyjson_obj_get(task, "task_id"));
        add_type(d->doc, out, json_str(task, "type"));
        shape_copy(d->doc, out, task, members);
    }
    json_add_i64(d->doc, root, "total_count", (int64_t)n);
    json_add_i64(d->doc, root, "overdue_count", json_i64_or(d->aux, "overdue_count", 0));
    return root;
}

static yyjson_mut_val *success(const struct dialect_down *d, struct str detail)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_cstr(d->doc, root, "status", "success");
    json_add_str(d->doc, root, "detail", detail);
    return root;
}

yyjson_mut_val *buy_v1_task_assign_down(const struct dialect_down *d)
{
    return success(d, arena_printf(d->request->arena, "Task " STR_FMT " assigned to " STR_FMT,
                                   STR_ARG(arg(d, "task_id")), STR_ARG(arg(d, "assigned_to"))));
}

static yyjson_mut_val *not_carried_out(const struct dialect_down *d, const char *member)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_cstr(d->doc, root, "status", "failed");
    json_add_copy(d->doc, root, "task_id", yyjson_obj_get(d->request->args, "task_id"));
    json_add_str(d->doc, root, member,
                 arena_printf(d->request->arena, "The task stays open; it could not be carried out: " STR_FMT,
                              STR_ARG(json_str(json_obj(d->aux, "failure"), "message"))));
    return root;
}

yyjson_mut_val *buy_v1_task_complete_down(const struct dialect_down *d)
{
    if (json_obj(d->aux, "failure")) return not_carried_out(d, "detail");
    return success(d, arena_printf(d->request->arena, "Task " STR_FMT " completed with resolution: " STR_FMT,
                                   STR_ARG(arg(d, "task_id")), STR_ARG(arg(d, "resolution"))));
}

static const struct shape_member verification[] = {
    { "actual_state", "actual_state" },
    { "expected_state", "expected_state" },
    { "discrepancies", "discrepancies" },
    { 0 },
};

yyjson_mut_val *buy_v1_task_verify_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_copy(d->doc, root, "task_id", yyjson_obj_get(d->request->args, "task_id"));
    json_add_copy(d->doc, root, "verified", yyjson_obj_get(d->aux, "verified"));
    shape_copy(d->doc, root, d->aux, verification);
    return root;
}

yyjson_mut_val *buy_v1_task_mark_down(const struct dialect_down *d)
{
    struct str who = arg(d, "completed_by");
    if (json_obj(d->aux, "failure")) return not_carried_out(d, "message");
    yyjson_mut_val *root = json_root_obj(d->doc);
    if (!json_bool_or(d->aux, "closed", true)) {
        json_add_cstr(d->doc, root, "status", "verification_failed");
        json_add_bool(d->doc, root, "verified", false);
        json_add_copy(d->doc, root, "discrepancies", yyjson_obj_get(d->aux, "discrepancies"));
        json_add_cstr(d->doc, root, "message",
                      "Task verification failed. Use override_verification=true to force completion.");
        return root;
    }
    json_add_cstr(d->doc, root, "status", "success");
    json_add_copy(d->doc, root, "task_id", yyjson_obj_get(d->request->args, "task_id"));
    json_add_copy(d->doc, root, "verified", yyjson_obj_get(d->aux, "verified"));
    shape_copy(d->doc, json_add_obj(d->doc, root, "verification_details"), d->aux, verification);
    json_add_str(d->doc, root, "message",
                 arena_printf(d->request->arena, "Task marked complete by " STR_FMT,
                              STR_ARG(who.n ? who : STR("the publisher"))));
    return root;
}
