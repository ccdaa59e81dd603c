#include "room.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "run/loop_sim.h"
#include "store/q/q_ad_server.h"
#include "store/q/agent/q_audit.h"
#include "store/q/agent/q_job.h"
#include "store/q/q_tenant.h"

static int first_rows(struct tx *tx, void *arg, struct err *e)
{
    struct room *r = arg;
    struct tenant_row tenant = {
        .tenant_id = r->tenant.tenant_id, .name = r->tenant.name, .adapter = r->tenant.adapter, .doc = r->tenant.doc
    };
    struct principal_row buyer = { .tenant_id = STR("t"),
                                   .principal_id = STR("b"),
                                   .name = STR("Buyer"),
                                   .role = STR("buyer"),
                                   .status = STR("active") };
    struct ad_server_row server = { .tenant_id = r->tenant.tenant_id,
                                    .name = r->tenant.adapter,
                                    .adapter = r->tenant.adapter,
                                    .settings = STR("{\"simulated\":true}") };
    if (q_tenant_put(tx, &tenant, ROOM_NOW, e) < 0 || q_ad_server_put(tx, &server, ROOM_NOW, e)) return -1;
    return q_principal_put(tx, &buyer, ROOM_NOW, e) < 0 ? -1 : 0;
}

struct room *room_open(void)
{
    struct err e;
    struct room *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    log_set_level(LOG_ERROR);
    arena_init(&r->arena);
    rng_init_seeded(&r->rng, 42);
    r->now = ROOM_NOW;
    r->tenant = (struct tenant){ STR("t"), STR("Publisher"), STR(""), STR("mock"), STR("{}") };
    r->loop = calloc(1, sizeof(*r->loop));
    r->sim = calloc(1, sizeof(*r->sim));
    assert_true(r->loop && r->sim);
    loop_sim_init(r->sim, r->loop, r->now, 1);
    struct store_options o = { .path = ":memory:", .secret = STR("0123456789abcdef0123456789abcdef") };
    ROOM_OK(store_open(r->loop, &o, &r->store, &e));
    ROOM_OK(store_write_now(r->store, first_rows, r, &e));
    return r;
}

void room_close(struct room *r)
{
    store_close(r->store);
    loop_sim_finish(r->sim);
    arena_finish(&r->arena);
    free(r->loop);
    free(r->sim);
    free(r);
}

void room_settings(struct room *r, const char *json)
{
    struct err e;
    r->tenant.doc = str_from(json);
    ROOM_OK(store_write_now(r->store, first_rows, r, &e));
}

struct doing {
    struct room *r;
    const struct principal *who;
    void (*fn)(struct room *r, const struct act *act);
};

static int run(struct tx *tx, void *arg, struct err *e)
{
    struct doing *d = arg;
    struct act act = { .tx = tx,
                       .arena = &d->r->arena,
                       .rng = &d->r->rng,
                       .now = d->r->now,
                       .tenant = &d->r->tenant,
                       .principal = d->who,
                       .actor = d->who ? d->who->principal_id : STR("system:test"),
                       .origin = STR("test") };
    (void)e; /* what fails, fails the test */
    d->fn(d->r, &act);
    return 0;
}

static void doing(struct room *r, const struct principal *who, void (*fn)(struct room *r, const struct act *act))
{
    struct doing d = { r, who, fn };
    struct err e;
    ROOM_OK(store_write_now(r->store, run, &d, &e));
    loop_sim_settle(r->sim);
}

void room_do(struct room *r, enum role role, void (*fn)(struct room *r, const struct act *act))
{
    struct principal who = { .tenant_id = r->tenant.tenant_id,
                             .principal_id = role == ROLE_BUYER ? STR("b") : STR("ann"),
                             .name = STR("n"),
                             .role = role };
    doing(r, &who, fn);
}

void room_do_alone(struct room *r, void (*fn)(struct room *r, const struct act *act))
{
    doing(r, NULL, fn);
}

yyjson_val *room_json(struct room *r, const char *text)
{
    static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 64, .nodes_max = 100000 };
    yyjson_doc *doc;
    struct err e;
    ROOM_OK(json_parse(&r->arena, str_from(text), &limits, &doc, &e));
    return yyjson_doc_get_root(doc);
}

size_t room_jobs(struct room *r, const struct act *act, const char *kind, struct str *payload)
{
    struct job_filter f = { .tenant_id = act->tenant->tenant_id, .kind = str_from(kind), .limit = 100 };
    struct job_row *rows, row;
    struct err e;
    size_t n;
    ROOM_OK(q_job_list(act->tx, &r->arena, &f, &rows, &n, &e));
    if (n && payload) {
        assert_int_equal(q_job_get(act->tx, &r->arena, f.tenant_id, rows[0].job_id, &row, &e), 1);
        *payload = row.payload;
    }
    return n;
}

size_t room_audited(struct room *r, const struct act *act, const char *action)
{
    struct audit_filter f = { .tenant_id = act->tenant->tenant_id,
                              .action = str_from(action),
                              .from_at = TIME_NONE,
                              .until_at = TIME_NONE,
                              .limit = 100 };
    struct audit_row *rows;
    struct err e;
    size_t n;
    ROOM_OK(q_audit_list(act->tx, &r->arena, &f, &rows, &n, &e));
    return n;
}
