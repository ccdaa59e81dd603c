/* Which browsers may talk to the agent, and under which names it may be called: the defence against DNS rebinding
 * (MCP transports, "Security Warning") and the cross-origin rules (Fetch standard, CORS).
 *
 *   Host    An agent that listens on loopback answers only to loopback names and to the hosts it was told of;
 *           one that listens elsewhere answers to every name unless it was told of some.
 *   Proxy   X-Forwarded-Host and -Proto count when the request comes from a configured proxy's address; then they
 *           take the place of Host and of the connection's own scheme, for everybody behind here.
 *   Origin  Absent (no browser): fine. Same as Host: fine. On the list: fine, and CORS headers are sent. In sandbox
 *           mode every loopback origin is on the list. Anything else: 403. */
#pragma once

#include "net/http.h"

#define WEB_POLICY_NAMES_MAX 16

struct web_policy {
    struct str origins[WEB_POLICY_NAMES_MAX]; /* "https://app.example" */
    size_t origins_n;
    struct str hosts[WEB_POLICY_NAMES_MAX]; /* "agent.example", without port */
    size_t hosts_n;
    struct str proxies[WEB_POLICY_NAMES_MAX]; /* numeric addresses */
    size_t proxies_n;
    bool loopback; /* the listener is on a loopback address */
    bool sandbox;
};

/* "https://agent.example": under which the caller knows this agent; no slash at the end. After web_policy_admit. */
struct str web_base_url(struct http_exchange *ex);

/* True when the request may go on. Otherwise it has been answered: 403, or a CORS preflight's 204. */
bool web_policy_admit(const struct web_policy *p, struct http_exchange *ex);

/* "localhost:8000" -> "localhost", "[::1]:80" -> "[::1]". */
struct str host_without_port(struct str host);
bool host_is_loopback(struct str host_name);
