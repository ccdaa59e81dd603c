/* Structured log on standard error: one line an event, `time level area msg key=value ...`.
 * Values are escaped, so nothing from outside can forge a line. The only mutable global of the program. */
#pragma once

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };

void log_set_level(enum log_level level);

/* `fields` alternate key (literal), value (NUL-terminated), and end with NULL:
 * log_event(LOG_WARN, "net", "connection closed", "reason", "timeout", NULL). */
void log_event(enum log_level level, const char *area, const char *msg, ...) __attribute__((sentinel));
