/* What a request at one of the ad server's doors says: of its URL, its headers and its connection. */
#pragma once

#include "protocols/ads.h"
#include "serving/markup.h"
#include "serving/site.h"

struct ads_slot {
    struct str id;
    struct str sizes; /* "300x250,320x50": what the page has room for; empty: everything */
};

struct ads_request {
    struct http_exchange *ex;
    uint32_t publisher; /* its place in the lineup */
    const struct serving_publisher *rules;
    const struct ad_site *site;
    struct ads_slot slots[REQUEST_SLOTS_MAX];
    size_t slots_n;
    struct str key;     /* k= of mails */
    struct str version; /* v= of VAST */
    struct consent consent;
    struct str visitor, session;
    uint64_t pairs[PAIRS_MAX];
    size_t pairs_n;
    struct agent agent;
    struct address address;
    bool has_address;
    int country; /* a code of serving/visit.h */
    enum invalid invalid;
};

/* The URL's query: false when there is no such publisher here. */
MUST_CHECK bool ads_request_read(const struct ads_doors *d, struct http_exchange *ex, struct ads_request *out);
/* The same for a slot or token whose publisher is known by its place. */
void ads_request_of(const struct ads_doors *d, struct http_exchange *ex, uint32_t publisher, struct ads_request *out);

/* As the decision wants it. */
struct request ads_decision_request(const struct ads_doors *d, const struct ads_request *r);
/* A slot of the request's publisher; false when there is none. */
MUST_CHECK bool ads_ask_for(const struct ads_doors *d, const struct ads_request *r, const struct ads_slot *slot,
                            struct ask *out);

/* "?gdpr=1&gdpr_consent=...": what consent there is, for further requests of the same ad; empty without any. */
struct str ads_consent_query(struct arena *a, const struct consent *c);
