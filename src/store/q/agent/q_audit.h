/* Rows of the audit trail, and its head. Nothing here updates or deletes a row. */
#pragma once

#include "base/rfc3339.h"
#include "store/store.h"

struct audit_row {
    int64_t seq, at;
    struct str tenant_id, actor, action, subject, doc;
    struct str prev_hash, hash; /* 32 bytes each */
};

/* The newest row: 1 found, 0 the trail is empty, -1 failed. */
MUST_CHECK int q_audit_last(struct tx *tx, struct arena *a, struct audit_row *out, struct err *e);

struct audit_filter {
    struct str tenant_id; /* empty: every publisher's */
    struct str actor, action, subject; /* exactly, or with a final '*' as a beginning; empty: any */
    int64_t from_at, until_at; /* half-open; TIME_NONE: unbounded */
    int64_t after_seq;  /* oldest first, from above this */
    int64_t before_seq; /* not 0: newest first, from below this */
    int64_t to_seq; /* not 0: and not beyond this one */
    int limit;
};
/* At most `limit` rows. */
MUST_CHECK int q_audit_list(struct tx *tx, struct arena *a, const struct audit_filter *f, struct audit_row **rows,
                            size_t *n, struct err *e);

/* Is this an actor, action or subject, and no beginning of several? */
bool q_audit_is_exact(struct str pattern);
/* Of a publisher: the last of the next `rows` rows, in the filter's direction; 0 when there are fewer. A search that looks at so
 * many only costs the same however long the trail is. */
MUST_CHECK int q_audit_window(struct tx *tx, const struct audit_filter *f, int64_t rows, int64_t *to_seq,
                              struct err *e);

/* How the trail ends, with the seal that domain/core/audit.c puts on it. */
struct audit_head {
    int64_t seq;
    struct str hash, seal;
};
MUST_CHECK int q_audit_head_get(struct tx *tx, struct arena *a, struct audit_head *out, struct err *e);
/* The head of a trail's first row is inserted, later ones replace it; a head that was taken away is not made again. */
MUST_CHECK int q_audit_head_put(struct tx *tx, const struct audit_head *head, struct err *e);
MUST_CHECK int q_audit_insert(struct tx *tx, const struct audit_row *row, struct err *e);
