/* Tokens are ours or they are nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/crypto.h"
#include "serving/token.h"

static struct hmac_key *key;

static const struct token example = { .epoch = 0xdeadbeef,
                                      .sequence = 4000000001u,
                                      .issued_ms = INT64_C(1775433600123),
                                      .package = 1,
                                      .creative = UINT32_MAX,
                                      .slot = 77,
                                      .visitor = 0x12345678,
                                      .agent = 200,
                                      .invalid = 3 };

static struct str text_of(const struct token_text *t)
{
    return (struct str){ t->c, TOKEN_CHARS };
}

static void what_is_sealed_is_opened(void **state)
{
    struct token_text text;
    struct token t;
    token_seal(key, &example, &text);
    assert_true(token_open(key, text_of(&text), &t));
    assert_int_equal(t.epoch, example.epoch);
    assert_int_equal(t.sequence, example.sequence);
    assert_int_equal(t.issued_ms, example.issued_ms);
    assert_int_equal(t.package, example.package);
    assert_int_equal(t.creative, example.creative);
    assert_int_equal(t.slot, example.slot);
    assert_int_equal(t.visitor, example.visitor);
    assert_int_equal(t.agent, example.agent);
    assert_int_equal(t.invalid, example.invalid);
}

static void a_token_needs_no_escaping_in_a_url(void **state)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct token_text text;
    for (uint32_t i = 0; i < 500; i++) {
        struct token t = example;
        t.sequence = i * 7919;
        token_seal(key, &t, &text);
        for (int k = 0; k < TOKEN_CHARS; k++) assert_non_null(memchr(plain, text.c[k], sizeof(plain) - 1));
    }
}

static void no_change_of_one_character_is_taken(void **state)
{
    struct token_text text;
    struct token t;
    token_seal(key, &example, &text);
    for (int i = 0; i < TOKEN_CHARS; i++) {
        for (int c = 1; c < 256; c++) {
            struct token_text other = text;
            other.c[i] = (char)(text.c[i] ^ c);
            assert_false(token_open(key, text_of(&other), &t));
        }
    }
}

static void another_key_or_length_is_not_ours(void **state)
{
    struct hmac_key *other = hmac_key_create(STR("another"));
    struct token_text text;
    struct token t = { .epoch = 5 };
    token_seal(other, &example, &text);
    assert_false(token_open(key, text_of(&text), &t));
    for (size_t n = 0; n < TOKEN_CHARS; n++) assert_false(token_open(other, (struct str){ text.c, n }, &t));
    assert_false(token_open(key, STR_NONE, &t));
    assert_int_equal(t.epoch, 5);
    hmac_key_destroy(other);
}

static void a_ready_key_makes_the_same_codes(void **state)
{
    char bytes[200];
    uint8_t a[SHA256_BYTES], b[SHA256_BYTES];
    memset(bytes, 'k', sizeof(bytes));
    for (size_t n = 0; n < sizeof(bytes); n += 13) { /* shorter and longer than a block */
        struct str k = { bytes, n };
        struct hmac_key *ready = hmac_key_create(k);
        for (size_t m = 0; m < sizeof(bytes); m += 31) {
            hmac_sha256(k, (struct str){ bytes, m }, a);
            hmac_key_make(ready, (struct str){ bytes, m }, b);
            assert_memory_equal(a, b, sizeof(a));
        }
        hmac_key_destroy(ready);
    }
}

static int set_up(void **state)
{
    key = hmac_key_create(STR("a key of the tests"));
    return 0;
}

static int tear_down(void **state)
{
    hmac_key_destroy(key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_opened),
        cmocka_unit_test(a_token_needs_no_escaping_in_a_url),
        cmocka_unit_test(no_change_of_one_character_is_taken),
        cmocka_unit_test(another_key_or_length_is_not_ours),
        cmocka_unit_test(a_ready_key_makes_the_same_codes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
