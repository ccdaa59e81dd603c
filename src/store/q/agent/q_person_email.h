/* E-mail addresses of the publisher's people, and who they are at an identity provider. */
#pragma once

#include "store/store.h"

struct person_email_row {
    struct str tenant_id, principal_id;
    struct str email; /* in lower case */
    struct str issuer, subject; /* empty: not signed in with it yet */
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_person_email_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                                  struct person_email_row *out, struct err *e);
MUST_CHECK int q_person_email_by_email(struct tx *tx, struct arena *a, struct str tenant_id, struct str email,
                                       struct person_email_row *out, struct err *e);
/* `who`: issuer and subject. */
MUST_CHECK int q_person_email_by_subject(struct tx *tx, struct arena *a, struct str tenant_id,
                                         const struct person_email_row *who, struct person_email_row *out,
                                         struct err *e);
/* Of a publisher, by person. */
MUST_CHECK int q_person_email_list(struct tx *tx, struct arena *a, struct str tenant_id, struct person_email_row **rows,
                                   size_t *n, struct err *e);
/* Of all publishers, those of one identity (issuer and subject of `who`); at most `max`, by publisher. */
MUST_CHECK int q_person_email_of_identity(struct tx *tx, struct arena *a, const struct person_email_row *who,
                                          size_t max, struct person_email_row **rows, size_t *n, struct err *e);
MUST_CHECK int q_person_email_put(struct tx *tx, const struct person_email_row *row, struct err *e);
MUST_CHECK int q_person_email_delete(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e);
