#include "net/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct v4_range {
    uint8_t net[4];
    int bits;
};

static const struct v4_range v4_not_public[] = {
    { { 0, 0, 0, 0 }, 8 },        /* this network, unspecified */
    { { 10, 0, 0, 0 }, 8 },       /* private */
    { { 100, 64, 0, 0 }, 10 },    /* carrier-grade NAT; Alibaba's metadata service is in it */
    { { 127, 0, 0, 0 }, 8 },      /* loopback */
    { { 168, 63, 129, 16 }, 32 }, /* Azure's host service, though formally public */
    { { 169, 254, 0, 0 }, 16 },   /* link-local, most metadata services */
    { { 172, 16, 0, 0 }, 12 },    /* private */
    { { 192, 0, 0, 0 }, 24 },     /* IETF protocol assignments; Oracle's metadata service is in it */
    { { 192, 0, 2, 0 }, 24 },     /* documentation */
    { { 192, 88, 99, 0 }, 24 },   /* 6to4 relays, deprecated */
    { { 192, 168, 0, 0 }, 16 },   /* private */
    { { 198, 18, 0, 0 }, 15 },    /* benchmarking */
    { { 198, 51, 100, 0 }, 24 },  /* documentation */
    { { 203, 0, 113, 0 }, 24 },   /* documentation */
    { { 224, 0, 0, 0 }, 4 },      /* multicast */
    { { 240, 0, 0, 0 }, 4 },      /* reserved, broadcast */
};

struct v6_range {
    uint8_t net[16];
    int bits;
};

/* Within 2000::/3, outside which nothing is public. */
static const struct v6_range v6_not_public[] = {
    { { 0x20, 0x01 }, 23 },             /* IETF protocol assignments: Teredo, benchmarking, ORCHID ... */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
    { { 0x3f, 0xff }, 20 },             /* documentation */
};

/* IPv6 prefixes with an IPv4 address inside that counts. */
static const struct {
    struct v6_range range;
    size_t v4_at;
} wrappings[] = {
    { { { [10] = 0xff, [11] = 0xff }, 96 }, 12 }, /* ::ffff:0:0/96, IPv4-mapped */
    { { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 },   /* 64:ff9b::/96, NAT64 */
    { { { 0x20, 0x02 }, 16 }, 2 },                /* 2002::/16, 6to4 */
};

static bool prefix_eq(const uint8_t *a, const uint8_t *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, (size_t)whole) != 0) return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static enum address_class classify_v4(const uint8_t a[4])
{
    if (a[0] == 127) return ADDRESS_LOOPBACK;
    for (size_t i = 0; i < ARRAY_LEN(v4_not_public); i++) {
        if (prefix_eq(a, v4_not_public[i].net, v4_not_public[i].bits)) return ADDRESS_NOT_PUBLIC;
    }
    return ADDRESS_PUBLIC;
}

static enum address_class classify_v6(const uint8_t a[16])
{
    static const uint8_t loopback[16] = { [15] = 1 };
    if (memcmp(a, loopback, sizeof(loopback)) == 0) return ADDRESS_LOOPBACK;
    for (size_t i = 0; i < ARRAY_LEN(wrappings); i++) {
        if (prefix_eq(a, wrappings[i].range.net, wrappings[i].range.bits)) return classify_v4(a + wrappings[i].v4_at);
    }
    if (a[0] >> 5 != 1) return ADDRESS_NOT_PUBLIC; /* not in 2000::/3 */
    for (size_t i = 0; i < ARRAY_LEN(v6_not_public); i++) {
        if (prefix_eq(a, v6_not_public[i].net, v6_not_public[i].bits)) return ADDRESS_NOT_PUBLIC;
    }
    return ADDRESS_PUBLIC;
}

enum address_class address_classify(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        uint8_t bytes[4];
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)a)->sin_addr, sizeof(bytes));
        return classify_v4(bytes);
    }
    if (a->sa_family == AF_INET6) return classify_v6(((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr);
    return ADDRESS_NOT_PUBLIC;
}

bool address_allowed(const struct sockaddr *a, enum http_reach reach)
{
    enum address_class class = address_classify(a);
    switch (reach) {
    case HTTP_REACH_PUBLIC: return class == ADDRESS_PUBLIC;
    case HTTP_REACH_LOOPBACK: return class != ADDRESS_NOT_PUBLIC;
    case HTTP_REACH_OPERATOR: return a->sa_family == AF_INET || a->sa_family == AF_INET6;
    }
    return false; /* a value outside the enum */
}
