/* What makes a repeated call the same call: whose it is, what it asks for, and how long that is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "protocols/idempotency.h"
#include "tools/fixture.h"

#define KEY  "0123456789abcdef"
#define BUY  "{\"idempotency_key\":\"" KEY "\",\"budget\":1}"
#define LIFE (IDEMPOTENCY_TTL_S * USEC_PER_SEC)

static const struct tool create = { .name = "create", .kind = TOOL_WRITE, .idempotency = IDEM_REQUIRED },
                         update = { .name = "update", .kind = TOOL_WRITE, .idempotency = IDEM_REQUIRED },
                         look = { .name = "look", .kind = TOOL_READ, .idempotency = IDEM_NONE };
static const struct dialect adcp = { .name = "adcp", .adcp3 = true }, older = { .name = "older" };

static struct fixture *fixture;

/* A call of a buyer of the publisher "demo"; what differs is changed by the test. */
static struct call call_of(const struct tool *row, const char *args)
{
    return (struct call){ .arena = &fixture->arena,
                          .transport = TRANSPORT_MCP,
                          .row = row,
                          .dialect = &adcp,
                          .args = fixture_json(fixture, args),
                          .tenant = { .tenant_id = STR("demo") },
                          .principal = { .principal_id = STR("test-buyer") },
                          .act = { .now = FIXTURE_NOW } };
}

static void prepared(struct call *c)
{
    struct err e;
    if (idem_prepare(c, &c->idem, &e)) fail_msg("%s", e.message);
}

static void refused(struct call *c, const char *code)
{
    struct err e;
    assert_int_equal(idem_prepare(c, &c->idem, &e), -1);
    assert_string_equal(e.code, code);
    assert_string_equal(e.field, "/idempotency_key");
}

/* ---- in the store ---- */

struct asked {
    struct call *call;
    bool store;
    enum idem_verdict verdict;
    struct str snapshot;
};

static int in_store(struct act *act, void *arg, struct err *e)
{
    struct asked *x = arg;
    x->call->act.tx = act->tx;
    if (x->store) return idem_store(x->call, &x->call->idem, STR("{\"made\":1}"), e);
    return idem_check(x->call, &x->call->idem, &x->verdict, &x->snapshot, e);
}

static void store(struct call *c)
{
    struct asked x = { .call = c, .store = true };
    struct err e;
    assert_int_equal(fixture_act(fixture, in_store, &x, &e), 0);
}

static void is_new(struct call c)
{
    struct asked x = { .call = &c };
    struct err e;
    prepared(&c);
    assert_int_equal(fixture_act(fixture, in_store, &x, &e), 0);
    assert_int_equal(x.verdict, IDEM_NEW);
}

static void is_replayed(struct call c)
{
    struct asked x = { .call = &c };
    struct err e;
    prepared(&c);
    assert_int_equal(fixture_act(fixture, in_store, &x, &e), 0);
    assert_int_equal(x.verdict, IDEM_REPLAY);
    assert_true(str_is(x.snapshot, "{\"made\":1}"));
}

static void is_refused(struct call c, const char *code)
{
    struct asked x = { .call = &c };
    struct err e;
    prepared(&c);
    assert_int_equal(fixture_act(fixture, in_store, &x, &e), -1);
    assert_string_equal(e.code, code);
    assert_string_equal(e.field, "/idempotency_key");
}

/* ---- the tests ---- */

static int setup(void **state)
{
    fixture = fixture_open();
    return 0;
}

static int teardown(void **state)
{
    fixture_close(fixture);
    return 0;
}

static void a_key_is_one_request_of_one_operation(void **state)
{
    struct call first = call_of(&create, BUY);
    prepared(&first);
    is_new(first);
    store(&first);
    is_replayed(call_of(&create, BUY));
    is_replayed(call_of(&create,
                        "{\"budget\":1,\"idempotency_key\":\"" KEY "\",\"context\":{\"a\":1},"
                        "\"governance_context\":\"g\"}")); /* members in another order, what is not asked for */
    is_refused(call_of(&create, "{\"idempotency_key\":\"" KEY "\",\"budget\":2}"), "IDEMPOTENCY_CONFLICT");
    is_refused(call_of(&update, BUY), "IDEMPOTENCY_CONFLICT");
    is_new(call_of(&create, "{\"idempotency_key\":\"" KEY "0\",\"budget\":1}"));
}

static void a_key_is_its_buyers_of_its_publisher_for_its_account(void **state)
{
    struct call first = call_of(&create, BUY), other = first, elsewhere = first;
    prepared(&first);
    store(&first);
    other.principal.principal_id = STR("somebody");
    elsewhere.tenant.tenant_id = STR("elsewhere");
    is_new(other);
    is_new(elsewhere);
    is_new(call_of(&create, "{\"idempotency_key\":\"" KEY "\",\"budget\":1,\"account\":{\"account_id\":\"a\"}}"));
}

/* Who names another operator of the brand has changed the request. */
static void of_a_natural_account_the_brand_counts(void **state)
{
#define OF(operator)                                                                                                   \
    "{\"idempotency_key\":\"" KEY "\",\"account\":{\"brand\":{\"domain\":\"a.example\"},\"operator\":\"" operator "\"}}"
    struct call first = call_of(&create, OF("x.example"));
    prepared(&first);
    store(&first);
    is_replayed(call_of(&create, OF("x.example")));
    is_refused(call_of(&create, OF("y.example")), "IDEMPOTENCY_CONFLICT");
}

static void a_reply_is_remembered_to_the_end_of_its_day(void **state)
{
    struct call first = call_of(&create, BUY), later = first;
    prepared(&first);
    store(&first);
    later.act.now = FIXTURE_NOW + LIFE - 1;
    is_replayed(later);
    later.act.now = FIXTURE_NOW + LIFE;
    is_refused(later, "IDEMPOTENCY_EXPIRED");
}

static void keys_have_16_to_255_characters_of_a_few_kinds(void **state)
{
    char key[300], args[400];
    static const struct {
        size_t n;
        bool good;
    } lengths[] = { { 15, false }, { 16, true }, { 255, true }, { 256, false } };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        memset(key, 'k', lengths[i].n);
        key[lengths[i].n] = '\0';
        (void)snprintf(args, sizeof(args), "{\"idempotency_key\":\"%s\"}", key);
        struct call c = call_of(&create, args);
        if (lengths[i].good) prepared(&c);
        else refused(&c, "INVALID_REQUEST");
    }
    static const char *const bad[] = { "0123456789abcde ", "0123456789abcde/", "0123456789abcd\xc3\xa9" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        (void)snprintf(args, sizeof(args), "{\"idempotency_key\":\"%s\"}", bad[i]);
        struct call c = call_of(&create, args);
        refused(&c, "INVALID_REQUEST");
    }
    struct call good = call_of(&create, "{\"idempotency_key\":\"AZaz09_.:-AZaz09\"}");
    prepared(&good);
}

static void a_key_is_required_of_what_comes_over_the_network_in_adcp(void **state)
{
    struct call c = call_of(&create, "{}"), local = c, page = c, tutorial = c, read = call_of(&look, BUY);
    refused(&c, "INVALID_REQUEST");
    local.transport = TRANSPORT_LOCAL;
    page.own_page = true;
    tutorial.dialect = &older;
    prepared(&local);
    prepared(&page);
    prepared(&tutorial);
    prepared(&read);
    assert_int_equal(local.idem.key.n + page.idem.key.n + tutorial.idem.key.n, 0);
    assert_int_equal(read.idem.key.n, 0); /* a read is not kept */
}

static void who_asks_while_the_first_is_under_way_is_told_so(void **state)
{
    struct call first = call_of(&create, BUY), other = first, again = first, elsewhere = first,
                changed = call_of(&update, BUY);
    struct err e;
    other.principal.principal_id = STR("somebody");
    elsewhere.tenant.tenant_id = STR("elsewhere");
    prepared(&first);
    prepared(&other);
    prepared(&again);
    prepared(&elsewhere);
    prepared(&changed);
    other.asking_next = &first; /* both are under way */
    assert_int_equal(idem_in_flight(&again, &again.idem, &other, 7, &e), -1);
    assert_string_equal(e.code, "IDEMPOTENCY_IN_FLIGHT");
    assert_int_equal(e.retry_after_s, 7);
    assert_int_equal(idem_in_flight(&changed, &changed.idem, &other, 7, &e), -1);
    assert_string_equal(e.code, "IDEMPOTENCY_CONFLICT");
    assert_int_equal(idem_in_flight(&elsewhere, &elsewhere.idem, &other, 7, &e), 0);
    assert_int_equal(idem_in_flight(&first, &first.idem, &other, 7, &e), 0); /* it is itself */
    assert_int_equal(idem_in_flight(&again, &again.idem, NULL, 7, &e), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_key_is_its_buyers_of_its_publisher_for_its_account),
        T(a_key_is_one_request_of_one_operation),
        T(a_key_is_required_of_what_comes_over_the_network_in_adcp),
        T(a_reply_is_remembered_to_the_end_of_its_day),
        T(keys_have_16_to_255_characters_of_a_few_kinds),
        T(of_a_natural_account_the_brand_counts),
        T(who_asks_while_the_first_is_under_way_is_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
