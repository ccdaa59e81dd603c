/* What buyers say about how a media buy performs. Kept as said; the publisher reads it, and later bookings may
 * weigh it. AdCP 3.1 provide_performance_feedback. */
#pragma once

#include "domain/act.h"

struct feedback {
    struct str media_buy_id; /* the caller's own: checked before */
    struct str package_id;   /* empty: the whole buy */
    struct str doc;          /* JSON object: what was said */
};

/* Stores it with an audit line. */
MUST_CHECK int feedback_add(const struct act *act, const struct feedback *f, struct err *e);
