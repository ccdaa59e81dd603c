/* How a media buy moves along the arrows of media_buy_state.h: its creatives, the people who decide, whatever ends it. */
#include "domain/media_buy/media_buy.h"

#include "contract/document.h"
#include "domain/booking/booking.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy_change.h"

/* ---- creatives ---- */

static bool lacks(const struct creatives_readiness *ready, struct str package_id)
{
    for (int i = 0; i < ready->packages - ready->approved; i++) {
        if (str_eq(ready->lacking[i], package_id)) return true;
    }
    return false;
}

/* Does any package's want of creatives differ from what its row says? */
static bool wants_changed(const struct media_buy *buy, const struct creatives_readiness *ready)
{
    for (size_t i = 0; i < buy->packages.n; i++) {
        if (buy->packages.rows[i].awaits_creatives != lacks(ready, buy->packages.rows[i].package_id)) return true;
    }
    return false;
}

/* Will media_buy_settle() change which packages wait for creatives? Their lines at the ad server are paused or go on then. */
static int will_want(const struct act *act, const struct media_buy *buy, bool *out, struct err *e)
{
    struct creatives_readiness ready;
    if (creatives_ready(act, buy->row.media_buy_id, &ready, e)) return -1;
    *out = ready.approved > 0 && wants_changed(buy, &ready);
    return 0;
}

static int write_wants(const struct act *act, struct media_buy *buy, const struct creatives_readiness *ready,
                       struct err *e)
{
    for (size_t i = 0; i < buy->packages.n; i++) {
        struct package_row *p = &buy->packages.rows[i];
        bool wants = lacks(ready, p->package_id);
        if (p->awaits_creatives == wants) continue;
        p->awaits_creatives = wants;
        if (q_package_update(act->tx, p, e)) return -1;
    }
    return 0;
}

int media_buy_settle(const struct act *act, struct media_buy *buy, enum media_buy_status *out, struct err *e)
{
    struct creatives_readiness ready;
    if (creatives_ready(act, buy->row.media_buy_id, &ready, e)) return -1;
    bool none = ready.packages > 0 && ready.approved == 0;
    if (!none && write_wants(act, buy, &ready, e)) return -1;
    if (none) {
        *out = BUY_PENDING_CREATIVES;
    } else if (act->now >= buy->row.end_at) {
        *out = BUY_COMPLETED;
    } else if (act->now < buy->row.start_at) {
        *out = BUY_PENDING_START;
    } else {
        *out = buy->row.paused ? BUY_PAUSED : BUY_ACTIVE;
    }
    return 0;
}

int media_buy_release(const struct act *act, const struct media_buy *buy, struct str package_id, struct err *e)
{
    struct creative_assigned_list list;
    if (creatives_of_buys(act->tx, act->arena, &buy->row.media_buy_id, 1, &list, e)) return -1;
    for (size_t i = 0; i < list.n; i++) {
        if (package_id.n && !str_eq(list.items[i].package_id, package_id)) continue;
        struct creative_package from = { .principal_id = buy->row.principal_id,
                                         .media_buy_id = buy->row.media_buy_id,
                                         .package_id = list.items[i].package_id };
        if (creative_unassign(act, &from, list.items[i].creative_id, e)) return -1;
    }
    return 0;
}

/* ---- moves ---- */

static struct str actor_word(struct str side)
{
    return side.n ? side : STR("seller");
}

static const char *history_action(enum media_buy_status from, enum media_buy_status to)
{
    switch (to) {
    case BUY_ACTIVE: return from == BUY_PAUSED ? "resumed" : "activated";
    case BUY_PAUSED: return "paused";
    case BUY_COMPLETED: return "completed";
    case BUY_REJECTED: return "rejected";
    case BUY_CANCELED: return "canceled";
    case BUY_FAILED: return "failed";
    case BUY_PENDING_APPROVAL:
    case BUY_PENDING_CREATIVES:
    case BUY_PENDING_START:
    case BUY_STATUSES_N: break;
    }
    return "status_changed";
}

static int move(const struct act *act, struct media_buy *b, enum media_buy_status to, struct str reason, struct err *e)
{
    enum media_buy_status from = b->status;
    if (delivery_freeze(act, b->row.media_buy_id, e)) return -1;
    b->status = to;
    if (to == BUY_PAUSED) b->row.paused = true;
    if (to == BUY_ACTIVE) b->row.paused = false;
    if (media_buy_save(act, b, e) || media_buy_rebook(act, b, e)) return -1;
    struct media_buy_change change = {
        .action = history_action(from, to),
        .summary = arena_printf(act->arena, "%s -> %s" STR_FMT STR_FMT, media_buy_status_name(from),
                                media_buy_status_name(to), STR_ARG(reason.n ? STR(": ") : STR("")), STR_ARG(reason)),
    };
    return media_buy_changed(act, &b->row, &change, e);
}

static int no_such_move(const struct media_buy *b, enum media_buy_status to, struct err *e)
{
    (void)err_set(e, "INVALID_STATE", "A media buy that is %s cannot become %s.", media_buy_status_name(b->status),
                  media_buy_status_name(to));
    return err_field(e, "/media_buy_id");
}

static void put_cancellation(const struct act *act, struct media_buy *b, const struct media_buy_end *to)
{
    struct document d;
    document_open(act->arena, b->row.echo, &d);
    yyjson_mut_val *c = yyjson_mut_obj(d.doc);
    json_add_time(d.doc, c, "canceled_at", act->now);
    json_add_str(d.doc, c, "canceled_by", actor_word(to->actor_side));
    json_add_str_opt(d.doc, c, "reason", to->reason);
    document_set_new(&d, "cancellation", c);
    b->row.echo = document_text(&d);
}

int media_buy_move(const struct act *act, struct str media_buy_id, const struct media_buy_end *to, struct err *e)
{
    struct media_buy b;
    int found = media_buy_load(act, media_buy_id, &b, e);
    if (found < 0) return -1;
    if (!found) return media_buy_not_found(e);
    if (b.status == to->status) return 0;
    if (!media_buy_may_become(b.status, to->status)) return no_such_move(&b, to->status, e);
    if (to->status == BUY_CANCELED) put_cancellation(act, &b, to);
    if (to->status == BUY_REJECTED) b.row.rejection_reason = to->reason;
    bool ended = to->status == BUY_CANCELED || to->status == BUY_REJECTED || to->status == BUY_FAILED;
    if (ended && media_buy_release(act, &b, STR_NONE, e)) return -1;
    if (move(act, &b, to->status, to->reason, e)) return -1;
    if (!ended) return 0;
    /* What a person still has to stop by hand, stays. */
    struct task_subject subject = { .type = "media_buy", .id = b.row.media_buy_id, .but_kind = BY_HAND_TASK };
    return task_withdraw(act, &subject, "the media buy ended", e);
}

/* Of a buy that runs: a package that has got what it needs begins, one that has lost it stops. */
static int packages_settle(const struct act *act, struct media_buy *b, struct err *e)
{
    struct creatives_readiness ready;
    if (creatives_ready(act, b->row.media_buy_id, &ready, e)) return -1;
    if (wants_changed(b, &ready)) {
        if (delivery_freeze(act, b->row.media_buy_id, e) || write_wants(act, b, &ready, e)) return -1;
        if (media_buy_rebook(act, b, e)) return -1;
    }
    return booking_creatives(act, b->row.media_buy_id, CREATIVES_WHEN_CHANGED, e);
}

int media_buy_creatives_changed(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct media_buy b;
    int found = media_buy_load(act, media_buy_id, &b, e);
    if (found < 0) return -1;
    if (!found) return 0;
    bool waiting = b.status == BUY_PENDING_CREATIVES || b.status == BUY_PENDING_START;
    enum media_buy_status to = b.status;
    if (act->rehearsal && booking_rehearse_creatives(act, media_buy_id, e)) return -1;
    if (!waiting && b.status != BUY_ACTIVE && b.status != BUY_PAUSED) return 0;
    if (!waiting) return packages_settle(act, &b, e);
    bool wants;
    if (will_want(act, &b, &wants, e) || (wants && delivery_freeze(act, media_buy_id, e))) return -1;
    if (media_buy_settle(act, &b, &to, e)) return -1;
    /* Moving brings the ad server to the rows, creatives included. */
    if (to != b.status) return move(act, &b, to, STR("creatives changed"), e);
    if (wants && media_buy_rebook(act, &b, e)) return -1;
    return booking_creatives(act, media_buy_id, CREATIVES_WHEN_CHANGED, e);
}

int media_buy_creative_changed(const struct act *act, const struct creative_key *creative, struct err *e)
{
    struct creative_assignment_rows used;
    if (q_creative_assignments_of_creative(act->tx, act->arena, creative, &used, e)) return -1;
    for (size_t i = 0; i < used.n; i++) {
        bool told = false;
        for (size_t k = 0; k < i; k++) told = told || str_eq(used.rows[k].media_buy_id, used.rows[i].media_buy_id);
        if (!told && media_buy_creatives_changed(act, used.rows[i].media_buy_id, e)) return -1;
    }
    return 0;
}

int media_buy_set_creative_status(const struct act *act, const struct creative_change *change, struct err *e)
{
    struct creative_key changed;
    return creative_set_status(act, change, &changed, e) || media_buy_creative_changed(act, &changed, e) ? -1 : 0;
}

int media_buy_archive_creative(const struct act *act, const struct creative_row *row, struct err *why, struct err *e)
{
    int archived = creative_archive(act, row, why, e);
    return archived == 1 && media_buy_creative_changed(act, &row->key, e) ? -1 : archived;
}

int media_buy_sync_creative(const struct act *act, const struct creative_sync *in, struct creative_synced *out,
                            struct err *e)
{
    if (creative_sync(act, in, out, e)) return -1;
    return out->buys_unsettled ? media_buy_creative_changed(act, &out->row.key, e) : 0;
}

/* ---- decisions ---- */

static int load_undecided(const struct act *act, struct str media_buy_id, struct media_buy *out, struct err *e)
{
    int found = media_buy_load(act, media_buy_id, out, e);
    if (found < 0) return -1;
    if (!found) return media_buy_not_found(e);
    if (out->status == BUY_PENDING_APPROVAL) return 0;
    (void)err_set(e, "INVALID_STATE", "The media buy is %s; there is nothing to decide.",
                  media_buy_status_name(out->status));
    return err_field(e, "/media_buy_id");
}

int media_buy_approve(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct media_buy b;
    enum media_buy_status to;
    if (load_undecided(act, media_buy_id, &b, e)) return -1;
    if (act->now >= b.row.end_at && !act->sandbox) {
        (void)err_set(e, "INVALID_STATE", "The flight is over; the media buy can only be rejected.");
        return err_field(e, "/media_buy_id");
    }
    b.row.confirmed_at = act->now;
    if (media_buy_settle(act, &b, &to, e)) return -1;
    b.status = to;
    if (media_buy_save(act, &b, e) || booking_admit(act, media_buy_id, e) || media_buy_book(act, &b, e)) return -1;
    struct media_buy_change change = {
        .action = "approved",
        .summary = arena_printf(act->arena, "Approved by the publisher; now %s", media_buy_status_name(to)),
    };
    return media_buy_changed(act, &b.row, &change, e);
}

int media_buy_reject(const struct act *act, struct str media_buy_id, struct str reason, struct err *e)
{
    struct media_buy b;
    if (load_undecided(act, media_buy_id, &b, e)) return -1;
    b.row.rejection_reason = reason.n ? reason : STR("Rejected by the publisher.");
    if (media_buy_release(act, &b, STR_NONE, e)) return -1;
    return move(act, &b, BUY_REJECTED, b.row.rejection_reason, e);
}

/* ---- the creatives of a request ---- */

static int sync_inline(const struct act *act, const struct media_buy *buy, const struct creative_package *to,
                       const struct package_request *r, struct str product_id, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(r->val, "creatives", r->at), (struct json_len){ 1, 100 }, &arr, e)) return -1;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        struct creative_sync in = { .principal_id = buy->row.principal_id,
                                    .account_id = buy->row.account_id,
                                    .product_id = product_id,
                                    .asset = v,
                                    .at = arena_printf(act->arena, "%s/creatives/%zu", r->at, i) };
        struct creative_synced synced;
        if (media_buy_sync_creative(act, &in, &synced, e)) return -1;
        if (synced.action == CREATIVE_FAILED) {
            *e = synced.errors[0];
            return -1;
        }
        if (creative_assign(act, to, synced.creative_id, v, e)) return -1;
    }
    return 0;
}

int media_buy_take_creatives(const struct act *act, const struct media_buy *buy, const struct package_row *package,
                             const struct package_request *r, struct err *e)
{
    struct creative_package to = { .principal_id = buy->row.principal_id,
                                   .media_buy_id = buy->row.media_buy_id,
                                   .package_id = package->package_id };
    yyjson_val *assignments = NULL;
    bool replaces = json_has(r->val, "creative_assignments") || json_has(r->val, "creatives");
    if (json_opt_arr(JSON_FIELD(r->val, "creative_assignments", r->at), (struct json_len){ 0, 500 }, &assignments, e)) {
        return -1;
    }
    if (!replaces) return 0;
    struct str at = arena_printf(act->arena, "%s/creative_assignments", r->at);
    if (assignments) {
        if (creative_assign_all(act, &to, assignments, at, e)) return -1;
    } else if (r->kind == PACKAGE_CHANGE && media_buy_release(act, buy, package->package_id, e)) {
        return -1;
    }
    return sync_inline(act, buy, &to, r, package->product_id, e);
}
