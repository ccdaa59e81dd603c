/* KEY=VALUE files as systemd reads them, and the word that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/env_file.h"
#include "base/nearest.h"

struct expected {
    const char *key, *value;
    int line; /* 0: not looked at */
};

static void expect(const char *text, const struct expected *want, size_t n)
{
    struct arena a;
    struct env_line line;
    struct err e;
    arena_init(&a);
    struct env_reader r = env_reader_start(&a, str_from(text));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(env_reader_next(&r, &line, &e), 1);
        assert_string_equal(line.key.p, want[i].key);
        assert_string_equal(line.value.p, want[i].value);
        if (want[i].line) assert_int_equal(line.line, want[i].line);
    }
    assert_int_equal(env_reader_next(&r, &line, &e), 0);
    arena_finish(&a);
}

#define EXPECT(text, ...)                                                                                              \
    do {                                                                                                               \
        const struct expected want_[] = { __VA_ARGS__ };                                                               \
        expect(text, want_, ARRAY_LEN(want_));                                                                         \
    } while (0)

static void plain_values_lose_the_blanks_around_them(void **state)
{
    EXPECT("a=1\n  b =  two words  \nc=\n\n# no\n ; neither\nd=#not a comment", { "a", "1", 1 },
           { "b", "two words", 2 }, { "c", "", 3 }, { "d", "#not a comment", 7 });
    EXPECT("a=1\r\nb=2\r\n", { "a", "1", 1 }, { "b", "2", 2 });
    EXPECT("A-b_9=x=y", { "A-b_9", "x=y", 1 });
    expect("", NULL, 0);
    expect("\n# only\n", NULL, 0);
}

static void quotes_keep_what_they_hold(void **state)
{
    EXPECT("a=\" x \"\nb=' $y\\n '\nc=\"q\\\"u\\\\o\"\nd=it's\ne='a'\"b\" ", { "a", " x ", 0 }, { "b", " $y\\n ", 0 },
           { "c", "q\"u\\o", 0 }, { "d", "it's", 0 }, { "e", "ab", 0 });
    EXPECT("a=\"two\nlines\"\nb=2", { "a", "two\nlines", 1 }, { "b", "2", 3 });
}

static void a_backslash_joins_lines(void **state)
{
    EXPECT("a=one \\\n  two\nb=3", { "a", "one   two", 1 }, { "b", "3", 3 });
    EXPECT("a=\\ x\\", { "a", " x", 1 });
}

static void a_line_that_is_none_says_so_and_reading_goes_on(void **state)
{
    static const char *const bad[] = { "nonsense\nb=2", "=1\nb=2", "a b=1\nb=2", "a:1\nb=2" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena a;
        struct env_line line;
        struct err e;
        arena_init(&a);
        struct env_reader r = env_reader_start(&a, str_from(bad[i]));
        assert_int_equal(env_reader_next(&r, &line, &e), -1);
        assert_int_equal(line.line, 1);
        assert_int_equal(env_reader_next(&r, &line, &e), 1);
        assert_string_equal(line.key.p, "b");
        assert_int_equal(line.line, 2);
        arena_finish(&a);
    }
}

static void a_quote_without_its_end_is_an_error(void **state)
{
    struct arena a;
    struct env_line line;
    struct err e;
    arena_init(&a);
    struct env_reader r = env_reader_start(&a, STR("a=\"open\nb=2\n"));
    assert_int_equal(env_reader_next(&r, &line, &e), -1);
    assert_int_equal(env_reader_next(&r, &line, &e), 0);
    arena_finish(&a);
}

static void the_nearest_word_is_near(void **state)
{
    static const char *const words[] = { "listen", "log", "tls_cert", "tls_key", "data" };
    static const struct {
        const char *given, *meant;
    } cases[] = { { "lisen", "listen" },
                  { "listne", "listen" },
                  { "LISTEN_", "listen" },
                  { "tls-cret", "tls_cert" },
                  { "tls_certs", "tls_cert" },
                  { "lig", "log" },
                  { "date", "data" },
                  { "xyz", NULL },
                  { "", NULL },
                  { "port", NULL },
                  { "a", NULL } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *found = nearest_word(str_from(cases[i].given), words, ARRAY_LEN(words));
        if (cases[i].meant) assert_string_equal(found, cases[i].meant);
        else assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_lose_the_blanks_around_them),
        cmocka_unit_test(quotes_keep_what_they_hold),
        cmocka_unit_test(a_backslash_joins_lines),
        cmocka_unit_test(a_line_that_is_none_says_so_and_reading_goes_on),
        cmocka_unit_test(a_quote_without_its_end_is_an_error),
        cmocka_unit_test(the_nearest_word_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
