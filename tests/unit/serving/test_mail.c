/* Places in mails: the picture and its link are two requests that share a name, and that is enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "serving/mail.h"
#include "town.h"

static struct town town;

static int set_up(void **state)
{
    town_init(&town, 3);
    town_slot(&town);
    for (int i = 0; i < 3; i++) {
        struct serving_package *p = town_package(&town, 1);
        ((struct serving_creative *)p->creatives)[0].picture = true;
        p->priority = PRIORITY_AUCTION;
    }
    town_open(&town);
    return 0;
}

static int tear_down(void **state)
{
    town_finish(&town);
    return 0;
}

static struct choice picture(uint64_t key)
{
    struct request r = town_request(&town);
    struct ask ask = { .slot = 0, .room = ROOM_PICTURES };
    struct choice c;
    serving_decide_mail(town.serving, &r, &ask, key, &c);
    if (c.package) assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    return c;
}

static bool click(uint64_t key, struct verdict *v)
{
    struct report r = { .event = EVENT_CLICK, .agent_hash = 7, .now = town.now };
    return serving_click_mail(town.serving, &r, 1, key, v);
}

static void a_place_keeps_its_ad(void **state)
{
    struct choice first = picture(5);
    assert_non_null(first.package);
    for (int i = 0; i < 50; i++) {
        town_pass(&town, SECOND);
        assert_ptr_equal(picture(5).package, first.package);
    }
    assert_int_equal(town_counted(&town, first.package).n[EVENT_IMPRESSION], 51); /* each picture fetched is one */
}

static void several_places_do_not_share_a_click(void **state)
{
    const struct serving_package *of[40];
    struct verdict v;
    int different = 0;
    for (uint64_t k = 1; k < 40; k++) {
        of[k] = picture(k).package;
        different += of[k] != of[1];
        town_pass(&town, SECOND);
    }
    assert_true(different > 0);
    for (uint64_t k = 1; k < 40; k++) {
        assert_true(click(k, &v));
        assert_int_equal(v.token.package, of[k]->key);
        assert_int_equal(v.invalid, VALID);
    }
}

static void nothing_shown_leads_nowhere(void **state)
{
    struct verdict v;
    assert_false(click(77, &v));
    (void)picture(77);
    assert_true(click(77, &v));
    town.now += (int64_t)(MAIL_KEPT_S + 1) * SECOND;
    assert_false(click(77, &v));
}

static void an_ad_that_is_over_is_replaced_in_its_place(void **state)
{
    struct choice first = picture(5), second;
    struct verdict v;
    ((struct serving_package *)first.package)->paused = true;
    town_open(&town);
    second = picture(5);
    assert_non_null(second.package);
    assert_ptr_not_equal(second.package, first.package);
    assert_true(click(5, &v));
    assert_int_equal(v.token.package, second.package->key);
}

static void only_pictures_are_for_mails(void **state)
{
    for (int i = 0; i < 3; i++) ((struct serving_creative *)town.packages[i].creatives)[0].picture = false;
    town_open(&town);
    assert_null(picture(5).package);
    assert_non_null(town_ask(&town, 1).package); /* a page has scripts */
}

static void one_address_clicks_once_a_minute(void **state)
{
    struct address home;
    struct verdict v;
    assert_true(address_parse(STR("203.0.113.5"), &home));
    struct report r = { .event = EVENT_CLICK, .agent_hash = 7, .now = town.now, .address = &home };
    (void)picture(5);
    (void)picture(6);
    assert_true(serving_click_mail(town.serving, &r, 1, 5, &v));
    assert_int_equal(v.invalid, VALID);
    assert_true(serving_click_mail(town.serving, &r, 1, 5, &v));
    assert_int_equal(v.invalid, INVALID_USED);
    assert_true(serving_click_mail(town.serving, &r, 1, 6, &v)); /* another place */
    assert_int_equal(v.invalid, VALID);
    r.now += 61 * SECOND;
    assert_true(serving_click_mail(town.serving, &r, 1, 5, &v));
    assert_int_equal(v.invalid, VALID);
    r.invalid = INVALID_BOT;
    assert_true(serving_click_mail(town.serving, &r, 1, 6, &v)); /* led on, not counted */
    assert_int_equal(v.invalid, INVALID_BOT);
}

static void places_come_back_after_a_restart(void **state)
{
    struct verdict v;
    const struct serving_package *p = picture(5).package;
    const struct tally *t = serving_batch_begin(town.serving);
    assert_int_equal(t->places_n, 1);
    struct mail_place stored = t->places[0];
    serving_batch_end(town.serving, tally_end(t));
    serving_destroy(town.serving);
    struct serving_options o = { .key = STR("0123456789abcdef0123456789abcdef") };
    rng_init_seeded(&o.rng, 99);
    town.serving = serving_create(&o, town.now);
    serving_restore_place(town.serving, &stored);
    town_open(&town);
    assert_true(click(5, &v));
    assert_int_equal(v.token.package, p->key);
}

static void the_memory_is_bounded(void **state)
{
    struct mail_places *m = mail_places_create(1000);
    for (uint64_t k = 1; k < 20000; k++)
        mail_places_put(m, &(struct mail_place){ .slot = 1, .key = k, .package = 1, .asked_s = (uint32_t)k });
    assert_in_range(mail_places_count(m), 500, 2048);
    assert_non_null(mail_places_find(m, 1, 19999));
    mail_places_destroy(m);
}

static void visitors_are_numbers(void **state)
{
    uint32_t a = serving_visitor(town.serving, 1, STR("anna"), true);
    assert_true(a != 0 && a == serving_visitor(town.serving, 1, STR("anna"), true));
    assert_int_not_equal(a, serving_visitor(town.serving, 1, STR("anna"), false));
    assert_int_not_equal(a, serving_visitor(town.serving, 2, STR("anna"), true));
    assert_int_not_equal(a, serving_visitor(town.serving, 1, STR("annb"), true));
    assert_int_equal(serving_visitor(town.serving, 1, STR_NONE, true), 0);
}

/* Before there is any lineup: what was stored of slots comes first at a start. */
static void what_slots_have_seen_comes_back_after_a_restart(void **state)
{
    enum { SLOTS = 300 };
    struct serving_options o = { .key = STR("0123456789abcdef0123456789abcdef") };
    rng_init_seeded(&o.rng, 1);
    struct serving *s = serving_create(&o, T0);
    int64_t week[WEEK_HOURS] = { 0 }, back[WEEK_HOURS], closed;
    for (uint32_t slot = 1; slot <= SLOTS; slot++) {
        week[3] = slot;
        serving_restore_history(s, slot, week);
    }
    for (uint32_t slot = 1; slot <= SLOTS; slot++) {
        assert_true(serving_history(s, slot, back, &closed));
        assert_int_equal(back[3], slot);
    }
    serving_destroy(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_place_keeps_its_ad),
        TEST(several_places_do_not_share_a_click),
        TEST(nothing_shown_leads_nowhere),
        TEST(an_ad_that_is_over_is_replaced_in_its_place),
        TEST(only_pictures_are_for_mails),
        TEST(one_address_clicks_once_a_minute),
        TEST(places_come_back_after_a_restart),
        TEST(what_slots_have_seen_comes_back_after_a_restart),
        TEST(the_memory_is_bounded),
        TEST(visitors_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
