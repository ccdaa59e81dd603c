/* The order of products from the optional assistant, over virtual time: what is waited for, kept, forgotten and bounded.
 * With a real endpoint: tests/integration/assistant.test.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "scripted.h"

#define NOW SCRIPTED_NOW
#define REVERSED                                                                                                                \
    "{\"choices\":[{\"message\":{\"content\":\"{\\\"product_ids\\\":[\\\"prod-ron-display-001\\\",\\\"prod-tech-video-001\\\"," \
    "\\\"prod-tech-display-001\\\"]}\"}}]}"

struct world {
    struct scripted s;
    struct http_answer answer;
    int asked;
};

static struct http_answer answer(void *arg, const struct http_call *call)
{
    struct world *w = arg;
    (void)call;
    w->asked++;
    return w->answer;
}

static struct world world;

static int setup(void **state)
{
    int rc = scripted_setup(state, &world.s, sizeof(world), answer);
    world.answer = (struct http_answer){ HTTP_OK, 200, -1, 1000, 500000, REVERSED };
    return rc;
}

static void ranking(struct world *w, const char *members)
{
    yyjson_val *reply;
    assert_int_equal(
        sim_local(&w->s.sim, "x_tenant_set",
                  sim_text(&w->s.sim,
                           "{\"settings\":{\"assistant\":{\"base_url\":\"https://m.example/v1\",\"model\":\"m\","
                           "\"product_ranking\":{%s}}}}",
                           members),
                  &reply),
        SIM_OK);
}

/* True when the assistant ordered them; then they are reversed, and in any case they are the same three. */
static bool reordered(struct world *w, const char *brief)
{
    yyjson_val *reply;
    assert_int_equal(
        sim_call(
            &w->s.sim, "test-token", "get_products",
            sim_text(
                &w->s.sim,
                "{\"adcp_version\":\"3.1\",\"buying_mode\":\"brief\",\"brief\":\"%s\",\"pagination\":{\"max_results\":3}}",
                brief),
            &reply),
        SIM_OK);
    bool by = json_val_str(json_get_path(reply, "/products/0/product_id")).n > 0 &&
              json_bool_or(json_obj(json_obj(reply, "ext"), "salesagent"), "reordered_by_assistant", false);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "products")), 3);
    if (by) assert_true(str_is(json_val_str(json_get_path(reply, "/products/0/product_id")), "prod-ron-display-001"));
    return by;
}

static void pass(struct world *w, int64_t us)
{
    sim_run_until(&w->s.sim, w->s.sim.driver.now + us);
}

static void nobody_waits_unless_told_to(void **state)
{
    struct world *w = *state;
    ranking(w, "");
    int64_t before = w->s.sim.driver.now;
    assert_false(reordered(w, "developers"));
    assert_true(w->s.sim.driver.now - before < 100000); /* the loop settled meanwhile; the answer takes 500 ms */
    assert_false(reordered(w, "developers"));
    pass(w, 600000);
    assert_true(reordered(w, "developers"));
    assert_int_equal(w->asked, 1);
}

static void who_waits_waits_for_the_answer_or_the_box(void **state)
{
    struct world *w = *state;
    ranking(w, "\"wait_ms\":800");
    assert_true(reordered(w, "quickly"));
    w->answer.answer_us = 900000;
    assert_false(reordered(w, "slowly")); /* sim_call would run 20 s: the reply left at 800 ms */
    assert_true(reordered(w, "slowly"));
    assert_int_equal(w->asked, 2);
}

static void an_order_is_kept_for_its_time_and_its_question(void **state)
{
    struct world *w = *state;
    ranking(w, "\"keep_minutes\":1,\"wait_ms\":800");
    assert_true(reordered(w, "developers"));
    pass(w, 30 * USEC_PER_SEC);
    assert_true(reordered(w, "developers"));
    assert_int_equal(w->asked, 1);
    pass(w, 61 * USEC_PER_SEC);
    assert_true(reordered(w, "developers"));
    assert_int_equal(w->asked, 2);
    ranking(w, "\"keep_minutes\":1,\"wait_ms\":800,\"guidelines\":\"Other words.\"");
    assert_true(reordered(w, "developers"));
    assert_int_equal(w->asked, 3);
}

static void a_crash_forgets_and_asks_again(void **state)
{
    struct world *w = *state;
    ranking(w, "");
    assert_false(reordered(w, "developers"));
    http_script_crash(&w->s.http);
    sim_restart(&w->s.sim);
    assert_false(reordered(w, "developers"));
    pass(w, USEC_PER_SEC);
    assert_true(reordered(w, "developers"));
    assert_int_equal(w->asked, 2);
    assert_false(reordered(w, "under way when the agent stops")); /* teardown: it is ended */
}

static void few_are_asked_at_once_and_not_all_is_kept(void **state)
{
    struct world *w = *state;
    ranking(w, "");
    for (int i = 0; i < 10; i++) assert_false(reordered(w, sim_text(&w->s.sim, "brief %d", i)));
    assert_int_equal(w->asked, 4);
    pass(w, USEC_PER_SEC);
    w->answer.answer_us = 1000;
    for (int i = 10; i < 280; i++) {
        (void)reordered(w, sim_text(&w->s.sim, "brief %d", i)); /* fills the memory */
        pass(w, 2000);
    }
    assert_int_equal(w->asked, 274);
    assert_true(reordered(w, "brief 279"));
    assert_int_equal(w->asked, 274);
    assert_false(reordered(w, "brief 0"));
    assert_int_equal(w->asked, 275);
}

static void after_three_failures_it_rests_for_a_minute(void **state)
{
    struct world *w = *state;
    ranking(w, "\"wait_ms\":2000");
    w->answer = (struct http_answer){ HTTP_NOT_SENT, 0, -1, -1, 1000, "" };
    for (int i = 0; i < 5; i++) assert_false(reordered(w, sim_text(&w->s.sim, "brief %d", i)));
    assert_int_equal(w->asked, 3);
    pass(w, 61 * USEC_PER_SEC);
    w->answer = (struct http_answer){ HTTP_OK, 200, -1, 1000, 1000, REVERSED };
    assert_true(reordered(w, "brief 9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_waits_unless_told_to, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(who_waits_waits_for_the_answer_or_the_box, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(an_order_is_kept_for_its_time_and_its_question, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_crash_forgets_and_asks_again, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(few_are_asked_at_once_and_not_all_is_kept, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(after_three_failures_it_rests_for_a_minute, setup, scripted_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
