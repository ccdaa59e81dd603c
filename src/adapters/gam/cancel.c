/* Canceling: everything stops for good, also what an attempt to book has left. What runs is paused first, what waits for
 * an approval is taken back, then the order is archived; what it has delivered stays in the reports. */
#include "adapters/gam/gam.h"

enum { START, FOUND, LINES, STILL, ARCHIVED, STEPS };
_Static_assert((int)STEPS == (int)GAM_CANCEL_STEPS, "every step has its place");

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct gam_order);
    gam_order_ask(op);
    return FOUND;
}

static int found(struct adapter_op *op)
{
    struct gam_order *o = op->state;
    if (gam_order_heard(op, &op->answers[0], o)) return ADAPTER_DONE;
    if (!o->id.n || o->archived || str_is(o->status, "DELETED")) return adapter_done(op);
    if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, o->id);
    gam_lines_ask(op, o, STR_NONE);
    return LINES;
}

static int archive(struct adapter_op *op)
{
    const struct gam_order *o = op->state;
    struct str name = gam_name(op, "orders", o->id);
    (void)gam_act(op, "orders:batchArchive", &name, 1);
    return ARCHIVED;
}

static int still(struct adapter_op *op)
{
    struct gam_order *o = op->state;
    struct str *names = ARENA_ARRAY(op->arena, struct str, o->lines_n + 1), order = gam_name(op, "orders", o->id);
    size_t n = 0;
    for (size_t i = 0; i < o->lines_n; i++) {
        if (gam_line_runs(&o->lines[i])) names[n++] = gam_name(op, "lineItems", o->lines[i].id);
    }
    if (n) (void)gam_act(op, "lineItems:batchPause", names, n);
    if (str_is(o->status, "PENDING_APPROVAL")) (void)gam_act(op, "orders:batchRetract", &order, 1);
    return op->calls_n ? STILL : archive(op);
}

static int lines(struct adapter_op *op)
{
    struct gam_order *o = op->state;
    struct str next;
    if (gam_lines_heard(op, &op->answers[0], o, &next)) return ADAPTER_DONE;
    if (!next.n) return still(op);
    gam_lines_ask(op, o, next);
    return LINES;
}

static int stilled(struct adapter_op *op)
{
    yyjson_val *root;
    for (int i = 0; i < op->answers_n; i++) {
        if (gam_read(op, &op->answers[i], "pause line items", &root)) return ADAPTER_DONE;
    }
    return archive(op);
}

static int archived(struct adapter_op *op)
{
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "archive orders", &root)) return ADAPTER_DONE;
    return adapter_done(op);
}

const adapter_step gam_cancel_steps[GAM_CANCEL_STEPS] = {
    [START] = start, [FOUND] = found, [LINES] = lines, [STILL] = stilled, [ARCHIVED] = archived,
};
