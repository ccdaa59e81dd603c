/* Internet addresses and networks as numbers. IPv4 addresses are those of IPv6 that stand for them (::ffff:a.b.c.d). */
#pragma once

#include "base/compiler.h"

struct address {
    uint8_t b[16];
};
/* "192.0.2.1" or "2001:db8::1"; false for anything else. */
MUST_CHECK bool address_parse(struct str text, struct address *out);

struct network {
    struct address first;
    int bits; /* of 128 */
};
/* "10.0.0.0/8", "2001:db8::/32", or one address. */
MUST_CHECK bool network_parse(struct str text, struct network *out);
bool network_has(const struct network *n, const struct address *a);
