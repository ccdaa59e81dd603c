/* Canceling a campaign, and looking how it stands. */
#include "adapters/kevel/kevel.h"

/* ---- cancel: nothing runs any more, what was delivered stays in the reports ---- */

enum { START, FOUND, PUT_BACK, CANCEL_STEPS };
_Static_assert((int)CANCEL_STEPS == (int)KEVEL_CANCEL_STEPS, "every step has its place");

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct kevel_campaign);
    kevel_campaign_ask(op);
    return FOUND;
}

static int found(struct adapter_op *op)
{
    struct kevel_campaign *c = op->state;
    if (kevel_campaign_heard(op, &op->answers[0], c)) return ADAPTER_DONE;
    if (!c->id.n || (c->archived && !c->active)) return adapter_done(op);
    if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, c->id);
    kevel_campaign_put(op, c, false, true);
    return PUT_BACK;
}

static int put_back(struct adapter_op *op)
{
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "archive campaigns", &root)) return ADAPTER_DONE;
    return adapter_done(op);
}

const adapter_step kevel_cancel_steps[KEVEL_CANCEL_STEPS] = { [START] = start, [FOUND] = found, [PUT_BACK] = put_back };

/* ---- look ---- */

static enum adapter_standing standing_of(const struct kevel_flight *f, int64_t now, int64_t start_at, int64_t end_at)
{
    if (f->archived) return STANDS_ENDED;
    if (!f->active) return STANDS_PAUSED;
    if (now >= end_at) return STANDS_OVER;
    if (!yyjson_arr_size(doc_arr(f->shown, "CreativeMaps"))) return STANDS_INACTIVE;
    return now < start_at ? STANDS_READY : STANDS_DELIVERING;
}

static int finish(struct adapter_op *op, struct kevel_campaign *c)
{
    const struct plan *plan = op->plan;
    struct adapter_sight *s = ARENA_ARRAY(op->arena, struct adapter_sight, plan->packages_n + 1);
    enum adapter_standing all = !c->id.n      ? STANDS_GONE
                                : c->archived ? STANDS_ENDED
                                : c->active   ? STANDS_READY
                                              : STANDS_PAUSED;
    s[0] = (struct adapter_sight){ .media_buy_id = plan->media_buy_id,
                                   .remote_id = c->id.n ? c->id : plan->remote_id,
                                   .standing = all,
                                   .status = c->archived ? STR("archived")
                                             : c->active ? STR("active")
                                                         : STR("inactive") };
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        const struct kevel_flight *f = kevel_flight_of(c, p);
        bool theirs = f && !f->active && !f->memory.paused && !p->paused;
        s[i + 1] =
            (struct adapter_sight){ .media_buy_id = plan->media_buy_id,
                                    .package_id = p->package_id,
                                    .remote_id = f ? f->id : p->remote_id,
                                    .standing = f ? standing_of(f, op->now, p->start_at, p->end_at) : STANDS_GONE,
                                    .status = !f            ? STR_NONE
                                              : f->archived ? STR("archived")
                                              : f->active   ? STR("active")
                                                            : STR("inactive"),
                                    .note = theirs ? STR("somebody has paused it in Kevel") : STR_NONE };
    }
    op->result.sights = s;
    op->result.sights_n = plan->packages_n + 1;
    return adapter_done(op);
}

static int look_found(struct adapter_op *op)
{
    struct kevel_campaign *c = op->state;
    if (kevel_campaign_heard(op, &op->answers[0], c)) return ADAPTER_DONE;
    if (!c->id.n) return finish(op, c);
    kevel_flights_ask(op, c);
    return 2;
}

static int look_flights(struct adapter_op *op)
{
    struct kevel_campaign *c = op->state;
    return kevel_flights_heard(op, &op->answers[0], c) ? ADAPTER_DONE : finish(op, c);
}

const adapter_step kevel_look_steps[KEVEL_LOOK_STEPS] = { start, look_found, look_flights };
