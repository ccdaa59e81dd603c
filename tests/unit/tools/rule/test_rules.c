/* Rules: which operation needs whom, in which order, and what time does to the task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/decide/task_advance.h"
#include "domain/decide/task_resolve.h"
#include "domain/rule/rule.h"
#include "domain/task/task.h"
#include "tools/fixture.h"

#define HOUR (INT64_C(3600) * USEC_PER_SEC)

static void as_operator(struct fixture *f)
{
    fixture_become(f, "test-operator");
}

static void as_buyer(struct fixture *f)
{
    fixture_become(f, "test-buyer");
}

static void rule(struct fixture *f, const char *json)
{
    as_operator(f);
    (void)fixture_ok(f, "x_rule_add", arena_printf(&f->arena, "{\"rule\":%s}", json).p);
    as_buyer(f);
}

static struct fixture_reply buy(struct fixture *f, int budget)
{
    return fixture_call(f, "create_media_buy",
                        arena_printf(&f->arena,
                                     "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
                                     "\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":"
                                     "\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":%d}]}",
                                     budget)
                            .p);
}

static yyjson_val *task_of(struct fixture *f, struct str task_id)
{
    as_operator(f);
    struct fixture_reply r =
        fixture_ok(f, "x_task_get", arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(task_id)).p);
    as_buyer(f);
    return json_obj(r.reply, "task");
}

static void test_amounts(void **state)
{
    struct fixture *f = *state;
    rule(f, "{\"name\":\"small\",\"when\":{\"operations\":[\"create_media_buy\"]},\"then\":\"auto\"}");
    as_operator(f);
    (void)fixture_ok(f, "x_rule_add",
                     "{\"position\":1,\"rule\":{\"name\":\"large\",\"then\":\"person\",\"role\":\"administrator\","
                     "\"when\":{\"amount_over\":5000},\"due_hours\":8}}");
    as_buyer(f);
    assert_int_equal(buy(f, 5000).outcome, TOOL_COMPLETED);
    struct fixture_reply r = buy(f, 5001);
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    yyjson_val *t = task_of(f, r.task_id);
    assert_string_equal(json_str(t, "rule").p, "rule \"large\"");
    assert_string_equal(json_str(json_obj(t, "terms"), "role").p, "administrator");
    assert_true(json_str(json_obj(t, "terms"), "rule_id").n > 0);
    assert_string_equal(json_str(t, "due_at").p, "2026-03-09T22:30:00Z");
    assert_non_null(json_obj(t, "plan"));
}

static void test_reject(void **state)
{
    struct fixture *f = *state;
    rule(
        f,
        "{\"name\":\"no\",\"when\":{\"products\":[\"prod-tech-display-001\"]},\"then\":\"reject\",\"reason\":\"Sold out.\"}");
    struct fixture_reply r = buy(f, 1000);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "POLICY_VIOLATION");
    assert_string_equal(r.e.message, "Sold out.");
}

static void test_first_buy(void **state)
{
    struct fixture *f = *state;
    rule(f, "{\"name\":\"new\",\"when\":{\"first_buy\":true},\"then\":\"person\"}");
    rule(f, "{\"name\":\"known\",\"then\":\"auto\"}");
    struct fixture_reply r = buy(f, 1000);
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    assert_int_equal(buy(f, 1000).outcome, TOOL_SUBMITTED); /* the first is not confirmed yet */
    as_operator(f);
    (void)fixture_ok(
        f, "x_task_resolve",
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(r.task_id)).p);
    as_buyer(f);
    assert_int_equal(buy(f, 1000).outcome, TOOL_COMPLETED);
    fixture_become_new_buyer(f, "newcomer"); /* whose first it is, whatever others have bought */
    assert_int_equal(buy(f, 1000).outcome, TOOL_SUBMITTED);
}

static struct fixture_reply raise(struct fixture *f, struct str buy_id, struct str package_id, int budget)
{
    return fixture_call(f, "update_media_buy",
                        arena_printf(&f->arena,
                                     "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT
                                     "\",\"budget\":%d}]}",
                                     STR_ARG(buy_id), STR_ARG(package_id), budget)
                            .p);
}

static void test_raise_and_difference(void **state)
{
    struct fixture *f = *state;
    rule(
        f,
        "{\"name\":\"raise\",\"when\":{\"operations\":[\"update_media_buy\"],\"spend_raise_over_bp\":2000},\"then\":\"person\"}");
    rule(f, "{\"name\":\"rest\",\"then\":\"auto\"}");
    struct fixture_reply r = buy(f, 1000);
    struct str id = json_str(r.reply, "media_buy_id");
    struct str package = json_str(yyjson_arr_get_first(json_arr(r.reply, "packages")), "package_id");
    assert_int_equal(raise(f, id, package, 1200).outcome, TOOL_COMPLETED); /* 20 percent is not more than 20 percent */
    r = raise(f, id, package, 1500);
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.outcome, TOOL_SUBMITTED);
    yyjson_val *t = task_of(f, r.task_id), *d = json_arr(t, "difference"), *first = yyjson_arr_get_first(d);
    assert_int_equal(yyjson_arr_size(d), 2);
    assert_string_equal(json_str(first, "field").p, "total_budget");
    assert_int_equal(json_i64_or(first, "before", 0), 1200);
    assert_int_equal(json_i64_or(first, "after", 0), 1500);
    assert_string_equal(json_str(yyjson_arr_get(d, 1), "package_id").p, arena_cstr(&f->arena, package));
}

static void test_role(void **state)
{
    struct fixture *f = *state;
    rule(f, "{\"name\":\"boss\",\"then\":\"person\",\"role\":\"administrator\"}");
    struct fixture_reply r = buy(f, 1000);
    struct str id = r.task_id;
    const char *args = arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(id)).p;
    static const enum role refused[] = { ROLE_BUYER, ROLE_VIEWER, ROLE_OPERATOR };
    as_operator(f);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        f->principal.role = refused[i];
        r = fixture_call(f, "x_task_resolve", args);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, "PERMISSION_DENIED");
    }
    f->principal.role = ROLE_ADMINISTRATOR;
    (void)fixture_ok(f, "x_task_resolve", args);
    r = fixture_call(f, "x_task_resolve", args);
    assert_string_equal(r.e.code, "INVALID_STATE"); /* decided once */
}

struct advance {
    int64_t until, next;
};

static int run_advance(struct act *act, void *arg, struct err *e)
{
    struct advance *x = arg;
    struct act timer = *act;
    timer.principal = NULL;
    timer.tenant = NULL;
    timer.actor = STR("system:lifecycle");
    timer.now = x->until;
    do {
        if (due_advance(&timer, &task_times, &x->next, e)) return -1;
    } while (x->next != TIME_NONE && x->next <= x->until);
    return 0;
}

static int64_t advance(struct fixture *f, int64_t hours)
{
    struct err e;
    struct advance x = { .until = FIXTURE_NOW + hours * HOUR };
    assert_int_equal(fixture_act(f, run_advance, &x, &e), 0);
    return x.next;
}

static void test_times(void **state)
{
    struct fixture *f = *state;
    rule(
        f,
        "{\"name\":\"slow\",\"then\":\"person\",\"due_hours\":24,\"remind_hours\":4,\"escalate_hours\":12,\"lapse\":\"reject\"}");
    struct fixture_reply r = buy(f, 1000);
    struct str id = r.task_id;
    assert_int_equal(advance(f, 3), FIXTURE_NOW + 4 * HOUR);
    assert_int_equal(advance(f, 4), FIXTURE_NOW + 12 * HOUR);
    assert_string_equal(json_str(task_of(f, id), "state").p, "pending");
    assert_int_equal(advance(f, 13), FIXTURE_NOW + 24 * HOUR);
    assert_string_equal(json_str(task_of(f, id), "state").p, "escalated");
    assert_true(advance(f, 25) == TIME_NONE);
    yyjson_val *t = task_of(f, id);
    assert_string_equal(json_str(t, "decision").p, "rejected");
    assert_string_equal(json_str(t, "resolved_by").p, "system:lifecycle");
    assert_string_equal(json_str(t, "resolved_at").p,
                        "2026-03-10T14:30:00Z"); /* when it was due, not when somebody looked */
}

static void test_lapse_approves(void **state)
{
    struct fixture *f = *state;
    rule(f, "{\"name\":\"silent\",\"then\":\"person\",\"due_hours\":2,\"lapse\":\"approve\"}");
    struct fixture_reply r = buy(f, 1000);
    assert_true(advance(f, 2) == TIME_NONE);
    assert_string_equal(json_str(task_of(f, r.task_id), "decision").p, "approved");
}

static void test_lapse_stays(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = buy(f, 1000); /* no rule: the publisher's 24 hours */
    assert_true(advance(f, 48) == TIME_NONE);
    assert_string_equal(json_str(task_of(f, r.task_id), "state").p, "pending");
}

static void test_several_at_once(void **state)
{
    struct fixture *f = *state;
    struct str a = buy(f, 1000).task_id, b = buy(f, 2000).task_id;
    as_operator(f);
    struct fixture_reply r = fixture_ok(f, "x_task_resolve",
                                        arena_printf(&f->arena,
                                                     "{\"task_ids\":[\"" STR_FMT "\",\"task-none\",\"" STR_FMT "\"],"
                                                     "\"decision\":\"approve\"}",
                                                     STR_ARG(a), STR_ARG(b))
                                            .p);
    assert_int_equal(json_i64_or(r.reply, "decided", 0), 2);
    yyjson_val *none = yyjson_arr_get(json_arr(r.reply, "results"), 1);
    assert_false(json_bool_or(none, "carried_out", true));
    assert_true(json_str(none, "error").n > 0);
}

static void test_account(void **state)
{
    struct fixture *f = *state;
    rule(f, "{\"name\":\"accounts\",\"when\":{\"operations\":[\"account\"]},\"then\":\"person\"}");
    struct fixture_reply r =
        fixture_ok(f, "sync_accounts",
                   "{\"idempotency_key\":\"k-0123456789abcdef\",\"accounts\":[{\"brand\":"
                   "{\"domain\":\"acme.example\"},\"operator\":\"acme.example\",\"billing\":\"operator\"}]}");
    yyjson_val *one = yyjson_arr_get_first(json_arr(r.reply, "accounts"));
    assert_string_equal(json_str(one, "status").p, "pending_approval");
    as_operator(f);
    r = fixture_ok(f, "x_task_list", "{}");
    yyjson_val *t = yyjson_arr_get_first(json_arr(r.reply, "tasks"));
    assert_string_equal(json_str(t, "kind").p, "account");
    (void)fixture_ok(f, "x_task_resolve",
                     arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}",
                                  STR_ARG(json_str(t, "task_id")))
                         .p);
    as_buyer(f);
    r = fixture_ok(f, "list_accounts", "{}");
    bool active = false;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(r.reply, "accounts"), i, n, v) {
        active = active || (str_is(json_val_str(json_get_path(v, "/brand/domain")), "acme.example") &&
                            str_is(json_str(v, "status"), "active"));
    }
    assert_true(active);
}

static void test_bad_rules(void **state)
{
    static const struct {
        const char *rule, *field;
    } bad[] = {
        { "{\"then\":\"auto\"}", "/rule/name" },
        { "{\"name\":\"x\"}", "/rule/then" },
        { "{\"name\":\"x\",\"then\":\"perhaps\"}", "/rule/then" },
        { "{\"name\":\"x\",\"then\":\"auto\",\"if\":{}}", "/rule/if" },
        { "{\"name\":\"x\",\"then\":\"auto\",\"when\":{\"moon\":\"full\"}}", "/rule/when/moon" },
        { "{\"name\":\"x\",\"then\":\"auto\",\"when\":{\"operations\":[\"walk\"]}}", "/rule/when/operations/0" },
        { "{\"name\":\"x\",\"then\":\"auto\",\"when\":{\"amount_over\":-1}}", "/rule/when/amount_over" },
        { "{\"name\":\"x\",\"then\":\"person\",\"role\":\"viewer\"}", "/rule/role" },
        { "{\"name\":\"x\",\"then\":\"person\",\"lapse\":\"wait\"}", "/rule/lapse" },
        { "{\"name\":\"x\",\"then\":\"person\",\"due_hours\":0}", "/rule/due_hours" },
    };
    struct fixture *f = *state;
    as_operator(f);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fixture_reply r = fixture_call(f, "x_rule_add", arena_printf(&f->arena, "{\"rule\":%s}", bad[i].rule).p);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.field, bad[i].field);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_amounts),
        CASE(test_reject),
        CASE(test_first_buy),
        CASE(test_raise_and_difference),
        CASE(test_role),
        CASE(test_times),
        CASE(test_lapse_approves),
        CASE(test_lapse_stays),
        CASE(test_several_at_once),
        CASE(test_account),
        CASE(test_bad_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
