/* How orders and line items stand: what a trafficker has paused, archived or deleted, what waits for creatives. */
#include "adapters/gam/gam.h"

enum { START, ORDER, LINES, STEPS };
_Static_assert((int)STEPS == (int)GAM_LOOK_STEPS, "every step has its place");

static const struct {
    const char *status;
    enum adapter_standing standing;
} standings[] = {
    { "DRAFT", STANDS_DRAFT },
    { "PENDING_APPROVAL", STANDS_WAITING },
    { "APPROVED", STANDS_READY },
    { "DISAPPROVED", STANDS_ENDED },
    { "PAUSED", STANDS_PAUSED },
    { "PAUSED_INVENTORY_RELEASED", STANDS_PAUSED },
    { "CANCELED", STANDS_ENDED },
    { "DELETED", STANDS_GONE },
    { "READY", STANDS_READY },
    { "DELIVERING", STANDS_DELIVERING },
    { "DELIVERY_EXTENDED", STANDS_DELIVERING },
    { "INACTIVE", STANDS_INACTIVE },
    { "COMPLETED", STANDS_OVER },
};

static enum adapter_standing standing_of(struct str status, bool archived)
{
    if (archived) return STANDS_ENDED;
    for (size_t i = 0; i < ARRAY_LEN(standings); i++) {
        if (str_is(status, standings[i].status)) return standings[i].standing;
    }
    return STANDS_UNKNOWN;
}

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct gam_order);
    gam_order_ask(op);
    return ORDER;
}

static struct str note_of(const struct gam_line *l)
{
    if (gam_line_paused(l) && !l->memory.paused && l->package && !l->package->paused) {
        return STR("somebody has paused it in Ad Manager");
    }
    if (l->archived) return STR("it is archived");
    return l->missing_creatives ? STR("at least one of its sizes has no creative") : STR_NONE;
}

static int finish(struct adapter_op *op, struct gam_order *o)
{
    struct adapter_sight *s = ARENA_ARRAY(op->arena, struct adapter_sight, op->plan->packages_n + 1);
    bool there = o->id.n > 0;
    s[0] = (struct adapter_sight){ .media_buy_id = op->plan->media_buy_id,
                                   .remote_id = there ? o->id : op->plan->remote_id,
                                   .standing = there ? standing_of(o->status, o->archived) : STANDS_GONE,
                                   .status = o->archived ? STR("ARCHIVED") : o->status };
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        const struct gam_line *l = gam_line_of(o, p);
        s[i + 1] = (struct adapter_sight){ .media_buy_id = op->plan->media_buy_id,
                                           .package_id = p->package_id,
                                           .remote_id = l ? l->id : p->remote_id,
                                           .standing = l ? standing_of(l->status, l->archived) : STANDS_GONE,
                                           .status = l ? l->status : STR_NONE,
                                           .note = l ? note_of(l) : STR_NONE };
    }
    op->result.sights = s;
    op->result.sights_n = op->plan->packages_n + 1;
    return adapter_done(op);
}

static int order(struct adapter_op *op)
{
    struct gam_order *o = op->state;
    if (gam_order_heard(op, &op->answers[0], o)) return ADAPTER_DONE;
    if (!o->id.n) return finish(op, o);
    gam_lines_ask(op, o, STR_NONE);
    return LINES;
}

static int lines(struct adapter_op *op)
{
    struct gam_order *o = op->state;
    struct str next;
    if (gam_lines_heard(op, &op->answers[0], o, &next)) return ADAPTER_DONE;
    if (!next.n) return finish(op, o);
    gam_lines_ask(op, o, next);
    return LINES;
}

const adapter_step gam_look_steps[GAM_LOOK_STEPS] = { [START] = start, [ORDER] = order, [LINES] = lines };
