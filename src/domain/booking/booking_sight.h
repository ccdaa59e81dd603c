/* How what was booked stands at a remote ad server: looked at every six hours (or when somebody asks), kept with the booking,
 * and told to a person when somebody over there has changed it: paused, archived, deleted what should deliver. Approving
 * that task brings the ad server back to the plan, rejecting it leaves things as they are there. */
#pragma once

#include "domain/booking/booking.h"

#define SIGHTS_MAX 100 /* buys of one look */

struct booking_sights {
    const struct plan *plans; /* the parts that were looked at */
    size_t plans_n;
    const struct adapter_result *result;
};
MUST_CHECK int booking_seen(const struct act *act, const struct ad_server *server, const struct booking_sights *s,
                            struct err *e);

/* Sees that a job will look at what is booked there, unless one waits (other than `except`). Nothing for ad servers that
 * cannot be looked at. */
MUST_CHECK int booking_look_next(const struct act *act, const struct ad_server *server, struct str except,
                                 struct err *e);

/* Those that such a job is to look at now. */
MUST_CHECK int booking_look_due(const struct act *act, const struct ad_server *server, struct booking_rows *out,
                                struct err *e);
