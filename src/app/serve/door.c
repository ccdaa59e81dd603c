/* Where requests come in: what belongs to the process itself is answered here, the rest by the router. */
#include "app/serve/health.h"
#include "app/serve/server.h"
#include "jobs/pump.h"

/* The command line asks for more than tools: POST /agent/<what> on the local socket. */
static bool control(struct server *s, struct http_exchange *ex)
{
    if (!ex->local || !str_starts(ex->path, STR("/agent/"))) return false;
    if (str_is(ex->path, "/agent/reload") && http_req_is(ex, "POST")) {
        struct str report;
        int rc = server_reload(s, &ex->arena, &report);
        http_exchange_reply_with(ex, rc ? 422 : 200, "application/json", report);
        return true;
    }
    if (str_is(ex->path, "/agent/jobs") && http_req_is(ex, "POST")) { /* another process has written */
        if (s->core.jobs) jobs_kick(s->core.jobs);
        if (s->core.house) house_look_again(s->core.house);
        http_exchange_reply_with(ex, 200, "application/json", STR("{}"));
        return true;
    }
    return false;
}

bool door_handle(void *arg, struct http_exchange *ex, unsigned roles)
{
    struct server *s = arg;
    return control(s, ex) || health_handle(s, ex) || metrics_handle(s, ex, roles);
}
