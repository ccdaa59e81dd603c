/* What is booked on a product is kept as sums by triggers. Here random lives of buys, packages and holds are counted
 * twice: by the store, and one by one in this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/id.h"
#include "base/rfc3339.h"
#include "run/loop_sim.h"
#include "store/q/q_account.h"
#include "store/q/q_catalog.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_proposal.h"
#include "store/stmt.h"

#define T0       INT64_C(1775001600000000) /* 2026-04-01 */
#define HOUR     (INT64_C(3600) * USEC_PER_SEC)
#define BUYS_MAX 60
#define PACKAGES 3
#define HOLDS    6

static const char *const live[] = { "pending_approval", "pending_creatives", "pending_start", "active", "paused" };
static const char *const dead[] = { "rejected", "canceled", "completed", "failed" };
static const char *const products[] = { "p1", "p2", "p3" };

struct buy {
    struct media_buy_row row;
    struct package_row packages[PACKAGES];
    int n;
    bool sandbox;
};

struct fixture {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct arena arena;
    struct rng rng;
    struct buy buys[BUYS_MAX];
    int n;
    struct proposal_hold_row holds[HOLDS];
    struct proposal_row holders[HOLDS];
    char path[64];
};

struct step {
    struct write_cmd cmd;
    struct fixture *f;
    int (*run)(struct tx *tx, struct fixture *f, struct err *e);
    bool undo;
};

static int64_t below(struct fixture *f, uint64_t n)
{
    return (int64_t)(rng_u64(&f->rng) % n);
}

static int step_run(struct tx *tx, struct write_cmd *c)
{
    struct step *s = CONTAINER_OF(c, struct step, cmd);
    struct err e = { 0 };
    int rc = s->run(tx, s->f, &e);
    if (rc) print_message("%s %s\n", e.code, e.message);
    assert_int_equal(rc, 0);
    return s->undo ? -1 : 0;
}

static void step_done(struct write_cmd *c, enum write_result result)
{
    assert_int_equal(result, CONTAINER_OF(c, struct step, cmd)->undo ? WRITE_ROLLED_BACK : WRITE_COMMITTED);
}

static void write_step(struct fixture *f, int (*run)(struct tx *tx, struct fixture *f, struct err *e), bool undo)
{
    struct step s = { { .run = step_run, .done = step_done }, f, run, undo };
    struct err e;
    assert_int_equal(store_write(f->store, &s.cmd, &e), 0);
    loop_sim_settle(&f->sim);
}

static int first_rows(struct tx *tx, struct fixture *f, struct err *e)
{
    static const char *const sql[] = {
        "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES ('t', 'n', 'mock', '{}', 1, 1)",
        "INSERT INTO principal (tenant_id, principal_id, name, role, created_at, updated_at)"
        " VALUES ('t', 'b', 'n', 'buyer', 1, 1)",
    };
    (void)f;
    for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
        AUTO_STMT struct stmt *s = stmt_get(tx, sql[i]);
        if (stmt_run(s, e)) return -1;
    }
    for (int i = 0; i < 2; i++) {
        struct account_row a = { .tenant_id = STR("t"),
                                 .account_id = i ? STR("sand") : STR("real"),
                                 .principal_id = STR("b"),
                                 .sandbox = i,
                                 .status = STR("active"),
                                 .doc = STR("{}") };
        if (q_account_insert(tx, &a, e)) return -1;
    }
    return 0;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e;
    (void)snprintf(f->path, sizeof(f->path), "test_bookings_%d.db", (int)getpid());
    struct store_options o = { .path = f->path };
    loop_sim_init(&f->sim, &f->loop, T0, 1);
    arena_init(&f->arena);
    assert_int_equal(store_open(&f->loop, &o, &f->store, &e), 0);
    write_step(f, first_rows, false);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = { "", "-wal", "-shm" };
    store_close(f->store);
    loop_sim_finish(&f->sim);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char side[80];
        (void)snprintf(side, sizeof(side), "%s%s", f->path, ends[i]);
        (void)unlink(side);
    }
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* ---- the random life ---- */

/* Often whole days, as people plan, sometimes any microsecond, sometimes minutes only. */
static void random_flight(struct fixture *f, int64_t *start_at, int64_t *end_at)
{
    int64_t start = T0 + below(f, 20) * 24 * HOUR, length = (1 + below(f, 15)) * 24 * HOUR;
    if (below(f, 3) == 0) start += below(f, 24 * (uint64_t)HOUR);
    if (below(f, 6) == 0) length = 1 + below(f, 3 * (uint64_t)HOUR);
    *start_at = start;
    *end_at = start + length;
}

static void random_goal(struct fixture *f, struct package_row *p)
{
    p->impressions_goal = below(f, 8) == 0 ? -1 : below(f, 8) == 0 ? 0 : 1 + below(f, 1000000000);
}

static int add_buy(struct tx *tx, struct fixture *f, struct err *e)
{
    struct buy *b = &f->buys[f->n];
    *b = (struct buy){ .n = 1 + (int)below(f, PACKAGES), .sandbox = below(f, 6) == 0 };
    struct str id = arena_printf(&f->arena, "mb-%03d", f->n);
    b->row = (struct media_buy_row){ .media_buy_id = id,
                                     .tenant_id = STR("t"),
                                     .principal_id = STR("b"),
                                     .account_id = b->sandbox ? STR("sand") : STR("real"),
                                     .status = str_from(below(f, 5) ? live[below(f, ARRAY_LEN(live))] : dead[0]),
                                     .currency = "USD",
                                     .start_at = T0,
                                     .end_at = T0 + HOUR,
                                     .confirmed_at = TIME_NONE,
                                     .activated_at = TIME_NONE,
                                     .completed_at = TIME_NONE,
                                     .canceled_at = TIME_NONE,
                                     .next_change_at = TIME_NONE };
    if (q_media_buy_insert(tx, &b->row, e)) return -1;
    for (int i = 0; i < b->n; i++) {
        struct package_row *p = &b->packages[i];
        *p = (struct package_row){ .media_buy_id = id,
                                   .package_id = arena_printf(&f->arena, "%s-%d", id.p, i),
                                   .ordinal = i + 1,
                                   .product_id = str_from(products[below(f, ARRAY_LEN(products))]),
                                   .pricing_option_id = STR("o"),
                                   .pricing_model = STR("cpm"),
                                   .pacing = STR("even"),
                                   .previous_budget_micros = -1,
                                   .canceled_at = TIME_NONE };
        random_flight(f, &p->start_at, &p->end_at);
        random_goal(f, p);
        if (i > 0 && below(f, 3) == 0) { /* two packages of one flight */
            p->start_at = b->packages[0].start_at;
            p->end_at = b->packages[0].end_at;
            p->product_id = b->packages[0].product_id;
        }
        if (q_package_insert(tx, p, e)) return -1;
    }
    f->n++;
    return 0;
}

static int change_package(struct tx *tx, struct fixture *f, struct err *e)
{
    struct buy *b = &f->buys[below(f, (uint64_t)f->n)];
    struct package_row *p = &b->packages[below(f, (uint64_t)b->n)];
    switch (below(f, 4)) {
    case 0: random_goal(f, p); break;
    case 1: random_flight(f, &p->start_at, &p->end_at); break;
    case 2: p->canceled_at = p->canceled_at == TIME_NONE ? T0 : TIME_NONE; break;
    case 3: p->paused = !p->paused; break; /* keeps its place */
    }
    return q_package_update(tx, p, e);
}

static int change_status(struct tx *tx, struct fixture *f, struct err *e)
{
    struct buy *b = &f->buys[below(f, (uint64_t)f->n)];
    b->row.status = str_from(below(f, 2) ? live[below(f, ARRAY_LEN(live))] : dead[below(f, ARRAY_LEN(dead))]);
    return q_media_buy_update(tx, &b->row, e);
}

static int change_hold(struct tx *tx, struct fixture *f, struct err *e)
{
    int i = (int)below(f, HOLDS);
    struct proposal_row *row = &f->holders[i];
    *row = (struct proposal_row){ .tenant_id = STR("t"),
                                  .principal_id = STR("b"),
                                  .proposal_id = arena_printf(&f->arena, "prop-%d", i),
                                  .status = STR("committed"),
                                  .doc = STR("{}"),
                                  .created_at = 1,
                                  .expires_at = T0 + below(f, 10) * 24 * HOUR };
    f->holds[i] = (struct proposal_hold_row){ .product_id = str_from(products[below(f, ARRAY_LEN(products))]),
                                              .impressions = below(f, 4) ? below(f, 1000000) : 0 };
    random_flight(f, &f->holds[i].start_at, &f->holds[i].end_at);
    if (q_proposal_put(tx, row, e) || q_proposal_holds_drop(tx, row, e)) return -1;
    return f->holds[i].impressions ? q_proposal_hold_add(tx, row, &f->holds[i], e) : 0;
}

static int remove_package(struct tx *tx, struct fixture *f, struct err *e)
{
    struct buy *b = &f->buys[below(f, (uint64_t)f->n)];
    if (b->n == 1) return 0;
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM package WHERE package_id = ?");
    stmt_str(s, 1, b->packages[--b->n].package_id);
    return stmt_run(s, e);
}

/* ---- the slow count ---- */

static double share(const struct product_window *w, int64_t goal, int64_t start_at, int64_t end_at)
{
    int64_t ws = w->start_at / HOUR, we = w->end_at / HOUR, s = start_at / HOUR, t = end_at / HOUR;
    if (we <= ws) we = ws + 1;
    if (t <= s) t = s + 1;
    int64_t from = s > ws ? s : ws, to = t < we ? t : we;
    return to > from ? (double)goal * (double)(to - from) / (double)(t - s) : 0;
}

static double slow_count(const struct fixture *f, const struct product_window *w, int64_t now)
{
    double sum = 0;
    for (int i = 0; i < f->n; i++) {
        const struct buy *b = &f->buys[i];
        bool ended = b->sandbox || str_eq(b->row.media_buy_id, w->except_buy);
        for (size_t k = 0; k < ARRAY_LEN(dead); k++) ended = ended || str_is(b->row.status, dead[k]);
        for (int k = 0; !ended && k < b->n; k++) {
            const struct package_row *p = &b->packages[k];
            if (p->canceled_at != TIME_NONE || p->impressions_goal <= 0 || !str_eq(p->product_id, w->product_id))
                continue;
            sum += share(w, p->impressions_goal, p->start_at, p->end_at);
        }
    }
    for (int i = 0; i < HOLDS; i++) {
        const struct proposal_hold_row *h = &f->holds[i];
        if (!h->impressions || f->holders[i].expires_at <= now || !str_eq(h->product_id, w->product_id)) continue;
        if (!str_eq(f->holders[i].proposal_id, w->except_proposal))
            sum += share(w, h->impressions, h->start_at, h->end_at);
    }
    return sum;
}

static void compare(struct fixture *f)
{
    struct err e;
    int64_t fast, now = T0 + below(f, 12) * 24 * HOUR;
    struct product_window w = { .tenant_id = STR("t"),
                                .product_id = str_from(products[below(f, ARRAY_LEN(products))]) };
    random_flight(f, &w.start_at, &w.end_at);
    if (below(f, 2)) w.except_buy = f->buys[below(f, (uint64_t)f->n)].row.media_buy_id;
    if (below(f, 2)) {
        w.except_holder = STR("b");
        w.except_proposal = arena_printf(&f->arena, "prop-%d", (int)below(f, HOLDS));
    }
    assert_int_equal(q_product_booked(store_read(f->store), &f->arena, &w, now, &fast, &e), 0);
    double slow = slow_count(f, &w, now);
    if (fabs((double)fast - slow) > 0.5 + 1e-3) print_message("fast %lld slow %.3f\n", (long long)fast, slow);
    assert_true(fabs((double)fast - slow) <= 0.5 + 1e-3);
}

/* The sums themselves, to the impression: as if they were made afresh. */
static void sums_are_what_the_packages_say(struct fixture *f)
{
    struct err e;
    AUTO_STMT struct stmt *s =
        stmt_get(store_read(f->store),
                 "WITH afresh AS (SELECT tenant_id, product_id, end_hour, start_hour, sum(impressions) AS impressions"
                 "  FROM booked_package GROUP BY 1, 2, 3, 4)"
                 " SELECT count(*) FROM (SELECT * FROM (SELECT * FROM afresh EXCEPT SELECT * FROM product_flight)"
                 "  UNION ALL SELECT * FROM (SELECT * FROM product_flight EXCEPT SELECT * FROM afresh))");
    assert_int_equal(stmt_step(s, &e), 1);
    assert_int_equal(col_i64(s, 0), 0);
}

static void random_lives_are_counted_alike(void **state)
{
    static int (*const steps[])(struct tx *, struct fixture *, struct err *) = {
        change_package, change_package, change_package, change_status, change_status, change_hold, remove_package,
    };
    struct fixture *f = *state;
    rng_init_seeded(&f->rng, 20261121);
    for (int i = 0; i < 1500; i++) {
        bool grow = f->n < 3 || (f->n < BUYS_MAX && below(f, 12) == 0);
        if (below(f, 10) == 0 && f->n >= 3) {
            struct fixture *before = malloc(sizeof(*f)); /* what is rolled back did not happen here either */
            memcpy(before->buys, f->buys, sizeof(f->buys));
            write_step(f, change_package, true);
            memcpy(f->buys, before->buys, sizeof(f->buys));
            free(before);
        } else {
            write_step(f, grow ? add_buy : steps[below(f, ARRAY_LEN(steps))], false);
        }
        for (int k = 0; k < 3; k++) compare(f);
        if (i % 10 == 0) sums_are_what_the_packages_say(f);
    }
    assert_int_equal(f->n, BUYS_MAX);
}

static int end_all(struct tx *tx, struct fixture *f, struct err *e)
{
    for (int i = 0; i < f->n; i++) {
        f->buys[i].row.status = STR("completed");
        if (q_media_buy_update(tx, &f->buys[i].row, e)) return -1;
    }
    return 0;
}

static void nothing_is_left_of_what_ended(void **state)
{
    struct fixture *f = *state;
    struct err e;
    rng_init_seeded(&f->rng, 7);
    for (int i = 0; i < 20; i++) write_step(f, add_buy, false);
    write_step(f, end_all, false);
    AUTO_STMT struct stmt *s = stmt_get(store_read(f->store), "SELECT count(*) FROM product_flight");
    assert_int_equal(stmt_step(s, &e), 1);
    assert_int_equal(col_i64(s, 0), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(random_lives_are_counted_alike),
        T(nothing_is_left_of_what_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
