/* What `listen` says: sockets, and the sites that are found at them.
 *
 *     listen = 0.0.0.0:443 agent desk host=sales.example     one socket,
 *     listen = 0.0.0.0:443 ads host=ads.example              with two sites;
 *     listen = 127.0.0.1:9464 metrics                        and another one, on loopback, so without TLS
 *
 * A socket passed by the service manager takes the place of the configured sites that share a role with it. */
#pragma once

#include "app/passed_sockets.h"
#include "cli/config.h"
#include "net/http_server.h"
#include "protocols/web_policy.h"

struct listens {
    struct http_listen sockets[HTTP_LISTENS_MAX];
    size_t sockets_n;
    struct web_site sites[WEB_SITES_MAX];
    size_t sites_n;
};

/* Of the configuration; what is wrong becomes an issue of it. Texts are the configuration's. In a sandbox a
 * site without roles serves ads, too; elsewhere ads never share an origin with agent or desk, because
 * creatives of buyers would run where people's sessions are. */
struct listens_input {
    struct config *config;
    const struct passed_socket *passed;
    size_t passed_n;
    bool sandbox;
};
void listens_read(const struct listens_input *in, struct listens *out);

/* True when both have the same sockets, whatever is served there. */
bool listens_same_sockets(const struct listens *a, const struct listens *b);

/* "agent", "desk", "ads", "metrics" -> the role; 0: none of them. */
unsigned web_role_named(struct str word);
