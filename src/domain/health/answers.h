/* What the world answered when the agent's health was looked at, judged: our own public address, the adagents.json of a
 * property's domain, everybody's clock. Pure: the calls were made elsewhere (jobs/health_look.h).
 *
 *     checks: address, certificate, proxy, keys, links, adagents, clock, egress
 */
#pragma once

#include "domain/health/publisher_health.h"
#include <salesagent/http_call.h>

/* The answer to GET {agent_url}/.well-known/agent-card.json: is it there, by a certificate that lasts, and does it know
 * itself under the address by which it was asked? */
void answer_card(struct findings *out, const struct health_questions *q, const struct http_call *c, int64_t now);

/* The answer to GET {agent_url}/.well-known/jwks.json: are our keys among it? */
void answer_keys(struct findings *out, const struct health_questions *q, const struct http_call *c);

/* The answer to GET {link_base}/healthz. */
void answer_links(struct findings *out, const struct health_questions *q, const struct http_call *c);

/* The answer to GET https://{domain}/.well-known/adagents.json (or where that one points): does it name us? *elsewhere: what
 * it names as its authoritative location, to be asked instead; nothing is found then. */
void answer_adagents(struct findings *out, const struct health_questions *q, struct str domain,
                     const struct http_call *c, struct str *elsewhere);

/* The clocks of others. `now` is when the answers had arrived. */
struct clocks {
    int64_t least_us; /* the difference that is nearest to none: caches repeat old dates */
    struct str host;
    size_t n;
};
void clocks_add(struct clocks *c, struct str host, const struct http_call *call, int64_t now);
void answer_clocks(struct findings *out, const struct clocks *c);

/* Whether anything outside could be reached at all: of `asked` calls to the public net `answered` came back. */
void answer_egress(struct findings *out, size_t asked, size_t answered);
