/* The keys that seal credentials at rest, in a file beside the database, never in it: PATH/seal.keys, one "VERSION HEX" a line,
 * the newest last. Made at the first start. Who has a copy of the database alone can read no credential; who rotates the
 * keys voids neither the audit trail's seals nor links, which rest on secret.key. */
#pragma once

#include "store/store.h"

#define SEAL_KEYS_FILE "seal.keys"

struct seal_keys {
    struct store_keys keys; /* first; for store_options */
    char path[4096];
};

/* Reads the file, or makes it when it is missing. Errors: CONFIGURATION_ERROR naming the file. */
MUST_CHECK int seal_keys_open(struct seal_keys *k, const char *path, struct err *e);
