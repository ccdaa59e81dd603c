/* A publisher as one file, to be moved to another installation: FILE, a database that holds this publisher whole (catalogue,
 * rules, people, buyers, media buys, delivery, its part of the audit trail) and nothing of others; FILE.json, its manifest; and
 * FILE.key, which opens the credentials of its ad servers in it:
 *
 *     {"salesagent_publisher": 1, "publisher": "the-weekly", "made_at": "...", "version": "0.1.0", "migrations": 61,
 *      "audit": {"seq": 812, "hash": "..."}, "bytes": 1048576, "sha256": "...", "seal": "..."}
 *
 * `audit` is where the trail of the installation stood, `seal` an HMAC of the sum with the installation's secret: who has that
 * secret can tell that the file came from there. What is imported is off the air until somebody enables it. */
#pragma once

#include "app/command/database_command.h"
#include "store/q/q_tenant.h"

/* CONFIGURATION_ERROR: a file of that name is there, or it cannot be written. */
MUST_CHECK int archive_export(struct opened *d, const char *database, const struct tenant_row *row, const char *file,
                              struct err *e);

struct archive_imported {
    struct str publisher;
    int64_t rows;
};
/* `key` NULL: FILE.key. Errors: CONFIGURATION_ERROR for a file that is not what its manifest says, that a newer version wrote or
 * whose key is missing; INVALID_STATE when the publisher, or anything of it, is here already. */
MUST_CHECK int archive_import(struct opened *d, const char *data, const char *file, const char *key,
                              struct archive_imported *out, struct err *e);
