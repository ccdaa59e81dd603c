/* See total_budget.h. */
#include "tools/media_buy/total_budget.h"

#include <salesagent/money.h>

#define CENT INT64_C(10000) /* in micros */

static bool runs_on(const struct tool_call *c, const struct package_row *p)
{
    return p->canceled_at == TIME_NONE && p->end_at > c->act->now;
}

static int refuse(struct err *e, const char *why)
{
    (void)err_set(e, "VALIDATION_ERROR", "%s", why);
    (void)err_suggest(e, "Read the packages' budgets with get_media_buys, or change them one by one.");
    return err_field(e, "/total_budget/amount");
}

/* The share of each package that runs, in whole cents; what rounding leaves goes to the first. Packages that are canceled or over
 * keep theirs, which is part of the total. */
static int share_out(struct tool_call *c, const struct media_buy *buy, int64_t total, yyjson_mut_doc *doc,
                     yyjson_mut_val *packages, struct err *e)
{
    int64_t kept = 0, weight = 0, rest;
    yyjson_mut_val *first = NULL;
    for (size_t i = 0; i < buy->packages.n; i++) {
        const struct package_row *p = &buy->packages.rows[i];
        *(runs_on(c, p) ? &weight : &kept) += p->budget_micros; /* the sum was checked when it was stored */
    }
    if (weight == 0) return refuse(e, "No package of the media buy runs any more.");
    if (total <= kept) return refuse(e, "Packages that are over or canceled have as much as this total, or more.");
    rest = total - kept;
    for (size_t i = 0; i < buy->packages.n; i++) {
        const struct package_row *p = &buy->packages.rows[i];
        if (!runs_on(c, p)) continue;
        yyjson_mut_val *o = json_push_obj(doc, packages);
        json_add_str(doc, o, "package_id", p->package_id);
        if (!first) {
            first = o;
            continue;
        }
        int64_t share = muldiv(total - kept, p->budget_micros, weight, MONEY_ROUND_DOWN) / CENT * CENT;
        json_add_money(doc, o, "budget", share);
        rest -= share;
    }
    json_add_money(doc, first, "budget", rest);
    return 0;
}

/* 1: c->args now say what each package gets; 0: there is nothing to share out; -1. */
static int spread(struct tool_call *c, struct err *e)
{
    yyjson_val *total = json_obj(c->args, "total_budget");
    struct media_buy buy;
    struct err nobody;
    int64_t amount = -1;
    if (!total || json_bool_or(c->args, "canceled", false)) return 0;
    if (json_has(c->args, "packages") || json_has(c->args, "new_packages")) return 0;
    if (media_buy_require(c->act, json_str(c->args, "media_buy_id"), &buy, &nobody)) return 0; /* the update says it */
    if (json_opt_money(JSON_FIELD(total, "amount", "/total_budget"), &amount, e)) return -1;
    if (amount < 0 || amount == buy.row.total_budget_micros) return 0;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_copy(doc, c->args);
    if (share_out(c, &buy, amount, doc, json_add_arr(doc, args, "packages"), e)) return -1;
    yyjson_val *written = json_parse_own(c->arena, json_write(c->arena, args));
    if (!written) return err_set(e, "SERVICE_UNAVAILABLE", "The budgets could not be shared out.");
    c->args = written;
    return 1;
}

int total_budget_update(struct tool_call *c, struct media_buy_updated *out, struct err *e)
{
    int shared = spread(c, e);
    if (shared < 0) return -1;
    if (media_buy_update(c->act, c->args, out, e) == 0) return 0;
    if (shared && strncmp(e->field, "/packages", 9) == 0) return err_field(e, "/total_budget/amount");
    return -1;
}
