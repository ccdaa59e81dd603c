/* What commands need that work on the database themselves, whether an agent serves it or not; SQLite arbitrates. */
#pragma once

#include "app/seal_keys.h"
#include "cli/cli.h"
#include "domain/core/act.h"
#include "run/loop_uv.h"
#include "store/store.h"

struct opened {
    struct arena arena;
    struct loop loop;
    struct loop_uv uv;
    struct store *store; /* NULL: it could not be opened */
    struct seal_keys seal_keys;
    const char *socket;  /* of the agent that serves it, if one does */
};

/* Opens the database of a data directory; NULL: as configured. Makes both when they are missing and `make` says so. */
MUST_CHECK int database_open(struct opened *o, const char *data, bool make, struct err *e);
/* After database_open, also when it failed. */
void database_close(struct opened *o);

/* An act of whoever sits at the command line, inside the transaction. `tenant` may be NULL: of the installation. */
struct act database_act(struct opened *o, struct tx *tx, const struct tenant *tenant);
