#include "adapters/manual/manual.h"

#include <yyjson.h>

#include "base/arena.h"

#define STALENESS_S (7 * 86400) /* a file a week is what people manage */

struct manual_config {
    struct str timezone; /* whose days the numbers are of: the publisher's */
};

/* It has no settings; a member somebody wrote is a mistake worth telling. */
static int check_settings(struct str json, struct err *e)
{
    yyjson_doc *doc = json.n ? yyjson_read(json.p, json.n, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_obj_iter members = yyjson_obj_iter_with(root);
    yyjson_val *first = yyjson_obj_iter_next(&members);
    int rc = 0;
    if (json.n && !yyjson_is_obj(root)) {
        rc = err_set(e, "CONFIGURATION_ERROR", "the settings must be a JSON object");
    } else if (first) {
        (void)err_set(e, "CONFIGURATION_ERROR", "an ad server that is worked by hand has no such setting");
        rc = err_field(e, "/%s", yyjson_get_str(first));
    }
    yyjson_doc_free(doc);
    return rc;
}

static int configure(struct arena *arena, const struct adapter_site *site, struct str json, const void **config,
                     struct err *e)
{
    struct manual_config *c = ARENA_NEW(arena, struct manual_config);
    if (check_settings(json, e)) return -1;
    c->timezone = site->timezone;
    *config = c;
    return 0;
}

static struct str day_zone(const void *config)
{
    const struct manual_config *c = config;
    return c->timezone;
}

static void admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out)
{
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->end_at <= p->start_at)
            adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
    }
}

/* The caller has made the task that says what to type in. */
static void ask_a_person(struct adapter_op *op)
{
    (void)adapter_wait(op, 0, "somebody of the publisher has to type it in");
}

static void test(struct adapter_op *op)
{
    static const struct adapter_check people = {
        .name = { "worked by hand", 14 },
        .outcome = ADAPTER_CHECK_SKIPPED,
        .text = { "nothing can be tried: what is asked of it becomes tasks for your people", 71 },
        .fix = { "salesagent task list shows them; salesagent delivery import brings the numbers", 78 },
    };
    op->result.checks = &people;
    op->result.checks_n = 1;
    (void)adapter_done(op);
}

const struct adapter manual_adapter = {
    .name = "manual",
    .title = "An ad server worked by hand",
    .local = true,
    .by_hand = true,
    .staleness_s = STALENESS_S,
    .source = "manual",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND | 1u << METRIC_VIEWS |
               1u << METRIC_COMPLETED_VIEWS | 1u << METRIC_MEASURABLE | 1u << METRIC_VIEWABLE |
               1u << METRIC_CONVERSIONS,
    .configure = configure,
    .admit = admit,
    .describe = adapter_describe_orders,
    .verbs = {
        [ADAPTER_BOOK] = { .run = ask_a_person },
        [ADAPTER_UPDATE] = { .run = ask_a_person },
        [ADAPTER_CANCEL] = { .run = ask_a_person },
        [ADAPTER_CREATIVES] = { .run = ask_a_person },
        [ADAPTER_TEST] = { .run = test },
    },
    .day_zone = day_zone,
};
