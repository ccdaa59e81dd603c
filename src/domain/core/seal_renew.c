#include "domain/core/seal_renew.h"

#include "domain/core/ad_server.h"
#include "store/q/agent/q_sign_in.h"

struct str seal_about_totp(struct arena *a, struct str tenant_id, struct str principal_id)
{
    return arena_printf(a, "totp\n" STR_FMT "\n" STR_FMT, STR_ARG(tenant_id), STR_ARG(principal_id));
}

static int renew_totp(struct tx *tx, struct arena *a, struct sealing *out, struct err *e)
{
    const struct store_keys *keys = tx_keys(tx);
    struct sign_in_row *rows;
    size_t n;
    if (!keys) return 0;
    if (q_sign_in_list(tx, a, STR_NONE, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        struct str about = seal_about_totp(a, rows[i].tenant_id, rows[i].principal_id), plain;
        struct err closed;
        bool newest = seal_version(rows[i].totp_key) == keys->ring.keys[keys->ring.n - 1].version;
        if (!rows[i].totp_key.n || newest) continue;
        if (sealed_open(tx, a, about, rows[i].totp_key, &plain, &closed)) {
            out->unreadable++;
            continue;
        }
        rows[i].totp_key = sealed_make(tx, a, about, plain);
        if (q_sign_in_put(tx, &rows[i], e)) return -1;
        out->sealed++;
    }
    return 0;
}

int seal_renew(struct tx *tx, struct arena *a, int64_t now, struct sealing *out, struct err *e)
{
    return ad_servers_seal(tx, a, now, out, e) ? -1 : renew_totp(tx, a, out, e);
}
