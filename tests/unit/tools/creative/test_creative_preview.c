/* preview_creative and build_creative: the storyboards' calls, and what a hostile buyer would try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/encode.h"
#include "contract/validate.h"
#include "domain/creative/creative_vast.h"
#include "tools/fixture.h"

/* Every reply is checked against the published schema of AdCP 3.1. */
static struct fixture_reply call(struct fixture *f, const char *tool, const char *args)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc == 0) fixture_valid(f, &r, tool, ADCP_LINE_NEWEST);
    return r;
}

#define FORMAT(id) "{\"agent_url\":\"https://your-agent.example.com\",\"id\":\"" id "\"}"
#define ASSETS                                                                                                           \
    "{\"image\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/hero.jpg\",\"width\":1200,\"height\":628}," \
    "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/summer?sku={SKU}\"},"                          \
    "\"headline\":{\"asset_type\":\"text\",\"content\":\"Sale <b>40%</b> & more\"},"                                     \
    "\"cta\":{\"asset_type\":\"text\",\"content\":\"Shop {CITY}\"}}"
#define MANIFEST(id) "\"creative_manifest\":{\"format_id\":" FORMAT(id) ",\"assets\":" ASSETS "}"

static struct str text_at(struct fixture_reply r, const char *path)
{
    return json_val_str(json_get_path(r.reply, path));
}

static bool holds(struct str s, const char *what)
{
    return memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static void expect_ok(struct fixture_reply r)
{
    if (r.rc) {
        print_error("%s: %s (%s)\n", r.e.code, r.e.message, r.e.field);
        fail();
    }
}

static void a_preview_shows_the_assets_and_nothing_of_theirs_runs(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = call(f, "preview_creative",
                                  "{\"request_type\":\"single\",\"output_format\":\"both\"," MANIFEST(
                                      "display_300x250") ",\"inputs\":[{\"name\":\"Berlin\",\"macros\":"
                                                         "{\"CITY\":\"<i>Berlin</i>\"}},{\"name\":\"plain\"}]}");
    expect_ok(r);
    assert_true(str_is(text_at(r, "/response_type"), "single"));
    struct str html = text_at(r, "/previews/0/renders/0/preview_html"),
               url = text_at(r, "/previews/0/renders/0/preview_url");
    assert_true(holds(html, "src=\"https://cdn.acme.example/hero.jpg\""));
    assert_true(holds(html, "Sale &lt;b&gt;40%&lt;/b&gt; &amp; more"));
    assert_true(holds(html, "Shop &lt;i&gt;Berlin&lt;/i&gt;"));
    assert_true(holds(html, "href=\"https://acme.example/summer?sku={SKU}\""));
    assert_true(holds(html, "width:300px;height:250px"));
    struct str page, prefix = STR("data:text/html;charset=utf-8;base64,");
    assert_true(str_starts(url, prefix));
    assert_int_equal(base64_decode(&f->arena, str_skip(url, prefix.n), &page), 0);
    assert_true(str_eq(page, html));
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/previews/0/renders/0/dimensions"), "width", 0), 300);
    assert_true(str_is(text_at(r, "/previews/1/input/name"), "plain"));
    assert_true(holds(text_at(r, "/previews/1/renders/0/preview_html"), "Shop {CITY}"));
    assert_true(str_is(text_at(r, "/expires_at"), "2026-03-10T14:30:00Z"));
    struct fixture_reply again =
        call(f, "preview_creative",
             "{\"request_type\":\"single\",\"output_format\":\"both\"," MANIFEST("display_300x250") "}");
    assert_true(str_eq(text_at(again, "/previews/0/preview_id"), text_at(r, "/previews/1/preview_id")));
}

static void addresses_that_are_none_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = call(
        f, "preview_creative",
        "{\"request_type\":\"single\",\"output_format\":\"html\",\"creative_manifest\":{\"format_id\":" FORMAT(
            "native_post") ",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"javascript:alert(1)\",\"alt_text\":\"\\\"><script>\"},"
                           "\"click_url\":{\"asset_type\":\"url\",\"url\":\"javascript:alert(2)\"},"
                           "\"headline\":{\"asset_type\":\"text\",\"content\":\"hi\"}}}}");
    expect_ok(r);
    struct str html = text_at(r, "/previews/0/renders/0/preview_html");
    assert_false(holds(html, "javascript:"));
    assert_false(holds(html, "<script>"));
    assert_true(holds(html, "hi"));
}

static void a_stored_creative_can_be_shown_by_its_owner(void **state)
{
    struct fixture *f = *state;
    expect_ok(call(
        f, "sync_creatives",
        "{\"creatives\":[{\"creative_id\":\"c1\",\"name\":\"n\",\"format_id\":" FORMAT(
            "display_300x250") ",\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://cdn.acme.example/mine.png\"}}}]}"));
    struct fixture_reply r = call(f, "preview_creative",
                                  "{\"request_type\":\"single\",\"creative_id\":\"c1\","
                                  "\"output_format\":\"html\"}");
    expect_ok(r);
    assert_true(holds(text_at(r, "/previews/0/renders/0/preview_html"), "https://cdn.acme.example/mine.png"));
    r = call(f, "preview_creative", "{\"request_type\":\"variant\",\"variant_id\":\"c1\"}");
    expect_ok(r);
    assert_true(str_is(text_at(r, "/creative_id"), "c1"));
    fixture_become_new_buyer(f, "other");
    r = call(f, "preview_creative", "{\"request_type\":\"variant\",\"variant_id\":\"c1\"}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "CREATIVE_NOT_FOUND");
}

static void one_bad_request_of_a_batch_does_not_spoil_the_others(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r =
        call(f, "preview_creative",
             "{\"request_type\":\"batch\",\"requests\":[{" MANIFEST(
                 "display_300x250") "},"
                                    "{\"creative_manifest\":{\"creative_id\":\"nope\",\"assets\":{}}}]}");
    expect_ok(r);
    assert_true(json_bool_or(json_get_path(r.reply, "/results/0"), "success", false));
    assert_non_null(json_get_path(r.reply, "/results/0/response/previews/0/renders/0/preview_url"));
    assert_false(json_bool_or(json_get_path(r.reply, "/results/1"), "success", true));
    assert_true(str_is(text_at(r, "/results/1/errors/0/code"), "CREATIVE_NOT_FOUND"));
    static const char *const bad[] = { "{\"request_type\":\"batch\"}", "{\"request_type\":\"single\"}",
                                       "{\"request_type\":\"x\"}", "{\"request_type\":\"variant\"}",
                                       "{\"request_type\":\"single\",\"creative_manifest\":7}" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_int_equal(call(f, "preview_creative", bad[i]).rc, -1);
}

static void banners_are_built_for_every_size_asked_for(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = call(
        f, "build_creative",
        "{" MANIFEST("source_master") ",\"target_format_ids\":[" FORMAT("display_300x250") "," FORMAT(
            "display_728x90") "," FORMAT("display_320x50") "],"
                                                           "\"include_preview\":true,\"macro_values\":{\"SKU\":\"42\"}}");
    expect_ok(r);
    static const char *const sizes[] = { "width:300px;height:250px", "width:728px;height:90px",
                                         "width:320px;height:50px" };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct str html = text_at(r, arena_printf(&f->arena, "/creative_manifests/%zu/assets/html/content", i).p);
        assert_true(holds(html, sizes[i]));
        assert_true(holds(html, "sku=42"));
        assert_true(holds(html, "Shop {CITY}"));
    }
    assert_true(str_is(text_at(r, "/creative_manifests/1/format_id/id"), "display_728x90"));
    assert_int_equal(yyjson_arr_size(json_get_path(r.reply, "/preview/previews")), 3);
    assert_true(str_is(text_at(r, "/preview/previews/2/format_id/id"), "display_320x50"));
}

static void a_video_gets_a_vast_document_that_parses(void **state)
{
    struct fixture *f = *state;
    expect_ok(call(
        f, "sync_creatives",
        "{\"creatives\":[{\"creative_id\":\"v1\",\"name\":\"n\",\"format_id\":" FORMAT(
            "video_30s") ",\"assets\":{\"video\":{\"asset_type\":\"video\",\"url\":\"https://cdn.acme.example/v.mp4?a=1&b=2\","
                         "\"width\":1920,\"height\":1080,\"duration_ms\":30000,\"mime_type\":\"video/mp4\"},"
                         "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/?a=1&b=2\"}}}]}"));
    struct fixture_reply r =
        call(f, "build_creative", "{\"creative_id\":\"v1\",\"target_format_id\":" FORMAT("vast_30s") "}");
    expect_ok(r);
    struct vast_facts facts;
    const char *why;
    assert_int_equal(vast_read(&f->arena, text_at(r, "/creative_manifest/assets/vast_tag/content"), &facts, &why), 0);
    assert_int_equal(facts.duration_ms, 30000);
    assert_true(str_is(facts.media[0].url, "https://cdn.acme.example/v.mp4?a=1&b=2"));
    assert_true(str_is(facts.clicks[0], "https://acme.example/?a=1&b=2"));
    assert_int_equal(facts.media[0].width, 1920);
}

static void what_cannot_be_built_says_so(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *args, *code;
    } cases[] = {
        { "{\"message\":\"make something nice\",\"target_format_id\":" FORMAT("display_300x250") "}",
          "INVALID_REQUEST" },
        { "{" MANIFEST("display_300x250") "}", "INVALID_REQUEST" },
        { "{" MANIFEST("display_300x250") ",\"target_format_id\":" FORMAT("nope") "}", "FORMAT_NOT_SUPPORTED" },
        { "{" MANIFEST("display_300x250") ",\"target_format_id\":" FORMAT("vast_30s") "}", "UNSUPPORTED_FEATURE" },
        { "{\"creative_id\":\"nope\",\"target_format_id\":" FORMAT("vast_30s") "}", "CREATIVE_NOT_FOUND" },
        { "{" MANIFEST("a") ",\"target_format_id\":" FORMAT("vast_30s") ",\"target_format_ids\":[]}",
          "INVALID_REQUEST" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture_reply r = call(f, "build_creative", cases[i].args);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, cases[i].code);
    }
}

/* A page may have a query, a fragment, both: the macro goes where the page's server reads it. */
static void the_item_goes_before_the_fragment(void **state)
{
    static const struct {
        const char *page, *leads_to;
    } cases[] = {
        { "https://acme.example/p", "https://acme.example/p?item_id=7" },
        { "https://acme.example/p#colours", "https://acme.example/p?item_id=7#colours" },
        { "https://acme.example/p?a=1#b?c", "https://acme.example/p?a=1&amp;item_id=7#b?c" },
        { "https://acme.example/p?#b", "https://acme.example/p?item_id=7#b" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect_ok(call(
            f, "sync_catalogs",
            arena_printf(&f->arena,
                         "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},"
                         "\"catalogs\":[{\"catalog_id\":\"shop\",\"name\":\"Shop\",\"type\":\"product\",\"items\":["
                         "{\"item_id\":\"7\",\"title\":\"Boots\",\"url\":\"%s\"}]}]}",
                         cases[i].page)
                .p));
        struct fixture_reply r =
            call(f, "build_creative",
                 "{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"},"
                 "\"message\":\"An ad of the Shop\",\"target_format_id\":" FORMAT(
                     "display_300x250") ","
                                        "\"macro_values\":{\"ITEM_ID\":\"7\"}}");
        expect_ok(r);
        struct str html = text_at(r, "/creative_manifest/assets/html/content");
        assert_true(holds(html, "Boots"));
        if (!holds(html, arena_printf(&f->arena, "href=\"%s\"", cases[i].leads_to).p)) fail_msg("%s", html.p);
    }
}

/* From each of a million braces the one that ends it was looked for up to the end. */
static void braces_without_end_cost_little(void **state)
{
    struct fixture *f = *state;
    const size_t braces = 4 << 20;
    const char *head =
        "{\"request_type\":\"single\",\"output_format\":\"html\",\"creative_manifest\":{\"format_id\":" FORMAT(
            "display_300x250") ",\"assets\":{\"headline\":{\"asset_type\":\"text\",\"content\":\"";
    const char *tail = "\"}}},\"inputs\":[{\"name\":\"Berlin\",\"macros\":{\"CITY\":\"Berlin\"}}]}";
    char *args = arena_alloc(&f->arena, strlen(head) + braces + strlen(tail) + 1);
    strcpy(args, head);
    memset(args + strlen(head), '{', braces);
    strcpy(args + strlen(head) + braces, tail);
    clock_t before = clock();
    (void)fixture_call(f, "preview_creative", args); /* what becomes of such a text does not matter here */
    assert_true(clock() - before < 20 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_preview_shows_the_assets_and_nothing_of_theirs_runs, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(addresses_that_are_none_are_left_out, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_item_goes_before_the_fragment, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(braces_without_end_cost_little, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_stored_creative_can_be_shown_by_its_owner, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_bad_request_of_a_batch_does_not_spoil_the_others, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(banners_are_built_for_every_size_asked_for, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_video_gets_a_vast_document_that_parses, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_built_says_so, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
