/* The largest things that can be bought, by every door: what is refused is refused by its size and leaves nothing; what is
 * taken can be shown, approved, changed, begun, ended and read after a restart. Each was once the end of the process, or of
 * every process after it (numbers that grow when they are written, ids multiplied by packages, changes beyond a fixed
 * array, a document that was too long to be read and was written back empty). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "sim.h"

#define START   INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define ACCOUNT "\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"acme.example\",\"sandbox\":true}"
#define PRODUCT "\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\""
#define MANY    250

static const enum sim_door doors[] = { SIM_MCP, SIM_A2A, SIM_REST };
static struct sim sim;
static int keys;

static int setup(void **state)
{
    (void)state;
    sim_init(&sim, 1, START);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sim_finish(&sim);
    return 0;
}

static void pass(int64_t us)
{
    sim_run_until(&sim, sim.driver.now + us);
}

static enum sim_result ask(enum sim_door door, const char *tool, const char *args, yyjson_val **reply)
{
    struct sim_answer a;
    struct sim_request r = sim_ask(&sim, door, door == SIM_LOCAL ? NULL : "test-token", tool, args);
    *reply = NULL;
    sim_request(&sim, &r, 1, &a);
    enum sim_result result = sim_read(&sim, door, &a, reply);
    struct str why = json_str(json_obj(*reply, "adcp_error"), "message");
    if (result != SIM_OK)
        print_message("# %s is refused: " STR_FMT "\n", tool, STR_ARG(why)); /* read when a test fails */
    return result;
}

/* The error's code, wherever the door puts it. */
static struct str error_code(yyjson_val *reply)
{
    struct str code = json_str(json_obj(reply, "adcp_error"), "code");
    return code.n ? code : json_str(reply, "code");
}

/* `unit` as often as says `n`, with commas. */
static const char *times(const char *unit, size_t n)
{
    struct buf b;
    buf_init(&b, 64 << 20);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s%s", i ? "," : "", unit);
    const char *text = arena_dup(&sim.arena, buf_str(&b)).p;
    buf_finish(&b);
    return text;
}

static const char *text_of(size_t n)
{
    char *p = arena_alloc_raw(&sim.arena, n + 1);
    memset(p, 'x', n);
    p[n] = '\0';
    return p;
}

/* A media buy of 250 packages, each with this `ext`. */
static const char *create(const char *ext)
{
    const char *package = sim_text(&sim, "{" PRODUCT ",\"budget\":1000,\"ext\":{\"x\":%s}}", ext);
    return sim_text(
        &sim,
        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT ",\"brand\":{\"domain\":"
        "\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[%s]}",
        ++keys, times(package, MANY));
}

static struct str waiting_task(void)
{
    yyjson_val *reply;
    assert_int_equal(ask(SIM_LOCAL, "x_task_list", "{}", &reply), SIM_OK);
    return json_str(yyjson_arr_get_last(json_arr(reply, "tasks")), "task_id");
}

static struct str approved_buy(void)
{
    yyjson_val *reply;
    struct str task = waiting_task();
    assert_int_equal(
        ask(SIM_LOCAL, "x_task_get", sim_text(&sim, "{\"task_id\":\"" STR_FMT "\"}", STR_ARG(task)), &reply), SIM_OK);
    assert_int_equal(ask(SIM_LOCAL, "x_task_resolve",
                         sim_text(&sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(task)),
                         &reply),
                     SIM_OK);
    assert_int_equal(
        ask(SIM_MCP, "get_task_status",
            sim_text(&sim, "{\"adcp_version\":\"3.1\",\"task_id\":\"" STR_FMT "\",\"include_result\":true}",
                     STR_ARG(task)),
            &reply),
        SIM_OK);
    struct str id = json_val_str(json_get_path(reply, "/result/media_buy_id"));
    assert_true(id.n > 0);
    return id;
}

static yyjson_val *shown(enum sim_door door, struct str id)
{
    yyjson_val *reply;
    assert_int_equal(
        ask(door, "get_media_buys",
            sim_text(&sim, "{\"adcp_version\":\"3.1\"," ACCOUNT ",\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(id)),
            &reply),
        SIM_OK);
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    assert_true(str_eq(json_str(buy, "media_buy_id"), id));
    return buy;
}

static void what_is_too_large_is_refused_by_its_size(void **state)
{
    (void)state;
    yyjson_val *reply;
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        const char *texts[] = { sim_text(&sim, "\"%s\"", text_of(31000)), sim_text(&sim, "[%s]", times("1e20", 1400)) };
        for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
            assert_int_equal(ask(doors[i], "create_media_buy", create(texts[k]), &reply), SIM_FAILED);
            assert_true(str_is(error_code(reply), "VALIDATION_ERROR"));
        }
    }
    assert_int_equal(ask(SIM_LOCAL, "x_task_list", "{}", &reply), SIM_OK);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "tasks")), 0);
}

static void the_largest_that_is_taken_lives_through_everything(void **state)
{
    (void)state;
    yyjson_val *reply;
    const char *numbers = sim_text(&sim, "[%s]", times("1e20", 600)); /* 3 KB sent, 14 KB written, 3.5 MB in all */
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        (void)ask(doors[i], "create_media_buy", create(numbers),
                  &reply); /* over A2A a task that waits has no artifact */
        sim_restart(&sim);
        struct str id = arena_dup(&sim.arena, approved_buy());
        assert_int_equal(yyjson_arr_size(json_arr(shown(doors[i], id), "packages")), MANY);
        const char *pause = sim_text(&sim,
                                     "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                                     ",\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}",
                                     ++keys, STR_ARG(id));
        assert_int_equal(ask(doors[i], "update_media_buy", pause, &reply), SIM_OK);
    }
    pass(30 * USEC_PER_DAY); /* the flights begin */
    sim_restart(&sim);
    pass(60 * USEC_PER_DAY); /* and end */
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        assert_int_equal(
            ask(doors[i], "get_media_buys",
                "{\"adcp_version\":\"3.1\"," ACCOUNT
                ",\"status_filter\":[\"completed\",\"paused\",\"active\",\"canceled\",\"pending_creatives\"]}",
                &reply),
            SIM_OK);
        assert_true(yyjson_arr_size(json_arr(reply, "media_buys")) > 0); /* a page ends by its bytes */
        assert_int_equal(ask(doors[i], "get_media_buy_delivery", "{\"adcp_version\":\"3.1\"," ACCOUNT "}", &reply),
                         SIM_OK);
    }
}

static void what_a_large_package_holds_is_there_after_changes_of_something_else(void **state)
{
    (void)state;
    yyjson_val *reply;
    const char *package = sim_text(&sim, "{" PRODUCT ",\"budget\":1000,\"ext\":{\"x\":\"%s\"}}", text_of(1000000));
    const char *args =
        sim_text(&sim,
                 "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                 ",\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
                 "\"2026-05-01T00:00:00Z\",\"packages\":[%s]}",
                 ++keys, times(package, 4));
    assert_int_equal(ask(SIM_MCP, "create_media_buy", args, &reply), SIM_OK);
    struct str id = arena_dup(&sim.arena, approved_buy());
    struct str first = json_str(yyjson_arr_get_first(json_arr(shown(SIM_MCP, id), "packages")), "package_id");
    for (int i = 0; i < 3; i++) {
        const char *change =
            sim_text(&sim,
                     "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                     ",\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",\"budget\":%d}]}",
                     ++keys, STR_ARG(id), STR_ARG(first), 1100 + i);
        assert_int_equal(ask(SIM_MCP, "update_media_buy", change, &reply), SIM_OK);
        if (str_is(json_str(reply, "status"), "submitted")) {
            struct str task = waiting_task(); /* the operation that waits is as large as it is, and is carried out */
            assert_int_equal(
                ask(SIM_LOCAL, "x_task_resolve",
                    sim_text(&sim, "{\"task_id\":\"" STR_FMT "\",\"decision\":\"approve\"}", STR_ARG(task)), &reply),
                SIM_OK);
        }
        yyjson_val *p = yyjson_arr_get_first(json_arr(shown(SIM_MCP, id), "packages"));
        assert_int_equal(json_str(json_obj(p, "ext"), "x").n, 1000000);
        assert_int_equal((int)json_real_or(p, "budget", 0), 1100 + i);
    }
}

/* Two hundred creatives with the longest ids on a hundred packages: 4 MB of ids in one answer. */
static void many_long_ids_on_many_packages_are_shown(void **state)
{
    (void)state;
    yyjson_val *reply;
    struct buf list, refs;
    buf_init(&list, 8 << 20);
    buf_init(&refs, 8 << 20);
    const char *package = "{" PRODUCT ",\"budget\":1000}";
    const char *args =
        sim_text(&sim,
                 "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                 ",\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
                 "\"2026-05-01T00:00:00Z\",\"packages\":[%s]}",
                 ++keys, times(package, 100));
    assert_int_equal(ask(SIM_MCP, "create_media_buy", args, &reply), SIM_OK);
    struct str id = arena_dup(&sim.arena, approved_buy());
    assert_int_equal(ask(SIM_MCP, "list_creative_formats", "{\"adcp_version\":\"3.1\"}", &reply), SIM_OK);
    struct str agent = arena_dup(&sim.arena, json_val_str(json_get_path(reply, "/formats/0/format_id/agent_url")));
    for (int half = 0; half < 2; half++) {
        buf_clear(&list);
        for (int i = 0; i < 100; i++) {
            const char *long_id = sim_text(&sim, "c%03d-%s", half * 100 + i, text_of(199));
            buf_addf(
                &list,
                "%s{\"creative_id\":\"%s\",\"name\":\"%d\",\"format_id\":{\"agent_url\":\"" STR_FMT
                "\",\"id\":\"fmt-display-300x250\"},"
                "\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250},"
                "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}}",
                i ? "," : "", long_id, half * 100 + i, STR_ARG(agent));
            buf_addf(&refs, "%s{\"creative_id\":\"%s\"}", refs.n ? "," : "", long_id);
        }
        const char *sync = sim_text(&sim,
                                    "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                                    ",\"creatives\":[" STR_FMT "]}",
                                    ++keys, STR_ARG(buf_str(&list)));
        assert_int_equal(ask(SIM_MCP, "sync_creatives", sync, &reply), SIM_OK);
    }
    yyjson_val *packages = json_arr(shown(SIM_MCP, id), "packages"), *p;
    for (size_t update = 0; update < 5; update++) {
        buf_clear(&list);
        for (size_t i = update * 20; i < update * 20 + 20; i++) {
            p = yyjson_arr_get(packages, i);
            buf_addf(&list, "%s{\"package_id\":\"" STR_FMT "\",\"creative_assignments\":[" STR_FMT "]}",
                     list.n ? "," : "", STR_ARG(json_str(p, "package_id")), STR_ARG(buf_str(&refs)));
        }
        const char *change = sim_text(&sim,
                                      "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                                      ",\"media_buy_id\":\"" STR_FMT "\",\"packages\":[" STR_FMT "]}",
                                      ++keys, STR_ARG(id), STR_ARG(buf_str(&list)));
        assert_int_equal(ask(SIM_MCP, "update_media_buy", change, &reply), SIM_OK);
    }
    for (size_t k = 0; k < ARRAY_LEN(doors); k++) (void)shown(doors[k], id);
    sim_restart(&sim);
    (void)shown(SIM_MCP, id);
    pass(90 * USEC_PER_DAY);
    (void)shown(SIM_MCP, id);
    buf_finish(&list);
    buf_finish(&refs);
}

/* Everything that can be changed of a package, on all of them, in one update. */
static void every_change_of_every_package_at_once(void **state)
{
    (void)state;
    yyjson_val *reply;
    assert_int_equal(ask(SIM_MCP, "create_media_buy", create("1"), &reply), SIM_OK);
    struct str id = arena_dup(&sim.arena, approved_buy());
    for (size_t d = 0; d < ARRAY_LEN(doors); d++) {
        struct buf list;
        yyjson_val *p;
        size_t i, n;
        buf_init(&list, 8 << 20);
        yyjson_arr_foreach(json_arr(shown(SIM_MCP, id), "packages"), i, n, p) {
            buf_addf(
                &list,
                "%s{\"package_id\":\"" STR_FMT
                "\",\"paused\":%s,\"budget\":%zu,\"start_time\":\"2026-04-0%zuT00:00:00Z\",\"end_time\":"
                "\"2026-04-%zuT00:00:00Z\",\"pacing\":\"%s\",\"impressions\":%zu,\"targeting_overlay\":{\"geo_countries\":[\"US\"]},"
                "\"creative_assignments\":[]}",
                i ? "," : "", STR_ARG(json_str(p, "package_id")), d % 2 ? "false" : "true", 1200 + d, 2 + d, 20 + d,
                d % 2 ? "even" : "front_loaded", (1200 + d) * 80);
        }
        const char *change = sim_text(&sim,
                                      "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"large-things-%08d\"," ACCOUNT
                                      ",\"media_buy_id\":\"" STR_FMT "\",\"packages\":[" STR_FMT "]}",
                                      ++keys, STR_ARG(id), STR_ARG(buf_str(&list)));
        enum sim_result r = ask(doors[d], "update_media_buy", change, &reply);
        assert_int_not_equal(r, SIM_LOST);
        assert_int_equal(yyjson_arr_size(json_arr(shown(doors[d], id), "packages")), MANY);
        buf_finish(&list);
    }
}

/* What lapses carries out an operation without any request: it too is as large as may be. */
static void a_task_that_lapses_carries_out_the_largest(void **state)
{
    (void)state;
    yyjson_val *reply;
    assert_int_equal(
        ask(SIM_LOCAL, "x_rule_add",
            "{\"rule\":{\"name\":\"all\",\"then\":\"person\",\"when\":{\"operations\":[\"create_media_buy\"]},\"due_hours\":24,\"lapse\":\"approve\"},"
            "\"position\":1}",
            &reply),
        SIM_OK);
    const char *numbers = sim_text(&sim, "[%s]", times("1e20", 600));
    assert_int_equal(ask(SIM_MCP, "create_media_buy", create(numbers), &reply), SIM_OK);
    assert_int_equal(ask(SIM_MCP, "create_media_buy", create("1"), &reply), SIM_OK);
    pass(2 * USEC_PER_DAY);
    sim_restart(&sim);
    assert_int_equal(ask(SIM_MCP, "get_media_buys",
                         "{\"adcp_version\":\"3.1\"," ACCOUNT
                         ",\"status_filter\":[\"pending_creatives\",\"pending_start\"]}",
                         &reply),
                     SIM_OK);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "media_buys")), 2);
    assert_int_equal(ask(SIM_LOCAL, "x_quarantine_list", "{}", &reply), SIM_OK);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "rows")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_too_large_is_refused_by_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_that_is_taken_lives_through_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_large_package_holds_is_there_after_changes_of_something_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_long_ids_on_many_packages_are_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(every_change_of_every_package_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_task_that_lapses_carries_out_the_largest, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
