/* create_media_buy on an account with a governance agent, through the whole server: the call waits for the agent's
 * word, and nothing is committed without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "scripted.h"

#define NOW SCRIPTED_NOW

struct world {
    struct scripted s;
    struct http_answer answer;
    int asked;
    bool bearer, well_formed;
    char body[8192]; /* of the last question */
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
    (void)snprintf(w->body, sizeof(w->body), "%s", body);
    w->well_formed = strstr(body, "\"method\":\"tools/call\"") && strstr(body, "\"name\":\"check_governance\"") &&
                     strstr(body, "\"plan_id\":\"plan-1\"") && strstr(body, "\"total_budget\":3000") &&
                     strstr(body, "\"phase\":\"purchase\"");
    return w->answer;
}

static struct world world;

static int setup(void **state)
{
    return scripted_setup(state, &world.s, sizeof(world), answer);
}

static void says(struct world *w, const char *structured)
{
    w->answer = (struct http_answer){
        HTTP_OK,
        200,
        -1,
        1000,
        200000,
        sim_text(&w->s.sim, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"structuredContent\":%s}}", structured)
    };
}

#define REF "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"

static void bind_agent(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(
        sim_call(&w->s.sim, "test-token", "sync_governance",
                 "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":" REF
                 ",\"governance_agents\":"
                 "[{\"url\":\"https://governance.example/mcp\",\"authentication\":{\"schemes\":[\"Bearer\"],"
                 "\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}",
                 &reply),
        SIM_OK);
    assert_true(str_is(json_val_str(json_get_path(reply, "/accounts/0/status")), "synced"));
}

static enum sim_result buy(struct world *w, const char *key, const char *more, yyjson_val **reply)
{
    return sim_call(
        &w->s.sim, "test-token", "create_media_buy",
        sim_text(&w->s.sim,
                 "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"%s-0123456789abcdef\",\"account\":" REF
                 ",\"brand\":{\"domain\":"
                 "\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
                 "\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\","
                 "\"budget\":3000}]%s}",
                 key, more),
        reply);
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
    assert_int_equal(sim_local(&w->s.sim, "x_task_list", "{}", &reply), SIM_OK);
    return (int64_t)yyjson_arr_size(json_arr(reply, "tasks"));
}

static void an_approved_buy_goes_on(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    says(w,
         "{\"check_id\":\"c1\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"fine\",\"expires_at\":"
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
    w->answer = (struct http_answer){
        HTTP_OK,
        200,
        -1,
        1000,
        200000,
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"check_id\\\":\\\"c\\\","
        "\\\"status\\\":\\\"denied\\\",\\\"plan_id\\\":\\\"plan-1\\\",\\\"explanation\\\":\\\"over budget\\\",\\\"findings\\\":"
        "[{\\\"category_id\\\":\\\"budget_authority\\\",\\\"severity\\\":\\\"critical\\\",\\\"explanation\\\":\\\"too much\\\"}]}\"}]}}"
    };
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_FAILED);
    assert_string_equal(code(reply), "GOVERNANCE_DENIED");
    assert_true(
        str_is(json_val_str(json_get_path(reply, "/adcp_error/details/findings/0/category_id")), "budget_authority"));
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
    says(
        w,
        "{\"check_id\":\"c1\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"conditions\":[{\"field\":"
        "\"planned_delivery.total_budget\",\"required_value\":2000,\"reason\":\"cap\"}]}");
    assert_int_equal(buy(w, "one", PLAN, &reply), SIM_FAILED);
    assert_string_equal(code(reply), "GOVERNANCE_DENIED");
    assert_true(str_is(json_val_str(json_get_path(reply, "/adcp_error/details/conditions/0/reason")), "cap"));
    says(
        w,
        "{\"check_id\":\"c2\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"conditions\":[{\"field\":"
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
        { HTTP_OK, 200, -1, 1000, 2000,
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no\"}}" },
        { HTTP_OK, 200, -1, 1000, 2000,
          "{\"result\":{\"structuredContent\":{\"check_id\":\"c\",\"verdict\":\"approved\",\"plan_id\":\"another\"}}}" },
    };
    struct world *w = *state;
    yyjson_val *reply;
    bind_agent(w);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        w->answer = bad[i];
        assert_int_equal(buy(w, sim_text(&w->s.sim, "n%zu", i), PLAN, &reply), SIM_FAILED);
        assert_string_equal(code(reply), "GOVERNANCE_UNAVAILABLE");
        assert_int_equal(tasks(w), 0);
        sim_run_until(&w->s.sim, w->s.sim.driver.now + 120 * USEC_PER_SEC); /* the lane's circuit closes again */
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
    static const char ref[] =
        "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\",\"sandbox\":true}";
    struct world *w = *state;
    yyjson_val *reply;
    assert_int_equal(
        sim_call(&w->s.sim, "test-token", "sync_governance",
                 sim_text(&w->s.sim,
                          "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":%s,"
                          "\"governance_agents\":[{\"url\":\"http://127.0.0.1:1/mcp\",\"authentication\":{\"schemes\":"
                          "[\"Bearer\"],\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}",
                          ref),
                 &reply),
        SIM_OK);
    assert_null(json_get_path(reply, "/accounts/0/governance_agents"));
    for (int i = 0; i < 2; i++) {
        if (i == 0) w->answer = (struct http_answer){ HTTP_NOT_SENT, 0, -1, -1, 2000, "" };
        else
            says(
                w,
                "{\"check_id\":\"c\",\"verdict\":\"denied\",\"plan_id\":\"its own\",\"explanation\":\"no\",\"findings\":[]}");
        enum sim_result r = sim_call(
            &w->s.sim, "test-token", "create_media_buy",
            sim_text(
                &w->s.sim,
                "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"k%d-0123456789abcdef\",\"account\":%s,\"brand\":"
                "{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\","
                "\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\","
                "\"budget\":3000}]}",
                i, ref),
            &reply);
        assert_int_equal(r, i == 0 ? SIM_OK : SIM_FAILED);
        assert_string_equal(code(reply), i == 0 ? "(none)" : "GOVERNANCE_DENIED");
    }
    assert_int_equal(w->asked, 2);
}

/* ---- while it delivers ---- */

static yyjson_val *shown(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(
        sim_call(
            &w->s.sim, "test-token", "get_media_buys",
            "{\"adcp_version\":\"3.1\",\"status_filter\":[\"pending_creatives\",\"active\",\"paused\",\"pending_start\",\"completed\"],"
            "\"account\":" REF "}",
            &reply),
        SIM_OK);
    yyjson_val *b = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    assert_non_null(b);
    return b;
}

/* A confirmed buy with an approved creative whose agent wants to hear of it on the third day. */
static const char *governed_buy(struct world *w)
{
    static const char creative[] =
        "[{\"creative_id\":\"c-1\",\"name\":\"C\",\"format_id\":{\"agent_url\":\"http://localhost/mcp\",\"id\":"
        "\"fmt-display-300x250\"},\"assets\":{\"primary\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/a.png\","
        "\"width\":300,\"height\":250,\"format\":\"png\"},\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}}]";
    yyjson_val *reply, *t;
    size_t i, n;
    bind_agent(w);
    says(
        w,
        "{\"check_id\":\"c1\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"governance_context\":"
        "\"context of the purchase\",\"next_check\":\"2026-04-03T00:00:00Z\"}");
    assert_int_equal(buy(w, "governed", PLAN ",\"governance_context\":\"context of the intent\"", &reply), SIM_OK);
    assert_non_null(strstr(w->body, "context of the intent"));
    const char *task = sim_text(&w->s.sim, STR_FMT, STR_ARG(json_str(reply, "task_id")));
    assert_int_equal(sim_local(&w->s.sim, "x_task_resolve",
                               sim_text(&w->s.sim, "{\"task_id\":\"%s\",\"decision\":\"approve\"}", task), &reply),
                     SIM_OK);
    yyjson_val *first = shown(w);
    const char *id = sim_text(&w->s.sim, STR_FMT, STR_ARG(json_str(first, "media_buy_id")));
    struct str package = json_str(yyjson_arr_get_first(json_arr(first, "packages")), "package_id");
    assert_int_equal(
        sim_call(&w->s.sim, "test-token", "sync_creatives",
                 sim_text(&w->s.sim,
                          "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"creatives-0123456789\",\"account\":" REF
                          ",\"creatives\":%s,\"assignments\":[{\"creative_id\":\"c-1\",\"package_id\":\"" STR_FMT
                          "\"}]}",
                          creative, STR_ARG(package)),
                 &reply),
        SIM_OK);
    assert_int_equal(sim_local(&w->s.sim, "x_task_list", "{}", &reply), SIM_OK);
    yyjson_arr_foreach(json_arr(reply, "tasks"), i, n, t) {
        task = sim_text(&w->s.sim, STR_FMT, STR_ARG(json_str(t, "task_id")));
        yyjson_val *done;
        (void)sim_local(&w->s.sim, "x_task_resolve", /* the buy's own was decided above */
                        sim_text(&w->s.sim, "{\"task_id\":\"%s\",\"decision\":\"approve\"}", task), &done);
    }
    return id;
}

#define HOUR   (INT64_C(3600) * USEC_PER_SEC)
#define DAY(d) (INT64_C(1775001600000000) + ((d) - 1) * USEC_PER_DAY) /* of April 2026 */

static double asked_number(struct world *w, const char *pointer)
{
    yyjson_doc *doc = yyjson_read(w->body, strlen(w->body), 0);
    double v = yyjson_get_num(yyjson_doc_ptr_get(doc, pointer));
    yyjson_doc_free(doc);
    return v;
}

static void the_agent_is_told_how_it_delivers_when_it_wants_to(void **state)
{
    struct world *w = *state;
    governed_buy(w);
    sim_run_until(&w->s.sim, DAY(3) - HOUR);
    assert_int_equal(w->asked, 1);
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"on track\","
            "\"governance_context\":\"context of delivery\",\"next_check\":\"2026-04-05T00:00:00Z\"}");
    sim_run_until(&w->s.sim, DAY(3) + HOUR);
    assert_int_equal(w->asked, 2);
    assert_non_null(strstr(w->body, "\"phase\":\"delivery\""));
    assert_non_null(strstr(w->body, "\"governance_context\":\"context of the purchase\""));
    double first = asked_number(w, "/params/arguments/delivery_metrics/cumulative_spend");
    assert_true(first > 100 && first < 300); /* two of thirty days of 3000 */
    assert_true(asked_number(w, "/params/arguments/delivery_metrics/spend") == first);
    sim_run_until(&w->s.sim, DAY(5) + HOUR / 2);
    assert_int_equal(w->asked, 3);
    assert_non_null(strstr(w->body, "context of delivery"));
    double second = asked_number(w, "/params/arguments/delivery_metrics/cumulative_spend");
    assert_true(second > first);
    assert_true(asked_number(w, "/params/arguments/delivery_metrics/spend") - (second - first) < 0.005);
    sim_run_until(&w->s.sim, DAY(20)); /* the last answer named a time that had passed: asked again, and again */
    assert_true(str_is(json_str(shown(w), "status"), "active"));
    assert_true(str_is(json_val_str(json_get_path(shown(w), "/ext/salesagent/governance/phase")), "delivery"));
}

static void a_refusal_pauses_and_only_the_agent_lets_it_go_on(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    const char *id = governed_buy(w);
    const char *resume =
        sim_text(&w->s.sim,
                 "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"resume-0123456789abc\",\"account\":" REF
                 ",\"media_buy_id\":\"%s\",\"paused\":false}",
                 id);
    says(
        w,
        "{\"check_id\":\"c2\",\"verdict\":\"denied\",\"plan_id\":\"plan-1\",\"explanation\":\"it drifts\",\"findings\":[{"
        "\"category_id\":\"drift\",\"severity\":\"critical\",\"explanation\":\"too fast\"}]}");
    sim_run_until(&w->s.sim, DAY(3) + HOUR);
    assert_int_equal(w->asked, 2);
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
    assert_true(
        str_is(json_val_str(json_get_path(shown(w), "/ext/salesagent/governance/findings/0/category_id")), "drift"));
    sim_run_until(&w->s.sim, DAY(8));
    assert_int_equal(w->asked, 2); /* a paused buy waits for its buyer */
    assert_int_equal(sim_call(&w->s.sim, "test-token", "update_media_buy", resume, &reply), SIM_FAILED);
    assert_string_equal(code(reply), "GOVERNANCE_DENIED");
    assert_non_null(strstr(w->body, "\"phase\":\"modification\""));
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
    says(w, "{\"check_id\":\"c3\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"corrected\","
            "\"next_check\":\"2026-04-10T00:00:00Z\"}");
    assert_int_equal(sim_call(&w->s.sim, "test-token", "update_media_buy", resume, &reply), SIM_OK);
    assert_true(str_is(json_str(shown(w), "status"), "active"));
    assert_int_equal(w->asked, 4);
    sim_run_until(&w->s.sim, DAY(10) + HOUR / 60);
    assert_int_equal(w->asked, 5);
    assert_non_null(strstr(w->body, "\"phase\":\"delivery\""));
}

static enum sim_result set_paused(struct world *w, const char *id, const char *paused, yyjson_val **reply)
{
    return sim_call(&w->s.sim, "test-token", "update_media_buy",
                    sim_text(&w->s.sim,
                             "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"paused-%s-0123456789\",\"account\":" REF
                             ",\"media_buy_id\":\"%s\",\"paused\":%s}",
                             paused, id, paused),
                    reply);
}

static void want_people(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(sim_local(&w->s.sim, "x_rule_add",
                               "{\"rule\":{\"name\":\"changes\",\"then\":\"person\",\"when\":"
                               "{\"operations\":[\"update_media_buy\"]}}}",
                               &reply),
                     SIM_OK);
}

static enum sim_result approve(struct world *w, const char *task, yyjson_val **reply)
{
    return sim_local(&w->s.sim, "x_task_resolve",
                     sim_text(&w->s.sim, "{\"task_id\":\"%s\",\"decision\":\"approve\"}", task), reply);
}

/* The agent speaks when the change is asked for, the person later: what the agent said must not be lost between. */
static void what_the_agent_said_is_kept_while_a_person_decides(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    const char *id = governed_buy(w);
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"denied\",\"plan_id\":\"plan-1\",\"explanation\":\"it drifts\"}");
    sim_run_until(&w->s.sim, DAY(8));
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
    want_people(w);
    says(w, "{\"check_id\":\"c3\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"corrected\","
            "\"next_check\":\"2026-04-10T00:00:00Z\"}");
    assert_int_equal(set_paused(w, id, "false", &reply), SIM_OK);
    assert_true(str_is(json_str(reply, "status"), "submitted"));
    const char *task = sim_text(&w->s.sim, STR_FMT, STR_ARG(json_str(reply, "task_id")));
    assert_int_equal(w->asked, 3);
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
    assert_true(str_is(json_val_str(json_get_path(shown(w), "/ext/salesagent/governance/phase")), "modification"));
    assert_int_equal(approve(w, task, &reply), SIM_OK);
    assert_true(str_is(json_str(shown(w), "status"), "active"));
    assert_int_equal(w->asked, 3);
    sim_run_until(&w->s.sim, DAY(10) + HOUR / 60);
    assert_int_equal(w->asked, 4);
    assert_non_null(strstr(w->body, "\"phase\":\"delivery\""));
}

static void a_person_does_not_resume_what_the_agent_stopped_meanwhile(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    const char *id = governed_buy(w);
    sim_run_until(&w->s.sim, DAY(2));
    assert_int_equal(set_paused(w, id, "true", &reply), SIM_OK);
    want_people(w);
    assert_int_equal(set_paused(w, id, "false", &reply), SIM_OK);
    assert_true(str_is(json_str(reply, "status"), "submitted"));
    assert_int_equal(w->asked, 1); /* nothing new was committed to */
    const char *task = sim_text(&w->s.sim, STR_FMT, STR_ARG(json_str(reply, "task_id")));
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"denied\",\"plan_id\":\"plan-1\",\"explanation\":\"it drifts\"}");
    sim_run_until(&w->s.sim, DAY(3) + HOUR);
    assert_int_equal(w->asked, 2);
    assert_int_equal(approve(w, task, &reply), SIM_OK);
    assert_false(json_bool_or(reply, "carried_out", true));
    assert_true(str_is(json_val_str(json_get_path(reply, "/task/failure/code")), "GOVERNANCE_DENIED"));
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
}

/* Each was approved by itself; what both together make of the buy was not. */
static void an_answer_is_for_what_was_asked(void **state)
{
    struct world *w = *state;
    yyjson_val *replies[2];
    struct sim_answer answers[2];
    const char *id = governed_buy(w);
    struct str package = json_str(yyjson_arr_get_first(json_arr(shown(w), "packages")), "package_id");
    const char *change[] = { sim_text(&w->s.sim, "\"packages\":[{\"package_id\":\"" STR_FMT "\",\"budget\":5000}]",
                                      STR_ARG(package)),
                             "\"end_time\":\"2026-05-10T00:00:00Z\"" };
    struct sim_request both[2];
    for (int i = 0; i < 2; i++) {
        both[i] = sim_ask(
            &w->s.sim, SIM_MCP, "test-token", "update_media_buy",
            sim_text(&w->s.sim,
                     "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"both-%d-0123456789abcdef\",\"account\":" REF
                     ",\"media_buy_id\":\"%s\",%s}",
                     i, id, change[i]));
    }
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"\"}");
    sim_request(&w->s.sim, both, 2, answers);
    assert_int_equal(w->asked, 3);
    int done = 0;
    for (int i = 0; i < 2; i++) {
        if (sim_read(&w->s.sim, SIM_MCP, &answers[i], &replies[i]) == SIM_OK) done++;
        else assert_string_equal(code(replies[i]), "CONFLICT");
    }
    assert_int_equal(done, 1);
}

static void conditions_on_delivery_are_shown_or_pause(void **state)
{
    struct world *w = *state;
    governed_buy(w);
    says(w,
         "{\"check_id\":\"c2\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"next_check\":"
         "\"2026-04-05T00:00:00Z\",\"conditions\":[{\"field\":\"frequency\",\"reason\":\"keep it low\"}]}");
    sim_run_until(&w->s.sim, DAY(3) + HOUR);
    assert_true(str_is(json_str(shown(w), "status"), "active"));
    assert_true(
        str_is(json_val_str(json_get_path(shown(w), "/ext/salesagent/governance/conditions/0/reason")), "keep it low"));
    says(w,
         "{\"check_id\":\"c3\",\"verdict\":\"conditions\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"conditions\":[{"
         "\"field\":\"planned_delivery.total_budget\",\"required_value\":2000,\"reason\":\"cap\"}]}");
    sim_run_until(&w->s.sim, DAY(5) + HOUR);
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
}

static void silence_about_delivery_pauses_after_hours(void **state)
{
    struct world *w = *state;
    governed_buy(w);
    w->answer = (struct http_answer){ HTTP_OK, 404, -1, 1000, 2000, "" };
    sim_run_until(&w->s.sim, DAY(3) + 5 * HOUR);
    assert_true(w->asked > 5);
    assert_true(str_is(json_str(shown(w), "status"), "active"));
    sim_run_until(&w->s.sim, DAY(3) + 8 * HOUR);
    assert_true(str_is(json_str(shown(w), "status"), "paused"));
    assert_true(str_is(json_val_str(json_get_path(shown(w), "/ext/salesagent/governance/verdict")), "unavailable"));
}

static void an_ended_buy_is_told_of_once_more(void **state)
{
    struct world *w = *state;
    governed_buy(w);
    says(w, "{\"check_id\":\"c2\",\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"\",\"next_check\":"
            "\"2026-05-02T00:00:00Z\"}");
    sim_run_until(&w->s.sim, DAY(40));
    assert_int_equal(w->asked, 3);
    double all = asked_number(w, "/params/arguments/delivery_metrics/cumulative_spend");
    assert_true(all > 2800 && all <= 3000);
    assert_true(str_is(json_str(shown(w), "status"), "completed"));
}

static void only_loopback_may_do_without_https(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    assert_int_equal(
        sim_call(&w->s.sim, "test-token", "sync_governance",
                 "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":" REF
                 ",\"governance_agents\":"
                 "[{\"url\":\"http://governance.example/mcp\",\"authentication\":{\"schemes\":[\"Bearer\"],"
                 "\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}",
                 &reply),
        SIM_OK);
    assert_true(str_is(json_val_str(json_get_path(reply, "/accounts/0/status")), "failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_approved_buy_goes_on, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_denied_buy_does_not_exist, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(conditions_are_shown_or_broken, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(without_an_answer_nothing_is_committed, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_plan_must_be_named, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_sandbox_account_may_leave_the_plan_to_its_agent, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(the_agent_is_told_how_it_delivers_when_it_wants_to, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_pauses_and_only_the_agent_lets_it_go_on, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(what_the_agent_said_is_kept_while_a_person_decides, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_person_does_not_resume_what_the_agent_stopped_meanwhile, setup,
                                        scripted_teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_for_what_was_asked, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(conditions_on_delivery_are_shown_or_pause, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(silence_about_delivery_pauses_after_hours, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(an_ended_buy_is_told_of_once_more, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(only_loopback_may_do_without_https, setup, scripted_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
