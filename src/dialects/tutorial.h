/* The campaign lifecycle tutorial's shapes: eleven tools, whole days, money in units, its own field names.
 * tutorial.c has the table and discovery; the others media buys, delivery and creatives. */
#pragma once

#include "dialects/shape.h"

/* tutorial_buys.c */
MUST_CHECK int tutorial_create_up(struct shape_up *u, struct err *e);
MUST_CHECK int tutorial_update_up(struct shape_up *u, struct err *e);
MUST_CHECK int tutorial_ids_up(struct shape_up *u, struct err *e); /* get_media_buys, get_media_buy_delivery */
MUST_CHECK int tutorial_feedback_up(struct shape_up *u, struct err *e);
yyjson_mut_val *tutorial_create_down(const struct dialect_down *d);
yyjson_mut_val *tutorial_update_down(const struct dialect_down *d);
yyjson_mut_val *tutorial_media_buys_down(const struct dialect_down *d);
yyjson_mut_val *tutorial_feedback_down(const struct dialect_down *d);

/* The tutorial's word for a canonical media buy status. */
void tutorial_add_status(yyjson_mut_doc *doc, yyjson_mut_val *obj, struct str canonical);

/* tutorial_delivery.c */
yyjson_mut_val *tutorial_delivery_down(const struct dialect_down *d);

/* tutorial_creatives.c */
extern const char *const tutorial_reads_sync[];
MUST_CHECK int tutorial_sync_up(struct shape_up *u, struct err *e);
MUST_CHECK int tutorial_list_creatives_up(struct shape_up *u, struct err *e);
yyjson_mut_val *tutorial_sync_down(const struct dialect_down *d);
yyjson_mut_val *tutorial_list_creatives_down(const struct dialect_down *d);
