/* What a person of the publisher asks an ad server outside of any booking: whether it works, what it has, how a media buy
 * stands there. A local one answers here, a remote one by a job. */
#pragma once

#include "domain/booking/booking.h"

/* ADAPTER_TEST or ADAPTER_INVENTORY. *job_id: of the job that asks, empty when it was done here. When such a job waits
 * already no other is made. INVALID_STATE when the ad server has nothing of the kind. */
MUST_CHECK int ad_server_ask(const struct act *act, const struct ad_server *server, enum adapter_verb verb,
                             struct str *job_id, struct err *e);

/* ADAPTER_FORECAST of one media buy; nothing for ad servers that cannot tell. */
MUST_CHECK int ad_server_forecast(const struct act *act, const struct ad_server *server, struct str media_buy_id,
                                  struct err *e);

/* ADAPTER_LOOK at one media buy; *job_id is empty for ad servers that cannot be looked at. */
MUST_CHECK int ad_server_look(const struct act *act, const struct ad_server *server, struct str media_buy_id,
                              struct str *job_id, struct err *e);
