/* Directives for the next call of a tool: taken once, by the caller they are for alone, and a forced task completes with the
 * result it is given. */
#include "publisher_data.h"

#include "domain/sandbox/sandbox.h"
#include "domain/task/task.h"

static struct sandbox_directive directive;

static void asks_for_a_task(struct room *r, const struct act *act)
{
    struct err e;
    struct sandbox_directive none;
    assert_int_equal(sandbox_direct(act, "create_media_buy", room_json(r, "{\"arm\":\"maybe\"}"), &none, &e), -1);
    assert_string_equal(e.code, "INVALID_PARAMS");
    ROOM_OK(sandbox_direct(act, "create_media_buy", room_json(r, "{\"arm\":\"submitted\",\"task_id\":\"task-x\"}"),
                           &directive, &e));
}

static void the_next_call_obeys(struct room *r, const struct act *act)
{
    struct sandbox_directive there;
    struct task_row t;
    struct err e;
    assert_int_equal(sandbox_directed(act, "get_products", &there, &e), 0);
    assert_int_equal(sandbox_directed(act, "create_media_buy", &there, &e), 1);
    ROOM_OK(sandbox_obey(act, "create_media_buy", &there, room_json(r, "{}"), &e));
    ROOM_OK(task_load(act, there.task_id, &t, &e));
    assert_true(task_open(&t));
    assert_int_equal(sandbox_directed(act, "create_media_buy", &there, &e), 0); /* once */
}

static void it_completes(struct room *r, const struct act *act)
{
    struct sandbox_state was;
    struct task_row t;
    struct err e;
    yyjson_val *params = room_json(r, "{\"task_id\":\"task-x\",\"result\":{\"media_buy_id\":\"mb-x\"}}");
    ROOM_OK(sandbox_complete_task(act, params, &was, &e));
    assert_true(str_is(was.previous, "submitted") && str_is(was.current, "completed"));
    ROOM_OK(task_load(act, STR("task-x"), &t, &e));
    assert_string_equal(task_adcp_status(&t), "completed");
    assert_true(str_is(task_member(act, &t, "result"), "{\"media_buy_id\":\"mb-x\"}"));
    ROOM_OK(sandbox_complete_task(act, params, &was, &e)); /* the same again changes nothing */
    assert_int_equal(room_audited(r, act, "task.approved"), 1);
    assert_int_equal(sandbox_complete_task(act, room_json(r, "{\"task_id\":\"task-x\",\"result\":{}}"), &was, &e), -1);
    assert_string_equal(e.code, "INVALID_TRANSITION");
}

static void a_directive_is_obeyed_once(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, "");
    room_do(r, ROLE_BUYER, asks_for_a_task);
    room_do(r, ROLE_BUYER, the_next_call_obeys);
    room_do(r, ROLE_BUYER, it_completes);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_directive_is_obeyed_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
