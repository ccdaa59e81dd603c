#include "protocols/web_policy.h"

#include <strings.h>

#include "base/id.h"
#include "protocols/watch.h"

static bool same(struct str a, struct str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

struct str host_without_port(struct str host)
{
    size_t n = host.n;
    while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9') n--;
    if (n > 0 && n < host.n && host.p[n - 1] == ':' && (host.p[0] != '[' || (n > 1 && host.p[n - 2] == ']'))) {
        return (struct str){ host.p, n - 1 };
    }
    return host;
}

bool host_is_loopback(struct str name)
{
    if (same(name, STR("localhost")) || same(name, STR("[::1]"))) return true;
    if (!str_starts(name, STR("127.")) || name.n > 15) return false;
    for (size_t i = 0; i < name.n; i++) {
        if (!strchr("0123456789.", name.p[i])) return false;
    }
    return true;
}

static bool listed(struct str name, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (same(name, list[i])) return true;
    }
    return false;
}

/* The host ends up in URLs and JSON of ours. */
static bool host_text(struct str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr(".-:[]_", c);
        if (!ok || !c) return false;
    }
    return host.n > 0;
}

/* The site of this listener that names the host. */
static const struct web_site *site_named(const struct web_policy *p, int listener, struct str name)
{
    for (size_t i = 0; i < p->sites_n; i++) {
        const struct web_site *s = &p->sites[i];
        if (s->listener == listener && listed(name, s->hosts, s->hosts_n)) return s;
    }
    return NULL;
}

/* The site of this listener for hosts that none names. */
static const struct web_site *site_unnamed(const struct web_policy *p, int listener)
{
    const struct web_site *first = NULL;
    for (size_t i = 0; i < p->sites_n; i++) {
        const struct web_site *s = &p->sites[i];
        if (s->listener != listener) continue;
        if (!s->hosts_n) return s;
        if (!first && !(s->roles & WEB_ADS)) first = s;
    }
    return first;
}

static bool host_known(const struct web_policy *p, const struct web_site *s, struct str name)
{
    if (!name.n) return !s->loopback || !p->hosts_n; /* HTTP/1.0: no browser sends it */
    if (listed(name, p->hosts, p->hosts_n)) return true;
    return s->loopback ? host_is_loopback(name) : p->hosts_n + s->hosts_n == 0;
}

static struct str lower(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        p[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
    return (struct str){ p, text.n };
}

struct str web_host_name(struct arena *a, struct str host)
{
    return lower(a, host_without_port(host));
}

/* Roles, or 0 when the agent does not answer to this host here. */
static unsigned roles_at(const struct web_policy *p, struct http_exchange *ex, web_host_is_ours *ours, void *arg)
{
    struct str name = host_without_port(ex->host);
    if (ex->host.n && !host_text(ex->host)) return 0;
    if (!p->sites_n) return WEB_EVERYTHING;
    const struct web_site *s = site_named(p, ex->listener, name);
    if (s) return s->roles;
    s = site_unnamed(p, ex->listener);
    if (!s) return 0;
    if (host_known(p, s, name)) return s->roles;
    return name.n && ours && ours(arg, lower(&ex->arena, name)) ? s->roles : 0;
}

/* The part after "scheme://"; empty when there is none ("null", say). */
static struct str origin_host(struct str origin)
{
    for (size_t i = 0; i + 3 <= origin.n; i++) {
        if (memcmp(origin.p + i, "://", 3) == 0) return str_skip(origin, i + 3);
    }
    return STR_NONE;
}

static bool origin_allowed(const struct web_policy *p, struct str origin, struct str host)
{
    struct str oh = origin_host(origin);
    if (!oh.n) return false;
    if (same(oh, host) || listed(origin, p->origins, p->origins_n)) return true;
    return p->sandbox && host_is_loopback(host_without_port(oh));
}

static void refuse(struct http_exchange *ex, const char *what)
{
    watch_refused(ex, what);
    struct str body = arena_printf(&ex->arena,
                                   "{\"title\":\"Forbidden\",\"status\":403,\"detail\":\"This agent does not "
                                   "answer to this %s.\"}",
                                   what);
    http_exchange_reply_with(ex, 403, "application/problem+json", body);
}

/* Values that are the client's own header echoed were already found on our list; a refusal cannot happen. */
static void add(struct http_exchange *ex, const char *name, struct str value)
{
    ENSURE(http_rep_header(ex, name, value) == 0);
}

/* Of a list, what the proxy next to us has added: the last. */
static struct str last_of(struct str list)
{
    size_t at = list.n;
    while (at > 0 && list.p[at - 1] != ',') at--;
    struct str v = str_skip(list, at);
    while (v.n && v.p[0] == ' ') v = str_skip(v, 1);
    while (v.n && v.p[v.n - 1] == ' ') v.n--;
    return v;
}

/* An address of a list: letters and digits of numbers, dots, colons. A port or brackets around it are not
 * kept. */
static struct str address_text(struct str text)
{
    if (text.n > 2 && text.p[0] == '[') {
        const char *end = memchr(text.p, ']', text.n);
        text = end ? (struct str){ text.p + 1, (size_t)(end - text.p) - 1 } : STR_NONE;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (!strchr("0123456789abcdefABCDEF.:", text.p[i]) || !text.p[i]) return STR_NONE;
    }
    return text.n < 48 ? text : STR_NONE;
}

/* The address nearest to us that is no proxy of ours: each of them has added the one it was asked from. */
static void take_forwarded_for(const struct web_policy *p, struct http_exchange *ex)
{
    struct str list = http_req_header(ex, "x-forwarded-for");
    while (list.n) {
        struct str last = last_of(list), address = address_text(last);
        if (!address.n) return;
        ex->peer = address;
        if (!listed(address, p->proxies, p->proxies_n)) return;
        list.n = (size_t)(last.p - list.p);
        while (list.n && (list.p[list.n - 1] == ' ' || list.p[list.n - 1] == ',')) list.n--;
    }
}

void web_policy_forwarded(const struct web_policy *p, struct http_exchange *ex)
{
    if (!listed(ex->peer, p->proxies, p->proxies_n)) return;
    struct str id = http_req_header(ex, "x-request-id");
    if (id_text_valid(id, 64)) ex->request_id = arena_dup(&ex->arena, id);
    ex->by_proxy = true;
    take_forwarded_for(p, ex);
    struct str host = last_of(http_req_header(ex, "x-forwarded-host"));
    struct str proto = last_of(http_req_header(ex, "x-forwarded-proto"));
    if (host_text(host)) ex->host = host;
    if (proto.n) ex->secure = same(proto, STR("https"));
}

struct str web_base_url(struct http_exchange *ex)
{
    struct str host = host_text(ex->host) ? ex->host : STR("localhost");
    return arena_printf(&ex->arena, "%s://" STR_FMT, ex->secure ? "https" : "http", STR_ARG(host));
}

unsigned web_policy_roles(const struct web_policy *p, struct http_exchange *ex, web_host_is_ours *ours, void *arg)
{
    if (ex->local) return WEB_EVERYTHING;
    unsigned roles = roles_at(p, ex, ours, arg);
    if (!roles) refuse(ex, "host name");
    return roles;
}

bool web_policy_admit(const struct web_policy *p, struct http_exchange *ex)
{
    struct str origin = ex->local ? STR_NONE : http_req_header(ex, "origin");
    if (!origin.n) return true;
    if (!origin_allowed(p, origin, ex->host)) {
        refuse(ex, "origin");
        return false;
    }
    add(ex, "Access-Control-Allow-Origin", origin);
    add(ex, "Vary", STR("Origin"));
    add(ex, "Access-Control-Expose-Headers",
        STR("WWW-Authenticate, Retry-After, ETag, X-Request-Id, X-Context-Id, X-Dry-Run, X-RateLimit-Limit, "
            "X-RateLimit-Remaining, X-RateLimit-Reset, X-Next-Event, X-Next-Event-Time, X-Simulated-Spend"));
    if (!http_req_is(ex, "OPTIONS") || !http_req_header_count(ex, "access-control-request-method")) return true;
    add(ex, "Access-Control-Allow-Methods", STR("GET, HEAD, POST, PATCH, DELETE, OPTIONS"));
    struct str asked = http_req_header(ex, "access-control-request-headers");
    if (asked.n) add(ex, "Access-Control-Allow-Headers", asked);
    add(ex, "Access-Control-Max-Age", STR("600"));
    http_exchange_reply_with(ex, 204, "text/plain", STR_NONE);
    return false;
}
