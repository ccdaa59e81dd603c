/* Ad servers that a person works: what is asked of one becomes a task with everything that is to be typed in, and the ids
 * that the person types back are recorded as an ad server's would be. Completing the task says that it is done, rejecting
 * it that it cannot be. */
#pragma once

#include "domain/booking/booking.h"

/* What is to be typed in, a JSON object: {"ad_server", "timezone", "order": {name, remote_id, advertiser, payer, po_number, currency,
 * start, end}, "packages": [{package_id, name, product, remote_id, price, budget, goal, start, end, pacing, paused, daily limits,
 * targeting, settings, formats, creatives: [{creative_id, name, remote_id, changed, doc}]}]}. Times are in the publisher's zone. */
struct str by_hand_instructions(const struct act *act, const struct ad_server *server, const struct plan *part);

/* Opens the person's task: ask->instructions says what for. While one is open that would say it too, that one says how it
 * is to be now; and when the buy ends, nothing else is left to do. */
MUST_CHECK int by_hand_ask(const struct act *act, const struct ad_server *server, const struct booking_ask *ask,
                           struct err *e);

/* What the person's task was asked for. */
struct by_hand_operation {
    struct str media_buy_id, ad_server, task_id;
    enum adapter_verb verb;
};
bool by_hand_read(yyjson_val *operation, struct by_hand_operation *out);

/* The ids that were typed: {"order": "...", "packages": {"<package_id>": "..."}, "creatives": {"<creative_id>": "..."}}.
 * INVALID_REQUEST naming the member for a package or creative that the plan does not have. `v` may be NULL: none. */
MUST_CHECK int by_hand_remotes(struct arena *a, const struct plan *plan, yyjson_val *v, struct booking_remotes *out,
                               struct err *e);
