#include "adapters/house/house.h"

#include "base/arena.h"

/* What is booked is what the store has; the serving side reads it from there. Ids are ours. */
static void book(struct adapter_op *op)
{
    const struct plan *plan = op->plan;
    adapter_remote_add(op, REMOTE_ORDER, plan->media_buy_id, plan->media_buy_id);
    for (size_t i = 0; i < plan->packages_n; i++) {
        adapter_remote_add(op, REMOTE_PACKAGE, plan->packages[i].package_id, plan->packages[i].package_id);
    }
    (void)adapter_done(op);
}

static void cancel(struct adapter_op *op)
{
    (void)adapter_done(op);
}

static void take_creatives(struct adapter_op *op)
{
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            adapter_remote_add(op, REMOTE_CREATIVE, p->creatives[k].creative_id, p->creatives[k].creative_id);
        }
    }
    house_check_creatives(op->plan, op->catalog, &op->problems);
    (void)adapter_done(op);
}

static void test(struct adapter_op *op)
{
    static const struct adapter_check there = { .name = { "reachable", 9 },
                                                .outcome = ADAPTER_CHECK_PASSED,
                                                .text = { "it is part of this program", 26 } };
    op->result.checks = &there;
    op->result.checks_n = 1;
    (void)adapter_done(op);
}

static struct str day_zone(const void *config)
{
    const struct house_config *c = config;
    return c->timezone;
}

const struct adapter house_adapter = {
    .name = "house",
    .title = "Built-in ad server",
    .local = true,
    .serves = true,
    .staleness_s = 60,
    .source = "house",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND | 1u << METRIC_VIEWS |
               1u << METRIC_COMPLETED_VIEWS | 1u << METRIC_MEASURABLE | 1u << METRIC_VIEWABLE,
    .configure = house_configure,
    .check_product = house_check_product,
    .admit = house_admit,
    .verbs = { [ADAPTER_BOOK] = { .run = book },
               [ADAPTER_UPDATE] = { .run = book },
               [ADAPTER_CANCEL] = { .run = cancel },
               [ADAPTER_CREATIVES] = { .run = take_creatives },
               [ADAPTER_TEST] = { .run = test } },
    .day_zone = day_zone,
};
