#include "app/listens.h"

#include <arpa/inet.h>
#include <strings.h>

#define DEFAULT_ROLES (WEB_AGENT | WEB_DESK)

/* One value of `listen`. */
struct line {
    struct http_listen socket;
    struct web_site site;
};

unsigned web_role_named(struct str word)
{
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = { { "agent", WEB_AGENT }, { "desk", WEB_DESK }, { "ads", WEB_ADS }, { "metrics", WEB_METRICS } };
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (str_is(word, roles[i].name)) return roles[i].role;
    }
    return 0;
}

/* --- one line ----------------------------------------------------------------------------------------------
 */

static int parse_port(struct str text, int *port)
{
    int v = 0;
    if (!text.n || text.n > 5) return -1;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return -1;
        v = v * 10 + (text.p[i] - '0');
    }
    if (v > 65535) return -1;
    *port = v;
    return 0;
}

/* HOST:PORT, with an IPv6 host in brackets. */
static int parse_address(struct str text, struct http_listen *out)
{
    const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
    if (!colon || parse_port((struct str){ colon + 1, (size_t)(text.p + text.n - colon - 1) }, &out->port)) return -1;
    out->host = (struct str){ text.p, (size_t)(colon - text.p) };
    if (out->host.n > 2 && out->host.p[0] == '[' && out->host.p[out->host.n - 1] == ']') {
        out->host = (struct str){ out->host.p + 1, out->host.n - 2 };
    }
    return out->host.n ? 0 : -1;
}

static struct str next_word(struct str *rest)
{
    while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t')) *rest = str_skip(*rest, 1);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t') n++;
    struct str word = { rest->p, n };
    *rest = str_skip(*rest, n);
    return word;
}

/* 0, or -1 when it is no word of a line; what is wrong with it in *why. */
static int take_word(struct line *l, struct str word, const char **why)
{
    static const struct str host = STR("host=");
    unsigned role = web_role_named(word);
    if (role) {
        l->site.roles |= role;
    } else if (str_is(word, "plain")) {
        l->socket.plain = true;
    } else if (!str_starts(word, host)) {
        *why = "after HOST:PORT come agent, desk, ads, metrics, host=NAME or plain";
        return -1;
    } else if (l->site.hosts_n == WEB_POLICY_NAMES_MAX) {
        *why = "too many hosts";
        return -1;
    } else {
        struct str name = str_skip(word, host.n);
        if (!name.n || host_without_port(name).n != name.n) {
            *why = "host= wants a name without a port";
            return -1;
        }
        l->site.hosts[l->site.hosts_n++] = name;
    }
    return 0;
}

static int parse_line(const struct listens_input *in, size_t at, struct line *out)
{
    const char *why = NULL;
    struct str rest = str_from(in->config->entries[CONFIG_LISTEN].values[at].text), word = next_word(&rest);
    *out = (struct line){ 0 };
    if (parse_address(word, &out->socket)) {
        config_complain(in->config, CONFIG_LISTEN, at, "HOST:PORT is wanted, not '" STR_FMT "'", STR_ARG(word));
        return -1;
    }
    while ((word = next_word(&rest)).n) {
        if (take_word(out, word, &why) == 0) continue;
        config_complain(in->config, CONFIG_LISTEN, at, "'" STR_FMT "': %s", STR_ARG(word), why);
        return -1;
    }
    if (!out->site.roles) out->site.roles = DEFAULT_ROLES | (in->sandbox ? WEB_ADS : 0);
    struct in6_addr v6;
    const char *numeric = arena_cstr(in->config->arena, out->socket.host);
    out->site.loopback =
        host_is_loopback(out->socket.host) || (inet_pton(AF_INET6, numeric, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
    return 0;
}

/* Whoever watches from the same machine has no use for a certificate. */
static void settle_plain(struct line *l)
{
    if (l->site.roles == WEB_METRICS && l->site.loopback) l->socket.plain = true;
}

/* --- all of them -------------------------------------------------------------------------------------------
 */

/* The socket of that address, there already or new; -1: there is no room. */
static int socket_of(struct listens *l, const struct http_listen *wanted)
{
    for (size_t i = 0; i < l->sockets_n; i++) {
        const struct http_listen *have = &l->sockets[i];
        if (wanted->fd != have->fd || wanted->port != have->port || !str_eq(wanted->host, have->host)) continue;
        if (wanted->fd || wanted->port) return (int)i;
    }
    if (l->sockets_n == HTTP_LISTENS_MAX) return -1;
    l->sockets[l->sockets_n] = *wanted;
    return (int)l->sockets_n++;
}

static const struct passed_socket *passed_for(const struct listens_input *in, unsigned roles)
{
    for (size_t i = 0; i < in->passed_n; i++) {
        if (in->passed[i].roles & roles) return &in->passed[i];
    }
    return NULL;
}

static void add_site(struct listens *l, const struct listens_input *in, size_t at, const struct line *line)
{
    int listener = socket_of(l, &line->socket);
    if (listener < 0 || l->sites_n == WEB_SITES_MAX) {
        config_complain(in->config, CONFIG_LISTEN, at, "too many of them");
    } else if (l->sockets[listener].plain != line->socket.plain) {
        config_complain(in->config, CONFIG_LISTEN, at, "one address is either plain or not");
    } else {
        l->sites[l->sites_n] = line->site;
        l->sites[l->sites_n++].listener = listener;
    }
}

/* Passed sockets that no configured site asked for serve what their names say, under every host. */
static void add_passed(struct listens *l, const struct listens_input *in)
{
    for (size_t i = 0; i < in->passed_n; i++) {
        const struct passed_socket *p = &in->passed[i];
        bool used = false;
        for (size_t k = 0; k < l->sockets_n; k++) used = used || l->sockets[k].fd == p->fd;
        if (used) continue;
        struct line line = { .socket = { .fd = p->fd }, .site = { .roles = p->roles, .loopback = p->loopback } };
        settle_plain(&line);
        add_site(l, in, 0, &line);
    }
}

static bool share_a_host(const struct web_site *a, const struct web_site *b)
{
    for (size_t i = 0; i < a->hosts_n; i++) {
        for (size_t k = 0; k < b->hosts_n; k++) {
            if (a->hosts[i].n == b->hosts[k].n && strncasecmp(a->hosts[i].p, b->hosts[k].p, a->hosts[i].n) == 0)
                return true;
        }
    }
    return a->hosts_n == 0 && b->hosts_n == 0;
}

static bool is_alone(const struct listens *l, const struct web_site *site)
{
    for (size_t i = 0; i < l->sites_n; i++) {
        if (&l->sites[i] != site && l->sites[i].listener == site->listener) return false;
    }
    return true;
}

static void check_sites(const struct listens_input *in, const struct listens *l)
{
    for (size_t i = 0; i < l->sites_n; i++) {
        const struct web_site *s = &l->sites[i];
        bool ads = !in->sandbox && (s->roles & WEB_ADS);
        if (ads && (s->roles & (WEB_AGENT | WEB_DESK))) {
            config_complain(in->config, CONFIG_LISTEN, 0,
                            "in production ads never share an origin with agent or desk; "
                            "give them a port or a host= of their own");
        } else if (ads && !s->hosts_n && !is_alone(l, s)) {
            config_complain(in->config, CONFIG_LISTEN, 0,
                            "ads at an address where something else is served want a host= of their own");
        }
        for (size_t k = 0; k < i; k++) {
            if (l->sites[k].listener == s->listener && share_a_host(s, &l->sites[k])) {
                config_complain(in->config, CONFIG_LISTEN, 0, "two of them have the same address and the same host");
            }
        }
    }
}

void listens_read(const struct listens_input *in, struct listens *out)
{
    struct line line;
    size_t before = in->config->issues_n;
    *out = (struct listens){ 0 };
    for (size_t i = 0; i < in->config->entries[CONFIG_LISTEN].n; i++) {
        if (parse_line(in, i, &line)) continue;
        const struct passed_socket *p = passed_for(in, line.site.roles);
        if (p) {
            line.socket.host = STR_NONE;
            line.socket.port = 0;
            line.socket.fd = p->fd;
            line.site.loopback = p->loopback;
        }
        settle_plain(&line);
        add_site(out, in, i, &line);
    }
    add_passed(out, in);
    if (in->config->issues_n > before) return;
    if (!out->sockets_n) config_complain(in->config, CONFIG_LISTEN, 0, "nothing is listened on");
    check_sites(in, out);
}

bool listens_same_sockets(const struct listens *a, const struct listens *b)
{
    if (a->sockets_n != b->sockets_n) return false;
    for (size_t i = 0; i < a->sockets_n; i++) {
        const struct http_listen *x = &a->sockets[i], *y = &b->sockets[i];
        if (x->fd != y->fd || x->port != y->port || x->plain != y->plain || !str_eq(x->host, y->host)) return false;
    }
    return true;
}
