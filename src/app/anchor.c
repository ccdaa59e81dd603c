#include "app/anchor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "domain/core/audit.h"

#define INTERVAL (INT64_C(3600) * USEC_PER_SEC)
#define TAIL     512

/* ---- reading ---- */

/* The last line of the file; 0 when there is none. */
static int last_line(const char *path, struct arena *arena, struct audit_place *out)
{
    char tail[TAIL + 1], hash[65];
    long long seq;
    struct str bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0; /* the first start */
    off_t end = lseek(fd, 0, SEEK_END);
    ssize_t n = end < 0 ? -1 : pread(fd, tail, TAIL, end > TAIL ? end - TAIL : 0);
    (void)close(fd); /* it was only read */
    if (n <= 0) return 0;
    while (n > 0 && tail[n - 1] == '\n') n--;
    tail[n] = '\0';
    const char *line = strrchr(tail, '\n');
    line = line ? line + 1 : tail;
    if (sscanf(line, "%18lld %64[0-9a-f]", &seq, hash) != 2 || hex_decode(arena, str_from(hash), &bytes) ||
        bytes.n != 32)
        return 0;
    *out = (struct audit_place){ .seq = seq };
    memcpy(out->hash, bytes.p, 32);
    return 1;
}

static struct act reading(struct anchor *a, struct arena *arena)
{
    return (struct act){ .tx = store_read(a->store), .arena = arena, .rng = &a->loop->rng, .now = loop_now(a->loop) };
}

static void compare(struct anchor *a)
{
    struct arena arena;
    struct audit_place place;
    struct err e;
    arena_init(&arena);
    struct act act = reading(a, &arena);
    if (last_line(a->path, &arena, &place) && audit_has(&act, &place, &e) == 0) {
        log_event(LOG_ERROR, "audit",
                  "the database is older than its anchor, or its audit trail was written anew; see "
                  "salesagent audit verify",
                  "anchor", a->path, NULL);
    }
    arena_finish(&arena);
}

/* ---- writing ---- */

/* Whether there is something new to write down. */
static bool take_head(struct anchor *a)
{
    struct arena arena;
    struct audit_place head;
    struct err e;
    char at[RFC3339_MAX];
    arena_init(&arena);
    struct act act = reading(a, &arena);
    bool fresh = audit_head(&act, &head, &e) == 1 && head.seq != a->seq;
    if (fresh) {
        struct str hash = hex_encode(&arena, (struct str){ (const char *)head.hash, sizeof(head.hash) });
        (void)rfc3339_print(act.now, RFC3339_SECONDS, at);
        a->line_n =
            (size_t)snprintf(a->line, sizeof(a->line), "%lld " STR_FMT " %s\n", (long long)head.seq, STR_ARG(hash), at);
        ENSURE(a->line_n < sizeof(a->line));
        a->seq = head.seq;
    }
    arena_finish(&arena);
    return fresh;
}

static void append(struct work *w)
{
    struct anchor *a = CONTAINER_OF(w, struct anchor, work);
    int fd = open(a->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, a->line, a->line_n) == (ssize_t)a->line_n && fdatasync(fd) == 0;
    if (fd >= 0) (void)close(fd); /* it was synced */
    if (!ok) log_event(LOG_WARN, "audit", "the anchor cannot be written", "anchor", a->path, NULL);
}

static void appended(struct work *w)
{
    CONTAINER_OF(w, struct anchor, work)->writing = false;
}

static void on_timer(struct timer *t)
{
    struct anchor *a = CONTAINER_OF(t, struct anchor, timer);
    timer_set(a->loop, t, loop_now(a->loop) + INTERVAL);
    if (a->writing || !take_head(a)) return;
    a->writing = true;
    a->work = (struct work){ .work = append, .done = appended };
    loop_work(a->loop, &a->work);
}

void anchor_start(struct anchor *a, struct loop *loop, struct store *store, const char *path)
{
    *a = (struct anchor){ .loop = loop, .store = store, .path = path };
    compare(a);
    a->timer.fire = on_timer;
    timer_set(loop, &a->timer, loop_now(loop));
}

void anchor_stop(struct anchor *a)
{
    timer_cancel(a->loop, &a->timer);
    if (!a->writing && take_head(a)) append(&a->work);
}
