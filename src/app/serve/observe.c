#include "app/serve/observe.h"

#include "base/log.h"
#include "net/http.h"
#include "store/q/agent/q_audit.h"

#define CHANGES_MAX 200 /* lines of one commit; the others follow with the next ones */

/* --- requests ---------------------------------------------------------------------------------------------- */

static void call_ended(struct watcher *w, const struct request_note *n, int64_t took_us)
{
    metrics_call(CONTAINER_OF(w, struct observer, watcher)->metrics, n, took_us);
    if (!str_is(n->code, "AUTH_INVALID")) return;
    const struct log_field fields[] = { LOG_TEXT("id", n->id), LOG_TEXT("peer", n->ex->peer),
                                        LOG_TEXT("publisher", n->tenant_id), LOG_TEXT("tool", str_from(n->tool)) };
    log_fields(LOG_WARN, "auth", "token refused", fields, ARRAY_LEN(fields));
}

/* What was not meant for this agent, or cannot be served now, deserves a look; what a caller did wrong is its own. */
static enum log_level level_of(const struct request_note *n)
{
    if (n->refused || n->ex->status >= 500) return LOG_WARN;
    return LOG_INFO;
}

static bool is_probe(const struct request_note *n)
{
    return n->route &&
           (strcmp(n->route, "/healthz") == 0 || strcmp(n->route, "/readyz") == 0 || strcmp(n->route, "/metrics") == 0);
}

static void request_ended(struct watcher *w, const struct request_note *n, int64_t took_us)
{
    const struct http_exchange *ex = n->ex;
    metrics_request(CONTAINER_OF(w, struct observer, watcher)->metrics, n, took_us);
    enum log_level level = is_probe(n) && ex->status == 200 ? LOG_DEBUG : level_of(n); /* every few seconds, for ever */
    if (n->refused) {
        const struct log_field fields[] = { LOG_TEXT("id", n->id), LOG_TEXT("peer", ex->peer),
                                            LOG_TEXT("host", ex->host),
                                            LOG_TEXT("origin", http_req_header(ex, "origin")) };
        log_fields(level, "http", strcmp(n->refused, "origin") == 0 ? "origin refused" : "host refused", fields,
                   ARRAY_LEN(fields));
        return;
    }
    if (!log_wants(level)) return;
    const struct log_field fields[] = { LOG_TEXT("id", n->id),
                                        LOG_TEXT("peer", ex->local ? STR("local") : ex->peer),
                                        LOG_TEXT("method", ex->method),
                                        LOG_TEXT("route", str_from(n->route)),
                                        LOG_NUMBER("status", ex->status),
                                        LOG_TEXT("publisher", n->tenant_id),
                                        LOG_TEXT("buyer", n->principal_id),
                                        LOG_TEXT("tool", str_from(n->tool)),
                                        LOG_TEXT("dialect", str_from(n->dialect)),
                                        LOG_TEXT("outcome", str_from(n->outcome)),
                                        LOG_TEXT("code", n->code),
                                        LOG_MILLIS("ms", took_us),
                                        LOG_NUMBER("bytes_in", (int64_t)ex->body.n),
                                        LOG_NUMBER("bytes_out", (int64_t)(ex->lead.n + ex->reply.n)),
                                        LOG_TEXT("client", ex->client_gone ? STR("gone") : STR_NONE),
                                        LOG_NUMBER("calls", n->calls) };
    log_fields(level, "http", "request", fields, ARRAY_LEN(fields) - (n->calls <= 1)); /* a batch has several */
}

/* --- the world --------------------------------------------------------------------------------------------- */

static void attempt_ended(struct jobs_observer *j, const struct job_run *r)
{
    struct observer *o = CONTAINER_OF(j, struct observer, jobs);
    metrics_attempt(o->metrics, r, loop_now(o->loop));
    if (r->lane_turn == LANE_AS_BEFORE) return;
    bool down = r->lane_turn == LANE_WENT_DOWN;
    const struct log_field fields[] = { LOG_TEXT("lane", r->row.lane), LOG_TEXT("system", str_from(r->system)),
                                        LOG_TEXT("why", down ? str_from(r->reason) : STR_NONE) };
    log_fields(LOG_WARN, "jobs", down ? "does not answer" : "answers again", fields, ARRAY_LEN(fields));
}

/* --- changes ----------------------------------------------------------------------------------------------- */

static void tell_change(const struct audit_row *row)
{
    const struct log_field fields[] = { LOG_TEXT("action", row->action), LOG_TEXT("publisher", row->tenant_id),
                                        LOG_TEXT("actor", row->actor), LOG_TEXT("subject", row->subject),
                                        LOG_NUMBER("audit", row->seq) };
    log_fields(LOG_INFO, "change", "change", fields, ARRAY_LEN(fields));
}

static void take_as_told(struct observer *o)
{
    struct audit_row last;
    struct arena a;
    struct err e;
    arena_init(&a);
    if (q_audit_last(store_read(o->store), &a, &last, &e) == 1) o->audit_seq = last.seq;
    arena_finish(&a);
}

static void on_commit(struct commit_hook *h)
{
    struct observer *o = CONTAINER_OF(h, struct observer, committed);
    struct audit_filter f = {
        .after_seq = o->audit_seq, .from_at = TIME_NONE, .until_at = TIME_NONE, .limit = CHANGES_MAX
    };
    struct audit_row *rows;
    size_t n;
    struct arena a;
    struct err e; /* the trail has what is not told */
    if (!log_wants(LOG_INFO)) {
        take_as_told(o); /* what is done now is not told later, either */
        return;
    }
    arena_init(&a);
    if (q_audit_list(store_read(o->store), &a, &f, &rows, &n, &e) == 0 && n > 0) {
        for (size_t i = 0; i < n; i++) tell_change(&rows[i]);
        o->audit_seq = rows[n - 1].seq;
    }
    arena_finish(&a);
}

void observer_init(struct observer *o, struct loop *loop, struct metrics *metrics)
{
    *o = (struct observer){
        .watcher = { call_ended, request_ended }, .jobs = { attempt_ended }, .loop = loop, .metrics = metrics
    };
}

void observer_start(struct observer *o, struct store *store)
{
    o->store = store;
    take_as_told(o);
    store_add_commit_hook(store, &o->committed, on_commit);
}
