/* Property lists and collection lists that another agent keeps (AdCP 3.1 core/property-list-ref.json): fetched once for
 * the caller that names them, by a job (jobs/remote_list_job.h), and used until the keeper's cache_valid_until.
 *
 *     fresh in the cache        used
 *     not there, or no longer   the operation waits while it is fetched (domain/core/act.h: struct outside)
 *     cannot be fetched         what was fetched before is used and said to be stale; else a failure, which is remembered
 *                               for half a minute so that nobody can make us knock without end
 *
 * What one caller was given is not another's: the cache is keyed by the principal and the token as well. */
#pragma once

#include "domain/buyer/inventory_list.h"
#include "store/q/q_remote_list.h"

#define REMOTE_LIST_JOB         "list.fetch"
#define REMOTE_LIST_ENTRIES_MAX 100000

enum remote_list_state {
    REMOTE_LIST_FRESH,
    REMOTE_LIST_STALE, /* the keeper does not answer now; this is from before */
    REMOTE_LIST_UNREACHABLE, /* nothing is known */
    REMOTE_LIST_DENIED, /* the keeper knows no such list, or not for this token */
    REMOTE_LIST_UNREADABLE /* its answer is not one of the protocol, or too large */
};

struct remote_list {
    enum remote_list_state state;
    struct inventory_entries entries; /* FRESH and STALE */
    int64_t fetched_at; /* FRESH and STALE */
    struct str reason; /* of all but FRESH */
};

/* -1 with INVALID_REQUEST at `at`/agent_url or /list_id for a reference that cannot be followed, and whenever the
 * operation must wait (act->outside wants something). */
MUST_CHECK int remote_list_load(const struct act *act, const struct inventory_list_kind *kind,
                                const struct list_ref *ref, struct remote_list *out, struct err *e);

/* What is in the cache, whatever its age, for a reference that was accepted before: 1 found, 0 not, -1 failed. */
MUST_CHECK int remote_list_known(const struct act *act, const struct inventory_list_kind *kind, struct str principal_id,
                                 yyjson_val *ref, struct inventory_entries *out, struct err *e);

/* An error that says what is wrong with the list, for callers that cannot go on without: REFERENCE_NOT_FOUND (denied),
 * SERVICE_UNAVAILABLE (unreachable), INVALID_REQUEST (unreadable) at ref->at. Not for FRESH and STALE. -1 always. */
int remote_list_refuse(const struct remote_list *l, const struct list_ref *ref, struct err *e);
