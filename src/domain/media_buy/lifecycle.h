/* What time alone does to media buys: flights begin and end. The application arms one timer for the moment that
 * due_advance names and sleeps until then; nothing scans. */
#pragma once

#include "domain/core/quarantine.h"

extern const struct due_kind lifecycle_flights;
