/* The agent on a slow disk: with this file, src/main.c is a program whose writes and fsyncs take as long as the file named by
 * SLOW_DISK says, "MILLISECONDS MILLISECONDS" for the one and the other, read anew each time. tests/integration/disk.test.mjs */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "disk_vfs.h"

static int wait_for(enum disk_op op)
{
    long ms[2] = { 0, 0 };
    const char *name = getenv("SLOW_DISK");
    FILE *f = name ? fopen(name, "re") : NULL;
    if (f && fscanf(f, "%9ld %9ld", &ms[0], &ms[1]) == 2 && ms[op == DISK_SYNC] > 0) {
        long wait = ms[op == DISK_SYNC];
        struct timespec t = { .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000 };
        (void)nanosleep(&t, NULL); /* a signal only makes it shorter */
    }
    if (f) (void)fclose(f); /* it was only read */
    return SQLITE_OK;
}

__attribute__((constructor)) static void be_slow(void)
{
    if (disk_under_everything(wait_for) != SQLITE_OK) abort();
}
