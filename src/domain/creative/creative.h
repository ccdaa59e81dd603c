/* The creative library: one per principal, each creative under one account.
 *
 *     processing ---> pending_review ---> approved <---> suspended
 *         |                |                 |               |
 *         +-----> rejected <-----------------+---------------+
 *                    |                                             any ---> archived ---> approved
 *                    +---> processing (synced again)
 *
 * Our checks are deterministic and run in the sync itself, so `processing` is only ever seen when somebody forces
 * it. A creative whose required check fails is not stored: its sync item fails. What passes waits in
 * pending_review with a task of kind creative_review, or is approved at once when the publisher's
 * creative_approval_mode is auto_approve or the act advances by itself.
 *
 * A creative's `doc` is the AdCP creative-asset as it was synced (format_id, assets, tags, provenance, ext, ...) and
 * under "salesagent" what we know: checks[], review {status, reason, by, at}. Package assignments live in their own
 * rows. What changes a creative here only says so: the media buys that use it are settled by the room above, and whoever
 * does not want to think of that calls media_buy_set_creative_status, media_buy_sync_creative, media_buy_archive_creative. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "domain/creative/creative_check.h"
#include "domain/core/tenant_settings.h"
#include "store/q/q_creative.h"

enum creative_status {
    CREATIVE_PROCESSING,
    CREATIVE_PENDING_REVIEW,
    CREATIVE_APPROVED,
    CREATIVE_REJECTED,
    CREATIVE_SUSPENDED,
    CREATIVE_ARCHIVED
};

const char *creative_status_name(enum creative_status s);
MUST_CHECK bool creative_status_parse(struct str name, enum creative_status *out);
/* A word that no version of ours wrote reads as processing: it runs nowhere, and people may decide. */
enum creative_status creative_status_stored(const struct creative_row *row);
/* The arrows of the picture above; staying is always allowed. */
bool creative_status_may_become(enum creative_status from, enum creative_status to);

/* 1 found, 0 not, -1 failed. Another principal's creative is not found. */
MUST_CHECK int creative_get(const struct act *act, struct str principal_id, struct str creative_id,
                            struct creative_row *out, struct err *e);

/* ---- sync of one creative: the library's only way in ---- */

enum creative_action { CREATIVE_CREATED, CREATIVE_UPDATED, CREATIVE_UNCHANGED, CREATIVE_FAILED, CREATIVE_DELETED };
const char *creative_action_name(enum creative_action a);

/* What is the same for all creatives of one call: the publisher's policies. */
struct creative_library {
    struct tenant_settings settings;
    const struct provenance_policy *policies; /* of all products that state a creative_policy */
    size_t policies_n;
};
MUST_CHECK int creative_library_open(const struct act *act, struct creative_library *out, struct err *e);

struct creative_sync {
    const struct creative_library *library; /* NULL: opened for this one creative */
    struct str principal_id, account_id;
    struct str brand_domain; /* of the account; empty when not known */
    struct str product_id;   /* the product it is meant for, when known; or, when there are several: */
    const struct str *product_ids;
    size_t product_ids_n;
    yyjson_val *asset; /* AdCP 3.1 core/creative-asset.json */
    struct str at;     /* JSON Pointer of `asset` in the request, for error fields */
};
/* The creative policies of the products it is meant for are enforced; when none is known, those of every product
 * that sells this kind of format (AdCP: a seller that publishes a requirement enforces it on sync_creatives). */

struct creative_synced {
    struct str creative_id;
    enum creative_action action;
    enum creative_status status; /* not with FAILED */
    bool content_changed;        /* with UPDATED: a reviewer has to see it again */
    bool buys_unsettled;         /* it may be in use, and has changed: the media buys that use it are to be settled */
    struct creative_row row;     /* as it is now; empty with FAILED */
    const struct creative_checks *checks; /* NULL when the creative was not understood enough to be checked */
    struct err *errors;          /* with FAILED: at least one; fields are request pointers */
    size_t errors_n;
    struct str *changes;         /* with UPDATED: names of the members that changed */
    size_t changes_n;
};

/* Checks and stores. What is wrong with the creative is in `out` (FAILED) and nothing is stored; -1 only when the
 * store fails. Opens a review task where a person must decide. */
MUST_CHECK int creative_sync(const struct act *act, const struct creative_sync *in, struct creative_synced *out,
                             struct err *e);

/* ---- assignments ---- */

struct creative_package {
    struct str principal_id, media_buy_id, package_id;
};

/* Assigns, or changes weight and placements. `assignment` is an object with optional weight, placement_refs,
 * placement_ids (may be NULL). The package's row must be there. Errors: PACKAGE_NOT_FOUND, CREATIVE_NOT_FOUND,
 * CREATIVE_REJECTED for a rejected or archived one, VALIDATION_ERROR when the product does not take its format,
 * INVALID_STATE for a canceled package. */
MUST_CHECK int creative_assign(const struct act *act, const struct creative_package *package, struct str creative_id,
                               yyjson_val *assignment, struct err *e);
/* 0 also when it was not assigned. */
MUST_CHECK int creative_unassign(const struct act *act, const struct creative_package *package, struct str creative_id,
                                 struct err *e);
/* Replace semantics of packages[].creative_assignments: afterwards exactly these are assigned. `assignments` is an
 * array of {creative_id, weight?, placement_refs?, placement_ids?}; `at` its JSON Pointer. */
MUST_CHECK int creative_assign_all(const struct act *act, const struct creative_package *package,
                                   yyjson_val *assignments, struct str at, struct err *e);

struct creative_assigned {
    struct str media_buy_id, package_id, creative_id, name, format_id;
    enum creative_status status;
    struct str rejection_reason; /* with REJECTED, when known */
    struct str doc;              /* weight, placement_refs, placement_ids as JSON */
    int64_t created_at;          /* of the assignment */
};

struct creative_assigned_list {
    struct creative_assigned *items;
    size_t n;
};

/* What is assigned to these buys: buys in the order given, then package, then assignment time. Needs no act: for
 * readers of pages of buys. */
MUST_CHECK int creatives_of_buys(struct tx *tx, struct arena *a, const struct str *media_buy_ids, size_t n,
                                 struct creative_assigned_list *out, struct err *e);

struct creatives_readiness {
    int packages;  /* not canceled */
    int assigned;  /* of those, with at least one creative that is not rejected, suspended or archived */
    int approved;  /* of those, with at least one approved creative, which a remote ad server has taken */
    struct str *lacking; /* the ids of the others: packages - approved of them; in the act's arena */
};

/* A package may deliver when it is not lacking; a buy when one of its packages may. */
MUST_CHECK int creatives_ready(const struct act *act, struct str media_buy_id, struct creatives_readiness *out,
                               struct err *e);

/* ---- delete_missing ---- */

/* Archives a creative of the library, unless a package of a buy that is not over uses it: then `why` says so and 0
 * is returned. 1 archived, and its media buys are to be settled; -1 failed. */
MUST_CHECK int creative_archive(const struct act *act, const struct creative_row *row, struct err *why, struct err *e);

/* ---- decisions ---- */

struct creative_change {
    struct str principal_id, creative_id;
    enum creative_status status; /* to become */
    struct str reason;           /* for the buyer; may be empty */
    struct str task_id; /* the review that is being decided; others of the creative that are open are closed */
};

/* Moves a creative along the picture's arrows, by a person's decision, by the sandbox's controller or by policy. *changed
 * is the creative whose media buys are to be settled. Errors: CREATIVE_NOT_FOUND, INVALID_STATE. */
MUST_CHECK int creative_set_status(const struct act *act, const struct creative_change *change,
                                   struct creative_key *changed, struct err *e);

/* Who decides: the publisher's creative_approval_mode, unless the act advances by itself. */
enum creative_approval { CREATIVE_AUTO_APPROVE, CREATIVE_REQUIRE_HUMAN };
enum creative_approval creative_approval_mode(const struct act *act);
