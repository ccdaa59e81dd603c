/* A row's columns as one list: what is written is what is read, none taken for its neighbour, and none has its own NULL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "run/loop_sim.h"
#include "store/columns.h"

struct thing_row {
    struct str id, first, second, remote_id, doc;
    int64_t made_at, amount, goal, ended_at;
    bool paused;
    char currency[4];
};

#define THING(FIRST, NEXT)                                                                                             \
    FIRST(id, text)                                                                                                    \
    NEXT(first, text)                                                                                                  \
    NEXT(second, text)                                                                                                 \
    NEXT(remote_id, text_or_null)                                                                                      \
    NEXT(doc, json)                                                                                                    \
    NEXT(made_at, number)                                                                                              \
    NEXT(amount, number) NEXT(goal, count) NEXT(ended_at, time) NEXT(paused, flag) NEXT(currency, currency)
COLUMNS_READER(read_thing, struct thing_row, THING)
COLUMNS_BINDER(bind_thing, struct thing_row, THING)

/* The table has them in another order than the list. */
#define TABLE                                                                                                             \
    "CREATE TABLE thing (second TEXT NOT NULL, first TEXT NOT NULL, id TEXT NOT NULL, doc TEXT NOT NULL, remote_id TEXT," \
    " amount INTEGER NOT NULL, made_at INTEGER NOT NULL, ended_at INTEGER, goal INTEGER, currency TEXT NOT NULL,"         \
    " paused INTEGER NOT NULL) STRICT"

static const struct thing_row full = { .id = STR("a"),
                                       .first = STR("1st"),
                                       .second = STR("2nd"),
                                       .remote_id = STR("r"),
                                       .doc = STR("{\"x\":1}"),
                                       .made_at = 11,
                                       .amount = 12,
                                       .goal = 0,
                                       .ended_at = 14,
                                       .paused = true,
                                       .currency = "EUR" };
static const struct thing_row bare = { .id = STR("b"), .goal = -1, .ended_at = TIME_NONE, .currency = "USD" };

static int run(struct tx *tx, const char *sql, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, sql);
    return stmt_run(s, e);
}

static int add(struct tx *tx, const struct thing_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO thing (" COLUMN_NAMES(THING) ") VALUES (" COLUMN_MARKS(THING) ")");
    assert_int_equal(bind_thing(s, 1, row), 12);
    return stmt_run(s, e);
}

static int change(struct tx *tx, const struct thing_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE thing SET " COLUMN_SETS(THING) " WHERE id = ?");
    stmt_str(s, bind_thing(s, 1, row), row->id);
    return stmt_run(s, e);
}

static void get(struct tx *tx, struct arena *a, const char *id, struct thing_row *out)
{
    struct err e;
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMN_NAMES(THING) " FROM thing WHERE id = ?");
    stmt_str(s, 1, str_from(id));
    assert_int_equal(stmt_step(s, &e), 1);
    assert_int_equal(read_thing(s, a, 0, out), 11);
}

static void same(const struct thing_row *x, const struct thing_row *y)
{
    assert_true(str_eq(x->id, y->id) && str_eq(x->first, y->first) && str_eq(x->second, y->second));
    assert_true(str_eq(x->remote_id, y->remote_id));
    assert_true(str_eq(x->doc.n ? x->doc : STR("{}"), y->doc.n ? y->doc : STR("{}")));
    assert_true(x->made_at == y->made_at && x->amount == y->amount && x->goal == y->goal && x->ended_at == y->ended_at);
    assert_true(x->paused == y->paused);
    assert_string_equal(x->currency, y->currency);
}

static void nothing_is_null(struct tx *tx)
{
    struct err e;
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT 1 FROM thing WHERE id = 'b' AND goal IS NULL AND ended_at IS NULL"
                                            " AND remote_id IS NULL AND first = '' AND doc = '{}'");
    assert_int_equal(stmt_step(s, &e), 1);
}

static int all_of_it(struct tx *tx, void *arg, struct err *e)
{
    struct arena *a = arg;
    struct thing_row row, changed = full;
    if (run(tx, TABLE, e) || add(tx, &full, e) || add(tx, &bare, e)) return -1;
    get(tx, a, "a", &row);
    same(&row, &full);
    get(tx, a, "b", &row);
    same(&row, &bare);
    nothing_is_null(tx);
    changed.second = STR("3rd");
    changed.paused = false;
    if (change(tx, &changed, e)) return -1;
    get(tx, a, "a", &row);
    same(&row, &changed);
    if (run(tx, "UPDATE thing SET currency = 'euros' WHERE id = 'a'", e)) return -1;
    get(tx, a, "a", &row);
    assert_string_equal(row.currency, ""); /* no currency: the reader of such a row says so */
    return 0;
}

static void what_is_written_is_what_is_read(void **state)
{
    static struct loop loop;
    static struct loop_sim sim;
    struct store_options o = { .path = ":memory:", .secret = STR("0123456789abcdef0123456789abcdef") };
    struct store *store;
    struct arena arena;
    struct err e;
    (void)state;
    log_set_level(LOG_ERROR);
    arena_init(&arena);
    loop_sim_init(&sim, &loop, INT64_C(1773066600000000), 1);
    assert_int_equal(store_open(&loop, &o, &store, &e), 0);
    if (store_write_now(store, all_of_it, &arena, &e)) fail_msg("%s: %s", e.code, e.message);
    store_close(store);
    loop_sim_finish(&sim);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_written_is_what_is_read) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
