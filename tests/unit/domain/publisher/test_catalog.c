/* What is exported imports to the same state, and importing what is there already changes nothing. */
#include "publisher_data.h"

#include "domain/publisher/catalog_import.h"

static struct str first, second;

static struct str exported(struct room *r, const struct act *act)
{
    struct str text;
    struct err e;
    (void)r;
    ROOM_OK(catalog_export(act->tx, act->arena, STR("t"), &text, &e));
    return text;
}

static void exports(struct room *r, const struct act *act)
{
    first = exported(r, act);
    assert_non_null(memmem(first.p, first.n, "\"p1\"", 4));
}

static void imports_that(struct room *r, const struct act *act)
{
    struct catalog_import c = {
        .tx = act->tx, .arena = act->arena, .rng = act->rng, .now = act->now, .actor = STR("x")
    };
    struct catalog_counts counts;
    struct err e;
    ROOM_OK(catalog_import(&c, first, &counts, &e));
    assert_int_equal(counts.changed, 0);
    assert_true(counts.unchanged >= 4);
    second = exported(r, act);
    assert_true(str_eq(first, second));
}

static void refuses_what_nobody_reads(struct room *r, const struct act *act)
{
    struct catalog_import c = {
        .tx = act->tx, .arena = act->arena, .rng = act->rng, .now = act->now, .actor = STR("x")
    };
    struct catalog_counts counts;
    struct err e;
    (void)r;
    assert_int_equal(
        catalog_import(
            &c,
            STR("{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"t\",\"name\":\"P\",\"adapter\":\"mock\",\"adapter_settings\":{\"simulated\":true},"
                "\"currencey\":\"USD\"}}"),
            &counts, &e),
        -1);
    assert_string_equal(e.field, "/tenant/currencey");
}

static void an_export_imports_to_the_same_state(void **state)
{
    struct room *r = room_open();
    (void)state;
    publisher_data(r, "");
    room_do(r, ROLE_ADMINISTRATOR, exports);
    room_do(r, ROLE_ADMINISTRATOR, imports_that);
    room_do(r, ROLE_ADMINISTRATOR, refuses_what_nobody_reads);
    room_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(an_export_imports_to_the_same_state) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
