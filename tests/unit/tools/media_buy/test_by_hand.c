/* An ad server that people work: a media buy becomes a task with everything to type in, what they type back is kept, and the
 * numbers come from files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "tools/fixture.h"

static const char by_hand[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\","
    "\"ad_servers\":[{\"name\":\"print\",\"adapter\":\"manual\"}],\"currency\":\"USD\",\"min_budget\":500,"
    "\"max_budget\":1000000,\"workflow_required\":true},"
    "\"products\":[{\"product_id\":\"page\",\"name\":\"Page\",\"description\":\"On paper\","
    "\"publisher_properties\":[{\"publisher_domain\":\"techdaily.com\",\"selection_type\":\"all\"}],"
    "\"channels\":[\"display\"],\"format_ids\":[{\"id\":\"fmt-display-300x250\"}],\"delivery_type\":\"non_guaranteed\","
    "\"pricing_options\":[{\"pricing_option_id\":\"bid\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
    "\"floor_price\":2.5}],\"reporting_capabilities\":{\"available_reporting_frequencies\":[\"daily\"],"
    "\"expected_delay_minutes\":60,\"timezone\":\"UTC\",\"supports_webhooks\":true,\"available_metrics\":"
    "[\"impressions\",\"spend\"],\"date_range_support\":\"date_range\"},"
    "\"ext\":{\"salesagent\":{\"approval_policy\":\"auto\",\"ad_server\":{\"name\":\"print\",\"page\":3}}}}]}";

static const char create[] =
    "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":"
    "[{\"product_id\":\"page\",\"pricing_option_id\":\"bid\",\"budget\":1000,\"bid_price\":4}]}";

struct made {
    struct str buy, package, task;
};

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    (void)fixture_import(f, str_from(by_hand)); /* how many objects changed is the importer's tests' business */
    fixture_reload_tenant(f);
    *state = f;
    return 0;
}

static struct fixture_reply refused(struct fixture *f, const char *tool, const char *args, const char *code)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    return r;
}

/* The only open task of that kind. */
static struct str open_task(struct fixture *f, const char *kind)
{
    struct fixture_reply r = fixture_ok(f, "x_task_list", "{}");
    struct str id = STR_NONE;
    size_t i, n, found = 0;
    yyjson_val *t;
    yyjson_arr_foreach(json_arr(r.reply, "tasks"), i, n, t) {
        if (!str_is(json_str(t, "kind"), kind)) continue;
        id = json_str(t, "task_id");
        found++;
    }
    if (found != 1) fail_msg("%zu open tasks of kind %s", found, kind);
    return id;
}

static struct made make(struct fixture *f)
{
    struct fixture_reply r = fixture_ok(f, "create_media_buy", create);
    struct made m = { json_str(r.reply, "media_buy_id"), json_val_str(json_get_path(r.reply, "/packages/0/package_id")),
                      STR_NONE };
    fixture_become(f, "test-operator");
    m.task = open_task(f, "ad_server_by_hand");
    return m;
}

static const char *state_of(struct fixture *f, struct str buy)
{
    struct fixture_reply r =
        fixture_ok(f, "x_adapter_look", arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"}", STR_ARG(buy)).p);
    return arena_cstr(&f->arena, json_val_str(json_get_path(r.reply, "/bookings/0/state")));
}

static struct fixture_reply approve(struct fixture *f, struct str task, const char *ids)
{
    return fixture_ok(f, "x_task_resolve",
                      arena_printf(&f->arena,
                                   "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\",\"remote_ids\":%s}",
                                   STR_ARG(task), ids)
                          .p);
}

static struct fixture_reply approve_plainly(struct fixture *f, struct str task)
{
    return fixture_ok(
        f, "x_task_resolve",
        arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(task)).p);
}

static const char *ids_of(struct fixture *f, struct str package)
{
    return arena_printf(&f->arena, "{\"order\":\"O-1\",\"packages\":{\"" STR_FMT "\":\"L-1\"}}", STR_ARG(package)).p;
}

static void a_media_buy_is_a_task_with_everything_to_type_in(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    struct fixture_reply r =
        fixture_ok(f, "x_task_get", arena_printf(&f->arena, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(m.task)).p);
    yyjson_val *todo = json_get_path(r.reply, "/task/instructions");
    assert_true(str_is(json_str(todo, "ad_server"), "print"));
    assert_true(str_is(json_val_str(json_get_path(todo, "/order/start")), "2026-04-01 00:00"));
    assert_true(str_eq(json_val_str(json_get_path(todo, "/packages/0/package_id")), m.package));
    assert_int_equal(yyjson_get_int(json_get_path(todo, "/packages/0/settings/page")), 3);
    assert_string_equal(state_of(f, m.buy), "asked");
    /* Ids of what is not there are refused, and the task stays open. */
    r = approve(f, m.task, "{\"packages\":{\"pkg-none\":\"L-1\"}}");
    assert_true(yyjson_is_false(yyjson_obj_get(r.reply, "carried_out")));
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/task/failure/field")), "/remote_ids/packages/pkg-none"));
    assert_string_equal(state_of(f, m.buy), "asked");
    r = approve(f, m.task, ids_of(f, m.package));
    assert_true(yyjson_is_true(yyjson_obj_get(r.reply, "carried_out")));
    assert_string_equal(state_of(f, m.buy), "booked");
    r = fixture_ok(f, "x_adapter_look",
                   arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"}", STR_ARG(m.buy)).p);
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/bookings/0/remote_id")), "O-1"));
}

static void what_cannot_be_booked_by_hand_asks_a_person_again(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    (void)fixture_ok(f, "x_task_resolve",
                     arena_printf(&f->arena,
                                  "{\"task_id\":\"" STR_FMT "\",\"decision\":\"reject\",\"reason\":\"no room\"}",
                                  STR_ARG(m.task))
                         .p);
    assert_string_equal(state_of(f, m.buy), "refused");
    /* Approving has it tried again: a task like the first. */
    (void)approve_plainly(f, open_task(f, "ad_server"));
    assert_string_equal(state_of(f, m.buy), "asked");
    struct str again = open_task(f, "ad_server_by_hand");
    assert_false(str_eq(again, m.task));
    (void)approve_plainly(f, again); /* without ids */
    assert_string_equal(state_of(f, m.buy), "booked");
}

static void days_that_no_file_has_are_unknown(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    (void)approve(f, m.task, ids_of(f, m.package));
    f->now = INT64_C(1775304000000000); /* 2026-04-04T12:00:00Z */
    /* By their id and by ours. */
    const char *csv = arena_printf(&f->arena,
                                   "{\"csv\":\"date,package_id,impressions,spend\\n2026-04-01,L-1,1000,4\\n"
                                   "2026-04-03," STR_FMT ",2000,8\\n\"}",
                                   STR_ARG(m.package))
                          .p;
    struct fixture_reply r = fixture_ok(f, "x_delivery_import", csv);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(r.reply, "days")), 2);
    assert_int_equal(yyjson_get_int(yyjson_obj_get(r.reply, "corrected")), 0);
    fixture_become(f, "test-buyer");
    const char *ask = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(m.buy)).p;
    r = fixture_ok(f, "get_media_buy_delivery", ask);
    yyjson_val *one = json_get_path(r.reply, "/media_buy_deliveries/0");
    assert_float_equal(yyjson_get_num(json_get_path(one, "/totals/impressions")), 3000, 1e-9);
    yyjson_val *days = json_arr(one, "daily_breakdown"), *day;
    size_t i, n;
    assert_int_equal(yyjson_arr_size(days), 2);
    yyjson_arr_foreach(days, i, n, day) assert_false(str_is(json_str(day, "date"), "2026-04-02"));
    fixture_become(f, "test-operator");
    /* Nothing is taken of a file with a mistake; the day that is under way is one. */
    r = refused(f, "x_delivery_import",
                "{\"csv\":\"date,package_id,impressions\\n2026-04-02,L-1,5\\n2026-04-04,L-1,1\\n\"}",
                "INVALID_REQUEST");
    assert_string_equal(r.e.field, "/csv");
    assert_non_null(strstr(r.e.message, "line 3"));
    r = refused(f, "x_delivery_import", "{\"csv\":\"date,package_id,impressions\\n2026-04-02,L-2,5\\n\"}",
                "INVALID_REQUEST");
    assert_non_null(strstr(r.e.message, "line 2"));
    fixture_become(f, "test-buyer");
    r = fixture_ok(f, "get_media_buy_delivery", ask);
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/media_buy_deliveries/0/daily_breakdown")), 2);
}

static void the_ad_servers_are_shown(void **state)
{
    struct fixture *f = *state;
    struct made m = make(f);
    struct fixture_reply r = fixture_ok(f, "x_adapter_list", "{}");
    yyjson_val *one = json_get_path(r.reply, "/ad_servers/0");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "ad_servers")), 1);
    assert_true(str_is(json_str(one, "name"), "print"));
    assert_true(str_is(json_str(one, "kind"), "by_hand"));
    r = fixture_ok(f, "x_adapter_test", "{}");
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/ad_server/test/checks/0/outcome")), "skipped"));
    (void)refused(f, "x_adapter_sync", "{}", "INVALID_STATE");
    (void)refused(f, "x_adapter_test", "{\"name\":\"nobody\"}", "REFERENCE_NOT_FOUND");
    r = fixture_ok(f, "x_adapter_plan",
                   arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"}", STR_ARG(m.buy)).p);
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/ad_servers/0/name")), "print"));
    assert_true(yyjson_arr_size(json_get_path(r.reply, "/ad_servers/0/steps")) > 0);
    (void)refused(f, "x_adapter_plan", "{\"media_buy_id\":\"mb-none\"}", "MEDIA_BUY_NOT_FOUND");
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_media_buy_is_a_task_with_everything_to_type_in, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_booked_by_hand_asks_a_person_again, setup, teardown),
        cmocka_unit_test_setup_teardown(days_that_no_file_has_are_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(the_ad_servers_are_shown, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
