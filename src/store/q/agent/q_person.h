/* What is known of a person of the publisher beside the id, taken away at once. */
#pragma once

#include "store/store.h"

struct person_forgotten {
    int64_t sessions, tokens, tasks; /* rows removed; open tasks that are nobody's again */
};

/* Removes sessions, links, passwords, tokens and kept replies of the person, and gives back the open tasks that the person had
 * taken. The row of the person itself is the caller's. */
MUST_CHECK int q_person_forget(struct tx *tx, struct str tenant_id, struct str principal_id,
                               struct person_forgotten *out, struct err *e);

/* Active administrators beside this one; -1 failed. */
MUST_CHECK int q_person_other_administrators(struct tx *tx, struct str tenant_id, struct str principal_id,
                                             struct err *e);
