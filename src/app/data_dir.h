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
    struct str secret;    /* 32 bytes, of PATH/secret.key; made at the first start. Never in the database, so that
                             who can write that cannot forge what is sealed with it. */
    int lock_fd;          /* held while serving; -1 otherwise */
};

/* Before data_dir_open, for who has lost secret.key: makes another where there is a directory and none in it. */
MUST_CHECK int data_dir_new_secret(struct arena *a, const char *path, struct err *e);

/* Names the files; creates the directory (mode 0700) when it is missing. Text in the arena. CONFIGURATION_ERROR also where
 * there is a database and no secret.key. */
MUST_CHECK int data_dir_open(struct arena *a, const char *path, struct data_dir *out, struct err *e);

/* Takes the lock that keeps a second agent off the same data. Errors: CONFIGURATION_ERROR when another has it. */
MUST_CHECK int data_dir_lock(struct data_dir *d, struct err *e);
void data_dir_unlock(struct data_dir *d);
