/* The `format`s of JSON Schema that AdCP's schemas use, and their near relatives. */
#include <strings.h>

#include "contract/validate_internal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool in_set(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Exactly `digits` digits at the start of *s, taken off. -1 when they are not there. */
static int take_number(struct str *s, size_t digits)
{
    int n = 0;
    if (s->n < digits) return -1;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(s->p[i])) return -1;
        n = 10 * n + (s->p[i] - '0');
    }
    *s = str_skip(*s, digits);
    return n;
}

static bool take_char(struct str *s, const char *set)
{
    if (s->n == 0 || !in_set(s->p[0], set)) return false;
    *s = str_skip(*s, 1);
    return true;
}

/* full-date of RFC 3339 §5.6 at the start of *s. */
static bool take_date(struct str *s)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int y = take_number(s, 4);
    if (y < 0 || !take_char(s, "-")) return false;
    int m = take_number(s, 2);
    if (m < 1 || m > 12 || !take_char(s, "-")) return false;
    int d = take_number(s, 2);
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

/* full-time of RFC 3339 §5.6: a leap second only where one can be, at 23:59:60 UTC. */
static bool take_time(struct str *s)
{
    int h = take_number(s, 2);
    if (h < 0 || h > 23 || !take_char(s, ":")) return false;
    int m = take_number(s, 2);
    if (m < 0 || m > 59 || !take_char(s, ":")) return false;
    int sec = take_number(s, 2);
    if (sec < 0 || sec > 60) return false;
    if (take_char(s, ".")) {
        size_t n = 0;
        while (take_char(s, "0123456789")) n++;
        if (n == 0) return false;
    }
    int offset = 0;
    if (!take_char(s, "zZ")) {
        int sign = s->n && s->p[0] == '-' ? -1 : 1;
        if (!take_char(s, "+-")) return false;
        int oh = take_number(s, 2);
        if (oh < 0 || oh > 23 || !take_char(s, ":")) return false;
        int om = take_number(s, 2);
        if (om < 0 || om > 59) return false;
        offset = sign * (60 * oh + om);
    }
    int utc = ((60 * h + m - offset) % 1440 + 1440) % 1440;
    return sec < 60 || utc == 1439;
}

static bool date_time(struct str s)
{
    return take_date(&s) && take_char(&s, "tT ") && take_time(&s) && s.n == 0;
}

/* Labels of RFC 1123: letters, digits and inner hyphens, up to 63 bytes; a closing dot is allowed. */
static bool hostname(struct str s)
{
    size_t label = 0;
    if (s.n == 0 || s.n > 253 || s.p[0] == '.') return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool at_end = i + 1 == s.n || s.p[i + 1] == '.';
        if (c == '.') {
            if (label == 0) return false;
            label = 0;
            continue;
        }
        if (!is_alpha(c) && !is_digit(c) && c != '-') return false;
        if (c == '-' && (label == 0 || at_end)) return false;
        if (++label > 63) return false;
    }
    return true;
}

static bool ipv4(struct str s)
{
    for (int part = 0; part < 4; part++) {
        if (part > 0 && !take_char(&s, ".")) return false;
        int n = 0, digits = 0;
        bool zero = s.n > 0 && s.p[0] == '0';
        for (; digits < 3 && s.n > 0 && is_digit(s.p[0]); digits++) {
            n = 10 * n + (s.p[0] - '0');
            s = str_skip(s, 1);
        }
        if (digits == 0 || n > 255 || (zero && digits > 1)) return false;
    }
    return s.n == 0;
}

static bool ipv6(struct str s)
{
    int groups = 0;
    bool gap = false;
    if (s.n >= 2 && s.p[0] == ':' && s.p[1] == ':') {
        gap = true;
        s = str_skip(s, 2);
    }
    while (s.n > 0) {
        size_t digits = 0;
        while (digits < s.n && is_hex(s.p[digits])) digits++;
        if (digits < s.n && s.p[digits] == '.') return ipv4(s) && (gap ? groups <= 5 : groups == 6);
        if (digits == 0 || digits > 4) return false;
        groups++;
        s = str_skip(s, digits);
        if (s.n == 0) break;
        if (!take_char(&s, ":")) return false;
        if (s.n == 0) return false;
        if (s.p[0] == ':') {
            if (gap) return false;
            gap = true;
            s = str_skip(s, 1);
        }
    }
    return gap ? groups <= 7 : groups == 8;
}

/* local-part of dots and atoms, @, host name. Quoted local parts and address literals are refused: nobody's AdCP
 * contact is one, and the reference validator refuses them too. */
static bool email(struct str s)
{
    const char *sign = s.n ? memchr(s.p, '@', s.n) : NULL;
    if (!sign || sign == s.p) return false;
    struct str local = { s.p, (size_t)(sign - s.p) }, domain = str_skip(s, local.n + 1);
    for (size_t i = 0; i < local.n; i++) {
        char c = local.p[i];
        bool edge = i == 0 || i + 1 == local.n;
        if (c == '.' && (edge || local.p[i + 1] == '.')) return false;
        if (!is_alpha(c) && !is_digit(c) && !in_set(c, "!#$%&'*+/=?^_`{|}~.-")) return false;
    }
    return domain.n > 0 && domain.p[domain.n - 1] != '.' && hostname(domain);
}

static bool uuid(struct str s)
{
    static const char urn[] = "urn:uuid:";
    if (s.n == 45 && strncasecmp(s.p, urn, 9) == 0) s = str_skip(s, 9);
    if (s.n != 36) return false;
    for (size_t i = 0; i < s.n; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? s.p[i] != '-' : !is_hex(s.p[i])) return false;
    }
    return true;
}

/* Characters of RFC 3986 §2, percent-encoding complete. */
static bool uri_text(struct str s, const char *extra)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])) return false;
            i += 2;
            continue;
        }
        if (!is_alpha(c) && !is_digit(c) && !in_set(c, "-._~!$&'()*+,;=:@") && !in_set(c, extra)) return false;
    }
    return true;
}

/* [userinfo@]host[:port] of RFC 3986 §3.2. */
static bool authority(struct str s)
{
    const char *sign = s.n ? memchr(s.p, '@', s.n) : NULL;
    if (sign) {
        struct str user = { s.p, (size_t)(sign - s.p) };
        if (!uri_text(user, "")) return false;
        s = str_skip(s, user.n + 1);
        if (s.n && memchr(s.p, '@', s.n)) return false;
    }
    if (s.n > 0 && s.p[0] == '[') {
        const char *close = memchr(s.p, ']', s.n);
        if (!close) return false;
        struct str inner = { s.p + 1, (size_t)(close - s.p - 1) };
        bool future = inner.n > 1 && in_set(inner.p[0], "vV") && uri_text(inner, "");
        if (!future && !ipv6(inner)) return false;
        s = str_skip(s, inner.n + 2);
        if (s.n > 0 && s.p[0] != ':') return false;
    }
    const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
    struct str host = { s.p, colon ? (size_t)(colon - s.p) : s.n };
    struct str port = colon ? str_skip(s, host.n + 1) : STR_NONE;
    for (size_t i = 0; i < port.n; i++) {
        if (!is_digit(port.p[i])) return false;
    }
    return uri_text(host, "");
}

/* What follows the scheme, or a whole relative reference. */
static bool hier_part(struct str s)
{
    const char *hash = s.n ? memchr(s.p, '#', s.n) : NULL;
    if (hash) {
        struct str before = { s.p, (size_t)(hash - s.p) };
        if (!uri_text(str_skip(s, before.n + 1), "/?")) return false;
        s = before;
    }
    const char *mark = s.n ? memchr(s.p, '?', s.n) : NULL;
    if (mark) {
        struct str before = { s.p, (size_t)(mark - s.p) };
        if (!uri_text(str_skip(s, before.n + 1), "/?")) return false;
        s = before;
    }
    if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
        s = str_skip(s, 2);
        const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
        struct str host = { s.p, slash ? (size_t)(slash - s.p) : s.n };
        if (!authority(host)) return false;
        s = str_skip(s, host.n);
    }
    return uri_text(s, "/");
}

static size_t scheme_length(struct str s)
{
    size_t i = 0;
    if (s.n == 0 || !is_alpha(s.p[0])) return 0;
    while (i < s.n && (is_alpha(s.p[i]) || is_digit(s.p[i]) || in_set(s.p[i], "+-."))) i++;
    return i < s.n && s.p[i] == ':' ? i : 0;
}

static bool uri(struct str s)
{
    size_t scheme = scheme_length(s);
    if (scheme == 0) return false;
    struct str rest = str_skip(s, scheme + 1);
    return rest.n > 0 && hier_part(rest);
}

static bool uri_reference(struct str s)
{
    if (scheme_length(s) > 0) return hier_part(str_skip(s, scheme_length(s) + 1));
    /* RFC 3986 §4.2: the first segment of a relative path has no colon. */
    for (size_t i = 0; i < s.n && !in_set(s.p[i], "/?#"); i++) {
        if (s.p[i] == ':') return false;
    }
    return hier_part(s);
}

/* RFC 6570: literals, and expressions {operator? name[:n|*], ...}. */
static bool uri_template(struct str s)
{
    bool inside = false;
    size_t length = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '{' || c == '}') {
            if (inside == (c == '{') || (c == '}' && length == 0)) return false;
            inside = c == '{';
            length = 0;
            continue;
        }
        if (c == '%' && (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))) return false;
        if (inside) {
            bool operator = s.p[i - 1] == '{' && in_set(c, "+#./;?&=,!@|");
            if (!operator && !is_alpha(c) && !is_digit(c) && !in_set(c, "_.,:*%")) return false;
            if (!operator) length++;
        } else if ((unsigned char)c <= ' ' || in_set(c, "\"<>\\^`|") || c == 127) {
            return false;
        }
    }
    return !inside;
}

static bool json_pointer(struct str s)
{
    if (s.n > 0 && s.p[0] != '/') return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '~' && (i + 1 == s.n || !in_set(s.p[i + 1], "01"))) return false;
    }
    return true;
}

static bool date(struct str s)
{
    return take_date(&s) && s.n == 0;
}

static bool time_of_day(struct str s)
{
    return take_time(&s) && s.n == 0;
}

static const struct {
    const char *name;
    const char *hint;
    bool (*matches)(struct str);
} formats[FORMAT_COUNT] = {
    [FORMAT_DATE_TIME] = { "date-time", "an RFC 3339 date-time with offset, like 2026-03-09T14:30:00Z", date_time },
    [FORMAT_DATE] = { "date", "a date like 2026-03-09", date },
    [FORMAT_TIME] = { "time", "a time with offset, like 14:30:00Z", time_of_day },
    [FORMAT_EMAIL] = { "email", "an e-mail address", email },
    [FORMAT_HOSTNAME] = { "hostname", "a host name", hostname },
    [FORMAT_IPV4] = { "ipv4", "an IPv4 address", ipv4 },
    [FORMAT_IPV6] = { "ipv6", "an IPv6 address", ipv6 },
    [FORMAT_URI] = { "uri", "an absolute URI", uri },
    [FORMAT_URI_REFERENCE] = { "uri-reference", "a URI or relative reference", uri_reference },
    [FORMAT_URI_TEMPLATE] = { "uri-template", "a URI template (RFC 6570)", uri_template },
    [FORMAT_UUID] = { "uuid", "a UUID", uuid },
    [FORMAT_JSON_POINTER] = { "json-pointer", "a JSON Pointer", json_pointer },
    [FORMAT_REGEX] = { "regex", "a regular expression", pattern_compiles },
};

bool format_matches(enum contract_format format, struct str text)
{
    ENSURE(format < FORMAT_COUNT);
    return formats[format].matches(text);
}

const char *format_name(enum contract_format format)
{
    return formats[format].name;
}

const char *format_hint(enum contract_format format)
{
    return formats[format].hint;
}
