/* What the desk asks costs the same after thousands of buys that are over: rows, statements and steps of SQLite's machine
 * are counted before and after a history is put beside what is open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "tools/fixture.h"

#define HISTORY 2500 /* more than a search looks at in one go */

static const char create[] =
    "{\"ext\":{\"salesagent\":{\"name\":\"Developer Tool Launch\"}},\"packages\":[{\"product_id\":\"prod-tech-display-001\","
    "\"pricing_option_id\":\"price-001\",\"budget\":3000,\"start_time\":\"2026-04-01T00:00:00Z\","
    "\"end_time\":\"2026-05-01T00:00:00Z\"}]}";

static void sql(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

/* Copies of the first buy and of its task, `n` more of them from number `from` on, that ended and were decided long ago. */
static void add_history(struct fixture *f, int from, int n)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sql(db, "PRAGMA foreign_keys = OFF; BEGIN;"
            "CREATE TEMP TABLE b AS SELECT * FROM media_buy ORDER BY media_buy_id LIMIT 1;"
            "CREATE TEMP TABLE t AS SELECT * FROM task ORDER BY task_id LIMIT 1;"
            "UPDATE b SET status = 'completed', start_at = start_at - 31536000000000, end_at = end_at - 31536000000000,"
            " next_change_at = NULL, name = 'Of old times';"
            "UPDATE t SET state = 'completed', decision = 'approved', resolved_at = created_at, next_at = NULL;");
    for (int i = from; i < from + n; i++) {
        char text[400];
        (void)snprintf(
            text, sizeof(text),
            "UPDATE b SET media_buy_id = 'mb-0%025d'; UPDATE t SET task_id = 'task-0%025d', subject_id = 'mb-0%025d';"
            "INSERT INTO media_buy SELECT * FROM b; INSERT INTO task SELECT * FROM t;",
            i, i, i);
        sql(db, text);
    }
    sql(db, "COMMIT; DROP TABLE b; DROP TABLE t");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const struct {
    const char *tool, *args;
} asks[] = {
    { "x_me_get", "{}" },
    { "x_today_get", "{}" },
    { "x_task_queue", "{}" },
    { "x_task_queue", "{\"text\":\"launch\"}" },
    { "x_buy_list", "{}" },
    { "x_buy_list", "{\"status\":\"completed\"}" },
    { "x_buy_list", "{\"status\":\"active\"}" },
    { "x_buy_list", "{\"text\":\"nothing is called so\"}" },
    { "x_audit_list", "{}" },
    { "x_job_list", "{\"state\":\"dead\"}" },
};

static void what_the_desk_asks_does_not_grow_with_history(void **state)
{
    struct fixture *f = *state;
    struct tx_work before[ARRAY_LEN(asks)];
    for (int i = 0; i < 3; i++) fixture_ok(f, "create_media_buy", create);
    fixture_become(f, "test-operator");
    add_history(f, 0, HISTORY);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) before[i] = fixture_ok(f, asks[i].tool, asks[i].args).work;
    add_history(f, HISTORY, 2 * HISTORY);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        struct tx_work now = fixture_ok(f, asks[i].tool, asks[i].args).work;
        /* A tree that is deeper by a page takes a few steps more; what looked at history would take three times as many. */
        if (now.rows > before[i].rows || now.statements > before[i].statements ||
            now.steps > before[i].steps * 11 / 10 + 200)
            fail_msg("%s %s: %lld rows, %lld statements, %lld steps; now %lld, %lld, %lld", asks[i].tool, asks[i].args,
                     (long long)before[i].rows, (long long)before[i].statements, (long long)before[i].steps,
                     (long long)now.rows, (long long)now.statements, (long long)now.steps);
    }
}

static void a_search_goes_on_where_it_has_not_looked_yet(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r;
    fixture_ok(f, "create_media_buy", create);
    fixture_become(f, "test-operator");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    add_history(f, 0, HISTORY);
    sql(db, "UPDATE media_buy SET name = 'A needle' WHERE media_buy_id = 'mb-00000000000000000000000007'"
            " OR media_buy_id = (SELECT max(media_buy_id) FROM media_buy)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    r = fixture_ok(f, "x_buy_list", "{\"text\":\"needle\"}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 1);
    assert_true(json_bool_or(r.reply, "has_more", false));
    struct str args = arena_printf(&f->arena, "{\"text\":\"needle\",\"before_id\":\"" STR_FMT "\"}",
                                   STR_ARG(json_str(r.reply, "before_id")));
    r = fixture_ok(f, "x_buy_list", args.p);
    assert_string_equal(fixture_text(f, &r, "/media_buys/0/media_buy_id"), "mb-00000000000000000000000007");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 1);
    assert_false(json_bool_or(r.reply, "has_more", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_desk_asks_does_not_grow_with_history, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_search_goes_on_where_it_has_not_looked_yet, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
