/* What time alone does: flights begin and end. The application arms one timer for the time returned here and sleeps
 * until then; nothing scans. */
#pragma once

#include "domain/core/act.h"

/* Applies every change due until `until` (of the act's tenant's rows and all others': ids are global), each as of
 * the time it was due, and returns when the next one will be; TIME_NONE when nothing is waiting. At most a few hundred
 * buys are moved in one call; then *next_at is not later than `until` and the caller calls again in its next turn. */
MUST_CHECK int lifecycle_advance(const struct act *act, int64_t until, int64_t *next_at, struct err *e);
