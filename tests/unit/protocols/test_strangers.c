/* Those without a token, and those with a wrong one: how often they may call, and how long the answer to a guess takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "protocols/rate_limit.h"
#include "protocols/wrong_credentials.h"

#define NOON   INT64_C(1777593600000000)
#define MINUTE (60 * USEC_PER_SEC)

static struct wrong_credentials *w;

static int begin(void **state)
{
    static struct wrong_credentials memory;
    memory = (struct wrong_credentials){ 0 };
    w = &memory;
    return 0;
}

static int guess(const char *address, const char *publisher, int64_t now)
{
    struct wrong_credential one = { str_from(address), str_from(publisher), now };
    return wrong_credential_note(w, &one);
}

static void a_few_mistakes_cost_nothing_and_many_cost_more_and_more(void **state)
{
    int late = 0;
    for (int i = 1; i < WRONG_OF_ADDRESS; i++) assert_int_equal(guess("192.0.2.1", "demo", NOON), 0);
    assert_int_equal(guess("192.0.2.1", "demo", NOON), 1000);
    for (int i = 0; i < 1000; i++) {
        int now = guess("192.0.2.1", "", NOON);
        assert_true(now >= late);
        late = now;
    }
    assert_int_equal(late, WRONG_LATE_MS_MAX);
    assert_int_equal(guess("192.0.2.1", "", NOON + MINUTE), 0); /* another minute */
}

static void another_address_is_not_slowed_for_it(void **state)
{
    for (int i = 0; i < 200; i++) (void)guess("192.0.2.1", "", NOON);
    assert_int_equal(guess("192.0.2.2", "", NOON), 0);
}

static void guesses_from_everywhere_are_those_of_one_publisher(void **state)
{
    char address[32];
    int late = 0;
    for (int i = 0; i < WRONG_OF_PUBLISHER; i++) {
        snprintf(address, sizeof(address), "2001:db8::%x", i);
        late = guess(address, "demo", NOON);
    }
    assert_int_equal(late, 1000);
    assert_int_equal(guess("2001:db8::ffff", "other", NOON), 0);
}

static void more_addresses_than_places_forget_and_never_fail(void **state)
{
    char address[32];
    for (int i = 0; i < 20 * WRONG_SLOTS; i++) {
        snprintf(address, sizeof(address), "2001:db8::%x", i);
        assert_true(guess(address, "", NOON) >= 0);
    }
}

static int ask(struct rate_limiter *r, const char *principal, const char *address, bool sandbox, const char *settings)
{
    struct arena a;
    struct rate_state out;
    struct err e;
    arena_init(&a);
    struct tenant_settings ts = { .doc = json_parse_own(&a, str_from(settings)) };
    struct rate_ask q = { .tenant_id = STR("demo"),
                          .principal_id = str_from(principal),
                          .address = str_from(address),
                          .tool = STR("get_products"),
                          .settings = &ts,
                          .sandbox = sandbox,
                          .now = NOON };
    int rc = rate_admit(r, &q, &out, &e);
    if (rc) assert_string_equal(e.code, "RATE_LIMITED");
    if (rc) assert_true(e.retry_after_s > 0);
    arena_finish(&a);
    return rc;
}

static void strangers_are_counted_by_their_address(void **state)
{
    static struct rate_limiter r;
    const char *settings = "{\"rate_limits\":{\"stranger\":3}}";
    for (int i = 0; i < 3; i++) assert_int_equal(ask(&r, "", "192.0.2.1", false, settings), 0);
    assert_int_equal(ask(&r, "", "192.0.2.1", false, settings), -1);
    assert_int_equal(ask(&r, "", "192.0.2.2", false, settings), 0);
    assert_int_equal(ask(&r, "buyer", "192.0.2.1", false, settings), 0); /* a buyer behind the same address */
    assert_int_equal(ask(&r, "", "", false, settings), 0); /* nobody knows from where: the command line */
}

static void strangers_have_a_preset_and_a_sandbox_has_none(void **state)
{
    static struct rate_limiter r;
    for (int i = 0; i < 120; i++) assert_int_equal(ask(&r, "", "192.0.2.1", false, "{}"), 0);
    assert_int_equal(ask(&r, "", "192.0.2.1", false, "{}"), -1);
    assert_int_equal(ask(&r, "", "192.0.2.1", true, "{}"), 0);
    assert_int_equal(ask(&r, "", "192.0.2.1", false, "{\"rate_limits\":{\"stranger\":0}}"), 0);
}

/* Buyers of one name at two publishers have a minute each, and it begins anew. */
static void a_buyer_is_counted_at_its_publisher_by_the_minute(void **state)
{
    static struct rate_limiter limiter;
    limiter = (struct rate_limiter){ 0 };
    struct arena a;
    struct rate_state out;
    struct err e;
    arena_init(&a);
    struct tenant_settings ts = { .doc =
                                      json_parse_own(&a, STR("{\"rate_limits\":{\"discovery\":2,\"reporting\":1}}")) };
    struct rate_ask q = {
        .tenant_id = STR("demo"), .principal_id = STR("b"), .tool = STR("get_products"), .settings = &ts, .now = NOON
    };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rate_admit(&limiter, &q, &out, &e), 0);
        assert_int_equal(out.remaining, 1 - i);
    }
    assert_int_equal(rate_admit(&limiter, &q, &out, &e), -1);
    assert_int_equal(out.remaining, 0);
    assert_int_equal(out.reset_s, 60);
    q.tool = STR("get_media_buys"); /* counted by itself */
    assert_int_equal(rate_admit(&limiter, &q, &out, &e), 0);
    q.tool = STR("get_products");
    q.tenant_id = STR("other");
    assert_int_equal(rate_admit(&limiter, &q, &out, &e), 0);
    q.tenant_id = STR("demo");
    q.now = NOON + MINUTE - 1;
    assert_int_equal(rate_admit(&limiter, &q, &out, &e), -1);
    assert_int_equal(out.reset_s, 1);
    q.now = NOON + MINUTE;
    assert_int_equal(rate_admit(&limiter, &q, &out, &e), 0);
    assert_int_equal(out.remaining, 1);
    arena_finish(&a);
}

/* A buyer that is told what is not accepted has not had its turns; one that never learns is stopped all the same. */
static void refused_changes_are_counted_by_themselves(void **state)
{
    static struct rate_limiter limiter;
    limiter = (struct rate_limiter){ 0 };
    struct arena a;
    arena_init(&a);
    struct tenant_settings ts = { .doc = json_parse_own(&a, STR("{\"rate_limits\":{\"buying\":3,\"reporting\":3}}")) };
    struct rate_ask buy = { .tenant_id = STR("demo"),
                            .principal_id = STR("b"),
                            .tool = STR("create_media_buy"),
                            .writes = true,
                            .settings = &ts,
                            .now = NOON };
    struct rate_ask read = buy;
    read.tool = STR("get_media_buys");
    read.writes = false;
    struct rate_state out;
    struct err e;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(rate_admit(&limiter, &buy, &out, &e), 0);
        rate_refused(&limiter, &out);
        assert_int_equal(out.remaining, 3);
    }
    for (int i = 0; i < 3; i++) assert_int_equal(rate_admit(&limiter, &buy, &out, &e), 0);
    assert_int_equal(rate_admit(&limiter, &buy, &out, &e), -1);
    assert_string_equal(e.code, "RATE_LIMITED");
    assert_null(strstr(e.suggestion, "poll"));
    buy.now += MINUTE;
    for (int i = 0; i < 3 * RATE_REFUSED_TIMES; i++) {
        assert_int_equal(rate_admit(&limiter, &buy, &out, &e), 0);
        rate_refused(&limiter, &out);
    }
    assert_int_equal(rate_admit(&limiter, &buy, &out, &e), -1);
    for (int i = 0; i < 3; i++) { /* a read is a read */
        assert_int_equal(rate_admit(&limiter, &read, &out, &e), 0);
        rate_refused(&limiter, &out);
    }
    assert_int_equal(rate_admit(&limiter, &read, &out, &e), -1);
    assert_non_null(strstr(e.suggestion, "poll less often"));
    arena_finish(&a);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        T(a_buyer_is_counted_at_its_publisher_by_the_minute),
        T(a_few_mistakes_cost_nothing_and_many_cost_more_and_more),
        T(another_address_is_not_slowed_for_it),
        T(guesses_from_everywhere_are_those_of_one_publisher),
        T(more_addresses_than_places_forget_and_never_fail),
        T(refused_changes_are_counted_by_themselves),
        T(strangers_are_counted_by_their_address),
        T(strangers_have_a_preset_and_a_sandbox_has_none),
    };
    log_set_level(LOG_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
