/* See catalog_import.h. */
#include "domain/publisher/catalog_import.h"

#include <salesagent/adapter.h>
#include <salesagent/money.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "base/tz.h"
#include "contract/document.h"
#include "contract/limits.h"
#include "domain/product/slot.h"
#include "domain/publisher/account_import.h"
#include "domain/core/assistant.h"
#include "domain/core/working_time.h"
#include "domain/core/audit.h"
#include "domain/product/ad_server_check.h"
#include "domain/product/catalog.h"
#include "domain/product/catalog_check.h"
#include "domain/product/product.h"
#include "domain/product/proposal.h"
#include "domain/core/ad_server.h"
#include "domain/core/quota.h"
#include "domain/core/secrets.h"
#include "domain/core/tenant_settings.h"
#include "domain/signature/signing_keys.h"
#include "store/q/q_tenant.h"

#define TOKEN_LEN_MIN 8
#define TOKEN_LEN_MAX 512
#define ITEMS_MAX     100000

struct importing {
    const struct catalog_import *c;
    struct catalog_writer writer;
    struct catalog_counts counts;
    bool properties_changed;
};

static int counted(struct importing *im, int rc)
{
    if (rc == 1) im->counts.changed++;
    if (rc == 0) im->counts.unchanged++;
    return rc < 0 ? -1 : 0;
}

static int bad(struct err *e, const char *at, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s", at);
}

static bool removes(yyjson_val *obj, const char *member)
{
    return yyjson_is_null(yyjson_obj_get(obj, member));
}

/* ---- tenant ---- */

/* What is misspelt must not be taken for something not said: it would change nothing, silently. */
static int refuse_unknown(yyjson_val *obj, const char *at, bool (*known)(struct str), struct err *e)
{
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(obj, i, n, key, val) {
        struct str name = json_val_str(key);
        if (yyjson_is_null(val) || known(name)) continue;
        (void)err_set(e, "INVALID_REQUEST", "there is no member \"" STR_FMT "\" here; docs/import.md lists them",
                      STR_ARG(name));
        return err_field(e, "%s/" STR_FMT, at, STR_ARG(name));
    }
    return 0;
}

/* Members of the file's tenant that are columns; everything else is the settings document. */
static bool is_column(struct str key)
{
    return str_is(key, "tenant_id") || str_is(key, "name") || str_is(key, "host") || ad_server_setting(key);
}

/* What is stored with the members of `patch` in their place: null removes one, what is not named stays. `skip` tells
 * which are no members of the document; NULL: all are. */
static struct str merged(struct arena *a, struct str stored, yyjson_val *patch, bool (*skip)(struct str))
{
    struct document d;
    size_t i, n;
    yyjson_val *key, *val;
    document_open(a, stored, &d);
    yyjson_obj_foreach(patch, i, n, key, val) {
        if (skip && skip(json_val_str(key))) continue;
        if (yyjson_is_null(val)) document_remove(&d, yyjson_get_str(key));
        else document_set(&d, yyjson_get_str(key), val);
    }
    struct str text = document_text(&d);
    return stored.n && document_same(a, text, stored) ? stored : text; /* an order of members is no change */
}

static bool is_setting(struct str key)
{
    static const char *const settings[] = {
        "account_approval_required",
        "advertising_policies",
        "agent_url",
        "assistant",
        "auto_approve_below",
        "capabilities",
        "creative_review_required",
        "currency",
        "default_dialect",
        "hitl_webhook_url",
        "max_budget",
        "min_budget",
        "minimum_audience_size",
        "notifications",
        "portfolio_description",
        "primary_countries",
        "proposal_hold_hours",
        "proposals",
        "public_discovery",
        "quotas",
        "rate_limits",
        "request_signing",
        "supported_billing",
        "supported_payment_terms",
        "timezone",
        "workflow_required",
        "working_hours",
    };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (str_is(key, settings[i])) return true;
    }
    return false;
}

static bool is_patchable(struct str key)
{
    return is_setting(key) || ad_server_setting(key);
}

int catalog_check_known(yyjson_val *settings, const char *at, struct err *e)
{
    return refuse_unknown(settings, at, is_patchable, e);
}

static bool is_tenant_member(struct str key)
{
    return is_column(key) || is_setting(key);
}

/* domain/tell/people_notify.h */
static int check_notifications(yyjson_val *t, struct err *e)
{
    const char *at = "/tenant/notifications";
    const struct json_len url = { 8, 2048 };
    const struct json_range hours = { 1, 24 * 90 }, many = { 1, 10000 };
    yyjson_val *n = NULL, *mail = NULL, *to = NULL;
    struct str s = STR_NONE, role = STR_NONE;
    int64_t number;
    if (json_opt_obj(JSON_FIELD(t, "notifications", "/tenant"), &n, e)) return -1;
    if (!n) return 0;
    if (json_opt_str(JSON_FIELD(n, "webhook_url", at), url, &s, e) ||
        json_opt_str(JSON_FIELD(n, "link_base", at), url, &s, e) ||
        json_opt_str(JSON_FIELD(n, "link_role", at), (struct json_len){ 1, 16 }, &role, e) ||
        json_opt_i64(JSON_FIELD(n, "link_hours", at), hours, &number, e) ||
        json_opt_i64(JSON_FIELD(n, "digest_after", at), many, &number, e) ||
        json_opt_money(JSON_FIELD(n, "high_value_over", at), &number, e) ||
        json_opt_obj(JSON_FIELD(n, "email", at), &mail, e)) {
        return -1;
    }
    if (role.n && !str_is(role, "operator") && !str_is(role, "administrator")) {
        return bad(e, "/tenant/notifications/link_role", "link_role is operator or administrator");
    }
    if (!mail) return 0;
    at = "/tenant/notifications/email";
    if (json_req_str(JSON_FIELD(mail, "smtp_url", at), url, &s, e) ||
        json_req_str(JSON_FIELD(mail, "from", at), (struct json_len){ 3, 254 }, &s, e)) {
        return -1;
    }
    return json_req_arr(JSON_FIELD(mail, "to", at), (struct json_len){ 1, 20 }, &to, e);
}

/* What signatures of buyers must, may or must not cover. */
static int check_request_signing(yyjson_val *t, struct err *e)
{
    const char *at = "/tenant/request_signing";
    yyjson_val *signing = NULL;
    struct str digest = STR_NONE;
    if (json_opt_obj(JSON_FIELD(t, "request_signing", "/tenant"), &signing, e)) return -1;
    if (json_opt_str(JSON_FIELD(signing, "covers_content_digest", at), (struct json_len){ 1, 16 }, &digest, e))
        return -1;
    if (!digest.n || str_is(digest, "either") || str_is(digest, "required") || str_is(digest, "forbidden")) return 0;
    return bad(e, "/tenant/request_signing/covers_content_digest",
               "covers_content_digest is either, required or forbidden");
}

int catalog_check_settings(struct arena *a, yyjson_val *t, struct err *e)
{
    const char *at = "/tenant";
    struct str s = STR_NONE;
    int64_t least = 0, most = 0, hours = 0;
    bool flag;
    yyjson_val *obj;
    const struct json_range hour_range = { 1, 24 * 366 };
    if (json_opt_str(JSON_FIELD(t, "currency", at), (struct json_len){ 3, 3 }, &s, e)) return -1;
    if (s.n && !currency_valid(s)) return bad(e, "/tenant/currency", "currency must be an ISO 4217 code");
    struct str zone = STR("UTC");
    const struct tz *known;
    if (json_opt_str(JSON_FIELD(t, "timezone", at), (struct json_len){ 1, TZ_NAME_MAX }, &zone, e)) return -1;
    if (tz_load(a, zone, &known, e)) return err_field(e, "/tenant/timezone");
    if (json_opt_money(JSON_FIELD(t, "min_budget", at), &least, e)) return -1;
    if (json_opt_money(JSON_FIELD(t, "max_budget", at), &most, e)) return -1;
    if (json_has(t, "max_budget") && most < least)
        return bad(e, "/tenant/max_budget", "max_budget is below min_budget");
    if (json_opt_money(JSON_FIELD(t, "auto_approve_below", at), &least, e)) return -1;
    if (json_opt_bool(JSON_FIELD(t, "workflow_required", at), &flag, e)) return -1;
    if (json_opt_bool(JSON_FIELD(t, "creative_review_required", at), &flag, e)) return -1;
    if (json_opt_bool(JSON_FIELD(t, "public_discovery", at), &flag, e)) return -1;
    if (json_opt_bool(JSON_FIELD(t, "account_approval_required", at), &flag, e)) return -1;
    if (json_opt_i64(JSON_FIELD(t, "proposal_hold_hours", at), hour_range, &hours, e)) return -1;
    struct working_time working;
    obj = NULL;
    if (json_opt_obj(JSON_FIELD(t, "working_hours", at), &obj, e)) return -1;
    if (obj && working_time_read(obj, "/tenant/working_hours", &working, e)) return -1;
    if (json_opt_obj(JSON_FIELD(t, "capabilities", at), &obj, e)) return -1;
    obj = NULL;
    if (json_opt_obj(JSON_FIELD(t, "advertising_policies", at), &obj, e)) return -1;
    if (obj &&
        json_opt_i64(JSON_FIELD(obj, "approval_sla_hours", "/tenant/advertising_policies"), hour_range, &hours, e))
        return -1;
    if (json_opt_str(JSON_FIELD(t, "portfolio_description", at), (struct json_len){ 0, 5000 }, &s, e)) return -1;
    if (json_opt_str(JSON_FIELD(t, "agent_url", at), (struct json_len){ 8, 2048 }, &s, e)) return -1;
    if (json_opt_str(JSON_FIELD(t, "hitl_webhook_url", at), (struct json_len){ 8, 2048 }, &s, e)) return -1;
    if (quota_check_settings(t, at, e)) return -1;
    if (check_notifications(t, e) || assistant_check_settings(t, e) || check_request_signing(t, e)) return -1;
    return proposal_check_curated(t, e) ? err_in(e, "%s", at) : 0;
}

/* A misspelt id must not make a second publisher, which would take a sole one off the air for callers that name none. */
static int refuse_new(struct importing *im, struct str id, struct err *e)
{
    struct tenant_row only;
    int n = q_tenant_count(im->c->tx, e);
    if (n <= 0 || im->c->adds_publisher) return n < 0 ? -1 : 0;
    if (q_tenant_single(im->c->tx, im->c->arena, &only, e) == 1) {
        (void)err_set(e, "INVALID_REQUEST",
                      "there is no publisher \"" STR_FMT "\" here, but \"" STR_FMT
                      "\": leave tenant_id out to mean it, or "
                      "say --new-publisher to add a second one",
                      STR_ARG(id), STR_ARG(only.tenant_id));
    } else {
        (void)err_set(e, "INVALID_REQUEST",
                      "there is no publisher \"" STR_FMT "\" among the %d here; say --new-publisher to add one",
                      STR_ARG(id), n);
    }
    return err_field(e, "/tenant/tenant_id");
}

/* Whose file it is: named by it or by the caller, else the only publisher there is. 1 there, *out is it; 0 new, *out has
 * its id; -1. */
static int find_tenant(struct importing *im, yyjson_val *t, struct tenant_row *out, struct err *e)
{
    const struct catalog_import *c = im->c;
    struct str id = STR_NONE;
    if (json_opt_str(JSON_FIELD(t, "tenant_id", "/tenant"), (struct json_len){ 1, 64 }, &id, e)) return -1;
    if (id.n && !id_text_valid(id, 64)) return bad(e, "/tenant/tenant_id", "tenant_id must be an id");
    if (id.n && c->tenant_id.n && !str_eq(id, c->tenant_id))
        return bad(e, "/tenant/tenant_id", "the file is another publisher's than the one that was named");
    if (!id.n) id = c->tenant_id;
    if (id.n) {
        int rc = q_tenant_get(c->tx, c->arena, id, out, e);
        if (rc != 0) return rc;
        *out = (struct tenant_row){ .tenant_id = id };
        return refuse_new(im, id, e);
    }
    int rc = q_tenant_single(c->tx, c->arena, out, e);
    if (rc != 0) return rc;
    int n = q_tenant_count(c->tx, e);
    if (n < 0) return -1;
    return bad(e, "/tenant/tenant_id",
               n ? "there are several publishers, so tenant_id is required"
                 : "there is no publisher yet, so tenant_id is required");
}

/* Without scheme and port, because requests are matched without them. */
int publisher_host(struct arena *a, struct str text, struct str *out, struct err *e)
{
    char *name = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        char ch = text.p[i];
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        if (!letter && !(ch >= '0' && ch <= '9') && ch != '-' && ch != '.' && ch != '_') {
            return err_set(e, "INVALID_REQUEST",
                           "host is a name as it stands in a URL, without scheme and port: sales.example");
        }
        name[i] = (char)(letter ? ch | 0x20 : ch);
    }
    *out = (struct str){ name, text.n };
    return 0;
}

/* The columns the file names; what it does not name stays. */
static int read_columns(struct importing *im, yyjson_val *t, struct tenant_row *row, struct err *e)
{
    const struct json_len name_len = { 1, 200 };
    struct str host = STR_NONE;
    bool is_new = !row->name.n;
    if (is_new ? json_req_str(JSON_FIELD(t, "name", "/tenant"), name_len, &row->name, e)
               : json_opt_str(JSON_FIELD(t, "name", "/tenant"), name_len, &row->name, e))
        return -1;
    if (removes(t, "host")) row->host = STR_NONE;
    else if (json_opt_str(JSON_FIELD(t, "host", "/tenant"), (struct json_len){ 1, 253 }, &host, e)) return -1;
    if (host.n && publisher_host(im->c->arena, host, &row->host, e)) return err_field(e, "/tenant/host");
    return 0;
}

/* The ad servers' rows belong to the tenant's, whose `adapter` is the first one's. */
static int put_tenant(struct importing *im, yyjson_val *t, struct tenant_row *row, struct err *e)
{
    struct ad_server_writer w = { im->c->tx, im->c->arena, row->tenant_id, im->c->now, im->c->sandbox };
    struct str adapter, had = row->adapter;
    int changed = q_tenant_put(im->c->tx, row, im->c->now, e);
    int servers = changed < 0 ? -1 : ad_servers_write(&w, t, "/tenant", &adapter, e);
    if (servers < 0) return -1;
    if (!adapter.n && !had.n) return bad(e, "/tenant/adapter", "which ad server is it? adapter, or ad_servers");
    if (adapter.n && !str_eq(adapter, had)) {
        row->adapter = adapter;
        servers = 1;
        if (q_tenant_put(im->c->tx, row, im->c->now, e) < 0) return -1;
    }
    return counted(im, changed || servers);
}

static int check_merged(struct arena *a, struct str doc, struct err *e)
{
    yyjson_doc *parsed;
    return json_parse(a, doc, &json_limits_import, &parsed, e) ||
                   catalog_check_settings(a, yyjson_doc_get_root(parsed), e)
               ? -1
               : 0;
}

static int import_tenant(struct importing *im, yyjson_val *root, struct err *e)
{
    const struct catalog_import *c = im->c;
    yyjson_val *t = NULL;
    struct tenant_row row = { 0 };
    if (json_opt_obj(JSON_FIELD(root, "tenant", ""), &t, e)) return -1;
    int known = find_tenant(im, t, &row, e);
    if (known < 0) return -1;
    im->counts.tenant_id = row.tenant_id;
    im->writer = (struct catalog_writer){
        .tx = c->tx, .arena = c->arena, .tenant_id = row.tenant_id, .now = c->now, .sandbox = c->sandbox
    };
    if (known && c->compare && catalog_export(c->tx, c->arena, row.tenant_id, &im->counts.before, e)) return -1;
    if (!t && known) return 0;
    struct str had = row.doc;
    if (read_columns(im, t, &row, e) || refuse_unknown(t, "/tenant", is_tenant_member, e)) return -1;
    row.doc = merged(c->arena, had, t, is_column);
    if (document_whole(c->arena, e)) return -1; /* what cannot be read is not written back as if it were empty */
    if (secrets_restored(c->arena, &row.doc, had, e)) return err_in(e, "/tenant");
    if (check_merged(c->arena, row.doc, e)) return -1;
    return put_tenant(im, t, &row, e);
}

/* ---- principals and tokens ---- */

static int read_token_hash(struct importing *im, yyjson_val *v, const char *at, struct token_row *row, struct err *e)
{
    struct str token = STR_NONE, hex = STR_NONE;
    const struct json_len len = { TOKEN_LEN_MIN, TOKEN_LEN_MAX };
    if (json_opt_str(JSON_FIELD(v, "token", at), len, &token, e)) return -1;
    if (json_opt_str(JSON_FIELD(v, "token_hash", at), (struct json_len){ 64, 64 }, &hex, e)) return -1;
    if ((token.n > 0) == (hex.n > 0)) return bad(e, at, "a token is given as token or as token_hash");
    if (hex.n) {
        if (hex_decode(im->c->arena, hex, &row->token_hash) == 0) return 0;
        (void)err_set(e, "INVALID_REQUEST", "token_hash is a SHA-256 in hexadecimal");
        return err_field(e, "%s/token_hash", at);
    }
    uint8_t *hash = arena_alloc(im->c->arena, SHA256_BYTES);
    sha256(token, hash);
    row->token_hash = (struct str){ (const char *)hash, SHA256_BYTES };
    return 0;
}

static int import_token(struct importing *im, const struct principal_row *p, yyjson_val *v, const char *at,
                        struct err *e)
{
    struct token_row row = { .tenant_id = p->tenant_id,
                             .principal_id = p->principal_id,
                             .created_at = im->c->now,
                             .expires_at = TIME_NONE,
                             .revoked_at = TIME_NONE,
                             .last_used_at = TIME_NONE };
    const struct json_len len = { 1, 128 };
    if (!yyjson_is_obj(v)) return bad(e, at, "a token is an object");
    if (read_token_hash(im, v, at, &row, e)) return -1;
    if (json_opt_str(JSON_FIELD(v, "token_id", at), len, &row.token_id, e)) return -1;
    if (json_opt_str(JSON_FIELD(v, "label", at), len, &row.label, e)) return -1;
    if (json_opt_str(JSON_FIELD(v, "scope", at), len, &row.scope, e)) return -1;
    if (json_opt_bool(JSON_FIELD(v, "sandbox", at), &row.sandbox, e)) return -1;
    if (json_opt_bool(JSON_FIELD(v, "may_decide", at), &row.may_decide, e)) return -1;
    if (json_opt_time(JSON_FIELD(v, "expires_at", at), &row.expires_at, e)) return -1;
    if (row.token_id.n == 0) row.token_id = id_new(im->c->arena, im->c->rng, "tok-", im->c->now);
    struct token_row owner;
    int rc = q_token_get(im->c->tx, im->c->arena, row.token_hash, &owner, e);
    if (rc < 0) return -1;
    if (rc == 1 && (!str_eq(owner.tenant_id, p->tenant_id) || !str_eq(owner.principal_id, p->principal_id))) {
        return bad(e, at, "this token belongs to another principal");
    }
    return counted(im, rc == 1 ? 0 : q_token_add(im->c->tx, &row, e));
}

/* A new principal is active and called by its id; of one that is there, what the file does not name stays. */
static int read_principal(struct importing *im, yyjson_val *v, const char *at, struct principal_row *row, struct err *e)
{
    const struct json_len id_len = { 1, 128 };
    static const char *const roles[] = { "buyer", "viewer", "operator", "administrator" };
    struct str id;
    if (!yyjson_is_obj(v)) return bad(e, at, "a principal is an object");
    if (json_req_str(JSON_FIELD(v, "principal_id", at), id_len, &id, e)) return -1;
    if (!id_text_valid(id, id_len.max)) return bad(e, at, "principal_id must be an id");
    int known = q_principal_get(im->c->tx, im->c->arena, im->counts.tenant_id, id, row, e);
    if (known < 0) return -1;
    if (!known) {
        *row = (struct principal_row){
            .tenant_id = im->counts.tenant_id, .principal_id = id, .name = id, .status = STR("active")
        };
    }
    if (json_opt_str(JSON_FIELD(v, "name", at), (struct json_len){ 1, 200 }, &row->name, e)) return -1;
    if (known ? json_opt_str(JSON_FIELD(v, "role", at), id_len, &row->role, e)
              : json_req_str(JSON_FIELD(v, "role", at), id_len, &row->role, e))
        return -1;
    bool named = false;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) named = named || str_is(row->role, roles[i]);
    if (!named) {
        (void)err_set(e, "INVALID_REQUEST", "role is buyer, viewer, operator or administrator");
        return err_field(e, "%s/role", at);
    }
    if (removes(v, "dialect")) row->dialect = STR_NONE;
    else if (json_opt_str(JSON_FIELD(v, "dialect", at), id_len, &row->dialect, e)) return -1;
    if (row->dialect.n && im->c->speaks && !im->c->speaks(row->dialect)) {
        (void)err_set(e, "INVALID_REQUEST", "there is no dialect \"" STR_FMT "\"", STR_ARG(row->dialect));
        return err_field(e, "%s/dialect", at);
    }
    return json_opt_str(JSON_FIELD(v, "status", at), id_len, &row->status, e);
}

static int check_permitted_billing(yyjson_val *settings, const char *at, struct err *e)
{
    static const char *const words[] = { "operator", "agent", "advertiser" };
    yyjson_val *list = NULL, *v;
    size_t i, n;
    if (!json_has(settings, "permitted_billing")) return 0; /* absent, or null, which removes it */
    if (json_opt_arr(JSON_FIELD(settings, "permitted_billing", ""), (struct json_len){ 1, 3 }, &list, e))
        return err_in(e, "%s/settings", at);
    yyjson_arr_foreach(list, i, n, v) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_LEN(words); k++) known = known || str_is(json_val_str(v), words[k]);
        if (known) continue;
        (void)err_set(e, "INVALID_REQUEST", "billing is operator, agent or advertiser");
        return err_field(e, "%s/settings/permitted_billing/%zu", at, i);
    }
    return 0;
}

static int import_principal(struct importing *im, yyjson_val *v, const char *at, struct err *e)
{
    struct principal_row row = { 0 };
    yyjson_val *settings = NULL, *tokens = NULL, *token;
    if (read_principal(im, v, at, &row, e)) return -1;
    if (!removes(v, "settings") && json_opt_obj(JSON_FIELD(v, "settings", at), &settings, e)) return -1;
    struct str had = row.doc;
    if (check_permitted_billing(settings, at, e)) return -1;
    row.doc = removes(v, "settings") ? STR("{}") : merged(im->c->arena, had, settings, NULL);
    if (document_whole(im->c->arena, e)) return err_in(e, "%s/settings", at);
    if (secrets_restored(im->c->arena, &row.doc, had, e)) return err_in(e, "%s/settings", at);
    if (counted(im, q_principal_put(im->c->tx, &row, im->c->now, e))) return -1;
    if (json_opt_arr(JSON_FIELD(v, "tokens", at), (struct json_len){ 0, 1000 }, &tokens, e)) return -1;
    size_t i, n;
    yyjson_arr_foreach(tokens, i, n, token) {
        if (import_token(im, &row, token, arena_printf(im->c->arena, "%s/tokens/%zu", at, i).p, e)) return -1;
    }
    return 0;
}

/* ---- lists ---- */

static struct str principal_id_of(yyjson_val *v)
{
    return json_str(v, "principal_id");
}

static struct str format_id_of(yyjson_val *v)
{
    struct format_ref ref;
    return format_ref_read(yyjson_obj_get(v, "format_id"), &ref) ? ref.id : STR_NONE;
}

static struct str property_id_of(yyjson_val *v)
{
    return json_str(v, "property_id");
}

static struct str product_id_of(yyjson_val *v)
{
    return json_str(v, "product_id");
}

static int check_stored(struct importing *im, enum catalog_kind kind, struct str id, struct err *e)
{
    return catalog_check_stored(im->c->tx, im->c->arena, kind, im->counts.tenant_id, id, e);
}

static int import_format(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    int rc = catalog_put_format(&im->writer, v, position, e);
    return rc == 1 && check_stored(im, CATALOG_FORMAT, format_id_of(v), e) ? -1 : counted(im, rc);
}

static int import_property(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    int rc = catalog_put_property(&im->writer, v, position, e);
    if (rc == 1) im->properties_changed = true;
    return counted(im, rc);
}

static struct str slot_id_of(yyjson_val *v)
{
    return json_str(v, "slot_id");
}

static int import_slot(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    return counted(im, slot_put(&im->writer, v, e));
}

static int import_product(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    int rc = catalog_put_product(&im->writer, v, position, e);
    if (rc == 1 && check_stored(im, CATALOG_PRODUCT, product_id_of(v), e)) return -1;
    if (rc == 0 && im->properties_changed && catalog_index_product(&im->writer, v, e)) return -1;
    return counted(im, rc);
}

static struct str signal_id_of(yyjson_val *v)
{
    return json_str(v, "signal_id");
}

static int import_signal(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    return counted(im, catalog_put_signal(&im->writer, v, position, e));
}

/* Two objects with one id in a file are a mistake, not an update. */
static int refuse_twice(struct importing *im, const char *list, yyjson_val *arr, struct str (*id_of)(yyjson_val *),
                        struct err *e)
{
    size_t n = yyjson_arr_size(arr), cap = 16;
    while (cap < n * 2) cap *= 2;
    struct str *seen = ARENA_ARRAY(im->c->arena, struct str, cap);
    size_t i, items;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, items, v) {
        struct str id = id_of(v);
        if (id.n == 0) continue;
        size_t h = 5381;
        for (size_t at = 0; at < id.n; at++) h = h * 33 + (uint8_t)id.p[at];
        for (h &= cap - 1; seen[h].n; h = (h + 1) & (cap - 1)) {
            if (!str_eq(seen[h], id)) continue;
            (void)err_set(e, "INVALID_REQUEST", "the id " STR_FMT " is used twice", STR_ARG(id));
            return err_field(e, "/%s/%zu", list, i);
        }
        seen[h] = id;
    }
    return 0;
}

struct list_kind {
    const char *name;
    struct str (*id_of)(yyjson_val *);
    int (*import)(struct importing *im, yyjson_val *v, int64_t position, struct err *e);
};

static int import_list(struct importing *im, yyjson_val *root, const struct list_kind *kind, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(root, kind->name, ""), (struct json_len){ 0, ITEMS_MAX }, &arr, e)) return -1;
    if (refuse_twice(im, kind->name, arr, kind->id_of, e)) return -1;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (kind->import(im, v, im->c->position_first + (int64_t)i, e)) return err_in(e, "/%s/%zu", kind->name, i);
    }
    return 0;
}

/* An account may be named by its natural key alone; accounts without an id are told apart when they are read. */
static struct str account_id_of(yyjson_val *v)
{
    return json_str(v, "account_id");
}

static int import_account(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    struct account_import in = { im->c->tx, im->c->arena, im->c->rng, im->counts.tenant_id, im->c->now };
    return counted(im, account_import(&in, v, e));
}

static int import_principal_item(struct importing *im, yyjson_val *v, int64_t position, struct err *e)
{
    return import_principal(im, v, "", e);
}

/* Formats, properties and slots before products: these refer to them; slots refer to properties. */
static const struct list_kind lists[] = {
    { "principals", principal_id_of, import_principal_item },
    { "accounts", account_id_of, import_account },
    { "formats", format_id_of, import_format },
    { "properties", property_id_of, import_property },
    { "slots", slot_id_of, import_slot },
    { "products", product_id_of, import_product },
    { "signals", signal_id_of, import_signal },
};

static bool is_root_member(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (str_is(key, lists[i].name)) return true;
    }
    return str_is(key, "salesagent_import") || str_is(key, "tenant");
}

/* A line of the audit trail; and the key that buyers look up before the first webhook is signed with it. */
static int end_import(struct importing *im, struct err *e)
{
    const struct catalog_import *c = im->c;
    struct tenant tenant = { .tenant_id = im->counts.tenant_id };
    struct act act = { .tx = c->tx,
                       .arena = c->arena,
                       .rng = c->rng,
                       .now = c->now,
                       .tenant = &tenant,
                       .actor = c->actor.n ? c->actor : STR("system:import"),
                       .origin = STR("cli") };
    struct audit_entry entry = {
        .action = "catalog.import",
        .subject = arena_printf(c->arena, "tenant:" STR_FMT, STR_ARG(im->counts.tenant_id)),
        .doc = arena_printf(c->arena, "{\"changed\":%lld,\"unchanged\":%lld}", (long long)im->counts.changed,
                            (long long)im->counts.unchanged),
    };
    return audit_add(&act, &entry, e) || signing_key_ensure(&act, e) ? -1 : 0;
}

int catalog_import(const struct catalog_import *c, struct str text, struct catalog_counts *out, struct err *e)
{
    yyjson_doc *parsed;
    int64_t version;
    struct importing im = { .c = c };
    if (json_parse(c->arena, text, &json_limits_import, &parsed, e)) return -1;
    yyjson_val *root = yyjson_doc_get_root(parsed);
    if (json_req_i64(JSON_FIELD(root, "salesagent_import", ""), (struct json_range){ 1, 1 }, &version, e)) return -1;
    if (refuse_unknown(root, "", is_root_member, e) || import_tenant(&im, root, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (import_list(&im, root, &lists[i], e)) return -1;
    }
    if (products_have_ad_servers(c->tx, c->arena, im.counts.tenant_id, e)) return err_field(e, "/tenant/ad_servers");
    if (im.counts.changed > 0 && end_import(&im, e)) return -1;
    if (c->compare && catalog_export(c->tx, c->arena, im.counts.tenant_id, &im.counts.after, e)) return -1;
    *out = im.counts;
    return 0;
}
