#include "protocols/auth.h"

#include <ctype.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/publisher/publisher_life.h"
#include "domain/publisher/session.h"
#include "domain/tell/webhook.h"
#include "protocols/dispatch.h"
#include "protocols/request_signature.h"
#include "protocols/sandbox.h"
#include "store/q/q_tenant.h"

#define TOKEN_BYTES_MAX 512
#define TOKEN_NOTE_STEP (INT64_C(3600) * USEC_PER_SEC)

/* Where a token has its place among those seen, and what stands there. */
static uint64_t digest_of(const uint8_t hash[SHA256_BYTES])
{
    uint64_t d;
    memcpy(&d, hash, sizeof(d));
    return d ? d : 1;
}

static void remember(struct call *c, const uint8_t hash[SHA256_BYTES])
{
    uint64_t d = digest_of(hash);
    if (c->dispatcher) c->dispatcher->tokens_seen[d % TOKENS_SEEN_N] = d;
}

/* In a sandbox tokens are no secret, and tests try many. */
void auth_note_wrong(struct dispatcher *d, const struct call_headers *h, struct str publisher)
{
    if (!d || !h->peer.n) return;
    struct wrong_credential one = { .address = h->peer, .publisher = publisher, .now = loop_now(d->loop) };
    int late = wrong_credential_note(&d->wrong, &one);
    if (h->late_ms && !d->sandbox) *h->late_ms = late;
}

static int refuse(struct err *e)
{
    err_set(e, "AUTH_INVALID", "The credential is not accepted.");
    return err_suggest(e, "Send a valid token as 'Authorization: Bearer <token>' or in the x-adcp-auth header.");
}

static struct str trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = str_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

/* The token sent, or the empty slice. *malformed: a header is there that holds no token. */
static struct str token_sent(const struct call_headers *h, bool *malformed)
{
    struct str t = STR_NONE;
    *malformed = false;
    if (h->authorization.n) {
        if (h->authorization.n > 7 && strncasecmp(h->authorization.p, "Bearer ", 7) == 0) {
            t = trim(str_skip(h->authorization, 7));
        }
        *malformed = t.n == 0;
    } else if (h->x_adcp_auth.p) {
        t = trim(h->x_adcp_auth);
    }
    if (!t.n) return t;
    *malformed = t.n > TOKEN_BYTES_MAX || !id_text_valid(t, TOKEN_BYTES_MAX);
    return t;
}

static enum role role_of(struct str role)
{
    if (str_is(role, "administrator")) return ROLE_ADMINISTRATOR;
    if (str_is(role, "operator")) return ROLE_OPERATOR;
    if (str_is(role, "viewer")) return ROLE_VIEWER;
    return ROLE_BUYER;
}

static void take_tenant(struct call *c, const struct tenant_row *row)
{
    c->tenant = (struct tenant){ row->tenant_id, row->name, row->host, row->adapter, row->doc };
}

/* The tenant of a call without a credential. 1 found, 0 none, -1 failed. */
int auth_public_tenant(struct call *c, struct tx *tx, struct err *e)
{
    struct tenant_row row;
    int rc;
    if (c->headers.x_adcp_tenant.n) {
        rc = q_tenant_get(tx, c->arena, c->headers.x_adcp_tenant, &row, e);
    } else {
        struct str host = web_host_name(c->arena, c->headers.host);
        rc = host.n ? q_tenant_by_host(tx, c->arena, host, &row, e) : 0;
        if (rc == 0) rc = q_tenant_single(tx, c->arena, &row, e);
    }
    if (rc == 1) take_tenant(c, &row);
    return rc;
}

/* The caller is this person of the publisher. False: it is none, or not any more. */
static bool become_person(struct call *c, const struct principal_row *p)
{
    if (role_of(p->role) == ROLE_BUYER || !str_is(p->status, "active")) return false;
    c->principal = (struct principal){ .tenant_id = p->tenant_id,
                                       .principal_id = p->principal_id,
                                       .name = p->name,
                                       .role = role_of(p->role),
                                       .may_decide = true };
    return true;
}

/* On behalf of a person of the publisher, with that person's role. */
static int act_as(struct call *c, struct tx *tx, struct str user_id, struct err *e)
{
    struct principal_row p;
    int rc = q_principal_get(tx, c->arena, c->tenant.tenant_id, user_id, &p, e);
    if (rc < 0) return -1;
    if (rc == 1 && become_person(c, &p)) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no active user " STR_FMT ".", STR_ARG(user_id));
    return err_suggest(e, "salesagent user list shows the publisher's people.");
}

static int identify_local(struct call *c, struct tx *tx, struct err *e)
{
    int rc = auth_public_tenant(c, tx, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        err_set(e, "INVALID_REQUEST", "There are several publishers in this agent, or none.");
        return err_suggest(e, "Name one with --publisher.");
    }
    struct str id = arena_printf(c->arena, "local-%lu", (unsigned long)c->local_uid);
    c->principal = (struct principal){
        .tenant_id = c->tenant.tenant_id, .principal_id = id, .name = id, .role = ROLE_ADMINISTRATOR, .may_decide = true
    };
    if (c->headers.x_salesagent_as.n && act_as(c, tx, c->headers.x_salesagent_as, e)) return -1;
    c->authenticated = true;
    return 0;
}

static bool token_usable(const struct token_row *t, int64_t now)
{
    return t->revoked_at == TIME_NONE && (t->expires_at == TIME_NONE || t->expires_at > now);
}

/* Whose credential it was: the principal becomes the caller. */
struct holder {
    struct str tenant_id, principal_id, token_id;
    bool read_only, sandbox, may_decide;
    bool by_token; /* not by a signature */
    bool stale;    /* its use is worth noting */
};

/* A buyer that signs may have asked that nothing of its token alone be believed where something is changed. And whoever
 * holds a stolen token shall not have that buyer's webhooks vouched for by a secret of his own (AdCP webhook security,
 * downgrade resistance). */
static bool wants_signature(struct call *c, const struct principal_row *p)
{
    const struct tool *row = tool_find(c->tool);
    yyjson_val *settings = json_obj(document_read(c->arena, p->doc), "request_signing");
    if (!row || row->kind != TOOL_WRITE) return false;
    if (json_bool_or(settings, "required", false)) return true;
    bool signs = yyjson_arr_size(json_get_path(settings, "/jwks/keys")) > 0;
    return signs && (c->push.credentials.n || webhook_args_carry_credentials(c->args));
}

static int become(struct call *c, struct tx *tx, const struct holder *h, struct err *e)
{
    struct principal_row p;
    struct tenant_row tenant;
    if (c->headers.x_adcp_tenant.n && !str_eq(c->headers.x_adcp_tenant, h->tenant_id)) return refuse(e);
    int rc = q_principal_get(tx, c->arena, h->tenant_id, h->principal_id, &p, e);
    if (rc == 1) rc = q_tenant_get(tx, c->arena, h->tenant_id, &tenant, e);
    if (rc < 0) return -1;
    if (rc == 0 || !str_is(p.status, "active")) return refuse(e);
    c->signature_wanted = h->by_token && !c->headers.signer && wants_signature(c, &p);
    if (c->signature_wanted) return refuse(e);
    take_tenant(c, &tenant);
    c->token_stale = h->stale;
    c->principal = (struct principal){ .tenant_id = p.tenant_id,
                                       .principal_id = p.principal_id,
                                       .name = p.name,
                                       .role = role_of(p.role),
                                       .dialect = p.dialect,
                                       .token_id = h->token_id,
                                       .read_only = h->read_only,
                                       .may_decide = h->may_decide,
                                       .sandbox = h->sandbox };
    c->authenticated = true;
    return sandbox_session(c, e);
}

/* The token's holder, who must also be the signer when the request is signed. */
static int by_token(struct call *c, struct tx *tx, struct str token, int64_t now, struct err *e)
{
    uint8_t hash[SHA256_BYTES];
    struct token_row t;
    const struct request_signer *signer = c->headers.signer;
    sha256(token, hash);
    int rc = q_token_get(tx, c->arena, (struct str){ (const char *)hash, sizeof(hash) }, &t, e);
    if (rc < 0) return -1;
    if (rc == 0 || !token_usable(&t, now)) {
        auth_note_wrong(c->dispatcher, &c->headers, c->tenant.tenant_id);
        return refuse(e);
    }
    remember(c, hash);
    if (t.expires_at != TIME_NONE && t.expires_at < c->keeping.until) c->keeping.until = t.expires_at;
    if (t.last_used_at != TIME_NONE && t.last_used_at + TOKEN_NOTE_STEP < c->keeping.until)
        c->keeping.until = t.last_used_at + TOKEN_NOTE_STEP;
    if (signer && (!str_eq(signer->tenant_id, t.tenant_id) || !str_eq(signer->principal_id, t.principal_id)))
        return refuse(e);
    struct holder h = { .tenant_id = t.tenant_id,
                        .principal_id = t.principal_id,
                        .token_id = t.token_id,
                        .read_only = str_is(t.scope, "read"),
                        .sandbox = t.sandbox,
                        .may_decide = t.may_decide,
                        .by_token = true,
                        .stale = t.last_used_at == TIME_NONE || t.last_used_at <= now - TOKEN_NOTE_STEP };
    return become(c, tx, &h, e);
}

static int signed_out(struct err *e)
{
    (void)err_set(e, "AUTH_INVALID", "You are not signed in, or not any more.");
    return err_suggest(e, "Sign in with a link; an administrator makes one: salesagent user link NAME.");
}

/* By the cookie of the desk; without one it is nobody, of the publisher that the link names or the host leads to. */
static int identify_desk(struct call *c, struct tx *tx, int64_t now, struct err *e)
{
    struct session_row s;
    struct principal_row p;
    struct tenant_row tenant;
    if (!c->headers.session.n) {
        int rc = auth_public_tenant(c, tx, e);
        return rc == 1 ? 0 : rc < 0 ? -1 : signed_out(e);
    }
    int rc = session_find(tx, c->arena, c->headers.session, now, &s, e);
    if (rc == 1) rc = q_principal_get(tx, c->arena, s.tenant_id, s.principal_id, &p, e);
    if (rc == 1) rc = q_tenant_get(tx, c->arena, s.tenant_id, &tenant, e);
    if (rc < 0) return -1;
    if (rc != 1 || !become_person(c, &p)) return signed_out(e);
    take_tenant(c, &tenant);
    c->principal.session_id = s.session_id;
    c->token_stale = s.used_at <= now - SESSION_USE_STEP;
    c->authenticated = true;
    return 0;
}

/* One that is off the air is worked on from the shell only. */
static int refuse_off(struct call *c, struct tx *tx, struct err *e)
{
    int off = c->tenant.tenant_id.n ? publisher_is_off(tx, c->arena, c->tenant.tenant_id, NULL, e) : 0;
    return off < 1 ? off : publisher_off_refuse(e);
}

static int identify(struct call *c, struct tx *tx, int64_t now, struct err *e)
{
    if (c->transport == TRANSPORT_DESK) return identify_desk(c, tx, now, e);
    bool malformed;
    const struct request_signer *signer = c->headers.signer;
    struct str token = token_sent(&c->headers, &malformed);
    /* Also for a refusal: whose default dialect the answer is written in. */
    int rc = auth_public_tenant(c, tx, e);
    if (rc < 0) return -1;
    if (malformed) return refuse(e);
    if (token.n) return by_token(c, tx, token, now, e);
    if (signer) {
        struct holder h = { .tenant_id = signer->tenant_id,
                            .principal_id = signer->principal_id,
                            .sandbox = signer->sandbox };
        return become(c, tx, &h, e);
    }
    return rc == 1 ? 0 : refuse(e);
}

int auth_identify(struct call *c, struct tx *tx, int64_t now, struct err *e)
{
    if (c->transport == TRANSPORT_LOCAL) return identify_local(c, tx, e);
    return identify(c, tx, now, e) ? -1 : refuse_off(c, tx, e);
}

bool auth_seen(const struct dispatcher *d, const struct http_exchange *head)
{
    bool malformed;
    uint8_t hash[SHA256_BYTES];
    struct call_headers h = { .authorization = http_req_header(head, "authorization"),
                              .x_adcp_auth = http_req_header(head, "x-adcp-auth") };
    struct str token = token_sent(&h, &malformed);
    if (malformed || !token.n) return false;
    sha256(token, hash);
    return d->tokens_seen[digest_of(hash) % TOKENS_SEEN_N] == digest_of(hash);
}

/* ---- last use ---- */

static int note_run(struct tx *tx, struct write_cmd *cmd)
{
    struct token_note *n = CONTAINER_OF(cmd, struct token_note, cmd);
    struct token_use use = { { n->token_id, n->token_id_n }, n->at, TOKEN_NOTE_STEP };
    struct err e; /* the next call tries again */
    return q_token_used(tx, &use, &e);
}

static void note_done(struct write_cmd *cmd, enum write_result result)
{
    (void)result; /* the next call tries again */
    CONTAINER_OF(cmd, struct token_note, cmd)->busy = false;
}

static int note_session_run(struct tx *tx, struct write_cmd *cmd)
{
    struct session_note *n = CONTAINER_OF(cmd, struct session_note, cmd);
    struct err e; /* the next call tries again */
    return q_session_used(tx, (struct str){ (const char *)n->hash, sizeof(n->hash) }, n->at, &e);
}

static void note_session_done(struct write_cmd *cmd, enum write_result result)
{
    (void)result; /* the next call tries again */
    CONTAINER_OF(cmd, struct session_note, cmd)->busy = false;
}

static void note_session(struct dispatcher *d, const struct call *c)
{
    struct session_note *n = &d->session_note;
    struct err full;
    if (n->busy) return;
    *n =
        (struct session_note){ .cmd = { .run = note_session_run, .done = note_session_done }, .at = loop_now(d->loop) };
    sha256(c->headers.session, n->hash);
    n->busy = store_write(d->store, &n->cmd, &full) == 0;
}

void auth_note_use(struct dispatcher *d, const struct call *c)
{
    struct token_note *n = &d->token_note;
    struct str id = c->principal.token_id;
    struct err full;
    if (c->transport == TRANSPORT_DESK && c->authenticated && c->token_stale && !d->dry_run) {
        note_session(d, c);
        return;
    }
    if (!c->authenticated || !c->token_stale || n->busy || !id.n || id.n > sizeof(n->token_id) || d->dry_run) return;
    *n = (struct token_note){ .cmd = { .run = note_run, .done = note_done },
                              .at = loop_now(d->loop),
                              .token_id_n = id.n };
    memcpy(n->token_id, id.p, id.n);
    n->busy = store_write(d->store, &n->cmd, &full) == 0;
}
