#include "tools/decide/human_tasks.h"
#include "contract/limits.h"

#include "base/rfc3339.h"
#include "domain/creative/creative.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"
#include "domain/core/secrets.h"

#define TASKS_MAX    200
#define RECENT_HOURS 24 /* who polls for a decision finds it for so long in the list of what is pending */
#define HOUR         (3600 * USEC_PER_SEC)

static const char *const priorities[] = { "low", "medium", "high", "urgent" };
static const int64_t due_hours[] = { 0, 48, 24, 4 }; /* by priority; 0: the publisher's own time for approvals */

static size_t rank(struct str priority)
{
    for (size_t i = 0; i < ARRAY_LEN(priorities); i++) {
        if (str_is(priority, priorities[i])) return i;
    }
    return 1;
}

static bool is_buyer(const struct act *act)
{
    return act->principal && act->principal->role == ROLE_BUYER;
}

/* --- create ---------------------------------------------------------------------------------------------- */

/* What a task is about: the approval of a creative that is in the library really approves it; anything else is a note
 * about its subject, and is done when somebody says so. */
static int find_subject(struct tool_call *c, struct task_new *in, struct err *e)
{
    struct str creative = json_str(c->args, "creative_id"), buy = json_str(c->args, "media_buy_id");
    struct creative_row row;
    in->subject_type = creative.n ? "creative" : "media_buy";
    in->subject_id = creative.n ? creative : buy;
    if (!creative.n || !str_is(str_from(in->kind), "creative_approval")) return 0;
    int found = creative_get(c->act, in->principal_id, creative, &row, e);
    if (found < 0) return -1;
    if (found) in->kind = "creative_review";
    return 0;
}

/* A buy that is somebody else's is not there. */
static int about_own_buy(struct tool_call *c, struct str principal_id, struct err *e)
{
    struct str id = json_str(c->args, "media_buy_id");
    struct media_buy buy;
    if (!id.n) return 0;
    int found = media_buy_load(c->act, id, &buy, e);
    if (found < 0) return -1;
    if (found && str_eq(buy.row.principal_id, principal_id)) return 0;
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "There is no media buy of that id.");
    return err_field(e, "/media_buy_id");
}

static int64_t due_of(struct tool_call *c, struct str priority)
{
    int64_t hours = json_i64_or(c->args, "due_in_hours", due_hours[rank(priority)]);
    return hours > 0 ? c->act->now + hours * HOUR : TIME_NONE;
}

int x_create_task_run(struct tool_call *c, struct err *e)
{
    struct str type, priority = STR("medium"), detail = json_str(c->args, "error_detail");
    struct str principal = c->act->principal->principal_id, other = json_str(c->args, "principal_id");
    struct task_row row;
    if (json_req_str(JSON_FIELD(c->args, "task_type", ""), (struct json_len){ 1, 64 }, &type, e)) return -1;
    if (json_opt_str(JSON_FIELD(c->args, "priority", ""), (struct json_len){ 1, 16 }, &priority, e)) return -1;
    if (other.n && !str_eq(other, principal) && is_buyer(c->act)) {
        (void)err_set(e, "PERMISSION_DENIED", "A task of another principal can only be made by the publisher.");
        return err_field(e, "/principal_id");
    }
    struct task_new in = {
        .kind = arena_cstr(c->arena, type),
        .principal_id = other.n ? other : principal,
        .description = detail,
        .rule = STR("raised by hand"),
        .operation = json_write_val(c->arena, c->args),
        .priority = priority,
        .due_at = due_of(c, priority),
    };
    if (about_own_buy(c, in.principal_id, e) || find_subject(c, &in, e)) return -1;
    if (task_create(c->act, &in, &row, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->aux, "task");
    json_add_str(c->doc, o, "task_id", row.task_id);
    json_add_str(c->doc, o, "status", row.state);
    if (row.due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", row.due_at);
    return 0;
}

/* --- list ------------------------------------------------------------------------------------------------ */

/* The kinds behind a caller's word, as a JSON array; empty for any. */
static struct str kinds_of(struct tool_call *c)
{
    struct str type = json_str(c->args, "task_type");
    if (!type.n) return STR_NONE;
    if (str_is(type, "manual_approval")) return STR("[\"create_media_buy\",\"update_media_buy\",\"manual_approval\"]");
    if (str_is(type, "creative_approval")) return STR("[\"creative_review\",\"creative_approval\"]");
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *one = yyjson_mut_arr(doc);
    json_push_str(doc, one, type);
    return json_write(c->arena, one);
}

static bool overdue(const struct tool_call *c, const struct task_row *t)
{
    return task_open(t) && t->due_at != TIME_NONE && t->due_at < c->act->now;
}

static bool shown(struct tool_call *c, const struct task_row *t)
{
    struct str id = json_str(c->args, "task_id"), status = json_str(c->args, "status");
    struct str who = json_str(c->args, "assigned_to"), priority = json_str(c->args, "priority");
    /* Why an ad server refused is for the publisher's people. */
    if (is_buyer(c->act) && str_is(t->kind, "ad_server")) return false;
    if (id.n) return str_eq(t->task_id, id);
    if (who.n && !str_eq(t->assigned_to, who)) return false;
    if (priority.n && rank(t->priority) < rank(priority)) return false;
    if (!json_bool_or(c->args, "include_overdue", true) && overdue(c, t)) return false;
    if (status.n) return str_eq(t->state, status);
    return task_open(t) || (t->resolved_at != TIME_NONE && t->resolved_at > c->act->now - RECENT_HOURS * HOUR);
}

static void add_member(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, const char *key,
                       const char *member)
{
    if (!yyjson_mut_obj_get(o, key))
        (void)json_add_text(c->doc, o, key, secrets_redacted(c->arena, task_member(c->act, t, member)));
}

static void add_task(struct tool_call *c, yyjson_mut_val *list, const struct task_row *t)
{
    static const char *const asked[] = { "operation", "error_detail", "context_data", "creative_id", "media_buy_id" };
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "type", t->kind);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str(c->doc, o, "status", t->state);
    json_add_str(c->doc, o, "priority", t->priority);
    json_add_str_opt(c->doc, o, "assigned_to", t->assigned_to);
    json_add_time(c->doc, o, "created_at", t->created_at);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    if (t->resolved_at != TIME_NONE) json_add_time(c->doc, o, "completed_at", t->resolved_at);
    json_add_str_opt(c->doc, o, "resolution", t->decision);
    yyjson_val *operation = task_get(c->act, t, "operation");
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        yyjson_val *v = yyjson_obj_get(operation, asked[i]);
        if (yyjson_is_str(v) || yyjson_is_obj(v)) json_add_copy(c->doc, o, asked[i], v);
    }
    const char *subject = str_is(t->subject_type, "creative") ? "creative_id" : "media_buy_id";
    if (t->subject_id.n && !yyjson_mut_obj_get(o, subject)) json_add_str(c->doc, o, subject, t->subject_id);
    add_member(c, o, t, "description", "description");
    add_member(c, o, t, "resolution_detail", "reason");
    add_member(c, o, t, "resolved_by", "resolved_by");
}

/* The most urgent first, then what is due first. */
static bool before(const struct task_row *a, const struct task_row *b)
{
    if (rank(a->priority) != rank(b->priority)) return rank(a->priority) > rank(b->priority);
    if (a->due_at == TIME_NONE || b->due_at == TIME_NONE) return b->due_at == TIME_NONE && a->due_at != TIME_NONE;
    return a->due_at < b->due_at;
}

static void sort(struct task_row *rows, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct task_row row = rows[i];
        size_t k = i;
        for (; k > 0 && before(&row, &rows[k - 1]); k--) rows[k] = rows[k - 1];
        rows[k] = row;
    }
}

int x_list_tasks_run(struct tool_call *c, struct err *e)
{
    struct str other = json_str(c->args, "principal_id");
    struct task_filter f = { .tenant_id = c->act->tenant->tenant_id,
                             .principal_id = is_buyer(c->act) ? c->act->principal->principal_id : other,
                             .kinds = kinds_of(c),
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = TASKS_MAX,
                             .bytes_max = PAGE_BYTES_MAX };
    struct task_row *rows;
    size_t n, kept = 0;
    int64_t late = 0;
    if (is_buyer(c->act) && other.n && !str_eq(other, c->act->principal->principal_id)) {
        (void)err_set(e, "PERMISSION_DENIED", "Tasks of another principal are shown to the publisher only.");
        (void)err_suggest(e, "Leave principal_id out for your own.");
        return err_field(e, "/principal_id");
    }
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!shown(c, &rows[i])) continue;
        late += overdue(c, &rows[i]);
        rows[kept++] = rows[i];
    }
    sort(rows, kept);
    yyjson_mut_val *list = json_add_arr(c->doc, c->aux, "tasks");
    for (size_t i = 0; i < kept; i++) add_task(c, list, &rows[i]);
    json_add_i64(c->doc, c->aux, "overdue_count", late);
    return 0;
}

/* --- complete and verify --------------------------------------------------------------------------------- */

static int require_task(struct tool_call *c, struct task_row *t, struct err *e)
{
    struct str id;
    if (json_req_str(JSON_FIELD(c->args, "task_id", ""), (struct json_len){ 1, 255 }, &id, e)) return -1;
    return task_load(c->act, id, t, e);
}

/* Who signed, in the caller's words, beside the credential that did it. */
static int note_signer(struct tool_call *c, const struct task_row *t, struct err *e)
{
    struct str who = json_str(c->args, "resolved_by"), detail = json_str(c->args, "resolution_detail");
    struct task_row ignored;
    if (!who.n) return 0;
    struct task_work w = { .task_id = t->task_id, .due_at = TIME_NONE };
    w.comment = arena_printf(c->arena, STR_FMT ": " STR_FMT, STR_ARG(who), STR_ARG(detail.n ? detail : STR("decided")));
    return task_update(c->act, &w, &ignored, e);
}

int x_complete_task_run(struct tool_call *c, struct err *e)
{
    struct task_row t;
    bool verified = true, reject = str_is(json_str(c->args, "decision"), "reject");
    if (require_task(c, &t, e)) return -1;
    if (json_bool_or(c->args, "verify", false) && human_verify(c, &t, NULL, &verified, e)) return -1;
    bool close = verified || json_bool_or(c->args, "override_verification", false);
    if (!close) {
        json_add_bool(c->doc, c->aux, "closed", false);
        return 0;
    }
    struct task_resolution r = { .task_id = t.task_id,
                                 .decision = reject ? TASK_REJECT : TASK_APPROVE,
                                 .reason = json_str(c->args, "resolution_detail") };
    if (note_signer(c, &t, e) || task_resolve(c->act, &r, &t, e)) return -1;
    bool executing = task_executing(c->act, &t);
    json_add_bool(c->doc, c->aux, "closed", !task_open(&t) || executing);
    if (executing) json_add_bool(c->doc, c->aux, "executing", true);
    (void)json_add_text(c->doc, c->aux, "failure", task_member(c->act, &t, "failure")); /* empty: there is none */
    return 0;
}

int x_verify_task_run(struct tool_call *c, struct err *e)
{
    struct task_row t;
    bool verified;
    if (require_task(c, &t, e)) return -1;
    return human_verify(c, &t, json_obj(c->args, "expected_outcome"), &verified, e);
}
