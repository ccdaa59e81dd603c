#include "protocols/wrong_credentials.h"

#include <stdio.h>

#include "base/log.h"
#include "base/rfc3339.h"

#define PROBES 8
#define MINUTE (60 * USEC_PER_SEC)

/* FNV-1a; never 0. */
static uint64_t key_of(char kind, struct str name)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ (uint8_t)kind;
    for (size_t i = 0; i < name.n; i++) h = (h ^ (uint8_t)name.p[i]) * UINT64_C(1099511628211);
    return h ? h : 1;
}

/* The slot of the key; else one that is free or over; else the first place, whose count is lost. */
static struct wrong_slot *find(struct wrong_credentials *w, uint64_t key, int64_t minute)
{
    struct wrong_slot *old = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct wrong_slot *s = &w->slots[(key + i) % WRONG_SLOTS];
        if (s->key == key && s->minute == minute) return s;
        if (!old && (s->key == 0 || s->minute != minute)) old = s;
    }
    if (!old) old = &w->slots[key % WRONG_SLOTS];
    *old = (struct wrong_slot){ key, minute, 0 };
    return old;
}

static bool worth_a_line(int64_t count)
{
    while (count % 10 == 0) count /= 10;
    return count == 1;
}

static int count(struct wrong_credentials *w, char kind, struct str name, int64_t allowed, int64_t now)
{
    struct wrong_slot *s = find(w, key_of(kind, name), now / MINUTE);
    char who[128], times[24];
    if (++s->count > 0 && worth_a_line(s->count)) {
        (void)snprintf(who, sizeof(who), STR_FMT, STR_ARG(name)); /* a longer name is cut */
        (void)snprintf(times, sizeof(times), "%lld", (long long)s->count); /* fits */
        log_event(LOG_WARN, "auth", "wrong credentials", kind == 'a' ? "address" : "publisher", who, "in_this_minute",
                  times, NULL);
    }
    int64_t late = (s->count / allowed) * 1000;
    return (int)(late < WRONG_LATE_MS_MAX ? late : WRONG_LATE_MS_MAX);
}

int wrong_credential_note(struct wrong_credentials *w, const struct wrong_credential *one)
{
    int late = count(w, 'a', one->address, WRONG_OF_ADDRESS, one->now);
    int more = one->publisher.n ? count(w, 'p', one->publisher, WRONG_OF_PUBLISHER, one->now) : 0;
    return late > more ? late : more;
}
