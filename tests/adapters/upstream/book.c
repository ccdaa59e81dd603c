/* Booking and changing: look for the order, make it, look for its lines, make those that are missing, bring the budget to the
 * plan, wait until the order is signed. */
#include "upstream.h"

#include <string.h>

enum { FIND, FOUND, ORDERED, LISTED, LINED, READ, ASKED };

struct booking {
    struct str order;
    bool has[64]; /* the packages: their line is known */
    size_t making;
    bool polled;
};

static struct booking *self(struct adapter_op *op)
{
    return op->state;
}

/* Orders have no external id: their name is where we find ours again. */
static struct str order_name(struct adapter_op *op)
{
    return adapter_text(op->arena, STR_FMT " [" STR_FMT "]", STR_ARG(op->plan->advertiser),
                        STR_ARG(op->plan->media_buy_id));
}

/* Nor have lines: the second name they are targeted at is ours. */
static struct str line_mark(struct adapter_op *op, size_t i)
{
    return adapter_text(op->arena, "package:" STR_FMT, STR_ARG(op->plan->packages[i].package_id));
}

static double amount(int64_t micros)
{
    return (double)micros / MICROS_PER_UNIT;
}

static double total(const struct plan *plan)
{
    int64_t micros = 0;
    for (size_t i = 0; i < plan->packages_n; i++) micros += plan->packages[i].budget_micros;
    return amount(micros);
}

static int list_lines(struct adapter_op *op, struct str order)
{
    struct booking *b = self(op);
    b->order = order;
    if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, order);
    upstream_ask(op, "GET", adapter_text(op->arena, "/v1/orders/" STR_FMT "/lineitems", STR_ARG(order)), NULL);
    return LISTED;
}

static int find(struct adapter_op *op)
{
    op->state = adapter_alloc(op->arena, sizeof(struct booking));
    if (op->plan->packages_n > 64) return adapter_refuse(op, "more than 64 packages");
    if (op->plan->remote_id.n) return list_lines(op, op->plan->remote_id);
    upstream_ask(op, "GET", STR("/v1/orders"), NULL);
    return FOUND;
}

static int found(struct adapter_op *op)
{
    yyjson_val *said = upstream_heard(op, op->answers), *order;
    yyjson_mut_val *o;
    size_t i, n;
    if (!said) return ADAPTER_DONE;
    yyjson_arr_foreach(yyjson_obj_get(said, "orders"), i, n, order) {
        if (str_eq(upstream_str(order, "name"), order_name(op))) return list_lines(op, upstream_str(order, "order_id"));
    }
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    upstream_add(doc, o, "name", order_name(op));
    upstream_add(doc, o, "advertiser_id", op->plan->advertiser);
    upstream_add(doc, o, "currency", str_from(op->plan->currency));
    upstream_add(doc, o, "client_request_id", op->plan->media_buy_id);
    (void)yyjson_mut_obj_add_real(doc, o, "budget", total(op->plan));
    upstream_ask(op, "POST", STR("/v1/orders"), doc);
    return ORDERED;
}

static int ordered(struct adapter_op *op)
{
    yyjson_val *order = upstream_heard(op, op->answers);
    return order ? list_lines(op, upstream_str(order, "order_id")) : ADAPTER_DONE;
}

static int read_order(struct adapter_op *op)
{
    upstream_ask(op, "GET", adapter_text(op->arena, "/v1/orders/" STR_FMT, STR_ARG(self(op)->order)), NULL);
    return READ;
}

/* The next line that is missing. */
static int make_line(struct adapter_op *op)
{
    struct booking *b = self(op);
    yyjson_mut_val *o;
    while (b->making < op->plan->packages_n && b->has[b->making]) b->making++;
    if (b->making == op->plan->packages_n) return read_order(op);
    const struct plan_package *p = &op->plan->packages[b->making];
    yyjson_doc *settings = yyjson_read(p->settings.p, p->settings.n, 0);
    struct str unit = upstream_str(yyjson_doc_get_root(settings), "ad_unit"),
               product = upstream_str(yyjson_doc_get_root(settings), "product");
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    (void)yyjson_mut_obj_add_strncpy(doc, o, "product_id", product.n ? product.p : "", product.n);
    upstream_add(doc, o, "client_request_id", p->package_id);
    (void)yyjson_mut_obj_add_real(doc, o, "budget", amount(p->budget_micros));
    static const char *const names[] = { "ad_unit_targeting", "ad_unit_ids" }; /* each platform has its own */
    for (size_t i = 0; i < 2; i++) {
        yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, names[i]);
        struct str mark = line_mark(op, b->making);
        (void)yyjson_mut_arr_add_strncpy(doc, list, unit.n ? unit.p : "", unit.n);
        (void)yyjson_mut_arr_add_strn(doc, list, mark.p, mark.n);
    }
    yyjson_doc_free(settings);
    upstream_ask(op, "POST", adapter_text(op->arena, "/v1/orders/" STR_FMT "/lineitems", STR_ARG(b->order)), doc);
    return LINED;
}

static bool is_of(struct adapter_op *op, size_t i, yyjson_val *line)
{
    yyjson_val *mark = yyjson_arr_get(yyjson_obj_get(line, "ad_unit_targeting"), 1);
    struct str wanted = line_mark(op, i);
    return yyjson_equals_strn(mark, wanted.p, wanted.n);
}

static int listed(struct adapter_op *op)
{
    yyjson_val *said = upstream_heard(op, op->answers), *line;
    size_t i, n;
    if (!said) return ADAPTER_DONE;
    yyjson_arr_foreach(yyjson_obj_get(said, "line_items"), i, n, line) {
        for (size_t p = 0; p < op->plan->packages_n; p++) {
            if (!is_of(op, p, line)) continue;
            self(op)->has[p] = true;
            adapter_remote_add(op, REMOTE_PACKAGE, op->plan->packages[p].package_id,
                               upstream_str(line, "line_item_id"));
        }
    }
    return make_line(op);
}

static int lined(struct adapter_op *op)
{
    struct booking *b = self(op);
    yyjson_val *line = upstream_heard(op, op->answers);
    if (!line) return ADAPTER_DONE;
    adapter_remote_add(op, REMOTE_PACKAGE, op->plan->packages[b->making].package_id,
                       upstream_str(line, "line_item_id"));
    b->has[b->making] = true;
    return make_line(op);
}

static int bring_budget(struct adapter_op *op)
{
    const struct upstream_config *c = op->config;
    yyjson_mut_val *o;
    if (c->is_signed) return adapter_refuse(op, "the budget of a signed order cannot be changed");
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    (void)yyjson_mut_obj_add_real(doc, o, "budget", total(op->plan));
    upstream_ask(op, "PATCH", adapter_text(op->arena, "/v1/orders/" STR_FMT, STR_ARG(self(op)->order)), doc);
    return READ;
}

static int read(struct adapter_op *op)
{
    struct booking *b = self(op);
    yyjson_val *order = upstream_heard(op, op->answers);
    if (!order) return ADAPTER_DONE;
    struct str status = upstream_str(order, "status");
    if (str_is(status, "rejected") || str_is(status, "canceled"))
        return adapter_refuse(op, "the order is " STR_FMT, STR_ARG(status));
    if (yyjson_get_num(yyjson_obj_get(order, "budget")) != total(op->plan)) return bring_budget(op);
    if (!str_is(status, "pending_approval")) return adapter_done(op);
    if (b->polled) return adapter_wait(op, 1, "its people have not signed the order yet");
    upstream_ask(op, "GET",
                 adapter_text(op->arena, "/v1/tasks/" STR_FMT, STR_ARG(upstream_str(order, "approval_task_id"))), NULL);
    return ASKED;
}

static int asked(struct adapter_op *op)
{
    self(op)->polled = true;
    return upstream_heard(op, op->answers) ? read_order(op) : ADAPTER_DONE;
}

const adapter_step upstream_book_steps[UPSTREAM_BOOK_STEPS] = { find, found, ordered, listed, lined, read, asked };
