#include "base/doing.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES_MAX 64

static struct doing in_memory, *now = &in_memory;
static void (*flush_waiting)(void);

static void put(char *out, size_t cap, struct str text)
{
    size_t n = text.n < cap ? text.n : cap - 1;
    if (n) memcpy(out, text.p, n);
    out[n] = '\0';
}

static void set(struct str operation, struct str publisher, struct str principal, struct str row)
{
    put(now->publisher, sizeof(now->publisher), publisher);
    put(now->principal, sizeof(now->principal), principal);
    put(now->row, sizeof(now->row), row);
    put(now->operation, sizeof(now->operation), operation);
}

void doing_set(struct str operation, struct str publisher, struct str principal)
{
    set(operation, publisher, principal, STR_NONE);
}

void doing_row(struct str operation, struct str publisher, struct str row)
{
    set(operation, publisher, STR_NONE, row);
}

void doing_nothing(void)
{
    now->operation[0] = now->publisher[0] = now->principal[0] = now->row[0] = '\0';
}

struct doing doing_now(void)
{
    return *now;
}

void doing_again(const struct doing *d)
{
    *now = *d;
}

/* The file may be anybody's doing: its texts end where they have to. */
static void close_texts(struct doing *d)
{
    d->operation[sizeof(d->operation) - 1] = d->publisher[sizeof(d->publisher) - 1] = '\0';
    d->principal[sizeof(d->principal) - 1] = d->row[sizeof(d->row) - 1] = '\0';
}

int doing_keep(const char *path, struct doing *before)
{
    *before = (struct doing){ 0 };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *map = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(struct doing)) == 0) {
        map = mmap(NULL, sizeof(struct doing), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    int why = errno;
    if (fd >= 0) (void)close(fd); /* the mapping stays */
    errno = why;
    if (map == MAP_FAILED) return -1;
    now = map;
    *before = *now;
    close_texts(before);
    doing_nothing();
    return 0;
}

/* ---- the last line ---- */

/* Nothing but system calls: this may run where memory is in disorder. */
static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text)); /* there is nobody left to tell */
    (void)ignored;
}

/* Ids are printable by construction; whatever else a damaged memory holds shows as '?'. */
static void say_clean(const char *label, const char *text)
{
    char out[256];
    size_t n = 0;
    if (!text[0]) return;
    for (; n + 1 < sizeof(out) && text[n]; n++)
        out[n] = text[n] > 0x20 && text[n] < 0x7f && text[n] != '"' ? text[n] : '?';
    out[n] = '\0';
    say(label);
    say(out);
}

static void last_line(const char *what)
{
    void *frames[FRAMES_MAX];
    say("salesagent: internal error: ");
    say(what);
    say_clean("; operation ", now->operation);
    say_clean("; publisher ", now->publisher);
    say_clean("; principal ", now->principal);
    say_clean("; row ", now->row);
    say("\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
}

void doing_before_the_last_line(void (*flush)(void))
{
    flush_waiting = flush;
}

void ensure_failed(const char *cond, const char *file, int line)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s at %s:%d", cond, file, line); /* cut is fine */
    (void)signal(SIGABRT, SIG_DFL); /* it has been said */
    if (flush_waiting) flush_waiting();
    last_line(text);
    abort();
}

#if !defined(__SANITIZE_ADDRESS__)
static void on_fault(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" }, { SIGILL, "SIGILL" }, { SIGABRT, "SIGABRT" }
    };
    const char *name = "a signal";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].number == number) name = names[i].name;
    }
    last_line(name);
    (void)raise(number); /* SA_RESETHAND: as if there had been no handler */
}
#endif

void doing_report_faults(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static char stack[64 << 10]; /* a handler's own: the fault may be that there is none left */
    void *frames[1];
    (void)backtrace(frames, 1); /* loads what it needs now, not in the handler */
    (void)sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) },
                      NULL); /* without it the usual one serves */
    struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_RESETHAND | SA_ONSTACK };
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) (void)sigaction(faults[i], &act, NULL); /* only for wrong numbers */
#endif
}
