#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/time.h>

#include "base/rfc3339.h"

static enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

static void put_value(FILE *out, const char *v)
{
    for (const char *p = v; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
            (void)fprintf(out, "\\x%02x", c); /* a log line that cannot be written has nowhere to be reported */
        } else {
            (void)fputc(c, out);
        }
    }
}

void log_event(enum log_level level, const char *area, const char *msg, ...)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    if (level < threshold || level >= LOG_NONE) return;
    struct timeval tv;
    (void)gettimeofday(&tv, NULL); /* the log stamps itself: it is not business time */
    char when[RFC3339_MAX];
    rfc3339_print((int64_t)tv.tv_sec * 1000000 + tv.tv_usec, RFC3339_MILLIS, when);
    flockfile(stderr);
    (void)fprintf(stderr, "%s %s %s \"%s\"", when, names[level], area, msg);
    va_list ap;
    va_start(ap, msg);
    for (const char *key = va_arg(ap, const char *); key; key = va_arg(ap, const char *)) {
        const char *value = va_arg(ap, const char *);
        (void)fprintf(stderr, " %s=\"", key);
        put_value(stderr, value ? value : "");
        (void)fputc('"', stderr);
    }
    va_end(ap);
    (void)fputc('\n', stderr);
    funlockfile(stderr);
}
