#include <salesagent/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/encode.h"

/* The length of the UTF-8 sequence at p, 0 when there is none. */
static size_t sequence_at(const char *p)
{
    size_t left = strnlen(p, 4);
    for (size_t n = 1; n <= left; n++) {
        if (utf8_valid((struct str){ p, n })) return n;
    }
    return 0;
}

/* What is not UTF-8 becomes '?': a text cut by a precision, bytes of a header. Replies are JSON, which has no word
 * for such bytes. */
static void scrub(char *text)
{
    if (utf8_valid(str_from(text))) return;
    for (char *p = text; *p;) {
        size_t n = sequence_at(p);
        if (!n) *p = '?';
        p += n ? n : 1;
    }
}

/* vsnprintf whose result is UTF-8, also where it was cut. */
static void print_into(char *out, size_t cap, const char *fmt, va_list ap)
{
    int n = vsnprintf(out, cap, fmt, ap);
    if (n < 0) out[0] = '\0';
    if (n < (int)cap) {
        scrub(out);
        return;
    }
    size_t end = cap - 1;
    while (end > 0 && ((unsigned char)out[end - 1] & 0xC0) == 0x80) end--;
    if (end > 0 && ((unsigned char)out[end - 1] & 0x80)) end--;
    out[end] = '\0';
    scrub(out);
}

int(err_set)(struct err *e, const char *code, const char *fmt, ...)
{
    ENSURE(code != NULL);
    e->code = code;
    e->field[0] = e->suggestion[0] = e->details[0] = '\0';
    e->retry_after_s = 0;
    va_list ap;
    va_start(ap, fmt);
    print_into(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
    return -1;
}

int(err_field)(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_into(e->field, sizeof(e->field), fmt, ap);
    va_end(ap);
    return -1;
}

int(err_suggest)(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_into(e->suggestion, sizeof(e->suggestion), fmt, ap);
    va_end(ap);
    return -1;
}

int(err_details)(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->details, sizeof(e->details), fmt, ap);
    va_end(ap);
    bool whole = n >= 0 && (size_t)n < sizeof(e->details) && utf8_valid(str_from(e->details));
    if (!whole) e->details[0] = '\0'; /* half an object is not JSON */
    return -1;
}

int(err_in)(struct err *e, const char *prefix_fmt, ...)
{
    char prefix[ERR_FIELD_MAX], joined[2 * ERR_FIELD_MAX];
    va_list ap;
    va_start(ap, prefix_fmt);
    print_into(prefix, sizeof(prefix), prefix_fmt, ap);
    va_end(ap);
    int n = snprintf(joined, sizeof(joined), "%s%s", prefix, e->field);
    if (n > 0 && n < ERR_FIELD_MAX) memcpy(e->field, joined, (size_t)n + 1);
    return -1;
}
