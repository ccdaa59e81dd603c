/* Every rule a creative is held to, one by one, and noise thrown at the readers of foreign markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "base/id.h"
#include "domain/creative/creative_check.h"
#include "domain/creative/creative_scan.h"
#include "domain/creative/creative_vast.h"

static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 64, .nodes_max = 10000 };

struct env {
    struct arena a;
    struct format_spec format;
    struct creative_check_input in;
    struct creative_checks out;
};

static yyjson_val *parse(struct env *t, const char *text)
{
    struct err e;
    yyjson_doc *doc;
    if (json_parse(&t->a, str_from(text), &limits, &doc, &e)) {
        print_error("%s in %s\n", e.message, text);
        fail();
    }
    return yyjson_doc_get_root(doc);
}

#define BANNER                                                                                                         \
    "{\"format_id\":{\"agent_url\":\"https://pub.example\",\"id\":\"fmt-1\"},\"name\":\"Medium Rectangle\","           \
    "\"renders\":[{\"role\":\"primary\",\"dimensions\":{\"width\":300,\"height\":250}}],"                              \
    "\"assets\":[{\"item_type\":\"individual\",\"asset_id\":\"image\",\"asset_type\":\"image\",\"required\":true},"    \
    "{\"item_type\":\"individual\",\"asset_id\":\"headline\",\"asset_type\":\"text\",\"required\":false,"              \
    "\"requirements\":{\"max_length\":10}}],"                                                                          \
    "\"ext\":{\"salesagent\":{\"channel\":\"display\",\"max_file_size_bytes\":150000,"                                 \
    "\"mime_types\":[\"image/png\",\"image/jpeg\",\"image/gif\"]}}}"

static int setup(void **state)
{
    static struct env t;
    memset(&t, 0, sizeof(t));
    arena_init(&t.a);
    assert_true(format_read(&t.a, parse(&t, BANNER), &t.format));
    *state = &t;
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&((struct env *)*state)->a);
    return 0;
}

static void standard(struct env *t, const char *id)
{
    struct format_ref ref = { .id = str_from(id) };
    assert_true(format_standard(&t->a, &ref, &t->format));
}

static void run(struct env *t, const char *creative)
{
    t->in.asset = parse(t, creative);
    t->in.format = &t->format;
    creative_check_run(&t->a, &t->in, &t->out);
}

/* The first finding of this name with this status, or NULL. */
static const struct creative_check *found(struct env *t, const char *check, enum check_status status)
{
    for (size_t i = 0; i < t->out.n; i++) {
        if (strcmp(t->out.items[i].check, check) == 0 && t->out.items[i].status == status) return &t->out.items[i];
    }
    return NULL;
}

static void expect(struct env *t, const char *check, enum check_status status, const char *detail)
{
    const struct creative_check *c = found(t, check, status);
    if (!c) {
        print_error("no finding %s %s\n", check, check_status_name(status));
        fail();
    }
    if (detail) assert_string_equal(arena_cstr(&t->a, c->detail), detail);
    if (status == CHECK_FAILED) {
        assert_non_null(c->code);
        assert_false(t->out.passed);
    }
}

#define IMAGE(members) "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\"," members "}}}"
#define GOOD_URL       "\"url\":\"https://cdn.example/a.png\""

static void the_tutorials_banner_passes_in_the_tutorials_words(void **state)
{
    struct env *t = *state;
    run(t, IMAGE(GOOD_URL ",\"width\":300,\"height\":250,\"mime_type\":\"image/png\",\"file_size_bytes\":87500"));
    assert_true(t->out.passed);
    expect(t, "dimensions", CHECK_PASSED, "300x250 matches format spec");
    expect(t, "file_size", CHECK_PASSED, "87500 bytes < 150000 max");
    expect(t, "mime_type", CHECK_PASSED, "image/png is accepted");
    yyjson_mut_doc *doc = json_doc_new(&t->a);
    yyjson_mut_val *root = json_root_obj(doc);
    creative_checks_encode(doc, root, &t->out, CHECKS_OF_FORMAT);
    assert_string_equal(
        json_write(&t->a, root).p,
        "{\"checks\":[{\"check\":\"dimensions\",\"status\":\"passed\",\"detail\":\"300x250 matches "
        "format spec\"},{\"check\":\"file_size\",\"status\":\"passed\",\"detail\":\"87500 bytes < 150000 "
        "max\"},{\"check\":\"mime_type\",\"status\":\"passed\",\"detail\":\"image/png is accepted\"}]}");
}

static void each_declared_fact_is_held_against_the_format(void **state)
{
    struct env *t = *state;
    run(t, IMAGE(GOOD_URL ",\"width\":320,\"height\":250,\"mime_type\":\"image/bmp\",\"file_size_bytes\":150001"));
    expect(t, "dimensions", CHECK_FAILED, "320x250 does not match format spec 300x250");
    expect(t, "file_size", CHECK_FAILED, "150001 bytes > 150000 max");
    expect(t, "mime_type", CHECK_FAILED, "image/bmp is not accepted (accepted: image/png, image/jpeg, image/gif)");
    assert_string_equal(found(t, "dimensions", CHECK_FAILED)->field.p, "/assets/image");
    run(t, IMAGE(GOOD_URL ",\"width\":300,\"height\":250,\"format\":\"JPG\",\"file_size_bytes\":150000"));
    expect(t, "file_size", CHECK_PASSED, "150000 bytes = 150000 max");
    expect(t, "mime_type", CHECK_PASSED, NULL);
    run(t, IMAGE(GOOD_URL ",\"width\":-1,\"height\":1e300,\"file_size_bytes\":0"));
    expect(t, "dimensions", CHECK_FAILED, NULL);
    expect(t, "file_size", CHECK_FAILED, NULL);
    run(t, IMAGE("\"url\":\"https://cdn.example/a.png\""));
    assert_true(t->out.passed); /* what is not declared is not held against it */
}

static void assets_the_format_needs_must_be_there(void **state)
{
    struct env *t = *state;
    run(t, "{\"name\":\"n\",\"assets\":{}}");
    expect(t, "assets", CHECK_FAILED, NULL);
    run(t, "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"video\",\"url\":\"https://x.example/v\"}}}");
    expect(t, "assets", CHECK_FAILED, NULL);
    run(t, "{\"name\":\"n\",\"assets\":{\"hero\":{\"asset_type\":\"image\",\"url\":\"https://x.example/v\"}}}");
    assert_true(t->out.passed); /* the image under another key */
    run(t, "{\"name\":\"n\",\"assets\":{\"image\":7}}");
    expect(t, "assets", CHECK_FAILED, NULL);
    run(t, "{\"name\":\"n\"}");
    assert_false(t->out.passed);
}

static void texts_have_lengths(void **state)
{
    struct env *t = *state;
    run(t,
        "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"
        "\"headline\":{\"asset_type\":\"text\",\"content\":\"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\"}}}");
    assert_true(t->out.passed); /* ten characters, twenty bytes */
    run(t, "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"
           "\"headline\":{\"asset_type\":\"text\",\"content\":\"01234567890\"}}}");
    expect(t, "text", CHECK_FAILED, "11 characters > 10 max");
}

static void durations_are_bounded_by_the_format(void **state)
{
    struct env *t = *state;
    standard(t, "video_30s");
    run(t, "{\"name\":\"n\",\"assets\":{\"video\":{\"asset_type\":\"video\",\"url\":\"https://x.example/v.mp4\","
           "\"duration_ms\":30000,\"width\":1920,\"height\":1080,\"mime_type\":\"video/mp4\"}}}");
    assert_true(t->out.passed);
    expect(t, "duration", CHECK_PASSED, "30000 ms is within format spec");
    run(t, "{\"name\":\"n\",\"assets\":{\"video\":{\"asset_type\":\"video\",\"url\":\"https://x.example/v.mp4\","
           "\"duration_ms\":45000}}}");
    expect(t, "duration", CHECK_FAILED, "45000 ms > 30000 max");
    run(t, "{\"name\":\"n\",\"assets\":{\"video\":{\"asset_type\":\"video\",\"url\":\"https://x.example/v.mp4\","
           "\"mime_type\":\"image/png\"}}}");
    expect(t, "mime_type", CHECK_FAILED, "image/png is not of type video");
}

static void assets_and_clicks_are_https(void **state)
{
    struct env *t = *state;
    static const char *const bad[] = { "http://cdn.example/a.png",
                                       "ftp://cdn.example/a",
                                       "/a.png",
                                       "https://",
                                       "",
                                       "https://user:pw@cdn.example/",
                                       "https://cdn.example/a b",
                                       "javascript:alert(1)",
                                       "https://cdn.example:http/",
                                       "data:image/png;base64,AAAA" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        run(t, arena_printf(&t->a, IMAGE("\"url\":\"%s\""), bad[i]).p);
        expect(t, "asset_url", CHECK_FAILED, NULL);
    }
    run(t, "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"
           "\"click_url\":{\"asset_type\":\"url\",\"url\":\"http://x.example/?sku={SKU}\"}}}");
    expect(t, "click_url", CHECK_WARNING, NULL);
    assert_true(t->out.passed);
    run(t, "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"
           "\"click_url\":{\"asset_type\":\"url\",\"url\":\"x.example\"}}}");
    expect(t, "click_url", CHECK_FAILED, NULL);
}

static void landing_pages_belong_to_the_brand(void **state)
{
    struct env *t = *state;
    const char *creative =
        "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"
        "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://shop.acme.example/x\"}}}";
    t->in.brand_domain = STR("acme.example");
    run(t, creative);
    expect(t, "landing_page", CHECK_PASSED, "shop.acme.example belongs to the brand");
    t->in.brand_domain = STR("other.example");
    run(t, creative);
    expect(t, "landing_page", CHECK_WARNING, NULL);
    assert_true(t->out.passed);
    t->in.policies = parse(t, "{\"landing_page_domain\":\"enforce\"}");
    run(t, creative);
    expect(t, "landing_page", CHECK_FAILED, NULL);
    t->in.policies = parse(t, "{\"landing_page_domain\":\"any\"}");
    run(t, creative);
    assert_true(t->out.passed);
    assert_true(host_within(STR("www.ACME.example"), STR("acme.example")));
    assert_false(host_within(STR("notacme.example"), STR("acme.example")));
    assert_false(host_within(STR("acme.example.evil.example"), STR("acme.example")));
}

static void prohibited_things_are_refused(void **state)
{
    struct env *t = *state;
    t->in.policies =
        parse(t, "{\"prohibited_categories\":[\"gambling\",\"adult\"],\"prohibited_words\":[\"free money\"]}");
    run(t, "{\"name\":\"n\",\"tags\":[\"Gambling\"],\"assets\":{\"image\":{\"asset_type\":\"image\"," GOOD_URL "}}}");
    expect(t, "prohibited_category", CHECK_FAILED, "the publisher does not accept \"gambling\"");
    assert_string_equal(found(t, "prohibited_category", CHECK_FAILED)->code, "CREATIVE_REJECTED");
    run(t,
        "{\"name\":\"n\",\"ext\":{\"salesagent\":{\"categories\":[\"ADULT\"]}},\"assets\":{\"image\":{\"asset_type\":\"image\"," GOOD_URL
        "}}}");
    expect(t, "prohibited_category", CHECK_FAILED, "the publisher does not accept \"adult\"");
    run(t, "{\"name\":\"Young adult books\",\"assets\":{\"image\":{\"asset_type\":\"image\"," GOOD_URL "}}}");
    expect(t, "prohibited_category", CHECK_WARNING, NULL);
    assert_true(t->out.passed);
    run(t,
        "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"alt_text\":\"Get FREE money now\"," GOOD_URL
        "}}}");
    expect(t, "prohibited_word", CHECK_FAILED, NULL);
    run(t,
        "{\"name\":\"carefree moneymaker, adulthood\",\"assets\":{\"image\":{\"asset_type\":\"image\"," GOOD_URL "}}}");
    assert_true(t->out.passed);
    assert_null(found(t, "prohibited_category", CHECK_WARNING));
}

static void scripts_are_searched(void **state)
{
    static const char *const bad[] = {
        "document.write('x')",
        "document . writeln (x)",
        "document/*x*/.write(x)",
        "document['write'](x)",
        "var w = document.write;",
        "eval(x)",
        "window.eval (x)",
        "(0, eval)(x)",
        "window[\"eval\"](x)",
        "new Function('a','return 1')",
        "setTimeout('x()', 1)",
        "setInterval( \"x()\", 1)",
        "<a href='javascript:x()'>",
        "EVAL(1)",
        "x = eval;",
    };
    static const char *const good[] = {
        "medieval(1)",
        "let evaluation = 1;",
        "setTimeout(() => x(), 1)",
        "new Functional()",
        "documents.write",
        "The eval was fine. We document writes.",
        "function newFunction() {}",
        "retrieval (x)",
        "renew Function",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (!scan_forbidden_script(str_from(bad[i]))) fail_msg("not found: %s", bad[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const char *what = scan_forbidden_script(str_from(good[i]));
        if (what) fail_msg("%s in: %s", what, good[i]);
    }
    struct str url;
    assert_true(scan_insecure_url(STR("<img src=http://x.example/a.png>"), &url));
    assert_true(str_is(url, "http://x.example/a.png"));
    assert_false(scan_insecure_url(STR("<svg xmlns=\"http://www.w3.org/2000/svg\">"), &url));
    assert_false(scan_insecure_url(STR("https://x.example"), &url));
    struct env *t = *state;
    standard(t, "display_300x250");
    run(t, "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"<script>eval(a)</script>"
           "<img src='http://x.example/p'>\"}}}");
    expect(t, "script", CHECK_FAILED, "eval is not allowed in creatives");
    assert_string_equal(found(t, "script", CHECK_FAILED)->code, "CREATIVE_REJECTED");
    t->in.policies = parse(t, "{\"allowed_hosts\":[\"cdn.example\"]}");
    run(t,
        "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"<script src='//a.cdn.example/x'></script>\"}}}");
    assert_true(t->out.passed);
    run(t,
        "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"<script src='https://evil.example/x'></script>\"}}}");
    expect(t, "script", CHECK_FAILED, "evil.example is not an allowed host");
}

#define VAST_OK                                                                                                        \
    "<VAST version='4.2'><Ad id='1'><InLine><AdSystem>x</AdSystem><Impression><![CDATA[https://i.example/]]>"          \
    "</Impression><Creatives><Creative><Linear><Duration>00:00:15.500</Duration><MediaFiles>"                          \
    "<MediaFile delivery='progressive' type='video/mp4' width='1920' height='1080'>"                                   \
    "<![CDATA[ https://cdn.example/v.mp4 ]]></MediaFile></MediaFiles><VideoClicks><ClickThrough>"                      \
    "https://acme.example/</ClickThrough></VideoClicks></Linear></Creative></Creatives></InLine></Ad></VAST>"

#define HTML(content) "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"" content "\"}}}"
#define CODE(content)                                                                                                  \
    "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"javascript\",\"content\":\"" content "\"}}}"

/* Words that do nothing refuse nothing; where that is not certain a person decides. */
static void what_only_reads_like_a_script_is_for_a_person(void **state)
{
    static const struct {
        const char *creative;
        int verdict; /* 0 passes, 1 passes and a person looks, 2 refused */
    } cases[] = {
        { HTML("<!-- licence: http://www.gnu.org/ --><img src='https://a.example/x.png'>"), 1 },
        { HTML("<script>/* http://lib.example/licence */ run()</script>"), 1 },
        { HTML("<script>// see http://lib.example\\nrun()</script>"), 1 },
        { HTML("<style>/* http://lib.example */ b{}</style>"), 1 },
        { HTML("<img alt='not http://a.example' src='https://a.example/x.png'>"), 1 },
        { HTML("<p>Visit http://a.example today</p>"), 1 },
        { HTML("<a href='http://a.example'>Go</a>"), 1 },
        { HTML("<p>All of JavaScript: a course</p>"), 0 },
        { HTML("<script>say('Learn JavaScript: now')</script>"), 0 },
        { HTML("<p>We eval (nothing)</p>"), 1 },
        { HTML("<script src='https://a.example/x.js'></script><p>x > y</p>"), 0 },
        { HTML("<script src='http://a.example/x.js'></script>"), 2 },
        { HTML("<img alt=x src=http://a.example/x.png>"), 2 },
        { HTML("<a href=' javascript:run()'>Go</a>"), 2 },
        { HTML("<style>b{background:url(http://a.example/x.png)}</style>"), 2 },
        { HTML("<script>load('http://a.example/x.js')</script>"), 2 },
        { HTML("<script>var a='/*'; eval(x); var b='*/'</script>"), 2 },
        { HTML("<script>var r=/[/*]/; eval(x) /* */</script>"), 1 }, /* a trick: nobody is let through by it */
        { HTML("<div onclick=\\\"eval(x)\\\">"), 2 },
        { HTML("<!-- never closed <img src=http://a.example>"), 1 },
        { CODE("/* eval(x) */ run()"), 1 },
        { CODE("run() // http://a.example"), 1 },
        { CODE("eval(x)"), 2 },
        { CODE("load(`http://a.example`)"), 2 },
    };
    struct env *t = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        standard(t, "display_300x250");
        run(t, cases[i].creative);
        bool script = !found(t, "script", CHECK_FAILED);
        int verdict = !script ? 2 : t->out.doubtful ? 1 : 0;
        if (verdict != cases[i].verdict) fail_msg("%d: %s", verdict, cases[i].creative);
        assert_int_equal(found(t, "script", CHECK_WARNING) != NULL, cases[i].verdict == 1);
    }
}

/* Macros before a landing page are another ad server's; where they lead is not held against the page. */
static void landing_pages_stand_behind_macros(void **state)
{
    static const char *const good[] = { "%%CLICK_URL_UNESC%%https://shop.acme.example/x",
                                        "[CLICKURL]https://acme.example/",
                                        "${CLICK_URL}https://acme.example",
                                        "{CLICK_URL}{X}https://acme.example",
                                        "{{click.url}}https://acme.example/#top",
                                        "%%CLICK_URL_ESC%%https%3A%2F%2Fshop.acme.example%2Fx%3Fa%3D1",
                                        "%%CLICK_URL_ESC_ESC%%https%253a%252F%252Facme.example" };
    struct env *t = *state;
    t->in.brand_domain = STR("acme.example");
    t->in.policies = parse(t, "{\"landing_page_domain\":\"enforce\"}");
#define CLICK(url)                                                                                                     \
    "{\"name\":\"n\",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://x.example/i\"},"                \
    "\"click_url\":{\"asset_type\":\"url\",\"url\":\"" url "\"}}}"
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        run(t, arena_printf(&t->a, CLICK("%s"), good[i]).p);
        expect(t, "landing_page", CHECK_PASSED, NULL);
        assert_true(t->out.passed);
    }
    run(t, CLICK("%%CLICK_URL_UNESC%%https://evil.example"));
    expect(t, "landing_page", CHECK_FAILED, NULL);
    run(t, CLICK("%%DEST_URL%%"));
    expect(t, "click_url", CHECK_WARNING, "the landing page is not known: there is nothing but macros");
    run(t, CLICK("%%CLICK_URL_ESC%%https%3A%2F%2Fevil.example%2F"));
    expect(t, "landing_page", CHECK_FAILED, NULL);
    run(t, CLICK("https%3A%2F%2Facme.example")); /* without a macro nobody decodes it */
    expect(t, "click_url", CHECK_FAILED, NULL);
    run(t, CLICK("[CLICKURL]https%3A%2F%2Facme.example%00%0Aevil"));
    expect(t, "click_url", CHECK_FAILED, NULL);
    run(t, CLICK("[CLICKURL]javascript:run()"));
    expect(t, "click_url", CHECK_FAILED, NULL);
    run(t, CLICK("%%broken https://acme.example"));
    expect(t, "click_url", CHECK_FAILED, NULL);
}

static void vast_is_read(void **state)
{
    struct env *t = *state;
    struct vast_facts f;
    const char *why = NULL;
    assert_int_equal(vast_read(&t->a, STR(VAST_OK), &f, &why), 0);
    assert_int_equal(f.duration_ms, 15500);
    assert_int_equal(f.media_n, 1);
    assert_true(str_is(f.media[0].url, "https://cdn.example/v.mp4"));
    assert_true(str_is(f.media[0].mime_type, "video/mp4"));
    assert_int_equal(f.media[0].width, 1920);
    assert_int_equal(f.clicks_n, 1);
    assert_true(str_is(f.clicks[0], "https://acme.example/"));
    assert_int_equal(f.insecure.n, 0);
    static const char *const bad[] = {
        "",
        "x",
        "<VAST/>",
        "<VAST version='9.0'><Ad/></VAST>",
        "<vmap:VMAP version='1.0'/>",
        "<VAST version='4.0'></VAST>",
        "<VAST version='4.0'><Ad></Ad></VAST>",
        "<VAST version='4.0'><Ad><InLine></InLine></Ad></VAST>",
        "<VAST version='4.0'><Ad><Wrapper></Wrapper></Ad></VAST>",
        "<VAST version='4.0'><Ad>",
        "<!DOCTYPE VAST [<!ENTITY a 'aaaa'>]><VAST version='4.0'>&a;</VAST>",
        "<VAST version='4.0'><Ad><InLine><Duration>15</Duration></InLine></Ad></VAST>",
        "<VAST version='4.0'><Ad><InLine><MediaFile type='video/mp4'>https://a/v</MediaFile></InLine></Ad><Ad><InLine/></Ad></VAST>",
        "<VAST version='4.0'><Ad><InLine><Duration>00:00:15.</Duration></InLine></Ad></VAST>",
        "<VAST version='4.0'><Ad><InLine><MediaFile type='video/mp4'> </MediaFile></InLine></Ad></VAST>",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        why = NULL;
        if (vast_read(&t->a, str_from(bad[i]), &f, &why) == 0) fail_msg("accepted: %s", bad[i]);
        assert_non_null(why);
    }
    static const struct {
        const char *text;
        int ms;
    } times[] = { { "00:00:15", 15000 },    { "00:00:15.5", 15500 },      { "00:00:15.0000", 15000 },
                  { "00:01:00.25", 60250 }, { "00:00:15.123456", 15123 }, { "01:00:00.000", 3600000 } };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) { /* and the text is UTF-8, whatever it declares: JSON was */
        struct str xml =
            arena_printf(&t->a,
                         "<?xml version='1.0' encoding='utf-16'?><VAST version='4.0'><Ad><InLine><Duration>%s"
                         "</Duration><MediaFile type='video/mp4'>https://a.example/\u00e4</MediaFile></InLine>"
                         "</Ad></VAST>",
                         times[i].text);
        if (vast_read(&t->a, xml, &f, &why)) fail_msg("%s: %s", times[i].text, why);
        assert_int_equal(f.duration_ms, times[i].ms);
    }
    static const char wrapper[] = "<VAST version=\"3.0\"><Ad><Wrapper><VASTAdTagURI>http://t.example/</VASTAdTagURI>"
                                  "</Wrapper></Ad></VAST>";
    assert_int_equal(vast_read(&t->a, STR(wrapper), &f, &why), 0);
    assert_int_equal(f.wrappers, 1);
    assert_true(str_is(f.insecure, "http://t.example/"));
}

static void vast_is_bounded(void **state)
{
    struct env *t = *state;
    struct vast_facts f;
    const char *why = NULL;
    static char deep[6 * 2000 + 64], big[600 * 1024];
    size_t n = (size_t)snprintf(deep, sizeof(deep), "<VAST version='4.0'>");
    for (int i = 0; i < 2000; i++) n += (size_t)snprintf(deep + n, sizeof(deep) - n, "<Ad>");
    assert_int_equal(vast_read(&t->a, (struct str){ deep, n }, &f, &why), -1);
    assert_string_equal(why, "its elements are nested too deep");
    memset(big, ' ', sizeof(big));
    assert_int_equal(vast_read(&t->a, (struct str){ big, sizeof(big) }, &f, &why), -1);
    n = (size_t)snprintf(big, sizeof(big), "<VAST version='4.0'><Ad>");
    while (n < 400000) n += (size_t)snprintf(big + n, sizeof(big) - n, "<a/>");
    assert_int_equal(vast_read(&t->a, (struct str){ big, n }, &f, &why), -1);
    assert_string_equal(why, "it has too many elements");
}

static void vast_is_held_against_the_format(void **state)
{
    struct env *t = *state;
    standard(t, "vast_15s");
    run(t,
        "{\"name\":\"n\",\"assets\":{\"vast\":{\"asset_type\":\"vast\",\"delivery_type\":\"inline\",\"content\":\"" VAST_OK
        "\"}}}");
    assert_true(t->out.passed);
    expect(t, "vast", CHECK_PASSED, "VAST 4.2 with 1 ad parses");
    standard(t, "vast_10s");
    run(t,
        "{\"name\":\"n\",\"assets\":{\"vast\":{\"asset_type\":\"vast\",\"delivery_type\":\"inline\",\"content\":\"" VAST_OK
        "\"}}}");
    expect(t, "duration", CHECK_FAILED, "15500 ms > 10000 max");
    run(t,
        "{\"name\":\"n\",\"assets\":{\"vast\":{\"asset_type\":\"vast\",\"delivery_type\":\"inline\",\"content\":\"<VAST>\"}}}");
    expect(t, "vast", CHECK_FAILED, NULL);
}

#define VAST_WITH(media, clicks)                                                                                                    \
    "{\"name\":\"n\",\"assets\":{\"vast\":{\"asset_type\":\"vast\",\"delivery_type\":\"inline\",\"content\":\"<VAST version='4.2'>" \
    "<Ad id='1'><InLine><Creatives><Creative><Linear><Duration>00:00:15</Duration><MediaFiles>" media "</MediaFiles>"               \
    "<VideoClicks>" clicks "</VideoClicks></Linear></Creative></Creatives></InLine></Ad></VAST>\"}}}"
#define VAST_MP4 "<MediaFile type='video/mp4' width='1920' height='1080'>https://cdn.example/v.mp4</MediaFile>"

/* What is in the document is held to the rules of what stands beside one. */
static void what_is_inside_a_vast_counts(void **state)
{
    struct env *t = *state;
    standard(t, "vast_15s");
    t->in.brand_domain = STR("acme.example");
    run(t, VAST_WITH(VAST_MP4, "<ClickThrough>https://www.acme.example/</ClickThrough>"));
    assert_true(t->out.passed);
    expect(t, "landing_page", CHECK_PASSED, "www.acme.example belongs to the brand");
    run(t, VAST_WITH(
               VAST_MP4,
               "<ClickThrough>https://acme.example/</ClickThrough><ClickThrough>https://evil.example/</ClickThrough>"));
    expect(t, "landing_page", CHECK_WARNING, "landing page evil.example is not of the brand's domain acme.example");
    t->in.policies = parse(t, "{\"landing_page_domain\":\"enforce\"}");
    run(t, VAST_WITH(VAST_MP4, "<ClickThrough>https://evil.example/</ClickThrough>"));
    expect(t, "landing_page", CHECK_FAILED, NULL);
    run(t, VAST_WITH(VAST_MP4, "<ClickThrough>javascript:alert(1)</ClickThrough>"));
    expect(t, "click_url", CHECK_FAILED, "not an absolute https URL");
    run(t, VAST_WITH("<MediaFile type='video/mp4'>http://cdn.example/v.mp4</MediaFile>", ""));
    expect(t, "asset_url", CHECK_FAILED, "the VAST document uses http: URLs; only https is accepted");
    run(t,
        VAST_WITH("<MediaFile type='application/javascript' apiFramework='VPAID'>https://cdn.example/v.js</MediaFile>",
                  ""));
    expect(t, "script", CHECK_FAILED, "VPAID executables are not accepted");
    assert_string_equal(found(t, "script", CHECK_FAILED)->code, "CREATIVE_REJECTED");
    t->format.mime_types = parse(t, "[\"video/webm\"]");
    run(t, VAST_WITH(VAST_MP4, ""));
    expect(t, "mime_type", CHECK_FAILED, "no MediaFile is of an accepted type (accepted: video/webm)");
    t->in.policies = parse(t, "{\"prohibited_words\":[\"casino\"]}");
    run(t, VAST_WITH(VAST_MP4, "<ClickThrough>https://acme.example/casino/</ClickThrough>"));
    expect(t, "prohibited_word", CHECK_FAILED, NULL);
}

static void markup_is_weighed(void **state)
{
    struct env *t = *state;
    standard(t, "display_300x250");
    t->format.max_file_bytes = 100;
    run(t, "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"<b>short</b>\"}}}");
    assert_true(t->out.passed);
    run(t,
        arena_printf(&t->a, "{\"name\":\"n\",\"assets\":{\"tag\":{\"asset_type\":\"html\",\"content\":\"%0101d\"}}}", 0)
            .p);
    expect(t, "file_size", CHECK_FAILED, "101 bytes > 100 max");
    t->format.max_animation_ms = 15000;
    run(t, "{\"name\":\"n\",\"assets\":{\"banner\":{\"asset_type\":\"image\"," GOOD_URL
           ",\"animation_duration_ms\":15001}}}");
    expect(t, "animation", CHECK_FAILED, "15001 ms of animation > 15000 max");
}

static void provenance_has_a_code_for_each_gap(void **state)
{
    struct env *t = *state;
    struct provenance_policy p = { .product_id = STR("p1") };
    t->in.provenance = &p;
    t->in.provenance_n = 1;
    static const struct {
        const char *policy, *provenance, *code, *field;
    } cases[] = {
        { "{\"provenance_required\":true}", "null", "PROVENANCE_REQUIRED", "/provenance" },
        { "{\"provenance_required\":true}", "{\"human_oversight\":\"none\"}", NULL, NULL },
        { "{\"provenance_requirements\":{\"require_digital_source_type\":true}}", "{\"human_oversight\":\"none\"}",
          "PROVENANCE_DIGITAL_SOURCE_TYPE_MISSING", "/provenance/digital_source_type" },
        { "{\"provenance_requirements\":{\"require_disclosure_metadata\":true}}", "{\"digital_source_type\":\"x\"}",
          "PROVENANCE_DISCLOSURE_MISSING", "/provenance/disclosure" },
        { "{\"provenance_requirements\":{\"require_disclosure_metadata\":true}}",
          "{\"disclosure\":{\"required\":true,\"jurisdictions\":[]}}", "PROVENANCE_DISCLOSURE_MISSING",
          "/provenance/disclosure" },
        { "{\"provenance_requirements\":{\"require_disclosure_metadata\":true}}",
          "{\"disclosure\":{\"required\":false}}", NULL, NULL },
        { "{\"provenance_requirements\":{\"require_embedded_provenance\":true}}", "{\"embedded_provenance\":[]}",
          "PROVENANCE_EMBEDDED_MISSING", "/provenance/embedded_provenance" },
        { "{\"accepted_verifiers\":[{\"agent_url\":\"https://good.example/x\"}]}",
          "{\"embedded_provenance\":[{\"verify_agent\":{\"agent_url\":\"https://evil.example/x\"}}]}",
          "PROVENANCE_VERIFIER_NOT_ACCEPTED", "/provenance/embedded_provenance/0/verify_agent/agent_url" },
        { "{\"accepted_verifiers\":[{\"agent_url\":\"https://good.example/x\"}]}",
          "{\"watermarks\":[{\"verify_agent\":{\"agent_url\":\"https://GOOD.example/x/\"}}]}", NULL, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        p.creative_policy = parse(t, cases[i].policy);
        run(t, arena_printf(
                   &t->a,
                   "{\"name\":\"n\",\"provenance\":%s,\"assets\":{\"image\":{\"asset_type\":\"image\"," GOOD_URL "}}}",
                   cases[i].provenance)
                   .p);
        const struct creative_check *c = found(t, "provenance", CHECK_FAILED);
        if (!cases[i].code) {
            assert_null(c);
            continue;
        }
        assert_non_null(c);
        assert_string_equal(c->code, cases[i].code);
        assert_string_equal(arena_cstr(&t->a, c->field), cases[i].field);
    }
}

static void standard_formats_are_read_off_their_ids(void **state)
{
    struct env *t = *state;
    static const char *const good[] = { "display_300x250",
                                        "display_728x90_image",
                                        "video_30s",
                                        "vast_30s",
                                        "preroll_15s",
                                        "ssai_30s",
                                        "broadcast_30s",
                                        "native_post",
                                        "native_content",
                                        "native_feed",
                                        "product_carousel_3_to_10",
                                        "audio_30s",
                                        "display_static",
                                        "video_1920x1080" };
    static const char *const bad[] = { "",
                                       "display_",
                                       "display_0x250",
                                       "display_300x",
                                       "display_300x250_generative",
                                       "display_99999999999999999999x1",
                                       "video_0s",
                                       "video_30",
                                       "native",
                                       "fmt-1",
                                       "product_carousel_9_to_3",
                                       "video_30sx",
                                       "DISPLAY_300x250" };
    struct format_spec f;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct format_ref ref = { .id = str_from(good[i]) };
        if (!format_standard(&t->a, &ref, &f)) fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct format_ref ref = { .id = str_from(bad[i]) };
        if (format_standard(&t->a, &ref, &f)) fail_msg("%s", bad[i]);
    }
    struct format_ref sized = { .id = STR("display_static"), .width = 970, .height = 250 };
    assert_true(format_standard(&t->a, &sized, &f));
    assert_int_equal(f.width, 970);
    struct format_spec mpu;
    struct format_ref same = { .id = STR("display_300x250") };
    assert_true(format_standard(&t->a, &same, &mpu));
    assert_true(format_fits(&mpu, &t->format)); /* the publisher's own 300x250 */
    assert_false(format_fits(&f, &t->format));
}

static void noise_breaks_nothing(void **state)
{
    struct env *t = *state;
    struct rng rng;
    rng_init_seeded(&rng, 7);
    static const char seed[] =
        VAST_OK "document.write(eval('x'));new Function;/*//\"'`https://a.example(http://b)javascript:";
    for (int round = 0; round < 3000; round++) {
        char text[sizeof(seed)];
        memcpy(text, seed, sizeof(seed));
        size_t from = rng_u64(&rng) % sizeof(seed), n = rng_u64(&rng) % (sizeof(seed) - from);
        for (int k = 0; k < 6; k++) text[rng_u64(&rng) % sizeof(seed)] = (char)rng_u64(&rng);
        /* An exact allocation, so that a read past the end is seen. */
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text + from, n);
        struct str s = { exact, n }, url;
        struct vast_facts f;
        struct web_url u;
        const char *why = NULL;
        size_t at = 0;
        if (vast_read(&t->a, s, &f, &why)) assert_non_null(why);
        (void)scan_forbidden_script(s);
        (void)scan_insecure_url(s, &url);
        if (web_url_read(s, &u)) assert_true(u.host.n <= n);
        (void)scan_has_word(s, STR("eval"));
        while (scan_next_host(s, &at, &url)) assert_true(at <= s.n);
        free(exact);
    }
}

/* A megabyte that made each rule look to the end of the text, from each of its words: minutes, when nothing ends that. */
static void a_large_text_costs_what_it_is_long(void **state)
{
    static const struct {
        const char *piece;
        bool refused; /* as what cannot be judged */
    } pieces[] = {
        { "eval/*", true },
        { "eval//", true },
        { "/*eval/**/", true },
        { "eval\n", false },
        { "http://www.w3.org/", false },
        { "(//", false },
        { "new ", false },
        { "=//a-", false },
    };
    const size_t bytes = 1 << 20;
    char *text = malloc(bytes);
    assert_non_null(text);
    clock_t before = clock();
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t n = strlen(pieces[i].piece), at = 0;
        struct str s = { text, bytes / n * n }, found;
        for (size_t k = 0; k < s.n; k++) text[k] = pieces[i].piece[k % n];
        const char *why = scan_forbidden_script(s);
        if (pieces[i].refused != (why != NULL)) fail_msg("%s: %s", pieces[i].piece, why ? why : "not refused");
        (void)scan_insecure_url(s, &found);
        while (scan_next_host(s, &at, &found)) assert_true(at <= s.n);
    }
    free(text);
    assert_true(clock() - before < 20 * CLOCKS_PER_SEC); /* a second, with sanitizers */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_tutorials_banner_passes_in_the_tutorials_words, setup, teardown),
        cmocka_unit_test_setup_teardown(each_declared_fact_is_held_against_the_format, setup, teardown),
        cmocka_unit_test_setup_teardown(assets_the_format_needs_must_be_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_text_costs_what_it_is_long, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_have_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(durations_are_bounded_by_the_format, setup, teardown),
        cmocka_unit_test_setup_teardown(assets_and_clicks_are_https, setup, teardown),
        cmocka_unit_test_setup_teardown(landing_pages_belong_to_the_brand, setup, teardown),
        cmocka_unit_test_setup_teardown(prohibited_things_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(scripts_are_searched, setup, teardown),
        cmocka_unit_test_setup_teardown(what_only_reads_like_a_script_is_for_a_person, setup, teardown),
        cmocka_unit_test_setup_teardown(landing_pages_stand_behind_macros, setup, teardown),
        cmocka_unit_test_setup_teardown(vast_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(vast_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(vast_is_held_against_the_format, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_inside_a_vast_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(markup_is_weighed, setup, teardown),
        cmocka_unit_test_setup_teardown(provenance_has_a_code_for_each_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(standard_formats_are_read_off_their_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(noise_breaks_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
