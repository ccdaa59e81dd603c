/* The rows of tasks: opened with their terms, worked on, closed once, and each of it in the audit trail. */
#include "room.h"

#include "domain/task/task.h"
#include "domain/tell/webhook.h"

#define HOUR (INT64_C(3600) * USEC_PER_SEC)

static struct task_row task;

static void opens(struct room *r, const struct act *act)
{
    struct rule_verdict verdict = { .outcome = RULE_PERSON,
                                    .rule_id = STR("r1"),
                                    .name = STR("large"),
                                    .role = STR("operator"),
                                    .due_hours = 8,
                                    .remind_hours = 2,
                                    .escalate_hours = 4,
                                    .lapse = LAPSE_REJECT };
    struct task_new in = { .kind = "create_media_buy",
                           .principal_id = STR("b"),
                           .subject_type = "media_buy",
                           .subject_id = STR("mb-1"),
                           .description = STR("Look at it"),
                           .operation = STR("{\"budget\":1}"),
                           .push_config = STR("{\"url\":\"https://buyer.example/hook\"}"),
                           .due_at = TIME_NONE,
                           .verdict = &verdict };
    struct err e;
    ROOM_OK(task_create(act, &in, &task, &e));
    assert_true(task_open(&task) && !task_executing(act, &task));
    assert_int_equal(task.due_at, act->now + 8 * HOUR);
    assert_int_equal(task.next_at, act->now + 2 * HOUR);
    assert_string_equal(task_adcp_status(&task), "submitted");
    assert_true(str_is(task_member(act, &task, "operation"), "{\"budget\":1}"));
    assert_int_equal(task_listened(act, &task, &e), 1);
    assert_int_equal(room_audited(r, act, "task.created"), 1);
}

/* Due when so many hours have passed in which people work: of eight, none today and four on each of the next two days. */
static void is_due_in_working_hours(struct room *r, const struct act *act)
{
    struct rule_verdict verdict = { .outcome = RULE_PERSON, .role = STR("operator"), .due_hours = 8 };
    struct task_new in = { .kind = "manual",
                           .principal_id = STR("b"),
                           .subject_type = "media_buy",
                           .subject_id = STR("mb-2"),
                           .description = STR("Look at it"),
                           .due_at = TIME_NONE,
                           .verdict = &verdict };
    struct tenant tenant = *act->tenant;
    struct act late = *act;
    struct task_row made;
    struct err e;
    tenant.doc =
        STR("{\"working_hours\":{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"],\"from\":\"08:00\","
            "\"to\":\"12:00\"}}");
    late.tenant = &tenant;
    late.now = act->now / USEC_PER_DAY * USEC_PER_DAY + 13 * HOUR;
    ROOM_OK(task_create(&late, &in, &made, &e));
    assert_int_equal(made.due_at, late.now - 13 * HOUR + 2 * USEC_PER_DAY + 12 * HOUR);
}

static void a_buyer_may_not_work_on_it(struct room *r, const struct act *act)
{
    struct task_work w = { .task_id = task.task_id, .comment = STR("please"), .due_at = TIME_NONE };
    struct task_row out;
    struct err e;
    (void)r;
    assert_int_equal(task_update(act, &w, &out, &e), -1);
    assert_string_equal(e.code, "PERMISSION_DENIED");
}

static void an_operator_does(struct room *r, const struct act *act)
{
    struct task_work w = {
        .task_id = task.task_id, .assigned_to = STR("ann"), .comment = STR("mine"), .due_at = TIME_NONE
    };
    struct task_work bad = { .task_id = task.task_id, .priority = STR("very"), .due_at = TIME_NONE };
    struct task_row out;
    struct err e;
    ROOM_OK(task_update(act, &w, &out, &e));
    assert_true(str_is(out.state, "assigned") && str_is(out.assigned_to, "ann"));
    struct str comments = task_member(act, &out, "comments");
    assert_non_null(memmem(comments.p, comments.n, "mine", 4));
    assert_int_equal(room_audited(r, act, "task.assigned"), 1);
    assert_int_equal(task_update(act, &bad, &out, &e), -1);
    assert_string_equal(e.field, "/priority");
}

static void a_due_time_that_moves_moves_what_is_next(struct room *r, const struct act *act)
{
    struct task_work w = { .task_id = task.task_id, .due_at = act->now + HOUR };
    struct task_row out;
    struct err e;
    (void)r;
    ROOM_OK(task_update(act, &w, &out, &e));
    assert_int_equal(out.next_at, act->now + HOUR);
}

static void an_executing_one_is_left_alone_by_time(struct room *r, const struct act *act)
{
    struct task_row t = task;
    (void)r;
    task_put(act, &t, "execution", STR("{\"running\":true}"));
    assert_true(task_executing(act, &t));
    task_set_next(act, &t);
    assert_int_equal(t.next_at, TIME_NONE);
    task_drop(act, &t, "execution");
    assert_false(task_executing(act, &t));
}

static void closes(struct room *r, const struct act *act)
{
    struct task_end end = { .result = STR("{\"media_buy_id\":\"mb-1\"}") };
    struct task_work w = { .task_id = task.task_id, .comment = STR("late"), .due_at = TIME_NONE };
    struct task_row t, out;
    struct str payload;
    struct err e;
    ROOM_OK(task_load(act, task.task_id, &t, &e));
    t.state = STR("completed");
    t.decision = STR("approved");
    ROOM_OK(task_finish(act, &t, &end, &e));
    assert_false(task_open(&t));
    assert_string_equal(task_adcp_status(&t), "completed");
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, &payload), 1);
    assert_non_null(memmem(payload.p, payload.n, "mb-1", 4));
    assert_int_equal(room_audited(r, act, "task.approved"), 1);
    assert_int_equal(task_update(act, &w, &out, &e), -1);
    assert_string_equal(e.code, "INVALID_STATE");
}

static void another_buyers_does_not_exist(struct room *r, const struct act *act)
{
    struct principal other = { .tenant_id = STR("t"), .principal_id = STR("c"), .role = ROLE_BUYER };
    struct act as = *act;
    struct task_row t;
    struct err e;
    (void)r;
    as.principal = &other;
    assert_int_equal(task_load(&as, task.task_id, &t, &e), -1);
    assert_string_equal(e.code, "REFERENCE_NOT_FOUND");
}

static void a_task_is_opened_worked_on_and_closed(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_BUYER, opens);
    room_do(r, ROLE_BUYER, a_buyer_may_not_work_on_it);
    room_do(r, ROLE_OPERATOR, an_operator_does);
    room_do(r, ROLE_OPERATOR, a_due_time_that_moves_moves_what_is_next);
    room_do(r, ROLE_OPERATOR, an_executing_one_is_left_alone_by_time);
    room_do(r, ROLE_BUYER, another_buyers_does_not_exist);
    room_do(r, ROLE_OPERATOR, closes);
    room_close(r);
}

static void withdraws(struct room *r, const struct act *act)
{
    struct task_subject subject = { .type = "media_buy", .id = STR("mb-1") };
    struct task_row t;
    struct err e;
    ROOM_OK(task_withdraw(act, &subject, "the media buy ended", &e));
    ROOM_OK(task_load(act, task.task_id, &t, &e));
    assert_string_equal(task_adcp_status(&t), "canceled");
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 1);
    ROOM_OK(task_withdraw(act, &subject, "again", &e)); /* none is open */
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 1);
}

static void what_ends_by_itself_withdraws_its_tasks(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_BUYER, opens);
    room_do_alone(r, withdraws);
    room_close(r);
}

static void the_time_for_deciding_runs_while_people_work(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_BUYER, is_due_in_working_hours);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_task_is_opened_worked_on_and_closed),
                                        cmocka_unit_test(what_ends_by_itself_withdraws_its_tasks),
                                        cmocka_unit_test(the_time_for_deciding_runs_while_people_work) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
