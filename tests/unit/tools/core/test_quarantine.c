/* What time does to rows when one of them cannot be handled: its neighbours go on, it is tried later, and what the
 * process died on twice waits for a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/core/quarantine.h"
#include "domain/decide/task_advance.h"
#include "domain/media_buy/lifecycle.h"
#include "domain/task/task.h"
#include "store/q/agent/q_job.h"
#include "tools/fixture.h"

#define END    INT64_C(1777593600000000) /* 2026-05-01T00:00:00Z */
#define MINUTE (60 * USEC_PER_SEC)

static const char create[] =
    "{\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\",\"budget\":3000,"
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}],\"context\":{\"trace\":1}}";

/* Behind the agent's back, as a failing disk or a person with a tool would. */
static void sql(struct fixture *f, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct str buy(struct fixture *f)
{
    f->auto_advance = true;
    return json_str(fixture_ok(f, "create_media_buy", create).reply, "media_buy_id");
}

static const char *status(struct fixture *f, struct str id)
{
    struct fixture_reply r = fixture_ok(
        f, "get_media_buys",
        arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"],\"include_history\":5}", STR_ARG(id)).p);
    return fixture_text(f, &r, "/media_buys/0/history/0/action");
}

struct passing {
    const struct due_kind *kind;
    int64_t now, next;
};

static int pass(struct act *act, void *arg, struct err *e)
{
    struct passing *p = arg;
    struct act timer = *act;
    timer.now = p->now;
    timer.principal = NULL;
    timer.tenant = NULL;
    timer.actor = STR("system:lifecycle");
    do {
        if (due_advance(&timer, p->kind, &p->next, e)) return -1;
    } while (p->next != TIME_NONE && p->next <= p->now);
    return 0;
}

static int64_t time_passes(struct fixture *f, const struct due_kind *kind, int64_t now)
{
    struct err e;
    struct passing p = { .kind = kind, .now = now };
    assert_int_equal(fixture_act(f, pass, &p, &e), 0);
    return p.next;
}

struct looking {
    const char *kind;
    struct str row_id;
    struct quarantine_row row;
    int found;
};

static int look(struct act *act, void *arg, struct err *e)
{
    struct looking *l = arg;
    l->found = q_quarantine_get(act->tx, act->arena, str_from(l->kind), l->row_id, &l->row, e);
    return l->found < 0 ? -1 : 0;
}

static bool in_quarantine(struct fixture *f, const char *kind, struct str id, struct quarantine_row *row)
{
    struct err e;
    struct looking l = { .kind = kind, .row_id = id };
    assert_int_equal(fixture_act(f, look, &l, &e), 0);
    if (l.found) *row = l.row;
    return l.found;
}

static int die(struct act *act, void *arg, struct err *e)
{
    return quarantine_note_death(act, arg, e);
}

static void dies_on(struct fixture *f, const char *operation, struct str row)
{
    struct err e;
    struct doing d = { 0 };
    (void)snprintf(d.operation, sizeof(d.operation), "%s", operation);
    (void)snprintf(d.publisher, sizeof(d.publisher), STR_FMT, STR_ARG(f->tenant.tenant_id));
    (void)snprintf(d.row, sizeof(d.row), STR_FMT, STR_ARG(row));
    assert_int_equal(fixture_act(f, die, &d, &e), 0);
}

struct saying {
    int (*say)(const struct act *act, struct str kind, struct str row_id, struct err *e);
    const char *kind;
    struct str row_id;
};

static int say(struct act *act, void *arg, struct err *e)
{
    const struct saying *s = arg;
    return s->say(act, str_from(s->kind), s->row_id, e);
}

/* ---- a row that fails ---- */

static void a_flight_that_fails_is_tried_later_and_its_neighbours_go_on(void **state)
{
    struct fixture *f = *state;
    struct quarantine_row q;
    struct str bad = buy(f), good = buy(f);
    sql(f, arena_printf(&f->arena, "UPDATE media_buy SET echo = '{\"context\":' WHERE media_buy_id = '" STR_FMT "'",
                        STR_ARG(bad))
               .p);
    assert_int_equal(time_passes(f, &lifecycle_flights, END), END + MINUTE);
    assert_string_equal(status(f, good), "canceled"); /* without creatives */
    assert_true(in_quarantine(f, QUARANTINE_FLIGHT, bad, &q));
    assert_int_equal(q.failures, 1);
    assert_int_equal(q.retry_at, END + MINUTE);
    assert_non_null(strstr(q.reason.p, "SERVICE_UNAVAILABLE"));
    assert_false(in_quarantine(f, QUARANTINE_FLIGHT, good, &q));

    /* Not before its time; then less and less often. */
    assert_int_equal(time_passes(f, &lifecycle_flights, END + MINUTE - 1), END + MINUTE);
    assert_int_equal(time_passes(f, &lifecycle_flights, END + MINUTE), END + 3 * MINUTE);
    assert_int_equal(time_passes(f, &lifecycle_flights, END + 3 * MINUTE), END + 7 * MINUTE);

    sql(f,
        arena_printf(&f->arena, "UPDATE media_buy SET echo = '{}' WHERE media_buy_id = '" STR_FMT "'", STR_ARG(bad)).p);
    assert_int_equal(time_passes(f, &lifecycle_flights, END + 7 * MINUTE), TIME_NONE);
    assert_string_equal(status(f, bad), "canceled");
    assert_false(in_quarantine(f, QUARANTINE_FLIGHT, bad, &q));
}

static void a_task_that_fails_is_tried_later_and_its_neighbours_go_on(void **state)
{
    struct fixture *f = *state;
    struct quarantine_row q;
    f->auto_advance = false;
    struct str bad = fixture_ok(f, "create_media_buy", create).task_id,
               good = fixture_ok(f, "create_media_buy", create).task_id;
    sql(f, arena_printf(&f->arena, "UPDATE task SET doc = 'x' WHERE task_id = '" STR_FMT "'", STR_ARG(bad)).p);
    int64_t due = FIXTURE_NOW + 25 * 60 * MINUTE;
    assert_int_equal(time_passes(f, &task_times, due), due + MINUTE);
    assert_true(in_quarantine(f, QUARANTINE_TASK, bad, &q));
    assert_false(in_quarantine(f, QUARANTINE_TASK, good, &q));
}

static void words_that_no_version_wrote_stop_what_they_stand_on_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct str id = buy(f);
    (void)buy(f);
    sql(f,
        arena_printf(&f->arena, "UPDATE media_buy SET status = 'odd' WHERE media_buy_id = '" STR_FMT "'", STR_ARG(id))
            .p);
    struct fixture_reply r =
        fixture_call(f, "update_media_buy",
                     arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"paused\":true}", STR_ARG(id)).p);
    assert_int_equal(r.rc, -1);
    (void)time_passes(f, &lifecycle_flights, END);
    sql(f, "UPDATE package SET pricing_model = 'odd'");
    r = fixture_call(f, "get_media_buy_delivery", "{}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "SERVICE_UNAVAILABLE");
    sql(f, "UPDATE media_buy SET currency = ''");
    r = fixture_call(f, "get_media_buys", "{}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "SERVICE_UNAVAILABLE");
}

static void what_was_changed_meanwhile_leaves_the_quarantine(void **state)
{
    struct fixture *f = *state;
    struct quarantine_row q;
    struct str bad = buy(f);
    sql(f, "UPDATE media_buy SET echo = 'x'");
    (void)time_passes(f, &lifecycle_flights, END);
    sql(f, "UPDATE media_buy SET echo = '{}', next_change_at = NULL");
    assert_int_equal(time_passes(f, &lifecycle_flights, END + MINUTE), TIME_NONE);
    assert_false(in_quarantine(f, QUARANTINE_FLIGHT, bad, &q));
}

/* ---- a row that ends the process ---- */

static void what_the_process_died_on_twice_waits_for_a_person(void **state)
{
    struct fixture *f = *state;
    struct quarantine_row q;
    struct err e;
    struct str id = buy(f);
    dies_on(f, "create_media_buy", STR("")); /* a call is no row */
    dies_on(f, "flight", id);
    assert_true(in_quarantine(f, QUARANTINE_FLIGHT, id, &q));
    assert_int_equal(q.deaths, 1);
    assert_true(q.retry_at != TIME_NONE);
    dies_on(f, "flight", id);
    assert_true(in_quarantine(f, QUARANTINE_FLIGHT, id, &q));
    assert_int_equal(q.retry_at, TIME_NONE);
    assert_int_equal(time_passes(f, &lifecycle_flights, END), TIME_NONE); /* it is left alone */
    assert_string_not_equal(status(f, id), "canceled");

    f->principal.role = ROLE_ADMINISTRATOR;
    struct saying retry = { quarantine_retry, QUARANTINE_FLIGHT, id };
    assert_int_equal(fixture_act(f, say, &retry, &e), 0);
    assert_int_equal(time_passes(f, &lifecycle_flights, END), TIME_NONE);
    assert_string_equal(status(f, id), "canceled");
    assert_int_equal(fixture_act(f, say, &retry, &e), -1);
    assert_string_equal(e.code, "REFERENCE_NOT_FOUND");
}

static void once_is_not_twice(void **state)
{
    struct fixture *f = *state;
    struct quarantine_row q;
    struct str id = buy(f);
    dies_on(f, "flight", id);
    assert_int_equal(time_passes(f, &lifecycle_flights, END), TIME_NONE);
    assert_string_equal(status(f, id), "canceled");
    assert_false(in_quarantine(f, QUARANTINE_FLIGHT, id, &q)); /* done: forgotten */
}

static void what_is_dropped_is_never_due_again(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct str id = buy(f);
    dies_on(f, "flight", id);
    dies_on(f, "flight", id);
    struct saying drop = { quarantine_drop, QUARANTINE_FLIGHT, id };
    assert_int_equal(fixture_act(f, say, &drop, &e), 0);
    assert_int_equal(time_passes(f, &lifecycle_flights, END + 30 * 24 * 60 * MINUTE), TIME_NONE);
}

static int add_job(struct act *act, void *arg, struct err *e)
{
    struct job_row row = { .job_id = STR("job-1"),
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR("webhook"),
                           .lane = STR("l"),
                           .subject = STR("s"),
                           .payload = STR("{}"),
                           .due_at = act->now,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &row, e);
}

static int job_state(struct act *act, void *arg, struct err *e)
{
    struct job_row *row = arg;
    return q_job_get(act->tx, act->arena, act->tenant->tenant_id, STR("job-1"), row, e) == 1 ? 0 : -1;
}

static void a_job_the_process_died_on_twice_is_dead_until_it_is_retried(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct job_row row;
    assert_int_equal(fixture_act(f, add_job, NULL, &e), 0);
    dies_on(f, "job", STR("job-1"));
    assert_int_equal(fixture_act(f, job_state, &row, &e), 0);
    assert_int_equal(row.state, JOB_STATE_READY);
    dies_on(f, "job", STR("job-1"));
    assert_int_equal(fixture_act(f, job_state, &row, &e), 0);
    assert_int_equal(row.state, JOB_STATE_DEAD);
    struct saying retry = { quarantine_retry, QUARANTINE_JOB, STR("job-1") };
    assert_int_equal(fixture_act(f, say, &retry, &e), 0);
    assert_int_equal(fixture_act(f, job_state, &row, &e), 0);
    assert_int_equal(row.state, JOB_STATE_READY);
}

static void another_publishers_rows_are_not_there(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct str id = buy(f);
    dies_on(f, "flight", id);
    dies_on(f, "flight", id);
    fixture_become_other_publishers_buyer(f, "other", "somebody");
    struct saying drop = { quarantine_drop, QUARANTINE_FLIGHT, id };
    assert_int_equal(fixture_act(f, say, &drop, &e), -1);
    assert_string_equal(e.code, "REFERENCE_NOT_FOUND");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_flight_that_fails_is_tried_later_and_its_neighbours_go_on),
        T(a_task_that_fails_is_tried_later_and_its_neighbours_go_on),
        T(words_that_no_version_wrote_stop_what_they_stand_on_and_nothing_else),
        T(what_was_changed_meanwhile_leaves_the_quarantine),
        T(what_the_process_died_on_twice_waits_for_a_person),
        T(once_is_not_twice),
        T(what_is_dropped_is_never_due_again),
        T(a_job_the_process_died_on_twice_is_dead_until_it_is_retried),
        T(another_publishers_rows_are_not_there),
    };
    log_set_level(LOG_NONE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
