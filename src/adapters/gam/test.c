/* "salesagent adapter test": what works and what does not, said for each call, with the screen of Ad Manager to go to. */
#include "adapters/gam/gam.h"

#define CHECKS_MAX 16

enum { START, READ, ROLE, STEPS };
_Static_assert((int)STEPS == (int)GAM_TEST_STEPS, "every step has its place");

struct testing {
    struct adapter_check checks[CHECKS_MAX];
    size_t n;
    struct str role;
};

static const struct probe {
    const char *name, *collection;
} probes[] = {
    { "may read orders", "orders" },       { "may read line items", "lineItems" },
    { "may read creatives", "creatives" }, { "may read advertisers", "companies" },
    { "may read reports", "reports" },     { "may read ad units", "adUnits" },
};

static void say(struct testing *t, const char *name, enum adapter_check_outcome outcome, struct str text,
                struct str fix)
{
    if (t->n < CHECKS_MAX) t->checks[t->n++] = (struct adapter_check){ str_from(name), outcome, text, fix };
}

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct testing);
    (void)gam_get(op, gam_here(op));
    (void)gam_get(op, gam_name(op, "users", STR("me")));
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        struct gam_list l = { probes[i].collection, STR_NONE, STR_NONE, 1 };
        (void)gam_list(op, &l);
    }
    return READ;
}

static int finish(struct adapter_op *op, struct testing *t)
{
    op->result.checks = t->checks;
    op->result.checks_n = t->n;
    return adapter_done(op);
}

static struct str fix_of(struct adapter_op *op, const struct http_call *answer)
{
    if (text_has(answer->response, STR("SERVICE_DISABLED"))) {
        return STR("enable the Google Ad Manager API in the Cloud project of the service account");
    }
    if (gam_refused_for(op, answer, "AUTHENTICATION_ERROR_NO_NETWORKS_TO_ACCESS") ||
        gam_refused_for(op, answer, "AUTHENTICATION_ERROR_NETWORK_NOT_FOUND")) {
        return STR("add the service account in Ad Manager under Admin, Global settings, API access (not under Users)");
    }
    if (answer->status == 403) return STR("give the account a role that may do this: Trafficker, or Administrator");
    return STR_NONE;
}

/* -1 and a failed check when the answer is no good; the verb goes on. */
static int read_or_say(struct adapter_op *op, struct testing *t, const char *name, const struct http_call *answer,
                       yyjson_val **out)
{
    if (!gam_read(op, answer, name, out)) return 0;
    say(t, name, ADAPTER_CHECK_FAILED, op->result.reason, answer->outcome == HTTP_OK ? fix_of(op, answer) : STR_NONE);
    op->result = (struct adapter_result){ .verdict = ADAPTER_OK };
    return -1;
}

static bool sells_in(yyjson_val *root, struct str currency)
{
    size_t i, n;
    yyjson_val *v;
    if (str_eq(doc_str(root, "currencyCode"), currency)) return true;
    yyjson_arr_foreach(doc_arr(root, "secondaryCurrencyCodes"), i, n, v) {
        if (str_eq(doc_text(v), currency)) return true;
    }
    return false;
}

/* Reports are in the network's days: products that promise others would be answered with wrong numbers. */
static void check_zones(struct adapter_op *op, struct testing *t, struct str network)
{
    for (size_t i = 0; i < op->zones_n; i++) {
        if (str_eq(op->zones[i], network)) continue;
        say(t, "time zone of reports", ADAPTER_CHECK_FAILED,
            arena_printf(op->arena, "products declare " STR_FMT ", the network counts days in " STR_FMT,
                         STR_ARG(op->zones[i]), STR_ARG(network)),
            arena_printf(op->arena, "declare " STR_FMT " as the time zone of the products' reports", STR_ARG(network)));
        return;
    }
    say(t, "time zone of reports", ADAPTER_CHECK_PASSED, network, STR_NONE);
}

static void check_network(struct adapter_op *op, struct testing *t, const struct http_call *answer)
{
    yyjson_val *root;
    if (read_or_say(op, t, "network", answer, &root)) return;
    struct str zone = doc_str(root, "timeZone"), title = doc_str(root, "displayName"),
               currency = doc_str(root, "currencyCode");
    if (!title.n) {
        say(t, "network", ADAPTER_CHECK_FAILED, STR("Ad Manager answered without the network's name"), STR_NONE);
        return;
    }
    say(t, "network", ADAPTER_CHECK_PASSED,
        arena_printf(op->arena, STR_FMT " \"" STR_FMT "\", " STR_FMT ", " STR_FMT,
                     STR_ARG(doc_str(root, "networkCode")), STR_ARG(title), STR_ARG(currency), STR_ARG(zone)),
        STR_NONE);
    if (!sells_in(root, str_from(op->site->currency))) {
        say(t, "currency", ADAPTER_CHECK_FAILED,
            arena_printf(op->arena, "the publisher's currency is %s, the network sells in " STR_FMT, op->site->currency,
                         STR_ARG(currency)),
            STR("add the currency under Admin, Global settings, Network settings, or change the publisher's"));
    }
    check_zones(op, t, zone);
    if (doc_bool(root, "testNetwork", false)) {
        say(t, "serves", ADAPTER_CHECK_WARNS, STR("it is a test network: it serves no ads, and its reports stay empty"),
            STR_NONE);
    }
}

static int role(struct adapter_op *op)
{
    static const char *const able[] = { "Administrator", "Trafficker", "Executive" };
    struct testing *t = op->state;
    yyjson_val *root;
    if (read_or_say(op, t, "role", &op->answers[0], &root)) return finish(op, t);
    struct str name = doc_str(root, "displayName");
    bool can = false;
    for (size_t i = 0; i < ARRAY_LEN(able); i++) can = can || str_is(name, able[i]);
    if (can) {
        say(t, "may book", ADAPTER_CHECK_PASSED, arena_printf(op->arena, "role " STR_FMT, STR_ARG(name)), STR_NONE);
    } else {
        say(t, "may book", ADAPTER_CHECK_WARNS,
            arena_printf(op->arena,
                         "role " STR_FMT ": whether it may create orders and line items, only doing it shows",
                         STR_ARG(name)),
            STR("give the account the role Trafficker under Admin, Access and authorization"));
    }
    return finish(op, t);
}

static int read_all(struct adapter_op *op)
{
    struct testing *t = op->state;
    yyjson_val *root;
    check_network(op, t, &op->answers[0]);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        if (!read_or_say(op, t, probes[i].name, &op->answers[i + 2], &root)) {
            say(t, probes[i].name, ADAPTER_CHECK_PASSED, STR("yes"), STR_NONE);
        }
    }
    if (read_or_say(op, t, "user", &op->answers[1], &root)) return finish(op, t);
    say(t, "user", ADAPTER_CHECK_PASSED, doc_str(root, "displayName"), STR_NONE);
    struct str id = doc_str(root, "role");
    if (!str_starts(id, gam_below(op, "roles/"))) return finish(op, t);
    (void)gam_get(op, id);
    return ROLE;
}

const adapter_step gam_test_steps[GAM_TEST_STEPS] = { [START] = start, [READ] = read_all, [ROLE] = role };
