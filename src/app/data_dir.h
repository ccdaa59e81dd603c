/* The data directory: database, local socket, lock, and the installation's secret. */
#pragma once

#include "base/arena.h"

#define DATA_DIR_DATABASE "salesagent.db"

struct data_dir {
    const char *path;
    const char *database; /* PATH/salesagent.db */
    const char *socket;   /* PATH/agent.sock */
    const char *anchor;   /* PATH/audit.anchor: anchor.h */
    const char *doing;    /* PATH/doing: base/doing.h */
    struct str secret;    /* 32 bytes, of PATH/secret.key; made with the database. Never in the database, so that
                             who can write that cannot forge what is sealed with it. */
    int lock_fd;          /* held while serving; -1 otherwise */
};

/* What a missing secret.key means. A database without its secret is not served as if nothing were: links and seals made
 * with it would be void, silently. */
enum data_dir_secret {
    DATA_DIR_FIRST_SECRET, /* made where there is no database yet, else refused */
    DATA_DIR_OWN_SECRET, /* refused */
    DATA_DIR_NEW_SECRET /* made: somebody has said so */
};

/* Root working in a directory of somebody else becomes that user, for good: what it leaves there the agent can use. */
MUST_CHECK int data_dir_become_owner(const char *path, struct err *e);

/* Names the files; creates the directory (mode 0700) when it is missing. Text in the arena. */
MUST_CHECK int data_dir_open(struct arena *a, const char *path, enum data_dir_secret missing, struct data_dir *out,
                             struct err *e);

/* Takes the lock that keeps a second agent off the same data. Errors: CONFIGURATION_ERROR when another has it. */
MUST_CHECK int data_dir_lock(struct data_dir *d, struct err *e);
void data_dir_unlock(struct data_dir *d);
