/* What the desk asks costs the same after thousands of buys that are over: rows, statements and steps of SQLite's machine
 * are counted before and after a history is put beside what is open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "tools/fixture.h"

#define LITTLE         100
#define HISTORY        10000
#define STATEMENTS_MAX 40

static const char create[] =
    "{\"ext\":{\"salesagent\":{\"name\":\"Developer Tool Launch\"}},\"packages\":[{\"product_id\":\"prod-tech-display-001\","
    "\"pricing_option_id\":\"price-001\",\"budget\":3000,\"start_time\":\"2026-04-01T00:00:00Z\","
    "\"end_time\":\"2026-05-01T00:00:00Z\"}]}";

static void sql(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

/* What two years leave behind: buys number `from` to `from + n` that ended long ago, one every hour and a half, each with its package,
 * delivery of two weeks, creative, decided task, jobs, lines of the audit trail and of its own history. They are copies of what
 * the first buy left; its rows stay as they are. */
static const char *const copies[] = {
    "INSERT INTO media_buy SELECT 'mb-0' || i, tenant_id, principal_id, account_id, 'Of old times ' || i, buyer_ref, po_number,"
    " 'completed', 0, currency, total_budget_micros, ends - 14 * 86400000000, ends, revision, ends - 20 * 86400000000, ends,"
    " ends - 19 * 86400000000, ends - 14 * 86400000000, ends, NULL, NULL, doc, echo, '', actions_allowed, actions_approval, actions_in"
    " FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO package SELECT 'mb-0' || i, ordinal, 'pkg-0' || i, name, product_id, pricing_option_id, pricing_model, rate_micros,"
    " budget_micros, NULL, impressions_goal, pacing, ends - 14 * 86400000000, ends, 0, NULL, 'remote-' || i, doc, 1000000, ad_server, 0"
    " FROM package, number WHERE media_buy_id = (SELECT id FROM first) AND ordinal = 1",
    "INSERT INTO product_flight SELECT tenant_id, product_id, ends / 3600000000, ends / 3600000000 - 14 * 24, 0"
    " FROM package p JOIN media_buy m USING (media_buy_id), number WHERE media_buy_id = (SELECT id FROM first) AND ordinal = 1"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO delivery_fact SELECT 'mb-0' || i, 'pkg-0' || i, (ends / 86400000000 - d) * 86400000000, 'mock', 9000, 12, 90000000,"
    " NULL, NULL, 9000, 6000, NULL, NULL, 1, ends FROM number, day",
    "INSERT INTO creative SELECT tenant_id, principal_id, 'cr-0' || i, account_id, 'Old banner ' || i, 'fmt-display-300x250', 'approved',"
    " '{}', ends - 20 * 86400000000, ends - 19 * 86400000000 FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO creative_assignment SELECT tenant_id, principal_id, 'cr-0' || i, 'pkg-0' || i, 'mb-0' || i, '{}',"
    " ends - 20 * 86400000000, NULL, NULL FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO creative_fact SELECT 'mb-0' || i, 'pkg-0' || i, 'cr-0' || i, (ends / 86400000000 - d) * 86400000000, 'mock', 9000, 12,"
    " 90000000, NULL, NULL, NULL, NULL, NULL, NULL FROM number, day",
    "INSERT INTO booking SELECT 'mb-0' || i, 'mock', tenant_id, 'booked', 'order-' || i, '', NULL, ends, ends, '', ends, ends, NULL, NULL,"
    " '' FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO task SELECT 'task-0' || i, tenant_id, principal_id, account_id, kind, 'completed', 'approved', subject_type,"
    " 'mb-0' || i, priority, '', ends - 20 * 86400000000, ends - 19 * 86400000000, NULL, ends - 19 * 86400000000, doc, NULL"
    " FROM task, number WHERE task_id = (SELECT min(task_id) FROM task WHERE subject_id = (SELECT id FROM first))",
    "INSERT INTO media_buy_history SELECT 'mb-0' || i, d, d, ends, 'buyer:test-buyer', 'updated_budget', 'x', '' FROM number, day WHERE d < 3",
    "INSERT INTO job SELECT 'job-0' || i || d, 1000 + i * 20 + d, tenant_id, CASE d % 3 WHEN 0 THEN 'people' WHEN 1 THEN 'webhook'"
    " ELSE 'adapter' END, 'lane', 'media_buy:mb-0' || i, CASE WHEN i % 50 = 0 AND d = 1 THEN 'dead' ELSE 'done' END, 0, ends, 1, NULL,"
    " NULL, '{}', '', ends, ends, 0, NULL FROM media_buy, number, day WHERE media_buy_id = (SELECT id FROM first) AND d < 6",
    "INSERT INTO job_payload SELECT 1000 + i * 20 + d, '{}' FROM number, day WHERE d < 6",
    "INSERT INTO webhook_activity SELECT NULL, tenant_id, principal_id, 'media_buy:mb-0' || i, 'job-0' || i || '1', 'k', '', 'scheduled',"
    " 1, 1, 'success', 'https://b.example/', 200, 20, 100, '', ends, ends FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO audit SELECT NULL, tenant_id, ends, 'operator:test-operator', 'media_buy.update', 'media_buy:mb-0' || i, '{}', zeroblob(32), zeroblob(32)"
    " FROM media_buy, number, day WHERE media_buy_id = (SELECT id FROM first) AND d < 8",
    "INSERT INTO house_key (kind, owner, id) SELECT 'package', tenant_id, 'pkg-0' || i FROM media_buy, number"
    " WHERE media_buy_id = (SELECT id FROM first)",
    "INSERT INTO house_count SELECT house_key, ends - d * 86400000000, 1, 0, 2, 0, 50 FROM house_key, number, day WHERE id = 'pkg-0' || i",
    "INSERT INTO session SELECT randomblob(32), 'ses-0' || i, tenant_id, 'test-operator', 'Mozilla', '127.0.0.1', ends, ends,"
    " ends + 600000000, NULL, '', '' FROM media_buy, number WHERE media_buy_id = (SELECT id FROM first)",
};

static void add_history(struct fixture *f, int from, int n)
{
    sqlite3 *db;
    char text[700];
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    (void)snprintf(
        text, sizeof(text),
        "PRAGMA foreign_keys = OFF; BEGIN;"
        "CREATE TEMP TABLE first AS SELECT media_buy_id AS id FROM media_buy WHERE media_buy_id NOT LIKE 'mb-0000%%'"
        " ORDER BY media_buy_id LIMIT 1;"
        "CREATE TEMP TABLE number AS WITH RECURSIVE k(v) AS (VALUES (%d) UNION ALL SELECT v + 1 FROM k WHERE v < %d)"
        " SELECT printf('%%025d', v) AS i, %lld - (%d - v) * 5400000000 AS ends FROM k;"
        "CREATE TEMP TABLE day AS WITH RECURSIVE k(v) AS (VALUES (1) UNION ALL SELECT v + 1 FROM k WHERE v < 14)"
        " SELECT v AS d FROM k;",
        from, from + n - 1, (long long)(f->now - 40 * INT64_C(86400000000)), from + n);
    sql(db, text);
    for (size_t i = 0; i < ARRAY_LEN(copies); i++) sql(db, copies[i]);
    sql(db, "COMMIT; DROP TABLE first; DROP TABLE number; DROP TABLE day");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* What each page of the desk asks (src/admin), first and later pages and searches, and how many rows it may read of a publisher
 * with two years of history. BUY, TASK and JOB are of the one that is open; tests/admin/budgets.test.mjs holds that no page asks
 * anything that is not here. */
static const struct {
    const char *tool, *args;
    int64_t rows;
} asks[] = {
    { "x_me_get", "{}", 20 },
    { "x_today_get", "{}", 200 },
    { "x_task_queue", "{}", 100 },
    { "x_task_queue", "{\"limit\":6}", 100 },
    { "x_task_queue", "{\"text\":\"launch\"}", 100 },
    { "x_task_queue", "{\"text\":\"nothing is called so\"}", 100 },
    { "x_task_list", "{\"state\":\"decided\"}", 700 },
    { "x_task_get", "{\"task_id\":\"TASK\"}", 200 },
    { "x_buy_list", "{}", 700 },
    { "x_buy_list", "{\"status\":\"completed\"}", 700 },
    { "x_buy_list", "{\"status\":\"active\"}", 700 },
    { "x_buy_list", "{\"text\":\"nothing is called so\"}", 3000 },
    { "x_buy_get", "{\"media_buy_id\":\"BUY\"}", 200 },
    { "x_creative_list", "{}", 700 },
    { "x_creative_list", "{\"status\":\"pending_review\"}", 700 },
    { "x_creative_list", "{\"status\":\"approved\"}", 700 },
    { "x_creative_list", "{\"text\":\"nothing is called so\"}", 3000 },
    { "x_creative_get", "{\"principal_id\":\"test-buyer\",\"creative_id\":\"cr-of-now\"}", 50 },
    { "x_creative_preview", "{\"principal_id\":\"test-buyer\",\"creative_id\":\"cr-of-now\"}", 50 },
    { "x_product_list", "{}", 200 },
    { "x_product_get", "{\"product_id\":\"prod-tech-display-001\"}", 200 },
    { "x_product_try", "{\"product_ids\":[\"prod-tech-display-001\"]}", 400 },
    { "x_product_try", "{\"brief\":\"video for developers\"}", 400 },
    { "x_product_days", "{\"from\":\"2026-03-09\",\"days\":28}", 1000 },
    { "x_product_days", "{\"from\":\"2025-03-09\",\"days\":28}", 1000 },
    { "x_product_fits",
      "{\"product_id\":\"prod-tech-display-001\",\"impressions\":600000,\"from\":\"2026-04-01\",\"to\":\"2026-04-20\"}",
      200 },
    { "x_format_list", "{}", 200 },
    { "x_format_get", "{\"format_id\":\"fmt-display-300x250\"}", 200 },
    { "x_property_list", "{}", 200 },
    { "x_property_get", "{\"property_id\":\"prop-001\"}", 200 },
    { "x_slot_list", "{}", 200 },
    { "x_sales_get", "{\"from\":\"2025-04-01\",\"to\":\"2026-03-09\"}", 15000 },
    { "x_sales_get", "{\"from\":\"2025-04-01\",\"to\":\"2026-03-09\",\"by\":\"media_buy\"}", 15000 },
    { "x_sales_get", "{\"from\":\"2026-03-01\",\"to\":\"2026-03-09\",\"by\":\"product\"}", 15000 },
    { "x_ads_report", "{}", 200 },
    { "x_ads_report", "{\"media_buy_id\":\"BUY\"}", 200 },
    { "x_ads_report", "{\"from\":\"2025-12-01\",\"until\":\"2025-12-08\"}", 3000 },
    { "x_ads_why", "{}", 200 },
    { "x_adapter_list", "{}", 100 },
    { "x_adapter_get", "{\"name\":\"mock\"}", 100 },
    { "x_adapter_items", "{\"name\":\"mock\"}", 300 },
    { "x_principal_list", "{}", 100 },
    { "x_user_list", "{}", 100 },
    { "x_token_list", "{\"principal_id\":\"test-buyer\"}", 100 },
    { "x_session_list", "{}", 300 },
    { "x_audit_list", "{}", 300 },
    { "x_audit_list", "{\"limit\":8}", 300 },
    { "x_audit_list", "{\"actor\":\"operator:nobody\"}", 3000 },
    { "x_audit_list", "{\"action\":\"nothing.such\"}", 3000 },
    { "x_audit_list", "{\"subject\":\"media_buy:mb-none\"}", 3000 },
    { "x_audit_list", "{\"from\":\"2024-06-01T00:00:00Z\"}", 3000 },
    { "x_audit_head", "{}", 20 },
    { "x_job_list", "{}", 300 },
    { "x_job_list", "{\"state\":\"dead\"}", 300 },
    { "x_job_list", "{\"state\":\"done\"}", 300 },
    { "x_job_list", "{\"state\":\"ready\"}", 300 },
    { "x_job_list", "{\"kind\":\"people\"}", 300 },
    { "x_job_list", "{\"kind\":\"webhook\",\"state\":\"dead\"}", 300 },
    { "x_job_get", "{\"job_id\":\"JOB\"}", 100 },
    { "x_agent_get", "{}", 300 },
    { "x_health_get", "{}", 100 },
    { "x_quarantine_list", "{}", 100 },
};

static struct str put_in(struct fixture *f, const char *text, const char *word, struct str value)
{
    const char *at = strstr(text, word);
    if (!at) return str_from(text);
    return arena_printf(&f->arena, "%.*s" STR_FMT "%s", (int)(at - text), text, STR_ARG(value), at + strlen(word));
}

/* One buy that is open, with what a page about it shows. */
static void make_open(struct fixture *f, struct str *buy, struct str *task, struct str *job)
{
    for (int i = 0; i < 3; i++) {
        struct fixture_reply r = fixture_ok(f, "create_media_buy", create);
        *task = r.task_id;
    }
    fixture_become(f, "test-operator");
    struct fixture_reply t = fixture_ok(f, "x_task_get", put_in(f, "{\"task_id\":\"TASK\"}", "TASK", *task).p);
    *buy = json_val_str(json_get_path(t.reply, "/task/subject_id"));
    assert_true(buy->n > 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sql(db,
        "INSERT INTO job SELECT 'job-open', 9999999, tenant_id, 'webhook', 'lane', 'task:x', 'ready', 0, created_at, 1, NULL, NULL,"
        " '{}', '', created_at, created_at, 0, NULL FROM media_buy LIMIT 1; INSERT INTO job_payload VALUES (9999999, '{}');"
        "INSERT INTO creative SELECT tenant_id, 'test-buyer', 'cr-of-now', account_id, 'Banner', 'fmt-display-300x250', 'approved',"
        " '{\"creative_id\":\"cr-of-now\",\"name\":\"Banner\",\"assets\":{}}', created_at, created_at FROM media_buy LIMIT 1");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    *job = STR("job-open");
}

/* What each of them costs beside a history of `n` buys. */
static bool measure(int n, struct tx_work *out)
{
    struct fixture *f = fixture_open();
    struct str buy, task, job;
    bool answered = true;
    fixture_ok(f, "create_media_buy", create); /* of which the others are copies */
    add_history(f, 0, n);
    make_open(f, &buy, &task, &job);
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        struct str args = put_in(f, put_in(f, put_in(f, asks[i].args, "BUY", buy).p, "TASK", task).p, "JOB", job);
        struct fixture_reply r = fixture_call(f, asks[i].tool, args.p);
        out[i] = r.work;
        if (r.rc == 0) continue;
        print_error("%s %s: %s %s\n", asks[i].tool, args.p, r.e.code, r.e.message);
        answered = false;
    }
    fixture_close(f);
    return answered;
}

static void what_the_desk_asks_does_not_grow_with_history(void **state)
{
    struct tx_work before[ARRAY_LEN(asks)], now[ARRAY_LEN(asks)];
    bool grows = false;
    assert_true(measure(LITTLE, before));
    assert_true(measure(HISTORY, now));
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        /* A full page holds more than a short one, and a tree that is deeper costs a few steps more. */
        bool kept = now[i].rows <= asks[i].rows && now[i].statements <= STATEMENTS_MAX + asks[i].rows &&
                    now[i].steps <= before[i].steps * 11 / 10 + 60 * asks[i].rows;
        if (getenv("VERBOSE") || !kept)
            print_error("%s %s: %lld rows, %lld statements, %lld steps; with %d buys %lld, %lld, %lld\n", asks[i].tool,
                        asks[i].args, (long long)before[i].rows, (long long)before[i].statements,
                        (long long)before[i].steps, HISTORY, (long long)now[i].rows, (long long)now[i].statements,
                        (long long)now[i].steps);
        grows = grows || !kept;
    }
    assert_false(grows);
}

static void a_search_goes_on_where_it_has_not_looked_yet(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r;
    fixture_ok(f, "create_media_buy", create);
    fixture_become(f, "test-operator");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    add_history(f, 0, 2500); /* more than a search looks at in one go */
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

static void a_search_of_the_trail_goes_on_too(void **state)
{
    struct fixture *f = *state;
    fixture_ok(f, "create_media_buy", create);
    fixture_become(f, "test-operator");
    add_history(f, 0, 1500); /* of each, seven lines: more than a search looks at in one go */
    struct fixture_reply r = fixture_ok(f, "x_audit_list", "{\"actor\":\"buyer:*\"}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "entries")), 0);
    assert_true(json_bool_or(r.reply, "has_more", false));
    struct str args =
        arena_printf(&f->arena, "{\"actor\":\"buyer:*\",\"before_seq\":%lld}", (long long)fixture_number(&r, "/next"));
    r = fixture_ok(f, "x_audit_list", args.p);
    assert_true(yyjson_arr_size(json_arr(r.reply, "entries")) > 0);
    assert_false(json_bool_or(r.reply, "has_more", true));
    r = fixture_ok(f, "x_audit_list", "{\"subject\":\"media_buy:mb-00000000000000000000000007\"}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "entries")), 7);
    assert_false(json_bool_or(r.reply, "has_more", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_desk_asks_does_not_grow_with_history),
        cmocka_unit_test_setup_teardown(a_search_goes_on_where_it_has_not_looked_yet, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_search_of_the_trail_goes_on_too, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
