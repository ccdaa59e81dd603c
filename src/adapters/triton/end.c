/* Canceling a campaign, and looking how it stands. */
#include "adapters/triton/triton.h"

/* ---- cancel: nothing runs any more, what was delivered stays in the reports ---- */

enum { START, FOUND, ENDED, CANCEL_STEPS };
_Static_assert((int)CANCEL_STEPS == (int)TRITON_CANCEL_STEPS, "every step has its place");

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct triton_campaign);
    triton_campaign_ask(op);
    return FOUND;
}

static int found(struct adapter_op *op)
{
    struct triton_campaign *c = op->state;
    if (triton_campaign_heard(op, &op->answers[0], c)) return ADAPTER_DONE;
    if (!c->id.n || c->archived || !c->active) return adapter_done(op);
    if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, c->id);
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_bool(d, root, triton_name(op, TRITON_CAMPAIGN_ACTIVE), false);
    triton_send(op, TRITON_CAMPAIGN_UPDATE, c->id, root);
    return ENDED;
}

static int ended(struct adapter_op *op)
{
    yyjson_val *root;
    return triton_read(op, &op->answers[0], "end campaigns", &root) ? ADAPTER_DONE : adapter_done(op);
}

const adapter_step triton_cancel_steps[TRITON_CANCEL_STEPS] = { [START] = start, [FOUND] = found, [ENDED] = ended };

/* ---- look ---- */

enum { LOOK_FLIGHTS = 2 };

static enum adapter_standing standing_of(struct adapter_op *op, const struct triton_campaign *c,
                                         const struct triton_flight *f, const struct plan_package *p)
{
    if (f->archived || c->archived) return STANDS_ENDED;
    if (!f->active || !c->active) return STANDS_PAUSED;
    if (op->now >= p->end_at) return STANDS_OVER;
    if (!yyjson_arr_size(doc_arr(f->shown, triton_name(op, TRITON_FLIGHT_CREATIVES)))) return STANDS_INACTIVE;
    return op->now < p->start_at ? STANDS_READY : STANDS_DELIVERING;
}

static struct str note_of(const struct triton_campaign *c, const struct triton_flight *f, const struct plan_package *p)
{
    if (f->archived || p->paused) return STR_NONE;
    if (!c->active) return STR("somebody has paused its campaign in Triton");
    return !f->active && !f->memory.paused ? STR("somebody has paused it in Triton") : STR_NONE;
}

static int finish(struct adapter_op *op, struct triton_campaign *c)
{
    const struct plan *plan = op->plan;
    struct adapter_sight *s = ARENA_ARRAY(op->arena, struct adapter_sight, plan->packages_n + 1);
    struct str word = c->archived ? STR("archived") : c->active ? STR("active") : STR("inactive");
    s[0] = (struct adapter_sight){ .media_buy_id = plan->media_buy_id,
                                   .remote_id = c->id.n ? c->id : plan->remote_id,
                                   .standing = !c->id.n      ? STANDS_GONE
                                               : c->archived ? STANDS_ENDED
                                               : c->active   ? STANDS_READY
                                                             : STANDS_PAUSED,
                                   .status = c->id.n ? word : STR_NONE };
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        const struct triton_flight *f = triton_flight_of(c, p);
        s[i + 1] = (struct adapter_sight){ .media_buy_id = plan->media_buy_id,
                                           .package_id = p->package_id,
                                           .remote_id = f ? f->id : p->remote_id,
                                           .standing = f ? standing_of(op, c, f, p) : STANDS_GONE,
                                           .status = f ? f->status : STR_NONE,
                                           .note = f ? note_of(c, f, p) : STR_NONE };
    }
    op->result.sights = s;
    op->result.sights_n = plan->packages_n + 1;
    return adapter_done(op);
}

static int look_found(struct adapter_op *op)
{
    struct triton_campaign *c = op->state;
    if (triton_campaign_heard(op, &op->answers[0], c)) return ADAPTER_DONE;
    if (!c->id.n) return finish(op, c);
    triton_flights_ask(op, c);
    return LOOK_FLIGHTS;
}

static int look_flights(struct adapter_op *op)
{
    struct triton_campaign *c = op->state;
    int rc = triton_flights_heard(op, &op->answers[0], c);
    if (rc) return rc < 0 ? ADAPTER_DONE : LOOK_FLIGHTS;
    return finish(op, c);
}

const adapter_step triton_look_steps[TRITON_LOOK_STEPS] = { start, look_found, [LOOK_FLIGHTS] = look_flights };
