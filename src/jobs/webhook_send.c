#include "jobs/webhook_send.h"

#include <stdio.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "domain/signature/signature.h"
#include "domain/tell/webhook_horizon.h"
#include "domain/tell/webhook.h"
#include "jobs/traffic.h"
#include "jobs/webhook_keys.h"

#define HEADERS_MAX       6
#define TIMEOUT_MS        10000
#define ANSWER_BYTES_MAX  65536
#define PATIENCE_ATTEMPTS 4 /* for 401 and answers without end */
#define KEEP_ACTIVITY_US  (INT64_C(35) * USEC_PER_DAY)
#define UNPROVED_WAIT_US  (INT64_C(30) * USEC_PER_SEC)
#define RETRY_AFTER_S_MAX (6 * 3600)
#define SIGNATURE_WAIT_US (INT64_C(60) * USEC_PER_SEC) /* caches of keys and clocks get the time to catch up */
#define UNSIGNED_REASON   "HTTP 401, "

struct delivery_run {
    struct job_run run; /* first */
    struct webhook_row hook;
    struct webhook_payload payload;
    struct webhook_key *key; /* held */
    struct op_work sign;
    struct op_http post;
    struct http_header headers[HEADERS_MAX];
    size_t headers_n;
    bool signed_ok, posted, proved, sent_again;
    int64_t fired_at;
};

enum { STEP_PREPARE, STEP_SIGNED, STEP_ANSWERED };

static struct delivery_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct delivery_run, run.steps);
}

static void add_header(struct delivery_run *d, struct str name, struct str value)
{
    ENSURE(d->headers_n < HEADERS_MAX);
    d->headers[d->headers_n++] = (struct http_header){ name, value };
}

static bool is_challenge(const struct delivery_run *d)
{
    return d->run.kind == &webhook_challenge_kind;
}

/* --- preparing ----------------------------------------------------------------------------------------------- */

/* On the pool: the run's arena and headers are this function's until it returns. */
static void sign_run(struct op_work *op)
{
    struct delivery_run *d = CONTAINER_OF(op, struct delivery_run, sign);
    struct signature_message m = { .method = STR("POST"),
                                   .url = d->hook.url,
                                   .headers = d->headers,
                                   .headers_n = d->headers_n,
                                   .body = d->payload.body };
    struct signature_key key = { d->key->kid, d->key->ready };
    uint8_t nonce[16];
    random_bytes(nonce, sizeof(nonce));
    int64_t created_s = d->fired_at / USEC_PER_SEC;
    struct signature_params p = { .tag = SIGNATURE_TAG_WEBHOOK,
                                  .created_s = created_s,
                                  .expires_s = created_s + SIGNATURE_WINDOW_S,
                                  .nonce =
                                      base64url_encode(&d->run.arena, (struct str){ (char *)nonce, sizeof(nonce) }) };
    struct http_header made[SIGNATURE_HEADERS_N];
    if (signature_sign(&d->run.arena, &m, &key, &p, made)) return;
    for (size_t i = 0; i < SIGNATURE_HEADERS_N; i++) add_header(d, made[i].name, made[i].value);
    d->signed_ok = true;
}

/* `X-ADCP-Signature: sha256=HEX` over "TIMESTAMP.BODY". */
static void sign_hmac(struct delivery_run *d)
{
    struct arena *a = &d->run.arena;
    struct str at = arena_printf(a, "%lld", (long long)(d->fired_at / USEC_PER_SEC));
    struct str text = arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(at), STR_ARG(d->payload.body));
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(d->hook.secret, text, mac);
    struct str hex = hex_encode(a, (struct str){ (const char *)mac, sizeof(mac) });
    add_header(d, STR("X-ADCP-Timestamp"), at);
    add_header(d, STR("X-ADCP-Signature"), arena_printf(a, "sha256=" STR_FMT, STR_ARG(hex)));
    d->signed_ok = true;
}

static int sign_asymmetric(struct delivery_run *d)
{
    struct err e;
    webhook_key_drop(d->key); /* of a first sending */
    d->key = NULL;
    int rc = webhook_key_hold(&d->run, &d->key, &e);
    if (rc < 0) return job_run_end(&d->run, JOB_RETRY, e.message);
    if (rc == 0) return job_run_end(&d->run, JOB_RETRY, "There is no signing key.");
    steps_brief_work(&d->run.steps, &d->sign, sign_run);
    return STEP_SIGNED;
}

static int prepare(struct steps *s)
{
    struct delivery_run *d = self(s);
    struct arena *a = &d->run.arena;
    struct tx *tx = store_read(jobs_store(d->run.jobs));
    struct err e;
    d->fired_at = loop_now(s->loop);
    if (webhook_payload_read(a, d->run.row.payload, &d->payload, &e)) return job_run_end(&d->run, JOB_DEAD, e.message);
    int rc = q_webhook_get(tx, a, d->payload.webhook_id, &d->hook, &e);
    if (rc < 0) return job_run_end(&d->run, JOB_RETRY, e.message);
    if (rc == 0) return job_run_end(&d->run, JOB_DEAD, "The registration no longer exists.");
    if (!d->hook.active) return job_run_end(&d->run, JOB_DONE, "Not sent: the receiver has paused.");
    if (is_challenge(d) && !d->hook.challenge.n) return job_run_end(&d->run, JOB_DONE, "Not sent: already proved.");
    if (!is_challenge(d) && d->hook.challenge.n) {
        d->run.retry_at = d->fired_at + UNPROVED_WAIT_US;
        return job_run_end(&d->run, JOB_RETRY, "The receiver has not proved yet that it controls the URL.");
    }
    bool a2a_1_0 = str_is(d->hook.channel, "a2a-1.0");
    d->headers_n = 0; /* drops those of an earlier sending of this run */
    d->signed_ok = false;
    add_header(d, STR("Content-Type"), a2a_1_0 ? STR("application/a2a+json") : STR("application/json"));
    if (str_starts(d->hook.channel, STR("a2a")) && d->hook.token.n) {
        add_header(d, STR("X-A2A-Notification-Token"), d->hook.token);
    }
    add_header(d, STR("User-Agent"), STR("salesagent/" SALESAGENT_VERSION));
    if (is_challenge(d) || !d->hook.scheme.n) return sign_asymmetric(d);
    if (str_is(d->hook.scheme, WEBHOOK_HMAC)) {
        sign_hmac(d);
    } else {
        struct str bearer = arena_printf(a, "Bearer " STR_FMT, STR_ARG(d->hook.secret));
        add_header(d, STR("Authorization"), bearer);
        d->signed_ok = true;
    }
    return STEP_SIGNED;
}

static int post(struct steps *s)
{
    struct delivery_run *d = self(s);
    const struct jobs_world *world = jobs_context(d->run.jobs);
    if (!d->signed_ok)
        return job_run_end(&d->run, JOB_DEAD, "The webhook cannot be signed: its URL or our key is damaged.");
    if (jobs_stopping(d->run.jobs)) return job_run_end(&d->run, JOB_RETRY, "stopped");
    d->post.call = (struct http_call){ .method = STR("POST"),
                                       .url = d->hook.url,
                                       .headers = d->headers,
                                       .headers_n = d->headers_n,
                                       .body = d->payload.body,
                                       .reach = world->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC,
                                       .timeout_ms = TIMEOUT_MS,
                                       .body_bytes_max = ANSWER_BYTES_MAX };
    d->posted = true;
    steps_http(s, &d->post, jobs_client(d->run.jobs));
    return STEP_ANSWERED;
}

/* --- judging --------------------------------------------------------------------------------------------------- */

/* AdCP core/webhook-challenge-response.json: exactly one of `challenge` and `token`, equal to ours. */
static bool echoes(struct delivery_run *d)
{
    yyjson_doc *doc;
    struct err ignored; /* what is not JSON echoes nothing */
    if (json_parse(&d->run.arena, d->post.call.response, &json_limits_answer, &doc, &ignored)) return false;
    yyjson_val *o = yyjson_doc_get_root(doc);
    if (json_has(o, "challenge") == json_has(o, "token")) return false;
    struct str echo = json_has(o, "challenge") ? json_str(o, "challenge") : json_str(o, "token");
    return secret_eq(echo, d->hook.challenge);
}

/* Whoever takes the message may say thanks at any length, and refuse at any length: its status is the answer. Only a challenge
 * needs the body. */
static bool answered(const struct delivery_run *d)
{
    const struct http_call *c = &d->post.call;
    return c->outcome == HTTP_OK || (c->outcome == HTTP_TOO_LARGE && c->status >= 200 && !is_challenge(d));
}

static bool took_it(const struct delivery_run *d)
{
    return answered(d) && d->post.call.status < 300;
}

static int later(struct delivery_run *d, const char *why)
{
    d->run.health = LANE_FAILED;
    int wait_s = answered(d) ? d->post.call.retry_after_s : 0;
    if (wait_s > RETRY_AFTER_S_MAX) wait_s = RETRY_AFTER_S_MAX;
    if (wait_s > 0) d->run.retry_at = loop_now(d->run.steps.loop) + wait_s * USEC_PER_SEC;
    return job_run_end(&d->run, JOB_RETRY, why);
}

/* The code in `WWW-Authenticate: Signature error="CODE"` (AdCP webhook error taxonomy); empty when there is none. */
static struct str signature_error(struct delivery_run *d)
{
    static const char before[] = "error=\"";
    struct str h = d->post.call.www_authenticate;
    if (d->post.call.status != 401 || h.n < 10 || strncasecmp(h.p, "Signature ", 10) != 0) return STR("");
    const char *p = strstr(arena_cstr(&d->run.arena, h), before);
    if (!p) return STR("");
    p += sizeof(before) - 1;
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n <= 64 && p[n] == '"' ? (struct str){ p, n } : STR("");
}

/* What another signature, later, may cure: a clock, a nonce seen, keys the receiver has not read yet. */
static bool curable(struct str code)
{
    static const char *const codes[] = { "webhook_signature_window_invalid",   "webhook_signature_replayed",
                                         "webhook_signature_key_unknown",      "webhook_signature_rate_abuse",
                                         "webhook_signature_revocation_stale", "webhook_signature_jwks_unavailable" };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (str_is(code, codes[i])) return true;
    }
    return false;
}

/* Final, as AdCP says of a signature that is not accepted; but what a fresh one may cure is tried once more. A 401 that
 * says nothing of signatures may pass (a receiver that restarts with its secrets), so it gets a few attempts. */
static int judge_unauthorized(struct delivery_run *d)
{
    struct str code = signature_error(d);
    if (!code.n)
        return job_run_end(&d->run, d->run.row.attempts < PATIENCE_ATTEMPTS ? JOB_RETRY : JOB_DEAD, "HTTP 401");
    bool again = curable(code) && !str_starts(d->run.row.last_error, STR(UNSIGNED_REASON));
    if (again) d->run.retry_at = loop_now(d->run.steps.loop) + SIGNATURE_WAIT_US;
    return job_run_end(&d->run, again ? JOB_RETRY : JOB_DEAD,
                       arena_printf(&d->run.arena, UNSIGNED_REASON STR_FMT, STR_ARG(code)).p);
}

static int judge_status(struct delivery_run *d, int status)
{
    char why[64];
    (void)snprintf(why, sizeof(why), "HTTP %d", status);
    if (status >= 500 || status == 429 || status == 408 || status == 425) return later(d, why);
    d->run.health = LANE_OK; /* it answers */
    if (status >= 200 && status < 300) {
        if (!is_challenge(d)) return job_run_end(&d->run, JOB_DONE, "");
        d->proved = echoes(d);
        return d->proved ? job_run_end(&d->run, JOB_DONE, "")
                         : job_run_end(&d->run, JOB_RETRY, "The answer does not echo the challenge.");
    }
    return status == 401 ? judge_unauthorized(d) : job_run_end(&d->run, JOB_DEAD, why);
}

/* A kept connection was dead, which says nothing about the receiver: once more at once, with a signature of its own,
 * because the first may have been seen. */
static int send_again(struct delivery_run *d)
{
    d->sent_again = true;
    d->posted = false;
    op_http_finish(&d->post);
    return STEP_PREPARE;
}

static int judge(struct steps *s)
{
    struct delivery_run *d = self(s);
    traffic_note(&d->run, &(struct traffic_cause){ .principal_id = d->hook.principal_id, .purpose = STR("other") },
                 &d->post.call);
    if (answered(d)) return judge_status(d, d->post.call.status);
    switch (d->post.call.outcome) {
    case HTTP_OK: break; /* answered */
    case HTTP_REFUSED: return job_run_end(&d->run, JOB_DEAD, d->post.call.reason);
    case HTTP_UNKNOWN:
        if (d->post.call.stale_connection && !d->sent_again) return send_again(d);
        return later(d, d->post.call.reason);
    case HTTP_NOT_SENT: return later(d, d->post.call.reason);
    case HTTP_TOO_LARGE:
        d->run.health = LANE_OK;
        return job_run_end(&d->run, d->run.row.attempts < PATIENCE_ATTEMPTS ? JOB_RETRY : JOB_DEAD,
                           "The answer is too long.");
    case HTTP_CANCELED:
        d->posted = false; /* we are stopping; nothing is known of it */
        d->run.retry_at = loop_now(s->loop);
        return job_run_end(&d->run, JOB_RETRY, "stopped");
    }
    ENSURE(!"an http outcome");
}

/* --- what remains ------------------------------------------------------------------------------------------------ */

/* For buyers: a stable word, never what the other side said. */
static struct str shown_error(struct delivery_run *d)
{
    const struct http_call *c = &d->post.call;
    if (took_it(d)) return STR("");
    if (answered(d)) {
        struct str code = signature_error(d);
        return code.n ? arena_printf(&d->run.arena, UNSIGNED_REASON STR_FMT, STR_ARG(code))
                      : arena_printf(&d->run.arena, "HTTP %d", c->status);
    }
    switch (c->outcome) {
    case HTTP_OK: break; /* answered */
    case HTTP_REFUSED: return STR("URL not allowed");
    case HTTP_NOT_SENT: return STR("no connection");
    case HTTP_UNKNOWN: return STR("no complete answer");
    case HTTP_TOO_LARGE: return STR("answer too long");
    case HTTP_CANCELED: return STR("canceled");
    }
    ENSURE(!"an http outcome");
}

static const char *shown_status(const struct delivery_run *d)
{
    if (answered(d)) return took_it(d) ? "success" : "failed";
    switch (d->post.call.outcome) {
    case HTTP_OK: break; /* answered */
    case HTTP_UNKNOWN: return "timeout";
    case HTTP_REFUSED:
    case HTTP_NOT_SENT:
    case HTTP_TOO_LARGE:
    case HTTP_CANCELED: return "connection_error";
    }
    ENSURE(!"an http outcome");
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct delivery_run *d = CONTAINER_OF(run, struct delivery_run, run);
    const struct http_call *c = &d->post.call;
    if (!d->posted) return 0;
    int64_t now = loop_now(run->steps.loop);
    if (d->proved && q_webhook_proved(tx, d->hook.webhook_id, d->hook.challenge, now, e) < 0) return -1;
    struct webhook_activity_row row = {
        .tenant_id = run->row.tenant_id,
        .principal_id = d->hook.principal_id,
        .subject = d->payload.subject,
        .job_id = run->row.job_id,
        .idempotency_key = d->payload.idempotency_key,
        .subscriber_id = d->hook.subscriber_id,
        .notification_type = d->payload.notification_type,
        .sequence_number = d->payload.sequence_number,
        .attempt = run->row.attempts,
        .status = str_from(shown_status(d)),
        .url = webhook_shown_url(d->hook.url),
        .error = shown_error(d),
        .http_status = answered(d) ? c->status : -1,
        .response_ms = c->outcome == HTTP_OK ? c->elapsed_ms : -1,
        .payload_bytes = (int64_t)d->payload.body.n,
        .fired_at = d->fired_at,
        .completed_at = now,
    };
    return q_webhook_activity_add(tx, &row, now - KEEP_ACTIVITY_US, e);
}

static void cancel(struct job_run *run)
{
    op_http_cancel(&CONTAINER_OF(run, struct delivery_run, run)->post);
}

static void release(struct job_run *run)
{
    struct delivery_run *d = CONTAINER_OF(run, struct delivery_run, run);
    op_http_finish(&d->post);
    webhook_key_drop(d->key);
}

static const step_fn steps[] = { [STEP_PREPARE] = prepare, [STEP_SIGNED] = post, [STEP_ANSWERED] = judge };

const struct job_kind webhook_kind = { .name = WEBHOOK_JOB,
                                       .bytes = sizeof(struct delivery_run),
                                       .steps = steps,
                                       .lease_s = 60,
                                       .attempts_max = 80,
                                       .horizon_s = WEBHOOK_HORIZON_S,
                                       .record = record,
                                       .cancel = cancel,
                                       .release = release };

const struct job_kind webhook_challenge_kind = { .name = WEBHOOK_CHALLENGE_JOB,
                                                 .bytes = sizeof(struct delivery_run),
                                                 .steps = steps,
                                                 .lease_s = 60,
                                                 .attempts_max = 20,
                                                 .horizon_s = 24 * 3600,
                                                 .record = record,
                                                 .cancel = cancel,
                                                 .release = release };
