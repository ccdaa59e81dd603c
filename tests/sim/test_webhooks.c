/* What a receiver's answer means for one webhook, through the whole server: who is asked again, how often, and with what
 * signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "scripted.h"

#define NOW      SCRIPTED_NOW
#define HOUR     (INT64_C(3600) * USEC_PER_SEC)
#define SENT_MAX 128

/* An answer; status 0: a kept connection that was dead. */
struct spoken {
    int status, after_s;
    const char *challenge;
};

struct world {
    struct scripted s;
    const struct spoken *answers; /* the last is repeated */
    size_t answers_n;
    struct {
        struct str body, input; /* Signature-Input */
        int64_t at;
    } sent[SENT_MAX];
    size_t sent_n;
};

static struct str header(const struct http_call *c, const char *name)
{
    for (size_t i = 0; i < c->headers_n; i++) {
        if (str_is(c->headers[i].name, name)) return c->headers[i].value;
    }
    return STR("");
}

static struct http_answer answer(void *arg, const struct http_call *c)
{
    struct world *w = arg;
    size_t i = w->sent_n;
    assert_true(i < SENT_MAX);
    w->sent[i].body = arena_dup(&w->s.sim.arena, c->body);
    w->sent[i].input = arena_dup(&w->s.sim.arena, header(c, "Signature-Input"));
    w->sent[i].at = w->s.sim.driver.now;
    w->sent_n++;
    const struct spoken *says = &w->answers[i < w->answers_n ? i : w->answers_n - 1];
    w->s.http.more = (struct http_answer_more){ says->challenge, says->status == 0 };
    return (struct http_answer){ says->status ? HTTP_OK : HTTP_UNKNOWN, says->status, says->after_s, 1000, 20000, "" };
}

static struct world world;

static int setup(void **state)
{
    return scripted_setup(state, &world.s, sizeof(world), answer);
}

/* A buy that is approved, so that there is one event; then a day and a half passes. */
static void tell(struct world *w, const struct spoken *answers, size_t n)
{
    yyjson_val *reply;
    w->answers = answers;
    w->answers_n = n;
    enum sim_result r = sim_call(
        &w->s.sim, "test-token", "create_media_buy",
        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"one-0123456789abcdef\",\"account\":{\"brand\":{\"domain\":"
        "\"acme.example\"},\"operator\":\"agency.example\"},\"brand\":{\"domain\":\"acme.example\"},\"start_time\":"
        "\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":"
        "\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000}],\"push_notification_config\":"
        "{\"url\":\"https://buyer.example.com/hook\"}}",
        &reply);
    assert_int_equal(r, SIM_OK);
    struct str task_id = json_str(reply, "task_id");
    assert_true(task_id.n > 0);
    assert_int_equal(
        sim_local(&w->s.sim, "x_task_resolve",
                  sim_text(&w->s.sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(task_id)),
                  &reply),
        SIM_OK);
    sim_run_until(&w->s.sim, NOW + 40 * HOUR);
}

/* The one webhook job of the world. */
static yyjson_val *job(struct world *w)
{
    yyjson_val *reply;
    assert_int_equal(sim_local(&w->s.sim, "x_job_list", "{\"kind\":\"webhook\"}", &reply), SIM_OK);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "jobs")), 1);
    return yyjson_arr_get_first(json_arr(reply, "jobs"));
}

static void ended(struct world *w, const char *state, const char *why)
{
    yyjson_val *j = job(w);
    if (!str_is(json_str(j, "state"), state)) fail_msg("%s", json_str(j, "state").p);
    if (why) assert_true(str_is(json_str(j, "last_error"), why));
}

/* Same bytes, another signature. */
static void same_event(struct world *w)
{
    for (size_t i = 1; i < w->sent_n; i++) {
        assert_true(str_eq(w->sent[i].body, w->sent[0].body));
        assert_true(w->sent[i].input.n > 0);
        for (size_t k = 0; k < i; k++) assert_false(str_eq(w->sent[i].input, w->sent[k].input));
    }
}

#define OK            { 200, -1, NULL }
#define REFUSED(code) { 401, -1, "Signature error=\"" code "\"" }
#define DEAD          { 0, -1, NULL }

static void a_signature_that_is_not_accepted_is_final(void **state)
{
    static const struct spoken answers[] = { REFUSED("webhook_signature_invalid"), OK };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 1);
    ended(*state, "dead", "HTTP 401, webhook_signature_invalid");
}

static void what_a_fresh_signature_may_cure_is_tried_once_more(void **state)
{
    static const struct spoken cured[] = { REFUSED("webhook_signature_key_unknown"), OK };
    tell(*state, cured, ARRAY_LEN(cured));
    assert_int_equal(world.sent_n, 2);
    assert_true(world.sent[1].at - world.sent[0].at >= 60 * USEC_PER_SEC);
    same_event(*state);
    ended(*state, "done", NULL);
}

static void but_only_once(void **state)
{
    static const struct spoken answers[] = { REFUSED("webhook_signature_window_invalid") };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 2);
    ended(*state, "dead", "HTTP 401, webhook_signature_window_invalid");
}

static void failures_before_it_do_not_take_the_second_try_away(void **state)
{
    static const struct spoken answers[] = {
        { 503, -1, NULL }, { 503, -1, NULL }, REFUSED("webhook_signature_replayed"), OK
    };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 4);
    same_event(*state);
    ended(*state, "done", NULL);
}

static void a_plain_401_is_tried_a_few_times(void **state)
{
    static const struct spoken answers[] = { { 401, -1, "Bearer" } };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 4);
    same_event(*state);
    ended(*state, "dead", "HTTP 401");
}

static void a_dead_kept_connection_costs_a_signature_and_no_time(void **state)
{
    static const struct spoken answers[] = { DEAD, OK };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 2);
    assert_true(world.sent[1].at - world.sent[0].at < USEC_PER_SEC / 2);
    same_event(*state);
    ended(*state, "done", NULL);
    assert_int_equal(json_i64_or(job(*state), "attempts", 0), 1);
}

static void a_receiver_that_closes_every_connection_is_a_failing_one(void **state)
{
    static const struct spoken answers[] = { DEAD };
    tell(*state, answers, 1);
    ended(*state, "dead", NULL);
    assert_true(world.sent_n < SENT_MAX && world.sent_n % 2 == 0);
    same_event(*state);
}

static void a_refusal_is_final_and_a_conflict_too(void **state)
{
    static const struct spoken answers[] = { { 409, -1, NULL } };
    tell(*state, answers, 1);
    assert_int_equal(world.sent_n, 1);
    ended(*state, "dead", "HTTP 409");
}

static void retry_after_is_waited_for(void **state)
{
    static const struct spoken answers[] = { { 429, 1200, NULL }, OK };
    tell(*state, answers, ARRAY_LEN(answers));
    assert_int_equal(world.sent_n, 2);
    assert_true(world.sent[1].at - world.sent[0].at >= 1200 * USEC_PER_SEC);
    ended(*state, "done", NULL);
}

static void silence_is_retried_for_a_day(void **state)
{
    static const struct spoken answers[] = { { 500, -1, NULL } };
    tell(*state, answers, 1);
    ended(*state, "dead", "HTTP 500");
    assert_true(world.sent[world.sent_n - 1].at - world.sent[0].at >= 24 * HOUR);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, scripted_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_signature_that_is_not_accepted_is_final),
        CASE(what_a_fresh_signature_may_cure_is_tried_once_more),
        CASE(but_only_once),
        CASE(failures_before_it_do_not_take_the_second_try_away),
        CASE(a_plain_401_is_tried_a_few_times),
        CASE(a_dead_kept_connection_costs_a_signature_and_no_time),
        CASE(a_receiver_that_closes_every_connection_is_a_failing_one),
        CASE(a_refusal_is_final_and_a_conflict_too),
        CASE(retry_after_is_waited_for),
        CASE(silence_is_retried_for_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
