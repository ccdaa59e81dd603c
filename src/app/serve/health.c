#include "app/serve/health.h"

#include "app/serve/server.h"
#include "contract/json.h"
#include "protocols/watch.h"
#include "protocols/web_reply.h"
#include "store/migrate.h"
#include "store/q/agent/q_job_hold.h"
#include "store/q/agent/q_pulse.h"
#include "store/q/q_tenant.h"

struct readiness {
    struct pulse_waiter waiter;
    struct server *server;
    struct http_exchange *ex;
    yyjson_mut_doc *doc;
    yyjson_mut_val *reasons, *warnings;
};

static void note(struct readiness *r, yyjson_mut_val *list, const char *check, const char *detail)
{
    yyjson_mut_val *item = json_push_obj(r->doc, list);
    json_add_str(r->doc, item, "check", str_from(check));
    json_add_str(r->doc, item, "detail", str_from(detail));
}

static void check_store(struct readiness *r, enum pulse_result result)
{
    switch (result) {
    case PULSE_OK: break;
    case PULSE_SLOW: note(r, r->reasons, "store", "A write was not on the disk within a second."); break;
    case PULSE_FAILED: note(r, r->reasons, "store", "A write failed; is the disk full, or read-only?"); break;
    }
}

static void check_rows(struct readiness *r)
{
    struct tx *tx = store_read(r->server->core.store);
    struct err e;
    int applied = q_schema_count(tx, &e), readable = q_tenant_count_readable(tx, &e), all = q_tenant_count(tx, &e);
    if (applied != migrations_n) note(r, r->reasons, "migrations", "The database does not have this version's schema.");
    if (all == 0) note(r, r->reasons, "publisher", "There is no publisher yet.");
    else if (readable <= 0) note(r, r->reasons, "publisher", "No publisher's settings can be read.");
    else if (readable < all)
        note(r, r->warnings, "publisher", "The settings of a publisher cannot be read; the others are served.");
}

static void check_jobs(struct readiness *r)
{
    struct err e;
    if (r->server->settings->o.no_jobs ||
        q_job_hold_get(store_read(r->server->core.store), &r->ex->arena, NULL, &e) == 1)
        note(r, r->warnings, "jobs", "Jobs are held: nothing is sent until somebody releases them.");
}

static void answer(struct pulse_waiter *w, enum pulse_result result)
{
    struct readiness *r = CONTAINER_OF(w, struct readiness, waiter);
    struct http_exchange *ex = r->ex;
    ex->closed = NULL;
    yyjson_mut_val *root = json_root_obj(r->doc);
    r->reasons = yyjson_mut_arr(r->doc);
    r->warnings = yyjson_mut_arr(r->doc);
    if (r->server->stopping) note(r, r->reasons, "draining", "The agent is about to stop.");
    check_store(r, result);
    check_rows(r);
    check_jobs(r);
    bool ready = yyjson_mut_arr_size(r->reasons) == 0;
    json_add_bool(r->doc, root, "ready", ready);
    json_add_val(r->doc, root, "reasons", r->reasons);
    if (yyjson_mut_arr_size(r->warnings)) json_add_val(r->doc, root, "warnings", r->warnings);
    (void)http_rep_header(ex, "Cache-Control", STR("no-store")); /* a constant: it cannot be refused */
    http_exchange_reply_with(ex, ready ? 200 : 503, "application/json", json_write(&ex->arena, root));
}

static void gone(struct http_exchange *ex)
{
    struct readiness *r = ex->owner;
    pulse_forget(&r->waiter);
    http_exchange_reply(ex); /* gives it back */
}

static void readyz(struct server *s, struct http_exchange *ex)
{
    struct readiness *r = ARENA_NEW(&ex->arena, struct readiness);
    *r = (struct readiness){ .server = s, .ex = ex, .doc = json_doc_new(&ex->arena) };
    r->waiter.done = answer;
    ex->owner = r;
    ex->closed = gone;
    pulse_ask(&s->pulse, &r->waiter);
}

bool health_handle(struct server *s, struct http_exchange *ex)
{
    bool alive = str_is(ex->path, "/healthz") || str_is(ex->path, "/health"), ready = str_is(ex->path, "/readyz");
    if (!alive && !ready) return false;
    watch_route(ex, ready ? "/readyz" : "/healthz");
    if (!ex->local && !web_methods_admit(ex, STR("GET, HEAD"))) return true;
    if (ready) readyz(s, ex);
    else http_exchange_reply_with(ex, 200, "application/json", STR("{\"status\":\"ok\"}"));
    return true;
}
