/* The inside of update_media_buy, shared by its files; everything else calls media_buy_update of media_buy.h.
 *
 *   media_buy_update.c           which buy, may it still change; the order of the steps; the entry points
 *   media_buy_update_package.c   the changes of one package
 *   media_buy_update_plan.c      the changes of the buy: flight, pause, new packages, total, capacity
 *   media_buy_update_permit.c    may the buyer do that: actions sold, rules, the governance agent
 *   media_buy_update_waiting.c   earlier changes of the same that still wait for a person
 *   media_buy_update_submit.c    the task for a person, with the difference it decides
 *   media_buy_update_write.c     the rows
 *
 * First the whole change is worked out in memory and checked, then it is either handed to a person as a task, or
 * written. So a refused update has touched nothing, and an approved one is worked out again against the buy as it
 * then is. */
#pragma once

#include "domain/media_buy/media_buy_change.h"
#include "domain/media_buy/media_buy.h"
#include "domain/rule/rule.h"

#define BUY_UPDATE_TEXT_MAX 500

/* An action of the buyer's that the change amounts to, and the actions any one of which permits it. */
struct buy_attempt {
    enum media_buy_action action;
    int64_t permitted_by;
    const char *field;
};

struct buy_update {
    const struct act *act;
    yyjson_val *args;
    struct media_buy buy;     /* as it will be */
    struct media_buy_row old; /* as it is */
    struct package_row *old_packages;
    struct account_row account;
    struct tenant_settings ts;
    struct package_request *requests, *additions;
    size_t requests_n, additions_n;
    struct package_row **targets; /* of each request */
    struct package_admitted *admitted; /* of each addition */
    bool *touched;
    struct package_row *before; /* the packages as they are */
    struct str warning;
    struct str governance; /* what the agent said, as it is shown; empty: it was not asked */
    bool package_dates, budgets, resumed, paused, cancels, row_changed;
    struct media_buy_change *changes;
    size_t changes_n, changes_cap;
    struct buy_attempt attempts[ACTIONS_N]; /* each action once */
    size_t attempts_n;
};

/* Notes a change for the buy's history; `summary` may be STR_NONE. */
void buy_update_note(struct buy_update *u, const char *action, struct str package_id, struct str summary);

/* Notes that the change amounts to `action`, which is permitted too by any of the bits `also`; `field` is the
 * JSON Pointer told when it is not. */
void buy_update_attempt(struct buy_update *u, enum media_buy_action action, int64_t also, const char *field);

/* Tells the buyer which members of `val`, the call or a package that is canceled, have no effect because of that. */
void buy_update_warn_canceled(struct buy_update *u, yyjson_val *val, const char *what);

/* Money as text in the update's arena. */
struct str buy_update_amount(const struct buy_update *u, int64_t micros);

/* The package that request `i` names: PACKAGE_NOT_FOUND, or INVALID_STATE and NOT_CANCELLABLE when it was canceled. */
MUST_CHECK int buy_update_find_package(struct buy_update *u, size_t i, struct err *e);

/* Works out request `i` on its package: pause, cancellation, money, flight, creatives, settings. */
MUST_CHECK int buy_update_package(struct buy_update *u, size_t i, struct err *e);

/* The buy's own dates; packages that shared the old ones follow. */
MUST_CHECK int buy_update_flight(struct buy_update *u, struct err *e);
/* Packages got dates of their own and the buy did not: its flight is what they span. */
MUST_CHECK int buy_update_fit_flight(struct buy_update *u, struct err *e);
/* The buy's own `paused`: sets u->paused or u->resumed when it changes something. */
MUST_CHECK int buy_update_pause(struct buy_update *u, struct err *e);
/* Admits new_packages as create_media_buy does, within what is left of the flight. */
MUST_CHECK int buy_update_additions(struct buy_update *u, struct err *e);
/* Adds up the budgets: VALIDATION_ERROR when total_budget says another sum or the publisher's limits do not hold. */
MUST_CHECK int buy_update_total(struct buy_update *u, struct err *e);
/* Refuses (or warns of) packages that ask for more than is left. */
MUST_CHECK int buy_update_capacity(struct buy_update *u, struct err *e);
/* Members of the buy itself that are stored and sent back, or kept for later. */
void buy_update_members(struct buy_update *u);

/* ACTION_NOT_ALLOWED, or whether what is attempted was sold with a person's approval. */
MUST_CHECK int buy_update_check_actions(const struct buy_update *u, bool *needs_person, struct err *e);
/* The publisher's rules; `*needs_person` is only ever set, never cleared. */
MUST_CHECK int buy_update_judge(const struct buy_update *u, struct rule_verdict *verdict, bool *needs_person,
                                struct err *e);
/* Asks the account's governance agent when the buyer commits to more than before, or wants to go on after the agent
 * had delivery stopped. What it says is u->governance. */
MUST_CHECK int buy_update_ask_governance(struct buy_update *u, struct err *e);
/* For a change that a person approves, and about which the agent was asked when it came in: GOVERNANCE_DENIED when the agent has
 * had delivery stopped in between and the change would resume it. */
MUST_CHECK int buy_update_check_hold(const struct buy_update *u, struct err *e);
/* Puts what the agent said, and the appointment it made, into `row`, which the caller writes. */
MUST_CHECK int buy_update_keep_governance(const struct buy_update *u, struct media_buy_row *row, struct err *e);

/* The buyer's later word counts: withdraws waiting changes that this one names again in full. CONFLICT with the task when
 * it names a part of one only. */
MUST_CHECK int buy_update_supersede(const struct buy_update *u, struct err *e);

/* Makes the task that a person decides. */
MUST_CHECK int buy_update_submit(const struct buy_update *u, const struct rule_verdict *verdict, struct task_row *task,
                                 struct err *e);

/* Writes what was worked out: rows, creatives, the ad server's job, the buy's history. Changes u->buy to what is stored. */
MUST_CHECK int buy_update_write(struct buy_update *u, struct err *e);
