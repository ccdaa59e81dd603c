/* Base layer: each test states one rule of the headers in src/base and include/salesagent. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/id.h"
#include "base/rfc3339.h"
#include <salesagent/money.h>

static void money_parses_to_the_nearest_micro(void **state)
{
    struct err e;
    int64_t m;
    assert_int_equal(money_micros_from_double(12.50, &m, &e), 0);
    assert_int_equal(m, 12500000);
    assert_int_equal(money_micros_from_double(0.000001, &m, &e), 0);
    assert_int_equal(m, 1);
    assert_int_equal(money_micros_from_double(999999999.999999, &m, &e), 0);
    assert_int_equal(m, INT64_C(999999999999999));
    /* What doubles make of thirds and of sums. */
    assert_int_equal(money_micros_from_double(10000.0 / 3, &m, &e), 0);
    assert_int_equal(m, INT64_C(3333333333));
    assert_int_equal(money_micros_from_double(1100.1 + 2200.2, &m, &e), 0);
    assert_int_equal(m, INT64_C(3300300000));
    assert_int_equal(money_micros_from_double(0.0000001, &m, &e), -1);
    assert_int_equal(money_micros_from_double(1e308, &m, &e), -1);
    assert_int_equal(money_micros_from_double(-0.5, &m, &e), -1);
    assert_int_equal(money_micros_from_double(NAN, &m, &e), -1);
    assert_string_equal(e.code, "VALIDATION_ERROR");
}

static void money_prints_without_trailing_zeros(void **state)
{
    char out[MONEY_TEXT_MAX];
    money_print(12500000, out);
    assert_string_equal(out, "12.5");
    money_print(INT64_C(5000000000), out);
    assert_string_equal(out, "5000");
    money_print(1, out);
    assert_string_equal(out, "0.000001");
    money_print(-18750000, out);
    assert_string_equal(out, "-18.75");
    money_print(0, out);
    assert_string_equal(out, "0");
}

static void money_refuses_mixed_currencies_and_overflow(void **state)
{
    struct err e;
    struct money usd = { 5, "USD" }, eur = { 5, "EUR" }, big = { INT64_MAX, "USD" }, r;
    assert_int_equal(money_add(usd, eur, &r, &e), -1);
    assert_int_equal(money_add(usd, big, &r, &e), -1);
    assert_int_equal(money_sub(usd, usd, &r, &e), 0);
    assert_int_equal(r.micros, 0);
}

static void muldiv_rounds_as_asked_in_wide_arithmetic(void **state)
{
    assert_int_equal(muldiv(10, 1, 3, MONEY_ROUND_DOWN), 3);
    assert_int_equal(muldiv(10, 1, 4, MONEY_ROUND_HALF_UP), 3);
    assert_int_equal(muldiv(10, 1, 3, MONEY_ROUND_UP), 4);
    assert_int_equal(muldiv(INT64_C(3000000000), 1000, 12500000, MONEY_ROUND_DOWN), 240000);
    assert_int_equal(muldiv(INT64_MAX, INT64_MAX, 1, MONEY_ROUND_DOWN), INT64_MAX);
}

static void muldiv_and_cents_have_an_answer_for_every_operand(void **state)
{
    assert_int_equal(muldiv(-10, 1, 3, MONEY_ROUND_DOWN), -3);
    assert_int_equal(muldiv(-10, -1, 3, MONEY_ROUND_UP), 4);
    assert_int_equal(muldiv(10, 1, -4, MONEY_ROUND_HALF_UP), -3);
    assert_int_equal(muldiv(INT64_MIN, INT64_MIN, 1, MONEY_ROUND_UP), INT64_MAX);
    assert_int_equal(muldiv(INT64_MIN, 1, 1, MONEY_ROUND_DOWN), -INT64_MAX);
    assert_int_equal(muldiv(7, 3, 0, MONEY_ROUND_HALF_UP), INT64_MAX);
    assert_int_equal(muldiv(-7, 3, 0, MONEY_ROUND_UP), -INT64_MAX);
    assert_int_equal(muldiv(0, 3, 0, MONEY_ROUND_UP), 0);
    assert_int_equal(money_cents(-15000).n, -2);
    assert_int_equal(money_cents(15000).n, 2);
    assert_int_equal(money_round_to_cent(-15000), -20000);
    assert_int_equal(money_round_to_cent(15000), 20000);
    assert_int_equal(money_round_to_cent(14999), 10000);
}

static void dates_round_trip_and_impossible_days_are_refused(void **state)
{
    int64_t at;
    char out[RFC3339_MAX];
    assert_int_equal(rfc3339_parse(STR("2026-03-09T14:30:00Z"), &at), 0);
    rfc3339_print(at, RFC3339_SECONDS, out);
    assert_string_equal(out, "2026-03-09T14:30:00Z");
    assert_int_equal(rfc3339_parse(STR("2026-03-09T16:30:00.25+02:00"), &at), 0);
    rfc3339_print(at, RFC3339_MILLIS, out);
    assert_string_equal(out, "2026-03-09T14:30:00.250Z");
    assert_int_equal(rfc3339_parse_date(STR("2024-02-29"), &at), 0);
    rfc3339_print_date(at, out);
    assert_string_equal(out, "2024-02-29");
    assert_int_equal(rfc3339_parse_date(STR("2026-02-29"), &at), -1);
    assert_int_equal(rfc3339_parse_date(STR("2026-13-01"), &at), -1);
    assert_int_equal(rfc3339_parse_date(STR("2026-4-1"), &at), -1);
    assert_int_equal(rfc3339_parse(STR("2026-03-09T14:30:00"), &at), -1);
    assert_int_equal(rfc3339_parse(STR("2026-03-09T25:30:00Z"), &at), -1);
    assert_int_equal(rfc3339_parse(STR("2026-03-09T14:30:00.Z"), &at), -1);
}

static void times_end_with_the_year_9999_and_every_number_can_be_printed(void **state)
{
    int64_t at;
    char out[RFC3339_MAX];
    assert_int_equal(rfc3339_parse(STR("9999-12-31T23:59:59.999999Z"), &at), 0);
    assert_int_equal(at, TIME_LAST);
    assert_int_equal(rfc3339_parse(STR("9999-12-31T23:59:59-14:00"), &at), -1);
    assert_int_equal(rfc3339_parse(STR("9999-12-31T23:59:60Z"), &at), -1);
    assert_int_equal(rfc3339_parse(STR("1970-01-01T00:00:00+00:01"), &at), -1);
    assert_int_equal(rfc3339_parse_date(STR("9999-12-31"), &at), 0);
    rfc3339_print(at + USEC_PER_DAY, RFC3339_SECONDS, out); /* the exclusive end of that day */
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    rfc3339_print(INT64_MAX, RFC3339_MILLIS, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
    rfc3339_print_date(TIME_NONE, out);
    assert_string_equal(out, "1970-01-01");
}

static void every_day_of_four_centuries_round_trips(void **state)
{
    char out[RFC3339_MAX];
    for (int64_t day = 0; day < 146097; day++) {
        int64_t back;
        rfc3339_print_date(day * USEC_PER_DAY, out);
        assert_int_equal(rfc3339_parse_date(str_from(out), &back), 0);
        assert_int_equal(back, day * USEC_PER_DAY);
    }
}

static void base64_refuses_mixed_alphabets_and_stray_bits(void **state)
{
    struct arena a;
    arena_init(&a);
    struct str out;
    assert_true(str_is(base64_encode(&a, STR("any carnal pleas")), "YW55IGNhcm5hbCBwbGVhcw=="));
    assert_true(str_is(base64url_encode(&a, STR("\xfb\xff")), "-_8"));
    assert_int_equal(base64_decode(&a, STR("-_8"), &out), 0);
    assert_true(str_eq(out, STR("\xfb\xff")));
    assert_int_equal(base64_decode(&a, STR("+_8"), &out), -1);
    assert_int_equal(base64_decode(&a, STR("-_9"), &out), -1);
    assert_int_equal(base64_decode(&a, STR("YW5"), &out), -1);
    assert_int_equal(base64_decode(&a, STR("Y"), &out), -1);
    assert_int_equal(hex_decode(&a, STR("00ffA"), &out), -1);
    assert_int_equal(hex_decode(&a, STR("00fFa0"), &out), 0);
    assert_int_equal(out.n, 3);
    arena_finish(&a);
}

static void utf8_checks_the_shortest_form(void **state)
{
    assert_true(utf8_valid(STR("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80")));
    assert_false(utf8_valid(STR("\xc0\xaf")));
    assert_false(utf8_valid(STR("\xed\xa0\x80")));
    assert_false(utf8_valid(STR("\xf4\x90\x80\x80")));
    assert_false(utf8_valid(STR("\xe2\x82")));
    assert_false(utf8_valid(STR("\x80")));
}

static void a_buffer_that_would_pass_its_maximum_stays_as_it_was(void **state)
{
    struct buf b;
    buf_init(&b, 8);
    buf_add(&b, STR("12345678"));
    assert_false(b.overflowed);
    buf_add_char(&b, '9');
    assert_true(b.overflowed);
    assert_int_equal(b.n, 8);
    buf_clear(&b);
    buf_add_json_str(&b, STR("a\"\n"));
    assert_true(b.overflowed);
    buf_finish(&b);
    buf_init(&b, 100);
    buf_add_json_str(&b, STR("a\"\n\\"));
    assert_string_equal(b.p, "\"a\\\"\\u000a\\\\\"");
    buf_finish(&b);
}

static int read_of(const char *path, size_t max, size_t *n)
{
    struct buf b;
    buf_init(&b, max);
    int why = file_read(path, &b);
    *n = buf_str(&b).n;
    buf_finish(&b);
    return why;
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char path[] = "/tmp/salesagent-test-file-XXXXXX";
    static char bytes[65536 + 7];
    size_t n;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(read_of(path, 10, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(read_of(path, sizeof(bytes), &n), 0);
    assert_int_equal(n, sizeof(bytes));
    assert_int_equal(read_of(path, sizeof(bytes) - 1, &n), EFBIG);
    assert_int_equal(ftruncate(fd, 65536), 0); /* as many as are read at once */
    assert_int_equal(read_of(path, 65536, &n), 0);
    assert_int_equal(n, 65536);
    close(fd);
    unlink(path);
    assert_int_equal(read_of(path, 10, &n), ENOENT);
    assert_int_equal(read_of("/", 10, &n), EISDIR);
}

static void ids_sort_by_time_and_are_reproducible_from_a_seed(void **state)
{
    struct arena a;
    struct rng r1, r2;
    arena_init(&a);
    rng_init_seeded(&r1, 7);
    rng_init_seeded(&r2, 7);
    struct str x = id_new(&a, &r1, "mb-", INT64_C(1000000000000));
    struct str y = id_new(&a, &r1, "mb-", INT64_C(1000000001000));
    struct str z = id_new(&a, &r2, "mb-", INT64_C(1000000000000));
    assert_int_equal(x.n, 29);
    assert_true(strcmp(x.p, y.p) < 0);
    assert_true(str_eq(x, z));
    assert_true(id_text_valid(x, 64));
    assert_false(id_text_valid(STR("a b"), 64));
    assert_false(id_text_valid(STR(""), 64));
    arena_finish(&a);
}

static void arenas_zero_and_align_and_survive_large_blocks(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t n = 1; n < 40000; n = n * 3 + 1) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
        memset(p, 0xAA, n);
    }
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x").p, "7-x");
    arena_finish(&a);
}

static void errors_keep_field_and_cut_messages_on_a_character(void **state)
{
    struct err e;
    char euro[ERR_MESSAGE_MAX * 3 + 1];
    for (size_t i = 0; i < ERR_MESSAGE_MAX; i++) memcpy(euro + 3 * i, "\xe2\x82\xac", 3);
    euro[ERR_MESSAGE_MAX * 3] = '\0';
    assert_int_equal(err_set(&e, "VALIDATION_ERROR", "%s", euro), -1);
    assert_true(utf8_valid(str_from(e.message)));
    err_set(&e, "VALIDATION_ERROR", "\"%.4s\" \xff and \xe2\x82\xac", euro);
    assert_string_equal(e.message, "\"\xe2\x82\xac?\" ? and \xe2\x82\xac");
    err_details(&e, "{\"name\":\"%.1s\"}", euro);
    assert_string_equal(e.details, "");
    err_field(&e, "/budget");
    err_in(&e, "/packages/%d", 3);
    assert_string_equal(e.field, "/packages/3/budget");
}

static void hmac_and_sha256_match_published_vectors(void **state)
{
    struct arena a;
    arena_init(&a);
    uint8_t out[SHA256_BYTES];
    sha256(STR("abc"), out);
    assert_true(str_is(hex_encode(&a, (struct str){ (char *)out, 32 }),
                       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
    assert_true(str_is(hex_encode(&a, (struct str){ (char *)out, 32 }),
                       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    assert_true(secret_eq(STR("abc"), STR("abc")));
    assert_false(secret_eq(STR("abc"), STR("abd")));
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_parses_to_the_nearest_micro),
        cmocka_unit_test(money_prints_without_trailing_zeros),
        cmocka_unit_test(money_refuses_mixed_currencies_and_overflow),
        cmocka_unit_test(muldiv_rounds_as_asked_in_wide_arithmetic),
        cmocka_unit_test(muldiv_and_cents_have_an_answer_for_every_operand),
        cmocka_unit_test(dates_round_trip_and_impossible_days_are_refused),
        cmocka_unit_test(times_end_with_the_year_9999_and_every_number_can_be_printed),
        cmocka_unit_test(every_day_of_four_centuries_round_trips),
        cmocka_unit_test(base64_refuses_mixed_alphabets_and_stray_bits),
        cmocka_unit_test(utf8_checks_the_shortest_form),
        cmocka_unit_test(a_buffer_that_would_pass_its_maximum_stays_as_it_was),
        cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
        cmocka_unit_test(ids_sort_by_time_and_are_reproducible_from_a_seed),
        cmocka_unit_test(arenas_zero_and_align_and_survive_large_blocks),
        cmocka_unit_test(errors_keep_field_and_cut_messages_on_a_character),
        cmocka_unit_test(hmac_and_sha256_match_published_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
