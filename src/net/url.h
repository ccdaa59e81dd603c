/* Absolute http(s) URLs, read strictly: whatever two programs might read differently is refused (user names,
 * fragments, backslashes, odd spellings of IPv4 addresses, percent-encoded hosts, bytes outside ASCII). Pure.
 */
#pragma once

#include <netinet/in.h>
#include <salesagent/http_call.h>

#include "base/compiler.h"

#define URL_BYTES_MAX  2048
#define HOST_BYTES_MAX 253

enum url_scheme { URL_HTTP, URL_HTTPS };
enum host_kind { HOST_NAME, HOST_IPV4, HOST_IPV6 };

/* Slices borrow the parsed text. */
struct url {
    enum url_scheme scheme;
    enum host_kind host_kind;
    struct str host;      /* as written; an IPv6 address without its brackets */
    int port;             /* the scheme's own when none is written */
    struct str authority; /* host and port as written */
    struct str target;    /* path and query, at least "/" */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address; /* with the port, unless host_kind is HOST_NAME */
};

/* INVALID_REQUEST says what is wrong; the caller adds which field. */
MUST_CHECK int url_parse(struct str text, struct url *u, struct err *e);

/* Parses, and refuses what a call with this reach would refuse before DNS: schemes, addresses and names that
 * are never public. To be used when a URL is registered; the same rules hold again for every address at each
 * call. */
MUST_CHECK int url_allowed(struct str text, enum http_reach reach, struct err *e);
