/* The canonical @target-uri and @authority: AdCP security profile, "@target-uri canonicalization". */
#include "base/buf.h"
#include "domain/signature/signature.h"

#define TARGET_BYTES_MAX 8192

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static struct str lowered(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) out[i] = lower(s.p[i]);
    return (struct str){ out, s.n };
}

static size_t find_any(struct str s, const char *set)
{
    size_t i = 0;
    while (i < s.n && !strchr(set, s.p[i])) i++;
    return i;
}

/* Escapes of unreserved bytes are undone, the others get capital digits. */
static struct str normal_escapes(struct arena *a, struct str path)
{
    char *out = arena_alloc(a, path.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++) {
        int hi = path.p[i] == '%' && i + 2 < path.n ? hex_value(path.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_value(path.p[i + 2]) : -1;
        if (lo < 0) {
            out[n++] = path.p[i];
            continue;
        }
        unsigned char c = (unsigned char)(hi * 16 + lo);
        if (is_unreserved(c)) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = "0123456789ABCDEF"[hi];
            out[n++] = "0123456789ABCDEF"[lo];
        }
        i += 2;
    }
    return (struct str){ out, n };
}

/* RFC 3986 §5.2.4 for a path that begins with "/". */
static struct str without_dots(struct arena *a, struct str path)
{
    char *out = arena_alloc(a, path.n + 2);
    size_t n = 0;
    for (size_t i = 0; i < path.n;) {
        size_t end = i + 1;
        while (end < path.n && path.p[end] != '/') end++;
        struct str segment = { path.p + i + 1, end - i - 1 };
        bool last = end == path.n;
        if (str_is(segment, ".") || str_is(segment, "..")) {
            if (segment.n == 2) {
                while (n > 0 && out[--n] != '/') continue;
            }
            if (last) out[n++] = '/';
        } else {
            memcpy(out + n, path.p + i, end - i);
            n += end - i;
        }
        i = end;
    }
    if (n == 0) out[n++] = '/';
    return (struct str){ out, n };
}

/* Splits "host[:port]"; -1 when it is neither a name, an address nor a bracketed address. */
static int split_host(struct str hostport, struct str *host, struct str *port)
{
    size_t end = 0;
    if (hostport.n && hostport.p[0] == '[') {
        while (end < hostport.n && hostport.p[end] != ']') end++;
        if (end == hostport.n || end < 3) return -1;
        for (size_t i = 1; i < end; i++) {
            if (hex_value(hostport.p[i]) < 0 && hostport.p[i] != ':' && hostport.p[i] != '.') return -1;
        }
        end++;
    } else {
        end = find_any(hostport, ":");
        for (size_t i = 0; i < end; i++) {
            if (!is_unreserved((unsigned char)hostport.p[i])) return -1;
        }
    }
    *host = (struct str){ hostport.p, end };
    *port = str_skip(hostport, end);
    if (port->n && port->p[0] != ':') return -1;
    *port = str_skip(*port, 1);
    for (size_t i = 0; i < port->n; i++) {
        if (port->p[i] < '0' || port->p[i] > '9') return -1;
    }
    return host->n && port->n <= 5 ? 0 : -1;
}

int signature_target(struct arena *a, struct str url, struct signature_target *out)
{
    if (url.n > TARGET_BYTES_MAX) return -1;
    size_t colon = find_any(url, ":");
    struct str scheme = lowered(a, (struct str){ url.p, colon });
    bool https = str_is(scheme, "https");
    if ((!https && !str_is(scheme, "http")) || !str_starts(str_skip(url, colon), STR("://"))) return -1;
    struct str rest = str_skip(url, colon + 3);
    struct str authority = { rest.p, find_any(rest, "/?#") };
    rest = str_skip(rest, authority.n);
    rest.n = find_any(rest, "#");
    for (size_t i = authority.n; i-- > 0;) {
        if (authority.p[i] != '@') continue;
        authority = str_skip(authority, i + 1);
        break;
    }
    struct str host, port;
    if (split_host(lowered(a, authority), &host, &port)) return -1;
    bool own_port = port.n && !str_is(port, https ? "443" : "80");
    size_t query = find_any(rest, "?");
    struct str path = query ? without_dots(a, normal_escapes(a, (struct str){ rest.p, query })) : STR("/");
    out->authority = own_port ? arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(host), STR_ARG(port)) : host;
    out->uri = arena_printf(a, STR_FMT "://" STR_FMT STR_FMT STR_FMT, STR_ARG(scheme), STR_ARG(out->authority),
                            STR_ARG(path), STR_ARG(str_skip(rest, query)));
    return 0;
}
