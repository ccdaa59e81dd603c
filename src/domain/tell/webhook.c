#include "domain/tell/webhook.h"
#include "contract/document.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/signature/signature.h"
#include "domain/signature/signing_keys.h"
#include "domain/tell/webhook_internal.h"
#include "net/url.h"

#define ACTIVITY_DEFAULT 50
#define ACTIVITY_MAX     200
#define TOKEN_BYTES_MIN  16
#define TOKEN_BYTES_MAX  4096
#define SECRET_BYTES_MIN 32
#define SECRET_BYTES_MAX 4096

/* --- reading a configuration -------------------------------------------------------------------------------- */

static int refuse(struct err *e, const char *at, const char *member, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s/%s", at, member);
}

static int read_url(const struct act *act, const struct webhook_source *src, struct webhook_row *out, struct err *e)
{
    struct json_len len = { 1, URL_BYTES_MAX };
    if (json_req_str(JSON_FIELD(src->config, "url", src->at), len, &out->url, e)) return -1;
    if (url_allowed(out->url, act->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC, e)) {
        (void)err_field(e, "%s/url", src->at);
        return err_suggest(e, "Give a public https URL that answers POST.");
    }
    return 0;
}

/* AdCP: {"schemes": ["..."], "credentials": "..."}; an older form: {"scheme": "...", "credentials"?: "..."}. */
static int read_authentication(const struct webhook_source *src, struct webhook_row *out, struct err *e)
{
    yyjson_val *auth = json_obj(src->config, "authentication"), *schemes = json_arr(auth, "schemes");
    if (!auth) return 0;
    struct str scheme = schemes ? json_val_str(yyjson_arr_get_first(schemes)) : json_str(auth, "scheme");
    const char *member = schemes ? "authentication/schemes/0" : "authentication/scheme";
    if (schemes && yyjson_arr_size(schemes) != 1) {
        return refuse(e, src->at, "authentication/schemes", "schemes must hold exactly one scheme.");
    }
    if (!str_is(scheme, WEBHOOK_BEARER) && !str_is(scheme, WEBHOOK_HMAC)) {
        return refuse(e, src->at, member,
                      "The scheme must be HMAC-SHA256 or Bearer; leave authentication out for RFC 9421.");
    }
    struct str secret = json_str(auth, "credentials");
    /* The older form names no credential. Without a shared secret there is nothing to sign with but our own key. */
    if (!secret.p && !schemes) return 0;
    if (secret.n < SECRET_BYTES_MIN || secret.n > SECRET_BYTES_MAX) {
        return refuse(e, src->at, "authentication/credentials", "The credentials must have at least 32 characters.");
    }
    for (size_t i = 0; i < secret.n; i++) {
        if (secret.p[i] < ' ' || secret.p[i] > '~') {
            return refuse(e, src->at, "authentication/credentials", "The credentials must be printable ASCII.");
        }
    }
    out->scheme = scheme;
    out->secret = secret;
    return 0;
}

int webhook_read(const struct act *act, const struct webhook_source *src, struct webhook_row *out, struct err *e)
{
    struct json_len token = { TOKEN_BYTES_MIN, TOKEN_BYTES_MAX }, operation = { 1, 255 };
    if (!yyjson_is_obj(src->config)) {
        (void)err_set(e, "INVALID_REQUEST", "A webhook configuration must be an object.");
        return err_field(e, "%s", src->at);
    }
    if (read_url(act, src, out, e) || read_authentication(src, out, e)) return -1;
    if (json_opt_str(JSON_FIELD(src->config, "token", src->at), token, &out->token, e)) return -1;
    if (json_opt_str(JSON_FIELD(src->config, "operation_id", src->at), operation, &out->operation_id, e)) return -1;
    struct str channel = json_str(src->config, "channel");
    out->channel = str_is(channel, "a2a") || str_is(channel, "a2a-1.0") ? channel : STR("mcp");
    out->active = json_bool_or(src->config, "active", true);
    return 0;
}

int webhook_check_args(const struct act *act, yyjson_val *args, struct err *e)
{
    static const struct {
        const char *key, *at;
        enum webhook_kind kind;
    } places[] = { { "push_notification_config", "/push_notification_config", WEBHOOK_TASK },
                   { "reporting_webhook", "/reporting_webhook", WEBHOOK_REPORT } };
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        yyjson_val *config = yyjson_obj_get(args, places[i].key);
        if (!config || yyjson_is_null(config)) continue;
        struct webhook_row ignored = { 0 };
        struct webhook_source src = { config, places[i].at, places[i].kind };
        if (webhook_read(act, &src, &ignored, e)) return -1;
    }
    return 0;
}

bool webhook_args_carry_credentials(yyjson_val *args)
{
    if (json_has(json_obj(args, "push_notification_config"), "authentication")) return true;
    yyjson_val *account, *config;
    size_t i, n, k, m;
    yyjson_arr_foreach(json_arr(args, "accounts"), i, n, account) {
        yyjson_arr_foreach(json_arr(account, "notification_configs"), k, m, config) {
            if (json_has(config, "authentication")) return true;
        }
    }
    return false;
}

/* --- registrations ------------------------------------------------------------------------------------------- */

static const char *webhook_kind_name(enum webhook_kind kind)
{
    switch (kind) {
    case WEBHOOK_TASK: return "task";
    case WEBHOOK_REPORT: return "report";
    case WEBHOOK_ACCOUNT: return "account";
    }
    ENSURE(!"a webhook kind");
}

struct str webhook_context(const struct act *act, struct str echo)
{
    yyjson_val *context = yyjson_obj_get(document_read(act->arena, echo), "context");
    return context ? json_write_val(act->arena, context) : STR_NONE;
}

int webhook_register(const struct act *act, const struct webhook_owner *owner, struct str config, struct err *e)
{
    struct err why;
    struct webhook_row row = { .webhook_id = id_new(act->arena, act->rng, "wh-", act->now),
                               .tenant_id = act->tenant->tenant_id,
                               .principal_id = owner->principal_id,
                               .account_id = owner->account_id,
                               .kind = str_from(webhook_kind_name(owner->kind)),
                               .anchor = owner->anchor,
                               .context = owner->context,
                               .subscriber_id = owner->subscriber_id,
                               .events = STR("[]"),
                               .updated_at = act->now };
    struct webhook_source src = { document_read(act->arena, config), "", owner->kind };
    if (document_whole(act->arena, e)) return -1;
    if (webhook_read(act, &src, &row, &why) == 0) return q_webhook_put(act->tx, &row, e);
    log_event(LOG_WARN, "webhook", "registration left out", "anchor", arena_cstr(act->arena, owner->anchor), "why",
              why.message, NULL);
    return 0;
}

/* --- jobs ---------------------------------------------------------------------------------------------------- */

struct str webhook_shown_url(struct str url)
{
    size_t n = 0;
    while (n < url.n && url.p[n] != '?' && url.p[n] != '#') n++;
    return (struct str){ url.p, n };
}

/* What fails together: the receiver's origin. */
static struct str lane_of(struct arena *a, struct str url)
{
    struct signature_target t;
    if (signature_target(a, url, &t)) return STR("webhook:unreadable");
    return arena_printf(a, "webhook:" STR_FMT, STR_ARG(t.authority));
}

/* What is ordered: one subject, one URL. */
static struct str subject_of(struct arena *a, struct str url, struct str subject)
{
    uint8_t sum[SHA256_BYTES];
    sha256(url, sum);
    return arena_printf(a, "webhook:" STR_FMT ":" STR_FMT, STR_ARG(hex_encode(a, (struct str){ (char *)sum, 8 })),
                        STR_ARG(subject));
}

int webhook_job_add(const struct act *act, const struct webhook_row *hook, const struct webhook_job *job, struct err *e)
{
    if (signing_key_ensure(act, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "webhook_id", hook->webhook_id);
    json_add_str(doc, o, "idempotency_key", job->idempotency_key);
    json_add_str(doc, o, "subject", job->subject);
    json_add_str_opt(doc, o, "notification_type", str_from(job->notification_type));
    if (job->sequence_number >= 0) json_add_i64(doc, o, "sequence_number", job->sequence_number);
    json_add_str(doc, o, "body", job->body);
    struct job_row row = { .job_id = id_new(act->arena, act->rng, "job-", act->now),
                           .tenant_id = act->tenant->tenant_id,
                           .kind = str_from(job->kind),
                           .lane = lane_of(act->arena, hook->url),
                           .subject = subject_of(act->arena, hook->url, job->subject),
                           .payload = json_write(act->arena, o),
                           /* A call under a clock of its own is told about now. */
                           .due_at = act->mock_clock ? 0 : act->now,
                           .deadline_at = act->mock_clock ? TIME_NONE : act->now + WEBHOOK_HORIZON_US,
                           .created_at = act->now };
    return q_job_insert(act->tx, &row, e);
}

int webhook_payload_read(struct arena *a, struct str json, struct webhook_payload *out, struct err *e)
{
    yyjson_val *o = document_read(a, json);
    *out = (struct webhook_payload){ .webhook_id = json_str(o, "webhook_id"),
                                     .idempotency_key = json_str(o, "idempotency_key"),
                                     .subject = json_str(o, "subject"),
                                     .notification_type = json_str(o, "notification_type"),
                                     .body = json_str(o, "body"),
                                     .sequence_number = json_i64_or(o, "sequence_number", -1) };
    if (out->webhook_id.n && out->body.n) return 0;
    return err_set(e, "INVALID_REQUEST", "The job's payload is not a webhook's.");
}

int webhook_listened(const struct act *act, const struct webhook_anchor *to, struct err *e)
{
    struct webhook_row *hooks;
    size_t n;
    if (q_webhook_list(act->tx, act->arena, to, &hooks, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (hooks[i].active) return 1;
    }
    return 0;
}

int webhook_send(const struct act *act, const struct webhook_anchor *to, const struct webhook_event *ev, struct err *e)
{
    struct webhook_row *hooks;
    size_t n;
    if (q_webhook_list(act->tx, act->arena, to, &hooks, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!hooks[i].active) continue;
        struct webhook_job job = { .kind = WEBHOOK_JOB,
                                   .idempotency_key = uuid_new(act->arena, act->rng),
                                   .subject = ev->subject,
                                   .notification_type = ev->notification_type,
                                   .sequence_number = ev->notification_type ? ev->sequence_number : -1 };
        job.body = webhook_body(act, &hooks[i], ev, job.idempotency_key);
        if (webhook_job_add(act, &hooks[i], &job, e)) return -1;
    }
    return 0;
}

/* --- showing --------------------------------------------------------------------------------------------------- */

static void add_number_or_null(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t v)
{
    if (v < 0) {
        json_add_null(doc, o, key);
    } else {
        json_add_i64(doc, o, key, v);
    }
}

int webhook_activity_asked(yyjson_val *args, int64_t *limit, struct err *e)
{
    bool asked = false;
    int64_t most = ACTIVITY_DEFAULT;
    struct json_range range = { 1, ACTIVITY_MAX };
    if (json_opt_bool(JSON_FIELD(args, "include_webhook_activity", ""), &asked, e)) return -1;
    if (json_opt_i64(JSON_FIELD(args, "webhook_activity_limit", ""), range, &most, e)) return -1;
    *limit = asked ? most : 0;
    return 0;
}

int webhook_activity_encode(const struct act *act, struct str subject, int limit, yyjson_mut_doc *doc,
                            yyjson_mut_val *obj, struct err *e)
{
    struct webhook_activity_filter f = {
        .tenant_id = act->tenant->tenant_id,
        .subject = subject,
        .principal_id = act->principal && act->principal->role == ROLE_BUYER ? act->principal->principal_id : STR_NONE,
        .limit = limit,
    };
    struct webhook_activity_row *rows;
    size_t n;
    if (q_webhook_activity_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(doc, obj, "webhook_activity");
    for (size_t i = 0; i < n; i++) {
        const struct webhook_activity_row *r = &rows[i];
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "idempotency_key", r->idempotency_key);
        json_add_str_opt(doc, o, "subscriber_id", r->subscriber_id);
        json_add_time(doc, o, "fired_at", r->fired_at);
        json_add_time(doc, o, "completed_at", r->completed_at);
        json_add_str(doc, o, "notification_type", r->notification_type);
        if (r->sequence_number >= 0) json_add_i64(doc, o, "sequence_number", r->sequence_number);
        json_add_i64(doc, o, "attempt", r->attempt);
        json_add_str(doc, o, "status", r->status);
        json_add_str(doc, o, "url", r->url);
        add_number_or_null(doc, o, "http_status_code", r->http_status);
        add_number_or_null(doc, o, "response_time_ms", r->response_ms);
        json_add_i64(doc, o, "payload_size_bytes", r->payload_bytes);
        if (r->error.n) {
            json_add_str(doc, o, "error_message", r->error);
        } else {
            json_add_null(doc, o, "error_message");
        }
    }
    return 0;
}
