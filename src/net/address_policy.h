/* Which addresses an outbound call may connect to. Pure.
 *
 * A URL from a buyer must not reach what is behind our own walls: private networks, this host, the link, the
 * metadata services of clouds, carriers' shared space, multicast, documentation and benchmarking ranges (IANA
 * special-purpose registries, RFC 6890), also when wrapped: IPv4-mapped, NAT64 and 6to4 addresses are judged
 * by the IPv4 address within; Teredo and the deprecated wrappings are refused. */
#pragma once

#include <salesagent/http_call.h>
#include <sys/socket.h>

#include "base/compiler.h"

enum address_class { ADDRESS_PUBLIC, ADDRESS_LOOPBACK, ADDRESS_NOT_PUBLIC };

/* ADDRESS_NOT_PUBLIC for anything that is neither IPv4 nor IPv6. */
enum address_class address_classify(const struct sockaddr *a);

bool address_allowed(const struct sockaddr *a, enum http_reach reach);
