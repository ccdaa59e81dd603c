/* Words in names, by which a test of a buyer's chooses what the mock ad server does, and what the sandbox remembers of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/decide/task_advance.h"
#include "tools/fixture.h"

static const char unattended[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"workflow_required\":false}}";

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    (void)fixture_import(f, str_from(unattended)); /* how many objects changed is the importer's tests' business */
    fixture_reload_tenant(f);
    f->sandbox = true;
    *state = f;
    return 0;
}

static struct fixture_reply create(struct fixture *f, const char *po_number)
{
    return fixture_call(
        f, "create_media_buy",
        arena_printf(
            &f->arena,
            "{\"po_number\":\"%s\",\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
            "\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"%s\",\"budget\":1000}]}",
            po_number, "price-004")
            .p);
}

static struct str bought(struct fixture *f, const char *po_number)
{
    struct fixture_reply r = create(f, po_number);
    if (r.rc) fail_msg("%s: %s %s %s", po_number, r.e.code, r.e.message, r.e.field);
    return json_str(r.reply, "media_buy_id");
}

static const char *state_of(struct fixture *f, struct str buy)
{
    struct fixture_reply r =
        fixture_ok(f, "x_adapter_look", arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"}", STR_ARG(buy)).p);
    return arena_cstr(&f->arena, json_val_str(json_get_path(r.reply, "/bookings/0/state")));
}

/* The only open task that the ad server has with people. */
static struct str open_task(struct fixture *f, const char *description)
{
    struct fixture_reply r = fixture_ok(f, "x_task_list", "{}");
    struct str id = STR_NONE;
    size_t i, n;
    yyjson_val *t;
    yyjson_arr_foreach(json_arr(r.reply, "tasks"), i, n, t) {
        if (!str_is(json_str(t, "kind"), "ad_server_by_hand")) continue;
        assert_int_equal(id.n, 0);
        id = json_str(t, "task_id");
    }
    assert_true(id.n > 0);
    r = fixture_ok(f, "x_task_get", arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(id)).p);
    struct str text = json_val_str(json_get_path(r.reply, "/task/description"));
    assert_non_null(memmem(text.p, text.n, description, strlen(description)));
    return id;
}

static void a_refusal_and_an_outage_are_the_buyers_to_see(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = create(f, "PO 1 [REJECT:the page is sold]");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "VALIDATION_ERROR");
    assert_non_null(strstr(r.e.message, "the page is sold"));
    r = create(f, "PO 1 [OUTAGE]");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "SERVICE_UNAVAILABLE");
    assert_int_equal(r.e.retry_after_s, 30);
    assert_int_equal(create(f, "PO 1 [ERROR:disk full]").rc, -1);
    assert_int_equal(create(f, "PO 1").rc, 0);
    /* Outside a sandbox they are names like others. */
    f->sandbox = false;
    assert_int_equal(create(f, "PO 1 [OUTAGE]").rc, 0);
}

#define TRAFFIC "{\"scenario\":\"query_upstream_traffic\",\"params\":{},\"account\":{\"sandbox\":true}}"

/* What the test controller shows to a sandbox's credential. */
static struct fixture_reply traffic(struct fixture *f)
{
    f->principal.sandbox = true;
    struct fixture_reply r = fixture_ok(f, "comply_test_controller", TRAFFIC);
    f->principal.sandbox = false;
    return r;
}

static bool was_asked_for(struct fixture *f, struct str buy)
{
    struct fixture_reply r = traffic(f);
    size_t i, n;
    yyjson_val *call;
    yyjson_arr_foreach(json_arr(r.reply, "recorded_calls"), i, n, call) {
        if (str_eq(json_val_str(json_get_path(call, "/payload/media_buy_id")), buy)) return true;
    }
    return false;
}

static void a_question_waits_for_a_person(void **state)
{
    struct fixture *f = *state;
    struct str buy = bought(f, "PO 2 [ASK:Which page?]"), other = bought(f, "PO 3");
    assert_false(was_asked_for(f, buy));
    assert_true(was_asked_for(f, other));
    fixture_become(f, "test-operator");
    assert_string_equal(state_of(f, buy), "asked");
    assert_string_equal(state_of(f, other), "booked");
    struct str task = open_task(f, "Which page?");
    (void)fixture_ok(
        f, "x_task_resolve",
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(task)).p);
    assert_string_equal(state_of(f, buy), "booked");
    fixture_become(f, "test-buyer");
    assert_true(was_asked_for(f, buy)); /* it was done then, and not before */
}

static void a_question_that_is_denied_is_a_refusal(void **state)
{
    struct fixture *f = *state;
    struct str buy = bought(f, "[ASK]");
    fixture_become(f, "test-operator");
    struct str task = open_task(f, "approve to answer");
    (void)fixture_ok(f, "x_task_resolve",
                     arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"reject\",\"reason\":\"No.\"}",
                                  STR_ARG(task))
                         .p);
    assert_string_equal(state_of(f, buy), "refused");
}

static int let_time_pass(struct act *act, void *arg, struct err *e)
{
    int64_t next = 0, until = *(int64_t *)arg;
    for (;;) {
        struct act timer = *act;
        timer.principal = NULL;
        timer.tenant = NULL;
        timer.actor = STR("system:lifecycle");
        timer.now = until;
        if (due_advance(&timer, &task_times, &next, e)) return -1;
        if (next == TIME_NONE || next > until) return 0;
    }
}

static void a_delay_is_over_by_itself(void **state)
{
    struct fixture *f = *state;
    struct str buy = bought(f, "[DELAY:90]");
    struct err e;
    int64_t early = FIXTURE_NOW + 89 * USEC_PER_SEC, then = FIXTURE_NOW + 90 * USEC_PER_SEC;
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, let_time_pass, &early, &e), 0);
    assert_string_equal(state_of(f, buy), "asked");
    assert_int_equal(fixture_act(f, let_time_pass, &then, &e), 0);
    assert_string_equal(state_of(f, buy), "booked");
}

static void what_it_was_asked_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct str buy = bought(f, "PO 4");
    struct fixture_reply r = traffic(f);
    yyjson_val *call = yyjson_arr_get_first(json_arr(r.reply, "recorded_calls"));
    assert_true(str_is(json_str(call, "url"), "mock://mock/book"));
    assert_true(str_eq(json_val_str(json_get_path(call, "/payload/media_buy_id")), buy));
    assert_true(str_is(json_val_str(json_get_path(call, "/payload/packages/0/product_id")), "prod-ron-display-001"));
    fixture_become_new_buyer(f, "other");
    r = traffic(f);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "recorded_calls")), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_refusal_and_an_outage_are_the_buyers_to_see),
        CASE(a_question_waits_for_a_person),
        CASE(a_question_that_is_denied_is_a_refusal),
        CASE(a_delay_is_over_by_itself),
        CASE(what_it_was_asked_is_remembered),
    };
    return cmocka_run_group_tests_name("mock_words", tests, NULL, NULL);
}
