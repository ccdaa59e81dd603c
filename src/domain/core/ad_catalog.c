#include "domain/core/ad_catalog.h"

#include "base/rfc3339.h"
#include "store/q/q_slot.h"

static struct ad_catalog *self(const struct adapter_catalog *c)
{
    return CONTAINER_OF((struct adapter_catalog *)(uintptr_t)c, struct ad_catalog, catalog);
}

static struct tx *reading(const struct ad_catalog *c)
{
    return c->store ? store_read(c->store) : c->tx;
}

static bool noted(struct ad_catalog *c, int rc, const struct err *e)
{
    if (rc >= 0) return rc == 1;
    c->failed = true;
    c->why = *e;
    return false;
}

static bool find(const struct adapter_catalog *catalog, const char *kind, struct str key, struct adapter_item *out)
{
    struct ad_catalog *c = self(catalog);
    struct err e;
    return noted(c, q_ad_item_find(reading(c), c->arena, &c->key, str_from(kind), key, out, &e), &e);
}

static bool get(const struct adapter_catalog *catalog, const char *kind, struct str remote_id, struct adapter_item *out)
{
    struct ad_catalog *c = self(catalog);
    struct err e;
    return noted(c, q_ad_item_get(reading(c), c->arena, &c->key, str_from(kind), remote_id, out, &e), &e);
}

/* What the built-in ad server has are the publisher's slots. */
static bool find_slot(const struct adapter_catalog *catalog, const char *kind, struct str key, struct adapter_item *out)
{
    struct ad_catalog *c = self(catalog);
    struct slot_row row;
    struct err e;
    if (strcmp(kind, "slot") != 0) return false;
    if (!noted(c, q_slot_get(reading(c), c->arena, c->key.tenant_id, key, &row, &e), &e)) return false;
    *out = (struct adapter_item){ .kind = STR("slot"), .remote_id = row.slot_id, .key = row.slot_id, .doc = row.doc };
    return true;
}

static bool get_slot(const struct adapter_catalog *catalog, const char *kind, struct str remote_id,
                     struct adapter_item *out)
{
    return find_slot(catalog, kind, remote_id, out);
}

static void open_catalog(struct ad_catalog *c, const struct ad_server *server)
{
    if (server->adapter->serves) {
        c->catalog = (struct adapter_catalog){ .find = find_slot, .get = get_slot, .synced_at = 1 }; /* always true */
        return;
    }
    struct ad_server_state state;
    struct err e;
    c->catalog = (struct adapter_catalog){ .find = find, .get = get };
    if (q_ad_server_state(reading(c), c->arena, &c->key, &state, &e)) {
        (void)noted(c, -1, &e);
    } else if (state.synced_at != TIME_NONE) {
        c->catalog.synced_at = state.synced_at;
    }
}

void ad_catalog_init(struct ad_catalog *c, const struct act *act, const struct ad_server *server)
{
    *c = (struct ad_catalog){ .tx = act->tx, .arena = act->arena, .key = { act->tenant->tenant_id, server->name } };
    open_catalog(c, server);
}

void ad_catalog_of_store(struct ad_catalog *c, struct store *store, const struct act *act,
                         const struct ad_server *server)
{
    *c = (struct ad_catalog){ .store = store, .arena = act->arena, .key = { act->tenant->tenant_id, server->name } };
    open_catalog(c, server);
}

int ad_catalog_check(const struct ad_catalog *c, struct err *e)
{
    if (!c->failed) return 0;
    *e = c->why;
    return -1;
}
