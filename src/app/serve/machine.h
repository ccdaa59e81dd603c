/* The machine and the program's settings, for looks at the health: is there room on the disk, is the database whole, how old
 * is the last backup, how long is the certificate good, are there descriptors enough, do settings contradict each other.
 *
 *     checks: settings, disk, database, backup, certificate, descriptors
 */
#pragma once

#include "app/options.h"
#include "jobs/health_look.h"

struct machine {
    struct health_machine face;
    const struct serve_options *(*options)(const struct machine *m); /* those in force when a look begins */
    const void *arg; /* the owner's */
    const char *database;
    int agent_pid; /* 0: it is this process; -1: none runs, or nobody knows */

    /* of a look: taken from the options */
    const char *data, *backup_folder, *certificate;
    bool sandbox;
    size_t connections_max;
    struct findings settings;
};

void machine_init(struct machine *m);
