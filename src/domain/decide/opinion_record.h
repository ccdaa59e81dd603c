/* What follows from the assistant's opinion on a creative (creative/creative_opinion.h).
 *
 * It decides only when all of this holds: a threshold is set and met; decision and confidence say the same; no category
 * of always_people is named, by the assistant or by the buyer; no check left a warning; the whole creative was
 * sent; its text does not speak to a reviewer; the task is still pending, untouched by a person and not asked for by a rule; the
 * creative is the one that was sent. Otherwise people decide, and the finding says why they have to. */
#pragma once

#include "domain/creative/creative_opinion.h"

enum opinion_decision { OPINION_NONE, OPINION_APPROVE, OPINION_REJECT, OPINION_PEOPLE };

struct opinion {
    enum opinion_decision decision;
    int64_t confidence_bp; /* that the creative may run */
    struct str model;
    yyjson_val *categories, *reasons; /* arrays of strings; NULL with OPINION_NONE */
    struct str why; /* with OPINION_NONE: for people */
    bool whole; /* of the question */
};

/* Exactly {decision, confidence, categories, reasons}; anything else is OPINION_NONE with `why`. */
void opinion_read(struct arena *a, struct str response, struct opinion *out);

/* Records it with the task and in the audit trail, and decides where it may. What came too late is only recorded. */
MUST_CHECK int opinion_record(const struct act *act, const struct opinion_key *key, const struct opinion *o,
                              struct err *e);
