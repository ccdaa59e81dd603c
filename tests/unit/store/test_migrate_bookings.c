/* Migration 0110: rows of a database that knew one ad server of a publisher, after it: which ad servers there are, what is booked
 * on them, how their jobs travel, when they are read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <sqlite3.h>

#include "store/migrate.h"

static const char old_rows[] =
    "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES"
    " ('t', 'T', 'gam', '{\"currency\":\"EUR\",\"adapter_settings\":{\"network_code\":\"1\"}}', 1, 2),"
    " ('plain', 'P', 'mock', '{}', 1, 2), ('broken', 'B', 'mock', '{', 1, 2);"
    "INSERT INTO principal (tenant_id, principal_id, name, role, created_at, updated_at) VALUES ('t', 'b', 'b', 'buyer', 1, 1);"
    "INSERT INTO account (tenant_id, account_id, principal_id, status, created_at, updated_at) VALUES ('t', 'a', 'b', 'active', 1, 1);"
    "WITH b (id, status, confirmed, remote, asked) AS (VALUES ('mb_live', 'active', 10, 'o-1', 'digest'), ('mb_asked', 'pending_start', 11, NULL, NULL),"
    " ('mb_refused', 'pending_approval', NULL, NULL, NULL), ('mb_half', 'pending_approval', NULL, 'o-3', NULL), ('mb_over', 'canceled', 12, 'o-2', NULL),"
    " ('mb_new', 'pending_approval', NULL, NULL, NULL))"
    "INSERT INTO media_buy (media_buy_id, tenant_id, principal_id, account_id, status, currency, total_budget_micros, start_at, end_at, revision,"
    " created_at, updated_at, confirmed_at, remote_id, creatives_asked)"
    " SELECT id, 't', 'b', 'a', status, 'EUR', 5, 100, 900, 1, 1, 20, confirmed, remote, asked FROM b;"
    "INSERT INTO package (media_buy_id, ordinal, package_id, product_id, pricing_option_id, pricing_model, rate_micros, budget_micros, start_at,"
    " end_at, remote_id) VALUES ('mb_live', 0, 'p-1', 'x', 'cpm', 'cpm', 1, 5, 100, 900, 'li-1');"
    "INSERT INTO delivery_poll (media_buy_id, read_at, as_of) VALUES ('mb_live', 300, 290);"
    "WITH j (seq, subject, lane, state, due) AS (VALUES (1, 'media_buy:mb_asked', 'adapter:t', 'ready', 50), (2, 'media_buy:mb_refused', 'adapter:t', 'dead', 60),"
    " (3, 'media_buy:mb_half', 'adapter:t', 'dead', 60), (4, 'reading:mb_live', 'adapter:t', 'ready', 400), (5, 'webhook:w', 'webhook:example', 'ready', 70))"
    "INSERT INTO job (job_id, seq, tenant_id, kind, lane, subject, state, head, due_at, created_at, updated_at)"
    " SELECT 'j-' || seq, seq, 't', CASE WHEN seq = 5 THEN 'webhook' ELSE 'adapter' END, lane, subject, state, 1, due, 1, 1 FROM j;"
    "INSERT INTO job_payload VALUES (1, '{\"verb\":\"book\"}'), (2, '{\"verb\":\"book\"}'), (3, '{\"verb\":\"book\"}'), (4, '{\"verb\":\"report\"}'), (5, '{}');"
    "INSERT INTO job_lane VALUES ('adapter:t', 5, 99, 'down', 1), ('webhook:example', 1, 99, 'down', 1);";

static void run(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK) return;
    print_error("# %s\n", why);
    fail();
}

/* The first column of the first row, as text; "" for NULL and for no row. */
static void expect(sqlite3 *db, const char *sql, const char *wanted)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    const char *found = sqlite3_step(s) == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (strcmp(found ? found : "", wanted) != 0) print_error("# %s\n", sql);
    assert_string_equal(found ? found : "", wanted);
    sqlite3_finalize(s);
}

static sqlite3 *migrated(void)
{
    sqlite3 *db;
    bool filled = false;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (int i = 0; i < migrations_n; i++) {
        if (strcmp(migrations[i].name, "0110_bookings") == 0) {
            run(db, old_rows);
            filled = true;
        }
        run(db, migrations[i].sql);
    }
    assert_true(filled);
    return db;
}

static void the_one_ad_server_becomes_the_first(void **state)
{
    sqlite3 *db = migrated();
    (void)state;
    expect(
        db,
        "SELECT group_concat(name || ' ' || adapter || ' ' || position, ', ') FROM (SELECT * FROM ad_server ORDER BY tenant_id)",
        "mock mock 0, gam gam 0");
    expect(db, "SELECT settings FROM ad_server WHERE tenant_id = 't'", "{\"network_code\":\"1\"}");
    expect(db, "SELECT settings FROM ad_server WHERE tenant_id = 'plain'", "");
    expect(db, "SELECT doc FROM tenant WHERE tenant_id = 't'", "{\"currency\":\"EUR\"}");
    expect(db, "SELECT doc FROM tenant WHERE tenant_id = 'broken'", "{"); /* somebody may mend it */
    expect(db, "SELECT ad_server || ' ' || remote_id FROM package", "gam li-1");
    sqlite3_close(db);
}

static void what_was_booked_is_a_booking(void **state)
{
    sqlite3 *db = migrated();
    (void)state;
    expect(
        db,
        "SELECT group_concat(media_buy_id || ' ' || state || ' ' || remote_id, ', ') FROM (SELECT * FROM booking ORDER BY media_buy_id)",
        "mb_asked asked , mb_half booked o-3, mb_live booked o-1, mb_over canceled o-2, mb_refused refused ");
    expect(db, "SELECT count(*) FROM booking WHERE ad_server <> 'gam' OR tenant_id <> 't'", "0");
    expect(
        db,
        "SELECT creatives_asked || ' ' || booked_at || ' ' || read_at || ' ' || as_of || ' ' || read_due_at FROM booking WHERE media_buy_id = 'mb_live'",
        "digest 10 300 290 400");
    expect(db, "SELECT read_due_at FROM booking WHERE media_buy_id = 'mb_asked'", "");
    sqlite3_close(db);
}

static void jobs_travel_in_the_lane_of_their_ad_server(void **state)
{
    sqlite3 *db = migrated();
    (void)state;
    expect(db, "SELECT lane || ' ' || subject FROM job WHERE seq = 1", "adapter:t:gam booking:mb_asked:gam");
    expect(db, "SELECT lane || ' ' || subject FROM job WHERE seq = 4", "adapter:t:gam reading:mb_live:gam");
    expect(db, "SELECT lane || ' ' || subject FROM job WHERE seq = 5", "webhook:example webhook:w");
    expect(db, "SELECT group_concat(lane) FROM job_lane", "webhook:example"); /* a lane that was held is tried anew */
    sqlite3_close(db);
}

static void nothing_of_before_is_left(void **state)
{
    sqlite3 *db = migrated();
    (void)state;
    expect(db, "SELECT count(*) FROM pragma_table_info('media_buy') WHERE name IN ('remote_id', 'creatives_asked')",
           "0");
    expect(db, "SELECT count(*) FROM sqlite_master WHERE name = 'delivery_poll'", "0");
    expect(db, "SELECT count(*) FROM media_buy", "6");
    expect(db, "PRAGMA foreign_key_check", "");
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_ad_server_becomes_the_first),
        cmocka_unit_test(what_was_booked_is_a_booking),
        cmocka_unit_test(jobs_travel_in_the_lane_of_their_ad_server),
        cmocka_unit_test(nothing_of_before_is_left),
    };
    return cmocka_run_group_tests_name("migrate_bookings", tests, NULL, NULL);
}
