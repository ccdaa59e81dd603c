/* Lists that another agent keeps, through the whole server: get_products and create_media_buy wait while the list is
 * fetched, use it until it lapses, and say what is wrong when it cannot be had. */
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
    struct http_answer answers[4]; /* by call; the last one again and again */
    int n, asked;
    const char *body, *url, *token; /* of the latest call */
    bool governance; /* the account's governance agent was asked as well */
};

static struct http_answer answer(void *arg, const struct http_call *call)
{
    struct world *w = arg;
    if (strstr(call->body.p, "check_governance")) {
        w->governance = true;
        return (struct http_answer){
            HTTP_OK,
            200,
            -1,
            1000,
            200000,
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"structuredContent\":{\"check_id\":\"c1\","
            "\"verdict\":\"approved\",\"plan_id\":\"plan-1\",\"explanation\":\"fine\"}}}"
        };
    }
    w->body = sim_text(&w->s.sim, "%.*s", (int)call->body.n, call->body.p);
    w->url = sim_text(&w->s.sim, "%.*s", (int)call->url.n, call->url.p);
    w->token = "";
    for (size_t i = 0; i < call->headers_n; i++) {
        struct str v = call->headers[i].value;
        if (str_is(call->headers[i].name, "Authorization")) w->token = sim_text(&w->s.sim, "%.*s", (int)v.n, v.p);
    }
    int i = w->asked++;
    return w->answers[i < w->n ? i : w->n - 1];
}

static struct world world;

static int setup(void **state)
{
    return scripted_setup(state, &world.s, sizeof(world), answer);
}

static void answers(struct world *w, struct http_answer a)
{
    w->answers[w->n++] = a;
}

static void says(struct world *w, const char *structured)
{
    answers(w, (struct http_answer){
                   HTTP_OK, 200, -1, 1000, 200000,
                   sim_text(&w->s.sim, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"structuredContent\":%s}}",
                            structured) });
}

static void starts_over(struct world *w)
{
    w->n = w->asked = 0;
}

#define LIST(more) "{\"agent_url\":\"https://lists.agency.com/mcp\",\"list_id\":\"pl-77\"" more "}"
#define HOLDS(until, ids)                                                                                              \
    "{\"list\":{\"list_id\":\"pl-77\",\"name\":\"x\"},\"identifiers\":[" ids "],\"cache_valid_until\":\"" until "\"}"
#define DOMAIN(d) "{\"type\":\"domain\",\"value\":\"" d "\"}"
#define ALL       DOMAIN("techdaily.com") "," DOMAIN("gadgetreview.com") "," DOMAIN("devhub.io")

static enum sim_result products(struct world *w, const char *token, const char *list, yyjson_val **reply)
{
    return sim_call(
        &w->s.sim, token, "get_products",
        sim_text(&w->s.sim, "{\"adcp_version\":\"3.1\",\"buying_mode\":\"wholesale\",\"property_list\":%s}", list),
        reply);
}

static bool applied(yyjson_val *reply)
{
    return json_bool_or(reply, "property_list_applied", false);
}

static bool has(yyjson_val *reply, const char *id)
{
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(json_arr(reply, "products"), i, n, p) {
        if (str_is(json_str(p, "product_id"), id)) return true;
    }
    return false;
}

static const char *code(yyjson_val *reply)
{
    struct str s = json_val_str(json_get_path(reply, "/adcp_error/code"));
    return s.p ? s.p : "(none)";
}

static const char *told(yyjson_val *reply)
{
    struct str s = json_val_str(json_get_path(reply, "/errors/0/code"));
    return s.p ? s.p : "(none)";
}

static void products_are_those_of_the_list(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    says(w, "{\"list\":{\"list_id\":\"pl-77\",\"name\":\"x\"},\"identifiers\":[" DOMAIN(
                "techdaily.com") "],\"pagination\":"
                                 "{\"has_more\":true,\"cursor\":\"page-2\"}}");
    says(w, HOLDS("2026-03-09T16:00:00Z", DOMAIN("gadgetreview.com")));
    assert_int_equal(products(w, "test-token", LIST(",\"auth_token\":\"eyJ.key\""), &reply), SIM_OK);
    assert_true(applied(reply));
    assert_true(has(reply, "prod-tech-video-001"));    /* on both */
    assert_false(has(reply, "prod-tech-display-001")); /* on devhub.io as well, and not divisible */
    assert_int_equal(w->asked, 2);
    assert_string_equal(w->token, "Bearer eyJ.key");
    assert_non_null(strstr(w->body, "\"name\":\"get_property_list\""));
    assert_non_null(strstr(w->body, "\"list_id\":\"pl-77\""));
    assert_non_null(strstr(w->body, "\"cursor\":\"page-2\""));
    assert_non_null(strstr(w->body, "\"resolve\":true"));
    assert_string_equal(told(reply), "(none)");
}

static void a_list_is_asked_for_again_when_it_lapses(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    says(w, HOLDS("2026-03-09T16:00:00Z", DOMAIN("techdaily.com") "," DOMAIN("gadgetreview.com")));
    says(w, HOLDS("2026-03-09T23:00:00Z", ALL));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(products(w, "test-token", LIST(), &reply), SIM_OK);
        assert_false(has(reply, "prod-tech-display-001"));
    }
    assert_int_equal(w->asked, 1);
    assert_int_equal(products(w, "test-token", LIST(",\"auth_token\":\"other\""), &reply), SIM_OK);
    assert_int_equal(w->asked, 2); /* another token is another question */
    sim_run_until(&w->s.sim, NOW + INT64_C(2) * 3600 * USEC_PER_SEC);
    assert_int_equal(products(w, "test-token", LIST(), &reply), SIM_OK);
    assert_int_equal(w->asked, 3);
    assert_true(has(reply, "prod-tech-display-001"));
}

static void what_is_known_is_used_while_the_keeper_is_away(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    says(w, HOLDS("2026-03-09T15:00:00Z", DOMAIN("techdaily.com") "," DOMAIN("gadgetreview.com")));
    answers(w, (struct http_answer){ HTTP_OK, 503, -1, 1000, 2000, "" });
    assert_int_equal(products(w, "test-token", LIST(), &reply), SIM_OK);
    sim_run_until(&w->s.sim, NOW + INT64_C(2) * 3600 * USEC_PER_SEC);
    assert_int_equal(products(w, "test-token", LIST(), &reply), SIM_OK);
    assert_true(applied(reply));
    assert_false(has(reply, "prod-tech-display-001"));
    assert_string_equal(told(reply), "STALE_RESPONSE");
    assert_true(json_i64_or(json_get_path(reply, "/errors/0/details"), "cache_age_seconds", 0) >= 7200);
    /* A list that is no longer shown is not used. */
    starts_over(w);
    answers(w, (struct http_answer){ HTTP_OK, 403, -1, 1000, 2000, "" });
    sim_run_until(&w->s.sim, NOW + INT64_C(3) * 3600 * USEC_PER_SEC);
    assert_int_equal(products(w, "test-token", LIST(), &reply), SIM_FAILED);
    assert_string_equal(code(reply), "REFERENCE_NOT_FOUND");
}

static void what_cannot_be_had_is_said(void **state)
{
    static const struct {
        struct http_answer answer;
        enum sim_result result;
        const char *code;
    } cases[] = {
        { { HTTP_NOT_SENT, 0, -1, -1, 2000, "" }, SIM_OK, "SERVICE_UNAVAILABLE" },
        { { HTTP_UNKNOWN, 0, -1, -1, 5000000, "" }, SIM_OK, "SERVICE_UNAVAILABLE" },
        { { HTTP_OK, 502, -1, 1000, 2000, "" }, SIM_OK, "SERVICE_UNAVAILABLE" },
        { { HTTP_REFUSED, 0, -1, -1, 2000, "" }, SIM_OK, "SERVICE_UNAVAILABLE" },
        { { HTTP_OK, 401, -1, 1000, 2000, "" }, SIM_FAILED, "REFERENCE_NOT_FOUND" },
        { { HTTP_OK, 404, -1, 1000, 2000, "" }, SIM_FAILED, "REFERENCE_NOT_FOUND" },
        { { HTTP_OK, 200, -1, 1000, 2000, "{\"result\":{\"isError\":true,\"content\":[]}}" },
          SIM_FAILED,
          "REFERENCE_NOT_FOUND" },
        { { HTTP_OK, 200, -1, 1000, 2000, "<html>" }, SIM_FAILED, "INVALID_REQUEST" },
        { { HTTP_OK, 200, -1, 1000, 2000, "{\"result\":{\"structuredContent\":{\"list\":{}}}}" },
          SIM_FAILED,
          "INVALID_REQUEST" },
        { { HTTP_TOO_LARGE, 200, -1, 1000, 2000, "" }, SIM_FAILED, "INVALID_REQUEST" },
    };
    struct world *w = *state;
    yyjson_val *reply;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *list = sim_text(&w->s.sim, "{\"agent_url\":\"https://lists%zu.agency.com\",\"list_id\":\"pl\"}", i);
        starts_over(w);
        answers(w, cases[i].answer);
        assert_int_equal(products(w, "test-token", list, &reply), cases[i].result);
        assert_string_equal(cases[i].result == SIM_OK ? told(reply) : code(reply), cases[i].code);
        if (cases[i].result == SIM_OK) assert_false(applied(reply));
        int asked = w->asked;
        assert_true(asked > 0);
        assert_int_equal(products(w, "test-token", list, &reply),
                         cases[i].result); /* remembered: nobody is knocked at again */
        assert_int_equal(w->asked, asked);
    }
}

static void a_buyer_in_a_hurry_is_not_kept(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    answers(w, (struct http_answer){
                   HTTP_OK, 200, -1, 1000, 4000000,
                   "{\"result\":{\"structuredContent\":" HOLDS("2026-03-09T23:00:00Z", DOMAIN("elsewhere.com")) "}}" });
    const char *hurried =
        sim_text(&w->s.sim,
                 "{\"adcp_version\":\"3.1\",\"buying_mode\":\"brief\",\"brief\":\"tech\",\"property_list\":%s,"
                 "\"time_budget\":{\"interval\":2,\"unit\":\"seconds\"}}",
                 LIST());
    assert_int_equal(sim_call(&w->s.sim, "test-token", "get_products", hurried, &reply), SIM_OK);
    assert_false(applied(reply)); /* the answer that comes after four seconds was not waited for */
    assert_true(str_is(json_val_str(json_get_path(reply, "/incomplete/0/scope")), "products"));
    assert_true(json_i64_or(json_get_path(reply, "/incomplete/0/estimated_wait"), "interval", 0) > 0);
    assert_true(has(reply, "prod-tech-video-001"));
    sim_run_until(&w->s.sim, w->s.sim.driver.now + 10 * USEC_PER_SEC); /* it was fetched all the same */
    assert_int_equal(sim_call(&w->s.sim, "test-token", "get_products", hurried, &reply), SIM_OK);
    assert_true(applied(reply));
    assert_null(json_get_path(reply, "/incomplete"));
    assert_int_equal(w->asked, 1);
}

static void some_addresses_are_not_called(void **state)
{
    static const char *const urls[] = { "http://lists.agency.com", "https://10.0.0.1/mcp",
                                        "https://localhost.localdomain", "https://user@lists.agency.com",
                                        "ftp://lists.agency.com" };
    struct world *w = *state;
    yyjson_val *reply;
    says(w, HOLDS("2026-03-09T15:00:00Z", ALL));
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_int_equal(products(w, "test-token",
                                  sim_text(&w->s.sim, "{\"agent_url\":\"%s\",\"list_id\":\"pl\"}", urls[i]), &reply),
                         SIM_FAILED);
        assert_string_equal(code(reply), "INVALID_REQUEST");
    }
    assert_int_equal(w->asked, 0);
}

static void the_endpoint_below_the_address_is_tried(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    answers(w, (struct http_answer){ HTTP_OK, 405, -1, 1000, 2000, "" });
    says(w, HOLDS("2026-03-09T15:00:00Z", ALL));
    assert_int_equal(
        products(w, "test-token", "{\"agent_url\":\"https://lists.agency.com/\",\"list_id\":\"pl\"}", &reply), SIM_OK);
    assert_true(applied(reply));
    assert_string_equal(w->url, "https://lists.agency.com/mcp");
}

/* ---- buying ---- */

#define REF "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}"

static enum sim_result buy(struct world *w, const char *key, const char *overlay, yyjson_val **reply)
{
    return sim_call(
        &w->s.sim, "test-token", "create_media_buy",
        sim_text(
            &w->s.sim,
            "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"%s-0123456789abcdef\",\"plan_id\":\"plan-1\",\"account\":" REF
            ",\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
            "\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":"
            "\"price-001\",\"budget\":3000,\"targeting_overlay\":%s}]}",
            key, overlay),
        reply);
}

static void a_buy_waits_for_all_its_lists_and_its_governance(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    assert_int_equal(
        sim_call(&w->s.sim, "test-token", "sync_governance",
                 "{\"idempotency_key\":\"bind-0123456789abcdef\",\"accounts\":[{\"account\":" REF
                 ",\"governance_agents\":"
                 "[{\"url\":\"https://governance.agency.com/mcp\",\"authentication\":{\"schemes\":[\"Bearer\"],"
                 "\"credentials\":\"gov-token-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]}]}",
                 &reply),
        SIM_OK);
    says(w, HOLDS("2026-03-09T15:00:00Z", ALL));
    says(
        w,
        "{\"list\":{},\"collections\":[{\"name\":\"Late Show\",\"distribution_ids\":[{\"type\":\"imdb_id\",\"value\":\"tt1\"}]}]}");
    assert_int_equal(
        buy(w, "one",
            "{\"property_list\":" LIST() ",\"collection_list\":{\"agent_url\":\"https://lists.agency.com/mcp\","
                                         "\"list_id\":\"cl-1\"}}",
            &reply),
        SIM_OK);
    assert_int_equal(w->asked, 2);
    assert_true(w->governance);
    assert_non_null(strstr(w->body, "\"name\":\"get_collection_list\""));
}

static void a_buy_is_refused_where_the_list_leaves_nothing(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    says(w, HOLDS("2026-03-09T15:00:00Z", DOMAIN("elsewhere.com")));
    assert_int_equal(buy(w, "one", "{\"property_list\":" LIST() "}", &reply), SIM_FAILED);
    assert_string_equal(code(reply), "VALIDATION_ERROR");
    struct str field = json_val_str(json_get_path(reply, "/adcp_error/field"));
    assert_true(str_is(field, "packages[0].targeting_overlay.property_list"));
    starts_over(w);
    says(w,
         HOLDS("2026-03-09T15:00:00Z", DOMAIN("techdaily.com"))); /* one of three, of a product that is not divisible */
    assert_int_equal(buy(w, "two", "{\"property_list\":" LIST(",\"auth_token\":\"t2\"") "}", &reply), SIM_FAILED);
    assert_string_equal(code(reply), "VALIDATION_ERROR");
    starts_over(w);
    answers(w, (struct http_answer){ HTTP_OK, 403, -1, 1000, 2000, "" });
    assert_int_equal(buy(w, "three", "{\"collection_list_exclude\":" LIST(",\"auth_token\":\"t3\"") "}", &reply),
                     SIM_FAILED);
    assert_string_equal(code(reply), "REFERENCE_NOT_FOUND");
}

static void a_crash_while_the_list_is_fetched_loses_nothing(void **state)
{
    struct world *w = *state;
    yyjson_val *reply;
    says(w, HOLDS("2026-03-09T15:00:00Z", ALL));
    w->s.sim.crash_percent = 100;
    (void)buy(w, "one", "{\"property_list\":" LIST() "}", &reply); /* lost or not, either is possible */
    w->s.sim.crash_percent = 0;
    assert_int_equal(buy(w, "one", "{\"property_list\":" LIST() "}", &reply), SIM_OK);
    assert_true(w->asked >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(products_are_those_of_the_list, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_list_is_asked_for_again_when_it_lapses, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(what_is_known_is_used_while_the_keeper_is_away, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_had_is_said, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_buyer_in_a_hurry_is_not_kept, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(some_addresses_are_not_called, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(the_endpoint_below_the_address_is_tried, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_buy_waits_for_all_its_lists_and_its_governance, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_buy_is_refused_where_the_list_leaves_nothing, setup, scripted_teardown),
        cmocka_unit_test_setup_teardown(a_crash_while_the_list_is_fetched_loses_nothing, setup, scripted_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
