/* What jobs send for a buyer, remembered in a sandbox for its test controller (AdCP 3.1, query_upstream_traffic). Nothing
 * is kept in production mode. */
#pragma once

#include "jobs/pump.h"

/* Whose doing it is, the buyer or the buyer of a media buy, and what for, in AdCP's words. */
struct traffic_cause {
    struct str principal_id, media_buy_id;
    struct str purpose; /* "platform_primary", "other", ... */
};

/* The call has ended; the first TRAFFIC_NOTED of an attempt are kept, what was never sent is not. Kept by the finish of
 * the run, whatever its verdict. */
#define TRAFFIC_NOTED 64
void traffic_note(struct job_run *run, const struct traffic_cause *cause, const struct http_call *c);

/* For the pump. */
MUST_CHECK int traffic_record(struct tx *tx, struct job_run *run, struct err *e);
