#include "domain/core/ad_server.h"

#include "domain/core/tenant_settings.h"
#include "store/memory.h"

static struct adapter_site site_of(const struct act *act, struct str name)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    struct adapter_site site = { .tenant_id = act->tenant->tenant_id,
                                 .tenant_name = act->tenant->name,
                                 .ad_server = name,
                                 .timezone = ts.timezone,
                                 .agent_url = ts.agent_url,
                                 .sandbox = act->sandbox };
    memcpy(site.currency, ts.currency, sizeof(site.currency));
    return site;
}

struct str ad_server_sealed_for(struct arena *a, const struct ad_server_row *row)
{
    return arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(row->tenant_id), STR_ARG(row->name));
}

int ad_server_settings(struct tx *tx, struct arena *a, const struct ad_server_row *row, struct str *text, struct err *e)
{
    return sealed_open(tx, a, ad_server_sealed_for(a, row), row->settings, text, e);
}

struct opened {
    struct ad_server_row row;
    struct str settings;
};

static int make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    struct opened *o = ARENA_NEW(a, struct opened);
    int rc = q_ad_server_get(tx, a, of->tenant_id, of->id, &o->row, e);
    if (rc == 1 && ad_server_settings(tx, a, &o->row, &o->settings, e)) return -1;
    *out = o;
    return rc;
}

static int make_row(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    struct ad_server_row *row = ARENA_NEW(a, struct ad_server_row);
    *out = row;
    return q_ad_server_get(tx, a, of->tenant_id, of->id, row, e);
}

/* A publisher made before ad servers had rows, in tests: the one its adapter names. */
static int load(const struct act *act, struct str name, struct opened *out, struct err *e)
{
    struct memory_of of = { .make = make, .tenant_id = act->tenant->tenant_id, .id = name };
    const void *found;
    int rc = memory_get(act->tx, act->arena, &of, &found, e);
    if (rc == 1) *out = *(const struct opened *)found;
    if (rc) return rc;
    if (!act->tenant->adapter.n || (name.n && !str_eq(name, act->tenant->adapter))) return 0;
    *out = (struct opened){
        .row = { .tenant_id = act->tenant->tenant_id, .name = act->tenant->adapter, .adapter = act->tenant->adapter }
    };
    return 1;
}

int ad_server_first(const struct act *act, struct str *name, struct err *e)
{
    struct memory_of of = { .make = make_row, .tenant_id = act->tenant->tenant_id };
    const void *first;
    if (act->ad_server) {
        *name = act->ad_server->name;
        return 0;
    }
    int rc = memory_get(act->tx, act->arena, &of, &first, e);
    if (rc >= 0) *name = rc ? ((const struct ad_server_row *)first)->name : act->tenant->adapter;
    return rc < 0 ? -1 : 0;
}

int ad_server_of(const struct act *act, struct str name, struct ad_server *out, struct err *e)
{
    struct opened opened;
    if (act->ad_server) {
        *out = *act->ad_server;
        return 0;
    }
    int rc = load(act, name, &opened, e);
    if (rc < 0) return -1;
    if (rc == 0)
        return err_set(e, "CONFIGURATION_ERROR", "the publisher has no ad server named \"" STR_FMT "\"", STR_ARG(name));
    const struct ad_server_row row = opened.row;
    struct ad_server server = { .adapter = adapter_find(row.adapter),
                                .name = row.name,
                                .site = site_of(act, row.name),
                                .settings = opened.settings };
    if (!server.adapter) {
        return err_set(e, "CONFIGURATION_ERROR", "the publisher's ad server is not one this program knows");
    }
    server.wait_max_s = row.wait_days ? (int)row.wait_days * 86400 : ADAPTER_WAIT_MAX_S;
    if (act->fill_percent && str_is(row.adapter, "mock")) {
        server.settings = arena_printf(act->arena, "{\"fill_percent\":%d}", act->fill_percent);
    }
    if (server.adapter->configure(act->arena, &server.site, server.settings, &server.config, e)) {
        return err_in(e, "/ad_servers/" STR_FMT "/settings", STR_ARG(row.name));
    }
    *out = server;
    return 0;
}

int ad_server_serving(const struct act *act, struct ad_server *out, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (act->ad_server) {
        *out = *act->ad_server;
        return out->adapter->serves;
    }
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        const struct adapter *a = adapter_find(rows[i].adapter);
        if (a && a->serves) return ad_server_of(act, rows[i].name, out, e) ? -1 : 1;
    }
    return 0;
}

int ad_server_get(struct ad_server_set *set, struct str name, const struct ad_server **out, struct err *e)
{
    for (size_t i = 0; i < set->n; i++) {
        bool first = name.n == 0 && set->asked_first == i + 1;
        if (set->act->ad_server || first || str_eq(set->servers[i].name, name)) {
            *out = &set->servers[i];
            return 0;
        }
    }
    if (set->n == AD_SERVERS_MAX) return err_set(e, "CONFIGURATION_ERROR", "the media buy is on too many ad servers");
    if (ad_server_of(set->act, name, &set->servers[set->n], e)) return -1;
    *out = &set->servers[set->n++];
    if (name.n == 0) set->asked_first = set->n;
    return 0;
}
