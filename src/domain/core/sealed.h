/* Texts that are sealed at rest under the installation's keys (base/seal.h), wherever they stand: settings of ad servers, keys of
 * authenticator apps. `about` says what a text belongs to; what was moved elsewhere does not open. */
#pragma once

#include "domain/core/act.h"

/* In clear where the installation has no keys. */
struct str sealed_make(struct tx *tx, struct arena *a, struct str about, struct str plain);
/* What is not sealed opens as it stands. CONFIGURATION_ERROR. */
MUST_CHECK int sealed_open(struct tx *tx, struct arena *a, struct str about, struct str sealed, struct str *plain,
                           struct err *e);

/* What a sweep over sealed texts came to. */
struct sealing {
    size_t sealed, unreadable;
};
