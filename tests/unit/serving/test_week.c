/* A week of traffic in virtual time: slots of different size with the curve of days and nights, two surges and two
 * outages nobody foretold, and fifty packages of all kinds that share them. Visitors see, look and click as people do,
 * and some bots do as well. In the end every package that was promised something has it, to one per cent, and nothing
 * was billed beyond what was agreed.
 *
 * Usage: test_week [STEP_S [TRAFFIC_PERCENT [SEED]]]: how often the ad server ticks, how much of the traffic comes and is
 * sold. By default it ticks every five seconds and half of it comes, which is a fifth of the work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include <salesagent/money.h>

#include "town.h"

#define BANNERS     10
#define VIDEOS      2
#define SLOTS       (BANNERS + VIDEOS)
#define ALL_BANNERS ((UINT64_C(1) << BANNERS) - 1)
#define ALL_VIDEOS  (UINT64_C(3) << BANNERS)
#define PACKAGES    50
#define HORIZON_S   64 /* events lie no further ahead */
#define GERMANY     (3 * 26 + 4)

static struct town town;
static int64_t step_s = 5, traffic = 50;
static uint64_t seed = 17;

/* ---- what comes in ---- */

/* Requests a day of each slot, on an ordinary day. */
static const int64_t daily[SLOTS] = { 60000, 40000, 30000, 20000, 15000, 10000, 8000, 5000, 3000, 1500, 20000, 8000 };
/* Of a day's requests, in ten-thousandths, by hour. */
static const int64_t by_hour[24] = { 180, 110, 70,  50,  50,  90,  200, 380, 480, 500, 510, 520,
                                     560, 530, 490, 480, 500, 560, 640, 720, 760, 700, 540, 380 };
/* Of an ordinary day, in hundredths, Monday first. */
static const int64_t by_weekday[7] = { 105, 110, 110, 105, 95, 80, 85 };

static int64_t weather(int64_t at)
{
    int64_t hour = (at - T0) / HOUR;
    if (hour >= 68 && hour < 71) return 400; /* Wednesday evening: a big story */
    if (hour >= 130 && hour < 132) return 300;
    if (hour >= 82 && hour < 85) return 0;   /* Thursday morning: the site is down */
    if (hour >= 110 && hour < 111) return 0;
    return 100;
}

/* Requests of this second, the rest by chance. */
static int64_t requests_of(int slot, int64_t at)
{
    int64_t day = (at - T0) / DAY, hour = (at - T0) % DAY / HOUR;
    /* In 10^10ths of a request a second. */
    int64_t rate = daily[slot] * by_hour[hour] * by_weekday[day % 7] * weather(at) / 3600 * traffic;
    return rate / INT64_C(10000000000) +
           (town_chance(&town, UINT64_C(10000000000)) < (uint64_t)(rate % INT64_C(10000000000)));
}

/* ---- what people do ---- */

struct due {
    struct choice choice;
    enum event event;
};

static struct {
    struct due *list;
    size_t n, cap;
} due[HORIZON_S];

static void later(const struct choice *c, enum event event, int64_t seconds)
{
    size_t i = (size_t)((town.now / SECOND + seconds) % HORIZON_S);
    if (due[i].n == due[i].cap) {
        due[i].cap = due[i].cap ? 2 * due[i].cap : 64;
        due[i].list = realloc(due[i].list, due[i].cap * sizeof(*due[i].list));
        assert_non_null(due[i].list);
    }
    due[i].list[due[i].n++] = (struct due){ *c, event };
}

static bool percent(uint64_t p)
{
    return town_chance(&town, 100) < p;
}

static void behave(const struct choice *c, bool video)
{
    if (!percent(94)) return; /* closed before it was drawn */
    later(c, EVENT_IMPRESSION, 1 + (int64_t)town_chance(&town, 3));
    if (percent(65)) later(c, EVENT_VIEWABLE, 5 + (int64_t)town_chance(&town, 10));
    if (percent(1)) later(c, EVENT_CLICK, 8 + (int64_t)town_chance(&town, 40));
    if (video && percent(70)) later(c, EVENT_COMPLETE, 30 + (int64_t)town_chance(&town, 5));
}

static void happen(void)
{
    size_t i = (size_t)(town.now / SECOND % HORIZON_S);
    for (size_t k = 0; k < due[i].n; k++) (void)town_event(&town, &due[i].list[k].choice, due[i].list[k].event);
    due[i].n = 0;
}

/* One in fifty is a crawler; people come from three countries. */
static struct request somebody(void)
{
    struct request r = town_request(&town);
    if (percent(2)) r.invalid = INVALID_BOT;
    r.visit.country = percent(60) ? GERMANY : percent(50) ? 0 : CODE_UNKNOWN;
    r.visit.device = percent(55) ? DEVICE_MOBILE : DEVICE_DESKTOP;
    r.visit.visitor = (uint32_t)(1 + town_chance(&town, 40000));
    return r;
}

static int64_t filled[SLOTS], asked[SLOTS], valid[SLOTS];
static int64_t on_slot[PACKAGES][SLOTS]; /* decisions for valid visits */

static void second(void)
{
    for (int s = 0; s < SLOTS; s++) {
        for (int64_t n = requests_of(s, town.now); n > 0; n--) {
            struct request r = somebody();
            struct choice c = town_ask_as(&town, (uint32_t)s + 1, &r);
            asked[s]++;
            valid[s] += r.invalid == VALID;
            if (!c.package) continue;
            filled[s]++;
            if (r.invalid == VALID) on_slot[c.package->key - 1][s]++;
            behave(&c, s >= BANNERS);
        }
    }
    happen();
    const struct tally *t = serving_batch_begin(town.serving);
    if (t) serving_batch_end(town.serving, tally_end(t));
}

/* ---- what was sold ---- */

static const enum plan_pacing modes[3] = { PACING_EVEN, PACING_ASAP, PACING_FRONT_LOADED };

static struct serving_package *sell(uint64_t slots, enum unit unit, int64_t goal)
{
    struct serving_package *p = town_package(&town, slots);
    p->unit = unit;
    p->goal = goal == NO_GOAL ? goal : goal * traffic / 100;
    p->pacing = modes[p->key % 3];
    return p;
}

static void make_video(struct serving_package *p)
{
    struct serving_creative *c = ARENA_NEW(&town.arena, struct serving_creative);
    *c = (struct serving_creative){ .key = p->key * 100, .medium = MEDIUM_VIDEO, .duration_ms = 20000, .weight = 1 };
    p->creatives = c;
    p->creatives_n = 1;
}

static void build_slots(void)
{
    for (int i = 0; i < SLOTS; i++) {
        struct serving_slot *s = town_slot(&town);
        if (i >= BANNERS) s->medium = MEDIUM_VIDEO;
    }
}

/* Fifty: of nearly 1,400,000 requests for banners and 190,000 for videos in the week, sixty per cent are promised. */
static void sell_everything(void)
{
    for (int i = 0; i < 9; i++) sell(ALL_BANNERS, UNIT_IMPRESSION, 20000 + 5000 * i);
    for (int i = 0; i < 6; i++) sell(UINT64_C(7) << i, UNIT_IMPRESSION, 3000 + 500 * i); /* neighbours share slots */
    for (int i = 0; i < 3; i++) sell(0x0f, UNIT_VIEWABLE, 9000 + 1000 * i);
    for (int i = 0; i < 3; i++) sell(0x3f, UNIT_CLICK, 150 + 50 * i);
    for (int i = 0; i < 3; i++) {
        struct serving_package *p = sell(0xff, UNIT_IMPRESSION, 8000); /* in one country */
        p->targeting.countries_wanted = true;
        code_set_add(&p->targeting.countries, GERMANY);
    }
    for (int i = 0; i < 3; i++) {
        struct serving_package *p = sell(0xff, UNIT_IMPRESSION, 9000); /* on phones, not too often */
        p->targeting.devices = DEVICE_BIT(DEVICE_MOBILE);
        p->targeting.cap = (struct frequency_cap){ .max = 3, .window_s = 86400 };
    }
    for (int i = 0; i < 3; i++) {
        struct serving_package *p =
            sell(0x1f, UNIT_IMPRESSION, 6000); /* two days of the week, one per cent a day more than a half */
        p->start_at = T0 + (1 + i) * DAY + 6 * HOUR;
        p->end_at = T0 + (3 + i) * DAY + 18 * HOUR;
        p->day_units = 3000 * traffic / 100;
    }
    for (int i = 0; i < 3; i++) {
        struct serving_package *p = sell(0x07, UNIT_IMPRESSION, 2500); /* six hours of one evening */
        p->start_at = T0 + (2 + i) * DAY + 16 * HOUR;
        p->end_at = T0 + (2 + i) * DAY + 22 * HOUR;
    }
    for (int i = 0; i < 3; i++) {
        struct serving_package *p = sell(ALL_BANNERS, UNIT_IMPRESSION, 4000); /* office hours */
        p->targeting.hours_wanted = true;
        for (int d = 0; d < 5; d++) {
            for (int h = 8; h < 18; h++) week_set_add(&p->targeting.hours, d * 24 + h);
        }
    }
    for (int i = 0; i < 3; i++) make_video(sell(ALL_VIDEOS, UNIT_IMPRESSION, 15000));
    for (int i = 0; i < 2; i++) make_video(sell(ALL_VIDEOS, UNIT_COMPLETE, 9000));
    for (int i = 0; i < 7; i++) {
        struct serving_package *p =
            sell(i < 4 ? ALL_BANNERS : 0x1f, i == 3 ? UNIT_CLICK : UNIT_IMPRESSION, i == 3 ? 60 : 12000);
        p->priority = PRIORITY_AUCTION;
        p->value_micros = (int64_t)(2 + i) * (i == 3 ? 300000000 : 1000000);
    }
    struct serving_package *sponsor =
        sell(UINT64_C(1) << 9, UNIT_IMPRESSION, NO_GOAL); /* a third of the smallest slot */
    sponsor->share_e4 = 3333;
    sell(ALL_BANNERS, UNIT_IMPRESSION, NO_GOAL)->priority = PRIORITY_FILLER;
    assert_int_equal(town.packages_n, PACKAGES);
}

/* ---- the week ---- */

/* Units counted by the end of each day. */
static int64_t at_day[PACKAGES][8];

static int64_t units_of(const struct serving_package *p)
{
    return town_counted(&town, p).n[unit_event(p->unit)];
}

static void look(int day)
{
    for (int i = 0; i < PACKAGES; i++) at_day[i][day] = units_of(&town.packages[i]);
}

static void run_week(void)
{
    for (int64_t end = T0 + 7 * DAY + MINUTE; town.now < end;) {
        if ((town.now - T0) % DAY == 0) look((int)((town.now - T0) / DAY));
        second();
        town.now += SECOND;
        if (town.now / SECOND % step_s == 0) serving_tick(town.serving, town.now);
    }
}

static void tell(const struct serving_package *p)
{
    static const char *const mode[] = { "even", "asap", "front" };
    print_message("# %2u %-5s unit %d goal %6ld got %6ld, by day", p->key, mode[p->pacing], p->unit, (long)p->goal,
                  (long)units_of(p));
    for (int d = 1; d < 8; d++) {
        print_message(" %3ld%%", p->goal > 0 ? (long)(at_day[p->key - 1][d] * 100 / p->goal) : 0);
    }
    print_message("\n");
}

/* ---- what has to be true in the end ---- */

static void ends_at_its_goal(const struct serving_package *p)
{
    int64_t got = units_of(p);
    assert_in_range(got, p->goal - p->goal / 100 - 1, INT64_MAX);
    /* Beyond the goal, and never billed: a two-hundredth; of clicks, which cannot be known before, what was on its way. */
    assert_in_range(got, 0, p->goal + p->goal / (p->unit == UNIT_CLICK ? 20 : 200));
}

/* Whole weeks of one share for all slots, so that the curve is the traffic's. */
static bool is_plain(const struct serving_package *p)
{
    return p->priority == PRIORITY_GUARANTEED && p->end_at - p->start_at == 7 * DAY && p->goal > 2000 &&
           !p->targeting.hours_wanted && p->creatives[0].medium == MEDIUM_DISPLAY;
}

static void follows_its_pacing(const struct serving_package *p)
{
    int64_t sum = 0, so_far = 0;
    for (int d = 0; d < 7; d++) sum += by_weekday[d];
    for (int d = 1; d < 7; d++) {
        /* Of the goal, and of the traffic one can know of, in thousandths. A day nobody has seen yet is guessed from others. */
        int64_t done = at_day[p->key - 1][d] * 1000 / p->goal, passed = (so_far += by_weekday[d - 1]) * 1000 / sum;
        int64_t front = 1000 - (1000 - passed) * (1000 - passed) / 1000;
        if (p->pacing == PACING_EVEN) assert_in_range(done, passed - 80, passed + 60);
        if (p->pacing == PACING_FRONT_LOADED) assert_in_range(done, front - 100, front + 60);
        if (p->pacing == PACING_ASAP && d >= 2) assert_in_range(done, 990, 1100);
    }
}

/* It is shown on each of its slots, not only where there is most room. */
static void uses_all_its_slots(const struct serving_package *p)
{
    int64_t got = 0, came = 0;
    for (size_t k = 0; k < p->slots_n; k++) {
        got += on_slot[p->key - 1][p->slots[k] - 1];
        came += valid[p->slots[k] - 1];
    }
    for (size_t k = 0; k < p->slots_n; k++) {
        int64_t expected = got * valid[p->slots[k] - 1] / came, here = on_slot[p->key - 1][p->slots[k] - 1];
        if (expected < 100) continue; /* chance alone may do that */
        assert_in_range(here, expected / 3, got);
    }
}

static void the_week_ends_as_planned(void **state)
{
    for (int i = 0; i < PACKAGES; i++) {
        const struct serving_package *p = &town.packages[i];
        tell(p);
        if (p->goal != NO_GOAL) ends_at_its_goal(p);
    }
}

static void each_pacing_has_its_curve(void **state)
{
    int seen[3] = { 0 };
    for (int i = 0; i < PACKAGES; i++) {
        if (!is_plain(&town.packages[i])) continue;
        follows_its_pacing(&town.packages[i]);
        seen[town.packages[i].pacing]++;
    }
    for (int m = 0; m < 3; m++) assert_true(seen[m] >= 4);
}

static void no_slot_is_starved(void **state)
{
    for (int i = 0; i < PACKAGES; i++) {
        if (town.packages[i].priority == PRIORITY_GUARANTEED) uses_all_its_slots(&town.packages[i]);
    }
    for (int s = 0; s < SLOTS; s++) {
        /* Banners have a filler; of the videos a third is sold. */
        assert_in_range(filled[s], asked[s] * (s < BANNERS ? 99 : 30) / 100, asked[s]);
    }
}

static void a_share_of_voice_is_that_share(void **state)
{
    const struct serving_package *p = &town.packages[PACKAGES - 2];
    assert_in_range(on_slot[p->key - 1][9], valid[9] * 31 / 100, valid[9] * 36 / 100);
}

static void a_daily_limit_holds_on_every_day(void **state)
{
    int limited = 0;
    for (int i = 0; i < PACKAGES; i++) {
        const struct serving_package *p = &town.packages[i];
        if (p->day_units == NO_GOAL) continue;
        limited++;
        for (int d = 1; d < 8; d++) assert_in_range(at_day[i][d] - at_day[i][d - 1], 0, p->day_units);
    }
    assert_int_equal(limited, 3);
}

static void bots_are_counted_apart(void **state)
{
    struct serving_stats stats;
    serving_stats(town.serving, &stats);
    assert_true(stats.filtered > stats.counted / 200);
    assert_int_equal(stats.forged, 0);
}

static int set_up(void **state)
{
    town_init(&town, seed);
    build_slots();
    sell_everything();
    town_open(&town);
    run_week();
    return 0;
}

static int tear_down(void **state)
{
    town_finish(&town);
    for (size_t i = 0; i < HORIZON_S; i++) free(due[i].list);
    return 0;
}

static int64_t number(const char *text)
{
    return (int64_t)strtoll(text, NULL, 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_week_ends_as_planned),
        cmocka_unit_test(each_pacing_has_its_curve),
        cmocka_unit_test(no_slot_is_starved),
        cmocka_unit_test(a_share_of_voice_is_that_share),
        cmocka_unit_test(a_daily_limit_holds_on_every_day),
        cmocka_unit_test(bots_are_counted_apart),
    };
    if (argc > 1) step_s = number(argv[1]);
    if (argc > 2) traffic = number(argv[2]);
    if (argc > 3) seed = (uint64_t)number(argv[3]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
