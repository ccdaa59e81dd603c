/* What others look up about this agent: its signing keys (/.well-known/jwks.json), which agent speaks for the publisher
 * and where its keys are (/.well-known/brand.json), who may sell the publisher's properties
 * (/.well-known/adagents.json), and which agents this host has (/.well-known/adcp-agents.json). Public, cacheable for five minutes; the publisher is chosen by Host, as for a public
 * call. AdCP 3.1 brand.json, adagents.json; RFC 7517. */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

void well_known_jwks(struct dispatcher *d, struct http_exchange *ex);
void well_known_brand(struct dispatcher *d, struct http_exchange *ex);
void well_known_agents(struct dispatcher *d, struct http_exchange *ex);
void well_known_adagents(struct dispatcher *d, struct http_exchange *ex);

/* "https://host[:port]": where the outside reaches this agent. The publisher's agent_url when it states one, else the
 * address of the request; plain http only on loopback and in sandbox mode. */
struct base_url_source {
    const struct tenant_settings *settings;
    struct str host; /* of the request */
    bool secure, sandbox;
};
struct str base_url(struct arena *a, const struct base_url_source *s);
