/* Whether everything that is sold of a product can be delivered. A day shows so many impressions at most; a flight may
 * take its own on any of its days. So all can be delivered when, for every stretch of days, the flights that lie wholly
 * inside it ask for no more than these days show (Hall's condition for intervals). Summing each flight evenly over its
 * days does not prove that: what must fit into few days pushes the others out of them. */
#pragma once

#include "base/arena.h"
#include "store/q/q_catalog.h"

/* What could still be sold of a flight over the days of `window` beside `flights`: at least 0. `daily` >= 0 impressions
 * a day; the window's own impressions do not matter. Costs n log n. */
int64_t capacity_left(struct arena *a, const struct flight_days *flights, size_t n, struct flight_days window,
                      int64_t daily);
