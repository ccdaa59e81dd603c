/* One call of an ad server's REST interface, as all remote adapters make it: at the operator's network, within half a minute, with an
 * answer of at most 16 MB. */
#pragma once

#include <salesagent/adapter.h>

/* Adds it to the calls of this step; returns its number. `body` empty: none, and `mime` does not matter. All text lives as long as
 * the verb. */
int call_add(struct adapter_op *op, struct str method, struct str url, struct str mime, struct str body);

/* The answer says that there is no such thing (404). */
bool call_is_missing(const struct http_call *answer);
