#include "domain/publisher/sign_in_throttle.h"

#include <stdio.h>

#include "base/address.h"
#include "base/log.h"
#include "base/rfc3339.h"

#define PROBES 8

/* FNV-1a over what is given, from a key of the process; never 0. */
static uint64_t add(uint64_t h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

static uint64_t mixed(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    return h ? h : 1;
}

static uint64_t of_person(const struct sign_in_throttle *t, const struct sign_in_who *who)
{
    uint64_t h = add(t->key, "p", 1);
    h = add(add(h, who->tenant_id.p, who->tenant_id.n), "\n", 1);
    return mixed(add(h, who->name.p, who->name.n));
}

/* Whoever has one address of an IPv6 network has all of them. */
static uint64_t of_address(const struct sign_in_throttle *t, const struct sign_in_who *who)
{
    static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    struct address a;
    uint64_t h = add(t->key, "a", 1);
    if (!address_parse(who->address, &a)) return mixed(add(h, who->address.p, who->address.n));
    return mixed(add(h, a.b, memcmp(a.b, v4, sizeof(v4)) == 0 ? 16 : 8));
}

static bool forgotten(const struct sign_in_slot *s, int64_t now)
{
    return s->who == 0 || now - s->last_at >= SIGN_IN_FORGOTTEN_S * USEC_PER_SEC;
}

/* The slot of the key; else a free one; else that of whom nobody has tried for the longest time. */
static struct sign_in_slot *find(struct sign_in_throttle *t, uint64_t who, int64_t now)
{
    struct sign_in_slot *oldest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct sign_in_slot *s = &t->slots[(who + i) % SIGN_IN_SLOTS];
        if (s->last_at > now) s->last_at = now; /* the clock was set back */
        if (s->who == who && !forgotten(s, now)) return s;
        bool older = !oldest || (forgotten(s, now) && !forgotten(oldest, now)) ||
                     (!forgotten(oldest, now) && s->last_at < oldest->last_at);
        if (older) oldest = s;
    }
    *oldest = (struct sign_in_slot){ .who = who, .last_at = now };
    return oldest;
}

/* How long the next attempt has to wait after the last one, in seconds. */
static int64_t wait_after(int64_t count, int64_t allowed)
{
    int64_t wait = 1;
    if (count < allowed) return 0;
    for (int64_t i = allowed; i < count && wait < SIGN_IN_WAIT_S_MAX; i++) wait *= 2;
    return wait < SIGN_IN_WAIT_S_MAX ? wait : SIGN_IN_WAIT_S_MAX;
}

static int64_t left(const struct sign_in_slot *s, int64_t allowed, int64_t now)
{
    int64_t due = s->last_at + wait_after(s->count, allowed) * USEC_PER_SEC;
    return due > now ? (due - now + USEC_PER_SEC - 1) / USEC_PER_SEC : 0;
}

static void count(struct sign_in_slot *s, int64_t now)
{
    s->count++;
    s->last_at = now;
}

static void say(const struct sign_in_who *who)
{
    char name[130], publisher[130], address[64]; /* longer ones are cut */
    (void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(who->name));
    (void)snprintf(publisher, sizeof(publisher), STR_FMT, STR_ARG(who->tenant_id));
    (void)snprintf(address, sizeof(address), STR_FMT, STR_ARG(who->address));
    log_event(LOG_WARN, "auth", "many attempts to sign in; further ones have to wait", "publisher", publisher, "user",
              name, "address", address, NULL);
}

int sign_in_admit(struct sign_in_throttle *t, struct rng *rng, const struct sign_in_who *who, int64_t now)
{
    while (t->key == 0) t->key = rng_u64(rng);
    struct sign_in_slot *person = find(t, of_person(t, who), now);
    int64_t wait = left(person, SIGN_IN_OF_PERSON, now);
    struct sign_in_slot *address = who->address.n ? find(t, of_address(t, who), now) : NULL;
    if (address && left(address, SIGN_IN_OF_ADDRESS, now) > wait) wait = left(address, SIGN_IN_OF_ADDRESS, now);
    if (wait) return (int)wait;
    if (address) count(address, now);
    if (person != address) count(person, now);
    if (person->count == SIGN_IN_OF_PERSON) say(who);
    return 0;
}

void sign_in_forget(struct sign_in_throttle *t, const struct sign_in_who *who, int64_t now)
{
    struct sign_in_slot *s = find(t, of_person(t, who), now);
    s->count = 0;
    if (!who->address.n) return;
    s = find(t, of_address(t, who), now);
    if (s->count) s->count--;
}
