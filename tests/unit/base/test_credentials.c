/* Passwords at rest and codes of authenticator apps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/password.h"
#include "base/rfc3339.h"
#include "base/totp.h"

static void a_password_belongs_to_its_hash_alone(void **state)
{
    static const uint8_t salt[PASSWORD_SALT_BYTES] = "fifteen letters", other_salt[PASSWORD_SALT_BYTES] = "others";
    char hash[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
    (void)state;
    assert_int_equal(password_hash(STR("correct horse"), salt, hash), 0);
    assert_int_equal(password_hash(STR("correct horse"), other_salt, other), 0);
    assert_memory_equal(hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
    assert_string_not_equal(hash, other);
    assert_true(password_matches(STR("correct horse"), hash));
    assert_true(password_matches(STR("correct horse"), other));
    assert_false(password_matches(STR("correct Horse"), hash));
    assert_false(password_matches(STR("correct horse "), hash));
    assert_false(password_matches(STR_NONE, hash));
}

static void nobodys_hash_costs_as_much_and_opens_nothing(void **state)
{
    (void)state;
    assert_memory_equal(password_nobodys, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
    assert_false(password_matches(STR(""), password_nobodys));
    assert_false(password_matches(STR("password"), password_nobodys));
    assert_false(password_matches(STR("x"), "no hash"));
    assert_false(password_matches(STR("x"), ""));
}

/* RFC 6238, appendix B: the last six of the eight digits. */
static void codes_are_those_of_the_standard(void **state)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } vectors[] = { { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
                    { 1234567890, "005924" }, { 2000000000, "279037" }, { INT64_C(20000000000), "353130" } };
    struct str key = STR("12345678901234567890");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        int64_t at = vectors[i].seconds * USEC_PER_SEC;
        assert_int_equal(totp_step(key, str_from(vectors[i].code), at, 0), vectors[i].seconds / 30);
    }
}

static void a_code_is_good_for_a_step_on_either_side_and_once(void **state)
{
    struct str key = STR("12345678901234567890"), code = STR("050471"); /* of 1111111080 up to 1111111110, and on */
    int64_t first = INT64_C(1111111110), step = first / 30;
    (void)state;
    assert_int_equal(totp_step(key, code, (first - 30) * USEC_PER_SEC, 0), step);
    assert_int_equal(totp_step(key, code, (first - 30) * USEC_PER_SEC - 1, 0), -1);
    assert_int_equal(totp_step(key, code, (first + 60) * USEC_PER_SEC - 1, 0), step);
    assert_int_equal(totp_step(key, code, (first + 60) * USEC_PER_SEC, 0), -1);
    assert_int_equal(totp_step(key, code, first * USEC_PER_SEC, step - 1), step);
    assert_int_equal(totp_step(key, code, first * USEC_PER_SEC, step), -1);
    assert_int_equal(totp_step(key, code, first * USEC_PER_SEC, step + 1), -1);
    assert_int_equal(totp_step(key, code, -1, 0), -1);
    assert_int_equal(totp_step(STR_NONE, code, first * USEC_PER_SEC, 0), -1);
}

static void what_people_type_is_a_code_with_blanks_or_none(void **state)
{
    static const char *const not[] = { "", "05047", "0504711", "05047a", "-50471", "050471\n", "05047\xd9\xa1" };
    struct str key = STR("12345678901234567890");
    int64_t at = INT64_C(1111111111) * USEC_PER_SEC;
    (void)state;
    assert_true(totp_step(key, STR("050 471"), at, 0) > 0);
    assert_true(totp_step(key, STR(" 050471 "), at, 0) > 0);
    for (size_t i = 0; i < ARRAY_LEN(not); i++) assert_int_equal(totp_step(key, str_from(not[i]), at, 0), -1);
}

static void a_key_is_told_as_apps_take_it(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct str key = STR("12345678901234567890"); /* RFC 4648: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ */
    assert_string_equal(arena_cstr(&a, totp_key_text(&a, key)), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert_string_equal(
        arena_cstr(&a, totp_uri(&a, key, STR("News & Co"), STR("ann"))),
        "otpauth://totp/News%20%26%20Co:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=News%20%26%20Co");
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_belongs_to_its_hash_alone),
        cmocka_unit_test(nobodys_hash_costs_as_much_and_opens_nothing),
        cmocka_unit_test(codes_are_those_of_the_standard),
        cmocka_unit_test(a_code_is_good_for_a_step_on_either_side_and_once),
        cmocka_unit_test(what_people_type_is_a_code_with_blanks_or_none),
        cmocka_unit_test(a_key_is_told_as_apps_take_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
