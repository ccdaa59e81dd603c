/* What a buyer has stored here (migrations/0103_stored.sql). */
#pragma once

#include "store/store.h"

struct stored {
    int64_t media_buys; /* that are not over */
    int64_t creatives;
    int64_t objects; /* catalogs, lists, audiences, ... */
    int64_t bytes;   /* of all documents, events and large replies included, and of buys that are over */
};

MUST_CHECK int q_stored_get(struct tx *tx, struct str tenant_id, struct str principal_id, struct stored *out,
                            struct err *e);
