/* A disk that fails: SQLite over a VFS that refuses the k-th write or fsync, and all after it, until it is well again.
 * Whatever k is: what was acknowledged is there, what was refused is not, the agent answers meanwhile, writes again once
 * the disk does, and finds the same after a restart. (A commit truncates nothing: the log is written over.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/rfc3339.h"
#include "disk_vfs.h"
#include "sim.h"

#define START     INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define STEPS_MAX 400 /* of one kind, in one call: more would be a mistake of this test */

enum fault { FAULT_WRITE, FAULT_FULL, FAULT_SYNC };

/* ---- the disk ---- */

static struct {
    enum fault fault;
    long after; /* operations of that kind that still succeed; -1: the disk is well */
    bool struck;
} disk = { .after = -1 };

static bool strikes(enum fault fault)
{
    if (disk.after < 0 || disk.fault != fault) return false;
    if (disk.after > 0) {
        disk.after--;
        return false;
    }
    disk.struck = true;
    return true;
}

static int asked(enum disk_op op)
{
    if (op == DISK_SYNC) return strikes(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    if (strikes(FAULT_WRITE)) return SQLITE_IOERR_WRITE;
    return strikes(FAULT_FULL) ? SQLITE_FULL : SQLITE_OK;
}

/* ---- an agent on it ---- */

static enum sim_result create(struct sim *s, const char *name)
{
    yyjson_val *reply;
    return sim_call(
        s, "test-token", "create_media_buy",
        sim_text(
            s,
            "{\"name\":\"%s\",\"buyer_ref\":\"%s\",\"total_budget\":1000,\"currency\":\"USD\",\"packages\":[{\"product_id\":"
            "\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"name\":\"a\",\"budget\":1000,\"start_date\":"
            "\"2026-04-01\",\"end_date\":\"2026-04-30\"}]}",
            name, name),
        &reply);
}

static bool there(struct sim *s, const char *name)
{
    yyjson_val *reply;
    assert_int_equal(sim_local(s, "x_buy_list", "{}", &reply), SIM_OK);
    return strstr(json_write_val(&s->arena, reply).p, sim_text(s, "\"%s\"", name)) != NULL;
}

/* One run; false when the disk was not asked so often. */
static bool strike(enum fault fault, long k)
{
    struct sim s;
    yyjson_val *reply;
    sim_init(&s, 1, START);
    assert_int_equal(create(&s, "before"), SIM_OK);
    disk.fault = fault;
    disk.struck = false;
    disk.after = k;
    enum sim_result during = create(&s, "during");
    bool struck = disk.struck;
    assert_int_equal(sim_call(&s, "test-token", "get_products", "{}", &reply), SIM_OK); /* reading goes on */
    assert_true(there(&s, "before"));
    disk.after = -1;
    sim_run_until(&s, s.driver.now + 60 * USEC_PER_SEC);
    enum sim_result afterwards = create(&s, "afterwards");
    if (afterwards != SIM_OK) print_error("fault %d after %ld: it does not write again\n", (int)fault, k);
    assert_int_equal(afterwards, SIM_OK);
    for (int restarts = 0; restarts < 2; restarts++) {
        if (there(&s, "during") != (during == SIM_OK))
            print_error("fault %d after %ld: answered %d\n", (int)fault, k, (int)during);
        assert_true(there(&s, "before") && there(&s, "afterwards"));
        assert_int_equal(there(&s, "during"), during == SIM_OK);
        sim_restart(&s);
    }
    sim_finish(&s);
    return struck;
}

static void everywhere(enum fault fault, long least)
{
    long k = 0;
    while (strike(fault, k)) assert_true(++k < STEPS_MAX);
    print_message("# %ld places\n", k);
    assert_true(k >= least);
}

static void a_write_fails(void **state)
{
    (void)state;
    everywhere(FAULT_WRITE, 3);
}

static void the_disk_is_full(void **state)
{
    (void)state;
    everywhere(FAULT_FULL, 3);
}

static void an_fsync_fails(void **state)
{
    (void)state;
    everywhere(FAULT_SYNC, 1);
}

int main(void)
{
    assert_int_equal(disk_under_everything(asked), SQLITE_OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_fails),
        cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(an_fsync_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
