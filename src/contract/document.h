/* Stored documents: the JSON text of the store's `doc` columns. One way to read them, one to change them, one to hold
 * them to their size.
 *
 *     struct document d;
 *     document_open(arena, row->doc, &d);
 *     document_set(&d, "targeting_overlay", yyjson_obj_get(args, "targeting_overlay"));
 *     if (document_store(&d, PACKAGE_BYTES_MAX, "The package", &row->doc, e)) return -1;
 *
 * A text that cannot be read is an error and never "empty", so that nobody writes it back without its content. Readers
 * are many and most have no way to fail, therefore the error is kept where they cannot lose it: it marks the arena, and
 * whoever runs an operation on that arena (the gates, the timers, the jobs) asks document_whole before it counts. */
#pragma once

#include "contract/json.h"
#include "contract/limits.h"

/* The value of a stored text, in the arena. NULL for no text at all, and for one that cannot be read: then a line is in
 * the log and the arena is marked. */
yyjson_val *document_read(struct arena *a, struct str text);

/* 0, or SERVICE_UNAVAILABLE when a document that was read into the arena could not be. */
MUST_CHECK int document_whole(const struct arena *a, struct err *e);

/* ---- changing ---- */

struct document {
    struct arena *arena;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root; /* always an object; empty where there was no text, or none that could be read */
};

void document_open(struct arena *a, struct str text, struct document *out);
/* The members; `key` is a literal. NULL, or a text without a byte, leaves what is there. */
yyjson_mut_val *document_get(const struct document *d, const char *key);
void document_set(struct document *d, const char *key, yyjson_val *value);
void document_set_str(struct document *d, const char *key, struct str value);
void document_set_text(struct document *d, const char *key, struct str json_text); /* of ours: it can be read */
void document_set_new(struct document *d, const char *key, yyjson_mut_val *value); /* of d->doc */
void document_remove(struct document *d, const char *key);
struct str document_text(const struct document *d);
/* The same, held to its size: VALIDATION_ERROR, without a field, when it is longer (document_fits). */
MUST_CHECK int document_store(const struct document *d, size_t bytes_max, const char *what, struct str *text,
                              struct err *e);

/* Before any text is stored. VALIDATION_ERROR without a field when it is longer than `bytes_max`; `what` begins the
 * sentence and names it as its owner does ("The package"). */
MUST_CHECK int document_fits(struct str text, size_t bytes_max, const char *what, struct err *e);

/* True when both hold the same JSON value, whatever the order of members. */
bool document_same(struct arena *a, struct str x, struct str y);
