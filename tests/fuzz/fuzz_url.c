/* Our reading of URLs against libcurl's, which is the one that connects: whatever we accept, curl must read with the
 * same scheme, host and port; otherwise what was checked would not be what is called. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "driver.h"
#include "net/url.h"

static void check_host(const struct url *u, const char *host)
{
    if (u->host_kind != HOST_IPV6) {
        ENSURE(strlen(host) == u->host.n && strncasecmp(host, u->host.p, u->host.n) == 0);
        return;
    }
    char text[64];
    struct in6_addr a;
    (void)snprintf(text, sizeof(text), "%.*s", (int)strlen(host) - 2, host + 1); /* without the brackets */
    ENSURE(inet_pton(AF_INET6, text, &a) == 1);
    ENSURE(memcmp(&a, &u->address.v6.sin6_addr, sizeof(a)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url u;
    struct err e;
    if (url_parse((struct str){ (const char *)data, size }, &u, &e)) {
        ENSURE(e.message[0] != '\0');
        return 0;
    }
    char *text = strndup((const char *)data, size), *scheme, *host, *port, *user;
    CURLU *c = curl_url();
    ENSURE(text && c);
    ENSURE(curl_url_set(c, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK);
    ENSURE(curl_url_get(c, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    ENSURE(strcmp(scheme, u.scheme == URL_HTTPS ? "https" : "http") == 0);
    ENSURE(curl_url_get(c, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    check_host(&u, host);
    ENSURE(curl_url_get(c, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
    ENSURE(strtol(port, NULL, 10) == u.port);
    ENSURE(curl_url_get(c, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
    ENSURE(curl_url_get(c, CURLUPART_FRAGMENT, &user, 0) == CURLUE_NO_FRAGMENT);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(c);
    free(text);
    return 0;
}
