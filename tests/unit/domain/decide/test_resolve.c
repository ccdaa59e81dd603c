/* Deciding: once, by who may, with its effect in the same commit; and what cannot be done stays open. */
#include "publisher_data.h"

#include "domain/decide/task_advance.h"
#include "domain/decide/task_kinds.h"
#include "domain/decide/task_resolve.h"
#include "domain/media_buy/media_buy.h"

static struct str buy_id, task_id;

static void buys(struct room *r, const struct act *act)
{
    struct media_buy_created made;
    struct err e;
    yyjson_val *args = room_json(r, "{\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-03-12T00:00:00Z\","
                                    "\"end_time\":\"2026-03-22T00:00:00Z\",\"packages\":[{\"product_id\":\"p1\","
                                    "\"pricing_option_id\":\"cpm\",\"budget\":1000}]}");
    ROOM_OK(media_buy_create(act, args, &made, &e));
    assert_true(made.submitted);
    buy_id = made.buy.row.media_buy_id;
    task_id = made.task.task_id;
}

static enum media_buy_status status(const struct act *act)
{
    struct media_buy b;
    struct err e;
    assert_int_equal(media_buy_load(act, buy_id, &b, &e), 1);
    return b.status;
}

static void who_may_not_is_refused(struct room *r, const struct act *act)
{
    struct task_resolution yes = { .task_id = task_id, .decision = TASK_APPROVE };
    struct task_row t;
    struct err e;
    (void)r;
    assert_int_equal(task_resolve(act, &yes, &t, &e), -1);
    assert_string_equal(e.code, "PERMISSION_DENIED");
    assert_int_equal(status(act), BUY_PENDING_APPROVAL);
}

static void approves(struct room *r, const struct act *act)
{
    struct task_resolution yes = { .task_id = task_id, .decision = TASK_APPROVE };
    struct task_row t;
    struct str result;
    struct err e;
    ROOM_OK(task_resolve(act, &yes, &t, &e));
    assert_string_equal(task_adcp_status(&t), "completed");
    assert_int_equal(status(act), BUY_PENDING_CREATIVES);
    assert_int_equal(room_audited(r, act, "task.approved"), 1);
    assert_int_equal(room_audited(r, act, "media_buy.approved"), 1);
    ROOM_OK(task_kind_result(task_kind_of(&t), act, &t, &result, &e));
    assert_non_null(memmem(result.p, result.n, buy_id.p, buy_id.n));
    assert_int_equal(task_resolve(act, &yes, &t, &e), -1);
    assert_string_equal(e.code, "INVALID_STATE");
}

static void rejects(struct room *r, const struct act *act)
{
    struct task_resolution no = { .task_id = task_id, .decision = TASK_REJECT, .reason = STR("Not this year.") };
    struct task_row t;
    struct err e;
    (void)r;
    ROOM_OK(task_resolve(act, &no, &t, &e));
    assert_string_equal(task_adcp_status(&t), "rejected");
    assert_int_equal(status(act), BUY_REJECTED);
}

static void too_late(struct room *r, const struct act *act)
{
    struct task_resolution yes = { .task_id = task_id, .decision = TASK_APPROVE };
    struct task_row t;
    struct err e;
    (void)r;
    ROOM_OK(task_resolve(act, &yes, &t, &e)); /* decided, not done: the reason is kept */
    assert_true(task_open(&t));
    struct str failure = task_member(act, &t, "failure");
    assert_non_null(memmem(failure.p, failure.n, "INVALID_STATE", 13));
    assert_int_equal(status(act), BUY_PENDING_APPROVAL);
}

static void time_goes_on(struct room *r, const struct act *act)
{
    int64_t next;
    struct err e;
    (void)r;
    ROOM_OK(due_advance(act, &task_times, &next, &e));
}

static void it_lapsed(struct room *r, const struct act *act)
{
    struct task_row t;
    struct err e;
    ROOM_OK(task_load(act, task_id, &t, &e));
    assert_true(task_open(&t)); /* nobody said that it decides itself */
    assert_int_equal(room_audited(r, act, "task.lapsed"), 1);
}

static struct room *undecided(void)
{
    struct room *r = room_open();
    publisher_data(r, ",\"workflow_required\":true");
    room_do(r, ROLE_BUYER, buys);
    return r;
}

static void approval_executes_once(void **state)
{
    struct room *r = undecided();
    (void)state;
    room_do(r, ROLE_BUYER, who_may_not_is_refused);
    room_do(r, ROLE_VIEWER, who_may_not_is_refused);
    room_do(r, ROLE_OPERATOR, approves);
    room_close(r);
}

static void rejection_undoes(void **state)
{
    struct room *r = undecided();
    (void)state;
    room_do(r, ROLE_OPERATOR, rejects);
    room_close(r);
}

static void what_is_not_possible_any_more_stays_open(void **state)
{
    struct room *r = undecided();
    (void)state;
    r->now += 60 * USEC_PER_DAY;
    room_do(r, ROLE_OPERATOR, too_late);
    room_close(r);
}

static void time_lapses_what_nobody_decides(void **state)
{
    struct room *r = undecided();
    (void)state;
    r->now += 60 * USEC_PER_DAY;
    room_do_alone(r, time_goes_on);
    room_do_alone(r, it_lapsed);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(approval_executes_once), cmocka_unit_test(rejection_undoes),
                                        cmocka_unit_test(what_is_not_possible_any_more_stays_open),
                                        cmocka_unit_test(time_lapses_what_nobody_decides) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
