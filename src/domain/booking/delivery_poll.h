/* Reading a remote ad server's numbers. Each booking knows when it is to be read next (booking.read_due_at); a job asks for
 * the days that are not final yet, stores them as facts (delivery_record) and sees to the next one.
 *
 *     booked --> read every so often (the adapter's staleness, an hour at least) --> all days final: no more
 *                                                                                --> five weeks after the flight: no more
 *
 * An ad server that reports many buys at a time (adapter.plans_max) is read by one job for all that are due; others by a job
 * for each buy. A reading that fails for a day asks a person, and the next one is tried all the same. */
#pragma once

#include "domain/booking/booking.h"

#define POLL_PLANS_MAX 100 /* of one job, whatever the adapter can take: their facts are one commit */

/* How many plans one reading takes. */
size_t delivery_poll_plans(const struct ad_server *server);

/* Notes when the booking of this part is to be read next (never, when nothing can change any more) and sees that a job
 * will do it. `except` is the job that asks, or empty. Nothing for ad servers that are local or cannot be asked for reports. */
MUST_CHECK int delivery_poll_next(const struct act *act, const struct ad_server *server, const struct plan *part,
                                  struct str except, struct err *e);

/* The buys that a job for all is to read now, the longest due first. */
MUST_CHECK int delivery_poll_due(const struct act *act, const struct ad_server *server, struct booking_rows *out,
                                 struct err *e);
