/* The catalogue's tools, for table.c. */
#pragma once

#include "tools/tool.h"

/* The AdCP specialisms that the tools here earn; how many. */
#define SPECIALISMS_MAX 32
size_t agent_specialisms(const char *out[SPECIALISMS_MAX]);

MUST_CHECK int get_adcp_capabilities_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_products_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_products_run(struct tool_call *c, struct err *e);
/* Appends AdCP products as compact ones (core/canonical-product.json), with the members that `fields` names; NULL: all. */
void compact_products(struct tool_call *c, yyjson_val *products, yyjson_val *fields, yyjson_mut_val *to);
/* AdCP 3.2 product-discovery-criteria as members of get_products. */
void products_criteria(yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *criteria);
/* What get_products would have answered to these arguments, read back; its message becomes the call's. */
MUST_CHECK int products_asked(struct tool_call *c, yyjson_val *args, yyjson_val **reply, struct err *e);
/* Appends the products of these ids (100 at most) that are on sale, as compact ones. */
MUST_CHECK int products_by_id(struct tool_call *c, const struct str *ids, size_t n, yyjson_mut_val *to, struct err *e);
/* The version of what this publisher offers: of products and prices together, one for everybody. */
MUST_CHECK int feed_version(struct tool_call *c, struct str *out, struct err *e);
bool get_products_writes(yyjson_val *args); /* finalizing a proposal keeps inventory */
MUST_CHECK int list_creative_formats_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_authorized_properties_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_get_avails_run(struct tool_call *c, struct err *e);
