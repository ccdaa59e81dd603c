#include "domain/signature/signing_keys.h"

#include "base/rfc3339.h"
#include "domain/core/audit.h"

#define USE_AFTER_US (INT64_C(600) * USEC_PER_SEC)
#define KEEP_OLD_US  (INT64_C(7) * USEC_PER_DAY)

static int add_key(const struct act *act, enum sign_alg alg, int64_t use_from, struct signing_key_row *out,
                   struct err *e)
{
    *out = (struct signing_key_row){ .tenant_id = act->tenant->tenant_id,
                                     .kid = id_new(act->arena, act->rng, "key-", act->now),
                                     .created_at = act->now,
                                     .use_from = use_from,
                                     .retire_at = TIME_NONE };
    sign_generate(alg, &out->key);
    if (q_signing_key_insert(act->tx, out, e)) return -1;
    struct audit_entry entry = {
        .action = "signing_key.create",
        .subject = arena_printf(act->arena, "signing_key:" STR_FMT, STR_ARG(out->kid)),
        .doc = arena_printf(act->arena, "{\"alg\":\"%s\"}", sign_alg_name(alg)),
    };
    return audit_add(act, &entry, e);
}

int signing_key_ensure(const struct act *act, struct err *e)
{
    struct signing_key_row key;
    int rc = signing_key_current(act->tx, act->arena, act->tenant->tenant_id, act->now, &key, e);
    if (rc) return rc < 0 ? -1 : 0;
    return add_key(act, SIGN_ED25519, /* use_from= */ 0, &key, e); /* nobody can know an earlier one */
}

int signing_key_rotate(const struct act *act, enum sign_alg alg, struct signing_key_row *out, struct err *e)
{
    struct signing_key_row current;
    int rc = signing_key_current(act->tx, act->arena, act->tenant->tenant_id, act->now, &current, e);
    if (rc < 0 || add_key(act, alg, rc ? act->now + USE_AFTER_US : act->now, out, e)) return -1;
    return q_signing_key_retire_others(act->tx, out->tenant_id, out->kid, act->now + KEEP_OLD_US, e);
}

int signing_key_current(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now, struct signing_key_row *out,
                        struct err *e)
{
    struct signing_key_row *rows;
    size_t n;
    if (q_signing_key_list(tx, a, tenant_id, now, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].use_from > now) continue;
        *out = rows[i];
        return 1;
    }
    return 0;
}

int signing_jwks(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now, struct str *json, struct err *e)
{
    struct signing_key_row *rows;
    size_t n;
    if (q_signing_key_list(tx, a, tenant_id, now, &rows, &n, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_mut_val *keys = json_add_arr(doc, o, "keys");
    for (size_t i = 0; i < n; i++) signature_jwk_add(a, doc, keys, rows[i].kid, &rows[i].key.pub, SIGNING_KEY_USE);
    *json = json_write(a, o);
    return 0;
}
