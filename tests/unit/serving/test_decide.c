/* Decisions: what is never shown, what is shown instead, and how the shares come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "town.h"

#define GERMANY (3 * 26 + 4)
#define FRANCE  (5 * 26 + 17)

static struct town town;

static int set_up(void **state)
{
    town_init(&town, 11);
    return 0;
}

static int tear_down(void **state)
{
    town_finish(&town);
    return 0;
}

/* Shows a package's ad: decided, drawn a second later. */
static const struct serving_package *shown_in(uint32_t slot)
{
    struct choice c = town_ask(&town, slot);
    if (c.package) (void)town_event(&town, &c, EVENT_IMPRESSION);
    return c.package;
}

static int64_t how_often(const struct serving_package *p, uint32_t slot, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        sum += town_ask(&town, slot).package == p;
        if (i % 20 == 19) town_pass(&town, SECOND);
    }
    return sum;
}

static uint64_t booked(const struct serving_package *p, enum why why)
{
    town_pass(&town, SECOND);
    return town_look(&town, p).last_hour[why];
}

/* ---- things about the package ---- */

static void keeps_off(struct serving_package *p, enum why why)
{
    town_open(&town);
    assert_null(town_ask(&town, 1).package);
    town_pass(&town, SECOND);
    assert_null(town_ask(&town, 1).package);
    assert_int_equal(town_look(&town, p).why, why);
    if (why != WHY_NO_CREATIVE)
        assert_true(booked(p, why) > 0); /* without creatives it has no slots to count requests of */
}

static void a_slot_without_packages_has_no_ad(void **state)
{
    town_slot(&town);
    town_open(&town);
    assert_null(town_ask(&town, 1).package);
}

static void one_that_may_be_shown_is_shown(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    town_open(&town);
    struct choice c = town_ask(&town, 1);
    assert_ptr_equal(c.package, p);
    assert_ptr_equal(c.creative, &p->creatives[0]);
    assert_int_equal(town_look(&town, p).why, WHY_SHOWN);
    assert_int_equal(booked(p, WHY_SHOWN), 1);
}

static void not_before_it_is_approved(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->live_from = INT64_MAX;
    keeps_off(p, WHY_NOT_LIVE);
}

static void not_before_its_flight_nor_after(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->start_at = T0 + HOUR;
    p->end_at = T0 + 2 * HOUR + SECOND / 2;
    keeps_off(p, WHY_NOT_STARTED);
    town_pass(&town, T0 + HOUR - town.now);
    assert_ptr_equal(town_ask(&town, 1).package, p);
    town_pass(&town, HOUR);
    town.now += SECOND / 2; /* half a second, without a tick in between */
    assert_null(town_ask(&town, 1).package);
    town_pass(&town, 10 * SECOND);
    assert_int_equal(town_look(&town, p).why, WHY_ENDED);
}

static void not_while_it_is_paused_or_stopped(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->paused = true;
    keeps_off(p, WHY_PAUSED);
    p->paused = false;
    p->stopped_at = town.now - 1;
    keeps_off(p, WHY_ENDED);
}

static void not_without_slot_or_creative(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 2), *q = town_package(&town, 1), *r = town_package(&town, 1);
    town_creatives(&town, q, 0, (struct size){ 0, 0 });
    town_creatives(&town, r, 1, (struct size){ 728, 90 });
    town_open(&town);
    assert_null(town_ask(&town, 1).package);
    town_pass(&town, SECOND);
    assert_int_equal(town_look(&town, p).why, WHY_NO_SLOT);
    assert_int_equal(town_look(&town, q).why, WHY_NO_CREATIVE);
    assert_int_equal(town_look(&town, r).why, WHY_NO_FIT);
}

static void a_paused_creative_is_none(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    ((struct serving_creative *)p->creatives)[0].weight = 0;
    keeps_off(p, WHY_NO_CREATIVE);
}

static void slots_of_other_publishers_are_not_its_own(void **state)
{
    town.publishers[1] = (struct serving_publisher){ .key = 2, .tenant_id = STR("village"), .zone = tz_utc() };
    town.publishers_n = 2;
    town_slot(&town);
    town_slot(&town)->publisher = 2;
    struct serving_package *p = town_package(&town, 3);
    town_open(&town);
    assert_ptr_equal(town_ask(&town, 1).package, p);
    assert_null(town_ask(&town, 2).package);
    uint32_t place;
    assert_true(lineup_find_slot(serving_lineup(town.serving), 2, STR("slot-2"), &place));
    assert_false(lineup_find_slot(serving_lineup(town.serving), 1, STR("slot-2"), &place));
    assert_false(lineup_find_slot(serving_lineup(town.serving), 1, STR("slot-"), &place));
    assert_true(lineup_find_publisher(serving_lineup(town.serving), STR("village"), &place));
}

/* ---- things about the visit ---- */

static void only_for(struct serving_package *p, struct request wanted, struct request other, enum why why)
{
    town_open(&town);
    assert_ptr_equal(town_ask_as(&town, 1, &wanted).package, p);
    assert_null(town_ask_as(&town, 1, &other).package);
    assert_int_equal(booked(p, why), 1);
}

static void countries(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    struct request german = town_request(&town), unknown = german;
    german.visit.country = GERMANY;
    p->targeting.countries_wanted = true;
    code_set_add(&p->targeting.countries, code_of(STR("DE")));
    only_for(p, german, unknown, WHY_COUNTRY); /* unknown never matches what is wanted */
    p->targeting.countries_wanted = false;
    code_set_add(&p->targeting.countries_excluded, code_of(STR("de")));
    town_open(&town);
    assert_null(town_ask_as(&town, 1, &german).package);
    assert_ptr_equal(town_ask_as(&town, 1, &unknown).package, p); /* nor is it excluded */
}

static void devices(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    struct request phone = town_request(&town), unknown = phone;
    phone.visit.device = DEVICE_MOBILE;
    p->targeting.devices = DEVICE_BIT(DEVICE_MOBILE) | DEVICE_BIT(DEVICE_TABLET);
    only_for(p, phone, unknown, WHY_DEVICE);
}

static void languages_and_hours(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    struct request german = town_request(&town), unknown = german;
    german.visit.language = code_of(STR("de"));
    p->targeting.languages_wanted = true;
    code_set_add(&p->targeting.languages, code_of(STR("de")));
    only_for(p, german, unknown, WHY_LANGUAGE);
    p->targeting.hours_wanted = true;
    week_set_add(&p->targeting.hours, 25); /* Tuesday from one to two */
    town_open(&town);
    assert_null(town_ask_as(&town, 1, &german).package);
    town_pass(&town, T0 + 25 * HOUR - town.now);
    german.now = town.now;
    assert_ptr_equal(town_ask_as(&town, 1, &german).package, p);
    assert_true(town_look(&town, p).last_hour[WHY_HOUR] == 0); /* that was more than an hour ago */
}

static void key_values(void **state)
{
    uint64_t sport[2] = { pair_of(STR("section"), STR("sport")), pair_of(STR("section"), STR("football")) };
    uint64_t goals[1] = { pair_of(STR("mood"), STR("happy")) };
    uint64_t page[2] = { pair_of(STR("mood"), STR("happy")), pair_of(STR("section"), STR("football")) };
    struct pair_group groups[2] = { { sport, 2 }, { goals, 1 } };
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    struct request good = town_request(&town), bad = good;
    good.visit.pairs = page;
    good.visit.pairs_n = 2;
    bad.visit.pairs = page;
    bad.visit.pairs_n = 1;
    p->targeting.groups = groups;
    p->targeting.groups_n = 2;
    only_for(p, good, bad, WHY_KEY_VALUES);
    assert_int_not_equal(pair_of(STR("ab"), STR("c")), pair_of(STR("a"), STR("bc")));
    town.slots[0].pairs = sport + 1; /* what the page does not say, the slot may */
    town.slots[0].pairs_n = 1;
    assert_ptr_equal(town_ask_as(&town, 1, &bad).package, p);
}

static void frequency_caps(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    struct request anna = town_request(&town), nobody = anna;
    anna.visit.visitor = 17;
    p->targeting.cap = (struct frequency_cap){ .max = 2, .window_s = 3600 };
    only_for(p, anna, nobody, WHY_NO_VISITOR);
    assert_ptr_equal(town_ask_as(&town, 1, &anna).package, p);
    assert_null(town_ask_as(&town, 1, &anna).package);
    assert_int_equal(booked(p, WHY_CAPPED), 1);
    anna.visit.visitor = 18;
    assert_ptr_equal(town_ask_as(&town, 1, &anna).package, p);
}

static void a_visitor_is_in_the_token_only_for_a_cap(void **state)
{
    town_slot(&town);
    town_package(&town, 1);
    struct request anna = town_request(&town);
    anna.visit.visitor = 17;
    town_open(&town);
    struct choice c = town_ask_as(&town, 1, &anna);
    struct report r = {
        .event = EVENT_IMPRESSION, .token = { c.token.c, TOKEN_CHARS }, .agent_hash = 7, .now = town.now
    };
    assert_int_equal(serving_count(town.serving, &r).token.visitor, 0);
}

static void the_page_may_have_less_room(void **state)
{
    static const struct size sizes[2] = { { 300, 250 }, { 728, 90 } };
    struct serving_slot *s = town_slot(&town);
    s->sizes = sizes;
    s->sizes_n = 2;
    struct serving_package *p = town_package(&town, 1);
    town_creatives(&town, p, 1, sizes[1]);
    town_open(&town);
    struct ask narrow = { .slot = 0, .room = 1 }, wide = { .slot = 0, .room = 2 };
    struct request r = town_request(&town);
    struct choice c;
    serving_decide(town.serving, &r, &narrow, 1, &c);
    assert_null(c.package);
    assert_int_equal(booked(p, WHY_SIZE), 1);
    serving_decide(town.serving, &r, &wide, 1, &c);
    assert_ptr_equal(c.package, p);
}

/* ---- several slots at once ---- */

static void no_two_of_one_advertiser_in_a_request(void **state)
{
    struct ask asks[3] = { { .slot = 0 }, { .slot = 1 }, { .slot = 2 } };
    struct request r;
    struct choice c[3];
    for (int i = 0; i < 3; i++) town_slot(&town);
    for (int i = 0; i < 4; i++) town_package(&town, 7)->advertiser = 1 + (uint32_t)i / 2; /* two each of two */
    town_package(&town, 7)->priority = PRIORITY_AUCTION;
    town_open(&town);
    for (int i = 0; i < 500; i++) {
        r = town_request(&town);
        serving_decide(town.serving, &r, asks, 3, c);
        for (int k = 0; k < 3; k++) assert_non_null(c[k].package);
        assert_int_not_equal(c[0].package->advertiser, c[1].package->advertiser);
        assert_int_not_equal(c[0].package->advertiser, c[2].package->advertiser);
        assert_int_not_equal(c[1].package->advertiser, c[2].package->advertiser);
    }
}

static void a_sponsor_leaves_the_other_places_to_others(void **state)
{
    struct ask asks[2] = { { .slot = 0 }, { .slot = 1 } };
    struct choice c[2];
    town_slot(&town);
    town_slot(&town);
    struct serving_package *all = town_package(&town, 3), *little = town_package(&town, 3);
    little->share_e4 = 10; /* a thousandth */
    town_open(&town);
    int both = 0;
    for (int i = 0; i < 300; i++) {
        struct request r = town_request(&town);
        serving_decide(town.serving, &r, asks, 2, c);
        both += c[0].package == all && c[1].package == NULL;
    }
    assert_in_range(both, 290, 300); /* what little has is little, also where it is alone */
}

static void house_ads_may_repeat(void **state)
{
    struct ask asks[2] = { { .slot = 0 }, { .slot = 1 } };
    struct request r;
    struct choice c[2];
    town_slot(&town);
    town_slot(&town);
    struct serving_package *p = town_package(&town, 3);
    p->priority = PRIORITY_FILLER;
    p->advertiser = 0;
    town_open(&town);
    r = town_request(&town);
    serving_decide(town.serving, &r, asks, 2, c);
    assert_ptr_equal(c[0].package, p);
    assert_ptr_equal(c[1].package, p);
}

/* ---- shares ---- */

static void shares_come_out(void **state)
{
    town_slot(&town);
    struct serving_package *a = town_package(&town, 1), *b = town_package(&town, 1), *rest = town_package(&town, 1);
    a->share_e4 = 2000;
    b->share_e4 = 3000;
    rest->priority = PRIORITY_FILLER;
    town_open(&town);
    int n[3] = { 0 };
    for (int i = 0; i < 20000; i++) n[town_ask(&town, 1).package->key - 1]++;
    assert_in_range(n[0], 3800, 4200);
    assert_in_range(n[1], 5800, 6200);
    assert_in_range(n[2], 9700, 10300);
}

static void what_is_too_much_is_shared_by_need(void **state)
{
    town_slot(&town);
    for (int i = 0; i < 3; i++) town_package(&town, 1);
    town.packages[2].share_e4 = 5000;
    town_open(&town);
    int n[3] = { 0 };
    for (int i = 0; i < 20000; i++) n[town_ask(&town, 1).package->key - 1]++;
    assert_in_range(n[0], 7700, 8300);
    assert_in_range(n[1], 7700, 8300);
    assert_in_range(n[2], 3800, 4200);
    assert_true(booked(&town.packages[2], WHY_OUTRANKED) > 15000);
}

static void targeted_packages_have_their_share_where_they_match(void **state)
{
    town_slot(&town);
    struct serving_package *german = town_package(&town, 1), *open = town_package(&town, 1);
    german->share_e4 = open->share_e4 = 4000;
    german->targeting.countries_wanted = true;
    code_set_add(&german->targeting.countries, GERMANY);
    town_open(&town);
    int n[2][3] = { { 0 } };
    for (int i = 0; i < 20000; i++) {
        struct request r = town_request(&town);
        r.visit.country = i % 2 ? GERMANY : FRANCE;
        const struct serving_package *p = town_ask_as(&town, 1, &r).package;
        n[i % 2][p == german ? 0 : p == open ? 1 : 2]++;
    }
    assert_int_equal(n[0][0], 0);
    assert_in_range(n[0][1], 3800, 4200);
    assert_in_range(n[1][0], 3800, 4200);
    assert_in_range(n[1][1], 3800, 4200);
}

static void creatives_have_their_weights(void **state)
{
    static const struct size size = { 300, 250 };
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    town_creatives(&town, p, 4, size);
    struct serving_creative *c = (struct serving_creative *)p->creatives;
    c[0].weight = 10;
    c[1].weight = 30;
    c[2].weight = 0;
    c[3].weight = 60;
    c[3].size = (struct size){ 1, 1 }; /* fits nowhere */
    town_open(&town);
    int n[4] = { 0 };
    for (int i = 0; i < 20000; i++) n[town_ask(&town, 1).creative->key % 100]++;
    assert_in_range(n[0], 4700, 5300);
    assert_in_range(n[1], 14700, 15300);
    assert_int_equal(n[2] + n[3], 0);
}

/* ---- bids ---- */

static void the_best_bid_wins_and_equal_ones_take_turns(void **state)
{
    town_slot(&town);
    struct serving_package *low = town_package(&town, 1), *high = town_package(&town, 1),
                           *same = town_package(&town, 1);
    for (int i = 0; i < 3; i++) town.packages[i].priority = PRIORITY_AUCTION;
    low->value_micros = 4990000;
    high->value_micros = same->value_micros = 5000000;
    town_open(&town);
    int64_t high_n = how_often(high, 1, 2000), low_n = how_often(low, 1, 2000);
    assert_int_equal(low_n, 0);
    assert_in_range(high_n, 400, 1600);
    assert_true(booked(low, WHY_OUTBID) > 1900);
    high->paused = same->paused = true;
    town_open(&town);
    assert_int_equal(how_often(low, 1, 100), 100);
}

static void guaranteed_packages_come_first(void **state)
{
    town_slot(&town);
    struct serving_package *bid = town_package(&town, 1), *sold = town_package(&town, 1);
    bid->priority = PRIORITY_AUCTION;
    bid->value_micros = INT64_C(1000000000);
    town_open(&town);
    assert_int_equal(how_often(sold, 1, 200), 200);
}

static void a_bid_for_clicks_is_worth_its_clicks(void **state)
{
    town_slot(&town);
    struct serving_package *clicks = town_package(&town, 1), *views = town_package(&town, 1);
    clicks->priority = views->priority = PRIORITY_AUCTION;
    clicks->unit = UNIT_CLICK;
    clicks->value_micros =
        INT64_C(1000) * 2000000; /* two for a click, of which a thousand impressions have two at first */
    views->value_micros = 3000000;
    town_open(&town);
    assert_int_equal(how_often(clicks, 1, 50), 50);
    clicks->counted.n[EVENT_IMPRESSION] = 100000; /* it turns out that nobody clicks on it */
    tear_down(NULL);
    struct serving_package c = *clicks, v = *views;
    set_up(NULL);
    town_slot(&town);
    struct serving_package *c2 = town_package(&town, 1), *v2 = town_package(&town, 1);
    const struct serving_creative *creatives = c2->creatives;
    c.creatives = v.creatives = creatives;
    c.slots = c2->slots;
    v.slots = v2->slots;
    *c2 = c;
    *v2 = v;
    town_open(&town);
    assert_int_equal(how_often(v2, 1, 50), 50);
}

/* ---- goals ---- */

static void a_burst_does_not_pass_the_goal(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->goal = 500;
    p->pacing = PACING_ASAP;
    town_open(&town);
    int64_t decided = 0;
    static struct choice c[20000];
    for (int i = 0; i < 20000; i++) { /* within one second */
        struct choice choice = town_ask(&town, 1);
        if (choice.package) c[decided++] = choice;
    }
    assert_in_range(decided, 500, 502); /* a two-hundredth more, because not all of them will be drawn */
    town_pass(&town, SECOND);
    for (int i = 0; i < decided; i++) (void)town_event(&town, &c[i], EVENT_IMPRESSION);
    assert_in_range(town_counted(&town, p).n[EVENT_IMPRESSION], 500, 502);
    assert_null(town_ask(&town, 1).package);
    town_pass(&town, SECOND);
    assert_int_equal(town_look(&town, p).why, WHY_DONE);
}

static void what_never_comes_is_decided_again(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->goal = 100;
    p->pacing = PACING_ASAP;
    town_open(&town);
    for (int i = 0; i < 1000; i++) (void)town_ask(&town, 1); /* nobody draws them */
    assert_null(town_ask(&town, 1).package);
    town_pass(&town, 4 * MINUTE);
    assert_ptr_equal(town_ask(&town, 1).package, p);
}

static void a_daily_limit_opens_again_at_midnight(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->goal = 1000;
    p->day_units = 20;
    p->pacing = PACING_ASAP;
    town_open(&town);
    for (int i = 0; i < 100; i++) {
        (void)shown_in(1);
        town_pass(&town, SECOND);
    }
    assert_int_equal(town_counted(&town, p).n[EVENT_IMPRESSION], 20);
    assert_int_equal(town_look(&town, p).why, WHY_DAY_DONE);
    town_pass(&town, T0 + DAY - town.now);
    assert_ptr_equal(shown_in(1), p);
}

/* One ad each ten minutes, from midnight to midnight of Berlin: a day has no more than its limit, be it of 25 hours or of 23, and
 * the next one opens when that one ends. */
static void a_day_is_limited(struct serving_package *p, const char *date, int64_t hours)
{
    int64_t from, day = 0;
    assert_int_equal(rfc3339_parse_date(str_from(date), &from), 0);
    int64_t number = from / DAY;
    from = tz_day_begins_at(town.publishers[0].zone, number);
    int64_t until = tz_day_begins_at(town.publishers[0].zone, number + 1);
    assert_int_equal(until - from, hours * HOUR);
    for (town.now = from; town.now < until; town.now += 10 * MINUTE) {
        serving_tick(town.serving, town.now);
        (void)shown_in(1);
        struct counted total, today;
        assert_true(serving_counted(town.serving, p->key, &total, &today, &day));
        assert_int_equal(day, number);
        assert_in_range(today.n[EVENT_IMPRESSION], 0, 20);
    }
    assert_int_equal(town_look(&town, p).why, WHY_DAY_DONE);
    serving_tick(town.serving, town.now);
    assert_ptr_equal(shown_in(1), p);
}

static void a_daily_limit_holds_on_days_of_a_clock_change(void **state)
{
    struct err e;
    assert_int_equal(tz_load(&town.arena, STR("Europe/Berlin"), &town.publishers[0].zone, &e), 0);
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->end_at = T0 + 400 * DAY;
    p->goal = 100000;
    p->day_units = 20;
    p->pacing = PACING_ASAP;
    town_open(&town);
    a_day_is_limited(p, "2026-10-25", 25);
    a_day_is_limited(p, "2027-03-28", 23);
}

/* Whatever the traffic, whatever is drawn when: strict goals hold, also of many packages that share slots. */
static void goals_hold_whatever_comes(void **state)
{
    static struct {
        struct choice c;
        int64_t at;
    } waiting[4096];
    size_t n = 0;
    for (int i = 0; i < 4; i++) town_slot(&town);
    for (int i = 0; i < 24; i++) {
        struct serving_package *p = town_package(&town, 1 + town_chance(&town, 15));
        p->goal = 1 + (int64_t)town_chance(&town, 3000);
        p->pacing = (enum plan_pacing)(i % 3);
        p->unit = i % 4 == 3 ? UNIT_VIEWABLE : UNIT_IMPRESSION;
        p->end_at = T0 + HOUR * (1 + i % 5);
        if (i % 5 == 0) p->priority = PRIORITY_AUCTION;
        if (i % 7 == 0) p->day_units = p->goal / 2;
    }
    town_open(&town);
    for (int s = 0; s < 5 * 3600; s++) {
        /* Bursts and silence. */
        int64_t come = s / 300 % 3 == 0 ? 0 : (int64_t)town_chance(&town, s / 300 % 3 == 1 ? 4 : 12);
        for (; come > 0; come--) {
            struct choice c = town_ask(&town, 1 + (uint32_t)town_chance(&town, 4));
            if (c.package && n < ARRAY_LEN(waiting)) {
                waiting[n].c = c;
                waiting[n++].at = town.now + (int64_t)town_chance(&town, 240) * SECOND;
            }
        }
        for (size_t i = 0; i < n;) {
            if (waiting[i].at > town.now) {
                i++;
                continue;
            }
            if (town_event(&town, &waiting[i].c, EVENT_IMPRESSION) == VALID && town_chance(&town, 3)) {
                town.now += SECOND;
                (void)town_event(&town, &waiting[i].c, EVENT_VIEWABLE);
                town.now -= SECOND;
            }
            waiting[i] = waiting[--n];
        }
        town_pass(&town, SECOND);
    }
    for (size_t i = 0; i < town.packages_n; i++) {
        const struct serving_package *p = &town.packages[i];
        int64_t got = town_counted(&town, p).n[unit_event(p->unit)];
        assert_in_range(got, 0, p->goal + p->goal / 200);
        if (p->day_units != NO_GOAL) assert_in_range(got, 0, p->day_units);
    }
}

/* ---- any lineup at all ---- */

static bool may(const struct serving_package *p, const struct request *r, uint32_t slot)
{
    bool there = false, fits = false;
    for (size_t i = 0; i < p->slots_n; i++) there = there || p->slots[i] == slot;
    for (size_t i = 0; i < p->creatives_n; i++)
        fits = fits || creative_fits(&p->creatives[i], &town.slots[slot - 1], 0);
    return there && fits && !p->paused && p->live_from <= r->now && p->start_at <= r->now && r->now < p->end_at &&
           r->now < p->stopped_at && targeting_match(&p->targeting, &r->visit) == MATCHES &&
           (p->targeting.cap.max == 0 || r->visit.visitor != 0);
}

static void random_package(void)
{
    struct serving_package *p = town_package(&town, town_chance(&town, 256));
    p->priority = (enum priority)town_chance(&town, 3);
    p->paused = town_chance(&town, 8) == 0;
    p->advertiser = (uint32_t)town_chance(&town, 6);
    p->start_at = T0 + (int64_t)town_chance(&town, 3) * MINUTE;
    p->end_at = p->start_at + (int64_t)town_chance(&town, 20) * MINUTE;
    p->live_from = town_chance(&town, 8) ? T0 : INT64_MAX;
    p->stopped_at = town_chance(&town, 8) ? INT64_MAX : T0 + 5 * MINUTE;
    p->goal = town_chance(&town, 2) ? (int64_t)town_chance(&town, 500) : NO_GOAL;
    p->share_e4 = (int)town_chance(&town, 10001);
    p->value_micros = (int64_t)town_chance(&town, 5) * 1000000;
    p->pacing = (enum plan_pacing)town_chance(&town, 3);
    if (town_chance(&town, 3) == 0) p->targeting.devices = (unsigned)town_chance(&town, DEVICES_ALL + 1);
    if (town_chance(&town, 4) == 0)
        p->targeting.cap = (struct frequency_cap){ .max = 1 + (int)town_chance(&town, 3), .window_s = 60 };
    town_creatives(&town, p, town_chance(&town, 4),
                   town_chance(&town, 4) ? (struct size){ 300, 250 } : (struct size){ 1, 1 });
}

static void whatever_runs_only_what_may_is_shown(void **state)
{
    int64_t shown = 0;
    for (uint64_t round = 0; round < 30; round++) {
        town_finish(&town);
        town_init(&town, 1000 + round);
        for (int i = 0; i < 8; i++) town_slot(&town);
        for (int i = 0; i < 40; i++) random_package();
        town_open(&town);
        for (int i = 0; i < 400; i++) {
            struct ask asks[8];
            struct choice c[8];
            size_t n = 1 + town_chance(&town, 8);
            struct request r = town_request(&town);
            r.visit.device = (enum device)town_chance(&town, DEVICES_N);
            r.visit.visitor = (uint32_t)town_chance(&town, 5);
            for (size_t k = 0; k < n; k++) asks[k] = (struct ask){ .slot = (uint32_t)k };
            serving_decide(town.serving, &r, asks, n, c);
            for (size_t k = 0; k < n; k++) {
                if (!c[k].package) continue;
                shown++;
                assert_true(may(c[k].package, &r, (uint32_t)k + 1));
                for (size_t m = 0; m < k; m++) {
                    if (c[m].package && c[k].package->advertiser) {
                        assert_int_not_equal(c[m].package->advertiser, c[k].package->advertiser);
                    }
                }
                if (town_chance(&town, 2)) (void)town_event(&town, &c[k], EVENT_IMPRESSION);
            }
            town_pass(&town, SECOND * (int64_t)town_chance(&town, 4));
        }
    }
    assert_true(shown > 10000);
}

static void the_same_seed_decides_the_same(void **state)
{
    uint64_t sum[2] = { 0 };
    for (int round = 0; round < 2; round++) {
        town_finish(&town);
        town_init(&town, 77);
        for (int i = 0; i < 8; i++) town_slot(&town);
        for (int i = 0; i < 40; i++) random_package();
        town_open(&town);
        for (int i = 0; i < 2000; i++) {
            struct choice c = town_ask(&town, 1 + (uint32_t)i % 8);
            sum[round] = sum[round] * 31 + (c.package ? c.package->key : 0);
            if (i % 10 == 0) town_pass(&town, SECOND);
        }
    }
    assert_true(sum[0] == sum[1] && sum[0] != 0);
}

static void a_new_lineup_keeps_what_was_counted(void **state)
{
    town_slot(&town);
    struct serving_package *p = town_package(&town, 1);
    p->goal = 10;
    p->pacing = PACING_ASAP;
    town_open(&town);
    for (int i = 0; i < 4; i++) (void)shown_in(1);
    p->counted.n[EVENT_IMPRESSION] = 4000; /* what the store says is older than what is known here */
    town_open(&town);
    assert_int_equal(town_counted(&town, p).n[EVENT_IMPRESSION], 4);
    assert_ptr_equal(shown_in(1), p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slot_without_packages_has_no_ad),
        TEST(one_that_may_be_shown_is_shown),
        TEST(not_before_it_is_approved),
        TEST(not_before_its_flight_nor_after),
        TEST(not_while_it_is_paused_or_stopped),
        TEST(not_without_slot_or_creative),
        TEST(a_paused_creative_is_none),
        TEST(slots_of_other_publishers_are_not_its_own),
        TEST(countries),
        TEST(devices),
        TEST(languages_and_hours),
        TEST(key_values),
        TEST(frequency_caps),
        TEST(a_visitor_is_in_the_token_only_for_a_cap),
        TEST(the_page_may_have_less_room),
        TEST(no_two_of_one_advertiser_in_a_request),
        TEST(a_sponsor_leaves_the_other_places_to_others),
        TEST(house_ads_may_repeat),
        TEST(shares_come_out),
        TEST(what_is_too_much_is_shared_by_need),
        TEST(targeted_packages_have_their_share_where_they_match),
        TEST(creatives_have_their_weights),
        TEST(the_best_bid_wins_and_equal_ones_take_turns),
        TEST(guaranteed_packages_come_first),
        TEST(a_bid_for_clicks_is_worth_its_clicks),
        TEST(a_burst_does_not_pass_the_goal),
        TEST(what_never_comes_is_decided_again),
        TEST(a_daily_limit_opens_again_at_midnight),
        TEST(a_daily_limit_holds_on_days_of_a_clock_change),
        TEST(goals_hold_whatever_comes),
        TEST(whatever_runs_only_what_may_is_shown),
        TEST(the_same_seed_decides_the_same),
        TEST(a_new_lineup_keeps_what_was_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
