/* What the catalogue's tools share in writing replies. */
#pragma once

#include "domain/core/tenant_settings.h"
#include "store/q/q_catalog.h"
#include "tools/tool.h"

/* The publisher's settings for showing things: without an agent_url of their own, formats belong to the server as the
 * caller reached it. */
void reply_settings(struct tool_call *c, struct tenant_settings *out);

/* The row's document, or NULL (logged) when it is damaged: the rest of the list goes on without it. */
yyjson_val *reply_parse_row(struct tool_call *c, const struct catalog_row *row);

/* A complete AdCP format-id from a stored one ("id", {"id"} or with its own agent_url). Nothing when it is none. */
void reply_add_format_id(struct tool_call *c, yyjson_mut_val *obj, const char *key, yyjson_val *stored,
                         const struct tenant_settings *ts);
yyjson_mut_val *reply_format_id(struct tool_call *c, yyjson_val *stored, const struct tenant_settings *ts);

/* True when the array holds the (non-empty) string. */
bool reply_arr_has(yyjson_val *arr, struct str s);

/* Appends the string unless it is empty or there already. */
void reply_push_once(struct tool_call *c, yyjson_mut_val *arr, struct str s);

/* The publisher's advertising policies in sentences; empty when there are none. */
struct str reply_policies_prose(struct tool_call *c, const struct tenant_settings *ts);
