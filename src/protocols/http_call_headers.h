/* The headers that mean the same on every transport, read from an exchange in one place. */
#pragma once

#include "net/http.h"
#include "protocols/call.h"

void call_headers_read(struct http_exchange *ex, struct call_headers *out);

/* Whether this is a URL that the newest line of AdCP has to itself: /mcp/LINE, /a2a/LINE, /adcp/LINE/TASK. What a URL demands of signatures must not
 * depend on what a body says (AdCP 3.2, request_signing). */
bool call_url_strict(struct str path);

/* X-Push-Notification-Url, -Token, -Auth-Scheme, -Credentials. */
void call_push_read(const struct http_exchange *ex, struct call_push *out);

/* The same as members of an AdCP push_notification_config. */
void call_push_add(yyjson_mut_doc *doc, yyjson_mut_val *config, const struct call_push *push);

/* Adds the reply headers a call's outcome asks for: WWW-Authenticate, Retry-After. */
void call_headers_reply(struct http_exchange *ex, const struct call *c);
