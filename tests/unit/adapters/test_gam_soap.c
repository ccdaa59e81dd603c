/* What the adapter for Google Ad Manager does over SOAP, without a network: the very requests (golden), what faults come to, forecasts
 * before a booking, templates and media files, the reader's bounds, versions that end. The strict fake and the vendor's
 * schemas judge the same requests in the suite "adapters". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "adapters/gam/gam_creative.h"
#include "adapters/gam/gam_soap.h"
#include "base/rfc3339.h"
#include "dialogue.h"

#define T0  INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY USEC_PER_DAY

#define SETTINGS(more)                                                                                                 \
    "{\"network_code\":\"123\",\"trafficker_id\":\"7\",\"oauth\":{\"client_id\":\"c\",\"client_secret\":\"s\","        \
    "\"refresh_token\":\"r\"}" more "}"

#define NS       "https://www.google.com/apis/ads/publisher/v202605"
#define FORECAST "POST /apis/ads/publisher/v202605/ForecastService"
#define CREATE   "POST /apis/ads/publisher/v202605/CreativeService"
#define ANSWER(inner)                                                                                                  \
    "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header/><soap:Body>" inner          \
    "</soap:Body></soap:Envelope>"
#define FAULT(error)                                                                                                         \
    ANSWER(                                                                                                                  \
        "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>[" error " @ x]</faultstring><detail>"                   \
        "<ApiExceptionFault xmlns=\"" NS                                                                                     \
        "\"><message>m</message><errors xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-"                                       \
        "instance\" xsi:type=\"ApiError\"><fieldPath>creatives[0].size</fieldPath><trigger>1x1</trigger><errorString>" error \
        "</errorString></errors></ApiExceptionFault></detail></soap:Fault>")
#define FORESEEN(matched, available)                                                                                   \
    ANSWER("<getAvailabilityForecastResponse xmlns=\"" NS                                                              \
           "\"><rval><unitType>IMPRESSIONS</unitType><availableUnits>" available                                       \
           "</availableUnits><matchedUnits>" matched "</matchedUnits></rval></getAvailabilityForecastResponse>")

#define NETWORK                                                                                                        \
    { "GET /v1/networks/123", 200,                                                                                     \
      "{\"displayName\":\"News\",\"networkCode\":\"123\",\"currencyCode\":\"USD\","                                    \
      "\"timeZone\":\"America/New_York\",\"effectiveRootAdUnit\":\"networks/123/adUnits/1\"}",                         \
      false }
#define NO_ORDER { "GET /v1/networks/123/orders?", 200, "{}", false }
#define MADE                                                                                                           \
    { "POST /v1/networks/123/orders:batchCreate", 200,                                                                 \
      "{\"orders\":[{\"name\":\"networks/123/orders/900\",\"status\":\"DRAFT\"}]}", false },                           \
        { "POST /v1/networks/123/lineItems", 200,                                                                      \
          "{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"DRAFT\"}", false },  \
    {                                                                                                                  \
        "POST /v1/networks/123/orders:batchApprove", 200, "{}", false                                                  \
    }
#define END { NULL, 0, NULL, false }

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
                                  .settings = STR("{\"ad_units\":[\"55\"],\"placements\":[\"66\"]}") };
}

static struct plan plan_of(const struct plan_package *p)
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
                          .packages_n = 1 };
}

static void begin(struct dialogue *d, const char *settings)
{
    dialogue_init(d, "gam", settings);
    d->op.now = T0;
    d->op.zone = STR("America/New_York");
}

static bool asked_for(const struct dialogue *d, const char *text)
{
    bool found = text_has(buf_str(&d->asked), str_from(text));
    if (!found) print_error("# asked:\n" STR_FMT, STR_ARG(buf_str(&d->asked)));
    return found;
}

static bool made_something(const struct dialogue *d)
{
    return text_has(buf_str(&d->asked), STR("batchCreate")) || text_has(buf_str(&d->asked), STR("/lineItems {"));
}

/* ---- forecasts ---- */

static const char golden_forecast[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
    "<soapenv:Header><RequestHeader xmlns=\"" NS
    "\"><networkCode>123</networkCode><applicationName>salesagent</applicationName>"
    "</RequestHeader></soapenv:Header><soapenv:Body><getAvailabilityForecast xmlns=\"" NS "\"><lineItem><lineItem>"
    "<startDateTime><date><year>2026</year><month>4</month><day>11</day></date><hour>0</hour><minute>0</minute><second>0</second>"
    "<timeZoneId>UTC</timeZoneId></startDateTime>"
    "<endDateTime><date><year>2026</year><month>5</month><day>11</day></date><hour>0</hour><minute>0</minute><second>0</second>"
    "<timeZoneId>UTC</timeZoneId></endDateTime>"
    "<deliveryRateType>EVENLY</deliveryRateType>"
    "<frequencyCaps><maxImpressions>3</maxImpressions><numTimeUnits>1</numTimeUnits><timeUnit>DAY</timeUnit></frequencyCaps>"
    "<lineItemType>STANDARD</lineItemType><costPerUnit><currencyCode>USD</currencyCode><microAmount>12500000</microAmount></costPerUnit>"
    "<costType>CPM</costType><creativePlaceholders><size><width>300</width><height>250</height><isAspectRatio>false</isAspectRatio></size>"
    "</creativePlaceholders><primaryGoal><goalType>LIFETIME</goalType><unitType>IMPRESSIONS</unitType><units>240000</units></primaryGoal>"
    "<targeting><geoTargeting><targetedLocations><id>2840</id></targetedLocations></geoTargeting>"
    "<inventoryTargeting><targetedAdUnits><adUnitId>55</adUnitId><includeDescendants>true</includeDescendants></targetedAdUnits>"
    "<targetedPlacementIds>66</targetedPlacementIds></inventoryTargeting>"
    "<technologyTargeting><deviceCategoryTargeting><targetedDeviceCategories xsi:type=\"DeviceCategory\"><id>30001</id>"
    "</targetedDeviceCategories></deviceCategoryTargeting></technologyTargeting>"
    "<customTargeting><logicalOperator>OR</logicalOperator><children xsi:type=\"CustomCriteriaSet\"><logicalOperator>AND</logicalOperator>"
    "<children xsi:type=\"CustomCriteria\"><keyId>71</keyId><valueIds>81</valueIds><operator>IS</operator></children></children>"
    "</customTargeting></targeting></lineItem><advertiserId>41</advertiserId></lineItem><forecastOptions></forecastOptions>"
    "</getAvailabilityForecast></soapenv:Body></soapenv:Envelope>\n";

static void a_guaranteed_package_is_foreseen_before_anything_is_made(void **state)
{
    static const struct adapter_item items[] = {
        { .kind = { "country", 7 }, .remote_id = { "2840", 4 }, .key = { "US", 2 } },
        { .kind = { "key", 3 }, .remote_id = { "71", 2 }, .key = { "s", 1 } },
        { .kind = { "value", 5 }, .remote_id = { "81", 2 }, .key = { "s=t", 3 } },
    };
    static const struct exchange script[] = {
        NO_ORDER, NETWORK, { FORECAST, 200, FORESEEN("900000", "500000"), false }, MADE, END
    };
    struct dialogue d;
    begin(&d, SETTINGS(",\"approval\":\"approve\""));
    d.items = items;
    d.items_n = ARRAY_LEN(items);
    struct plan_package p = package();
    struct plan plan = plan_of(&p);
    p.settings = STR("{\"ad_units\":[\"55\"],\"placements\":[\"66\"],\"key_values\":{\"s\":[\"t\"]}}");
    p.targeting =
        STR("{\"geo_countries\":[\"US\"],\"device_type\":[\"mobile\"],\"frequency_cap\":{\"max_impressions\":3,\"per\":"
            "\"individuals\",\"window\":{\"interval\":1,\"unit\":\"days\"}}}");
    dialogue_run(&d, ADAPTER_BOOK, &plan, script);
    assert_int_equal(d.unexpected.n, 0);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, golden_forecast));
    assert_true(asked_for(&d, "POST /v1/networks/123/lineItems {\"order\":\"networks/123/orders/900\""));
    /* The verb itself asks the same and makes nothing. */
    static const struct exchange only[] = { NETWORK, { FORECAST, 200, FORESEEN("900000", "500000"), false }, END };
    dialogue_run(&d, ADAPTER_FORECAST, &plan, only);
    assert_int_equal(d.unexpected.n, 0);
    assert_true(asked_for(&d, golden_forecast));
    assert_int_equal(d.op.result.forecasts_n, 1);
    assert_int_equal(d.op.result.forecasts[0].matched, 900000);
    assert_int_equal(d.op.result.forecasts[0].available, 500000);
    dialogue_finish(&d);
}

static void no_inventory_is_refused_and_nothing_is_made(void **state)
{
    static const struct {
        const char *answer, *settings, *member, *reason;
    } cases[] = {
        { FORESEEN("0", "0"), SETTINGS(""), "targeting_overlay",
          "Ad Manager foresees no inventory for this targeting and flight" },
        { FORESEEN("5000", "0"), SETTINGS(""), "targeting_overlay",
          "everything that Ad Manager foresees for this targeting and flight is sold" },
        { FORESEEN("5000", "2000"), SETTINGS(",\"approval\":\"approve\""), "budget",
          "of 240000 units Ad Manager foresees 2000 that are not sold" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct exchange script[] = { NO_ORDER, NETWORK, { FORECAST, 200, cases[i].answer, false }, END };
        struct dialogue d;
        begin(&d, cases[i].settings);
        struct plan_package p = package();
        struct plan plan = plan_of(&p);
        dialogue_run(&d, ADAPTER_BOOK, &plan, script);
        assert_int_equal(d.unexpected.n, 0);
        assert_int_equal(d.op.result.verdict, ADAPTER_REFUSED);
        assert_true(str_is(d.op.result.reason, cases[i].reason));
        assert_string_equal(d.op.problems.item[0].member, cases[i].member);
        assert_false(made_something(&d));
        dialogue_finish(&d);
    }
}

static void what_a_forecast_cannot_say_is_left_to_ad_manager(void **state)
{
    static const char *const faults[] = { FAULT("PermissionError.PERMISSION_DENIED"),
                                          FAULT("ApiVersionError.UPDATE_TO_NEWER_VERSION"),
                                          FAULT("AuthenticationError.NETWORK_API_ACCESS_DISABLED"),
                                          FAULT("ForecastError.OUTSIDE_AVAILABLE_DATE_RANGE") };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        const struct exchange script[] = { NO_ORDER, NETWORK, { FORECAST, 500, faults[i], false }, MADE, END };
        struct dialogue d;
        begin(&d, SETTINGS(",\"approval\":\"approve\""));
        struct plan_package p = package();
        struct plan plan = plan_of(&p);
        dialogue_run(&d, ADAPTER_BOOK, &plan, script);
        assert_int_equal(d.unexpected.n, 0);
        assert_int_equal(d.op.result.verdict, ADAPTER_OK);
        dialogue_finish(&d);
    }
}

static void faults_wait_come_later_or_refuse(void **state)
{
    static const struct {
        int status;
        const char *answer;
        enum adapter_verdict verdict;
        int seconds; /* until it is tried again */
        const char *reason;
        int means; /* which status */
    } cases[] = {
        { 500, FAULT("ForecastError.NO_FORECAST_YET"), ADAPTER_WAITS, GAM_FORECAST_S, "Ad Manager has no forecast yet",
          500 },
        { 500, FAULT("QuotaError.EXCEEDED_QUOTA"), ADAPTER_TRY_LATER, 5,
          "Ad Manager's quota of calls is used up for now", 429 },
        { 500, FAULT("ServerError.SERVER_BUSY"), ADAPTER_TRY_LATER, 60,
          "Ad Manager is busy: ServerError.SERVER_BUSY @ creatives[0].size (1x1)", 500 },
        { 500, FAULT("CommonError.CONCURRENT_MODIFICATION"), ADAPTER_TRY_LATER, 5,
          "Ad Manager was changing the same thing", 500 },
        { 500, FAULT("ApiVersionError.UPDATE_TO_NEWER_VERSION"), ADAPTER_REFUSED, 0,
          "Google no longer answers version v202605 of its SOAP API: set soap_version to a newer one", 500 },
        { 500, FAULT("AuthenticationError.AUTHENTICATION_FAILED"), ADAPTER_REFUSED, 0,
          "Ad Manager lets nobody in over SOAP: AuthenticationError.AUTHENTICATION_FAILED @ creatives[0].size (1x1)",
          401 },
        { 500, FAULT("PermissionError.PERMISSION_DENIED"), ADAPTER_REFUSED, 0,
          "the account may not ask for forecasts: PermissionError.PERMISSION_DENIED @ creatives[0].size (1x1)", 500 },
        { 500, ANSWER("<soap:Fault><faultstring>Unmarshalling Error: cvc-elt</faultstring></soap:Fault>"),
          ADAPTER_REFUSED, 0, "could not ask for forecasts: Unmarshalling Error: cvc-elt", 500 },
        { 404, "<title>Error 404 (Not Found)</title>", ADAPTER_REFUSED, 0,
          "could not ask for forecasts over SOAP: status 404", 404 },
        { 200, "<html>", ADAPTER_TRY_LATER, 60, "Ad Manager answered with something that is not its own", 200 },
        { 200, FAULT("x"), ADAPTER_TRY_LATER, 60, "Ad Manager answered with something that is not its own", 200 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct exchange script[] = { NETWORK, { FORECAST, cases[i].status, cases[i].answer, false }, END };
        struct dialogue d;
        begin(&d, SETTINGS(""));
        struct plan_package p = package();
        struct plan plan = plan_of(&p);
        dialogue_run(&d, ADAPTER_FORECAST, &plan, script);
        if (!str_is(d.op.result.reason, cases[i].reason)) print_error("# " STR_FMT "\n", STR_ARG(d.op.result.reason));
        assert_int_equal(d.op.result.verdict, cases[i].verdict);
        assert_true(str_is(d.op.result.reason, cases[i].reason));
        int seconds = cases[i].verdict == ADAPTER_WAITS ? d.op.result.resume_after_s : d.op.result.retry_after_s;
        assert_int_equal(seconds, cases[i].seconds);
        const struct http_call answer = { .outcome = HTTP_OK,
                                          .status = cases[i].status,
                                          .response = str_from(cases[i].answer),
                                          .content_type = STR("text/xml; charset=utf-8") };
        assert_int_equal(d.adapter->status_of(&answer), cases[i].means);
        dialogue_finish(&d);
    }
}

/* ---- creatives ---- */

#define ORDER                                                                                                                  \
    { "GET /v1/networks/123/orders", 200,                                                                                      \
      "{\"orders\":[{\"name\":\"networks/123/orders/900\",\"displayName\":\"x [mb_1]\",\"status\":\"APPROVED\","               \
      "\"advertiser\":\"networks/123/companies/41\"}]}",                                                                       \
      false },                                                                                                                 \
        { "GET /v1/networks/123/lineItems?", 200,                                                                              \
          "{\"lineItems\":[{\"name\":\"networks/123/lineItems/901\",\"externalLineItemId\":\"pkg-1\",\"status\":\"READY\"}]}", \
          false },                                                                                                             \
    {                                                                                                                          \
        "GET /v1/networks/123/creatives?", 200, "{}", true                                                                     \
    }
#define LINKED                                                                                                         \
    { "GET /v1/networks/123/lineItems/901/creatives?", 200, "{}", false },                                             \
    {                                                                                                                  \
        "POST /v1/networks/123/lineItems/901/creatives:batchCreate", 200, "{}", false                                  \
    }
#define CREATED ANSWER("<createCreativesResponse xmlns=\"" NS "\"><rval><id>7001</id></rval></createCreativesResponse>")

static void run_creative(struct dialogue *d, const char *settings, const char *doc, const struct exchange *script)
{
    begin(d, SETTINGS(""));
    const struct plan_creative c = {
        .creative_id = STR("cr"), .name = STR("Hi & <bye>"), .doc = str_from(doc), .changed_at = 5
    };
    struct plan_package p = package();
    struct plan plan = plan_of(&p);
    p.settings = str_from(settings);
    p.creatives = &c;
    p.creatives_n = 1;
    dialogue_run(d, ADAPTER_CREATIVES, &plan, script);
    if (d->unexpected.n) print_error("# nobody answers " STR_FMT "\n", STR_ARG(d->unexpected));
    assert_int_equal(d->unexpected.n, 0);
}

#define TEMPLATE                                                                                                            \
    "{\"template\":{\"id\":\"10004520\",\"variables\":{\"Headline\":\"headline\",\"Image\":\"hero\",\"ClickUrl\":"          \
    "{\"asset\":\"landing\",\"as\":\"url\"},\"Label\":{\"text\":\"Ad\"},\"Price\":{\"asset\":\"price\",\"as\":\"number\"}," \
    "\"Logo\":\"logo\"}}}"
#define TEMPLATE_DOC                                                                                                                                  \
    "{\"assets\":{\"headline\":{\"asset_type\":\"text\",\"content\":\"5 < 6 \\u0001 & more\"},\"hero\":{\"asset_type\":\"image\",\"url\":"            \
    "\"https://cdn.example/hero.png\",\"width\":1200,\"height\":627},\"landing\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/?a=1&b=2\"}," \
    "\"price\":{\"asset_type\":\"text\",\"content\":\"99\"}}}"

static const char golden_template[] =
    "<createCreatives xmlns=\"" NS "\"><creatives xsi:type=\"TemplateCreative\"><advertiserId>41</advertiserId>"
    "<name>Hi &amp; &lt;bye&gt; [cr/5]</name><size><width>300</width><height>250</height><isAspectRatio>false</isAspectRatio></size>"
    "<creativeTemplateId>10004520</creativeTemplateId><destinationUrl>https://acme.example/?a=1&amp;b=2</destinationUrl>"
    "<creativeTemplateVariableValues xsi:type=\"StringCreativeTemplateVariableValue\"><uniqueName>Headline</uniqueName>"
    "<value>5 &lt; 6 ? &amp; more</value></creativeTemplateVariableValues>"
    "<creativeTemplateVariableValues xsi:type=\"AssetCreativeTemplateVariableValue\"><uniqueName>Image</uniqueName><asset>"
    "<assetByteArray>iVBORw==</assetByteArray><fileName>cr.png</fileName></asset></creativeTemplateVariableValues>"
    "<creativeTemplateVariableValues xsi:type=\"UrlCreativeTemplateVariableValue\"><uniqueName>ClickUrl</uniqueName>"
    "<value>https://acme.example/?a=1&amp;b=2</value></creativeTemplateVariableValues>"
    "<creativeTemplateVariableValues xsi:type=\"StringCreativeTemplateVariableValue\"><uniqueName>Label</uniqueName><value>Ad</value>"
    "</creativeTemplateVariableValues>"
    "<creativeTemplateVariableValues xsi:type=\"LongCreativeTemplateVariableValue\"><uniqueName>Price</uniqueName><value>99</value>"
    "</creativeTemplateVariableValues></creatives></createCreatives>";

static void a_template_is_filled_from_the_creatives_assets(void **state)
{
    static const struct exchange script[] = {
        ORDER, { "GET /hero.png", 200, "\x89PNG", false }, { CREATE, 200, CREATED, false }, LINKED, END
    };
    struct dialogue d;
    run_creative(&d, TEMPLATE, TEMPLATE_DOC, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_int_equal(d.op.problems.n, 0);
    assert_true(asked_for(&d, golden_template));
    assert_true(asked_for(&d, "\"creative\":\"networks/123/creatives/7001\""));
    assert_true(str_is(d.op.remotes[d.op.remotes_n - 1].remote_id, "7001"));
    dialogue_finish(&d);
}

static const char golden_video[] =
    "<createCreatives xmlns=\"" NS "\"><creatives xsi:type=\"VideoRedirectCreative\"><advertiserId>41</advertiserId>"
    "<name>Hi &amp; &lt;bye&gt; [cr/5]</name><size><width>300</width><height>250</height><isAspectRatio>false</isAspectRatio></size>"
    "<destinationUrl>https://acme.example/</destinationUrl><duration>15000</duration><trackingUrls><key>CREATIVE_VIEW</key><value>"
    "<urls>https://count.example/i</urls></value></trackingUrls><videoAssets><redirectUrl>https://cdn.example/spot.MP4?x=1</redirectUrl>"
    "<metadata><scalableType>RATIO_SCALABLE</scalableType><duration>15000</duration><bitRate>2500</bitRate><size><width>300</width>"
    "<height>250</height><isAspectRatio>false</isAspectRatio></size><mimeType>VIDEO_MP4</mimeType><deliveryType>PROGRESSIVE</deliveryType>"
    "</metadata></videoAssets></creatives></createCreatives>";

static void a_video_file_stays_where_it_is(void **state)
{
    static const struct exchange script[] = { ORDER, { CREATE, 200, CREATED, false }, LINKED, END };
    static const char doc[] =
        "{\"assets\":{\"v\":{\"asset_type\":\"video\",\"url\":\"https://cdn.example/spot.MP4?x=1\",\"width\":640,\"height\":360,"
        "\"duration_ms\":15000,\"video_bitrate_kbps\":2500},\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/\"},"
        "\"p\":{\"asset_type\":\"url\",\"url_type\":\"tracker_pixel\",\"url\":\"https://count.example/i\"}}}";
    struct dialogue d;
    run_creative(&d, "{}", doc, script);
    assert_int_equal(d.op.result.verdict, ADAPTER_OK);
    assert_true(asked_for(&d, golden_video));
    dialogue_finish(&d);
}

static void what_cannot_be_made_is_said_of_that_creative(void **state)
{
    static const struct {
        const char *settings, *doc, *why;
    } cases[] = {
        { "{}", "{\"assets\":{\"v\":{\"asset_type\":\"video\",\"url\":\"https://c.example/a.mp4\"}}}",
          "neither it nor its format says how long it is" },
        { "{}", "{\"assets\":{\"v\":{\"asset_type\":\"audio\",\"url\":\"https://c.example/a\",\"duration_ms\":5000}}}",
          "neither its container_format nor its address says what kind of file it is" },
        { TEMPLATE,
          "{\"assets\":{\"x\":{\"asset_type\":\"text\",\"content\":\"a\"},\"p\":{\"asset_type\":\"url\",\"url_type\":\"tracker_pixel\",\"url\":"
          "\"https://t.example/\"}}}",
          "the product's template has no place for its impression tracker" },
        { TEMPLATE, "{\"assets\":{\"price\":{\"asset_type\":\"text\",\"content\":\"cheap\"}}}",
          "what its template wants as a number is none" },
        { "{\"template\":{\"id\":\"1\",\"variables\":{\"A\":\"a\"}}}",
          "{\"assets\":{\"x\":{\"asset_type\":\"text\",\"content\":\"a\"}}}",
          "it has none of the assets that the product's template is made of" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static const struct exchange script[] = { ORDER,
                                                  { "GET /v1/networks/123/lineItems/901/creatives?", 200, "{}", false },
                                                  END };
        struct dialogue d;
        run_creative(&d, cases[i].settings, cases[i].doc, script);
        assert_int_equal(d.op.problems.n, 1);
        assert_string_equal(d.op.problems.item[0].text, cases[i].why);
        assert_true(str_is(d.op.problems.item[0].creative_id, "cr"));
        dialogue_finish(&d);
    }
}

static void a_fault_about_the_creative_is_said_of_it_and_others_end_the_verb(void **state)
{
    static const struct {
        const char *fault;
        enum adapter_verdict verdict;
        size_t problems;
    } cases[] = {
        { FAULT("RequiredError.REQUIRED"), ADAPTER_OK, 1 },
        { FAULT("PermissionError.PERMISSION_DENIED"), ADAPTER_REFUSED, 0 },
        { FAULT("ServerError.SERVER_ERROR"), ADAPTER_TRY_LATER, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct exchange script[] = { ORDER,
                                           { "GET /hero.png", 200, "\x89PNG", false },
                                           { CREATE, 500, cases[i].fault, false },
                                           { "GET /v1/networks/123/lineItems/901/creatives?", 200, "{}", false },
                                           END };
        struct dialogue d;
        run_creative(&d, TEMPLATE, TEMPLATE_DOC, script);
        assert_int_equal(d.op.result.verdict, cases[i].verdict);
        assert_int_equal(d.op.problems.n, cases[i].problems);
        dialogue_finish(&d);
    }
}

/* ---- a product's template ---- */

static void a_products_template_is_checked_with_its_place(void **state)
{
    static const char doc[] = "{\"variables\":[{\"name\":\"Headline\",\"type\":\"string\",\"required\":true},"
                              "{\"name\":\"Image\",\"type\":\"asset\",\"required\":false}]}";
    static const struct adapter_item items[] = { { .kind = { "creative_template", 17 },
                                                   .remote_id = { "5", 1 },
                                                   .key = { "Native", 6 },
                                                   .doc = { doc, sizeof(doc) - 1 } } };
    static const struct {
        const char *json, *member, *text; /* NULL: it is good */
    } cases[] = {
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Headline\":\"h\",\"Image\":{\"asset\":\"i\",\"as\":\"file\"}}}}",
          NULL, NULL },
        { "{\"template\":\"5\"}", "template",
          "it must be an object with the template's id (digits, as a text) and its variables" },
        { "{\"template\":{\"id\":\"6\",\"variables\":{\"A\":\"a\"}}}", "template/id",
          "the network has no such creative template" },
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Image\":\"i\"}}}", "template/variables/Headline",
          "the template cannot do without it" },
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Headline\":\"h\",\"Nope\":\"i\"}}}", "template/variables/Nope",
          "the template has no such variable" },
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Headline\":{\"asset\":\"h\",\"as\":\"file\"}}}}",
          "template/variables/Headline", "the template's variable is of another kind" },
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Headline\":{\"asset\":\"h\",\"text\":\"x\"}}}}",
          "template/variables/Headline", "it must be the id of an asset, or an object with either asset or text" },
        { "{\"template\":{\"id\":\"5\",\"variables\":{\"Headline\":{\"asset\":\"h\",\"as\":\"image\"}}}}",
          "template/variables/Headline", "as must be text, url, number or file" },
    };
    struct dialogue d;
    begin(&d, SETTINGS(""));
    d.items = items;
    d.items_n = ARRAY_LEN(items);
    d.catalog.synced_at = T0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct adapter_problems out = { .n = 0 };
        d.adapter->check_product(d.config, str_from(cases[i].json), &d.catalog, &out);
        assert_int_equal(out.n, cases[i].text ? 1 : 0);
        if (!cases[i].text) continue;
        assert_string_equal(out.item[0].member, cases[i].member);
        assert_string_equal(out.item[0].text, cases[i].text);
    }
    dialogue_finish(&d);
}

/* ---- reading ---- */

static void what_is_no_answer_is_not_read(void **state)
{
    struct arena a;
    struct buf b;
    arena_init(&a);
    buf_init(&b, (size_t)4 << 20);
    assert_null(gam_soap_parse(&a, STR("")));
    assert_null(gam_soap_parse(&a, STR("<a><b></a></b>")));
    assert_null(gam_soap_parse(&a, STR("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>")));
    for (int i = 0; i < 33; i++) buf_add(&b, STR("<a>"));
    for (int i = 0; i < 33; i++) buf_add(&b, STR("</a>"));
    assert_null(gam_soap_parse(&a, buf_str(&b))); /* too deep */
    buf_clear(&b);
    buf_add(&b, STR("<a>"));
    for (int i = 0; i < 20000; i++) buf_add(&b, STR("<b/>"));
    buf_add(&b, STR("</a>"));
    assert_null(gam_soap_parse(&a, buf_str(&b))); /* too many */
    buf_clear(&b);
    buf_add(&b, STR("<a>"));
    for (int i = 0; i < 66000; i++) buf_add_char(&b, 'x');
    buf_add(&b, STR("</a>"));
    assert_null(gam_soap_parse(&a, buf_str(&b))); /* too long */
    const struct soap_node *n =
        gam_soap_parse(&a, STR("<x:a xmlns:x=\"u\"><b> 1 </b><b>2</b><c><d>&lt;</d></c></x:a>"));
    assert_true(str_is(n->name, "a") && str_is(soap_text(n, "b"), "1"));
    assert_int_equal(soap_i64(n, "b", 0), 1);
    assert_int_equal(soap_i64(n, "c", -1), -1);
    assert_true(str_is(soap_text(soap_child(n, "c"), "d"), "<"));
    buf_finish(&b);
    arena_finish(&a);
}

/* ---- versions ---- */

static void a_version_that_ends_is_said_ninety_days_before(void **state)
{
    static const struct {
        const char *settings, *now, *says;
    } cases[] = {
        { SETTINGS(""), "2027-03-01T00:00:00Z", NULL },
        { SETTINGS(""), "2027-03-02T00:00:00Z", "Google ends version v202605 of its SOAP API on 2027-05-31" },
        { SETTINGS(""), "2027-05-31T23:00:00Z", "Google ends version v202605 of its SOAP API on 2027-05-31" },
        { SETTINGS(""), "2027-06-01T00:00:00Z", "Google ended version v202605 of its SOAP API on 2027-05-31" },
        { SETTINGS(",\"soap_version\":\"v202608\""), "2027-06-01T00:00:00Z", NULL },
        { SETTINGS(",\"soap_version\":\"v202711\""), "2027-01-01T00:00:00Z", "when Google ends version v202711" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct adapter_problems out = { .n = 0 };
        struct dialogue d;
        int64_t now;
        begin(&d, cases[i].settings);
        assert_int_equal(rfc3339_parse(str_from(cases[i].now), &now), 0);
        d.adapter->forewarn(d.config, now, &out);
        assert_int_equal(out.n, cases[i].says ? 1 : 0);
        if (cases[i].says) assert_true(str_starts(str_from(out.item[0].text), str_from(cases[i].says)));
        dialogue_finish(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guaranteed_package_is_foreseen_before_anything_is_made),
        cmocka_unit_test(no_inventory_is_refused_and_nothing_is_made),
        cmocka_unit_test(what_a_forecast_cannot_say_is_left_to_ad_manager),
        cmocka_unit_test(faults_wait_come_later_or_refuse),
        cmocka_unit_test(a_template_is_filled_from_the_creatives_assets),
        cmocka_unit_test(a_video_file_stays_where_it_is),
        cmocka_unit_test(what_cannot_be_made_is_said_of_that_creative),
        cmocka_unit_test(a_fault_about_the_creative_is_said_of_it_and_others_end_the_verb),
        cmocka_unit_test(a_products_template_is_checked_with_its_place),
        cmocka_unit_test(what_is_no_answer_is_not_read),
        cmocka_unit_test(a_version_that_ends_is_said_ninety_days_before),
    };
    return cmocka_run_group_tests_name("adapters/gam/soap", tests, NULL, NULL);
}
