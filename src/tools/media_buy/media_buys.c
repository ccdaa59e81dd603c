#include "tools/media_buy/media_buys.h"

#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "domain/commitment/commitment.h"
#include "domain/tell/webhook.h"
#include "store/q/q_stored.h"
#include "tools/core/reply_error.h"
#include "tools/media_buy/media_buy_aux.h"
#include "tools/media_buy/targeting_patch.h"
#include "tools/media_buy/total_budget.h"
#include "tools/core/request_expand.h"

#define OTHERS_COUNTED 20
#define PAGE_DEFAULT   50
#define PAGE_MAX       100
#define IDS_MAX        1000
#define HISTORY_MAX    1000
#define SCAN_MAX       20 /* pages looked through for one page of a status that few have */

/* ---- create ---- */

static int view_one(struct tool_call *c, const struct media_buy_row *row, struct media_buy_view *v, struct err *e)
{
    struct media_buy_row *copy = ARENA_NEW(c->arena, struct media_buy_row);
    *copy = *row;
    struct media_buy_rows one = { copy, 1 };
    if (media_buy_view_load(c->act, &one, v, e)) return -1;
    v->minor_3_0 = c->minor_3_0;
    return 0;
}

int tool_create_media_buy(struct tool_call *c, struct err *e)
{
    struct media_buy_created r;
    struct media_buy_view v;
    if (request_expand_create(c, e)) return -1;
    if (media_buy_create(c->act, c->args, &r, e) || view_one(c, &r.buy.row, &v, e)) return -1;
    if (media_buy_aux(c, &v, NULL, e)) return -1;
    if (r.submitted) {
        c->outcome = TOOL_SUBMITTED;
        c->task_id = r.task.task_id;
        c->message =
            arena_printf(c->arena, "The publisher reviews this media buy; follow the task for the decision.%s" STR_FMT,
                         r.warning.n ? " " : "", STR_ARG(r.warning));
        return 0;
    }
    media_buy_encode(&v, 0, SHAPE_CREATED, c->doc, c->reply);
    if (media_buy_encode_packages(&v, 0, NULL, c->doc, c->reply, "packages", e)) return -1;
    c->message = arena_printf(c->arena, "Media buy " STR_FMT " created.%s" STR_FMT, STR_ARG(r.buy.row.media_buy_id),
                              r.warning.n ? " " : "", STR_ARG(r.warning));
    return 0;
}

/* ---- update ---- */

int tool_update_media_buy(struct tool_call *c, struct err *e)
{
    struct media_buy_updated r;
    struct media_buy_view v;
    bool patches = c->no_aux && c->line >= ADCP_LINE_TARGETING_PATCHES;
    if (request_expand_update(c, e) || (patches && targeting_patch(c, e)) || total_budget_update(c, &r, e)) return -1;
    if (r.submitted) {
        c->outcome = TOOL_SUBMITTED;
        c->task_id = r.task.task_id;
        c->message = STR("The publisher approves this change first; follow the task for the decision.");
        struct media_buy now;
        if (media_buy_load(c->act, r.buy.row.media_buy_id, &now, e) < 0 || view_one(c, &now.row, &v, e)) return -1;
        /* As the buy stands while the change waits; AdCP 3.0 has no other answer than that. */
        enum media_buy_status status = media_buy_status_at(&now.row, c->act->now);
        if (status != BUY_PENDING_APPROVAL && status != BUY_FAILED) {
            json_add_cstr(c->doc, c->reply, "media_buy_status", media_buy_status_name(status));
        }
        return media_buy_aux(c, &v, NULL, e);
    }
    if (view_one(c, &r.buy.row, &v, e) || media_buy_aux(c, &v, r.touched, e)) return -1;
    media_buy_encode(&v, 0, SHAPE_UPDATED, c->doc, c->reply);
    json_add_time(c->doc, c->reply, "implementation_date", c->act->now);
    if (media_buy_encode_packages(&v, 0, r.touched, c->doc, c->reply, "affected_packages", e)) return -1;
    c->message =
        r.changed ? arena_printf(c->arena, "Media buy updated.%s" STR_FMT, r.warning.n ? " " : "", STR_ARG(r.warning))
                  : STR("Nothing to change; the media buy is as asked.");
    return 0;
}

/* ---- get ---- */

struct query {
    struct media_buy_filter filter;
    struct str ids;      /* JSON array, or empty */
    size_t ids_n;
    unsigned wanted;     /* statuses shown, bits */
    int max;
    int64_t history;
    bool snapshot;
    int64_t activity; /* webhook attempts to show for each buy; 0: none */
};

static bool is_buyer(const struct tool_call *c)
{
    return c->act->principal && c->act->principal->role == ROLE_BUYER;
}

static int read_ids(struct tool_call *c, struct query *q, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(c->args, "media_buy_ids", ""), (struct json_len){ 1, IDS_MAX }, &arr, e)) return -1;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (yyjson_is_str(v)) continue;
        (void)err_set(e, "INVALID_REQUEST", "a media buy id is a string");
        return err_field(e, "/media_buy_ids/%zu", i);
    }
    if (!arr) return 0;
    q->ids = json_write_val(c->arena, arr);
    q->ids_n = yyjson_arr_size(arr);
    return 0;
}

static int read_status(yyjson_val *v, const char *field, unsigned *mask, struct err *e)
{
    enum media_buy_status s;
    bool ours = str_is(json_val_str(v), "pending_approval") || str_is(json_val_str(v), "failed");
    if (media_buy_status_parse(json_val_str(v), &s) && !ours) {
        *mask |= 1u << s;
        return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "there is no such status");
    (void)err_suggest(e, "Use pending_creatives, pending_start, active, paused, completed, rejected or canceled.");
    return err_field(e, "%s", field);
}

/* Never shown to AdCP callers: a buy that nobody has decided on is a task. */
static unsigned all_shown(const struct tool_call *c)
{
    unsigned all = (1u << BUY_STATUSES_N) - 1;
    return c->no_aux && is_buyer(c) ? all & ~(1u << BUY_PENDING_APPROVAL) & ~(1u << BUY_FAILED) : all;
}

static int read_statuses(struct tool_call *c, struct query *q, struct err *e)
{
    yyjson_val *filter = yyjson_obj_get(c->args, "status_filter"), *v;
    size_t i, n;
    if (!filter) {
        /* AdCP 3.1 get_media_buys: without ids and filter, the active ones. Dialects of their own list all. */
        q->wanted = q->ids.n || !c->no_aux ? all_shown(c) : 1u << BUY_ACTIVE;
        return 0;
    }
    if (yyjson_is_str(filter)) return read_status(filter, "/status_filter", &q->wanted, e);
    if (!yyjson_is_arr(filter) || yyjson_arr_size(filter) == 0) {
        (void)err_set(e, "INVALID_REQUEST", "status_filter must be a status or a list of statuses");
        return err_field(e, "/status_filter");
    }
    yyjson_arr_foreach(filter, i, n, v) {
        if (read_status(v, arena_printf(c->arena, "/status_filter/%zu", i).p, &q->wanted, e)) return -1;
    }
    return 0;
}

static int read_cursor(struct tool_call *c, struct str cursor, struct str *before_id, struct err *e)
{
    struct str text;
    if (base64_decode(c->arena, cursor, &text) == 0 && text.n > 3 && memcmp(text.p, "mb-", 3) == 0 &&
        id_text_valid(text, 255)) {
        *before_id = text;
        return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "the cursor is not one of ours");
    (void)err_suggest(e, "Start again without a cursor.");
    return err_field(e, "/pagination/cursor");
}

static int read_page(struct tool_call *c, struct query *q, struct err *e)
{
    yyjson_val *page = NULL;
    int64_t max = PAGE_DEFAULT;
    struct str cursor = STR_NONE;
    if (json_opt_obj(JSON_FIELD(c->args, "pagination", ""), &page, e)) return -1;
    if (json_opt_i64(JSON_FIELD(page, "max_results", "/pagination"), (struct json_range){ 1, PAGE_MAX }, &max, e))
        return -1;
    if (json_opt_str(JSON_FIELD(page, "cursor", "/pagination"), (struct json_len){ 1, 1000 }, &cursor, e)) return -1;
    q->max = (int)max;
    return cursor.n ? read_cursor(c, cursor, &q->filter.before_id, e) : 0;
}

/* 1: go on; 0: the account named has no rows yet, so nothing matches. */
static int read_scope(struct tool_call *c, struct query *q, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    q->filter.tenant_id = c->act->tenant->tenant_id;
    if (!is_buyer(c)) return 1;
    q->filter.principal_id = c->act->principal->principal_id;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (!ref.given) return 1;
    bool sandbox = ref.sandbox || c->act->principal->sandbox;
    if (q->ids.n && sandbox && !ref.account_id.n) return 1; /* as in update_media_buy: the ids are enough */
    int found = account_find(c->act, &ref, ACCOUNT_USE_READ_BUYS, &account, e);
    if (found == 1) q->filter.account_id = account.account_id;
    return found;
}

/* When the status of a buy that was looked at changes by itself. */
static void note_flight(const struct tool_call *c, const struct media_buy_row *row)
{
    act_changes_at(c->act, row->start_at);
    act_changes_at(c->act, row->end_at);
    act_changes_at(c->act, row->canceled_at);
}

static void note_packages(const struct tool_call *c, const struct package_rows *packages)
{
    for (size_t i = 0; i < packages->n; i++) {
        act_changes_at(c->act, packages->rows[i].start_at);
        act_changes_at(c->act, packages->rows[i].end_at);
        act_changes_at(c->act, packages->rows[i].canceled_at);
    }
}

/* Fills a page of up to max + 1 buys whose status now is wanted. What a row stores may lag behind the clock, so the
 * query asks for a superset and this picks. */
static int find_page(struct tool_call *c, struct query *q, struct media_buy_rows *out, struct str *resume,
                     struct err *e)
{
    struct media_buy_row *rows = ARENA_ARRAY(c->arena, struct media_buy_row, (size_t)q->max + 1);
    size_t n = 0;
    bool end = false;
    q->filter.limit = q->max + 1;
    unsigned stored = media_buy_stored_as(q->wanted);
    /* Only a simulated clock brings an ended buy back; the many that have ended need not be looked through. */
    if (!c->act->mock_clock) stored &= q->wanted | ~(1u << BUY_COMPLETED | 1u << BUY_CANCELED);
    if (stored != (1u << BUY_STATUSES_N) - 1) media_buy_status_names(stored, q->filter.statuses);
    for (int scan = 0; scan < SCAN_MAX && !end && n <= (size_t)q->max; scan++) {
        struct media_buy_rows got;
        if (q_media_buy_list(c->act->tx, c->arena, &q->filter, &got, e)) return -1;
        end = got.n < (size_t)q->filter.limit;
        for (size_t i = 0; i < got.n && n <= (size_t)q->max; i++) {
            q->filter.before_id = got.rows[i].media_buy_id;
            note_flight(c, &got.rows[i]);
            if (q->wanted & (1u << media_buy_status_at(&got.rows[i], c->act->now))) rows[n++] = got.rows[i];
        }
    }
    *resume = STR_NONE;
    if (n > (size_t)q->max) {
        n = (size_t)q->max;
        *resume = rows[n - 1].media_buy_id;
    } else if (!end) {
        *resume = q->filter.before_id;
    }
    *out = (struct media_buy_rows){ rows, n };
    return 0;
}

/* *named: those of the ids that are there; *out: of them, those of a wanted status. A buy that nobody has decided on is
 * not there for who sees tasks instead. */
static int find_ids(struct tool_call *c, struct query *q, struct media_buy_rows *named, struct media_buy_rows *out,
                    struct err *e)
{
    struct media_buy_rows got, there = { NULL, 0 }, wanted = { NULL, 0 };
    if (q_media_buy_by_ids(c->act->tx, c->arena, &q->filter, q->ids, &got, e)) return -1;
    there.rows = ARENA_ARRAY(c->arena, struct media_buy_row, got.n + 1);
    wanted.rows = ARENA_ARRAY(c->arena, struct media_buy_row, got.n + 1);
    bool passed = q->filter.before_id.n > 0; /* those up to the cursor, which is one of them */
    for (size_t i = 0; i < got.n; i++) {
        unsigned status = 1u << media_buy_status_at(&got.rows[i], c->act->now);
        note_flight(c, &got.rows[i]);
        if (all_shown(c) & status) there.rows[there.n++] = got.rows[i];
        if (!passed && q->wanted & status) wanted.rows[wanted.n++] = got.rows[i];
        if (str_eq(got.rows[i].media_buy_id, q->filter.before_id)) passed = false;
    }
    *named = there;
    *out = wanted;
    return 0;
}

static int bytes_of(struct tool_call *c, const struct media_buy_row *row, size_t *bytes, struct err *e)
{
    struct package_rows packages;
    struct arena a;
    arena_init(&a);
    int rc = q_packages_of_buy(c->act->tx, &a, row->media_buy_id, &packages, e);
    *bytes = row->doc.n + row->echo.n;
    for (size_t i = 0; rc == 0 && i < packages.n; i++) *bytes += packages.rows[i].doc.n;
    arena_finish(&a);
    return rc;
}

/* A page ends early when its buys are large, and its cursor goes on. Only whoever has stored that much is looked at. */
static int cut_to_size(struct tool_call *c, struct media_buy_rows *rows, struct str *resume, struct err *e)
{
    struct stored all = { .bytes = INT64_MAX };
    size_t bytes, sum = 0;
    if (is_buyer(c) && q_stored_get(c->act->tx, c->act->tenant->tenant_id, c->act->principal->principal_id, &all, e))
        return -1;
    if (all.bytes <= PAGE_BYTES_MAX) return 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (bytes_of(c, &rows->rows[i], &bytes, e)) return -1;
        sum += bytes;
        if (sum <= PAGE_BYTES_MAX || i == 0) continue;
        rows->n = i;
        *resume = rows->rows[i - 1].media_buy_id;
        break;
    }
    return 0;
}

static int add_history(struct tool_call *c, const struct query *q, struct str media_buy_id, yyjson_mut_val *obj,
                       struct err *e)
{
    struct history_row *rows;
    size_t n;
    if (q->history == 0) return 0;
    if (q_history_list(c->act->tx, c->arena, media_buy_id, (int)q->history, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, obj, "history");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *x = json_push_obj(c->doc, arr);
        json_add_i64(c->doc, x, "revision", rows[i].revision);
        json_add_time(c->doc, x, "timestamp", rows[i].at);
        json_add_str_opt(c->doc, x, "actor", rows[i].actor);
        json_add_str(c->doc, x, "action", rows[i].action);
        json_add_str_opt(c->doc, x, "summary", rows[i].summary);
        json_add_str_opt(c->doc, x, "package_id", rows[i].package_id);
    }
    return 0;
}

/* What was agreed by the compact lifecycle, so that a buyer who starts anew goes on from there. */
static int add_accepted(struct tool_call *c, const struct media_buy_row *buy, yyjson_mut_val *obj, struct err *e)
{
    if (c->line < ADCP_LINE_COMPACT) return 0;
    int found = commitment_proposal(c->act, buy, c->doc, obj, "accepted_proposal", e);
    if (found <= 0) return found;
    yyjson_mut_val *proposal = yyjson_mut_obj_get(obj, "accepted_proposal");
    json_add_val(c->doc, obj, "accepted_proposal_id",
                 yyjson_mut_val_mut_copy(c->doc, yyjson_mut_obj_get(proposal, "proposal_id")));
    json_add_val(c->doc, obj, "accepted_proposal_terms_digest",
                 yyjson_mut_val_mut_copy(c->doc, yyjson_mut_obj_get(proposal, "terms_digest")));
    (void)yyjson_mut_obj_remove_key(obj, "available_actions"); /* beside terms they name the task that does each */
    return commitment_actions(c->act, buy, c->doc, obj, e);
}

static int encode_page(struct tool_call *c, const struct query *q, const struct media_buy_rows *rows, struct err *e)
{
    struct media_buy_view v;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "media_buys");
    if (media_buy_view_load(c->act, rows, &v, e)) return -1;
    if (q->snapshot && media_buy_view_add_snapshots(c->act, &v, e)) return -1;
    if (q->snapshot) act_not_kept(c->act); /* delivery up to now */
    note_packages(c, &v.packages);
    act_says(c->act, SAYS_STATUS_AS_OF, rows->n, 0);
    v.minor_3_0 = c->minor_3_0;
    bool sandbox = rows->n > 0;
    for (size_t i = 0; i < rows->n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        media_buy_encode(&v, i, SHAPE_LISTED, c->doc, o);
        if (add_accepted(c, &rows->rows[i], o, e) || add_history(c, q, rows->rows[i].media_buy_id, o, e)) return -1;
        if (q->activity &&
            webhook_activity_encode(c->act,
                                    arena_printf(c->arena, "media_buy:" STR_FMT, STR_ARG(rows->rows[i].media_buy_id)),
                                    (int)q->activity, c->doc, o, e)) {
            return -1;
        }
        if (media_buy_encode_packages(&v, i, NULL, c->doc, o, "packages", e)) return -1;
        sandbox = sandbox && v.accounts[i].sandbox;
    }
    if (sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    return media_buy_aux(c, &v, NULL, e);
}

static void add_pagination(struct tool_call *c, struct str resume)
{
    yyjson_mut_val *p = json_add_obj(c->doc, c->reply, "pagination");
    json_add_bool(c->doc, p, "has_more", resume.n > 0);
    if (resume.n) json_add_str(c->doc, p, "cursor", base64url_encode(c->arena, resume));
}

/* Says which ids are not there. One that is there and has another status than asked for is no error. */
static void add_missing(struct tool_call *c, yyjson_val *ids, const struct media_buy_rows *found)
{
    yyjson_val *id;
    size_t i, n;
    yyjson_mut_val *errors = NULL;
    yyjson_arr_foreach(ids, i, n, id) {
        bool there = false;
        for (size_t k = 0; k < found->n; k++) there = there || str_eq(found->rows[k].media_buy_id, json_val_str(id));
        if (there) continue;
        struct err why;
        (void)err_set(&why, "MEDIA_BUY_NOT_FOUND", "There is no such media buy.");
        (void)err_field(&why, "/media_buy_ids/%zu", i);
        if (!errors) errors = json_add_arr(c->doc, c->reply, "errors");
        reply_error(c, errors, &why);
    }
}

/* Who asks for nothing in particular gets the active ones; where there are none, it hears that there are others. */
static int tell_of_others(struct tool_call *c, struct query *others, struct err *e)
{
    struct media_buy_rows rows = { NULL, 0 };
    struct str resume = STR_NONE;
    others->wanted = all_shown(c) & ~others->wanted;
    others->max = OTHERS_COUNTED;
    if (find_page(c, others, &rows, &resume, e)) return -1;
    if (!rows.n) return 0;
    c->message =
        arena_printf(c->arena, "0 media buys are active; %s%zu of other statuses: send status_filter to see them.",
                     resume.n ? "more than " : "", rows.n);
    return 0;
}

int tool_get_media_buys(struct tool_call *c, struct err *e)
{
    struct query q = { .max = PAGE_DEFAULT };
    struct media_buy_rows rows = { NULL, 0 }, named = { NULL, 0 };
    struct str resume = STR_NONE;
    if (read_ids(c, &q, e) || read_statuses(c, &q, e) || read_page(c, &q, e)) return -1;
    if (json_opt_i64(JSON_FIELD(c->args, "include_history", ""), (struct json_range){ 0, HISTORY_MAX }, &q.history,
                     e)) {
        return -1;
    }
    if (json_opt_bool(JSON_FIELD(c->args, "include_snapshot", ""), &q.snapshot, e) ||
        webhook_activity_asked(c->args, &q.activity, e))
        return -1;
    int scope = read_scope(c, &q, e);
    if (scope < 0) return -1;
    struct query others = q;
    if (scope && (q.ids.n ? find_ids(c, &q, &named, &rows, e) : find_page(c, &q, &rows, &resume, e))) return -1;
    if (cut_to_size(c, &rows, &resume, e) || encode_page(c, &q, &rows, e)) return -1;
    add_missing(c, json_arr(c->args, "media_buy_ids"), &named);
    add_pagination(c, resume);
    c->message = arena_printf(c->arena, "%zu media buy%s.", rows.n, rows.n == 1 ? "" : "s");
    act_may_be_kept(c->act);
    bool asked = q.ids.n || json_has(c->args, "status_filter") || others.wanted != 1u << BUY_ACTIVE;
    return scope && rows.n == 0 && !asked ? tell_of_others(c, &others, e) : 0;
}
