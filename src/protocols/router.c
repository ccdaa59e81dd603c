#include "protocols/router.h"

#include "protocols/a2a/a2a.h"
#include "protocols/ads.h"
#include "protocols/http_call_headers.h"
#include "protocols/demo/demo_page.h"
#include "protocols/local.h"
#include "protocols/mcp/mcp.h"
#include "protocols/rest/openapi.h"
#include "protocols/request_signature.h"
#include "protocols/rest/rest.h"
#include "protocols/watch.h"
#include "protocols/web_reply.h"
#include "protocols/well_known.h"
#include "store/q/q_tenant.h"

struct route {
    const char *path; /* exact, with or without one trailing slash */
    unsigned roles;   /* it is there where one of these is served */
    const char *allow; /* methods; what answers to POST refuses the others in words of its protocol */
    void (*handle)(struct dispatcher *d, struct http_exchange *ex);
};

static void not_found(struct http_exchange *ex)
{
    http_exchange_reply_with(
        ex, 404, "application/problem+json",
        STR("{\"title\":\"Not Found\",\"status\":404,\"detail\":\"There is nothing at this path; /docs lists what there is.\"}"));
}

static void docs(struct dispatcher *d, struct http_exchange *ex)
{
    ENSURE(http_rep_header(ex, "Content-Security-Policy", STR("default-src 'none'; style-src 'unsafe-inline'")) == 0);
    http_exchange_reply_with(ex, 200, "text/html; charset=utf-8", docs_page(&ex->arena, d->sandbox));
}

/* The agent's URL is also its A2A endpoint: who found the card there may post there. */
static void root(struct dispatcher *d, struct http_exchange *ex)
{
    if (http_req_is(ex, "POST") && a2a_is_for_mcp(ex)) {
        mcp_handle(d, ex); /* probes that know no other URL */
    } else if (http_req_is(ex, "POST")) {
        a2a_handle(d, ex);
    } else {
        not_found(ex);
    }
}

/* The newest line has URLs of its own: /mcp/LINE, /a2a/LINE, /adcp/LINE/TASK. */
static void mcp_of_line(struct dispatcher *d, struct http_exchange *ex, struct str rest)
{
    (void)rest;
    if (!call_url_strict(ex->path)) not_found(ex);
    else if (!web_options_answered(ex, STR("POST"))) mcp_handle(d, ex);
}

static void a2a_of_line(struct dispatcher *d, struct http_exchange *ex, struct str rest)
{
    (void)rest;
    if (!call_url_strict(ex->path)) not_found(ex);
    else if (!web_options_answered(ex, STR("POST"))) a2a_handle(d, ex);
}

/* /adcp/TASK, and the newest line's own /adcp/LINE/TASK. */
static void adcp_tasks(struct dispatcher *d, struct http_exchange *ex, struct str task)
{
    if (call_url_strict(ex->path)) task = str_skip(task, adcp_line_version(ADCP_LINE_NEWEST).n + 1);
    rest_handle_adcp(d, ex, task);
}

static const struct route routes[] = {
    { "/", WEB_AGENT, "POST", root },
    { "/.well-known/adagents.json", WEB_AGENT, "GET, HEAD", well_known_adagents },
    { "/.well-known/adcp-agents.json", WEB_AGENT, "GET, HEAD", well_known_agents },
    { "/.well-known/agent-card.json", WEB_AGENT, "GET, HEAD", a2a_card_handle },
    { "/.well-known/agent.json", WEB_AGENT, "GET, HEAD", a2a_card_handle },
    { "/.well-known/brand.json", WEB_AGENT, "GET, HEAD", well_known_brand },
    { "/.well-known/jwks.json", WEB_AGENT, "GET, HEAD", well_known_jwks },
    { "/a2a", WEB_AGENT, "POST", a2a_handle },
    { "/a2a/.well-known/agent-card.json", WEB_AGENT, "GET, HEAD", a2a_card_handle },
    { "/a2a/.well-known/agent.json", WEB_AGENT, "GET, HEAD", a2a_card_handle },
    { "/docs", WEB_AGENT, "GET, HEAD", docs },
    { "/mcp", WEB_AGENT, "POST", mcp_handle },
    { "/mcp/sse", WEB_AGENT, "POST", mcp_handle }, /* where AdCP:Buy v1's page sends its one curl line */
};

static void not_here(struct http_exchange *ex)
{
    http_exchange_reply_with(ex, 404, "text/plain", STR_NONE);
}

static void decide_link(struct dispatcher *d, struct http_exchange *ex, struct str text)
{
    if (d->decide_link) d->decide_link(d, ex, text);
    else not_here(ex);
}

static void sign_order(struct dispatcher *d, struct http_exchange *ex, struct str task_id)
{
    if (d->sign_order) d->sign_order(d, ex, task_id);
    else not_here(ex);
}

/* Everything below a prefix; the handler gets the rest of the path. */
static const struct {
    const char *prefix;
    unsigned roles;
    void (*handle)(struct dispatcher *d, struct http_exchange *ex, struct str rest);
} mounts[] = {
    { "/adcp/", WEB_AGENT, adcp_tasks },           { "/api/v1/", WEB_AGENT, rest_handle_api },
    { "/mcp/adcp/", WEB_AGENT, rest_handle_adcp }, /* the agent's URL is the MCP URL; AdCP mounts its tasks below that */
    { "/a2a/", WEB_AGENT, a2a_of_line },           { "/mcp/", WEB_AGENT, mcp_of_line },
    { "/decide/", WEB_DESK, decide_link },         { "/sign/", WEB_DESK, sign_order },
};

/* A publisher's own host needs no mention in the configuration. */
static bool host_is_publishers(void *arg, struct str host)
{
    struct dispatcher *d = arg;
    struct tenant_row row;
    struct arena a;
    struct err e;
    arena_init(&a);
    bool found = q_tenant_by_host(store_read(d->store), &a, host, &row, &e) == 1;
    arena_finish(&a);
    return found;
}

static bool wants_page(const struct http_exchange *ex)
{
    bool reads = http_req_is(ex, "GET") || http_req_is(ex, "HEAD");
    return reads && http_list_has(http_req_header(ex, "accept"), "text/html");
}

/* Below /admin, and whoever comes to / with a browser. */
static bool desk_handled(struct dispatcher *d, struct http_exchange *ex, struct str path, unsigned roles)
{
    struct str prefix = STR("/admin");
    if (!d->desk || !(roles & WEB_DESK)) return false;
    if (str_is(path, "/") && wants_page(ex)) {
        watch_route(ex, "/");
        ENSURE(http_rep_header(ex, "Location", prefix) == 0);
        http_exchange_reply_with(ex, 303, "text/plain", STR_NONE);
        return true;
    }
    struct str rest = str_skip(path, prefix.n);
    if (!str_starts(path, prefix) || (rest.n && rest.p[0] != '/')) return false;
    watch_route(ex, "/admin/"); /* no more of it: a link that signs in is a secret */
    d->desk(d, ex, rest);
    return true;
}

/* The example page, where everything is for trying. */
static bool demo_handled(struct dispatcher *d, struct http_exchange *ex, struct str path, unsigned roles)
{
    if (!d->sandbox || !d->ads || !(roles & WEB_ADS) || !demo_page_answered(d->ads, ex, path)) return false;
    watch_route(ex, "/demo");
    return true;
}

void router_handle(void *arg, struct http_exchange *ex)
{
    struct dispatcher *d = arg;
    struct str path = ex->path;
    web_policy_forwarded(&d->web, ex);
    /* Ads are not written down one by one: there are thousands, and where readers come from is kept nowhere. */
    bool ads = d->ads && ads_is_path(path);
    if (!ads) watch_request(d, ex);
    unsigned roles = web_policy_roles(&d->web, ex, host_is_publishers, d);
    if (!roles) return;
    if (ads && roles & WEB_ADS) {
        ads_handle(d->ads, ex);
        return;
    }
    if (!web_policy_admit(&d->web, ex)) return;
    if (d->own_route && d->own_route(d->own_route_arg, ex, roles)) return;
    if (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    if (ex->local && str_starts(path, STR("/local/"))) {
        watch_route(ex, "/local/");
        local_handle(d, ex);
        return;
    }
    if (str_is(path, "*") && web_options_answered(ex, STR("GET, HEAD, POST, PATCH, DELETE"))) return;
    if (desk_handled(d, ex, path, roles)) return;
    if (demo_handled(d, ex, path, roles)) return;
    if (!request_signature_admit(d, ex)) return;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        struct str allow = str_from(routes[i].allow);
        if (!str_is(path, routes[i].path) || !(routes[i].roles & roles)) continue;
        watch_route(ex, routes[i].path);
        bool answered = str_is(allow, "POST") ? web_options_answered(ex, allow) : !web_methods_admit(ex, allow);
        if (!answered) routes[i].handle(d, ex);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        struct str prefix = str_from(mounts[i].prefix);
        if (!str_starts(path, prefix) || !(mounts[i].roles & roles)) continue;
        watch_route(ex, mounts[i].prefix);
        mounts[i].handle(d, ex, str_skip(path, prefix.n));
        return;
    }
    not_found(ex);
}
