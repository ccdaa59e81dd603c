#include "protocols/router.h"

#include "protocols/local.h"
#include "protocols/mcp.h"

struct route {
    const char *path; /* exact, with or without one trailing slash */
    void (*handle)(struct dispatcher *d, struct http_exchange *ex);
};

static void health(struct dispatcher *d, struct http_exchange *ex)
{
    http_exchange_reply_with(ex, 200, "application/json",
                             STR("{\"status\":\"ok\",\"version\":\"" SALESAGENT_VERSION "\"}"));
}

static const struct route routes[] = {
    { "/mcp", mcp_handle },
    { "/health", health },
};

void router_handle(void *arg, struct http_exchange *ex)
{
    struct dispatcher *d = arg;
    struct str path = ex->path;
    if (!web_policy_admit(&d->web, ex)) return;
    if (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    if (ex->local && str_starts(path, STR("/local/"))) {
        local_handle(d, ex);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (str_is(path, routes[i].path)) {
            routes[i].handle(d, ex);
            return;
        }
    }
    http_exchange_reply_with(ex, 404, "application/json",
                             STR("{\"title\":\"Not Found\",\"status\":404,\"detail\":\"There is nothing at this path.\"}"));
}
