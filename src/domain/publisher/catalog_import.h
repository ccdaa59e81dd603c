/* Publishers as data: one JSON file holds a publisher with everything it configures (docs/import.md describes it).
 *
 *     {"salesagent_import": 1, "tenant": {...}, "principals": [...], "accounts": [...], "formats": [...], "properties": [...],
 *      "slots": [...], "products": [...], "signals": [...]}
 *
 * Importing brings the named objects to the state of the file and leaves what the file does not name, of the publisher's
 * settings and of a principal member by member (null removes one); importing the same file again changes nothing. Export
 * gives a file that imports to the same state: never tokens, only their hashes. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"

struct catalog_import {
    struct tx *tx;
    struct arena *arena;
    struct rng *rng;
    int64_t now;
    struct str actor;     /* for the audit trail */
    struct str tenant_id; /* whose file it is, when it does not say; empty: the only publisher's */
    bool sandbox;         /* the installation is one: an ad server that simulates may do so unsaid */
    bool adds_publisher;  /* an id that is not there is a new publisher's, and no mistake */
    bool compare;         /* fill counts.before and counts.after */
    int64_t position_first; /* in the order in which lists are shown, of what this file holds */
    bool (*speaks)(struct str name); /* is a principal's default of that name known? NULL: every name is taken */
};

struct catalog_counts {
    struct str tenant_id;
    int64_t changed,
        unchanged; /* objects: tenant, principals, tokens, accounts, formats, properties, slots, products */
    struct str before, after;   /* what catalog_export says, in the import's arena; before empty: it is new */
};

/* All or nothing: the caller's transaction must be undone when this fails. INVALID_REQUEST names what is wrong by
 * JSON Pointer into the file. A change writes one line of the audit trail. */
MUST_CHECK int catalog_import(const struct catalog_import *c, struct str text, struct catalog_counts *out,
                              struct err *e);

/* The publisher as a document, members in the order of the format. NOT_FOUND when there is no such tenant. */
MUST_CHECK int catalog_export(struct tx *tx, struct arena *a, struct str tenant_id, struct str *text, struct err *e);

/* What differs between two exports: {"change": "added" | "removed" | "changed", "object": "products/p1", "member": "/name",
 * "from": ..., "to": ...}; member, from and to of what changed only. Appended to `list`, at most CATALOG_DIFF_MAX of them;
 * *left_out says how many more there are. `before` may be empty. */
#define CATALOG_DIFF_MAX 1000
struct catalog_diff {
    yyjson_mut_doc *doc;
    yyjson_mut_val *list;
    int64_t left_out;
};
MUST_CHECK int catalog_compare(struct arena *a, const struct catalog_counts *c, struct catalog_diff *out,
                               struct err *e);

/* The name by which requests find a publisher, in small letters. INVALID_REQUEST when it is more than a name. */
MUST_CHECK int publisher_host(struct arena *a, struct str text, struct str *out, struct err *e);

/* A setting that nobody reads (a misspelt one) is refused below `at`, unless it is null, which removes it. */
MUST_CHECK int catalog_check_known(yyjson_val *settings, const char *at, struct err *e);

/* A publisher's settings: INVALID_REQUEST naming the member below /tenant. */
MUST_CHECK int catalog_check_settings(struct arena *a, yyjson_val *settings, struct err *e);
