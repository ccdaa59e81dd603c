/* The turn, timers and work, over virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "run/loop_sim.h"
#include "base/rfc3339.h"
#include "run/loop_uv.h"

struct probe {
    struct timer timer;
    struct ready ready;
    struct work work;
    struct loop *loop;
    int64_t fired_at;
    int runs;
    bool again;
};

static void on_fire(struct timer *t)
{
    struct probe *p = CONTAINER_OF(t, struct probe, timer);
    p->fired_at = loop_now(p->loop);
    p->runs++;
}

static void on_ready(struct ready *r)
{
    struct probe *p = CONTAINER_OF(r, struct probe, ready);
    p->runs++;
    if (p->again && p->runs < 3) loop_ready(p->loop, r);
}

static void do_work(struct work *w)
{
    CONTAINER_OF(w, struct probe, work)->runs = 10;
}

static void work_done(struct work *w)
{
    CONTAINER_OF(w, struct probe, work)->runs++;
}

static void timers_fire_in_order_at_their_time(void **state)
{
    struct loop l;
    struct loop_sim d;
    struct probe p[200] = { 0 };
    loop_sim_init(&d, &l, 1000, 1);
    for (int i = 0; i < 200; i++) {
        p[i].loop = &l;
        p[i].timer.fire = on_fire;
        timer_set(&l, &p[i].timer, 1000 + (i * 7919) % 200 * 10);
    }
    for (int i = 0; i < 200; i += 5) timer_cancel(&l, &p[i].timer);
    loop_sim_run_until(&d, 4000);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(p[i].runs, i % 5 == 0 ? 0 : 1);
        if (i % 5) assert_int_equal(p[i].fired_at, p[i].timer.due_at);
    }
    assert_int_equal(loop_next_due(&l), INT64_MAX);
    loop_sim_finish(&d);
}

static void a_ready_item_runs_once_per_marking(void **state)
{
    struct loop l;
    struct loop_sim d;
    struct probe p = { .loop = &l, .again = true };
    loop_sim_init(&d, &l, 0, 1);
    ready_init(&p.ready, on_ready);
    loop_ready(&l, &p.ready);
    loop_ready(&l, &p.ready);
    loop_sim_settle(&d);
    assert_int_equal(p.runs, 3);
    loop_sim_finish(&d);
}

static struct loop_sim *clock_of_slow;

static void on_slow(struct ready *r)
{
    CONTAINER_OF(r, struct probe, ready)->runs++;
    clock_of_slow->now += 1000;
}

static void the_patient_fill_two_milliseconds_of_a_turn(void **state)
{
    struct loop l;
    struct loop_sim d;
    struct probe patient[5] = { 0 }, other = { .loop = &l };
    loop_sim_init(&d, &l, 0, 1);
    clock_of_slow = &d;
    for (int i = 0; i < 5; i++) {
        ready_init(&patient[i].ready, on_slow);
        patient[i].ready.patient = true;
        loop_ready(&l, &patient[i].ready);
    }
    for (int turn = 1; turn <= 3; turn++) {
        ready_init(&other.ready, on_ready);
        loop_ready(&l, &other.ready);
        assert_int_equal(loop_turn(&l), turn < 3);
        assert_int_equal(other.runs, turn); /* though it was marked after them */
        int runs = 0;
        for (int i = 0; i < 5; i++) runs += patient[i].runs;
        assert_int_equal(runs, turn < 3 ? 2 * turn : 5);
    }
    loop_sim_finish(&d);
}

static void work_is_done_in_a_later_turn(void **state)
{
    struct loop l;
    struct loop_sim d;
    struct probe p = { .loop = &l, .work = { .work = do_work, .done = work_done } };
    loop_sim_init(&d, &l, 0, 1);
    d.work_delay_us_max = 500;
    loop_work(&l, &p.work);
    assert_int_equal(p.runs, 0);
    loop_sim_settle(&d);
    assert_int_equal(p.runs, 11);
    loop_sim_finish(&d);
}

static void stop_after_work(struct work *w)
{
    struct probe *p = CONTAINER_OF(w, struct probe, work);
    p->runs++;
    loop_uv_stop(CONTAINER_OF(p->loop->driver, struct loop_uv, driver));
}

static void the_uv_driver_runs_timers_and_work(void **state)
{
    struct loop l;
    struct loop_uv d;
    struct rng rng;
    rng_init_seeded(&rng, 1);
    loop_uv_init(&d, &l, rng);
    struct probe t = { .loop = &l, .timer = { .fire = on_fire } };
    struct probe w = { .loop = &l, .work = { .work = do_work, .done = stop_after_work } };
    timer_set(&l, &t.timer, loop_now(&l) - 1);
    loop_work(&l, &w.work);
    loop_uv_run(&d);
    assert_int_equal(t.runs, 1);
    assert_int_equal(w.runs, 11);
    loop_uv_finish(&d);
}

/* What is done between the start and the first turn (an import, above all) happens at the time that was set. */
static void a_clock_that_is_set_counts_before_the_first_turn(void **state)
{
    struct loop l;
    struct loop_uv d;
    struct rng rng;
    rng_init_seeded(&rng, 1);
    loop_uv_init(&d, &l, rng);
    loop_uv_set_clock(&d, 1000 * USEC_PER_SEC);
    assert_int_equal(loop_now(&l), 1000 * USEC_PER_SEC);
    struct probe w = { .loop = &l, .work = { .work = do_work, .done = stop_after_work } };
    loop_work(&l, &w.work);
    loop_uv_run(&d);
    assert_in_range(loop_now(&l), 1000 * USEC_PER_SEC, 1100 * USEC_PER_SEC);
    loop_uv_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_at_their_time),
        cmocka_unit_test(a_ready_item_runs_once_per_marking),
        cmocka_unit_test(the_patient_fill_two_milliseconds_of_a_turn),
        cmocka_unit_test(work_is_done_in_a_later_turn),
        cmocka_unit_test(the_uv_driver_runs_timers_and_work),
        cmocka_unit_test(a_clock_that_is_set_counts_before_the_first_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
