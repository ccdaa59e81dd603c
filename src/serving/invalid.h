/* Invalid traffic: what was asked or done, but not by a person looking at a page of the publisher's. General filtration
 * as the Media Rating Council's guidelines ask it of who counts: by lists, by declaration, by plausibility. What is
 * filtered is counted apart with its reason, and nobody is told. */
#pragma once

#include "base/address.h"
#include "serving/agent.h"

enum invalid {
    VALID,
    /* about the visit: also known when an ad is asked for (a token remembers the first fifteen) */
    INVALID_BOT, /* on the list of crawlers */
    INVALID_AGENT, /* no user agent, or none that shows ads to people */
    INVALID_PREFETCH, /* declared: nobody has looked at it yet */
    INVALID_INTERNAL, /* from an address that the publisher says is its own */
    INVALID_REFERRER, /* from a page that is not of the publisher's properties */
    INVALID_RATE, /* more from one address than people do */
    /* about a token */
    INVALID_FORGED, /* not one of ours */
    INVALID_UNKNOWN, /* of an epoch, or a package, that is not known any more */
    INVALID_EXPIRED,
    INVALID_USED, /* counted before */
    INVALID_EARLY, /* before its decision, or faster than a page can be */
    INVALID_BROWSER, /* another browser than the one that got the ad */
    INVALID_ORDER, /* of an ad whose impression was not counted */
    INVALIDS_N
};

/* "bot", ... */
const char *invalid_name(enum invalid v);
/* For people: "a crawler or tool that says so". */
const char *invalid_text(enum invalid v);

/* What a publisher's rules are made of. Borrowed. */
struct invalid_rules {
    const struct str *hosts; /* of its properties, lower case; empty: referrers are not judged */
    size_t hosts_n;
    const struct network *internal;
    size_t internal_n;
};

struct invalid_facts {
    const struct agent *agent;
    struct str purpose; /* Sec-Purpose, Purpose, X-Purpose or X-Moz, whichever is there */
    struct str referrer; /* Referer, as sent */
    struct str own_host; /* of the ad server itself: creatives in frames refer to it */
    const struct address *address; /* NULL: unknown */
};

/* Everything but the rate. */
enum invalid invalid_judge(const struct invalid_rules *r, const struct invalid_facts *f);

/* Host of a URL, without port; empty when it is none. */
struct str url_host(struct str url);
/* Whether it is one of the hosts, or below one ("www.a.example" is below "a.example"). ASCII case is ignored. */
bool hosts_cover(const struct str *hosts, size_t n, struct str host);

/* ---- how much comes from one address ---- */

struct rates;

/* A bucket for each address, filled by `per_minute`; what is hashed is keyed by `seed`, made anew at each start. */
struct rates *rates_create(uint64_t seed);
void rates_destroy(struct rates *r); /* NULL-safe */
/* True while the address has something left of its minute; takes one. per_minute <= 0: no limit. */
MUST_CHECK bool rates_take(struct rates *r, const struct address *a, int kind, int per_minute, int64_t now_ms);
