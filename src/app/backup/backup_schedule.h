/* A backup each day, made by the agent itself (settings backup_folder, backup_at, backup_keep):
 *
 *     FOLDER/salesagent-20261201T031500Z.db and .db.json
 *
 * The copying, reading through and removing of old ones is done on the thread pool. One that fails is logged, and tried
 * again an hour later. Only files of this form of name are counted and removed. */
#pragma once

#include "run/loop.h"

struct serve_options;

struct backup_schedule {
    struct loop *loop;
    const char *database;
    struct timer timer;
    struct work work;
    bool working;
    char folder[4096];
    int minute, keep; /* of the day, UTC; keep 0: none are made */
    int64_t made_at; /* the last one that succeeded, as far as this process knows or the folder shows; 0: none */
    int64_t now;      /* of the one under way, and how many it leaves */
    int keep_now;
    bool succeeded;
    uint64_t failures;
    char why[256];
};

/* `database` must outlive it. */
void backup_schedule_start(struct backup_schedule *b, struct loop *loop, const char *database);
/* Takes over settings, at the start and when they have changed. */
void backup_schedule_set(struct backup_schedule *b, const struct serve_options *o);
/* When the newest one in a folder was made, by its name; 0: there is none. */
int64_t backup_schedule_newest(const char *folder);
/* Before the loop ends; one under way is waited for by the loop. */
void backup_schedule_stop(struct backup_schedule *b);
