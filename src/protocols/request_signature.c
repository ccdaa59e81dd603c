#include "protocols/request_signature.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/signature/signature.h"
#include "domain/core/tenant_settings.h"
#include "protocols/auth.h"
#include "protocols/dispatch.h"
#include "protocols/http_call_headers.h"
#include "protocols/nonces.h"
#include "store/q/q_tenant.h"

#define NONCES_MAX_DEFAULT INT64_C(1000000) /* AdCP: at least this many a key */
#define NONCES_PURGED      64               /* with each that is added */

/* One verification: signature.h asks, the store and the nonces answer. */
struct checking {
    struct dispatcher *d;
    struct arena *arena;
    struct str tenant_id; /* empty: any publisher's */
    int64_t now_s;
    bool found;
    struct signer_row row;
    yyjson_val *settings; /* request_signing of the principal */
    bool strict; /* the URL is one of the newest line's own */
};

void request_signature_finish(struct dispatcher *d)
{
    nonces_destroy(d->nonces);
    d->nonces = NULL;
}

static bool find_key(void *arg, struct str keyid, struct signature_jwk *out)
{
    struct checking *c = arg;
    struct err e;
    int rc = q_signer_get(store_read(c->d->store), c->arena, c->tenant_id, keyid, &c->row, &e);
    yyjson_val *jwk = rc == 1 ? document_read(c->arena, c->row.jwk) : NULL;
    if (!jwk) return false;
    c->found = true;
    c->settings = json_obj(document_read(c->arena, c->row.principal.doc), "request_signing");
    signature_jwk_read(jwk, out);
    return true;
}

static enum signature_known is_revoked(void *arg, struct str keyid)
{
    struct checking *c = arg;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(c->settings, "revoked"), i, n, v) {
        if (str_eq(json_val_str(v), keyid)) return SIGNATURE_YES;
    }
    return SIGNATURE_NO;
}

static bool is_full(void *arg, struct str keyid, struct str scope)
{
    struct checking *c = arg;
    (void)scope; /* the limit is the key's */
    int64_t max = json_i64_or(c->settings, "nonces_max", NONCES_MAX_DEFAULT);
    return nonces_full(c->d->nonces, keyid, (size_t)max, c->now_s);
}

/* ---- nonces survive a restart ---- */

/* One nonce on its way to the disk. It is queued before the request it came with is looked at, so it is committed with
 * or before whatever that request changes. */
struct nonce_note {
    struct write_cmd cmd;
    struct nonce_row row;
    int64_t now_s;
};

static int note_run(struct tx *tx, struct write_cmd *cmd)
{
    struct nonce_note *n = CONTAINER_OF(cmd, struct nonce_note, cmd);
    struct err e; /* memory still knows it */
    return q_nonce_purge(tx, n->now_s, NONCES_PURGED, &e) || q_nonce_insert(tx, &n->row, &e) ? -1 : 0;
}

static void note_done(struct write_cmd *cmd, enum write_result result)
{
    if (result != WRITE_COMMITTED) log_event(LOG_WARN, "signature", "a nonce is remembered in memory only", NULL);
    free(CONTAINER_OF(cmd, struct nonce_note, cmd));
}

static void keep(const struct checking *c, const struct nonce_row *row)
{
    struct nonce_note *n = calloc(1, sizeof(*n));
    struct err full;
    ENSURE(n != NULL);
    *n = (struct nonce_note){ .cmd = { .run = note_run, .done = note_done }, .row = *row, .now_s = c->now_s };
    if (store_write(c->d->store, &n->cmd, &full)) note_done(&n->cmd, WRITE_LOST);
}

static void restore(void *arg, const struct nonce_row *row)
{
    nonces_restore(arg, row);
}

/* The first signed request of this process: what an earlier one has seen is known. -1: it cannot be known. */
static int nonces_open(struct dispatcher *d, int64_t now_s)
{
    struct err e;
    if (d->nonces) return 0;
    struct nonces *n = nonces_create();
    if (q_nonce_each(store_read(d->store), now_s, restore, n, &e)) {
        nonces_destroy(n);
        return -1;
    }
    d->nonces = n;
    return 0;
}

static bool nonce_add(void *arg, struct str keyid, struct str scope, struct str nonce, int64_t until_s)
{
    struct checking *c = arg;
    struct nonce_use use = { keyid, scope, nonce, until_s };
    struct nonce_row row;
    if (!nonces_add(c->d->nonces, &use, c->now_s, &row)) return false;
    if (!c->d->dry_run) keep(c, &row);
    return true;
}

static void refuse(struct http_exchange *ex, const char *code)
{
    struct str challenge = arena_printf(&ex->arena, "Signature error=\"%s\"", code);
    ENSURE(http_rep_header(ex, "WWW-Authenticate", challenge) == 0);
    http_exchange_reply_with(
        ex, 401, "application/json",
        arena_printf(&ex->arena,
                     "{\"adcp_error\":{\"code\":\"AUTH_INVALID\",\"message\":\"The request's signature is"
                     " not accepted: %s.\",\"recovery\":\"terminal\",\"details\":{\"reason\":\"%s\"}}}",
                     code, code));
}

static enum signature_digest digest_policy(struct arena *a, const struct tenant *t, bool strict)
{
    if (strict) return DIGEST_REQUIRED;
    struct tenant_settings ts;
    tenant_settings_read(t, a, &ts);
    if (str_is(ts.content_digest, "required")) return DIGEST_REQUIRED;
    return str_is(ts.content_digest, "forbidden") ? DIGEST_FORBIDDEN : DIGEST_EITHER;
}

/* The publisher the request is for, when that is known before any credential; else tenant_id is empty. */
static struct tenant tenant_of(struct dispatcher *d, struct http_exchange *ex)
{
    struct call c = { .arena = &ex->arena, .dispatcher = d };
    struct err e;
    call_headers_read(ex, &c.headers);
    return auth_public_tenant(&c, store_read(d->store), &e) == 1 ? c.tenant : (struct tenant){ 0 };
}

/* The policy of the key's own publisher, for a request that did not say whose it is. NULL: nothing is wrong. */
static const char *digest_wrong(struct checking *c, const struct signature_verdict *v)
{
    struct tenant_row row;
    struct err e;
    if (c->tenant_id.n) return NULL;
    if (q_tenant_get(store_read(c->d->store), c->arena, c->row.principal.tenant_id, &row, &e) != 1) {
        return "request_signature_key_unknown";
    }
    struct tenant t = { row.tenant_id, row.name, row.host, row.adapter, row.doc };
    enum signature_digest wanted = digest_policy(c->arena, &t, c->strict);
    if (wanted == DIGEST_REQUIRED && !v->digest_covered) return "request_signature_components_incomplete";
    if (wanted == DIGEST_FORBIDDEN && v->digest_covered) return "request_signature_components_unexpected";
    return NULL;
}

static void remember_signer(struct http_exchange *ex, const struct checking *c, struct str keyid)
{
    struct request_signer *s = ARENA_NEW(&ex->arena, struct request_signer);
    *s = (struct request_signer){ .tenant_id = c->row.principal.tenant_id,
                                  .principal_id = c->row.principal.principal_id,
                                  .keyid = keyid,
                                  .sandbox = json_bool_or(c->settings, "sandbox", false) };
    ex->signer = s;
}

bool request_signature_admit(struct dispatcher *d, struct http_exchange *ex)
{
    ex->signer = NULL;
    if (!http_req_header_count(ex, "signature") && !http_req_header_count(ex, "signature-input")) return true;
    struct checking c = {
        .d = d, .arena = &ex->arena, .now_s = loop_now(d->loop) / USEC_PER_SEC, .strict = call_url_strict(ex->path)
    };
    if (nonces_open(d, c.now_s)) {
        http_exchange_reply_with(
            ex, 503, "application/json",
            STR("{\"adcp_error\":{\"code\":\"SERVICE_UNAVAILABLE\",\"message\":\"Signatures cannot be"
                " checked now.\",\"recovery\":\"transient\"}}"));
        return false;
    }
    struct tenant tenant = tenant_of(d, ex);
    c.tenant_id = tenant.tenant_id;
    struct signature_message m = { .method = ex->method,
                                   .url =
                                       arena_printf(&ex->arena, "%s://" STR_FMT STR_FMT, ex->secure ? "https" : "http",
                                                    STR_ARG(ex->host), STR_ARG(ex->target)),
                                   .headers = ex->headers,
                                   .headers_n = ex->headers_n,
                                   .body = ex->body };
    struct signature_policy policy = { .tag = SIGNATURE_TAG_REQUEST,
                                       .adcp_use = "request-signing",
                                       .codes = "request_signature",
                                       .digest = tenant.tenant_id.n || c.strict
                                                     ? digest_policy(&ex->arena, &tenant, c.strict)
                                                     : DIGEST_EITHER,
                                       .padded = c.strict,
                                       .required = false,
                                       .now_s = c.now_s,
                                       .world = { &c, find_key, is_revoked, is_full, nonce_add } };
    struct signature_verdict v;
    signature_verify(&ex->arena, &m, &policy, &v);
    if (v.outcome == SIGNATURE_ABSENT) return true;
    const char *wrong = v.outcome == SIGNATURE_BAD ? v.code : digest_wrong(&c, &v);
    if (wrong) refuse(ex, wrong);
    else remember_signer(ex, &c, v.keyid);
    return wrong == NULL;
}
