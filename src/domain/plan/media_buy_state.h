/* The states of a media buy and what a buyer may do in each. Pure: rows and time in, facts out.
 *
 *   create --> pending_approval --> pending_creatives --> pending_start --> active <--> paused
 *                  |                       |                   |              |           |
 *                  +--> rejected           +--- canceled <-----+--------------+-----------+
 *                                                                             |
 *                                            completed <--- end of flight ----+
 *
 * pending_approval and failed are ours and never on an AdCP 3 wire: while a person decides, the buyer sees a task.
 *
 * A row holds the state as last written; what time alone does since (start, end) is added by media_buy_status_at(),
 * a pure function of the row and any `now`. It works in both directions: a row that was completed by its end is
 * active again for a `now` before the end, so that a call under a simulated clock sees its own time. */
#pragma once

#include "store/q/q_media_buy.h"

enum media_buy_status {
    BUY_PENDING_APPROVAL,
    BUY_PENDING_CREATIVES,
    BUY_PENDING_START,
    BUY_ACTIVE,
    BUY_PAUSED,
    BUY_COMPLETED,
    BUY_REJECTED,
    BUY_CANCELED,
    BUY_FAILED,
    BUY_STATUSES_N
};

const char *media_buy_status_name(enum media_buy_status s);
MUST_CHECK bool media_buy_status_parse(struct str name, enum media_buy_status *out);
/* As last written. A word that no version of ours wrote reads as failed: nothing happens to such a buy any more. */
enum media_buy_status media_buy_status_stored(const struct media_buy_row *row);
bool media_buy_status_terminal(enum media_buy_status s);

/* The arrows above, for changes that are asked for; staying is not a transition. */
bool media_buy_may_become(enum media_buy_status from, enum media_buy_status to);

enum media_buy_status media_buy_status_at(const struct media_buy_row *row, int64_t now);

/* When time alone changes a row in this state; TIME_NONE when never. */
/* When the buy was over, its end included; TIME_NONE while it is not. The one place that says so: a buy may have been
 * ended by its clock before anything wrote that down. */
int64_t media_buy_completed_at(const struct media_buy_row *row, int64_t now);

int64_t media_buy_next_change(const struct media_buy_row *row, enum media_buy_status status);

/* Bit mask (1 << status) of stored states that can read as `wanted` (also a mask) at some time. */
unsigned media_buy_stored_as(unsigned wanted);
/* The names of a mask's states, for a query; the rest of `out` stays as it is. */
void media_buy_status_names(unsigned mask, const char *out[MEDIA_BUY_FILTER_STATUSES]);

/* "pending_start", ... also "canceled"; of one package at `now`. */
const char *package_status_at(const struct package_row *p, enum media_buy_status buy, int64_t now);

/* AdCP media-buy-valid-action. The order is the published one. */
enum media_buy_action {
    ACTION_PAUSE,
    ACTION_RESUME,
    ACTION_CANCEL,
    ACTION_EXTEND_FLIGHT,
    ACTION_SHORTEN_FLIGHT,
    ACTION_UPDATE_FLIGHT_DATES,
    ACTION_INCREASE_BUDGET,
    ACTION_DECREASE_BUDGET,
    ACTION_REALLOCATE_BUDGET,
    ACTION_UPDATE_TARGETING,
    ACTION_UPDATE_PACING,
    ACTION_UPDATE_FREQUENCY_CAPS,
    ACTION_REPLACE_CREATIVE,
    ACTION_UPDATE_CREATIVE_ASSIGNMENTS,
    ACTION_REMOVE_CREATIVE,
    ACTION_ADD_PACKAGES,
    ACTION_REMOVE_PACKAGES,
    ACTION_UPDATE_BUDGET, /* from here: the coarse values of 3.0 */
    ACTION_UPDATE_DATES,
    ACTION_UPDATE_PACKAGES,
    ACTION_SYNC_CREATIVES,
    ACTIONS_N
};

#define ACTION_BIT(a) (INT64_C(1) << (a))

const char *media_buy_action_name(enum media_buy_action a);
MUST_CHECK bool media_buy_action_parse(struct str name, enum media_buy_action *out);

/* The live statuses, in which products may allow actions or not (allowed_statuses): masks of actions by status. */
#define ACTIONS_IN_N        4
#define ACTIONS_IN_TEXT_MAX 96
struct actions_in {
    int64_t of[ACTIONS_IN_N]; /* pending_creatives, pending_start, active, paused */
};
int media_buy_live_index(enum media_buy_status status); /* -1: not a live one */
/* Text for row->actions_in; returns its length. */
size_t media_buy_actions_in_print(const struct actions_in *in, char text[ACTIONS_IN_TEXT_MAX]);
/* What the products allow in this status. A mask; all ones when they do not tell statuses apart. */
int64_t media_buy_actions_in(const struct media_buy_row *row, enum media_buy_status status);

/* What the state allows, and the buy's products with it (row->actions_allowed, row->actions_in). A mask. */
int64_t media_buy_actions_at(const struct media_buy_row *row, enum media_buy_status status);

/* The eight values that AdCP 3.0 knows. */
#define ACTIONS_3_0                                                                                                    \
    (ACTION_BIT(ACTION_PAUSE) | ACTION_BIT(ACTION_RESUME) | ACTION_BIT(ACTION_CANCEL) |                                \
     ACTION_BIT(ACTION_ADD_PACKAGES) | ACTION_BIT(ACTION_UPDATE_BUDGET) | ACTION_BIT(ACTION_UPDATE_DATES) |            \
     ACTION_BIT(ACTION_UPDATE_PACKAGES) | ACTION_BIT(ACTION_SYNC_CREATIVES))
