/* What time does to rows, one at a time. A row that fails is undone alone, tried later, less and less often, and its
 * neighbours go on; a row on which the process died twice is set aside until a person has looked at it. Both are in the
 * table `quarantine`, for `salesagent quarantine`, and in the log.
 *
 *     due --> advanced under a savepoint of its own --> done, or in quarantine until retry_at
 *     the process died on it (base/doing.h): once -> tried again; twice -> set aside --retry--> due, --drop--> never again
 */
#pragma once

#include "base/doing.h"
#include "domain/core/act.h"
#include "store/q/agent/q_quarantine.h"

/* A kind of row that has something due at times. */
struct due_kind {
    const char *kind; /* QUARANTINE_... */
    MUST_CHECK int (*due)(struct tx *tx, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n,
                          struct err *e);
    /* All that is due of this row at act->now, as of the time it was due. The act's arena is the row's. */
    MUST_CHECK int (*advance)(const struct act *act, const struct due_row *row, struct err *e);
    MUST_CHECK int (*next)(struct tx *tx, int64_t *at, struct err *e); /* when a row is due next; TIME_NONE: never */
};

/* Advances what is due of the kind, of all publishers, as much as fits into a turn's writing time (at least one row), and
 * says when to come again: at once while *next_at is not later than act->now; TIME_NONE: when something changes.
 * Fails only with the store. */
MUST_CHECK int due_advance(const struct act *act, const struct due_kind *kind, int64_t *next_at, struct err *e);

/* At the start: the process before this one died in the middle of `before`. Nothing when that was about no row. */
MUST_CHECK int quarantine_note_death(const struct act *act, const struct doing *before, struct err *e);

/* For the publisher's people, with an audit line. REFERENCE_NOT_FOUND when the row is not in quarantine.
 * retry: it is due again at once, and has never failed. drop: what was due of it is forgotten; a job stays dead. */
MUST_CHECK int quarantine_retry(const struct act *act, struct str kind, struct str row_id, struct err *e);
MUST_CHECK int quarantine_drop(const struct act *act, struct str kind, struct str row_id, struct err *e);
