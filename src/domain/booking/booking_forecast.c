#include "domain/booking/booking_forecast.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "contract/json.h"
#include "domain/booking/ad_server_ask.h"
#include "store/q/q_ad_server.h"

#define KIND "forecast" /* of an item: remote_id is the package, key the media buy */

static bool can_tell(struct str adapter)
{
    const struct adapter *a = adapter_find(adapter);
    return a && a->verbs[ADAPTER_FORECAST].steps;
}

/* Most publishers have no such ad server, and then the plan need not be read. */
static int some_can_tell(const struct act *act, bool *out, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    *out = false;
    for (size_t i = 0; i < n; i++) *out = *out || can_tell(rows[i].adapter);
    return 0;
}

int booking_forecast_ask(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan;
    struct plan_server_names servers;
    bool some;
    if (some_can_tell(act, &some, e)) return -1;
    if (!some) return 0;
    int found = plan_load(act, media_buy_id, PLAN_NUMBERS, &plan, e);
    if (found < 1) return found;
    plan_servers(&plan, &servers);
    for (size_t i = 0; i < servers.n; i++) {
        struct ad_server server;
        struct err unusable; /* whoever decides is told so by the preview */
        if (ad_server_of(act, servers.names[i], &server, &unusable)) continue;
        if (ad_server_forecast(act, &server, media_buy_id, e)) return -1;
    }
    return 0;
}

int booking_forecast_keep(const struct act *act, const struct ad_server *server, struct str media_buy_id,
                          const struct adapter_result *result, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, server->name };
    struct ad_item_seen seen = { STR(KIND), act->now };
    for (size_t i = 0; i < result->forecasts_n; i++) {
        const struct adapter_forecast *f = &result->forecasts[i];
        yyjson_mut_doc *doc = json_doc_new(act->arena);
        yyjson_mut_val *root = json_root_obj(doc);
        if (f->matched >= 0) json_add_i64(doc, root, "matched", f->matched);
        if (f->available >= 0) json_add_i64(doc, root, "available", f->available);
        json_add_i64(doc, root, "at", act->now);
        struct adapter_item item = {
            .kind = STR(KIND), .remote_id = f->package_id, .key = media_buy_id, .doc = json_write(act->arena, root)
        };
        if (q_ad_item_put(act->tx, &key, &item, &seen, e)) return -1;
    }
    return 0;
}

int booking_forecast_get(const struct act *act, const struct plan_package *package, struct foreseen *out, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, package->ad_server };
    struct adapter_item item;
    int found = q_ad_item_get(act->tx, act->arena, &key, STR(KIND), package->package_id, &item, e);
    if (found < 1) return found;
    yyjson_val *root = document_read(act->arena, item.doc);
    *out = (struct foreseen){ .matched = json_i64_or(root, "matched", METRIC_UNKNOWN),
                              .available = json_i64_or(root, "available", METRIC_UNKNOWN),
                              .at = json_i64_or(root, "at", TIME_NONE) };
    return 1;
}
