/* Forced states. Each function checks before it writes: a refusal is a reply of the controller, and its transaction
 * is kept. */
#include "domain/core/audit.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/media_buy.h"
#include "domain/sandbox/sandbox.h"
#include "store/q/q_buyer_object.h"

#define ID_MAX     255
#define REASON_MAX 2000

int sandbox_param(yyjson_val *params, const char *key, struct str *out, struct err *e)
{
    struct str v = json_str(params, key);
    if (v.n == 0 || v.n > ID_MAX) {
        (void)err_set(e, "INVALID_PARAMS", "params.%s is required: a text of 1 to %d bytes", key, ID_MAX);
        return err_field(e, "/params/%s", key);
    }
    *out = v;
    return 0;
}

int sandbox_not_found(const char *what, struct err *e)
{
    return err_set(e, "NOT_FOUND", "There is no such %s.", what);
}

static struct str reason_of(yyjson_val *params)
{
    struct str reason = json_str(params, "rejection_reason");
    if (!reason.n) reason = json_str(params, "reason_detail");
    return reason.n > REASON_MAX ? (struct str){ reason.p, REASON_MAX } : reason;
}

static int bad_status(struct str status, struct err *e)
{
    (void)err_set(e, "INVALID_PARAMS", "'" STR_FMT "' is not a status this can have", STR_ARG(status));
    return err_field(e, "/params/status");
}

static int no_arrow(struct str from, struct str to, struct err *e)
{
    return err_set(e, "INVALID_TRANSITION", "What is " STR_FMT " cannot become " STR_FMT ".", STR_ARG(from),
                   STR_ARG(to));
}

/* ---- creatives ---- */

int sandbox_force_creative(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id, status;
    struct creative_row row;
    enum creative_status from, to;
    if (sandbox_param(params, "creative_id", &id, e) || sandbox_param(params, "status", &status, e)) return -1;
    if (!creative_status_parse(status, &to)) return bad_status(status, e);
    int found = creative_get(act, act->principal->principal_id, id, &row, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("creative", e);
    out->previous = out->current = row.status;
    from = creative_status_stored(&row);
    if (from == to) return 0;
    if (!creative_status_may_become(from, to)) return no_arrow(row.status, status, e);
    struct creative_change change = {
        .principal_id = act->principal->principal_id, .creative_id = id, .status = to, .reason = reason_of(params)
    };
    if (media_buy_set_creative_status(act, &change, e)) return -1;
    out->current = status;
    return 0;
}

int sandbox_purge_creative(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id, kind = json_str(params, "purge_kind");
    struct creative_row row;
    if (sandbox_param(params, "creative_id", &id, e)) return -1;
    if (kind.n && !str_is(kind, "soft") && !str_is(kind, "hard")) {
        (void)err_set(e, "INVALID_PARAMS", "params.purge_kind is soft or hard");
        return err_field(e, "/params/purge_kind");
    }
    int found = creative_get(act, act->principal->principal_id, id, &row, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("creative", e);
    out->previous = row.status;
    if (!str_is(row.status, "archived")) {
        struct creative_change change = { .principal_id = act->principal->principal_id,
                                          .creative_id = id,
                                          .status = CREATIVE_ARCHIVED,
                                          .reason = reason_of(params) };
        if (media_buy_set_creative_status(act, &change, e)) return -1;
    }
    if (str_is(kind, "hard") && q_creative_delete(act->tx, &row.key, act->now, e) < 0) return -1;
    out->current = STR("purged");
    return 0;
}

/* ---- accounts ---- */

static bool account_may_become(struct str from, struct str to)
{
    static const char *const arrows[][2] = {
        { "pending_approval", "active" },
        { "pending_approval", "rejected" },
        { "active", "payment_required" },
        { "active", "suspended" },
        { "active", "closed" },
        { "payment_required", "active" },
        { "payment_required", "suspended" },
        { "payment_required", "closed" },
        { "suspended", "active" },
        { "suspended", "payment_required" },
        { "suspended", "closed" },
        { "active", "pending_approval" },
    };
    for (size_t i = 0; i < ARRAY_LEN(arrows); i++) {
        if (str_is(from, arrows[i][0]) && str_is(to, arrows[i][1])) return true;
    }
    return false;
}

int sandbox_force_account(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id, status;
    struct account_row row, key = { .tenant_id = act->tenant->tenant_id, .principal_id = act->principal->principal_id };
    if (sandbox_param(params, "account_id", &id, e) || sandbox_param(params, "status", &status, e)) return -1;
    if (!account_status_known(status)) return bad_status(status, e);
    key.account_id = id;
    int found = q_account_get(act->tx, act->arena, &key, &row, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("account", e);
    if (!row.sandbox) return err_set(e, "FORBIDDEN", "The account is a live one.");
    out->previous = out->current = row.status;
    if (str_eq(row.status, status)) return 0;
    if (!account_may_become(row.status, status)) return no_arrow(row.status, status, e);
    row.status = out->current = status;
    row.updated_at = act->now;
    struct audit_entry entry = {
        .action = "account.force_status",
        .subject = arena_printf(act->arena, "account:" STR_FMT, STR_ARG(id)),
    };
    return q_account_update(act->tx, &row, e) || audit_add(act, &entry, e) ? -1 : 0;
}

/* ---- media buys ---- */

/* A flight that has not begun begins now. */
static int begin_flight(const struct act *act, struct media_buy *b, struct err *e)
{
    if (b->row.start_at <= act->now) return 0;
    for (size_t i = 0; i < b->packages.n; i++) {
        struct package_row *p = &b->packages.rows[i];
        if (p->start_at <= act->now) continue;
        p->start_at = act->now;
        if (q_package_update(act->tx, p, e)) return -1;
    }
    b->row.start_at = act->now;
    return q_media_buy_update(act->tx, &b->row, e);
}

int sandbox_force_media_buy(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id, status;
    struct media_buy b;
    enum media_buy_status to;
    if (sandbox_param(params, "media_buy_id", &id, e) || sandbox_param(params, "status", &status, e)) return -1;
    if (!media_buy_status_parse(status, &to) || to == BUY_PENDING_APPROVAL || to == BUY_FAILED)
        return bad_status(status, e);
    int found = media_buy_load(act, id, &b, e);
    if (found < 0) return -1;
    if (!found || !str_eq(b.row.principal_id, act->principal->principal_id)) return sandbox_not_found("media buy", e);
    out->previous = out->current = str_from(media_buy_status_name(b.status));
    if (b.status == to) return 0;
    /* A state that only an active buy reaches is reached by way of active, as if the days until then had passed. */
    bool direct = media_buy_may_become(b.status, to);
    if (!direct && !(media_buy_may_become(b.status, BUY_ACTIVE) && media_buy_may_become(BUY_ACTIVE, to))) {
        return no_arrow(out->current, status, e);
    }
    if ((to == BUY_ACTIVE || to == BUY_COMPLETED) && begin_flight(act, &b, e)) return -1;
    struct media_buy_end started = { .status = BUY_ACTIVE, .actor_side = STR("seller") };
    if (!direct && media_buy_move(act, id, &started, e)) return -1;
    struct media_buy_end end = { .status = to, .reason = reason_of(params), .actor_side = STR("seller") };
    if (media_buy_move(act, id, &end, e)) return -1;
    out->current = status;
    return 0;
}

/* ---- audiences, sessions ---- */

int sandbox_force_audience(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    static const char *const known[] = { "processing", "ready", "too_small", "suspended" };
    struct str id, status;
    bool ok = false;
    if (sandbox_param(params, "audience_id", &id, e) || sandbox_param(params, "status", &status, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) ok = ok || str_is(status, known[i]);
    if (!ok) return bad_status(status, e);
    struct buyer_object_key key = { .tenant_id = act->tenant->tenant_id,
                                    .kind = BUYER_OBJECT_AUDIENCE,
                                    .principal_id = act->principal->principal_id,
                                    .object_id = id };
    struct buyer_object_row row;
    int found = q_buyer_object_get(act->tx, act->arena, &key, &row, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("audience", e);
    out->previous = row.status;
    row.status = out->current = status;
    row.updated_at = act->now;
    return q_buyer_object_put(act->tx, &row, e);
}

int sandbox_force_session(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id, status;
    (void)act; /* no sessions are kept: there are no rows to look in */
    (void)out;
    if (sandbox_param(params, "session_id", &id, e) || sandbox_param(params, "status", &status, e)) return -1;
    if (!str_is(status, "complete") && !str_is(status, "terminated")) return bad_status(status, e);
    return sandbox_not_found("session", e);
}

/* ---- tasks ---- */

int sandbox_complete_task(const struct act *act, yyjson_val *params, struct sandbox_state *out, struct err *e)
{
    struct str id;
    struct task_row task;
    yyjson_val *result = json_obj(params, "result");
    if (sandbox_param(params, "task_id", &id, e)) return -1;
    if (!result) {
        (void)err_set(e, "INVALID_PARAMS", "params.result is required: the object the task completes with");
        return err_field(e, "/params/result");
    }
    struct task_key key = { act->tenant->tenant_id, act->principal->principal_id, id };
    int found = q_task_get(act->tx, act->arena, &key, &task, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("task", e);
    out->previous = out->current = str_from(task_adcp_status(&task));
    if (!task_open(&task)) {
        if (str_eq(task_member(act, &task, "result"), json_write_val(act->arena, result))) return 0;
        return no_arrow(out->current, STR("completed"), e);
    }
    struct task_end end = { .result = json_write_val(act->arena, result) };
    task_put(act, &task, "result", end.result);
    task.state = STR("completed");
    task.decision = STR("approved");
    if (task_finish(act, &task, &end, e)) return -1;
    out->current = STR("completed");
    return 0;
}
