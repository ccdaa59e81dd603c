/* Slots and the products that name them: what is refused and where, and what the ad server makes of rows. */
#include "paper.h"

#include "domain/product/slot.h"
#include "domain/publisher/catalog_import.h"
#include "store/q/q_slot.h"

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

static int import(struct act *act, void *arg, struct err *e)
{
    struct catalog_import in = {
        .tx = act->tx, .arena = act->arena, .rng = act->rng, .now = act->now, .actor = STR("test")
    };
    struct catalog_counts counts;
    return catalog_import(&in, *(struct str *)arg, &counts, e);
}

static void refused(struct fixture *f, const char *from, const char *to, const char *field)
{
    struct str text = paper_with(f, from, to);
    struct err e;
    assert_int_equal(fixture_act(f, import, &text, &e), -1);
    assert_string_equal(e.field, field);
}

static void test_a_mistake_in_a_slot_is_named(void **state)
{
    struct fixture *f = *state;
    const char *top = "\"slot_id\": \"top\",\n   \"property_id\": \"paper\"";
    refused(f, top, "\"slot_id\": \"to p\",\n   \"property_id\": \"paper\"", "/slots/0/slot_id");
    refused(f, top, "\"slot_id\": \"..\",\n   \"property_id\": \"paper\"", "/slots/0/slot_id");
    refused(f, top, "\"slot_id\": \"top\",\n   \"property_id\": \"scissors\"", "/slots/0/property_id");
    refused(f, top, "\"slot_id\": \"top\",\"medium\":\"smell\",\n   \"property_id\": \"paper\"", "/slots/0/medium");
    refused(f, top, "\"slot_id\": \"top\",\"section\":7,\n   \"property_id\": \"paper\"", "/slots/0/section");
    refused(f, top, "\"slot_id\": \"top\",\"max_duration_seconds\":7,\n   \"property_id\": \"paper\"",
            "/slots/0/max_duration_seconds");
    refused(f, top, "\"slot_id\": \"top\",\"colour\":7,\n   \"property_id\": \"paper\"", "/slots/0/colour");
    refused(f, top, "\"slot_id\": \"top\",\"key_values\":{\"a:b\":[\"c\"]},\n   \"property_id\": \"paper\"",
            "/slots/0/key_values");
    refused(f, "\"width\": 300,\n     \"height\": 250\n    }\n   ]\n  },",
            "\"width\": 0,\n     \"height\": 250\n    }\n   ]\n  },", "/slots/0/sizes/0/width");
}

static void test_what_was_imported_is_exported_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct str text;
    struct err e;
    assert_int_equal(fixture_import(f, paper_text(f)), 0);
    assert_int_equal(catalog_export(store_read(f->store), &f->arena, STR("paper"), &text, &e), 0);
    yyjson_val *slots = json_arr(fixture_json(f, text.p), "slots");
    assert_int_equal(yyjson_arr_size(slots), 7);
    assert_int_equal(fixture_import(f, text), 0);
}

static int remove_slot(struct act *act, void *arg, struct err *e)
{
    return slot_remove(act, *(struct str *)arg, e);
}

#define SPARE                                                                                                          \
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"paper\"},\"slots\":[{\"slot_id\":\"spare\",\"property_id\":" \
    "\"paper\"}]}"

static void test_keys_of_slots_are_never_used_again(void **state)
{
    struct fixture *f = *state;
    struct slot_row before, after;
    struct err e;
    struct str id = STR("spare"), never = STR("ceiling"), sold = STR("letter");
    assert_int_equal(fixture_import(f, STR(SPARE)), 1);
    assert_int_equal(q_slot_get(store_read(f->store), &f->arena, STR("paper"), id, &before, &e), 1);
    assert_int_equal(fixture_act(f, remove_slot, &id, &e), 0);
    assert_int_equal(fixture_act(f, remove_slot, &never, &e), -1);
    assert_string_equal(e.code, "REFERENCE_NOT_FOUND");
    assert_int_equal(fixture_act(f, remove_slot, &sold, &e), -1); /* a product names it */
    assert_string_equal(e.code, "INVALID_STATE");
    assert_int_equal(fixture_import(f, STR(SPARE)), 1);
    assert_int_equal(q_slot_get(store_read(f->store), &f->arena, STR("paper"), id, &after, &e), 1);
    assert_true(after.slot_key > before.slot_key);
}

static void test_a_mistake_in_what_a_product_says_is_named(void **state)
{
    struct fixture *f = *state;
    const char *sport = "\"slots\": [\n       \"side\"\n      ]";
    refused(f, sport, "\"slots\": [\n       \"side\", \"roof\"\n      ]",
            "/products/1/ext/salesagent/ad_server/slots/1");
    refused(f, sport, "\"slots\": []", "/products/1/ext/salesagent/ad_server/slots");
    refused(f, sport, "\"slots\": [\"side\"], \"share_percent\": 0",
            "/products/1/ext/salesagent/ad_server/share_percent");
    refused(f, sport, "\"slots\": [\"side\"], \"colour\": 7", "/products/1/ext/salesagent/ad_server/colour");
    refused(f, sport, "\"slots\": [\"preroll\"]", "/products/1/format_ids/0"); /* a banner in a film's place */
    refused(f, "\"slot_id\": \"side\",\n   \"property_id\": \"paper\",\n   \"sizes\": [\n    {\n     \"width\": 300",
            "\"slot_id\": \"side\",\n   \"property_id\": \"paper\",\n   \"sizes\": [\n    {\n     \"width\": 728",
            "/products/1/format_ids/0"); /* no size in common */
}

static void test_the_publisher_as_the_ad_server_reads_it(void **state)
{
    struct fixture *f = *state;
    struct house_publisher p;
    paper_publisher(f, &p);
    assert_int_equal(p.slots_n, 7);
    assert_true(str_is(p.site.label, "Advertisement"));
    assert_true(p.site.who_paid); /* Germany wants it */
    assert_int_equal(p.site.visitor_ids, VISITOR_IDS_CONSENT);
    assert_int_equal(p.publisher.rules.hosts_n, 1);
    assert_true(str_is(p.publisher.rules.hosts[0], "paper.example"));
    assert_int_equal(tz_offset_s(p.publisher.zone, INT64_C(1784000000000000)), 7200); /* July in Berlin */
}

static void test_a_package_as_the_ad_server_reads_it(void **state)
{
    struct fixture *f = *state;
    struct house_buy cpm, cpc, rent;
    struct str package = paper_book(f, "page", "cpm", 100, 10);
    paper_load(f, paper_buy_of(f, package), &cpm);
    assert_int_equal(cpm.packages_n, 1);
    assert_int_equal(cpm.packages[0].unit, UNIT_IMPRESSION);
    assert_int_equal(cpm.packages[0].goal, 10000); /* 100 at 10 a thousand */
    assert_int_equal(cpm.packages[0].slots_n, 1);
    assert_int_equal(cpm.packages[0].priority, PRIORITY_GUARANTEED);
    paper_load(f, paper_buy_of(f, paper_book(f, "page", "cpc", 100, 10)), &cpc);
    assert_int_equal(cpc.packages[0].unit, UNIT_CLICK);
    assert_int_equal(cpc.packages[0].goal, 200);
    assert_int_equal(cpc.rents_n, 0);
    paper_load(f, paper_buy_of(f, paper_book(f, "page", "flat_rate", 300, 10)), &rent);
    assert_int_equal(rent.packages[0].goal, NO_GOAL);
    assert_int_equal(rent.rents_n, 1);
    assert_int_equal(rent.rents[0].budget_micros, INT64_C(300000000));
}

static void test_what_it_cannot_count_or_tell_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *form =
        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"paper-refused-%06d\",\"account\":{\"brand\":{\"domain\":"
        "\"acme.example\"},\"operator\":\"acme.example\"},\"brand\":{\"domain\":\"acme.example\"},"
        "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-04-10T00:00:00Z\",\"packages\":[{"
        "\"product_id\":\"page\",\"pricing_option_id\":\"cpm\",\"budget\":%s,\"targeting_overlay\":%s}]}";
    const struct {
        const char *budget, *targeting;
    } bad[] = {
        { "0.001", "{}" }, /* not one impression */
        { "100", "{\"frequency_cap\":{\"max_impressions\":3,\"per\":\"households\",\"window\":{\"interval\":1,\"unit\":"
                 "\"days\"}}}" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct str args = arena_printf(&f->arena, form, (int)i, bad[i].budget, bad[i].targeting);
        struct fixture_reply r = fixture_call(f, "create_media_buy", args.p);
        assert_int_equal(r.rc, -1);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_mistake_in_a_slot_is_named),
        T(test_what_was_imported_is_exported_and_changes_nothing),
        T(test_a_mistake_in_what_a_product_says_is_named),
        T(test_keys_of_slots_are_never_used_again),
        T(test_the_publisher_as_the_ad_server_reads_it),
        T(test_a_package_as_the_ad_server_reads_it),
        T(test_what_it_cannot_count_or_tell_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
