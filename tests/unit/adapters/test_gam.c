/* The adapter for Google Ad Manager without a network: its settings, what it admits, and every request it makes, over
 * answers as Ad Manager gives them. The strict fake judges the same requests in the suite "adapters". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "adapters/gam/gam.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "dialogue.h"

#define T0  INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY USEC_PER_DAY

static const char settings[] =
    "{\"network_code\":\"123\",\"trafficker_id\":\"7\",\"approval\":\"approve\",\"check_availability\":false,\"oauth\":{\"client_id\":"
    "\"c\",\"client_secret\":\"s\",\"refresh_token\":\"r\"}}";

static struct plan_format banner = { .format_id = { "b", 1 }, .width = 300, .height = 250 };

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
                                  .formats = &banner,
                                  .formats_n = 1,
                                  .settings = STR("{\"ad_units\":[\"55\"]}") };
}

static struct plan plan_of(const struct plan_package *p, size_t n)
{
    return (struct plan){ .tenant_id = STR("news"),
                          .media_buy_id = STR("mb_1"),
                          .name = STR("Spring"),
                          .principal_id = STR("acme"),
                          .advertiser = STR("acme.example"),
                          .advertiser_remote_id = STR("41"),
                          .currency = "USD",
                          .start_at = T0 + 10 * DAY,
                          .end_at = T0 + 40 * DAY,
                          .live_from = T0,
                          .packages = p,
                          .packages_n = n };
}

static void begin(struct dialogue *d)
{
    dialogue_init(d, "gam", settings);
    d->op.now = T0;
    d->op.zone = STR("America/New_York");
}

#define NETWORK                                                                                                        \
    { "GET /v1/networks/123", 200,                                                                                     \
      "{\"displayName\":\"News\",\"networkCode\":\"123\",\"currencyCode\":\"USD\","                                    \
      "\"timeZone\":\"America/New_York\",\"effectiveRootAdUnit\":\"networks/123/adUnits/1\"}",                         \
      false }
#define NO_ORDER { "GET /v1/networks/123/orders?", 200, "{}", false }

static void assert_asked(const struct dialogue *d, const char *golden)
{
    if (d->unexpected.n) print_error("# nobody answers " STR_FMT "\n", STR_ARG(d->unexpected));
    assert_int_equal(d->unexpected.n, 0);
    struct str asked = buf_str(&d->asked);
    if (!str_is(asked, golden)) print_error("# asked:\n" STR_FMT, STR_ARG(asked));
    assert_true(str_is(asked, golden));
}

static bool asked_for(const struct dialogue *d, const char *text)
{
    return text_has(buf_str(&d->asked), str_from(text));
}

/* ---- settings ---- */

static void settings_that_are_wrong_are_named(void **state)
{
    static const struct {
        const char *json, *field;
    } cases[] = {
        { "[]", "" },
        { "{\"trafficker_id\":1}", "/network_code" },
        { "{\"network_code\":\"12a\"}", "/network_code" },
        { "{\"network_code\":\"123\"}", "/service_account" },
        { "{\"network_code\":\"123\",\"netwrok\":1}", "/netwrok" },
        { "{\"network_code\":\"123\",\"trafficker_id\":1,\"oauth\":{\"client_id\":\"a\",\"client_secret\":\"b\",\"refresh_token\":\"c\"},"
          "\"soap_version\":\"latest\"}",
          "/soap_version" },
        { "{\"network_code\":\"123\",\"trafficker_id\":1,\"oauth\":{\"client_id\":\"a\",\"client_secret\":\"b\",\"refresh_token\":\"c\"},"
          "\"check_availability\":1}",
          "/check_availability" },
        { "{\"network_code\":123,\"service_account\":{\"client_email\":\"a\"}}", "/service_account/private_key" },
        { "{\"network_code\":123,\"service_account\":{\"client_email\":\"a\",\"private_key\":\"b\"}}",
          "/service_account/private_key" },
        { "{\"network_code\":123,\"oauth\":{\"client_id\":\"a\"}}", "/oauth" },
    };
    struct arena a;
    struct err e;
    const void *config;
    const struct adapter_site site = { .currency = "USD" };
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(gam_configure(&a, &site, str_from(cases[i].json), &config, &e), -1);
        assert_string_equal(e.field, cases[i].field);
        assert_string_equal(e.code, "CONFIGURATION_ERROR");
    }
    struct str odd = arena_printf(&a, "{\"names\":{\"order\":\"{brand}\"},%s", settings + 1);
    assert_int_equal(gam_configure(&a, &site, odd, &config, &e), -1);
    assert_string_equal(e.field, "/names/order");
    arena_finish(&a);
}

static void a_name_keeps_its_tag_whole_within_255_bytes(void **state)
{
    struct arena a;
    struct plan p = plan_of(NULL, 0);
    struct title_words words = { &p, NULL };
    char lots[601];
    arena_init(&a);
    for (int i = 0; i < 300; i++) memcpy(lots + 2 * i, "\xc3\xa4", 2); /* ä */
    p.name = (struct str){ lots, 600 };
    struct str title = title_make(&a, STR("{advertiser}: {name}\n"), &words, p.media_buy_id, GAM_NAME_MAX);
    assert_true(title.n <= GAM_NAME_MAX && title.n >= GAM_NAME_MAX - 1);
    assert_true(title_has_tag(title, STR("mb_1")) && !title_has_tag(title, STR("b_1")));
    assert_true(utf8_valid(title));
    assert_true(gam_external_order_id(STR("mb_1")) > 0);
    assert_int_not_equal(gam_external_order_id(STR("mb_1")), gam_external_order_id(STR("mb_2")));
    arena_finish(&a);
}

static void goals_are_the_units_that_the_budget_pays_for(void **state)
{
    static const struct {
        enum pricing_model model;
        enum plan_promise promise;
        int64_t rate, budget, units;
        const char *type, *cost, *unit;
    } cases[] = {
        { PRICING_CPM, PROMISE_GUARANTEED, 12500000, 3000000000, 240000, "STANDARD", "CPM", "IMPRESSIONS" },
        { PRICING_CPM, PROMISE_NON_GUARANTEED, 3000000, 1000000000, 333333, "PRICE_PRIORITY", "CPM", "IMPRESSIONS" },
        { PRICING_VCPM, PROMISE_GUARANTEED, 7000000, 1000000000, 142857, "STANDARD", "VCPM", "VIEWABLE_IMPRESSIONS" },
        { PRICING_CPC, PROMISE_NON_GUARANTEED, 450000, 100000000, 222, "PRICE_PRIORITY", "CPC", "CLICKS" },
        { PRICING_FLAT_RATE, PROMISE_GUARANTEED, 0, 3100000000, 100, "SPONSORSHIP", "CPD", "IMPRESSIONS" },
    };
    struct gam_deal deal;
    const char *member, *why;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct plan_package p = package();
        p.pricing_model = cases[i].model;
        p.promise = cases[i].promise;
        p.rate_micros = cases[i].rate;
        p.budget_micros = cases[i].budget;
        assert_true(gam_deal_of(&p, STR("America/New_York"), &deal, &member, &why));
        assert_int_equal(deal.units, cases[i].units);
        assert_string_equal(gam_type_name(deal.type), cases[i].type);
        assert_string_equal(deal.cost_type, cases[i].cost);
        assert_string_equal(deal.unit_type, cases[i].unit);
        /* Thirty days from midnight UTC touch 31 days of New York. */
        if (deal.percent) assert_int_equal(deal.rate_micros, 100000000);
    }
    struct plan_package p = package();
    p.pricing_model = PRICING_CPA;
    assert_false(gam_deal_of(&p, STR_NONE, &deal, &member, &why));
    assert_string_equal(member, "pricing_option_id");
    p = package();
    p.budget_micros = 10;
    assert_false(gam_deal_of(&p, STR_NONE, &deal, &member, &why));
    assert_string_equal(member, "budget");
}

/* ---- admission ---- */

static void what_ad_manager_cannot_say_is_refused_before_the_promise(void **state)
{
    static const struct {
        const char *targeting, *member;
    } cases[] = {
        { "{\"daypart_targets\":[{\"days\":[\"monday\"]}]}", "targeting_overlay/daypart_targets" },
        { "{\"geo_regions\":[\"DE-BE\"]}", "targeting_overlay/geo_regions" },
        { "{\"geo_metros\":[{\"system\":\"uk_itl2\",\"values\":[\"UKI3\"]}]}", "targeting_overlay/geo_metros" },
        { "{\"device_type\":[\"dooh\"]}", "targeting_overlay/device_type" },
        { "{\"frequency_cap\":{\"max_impressions\":3,\"per\":\"households\",\"window\":{\"interval\":1,\"unit\":\"days\"}}}",
          "targeting_overlay/frequency_cap" },
        { "{\"audience_include\":[\"cars\"]}", "targeting_overlay/audience_include" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dialogue d;
        struct adapter_problems out = { .n = 0 };
        begin(&d);
        struct plan_package p = package();
        struct plan plan = plan_of(&p, 1);
        p.targeting = str_from(cases[i].targeting);
        d.adapter->admit(d.config, &plan, &d.catalog, &out);
        assert_int_equal(out.n, 1);
        assert_string_equal(out.item[0].member, cases[i].member);
        dialogue_finish(&d);
    }
}

static void what_the_network_does_not_have_is_refused_once_its_inventory_is_known(void **state)
{
    static const struct adapter_item items[] = {
        { .kind = { "currency", 8 }, .remote_id = { "EUR", 3 }, .key = { "EUR", 3 } },
        { .kind = { "country", 7 }, .remote_id = { "2276", 4 }, .key = { "DE", 2 } },
        { .kind = { "ad_unit", 7 }, .remote_id = { "55", 2 }, .key = { "home", 4 } },
    };
    struct dialogue d;
    struct adapter_problems out = { .n = 0 };
    begin(&d);
    d.items = items;
    d.items_n = ARRAY_LEN(items);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.targeting =
        STR("{\"geo_countries\":[\"DE\",\"AQ\"],\"geo_metros\":[{\"system\":\"nielsen_dma\",\"values\":[\"501\"]}]}");
    p.settings = STR("{\"ad_units\":[\"home\",\"nowhere\"]}");
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    assert_int_equal(out.n, 0); /* never read: finding nothing means nothing */
    d.catalog.synced_at = T0;
    d.adapter->admit(d.config, &plan, &d.catalog, &out);
    assert_int_equal(out.n, 3);
    assert_string_equal(out.item[0].text, "the Ad Manager network does not sell in USD");
    assert_string_equal(out.item[1].text, "Ad Manager has no country \"AQ\"");
    assert_string_equal(out.item[2].text, "Ad Manager has no ad unit \"nowhere\"");
    out.n = 0;
    d.adapter->check_product(
        d.config, STR("{\"ad_units\":[\"nowhere\"],\"sizes\":[\"big\"],\"line_item_type\":\"HOUSE\",\"adunits\":1}"),
        &d.catalog, &out);
    assert_int_equal(out.n, 4);
    assert_string_equal(out.item[0].member, "adunits");
    assert_string_equal(out.item[1].member, "ad_units/0");
    dialogue_finish(&d);
}

/* ---- booking ---- */

static const char golden_booking[] =
    "GET /v1/networks/123\n"
    "GET /v1/networks/123/orders?pageSize=500&filter=externalOrderId%20%3D%20%EXT%\n"
    "GET /v1/networks/123/geoTargets?pageSize=10&filter=type%20%3D%20%22Country%22%20AND%20regionCode%20%3D%20%22US%22\n"
    "POST /v1/networks/123/orders:batchCreate {\"requests\":[{\"parent\":\"networks/123\",\"order\":{\"displayName\":\"acme.example "
    "Spring [mb_1]\",\"advertiser\":\"networks/123/companies/41\",\"trafficker\":\"networks/123/users/7\",\"externalOrderId\":%EXT%,"
    "\"notes\":\"AdCP media buy mb_1, buyer acme\"}}]}\n"
    "POST /v1/networks/123/lineItems {\"order\":\"networks/123/orders/900\",\"displayName\":\"home home [pkg-1]\",\"externalLineItemId\":"
    "\"pkg-1\",\"lineItemType\":\"STANDARD\",\"costType\":\"CPM\",\"rate\":{\"currencyCode\":\"USD\",\"units\":\"12\",\"nanos\":500000000},"
    "\"creativeRotationType\":\"EVENLY\",\"deliveryRateType\":\"EVENLY\",\"creativePlaceholders\":[{\"size\":{\"width\":300,\"height\":250,"
    "\"sizeType\":\"PIXEL\"}}],\"startTime\":\"2026-04-11T00:00:00Z\",\"targetEndTime\":\"2026-05-11T00:00:00Z\",\"goal\":{\"goalType\":"
    "\"LIFETIME\",\"unitType\":\"IMPRESSIONS\",\"units\":\"240000\"},\"targeting\":{\"inventoryTargeting\":{\"targetedAdUnits\":[{\"adUnit\":"
    "\"networks/123/adUnits/55\",\"includeDescendants\":true}]},\"geoTargeting\":{\"targetedGeos\":[\"networks/123/geoTargets/2840\"]}},"
    "\"frequencyCaps\":[{\"maxImpressions\":\"3\",\"timeAmount\":\"1\",\"timeUnit\":\"DAY\"}]}\n"
    "POST /v1/networks/123/orders:batchApprove {\"names\":[\"networks/123/orders/900\"]}\n";

/* The golden text with the order's external id in its places. */
static struct str with_external_id(struct arena *a, const char *golden)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    for (const char *p = golden; *p;) {
        bool here = strncmp(p, "%EXT%", 5) == 0;
        if (here) buf_addf(&b, "%d", gam_external_order_id(STR("mb_1")));
        else buf_add_char(&b, *p);
        p += here ? 5 : 1;
    }
    struct str s = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return s;
}

static void a_new_buy_becomes_an_order_with_its_line_item(void **state)
{
    static const struct exchange script[] = {
        NO_ORDER,
        NETWORK,
        { "POST /v1/networks/123/orders:batchCreate", 200,
          "{\"orders\":[{\"name\":\"networks/123/orders/900\",\"status\":\"DRAFT\"}]}", false },
        { "GET /v1/networks/123/geoTargets", 200,
          "{\"geoTargets\":[{\"name\":\"networks/123/geoTargets/2840\",\"targetable\":true}]}", false },
        { "POST /v1/networks/123/lineItems", 200,
          "{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"DRAFT\"}", false },
        { "POST /v1/networks/123/orders:batchApprove", 200, "{}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.targeting = STR(
        "{\"geo_countries\":[\"US\"],\"frequency_cap\":{\"max_impressions\":3,\"per\":\"individuals\",\"window\":{\"interval\":1,\"unit\":\"days\"}}}");
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_asked(&d, with_external_id(&d.arena, golden_booking).p);
    assert_int_equal(d.op.remotes_n, 3);
    assert_true(str_is(d.op.remotes[1].remote_id, "900") && d.op.remotes[1].kind == REMOTE_ORDER);
    assert_true(str_is(d.op.remotes[2].remote_id, "901") && str_is(d.op.remotes[2].id, "pkg-1"));
    dialogue_finish(&d);
}

static void what_an_attempt_without_an_answer_made_is_found_and_not_made_again(void **state)
{
    static const struct exchange lost[] = {
        NO_ORDER, NETWORK, { "POST /v1/networks/123/orders:batchCreate", 0, "", false }, { NULL, 0, NULL, false }
    };
    static const struct exchange again[] = {
        { "GET /v1/networks/123/orders?", 200,
          "{\"orders\":[{\"name\":\"networks/123/orders/899\",\"displayName\":\"Somebody else's [mb_9]\",\"status\":\"APPROVED\"},"
          "{\"name\":\"networks/123/orders/900\",\"displayName\":\"x [mb_1]\",\"status\":\"APPROVED\"}]}",
          false },
        { "GET /v1/networks/123/lineItems?", 200,
          "{\"lineItems\":[{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"READY\",\"startTime\":\"2026-04-11T00:00:00Z\"}]}",
          false },
        NETWORK,
        { "PATCH /v1/networks/123/lineItems/901?updateMask=", 200, "{\"name\":\"networks/123/lineItems/901\"}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    dialogue_run(&d, ADAPTER_BOOK, &plan, lost);
    assert_int_equal(d.op.result.verdict, ADAPTER_TRY_LATER);
    dialogue_run(&d, ADAPTER_BOOK, &plan, again);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_int_equal(d.unexpected.n, 0);
    assert_false(asked_for(&d, "batchCreate"));
    assert_true(str_is(d.op.remotes[0].remote_id, "900"));
    dialogue_finish(&d);
}

static const struct exchange unapproved[] = {
    NO_ORDER,
    NETWORK,
    { "POST /v1/networks/123/orders:batchCreate", 200,
      "{\"orders\":[{\"name\":\"networks/123/orders/900\",\"status\":\"DRAFT\"}]}", false },
    { "POST /v1/networks/123/lineItems", 200,
      "{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"DRAFT\"}", false },
    { "POST /v1/networks/123/orders:batchApprove", 400,
      "{\"error\":{\"code\":400,\"status\":\"FAILED_PRECONDITION\",\"message\":\"no\",\"details\":[{\"fieldViolations\":[{\"reason\":"
      "\"FORECAST_ERROR_NO_FORECAST_YET\",\"description\":\"There is no forecast\"}]}]}}",
      false },
    { "POST /v1/networks/123/orders:batchSubmitForApproval", 200, "{}", false },
    { NULL, 0, NULL, false },
};

static void a_forecast_and_a_person_are_waited_for(void **state)
{
    static const struct {
        const char *approval, *asked, *reason;
    } cases[] = {
        { "\"approve\"", "orders:batchApprove", "Ad Manager has no forecast yet for order 900" },
        { "\"submit\"", "orders:batchSubmitForApproval", "order 900 waits for approval in Google Ad Manager" },
        { "\"leave\"", NULL, "order 900 is a draft that a person approves in Google Ad Manager" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dialogue d;
        struct err e;
        begin(&d);
        struct str json = arena_printf(
            &d.arena,
            "{\"network_code\":\"123\",\"trafficker_id\":\"7\",\"approval\":%s,\"check_availability\":false,\"oauth\":{\"client_id\":\"c\","
            "\"client_secret\":\"s\",\"refresh_token\":\"r\"}}",
            cases[i].approval);
        assert_int_equal(gam_configure(&d.arena, &d.site, json, &d.config, &e), 0);
        struct plan_package p = package();
        struct plan plan = plan_of(&p, 1);
        dialogue_run(&d, ADAPTER_BOOK, &plan, unapproved);
        assert_int_equal(d.op.result.verdict, ADAPTER_WAITS);
        assert_true(str_is(d.op.result.reason, cases[i].reason));
        assert_int_equal(d.op.remotes_n, 3); /* what is there is known, also while it waits */
        if (cases[i].asked) assert_true(asked_for(&d, cases[i].asked));
        dialogue_finish(&d);
    }
}

/* A line item on record as last sent with another budget: only the goal is sent, and a trafficker's pause stays. */
static void a_change_of_the_budget_sends_the_goal_and_nothing_else(void **state)
{
    static const char line[] =
        "{\"lineItems\":[{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"PAUSED\","
        "\"startTime\":\"2026-04-11T00:00:00Z\"}]}";
    const struct exchange script[] = {
        { "GET /v1/networks/123/orders/900", 200,
          "{\"name\":\"networks/123/orders/900\",\"displayName\":\"renamed\",\"status\":\"APPROVED\"}", true },
        { "GET /v1/networks/123/lineItems?", 200, line, true },
        NETWORK,
        { "PATCH /v1/networks/123/lineItems/901?updateMask=", 200, "{\"name\":\"networks/123/lineItems/901\"}", true },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    plan.remote_id = STR("900");
    p.remote_id = STR("901");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, script);
    assert_int_equal(d.op.items_n > 0, true);
    struct adapter_item *kept = ARENA_ARRAY(&d.arena, struct adapter_item, d.op.items_n);
    memcpy(kept, d.op.items, d.op.items_n * sizeof(*kept));
    d.items = kept;
    d.items_n = d.op.items_n;
    p.budget_micros = 2000000000;
    dialogue_run(&d, ADAPTER_UPDATE, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(
        &d,
        "PATCH /v1/networks/123/lineItems/901?updateMask=goal {\"goal\":{\"goalType\":\"LIFETIME\",\"unitType\":\"IMPRESSIONS\",\"units\":\"160000\"}}\n"));
    assert_false(asked_for(&d, "batchResume"));
    dialogue_finish(&d);
}

static void what_a_trafficker_has_deleted_is_not_booked_again(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/networks/123/orders/900", 200, "{\"name\":\"networks/123/orders/900\",\"status\":\"APPROVED\"}",
          false },
        { "GET /v1/networks/123/lineItems?", 200, "{}", false },
        NETWORK,
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    plan.remote_id = STR("900");
    p.remote_id = STR("901");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_REFUSED);
    assert_true(str_is(d.op.result.reason, "line item 901 is no longer in Ad Manager"));
    assert_false(asked_for(&d, "POST"));
    dialogue_finish(&d);
}

static void a_refusal_names_the_call_that_is_not_allowed(void **state)
{
    static const struct exchange script[] = {
        NO_ORDER,
        NETWORK,
        { "POST /v1/networks/123/orders:batchCreate", 200,
          "{\"orders\":[{\"name\":\"networks/123/orders/900\",\"status\":\"DRAFT\"}]}", false },
        { "POST /v1/networks/123/lineItems", 403,
          "{\"error\":{\"code\":403,\"message\":\"The caller does not have permission\"}}", false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_REFUSED);
    assert_true(
        str_is(d.op.result.reason, "the account may not create line items: The caller does not have permission"));
    assert_true(str_is(d.op.problems.item[0].package_id, "pkg-1"));
    assert_int_equal(d.op.remotes_n, 2);
    dialogue_finish(&d);
}

/* ---- reports ---- */

static void a_report_gives_every_day_of_every_package(void **state)
{
    static const struct exchange script[] = {
        { "POST /v1/networks/123/reports/5:run", 200, "{\"name\":\"networks/123/operations/reports/runs/6\"}", false },
        { "POST /v1/networks/123/reports", 200, "{\"name\":\"networks/123/reports/5\"}", false },
        { "GET /v1/networks/123/operations/reports/runs/6", 200,
          "{\"name\":\"x\",\"done\":true,\"response\":{\"reportResult\":\"networks/123/reports/5/results/6\"}}",
          false },
        { "GET /v1/networks/123/reports/5/results/6:fetchRows", 200,
          "{\"runTime\":\"2026-04-13T11:00:00Z\",\"rows\":[{\"dimensionValues\":[{\"intValue\":\"20260411\"},{\"intValue\":\"901\"},{\"intValue\":\"31\"}],\"metricValueGroups\":"
          "[{\"primaryValues\":[{\"intValue\":\"700\"},{\"intValue\":\"7\"},{\"doubleValue\":12.345678},{\"intValue\":\"0\"},{\"intValue\":\"600\"},{\"intValue\":\"400\"}]}]},"
          "{\"dimensionValues\":[{\"intValue\":\"20260411\"},{\"intValue\":\"901\"},{\"intValue\":\"32\"}],\"metricValueGroups\":"
          "[{\"primaryValues\":[{\"intValue\":\"300\"},{\"intValue\":\"0\"},{\"doubleValue\":0},{\"intValue\":\"0\"},{\"intValue\":\"300\"},{\"intValue\":\"200\"}]}]},"
          "{\"dimensionValues\":[{\"intValue\":\"20260411\"},{\"intValue\":\"77\"},{\"intValue\":\"31\"}],\"metricValueGroups\":[{\"primaryValues\":[{\"intValue\":\"1\"},"
          "{\"intValue\":\"1\"},{\"doubleValue\":1},{\"intValue\":\"0\"},{\"intValue\":\"1\"},{\"intValue\":\"1\"}]}]}]}",
          false },
        { NULL, 0, NULL, false },
    };
    static const struct adapter_item ours[] = {
        { .kind = { "creative", 8 }, .remote_id = { "31", 2 }, .doc = { "{\"creative_id\":\"cr\"}", 20 } }
    };
    struct dialogue d;
    begin(&d);
    d.items = ours;
    d.items_n = 1;
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("901");
    d.op.now = T0 + 12 * DAY + 12 * 3600 * USEC_PER_SEC;
    d.op.from_day = T0 + 10 * DAY;
    d.op.to_day = T0 + 30 * DAY;
    dialogue_run(&d, ADAPTER_REPORT, &plan, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_int_equal(d.op.result.facts_n, 4); /* until today, in the network's days; and our creative's part of one */
    const struct adapter_fact *f = d.op.result.facts;
    assert_int_equal(f[0].day_at, T0 + 10 * DAY);
    assert_int_equal(f[0].delivered.of[METRIC_IMPRESSIONS], 1000);
    assert_int_equal(f[0].delivered.of[METRIC_SPEND], 12345678);
    assert_int_equal(f[0].delivered.of[METRIC_VIEWABLE], 600);
    assert_int_equal(f[0].delivered.of[METRIC_VIEWS], METRIC_UNKNOWN);
    assert_int_equal(f[1].delivered.of[METRIC_IMPRESSIONS], 0);
    assert_true(str_is(f[3].creative_id, "cr") && f[3].day_at == f[0].day_at);
    assert_int_equal(f[3].delivered.of[METRIC_IMPRESSIONS], 700);
    assert_int_equal(d.op.result.as_of, T0 + 12 * DAY + 11 * 3600 * USEC_PER_SEC);
    assert_true(asked_for(
        &d,
        "\"dateRange\":{\"fixed\":{\"startDate\":{\"year\":2026,\"month\":4,\"day\":11},\"endDate\":{\"year\":2026,\"month\":4,\"day\":13}}}"));
    /* A run that was started is asked for again, not run again. */
    d.op.progress = STR("{\"run\":\"networks/123/operations/reports/runs/6\"}");
    dialogue_run(&d, ADAPTER_REPORT, &plan, script);
    assert_int_equal(d.op.result.facts_n, 4);
    assert_false(asked_for(&d, ":run"));
    dialogue_finish(&d);
}

/* ---- looking, testing ---- */

static void a_look_tells_a_traffickers_pause(void **state)
{
    static const struct exchange script[] = {
        { "GET /v1/networks/123/orders/900", 200, "{\"name\":\"networks/123/orders/900\",\"status\":\"APPROVED\"}",
          false },
        { "GET /v1/networks/123/lineItems?", 200,
          "{\"lineItems\":[{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"PAUSED\"}]}",
          false },
        { NULL, 0, NULL, false },
    };
    struct dialogue d;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    plan.remote_id = STR("900");
    dialogue_run(&d, ADAPTER_LOOK, &plan, script);
    assert_int_equal(d.op.result.sights_n, 2);
    assert_int_equal(d.op.result.sights[0].standing, STANDS_READY);
    assert_int_equal(d.op.result.sights[1].standing, STANDS_PAUSED);
    assert_true(str_is(d.op.result.sights[1].note, "somebody has paused it in Ad Manager"));
    dialogue_finish(&d);
}

static const struct adapter_check *check_of(const struct dialogue *d, const char *name)
{
    for (size_t i = 0; i < d->op.result.checks_n; i++) {
        if (str_is(d->op.result.checks[i].name, name)) return &d->op.result.checks[i];
    }
    fail_msg("no check %s", name);
    return NULL;
}

static void the_test_names_the_screen_to_go_to(void **state)
{
    static const struct exchange outside[] = {
        { "GET ", 403,
          "{\"error\":{\"code\":403,\"message\":\"The user has no access\",\"details\":[{\"fieldViolations\":[{\"reason\":"
          "\"AUTHENTICATION_ERROR_NO_NETWORKS_TO_ACCESS\",\"description\":\"The user has no access\"}]}]}}",
          true },
        { NULL, 0, NULL, false },
    };
    static const struct exchange inside[] = {
        { "GET /v1/networks/123/users/me", 200, "{\"displayName\":\"Agent\",\"role\":\"networks/123/roles/2\"}",
          false },
        { "GET /v1/networks/123/roles/2", 200, "{\"displayName\":\"Salesperson\"}", false },
        { "GET /v1/networks/123/", 200, "{}", true },
        NETWORK,
        { NULL, 0, NULL, false },
    };
    static const struct str zones[] = { { "UTC", 3 } };
    struct dialogue d;
    begin(&d);
    d.op.zones = zones;
    d.op.zones_n = 1;
    dialogue_run(&d, ADAPTER_TEST, NULL, outside);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_int_equal(check_of(&d, "network")->outcome, ADAPTER_CHECK_FAILED);
    assert_true(text_has(check_of(&d, "network")->fix, STR("API access")));
    dialogue_run(&d, ADAPTER_TEST, NULL, inside);
    assert_true(str_is(check_of(&d, "network")->text, "123 \"News\", USD, America/New_York"));
    assert_int_equal(check_of(&d, "time zone of reports")->outcome, ADAPTER_CHECK_FAILED);
    assert_int_equal(check_of(&d, "may book")->outcome, ADAPTER_CHECK_WARNS);
    dialogue_finish(&d);
}

static void a_dry_run_of_what_is_booked_shows_what_would_change(void **state)
{
    struct dialogue d;
    (void)state;
    begin(&d);
    struct plan_package p = package();
    struct plan plan = plan_of(&p, 1);
    p.remote_id = STR("901");
    plan.remote_id = STR("900");
    dialogue_run(&d, ADAPTER_UPDATE, &plan, NULL);
    if (d.op.result.verdict != ADAPTER_OK) print_error("# " STR_FMT "\n", STR_ARG(d.op.result.reason));
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, "PATCH /v1/networks/123/lineItems/901"));
    assert_false(asked_for(&d, "batchCreate"));
    dialogue_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_are_wrong_are_named),
        cmocka_unit_test(a_name_keeps_its_tag_whole_within_255_bytes),
        cmocka_unit_test(goals_are_the_units_that_the_budget_pays_for),
        cmocka_unit_test(what_ad_manager_cannot_say_is_refused_before_the_promise),
        cmocka_unit_test(what_the_network_does_not_have_is_refused_once_its_inventory_is_known),
        cmocka_unit_test(a_new_buy_becomes_an_order_with_its_line_item),
        cmocka_unit_test(what_an_attempt_without_an_answer_made_is_found_and_not_made_again),
        cmocka_unit_test(a_forecast_and_a_person_are_waited_for),
        cmocka_unit_test(a_change_of_the_budget_sends_the_goal_and_nothing_else),
        cmocka_unit_test(what_a_trafficker_has_deleted_is_not_booked_again),
        cmocka_unit_test(a_refusal_names_the_call_that_is_not_allowed),
        cmocka_unit_test(a_report_gives_every_day_of_every_package),
        cmocka_unit_test(a_look_tells_a_traffickers_pause),
        cmocka_unit_test(the_test_names_the_screen_to_go_to),
        cmocka_unit_test(a_dry_run_of_what_is_booked_shows_what_would_change),
    };
    return cmocka_run_group_tests_name("gam", tests, NULL, NULL);
}
