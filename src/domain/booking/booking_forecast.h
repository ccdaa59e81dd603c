/* What remote ad servers foresee for the packages of a media buy, where they can tell (ADAPTER_FORECAST): asked when a person is to
 * decide on it, told by booking as well, kept beside what else is known of the ad server, shown with the task. */
#pragma once

#include "domain/booking/booking.h"

struct foreseen {
    int64_t matched, available; /* units of the package's pricing model; METRIC_UNKNOWN */
    int64_t at; /* when it was told */
};

/* Has jobs ask each ad server of the media buy that can tell. */
MUST_CHECK int booking_forecast_ask(const struct act *act, struct str media_buy_id, struct err *e);

/* Keeps what an answer tells. */
MUST_CHECK int booking_forecast_keep(const struct act *act, const struct ad_server *server, struct str media_buy_id,
                                     const struct adapter_result *result, struct err *e);

/* What was told last of a package. 1, 0 when nothing was, -1. */
MUST_CHECK int booking_forecast_get(const struct act *act, const struct plan_package *package, struct foreseen *out,
                                    struct err *e);
