/* The adapter for Kevel without a network: its settings, what it admits, and every request it makes. The strict fake judges
 * the same requests in the suite "adapters". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "adapters/kevel/kevel.h"
#include "base/rfc3339.h"
#include "dialogue.h"

#define T0  INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY USEC_PER_DAY

static const char settings[] = "{\"api_key\":\"k\",\"priorities\":{\"guaranteed\":21,\"other\":22}}";
static const char banner_doc[] =
    "{\"assets\":{\"main\":{\"asset_type\":\"image\",\"url\":\"https://a.example/b.png\",\"width\":300,\"height\":250},"
    "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://a.example/\"}}}";

static struct plan_package package(void)
{
    return (struct plan_package){ .package_id = STR("pkg-1"),
                                  .product_id = STR("home"),
                                  .pricing_model = PRICING_CPM,
                                  .promise = PROMISE_GUARANTEED,
                                  .rate_micros = 12500000,
                                  .budget_micros = 3000000000,
                                  .impressions_goal = -1,
                                  .start_at = T0 + 10 * DAY,
                                  .end_at = T0 + 40 * DAY,
                                  .stopped_at = INT64_MAX,
                                  .settings = STR("{\"sites\":[{\"site_id\":1000,\"zone_id\":5}]}") };
}

static struct plan plan_of(const struct plan_package *p, size_t n)
{
    return (struct plan){ .tenant_id = STR("news"),
                          .media_buy_id = STR("mb_1"),
                          .name = STR("Spring"),
                          .advertiser = STR("acme.example"),
                          .advertiser_remote_id = STR("4000"),
                          .currency = "USD",
                          .start_at = T0 + 10 * DAY,
                          .end_at = T0 + 40 * DAY,
                          .live_from = T0,
                          .packages = p,
                          .packages_n = n };
}

static void begin(struct dialogue *d)
{
    dialogue_init(d, "kevel", settings);
    d->op.now = T0;
    d->op.zone = STR("UTC");
}

static void assert_asked(const struct dialogue *d, const char *golden)
{
    struct str asked = buf_str(&d->asked);
    if (d->unexpected.n) print_error("# nobody answers " STR_FMT "\n", STR_ARG(d->unexpected));
    if (!str_is(asked, golden)) print_error("# asked:\n" STR_FMT, STR_ARG(asked));
    assert_true(str_is(asked, golden));
}

static bool asked_for(const struct dialogue *d, const char *text)
{
    return text_has(buf_str(&d->asked), str_from(text));
}

static void settings_that_are_wrong_are_named(void **state)
{
    static const struct {
        const char *json, *field;
    } cases[] = {
        { "[]", "" },
        { "{\"priorities\":{\"guaranteed\":1}}", "/api_key" },
        { "{\"api_key\":\"k\"}", "/priorities" },
        { "{\"api_key\":\"k\",\"priorities\":{\"guaranteed\":3000000000}}", "/priorities" },
        { "{\"api_key\":\"k\",\"priorities\":{\"guaranteed\":1},\"key\":1}", "/key" },
        { "{\"api_key\":\"k\",\"priorities\":{\"guaranteed\":1},\"names\":{\"flight\":\"{x}\"}}", "/names/flight" },
    };
    const struct adapter_site site = { .currency = "USD" };
    const void *config;
    struct arena a;
    struct err e;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(kevel_configure(&a, &site, str_from(cases[i].json), &config, &e), -1);
        assert_string_equal(e.field, cases[i].field);
    }
    arena_finish(&a);
}

static void what_kevel_cannot_say_is_refused_before_the_promise(void **state)
{
    struct dialogue d;
    struct adapter_problems out = { .n = 0 };
    begin(&d);
    struct plan_package p[4] = { package(), package(), package(), package() };
    struct plan plan = plan_of(p, 4);
    p[0].pricing_model = PRICING_VCPM;
    p[1].budget_micros = INT64_C(900000000000000);
    p[1].rate_micros = 1000;
    p[2].pacing = PACING_ASAP;
    p[3].targeting = STR(
        "{\"device_type\":[\"mobile\"],\"keyword_targets\":[{\"keyword\":\"a\",\"match_type\":\"broad\"}],\"geo_regions\":[\"DE-BE\"]}");
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    static const char *const members[] = { "pricing_option_id",
                                           "budget",
                                           "pacing",
                                           "targeting_overlay/device_type",
                                           "targeting_overlay/geo_regions",
                                           "targeting_overlay/keyword_targets" };
    assert_int_equal(out.n, ARRAY_LEN(members));
    for (size_t i = 0; i < out.n; i++) assert_string_equal(out.item[i].member, members[i]);
    dialogue_finish(&d);
}

static void a_new_buy_becomes_a_campaign_with_its_flight(void **state)
{
    static const struct exchange script[] = {
        { "POST /v1/campaign/search", 200, "{\"items\":[{\"Id\":7,\"Name\":\"other [mb_11]\"}]}", false },
        { "POST /v1/campaign", 200, "{\"Id\":51001}", false },
        { "POST /v1/flight", 200, "{\"Id\":610001}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.targeting = STR(
        "{\"geo_countries\":[\"US\"],\"geo_regions_exclude\":[\"US-NY\"],\"keyword_targets\":[{\"keyword\":\"cars\",\"match_type\":\"exact\"}]}");
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_asked(
        &d,
        "POST /v1/campaign/search campaignName=%5Bmb_1%5D\n"
        "POST /v1/campaign {\"AdvertiserId\":4000,\"Name\":\"acme.example Spring [mb_1]\",\"IsActive\":true}\n"
        "POST /v1/flight {\"Name\":\"home home [pkg-1]\",\"CampaignId\":51001,\"StartDateISO\":\"2026-04-11T00:00:00Z\",\"EndDateISO\":"
        "\"2026-05-11T00:00:00Z\",\"PriorityId\":21,\"GoalType\":1,\"Impressions\":240000,\"RateType\":2,\"Price\":12.5,\"Keywords\":\"cars\","
        "\"IsActive\":true,\"GeoTargeting\":[{\"CountryCode\":\"US\"},{\"CountryCode\":\"US\",\"IsExclude\":true,\"Region\":\"NY\"}],"
        "\"SiteZoneTargeting\":[{\"SiteId\":1000,\"ZoneId\":5,\"IsExcluded\":false}]}\n");
    assert_int_equal(d.op.remotes_n, 3);
    assert_true(str_is(d.op.remotes[2].remote_id, "610001"));
    dialogue_finish(&d);
}

/* As listed: with members that this adapter knows nothing of, which a PUT has to give back. */
#define SHOWN                                                                                                          \
    "\"Id\":610001,\"Name\":\"home home [pkg-1]\",\"CampaignId\":51001,\"Impressions\":240000,\"Price\":12.5,\"FloorECPM\":1.25,\"IsArchived\":false"
static const struct exchange there[] = {
    { "POST /v1/campaign/search", 200,
      "{\"items\":[{\"Id\":51001,\"AdvertiserId\":4000,\"Name\":\"x [mb_1]\",\"IsActive\":true}]}", true },
    { "GET /v1/campaign/51001/flight", 200,
      "{\"items\":[{" SHOWN
      ",\"IsActive\":true,\"GeoTargeting\":[{\"CountryCode\":\"US\",\"Region\":null,\"MetroCode\":null,\"IsExclude\":false,\"LocationId\":9}],"
      "\"SiteZoneTargeting\":[{\"Id\":3,\"SiteId\":1000,\"ZoneId\":5,\"IsExcluded\":false}]}]}",
      true },
    { "PUT /v1/flight/610001", 200, "{\"Id\":610001}", true },
    { "POST /v1/flight/610001/geotargeting", 200, "{}", true },
    { "GET /v1/flight/610001/geotargeting/9/delete", 200, "{}", true },
    { NULL, 0, NULL, false },
};

static void remember(struct dialogue *d)
{
    struct adapter_item *kept = ARENA_ARRAY(&d->arena, struct adapter_item, d->op.items_n + 1);
    memcpy(kept, d->op.items, d->op.items_n * sizeof(*kept));
    d->items = kept;
    d->items_n = d->op.items_n;
}

static void an_update_puts_back_what_it_read_with_what_has_changed(void **state)
{
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.targeting = STR("{\"geo_countries\":[\"US\"]}");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, there);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_false(asked_for(&d, "geotargeting")); /* the rows are as they should be */
    remember(&d);
    dialogue_run(&d, ADAPTER_UPDATE, &plan, there);
    assert_false(asked_for(&d, "PUT")); /* nothing has changed */
    p.budget_micros = 2000000000;
    p.targeting = STR("{\"geo_countries\":[\"CA\"]}");
    p.paused = true;
    dialogue_run(&d, ADAPTER_UPDATE, &plan, there);
    assert_true(asked_for(
        &d,
        "PUT /v1/flight/610001 {\"Id\":610001,\"Name\":\"home home [pkg-1]\",\"CampaignId\":51001,\"Price\":12.5,\"FloorECPM\":1.25,"
        "\"IsArchived\":false,\"Impressions\":160000,\"IsActive\":false}\n"
        "POST /v1/flight/610001/geotargeting {\"CountryCode\":\"CA\"}\n"
        "GET /v1/flight/610001/geotargeting/9/delete\n"));
    dialogue_finish(&d);
}

static void an_image_is_made_uploaded_and_joined_with_its_flight(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/campaign/51001/flight", 200, "{\"items\":[{" SHOWN ",\"IsActive\":true}]}", false },
        { "GET /v1/campaign/51001", 200, "{\"Id\":51001,\"AdvertiserId\":4000,\"Name\":\"x\"}", false },
        { "GET /v1/adtypes", 200, "{\"totalPages\":1,\"items\":[{\"Id\":5,\"Width\":300,\"Height\":250}]}", false },
        { "GET /v1/advertiser/4000/creatives?page=1", 200, "{\"totalPages\":2,\"items\":[]}", false },
        { "GET /v1/advertiser/4000/creatives?page=2", 200,
          "{\"totalPages\":2,\"items\":[{\"Id\":1,\"Title\":\"B [cr/1]\"}]}", false },
        { "POST /v1/creative/7100001/upload", 200, "{\"Id\":7100001}", false },
        { "POST /v1/creative", 200, "{\"Id\":7100001}", false },
        { "GET /b.png", 200, "\x89PNG...", false },
        { "GET /v1/flight/610001/creatives", 200,
          "{\"items\":[{\"Id\":8,\"Creative\":{\"Id\":1}},{\"Id\":9,\"Creative\":{\"Id\":2}}]}", false },
        { "POST /v1/flight/610001/creative", 200, "{\"Id\":8200001}", false },
        { "GET /v1/flight/610001/creatives", 200,
          "{\"items\":[{\"Id\":8200001,\"Creative\":{\"Id\":7100001}},{\"Id\":8,\"Creative\":{\"Id\":1}},{\"Id\":9,\"Creative\":{\"Id\":2}}]}",
          false },
        { "GET /v1/flight/610001/creative/8/delete", 200, "{}", false },
        { "GET /v1/flight/610001/creatives", 200,
          "{\"items\":[{\"Id\":8200001,\"Creative\":{\"Id\":7100001}},{\"Id\":9,\"Creative\":{\"Id\":2}}]}", false },
        { NULL, 0, NULL, false },
    };
    static const struct adapter_item items[] = {
        { .kind = { "creative", 8 }, .remote_id = { "1", 1 }, .key = { "cr/1", 4 } }
    };
    struct dialogue d;
    begin(&d);
    d.items = items;
    d.items_n = 1;
    struct plan_creative c = {
        .creative_id = STR("cr"), .name = STR("B"), .changed_at = 2, .doc = str_from(banner_doc)
    };
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.creatives = &c;
    p.creatives_n = 1;
    plan.remote_id = STR("51001");
    dialogue_run(&d, ADAPTER_CREATIVES, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, "\"Title\":\"B [cr/2]\",\"Url\":\"https://a.example/\"}"));
    assert_true(asked_for(&d, "filename=\"creative.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG...\r\n"));
    assert_true(asked_for(
        &d, "POST /v1/flight/610001/creative {\"Creative\":{\"Id\":7100001},\"FlightId\":610001,\"IsActive\":true}"));
    assert_true(asked_for(&d, "creative/8/delete")); /* the version before, which was ours */
    assert_false(asked_for(&d, "creative/9/delete")); /* somebody else's */
    dialogue_finish(&d);
}

/* A creative of the product's template: custom, native, or a video of any size. */
static void a_template_is_filled_from_the_creatives_assets(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/campaign/51001/flight", 200, "{\"items\":[{" SHOWN ",\"IsActive\":true}]}", false },
        { "GET /v1/campaign/51001", 200, "{\"Id\":51001,\"AdvertiserId\":4000,\"Name\":\"x\"}", false },
        { "GET /v1/adtypes", 200, "{\"totalPages\":1,\"items\":[]}", false },
        { "GET /v1/advertiser/4000/creatives?page=1", 200, "{\"items\":[]}", false },
        { "POST /v1/creative", 200, "{\"Id\":7100001}", false },
        { "GET /v1/flight/610001/creatives", 200, "{\"items\":[]}", false },
        { "POST /v1/flight/610001/creative", 200, "{\"Id\":8200001}", false },
        { "GET /v1/flight/610001/creatives", 200, "{\"items\":[{\"Id\":8200001,\"Creative\":{\"Id\":7100001}}]}",
          false },
        { NULL, 0, NULL, false },
    };
    static const char doc[] = "{\"assets\":{\"clip\":{\"asset_type\":\"video\",\"url\":\"https://a.example/v.mp4\"},"
                              "\"headline\":{\"asset_type\":\"text\",\"content\":\"5 < 6 \\\"now\\\"\"}}}";
    struct dialogue d;
    struct adapter_problems out = { .n = 0 };
    begin(&d);
    struct plan_creative c = { .creative_id = STR("cr"), .name = STR("V"), .changed_at = 2, .doc = str_from(doc) };
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.creatives = &c;
    p.creatives_n = 1;
    p.medium = MEDIUM_VIDEO;
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    assert_int_equal(out.n, 1); /* without a template it is display only */
    p.settings = STR(
        "{\"sites\":[{\"site_id\":1000}],\"template\":{\"id\":31,\"ad_type_id\":7,\"variables\":{\"ctVideo\":\"clip\","
        "\"ctHeadline\":\"headline\",\"ctLogo\":\"logo\",\"ctLabel\":{\"text\":\"Ad\"}}}}");
    out.n = 0;
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    d.adapter->check_product(d.config, p.settings, &d.catalog, &out);
    assert_int_equal(out.n, 0);
    plan.remote_id = STR("51001");
    dialogue_run(&d, ADAPTER_CREATIVES, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(
        asked_for(&d, "\"AdTypeId\":7,\"IsActive\":true,\"Title\":\"V [cr/2]\",\"TemplateId\":31,\"TemplateValues\":"
                      "\"{\\\"ctVideo\\\":\\\"https://a.example/v.mp4\\\",\\\"ctHeadline\\\":\\\"5 < 6 "
                      "\\\\\\\"now\\\\\\\"\\\",\\\"ctLabel\\\":\\\"Ad\\\"}\"}"));
    d.adapter->check_product(d.config, STR("{\"template\":{\"id\":\"a\"}}"), &d.catalog, &out);
    d.adapter->check_product(d.config, STR("{\"template\":{\"id\":1,\"variables\":{\"x\":{\"asset\":\"a\"}}}}"),
                             &d.catalog, &out);
    assert_int_equal(out.n, 2);
    assert_string_equal(out.item[0].member, "template");
    assert_string_equal(out.item[1].member, "template/variables/x");
    dialogue_finish(&d);
}

static void days_that_are_final_are_those_of_a_report(void **state)
{
    static const struct exchange script[] = {
        { "POST /v1/instantcounts/bulk", 200,
          "{\"flights\":{\"610001\":{\"2026-04-11\":{\"impressions\":999,\"clicks\":3,\"revenue\":12.4},\"2026-04-14\":"
          "{\"impressions\":50,\"clicks\":1,\"revenue\":0.625}}}}",
          false },
        { "POST /v1/report/queue", 200, "{\"Id\":\"r-1\"}", false },
        { "GET /v1/report/queue/r-1", 200, "{\"Status\":1}", false },
        { "GET /v1/report/queue/r-1", 200,
          "{\"Status\":2,\"Result\":{\"Records\":[{\"Date\":\"2026-04-11T00:00:00\",\"Details\":[{\"Grouping\":{\"FlightId\":610001},"
          "\"Impressions\":1000,\"Clicks\":3,\"Revenue\":12.5}]}]}}",
          false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("610001");
    plan.remote_id = STR("51001");
    d.op.now = T0 + 13 * DAY + DAY / 2;
    d.op.from_day = T0 + 10 * DAY;
    d.op.to_day = T0 + 30 * DAY;
    dialogue_run(&d, ADAPTER_REPORT, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_int_equal(d.op.result.facts_n, 4);
    const struct adapter_fact *f = d.op.result.facts;
    assert_true(f[0].is_final && f[0].delivered.of[METRIC_IMPRESSIONS] == 1000 &&
                f[0].delivered.of[METRIC_SPEND] == 12500000);
    assert_true(!f[1].is_final && f[1].delivered.of[METRIC_IMPRESSIONS] == 0);
    assert_true(!f[3].is_final && f[3].delivered.of[METRIC_SPEND] == 625000);
    assert_int_equal(f[0].delivered.of[METRIC_VIEWABLE], METRIC_UNKNOWN);
    dialogue_finish(&d);
}

static void a_dry_run_of_what_is_booked_shows_what_would_change(void **state)
{
    struct dialogue d;
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("610001");
    plan.remote_id = STR("51001");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, NULL);
    if (d.op.result.verdict != ADAPTER_OK) print_error("# " STR_FMT "\n", STR_ARG(d.op.result.reason));
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, "PUT /v1/flight/610001 {"));
    assert_false(asked_for(&d, "POST /v1/flight {"));
    dialogue_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_are_wrong_are_named),
        cmocka_unit_test(what_kevel_cannot_say_is_refused_before_the_promise),
        cmocka_unit_test(a_new_buy_becomes_a_campaign_with_its_flight),
        cmocka_unit_test(an_update_puts_back_what_it_read_with_what_has_changed),
        cmocka_unit_test(an_image_is_made_uploaded_and_joined_with_its_flight),
        cmocka_unit_test(a_template_is_filled_from_the_creatives_assets),
        cmocka_unit_test(days_that_are_final_are_those_of_a_report),
        cmocka_unit_test(a_dry_run_of_what_is_booked_shows_what_would_change),
    };
    return cmocka_run_group_tests_name("kevel", tests, NULL, NULL);
}
