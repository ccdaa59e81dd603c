/* Finding an entry of a buyer's list: the first of its kind, whatever the list holds and however long it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "domain/buyer/inventory_index.h"

#define MANY 100000

static void the_first_of_its_kind_is_found(void **state)
{
    static const struct inventory_entry list[] = {
        { { "domain", 6 }, { "b.example", 9 }, false }, { { "domain", 6 }, { "a.example", 9 }, false },
        { { "app", 3 }, { "a.example", 9 }, false },    { { "domain", 6 }, { "b.example", 9 }, true },
        { { "", 0 }, { "a.example", 9 }, false },       { { "domain", 6 }, { "", 0 }, false },
    };
    struct arena a;
    struct inventory_index x;
    arena_init(&a);
    inventory_index_make(&a, list, ARRAY_LEN(list), &x);
    assert_ptr_equal(inventory_index_find(&x, STR("domain"), STR("b.example")), &list[0]);
    assert_ptr_equal(inventory_index_find(&x, STR("domain"), STR("a.example")), &list[1]);
    assert_ptr_equal(inventory_index_find(&x, STR("app"), STR("a.example")), &list[2]);
    assert_ptr_equal(inventory_index_find(&x, STR_NONE, STR("a.example")), &list[4]);
    assert_ptr_equal(inventory_index_find(&x, STR("domain"), STR_NONE), &list[5]);
    assert_null(inventory_index_find(&x, STR("domain"), STR("b.exampl")));
    assert_null(inventory_index_find(&x, STR("domain"), STR("c.example")));
    assert_null(inventory_index_find(&x, STR("zone"), STR("a.example")));
    inventory_index_make(&a, NULL, 0, &x);
    assert_null(inventory_index_find(&x, STR("domain"), STR("a.example")));
    arena_finish(&a);
}

static void a_long_list_is_not_walked_for_each_question(void **state)
{
    struct arena a;
    struct inventory_index x;
    arena_init(&a);
    struct inventory_entry *list = ARENA_ARRAY(&a, struct inventory_entry, MANY);
    for (size_t i = 0; i < MANY; i++) {
        struct str name = arena_printf(&a, "p%zu.example", (i * 7919) % MANY);
        list[i] = (struct inventory_entry){ STR("domain"), name, false };
    }
    clock_t before = clock();
    inventory_index_make(&a, list, MANY, &x);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(inventory_index_find(&x, STR("domain"), list[i].value), &list[i]);
        assert_null(inventory_index_find(&x, STR("app"), list[i].value));
    }
    assert_true(clock() - before < 10 * CLOCKS_PER_SEC); /* a fraction of a second; walking takes minutes */
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_its_kind_is_found),
        cmocka_unit_test(a_long_list_is_not_walked_for_each_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
