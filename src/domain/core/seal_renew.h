/* A sweep over all that is sealed at rest: after a key was replaced, or where something is still in clear. */
#pragma once

#include "domain/core/sealed.h"

/* What the key of a person's authenticator app is sealed for. */
struct str seal_about_totp(struct arena *a, struct str tenant_id, struct str principal_id);

/* Seals with the newest key what is in clear or was sealed with an older one; of all publishers. What does not open stays as
 * it is. Nothing where the installation has no keys. */
MUST_CHECK int seal_renew(struct tx *tx, struct arena *a, int64_t now, struct sealing *out, struct err *e);
