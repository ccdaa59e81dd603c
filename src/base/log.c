#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/doing.h"
#include "base/rfc3339.h"

#define FIELDS_MAX      24
#define VALUE_BYTES_MAX 512
#define WAITING_MAX     ((size_t)256 << 10)
#define FLUSH_AT        ((size_t)32 << 10)
#define WRITE_BYTES     4096 /* a pipe that is ready takes this much without blocking (PIPE_BUF) */
#define KINDS           256
#define PATIENCE_MS     1000 /* of a warning, while nobody reads */

/* How many lines of one kind this second. */
struct kind {
    const char *area, *msg;
    int64_t second;
    int written;
    int64_t left_out;
};

static struct {
    struct log_options o;
    bool asked_journal, journal;
    struct buf waiting;
    int64_t lost; /* lines that nobody took */
    struct kind kinds[KINDS];
    int64_t looked_at; /* the second in which log_flush looked at them */
} state = { .o = { .level = LOG_INFO }, .waiting = { .max = WAITING_MAX } };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

/* --- one line ---------------------------------------------------------------------------------------------- */

/* Bytes of the character at p: 0 when it is none, or one that a terminal would obey. */
static size_t harmless(const unsigned char *p, size_t left)
{
    if (p[0] < 0x20 || p[0] == 0x7f) return 0;
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (!n || n > left || (p[0] == 0xc2 && p[1] < 0xa0)) return 0; /* C1 control characters */
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] >= 0xaa && p[2] <= 0xae)) return 0; /* they turn the direction around */
    if (p[0] == 0xe2 && p[1] == 0x81 && (p[2] >= 0xa6 && p[2] <= 0xa9)) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return p[0] == 0xed && p[1] > 0x9f ? 0 : n; /* no surrogates */
}

static void put_quoted(struct buf *out, struct str v)
{
    bool cut = v.n > VALUE_BYTES_MAX;
    if (cut) v.n = VALUE_BYTES_MAX;
    buf_add_char(out, '"');
    for (size_t i = 0; i < v.n;) {
        const unsigned char *p = (const unsigned char *)v.p + i;
        size_t n = harmless(p, v.n - i);
        if (n == 0) {
            buf_addf(out, "\\u%04x", *p); /* of what is no text, the byte's number */
            n = 1;
        } else if (n == 1 && (*p == '"' || *p == '\\')) {
            buf_addf(out, "\\%c", *p);
        } else {
            buf_add(out, (struct str){ v.p + i, n });
        }
        i += n;
    }
    if (cut) buf_add(out, STR("..."));
    buf_add_char(out, '"');
}

/* A word needs no quotes in logfmt. */
static bool is_word(struct str v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') return false;
    }
    return v.n > 0 && v.n <= VALUE_BYTES_MAX;
}

static void put(struct buf *out, struct log_field f)
{
    bool json = state.o.format == LOG_JSON;
    buf_addf(out, json ? "\"%s\":" : "%s=", f.key);
    if (f.is_millis)
        buf_addf(out, "%lld.%03lld", (long long)f.number / 1000, (long long)(f.number < 0 ? 0 : f.number % 1000));
    else if (f.is_number) buf_addf(out, "%lld", (long long)f.number);
    else if (!json && is_word(f.text)) buf_add(out, f.text);
    else put_quoted(out, f.text);
}

static void put_next(struct buf *out, struct log_field f)
{
    if (!f.is_number && !f.text.n) return;
    buf_add_char(out, state.o.format == LOG_JSON ? ',' : ' ');
    put(out, f);
}

static void put_line(struct buf *out, enum log_level level, const char *area, const char *msg,
                     const struct log_field *fields, size_t n)
{
    static const int priorities[] = { 7, 6, 4, 3 }; /* syslog's */
    char when[RFC3339_MAX];
    struct timeval tv;
    struct log_field how = LOG_TEXT("level", str_from(level_names[level]));
    if (state.journal) buf_addf(out, "<%d>", priorities[level]);
    if (state.o.format == LOG_JSON) buf_add_char(out, '{');
    if (state.journal) {
        put(out, how);
    } else {
        (void)gettimeofday(&tv, NULL); /* the log stamps itself: it is not business time */
        rfc3339_print((int64_t)tv.tv_sec * 1000000 + tv.tv_usec, RFC3339_MILLIS, when);
        put(out, LOG_TEXT("time", str_from(when)));
        put_next(out, how);
    }
    put_next(out, LOG_TEXT("area", str_from(area)));
    put_next(out, LOG_TEXT("msg", str_from(msg)));
    for (size_t i = 0; i < n; i++) put_next(out, fields[i]);
    if (state.o.format == LOG_JSON) buf_add_char(out, '}');
    buf_add_char(out, '\n');
}

/* --- where it goes ----------------------------------------------------------------------------------------- */

/* systemd says which stream is the journal's by device and inode. */
static bool stream_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;
    if (!stream || fstat(STDERR_FILENO, &st)) return false;
    int n = snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return n > 0 && (size_t)n < sizeof(own) && strcmp(own, stream) == 0;
}

static void write_waiting(int patience_ms)
{
    while (state.waiting.n) {
        struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
        if (poll(&p, 1, patience_ms) != 1) return;
        size_t n = state.waiting.n < WRITE_BYTES ? state.waiting.n : WRITE_BYTES;
        ssize_t taken = write(STDERR_FILENO, state.waiting.p, n);
        if (taken <= 0) {
            buf_clear(&state.waiting); /* a log that cannot be written has nowhere to be reported */
            return;
        }
        buf_consume(&state.waiting, (size_t)taken);
    }
}

/* A whole line or nothing of it. */
static void add_line(enum log_level level, const char *area, const char *msg, const struct log_field *fields, size_t n)
{
    size_t before = state.waiting.n;
    put_line(&state.waiting, level, area, msg, fields, n);
    if (!state.waiting.overflowed) return;
    state.waiting.n = before;
    state.waiting.overflowed = false;
    state.lost++;
}

/* --- how much of it ---------------------------------------------------------------------------------------- */

static int64_t second_now(void)
{
    struct timespec ts;
    return clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) == 0 ? (int64_t)ts.tv_sec : 0;
}

/* NULL when there are too many kinds: then it is not counted. */
static struct kind *kind_of(const char *area, const char *msg)
{
    size_t at = ((uintptr_t)area * 31 + (uintptr_t)msg) % KINDS;
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *k = &state.kinds[(at + i) % KINDS];
        if (!k->area) *k = (struct kind){ .area = area, .msg = msg };
        if (k->area == area && k->msg == msg) return k;
    }
    return NULL;
}

static void say_left_out(struct kind *k)
{
    const struct log_field fields[] = { LOG_TEXT("of", str_from(k->msg)), LOG_NUMBER("lines", k->left_out) };
    k->left_out = 0;
    add_line(LOG_WARN, k->area, "lines left out", fields, ARRAY_LEN(fields));
}

static bool admitted(const char *area, const char *msg)
{
    struct kind *k = state.o.per_second ? kind_of(area, msg) : NULL;
    int64_t now = k ? second_now() : 0;
    if (!k) return true;
    if (k->second != now) {
        if (k->left_out) say_left_out(k);
        k->second = now;
        k->written = 0;
    }
    if (k->written < state.o.per_second) {
        k->written++;
        return true;
    }
    k->left_out++;
    return false;
}

/* --- the interface ----------------------------------------------------------------------------------------- */

/* For a process that ends itself, perhaps in the middle of the log: it takes no lock. */
static void flush_dying(void)
{
    write_waiting(0);
}

void log_configure(const struct log_options *o)
{
    state.o = *o;
    state.journal = stream_is_journal();
    doing_before_the_last_line(flush_dying);
}

void log_set_level(enum log_level level)
{
    state.o.level = level;
}

bool log_wants(enum log_level level)
{
    return level >= state.o.level && level < LOG_NONE;
}

static void flush(int patience_ms)
{
    if (state.lost && state.waiting.n < WAITING_MAX / 2) {
        const struct log_field lines = LOG_NUMBER("lines", state.lost);
        state.lost = 0;
        add_line(LOG_WARN, "log", "lines lost because nobody read", &lines, 1);
    }
    write_waiting(patience_ms);
}

void log_fields(enum log_level level, const char *area, const char *msg, const struct log_field *fields, size_t n)
{
    if (!log_wants(level)) return;
    flockfile(stderr); /* workers may have something to say, too */
    if (admitted(area, msg)) {
        add_line(level, area, msg, fields, n);
        bool urgent = level >= LOG_WARN;
        if (!state.o.buffered || urgent || state.waiting.n > FLUSH_AT) flush(state.o.buffered ? 0 : PATIENCE_MS);
    }
    funlockfile(stderr);
}

void log_event(enum log_level level, const char *area, const char *msg, ...)
{
    struct log_field fields[FIELDS_MAX];
    size_t n = 0;
    va_list ap;
    va_start(ap, msg);
    for (const char *key = va_arg(ap, const char *); key && n < FIELDS_MAX; key = va_arg(ap, const char *)) {
        const char *value = va_arg(ap, const char *);
        fields[n++] = LOG_TEXT(key, str_from(value));
    }
    va_end(ap);
    log_fields(level, area, msg, fields, n);
}

void log_flush(void)
{
    flockfile(stderr);
    int64_t now = second_now();
    for (size_t i = 0; i < KINDS && state.looked_at != now; i++) {
        struct kind *k = &state.kinds[i];
        if (k->left_out && k->second != now) say_left_out(k);
    }
    state.looked_at = now;
    flush(0);
    funlockfile(stderr);
}
