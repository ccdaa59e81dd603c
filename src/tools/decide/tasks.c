#include "tools/decide/tasks.h"
#include "contract/limits.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/buyer/account.h"
#include "domain/product/proposal_review.h"
#include "domain/decide/task_kinds.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX     100

/* A kind of ours as an AdCP task type and protocol. */
static const struct {
    const char *kind, *type, *protocol, *domain;
} kinds[] = {
    { "create_media_buy", "create_media_buy", "media-buy", "media-buy" },
    { "update_media_buy", "update_media_buy", "media-buy", "media-buy" },
    { "creative_review", "sync_creatives", "creative", "creative" },
    { "account", "sync_accounts", "media-buy", "media-buy" },
    { "proposal", "get_products", "media-buy", "media-buy" },
    { "forced_products", "get_products", "media-buy", "media-buy" },
    { "forced_signals", "get_signals", "signals", "signals" },
};

/* What else may have been called where a kind stands for several. */
static const struct {
    const char *tool, *kind;
} compact[] = {
    { "buy_products", "create_media_buy" },
    { "accept_proposal", "create_media_buy" },
    { "control_media_buy", "update_media_buy" },
    { "refine_proposals", "proposal" },
};

#define KIND_NONE ARRAY_LEN(kinds) /* a note for the publisher's people: no AdCP operation waits for it */

static size_t kind_of(struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_is(kind, kinds[i].kind)) return i;
    }
    return KIND_NONE;
}

static int account_matches(struct tool_call *c, const struct task_row *task, bool *matches, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    *matches = true;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (!ref.given || !c->act->principal || c->act->principal->role != ROLE_BUYER) return 0;
    int found = account_find(c->act, &ref, ACCOUNT_USE_LIST, &account, e);
    if (found < 0) return -1;
    *matches = found == 1 && (task->account_id.n == 0 || str_eq(account.account_id, task->account_id));
    return 0;
}

static void add_common(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    json_add_str(c->doc, o, "task_id", t->task_id);
    struct str tool = task_tool(c->act, t);
    json_add_str(c->doc, o, "task_type", tool.n ? tool : str_from(kinds[kind_of(t->kind)].type));
    json_add_cstr(c->doc, o, "status", task_adcp_status(t));
    json_add_time(c->doc, o, "created_at", t->created_at);
    json_add_time(c->doc, o, "updated_at", t->updated_at);
    if (t->resolved_at != TIME_NONE) json_add_time(c->doc, o, "completed_at", t->resolved_at);
    json_add_bool(c->doc, o, "has_webhook", task_member(c->act, t, "push_notification_config").n > 0);
}

static struct str member_text(struct tool_call *c, const struct task_row *t, const char *key)
{
    return json_val_str(task_get(c->act, t, key));
}

static void add_error(struct tool_call *c, const struct task_row *t)
{
    struct str reason = member_text(c, t, "reason");
    bool rejected = str_is(t->decision, "rejected");
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "error");
    json_add_cstr(c->doc, o, "code", rejected ? "POLICY_VIOLATION" : "INVALID_STATE");
    json_add_str(c->doc, o, "message", reason.n ? reason : STR("The publisher rejected the request."));
}

/* The result is what the synchronous answer would have been, with the context of the call that made the task. */
static int add_result(struct tool_call *c, const struct task_row *t, struct err *e)
{
    struct str text;
    if (task_kind_result(task_kind_of(t), c->act, t, &text, e)) return -1;
    if (!json_add_text(c->doc, c->reply, "result", text)) return 0;
    yyjson_mut_val *result = yyjson_mut_obj_get(c->reply, "result");
    if (yyjson_mut_is_obj(result) && !yyjson_mut_obj_get(result, "context")) {
        (void)json_add_text(c->doc, result, "context", task_member(c->act, t, "context")); /* absent: none was sent */
    }
    if (yyjson_mut_is_obj(result) && !yyjson_mut_obj_get(result, "status")) {
        json_add_cstr(c->doc, result, "status", "completed");
    }
    return 0;
}

int tool_get_task_status(struct tool_call *c, struct err *e)
{
    struct str id;
    struct task_row t;
    bool include_result = false, matches;
    if (json_req_str(JSON_FIELD(c->args, "task_id", ""), (struct json_len){ 1, 255 }, &id, e)) return -1;
    if (json_opt_bool(JSON_FIELD(c->args, "include_result", ""), &include_result, e)) return -1;
    if (task_load(c->act, id, &t, e) || account_matches(c, &t, &matches, e)) return -1;
    if (!matches || kind_of(t.kind) == KIND_NONE) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such task.");
        (void)err_suggest(e, "Call list_tasks for the tasks there are.");
        return err_field(e, "/task_id");
    }
    add_common(c, c->reply, &t);
    json_add_cstr(c->doc, c->reply, "protocol", kinds[kind_of(t.kind)].protocol);
    bool completed = str_is(str_from(task_adcp_status(&t)), "completed");
    if (!completed && !task_open(&t)) add_error(c, &t);
    if (completed && !include_result && str_is(t.subject_type, "media_buy"))
        c->message = arena_printf(c->arena, "Media buy " STR_FMT "; include_result shows the whole answer.",
                                  STR_ARG(t.subject_id));
    return completed && include_result ? add_result(c, &t, e) : 0;
}

/* ---- list ---- */

static void add_word(struct buf *b, const char *word)
{
    if (memmem(b->p, b->n, word, strlen(word))) return;
    buf_addf(b, "%s\"%s\"", b->n > 1 ? "," : "", word);
}

static bool types_asked(yyjson_val *filters)
{
    return yyjson_obj_get(filters, "task_type") || json_arr(filters, "task_types");
}

static bool wants_type(yyjson_val *filters, const char *type)
{
    yyjson_val *v;
    size_t i, n;
    if (!types_asked(filters) || str_is(json_str(filters, "task_type"), type)) return true;
    yyjson_arr_foreach(json_arr(filters, "task_types"), i, n, v) {
        if (str_is(json_val_str(v), type)) return true;
    }
    return false;
}

enum words { WORDS_KINDS, WORDS_CALLED };

/* Our kinds behind the AdCP types asked for, or all that have one, "[]" when there are none; or what was called. */
static struct str wanted(struct tool_call *c, yyjson_val *filters, enum words words)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_add_char(&b, '[');
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        if (wants_type(filters, kinds[k].type)) add_word(&b, kinds[k].kind);
    }
    for (size_t k = 0; k < ARRAY_LEN(compact); k++) {
        if (wants_type(filters, compact[k].tool))
            add_word(&b, words == WORDS_KINDS ? compact[k].kind : compact[k].tool);
    }
    buf_add_char(&b, ']');
    struct str text = arena_dup(c->arena, buf_str(&b));
    buf_finish(&b);
    return text;
}

static struct str wanted_states(struct tool_call *c, yyjson_val *filters)
{
    static const struct {
        const char *status, *states;
    } map[] = {
        { "submitted", "\"pending\",\"assigned\",\"in_progress\",\"escalated\"" },
        { "working", "\"in_progress\"" },
        { "completed", "\"completed\"" },
        { "failed", "\"failed\"" },
        { "rejected", "\"failed\"" },
        { "canceled", "\"failed\"" },
    };
    yyjson_val *one = yyjson_obj_get(filters, "status"), *many = json_arr(filters, "statuses"), *v;
    size_t i, n;
    if (!one && !many) return STR_NONE;
    struct buf b;
    buf_init(&b, 1000);
    buf_add_char(&b, '[');
    for (size_t k = 0; k < ARRAY_LEN(map); k++) {
        bool want = str_is(json_val_str(one), map[k].status);
        yyjson_arr_foreach(many, i, n, v) want = want || str_is(json_val_str(v), map[k].status);
        if (want) buf_addf(&b, "%s%s", b.n > 1 ? "," : "", map[k].states);
    }
    buf_add_char(&b, ']');
    struct str text = arena_dup(c->arena, buf_str(&b));
    buf_finish(&b);
    return text;
}

static int read_times(yyjson_val *filters, struct task_filter *f, struct err *e)
{
    f->created_after = f->created_before = f->updated_after = f->updated_before = TIME_NONE;
    const char *at = "/filters";
    if (json_opt_time(JSON_FIELD(filters, "created_after", at), &f->created_after, e)) return -1;
    if (json_opt_time(JSON_FIELD(filters, "created_before", at), &f->created_before, e)) return -1;
    if (json_opt_time(JSON_FIELD(filters, "updated_after", at), &f->updated_after, e)) return -1;
    return json_opt_time(JSON_FIELD(filters, "updated_before", at), &f->updated_before, e);
}

static int read_page(struct tool_call *c, struct task_filter *f, struct err *e)
{
    yyjson_val *page = NULL;
    int64_t max = PAGE_DEFAULT;
    struct str cursor = STR_NONE;
    if (json_opt_obj(JSON_FIELD(c->args, "pagination", ""), &page, e)) return -1;
    if (json_opt_i64(JSON_FIELD(page, "max_results", "/pagination"), (struct json_range){ 1, PAGE_MAX }, &max, e))
        return -1;
    if (json_opt_str(JSON_FIELD(page, "cursor", "/pagination"), (struct json_len){ 1, 1000 }, &cursor, e)) return -1;
    f->limit = (int)max;
    if (!cursor.n) return 0;
    if (base64_decode(c->arena, cursor, &f->before_id) == 0 && id_text_valid(f->before_id, 255)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "the cursor is not one of ours");
    return err_field(e, "/pagination/cursor");
}

static int read_filter(struct tool_call *c, struct task_filter *f, struct err *e)
{
    yyjson_val *filters = NULL;
    struct account_ref ref;
    struct account_row account;
    if (json_opt_obj(JSON_FIELD(c->args, "filters", ""), &filters, e)) return -1;
    f->tenant_id = c->act->tenant->tenant_id;
    f->kinds = wanted(c, filters, WORDS_KINDS);
    if (types_asked(filters)) f->called_as = wanted(c, filters, WORDS_CALLED);
    f->states = wanted_states(c, filters);
    yyjson_val *ids = json_arr(filters, "task_ids");
    f->task_ids = ids ? json_write_val(c->arena, ids) : STR_NONE;
    if (read_times(filters, f, e) || read_page(c, f, e)) return -1;
    if (!c->act->principal || c->act->principal->role != ROLE_BUYER) return 0;
    f->principal_id = c->act->principal->principal_id;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (!ref.given) return 0;
    int found = account_find(c->act, &ref, ACCOUNT_USE_LIST, &account, e);
    if (found < 0) return -1;
    f->account_id =
        found ? account.account_id : STR("-"); /* none of an account without rows, but those of no account */
    return 0;
}

static void add_summary(struct tool_call *c, int64_t total, size_t returned)
{
    yyjson_mut_val *s = json_add_obj(c->doc, c->reply, "query_summary");
    json_add_i64(c->doc, s, "total_matching", total);
    json_add_i64(c->doc, s, "returned", (int64_t)returned);
    yyjson_mut_val *sort = json_add_obj(c->doc, s, "sort_applied");
    json_add_cstr(c->doc, sort, "field", "created_at");
    json_add_cstr(c->doc, sort, "direction", "desc");
}

int tool_list_tasks(struct tool_call *c, struct err *e)
{
    struct task_filter f = { .limit = PAGE_DEFAULT, .bytes_max = PAGE_BYTES_MAX };
    struct task_row *rows;
    size_t n;
    int64_t total;
    if (read_filter(c, &f, e)) return -1;
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e) || q_task_count(c->act->tx, &f, &total, e)) return -1;
    size_t shown = q_task_fit(rows, n, f.limit, f.bytes_max);
    bool more = shown < n;
    n = shown;
    add_summary(c, total, n);
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "tasks");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        add_common(c, o, &rows[i]);
        json_add_cstr(c->doc, o, "domain", kinds[kind_of(rows[i].kind)].domain);
    }
    yyjson_mut_val *p = json_add_obj(c->doc, c->reply, "pagination");
    json_add_bool(c->doc, p, "has_more", more);
    json_add_i64(c->doc, p, "total_count", total);
    if (more) json_add_str(c->doc, p, "cursor", base64url_encode(c->arena, rows[n - 1].task_id));
    return 0;
}
