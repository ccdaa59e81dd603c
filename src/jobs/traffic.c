#include "jobs/traffic.h"

#include <strings.h>

#include "domain/tell/webhook.h"
#include "jobs/webhook_send.h"
#include "store/q/q_media_buy.h"
#include "store/q/agent/q_traffic.h"

#define BODY_BYTES_KEPT (64 * 1024)

struct sent_call {
    struct sent_call *next;
    struct traffic_cause cause;
    struct traffic_row row;
};

static bool was_sent(const struct http_call *c)
{
    return c->outcome == HTTP_OK || c->outcome == HTTP_UNKNOWN || c->outcome == HTTP_TOO_LARGE;
}

static struct str content_type_of(const struct http_call *c)
{
    for (size_t i = 0; i < c->headers_n; i++) {
        struct str name = c->headers[i].name;
        if (name.n == 12 && strncasecmp(name.p, "content-type", 12) == 0) return c->headers[i].value;
    }
    return STR("application/octet-stream");
}

void traffic_note(struct job_run *run, const struct traffic_cause *cause, const struct http_call *c)
{
    const struct jobs_world *world = jobs_context(run->jobs);
    struct arena *a = &run->arena;
    if (!world->sandbox || !was_sent(c) || run->sent_n == TRAFFIC_NOTED) return;
    struct str body = c->body;
    if (body.n > BODY_BYTES_KEPT) body.n = BODY_BYTES_KEPT;
    struct sent_call *s = ARENA_NEW(a, struct sent_call);
    *s = (struct sent_call){ .next = run->sent,
                             .cause = { arena_dup(a, cause->principal_id), arena_dup(a, cause->media_buy_id),
                                        cause->purpose },
                             .row = { .tenant_id = run->row.tenant_id,
                                      .purpose = cause->purpose,
                                      .method = arena_dup(a, c->method),
                                      .url = arena_dup(a, webhook_shown_url(c->url)),
                                      .content_type = arena_dup(a, content_type_of(c)),
                                      .body = arena_dup(a, body),
                                      .sent_at = loop_now(run->steps.loop) - c->elapsed_ms * INT64_C(1000),
                                      .http_status = c->outcome == HTTP_OK ? c->status : -1 } };
    run->sent = s;
    run->sent_n++;
}

/* Sets row.principal_id: 1 known, 0 the media buy is nobody's any more, -1 failed. */
static int find_cause(struct tx *tx, struct arena *a, struct sent_call *s, struct err *e)
{
    struct media_buy_key key = { .tenant_id = s->row.tenant_id, .media_buy_id = s->cause.media_buy_id };
    struct media_buy_row buy;
    s->row.principal_id = s->cause.principal_id;
    if (s->row.principal_id.n) return 1;
    int found = q_media_buy_get(tx, a, &key, &buy, e);
    if (found == 1) s->row.principal_id = buy.principal_id;
    return found;
}

int traffic_record(struct tx *tx, struct job_run *run, struct err *e)
{
    for (struct sent_call *s = run->sent; s; s = s->next) {
        int found = find_cause(tx, &run->arena, s, e);
        if (found < 0 || (found && q_traffic_insert(tx, &s->row, e))) return -1;
    }
    return 0;
}
