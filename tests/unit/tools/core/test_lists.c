/* Lists of the publisher's people cost what they show, however long the publisher's history is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "store/q/agent/q_job.h"
#include "store/q/q_task.h"
#include "tools/fixture.h"

struct history {
    int from, n; /* numbers of what is made */
};

static int make_tasks(struct act *act, void *arg, struct err *e)
{
    const struct history *h = arg;
    for (int i = h->from; i < h->from + h->n; i++) {
        struct task_row row = { .task_id = arena_printf(act->arena, "task-%08d", i),
                                .tenant_id = act->tenant->tenant_id,
                                .principal_id = STR("test-buyer"),
                                .kind = STR("account"),
                                .state = i % 50 == 0 ? STR("pending")
                                         : i % 3     ? STR("completed")
                                                     : STR("failed"),
                                .decision = STR("approved"),
                                .subject_type = STR("account"),
                                .subject_id = STR("none"),
                                .created_at = act->now,
                                .updated_at = act->now,
                                .due_at = TIME_NONE,
                                .resolved_at = TIME_NONE,
                                .next_at = TIME_NONE,
                                .doc = STR("{}") };
        if (q_task_insert(act->tx, &row, e)) return -1;
    }
    return 0;
}

static int64_t steps(struct fixture *f, const char *tool, const char *args)
{
    return fixture_ok(f, tool, args).work.steps;
}

static void tasks_of_all_kinds_cost_what_they_show(void **state)
{
    static const char *const asks[] = { "{}", "{\"state\":\"decided\"}", "{\"state\":\"all\"}",
                                        "{\"state\":\"failed\"}",
                                        "{\"state\":\"decided\",\"before_id\":\"task-00000390\"}" };
    struct fixture *f = *state;
    struct err e;
    struct history first = { 1, 5000 }, more = { 5001, 10000 };
    int64_t before[ARRAY_LEN(asks)];
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, make_tasks, &first, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) before[i] = steps(f, "x_task_list", asks[i]);
    assert_int_equal(fixture_act(f, make_tasks, &more, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        int64_t now = steps(f, "x_task_list", asks[i]);
        if (now > before[i] + before[i] / 10)
            print_error("%s: %lld, then %lld\n", asks[i], (long long)before[i], (long long)now);
        assert_true(now <= before[i] + before[i] / 10);
    }
}

static void decided_ones_come_newest_first_and_go_on(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct history some = { 1, 260 };
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, make_tasks, &some, &e), 0);
    struct fixture_reply r = fixture_ok(f, "x_task_list", "{\"state\":\"decided\"}");
    yyjson_val *tasks = json_arr(r.reply, "tasks"), *t;
    size_t i, n;
    assert_int_equal(yyjson_arr_size(tasks), 100);
    struct str last = STR("task-99999999");
    yyjson_arr_foreach(tasks, i, n, t) {
        struct str id = json_str(t, "task_id");
        assert_true(memcmp(id.p, last.p, last.n) < 0);
        last = id;
    }
    r = fixture_ok(f, "x_task_list",
                   arena_printf(&f->arena, "{\"state\":\"decided\",\"before_id\":\"" STR_FMT "\"}", STR_ARG(last)).p);
    struct str next = json_str(yyjson_arr_get_first(json_arr(r.reply, "tasks")), "task_id");
    assert_true(memcmp(next.p, last.p, last.n) < 0);
    r = fixture_ok(f, "x_task_list", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "tasks")), 5); /* every fiftieth waits */
}

static int make_trouble(struct act *act, void *arg, struct err *e)
{
    int64_t failures;
    struct job_lane_failure fail = { .lane = *(struct str *)arg,
                                     .error = STR("connection refused"),
                                     .now = act->now,
                                     .threshold = 5,
                                     .open_us = 1,
                                     .open_us_max = 1 };
    return q_job_lane_failed(act->tx, &fail, &failures, e);
}

static void today_names_tokens_that_end_soon(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    f->principal.role = ROLE_ADMINISTRATOR;
    (void)fixture_ok(f, "x_token_add", "{\"principal_id\":\"test-buyer\",\"label\":\"soon\",\"expires_days\":5}");
    (void)fixture_ok(f, "x_token_add", "{\"principal_id\":\"test-buyer\",\"label\":\"later\",\"expires_days\":50}");
    struct fixture_reply r = fixture_ok(f, "x_today_get", "{}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "credentials_ending")), 1);
    assert_string_equal(fixture_text(f, &r, "/credentials_ending/0/label"), "soon");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "out_of_reach")), 0);
}

static void today_names_ad_servers_that_do_not_answer(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct str lane = booking_lane(&f->arena, f->tenant.tenant_id, STR("mock"));
    fixture_become(f, "test-operator");
    assert_int_equal(fixture_act(f, make_trouble, &lane, &e), 0);
    struct fixture_reply r = fixture_ok(f, "x_today_get", "{}");
    assert_string_equal(fixture_text(f, &r, "/out_of_reach/0/ad_server"), "mock");
    assert_string_equal(fixture_text(f, &r, "/out_of_reach/0/error"), "connection refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_of_all_kinds_cost_what_they_show, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(decided_ones_come_newest_first_and_go_on, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(today_names_tokens_that_end_soon, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(today_names_ad_servers_that_do_not_answer, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
