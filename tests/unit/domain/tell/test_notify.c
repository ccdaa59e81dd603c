/* Telling: only who listens is told, only of what is not its own doing, with the facts that were handed over. */
#include "room.h"

#include "domain/tell/notify.h"
#include "domain/tell/people_notify.h"
#include "domain/tell/webhook.h"

static struct task_row task;
static struct media_buy_row buy;

static int setup(void **state)
{
    (void)state;
    task = (struct task_row){ .task_id = STR("task-1"),
                              .tenant_id = STR("t"),
                              .principal_id = STR("b"),
                              .kind = STR("create_media_buy"),
                              .state = STR("completed"),
                              .decision = STR("approved"),
                              .subject_type = STR("media_buy"),
                              .subject_id = STR("mb-1") };
    buy = (struct media_buy_row){ .media_buy_id = STR("mb-1"), .tenant_id = STR("t") };
    return 0;
}

static void registers(struct room *r, const struct act *act, const char *anchor)
{
    struct webhook_owner owner = { .kind = WEBHOOK_TASK, .principal_id = STR("b"), .anchor = str_from(anchor) };
    struct err e;
    (void)r;
    ROOM_OK(webhook_register(act, &owner, STR("{\"url\":\"https://buyer.example/hook\"}"), &e));
}

static void nobody_listens(struct room *r, const struct act *act)
{
    struct task_told told = { .task = &task, .status = "completed", .what = "approved", .result = STR("{}") };
    struct webhook_anchor to = { STR("t"), "task", STR("task-1") };
    struct err e;
    assert_int_equal(webhook_listened(act, &to, &e), 0);
    ROOM_OK(notify_task(act, &told, &e));
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 0);
}

static void somebody_listens(struct room *r, const struct act *act)
{
    struct task_told told = { .task = &task, .status = "completed", .what = "approved", .result = STR("{\"made\":7}") };
    struct webhook_anchor to = { STR("t"), "task", STR("task-1") };
    struct str payload;
    struct err e;
    registers(r, act, "task-1");
    assert_int_equal(webhook_listened(act, &to, &e), 1);
    ROOM_OK(notify_task(act, &told, &e));
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, &payload), 1);
    assert_non_null(memmem(payload.p, payload.n, "made", 4));
}

static void a_rejection_tells_its_reason(struct room *r, const struct act *act)
{
    struct task_row no = task;
    struct str payload;
    struct err e;
    no.decision = STR("rejected");
    no.state = STR("failed");
    struct task_told told = {
        .task = &no, .status = "rejected", .what = "rejected", .reason = STR("\"Not this year.\"")
    };
    ROOM_OK(notify_task(act, &told, &e));
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, &payload), 2);
    assert_non_null(memmem(payload.p, payload.n, "Not this year.", 14));
    assert_non_null(memmem(payload.p, payload.n, "POLICY_VIOLATION", 16));
}

static void its_own_doing(struct room *r, const struct act *act)
{
    (void)r;
    assert_false(notify_media_buy_tells(act, "paused"));
}

static void the_doing_of_time(struct room *r, const struct act *act)
{
    struct media_buy_told told = { .buy = &buy,
                                   .summary = STR("The flight began"),
                                   .result = STR("{\"status\":\"active\"}") };
    struct err e;
    assert_true(notify_media_buy_tells(act, "activated"));
    assert_false(notify_media_buy_tells(act, "approved")); /* the task says it */
    registers(r, act, "mb-1");
    ROOM_OK(notify_media_buy(act, &told, &e));
    assert_int_equal(room_jobs(r, act, WEBHOOK_JOB, NULL), 3);
}

static void buyers_hear_what_they_listen_to(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_OPERATOR, nobody_listens);
    room_do(r, ROLE_OPERATOR, somebody_listens);
    room_do(r, ROLE_OPERATOR, a_rejection_tells_its_reason);
    room_do(r, ROLE_BUYER, its_own_doing);
    room_do_alone(r, the_doing_of_time);
    room_close(r);
}

static void opens(struct room *r, const struct act *act)
{
    struct people_told told = { .task = &task, .what = "created", .open = true, .amount_micros = 5000000 };
    struct err e;
    (void)r;
    ROOM_OK(people_notify(act, &told, &e));
    told.what = "commented"; /* nothing that people need hear */
    ROOM_OK(people_notify(act, &told, &e));
}

static void one_message(struct room *r, const struct act *act)
{
    struct str payload;
    assert_int_equal(room_jobs(r, act, PEOPLE_JOB, &payload), 1);
    assert_non_null(memmem(payload.p, payload.n, "link_id", 7));
    assert_non_null(memmem(payload.p, payload.n, "\"created\"", 9));
}

static void one_urgent_message(struct room *r, const struct act *act)
{
    struct str payload;
    assert_int_equal(room_jobs(r, act, PEOPLE_JOB, &payload), 2);
    assert_non_null(memmem(payload.p, payload.n, "high_value", 10));
}

static void none(struct room *r, const struct act *act)
{
    assert_int_equal(room_jobs(r, act, PEOPLE_JOB, NULL), 0);
}

static void people_hear_where_they_said(void **state)
{
    struct room *r = room_open();
    (void)state;
    room_do(r, ROLE_BUYER, opens);
    room_do(r, ROLE_BUYER, none); /* nobody said where */
    room_settings(r, "{\"hitl_webhook_url\":\"https://chat.example/x\"}");
    room_do(r, ROLE_BUYER, opens);
    room_do(r, ROLE_BUYER, one_message);
    room_settings(r, "{\"hitl_webhook_url\":\"https://chat.example/x\",\"notifications\":{\"high_value_over\":4.99}}");
    room_do(r, ROLE_BUYER, opens);
    room_do(r, ROLE_BUYER, one_urgent_message);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(buyers_hear_what_they_listen_to),
                                        cmocka_unit_test(people_hear_where_they_said) };
    return cmocka_run_group_tests(tests, setup, NULL);
}
