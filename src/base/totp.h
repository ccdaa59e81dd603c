/* One-time codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits, steps of 30 seconds, which is what all of them
 * have. */
#pragma once

#include "base/arena.h"

#define TOTP_KEY_BYTES 20 /* RFC 4226, section 4, R6 */
#define TOTP_DIGITS    6

/* The step of the clock whose code this is, at `at` or one step beside it (clocks differ, and people are slow); -1: none is, or
 * only one at or before `last_step`, which was used already. Blanks within the code count for nothing. */
int64_t totp_step(struct str key, struct str code, int64_t at, int64_t last_step);

/* The key as people type it: base32 in groups of four. */
struct str totp_key_text(struct arena *a, struct str key);
/* What a QR code or a link hands to an app: otpauth://totp/ISSUER:NAME?secret=... */
struct str totp_uri(struct arena *a, struct str key, struct str issuer, struct str name);
