/* The audit trail proves itself: ten ways of tampering with its rows behind the program's back, each found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "domain/core/audit.h"
#include "store/migrate.h"
#include "store/q/agent/q_audit.h"
#include "tools/fixture.h"

#define ROWS 12

static int write_rows(struct act *act, void *arg, struct err *e)
{
    for (int i = *(int *)arg; i > 0; i--) {
        struct audit_entry entry = { .action = "test.act",
                                     .subject = arena_printf(act->arena, "thing:%d", i),
                                     .doc = arena_printf(act->arena, "{\"n\":%d}", i) };
        if (audit_add(act, &entry, e)) return -1;
    }
    return 0;
}

/* The fixture's import has written the first two rows: itself, and the publisher's key. */
static int setup(void **state)
{
    struct fixture *f = fixture_open();
    struct err e;
    int more = ROWS - 2;
    assert_int_equal(fixture_act(f, write_rows, &more, &e), 0);
    *state = f;
    return 0;
}

static void tamper(struct fixture *f, const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        print_error("%s: %s\n", sql, why);
        fail();
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct verify {
    int limit;
    struct audit_verified *v;
    size_t findings;
    struct audit_finding first;
};

static int run_verify(struct act *act, void *arg, struct err *e)
{
    struct verify *x = arg;
    struct audit_place at = { 0 };
    do {
        if (audit_verify(act, &at, x->limit, x->v, e)) return -1;
        if (x->v->findings_n && !x->findings) x->first = x->v->findings[0];
        x->findings += x->v->findings_n;
        at = x->v->at;
    } while (!x->v->done);
    return 0;
}

static struct verify verified(struct fixture *f, int limit)
{
    struct err e;
    struct verify x = { .limit = limit, .v = ARENA_NEW(&f->arena, struct audit_verified) };
    assert_int_equal(fixture_act(f, run_verify, &x, &e), 0);
    return x;
}

static void finds(struct fixture *f, const char *sql, enum audit_fault fault, int64_t seq)
{
    assert_int_equal(verified(f, 1000).findings, 0);
    tamper(f, sql);
    struct verify whole = verified(f, 1000), paged = verified(f, 5);
    assert_true(whole.findings > 0);
    assert_string_equal(audit_fault_text(whole.first.fault), audit_fault_text(fault));
    assert_int_equal(whole.first.seq, seq);
    assert_int_equal(paged.findings, whole.findings); /* pages change nothing */
}

static void test_whole(void **state)
{
    assert_int_equal(verified(*state, 1000).v->at.seq, ROWS);
    assert_int_equal(verified(*state, ROWS).findings, 0);
}

static void test_edited_detail(void **state)
{
    finds(*state, "UPDATE audit SET doc = '{\"n\":99}' WHERE seq = 5", AUDIT_CHANGED, 5);
}

static void test_edited_actor(void **state)
{
    finds(*state, "UPDATE audit SET actor = 'operator:eve' WHERE seq = 12", AUDIT_CHANGED, 12);
}

static void test_edited_time(void **state)
{
    finds(*state, "UPDATE audit SET at = at - 60000000 WHERE seq = 1", AUDIT_CHANGED, 1);
}

static void test_edited_subject(void **state)
{
    finds(*state, "UPDATE audit SET subject = 'thing:0' WHERE seq = 5", AUDIT_CHANGED, 5);
}

static void test_edited_action(void **state)
{
    finds(*state, "UPDATE audit SET action = 'test.other' WHERE seq = 5", AUDIT_CHANGED, 5);
}

static void test_edited_publisher(void **state)
{
    finds(*state, "UPDATE audit SET tenant_id = 'other' WHERE seq = 5", AUDIT_CHANGED, 5);
}

static void test_words_moved_between_fields(void **state)
{
    finds(*state, "UPDATE audit SET action = action || subject, subject = '' WHERE seq = 7", AUDIT_CHANGED, 7);
}

static void test_removed_from_the_middle(void **state)
{
    finds(*state, "DELETE FROM audit WHERE seq = 6", AUDIT_MISSING, 7);
}

static void test_removed_and_numbers_closed_up(void **state)
{
    finds(*state,
          "DELETE FROM audit WHERE seq = 6; UPDATE audit SET seq = -seq WHERE seq > 6;"
          "UPDATE audit SET seq = -seq - 1 WHERE seq < 0",
          AUDIT_UNCHAINED, 6);
}

static void test_removed_from_the_beginning(void **state)
{
    finds(*state, "DELETE FROM audit WHERE seq < 3", AUDIT_MISSING, 3);
}

static void test_removed_from_the_end(void **state)
{
    finds(*state, "DELETE FROM audit WHERE seq > 10", AUDIT_CUT, 10);
}

static void test_all_removed(void **state)
{
    finds(*state, "DELETE FROM audit", AUDIT_CUT, 0);
}

static void test_reordered(void **state)
{
    finds(*state,
          "UPDATE audit SET seq = -4 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;"
          "UPDATE audit SET seq = 5 WHERE seq = -4",
          AUDIT_UNCHAINED, 4);
}

static void test_removed_from_the_end_with_the_head(void **state)
{
    finds(*state, "DELETE FROM audit WHERE seq > 10; DELETE FROM audit_head", AUDIT_HEAD_MISSING, 10);
}

static void test_head_turned_back(void **state)
{
    finds(*state,
          "DELETE FROM audit WHERE seq > 10; UPDATE audit_head SET seq = 10,"
          " hash = (SELECT hash FROM audit WHERE seq = 10)",
          AUDIT_HEAD_FORGED, 10);
}

/* A row appended with a chain that fits: only the seal tells. The hash is made by the program's own function. */
static int forge(struct act *act, void *arg, struct err *e)
{
    struct audit_row last, row;
    if (q_audit_last(act->tx, act->arena, &last, e) != 1) return -1;
    row = last;
    row.seq++;
    row.prev_hash = last.hash;
    row.actor = STR("operator:eve");
    uint8_t hash[32];
    audit_row_hash(&row, hash);
    row.hash = (struct str){ (const char *)hash, sizeof(hash) };
    return q_audit_insert(act->tx, &row, e);
}

static void test_appended_with_a_fitting_chain(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(fixture_act(f, forge, NULL, &e), 0);
    struct verify x = verified(f, 1000);
    assert_int_equal(x.findings, 1);
    assert_int_equal(x.first.fault, AUDIT_OVERLONG);
}

/* Going on writing does not heal a head that was taken away. */
static void test_head_is_not_made_again(void **state)
{
    struct fixture *f = *state;
    struct err e;
    int more = 3;
    tamper(f, "DELETE FROM audit_head");
    assert_int_equal(fixture_act(f, write_rows, &more, &e), 0);
    assert_int_equal(verified(f, 1000).first.fault, AUDIT_HEAD_MISSING);
}

/* ---- what was done behind the program's back is not healed by writing on ---- */

static void write_more(struct fixture *f)
{
    struct err e;
    int more = 3;
    assert_int_equal(fixture_act(f, write_rows, &more, &e), 0);
}

static void still_finds(struct fixture *f, const char *sql, enum audit_fault fault)
{
    tamper(f, sql);
    write_more(f);
    struct verify x = verified(f, 1000);
    assert_true(x.findings > 0);
    assert_string_equal(audit_fault_text(x.first.fault), audit_fault_text(fault));
}

static void test_cut_then_written_on(void **state)
{
    still_finds(*state, "DELETE FROM audit WHERE seq > 10", AUDIT_MISSING);
}

static void test_all_removed_then_written_on(void **state)
{
    still_finds(*state, "DELETE FROM audit", AUDIT_MISSING);
}

static void test_head_turned_back_then_written_on(void **state)
{
    still_finds(*state,
                "DELETE FROM audit WHERE seq > 10; UPDATE audit_head SET seq = 10,"
                " hash = (SELECT hash FROM audit WHERE seq = 10)",
                AUDIT_HEAD_FORGED);
}

static void test_seal_blanked_then_written_on(void **state)
{
    still_finds(*state, "UPDATE audit_head SET seal = zeroblob(32)", AUDIT_HEAD_FORGED);
}

static void test_appended_then_written_on(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(fixture_act(f, forge, NULL, &e), 0);
    write_more(f);
    assert_int_equal(verified(f, 1000).first.fault, AUDIT_UNCHAINED);
}

/* ---- the whole database is an older copy: only an anchor knows ---- */

static int read_head(struct act *act, void *arg, struct err *e)
{
    return audit_head(act, arg, e) == 1 ? 0 : -1;
}

struct asked {
    struct audit_place place;
    int there;
};

static int ask_for(struct act *act, void *arg, struct err *e)
{
    struct asked *a = arg;
    a->there = audit_has(act, &a->place, e);
    return 0;
}

static void test_older_copy(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct asked early, late;
    assert_int_equal(fixture_act(f, read_head, &early.place, &e), 0);
    tamper(f, "CREATE TABLE copy AS SELECT * FROM audit_head");
    write_more(f);
    assert_int_equal(fixture_act(f, read_head, &late.place, &e), 0);
    tamper(f, "DELETE FROM audit WHERE seq > (SELECT seq FROM copy); DELETE FROM audit_head;"
              "INSERT INTO audit_head SELECT * FROM copy; DROP TABLE copy");
    assert_int_equal(verified(f, 1000).findings, 0); /* it is whole, for what it is */
    assert_int_equal(fixture_act(f, ask_for, &early, &e), 0);
    assert_int_equal(fixture_act(f, ask_for, &late, &e), 0);
    assert_int_equal(early.there, 1);
    assert_int_equal(late.there, 0);
    int other = 4; /* rows of the same numbers, with other contents */
    assert_int_equal(fixture_act(f, write_rows, &other, &e), 0);
    late.there = 1;
    assert_int_equal(fixture_act(f, ask_for, &late, &e), 0);
    assert_int_equal(late.there, 0);
}

/* ---- a trail from before there were seals ---- */

static int seal_first(struct act *act, void *arg, struct err *e)
{
    (void)arg;
    return audit_seal_first(act, e);
}

static void migrate_again(struct fixture *f)
{
    for (int i = 0; i < migrations_n; i++) {
        if (strstr(migrations[i].name, "audit_seal")) tamper(f, migrations[i].sql);
    }
}

static void test_sealed_after_the_migration(void **state)
{
    struct fixture *f = *state;
    struct err e;
    tamper(f, "DELETE FROM audit_head");
    migrate_again(f);
    assert_int_equal(fixture_act(f, seal_first, NULL, &e), 0);
    write_more(f);
    struct verify x = verified(f, 5);
    assert_int_equal(x.findings, 0);
    assert_int_equal(x.v->at.sealed_seq, ROWS + 1);
    assert_int_equal(x.v->at.seq, ROWS + 4);
    assert_int_equal(fixture_act(f, seal_first, NULL, &e), 0); /* once is enough */
    assert_int_equal(verified(f, 1000).v->at.seq, ROWS + 4);
    tamper(f, "DELETE FROM audit_head");
    migrate_again(f);
    assert_int_equal(fixture_act(f, seal_first, NULL, &e), 0);
    assert_int_equal(verified(f, 1000).first.fault, AUDIT_SEALED_AGAIN);
}

#define WAY(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY(test_whole),
        WAY(test_edited_detail),
        WAY(test_edited_actor),
        WAY(test_edited_time),
        WAY(test_edited_subject),
        WAY(test_edited_action),
        WAY(test_edited_publisher),
        WAY(test_words_moved_between_fields),
        WAY(test_removed_from_the_middle),
        WAY(test_removed_and_numbers_closed_up),
        WAY(test_removed_from_the_beginning),
        WAY(test_removed_from_the_end),
        WAY(test_all_removed),
        WAY(test_reordered),
        WAY(test_removed_from_the_end_with_the_head),
        WAY(test_head_turned_back),
        WAY(test_appended_with_a_fitting_chain),
        WAY(test_head_is_not_made_again),
        WAY(test_cut_then_written_on),
        WAY(test_all_removed_then_written_on),
        WAY(test_head_turned_back_then_written_on),
        WAY(test_seal_blanked_then_written_on),
        WAY(test_appended_then_written_on),
        WAY(test_older_copy),
        WAY(test_sealed_after_the_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
