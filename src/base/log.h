/* The log on standard error: one line an event, for people (logfmt) or for programs (JSON).
 *
 *     time=2026-12-01T09:30:00.000Z level=info area=call msg=done id=4k2x publisher=pub tool=get_products ms=3
 *     {"time":"2026-12-01T09:30:00.000Z","level":"info","area":"call","msg":"done","id":"4k2x", ...,"ms":3}
 *
 * Values are escaped and bounded, so nothing from outside can forge a line, colour a terminal or fill a disk. Of one kind
 * (area and message) only so many lines a second are written; how many were left out is said a second later. Under
 * systemd (JOURNAL_STREAM) lines carry their priority and leave the time to the journal. Whoever reads the log and stops
 * doing so holds nobody up: what does not fit is counted and dropped.
 *
 * This is the only mutable global of the program. */
#pragma once

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_options {
    enum log_level level;
    enum log_format format;
    int per_second; /* lines of one kind; 0: all */
    bool buffered;  /* lines below `warn` wait for log_flush(): for a loop that calls it each turn */
};
void log_configure(const struct log_options *o);
void log_set_level(enum log_level level);
/* True when a line of this level would be written: for callers whose fields cost something. */
bool log_wants(enum log_level level);

struct log_field {
    const char *key; /* a literal */
    struct str text;
    int64_t number;
    bool is_number, is_millis;
};
#define LOG_TEXT(k, v)   ((struct log_field){ .key = (k), .text = (v) })
#define LOG_NUMBER(k, v) ((struct log_field){ .key = (k), .number = (v), .is_number = true })
/* Microseconds, written as milliseconds: 1234 is 1.234. */
#define LOG_MILLIS(k, us) ((struct log_field){ .key = (k), .number = (us), .is_number = true, .is_millis = true })

/* `area` and `msg` are literals. Fields without text are left out. */
void log_fields(enum log_level level, const char *area, const char *msg, const struct log_field *fields, size_t n);

/* The same with texts only: `fields` alternate key (literal), value (NUL-terminated), and end with NULL:
 * log_event(LOG_WARN, "net", "connection closed", "reason", "timeout", NULL). */
void log_event(enum log_level level, const char *area, const char *msg, ...) __attribute__((sentinel));

/* Writes what waits, and says what was left out. Never blocks. */
void log_flush(void);
