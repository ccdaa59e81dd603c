#include "app/serve/desk_link.h"

#include "domain/publisher/session.h"
#include "store/q/q_tenant.h"

struct making {
    struct loop *loop;
    struct arena *arena;
    struct sign_in_link link;
};

static int make(struct tx *tx, void *arg, struct err *e)
{
    struct making *m = arg;
    struct tenant_row row;
    int rc = q_tenant_single(tx, m->arena, &row, e);
    if (rc < 1) return rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "There is not exactly one publisher.");
    struct tenant tenant = { row.tenant_id, row.name, row.host, row.adapter, row.doc };
    struct act act = { .tx = tx,
                       .arena = m->arena,
                       .rng = &m->loop->rng,
                       .now = loop_now(m->loop),
                       .tenant = &tenant,
                       .actor = STR("system:serve"),
                       .origin = STR("cli") };
    return sign_in_link_make(&act, STR_NONE, &m->link, e);
}

int desk_link_make(struct store *store, struct loop *loop, struct arena *a, struct str *link, struct err *e)
{
    struct making m = { .loop = loop, .arena = a };
    if (store_write_now(store, make, &m, e)) return -1;
    *link = m.link.text;
    return 0;
}
