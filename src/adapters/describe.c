/* What booking comes to on an ad server that thinks in orders and line items, in words: the lines of a dry run. */
#include <salesagent/adapter.h>

#include "base/compiler.h"
#include "base/rfc3339.h"

static struct str name_of(struct str name, struct str id)
{
    return name.n ? name : id;
}

static void describe_line_item(const struct plan *plan, const struct plan_package *p, struct adapter_lines *out)
{
    char budget[MONEY_TEXT_MAX], rate[MONEY_TEXT_MAX], from[RFC3339_MAX], to[RFC3339_MAX];
    struct str name = name_of(p->name, p->product_id);
    (void)money_print(p->budget_micros, budget);
    (void)money_print(p->rate_micros, rate);
    (void)rfc3339_print_date(p->start_at, from);
    (void)rfc3339_print_date(p->end_at - 1, to);
    adapter_line_add(out, "%s line item \"" STR_FMT "\": product " STR_FMT ", %s%s %s %s, budget %s %s, %s to %s, %s%s",
                     p->remote_id.n ? "update" : "create", STR_ARG(name), STR_ARG(p->product_id),
                     pricing_model_name(p->pricing_model), p->auction.bidding ? " bid" : "", rate, plan->currency,
                     budget, plan->currency, from, to, plan_pacing_name(p->pacing), p->paused ? ", paused" : "");
    if (p->targeting.n > 2)
        adapter_line_add(out, "target \"" STR_FMT "\": " STR_FMT, STR_ARG(name), STR_ARG(p->targeting));
}

static void describe_booking(const struct plan *plan, enum adapter_verb verb, struct adapter_lines *out)
{
    struct str name = name_of(plan->name, plan->remote_id.n ? plan->remote_id : STR("(new)"));
    adapter_line_add(out, "%s order \"" STR_FMT "\"%s" STR_FMT ", %zu line item%s",
                     verb == ADAPTER_BOOK ? "create" : "update", STR_ARG(name), plan->po_number.n ? ", PO " : "",
                     STR_ARG(plan->po_number), plan->packages_n, plan->packages_n == 1 ? "" : "s");
    for (size_t i = 0; i < plan->packages_n; i++) describe_line_item(plan, &plan->packages[i], out);
}

static void describe_creatives(const struct plan *plan, struct adapter_lines *out)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            const struct plan_creative *c = &p->creatives[k];
            adapter_line_add(out, "%s creative " STR_FMT ", " STR_FMT, c->sent ? "update" : "upload",
                             STR_ARG(c->creative_id), STR_ARG(c->format_id));
            adapter_line_add(out, "associate creative " STR_FMT " with line item \"" STR_FMT "\"",
                             STR_ARG(p->creatives[k].creative_id), STR_ARG(name_of(p->name, p->product_id)));
        }
    }
}

void adapter_describe_orders(const void *config, const struct plan *plan, enum adapter_verb verb,
                             struct adapter_lines *out)
{
    switch (verb) {
    case ADAPTER_BOOK:
    case ADAPTER_UPDATE: describe_booking(plan, verb, out); return;
    case ADAPTER_CANCEL:
        adapter_line_add(out, "cancel order " STR_FMT, STR_ARG(name_of(plan->remote_id, plan->media_buy_id)));
        return;
    case ADAPTER_CREATIVES: describe_creatives(plan, out); return;
    case ADAPTER_REPORT: adapter_line_add(out, "read a report"); return;
    case ADAPTER_INVENTORY: adapter_line_add(out, "read the inventory"); return;
    case ADAPTER_LOOK: adapter_line_add(out, "look how it stands"); return;
    case ADAPTER_TEST: adapter_line_add(out, "try the connection"); return;
    case ADAPTER_FORECAST: adapter_line_add(out, "ask for a forecast"); return;
    case ADAPTER_VERBS_N: break;
    }
    ENSURE(!"a verb out of its enum");
}
