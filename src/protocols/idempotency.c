#include "protocols/idempotency.h"

#include "base/crypto.h"
#include "base/rfc3339.h"
#include "store/q/agent/q_idempotency.h"

static bool key_valid(struct str k)
{
    if (k.n < 16 || k.n > 255) return false;
    for (size_t i = 0; i < k.n; i++) {
        char ch = k.p[i];
        bool ok = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
                  ch == '.' || ch == ':' || ch == '-';
        if (!ok) return false;
    }
    return true;
}

/* The account named in the request, as text that is equal for equal references. Of a natural key only the brand counts:
 * keys are unique to a seller and a request (AdCP, create-media-buy-request.json), so who repeats one with another
 * operator or sandbox flag has changed the request and must hear so, not buy twice. The published storyboard
 * `idempotency`, as its runner sends it, asks for the same. A replay needs an equal request, whatever the scope. */
static struct str account_scope(const struct call *c)
{
    static const char *const loose[] = { "/operator", "/sandbox", NULL };
    yyjson_val *account = json_obj(c->args, "account");
    return account ? json_canonical(c->arena, account, loose) : STR("");
}

int idem_prepare(const struct call *c, struct idem *out, struct err *e)
{
    static const char *const excluded[] = { "/idempotency_key",
                                            "/context",
                                            "/governance_context",
                                            "/push_notification_config/authentication/credentials",
                                            "/push_notification_config/channel",
                                            NULL }; /* ours: the door's shape */
    *out = (struct idem){ 0 };
    bool network = c->transport != TRANSPORT_LOCAL && !c->own_page;
    bool needed = network && c->dialect->adcp3 && c->row->idempotency == IDEM_REQUIRED;
    bool honoured = c->row->kind == TOOL_WRITE && c->row->idempotency != IDEM_NONE;
    yyjson_val *key = yyjson_obj_get(c->args, "idempotency_key");
    if (!key || !honoured) {
        if (key || !needed) return 0;
        err_set(e, "INVALID_REQUEST", "idempotency_key is required for %s.", c->row->name);
        err_suggest(e, "Send a fresh key of 16 to 255 characters (a UUID, say) and repeat it on retries.");
        return err_field(e, "/idempotency_key");
    }
    struct str text = json_val_str(key);
    if (!key_valid(text)) {
        err_set(e, "INVALID_REQUEST", "idempotency_key must be 16 to 255 of the characters A-Z a-z 0-9 _ . : -");
        return err_field(e, "/idempotency_key");
    }
    struct str canonical = json_canonical(c->arena, c->args, excluded);
    /* The tool's name takes part: one key used for two different operations is a conflict, not a replay. */
    struct str hashed = arena_printf(c->arena, "%s\n" STR_FMT, c->row->name, STR_ARG(canonical));
    uint8_t *hash = arena_alloc(c->arena, SHA256_BYTES);
    /* What people can guess would be guessed from a hash that the database alone can be asked for. */
    if (c->row->operation && json_has(c->args, "password")) hmac_sha256(tx_secret(c->act.tx), hashed, hash);
    else sha256(hashed, hash);
    out->key = text;
    out->account = account_scope(c);
    out->hash = (struct str){ (const char *)hash, SHA256_BYTES };
    return 0;
}

static struct idempotency_key row_key(const struct call *c, const struct idem *i)
{
    return (struct idempotency_key){ c->tenant.tenant_id, c->principal.principal_id, i->account, i->key };
}

static int conflict(struct err *e)
{
    (void)err_set(e, "IDEMPOTENCY_CONFLICT", "This idempotency_key was used for a different request.");
    (void)err_suggest(e, "Use a fresh key for a new request; repeat a key only with the identical request.");
    return err_field(e, "/idempotency_key");
}

int idem_in_flight(const struct call *c, const struct idem *i, const struct call *asking, int patience_s, struct err *e)
{
    const struct call *o = asking;
    while (o && !(str_eq(o->idem.key, i->key) && str_eq(o->idem.account, i->account) &&
                  str_eq(o->tenant.tenant_id, c->tenant.tenant_id) &&
                  str_eq(o->principal.principal_id, c->principal.principal_id))) {
        o = o->asking_next;
    }
    if (!i->key.n || !o || o == c) return 0;
    if (!secret_eq(o->idem.hash, i->hash)) return conflict(e);
    (void)err_set(e, "IDEMPOTENCY_IN_FLIGHT", "The first request with this idempotency_key is still being worked on.");
    (void)err_suggest(e, "Send the identical request again a little later; do not use a fresh key for it.");
    e->retry_after_s = patience_s;
    return err_field(e, "/idempotency_key");
}

int idem_check(const struct call *c, const struct idem *i, enum idem_verdict *verdict, struct str *snapshot,
               struct err *e)
{
    if (!i->key.n) {
        *verdict = IDEM_NO_KEY;
        return 0;
    }
    struct idempotency_key key = row_key(c, i);
    struct idempotency_row row;
    int rc = q_idempotency_get(c->act.tx, c->arena, &key, &row, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        *verdict = IDEM_NEW;
        return 0;
    }
    if (!secret_eq(row.hash, i->hash)) return conflict(e);
    if (!row.reply.p || row.expires_at <= c->act.now) {
        err_set(e, "IDEMPOTENCY_EXPIRED", "This idempotency_key is older than the replay window.");
        err_suggest(e, "Read the current state first; if the operation is still wanted, send it with a fresh key.");
        return err_field(e, "/idempotency_key");
    }
    *verdict = IDEM_REPLAY;
    *snapshot = row.reply;
    return 0;
}

int idem_store(const struct call *c, const struct idem *i, struct str snapshot, struct err *e)
{
    struct idempotency_key key = row_key(c, i);
    struct idempotency_row row = { .hash = i->hash,
                                   .reply = snapshot,
                                   .created_at = c->act.now,
                                   .expires_at = c->act.now + IDEMPOTENCY_TTL_S * USEC_PER_SEC };
    return q_idempotency_insert(c->act.tx, &key, &row, e);
}
