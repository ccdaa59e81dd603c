/* Consent strings, made here bit by bit as the frameworks describe them, and macros that carry them on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "serving/macros.h"

/* ---- a writer of such strings ---- */

struct writer {
    char bits[2048];
    size_t n;
    char text[512];
};

static void put(struct writer *w, uint64_t v, int bits)
{
    for (int i = bits - 1; i >= 0; i--) w->bits[w->n++] = (char)(v >> i & 1);
}

static struct str text_of(struct writer *w)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = 0;
    while (w->n % 6) w->bits[w->n++] = 0;
    for (size_t i = 0; i < w->n; i += 6) {
        int v = 0;
        for (size_t k = 0; k < 6; k++) v = v * 2 + w->bits[i + k];
        w->text[n++] = alphabet[v];
    }
    w->text[n] = '\0';
    return (struct str){ w->text, n };
}

static struct str tc_core(struct writer *w, int version, unsigned purposes)
{
    *w = (struct writer){ .n = 0 };
    put(w, (uint64_t)version, 6);
    put(w, 17000000000, 36);
    put(w, 17000000000, 36);
    put(w, 10, 12);
    put(w, 1, 12);
    put(w, 1, 6);
    put(w, 0, 12);
    put(w, 150, 12);
    put(w, 4, 6);
    put(w, 1, 1);
    put(w, 0, 1);
    put(w, 0, 12);
    put(w, purposes, 24);
    put(w, 0, 24);
    put(w, 0, 13);
    return text_of(w);
}

#define PURPOSE_1 (1u << 23)
#define ALL_BUT_1 (PURPOSE_1 - 1)

static void purpose_one_is_what_counts(void **state)
{
    struct writer w;
    assert_true(tcf_allows_storage(tc_core(&w, 2, PURPOSE_1)));
    assert_true(tcf_allows_storage(tc_core(&w, 2, 0xffffff)));
    assert_false(tcf_allows_storage(tc_core(&w, 2, ALL_BUT_1)));
    assert_false(tcf_allows_storage(tc_core(&w, 2, 0)));
    assert_false(tcf_allows_storage(tc_core(&w, 1, 0xffffff))); /* another layout */
}

static void a_published_example_is_read(void **state)
{
    /* From the documentation of IAB's own library: consents to purposes 1, 2 and 3. */
    assert_true(tcf_allows_storage(STR("COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA")));
}

static void what_the_visitor_told_the_publisher_counts_too(void **state)
{
    struct writer core, segment;
    char both[1100];
    struct str c = tc_core(&core, 2, 0);
    segment = (struct writer){ .n = 0 };
    put(&segment, 3, 3);
    put(&segment, PURPOSE_1, 24);
    put(&segment, 0, 30);
    int n = snprintf(both, sizeof(both), STR_FMT ".IAAA." STR_FMT, STR_ARG(c), STR_ARG(text_of(&segment)));
    assert_true(tcf_allows_storage((struct str){ both, (size_t)n }));
}

static void what_cannot_be_read_consents_to_nothing(void **state)
{
    struct writer w;
    struct str good = tc_core(&w, 2, 0xffffff);
    char bad[64];
    for (size_t n = 0; n < 26; n++) assert_false(tcf_allows_storage((struct str){ good.p, n }));
    memcpy(bad, good.p, 40);
    bad[25] = '!';
    assert_false(tcf_allows_storage((struct str){ bad, 40 }));
    assert_false(tcf_allows_storage(STR_NONE));
    assert_false(tcf_allows_storage(STR("...")));
}

/* Fibonacci coding, least first, and a final one. */
static void put_fibonacci(struct writer *w, unsigned v)
{
    static const unsigned fib[] = { 1, 2, 3, 5, 8, 13, 21, 34, 55 };
    char code[16];
    int top = 0;
    while (top + 1 < 9 && fib[top + 1] <= v) top++;
    for (int i = top; i >= 0; i--) {
        code[i] = fib[i] <= v;
        if (code[i]) v -= fib[i];
    }
    for (int i = 0; i <= top; i++) put(w, (uint64_t)code[i], 1);
    put(w, 1, 1);
}

static struct str gpp_header(struct writer *w, const unsigned *sections, unsigned n)
{
    unsigned before = 0;
    *w = (struct writer){ .n = 0 };
    put(w, 3, 6);
    put(w, 1, 6);
    put(w, n, 12);
    for (unsigned i = 0; i < n; i++) {
        put(w, 0, 1);
        put_fibonacci(w, sections[i] - before);
        before = sections[i];
    }
    return text_of(w);
}

static void the_tc_string_is_found_in_gpp(void **state)
{
    static const unsigned one[] = { 2 }, later[] = { 1, 2, 7 }, none[] = { 6, 7 };
    struct writer w;
    char text[600];
    int n = snprintf(text, sizeof(text), STR_FMT "~TC", STR_ARG(gpp_header(&w, one, 1)));
    assert_true(str_is(gpp_tc_string((struct str){ text, (size_t)n }), "TC"));
    n = snprintf(text, sizeof(text), STR_FMT "~A~TC~B", STR_ARG(gpp_header(&w, later, 3)));
    assert_true(str_is(gpp_tc_string((struct str){ text, (size_t)n }), "TC"));
    n = snprintf(text, sizeof(text), STR_FMT "~A~B", STR_ARG(gpp_header(&w, none, 2)));
    assert_int_equal(gpp_tc_string((struct str){ text, (size_t)n }).n, 0);
    assert_int_equal(gpp_tc_string(STR("nonsense~x")).n, 0);
    assert_int_equal(gpp_tc_string(STR_NONE).n, 0);
}

static void published_gpp_strings_are_read(void **state)
{
    /* Of the specification: TC string alone; and with US privacy. */
    assert_true(str_is(gpp_tc_string(STR("DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA")),
                       "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"));
    assert_true(str_is(gpp_tc_string(STR("DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN")),
                       "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"));
}

static void a_range_of_sections_is_counted(void **state)
{
    struct writer w = { .n = 0 };
    char text[600];
    put(&w, 3, 6);
    put(&w, 1, 6);
    put(&w, 1, 12);
    put(&w, 1, 1); /* sections 1 to 3 */
    put_fibonacci(&w, 1);
    put_fibonacci(&w, 2);
    int n = snprintf(text, sizeof(text), STR_FMT "~A~TC~B", STR_ARG(text_of(&w)));
    assert_true(str_is(gpp_tc_string((struct str){ text, (size_t)n }), "TC"));
}

static void an_id_needs_consent_or_the_publishers_word(void **state)
{
    struct writer w;
    struct consent yes = { .gdpr = STR("1"), .gdpr_consent = tc_core(&w, 2, PURPOSE_1) },
                   nothing = { .gdpr_consent = STR_NONE };
    struct consent outside = { .gdpr = STR("0") }, asked = { .gdpr = STR("1") };
    assert_true(consent_allows_id(&yes, VISITOR_IDS_CONSENT));
    assert_true(consent_allows_id(&outside, VISITOR_IDS_CONSENT));
    assert_false(consent_allows_id(&asked, VISITOR_IDS_CONSENT));
    assert_false(consent_allows_id(&nothing, VISITOR_IDS_CONSENT)); /* silence is no consent */
    assert_true(consent_allows_id(&nothing, VISITOR_IDS_ALWAYS));
    assert_false(consent_allows_id(&yes, VISITOR_IDS_NEVER));
}

static void strings_that_are_none_are_dropped(void **state)
{
    static char longer[CONSENT_BYTES_MAX + 1];
    memset(longer, 'A', sizeof(longer));
    struct consent c = {
        .gdpr = STR("yes"), .gdpr_consent = STR("C<script>"), .gpp = { longer, sizeof(longer) }, .gpp_sid = STR("2,7")
    };
    consent_clean(&c);
    assert_int_equal(c.gdpr.n, 0);
    assert_int_equal(c.gdpr_consent.n, 0);
    assert_int_equal(c.gpp.n, 0);
    assert_true(str_is(c.gpp_sid, "2,7"));
}

/* ---- macros ---- */

static const struct content content = { .creative_id = { "cr/1", 4 },
                                        .package_id = { "pkg-1", 5 },
                                        .media_buy_id = { "mb-1", 4 } };

static void expands(const char *text, enum macro_target target, const char *expected)
{
    struct macro_values v = { .content = &content,
                              .click_url = STR("https://ads.example/ads/click/T"),
                              .width = 300,
                              .height = 250,
                              .random = 4000000123u,
                              .now = INT64_C(1775433600000000) };
    v.consent =
        (struct consent){ .gdpr = STR("1"), .gdpr_consent = STR("CPX.y"), .gpp = STR("DB~C"), .gpp_sid = STR("2") };
    struct buf b;
    buf_init(&b, 4096);
    macros_add(&b, str_from(text), &v, target);
    buf_add_char(&b, '\0');
    assert_string_equal(b.p, expected);
    buf_finish(&b);
}

static void names_become_their_values(void **state)
{
    expands("https://t.example/?b={MEDIA_BUY_ID}&c={CREATIVE_ID}&r=[CACHEBUSTING]&w=${AD_WIDTH}", MACRO_URL,
            "https://t.example/?b=mb-1&c=cr%2F1&r=00000123&w=300");
    expands("g=${GDPR}&s=${GDPR_CONSENT_755}&p=${GPP_STRING_755}&i={GPP_SID}", MACRO_URL, "g=1&s=CPX.y&p=DB~C&i=2");
    expands("u={CLICK_URL}", MACRO_URL, "u=https%3A%2F%2Fads.example%2Fads%2Fclick%2FT");
    expands("<a href=\"{CLICK_URL}\">", MACRO_HTML, "<a href=\"https://ads.example/ads/click/T\">");
    expands("ip={IP_ADDRESS}&id={DEVICE_ID}.", MACRO_URL, "ip=&id=.");
}

static void other_names_stay(void **state)
{
    static const char *const same[] = { "{UNKNOWN}", "[ERRORCODE]", "{", "${", "a{b}c", "{GDPR", "[", "{}", "{GDPR}x" };
    for (size_t i = 0; i < ARRAY_LEN(same) - 1; i++) expands(same[i], MACRO_URL, same[i]);
    expands("{{GDPR}}", MACRO_URL, "{1}");
    expands("a[CACHEBUSTER]", MACRO_HTML, "a[CACHEBUSTER]"); /* an array of a script */
    expands("[CACHEBUSTING][GDPRCONSENT]{GDPR}", MACRO_VAST, "[CACHEBUSTING]CPX.y1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purpose_one_is_what_counts),
        cmocka_unit_test(a_published_example_is_read),
        cmocka_unit_test(what_the_visitor_told_the_publisher_counts_too),
        cmocka_unit_test(what_cannot_be_read_consents_to_nothing),
        cmocka_unit_test(the_tc_string_is_found_in_gpp),
        cmocka_unit_test(published_gpp_strings_are_read),
        cmocka_unit_test(a_range_of_sections_is_counted),
        cmocka_unit_test(an_id_needs_consent_or_the_publishers_word),
        cmocka_unit_test(strings_that_are_none_are_dropped),
        cmocka_unit_test(names_become_their_values),
        cmocka_unit_test(other_names_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
