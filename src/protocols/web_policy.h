/* What is served where, which browsers may talk to the agent, and under which names it may be called: the defence
 * against DNS rebinding (MCP transports, "Security Warning") and the cross-origin rules (Fetch standard, CORS).
 *
 *   Site    A listener has one or several sites: roles, and the hosts under which they are found. What a site's roles do
 *           not hold is not there.
 *   Host    The site that names it; else the listener's site without hosts (or, without one, its first that is no ad
 *           server's), provided the host is known: a publisher's own, or one that the agent was told of; a listener on
 *           loopback also answers to loopback names, any other to every name unless it was told of some. The port in
 *           Host does not matter.
 *   Proxy   X-Forwarded-For, -Host and -Proto and X-Request-Id count when the request comes from a configured proxy's
 *           address; then they take the place of the peer, of Host, of the connection's own scheme and of an id of ours,
 *           for everybody behind here.
 *   Origin  Absent (no browser): fine. Same as Host: fine. On the list: fine, and CORS headers are sent. In sandbox
 *           mode every loopback origin is on the list. Anything else: 403. */
#pragma once

#include "net/http.h"

#define WEB_POLICY_NAMES_MAX 16
#define WEB_SITES_MAX        32

enum {
    WEB_AGENT = 1,   /* buyers' doors: MCP, A2A, REST, what is well known */
    WEB_DESK = 2,    /* the publisher's people */
    WEB_ADS = 4,     /* readers' browsers: the built-in ad server */
    WEB_METRICS = 8, /* whoever watches the process */
    WEB_EVERYTHING = 15
};

struct web_site {
    int listener; /* http_exchange.listener */
    unsigned roles;
    bool loopback; /* that listener is on a loopback address */
    struct str hosts[WEB_POLICY_NAMES_MAX]; /* "ads.example", without port; none: whatever no other site names */
    size_t hosts_n;
};

struct web_policy {
    struct str origins[WEB_POLICY_NAMES_MAX]; /* "https://app.example" */
    size_t origins_n;
    struct str hosts[WEB_POLICY_NAMES_MAX]; /* "agent.example", without port */
    size_t hosts_n;
    struct str proxies[WEB_POLICY_NAMES_MAX]; /* numeric addresses */
    size_t proxies_n;
    struct web_site sites[WEB_SITES_MAX]; /* none: everything everywhere, under every name (tests, simulations) */
    size_t sites_n;
    bool sandbox;
};

/* Whether a host (lower case, without port) is a publisher's own. */
typedef bool web_host_is_ours(void *arg, struct str host);

/* "https://agent.example": under which the caller knows this agent; no slash at the end. After
 * web_policy_roles. */
struct str web_base_url(struct http_exchange *ex);

/* Takes what a trusted proxy says in the place of what the connection shows. Before web_policy_roles. */
void web_policy_forwarded(const struct web_policy *p, struct http_exchange *ex);

/* The roles of the site that the request is for; 0 when it has been answered: 403. */
unsigned web_policy_roles(const struct web_policy *p, struct http_exchange *ex, web_host_is_ours *ours, void *arg);

/* Whether the request's origin may ask; false when it has been answered: 403, or a CORS preflight's 204. After
 * web_policy_roles; not for the ad server's doors, which have rules of their own. */
bool web_policy_admit(const struct web_policy *p, struct http_exchange *ex);

/* "localhost:8000" -> "localhost", "[::1]:80" -> "[::1]". */
struct str host_without_port(struct str host);
/* The same in small letters, as publishers' hosts are stored; the copy is in the arena. */
struct str web_host_name(struct arena *a, struct str host);
bool host_is_loopback(struct str host_name);
