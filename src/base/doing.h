/* What the program is doing at this moment, and for whom. The last line of a process that dies says it, with a
 * backtrace; and because it is kept in a file that is mapped, not written, the next process can know what the one
 * before it died on, also when that was killed without a word. One thread (the loop's) sets it; never data, only names
 * of operations and ids of publishers, principals and rows. With the log's level it is what the program has in globals. */
#pragma once

#include "base/compiler.h"

struct doing {
    char operation[64];  /* "create_media_buy", "flight", "job report"; empty: nothing in particular */
    char publisher[128];
    char principal[128]; /* empty: a stranger, or time itself */
    char row[256];       /* what a timer or a job is about, an id; empty for calls */
};

/* Longer texts are cut. */
void doing_set(struct str operation, struct str publisher, struct str principal);
void doing_row(struct str operation, struct str publisher, struct str row);
void doing_nothing(void);
/* To be put back by whoever does something in the middle of something else. */
struct doing doing_now(void);
void doing_again(const struct doing *d);

/* Keeps it in the file from here on, which is made when it is missing. *before: what the process that had the file last
 * was doing when it ended; all empty when that ended in order. The file is the agent's alone (the caller holds the data
 * directory's lock). -1: it cannot be had, errno says why; the program can go on without. */
MUST_CHECK int doing_keep(const char *path, struct doing *before);

/* Called once before the last line of a promise that does not hold is written: what waits to be written is written now.
 * It may not allocate or lock. NULL: nothing waits. */
void doing_before_the_last_line(void (*flush)(void));

/* From here on a fault of the program (a bad address, abort, ...) leaves a line and a backtrace on standard error before
 * the process ends as it would have. Does nothing where a sanitizer does the same. */
void doing_report_faults(void);
