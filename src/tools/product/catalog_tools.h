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
/* The version of what this publisher offers: of products and prices together, one for everybody. */
MUST_CHECK int feed_version(struct tool_call *c, struct str *out, struct err *e);
bool get_products_writes(yyjson_val *args); /* finalizing a proposal keeps inventory */
MUST_CHECK int list_creative_formats_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_authorized_properties_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_get_avails_run(struct tool_call *c, struct err *e);
