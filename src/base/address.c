#include "base/address.h"

#include <arpa/inet.h>

bool address_parse(struct str text, struct address *out)
{
    char buf[INET6_ADDRSTRLEN];
    struct address a = { .b = { [10] = 0xff, [11] = 0xff } };
    if (text.n == 0 || text.n >= sizeof(buf)) return false;
    memcpy(buf, text.p, text.n);
    buf[text.n] = '\0';
    bool ok = strchr(buf, ':') ? inet_pton(AF_INET6, buf, a.b) == 1 : inet_pton(AF_INET, buf, a.b + 12) == 1;
    if (ok) *out = a;
    return ok;
}

bool network_parse(struct str text, struct network *out)
{
    const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    struct network n = { .bits = 128 };
    struct str host = slash ? (struct str){ text.p, (size_t)(slash - text.p) } : text;
    if (!address_parse(host, &n.first)) return false;
    if (slash) {
        int bits = 0, whole = memchr(host.p, ':', host.n) ? 128 : 32;
        struct str digits = str_skip(text, host.n + 1);
        if (digits.n == 0 || digits.n > 3) return false;
        for (size_t i = 0; i < digits.n; i++) {
            if (digits.p[i] < '0' || digits.p[i] > '9') return false;
            bits = bits * 10 + (digits.p[i] - '0');
        }
        if (bits > whole) return false;
        n.bits = 128 - whole + bits;
    }
    *out = n;
    return true;
}

bool network_has(const struct network *n, const struct address *a)
{
    int bytes = n->bits / 8, rest = n->bits % 8;
    if (memcmp(n->first.b, a->b, (size_t)bytes) != 0) return false;
    return rest == 0 || (n->first.b[bytes] ^ a->b[bytes]) >> (8 - rest) == 0;
}
