/* Reading a remote ad server's numbers: one job a media buy, which asks for the days that are not final yet, stores them
 * as facts (delivery_record) and writes the next job of its kind.
 *
 *     booked --> read every so often (the adapter's staleness, an hour at least) --> all days final: no more
 *                                                                                --> five weeks after the flight: no more
 *
 * A reading that fails for a day asks a person, and the next one is tried all the same. */
#pragma once

#include "domain/plan/plan.h"

/* Writes the buy's next reading, unless one waits already or nothing can change any more. `except` is the job that asks,
 * or empty. Nothing for ad servers that are local or cannot be asked for reports. */
MUST_CHECK int delivery_poll_next(const struct act *act, const struct plan *plan, struct str except, struct err *e);
