/* Each use of a token counts once, whatever the order, and the memory for that is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/id.h"
#include "serving/marks.h"

#define LIFE 1000

static struct marks *marks_of(size_t bytes_max)
{
    return marks_create(&(struct marks_options){ .life_ms = LIFE, .bytes_max = bytes_max });
}

static void each_bit_is_set_once(void **state)
{
    struct marks *m = marks_of(1 << 20);
    marks_open(m, 9, 0);
    for (int bit = 0; bit < 16; bit++) {
        assert_false(marks_has(m, 9, 5000, bit));
        assert_int_equal(marks_set(m, 9, 5000, bit), MARK_SET);
        assert_int_equal(marks_set(m, 9, 5000, bit), MARK_WAS_SET);
        assert_true(marks_has(m, 9, 5000, bit));
        assert_false(marks_has(m, 9, 5001, bit));
    }
    marks_destroy(m);
}

static void like_a_plain_table(void **state)
{
    static uint16_t table[2][5000];
    struct marks *m = marks_of(1 << 20);
    struct rng r;
    rng_init_seeded(&r, 3);
    memset(table, 0, sizeof(table));
    marks_open(m, 100, 0);
    marks_open(m, 7, 0);
    for (int i = 0; i < 60000; i++) {
        uint64_t v = rng_u64(&r);
        uint32_t epoch = v & 1, sequence = (uint32_t)(v >> 8) % 5000;
        int bit = v >> 60;
        bool was = table[epoch][sequence] >> bit & 1;
        assert_int_equal(marks_set(m, epoch ? 100 : 7, sequence, bit), was ? MARK_WAS_SET : MARK_SET);
        table[epoch][sequence] |= (uint16_t)(1u << bit);
    }
    marks_destroy(m);
}

static void an_epoch_that_is_over_is_unknown(void **state)
{
    struct marks *m = marks_of(1 << 20);
    marks_open(m, 1, 500);
    marks_open(m, 2, 1500);
    assert_int_equal(marks_set(m, 3, 0, 0), MARK_UNKNOWN);
    assert_int_equal(marks_set(m, 1, 0, 0), MARK_SET);
    marks_turn(m, 500 + LIFE - 1);
    assert_int_equal(marks_set(m, 1, 0, 0), MARK_WAS_SET);
    marks_turn(m, 500 + LIFE);
    assert_int_equal(marks_set(m, 1, 0, 0), MARK_UNKNOWN);
    assert_int_equal(marks_set(m, 2, 0, 0), MARK_SET);
    assert_int_equal(marks_epochs(m), 1);
    marks_destroy(m);
}

static void what_is_opened_again_keeps_its_marks(void **state)
{
    struct marks *m = marks_of(1 << 20);
    marks_open(m, 1, 500);
    assert_int_equal(marks_set(m, 1, 3, 2), MARK_SET);
    marks_open(m, 1, 900);
    assert_int_equal(marks_set(m, 1, 3, 2), MARK_WAS_SET);
    marks_destroy(m);
}

static void the_oldest_epoch_makes_room(void **state)
{
    size_t max = 20 * 2048;
    struct marks *m = marks_of(max);
    for (uint32_t e = 1; e <= 4; e++) {
        marks_open(m, e, e * 100);
        for (uint32_t i = 0; i < 8; i++) assert_int_equal(marks_set(m, e, i * 1024, 0), MARK_SET);
        assert_true(marks_bytes(m) <= max);
    }
    assert_int_equal(marks_set(m, 1, 0, 0), MARK_UNKNOWN); /* counts no more, and so never twice */
    assert_int_equal(marks_set(m, 4, 0, 0), MARK_WAS_SET);
    marks_destroy(m);
}

static void one_epoch_alone_is_refused_rather_than_forgotten(void **state)
{
    struct marks *m = marks_of(4 * 2048);
    marks_open(m, 1, 100);
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(marks_set(m, 1, i * 1024, 0), MARK_SET);
    assert_int_equal(marks_set(m, 1, 4 * 1024, 0), MARK_NO_MEMORY);
    assert_int_equal(marks_set(m, 1, UINT32_MAX, 0), MARK_NO_MEMORY);
    assert_int_equal(marks_set(m, 1, 0, 0), MARK_WAS_SET);
    marks_destroy(m);
}

static void marks_come_back_after_a_restart(void **state)
{
    struct marks *m = marks_of(1 << 20);
    marks_restore(m, 1, 3, 0xffff); /* an epoch nobody knows */
    marks_open(m, 1, 500);
    assert_int_equal(marks_set(m, 1, 3, 0), MARK_SET);
    marks_restore(m, 1, 4, 5);
    marks_restore(m, 1, 4, 2);
    assert_int_equal(marks_set(m, 1, 4, 0), MARK_WAS_SET);
    assert_int_equal(marks_set(m, 1, 4, 1), MARK_WAS_SET);
    assert_int_equal(marks_set(m, 1, 4, 2), MARK_WAS_SET);
    assert_int_equal(marks_set(m, 1, 4, 3), MARK_SET);
    marks_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bit_is_set_once),
        cmocka_unit_test(like_a_plain_table),
        cmocka_unit_test(an_epoch_that_is_over_is_unknown),
        cmocka_unit_test(what_is_opened_again_keeps_its_marks),
        cmocka_unit_test(the_oldest_epoch_makes_room),
        cmocka_unit_test(one_epoch_alone_is_refused_rather_than_forgotten),
        cmocka_unit_test(marks_come_back_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
