/* buying_mode refine: change requests by product, by proposal and for the whole answer. Asks are sentences; the few
 * things understood in them are delivery type, fixed or auction price, and channels to keep or drop. What is not
 * understood is answered honestly as `unable`, and what is understood in part as `partial`. */
#include "tools/product/products.h"

#include "tools/product/products_ask.h"

static int refuse_at(struct err *e, size_t i, const char *member, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "/refine/%zu%s", i, member);
}

static bool is_finalize(yyjson_val *entry)
{
    return str_is(json_str(entry, "scope"), "proposal") && str_is(json_str(entry, "action"), "finalize");
}

bool plans_finalizing(yyjson_val *args)
{
    size_t i, n;
    yyjson_val *v;
    if (!str_is(json_str(args, "buying_mode"), "refine")) return false;
    yyjson_arr_foreach(json_arr(args, "refine"), i, n, v) {
        if (is_finalize(v)) return true;
    }
    return false;
}

static int check_entry(yyjson_val *v, size_t i, struct err *e)
{
    struct str scope = json_str(v, "scope"), action = json_str(v, "action");
    if (str_is(scope, "request")) {
        return json_str(v, "ask").n ? 0 : refuse_at(e, i, "/ask", "A request-scoped refinement needs an ask.");
    }
    if (str_is(scope, "product")) {
        if (json_str(v, "product_id").n == 0) return refuse_at(e, i, "/product_id", "Which product is meant?");
        if (action.n && !str_is(action, "include") && !str_is(action, "omit") && !str_is(action, "more_like_this")) {
            return refuse_at(e, i, "/action", "action is include, omit or more_like_this.");
        }
        return 0;
    }
    if (str_is(scope, "proposal")) {
        if (json_str(v, "proposal_id").n == 0) return refuse_at(e, i, "/proposal_id", "Which proposal is meant?");
        if (action.n && !str_is(action, "include") && !str_is(action, "omit") && !str_is(action, "finalize")) {
            return refuse_at(e, i, "/action", "action is include, omit or finalize.");
        }
        return 0;
    }
    return refuse_at(e, i, "/scope", "scope is request, product or proposal.");
}

/* Finalizing is a commitment: nothing else may ride along (AdCP 3.1 get_products, finalize exclusivity). */
int refine_check(const struct discovery *d, struct err *e)
{
    bool finalizing = plans_finalizing(d->c->args);
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (check_entry(v, i, e)) return -1;
        if (finalizing && !is_finalize(v)) {
            return refuse_at(e, i, json_has(v, "action") ? "/action" : "",
                             "Entries that finalize proposals cannot be mixed with others.");
        }
    }
    return 0;
}

enum refine_fate refine_fate_of(const struct discovery *d, struct str product_id)
{
    enum refine_fate fate = REFINE_UNTOUCHED;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (!str_is(json_str(v, "scope"), "product") || !str_eq(json_str(v, "product_id"), product_id)) continue;
        if (str_is(json_str(v, "action"), "omit")) return REFINE_OMITTED;
        fate = REFINE_INCLUDED;
    }
    return fate;
}

void refine_wishes(struct discovery *d)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (str_is(json_str(v, "scope"), "request")) (void)ask_read(json_str(v, "ask"), &d->wishes);
    }
}

/* ---- report ---- */

static void add_status(struct discovery *d, yyjson_mut_val *out, enum ask_understood how)
{
    struct tool_call *c = d->c;
    switch (how) {
    case ASK_ALL: json_add_cstr(c->doc, out, "status", "applied"); return;
    case ASK_PART:
        json_add_cstr(c->doc, out, "status", "partial");
        json_add_cstr(c->doc, out, "notes",
                      "Delivery type, pricing and channels were applied; the rest of the wording was not understood.");
        return;
    case ASK_NOTHING:
        json_add_cstr(c->doc, out, "status", "unable");
        json_add_cstr(
            c->doc, out, "notes",
            "Asks about delivery type, fixed or auction price and channels can be applied; use filters for others.");
        return;
    }
}

static int report_product(struct discovery *d, yyjson_mut_val *out, yyjson_val *v, struct err *e)
{
    struct tool_call *c = d->c;
    struct str id = json_str(v, "product_id");
    struct product p;
    json_add_str(c->doc, out, "product_id", id);
    int rc = product_load(c->act->tx, c->arena, c->act->tenant->tenant_id, id, &p, e);
    if (rc < 0) return -1;
    if (rc == 0 || !p.active) {
        json_add_cstr(c->doc, out, "status", "unable");
        json_add_cstr(c->doc, out, "notes", "There is no such product.");
        return 0;
    }
    if (str_is(json_str(v, "action"), "omit")) {
        json_add_cstr(c->doc, out, "status", "applied");
    } else if (json_str(v, "ask").n && !str_is(json_str(v, "action"), "more_like_this")) {
        /* The product is shown with fresh prices and forecast; what it is cannot be renegotiated here. */
        json_add_cstr(c->doc, out, "status", "partial");
        json_add_cstr(c->doc, out, "notes", "Shown with current prices and forecast; budgets are set when buying.");
    } else {
        json_add_cstr(c->doc, out, "status", "applied");
    }
    return 0;
}

int refine_report(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "refinement_applied");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->refine, i, n, v) {
        yyjson_mut_val *out = json_push_obj(c->doc, arr);
        struct str scope = json_str(v, "scope");
        json_add_str(c->doc, out, "scope", scope);
        if (str_is(scope, "request")) {
            struct wishes unused = { .guaranteed = -1, .fixed_price = -1 };
            add_status(d, out, ask_read(json_str(v, "ask"), &unused));
        } else if (str_is(scope, "product")) {
            if (report_product(d, out, v, e)) return -1;
        } else {
            json_add_str(c->doc, out, "proposal_id", json_str(v, "proposal_id")); /* plans_offer adds the status */
        }
    }
    return 0;
}
