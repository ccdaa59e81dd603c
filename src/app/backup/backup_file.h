/* Backups as files: FILE, a whole database as of one moment, and FILE.json, its manifest:
 *
 *     {"salesagent_backup": 1, "made_at": "...", "version": "0.1.0", "schema": "0102_job_hold.sql", "migrations": 40,
 *      "publishers": 1, "audit": {"seq": 812, "hash": "..."}, "bytes": 1048576, "sha256": "..."}
 *
 * The installation's secret is in neither. Everything here blocks: it is for commands, and for the thread pool. */
#pragma once

#include "store/look.h"

struct backup_made {
    int64_t bytes;
    struct store_facts facts;
};

/* Copies `database` as of one moment into the new `file`, reads the copy through and writes its manifest. Both are written
 * aside and put in place when they are whole and on the disk; nothing else stays behind, but of a process that is killed, whose
 * part the next backup of that name removes. CONFIGURATION_ERROR: also when `file` is there already, or when SIGINT, SIGTERM or
 * SIGHUP waits for who has blocked them. */
MUST_CHECK int backup_file_write(struct arena *a, const char *database, const char *file, int64_t now,
                                 struct backup_made *out, struct err *e);

/* Removes the parts, "STEM.PID.part", of backups that did not end: processes that are no more, and this one, which must not
 * be writing one. With `end`, which is ".db" or the like: "STEM*END.PID.part", backups of all names with that beginning. */
void backup_parts_remove(struct arena *a, const char *stem, const char *end);

/* Reads `file` through and compares it with its manifest, when there is one. CONFIGURATION_ERROR. */
MUST_CHECK int backup_file_check(struct arena *a, const char *file, struct store_facts *out, bool *has_manifest,
                                 struct err *e);

/* How many bytes a file has, and their SHA-256 in hexadecimal. CONFIGURATION_ERROR. */
MUST_CHECK int file_digest(struct arena *a, const char *path, int64_t *bytes, struct str *hex, struct err *e);

/* Syncs a file, or the folder it is in. */
MUST_CHECK int sync_file(const char *path);
MUST_CHECK int sync_folder_of(struct arena *a, const char *path);
