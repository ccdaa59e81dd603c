/* Between feed.c and the readers of each syntax. */
#pragma once

#include "domain/feed/feed.h"

/* Records as objects of text (XML, CSV) or whatever they hold (JSON), pushed to `list`. */
struct feed_records {
    struct arena *a;
    yyjson_mut_doc *doc;
    yyjson_mut_val *list;
    bool typed; /* JSON: names and values are as their author means them */
};

#define FEED_COLUMNS_MAX 500
#define FEED_NAME_BYTES  200
#define FEED_FIELD_BYTES 65536

/* INVALID_REQUEST: "The feed cannot be read: `why`." Returns -1. */
int feed_broken(struct err *e, const char *why);

/* The feed in UTF-8, without a byte order mark; INVALID_REQUEST when it is not in the encoding it is in by all signs. */
MUST_CHECK int feed_text(struct arena *a, struct str content_type, struct str *body, struct err *e);

MUST_CHECK int feed_read_json(struct feed_records *r, struct str body, struct err *e);
MUST_CHECK int feed_read_table(struct feed_records *r, struct str body, struct err *e);
MUST_CHECK int feed_read_xml(struct feed_records *r, struct str body, struct err *e);

/* A field of a record under its name, with its prefix ("g:title"); the second of a name makes a list. -1: there are too many. */
MUST_CHECK int feed_put(struct feed_records *r, yyjson_mut_val *record, struct str name, struct str value);
/* The whole record without prefixes: of title, g:title and dc:title the merchants' own (g:) counts, then the one without. */
yyjson_mut_val *feed_settle(struct feed_records *r, yyjson_mut_val *record);

/* One more record; INVALID_REQUEST beyond FEED_ITEMS_MAX. */
MUST_CHECK int feed_push(struct feed_records *r, yyjson_mut_val *record, struct err *e);

/* What a mapping makes of records. */
MUST_CHECK int feed_mappings_check(yyjson_val *mappings, const char *at, struct err *e);
yyjson_mut_val *feed_map(struct feed_records *r, yyjson_val *mappings, yyjson_mut_val *record, yyjson_mut_val *item);
