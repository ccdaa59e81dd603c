/* The pump over a real database and virtual time: order within a subject, retries, the circuit, leases, crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "jobs/pump.h"
#include "run/loop_sim.h"
#include "store/stmt.h"

#define START  INT64_C(1700000000000000)
#define MINUTE (60 * USEC_PER_SEC)

struct fixture {
    struct jobs_observer observer;
    int attempts_told, went_down, came_back;
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct jobs *jobs;
    char path[64];
    char ran[65536]; /* "payload " for every run, in order */
    int under_way, most_under_way;
    bool stopped;
    const char *fails; /* payloads that begin so fail */
    bool record_fails;
};

struct toy {
    struct job_run run;
    struct op_sleep nap;
};

static int toy_begin(struct steps *s)
{
    struct toy *t = CONTAINER_OF(s, struct toy, run.steps);
    struct fixture *f = jobs_context(t->run.jobs);
    size_t n = strlen(f->ran);
    (void)snprintf(f->ran + n, sizeof(f->ran) - n, "%.*s ", STR_ARG(t->run.row.payload));
    if (++f->under_way > f->most_under_way) f->most_under_way = f->under_way;
    steps_sleep(s, &t->nap, loop_now(s->loop) + 1000 + (int64_t)(rng_u64(&s->loop->rng) % 50000));
    return 1;
}

static int toy_end(struct steps *s)
{
    struct toy *t = CONTAINER_OF(s, struct toy, run.steps);
    struct fixture *f = jobs_context(t->run.jobs);
    bool bad = f->fails && str_starts(t->run.row.payload, str_from(f->fails));
    f->under_way--;
    t->run.verdict = str_is(t->run.row.payload, "final") ? JOB_DEAD : bad ? JOB_RETRY : JOB_DONE;
    t->run.health = bad ? LANE_FAILED : LANE_OK;
    if (bad) (void)snprintf(t->run.reason, sizeof(t->run.reason), "it failed");
    return STEPS_END;
}

static int toy_record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct fixture *f = jobs_context(run->jobs);
    return f->record_fails ? err_set(e, "CONFLICT", "not now") : 0;
}

static void toy_cancel(struct job_run *run)
{
    op_sleep_cancel(&CONTAINER_OF(run, struct toy, run)->nap);
}

static const step_fn toy_steps[] = { toy_begin, toy_end };
static const struct job_kind toy_kind = { .name = "toy",
                                          .bytes = sizeof(struct toy),
                                          .steps = toy_steps,
                                          .lease_s = 60,
                                          .attempts_max = 40,
                                          .horizon_s = 86400,
                                          .record = toy_record,
                                          .cancel = toy_cancel };
static const struct job_kind fragile_kind = { .name = "fragile",
                                              .bytes = sizeof(struct toy),
                                              .steps = toy_steps,
                                              .lease_s = 60,
                                              .attempts_max = 2,
                                              .horizon_s = 86400,
                                              .cancel = toy_cancel };
static void note_turn(struct jobs_observer *o, const struct job_run *r)
{
    struct fixture *f = CONTAINER_OF(o, struct fixture, observer);
    f->attempts_told++;
    f->went_down += r->lane_turn == LANE_WENT_DOWN;
    f->came_back += r->lane_turn == LANE_CAME_BACK;
}

static const struct job_kind *const kinds[] = { &toy_kind, &fragile_kind, NULL };

static void begin(struct fixture *f, int64_t now, uint64_t seed)
{
    struct err e;
    struct store_options o = { .path = f->path };
    f->observer.attempt_ended = note_turn;
    struct jobs_options jo = {
        .kinds = kinds, .context = f, .running_max = 16, .lane_max = 8, .observer = &f->observer
    };
    loop_sim_init(&f->sim, &f->loop, now, seed);
    f->sim.work_delay_us_max = 2000;
    assert_int_equal(store_open(&f->loop, &o, &f->store, &e), 0);
    f->jobs = jobs_create(&f->loop, f->store, NULL, &jo);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->path, sizeof(f->path), "test_pump_%d.db", (int)getpid());
    (void)unlink(f->path);
    begin(f, START, 7);
    *state = f;
    return 0;
}

static void stopped(void *arg)
{
    ((struct fixture *)arg)->stopped = true;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char side[80];
    jobs_stop(f->jobs, stopped, f);
    loop_sim_settle(&f->sim);
    assert_true(f->stopped);
    jobs_destroy(f->jobs);
    store_close(f->store);
    loop_sim_finish(&f->sim);
    (void)unlink(f->path);
    (void)snprintf(side, sizeof(side), "%s-wal", f->path);
    (void)unlink(side);
    (void)snprintf(side, sizeof(side), "%s-shm", f->path);
    (void)unlink(side);
    free(f);
    return 0;
}

struct add {
    const char *id, *lane, *subject, *payload, *kind;
    int64_t due_at;
};

static int add_job(struct tx *tx, void *arg, struct err *e)
{
    const struct add *a = arg;
    struct job_row row = { .job_id = str_from(a->id),
                           .tenant_id = STR("t"),
                           .kind = str_from(a->kind ? a->kind : "toy"),
                           .lane = str_from(a->lane),
                           .subject = str_from(a->subject),
                           .payload = str_from(a->payload),
                           .due_at = a->due_at ? a->due_at : START,
                           .deadline_at = TIME_NONE,
                           .created_at = START };
    return q_job_insert(tx, &row, e);
}

static void add(struct fixture *f, struct add a)
{
    struct err e;
    assert_int_equal(store_write_now(f->store, add_job, &a, &e), 0);
    jobs_kick(f->jobs);
}

static struct job_row get(struct fixture *f, struct arena *a, const char *id)
{
    struct err e;
    struct job_row row;
    assert_int_equal(q_job_get(store_read(f->store), a, STR_NONE, str_from(id), &row, &e), 1);
    return row;
}

static void jobs_of_one_subject_run_in_the_order_in_which_they_were_written(void **state)
{
    struct fixture *f = *state;
    add(f, (struct add){ .id = "z", .lane = "l", .subject = "s", .payload = "one" });
    add(f, (struct add){ .id = "a", .lane = "l", .subject = "s", .payload = "two" });
    add(f, (struct add){ .id = "m", .lane = "l", .subject = "s", .payload = "three" });
    loop_sim_run_until(&f->sim, START + MINUTE);
    assert_string_equal(f->ran, "one two three ");
    assert_int_equal(f->most_under_way, 1);
}

static void a_job_behind_a_failing_one_waits_and_other_subjects_do_not(void **state)
{
    struct fixture *f = *state;
    f->fails = "bad";
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "bad" });
    add(f, (struct add){ .id = "2", .lane = "l", .subject = "s", .payload = "later" });
    add(f, (struct add){ .id = "3", .lane = "l", .subject = "other", .payload = "free" });
    loop_sim_run_until(&f->sim, START + 3 * USEC_PER_SEC);
    assert_non_null(strstr(f->ran, "free "));
    assert_null(strstr(f->ran, "later "));
    f->fails = NULL;
    loop_sim_run_until(&f->sim, START + 10 * MINUTE);
    assert_non_null(strstr(f->ran, "bad later "));
}

static void a_job_that_never_succeeds_is_tried_for_a_day_and_then_visibly_dead(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct err e;
    struct job_row *rows;
    size_t n;
    arena_init(&a);
    f->fails = "bad";
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "bad" });
    loop_sim_run_until(&f->sim, START + INT64_C(23) * 3600 * USEC_PER_SEC);
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_READY);
    loop_sim_run_until(&f->sim, START + INT64_C(26) * 3600 * USEC_PER_SEC);
    struct job_row row = get(f, &a, "1");
    assert_int_equal(row.state, JOB_STATE_DEAD);
    assert_true(row.attempts > 20 && row.attempts <= 40);
    assert_true(str_is(row.last_error, "it failed"));
    struct job_filter dead = { .state = STR("dead"), .limit = 10 };
    assert_int_equal(q_job_list(store_read(f->store), &a, &dead, &rows, &n, &e), 0);
    assert_int_equal(n, 1);
    arena_finish(&a);
}

static int redeliver(struct tx *tx, void *arg, struct err *e)
{
    return q_job_redeliver(tx, STR("t"), str_from((const char *)arg), START + MINUTE, e) == 1 ? 0 : -1;
}

static void a_dead_job_can_be_sent_again_and_the_next_of_its_subject_went_on(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct err e;
    arena_init(&a);
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "final" });
    add(f, (struct add){ .id = "2", .lane = "l", .subject = "s", .payload = "next" });
    loop_sim_run_until(&f->sim, START + MINUTE);
    assert_string_equal(f->ran, "final next ");
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_DEAD);
    assert_int_equal(store_write_now(f->store, redeliver, (void *)(uintptr_t)"1", &e), 0);
    jobs_kick(f->jobs);
    loop_sim_run_until(&f->sim, START + 2 * MINUTE);
    assert_string_equal(f->ran, "final next final ");
    arena_finish(&a);
}

static void bounds_hold_and_everything_is_done(void **state)
{
    struct fixture *f = *state;
    char ids[600][16], lanes[600][16];
    for (int i = 0; i < 600; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "j%d", i);
        (void)snprintf(lanes[i], sizeof(lanes[i]), "l%d", i % 5);
        add(f, (struct add){ .id = ids[i], .lane = lanes[i], .subject = ids[i], .payload = "x" });
    }
    loop_sim_run_until(&f->sim, START + 5 * MINUTE);
    struct jobs_stats st;
    jobs_stats(f->jobs, &st);
    assert_int_equal(st.done, 600);
    assert_int_equal(st.running, 0);
    assert_true(f->most_under_way <= 16);
    assert_true(f->most_under_way > 8);
}

static void a_failing_lane_is_left_alone_and_probed_with_one_job(void **state)
{
    struct fixture *f = *state;
    char ids[40][16];
    f->fails = "bad";
    for (int i = 0; i < 40; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "j%d", i);
        add(f, (struct add){ .id = ids[i], .lane = "down", .subject = ids[i], .payload = "bad" });
    }
    add(f, (struct add){ .id = "ok", .lane = "up", .subject = "ok", .payload = "good" });
    loop_sim_run_until(&f->sim, START + 20 * USEC_PER_SEC);
    struct jobs_stats before, after;
    jobs_stats(f->jobs, &before);
    assert_true(before.claimed < 30); /* the circuit opened before all of them were tried */
    assert_int_equal(f->went_down, 1); /* said once, however often it is tried */
    assert_int_equal(f->came_back, 0);
    assert_int_equal(before.done, 1);
    loop_sim_run_until(&f->sim, START + 10 * MINUTE);
    jobs_stats(f->jobs, &after);
    assert_in_range(after.claimed - before.claimed, 2, 12);
    f->fails = NULL;
    loop_sim_run_until(&f->sim, START + 90 * MINUTE);
    jobs_stats(f->jobs, &after);
    assert_int_equal(after.done, 41);
    assert_int_equal(f->went_down, 1);
    assert_int_equal(f->came_back, 1);
    assert_int_equal(f->attempts_told, (int)(after.done + after.retried + after.dead));
}

static void crash(struct fixture *f)
{
    jobs_crash(f->jobs);
    store_crash(f->store);
    int64_t now = f->sim.now;
    loop_sim_finish(&f->sim);
    f->under_way = 0;
    begin(f, now, 8);
}

static void a_crash_makes_the_job_run_again(void **state)
{
    struct fixture *f = *state;
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one" });
    while (f->ran[0] == '\0') (void)loop_sim_run_until(&f->sim, f->sim.now + 100);
    crash(f);
    loop_sim_run_until(&f->sim, f->sim.now + MINUTE);
    assert_string_equal(f->ran, "one one ");
}

/* It may be what crashes the process; then it must not do so for ever. */
static void a_job_that_is_lost_to_crashes_again_and_again_is_dead(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    arena_init(&a);
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one", .kind = "fragile" });
    for (int i = 0; i < 40 && get(f, &a, "1").state == JOB_STATE_READY; i++) {
        size_t ran = strlen(f->ran);
        for (int k = 0; k < 1000 && strlen(f->ran) == ran && get(f, &a, "1").state == JOB_STATE_READY; k++) {
            (void)loop_sim_run_until(&f->sim, f->sim.now + 100);
        }
        if (strlen(f->ran) > ran) crash(f);
    }
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_DEAD);
    assert_true(str_starts(get(f, &a, "1").last_error, STR("Given up")));
    assert_int_equal(strlen(f->ran), 12 * strlen("one ")); /* its own two, and ten that were lost */
    arena_finish(&a);
}

static void an_outcome_that_cannot_be_recorded_is_a_failed_attempt_that_says_so(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    arena_init(&a);
    f->record_fails = true;
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one" });
    loop_sim_run_until(&f->sim, START + USEC_PER_SEC / 2);
    assert_string_equal(f->ran, "one ");
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_READY);
    assert_true(str_starts(get(f, &a, "1").last_error, STR("The outcome could not be recorded: not now")));
    f->record_fails = false;
    loop_sim_run_until(&f->sim, START + 10 * MINUTE);
    assert_string_equal(f->ran, "one one ");
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_DONE);
    arena_finish(&a);
}

/* Not asked for ever: what is asked outside may cost money each time. */
static void an_outcome_that_can_never_be_recorded_ends_dead(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    arena_init(&a);
    f->record_fails = true;
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one" });
    add(f, (struct add){ .id = "2", .lane = "l", .subject = "s", .payload = "final" });
    loop_sim_run_until(&f->sim, START + 3 * USEC_PER_DAY);
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_DEAD);
    assert_true(get(f, &a, "1").attempts <= toy_kind.attempts_max);
    size_t runs = strlen(f->ran);
    loop_sim_run_until(&f->sim, START + 6 * USEC_PER_DAY);
    assert_int_equal(strlen(f->ran), runs);
    arena_finish(&a);
}

static void a_kind_nobody_knows_is_dead_not_lost(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    arena_init(&a);
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one", .kind = "from.the.future" });
    loop_sim_run_until(&f->sim, START + MINUTE);
    assert_int_equal(get(f, &a, "1").state, JOB_STATE_DEAD);
    assert_true(get(f, &a, "1").last_error.n > 0);
    arena_finish(&a);
}

static void a_job_due_later_waits_for_its_time(void **state)
{
    struct fixture *f = *state;
    add(f, (struct add){ .id = "1", .lane = "l", .subject = "s", .payload = "one", .due_at = START + 5 * MINUTE });
    loop_sim_run_until(&f->sim, START + 5 * MINUTE - 1);
    assert_string_equal(f->ran, "");
    loop_sim_run_until(&f->sim, START + 5 * MINUTE + USEC_PER_SEC);
    assert_string_equal(f->ran, "one ");
}

static void backoff_doubles_up_to_an_hour(void **state)
{
    struct rng r;
    rng_init_seeded(&r, 3);
    for (int64_t i = 1; i < 30; i++) {
        int64_t nominal = i > 12 ? 3600 * USEC_PER_SEC : USEC_PER_SEC << (i - 1);
        assert_in_range(jobs_backoff_us(&r, i), nominal * 3 / 4, nominal * 5 / 4);
    }
}

/* The teardown stops the jobs and expects to be told, whatever the pump is doing at that moment. */
static void stopping_during_the_first_claim_is_told(void **state)
{
    struct fixture *f = *state;
    (void)loop_turn(&f->loop); /* the claim is queued and its commit begins */
    (void)loop_turn(&f->loop);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(jobs_of_one_subject_run_in_the_order_in_which_they_were_written),
        T(a_job_behind_a_failing_one_waits_and_other_subjects_do_not),
        T(a_job_that_never_succeeds_is_tried_for_a_day_and_then_visibly_dead),
        T(a_dead_job_can_be_sent_again_and_the_next_of_its_subject_went_on),
        T(bounds_hold_and_everything_is_done),
        T(a_failing_lane_is_left_alone_and_probed_with_one_job),
        T(a_crash_makes_the_job_run_again),
        T(a_job_that_is_lost_to_crashes_again_and_again_is_dead),
        T(an_outcome_that_cannot_be_recorded_is_a_failed_attempt_that_says_so),
        T(an_outcome_that_can_never_be_recorded_ends_dead),
        T(a_kind_nobody_knows_is_dead_not_lost),
        T(a_job_due_later_waits_for_its_time),
        T(stopping_during_the_first_claim_is_told),
        cmocka_unit_test(backoff_doubles_up_to_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
