/* Who is calling. */
#pragma once

#include "net/http.h"
#include "protocols/call.h"

/* On the local socket: whoever reads its header x-salesagent-as acts for that user, else as an administrator.
 * At the desk: by the cookie's session; without one nobody, of a public call's publisher. AUTH_INVALID when it is over.
 * Elsewhere: finds the caller's credential (Authorization: Bearer, else x-adcp-auth) and, from it, principal and tenant; without
 * one, the tenant that a public call concerns (x-adcp-tenant, the Host, or the only one there is).
 * 0: c->authenticated, c->tenant and c->principal are set. -1: AUTH_MISSING cannot happen here (the tool decides);
 * AUTH_INVALID for a credential that is malformed, unknown, expired or revoked, or whose tenant is not the one named:
 * all with the same words and the same work, so that nothing can be learned from the difference. SERVICE_UNAVAILABLE when the
 * publisher is off the air, except on the local socket. */
MUST_CHECK int auth_identify(struct call *c, struct tx *tx, int64_t now, struct err *e);

/* Counts a wrong credential, and makes its answer come late when there are many (wrong_credentials.h). */
void auth_note_wrong(struct dispatcher *d, const struct call_headers *h, struct str publisher);

/* Does the head of a request carry a token that was accepted since the start, as far as is remembered? It may have been
 * revoked since: no more than a caller's share of memory may hang on the answer. */
bool auth_seen(const struct dispatcher *d, const struct http_exchange *head);

/* The tenant alone, as for a call without a credential: 1 found and set in c->tenant, 0 none, -1 failed. */
MUST_CHECK int auth_public_tenant(struct call *c, struct tx *tx, struct err *e);

/* Remembers that the call's token was used: at most once an hour for a token, one at a time; a note that finds another
 * under way, or the queue full, is left to the next call. */
void auth_note_use(struct dispatcher *d, const struct call *c);
