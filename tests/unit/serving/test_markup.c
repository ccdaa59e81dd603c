/* What is sent for an ad: whatever a buyer puts into a creative, the document stays what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "serving/markup.h"

static const struct content_media files[] = {
    { { "https://cdn.example/a.mp4?x=1&y=2", 33 }, { "video/mp4", 9 }, 1280, 720, 2400 },
    { { "https://cdn.example/a.m3u8", 26 }, { "application/x-mpegURL", 21 }, 1280, 720, 0 },
};
static const struct str trackers[] = { { "https://t.example/?c=[CACHEBUSTING]&g={GDPR}", 44 } };

static struct content content;
static struct macro_values macros;
static struct outgoing out;
static struct buf b;

static int set_up(void **state)
{
    content = (struct content){ .kind = CONTENT_MEDIA,
                                .creative_id = STR("c\"1"),
                                .title = STR("A & B"),
                                .advertiser = STR("Acme <Inc>"),
                                .paid_by = STR("A & Co"),
                                .click_url = STR("https://acme.example/"),
                                .media = files,
                                .media_n = 2,
                                .duration_ms = 15500,
                                .trackers = trackers,
                                .trackers_n = 1 };
    macros = (struct macro_values){ .content = &content,
                                    .consent.gdpr = STR("1"),
                                    .width = 300,
                                    .height = 250,
                                    .click_url = STR("https://ads.example/ads/click/T") };
    out = (struct outgoing){ .content = &content,
                             .macros = &macros,
                             .base = STR("https://ads.example/ads"),
                             .label = STR("Ad"),
                             .who_paid = true,
                             .paid_by_label = STR("bezahlt von"),
                             .consent_query = STR("?gdpr=1") };
    memset(out.token.c, 'T', TOKEN_CHARS);
    buf_init(&b, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    buf_finish(&b);
    return 0;
}

static bool has(const char *text)
{
    return memmem(b.p, b.n, text, strlen(text)) != NULL;
}

static size_t place(const char *text)
{
    const char *p = memmem(b.p, b.n, text, strlen(text));
    assert_non_null(p);
    return (size_t)(p - b.p);
}

static void an_inline_ad_has_everything_in_the_order_of_its_schema(void **state)
{
    static const char *const order[] = {
        "<VAST version=\"4.2\" xmlns=\"http://www.iab.com/VAST\">",
        "<AdSystem>",
        "<Error>",
        "<Impression>",
        "<ViewableImpression>",
        "<AdServingId>",
        "<AdTitle>A &amp; B<",
        "<Advertiser>Acme &lt;Inc&gt;<",
        "<Creatives>",
        "<TrackingEvents>",
        "<Duration>00:00:15.500<",
        "<MediaFiles>",
        "<VideoClicks>",
        "<UniversalAdId",
    };
    vast_add(&b, &out, VAST_4);
    for (size_t i = 1; i < ARRAY_LEN(order); i++) assert_true(place(order[i - 1]) < place(order[i]));
    assert_true(
        has("<MediaFile delivery=\"progressive\" type=\"video/mp4\" width=\"1280\" height=\"720\" bitrate=\"2400\">"
            "https://cdn.example/a.mp4?x=1&amp;y=2</MediaFile>"));
    assert_true(has("delivery=\"streaming\" type=\"application/x-mpegURL\""));
    assert_true(has("<Impression>https://t.example/?c=[CACHEBUSTING]&amp;g=1</Impression>"));
    assert_true(has("event=\"firstQuartile\">https://ads.example/ads/e/first_quartile/TTTT"));
    assert_true(has("<ClickThrough>https://ads.example/ads/click/TTTT"));
    assert_false(has("acme.example")); /* where it leads is our secret until the click */
}

static void old_players_get_their_order(void **state)
{
    vast_add(&b, &out, VAST_3);
    assert_true(has("<VAST version=\"3.0\">"));
    assert_true(place("<AdTitle>") < place("<Error>"));
    assert_true(place("<Duration>") < place("<TrackingEvents>"));
    assert_true(place("<VideoClicks>") < place("<MediaFiles>"));
    assert_false(has("ViewableImpression"));
    assert_false(has("UniversalAdId"));
}

static void another_ad_servers_tag_is_wrapped(void **state)
{
    content.kind = CONTENT_VAST_URL;
    content.vast_url = STR("https://other.example/vast?g=${GDPR}&e=[ERRORCODE]");
    vast_add(&b, &out, VAST_4);
    assert_true(has("<VASTAdTagURI>https://other.example/vast?g=1&amp;e=[ERRORCODE]</VASTAdTagURI></Wrapper>"));
    assert_true(has("<ClickTracking>https://ads.example/ads/e/click/TTTT"));
    buf_clear(&b);
    vast_add(&b, &out, VAST_3);
    assert_true(place("<VASTAdTagURI>") < place("<Error>"));
    content.kind = CONTENT_VAST_XML;
    buf_clear(&b);
    vast_add(&b, &out, VAST_4);
    assert_true(has("<VASTAdTagURI>https://ads.example/ads/x/TTTT"));
}

static void without_an_ad_there_is_an_error_to_tell(void **state)
{
    vast_add_none(&b, VAST_4, STR("https://ads.example/ads/e/none?code=[ERRORCODE]&a"));
    assert_true(has("<Error>https://ads.example/ads/e/none?code=[ERRORCODE]&amp;a</Error></VAST>"));
    assert_false(has("<Ad "));
}

static void versions_are_old_or_new(void **state)
{
    assert_int_equal(vast_version_of(STR("3.0")), VAST_3);
    assert_int_equal(vast_version_of(STR("2")), VAST_3);
    assert_int_equal(vast_version_of(STR("4.2")), VAST_4);
    assert_int_equal(vast_version_of(STR_NONE), VAST_4);
}

static void nothing_of_a_buyer_ends_an_element(void **state)
{
    static const char evil[] = "\"'><script>alert(1)</script>]]><!--";
    content.title = content.advertiser = content.paid_by = content.creative_id = content.alt = str_from(evil);
    content.kind = CONTENT_IMAGE;
    content.image_url = STR("https://i.example/\"><script>");
    out.label = str_from(evil);
    vast_add(&b, &out, VAST_4);
    frame_ad(&b, &out, str_from(evil), STR("https://ads.example/ads/t.js"));
    assert_false(has("<script>"));
    assert_false(has("]]>"));
    assert_false(has("\"'>"));
    assert_true(has("<script src=\"https://ads.example/ads/t.js\">"));
}

static void json_is_json(void **state)
{
    content.kind = CONTENT_IMAGE;
    content.image_url = STR("https://i.example/a.png?c={CREATIVE_ID}");
    content.alt = STR("a \"cat\"\n");
    ad_json_add(&b, &out, STR("top"), 2);
    assert_true(has("{\"slot\":\"top\",\"place\":2,\"kind\":\"image\",\"width\":300,\"height\":250,"));
    assert_true(has("\"image_url\":\"https://i.example/a.png?c=c%221\""));
    assert_true(has("\"alt\":\"a \\\"cat\\\"\\u000a\""));
    assert_true(
        has("\"advertiser\":\"Acme <Inc>\",\"paid_by\":\"A & Co\",\"disclosure\":\"Acme <Inc>, bezahlt von A & Co\""));
    assert_true(has("\"click_url\":\"https://ads.example/ads/click/TTTT"));
    content.click_url = STR_NONE;
    content.kind = CONTENT_HTML;
    out.who_paid = false;
    buf_clear(&b);
    ad_json_add(&b, &out, STR("top"), 0);
    assert_true(has("\"frame_url\":\"https://ads.example/ads/r/TTTT"));
    assert_true(has("T?gdpr=1\""));
    assert_false(has("click_url"));
    assert_false(has("paid_by"));
}

static void markup_gets_its_click(void **state)
{
    content.kind = CONTENT_HTML;
    content.html = STR("<a href=\"{CLICK_URL}\">Go</a>");
    frame_creative(&b, &out);
    assert_true(has("<a href=\"https://ads.example/ads/click/T\">Go</a>"));
    assert_true(has("var clickTag=\"https://ads.example/ads/click/TTTT"));
    assert_true(str_starts(buf_str(&b), STR("<!doctype html>")));
}

static void a_frame_works_without_scripts(void **state)
{
    content.kind = CONTENT_IMAGE;
    content.image_url = STR("https://i.example/a.png");
    frame_ad(&b, &out, STR("top"), STR("https://ads.example/ads/t.js"));
    assert_true(place("<noscript>") <
                place("<a target=\"_blank\" rel=\"noopener sponsored\" href=\"https://ads.example/ads/click/TTTT"));
    assert_true(place("src=\"https://ads.example/ads/e/impression/TTTT") < place("</noscript>"));
    assert_true(has("Ad \xC2\xB7 Acme &lt;Inc&gt;"));
    buf_clear(&b);
    frame_empty(&b);
    assert_true(has("</html>"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_inline_ad_has_everything_in_the_order_of_its_schema),
        TEST(old_players_get_their_order),
        TEST(another_ad_servers_tag_is_wrapped),
        TEST(without_an_ad_there_is_an_error_to_tell),
        TEST(versions_are_old_or_new),
        TEST(nothing_of_a_buyer_ends_an_element),
        TEST(json_is_json),
        TEST(markup_gets_its_click),
        TEST(a_frame_works_without_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
