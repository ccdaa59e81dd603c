/* Secrets at rest (base/seal) and RS256 (base/rsa): what opens, what does not, and that others can verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/encode.h"
#include "base/rsa.h"
#include "base/seal.h"

static struct arena a;

static int setup(void **state)
{
    arena_init(&a);
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&a);
    return 0;
}

static struct seal_ring ring_of(size_t n)
{
    struct seal_ring r = { .n = 0 };
    for (size_t i = 0; i < n; i++) assert_int_equal(seal_ring_grow(&r), 0);
    return r;
}

static void what_was_sealed_opens_again_and_shows_nothing(void **state)
{
    static const char *const texts[] = { "", "x", "{\"private_key\":\"-----BEGIN\",\"n\":1}" };
    struct seal_ring r = ring_of(1);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e;
        struct str plain = str_from(texts[i]), out;
        struct str sealed = seal_text(&a, &r, STR("t/gam"), plain);
        assert_true(seal_is(sealed));
        if (plain.n > 1) assert_null(memmem(sealed.p, sealed.n, "private", 7));
        assert_int_equal(seal_open(&a, &r, STR("t/gam"), sealed, &out, &e), 0);
        assert_true(str_eq(out, plain));
    }
}

static void the_same_text_is_sealed_differently_each_time(void **state)
{
    struct seal_ring r = ring_of(1);
    assert_false(str_eq(seal_text(&a, &r, STR("x"), STR("secret")), seal_text(&a, &r, STR("x"), STR("secret"))));
}

static void every_changed_byte_is_noticed(void **state)
{
    struct seal_ring r = ring_of(2);
    struct err e;
    struct str out, sealed = seal_text(&a, &r, STR("t/gam"), STR("hunter2"));
    for (size_t i = 0; i < sealed.n; i++) {
        struct str bad = arena_dup(&a, sealed);
        ((char *)bad.p)[i] = bad.p[i] == 'A' ? 'B' : 'A';
        assert_int_equal(seal_open(&a, &r, STR("t/gam"), bad, &out, &e), -1);
        assert_int_equal(seal_open(&a, &r, STR("t/gam"), (struct str){ sealed.p, i }, &out, &e), -1);
    }
    assert_int_equal(seal_open(&a, &r, STR("t/kevel"), sealed, &out, &e), -1);
    assert_int_equal(seal_open(&a, &r, STR("t/gam"), STR("plain"), &out, &e), -1);
}

static void after_a_rotation_the_old_key_opens_and_the_new_one_seals(void **state)
{
    struct seal_ring r = ring_of(1);
    struct err e;
    struct str out, old = seal_text(&a, &r, STR("x"), STR("hunter2"));
    assert_int_equal(seal_ring_grow(&r), 0);
    struct str new = seal_text(&a, &r, STR("x"), STR("hunter2"));
    assert_int_equal(seal_version(old), 1);
    assert_int_equal(seal_version(new), 2);
    assert_int_equal(seal_open(&a, &r, STR("x"), old, &out, &e), 0);
    seal_ring_forget(&r);
    assert_int_equal(seal_open(&a, &r, STR("x"), new, &out, &e), 0);
    assert_int_equal(seal_open(&a, &r, STR("x"), old, &out, &e), -1);
    assert_non_null(strstr(e.message, "key 1"));
}

static void a_key_file_is_read_as_it_was_written(void **state)
{
    struct seal_ring r = ring_of(3), back;
    struct err e;
    struct str text = seal_ring_text(&a, &r);
    assert_int_equal(seal_ring_parse(text, &back, &e), 0);
    assert_int_equal(back.n, 3);
    assert_memory_equal(back.keys, r.keys, 3 * sizeof(r.keys[0]));
}

static void a_damaged_key_file_is_refused_with_its_line(void **state)
{
    static const char *const bad[] = { "", "\n", "1\n", "1 abcd\n", "x 00\n", "99999999999999999999 00\n" };
    struct seal_ring r = ring_of(2), back;
    struct err e;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_int_equal(seal_ring_parse(str_from(bad[i]), &back, &e), -1);
    struct str good = seal_ring_text(&a, &r);
    struct str twice = arena_printf(&a, STR_FMT STR_FMT, STR_ARG(good), STR_ARG(good)); /* versions must rise */
    assert_int_equal(seal_ring_parse(twice, &back, &e), -1);
    assert_non_null(strstr(e.message, "line 3"));
    for (size_t n = 1; n + 1 < good.n; n++) {
        /* Cut short within a line. */
        if (good.p[n - 1] != '\n')
            assert_int_equal(seal_ring_parse((struct str){ good.p, n }, &back, &e) == 0, good.p[n] == '\n');
    }
}

static void a_full_ring_takes_no_more(void **state)
{
    struct seal_ring r = ring_of(SEAL_KEYS_MAX);
    assert_int_equal(seal_ring_grow(&r), -1);
}

/* ---- RS256 ---- */

static struct str pem_of(EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *p;
    assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    struct str pem = { NULL, (size_t)BIO_get_mem_data(out, &p) };
    pem = arena_dup(&a, (struct str){ p, pem.n });
    BIO_free(out);
    return pem;
}

static void a_token_is_signed_so_that_its_public_key_verifies_it(void **state)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    struct err e;
    struct str token, signature;
    struct jwt in = { STR("kid-1"), STR("{\"iss\":\"a@b.example\"}"), pem_of(key) };
    assert_int_equal(rsa_key_check(in.pem, &e), 0);
    assert_int_equal(jwt_rs256(&a, &in, &token, &e), 0);
    const char *dot = memrchr(token.p, '.', token.n);
    struct str input = { token.p, (size_t)(dot - token.p) };
    assert_int_equal(base64_decode(&a, str_skip(token, input.n + 1), &signature), 0);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(
        EVP_DigestVerify(ctx, (const uint8_t *)signature.p, signature.n, (const uint8_t *)input.p, input.n), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void what_is_no_rsa_key_is_refused_without_showing_it(void **state)
{
    EVP_PKEY *curve = EVP_EC_gen("P-256"), *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    struct str bad[] = { STR(""), STR("hunter2"), pem_of(curve), pem_of(small),
                         STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e;
        struct str out;
        assert_int_equal(rsa_sha256_sign(&a, bad[i], STR("x"), &out, &e), -1);
        assert_string_equal(e.code, "CONFIGURATION_ERROR");
        assert_null(strstr(e.message, "hunter2"));
        assert_null(strstr(e.message, "BEGIN"));
    }
    struct err e;
    struct str out;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    struct jwt quoted = { STR("a\"b"), STR("{}"), pem_of(key) };
    assert_int_equal(jwt_rs256(&a, &quoted, &out, &e), -1);
    EVP_PKEY_free(key);
    EVP_PKEY_free(curve);
    EVP_PKEY_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_again_and_shows_nothing),
        cmocka_unit_test(the_same_text_is_sealed_differently_each_time),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(after_a_rotation_the_old_key_opens_and_the_new_one_seals),
        cmocka_unit_test(a_key_file_is_read_as_it_was_written),
        cmocka_unit_test(a_damaged_key_file_is_refused_with_its_line),
        cmocka_unit_test(a_full_ring_takes_no_more),
        cmocka_unit_test(a_token_is_signed_so_that_its_public_key_verifies_it),
        cmocka_unit_test(what_is_no_rsa_key_is_refused_without_showing_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
