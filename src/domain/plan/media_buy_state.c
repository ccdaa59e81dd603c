#include "domain/plan/media_buy_state.h"

#include <stdio.h>

#include "base/rfc3339.h"

static const char *const status_names[BUY_STATUSES_N] = {
    [BUY_PENDING_APPROVAL] = "pending_approval",
    [BUY_PENDING_CREATIVES] = "pending_creatives",
    [BUY_PENDING_START] = "pending_start",
    [BUY_ACTIVE] = "active",
    [BUY_PAUSED] = "paused",
    [BUY_COMPLETED] = "completed",
    [BUY_REJECTED] = "rejected",
    [BUY_CANCELED] = "canceled",
    [BUY_FAILED] = "failed",
};

#define S(s) (1u << (s))

static const unsigned may_become[BUY_STATUSES_N] = {
    [BUY_PENDING_APPROVAL] = S(BUY_PENDING_CREATIVES) | S(BUY_PENDING_START) | S(BUY_ACTIVE) | S(BUY_PAUSED) |
                             S(BUY_REJECTED) | S(BUY_CANCELED) | S(BUY_FAILED),
    [BUY_PENDING_CREATIVES] = S(BUY_PENDING_START) | S(BUY_ACTIVE) | S(BUY_PAUSED) | S(BUY_REJECTED) | S(BUY_CANCELED),
    [BUY_PENDING_START] = S(BUY_PENDING_CREATIVES) | S(BUY_ACTIVE) | S(BUY_PAUSED) | S(BUY_REJECTED) | S(BUY_CANCELED),
    [BUY_ACTIVE] = S(BUY_PAUSED) | S(BUY_COMPLETED) | S(BUY_CANCELED),
    [BUY_PAUSED] = S(BUY_PENDING_START) | S(BUY_PENDING_CREATIVES) | S(BUY_ACTIVE) | S(BUY_COMPLETED) | S(BUY_CANCELED),
};

const char *media_buy_status_name(enum media_buy_status s)
{
    ENSURE(s >= 0 && s < BUY_STATUSES_N);
    return status_names[s];
}

bool media_buy_status_parse(struct str name, enum media_buy_status *out)
{
    for (int i = 0; i < BUY_STATUSES_N; i++) {
        if (str_is(name, status_names[i])) {
            *out = (enum media_buy_status)i;
            return true;
        }
    }
    return false;
}

enum media_buy_status media_buy_status_stored(const struct media_buy_row *row)
{
    enum media_buy_status s;
    return media_buy_status_parse(row->status, &s) ? s : BUY_FAILED;
}

bool media_buy_status_terminal(enum media_buy_status s)
{
    return s == BUY_COMPLETED || s == BUY_REJECTED || s == BUY_CANCELED || s == BUY_FAILED;
}

bool media_buy_may_become(enum media_buy_status from, enum media_buy_status to)
{
    return (may_become[from] & S(to)) != 0;
}

static enum media_buy_status flight_status(const struct media_buy_row *row, int64_t now)
{
    if (now >= row->end_at) return BUY_COMPLETED;
    if (now < row->start_at) return BUY_PENDING_START;
    return row->paused ? BUY_PAUSED : BUY_ACTIVE;
}

enum media_buy_status media_buy_status_at(const struct media_buy_row *row, int64_t now)
{
    enum media_buy_status stored = media_buy_status_stored(row);
    switch (stored) {
    case BUY_PENDING_START:
    case BUY_ACTIVE: return flight_status(row, now);
    case BUY_PAUSED: return now >= row->end_at ? BUY_COMPLETED : BUY_PAUSED;
    case BUY_PENDING_CREATIVES: return now >= row->end_at ? BUY_CANCELED : BUY_PENDING_CREATIVES;
    case BUY_COMPLETED:
        /* Ended by its end, and asked about an earlier time. */
        if (row->completed_at == row->end_at && now < row->end_at) {
            if (row->paused) return BUY_PAUSED;
            return flight_status(row, now);
        }
        return BUY_COMPLETED;
    case BUY_CANCELED:
        if (row->canceled_at == row->end_at && now < row->end_at) return BUY_PENDING_CREATIVES;
        return BUY_CANCELED;
    case BUY_PENDING_APPROVAL:
    case BUY_REJECTED:
    case BUY_FAILED:
    case BUY_STATUSES_N: break;
    }
    return stored;
}

int64_t media_buy_completed_at(const struct media_buy_row *row, int64_t now)
{
    if (media_buy_status_at(row, now) != BUY_COMPLETED) return TIME_NONE;
    if (row->completed_at != TIME_NONE) return row->completed_at;
    return now < row->end_at ? now : row->end_at;
}

int64_t media_buy_next_change(const struct media_buy_row *row, enum media_buy_status status)
{
    switch (status) {
    case BUY_PENDING_START: return row->start_at;
    case BUY_PENDING_CREATIVES:
    case BUY_ACTIVE:
    case BUY_PAUSED: return row->end_at;
    case BUY_PENDING_APPROVAL:
    case BUY_COMPLETED:
    case BUY_REJECTED:
    case BUY_CANCELED:
    case BUY_FAILED:
    case BUY_STATUSES_N: break;
    }
    return TIME_NONE;
}

_Static_assert(BUY_STATUSES_N <= MEDIA_BUY_FILTER_STATUSES, "a query may name every state");

void media_buy_status_names(unsigned mask, const char *out[MEDIA_BUY_FILTER_STATUSES])
{
    size_t n = 0;
    for (int s = 0; s < BUY_STATUSES_N; s++) {
        if (mask & S(s)) out[n++] = media_buy_status_name((enum media_buy_status)s);
    }
}

unsigned media_buy_stored_as(unsigned wanted)
{
    unsigned live = S(BUY_PENDING_START) | S(BUY_ACTIVE) | S(BUY_PAUSED) | S(BUY_COMPLETED);
    unsigned waiting = S(BUY_PENDING_CREATIVES) | S(BUY_CANCELED);
    return wanted | (wanted & live ? live : 0) | (wanted & waiting ? waiting : 0);
}

const char *package_status_at(const struct package_row *p, enum media_buy_status buy, int64_t now)
{
    if (p->canceled_at != TIME_NONE && p->canceled_at <= now) return status_names[BUY_CANCELED];
    if (buy != BUY_ACTIVE && buy != BUY_PAUSED && buy != BUY_PENDING_START) return status_names[buy];
    if (now >= p->end_at) return status_names[BUY_COMPLETED];
    if (p->awaits_creatives) return status_names[BUY_PENDING_CREATIVES];
    if (p->paused || buy == BUY_PAUSED) return status_names[BUY_PAUSED];
    return now < p->start_at ? status_names[BUY_PENDING_START] : status_names[buy];
}

/* ---- actions ---- */

static const char *const action_names[ACTIONS_N] = {
    [ACTION_PAUSE] = "pause",
    [ACTION_RESUME] = "resume",
    [ACTION_CANCEL] = "cancel",
    [ACTION_EXTEND_FLIGHT] = "extend_flight",
    [ACTION_SHORTEN_FLIGHT] = "shorten_flight",
    [ACTION_UPDATE_FLIGHT_DATES] = "update_flight_dates",
    [ACTION_INCREASE_BUDGET] = "increase_budget",
    [ACTION_DECREASE_BUDGET] = "decrease_budget",
    [ACTION_REALLOCATE_BUDGET] = "reallocate_budget",
    [ACTION_UPDATE_TARGETING] = "update_targeting",
    [ACTION_UPDATE_PACING] = "update_pacing",
    [ACTION_UPDATE_FREQUENCY_CAPS] = "update_frequency_caps",
    [ACTION_REPLACE_CREATIVE] = "replace_creative",
    [ACTION_UPDATE_CREATIVE_ASSIGNMENTS] = "update_creative_assignments",
    [ACTION_REMOVE_CREATIVE] = "remove_creative",
    [ACTION_ADD_PACKAGES] = "add_packages",
    [ACTION_REMOVE_PACKAGES] = "remove_packages",
    [ACTION_UPDATE_BUDGET] = "update_budget",
    [ACTION_UPDATE_DATES] = "update_dates",
    [ACTION_UPDATE_PACKAGES] = "update_packages",
    [ACTION_SYNC_CREATIVES] = "sync_creatives",
};

const char *media_buy_action_name(enum media_buy_action a)
{
    ENSURE(a >= 0 && a < ACTIONS_N);
    return action_names[a];
}

bool media_buy_action_parse(struct str name, enum media_buy_action *out)
{
    for (int i = 0; i < ACTIONS_N; i++) {
        if (str_is(name, action_names[i])) {
            *out = (enum media_buy_action)i;
            return true;
        }
    }
    return false;
}

int media_buy_live_index(enum media_buy_status status)
{
    static const enum media_buy_status live[ACTIONS_IN_N] = { BUY_PENDING_CREATIVES, BUY_PENDING_START, BUY_ACTIVE,
                                                              BUY_PAUSED };
    for (int i = 0; i < ACTIONS_IN_N; i++) {
        if (live[i] == status) return i;
    }
    return -1;
}

size_t media_buy_actions_in_print(const struct actions_in *in, char text[ACTIONS_IN_TEXT_MAX])
{
    int n = snprintf(text, ACTIONS_IN_TEXT_MAX, "%lld,%lld,%lld,%lld", (long long)in->of[0], (long long)in->of[1],
                     (long long)in->of[2], (long long)in->of[3]);
    ENSURE(n > 0 && n < ACTIONS_IN_TEXT_MAX);
    return (size_t)n;
}

int64_t media_buy_actions_in(const struct media_buy_row *row, enum media_buy_status status)
{
    int index = media_buy_live_index(status);
    int64_t mask = 0;
    if (row->actions_in.n == 0 || index < 0) return -1;
    for (size_t i = 0; i < row->actions_in.n && index >= 0; i++) {
        char c = row->actions_in.p[i];
        if (c == ',') {
            index--;
        } else if (index == 0) {
            mask = mask * 10 + (c - '0');
        }
    }
    return mask;
}

int64_t media_buy_actions_at(const struct media_buy_row *row, enum media_buy_status status)
{
    const int64_t all = ACTION_BIT(ACTIONS_N) - 1;
    const int64_t base = all & ~(ACTION_BIT(ACTION_PAUSE) | ACTION_BIT(ACTION_RESUME));
    int64_t mask = 0;
    switch (status) {
    case BUY_PENDING_CREATIVES:
    case BUY_PENDING_START: mask = base; break;
    case BUY_ACTIVE: mask = base | ACTION_BIT(ACTION_PAUSE); break;
    case BUY_PAUSED: mask = base | ACTION_BIT(ACTION_RESUME); break;
    case BUY_PENDING_APPROVAL: mask = ACTION_BIT(ACTION_CANCEL); break;
    case BUY_COMPLETED:
    case BUY_REJECTED:
    case BUY_CANCELED:
    case BUY_FAILED:
    case BUY_STATUSES_N: break;
    }
    return mask & row->actions_allowed & media_buy_actions_in(row, status);
}
