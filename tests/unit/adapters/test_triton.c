/* The adapter for Triton Digital without a network: its settings, what it admits, and every request it makes. The strict fake
 * judges the same requests in the suite "adapters"; both keep to docs/triton-assumptions.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "adapters/triton/triton.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "dialogue.h"

#define T0  INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY USEC_PER_DAY

static const char settings[] = "{\"username\":\"u\",\"password\":\"p\",\"time_zone\":\"UTC\"}";
static const char spot_doc[] =
    "{\"assets\":{\"spot\":{\"asset_type\":\"audio\",\"url\":\"https://a.example/s.mp3\",\"duration_ms\":29500}}}";

static struct plan_package package(void)
{
    return (struct plan_package){ .package_id = STR("pkg-1"),
                                  .product_id = STR("drive"),
                                  .pricing_model = PRICING_CPM,
                                  .medium = MEDIUM_AUDIO,
                                  .rate_micros = 12500000,
                                  .budget_micros = 3000000000,
                                  .impressions_goal = -1,
                                  .start_at = T0 + 10 * DAY,
                                  .end_at = T0 + 40 * DAY,
                                  .stopped_at = INT64_MAX,
                                  .settings = STR("{\"stations\":[\"st-1\"]}") };
}

static struct plan plan_of(const struct plan_package *p, size_t n)
{
    return (struct plan){ .tenant_id = STR("radio"),
                          .media_buy_id = STR("mb_1"),
                          .name = STR("Spring"),
                          .advertiser = STR("acme.example"),
                          .advertiser_remote_id = STR("adv-1"),
                          .currency = "USD",
                          .start_at = T0 + 10 * DAY,
                          .end_at = T0 + 40 * DAY,
                          .live_from = T0,
                          .packages = p,
                          .packages_n = n };
}

static void begin(struct dialogue *d)
{
    dialogue_init(d, "triton", settings);
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
#define U "\"username\":\"u\",\"password\":\"p\",\"time_zone\":\"UTC\""
    static const struct {
        const char *json, *field;
    } cases[] = {
        { "[]", "" },
        { "{\"password\":\"p\",\"time_zone\":\"UTC\"}", "/username" },
        { "{\"username\":\"u\",\"time_zone\":\"UTC\"}", "/password" },
        { "{\"username\":\"u\",\"password\":\"p\"}", "/time_zone" },
        { "{\"username\":\"u\",\"password\":\"p\",\"time_zone\":\"Mars/Olympus\"}", "/time_zone" },
        { "{" U ",\"key\":1}", "/key" },
        { "{" U ",\"api_url\":\"ftp://x\"}", "/api_url" },
        { "{" U ",\"names\":{\"flight\":\"{x}\"}}", "/names/flight" },
        { "{" U ",\"members\":{\"flight.station\":\"x\"}}", "/members/flight.station" },
        { "{" U ",\"members\":{\"flight.stationIds\":7}}", "/members/flight.stationIds" },
        { "{" U ",\"members\":[]}", "/members" },
        { "{" U ",\"paths\":{\"flight\":\"GET /x\"}}", "/paths/flight" },
        { "{" U ",\"paths\":{\"campaign\":\"GET /campaigns\"}}", "/paths/campaign" },
        { "{" U ",\"paths\":{\"flights\":\"LOOK /flights\"}}", "/paths/flights" },
        { "{" U ",\"paths\":{\"flights\":\"GET /flights?x=1\"}}", "/paths/flights" },
    };
    const struct adapter_site site = { .currency = "USD" };
    const void *config;
    struct arena a;
    struct err e;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(triton_configure(&a, &site, str_from(cases[i].json), &config, &e), -1);
        assert_string_equal(e.field, cases[i].field);
    }
    arena_finish(&a);
}

static void what_triton_cannot_say_is_refused_before_the_promise(void **state)
{
    struct dialogue d;
    struct adapter_problems out = { .n = 0 };
    (void)state;
    begin(&d);
    struct plan_package p[7] = { package(), package(), package(), package(), package(), package(), package() };
    struct plan plan = plan_of(p, ARRAY_LEN(p));
    p[0].pricing_model = PRICING_CPC;
    p[1].medium = MEDIUM_DISPLAY;
    p[2].pacing = PACING_ASAP;
    p[3].targeting = STR("{\"keyword_targets\":[{\"keyword\":\"a\",\"match_type\":\"exact\"}],\"language\":[]}");
    p[4].start_at = T0 + DAY / 2; /* less than a whole day lies in it */
    p[4].end_at = T0 + DAY + DAY / 2;
    p[5].settings = STR_NONE;
    p[6].targeting = STR("{\"daypart_targets\":[{\"days\":[\"monday\"],\"start_hour\":6,\"end_hour\":10}]}");
    p[6].settings =
        STR("{\"genres\":[\"g-1\"],\"dayparts\":[{\"days\":[\"monday\"],\"start_hour\":6,\"end_hour\":10}]}");
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    static const char *const members[] = { "pricing_option_id",
                                           "product_id",
                                           "pacing",
                                           "targeting_overlay/keyword_targets",
                                           "end_time",
                                           "product_id",
                                           "targeting_overlay/daypart_targets" };
    for (size_t i = 0; i < out.n && i < ARRAY_LEN(members); i++) assert_string_equal(out.item[i].member, members[i]);
    assert_int_equal(out.n, ARRAY_LEN(members));
    dialogue_finish(&d);
}

static void a_products_settings_are_checked_with_their_place(void **state)
{
    static const struct adapter_item items[] = {
        { .kind = { "station", 7 }, .remote_id = { "st-1", 4 }, .key = { "TRI01", 5 } }
    };
    static const struct {
        const char *json, *member;
    } cases[] = {
        { "", "stations" },
        { "{\"stations\":\"st-1\"}", "stations" },
        { "{\"stations\":[\"st-2\"]}", "stations/0" },
        { "{\"stations\":[\"TRI01\"],\"genres\":[7]}", "genres/0" },
        { "{\"stations\":[\"st-1\"],\"flight_type\":\"BONUS\"}", "flight_type" },
        { "{\"stations\":[\"st-1\"],\"dayparts\":[{\"days\":[\"monday\"],\"start_hour\":10,\"end_hour\":6}]}",
          "dayparts/0" },
        { "{\"stations\":[\"st-1\"],\"colour\":1}", "colour" },
    };
    struct dialogue d;
    (void)state;
    begin(&d);
    d.items = items;
    d.items_n = 1;
    d.catalog.synced_at = T0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct adapter_problems out = { .n = 0 };
        d.adapter->check_product(d.config, str_from(cases[i].json), &d.catalog, &out);
        assert_int_equal(out.n, 1);
        assert_string_equal(out.item[0].member, cases[i].member);
    }
    struct adapter_problems out = { .n = 0 };
    d.adapter->check_product(d.config, STR("{\"stations\":[\"st-1\",\"TRI01\"]}"), &d.catalog, &out);
    d.adapter->check_product(d.config, STR("{\"stations\":\"all\"}"), &d.catalog, &out);
    assert_int_equal(out.n, 0);
    dialogue_finish(&d);
}

/* Page by page, as they are now; an account that has none sells nothing. */
static void a_product_on_all_stations_is_booked_on_each_of_them(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/campaigns", 200, "{\"items\":[]}", false },
        { "POST /v1/campaigns", 201, "{\"id\":\"cmp-7\"}", false },
        { "GET /v1/stations?page=1", 200, "{\"items\":[{\"id\":\"st-1\"},{\"id\":\"st-2\"}],\"totalItems\":201}",
          false },
        { "GET /v1/stations?page=2", 200, "{\"items\":[{\"id\":\"st-3\"}],\"totalItems\":201}", false },
        { "POST /v1/flights", 201, "{\"id\":\"fl-9\"}", false },
        { NULL, 0, NULL, false },
    };
    static const struct exchange none[] = {
        { "GET /v1/campaigns", 200, "{\"items\":[]}", false },
        { "GET /v1/stations?page=1", 200, "{\"items\":[],\"totalItems\":0}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    struct adapter_problems out = { .n = 0 };
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.settings = STR("{\"stations\":\"all\"}");
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    assert_int_equal(out.n, 0);
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(text_has(buf_str(&d.asked), STR("\"stationIds\":[\"st-1\",\"st-2\",\"st-3\"]")));
    dialogue_run(&d, ADAPTER_BOOK, &plan, none);
    assert_int_equal(d.unexpected.n, 0); /* and nothing was made */
    assert_int_equal(d.op.result.verdict, ADAPTER_REFUSED);
    assert_true(str_is(d.op.result.reason, "the account has no stations"));
    dialogue_finish(&d);
}

static void a_new_buy_becomes_a_campaign_with_its_flight(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/campaigns", 200, "{\"items\":[{\"id\":\"cmp-1\",\"externalCode\":\"mb_11\"}],\"totalItems\":1}",
          false },
        { "POST /v1/campaigns", 201, "{\"id\":\"cmp-7\"}", false },
        { "POST /v1/flights", 201, "{\"id\":\"fl-9\"}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.start_at += DAY / 2; /* bought from noon on: it begins with the next whole day */
    p.targeting = STR(
        "{\"geo_countries\":[\"US\"],\"geo_regions_exclude\":[\"US-NY\"],\"daypart_targets\":[{\"days\":[\"monday\"],"
        "\"start_hour\":6,\"end_hour\":10}]}");
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_asked(
        &d,
        "GET /v1/campaigns?page=1&pageSize=200&externalCode=mb_1\n"
        "POST /v1/campaigns {\"advertiserId\":\"adv-1\",\"name\":\"acme.example Spring [mb_1]\",\"externalCode\":\"mb_1\",\"startDate\":"
        "\"2026-04-12\",\"endDate\":\"2026-05-10\",\"currency\":\"USD\",\"active\":true}\n"
        "POST /v1/flights {\"campaignId\":\"cmp-7\",\"name\":\"drive drive [pkg-1]\",\"externalCode\":\"pkg-1\",\"startDate\":\"2026-04-12\","
        "\"endDate\":\"2026-05-10\",\"goal\":{\"type\":\"IMPRESSIONS\",\"value\":240000},\"type\":\"STANDARD\",\"rateType\":\"CPM\",\"rate\":12.5,"
        "\"stationIds\":[\"st-1\"],\"genreIds\":[],\"dayparts\":[{\"days\":[\"MON\"],\"from\":\"06:00\",\"to\":\"10:00\"}],\"targetingRules\":"
        "{\"and\":[{\"or\":[{\"field\":\"country\",\"in\":[\"US\"]}]},{\"not\":{\"field\":\"state\",\"in\":[\"US-NY\"]}}]},\"active\":true}\n");
    assert_int_equal(d.op.remotes_n, 3);
    assert_true(str_is(d.op.remotes[2].remote_id, "fl-9"));
    dialogue_finish(&d);
}

#define FLIGHT(active)                                                                                                 \
    "{\"items\":[{\"id\":\"fl-9\",\"campaignId\":\"cmp-7\",\"externalCode\":\"pkg-1\",\"active\":" active              \
    ",\"creativeIds\":[\"cr-1\",\"cr-2\"]}],\"totalItems\":1}"
#define CAMPAIGN                                                                                                                   \
    "{\"items\":[{\"id\":\"cmp-7\",\"advertiserId\":\"adv-1\",\"externalCode\":\"mb_1\",\"startDate\":\"2026-04-11\",\"endDate\":" \
    "\"2026-05-10\",\"active\":true}],\"totalItems\":1}"

static void remember(struct dialogue *d)
{
    struct adapter_item *kept = ARENA_ARRAY(&d->arena, struct adapter_item, d->op.items_n + 1);
    memcpy(kept, d->op.items, d->op.items_n * sizeof(*kept));
    d->items = kept;
    d->items_n = d->op.items_n;
}

static void an_update_sends_what_has_changed(void **state)
{
    static const struct exchange running[] = {
        { "GET /v1/campaigns", 200, CAMPAIGN, true },
        { "GET /v1/flights", 200, FLIGHT("true"), true },
        { "PATCH /v1/campaigns/cmp-7", 200, "{}", true },
        { "PATCH /v1/flights/fl-9", 200, "{}", true },
        { NULL, 0, NULL, false },
    };
    static const struct exchange paused[] = {
        { "GET /v1/campaigns", 200, CAMPAIGN, true },
        { "GET /v1/flights", 200, FLIGHT("false"), true },
        { "PATCH /v1/campaigns/cmp-7", 200, "{}", true },
        { "PATCH /v1/flights/fl-9", 200, "{}", true },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    dialogue_run(&d, ADAPTER_UPDATE, &plan,
                 running); /* made by an attempt that never heard so: all of it is sent again */
    assert_true(asked_for(&d, "PATCH /v1/flights/fl-9"));
    remember(&d);
    dialogue_run(&d, ADAPTER_UPDATE, &plan, running);
    assert_false(asked_for(&d, "PATCH"));
    dialogue_run(&d, ADAPTER_UPDATE, &plan, paused); /* a trafficker's pause stays */
    assert_false(asked_for(&d, "PATCH"));
    p.budget_micros = 2000000000;
    p.end_at += DAY;
    p.paused = true;
    dialogue_run(&d, ADAPTER_UPDATE, &plan, running);
    assert_true(asked_for(
        &d, "PATCH /v1/campaigns/cmp-7 {\"endDate\":\"2026-05-11\"}\n"
            "PATCH /v1/flights/fl-9 {\"endDate\":\"2026-05-11\",\"goal\":{\"type\":\"IMPRESSIONS\",\"value\":160000},"
            "\"active\":false}\n"));
    remember(&d);
    p.paused = false;
    dialogue_run(&d, ADAPTER_UPDATE, &plan, paused); /* our own pause ends */
    assert_true(asked_for(&d, "\"active\":true"));
    dialogue_finish(&d);
}

static void audio_is_made_uploaded_and_given_to_its_flight(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/campaigns/cmp-7", 200, "{\"id\":\"cmp-7\",\"advertiserId\":\"adv-1\",\"active\":true}", false },
        { "GET /v1/flights", 200, FLIGHT("true"), false },
        { "GET /v1/creatives", 200, "{\"items\":[],\"totalItems\":0}", false },
        { "POST /v1/creatives", 201, "{\"id\":\"cr-3\"}", false },
        { "GET /s.mp3", 200, "ID3.............", false },
        { "PUT /v1/creatives/cr-3/audio", 200, "{\"id\":\"cr-3\"}", false },
        { "PATCH /v1/flights/fl-9", 200, "{}", false },
        { NULL, 0, NULL, false },
    };
    static const struct adapter_item items[] = {
        { .kind = { "creative", 8 }, .remote_id = { "cr-1", 4 }, .key = { "cr/1", 4 } }
    };
    struct dialogue d;
    (void)state;
    begin(&d);
    d.items = items;
    d.items_n = 1;
    struct plan_creative c[] = {
        { .creative_id = STR("cr"), .name = STR("B"), .changed_at = 2, .doc = str_from(spot_doc) },
        { .creative_id = STR("banner"),
          .name = STR("B"),
          .doc = STR("{\"assets\":{\"a\":{\"asset_type\":\"image\",\"url\":\"https://a.example/b.png\"}}}") },
    };
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.creatives = c;
    p.creatives_n = 2;
    plan.remote_id = STR("cmp-7");
    dialogue_run(&d, ADAPTER_CREATIVES, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(
        &d,
        "POST /v1/creatives {\"advertiserId\":\"adv-1\",\"name\":\"B\",\"externalCode\":\"cr/2\",\"type\":\"AUDIO\","
        "\"durationSeconds\":30}\n"));
    /* The version before, which was ours, goes; somebody else's stays. */
    assert_true(asked_for(&d, "PATCH /v1/flights/fl-9 {\"creativeIds\":[\"cr-3\",\"cr-2\"]}\n"));
    assert_int_equal(d.op.problems.n, 1);
    assert_true(str_is(d.op.problems.item[0].creative_id, "banner"));
    dialogue_finish(&d);
}

#define CSV "date,flightId,creativeId,impressions,completes,revenue\r\n"
static void numbers_come_by_day_and_creative(void **state)
{
    struct exchange script[] = {
        { "POST /v1/reports", 201, "{\"id\":\"rep-1\"}", false },
        { "GET /v1/reports/rep-1", 200, "{\"status\":\"RUNNING\"}", false },
        { "GET /v1/reports/rep-1", 200, "{\"status\":\"COMPLETED\",\"url\":\"https://files.example/r.csv\"}", false },
        { "GET /r.csv", 200,
          CSV
          "2026-04-11,fl-9,cr-1,600,500,7.5\r\n2026-04-11,fl-9,cr-2,400,300,5.000000\r\n2026-04-11,fl-8,cr-1,1,1,1\r\n",
          false },
        { NULL, 0, NULL, false },
    };
    static const struct adapter_item items[] = {
        { .kind = { "creative", 8 }, .remote_id = { "cr-1", 4 }, .doc = { "{\"creative_id\":\"cr\"}", 20 } }
    };
    struct dialogue d;
    (void)state;
    begin(&d);
    d.items = items;
    d.items_n = 1;
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("fl-9");
    plan.remote_id = STR("cmp-7");
    d.op.now = T0 + 14 * DAY + DAY / 2;
    d.op.from_day = T0 + 10 * DAY;
    d.op.to_day = T0 + 30 * DAY;
    dialogue_run(&d, ADAPTER_REPORT, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(
        &d, "POST /v1/reports {\"reportType\":\"CREATIVE\",\"startDate\":\"2026-04-11\",\"endDate\":\"2026-04-15\","
            "\"filters\":{\"flights\":[\"fl-9\"]}"));
    assert_int_equal(d.op.result.facts_n, 6); /* five days, and a part of the first */
    const struct adapter_fact *f = d.op.result.facts;
    assert_true(f[0].is_final && f[0].delivered.of[METRIC_IMPRESSIONS] == 1000);
    assert_true(f[0].delivered.of[METRIC_SPEND] == 12500000 && f[0].delivered.of[METRIC_COMPLETED_VIEWS] == 800);
    assert_int_equal(f[0].delivered.of[METRIC_CLICKS], METRIC_UNKNOWN);
    assert_true(!f[1].is_final && f[1].delivered.of[METRIC_IMPRESSIONS] == 0);
    assert_true(str_is(f[5].creative_id, "cr") && f[5].delivered.of[METRIC_IMPRESSIONS] == 600);
    static const char *const wrong[] = { "flightId,date\r\n", CSV "2026-04-11,fl-9,cr-1,6e2,1,1\r\n",
                                         CSV "2026-04-11,fl-9,cr-1,600,1\r\n", CSV "11.04.2026,fl-9,cr-1,1,1,1\r\n",
                                         "" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        script[3].response = wrong[i];
        dialogue_run(&d, ADAPTER_REPORT, &plan, script);
        assert_int_equal(d.op.result.verdict, ADAPTER_TRY_LATER);
        assert_int_equal(d.op.result.facts_n, 0);
    }
    dialogue_finish(&d);
}

static void paths_and_members_are_settings(void **state)
{
    static const struct exchange script[] = {
        { "GET /v2/orders", 200, "{\"results\":[],\"totalItems\":0}", false },
        { "POST /v2/orders", 201, "{\"orderId\":17}", false },
        { "PUT /v2/orders/lines", 201, "{\"id\":\"fl-9\"}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    (void)state;
    dialogue_init(
        &d, "triton",
        "{\"username\":\"u\",\"password\":\"p\",\"time_zone\":\"UTC\",\"api_url\":\"https://tap.example/v2/\",\"paths\":{"
        "\"campaigns\":\"GET /orders\",\"campaign_create\":\"POST /orders\",\"flight_create\":\"PUT /orders/lines\"},"
        "\"members\":{\"list.items\":\"results\",\"campaign.id\":\"orderId\",\"flight.stationIds\":\"outlets\"}}");
    d.op.now = T0;
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, "\"outlets\":[\"st-1\"]"));
    assert_true(asked_for(&d, "\"campaignId\":\"17\""));
    dialogue_finish(&d);
}

static void a_token_says_when_it_ends(void **state)
{
    struct arena a;
    struct dialogue d;
    struct http_call ask = { 0 }, answer = { .outcome = HTTP_OK, .status = 200 };
    struct adapter_token token;
    struct str reason;
    struct err e;
    (void)state;
    arena_init(&a);
    begin(&d);
    assert_int_equal(triton_token_ask(d.config, T0, &a, &ask, &e), 0);
    assert_true(str_is(ask.body, "{\"username\":\"u\",\"password\":\"p\"}"));
    struct str claims = base64url_encode(&a, arena_printf(&a, "{\"exp\":%lld}", (long long)(T0 / USEC_PER_SEC + 600)));
    answer.response = arena_printf(&a, "{\"token\":\"h." STR_FMT ".s\"}", STR_ARG(claims));
    assert_int_equal(triton_token_read(d.config, T0, &a, &answer, &token, &reason), ADAPTER_OK);
    assert_int_equal(token.expires_at, T0 + 600 * USEC_PER_SEC);
    answer.response = STR("{\"token\":\"opaque\"}");
    assert_int_equal(triton_token_read(d.config, T0, &a, &answer, &token, &reason), ADAPTER_OK);
    assert_int_equal(token.expires_at, T0 + 300 * USEC_PER_SEC);
    answer.response = STR("{\"token\":\"a\\nb\"}");
    assert_int_equal(triton_token_read(d.config, T0, &a, &answer, &token, &reason), ADAPTER_TRY_LATER);
    answer.status = 401;
    answer.response = STR("{\"error\":{\"message\":\"The password is not right.\"}}");
    assert_int_equal(triton_token_read(d.config, T0, &a, &answer, &token, &reason), ADAPTER_REFUSED);
    assert_true(text_has(reason, STR("The password is not right.")));
    dialogue_finish(&d);
    arena_finish(&a);
}

static void a_dry_run_of_what_is_booked_shows_what_would_change(void **state)
{
    struct dialogue d;
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("fl-9");
    plan.remote_id = STR("cmp-7");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, NULL);
    if (d.op.result.verdict != ADAPTER_OK) print_error("# " STR_FMT "\n", STR_ARG(d.op.result.reason));
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, "PATCH /v1/flights/fl-9 {"));
    assert_false(asked_for(&d, "POST "));
    dialogue_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_are_wrong_are_named),
        cmocka_unit_test(what_triton_cannot_say_is_refused_before_the_promise),
        cmocka_unit_test(a_products_settings_are_checked_with_their_place),
        cmocka_unit_test(a_product_on_all_stations_is_booked_on_each_of_them),
        cmocka_unit_test(a_new_buy_becomes_a_campaign_with_its_flight),
        cmocka_unit_test(an_update_sends_what_has_changed),
        cmocka_unit_test(audio_is_made_uploaded_and_given_to_its_flight),
        cmocka_unit_test(numbers_come_by_day_and_creative),
        cmocka_unit_test(paths_and_members_are_settings),
        cmocka_unit_test(a_token_says_when_it_ends),
        cmocka_unit_test(a_dry_run_of_what_is_booked_shows_what_would_change),
    };
    return cmocka_run_group_tests_name("triton", tests, NULL, NULL);
}
