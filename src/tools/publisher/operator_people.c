/* Who may do what, for administrators: principals (buyers' agents) and users (the publisher's people), which are rows
 * of one table that differ in their role; their tokens; the publisher's settings. A token is shown once, when it is
 * made; what is stored is its hash. */
#include "base/crypto.h"
#include "contract/document.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/publisher/catalog_import.h"
#include "domain/publisher/person_erase.h"
#include "domain/core/ad_server.h"
#include "domain/product/ad_server_check.h"
#include "domain/core/secrets.h"
#include "store/q/agent/q_person_email.h"
#include "store/q/agent/q_sign_in.h"
#include "store/q/q_tenant.h"
#include "tools/operation_tools.h"

static int audited(struct tool_call *c, const char *action, struct str subject, struct str doc, struct err *e)
{
    struct audit_entry entry = { .action = action, .subject = subject, .doc = doc };
    return audit_add(c->act, &entry, e);
}

/* ---- principals and users ---- */

static bool is_user(struct str role)
{
    return str_is(role, "viewer") || str_is(role, "operator") || str_is(role, "administrator");
}

static void encode_principal(struct tool_call *c, yyjson_mut_val *o, const struct principal_row *p)
{
    json_add_str(c->doc, o, "principal_id", p->principal_id);
    json_add_str(c->doc, o, "name", p->name);
    json_add_str(c->doc, o, "role", p->role);
    json_add_str(c->doc, o, "status", p->status);
    json_add_str_opt(c->doc, o, "dialect", p->dialect);
}

static int not_found(struct err *e)
{
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such principal or user.");
    return err_field(e, "/principal_id");
}

static int must_get(struct tool_call *c, struct str id, struct principal_row *out, struct err *e)
{
    int rc = q_principal_get(c->act->tx, c->arena, c->act->tenant->tenant_id, id, out, e);
    if (rc) return rc < 0 ? -1 : 0;
    return not_found(e);
}

enum kind { BUYERS, USERS };

/* How the publisher's people come in, which administrators are told. */
struct ways {
    struct sign_in_row *passwords;
    struct person_email_row *emails;
    size_t passwords_n, emails_n;
};

static int read_ways(struct tool_call *c, struct ways *out, struct err *e)
{
    struct str tenant = c->act->tenant->tenant_id;
    if (q_sign_in_list(c->act->tx, c->arena, tenant, &out->passwords, &out->passwords_n, e)) return -1;
    return q_person_email_list(c->act->tx, c->arena, tenant, &out->emails, &out->emails_n, e);
}

static void encode_ways(struct tool_call *c, yyjson_mut_val *o, const struct ways *w, struct str person)
{
    size_t k = 0, m = 0;
    while (k < w->passwords_n && !str_eq(w->passwords[k].principal_id, person)) k++;
    while (m < w->emails_n && !str_eq(w->emails[m].principal_id, person)) m++;
    json_add_cstr(c->doc, o, "signs_in_with",
                  k == w->passwords_n       ? "link"
                  : w->passwords[k].totp_on ? "password_and_code"
                                            : "password");
    if (m < w->emails_n) json_add_str(c->doc, o, "email", w->emails[m].email);
}

static int list(struct tool_call *c, enum kind kind, struct err *e)
{
    struct principal_row *rows;
    struct ways ways;
    size_t n;
    bool tells = kind == USERS && c->act->principal->role == ROLE_ADMINISTRATOR;
    if (q_principal_list(c->act->tx, c->arena, c->act->tenant->tenant_id, &rows, &n, e) ||
        (tells && read_ways(c, &ways, e)))
        return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "principals");
    for (size_t i = 0; i < n; i++) {
        if (is_user(rows[i].role) != (kind == USERS) || person_is_erased(c->arena, &rows[i])) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        encode_principal(c, o, &rows[i]);
        if (tells) encode_ways(c, o, &ways, rows[i].principal_id);
    }
    return 0;
}

int tool_x_principal_list(struct tool_call *c, struct err *e)
{
    return list(c, BUYERS, e);
}

int tool_x_user_list(struct tool_call *c, struct err *e)
{
    return list(c, USERS, e);
}

static struct str said(struct tool_call *c, const char *member, struct str otherwise)
{
    struct str s = json_str(c->args, member);
    return s.n ? s : otherwise;
}

/* What the arguments say, over what is there. */
static int put_principal(struct tool_call *c, struct principal_row *p, const char *action, struct err *e)
{
    p->name = said(c, "name", p->name);
    p->role = said(c, "role", p->role);
    p->status = said(c, "status", p->status);
    p->dialect = said(c, "dialect", p->dialect);
    if (str_is(p->dialect, "default")) p->dialect = STR_NONE;
    if (q_principal_put(c->act->tx, p, c->act->now, e) < 0) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "principal");
    encode_principal(c, o, p);
    struct str subject = arena_printf(c->arena, "principal:" STR_FMT, STR_ARG(p->principal_id));
    if (!is_user(p->role)) return audited(c, action, subject, json_write(c->arena, o), e);
    /* Nothing is ever taken from the trail: of a person it has the id and what the id may do. */
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *kept = json_root_obj(doc);
    json_add_str(doc, kept, "principal_id", p->principal_id);
    json_add_str(doc, kept, "role", p->role);
    json_add_str(doc, kept, "status", p->status);
    return audited(c, action, subject, json_write(c->arena, kept), e);
}

static int add(struct tool_call *c, enum kind kind, struct err *e)
{
    struct principal_row old, p = { .tenant_id = c->act->tenant->tenant_id,
                                    .principal_id = json_str(c->args, "principal_id"),
                                    .name = json_str(c->args, "principal_id"),
                                    .role = kind == USERS ? STR("operator") : STR("buyer"),
                                    .status = STR("active") };
    int rc = q_principal_get(c->act->tx, c->arena, p.tenant_id, p.principal_id, &old, e);
    if (rc == 0) return put_principal(c, &p, kind == USERS ? "user.add" : "principal.add", e);
    if (rc > 0) (void)err_set(e, "CONFLICT", "There is one of this id already.");
    return rc < 0 ? -1 : err_field(e, "/principal_id");
}

int tool_x_principal_add(struct tool_call *c, struct err *e)
{
    return add(c, BUYERS, e);
}

int tool_x_user_add(struct tool_call *c, struct err *e)
{
    return add(c, USERS, e);
}

/* A user is not found among the buyers, nor a buyer among the users. */
static int set(struct tool_call *c, enum kind kind, struct err *e)
{
    struct principal_row p;
    if (must_get(c, json_str(c->args, "principal_id"), &p, e)) return -1;
    if (is_user(p.role) != (kind == USERS) || person_is_erased(c->arena, &p)) return not_found(e);
    return put_principal(c, &p, kind == USERS ? "user.set" : "principal.set", e);
}

int tool_x_principal_set(struct tool_call *c, struct err *e)
{
    return set(c, BUYERS, e);
}

int tool_x_user_set(struct tool_call *c, struct err *e)
{
    return set(c, USERS, e);
}

int tool_x_user_erase(struct tool_call *c, struct err *e)
{
    struct person_forgotten n;
    if (person_erase(c->act, json_str(c->args, "principal_id"), &n, e)) return -1;
    json_add_str(c->doc, c->reply, "principal_id", json_str(c->args, "principal_id"));
    json_add_i64(c->doc, c->reply, "sessions", n.sessions);
    json_add_i64(c->doc, c->reply, "tokens", n.tokens);
    json_add_i64(c->doc, c->reply, "tasks", n.tasks);
    c->message = STR("Erased. The audit trail keeps the id.");
    return 0;
}

/* ---- tokens ---- */

static void encode_token(struct tool_call *c, yyjson_mut_val *o, const struct token_row *t)
{
    bool expired = t->expires_at != TIME_NONE && t->expires_at <= c->act->now;
    json_add_str(c->doc, o, "token_id", t->token_id);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str_opt(c->doc, o, "label", t->label);
    json_add_str(c->doc, o, "scope", t->scope);
    json_add_cstr(c->doc, o, "state", t->revoked_at != TIME_NONE ? "revoked" : expired ? "expired" : "active");
    if (t->sandbox) json_add_bool(c->doc, o, "sandbox", true);
    if (t->may_decide) json_add_bool(c->doc, o, "may_decide", true);
    json_add_time(c->doc, o, "created_at", t->created_at);
    if (t->expires_at != TIME_NONE) json_add_time(c->doc, o, "expires_at", t->expires_at);
    if (t->revoked_at != TIME_NONE) json_add_time(c->doc, o, "revoked_at", t->revoked_at);
    if (t->last_used_at != TIME_NONE) json_add_time(c->doc, o, "last_used_at", t->last_used_at);
}

static int list_tokens_of(struct tool_call *c, struct str principal_id, yyjson_mut_val *arr, struct err *e)
{
    struct token_row *rows;
    size_t n;
    if (q_token_list(c->act->tx, c->arena, c->act->tenant->tenant_id, principal_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) encode_token(c, json_push_obj(c->doc, arr), &rows[i]);
    return 0;
}

int tool_x_token_list(struct tool_call *c, struct err *e)
{
    struct str id = json_str(c->args, "principal_id");
    struct principal_row *rows, one;
    size_t n;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "tokens");
    if (id.n) return must_get(c, id, &one, e) ? -1 : list_tokens_of(c, id, arr, e);
    if (q_principal_list(c->act->tx, c->arena, c->act->tenant->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (list_tokens_of(c, rows[i].principal_id, arr, e)) return -1;
    }
    return 0;
}

/* Makes the secret, stores its hash and shows it this once. */
static int issue(struct tool_call *c, struct token_row *t, const char *action, struct err *e)
{
    struct str token = arena_printf(c->arena, "sa_" STR_FMT, STR_ARG(secret_new(c->arena, c->act->rng)));
    uint8_t *hash = arena_alloc(c->arena, SHA256_BYTES);
    sha256(token, hash);
    t->token_hash = (struct str){ (const char *)hash, SHA256_BYTES };
    t->token_id = id_new(c->arena, c->act->rng, "tok-", c->act->now);
    t->created_at = c->act->now;
    t->revoked_at = t->last_used_at = TIME_NONE;
    if (q_token_add(c->act->tx, t, e) < 0) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "token");
    encode_token(c, o, t);
    struct str doc = json_write(c->arena, o); /* before the secret joins it */
    json_add_str(c->doc, o, "token", token);
    c->message = STR("The token is shown this once; it is stored nowhere.");
    return audited(c, action, arena_printf(c->arena, "token:" STR_FMT, STR_ARG(t->token_id)), doc, e);
}

static void read_expiry(struct tool_call *c, int64_t *at)
{
    int64_t days = json_i64_or(c->args, "expires_days", 0);
    if (days) *at = c->act->now + days * USEC_PER_DAY;
}

/* A buyer never decides, and a credential that only reads neither. */
static int check_may_decide(const struct token_row *t, const struct principal_row *holder, struct err *e)
{
    if (!t->may_decide || (is_user(holder->role) && !str_is(holder->role, "viewer") && !str_is(t->scope, "read")))
        return 0;
    (void)err_set(e, "INVALID_REQUEST", "Only a token of scope all of an operator or administrator can decide.");
    return err_field(e, "/may_decide");
}

int tool_x_token_add(struct tool_call *c, struct err *e)
{
    struct principal_row p;
    struct token_row t = { .tenant_id = c->act->tenant->tenant_id,
                           .principal_id = json_str(c->args, "principal_id"),
                           .label = json_str(c->args, "label"),
                           .scope = said(c, "scope", STR("all")),
                           .sandbox = json_bool_or(c->args, "sandbox", false),
                           .may_decide = json_bool_or(c->args, "may_decide", false),
                           .expires_at = TIME_NONE };
    read_expiry(c, &t.expires_at);
    if (must_get(c, t.principal_id, &p, e) || check_may_decide(&t, &p, e)) return -1;
    return issue(c, &t, "token.add", e);
}

static int get_token(struct tool_call *c, struct token_row *t, struct err *e)
{
    int rc = q_token_by_id(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(c->args, "token_id"), t, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such token.");
        return err_field(e, "/token_id");
    }
    if (t->revoked_at == TIME_NONE) return 0;
    (void)err_set(e, "INVALID_STATE", "The token is revoked already.");
    return err_field(e, "/token_id");
}

int tool_x_token_set(struct tool_call *c, struct err *e)
{
    struct token_row t;
    struct principal_row p;
    if (get_token(c, &t, e) || must_get(c, t.principal_id, &p, e)) return -1;
    t.label = said(c, "label", t.label);
    t.may_decide = json_bool_or(c->args, "may_decide", t.may_decide);
    if (check_may_decide(&t, &p, e) || q_token_update(c->act->tx, &t, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "token");
    encode_token(c, o, &t);
    return audited(c, "token.set", arena_printf(c->arena, "token:" STR_FMT, STR_ARG(t.token_id)),
                   json_write(c->arena, o), e);
}

int tool_x_token_revoke(struct tool_call *c, struct err *e)
{
    struct token_row t;
    if (get_token(c, &t, e)) return -1;
    t.revoked_at = c->act->now;
    if (q_token_update(c->act->tx, &t, e)) return -1;
    encode_token(c, json_add_obj(c->doc, c->reply, "token"), &t);
    return audited(c, "token.revoke", arena_printf(c->arena, "token:" STR_FMT, STR_ARG(t.token_id)), STR_NONE, e);
}

/* A new token like the old one, which goes on working for the grace (0: it is revoked now). */
int tool_x_token_rotate(struct tool_call *c, struct err *e)
{
    struct token_row old, t;
    int64_t grace = json_i64_or(c->args, "grace_hours", 0);
    if (get_token(c, &old, e)) return -1;
    t = old;
    read_expiry(c, &t.expires_at);
    int64_t last = c->act->now + grace * 3600 * USEC_PER_SEC;
    if (grace == 0) old.revoked_at = c->act->now;
    if (grace > 0 && (old.expires_at == TIME_NONE || old.expires_at > last)) old.expires_at = last;
    if (q_token_update(c->act->tx, &old, e)) return -1;
    struct str subject = arena_printf(c->arena, "token:" STR_FMT, STR_ARG(old.token_id));
    return audited(c, "token.rotate", subject, STR_NONE, e) ? -1 : issue(c, &t, "token.add", e);
}

/* ---- the publisher ---- */

static int encode_tenant(struct tool_call *c, struct err *e)
{
    struct tenant_row row;
    int rc = q_tenant_get(c->act->tx, c->arena, c->act->tenant->tenant_id, &row, e);
    if (rc < 1) return rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "The publisher is gone.");
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "tenant");
    json_add_str(c->doc, o, "tenant_id", row.tenant_id);
    json_add_str(c->doc, o, "name", row.name);
    json_add_str_opt(c->doc, o, "host", row.host);
    json_add_str(c->doc, o, "adapter", row.adapter);
    (void)json_add_text(c->doc, o, "settings", secrets_redacted(c->arena, row.doc)); /* a damaged one is left out */
    yyjson_mut_val *settings = yyjson_mut_obj_get(o, "settings");
    if (!settings) settings = json_add_obj(c->doc, o, "settings");
    if (ad_servers_show(c->act->tx, c->arena, row.tenant_id, c->doc, settings, e)) return -1;
    (void)yyjson_mut_obj_remove_key(settings, "adapter"); /* it is said above */
    return 0;
}

int tool_x_tenant_get(struct tool_call *c, struct err *e)
{
    return encode_tenant(c, e);
}

/* JSON merge patch (RFC 7396) at the first level: a member replaces, null removes. */
static struct str merged(struct tool_call *c, struct str doc_text, yyjson_val *patch)
{
    struct document d;
    document_open(c->arena, doc_text, &d);
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(patch, i, n, key, val) {
        bool elsewhere = ad_server_setting(json_val_str(key)); /* ad servers have rows of their own */
        if (elsewhere || yyjson_is_null(val)) document_remove(&d, yyjson_get_str(key));
        else document_set(&d, yyjson_get_str(key), val);
    }
    return document_text(&d);
}

int tool_x_tenant_set(struct tool_call *c, struct err *e)
{
    struct tenant_row row;
    yyjson_val *patch = json_obj(c->args, "settings");
    int rc = q_tenant_get(c->act->tx, c->arena, c->act->tenant->tenant_id, &row, e);
    if (rc < 1) return rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "The publisher is gone.");
    row.name = said(c, "name", row.name);
    struct str host = said(c, "host", STR_NONE);
    if (host.n && publisher_host(c->arena, host, &row.host, e)) return err_field(e, "/host");
    struct ad_server_writer w = { c->act->tx, c->arena, row.tenant_id, c->act->now, c->act->sandbox };
    struct str adapter, had = row.doc;
    if (catalog_check_known(patch, "/settings", e) || ad_servers_write(&w, patch, "/settings", &adapter, e) < 0)
        return -1;
    if (adapter.n) row.adapter = adapter;
    if (patch) row.doc = merged(c, row.doc, patch);
    if (secrets_restored(c->arena, &row.doc, had, e)) return err_in(e, "/settings");
    yyjson_val *settings = document_read(c->arena, row.doc);
    if (document_whole(c->arena, e) || catalog_check_settings(c->arena, settings, e)) return -1;
    if (q_tenant_put(c->act->tx, &row, c->act->now, e) < 0 || encode_tenant(c, e)) return -1;
    if (adapter.n && products_have_ad_servers(c->act->tx, c->arena, row.tenant_id, e))
        return err_field(e, "/settings/%s", json_has(patch, "ad_servers") ? "ad_servers" : "adapter");
    /* Names only: settings hold addresses and credentials. */
    yyjson_mut_doc *names = json_doc_new(c->arena);
    yyjson_mut_val *arr = json_add_arr(names, json_root_obj(names), "settings");
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(patch, i, n, key, val) json_push_str(names, arr, json_val_str(key));
    return audited(c, "tenant.set", arena_printf(c->arena, "tenant:" STR_FMT, STR_ARG(row.tenant_id)),
                   json_write(c->arena, names->root), e);
}
