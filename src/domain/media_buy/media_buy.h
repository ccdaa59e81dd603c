/* Media buys: the rules of creating, changing, deciding on and ending them. The arguments of create and update are
 * the canonical AdCP 3.1 objects (create-media-buy-request, update-media-buy-request); errors name the member at
 * fault by JSON Pointer, what is allowed and how to recover.
 *
 * What AdCP has no field for travels in ext.salesagent of the request and of the reply: name, buyer_ref.
 * `total_budget` {amount, currency} beside packages must equal their sum. A flight may be given by the packages
 * alone. In sandbox mode ext.salesagent.allow_past_flight lets a flight lie in the past, for scripts with fixed dates. */
#pragma once

#include "domain/buyer/account.h"
#include "domain/creative/creative.h"
#include "domain/plan/media_buy_state.h"
#include "domain/product/package_request.h"
#include "domain/task/task.h"

struct media_buy {
    struct media_buy_row row;
    struct package_rows packages;
    enum media_buy_status status; /* at the act's time */
};

/* Before a buy that was made or changed counts: may it be kept (contract/limits.h)? VALIDATION_ERROR that names what is too
 * large. */
MUST_CHECK int media_buy_fits(const struct media_buy *b, struct err *e);

/* 1 found, 0 not, -1 failed. Whoever's it is. */
MUST_CHECK int media_buy_load(const struct act *act, struct str media_buy_id, struct media_buy *out, struct err *e);

/* The caller's own, or MEDIA_BUY_NOT_FOUND with field /media_buy_id. */
MUST_CHECK int media_buy_require(const struct act *act, struct str media_buy_id, struct media_buy *out, struct err *e);

/* ---- create ---- */

struct media_buy_created {
    struct media_buy buy;
    struct account_row account;
    bool submitted; /* a person must decide: `task` waits for it and the buyer sees no buy yet */
    struct task_row task;
    struct str warning; /* for the buyer: inventory that may not suffice; may be empty */
};

MUST_CHECK int media_buy_create(const struct act *act, yyjson_val *args, struct media_buy_created *out, struct err *e);

/* ---- update ---- */

struct media_buy_updated {
    struct media_buy buy;
    struct account_row account;
    bool *touched; /* by package, in order: changed or added by this update */
    bool changed; /* false: everything was as asked already; the revision stays */
    bool submitted; /* a person must decide; nothing has changed */
    struct task_row task;
    struct str warning; /* as above */
};

/* PATCH semantics, all or nothing. Errors: MEDIA_BUY_NOT_FOUND, PACKAGE_NOT_FOUND, CONFLICT (revision),
 * NOT_CANCELLABLE, INVALID_STATE, ACTION_NOT_ALLOWED, and what the fields are checked for. */
MUST_CHECK int media_buy_update(const struct act *act, yyjson_val *args, struct media_buy_updated *out, struct err *e);

/* ---- decisions and what others cause ---- */

/* A person approved the buy: it is confirmed and goes where its creatives and dates put it. */
MUST_CHECK int media_buy_approve(const struct act *act, struct str media_buy_id, struct err *e);
MUST_CHECK int media_buy_reject(const struct act *act, struct str media_buy_id, struct str reason, struct err *e);
/* An approved update is executed as if its buyer had sent it now. `operation`: the arguments as stored. */
MUST_CHECK int media_buy_update_approved(const struct act *act, struct str media_buy_id, struct str operation,
                                         struct err *e);

/* The buy's creatives or their status changed: moves pending_creatives on (or back) and tells the ad server. */
MUST_CHECK int media_buy_creatives_changed(const struct act *act, struct str media_buy_id, struct err *e);

/* The same for every buy that uses this creative: when it was assigned or released. */
MUST_CHECK int media_buy_creative_changed(const struct act *act, const struct creative_key *creative, struct err *e);
/* What changes a creative (creative.h) with what follows from it for the media buys that use it: each as of that header, and
 * then media_buy_creatives_changed for every one of them. */
MUST_CHECK int media_buy_set_creative_status(const struct act *act, const struct creative_change *change,
                                             struct err *e);
MUST_CHECK int media_buy_sync_creative(const struct act *act, const struct creative_sync *in,
                                       struct creative_synced *out, struct err *e);
MUST_CHECK int media_buy_archive_creative(const struct act *act, const struct creative_row *row, struct err *why,
                                          struct err *e);

/* The buy goes on without the packages of this ad server, which end with their money off the buy; the buyer is told. What
 * the ad servers are to be told is the caller's. INVALID_STATE when nothing would be left. */
MUST_CHECK int media_buy_drop(const struct act *act, struct str media_buy_id, struct str ad_server, struct str reason,
                              struct err *e);

struct media_buy_end {
    enum media_buy_status status; /* BUY_COMPLETED, BUY_CANCELED, BUY_REJECTED, BUY_FAILED, or any the state allows */
    struct str reason;
    struct str actor_side; /* "buyer" or "seller": who canceled */
};
/* Moves a buy along the arrows of media_buy_state.h for a reason outside an update: the ad server reports the
 * budget spent, the publisher cancels, a test controller forces it. INVALID_STATE when there is no such arrow. */
MUST_CHECK int media_buy_move(const struct act *act, struct str media_buy_id, const struct media_buy_end *to,
                              struct err *e);

/* ---- for the functions of this family (media_buy_*.c) ---- */

/* MEDIA_BUY_NOT_FOUND. Always -1. */
int media_buy_not_found(struct err *e);
/* Writes the row of a new one, with the status as it is in `buy`. */
MUST_CHECK int media_buy_add(const struct act *act, struct media_buy *buy, struct err *e);
/* Counts the revision up and writes the row with the status as it is in `buy`. */
MUST_CHECK int media_buy_save(const struct act *act, struct media_buy *buy, struct err *e);
/* Hands a confirmed buy to the ad server, and after a change of its rows brings the ad server to them (or stops it
 * there, when the buy has ended). Whoever changes a plan calls delivery_freeze() first. */
MUST_CHECK int media_buy_book(const struct act *act, const struct media_buy *buy, struct err *e);
MUST_CHECK int media_buy_rebook(const struct act *act, const struct media_buy *buy, struct err *e);
/* The status that creatives, pause and flight give a confirmed buy now. One package that has its creative is enough; those
 * that have none are marked to wait for theirs. */
MUST_CHECK int media_buy_settle(const struct act *act, struct media_buy *buy, enum media_buy_status *out,
                                struct err *e);
/* Releases the creatives of all packages, or of one. Library creatives stay. */
MUST_CHECK int media_buy_release(const struct act *act, const struct media_buy *buy, struct str package_id,
                                 struct err *e);
/* Creatives of one package request, after its row is written: inline creatives into the library, assignments. */
MUST_CHECK int media_buy_take_creatives(const struct act *act, const struct media_buy *buy,
                                        const struct package_row *package, const struct package_request *r,
                                        struct err *e);

/* A checked new package, not yet written. */
struct package_admitted {
    const struct package_request *request;
    struct product product;
    const struct pricing_option *option;
    struct package_row row;
    struct str warning; /* for the buyer; may be empty */
};
MUST_CHECK int media_buy_admit_package(const struct act *act, const struct tenant_settings *ts,
                                       const struct package_request *r, struct package_admitted *out, struct err *e);

/* Puts into the row what all of these products allow (actions_allowed, actions_approval, actions_in) and promise (sla and
 * terms_ref of an action, "action_terms" of the doc): of a new media buy, or what packages that are added leave of what
 * was agreed before. */
enum media_buy_commits { MEDIA_BUY_COMMITS_FIRST, MEDIA_BUY_COMMITS_MORE };
void media_buy_commit(const struct act *act, const struct package_admitted *list, size_t n, enum media_buy_commits when,
                      struct media_buy_row *row);

/* Adds creative_deadline to the row's doc where the product has one; once the row's start is known. */
void media_buy_set_deadline(const struct act *act, struct package_admitted *p);

/* Total of the publisher's limits: BUDGET_TOO_LOW, BUDGET_EXCEEDED with field `at`. */
struct budget_check {
    int64_t total_micros;
    const char *currency, *at;
};
MUST_CHECK int media_buy_check_total(const struct tenant_settings *ts, const struct budget_check *in, struct err *e);
