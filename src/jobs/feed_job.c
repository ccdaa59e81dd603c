/* See feed_job.h. */
#include "jobs/feed_job.h"

#include <stdio.h>

#include "domain/feed/catalog_feed.h"
#include "contract/document.h"
#include "jobs/job_act.h"
#include "jobs/webhook_send.h"

#define TIMEOUT_MS     30000
#define FEED_BYTES_MAX (8u * 1024 * 1024)

struct feed_run {
    struct job_run run; /* first */
    struct catalog_feed feed;
    struct op_http get;
    struct op_work work;
    struct http_header headers[1];
    struct feed_items items;
    struct err why;      /* of a feed that cannot be read */
    bool read;
    bool deleted;        /* the catalog is gone; so is the appointment, when this job ends */
    bool current;        /* the appointment was this job's when it began */
    const char *failure; /* for the buyer; what the network said is for operators only */
};

enum { STEP_FETCH, STEP_READ, STEP_END };

static struct feed_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct feed_run, run.steps);
}

static int fail(struct feed_run *r, const char *failure, const char *why)
{
    r->failure = failure;
    return job_run_end(&r->run, JOB_DEAD, why);
}

static int load(struct feed_run *r, struct err *e)
{
    struct arena *a = &r->run.arena;
    yyjson_val *payload;
    if (job_payload(&r->run, &payload, e)) return -1;
    struct buyer_object_key key = { .tenant_id = r->run.row.tenant_id,
                                    .kind = BUYER_OBJECT_CATALOG,
                                    .principal_id = json_str(payload, "principal_id"),
                                    .account_id = json_str(payload, "account_id"),
                                    .object_id = json_str(payload, "catalog_id") };
    struct tx *tx = store_read(jobs_store(r->run.jobs));
    struct buyer_object_row catalog;
    int found = q_buyer_object_get(tx, a, &key, &catalog, e);
    r->deleted = found == 0;
    return found < 0 || catalog_feed_load(tx, a, &key, &r->feed, e) ? -1 : 0;
}

static int fetch(struct steps *s)
{
    struct feed_run *r = self(s);
    const struct jobs_world *world = jobs_context(r->run.jobs);
    struct err e;
    if (load(r, &e)) return job_run_end(&r->run, JOB_RETRY, e.message);
    r->current = r->feed.known && str_eq(r->feed.job_id, r->run.row.job_id);
    if (!r->current || r->deleted)
        return job_run_end(&r->run, JOB_DONE, ""); /* replaced, or nobody wants it any more */
    r->headers[0] =
        (struct http_header){ STR("Accept"), STR("application/json, application/xml, text/csv, */*;q=0.5") };
    r->get.call = (struct http_call){ .method = STR("GET"),
                                      .url = r->feed.url,
                                      .headers = r->headers,
                                      .headers_n = 1,
                                      .reach = world->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC,
                                      .timeout_ms = TIMEOUT_MS,
                                      .body_bytes_max = FEED_BYTES_MAX };
    steps_http(s, &r->get, jobs_client(r->run.jobs));
    return STEP_READ;
}

/* On the thread pool; the loop does not touch the run's arena meanwhile. */
static void read_feed(struct op_work *op)
{
    struct feed_run *r = CONTAINER_OF(op, struct feed_run, work);
    struct feed_ask ask = { .format = r->feed.format,
                            .body = r->get.call.response,
                            .content_type = r->get.call.content_type };
    if (r->feed.mappings.n) ask.mappings = document_read(&r->run.arena, r->feed.mappings);
    r->read = feed_read(&r->run.arena, &ask, &r->items, &r->why) == 0;
}

static int later(struct feed_run *r, const char *why)
{
    r->run.health = LANE_FAILED;
    r->failure = "The server of the feed does not answer.";
    return job_run_end(&r->run, JOB_RETRY, why);
}

static int read_answer(struct steps *s)
{
    struct feed_run *r = self(s);
    const struct http_call *c = &r->get.call;
    char why[64];
    switch (c->outcome) {
    case HTTP_OK: break;
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: return later(r, c->reason);
    case HTTP_REFUSED: return fail(r, "The address of the feed is not one that is called from here.", c->reason);
    case HTTP_TOO_LARGE: return fail(r, "The feed is larger than 8 MiB.", c->reason);
    case HTTP_CANCELED: r->run.retry_at = loop_now(s->loop); return job_run_end(&r->run, JOB_RETRY, "stopped");
    }
    (void)snprintf(why, sizeof(why), "HTTP %d", c->status);
    if (c->status >= 500 || c->status == 429) return later(r, why);
    r->run.health = LANE_OK;
    if (c->status != 200) {
        return fail(r, arena_printf(&r->run.arena, "The server of the feed answers HTTP %d.", c->status).p, why);
    }
    steps_work(s, &r->work, read_feed);
    return STEP_END;
}

static int judge(struct steps *s)
{
    struct feed_run *r = self(s);
    return r->read ? job_run_end(&r->run, JOB_DONE, "") : fail(r, r->why.message, r->why.message);
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct feed_run *r = CONTAINER_OF(run, struct feed_run, run);
    struct job_act ja;
    if (run->ends_as == JOB_STATE_READY || !r->current) return 0;
    if (job_act_init(run, tx, "system:catalogs", &ja, e)) return -1;
    bool done = run->ends_as == JOB_STATE_DONE && r->read;
    struct catalog_feed_result result = { .items = done ? &r->items : NULL,
                                          .failure =
                                              str_from(r->failure ? r->failure : "The feed could not be fetched.") };
    return catalog_feed_fetched(&ja.act, &r->feed, &result, e);
}

static void cancel(struct job_run *run)
{
    op_http_cancel(&CONTAINER_OF(run, struct feed_run, run)->get);
}

static void release(struct job_run *run)
{
    op_http_finish(&CONTAINER_OF(run, struct feed_run, run)->get);
}

static const step_fn steps[] = { [STEP_FETCH] = fetch, [STEP_READ] = read_answer, [STEP_END] = judge };

const struct job_kind feed_kind = { .name = CATALOG_FEED_JOB,
                                    .bytes = sizeof(struct feed_run),
                                    .steps = steps,
                                    .lease_s = 120,
                                    .attempts_max = 5,
                                    .horizon_s = 600,
                                    .record = record,
                                    .cancel = cancel,
                                    .release = release };
