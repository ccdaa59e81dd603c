/* What is shown of documents that hold secrets, and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "contract/document.h"
#include "domain/core/secrets.h"

#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk-_"
#define PEM "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static const char *redacted(const char *text)
{
    return arena_printf(&arena, STR_FMT, STR_ARG(secrets_redacted(&arena, str_from(text)))).p;
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(
        redacted("{\"api_key\":\"k\",\"clientSecret\":\"s\",\"Client-Secret\":\"s\",\"refreshToken\":7,"
                 "\"passphrase\":\"p\",\"privateKey\":{\"a\":1},\"tokens_used\":3,\"monkey\":\"m\","
                 "\"tokenized\":true,\"a\":[{\"password\":\"p\"}],\"token\":[\"one\",\"two\"]}"),
        "{\"api_key\":\"***\",\"clientSecret\":\"***\",\"Client-Secret\":\"***\",\"refreshToken\":\"***\","
        "\"passphrase\":\"***\",\"privateKey\":\"***\",\"tokens_used\":3,\"monkey\":\"m\","
        "\"tokenized\":true,\"a\":[{\"password\":\"***\"}],\"token\":\"***\"}");
}

static void test_shapes(void **state)
{
    (void)state;
    assert_string_equal(redacted("{\"anything\":\"" PEM "\",\"list\":[\"" JWT "\",\"eyJ.x\",\"a.b.c\"]}"),
                        "{\"anything\":\"***\",\"list\":[\"***\",\"eyJ.x\",\"a.b.c\"]}");
}

static const char *restored(const char *given, const char *stored, struct err *e)
{
    struct str text = str_from(given);
    e->field[0] = 0;
    if (secrets_restored(&arena, &text, str_from(stored), e)) return NULL;
    return arena_printf(&arena, STR_FMT, STR_ARG(text)).p;
}

/* Whoever sends back what was shown changes nothing. */
static void test_back(void **state)
{
    (void)state;
    struct err e;
    const char *stored = "{\"clientSecret\":\"s\",\"x\":\"" PEM "\",\"token\":[1,2],\"list\":[\"" JWT "\",\"plain\"],"
                         "\"webhook_url\":\"https://h.example/secret\"}";
    assert_string_equal(restored(redacted(stored), stored, &e), stored);
    assert_string_equal(restored("{\"note\":\"three *** stars\"}", "{\"note\":\"other\"}", &e),
                        "{\"note\":\"three *** stars\"}");
    assert_null(restored("{\"a\":{\"list\":[0,{\"api_key\":\"***\"}]}}", "{}", &e));
    assert_string_equal(e.field, "/a/list/1/api_key");
}

static const char *text(const char *t)
{
    return arena_printf(&arena, STR_FMT, STR_ARG(secrets_shown_text(&arena, str_from(t)))).p;
}

static void test_text(void **state)
{
    (void)state;
    assert_string_equal(text("grant_type=jwt&assertion=" JWT "&client_secret=s&scope=a%20b&refresh_token=&x"),
                        "grant_type=jwt&assertion=***&client_secret=***&scope=a%20b&refresh_token=&x");
    assert_string_equal(text("{\"access_token\":\"x\",\"expires_in\":3600}"),
                        "{\"access_token\":\"***\",\"expires_in\":3600}");
    assert_string_equal(text("key = one\ntoken = two"), "key = one\ntoken = two"); /* not a form */
    assert_string_equal(text(JWT), "***");
    assert_string_equal(text(""), "");
    assert_string_equal(text("{not json"), "{not json");
}

static const char *address(const char *url)
{
    return arena_printf(&arena, STR_FMT, STR_ARG(secrets_shown_address(&arena, str_from(url)))).p;
}

static void test_address(void **state)
{
    (void)state;
    assert_string_equal(address("https://u:p@h.example/a/b?filter=x&apiKey=1&access_token=t#f"),
                        "https://***@h.example/a/b?filter=x&apiKey=***&access_token=***");
    assert_string_equal(address("https://h.example/a@b"), "https://h.example/a@b");
    assert_string_equal(address("/relative?page=2"), "/relative?page=2");
    assert_true(secrets_is_header(STR("Authorization")) && secrets_is_header(STR("X-Adzerk-ApiKey")) &&
                secrets_is_header(STR("Set-Cookie")) && !secrets_is_header(STR("Content-Type")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_address, setup, teardown),
    };
    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
