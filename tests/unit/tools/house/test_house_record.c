/* What the ad server counted, written: facts by the publisher's days, money within the budget, tokens and visitors as they were,
 * days that are opened, owed for and closed. */
#include "paper.h"

#include "base/tz.h"
#include "serving/forecast.h"
#include "domain/delivery/delivery.h"
#include "domain/house/house_report.h"
#include "store/q/q_delivery.h"
#include "store/q/q_house.h"

#define HOUR INT64_C(3600000000)

struct batch {
    struct fixture *f;
    const struct tz *zone;
    struct tally tally;
};

static int64_t none_on_the_way(void *arg, uint32_t package)
{
    (void)arg;
    return package;
}

static const struct tz *zone_of(void *arg, uint32_t package)
{
    (void)package;
    return ((struct batch *)arg)->zone;
}

static int write_batch(struct act *act, void *arg, struct err *e)
{
    struct batch *b = arg;
    struct house_recorder r = {
        .act = act, .on_the_way = none_on_the_way, .zone_of = zone_of, .arg = b, .epoch = { 7, act->now / 1000 + 1000 }
    };
    struct tally_place at = { 0, 0, 0, 0 }, end = tally_end(&b->tally);
    tally_sort(&b->tally);
    while (memcmp(&at, &end, sizeof(end)) != 0) {
        struct house_part part = house_part_next(&b->tally, at);
        if (house_record(&r, &part, e)) return -1;
        at = part.to;
    }
    return 0;
}

static void batch_open(struct batch *b, struct fixture *f)
{
    struct house_publisher p;
    paper_publisher(f, &p);
    *b = (struct batch){ .f = f, .zone = p.publisher.zone };
    tally_init(&b->tally);
}

static void batch_write(struct batch *b)
{
    struct err e;
    assert_int_equal(fixture_act(b->f, write_batch, b, &e), 0);
    tally_clear(&b->tally);
}

static void add(struct batch *b, uint32_t package, enum event event, enum invalid invalid, int64_t hour_at, int64_t n)
{
    tally_add(&b->tally, &(struct delta){ .package = package,
                                          .creative = 1,
                                          .slot = 1,
                                          .event = (uint8_t)event,
                                          .invalid = (uint8_t)invalid,
                                          .hour_at = hour_at,
                                          .n = n });
}

static struct fact_rows facts_of(struct fixture *f, struct str buy)
{
    struct fact_rows rows;
    struct err e;
    assert_int_equal(q_facts_of_buy(store_read(f->store), &f->arena, buy, &rows, &e), 0);
    return rows;
}

static int setup(void **state)
{
    *state = paper_open();
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

static void test_days_are_the_publishers_and_filtered_is_not_reported(void **state)
{
    struct fixture *f = *state;
    struct str package = paper_book(f, "page", "cpm", 100, 10), buy = paper_buy_of(f, package);
    struct house_buy loaded;
    struct batch b;
    int64_t day = tz_day(tz_utc(), f->now);
    paper_load(f, buy, &loaded);
    uint32_t key = loaded.packages[0].key;
    batch_open(&b, f);
    add(&b, key, EVENT_IMPRESSION, VALID, tz_day_begins_at(tz_utc(), day + 1) - 2 * HOUR, 300); /* 23 h in Berlin */
    add(&b, key, EVENT_IMPRESSION, VALID, tz_day_begins_at(tz_utc(), day + 1) - 1 * HOUR, 500); /* the next day there */
    add(&b, key, EVENT_IMPRESSION, INVALID_BOT, tz_day_begins_at(tz_utc(), day + 1) - 1 * HOUR, 900);
    add(&b, key, EVENT_CLICK, VALID, tz_day_begins_at(tz_utc(), day + 1) - 1 * HOUR, 4);
    batch_write(&b);
    add(&b, key, EVENT_VIEWABLE, VALID, tz_day_begins_at(tz_utc(), day + 1) - 1 * HOUR, 200);
    batch_write(&b);
    tally_finish(&b.tally);
    struct fact_rows rows = facts_of(f, buy);
    assert_int_equal(rows.n, 2);
    assert_int_equal(rows.rows[0].day_at, day * USEC_PER_DAY);
    assert_int_equal(rows.rows[0].delivered.of[METRIC_IMPRESSIONS], 300);
    assert_int_equal(rows.rows[0].delivered.of[METRIC_SPEND], 3000000);
    assert_int_equal(rows.rows[1].delivered.of[METRIC_IMPRESSIONS], 500);
    assert_int_equal(rows.rows[1].delivered.of[METRIC_CLICKS], 4);
    assert_int_equal(rows.rows[1].delivered.of[METRIC_VIEWABLE], 200);
    assert_int_equal(rows.rows[1].delivered.of[METRIC_SPEND], 5000000);
    /* After a restart it goes on from there. */
    paper_load(f, buy, &loaded);
    assert_int_equal(loaded.packages[0].counted.n[EVENT_IMPRESSION], 800);
    assert_int_equal(loaded.packages[0].goal, 10000);
}

static void test_the_budget_is_never_passed(void **state)
{
    struct fixture *f = *state;
    struct str package = paper_book(f, "page", "cpc", 100, 10), buy = paper_buy_of(f, package); /* 200 clicks */
    struct house_buy loaded;
    struct batch b;
    paper_load(f, buy, &loaded);
    batch_open(&b, f);
    for (int i = 0; i < 7; i++) {
        add(&b, loaded.packages[0].key, EVENT_IMPRESSION, VALID, f->now - f->now % HOUR, 1000);
        add(&b, loaded.packages[0].key, EVENT_CLICK, VALID, f->now - f->now % HOUR, 33);
        batch_write(&b);
    }
    tally_finish(&b.tally);
    struct fact_rows rows = facts_of(f, buy);
    assert_int_equal(rows.n, 1);
    assert_int_equal(rows.rows[0].delivered.of[METRIC_CLICKS], 231);
    assert_int_equal(rows.rows[0].delivered.of[METRIC_SPEND], INT64_C(100000000));
}

static void count_tokens(void *arg, const struct used *u)
{
    struct used *sum = arg;
    sum->epoch = u->epoch;
    sum->sequence += u->sequence;
    sum->bits |= u->bits;
    sum->package++;
}

static void count_row(void *arg, struct str tokens)
{
    house_used_read(tokens, count_tokens, arg);
}

static void test_used_tokens_are_stored_with_what_they_counted(void **state)
{
    struct fixture *f = *state;
    struct batch b;
    struct used sum = { 0, 0, 0, 0 };
    struct err e;
    batch_open(&b, f);
    for (uint32_t i = 1; i <= 1000; i++) {
        add(&b, i, EVENT_IMPRESSION, VALID, f->now - f->now % HOUR, 1);
        tally_add_used(&b.tally, &(struct used){ 0xfedcba98u, i, i, (uint16_t)(1u << (i % 16)) });
    }
    batch_write(&b); /* in parts */
    tally_finish(&b.tally);
    assert_int_equal(q_house_used(store_read(f->store), 0, count_row, &sum, &e), 0);
    assert_int_equal(sum.epoch, 0xfedcba98u);
    assert_int_equal(sum.sequence, 500500);
    assert_int_equal(sum.bits, 0xffff);
    assert_int_equal(sum.package, 1000);
}

struct days {
    struct str buy, package;
    int64_t day, micros, n;
};

static int open_days(struct act *act, void *arg, struct err *e)
{
    struct days *d = arg;
    return house_open_days(act, d->buy, d->package, d->day, e);
}

static int accrue(struct act *act, void *arg, struct err *e)
{
    struct days *d = arg;
    return house_accrue(act, d->buy, d->package, d->day, d->micros, e);
}

static int close_days(struct act *act, void *arg, struct err *e)
{
    struct days *d = arg;
    return house_close_days(act, act->tenant->tenant_id, d->day, &d->n, e);
}

static void test_days_open_are_owed_for_and_close(void **state)
{
    struct fixture *f = *state;
    struct days d = { .package = paper_book(f, "page", "flat_rate", 300, 10), .micros = INT64_C(40000000) };
    struct err e;
    d.buy = paper_buy_of(f, d.package);
    d.day = tz_day(tz_utc(), f->now);
    assert_int_equal(fixture_act(f, open_days, &d, &e), 0);
    d.day += 3; /* nobody was there for two days */
    assert_int_equal(fixture_act(f, open_days, &d, &e), 0);
    assert_int_equal(fixture_act(f, open_days, &d, &e), 0);
    assert_int_equal(facts_of(f, d.buy).n, 4);
    for (int i = 0; i < 9; i++) assert_int_equal(fixture_act(f, accrue, &d, &e), 0);
    assert_int_equal(facts_of(f, d.buy).rows[3].delivered.of[METRIC_SPEND], INT64_C(300000000)); /* not 360 */
    assert_int_equal(fixture_act(f, close_days, &d, &e), 0);
    assert_int_equal(d.n, 3);
    assert_true(facts_of(f, d.buy).rows[2].is_final);
    assert_false(facts_of(f, d.buy).rows[3].is_final);
}

/* ---- reports ---- */

static void add_on(struct batch *b, const struct delta *d)
{
    tally_add(&b->tally, d);
}

static int make_report(struct act *act, void *arg, struct err *e)
{
    struct house_report_wish *w = ((void **)arg)[0];
    const struct batch *b = ((void **)arg)[1];
    struct house_report *out = ((void **)arg)[2];
    return house_report_make(act, b->zone, w, out, e);
}

static struct house_report report_of(struct batch *b, struct house_report_wish w)
{
    struct house_report out;
    struct err e;
    w.max = w.max ? w.max : 100;
    void *args[] = { &w, b, &out };
    assert_int_equal(fixture_act(b->f, make_report, args, &e), 0);
    return out;
}

static const struct house_line *line_of_slot(const struct house_report *r, const char *slot)
{
    for (size_t i = 0; i < r->n; i++) {
        if (str_is(r->lines[i].slot_id, slot)) return &r->lines[i];
    }
    return NULL;
}

static int64_t slot_key(struct fixture *f, const char *id)
{
    struct house_publisher p;
    paper_publisher(f, &p);
    for (size_t i = 0; i < p.slots_n; i++) {
        if (str_is(p.slots[i].slot_id, id)) return p.slots[i].key;
    }
    fail_msg("no slot %s", id);
    return 0;
}

/* 1,000 impressions at 10 a thousand are 10; on three slots, one of them by a seventh: nothing is lost by rounding. */
static void test_money_is_divided_between_slots_and_adds_up(void **state)
{
    struct fixture *f = *state;
    struct str package = paper_book(f, "page", "cpm", 100, 10), buy = paper_buy_of(f, package);
    struct house_buy loaded;
    struct batch b;
    int64_t hour = f->now - f->now % HOUR, n[] = { 143, 500, 357 };
    const char *slots[] = { "top", "side", "foot" };
    paper_load(f, buy, &loaded);
    batch_open(&b, f);
    int64_t day = tz_day(b.zone, f->now);
    for (int i = 0; i < 3; i++) {
        uint32_t slot = (uint32_t)slot_key(f, slots[i]), key = loaded.packages[0].key;
        add_on(&b, &(struct delta){ .slot = slot, .event = EVENT_REQUEST, .hour_at = hour, .n = 2 * n[i] });
        add_on(&b, &(struct delta){ .package = key,
                                    .creative = 1 + (uint32_t)i,
                                    .slot = slot,
                                    .event = EVENT_DECISION,
                                    .hour_at = hour,
                                    .n = n[i] + 1 });
        add_on(&b, &(struct delta){ .package = key,
                                    .creative = 1 + (uint32_t)i,
                                    .slot = slot,
                                    .event = EVENT_IMPRESSION,
                                    .hour_at = hour,
                                    .n = n[i] });
    }
    uint32_t empty = (uint32_t)slot_key(f, "letter");
    add_on(&b, &(struct delta){ .slot = empty, .event = EVENT_REQUEST, .hour_at = hour, .n = 77 });
    batch_write(&b);
    tally_finish(&b.tally);
    struct house_report_wish w = { .from_day = day, .until_day = day, .by_slot = true };
    struct house_report r = report_of(&b, w);
    int64_t sum = 0;
    assert_int_equal(r.n, 4);
    for (int i = 0; i < 3; i++) {
        const struct house_line *l = line_of_slot(&r, slots[i]);
        assert_non_null(l);
        assert_int_equal(l->n[EVENT_REQUEST], 2 * n[i]);
        assert_int_equal(l->n[EVENT_DECISION], n[i] + 1);
        assert_int_equal(l->spends_n, 1);
        assert_in_range(l->spends[0].micros, n[i] * 10000 - 1, n[i] * 10000 + 1);
        sum += l->spends[0].micros;
    }
    assert_int_equal(sum, 10000000);
    const struct house_line *unsold = line_of_slot(&r, "letter");
    assert_non_null(unsold);
    assert_int_equal(unsold->n[EVENT_REQUEST], 77);
    assert_int_equal(unsold->n[EVENT_DECISION], 0);
    assert_int_equal(unsold->spends_n, 0);
    /* All of it in one; and page by page the same lines. */
    r = report_of(&b, (struct house_report_wish){ .from_day = day, .until_day = day, .by_day = true });
    assert_int_equal(r.n, 1);
    assert_int_equal(r.lines[0].n[EVENT_REQUEST], 2077);
    assert_int_equal(r.lines[0].spends[0].micros, 10000000);
    for (size_t i = 0, money = 0; i < 4; i++) {
        w.skip = i;
        w.max = 1;
        r = report_of(&b, w);
        assert_int_equal(r.n, 1);
        assert_true(r.more == (i < 3));
        money += r.lines[0].spends_n ? (size_t)r.lines[0].spends[0].micros : 0;
        if (i == 3) assert_int_equal(money, 10000000);
    }
    /* Requests are of slots, not of packages. */
    r = report_of(
        &b, (struct house_report_wish){ .from_day = day, .until_day = day, .by_slot = true, .media_buy_id = buy });
    assert_int_equal(r.n, 3);
    assert_int_equal(r.lines[0].n[EVENT_REQUEST], 0);
}

/* What is owed for time is there though nothing was shown; for what nothing was shown, no slot is paid. */
static void test_money_of_what_was_not_shown_is_of_its_package(void **state)
{
    struct fixture *f = *state;
    struct days d = { .package = paper_book(f, "page", "flat_rate", 300, 10), .micros = INT64_C(40000000) };
    struct house_buy loaded;
    struct batch b;
    struct err e;
    d.buy = paper_buy_of(f, d.package);
    paper_load(f, d.buy, &loaded);
    batch_open(&b, f);
    tally_finish(&b.tally);
    d.day = tz_day(b.zone, f->now);
    assert_int_equal(fixture_act(f, accrue, &d, &e), 0);
    struct house_report_wish w = { .from_day = d.day, .until_day = d.day, .by_package = true };
    struct house_report r = report_of(&b, w);
    assert_int_equal(r.n, 1);
    assert_string_equal(r.lines[0].package_id.p, d.package.p);
    assert_int_equal(r.lines[0].spends[0].micros, d.micros);
    w.by_package = false;
    w.by_slot = true;
    assert_int_equal(report_of(&b, w).n, 0);
}

/* ---- days of a clock change ---- */

/* 2026-10-25 has 25 hours in Berlin, two of them called two o'clock; 2027-03-28 has 23. */
static void a_day_has(struct fixture *f, const char *date, int64_t hours)
{
    struct str package = paper_book(f, "page", "cpm", 1000, 365), buy = paper_buy_of(f, package);
    struct house_buy loaded;
    struct batch b;
    int64_t midnight;
    paper_load(f, buy, &loaded);
    batch_open(&b, f);
    assert_int_equal(rfc3339_parse_date(str_from(date), &midnight), 0);
    int64_t day = midnight / USEC_PER_DAY, from = tz_day_begins_at(b.zone, day);
    assert_int_equal(tz_day_begins_at(b.zone, day + 1) - from, hours * HOUR);
    for (int64_t h = -1; h <= hours; h++)
        add(&b, loaded.packages[0].key, EVENT_IMPRESSION, VALID, from + h * HOUR, 100);
    batch_write(&b);
    tally_finish(&b.tally);
    struct fact_rows rows = facts_of(f, buy);
    assert_int_equal(rows.n, 3);
    assert_int_equal(rows.rows[1].day_at, midnight);
    assert_int_equal(rows.rows[1].delivered.of[METRIC_IMPRESSIONS], hours * 100);
    struct house_report r = report_of(
        &b,
        (struct house_report_wish){ .from_day = day - 1, .until_day = day + 1, .by_day = true, .media_buy_id = buy });
    assert_int_equal(r.n, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(r.lines[i].n[EVENT_IMPRESSION], i == 1 ? hours * 100 : 100);
    assert_int_equal(r.lines[1].spends[0].micros, hours * 1000000);
    /* It is over when the next one has begun there. */
    struct days d = { .buy = buy, .package = package, .day = day + 1 };
    struct err e;
    assert_int_equal(fixture_act(f, close_days, &d, &e), 0);
    rows = facts_of(f, buy);
    assert_true(rows.rows[1].is_final);
    assert_false(rows.rows[2].is_final);
}

static void test_the_day_of_a_clock_change_has_all_its_hours(void **state)
{
    a_day_has(*state, "2026-10-25", 25);
    a_day_has(*state, "2027-03-28", 23);
    a_day_has(*state, "2026-10-24", 24);
}

/* ---- what is too old ---- */

struct too_old {
    struct str tenant;
    int64_t before, max, gone;
};

static int expire_counts(struct act *act, void *arg, struct err *e)
{
    struct too_old *x = arg;
    return q_house_expire_counts(act->tx, x->tenant, x->before, x->max, &x->gone, e);
}

static void test_old_counts_go_of_one_publisher_alone(void **state)
{
    struct fixture *f = *state;
    struct str package = paper_book(f, "page", "cpm", 100, 10), buy = paper_buy_of(f, package);
    struct house_buy loaded;
    struct batch b;
    struct err e;
    int64_t hour = f->now - f->now % HOUR;
    paper_load(f, buy, &loaded);
    batch_open(&b, f);
    for (int i = 0; i < 10; i++) add(&b, loaded.packages[0].key, EVENT_IMPRESSION, VALID, hour - i * HOUR, 100);
    batch_write(&b);
    tally_finish(&b.tally);
    struct too_old other = { .tenant = STR("other"), .before = hour, .max = 100 },
                   some = { .tenant = STR("paper"), .before = hour - 4 * HOUR, .max = 3 };
    assert_int_equal(fixture_act(f, expire_counts, &other, &e), 0);
    assert_int_equal(other.gone, 0);
    assert_int_equal(fixture_act(f, expire_counts, &some, &e), 0);
    assert_int_equal(some.gone, 3); /* the rest another time */
    assert_int_equal(fixture_act(f, expire_counts, &some, &e), 0);
    assert_int_equal(some.gone, 2);
    struct house_report r = report_of(
        &b, (struct house_report_wish){ .from_day = 0, .until_day = hour / USEC_PER_DAY + 2, .by_package = true });
    assert_int_equal(r.lines[0].n[EVENT_IMPRESSION], 500);
    assert_int_equal(r.lines[0].spends[0].micros, 10000000); /* facts stay: they are bills */
}

static void test_weeks_and_visitors_are_read_as_they_were_written(void **state)
{
    struct fixture *f = *state;
    int64_t week[WEEK_HOURS], back[WEEK_HOURS];
    for (int i = 0; i < WEEK_HOURS; i++) week[i] = i % 5 ? i * INT64_C(1000003) : HOUR_UNKNOWN;
    assert_true(house_week_read(house_week_bytes(&f->arena, week), back));
    assert_memory_equal(week, back, sizeof(week));
    assert_false(house_week_read(STR("short"), back));
    struct exposure x;
    assert_false(house_exposure_read(&(struct house_exposure_row){ .seen = STR("short") }, &x));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_days_are_the_publishers_and_filtered_is_not_reported),
        T(test_the_budget_is_never_passed),
        T(test_used_tokens_are_stored_with_what_they_counted),
        T(test_days_open_are_owed_for_and_close),
        T(test_money_is_divided_between_slots_and_adds_up),
        T(test_money_of_what_was_not_shown_is_of_its_package),
        T(test_old_counts_go_of_one_publisher_alone),
        T(test_the_day_of_a_clock_change_has_all_its_hours),
        T(test_weeks_and_visitors_are_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
