#include "net/url.h"

#include <arpa/inet.h>
#include <strings.h>

#include "net/address_policy.h"

static int bad(struct err *e, const char *why)
{
    return err_set(e, "INVALID_REQUEST", "not an acceptable URL: %s", why);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static bool has_suffix(struct str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.n >= n && strncasecmp(s.p + s.n - n, suffix, n) == 0;
}

/* 1..65535 in decimal without leading zeros; -1 otherwise. */
static int parse_port(struct str s)
{
    int port = 0;
    if (s.n == 0 || s.n > 5 || s.p[0] == '0') return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) return -1;
        port = port * 10 + (s.p[i] - '0');
    }
    return port <= 65535 ? port : -1;
}

/* Four decimal numbers without leading zeros, nothing else. */
static bool parse_ipv4(struct str s, uint8_t out[4])
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0 && (at >= s.n || s.p[at++] != '.')) return false;
        size_t from = at;
        int value = 0;
        while (at < s.n && is_digit(s.p[at]) && at - from < 4) value = value * 10 + (s.p[at++] - '0');
        if (at == from || value > 255 || (at - from > 1 && s.p[from] == '0')) return false;
        out[part] = (uint8_t)value;
    }
    return at == s.n;
}

/* A host whose last label begins with a digit is meant as a number by some resolver ("0x7f.1", "2130706433",
 * "127.1"): then it must be a plain IPv4 address. No top-level domain begins with a digit. */
static bool means_number(struct str host)
{
    size_t at = host.n;
    while (at > 0 && host.p[at - 1] != '.') at--;
    return at < host.n && is_digit(host.p[at]);
}

static const char *check_name(struct str host)
{
    size_t label = 0;
    if (host.n == 0) return "it has no host";
    if (host.n > HOST_BYTES_MAX) return "its host name is too long";
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.') {
            if (label == 0) return "its host name has an empty label";
            label = 0;
        } else if (!is_name_char(host.p[i])) {
            return "its host name has a character that is not allowed";
        } else if (++label > 63) {
            return "a label of its host name is too long";
        }
    }
    return label == 0 ? "its host name ends in a dot" : NULL;
}

static int parse_host(struct str host, struct url *u, struct err *e)
{
    uint8_t v4[4];
    if (parse_ipv4(host, v4)) {
        u->host_kind = HOST_IPV4;
        u->address.v4.sin_family = AF_INET;
        memcpy(&u->address.v4.sin_addr, v4, sizeof(v4));
        return 0;
    }
    const char *why = check_name(host);
    if (why) return bad(e, why);
    if (means_number(host)) return bad(e, "an IPv4 address must be four plain decimal numbers");
    u->host_kind = HOST_NAME;
    return 0;
}

static int parse_ipv6(struct str host, struct url *u, struct err *e)
{
    char text[INET6_ADDRSTRLEN];
    if (host.n == 0 || host.n >= sizeof(text)) return bad(e, "it has no valid IPv6 address");
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    u->host_kind = HOST_IPV6;
    u->address.v6.sin6_family = AF_INET6;
    if (inet_pton(AF_INET6, text, &u->address.v6.sin6_addr) != 1) return bad(e, "it has no valid IPv6 address");
    return 0;
}

static int parse_authority(struct url *u, struct err *e)
{
    struct str rest = u->authority;
    if (memchr(rest.p, '@', rest.n)) return bad(e, "user names and passwords are not accepted in it");
    if (rest.n && rest.p[0] == '[') {
        const char *end = memchr(rest.p, ']', rest.n);
        if (!end) return bad(e, "its IPv6 address is not closed");
        u->host = (struct str){ rest.p + 1, (size_t)(end - rest.p) - 1 };
        rest = str_skip(rest, u->host.n + 2);
        if (parse_ipv6(u->host, u, e)) return -1;
    } else {
        const char *colon = rest.n ? memchr(rest.p, ':', rest.n) : NULL;
        u->host = (struct str){ rest.p, colon ? (size_t)(colon - rest.p) : rest.n };
        rest = str_skip(rest, u->host.n);
        if (parse_host(u->host, u, e)) return -1;
    }
    u->port = u->scheme == URL_HTTPS ? 443 : 80;
    if (rest.n) {
        u->port = rest.p[0] == ':' ? parse_port(str_skip(rest, 1)) : -1;
        if (u->port < 0) return bad(e, "its port is not a number from 1 to 65535");
    }
    if (u->host_kind == HOST_IPV4) u->address.v4.sin_port = htons((uint16_t)u->port);
    if (u->host_kind == HOST_IPV6) u->address.v6.sin6_port = htons((uint16_t)u->port);
    return 0;
}

static const char *check_chars(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c <= 0x20 || c >= 0x7f) return "it has a character outside printable ASCII";
        if (strchr("\"<>\\^`{|}", c)) return "it has a character that must be percent-encoded";
        if (c == '#') return "fragments are not accepted in it";
    }
    return NULL;
}

int url_parse(struct str text, struct url *u, struct err *e)
{
    struct url out = { 0 };
    if (text.n == 0) return bad(e, "it is empty");
    if (text.n > URL_BYTES_MAX) return bad(e, "it is longer than 2048 bytes");
    const char *why = check_chars(text);
    if (why) return bad(e, why);
    struct str rest;
    if (text.n > 8 && strncasecmp(text.p, "https://", 8) == 0) {
        out.scheme = URL_HTTPS;
        rest = str_skip(text, 8);
    } else if (text.n > 7 && strncasecmp(text.p, "http://", 7) == 0) {
        out.scheme = URL_HTTP;
        rest = str_skip(text, 7);
    } else {
        return bad(e, "it must begin with https:// or http:// and name a host");
    }
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?') n++;
    out.authority = (struct str){ rest.p, n };
    out.target = n == rest.n ? STR("/") : str_skip(rest, n);
    if (parse_authority(&out, e)) return -1;
    *u = out;
    return 0;
}

/* --- reach --------------------------------------------------------------------------------------------- */

static bool is_localhost(struct str host)
{
    return (host.n == 9 && has_suffix(host, "localhost")) || has_suffix(host, ".localhost");
}

/* Names that by their nature are not public (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal). Catching them
 * early gives a better answer; what any name resolves to is checked when connecting. */
static bool is_inside_name(struct str host)
{
    static const char *const suffixes[] = { ".local", ".internal", ".home.arpa", ".localdomain" };
    if (!memchr(host.p, '.', host.n)) return true;
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (has_suffix(host, suffixes[i])) return true;
    }
    return false;
}

int url_allowed(struct str text, enum http_reach reach, struct err *e)
{
    struct url u;
    if (url_parse(text, &u, e)) return -1;
    if (reach == HTTP_REACH_OPERATOR) return 0;
    bool named = u.host_kind == HOST_NAME;
    bool loopback = named ? is_localhost(u.host) : address_classify(&u.address.any) == ADDRESS_LOOPBACK;
    if (loopback && reach == HTTP_REACH_LOOPBACK) return 0;
    if (u.scheme != URL_HTTPS) return bad(e, "it must begin with https://");
    bool open = named ? !loopback && !is_inside_name(u.host) : address_allowed(&u.address.any, reach);
    return open ? 0 : bad(e, "its host is not on the public Internet");
}
