/* See remote_list_job.h. */
#include "jobs/remote_list_job.h"

#include <stdio.h>

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/buyer/remote_list.h"
#include "jobs/mcp_client.h"
#include "jobs/webhook_send.h"

#define TIMEOUT_MS       5000 /* two attempts fit into the patience of a call */
#define ANSWER_BYTES_MAX (8u * 1024 * 1024)
#define PAGE             5000
#define PAGES_MAX        100
#define BYTES_MAX        (32u * 1024 * 1024)
#define VALID_MIN_US     (INT64_C(60) * USEC_PER_SEC)
#define VALID_MAX_US     (INT64_C(7) * USEC_PER_DAY)
#define VALID_US         (INT64_C(24) * 3600 * USEC_PER_SEC) /* when the keeper says nothing */

struct fetch_run {
    struct job_run run; /* first */
    struct remote_list_row list;
    struct op_http post;
    struct http_header headers[MCP_HEADERS_MAX];
    struct str cursor;
    int pages;
    yyjson_mut_doc *doc; /* the entries so far */
    size_t bytes;        /* of all pages */
    struct str url;      /* agent_url, or its /mcp */
    const char *failure; /* NULL: none */
    const char *told;    /* what the buyer is told of it; what the network said is for operators only */
};

enum { STEP_ASK, STEP_HEAR };

static struct fetch_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct fetch_run, run.steps);
}

static int fail(struct fetch_run *r, const char *failure, const char *told)
{
    r->failure = failure;
    r->told = told;
    return job_run_end(&r->run, JOB_DEAD, told);
}

static int later(struct fetch_run *r, const char *why)
{
    r->failure = "unreachable"; /* unless another attempt fares better */
    r->told = "it does not answer";
    r->run.health = LANE_FAILED;
    return job_run_end(&r->run, JOB_RETRY, why);
}

/* ---- asking ---- */

static bool properties(const struct fetch_run *r)
{
    return str_is(r->list.kind, BUYER_OBJECT_PROPERTY_LIST);
}

static struct str arguments(struct fetch_run *r)
{
    yyjson_mut_doc *doc = json_doc_new(&r->run.arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_i64(doc, o, "adcp_major_version", 3);
    json_add_str(doc, o, "list_id", r->list.list_id);
    json_add_bool(doc, o, "resolve", true);
    yyjson_mut_val *page = json_add_obj(doc, o, "pagination");
    json_add_i64(doc, page, "max_results", PAGE);
    json_add_str_opt(doc, page, "cursor", r->cursor);
    return json_write(&r->run.arena, o);
}

static int ask(struct steps *s)
{
    struct fetch_run *r = self(s);
    const struct jobs_world *world = jobs_context(r->run.jobs);
    struct arena *a = &r->run.arena;
    struct err e;
    if (!r->doc) {
        struct remote_list_row key = { .tenant_id = r->run.row.tenant_id,
                                       .list_key = json_str(document_read(a, r->run.row.payload), "list_key") };
        int rc = q_remote_list_get(store_read(jobs_store(r->run.jobs)), a, &key, &r->list, &e);
        if (rc < 0) return job_run_end(&r->run, JOB_RETRY, e.message);
        if (rc == 0) return job_run_end(&r->run, JOB_DEAD, "Nobody asks for this list any more.");
        if (r->list.fetched_at != TIME_NONE && r->list.fetched_at >= r->run.row.created_at && !r->list.failure.n) {
            r->list.list_key = STR_NONE; /* another call's job has fetched it since */
            return job_run_end(&r->run, JOB_DONE, "");
        }
        r->doc = json_doc_new(a);
        yyjson_mut_doc_set_root(r->doc, yyjson_mut_arr(r->doc));
    }
    if (!r->url.n) r->url = r->list.agent_url;
    struct mcp_ask question = { .url = r->url,
                                .token = r->list.auth_token,
                                .id = r->run.row.job_id,
                                .tool = properties(r) ? STR("get_property_list") : STR("get_collection_list"),
                                .arguments = arguments(r),
                                .reach = world->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC,
                                .timeout_ms = TIMEOUT_MS,
                                .answer_bytes_max = ANSWER_BYTES_MAX };
    op_http_finish(&r->post); /* of the page before */
    mcp_fill_call(a, &question, r->headers, &r->post.call);
    steps_http(s, &r->post, jobs_client(r->run.jobs));
    return STEP_HEAR;
}

/* ---- hearing ---- */

static void keep(struct fetch_run *r, struct str type, struct str value)
{
    if (!value.n) return;
    yyjson_mut_val *pair = yyjson_mut_arr(r->doc);
    json_push_str(r->doc, pair, arena_dup(&r->run.arena, type));
    json_push_str(r->doc, pair, arena_dup(&r->run.arena, value));
    yyjson_mut_arr_append(yyjson_mut_doc_get_root(r->doc), pair);
}

static void keep_identifiers(struct fetch_run *r, yyjson_val *arr)
{
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, id) keep(r, json_str(id, "type"), json_str(id, "value"));
}

/* Of a collection: its registered id, its distribution ids, and its name for those who have neither. */
static void keep_collections(struct fetch_run *r, yyjson_val *arr)
{
    yyjson_val *c;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, c) {
        keep(r, STR("collection_rid"), json_str(c, "collection_rid"));
        keep_identifiers(r, json_arr(c, "distribution_ids"));
        keep(r, STR("name"), json_str(c, "name"));
    }
}

static void set_valid(struct fetch_run *r, yyjson_val *answer)
{
    int64_t now = loop_now(r->run.steps.loop), until = now + VALID_US;
    if (json_has(answer, "cache_valid_until") && rfc3339_parse(json_str(answer, "cache_valid_until"), &until))
        until = now + VALID_US;
    if (until < now + VALID_MIN_US) until = now + VALID_MIN_US;
    if (until > now + VALID_MAX_US) until = now + VALID_MAX_US;
    r->list.valid_until = until;
    r->list.fetched_at = now;
}

static int read_page(struct fetch_run *r)
{
    struct arena *a = &r->run.arena;
    struct mcp_answer said;
    r->run.health = LANE_OK;
    r->bytes += r->post.call.response.n;
    if (r->bytes > BYTES_MAX) return fail(r, "unreadable", "the list is too large");
    if (!mcp_read_answer(a, &r->post.call, ANSWER_BYTES_MAX, &said))
        return fail(r, "unreadable", "its answer is not one of MCP");
    if (said.failed) return fail(r, "denied", "the agent refuses it");
    yyjson_val *entries = json_arr(said.content, properties(r) ? "identifiers" : "collections");
    if (!entries) return fail(r, "unreadable", "the answer holds no resolved list");
    if (properties(r)) keep_identifiers(r, entries);
    else keep_collections(r, entries);
    if (yyjson_mut_arr_size(yyjson_mut_doc_get_root(r->doc)) > REMOTE_LIST_ENTRIES_MAX) {
        return fail(r, "unreadable", "the list has too many entries");
    }
    yyjson_val *pagination = json_obj(said.content, "pagination");
    struct str cursor = json_str(pagination, "cursor");
    if (json_bool_or(pagination, "has_more", false) && cursor.n) {
        if (++r->pages == PAGES_MAX) return fail(r, "unreadable", "the list has too many pages");
        r->cursor = arena_dup(a, cursor);
        return STEP_ASK;
    }
    set_valid(r, said.content);
    r->list.entries = json_write(a, yyjson_mut_doc_get_root(r->doc));
    return job_run_end(&r->run, JOB_DONE, "");
}

/* An agent_url may be the agent's address or that of its MCP endpoint below it. */
static bool try_beside(struct fetch_run *r)
{
    struct str url = r->list.agent_url;
    bool asked = !str_eq(r->url, url) || r->pages > 0;
    while (url.n && url.p[url.n - 1] == '/') url.n--;
    bool endpoint = url.n > 4 && memcmp(url.p + url.n - 4, "/mcp", 4) == 0;
    if (asked || endpoint || (r->post.call.status != 404 && r->post.call.status != 405)) return false;
    r->url = arena_printf(&r->run.arena, STR_FMT "/mcp", STR_ARG(url));
    return true;
}

static int hear(struct steps *s)
{
    struct fetch_run *r = self(s);
    const struct http_call *c = &r->post.call;
    char why[64];
    switch (c->outcome) {
    case HTTP_OK: break;
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: return later(r, c->reason);
    case HTTP_REFUSED: return fail(r, "unreachable", "its address is not one that is called from here");
    case HTTP_TOO_LARGE: return fail(r, "unreadable", "the answer is too large");
    case HTTP_CANCELED: r->run.retry_at = loop_now(s->loop); return job_run_end(&r->run, JOB_RETRY, "stopped");
    }
    if (c->status == 200) return read_page(r);
    (void)snprintf(why, sizeof(why), "HTTP %d", c->status);
    if (c->status >= 500 || c->status == 429) return later(r, why);
    if (c->status == 401 || c->status == 403) return fail(r, "denied", "it refuses the token");
    if (try_beside(r)) return STEP_ASK;
    return c->status == 404 ? fail(r, "denied", "there is nothing at that address")
                            : fail(r, "unreadable", "it does not speak MCP at that address");
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct fetch_run *r = CONTAINER_OF(run, struct fetch_run, run);
    if (run->ends_as == JOB_STATE_READY || !r->list.list_key.n) return 0;
    bool done = run->ends_as == JOB_STATE_DONE;
    r->list.failure = done ? STR_NONE : str_from(r->failure ? r->failure : "unreachable");
    r->list.reason = done ? STR_NONE : str_from(r->told ? r->told : "it does not answer");
    r->list.failed_at = done ? TIME_NONE : loop_now(run->steps.loop);
    return q_remote_list_put(tx, &r->list, e);
}

static void cancel(struct job_run *run)
{
    op_http_cancel(&CONTAINER_OF(run, struct fetch_run, run)->post);
}

static void release(struct job_run *run)
{
    op_http_finish(&CONTAINER_OF(run, struct fetch_run, run)->post);
}

static const step_fn steps[] = { [STEP_ASK] = ask, [STEP_HEAR] = hear };

const struct job_kind remote_list_kind = { .name = REMOTE_LIST_JOB,
                                           .bytes = sizeof(struct fetch_run),
                                           .steps = steps,
                                           .lease_s = 120,
                                           .attempts_max = 3,
                                           .horizon_s = 10,
                                           .record = record,
                                           .cancel = cancel,
                                           .release = release };
