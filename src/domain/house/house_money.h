/* What was delivered by the built-in ad server in money, divided as a report divides it. A package's money of some days is a fact;
 * between creatives and slots it is divided by what was paid for there (impressions, views, clicks, ...), so that the parts add up to it.
 * Of flat rates and time, whose money does not depend on what was shown, by impressions; what nothing was shown for has no slot. */
#pragma once

#include "domain/house/house_report.h"
#include "store/q/q_house.h"

struct house_share {
    int64_t package, creative, slot; /* keys; 0 for what the report does not divide by */
    struct house_spend spend;
};

struct house_shares {
    struct house_share *list; /* in the order of their members, each once */
    size_t n;
};

/* `ask` is what the counts are asked with; [from_day, to_day) its days. In the act's arena. */
MUST_CHECK int house_money(const struct act *act, const struct house_report_ask *ask, int64_t from_day, int64_t to_day,
                           struct house_shares *out, struct err *e);
