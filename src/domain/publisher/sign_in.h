/* Signing in without a link: a password, and for whom wants it a code of an authenticator app. Both belong to a person of the
 * publisher; passwords are kept as Argon2id, keys of apps sealed. What is wrong is never said: a name that is not there costs
 * as much work as one that is, and gives the same answer. A one-time link wants no code; it is the way back for who lost a
 * telephone. */
#pragma once

#include "domain/publisher/session.h"
#include "domain/publisher/sign_in_throttle.h"

#define PASSWORD_CHARACTERS_MIN 12
#define PASSWORD_BYTES_MAX      256

/* A session for a name and a password: as session_open. INVALID_REQUEST, the same whatever is wrong; RATE_LIMITED with retry_after_s. */
struct sign_in_attempt {
    struct str name, password, code; /* code empty: none was given */
    struct session_new session; /* without whose it is */
};
MUST_CHECK int sign_in_by_password(const struct act *act, const struct sign_in_attempt *in, struct session_row *out,
                                   struct str *secret, struct err *e);

/* Sets a person's password; every session of that person ends but that of the act. INVALID_REQUEST with field /password for one
 * that is too short or too easy, REFERENCE_NOT_FOUND for who is no active person. */
MUST_CHECK int sign_in_set_password(const struct act *act, struct str person, struct str password, struct err *e);
/* One's own likewise, with the password so far (not looked at when there is none). INVALID_REQUEST with field /current. */
MUST_CHECK int sign_in_change_password(const struct act *act, struct str current, struct str password, struct err *e);
/* Password and codes are gone; sessions end. INVALID_STATE when there is none. */
MUST_CHECK int sign_in_remove_password(const struct act *act, struct str person, struct err *e);

/* A new key for an authenticator app, in the arena; it counts when a code of it was confirmed. INVALID_STATE for a person without
 * a password, or with a key that counts already. */
MUST_CHECK int sign_in_totp_start(const struct act *act, struct str person, struct str *key, struct err *e);
/* INVALID_REQUEST with field /code; INVALID_STATE when none was started. */
MUST_CHECK int sign_in_totp_confirm(const struct act *act, struct str person, struct str code, struct err *e);
/* Codes are not wanted any more. One's own wants the password (INVALID_REQUEST, field /current). INVALID_STATE when none are. */
MUST_CHECK int sign_in_totp_remove(const struct act *act, struct str person, struct err *e);
MUST_CHECK int sign_in_totp_stop(const struct act *act, struct str current, struct err *e);
