/* How the publisher's people get to the desk. Somebody with the right makes a one-time link for a person; opening it makes
 * a session, which the person's browser keeps as a cookie. Neither secret is stored: what is kept is a hash.
 *
 *     link --(once, within 15 minutes)--> session --(12 hours unused, or 7 days, or ended)--> over
 *
 * A session is worth what its person may do at the moment of each call: a role taken away, or a person disabled, counts
 * at once. */
#pragma once

#include "domain/core/act.h"
#include "store/q/agent/q_session.h"

#define SIGN_IN_LINK_LIFE (INT64_C(15) * 60 * USEC_PER_SEC)
#define SESSION_LIFE      (INT64_C(7) * USEC_PER_DAY)
#define SESSION_IDLE      (INT64_C(12) * 3600 * USEC_PER_SEC)
#define SESSION_USE_STEP  (INT64_C(5) * 60 * USEC_PER_SEC) /* its use is noted at most that often */

/* A new link for an active person of the act's publisher: TENANT.SECRET, in the arena. `person` empty: the only active
 * administrator; when there is none at all, "admin" is made. REFERENCE_NOT_FOUND; INVALID_REQUEST when several
 * administrators could be meant; both with field /principal_id. */
struct sign_in_link {
    struct str text, principal_id;
    int64_t expires_at;
};
MUST_CHECK int sign_in_link_make(const struct act *act, struct str person, struct sign_in_link *out, struct err *e);

/* Who would sign in by the link's secret, without using it up; REFERENCE_NOT_FOUND for what is unknown, used, expired or of
 * another publisher, all with the same words. */
MUST_CHECK int sign_in_link_open(const struct act *act, struct str secret, struct sign_in_link_row *out, struct err *e);

struct session_new {
    struct str link; /* the secret of the link, used up by it; empty: `person` was made sure of in another way */
    struct str person;
    struct str issuer, subject; /* of the identity provider that vouched for the person; empty: none did */
    const char *by; /* for the audit trail: "link", "password" */
    struct str replaces; /* the secret of the session that ends by it; may be empty */
    struct str browser, address; /* may be empty; cut to what a row takes */
    int64_t until; /* it ends then at the latest; 0: nothing but its life ends it */
};
/* A new session: its secret in the arena, for the cookie. */
MUST_CHECK int session_open(const struct act *act, const struct session_new *in, struct session_row *out,
                            struct str *secret, struct err *e);

/* The session of a secret: 1 found and open at `now`, 0 not, -1 failed. */
MUST_CHECK int session_find(struct tx *tx, struct arena *a, struct str secret, int64_t now, struct session_row *out,
                            struct err *e);
bool session_is_open(const struct session_row *row, int64_t now);

/* Ends all sessions of a person but one (`but`: its id, may be empty), after what opened them has changed. */
MUST_CHECK int session_end_others(const struct act *act, struct str person, struct str but, struct err *e);

/* REFERENCE_NOT_FOUND with field /principal_id for who is no active person of the act's publisher. */
MUST_CHECK int session_must_be_person(const struct act *act, struct str id, struct err *e);

/* Ends it. Whose it is was checked by the caller. */
MUST_CHECK int session_end(const struct act *act, const struct session_row *row, struct err *e);
