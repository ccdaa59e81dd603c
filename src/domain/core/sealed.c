#include "domain/core/sealed.h"

struct str sealed_make(struct tx *tx, struct arena *a, struct str about, struct str plain)
{
    const struct store_keys *keys = tx_keys(tx);
    return keys && plain.n ? seal_text(a, &keys->ring, about, plain) : plain;
}

static bool knows(const struct seal_ring *ring, int64_t version)
{
    for (size_t i = 0; i < ring->n; i++) {
        if (ring->keys[i].version == version) return true;
    }
    return false;
}

int sealed_open(struct tx *tx, struct arena *a, struct str about, struct str sealed, struct str *plain, struct err *e)
{
    struct store_keys *keys = tx_keys(tx);
    if (!seal_is(sealed)) {
        *plain = sealed;
        return 0;
    }
    if (!keys) return err_set(e, "CONFIGURATION_ERROR", "this is sealed, and there are no keys");
    /* Another process may have made it. */
    if (!knows(&keys->ring, seal_version(sealed)) && keys->reload(keys, e)) return -1;
    return seal_open(a, &keys->ring, about, sealed, plain, e);
}
