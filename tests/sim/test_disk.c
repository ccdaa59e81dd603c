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
#include "sim.h"

#define START     INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */
#define STEPS_MAX 400 /* of one kind, in one call: more would be a mistake of this test */

enum fault { FAULT_WRITE, FAULT_FULL, FAULT_SYNC };

/* ---- the disk ---- */

static struct {
    sqlite3_vfs vfs, *real;
    enum fault fault;
    long after; /* operations of that kind that still succeed; -1: the disk is well */
    bool struck;
} disk;

struct disk_file {
    sqlite3_file base;
    sqlite3_file real[]; /* as many bytes as the real VFS wants */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct disk_file *)(void *)f)->real;
}

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

static int x_close(sqlite3_file *f)
{
    return real_of(f)->pMethods ? real_of(f)->pMethods->xClose(real_of(f)) : SQLITE_OK;
}

static int x_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (strikes(FAULT_WRITE)) return SQLITE_IOERR_WRITE;
    if (strikes(FAULT_FULL)) return SQLITE_FULL;
    return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int x_sync(sqlite3_file *f, int flags)
{
    if (strikes(FAULT_SYNC)) return SQLITE_IOERR_FSYNC;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int x_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int x_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int x_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int x_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int x_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int x_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int x_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int x_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int x_shm_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    f->pMethods = NULL;
    int rc = disk.real->xOpen(disk.real, name, real_of(f), flags, out);
    if (rc == SQLITE_OK) f->pMethods = &methods;
    return rc;
}

static void disk_under_everything(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.szOsFile = (int)sizeof(struct disk_file) + disk.real->szOsFile;
    disk.vfs.xOpen = x_open;
    disk.after = -1;
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
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
    disk_under_everything();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_fails),
        cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(an_fsync_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
