/* What buyers say about how a media buy performs. AdCP 3.1 provide_performance_feedback.
 *
 * It is kept as said, for the publisher to read. The latest index of a package (or of the whole buy) also goes into the
 * plan as performance_ppm: an ad server that paces by it delivers what does better earlier and what does worse later,
 * within the package's budget and flight. What was delivered until now stays (delivery_freeze). */
#pragma once

#include "domain/core/act.h"

#define FEEDBACK_NO_INDEX INT64_C(-1)

struct feedback {
    struct str media_buy_id; /* the caller's own: checked before */
    struct str package_id;   /* empty: the whole buy */
    struct str doc;          /* JSON object: what was said */
    int64_t index_ppm;       /* 1,000,000 as expected; FEEDBACK_NO_INDEX: says nothing about pacing */
};

/* Stores it with an audit line. *paced: it changes how the ad server delivers. */
MUST_CHECK int feedback_add(const struct act *act, const struct feedback *f, bool *paced, struct err *e);
