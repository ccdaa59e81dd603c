/* See ad_server_check.h. */
#include "domain/product/ad_server_check.h"

#include "base/arena.h"
#include "domain/core/ad_catalog.h"
#include "domain/core/ad_server.h"
#include "domain/product/slot_product.h"
#include "store/q/q_catalog.h"
#include "store/q/q_tenant.h"

#define PLACE "/ext/salesagent/ad_server"

/* The publisher's ad servers, each opened once for all products that a writer writes. */
struct product_servers {
    struct tenant tenant;
    struct act act;
    struct ad_server_set set;
};

static int open_servers(struct catalog_writer *w, struct product_servers **out, struct err *e)
{
    if (!w->servers) {
        struct product_servers *s = ARENA_NEW(w->arena, struct product_servers);
        struct tenant_row row = { .tenant_id = w->tenant_id };
        if (q_tenant_get(w->tx, w->arena, w->tenant_id, &row, e) < 0) return -1;
        s->tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
        s->act =
            (struct act){ .tx = w->tx, .arena = w->arena, .now = w->now, .tenant = &s->tenant, .sandbox = w->sandbox };
        s->set.act = &s->act;
        w->servers = s;
    }
    *out = w->servers;
    return 0;
}

static int unknown_server(struct catalog_writer *w, struct str name, struct err *e)
{
    struct ad_server_row *rows;
    struct str all = STR_NONE;
    size_t n;
    if (q_ad_server_list(w->tx, w->arena, w->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        all = arena_printf(w->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), i ? ", " : "", STR_ARG(rows[i].name));
    }
    (void)err_set(e, "INVALID_REQUEST", "the publisher has no ad server \"" STR_FMT "\"", STR_ARG(name));
    (void)err_suggest(e, "The publisher's ad servers are " STR_FMT ".", STR_ARG(all));
    return err_field(e, PLACE "/name");
}

/* An error has one field: that of the first problem. The message names the members of the others. */
static int refused(struct catalog_writer *w, const struct adapter_problems *problems, struct err *e)
{
    const struct adapter_problem *first = &problems->item[0];
    struct str more = STR_NONE;
    for (size_t i = 1; i < problems->n; i++) {
        more = arena_printf(w->arena, STR_FMT "%s%s: %s", STR_ARG(more), i > 1 ? "; " : "", problems->item[i].member,
                            problems->item[i].text);
    }
    (void)err_set(e, "INVALID_REQUEST", "%s: %s", first->member[0] ? first->member : "ad_server", first->text);
    if (more.n) (void)err_suggest(e, "Also wrong: " STR_FMT, STR_ARG(more));
    return err_field(e, PLACE "%s%s", first->member[0] ? "/" : "", first->member);
}

int product_check_ad_server(struct catalog_writer *w, const struct product *p, struct err *e)
{
    yyjson_val *given = json_get_path(p->doc, PLACE), *name = yyjson_obj_get(given, "name");
    const struct ad_server *server;
    struct product_servers *servers;
    struct adapter_problems problems = { .n = 0 };
    struct ad_server_row row;
    struct ad_catalog catalog;
    if ((given && !yyjson_is_obj(given)) || (name && !(yyjson_is_str(name) && yyjson_get_len(name)))) {
        (void)err_set(e, "INVALID_REQUEST", "ad_server is an object, and its name is text");
        return err_field(e, PLACE "%s", yyjson_is_obj(given) ? "/name" : "");
    }
    int found = q_ad_server_get(w->tx, w->arena, w->tenant_id, product_ad_server(p), &row, e);
    if (found < 0) return -1;
    if (!found) return name ? unknown_server(w, product_ad_server(p), e) : 0;
    if (open_servers(w, &servers, e) || ad_server_get(&servers->set, product_ad_server(p), &server, e)) return -1;
    if (!server->adapter->check_product) return 0;
    ad_catalog_init(&catalog, &servers->act, server);
    server->adapter->check_product(server->config, product_ad_server_settings(w->arena, p), &catalog.catalog,
                                   &problems);
    if (ad_catalog_check(&catalog, e)) return -1;
    if (problems.n) return refused(w, &problems, e);
    return server->adapter->serves ? slot_check_formats(w, p, e) : 0;
}

int products_have_ad_servers(struct tx *tx, struct arena *a, struct str tenant_id, struct err *e)
{
    struct str product_id, name;
    int found = q_catalog_without_ad_server(tx, a, tenant_id, &product_id, &name, e);
    if (found < 1) return found;
    (void)err_set(e, "INVALID_STATE",
                  "the product \"" STR_FMT "\" is on the ad server \"" STR_FMT "\", which this leaves out",
                  STR_ARG(product_id), STR_ARG(name));
    return err_suggest(e, "Keep that ad server, or import the product with another one first.");
}
