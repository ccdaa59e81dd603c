#include "serving/invalid.h"

#include <stdlib.h>

static const struct {
    const char *name, *text;
} words[INVALIDS_N] = {
    [VALID] = { "valid", "counted" },
    [INVALID_BOT] = { "bot", "a crawler or tool that says so" },
    [INVALID_AGENT] = { "agent", "no user agent, or none that shows ads to people" },
    [INVALID_PREFETCH] = { "prefetch", "fetched before anybody looked at it" },
    [INVALID_INTERNAL] = { "internal", "from an address of the publisher's own" },
    [INVALID_REFERRER] = { "referrer", "from a page that is not of the publisher's properties" },
    [INVALID_RATE] = { "rate", "more from one address than people do" },
    [INVALID_FORGED] = { "forged", "a token that is not ours" },
    [INVALID_UNKNOWN] = { "unknown", "a token that is not known any more" },
    [INVALID_EXPIRED] = { "expired", "too late" },
    [INVALID_USED] = { "used", "counted before" },
    [INVALID_EARLY] = { "early", "faster than a page can be" },
    [INVALID_BROWSER] = { "browser", "another browser than the one that got the ad" },
    [INVALID_ORDER] = { "order", "of an ad whose impression was not counted" },
};

const char *invalid_name(enum invalid v)
{
    return words[v].name;
}

const char *invalid_text(enum invalid v)
{
    return words[v].text;
}

/* ---- judging ---- */

struct str url_host(struct str url)
{
    const char *p = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
    if (!p) return STR_NONE;
    struct str rest = str_skip(url, (size_t)(p - url.p) + 3), host = rest;
    for (size_t i = 0; i < rest.n; i++) {
        if (!strchr("/?#", rest.p[i])) continue;
        host.n = i;
        break;
    }
    const char *at = host.n ? memrchr(host.p, '@', host.n) : NULL;
    if (at) host = str_skip(host, (size_t)(at - host.p) + 1);
    if (host.n && host.p[0] == '[') {
        const char *end = memchr(host.p, ']', host.n);
        return end ? (struct str){ host.p, (size_t)(end - host.p) + 1 } : STR_NONE;
    }
    const char *colon = host.n ? memchr(host.p, ':', host.n) : NULL;
    if (colon) host.n = (size_t)(colon - host.p);
    return host;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool ends_with(struct str host, struct str end)
{
    if (host.n < end.n) return false;
    for (size_t i = 0; i < end.n; i++) {
        if (lower(host.p[host.n - end.n + i]) != lower(end.p[i])) return false;
    }
    return true;
}

bool hosts_cover(const struct str *hosts, size_t n, struct str host)
{
    for (size_t i = 0; i < n; i++) {
        if (hosts[i].n == 0 || !ends_with(host, hosts[i])) continue;
        if (host.n == hosts[i].n || host.p[host.n - hosts[i].n - 1] == '.') return true;
    }
    return false;
}

/* "prefetch;prerender", "preview": whatever is declared there is not somebody looking. */
static bool declared(struct str purpose)
{
    static const char *const signs[] = { "prefetch", "prerender", "preview" };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (purpose.n && memmem(purpose.p, purpose.n, signs[i], strlen(signs[i]))) return true;
    }
    return false;
}

static bool foreign(const struct invalid_rules *r, const struct invalid_facts *f)
{
    struct str host = url_host(f->referrer);
    if (r->hosts_n == 0 || host.n == 0) return false; /* many people's browsers say nothing */
    return !hosts_cover(r->hosts, r->hosts_n, host) && !(host.n == f->own_host.n && ends_with(host, f->own_host));
}

enum invalid invalid_judge(const struct invalid_rules *r, const struct invalid_facts *f)
{
    if (f->agent->kind == AGENT_BOT) return INVALID_BOT;
    if (f->agent->kind == AGENT_OTHER) return INVALID_AGENT;
    if (declared(f->purpose)) return INVALID_PREFETCH;
    for (size_t i = 0; f->address && i < r->internal_n; i++) {
        if (network_has(&r->internal[i], f->address)) return INVALID_INTERNAL;
    }
    return foreign(r, f) ? INVALID_REFERRER : VALID;
}

/* ---- rates ---- */

#define RATES_SETS    4096
#define RATES_WAYS    4
#define MS_PER_MINUTE 60000

/* `used` of an address's minute, in sixty-thousandths of one event, so that it empties evenly. */
struct rate {
    uint64_t key; /* 0: an empty place */
    int64_t at_ms;
    int64_t used;
};

struct rates {
    uint64_t seed;
    struct rate set[RATES_SETS][RATES_WAYS];
};

struct rates *rates_create(uint64_t seed)
{
    struct rates *r = calloc(1, sizeof(*r));
    ENSURE(r != NULL);
    r->seed = seed;
    return r;
}

void rates_destroy(struct rates *r)
{
    free(r);
}

static uint64_t mixed(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t household(const struct rates *r, const struct address *a, int kind)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint64_t high, low;
    memcpy(&high, a->b, 8);
    memcpy(&low, a->b + 8, 8);
    if (memcmp(a->b, mapped, sizeof(mapped)) != 0) low = 0;
    uint64_t k = mixed(mixed(mixed(r->seed ^ high) ^ low) ^ (uint64_t)kind);
    return k ? k : 1;
}

/* The address's place, or the one that was quiet for longest. */
static struct rate *place(struct rates *r, uint64_t key)
{
    struct rate *set = r->set[key % RATES_SETS], *oldest = &set[0];
    for (int i = 0; i < RATES_WAYS; i++) {
        if (set[i].key == key) return &set[i];
        if (set[i].at_ms < oldest->at_ms) oldest = &set[i];
    }
    *oldest = (struct rate){ .key = key };
    return oldest;
}

bool rates_take(struct rates *r, const struct address *a, int kind, int per_minute, int64_t now_ms)
{
    if (per_minute <= 0) return true;
    struct rate *x = place(r, household(r, a, kind));
    int64_t passed = now_ms - x->at_ms;
    x->used = passed < 0 || passed >= MS_PER_MINUTE ? 0 : x->used - passed * per_minute;
    if (x->used < 0) x->used = 0;
    x->at_ms = now_ms;
    if (x->used + MS_PER_MINUTE > (int64_t)per_minute * MS_PER_MINUTE) return false;
    x->used += MS_PER_MINUTE;
    return true;
}
