/* create_media_buy on an account with a governance agent, through the whole server: the call waits for the agent's
 * word, and nothing is committed without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "http_script.h"
#include "sim.h"

#define NOW INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */

struct world {
    struct sim sim;
    struct http_script http;
    struct http_answer answer;
    int asked;
    bool bearer, well_formed;
};

static struct http_answer answer(void *arg, const struct http_call *call)
{
    struct world *w = arg;
    w->asked++;
    w->bearer = false;
    for (size_t i = 0; i < call->headers_n; i++) {
        w->bearer |= str_is(call->headers[i].name, "Authorization") &&
                     str_is(call->headers[i].value, "Bearer gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    const char *body = call->body.p; /* ends with a NUL: json_write */
    w->well_formed = strstr(body, "\"method\":\"tools/call\"") && strstr(body, "\"name\":\"check_governance\"") &&
                     strstr(body, "\"plan_id\":\"plan-1\"") && strstr(body, "\"total_budget\":3000") &&
                     strstr(body, "\"phase\":\"purchase\"");
    return w->answer;
}

static void effect(void *arg, const struct http_call *call)
{
}

static struct world world;

static int setup(void **state)
{
    struct world *w = &world;
    memset(w, 0, sizeof(*w));
    sim_init(&w->sim, 1, NOW);
    http_script_init(&w->http, &w->sim.loop);
    w->http.answer = answer;
    w->http.effect = effect;
    w->http.arg = w;
    w->sim.http = &w->http.client;
    sim_restart(&w->sim);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    sim_finish(&((struct world *)*state)->sim);
    return 0;
}

static void says(struct world *w, const char *structured)
{
    w->answer = (struct http_answer){ HTTP_OK, 200, -1, 1000, 200000,
                                      sim_text(&w->sim, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"structuredContent\":%s}}",
                                               structured) };
}

#define REF "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"

static void bind_agent(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(sim_call(&w->sim, "test-token", "sync_governance",
                              "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":" REF ",\"governance_agents\":"
                              "[{\"url\":\"https://governance.example/mcp\",\"authentication\":{\"schemes\":[\"Bearer\"],"
                              "\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}", &reply), SIM_OK);
    assert_true(str_is(json_val_str(json_get_path(reply, "/accounts/0/status")), "synced"));
}

static enum sim_result buy(struct world *w, const char *key, const char *more, yyjson_val **reply)
{
    return sim_call(&w->sim, "test-token", "create_media_buy",
                    sim_text(&w->sim, "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"%s-0123456789abcdef\",\"account\":" REF ",\"brand\":{\"domain\":"
                             "\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
                             "\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\","
                             "\"budget\":3000}]%s}", key, more), reply);
}

#define PLAN ",\"plan_id\":\"plan-1\""

static const char *code(yyjson_val *reply)
{
    struct str s = json_val_str(json_get_path(reply, "/adcp_error/code"));
    return s.p ? s.p : "(none)";
}

static int64_t tasks(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(sim_local(&w->sim, "x_task_list", "{}", &reply), SIM_OK);
    return (int64_t)yyjson_arr_size(json_arr(reply, "tasks"));
}

static void an_approved_buy_goes_on(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    says(w, "{\"check_id\":\"c1\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"fine\",\"expires_at\":"
            "\"2026-03-10T00:00:00Z\"}");
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_OK);
    assert_true(str_is(json_str(reply, "status"), "submitted")); /* the publisher's people are next */
    assert_int_equal(w->asked, 1);
    assert_true(w->bearer && w->well_formed);
    assert_int_equal(tasks(w), 1);
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_OK); /* a replay asks nobody */
    assert_int_equal(w->asked, 1);
    assert_int_equal(buy(w, "two", PLAN, &reply), SIM_OK); /* another buy is another question */
    assert_int_equal(w->asked, 2);
}

static void a_denied_buy_does_not_exist(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    /* In the words of AdCP 3.0, as text, in a stream. */
    w->answer = (struct http_answer){ HTTP_OK, 200, -1, 1000, 200000,
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"check_id\\\":\\\"c\\\","
        "\\\"status\\\":\\\"denied\\\",\\\"plan_id\\\":\\\"plan-1\\\",\\\"explanation\\\":\\\"over budget\\\",\\\"findings\\\":"
        "[{\\\"category_id\\\":\\\"budget_authority\\\",\\\"severity\\\":\\\"critical\\\",\\\"explanation\\\":\\\"too much\\\"}]}\"}]}}" };
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_FAILED);
    assert_string_equal(code(reply), "GOVERNANCE_DENIED");
    assert_true(str_is(json_val_str(json_get_path(reply, "/adcp_error/details/findings/0/category_id")), "budget_authority"));
    assert_int_equal(tasks(w), 0);
    /* The plan was changed at the agent: the same request is asked about anew. */
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"fine\"}");
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_OK);
    assert_int_equal(w->asked, 2);
}

static void conditions_are_shown_or_broken(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    says(w, "{\"check_id\":\"c1\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"conditions\":[{\"field\":"
            "\"planned_delivery.total_budget\",\"required_value\":2000,\"reason\":\"cap\"}]}");
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_FAILED);
    assert_string_equal(code(reply), "GOVERNANCE_DENIED");
    assert_true(str_is(json_val_str(json_get_path(reply, "/adcp_error/details/conditions/0/reason")), "cap"));
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"conditions\":[{\"field\":"
            "\"reporting\",\"reason\":\"weekly delivery reports\"}]}");
    assert_int_equal(buy(w, "two", PLAN, &reply), SIM_OK);
    assert_int_equal(tasks(w), 1);
}

static void without_an_answer_nothing_is_committed(void **state)
{
    static const struct http_answer bad[] = {
        { HTTP_OK, 503, -1, 1000, 2000, "" },
        { HTTP_NOT_SENT, 0, -1, -1, 2000, "" },
        { HTTP_UNKNOWN, 0, -1, -1, 8000000, "" },
        { HTTP_OK, 404, -1, 1000, 2000, "" },
        { HTTP_OK, 200, -1, 1000, 2000, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no\"}}" },
        { HTTP_OK, 200, -1, 1000, 2000,
          "{\"result\":{\"structuredContent\":{\"check_id\":\"c\",\"verdict\":\"approved\",\"plan_id\":\"another\"}}}" },
    };
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        w->answer = bad[i];
        assert_int_equal(buy(w, sim_text(&w->sim, "n%zu", i), PLAN, &reply), SIM_FAILED);
        assert_string_equal(code(reply), "GOVERNANCE_UNAVAILABLE");
        assert_int_equal(tasks(w), 0);
        sim_run_until(&w->sim, w->sim.driver.now + 120 * USEC_PER_SEC); /* the lane's circuit closes again */
    }
}

static void a_plan_must_be_named(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    assert_int_equal(buy(w, "one", "", &reply), SIM_FAILED);
    assert_string_equal(code(reply), "INVALID_REQUEST");
    assert_true(str_is(json_val_str(json_get_path(reply, "/adcp_error/field")), "plan_id"));
    assert_int_equal(w->asked, 0);
}

static void a_sandbox_account_may_leave_the_plan_to_its_agent(void **state)
{
    static const char ref[] = "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\",\"sandbox\":true}";
    struct world *w = *state;
    yyjson_val *reply;
    assert_int_equal(sim_call(&w->sim, "test-token", "sync_governance",
                              sim_text(&w->sim, "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":%s,"
                                       "\"governance_agents\":[{\"url\":\"http://127.0.0.1:1/mcp\",\"authentication\":{\"schemes\":"
                                       "[\"Bearer\"],\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}", ref), &reply),
                     SIM_OK);
    assert_null(json_get_path(reply, "/accounts/0/governance_agents"));
    for (int i = 0; i < 2; i++) {
        if (i == 0) w->answer = (struct http_answer){ HTTP_NOT_SENT, 0, -1, -1, 2000, "" };
        else says(w, "{\"check_id\":\"c\",\"verdict\":\"denied\",\"plan_id\":\"its own\",\"explanation\":\"no\",\"findings\":[]}");
        enum sim_result r =
            sim_call(&w->sim, "test-token", "create_media_buy",
                     sim_text(&w->sim, "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"k%d-0123456789abcdef\",\"account\":%s,\"brand\":"
                              "{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
                              "\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\","
                              "\"budget\":3000}]}", i, ref), &reply);
        assert_int_equal(r, i == 0 ? SIM_OK : SIM_FAILED);
        assert_string_equal(code(reply), i == 0 ? "(none)" : "GOVERNANCE_DENIED");
    }
    assert_int_equal(w->asked, 2);
}

static void only_loopback_may_do_without_https(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    assert_int_equal(sim_call(&w->sim, "test-token", "sync_governance",
                              "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":" REF ",\"governance_agents\":"
                              "[{\"url\":\"http://governance.example/mcp\",\"authentication\":{\"schemes\":[\"Bearer\"],"
                              "\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}", &reply), SIM_OK);
    assert_true(str_is(json_val_str(json_get_path(reply, "/accounts/0/status")), "failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_approved_buy_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_denied_buy_does_not_exist, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_are_shown_or_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(without_an_answer_nothing_is_committed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_plan_must_be_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sandbox_account_may_leave_the_plan_to_its_agent, setup, teardown),
        cmocka_unit_test_setup_teardown(only_loopback_may_do_without_https, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
