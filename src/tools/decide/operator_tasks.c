/* What the publisher's people do with tasks: x_task_list, x_task_get, x_task_resolve, x_task_assign. Views on the one
 * task machine (domain/task/task.h); the command line, and later the pages, call these. */
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "contract/document.h"
#include "domain/booking/booking_forecast.h"
#include "domain/core/audit.h"
#include "domain/core/secrets.h"
#include "domain/decide/task_preview.h"
#include "domain/decide/task_resolve.h"
#include "store/q/agent/q_audit.h"
#include "store/q/agent/q_job.h"
#include "store/q/q_tenant.h"
#include "tools/decide/links.h"
#include "tools/decide/task_summary.h"
#include "tools/operation_tools.h"
#include "tools/publisher/ad_requests.h"

#define LIST_MAX 100

static void encode_task(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str_opt(c->doc, o, "decision", t->decision);
    json_add_text(c->doc, o, "description", task_member(c->act, t, "description"));
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str(c->doc, o, "priority", t->priority);
    json_add_str_opt(c->doc, o, "assigned_to", t->assigned_to);
    json_add_time(c->doc, o, "created_at", t->created_at);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    if (t->resolved_at != TIME_NONE) json_add_time(c->doc, o, "resolved_at", t->resolved_at);
}

/* The members of a task's document that people need to decide. */
static void encode_details(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    static const char *const members[] = { "rule",      "terms",   "operation",    "difference", "findings",
                                           "comments",  "reason",  "resolved_by",  "result",     "failure",
                                           "execution", "waiting", "instructions", "remote_ids" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_add_text(c->doc, o, members[i], secrets_redacted(c->arena, task_member(c->act, t, members[i])));
    }
}

static void encode_line_items(struct tool_call *c, yyjson_mut_val *o, const struct plan *plan)
{
    yyjson_mut_val *list = json_add_arr(c->doc, o, "line_items");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *k = &plan->packages[i];
        yyjson_mut_val *item = json_push_obj(c->doc, list);
        json_add_str(c->doc, item, "package_id", k->package_id);
        json_add_str(c->doc, item, "product_id", k->product_id);
        json_add_money(c->doc, item, "budget", k->budget_micros);
        json_add_money(c->doc, item, "rate", k->rate_micros);
        if (k->impressions_goal >= 0) json_add_i64(c->doc, item, "impressions", k->impressions_goal);
        json_add_time(c->doc, item, "start_time", k->start_at);
        json_add_time(c->doc, item, "end_time", k->end_at);
        json_add_i64(c->doc, item, "creatives", (int64_t)k->creatives_n);
    }
}

/* What the ad servers foresee for its packages, where they have told. */
static int encode_foreseen(struct tool_call *c, yyjson_mut_val *o, const struct plan *plan, struct err *e)
{
    yyjson_mut_val *list = NULL;
    for (size_t i = 0; i < plan->packages_n; i++) {
        struct foreseen f;
        int found = booking_forecast_get(c->act, &plan->packages[i], &f, e);
        if (found < 0) return -1;
        if (!found) continue;
        if (!list) list = json_add_arr(c->doc, o, "foreseen");
        yyjson_mut_val *one = json_push_obj(c->doc, list);
        json_add_str(c->doc, one, "package_id", plan->packages[i].package_id);
        json_add_str(c->doc, one, "ad_server", plan->packages[i].ad_server);
        if (f.matched >= 0) json_add_i64(c->doc, one, "matched", f.matched);
        if (f.available >= 0) json_add_i64(c->doc, one, "available", f.available);
        if (f.at != TIME_NONE) json_add_time(c->doc, one, "at", f.at);
    }
    return 0;
}

/* Each ad server with the very requests it would be sent, secrets removed. */
static void encode_servers(struct tool_call *c, yyjson_mut_val *p, const struct task_preview *v)
{
    struct str names = STR_NONE;
    for (size_t i = 0; i < v->parts_n; i++) {
        names = arena_printf(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(names), i ? ", " : "",
                             STR_ARG(v->parts[i].server.name));
    }
    json_add_str(c->doc, p, "ad_server", names);
    yyjson_mut_val *list = json_add_arr(c->doc, p, "ad_servers");
    for (size_t i = 0; i < v->parts_n; i++) {
        const struct preview_part *part = &v->parts[i];
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "name", part->server.name);
        json_add_cstr(c->doc, o, "adapter", part->server.adapter->name);
        if (!part->requests.n && !part->creatives.n) continue;
        yyjson_mut_val *requests = json_add_arr(c->doc, o, "requests");
        encode_ad_requests(c, requests, &part->requests);
        encode_ad_requests(c, requests, &part->creatives);
    }
}

/* Approving it is rehearsed: what the ad server would be asked, how the plan would look, why it would not be possible. */
int operator_task_preview(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e)
{
    struct task_preview *v = ARENA_NEW(c->arena, struct task_preview);
    if (task_preview(c->act, t, v, e)) return -1;
    if (v->impossible) {
        yyjson_mut_val *why = json_add_obj(c->doc, o, "impossible");
        json_add_cstr(c->doc, why, "code", v->why.code);
        json_add_str(c->doc, why, "message", arena_dup(c->arena, str_from(v->why.message)));
        json_add_str_opt(c->doc, why, "field", arena_dup(c->arena, str_from(v->why.field)));
    }
    if (!v->planned && !v->calls.n) return 0;
    yyjson_mut_val *p = json_add_obj(c->doc, o, "plan");
    yyjson_mut_val *calls = json_add_arr(c->doc, p, "would_call");
    for (size_t i = 0; i < v->calls.n; i++) json_push_str(c->doc, calls, v->calls.lines[i]);
    if (!v->planned) return 0;
    encode_servers(c, p, v);
    json_add_str_opt(c->doc, p, "advertiser", v->plan.advertiser);
    json_add_cstr(c->doc, p, "currency", arena_dup(c->arena, str_from(v->plan.currency)).p);
    encode_line_items(c, p, &v->plan);
    if (encode_foreseen(c, p, &v->plan, e)) return -1;
    yyjson_mut_val *objections = json_add_arr(c->doc, p, "problems");
    for (size_t i = 0; i < v->parts_n; i++) {
        const struct adapter_problems *problems = &v->parts[i].problems;
        for (size_t k = 0; k < problems->n; k++) json_push_str(c->doc, objections, str_from(problems->item[k].text));
    }
    return 0;
}

/* How often it was asked, and what it said last. 1, or 0 when it was a person who was asked, or nobody knows any more. */
static int encode_ask(struct tool_call *c, yyjson_mut_val *a, const struct task_row *t, yyjson_val *ask, struct err *e)
{
    struct job_row job;
    struct str id = json_str(ask, "ask_id");
    int found = q_job_get(c->act->tx, c->arena, t->tenant_id, id, &job, e);
    json_add_str_opt(c->doc, a, "ad_server", json_str(ask, "ad_server"));
    json_add_str_opt(c->doc, a, "answer", json_str(ask, "answer"));
    if (found < 1) return found;
    json_add_i64(c->doc, a, "attempts", job.attempts);
    json_add_str_opt(c->doc, a, "last_answer", job.last_error);
    json_add_time(c->doc, a, "next_at", job.due_at);
    return 1;
}

/* While ad servers are asked. The first that has not answered stands alone, too: most publishers have one. */
static int encode_asking(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e)
{
    yyjson_val *x = task_get(c->act, t, "execution"), *ask;
    yyjson_val *asks = json_arr(x, "asks"), *open = NULL;
    size_t i, n;
    if (!task_executing(c->act, t)) return 0;
    yyjson_mut_val *list = yyjson_arr_size(asks) > 1 ? json_add_arr(c->doc, o, "asking_the_ad_servers") : NULL;
    yyjson_arr_foreach(asks, i, n, ask) {
        if (!open && !json_has(ask, "answer")) open = ask;
        if (list && encode_ask(c, json_push_obj(c->doc, list), t, ask, e) < 0) return -1;
    }
    return open && encode_ask(c, json_add_obj(c->doc, o, "asking_the_ad_server"), t, open, e) < 0 ? -1 : 0;
}

/* From the audit trail: who did what to this task, when. */
static int encode_history(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e)
{
    struct audit_filter f = { .tenant_id = t->tenant_id,
                              .subject = arena_printf(c->arena, "task:" STR_FMT, STR_ARG(t->task_id)),
                              .from_at = t->created_at,
                              .until_at = TIME_NONE,
                              .limit = 100 };
    struct audit_row *rows;
    size_t n;
    if (q_audit_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, o, "history");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *h = json_push_obj(c->doc, list);
        json_add_time(c->doc, h, "at", rows[i].at);
        json_add_str(c->doc, h, "by", rows[i].actor);
        json_add_str(c->doc, h, "what", rows[i].action);
    }
    return 0;
}

static int encode_listed(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e)
{
    struct principal_row buyer;
    encode_task(c, o, t);
    json_add_text(c->doc, o, "resolved_by", task_member(c->act, t, "resolved_by"));
    int rc = q_principal_get(c->act->tx, c->arena, t->tenant_id, t->principal_id, &buyer, e);
    if (rc == 1) json_add_str(c->doc, o, "buyer", buyer.name);
    return rc < 0 ? -1 : task_summary_add(c, o, t, SUMMARY_SHORT, e);
}

int tool_x_task_list(struct tool_call *c, struct err *e)
{
    static const char *const open[] = { "pending", "assigned", "in_progress", "escalated", NULL };
    static const char *const decided[] = { "completed", "failed", NULL };
    struct str state = json_str(c->args, "state");
    const char *one[] = { arena_cstr(c->arena, state), NULL };
    struct task_page f = { .tenant_id = c->act->tenant->tenant_id,
                           .before_id = json_str(c->args, "before_id"),
                           .states = str_is(state, "all")       ? NULL
                                     : str_is(state, "decided") ? decided
                                     : state.n                  ? one
                                                                : open,
                           .limit = LIST_MAX,
                           .bytes_max = PAGE_BYTES_MAX };
    struct task_row *rows;
    size_t n;
    if (q_task_page(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "tasks");
    size_t shown = q_task_fit(rows, n, f.limit, f.bytes_max);
    for (size_t i = 0; i < shown; i++) {
        if (encode_listed(c, json_push_obj(c->doc, list), &rows[i], e)) return -1;
    }
    json_add_bool(c->doc, c->reply, "has_more", n > shown);
    return 0;
}

/* Who asks, and the least role that may decide. */
static int encode_people(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e)
{
    struct principal_row buyer;
    yyjson_val *terms = document_read(c->arena, task_member(c->act, t, "terms"));
    bool administrator = str_is(json_str(terms, "role"), "administrator");
    json_add_cstr(c->doc, o, "decider", administrator ? "administrator" : "operator");
    int rc = q_principal_get(c->act->tx, c->arena, t->tenant_id, t->principal_id, &buyer, e);
    if (rc == 1) json_add_str(c->doc, o, "buyer", buyer.name);
    return rc < 0 ? -1 : 0;
}

int tool_x_task_get(struct tool_call *c, struct err *e)
{
    struct task_row t;
    if (task_load(c->act, json_str(c->args, "task_id"), &t, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    encode_task(c, o, &t);
    encode_details(c, o, &t);
    if (task_executing(c->act, &t)) json_add_bool(c->doc, o, "executing", true);
    json_add_bool(c->doc, o, "open", task_open(&t) && !task_executing(c->act, &t));
    if (encode_people(c, o, &t, e) || task_summary_add(c, o, &t, SUMMARY_WHOLE, e)) return -1;
    return encode_asking(c, o, &t, e) || operator_task_preview(c, o, &t, e) || encode_history(c, o, &t, e) ? -1 : 0;
}

/* Several at once: each stands alone, and the answer says of each how it ended. */
static int resolve_all(struct tool_call *c, struct task_resolution *r, yyjson_val *ids, struct err *e)
{
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "results");
    size_t i, n, decided = 0;
    yyjson_val *id;
    yyjson_arr_foreach(ids, i, n, id) {
        struct task_row t;
        struct err why;
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        r->task_id = json_val_str(id);
        json_add_str(c->doc, o, "task_id", r->task_id);
        if (tx_rehearse(c->act->tx, e)) return -1;
        if (task_resolve(c->act, r, &t, &why)) {
            if (tx_rehearse_end(c->act->tx, e)) return -1;
            json_add_bool(c->doc, o, "carried_out", false);
            json_add_str(c->doc, o, "error", arena_dup(c->arena, str_from(why.message)));
            continue;
        }
        if (tx_rehearse_keep(c->act->tx, e)) return -1;
        bool executing = task_executing(c->act, &t);
        decided += !task_open(&t) || executing;
        json_add_bool(c->doc, o, "carried_out", !task_open(&t));
        if (executing) json_add_bool(c->doc, o, "executing", true);
        json_add_str(c->doc, o, "state", t.state);
        if (task_open(&t) && !executing) json_add_text(c->doc, o, "failure", task_member(c->act, &t, "failure"));
    }
    json_add_i64(c->doc, c->reply, "decided", (int64_t)decided);
    return 0;
}

int tool_x_task_resolve(struct tool_call *c, struct err *e)
{
    yyjson_val *ids = json_arr(c->args, "task_ids");
    bool approve = str_is(json_str(c->args, "decision"), "approve");
    struct task_resolution r = { .task_id = json_str(c->args, "task_id"),
                                 .decision = approve ? TASK_APPROVE : TASK_REJECT,
                                 .reason = json_str(c->args, "reason") };
    struct task_row t;
    yyjson_val *typed = json_obj(c->args, "remote_ids");
    if (typed && ids) {
        (void)err_set(e, "INVALID_REQUEST", "Ids are of one task: give task_id.");
        return err_field(e, "/remote_ids");
    }
    if (typed) r.remote_ids = json_write_val(c->arena, typed);
    if (ids) return resolve_all(c, &r, ids, e);
    if (task_resolve(c->act, &r, &t, e)) return -1;
    bool executing = task_executing(c->act, &t);
    if (executing) {
        c->message = STR("Approved; the ad server is being asked.");
    } else if (task_open(&t)) {
        c->message = STR("The decision could not be carried out; the task stays open. See failure.");
    }
    json_add_bool(c->doc, c->reply, "carried_out", !task_open(&t));
    if (executing) json_add_bool(c->doc, c->reply, "executing", true);
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    encode_task(c, o, &t);
    encode_details(c, o, &t);
    return 0;
}

int tool_x_task_assign(struct tool_call *c, struct err *e)
{
    struct task_work w = { .task_id = json_str(c->args, "task_id"),
                           .state = "assigned",
                           .assigned_to = json_str(c->args, "assigned_to"),
                           .due_at = TIME_NONE };
    struct task_row t;
    if (task_update(c->act, &w, &t, e)) return -1;
    encode_task(c, json_add_obj(c->doc, c->reply, "task"), &t);
    return 0;
}

int tool_x_task_update(struct tool_call *c, struct err *e)
{
    struct task_work w = { .task_id = json_str(c->args, "task_id"),
                           .assigned_to = json_str(c->args, "assigned_to"),
                           .comment = json_str(c->args, "comment"),
                           .priority = json_str(c->args, "priority"),
                           .due_at = TIME_NONE };
    struct task_row t;
    struct str state = json_str(c->args, "state");
    if (json_opt_time(JSON_FIELD(c->args, "due_at", ""), &w.due_at, e)) return -1;
    if (state.n) w.state = arena_cstr(c->arena, state);
    if (task_update(c->act, &w, &t, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    encode_task(c, o, &t);
    encode_details(c, o, &t);
    return 0;
}
