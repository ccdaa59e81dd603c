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

/* The publishers that the person of the act serves, by the provider's word that it is one person: where it has signed in from
 * there. None for who never has; at most PERSON_PLACES_MAX, and only those that are on the air and have not disabled the person. */
#define PERSON_PLACES_MAX 32
struct person_place {
    struct str tenant_id, name, principal_id;
};
MUST_CHECK int person_places(const struct act *act, struct person_place **places, size_t *n, struct err *e);

/* From one publisher to another, the act's: in->replaces is the session's secret, which ends and whose end the new one keeps.
 * PERMISSION_DENIED when it is none, or that person does not serve this publisher. */
MUST_CHECK int person_switch(const struct act *act, const struct session_new *in, struct session_row *out,
                             struct str *secret, struct err *e);

/* Gives a person an address, *kept in the arena. Another one than before is bound anew, and sessions of the person end but that of
 * the act. INVALID_REQUEST with field /email for what is no address, CONFLICT when somebody else of the publisher has it,
 * REFERENCE_NOT_FOUND for who is no active person. */
MUST_CHECK int person_set_email(const struct act *act, struct str person, struct str email, struct str *kept,
                                struct err *e);
/* INVALID_STATE when there is none. */
MUST_CHECK int person_remove_email(const struct act *act, struct str person, struct err *e);
