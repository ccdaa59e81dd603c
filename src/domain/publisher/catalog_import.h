/* Publishers as data: one JSON file holds a publisher with everything it configures (docs/import.md describes it).
 *
 *     {"salesagent_import": 1, "tenant": {...}, "principals": [...], "accounts": [...], "formats": [...], "properties": [...],
 *      "slots": [...], "products": [...], "signals": [...]}
 *
 * Importing brings the named objects to the state of the file and leaves what the file does not name; importing the
 * same file again changes nothing. Export gives a file that imports to the same state: never tokens, only their
 * hashes. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"

struct catalog_import {
    struct tx *tx;
    struct arena *arena;
    struct rng *rng;
    int64_t now;
    struct str actor; /* for the audit trail */
    bool (*speaks)(struct str name); /* is a principal's default of that name known? NULL: every name is taken */
};

struct catalog_counts {
    struct str tenant_id;
    int64_t changed,
        unchanged; /* objects: tenant, principals, tokens, accounts, formats, properties, slots, products */
};

/* All or nothing: the caller's transaction must be undone when this fails. INVALID_REQUEST names what is wrong by
 * JSON Pointer into the file. A change writes one line of the audit trail. */
MUST_CHECK int catalog_import(const struct catalog_import *c, struct str text, struct catalog_counts *out,
                              struct err *e);

/* The publisher as a document, members in the order of the format. NOT_FOUND when there is no such tenant. */
MUST_CHECK int catalog_export(struct tx *tx, struct arena *a, struct str tenant_id, struct str *text, struct err *e);

/* A setting that nobody reads (a misspelt one) is refused below `at`, unless it is null, which removes it. */
MUST_CHECK int catalog_check_known(yyjson_val *settings, const char *at, struct err *e);

/* A publisher's settings: INVALID_REQUEST naming the member below /tenant. */
MUST_CHECK int catalog_check_settings(struct arena *a, yyjson_val *settings, struct err *e);
