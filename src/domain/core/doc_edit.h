/* Stored documents (the `doc` columns): read, changed member by member, compared. */
#pragma once

#include "contract/json.h"

/* NULL when the text is empty or damaged: readers of stored documents then see nothing. */
yyjson_val *doc_parse(struct arena *a, struct str text);

struct doc_edit {
    struct arena *arena;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root; /* always an object; a damaged document starts anew */
};

void doc_edit_open(struct arena *a, struct str text, struct doc_edit *out);
/* Replaces a member; NULL leaves it as it is. `key` is a literal. */
void doc_edit_set(struct doc_edit *d, const char *key, yyjson_val *value);
void doc_edit_set_str(struct doc_edit *d, const char *key, struct str value);
void doc_edit_set_new(struct doc_edit *d, const char *key, yyjson_mut_val *value); /* of d->doc */
void doc_edit_remove(struct doc_edit *d, const char *key);
struct str doc_edit_text(const struct doc_edit *d);

/* True when both hold the same JSON value, whatever the order of members. */
bool doc_same(struct arena *a, struct str x, struct str y);
