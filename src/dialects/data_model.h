/* The data-model page's shapes: flat products, one product a buy, budgets in cents, numbers that may come as text, and
 * validation errors with a list of fields. Where the page prints no example (capabilities, formats, properties,
 * feedback), the tutorial's shapes are used: the two pages describe the same server. */
#pragma once

#include "dialects/shape.h"

/* data_model_buys.c */
MUST_CHECK int data_model_create_up(struct shape_up *u, struct err *e);
MUST_CHECK int data_model_update_up(struct shape_up *u, struct err *e);
MUST_CHECK int data_model_ids_up(struct shape_up *u, struct err *e);
yyjson_mut_val *data_model_create_down(const struct dialect_down *d);
yyjson_mut_val *data_model_media_buys_down(const struct dialect_down *d);
yyjson_mut_val *data_model_delivery_down(const struct dialect_down *d);

/* A whole number or an amount that may be written as text ("250000"): the page's type coercion. The value in *out is
 * exact; NULL when the member is missing. INVALID_REQUEST for what is no number. */
MUST_CHECK int data_model_number(struct shape_up *u, struct json_field f, yyjson_val **out, struct err *e);
/* {"error_code", "message", "details": []} for something the dialect itself found missing. */
yyjson_mut_val *data_model_not_found(yyjson_mut_doc *doc, const char *what);
