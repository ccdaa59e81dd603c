#include "adapters/mock/mock.h"

#include <yyjson.h>

#include "base/arena.h"
#include "base/rfc3339.h"

#define FLIGHT_DAYS_MAX 36600 /* a hundred years: judges of newer releases buy until 2099 */

/* ["book", "creatives"]: what it refuses, whoever asks. */
static int read_refusals(yyjson_val *list, struct mock_config *c, struct err *e)
{
    static const struct {
        const char *name;
        enum adapter_verb verb;
    } verbs[] = {
        { "book", ADAPTER_BOOK },
        { "update", ADAPTER_UPDATE },
        { "cancel", ADAPTER_CANCEL },
        { "creatives", ADAPTER_CREATIVES },
    };
    size_t i, n;
    yyjson_val *v;
    if (list == NULL) return 0;
    bool good = yyjson_is_arr(list);
    yyjson_arr_foreach(list, i, n, v) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(verbs); k++) {
            if (!yyjson_equals_str(v, verbs[k].name)) continue;
            c->refuses |= 1u << verbs[k].verb;
            known = true;
        }
        good = good && known;
    }
    if (good) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR", "refuse must be a list of book, update, cancel, creatives");
    return err_field(e, "/refuse");
}

static int read_fill(yyjson_val *fill, struct mock_config *c, struct err *e)
{
    if (fill == NULL) return 0;
    if (yyjson_is_int(fill) && yyjson_get_sint(fill) >= 1 && yyjson_get_sint(fill) <= 100) {
        c->fill_percent = (int)yyjson_get_sint(fill);
        return 0;
    }
    (void)err_set(e, "CONFIGURATION_ERROR", "fill_percent must be a whole number from 1 to 100");
    return err_field(e, "/fill_percent");
}

static int read_settings(yyjson_val *root, struct mock_config *c, struct err *e)
{
    yyjson_val *simulated = yyjson_obj_get(root, "simulated");
    if (simulated && !yyjson_is_bool(simulated)) {
        (void)err_set(e, "CONFIGURATION_ERROR", "simulated must be true or false");
        return err_field(e, "/simulated");
    }
    return read_refusals(yyjson_obj_get(root, "refuse"), c, e) || read_fill(yyjson_obj_get(root, "fill_percent"), c, e)
               ? -1
               : 0;
}

/* Outside a sandbox nobody expects invented numbers, so whoever wants them says it in words. */
static int refuse_production(yyjson_val *root, struct err *e)
{
    if (yyjson_is_true(yyjson_obj_get(root, "simulated"))) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR",
                  "the mock ad server shows no ads and invents its numbers, so it is for a sandbox only");
    (void)err_suggest(e,
                      "Choose house (the built-in ad server), gam, kevel or manual. Or say \"simulated\": true in the "
                      "mock's settings; every reply that rests on its numbers then says so.");
    return err_field(e, "/simulated");
}

static int configure(struct arena *arena, const struct adapter_site *site, struct str json, const void **config,
                     struct err *e)
{
    struct mock_config *c = ARENA_NEW(arena, struct mock_config);
    c->fill_percent = 100;
    *config = c;
    yyjson_doc *doc = json.n ? yyjson_read(json.p, json.n, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    int rc = 0;
    if (json.n && !yyjson_is_obj(root)) {
        rc = err_set(e, "CONFIGURATION_ERROR", "the mock ad server's settings must be a JSON object");
    } else {
        rc = read_settings(root, c, e);
        if (rc == 0 && !site->sandbox) rc = refuse_production(root, e);
    }
    yyjson_doc_free(doc);
    return rc;
}

static void admit_package(const struct plan_package *p, struct adapter_problems *out)
{
    if (p->end_at <= p->start_at) {
        adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
    } else if ((p->end_at - p->start_at) / USEC_PER_DAY >= FLIGHT_DAYS_MAX) {
        adapter_problem_add(out, p->package_id, "end_time", "the flight is longer than %d days", FLIGHT_DAYS_MAX);
    }
    if (pricing_metric(p->pricing_model) == METRIC_SPEND) return;
    if (p->rate_micros <= 0) {
        adapter_problem_add(out, p->package_id, "bid_price", "there is no price per %s unit",
                            pricing_model_name(p->pricing_model));
    } else if (pricing_cost(p->pricing_model, p->rate_micros, 1) > p->budget_micros) {
        adapter_problem_add(out, p->package_id, "budget", "the budget does not pay for a single unit at %s",
                            pricing_model_name(p->pricing_model));
    }
}

static void admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out)
{
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    for (size_t i = 0; i < plan->packages_n; i++) admit_package(&plan->packages[i], out);
}

/* By its settings, or by a word in a name. */
static bool refused(struct adapter_op *op)
{
    const struct mock_config *c = op->config;
    if (mock_scenario(op)) return true;
    if (!(c->refuses & 1u << op->verb)) return false;
    (void)adapter_refuse(op, "it is set to refuse this");
    return true;
}

static struct str mock_id(struct adapter_op *op, struct str id)
{
    return arena_printf(op->arena, "mock-" STR_FMT, STR_ARG(id));
}

/* Ids are derived from ours: booking twice gives the same ids, as it must. */
static void book(struct adapter_op *op)
{
    const struct plan *plan = op->plan;
    if (refused(op)) return;
    adapter_remote_add(op, REMOTE_ORDER, plan->media_buy_id, mock_id(op, plan->media_buy_id));
    for (size_t i = 0; i < plan->packages_n; i++) {
        struct str id = plan->packages[i].package_id;
        adapter_remote_add(op, REMOTE_PACKAGE, id, mock_id(op, id));
    }
    (void)adapter_done(op);
}

/* Nothing of it is kept here: the model reads from the plan when it ended. */
static void cancel(struct adapter_op *op)
{
    if (!refused(op)) (void)adapter_done(op);
}

static void take_creatives(struct adapter_op *op)
{
    if (refused(op)) return;
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            struct str id = p->creatives[k].creative_id;
            adapter_remote_add(op, REMOTE_CREATIVE, id, mock_id(op, id));
        }
    }
    (void)adapter_done(op);
}

static void test(struct adapter_op *op)
{
    static const struct adapter_check there = { .name = { "reachable", 9 },
                                                .outcome = ADAPTER_CHECK_PASSED,
                                                .text = { "it is part of this program, and its numbers are made up",
                                                          55 } };
    op->result.checks = &there;
    op->result.checks_n = 1;
    (void)adapter_done(op);
}

const struct adapter mock_adapter = {
    .name = "mock",
    .title = "Mock ad server",
    .local = true,
    .simulates = true,
    .paces_by_performance = true,
    .staleness_s = 0,
    .source = "mock",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND | 1u << METRIC_VIEWS |
               1u << METRIC_COMPLETED_VIEWS | 1u << METRIC_MEASURABLE | 1u << METRIC_VIEWABLE |
               1u << METRIC_CONVERSIONS | 1u << METRIC_GRP_HUNDREDTHS,
    .configure = configure,
    .admit = admit,
    .describe = adapter_describe_orders,
    .verbs = {
        [ADAPTER_BOOK] = { .run = book },
        [ADAPTER_UPDATE] = { .run = book }, /* new packages get their ids; the model reads the rest from the plan */
        [ADAPTER_CANCEL] = { .run = cancel },
        [ADAPTER_CREATIVES] = { .run = take_creatives },
        [ADAPTER_TEST] = { .run = test },
    },
    .deliver = mock_deliver,
    .question = mock_question,
    .auction = mock_auction,
};
