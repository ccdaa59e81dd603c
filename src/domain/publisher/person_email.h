/* Who may come in from an identity provider (OpenID Connect): people of the publisher to whom an administrator gave the address
 * that the provider has made sure of. At the first sign-in the address is bound to the provider's own name for the person, which
 * counts from then on, so that an address that later belongs to somebody else opens nothing. */
#pragma once

#include "domain/publisher/session.h"

/* What a provider has vouched for; checked by the caller (id_token.h). */
struct person_identity {
    struct str issuer, subject;
    struct str email; /* verified, as email_normal makes it; may be empty */
};

/* A session for that person: as session_open. PERMISSION_DENIED for whom nobody here is known by. */
MUST_CHECK int person_sign_in(const struct act *act, const struct person_identity *who, const struct session_new *in,
                              struct session_row *out, struct str *secret, struct err *e);

/* Gives a person an address, *kept in the arena. Another one than before is bound anew, and sessions of the person end but that of
 * the act. INVALID_REQUEST with field /email for what is no address, CONFLICT when somebody else of the publisher has it,
 * REFERENCE_NOT_FOUND for who is no active person. */
MUST_CHECK int person_set_email(const struct act *act, struct str person, struct str email, struct str *kept,
                                struct err *e);
/* INVALID_STATE when there is none. */
MUST_CHECK int person_remove_email(const struct act *act, struct str person, struct err *e);
