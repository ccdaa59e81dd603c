/* The outbox and the signing keys, for the publisher's people: x_job_list, x_job_get, x_job_redeliver, x_key_list,
 * x_key_rotate. */
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "domain/core/secrets.h"
#include "domain/signature/signing_keys.h"
#include "store/q/agent/q_job.h"
#include "tools/operation_tools.h"

#define LIST_DEFAULT 100

static void encode_job(struct tool_call *c, yyjson_mut_val *o, const struct job_row *j)
{
    json_add_str(c->doc, o, "job_id", j->job_id);
    json_add_str(c->doc, o, "kind", j->kind);
    json_add_cstr(c->doc, o, "state", job_state_name(j->state));
    json_add_str(c->doc, o, "lane", j->lane);
    json_add_str(c->doc, o, "subject", j->subject);
    json_add_i64(c->doc, o, "attempts", j->attempts);
    if (j->state == JOB_STATE_READY) json_add_time(c->doc, o, "due_at", j->due_at > 0 ? j->due_at : j->created_at);
    if (j->deadline_at != TIME_NONE) json_add_time(c->doc, o, "deadline_at", j->deadline_at);
    json_add_str_opt(c->doc, o, "last_error", j->last_error);
    json_add_time(c->doc, o, "created_at", j->created_at);
    json_add_time(c->doc, o, "updated_at", j->updated_at);
    json_add_i64(c->doc, o, "seq", j->seq);
}

int tool_x_job_list(struct tool_call *c, struct err *e)
{
    struct job_filter f = { .tenant_id = c->act->tenant->tenant_id,
                            .state = json_str(c->args, "state"),
                            .kind = json_str(c->args, "kind"),
                            .before_seq = json_i64_or(c->args, "before_seq", 0),
                            .limit = (size_t)json_i64_or(c->args, "limit", LIST_DEFAULT) };
    struct job_row *rows;
    size_t n;
    if (q_job_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "jobs");
    for (size_t i = 0; i < n; i++) encode_job(c, json_push_obj(c->doc, list), &rows[i]);
    return 0;
}

static int load_job(struct tool_call *c, struct job_row *out, struct err *e)
{
    int rc = q_job_get(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(c->args, "job_id"), out, e);
    if (rc) return rc < 0 ? -1 : 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such job.");
    return err_field(e, "/job_id");
}

/* A webhook's body is JSON text inside the payload, and repeats the token that its receiver gave us. */
static struct str shown_payload(struct arena *a, struct str payload)
{
    struct document d;
    document_open(a, payload, &d);
    yyjson_mut_val *body = yyjson_mut_obj_get(d.root, "body");
    struct str text = { yyjson_mut_get_str(body), yyjson_mut_get_len(body) };
    if (yyjson_mut_is_str(body)) document_set_str(&d, "body", secrets_redacted(a, text));
    return secrets_redacted(a, document_text(&d));
}

int tool_x_job_get(struct tool_call *c, struct err *e)
{
    struct job_row job;
    if (load_job(c, &job, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "job");
    encode_job(c, o, &job);
    (void)json_add_text(c->doc, o, "payload", shown_payload(c->arena, job.payload)); /* a damaged one: {} */
    (void)json_add_text(c->doc, o, "progress", secrets_redacted(c->arena, job.progress));
    return 0;
}

int tool_x_job_redeliver(struct tool_call *c, struct err *e)
{
    struct job_row job;
    if (load_job(c, &job, e)) return -1;
    int rc = q_job_redeliver(c->act->tx, c->act->tenant->tenant_id, job.job_id, c->act->now, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "INVALID_STATE", "The job is still waiting for its turn.");
        return err_field(e, "/job_id");
    }
    struct audit_entry entry = { .action = "job.redeliver",
                                 .subject = arena_printf(c->arena, "job:" STR_FMT, STR_ARG(job.job_id)) };
    if (audit_add(c->act, &entry, e) || load_job(c, &job, e)) return -1;
    encode_job(c, json_add_obj(c->doc, c->reply, "job"), &job);
    return 0;
}

/* --- keys ------------------------------------------------------------------------------------------------------ */

static void encode_key(struct tool_call *c, yyjson_mut_val *o, const struct signing_key_row *k)
{
    json_add_str(c->doc, o, "kid", k->kid);
    json_add_cstr(c->doc, o, "alg", sign_alg_name(k->key.pub.alg));
    json_add_str(c->doc, o, "x",
                 base64url_encode(c->arena, (struct str){ (const char *)k->key.pub.x, SIGN_KEY_BYTES }));
    json_add_time(c->doc, o, "created_at", k->created_at);
    json_add_time(c->doc, o, "used_from", k->use_from > 0 ? k->use_from : k->created_at);
    if (k->retire_at != TIME_NONE) json_add_time(c->doc, o, "published_until", k->retire_at);
}

int tool_x_key_list(struct tool_call *c, struct err *e)
{
    struct signing_key_row *rows;
    size_t n;
    if (q_signing_key_list(c->act->tx, c->arena, c->act->tenant->tenant_id, c->act->now, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "keys");
    for (size_t i = 0; i < n; i++) encode_key(c, json_push_obj(c->doc, list), &rows[i]);
    return 0;
}

int tool_x_key_rotate(struct tool_call *c, struct err *e)
{
    struct str name = json_str(c->args, "alg");
    enum sign_alg alg;
    struct signing_key_row key;
    if (sign_alg_parse(name.n ? name : STR("ed25519"), &alg)) {
        (void)err_set(e, "INVALID_REQUEST", "alg must be ed25519 or ecdsa-p256-sha256.");
        return err_field(e, "/alg");
    }
    if (signing_key_rotate(c->act, alg, &key, e)) return -1;
    encode_key(c, json_add_obj(c->doc, c->reply, "key"), &key);
    return 0;
}
