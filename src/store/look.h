/* What a database file holds, looked at without being opened as a store: for backups, before and after. */
#pragma once

#include "base/arena.h"
#include <salesagent/err.h>

struct store_facts {
    int migrations;          /* applied */
    struct str last, newer;  /* names: the last one applied; one that this program does not have, empty: none */
    int64_t publishers;
    int64_t audit_seq;       /* of the trail's last row; 0: it is empty */
    struct str audit_hash;   /* its hash, hexadecimal */
};

/* Reads the file through (every page and every index) and tells what is in it; text in the arena. CONFIGURATION_ERROR when
 * it cannot be read, is damaged or is no database of this program. */
MUST_CHECK int store_look(struct arena *a, const char *path, struct store_facts *out, struct err *e);
