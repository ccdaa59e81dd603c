/* Between feed.c and the readers of each syntax. */
#pragma once

#include "domain/feed/feed.h"

/* Records as objects of text (XML, CSV) or whatever they hold (JSON), pushed to `list`. */
struct feed_records {
    struct arena *a;
    yyjson_mut_doc *doc;
    yyjson_mut_val *list;
};

MUST_CHECK int feed_read_json(struct feed_records *r, struct str body, struct err *e);
MUST_CHECK int feed_read_table(struct feed_records *r, struct str body, struct err *e);
MUST_CHECK int feed_read_xml(struct feed_records *r, struct str body, struct err *e);

/* One more record; INVALID_REQUEST beyond FEED_ITEMS_MAX. */
MUST_CHECK int feed_push(struct feed_records *r, yyjson_mut_val *record, struct err *e);

/* What a mapping makes of records. */
MUST_CHECK int feed_mappings_check(yyjson_val *mappings, const char *at, struct err *e);
yyjson_mut_val *feed_map(struct feed_records *r, yyjson_val *mappings, yyjson_mut_val *record, yyjson_mut_val *item);
