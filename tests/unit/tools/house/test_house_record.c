/* What the ad server counted, written: facts by the publisher's days, money within the budget, tokens and visitors as they were,
 * days that are opened, owed for and closed. */
#include "paper.h"

#include "base/tz.h"
#include "serving/forecast.h"
#include "domain/delivery/delivery.h"
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
        T(test_days_are_the_publishers_and_filtered_is_not_reported), T(test_the_budget_is_never_passed),
        T(test_used_tokens_are_stored_with_what_they_counted),        T(test_days_open_are_owed_for_and_close),
        T(test_weeks_and_visitors_are_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
