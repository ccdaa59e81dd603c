/* The test controller: every scenario there is, what each refuses and with which of the controller's own codes, and
 * what is forced on the next call. Every reply is valid AdCP 3.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/fixture.h"

#define TOOL    "comply_test_controller"
#define ACCOUNT "\"account\":{\"sandbox\":true}"

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    f->sandbox = f->principal.sandbox = true;
    *state = f;
    return 0;
}

static struct fixture_reply control(struct fixture *f, const char *scenario, const char *params)
{
    struct str args = arena_printf(&f->arena, "{\"scenario\":\"%s\",\"params\":%s," ACCOUNT "}", scenario, params);
    struct fixture_reply r = fixture_call(f, TOOL, arena_cstr(&f->arena, args));
    if (r.rc) print_error("%s %s: %s: %s\n", scenario, params, r.e.code, r.e.message);
    assert_int_equal(r.rc, 0);
    fixture_valid(f, &r, TOOL, ADCP_LINE_NEWEST);
    return r;
}

static struct fixture_reply does(struct fixture *f, const char *scenario, const char *params)
{
    struct fixture_reply r = control(f, scenario, params);
    if (!json_bool_or(r.reply, "success", false))
        print_error("%s %s: %s\n", scenario, params, arena_cstr(&f->arena, r.text));
    assert_true(json_bool_or(r.reply, "success", false));
    return r;
}

static struct fixture_reply refuses(struct fixture *f, const char *scenario, const char *params, const char *code)
{
    struct fixture_reply r = control(f, scenario, params);
    assert_false(json_bool_or(r.reply, "success", true));
    struct str got = json_str(r.reply, "error");
    if (!str_is(got, code)) print_error("%s %s: " STR_FMT "\n", scenario, params, STR_ARG(r.text));
    assert_true(str_is(got, code));
    assert_true(json_str(r.reply, "error_detail").n > 0);
    return r;
}

static void is(struct fixture_reply r, const char *pointer, const char *wanted)
{
    struct str got = json_val_str(json_get_path(r.reply, pointer));
    if (!str_is(got, wanted)) print_error("%s: " STR_FMT "\n", pointer, STR_ARG(r.text));
    assert_true(str_is(got, wanted));
}

/* ---- who may, and what there is ---- */

/* AdCP 3.1.19, compliance/comply-test-controller-request.json: every one it names. */
static const char *const all[] = {
    "force_creative_status",
    "force_creative_purge",
    "force_account_status",
    "force_media_buy_status",
    "force_audience_status",
    "force_session_status",
    "force_task_completion",
    "force_create_media_buy_arm",
    "force_get_products_arm",
    "force_get_signals_arm",
    "force_upstream_unavailable",
    "query_upstream_traffic",
    "query_provenance_audit_observations",
    "simulate_delivery",
    "simulate_budget_spend",
    "seed_account",
    "seed_product",
    "seed_pricing_option",
    "seed_creative",
    "seed_creative_format",
    "seed_media_buy",
    "seed_plan",
    "seed_measurement_catalog",
};

static void assert_all(yyjson_val *list)
{
    assert_int_equal(yyjson_arr_size(list), ARRAY_LEN(all));
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        size_t at, n, found = 0;
        yyjson_val *v;
        yyjson_arr_foreach(list, at, n, v) found += str_is(json_val_str(v), all[i]);
        if (found != 1) print_error("%s is listed %zu times\n", all[i], found);
        assert_int_equal(found, 1);
    }
}

static void test_list_is_true(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply listed = does(f, "list_scenarios", "{}");
    assert_all(json_arr(listed.reply, "scenarios"));
    struct fixture_reply r = fixture_call(f, "get_adcp_capabilities", "{}");
    assert_int_equal(r.rc, 0);
    assert_all(json_arr(json_obj(r.reply, "compliance_testing"), "scenarios"));
    /* What is listed is there: it complains of its parameters, not of its name. */
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct fixture_reply c = control(f, all[i], "{}");
        if (strncmp(all[i], "query_upstream", 14) == 0) assert_true(json_bool_or(c.reply, "success", false));
        else is(c, "/error", "INVALID_PARAMS");
    }
}

static void test_unknown_scenario(void **state)
{
    refuses(*state, "force_rain", "{}", "UNKNOWN_SCENARIO");
    refuses(*state, "", "{}", "UNKNOWN_SCENARIO");
}

static void test_live_callers_are_forbidden(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_call(f, TOOL, "{\"scenario\":\"list_scenarios\",\"account\":{\"sandbox\":false}}");
    assert_int_equal(r.rc, 0);
    is(r, "/error", "FORBIDDEN");
    f->principal.sandbox = false;
    refuses(f, "list_scenarios", "{}", "FORBIDDEN");
    refuses(f, "force_rain", "{}", "FORBIDDEN"); /* says nothing of what there is */
}

static void test_bad_parameters(void **state)
{
    static const struct {
        const char *scenario, *params;
    } bad[] = {
        { "force_creative_status", "{\"creative_id\":\"c\",\"status\":\"golden\"}" },
        { "force_creative_purge", "{\"creative_id\":\"c\",\"purge_kind\":\"slow\"}" },
        { "force_account_status", "{\"account_id\":\"a\",\"status\":\"golden\"}" },
        { "force_media_buy_status", "{\"media_buy_id\":\"m\",\"status\":\"golden\"}" },
        { "force_audience_status", "{\"audience_id\":\"a\",\"status\":\"golden\"}" },
        { "force_session_status", "{\"session_id\":\"s\",\"status\":\"golden\"}" },
        { "force_task_completion", "{\"task_id\":\"t\"}" },
        { "force_create_media_buy_arm", "{\"arm\":\"completed\",\"task_id\":\"t\"}" },
        { "force_create_media_buy_arm", "{\"arm\":\"submitted\"}" },
        { "force_get_products_arm", "{\"arm\":\"input-required\"}" },
        { "force_get_signals_arm", "{\"arm\":\"input-required\"}" },
        { "force_upstream_unavailable", "{\"tool\":\"sync_creatives\"}" },
        { "query_upstream_traffic", "{\"since_timestamp\":\"yesterday\"}" },
        { "query_upstream_traffic", "{\"limit\":0}" },
        { "query_upstream_traffic", "{\"attestation_mode\":\"rumour\"}" },
        { "query_upstream_traffic", "{\"attestation_mode\":\"digest\",\"identifier_value_digests\":[\"ABC\"]}" },
        { "simulate_budget_spend", "{\"spend_percentage\":50}" },
        { "seed_product", "{\"fixture\":{}}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) refuses(*state, bad[i].scenario, bad[i].params, "INVALID_PARAMS");
}

static void test_what_is_not_there(void **state)
{
    static const struct {
        const char *scenario, *params;
    } absent[] = {
        { "force_creative_status", "{\"creative_id\":\"none\",\"status\":\"approved\"}" },
        { "force_creative_purge", "{\"creative_id\":\"none\"}" },
        { "force_account_status", "{\"account_id\":\"none\",\"status\":\"suspended\"}" },
        { "force_media_buy_status", "{\"media_buy_id\":\"none\",\"status\":\"active\"}" },
        { "force_audience_status", "{\"audience_id\":\"none\",\"status\":\"ready\"}" },
        { "force_session_status", "{\"session_id\":\"none\",\"status\":\"terminated\"}" },
        { "force_task_completion", "{\"task_id\":\"none\",\"result\":{\"media_buy_id\":\"m\"}}" },
        { "query_provenance_audit_observations", "{\"creative_id\":\"none\"}" },
        { "simulate_delivery", "{\"media_buy_id\":\"none\",\"impressions\":1}" },
        { "simulate_budget_spend", "{\"media_buy_id\":\"none\",\"spend_percentage\":50}" },
        { "seed_pricing_option", "{\"product_id\":\"none\",\"pricing_option_id\":\"p\"}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(absent); i++) refuses(*state, absent[i].scenario, absent[i].params, "NOT_FOUND");
}

/* ---- states ---- */

static void test_transitions(void **state)
{
    struct fixture *f = *state;
    does(f, "seed_media_buy", "{\"media_buy_id\":\"mb-forced\"}");
    struct fixture_reply r =
        does(f, "force_media_buy_status", "{\"media_buy_id\":\"mb-forced\",\"status\":\"completed\"}");
    is(r, "/current_state", "completed");
    r = does(f, "force_media_buy_status", "{\"media_buy_id\":\"mb-forced\",\"status\":\"completed\"}");
    is(r, "/previous_state", "completed");
    r = refuses(f, "force_media_buy_status", "{\"media_buy_id\":\"mb-forced\",\"status\":\"active\"}",
                "INVALID_TRANSITION");
    is(r, "/current_state", "completed");

    does(f, "seed_creative", "{\"creative_id\":\"cr-forced\",\"fixture\":{\"status\":\"approved\"}}");
    r = does(f, "force_creative_status", "{\"creative_id\":\"cr-forced\",\"status\":\"archived\"}");
    is(r, "/previous_state", "approved");
    r = refuses(f, "force_creative_status", "{\"creative_id\":\"cr-forced\",\"status\":\"rejected\"}",
                "INVALID_TRANSITION");
    is(r, "/current_state", "archived");
    does(f, "force_creative_purge", "{\"creative_id\":\"cr-forced\",\"purge_kind\":\"hard\"}");
    refuses(f, "force_creative_purge", "{\"creative_id\":\"cr-forced\"}", "NOT_FOUND");

    does(
        f, "seed_account",
        "{\"account_id\":\"acct-forced\",\"fixture\":{\"brand\":{\"domain\":\"a.example\"},\"operator\":\"a.example\"}}");
    r = does(f, "force_account_status", "{\"account_id\":\"acct-forced\",\"status\":\"closed\"}");
    is(r, "/previous_state", "active");
    r = refuses(f, "force_account_status", "{\"account_id\":\"acct-forced\",\"status\":\"active\"}",
                "INVALID_TRANSITION");
    is(r, "/current_state", "closed");
}

static void test_live_accounts_are_left_alone(void **state)
{
    struct fixture *f = *state;
    static const char file[] =
        "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\"},\"accounts\":[{"
        "\"account_id\":\"acct-live\",\"principal_id\":\"test-buyer\",\"brand\":{\"domain\":\"live.example\"},\"operator\":\"live.example\"}]}";
    assert_true(fixture_import(f, str_from(file)) > 0);
    refuses(f, "force_account_status", "{\"account_id\":\"acct-live\",\"status\":\"suspended\"}", "FORBIDDEN");
}

static void test_other_buyers_things_are_not_there(void **state)
{
    struct fixture *f = *state;
    does(f, "seed_media_buy", "{\"media_buy_id\":\"mb-mine\"}");
    does(f, "seed_creative", "{\"creative_id\":\"cr-mine\"}");
    does(
        f, "seed_account",
        "{\"account_id\":\"acct-mine\",\"fixture\":{\"brand\":{\"domain\":\"a.example\"},\"operator\":\"a.example\"}}");
    fixture_become_new_buyer(f, "rival");
    f->principal.sandbox = true;
    refuses(f, "force_media_buy_status", "{\"media_buy_id\":\"mb-mine\",\"status\":\"completed\"}", "NOT_FOUND");
    refuses(f, "force_creative_status", "{\"creative_id\":\"cr-mine\",\"status\":\"archived\"}", "NOT_FOUND");
    refuses(f, "force_account_status", "{\"account_id\":\"acct-mine\",\"status\":\"suspended\"}", "NOT_FOUND");
    refuses(f, "query_provenance_audit_observations", "{\"creative_id\":\"cr-mine\"}", "NOT_FOUND");
    refuses(f, "simulate_delivery", "{\"media_buy_id\":\"mb-mine\",\"impressions\":1}", "NOT_FOUND");
}

/* ---- fixtures ---- */

static void test_a_fixture_is_what_it_was(void **state)
{
    struct fixture *f = *state;
    does(f, "seed_product",
         "{\"product_id\":\"p-seeded\",\"fixture\":{\"name\":\"Seeded\",\"channels\":[\"display\"]}}");
    struct fixture_reply r =
        does(f, "seed_product",
             "{\"product_id\":\"p-seeded\",\"fixture\":{\"name\":\"Seeded\",\"channels\":[\"display\"]}}");
    is(r, "/message", "The fixture is there already.");
    refuses(f, "seed_product", "{\"product_id\":\"p-seeded\",\"fixture\":{\"name\":\"Another\"}}", "INVALID_PARAMS");
    does(f, "seed_pricing_option",
         "{\"product_id\":\"p-seeded\",\"pricing_option_id\":\"po\",\"fixture\":{\"pricing_model\":\"cpm\","
         "\"currency\":\"USD\",\"fixed_price\":5}}");
    does(f, "seed_creative_format", "{\"format_id\":\"f-seeded\",\"fixture\":{\"name\":\"A format\"}}");
    does(f, "seed_plan", "{\"plan_id\":\"plan-seeded\",\"fixture\":{}}");
    does(f, "seed_measurement_catalog",
         "{\"vendor\":{\"domain\":\"vendor.example\"},\"metrics\":[{\"metric_id\":\"attention\"}]}");
}

/* ---- delivery ---- */

static void test_delivery_adds_up_and_spend_is_set(void **state)
{
    struct fixture *f = *state;
    does(f, "seed_media_buy", "{\"media_buy_id\":\"mb-sim\"}");
    does(f, "force_media_buy_status", "{\"media_buy_id\":\"mb-sim\",\"status\":\"active\"}");
    does(f, "simulate_delivery", "{\"media_buy_id\":\"mb-sim\",\"impressions\":1000,\"clicks\":10}");
    struct fixture_reply r = does(f, "simulate_delivery", "{\"media_buy_id\":\"mb-sim\",\"impressions\":500}");
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/simulated/impressions")), 500);
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/cumulative/impressions")), 1500);
    r = does(f, "simulate_budget_spend", "{\"media_buy_id\":\"mb-sim\",\"spend_percentage\":95}");
    assert_int_equal(yyjson_get_num(json_get_path(r.reply, "/simulated/spend_percentage")), 95);
}

/* ---- directives ---- */

static const char brief[] = "{\"buying_mode\":\"brief\",\"brief\":\"display\"}";

static void test_an_arm_is_for_one_call_of_its_caller(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = does(f, "force_get_products_arm", "{\"arm\":\"submitted\",\"task_id\":\"task_forced\"}");
    is(r, "/forced/task_id", "task_forced");
    fixture_become_new_buyer(f, "rival");
    r = fixture_call(f, "get_products", brief);
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    fixture_become(f, "test-buyer");
    f->principal.sandbox = true;
    r = fixture_call(f, "get_products", brief);
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    assert_true(str_is(r.task_id, "task_forced"));
    r = fixture_ok(f, "list_tasks",
                   "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\"}}");
    is(r, "/tasks/0/task_id", "task_forced"); /* discovery is of no account: it is found with any of the caller's */
    r = fixture_call(f, "get_products", brief);
    assert_int_equal(r.outcome, TOOL_COMPLETED);
    r = does(f, "force_task_completion", "{\"task_id\":\"task_forced\",\"result\":{\"products\":[]}}");
    is(r, "/current_state", "completed");
}

static void test_a_forced_task_may_be_forced_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        does(f, "force_get_signals_arm", "{\"arm\":\"submitted\",\"task_id\":\"task_twice\"}");
        struct fixture_reply r = fixture_call(f, "get_signals", "{\"signal_spec\":\"readers\"}");
        assert_int_equal(r.outcome, TOOL_SUBMITTED);
    }
    fixture_become_new_buyer(f, "rival");
    f->principal.sandbox = true;
    refuses(f, "force_get_signals_arm", "{\"arm\":\"submitted\",\"task_id\":\"task_twice\"}", "INVALID_PARAMS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list_is_true, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_scenario, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_live_callers_are_forbidden, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_bad_parameters, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_there, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_transitions, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_live_accounts_are_left_alone, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_buyers_things_are_not_there, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_fixture_is_what_it_was, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_delivery_adds_up_and_spend_is_set, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_an_arm_is_for_one_call_of_its_caller, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_forced_task_may_be_forced_again, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
