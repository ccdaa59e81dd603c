/* The database of a data directory, opened for one command. SQLite arbitrates with a running agent. */
#pragma once

#include "app/seal_keys.h"
#include "run/loop_uv.h"

struct data_opened {
    struct arena arena;
    struct loop loop;
    struct loop_uv uv;
    struct store *store;
    struct seal_keys seal_keys;
};

/* `data`: the option, or NULL. Closed also when it failed. Errors: CONFIGURATION_ERROR. */
MUST_CHECK int data_open(struct data_opened *o, const char *data, struct err *e);
void data_close(struct data_opened *o);
