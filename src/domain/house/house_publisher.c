#include "domain/house/house_load.h"

#include "base/tz.h"
#include "domain/core/tenant_settings.h"
#include "domain/house/house_targeting.h"
#include "domain/plan/plan.h"
#include "domain/product/slot.h"
#include "domain/publisher/publisher_life.h"
#include "store/q/q_catalog.h"
#include "store/q/q_house.h"

#define PROPERTIES_MAX         10000
#define KEEP_DAYS              400
#define IMPRESSIONS_PER_MINUTE 300
#define CLICKS_PER_MINUTE      30

/* Where an ad has to say who paid for it: the countries of the European Economic Area (Regulation (EU) 2022/2065, article
 * 26) and the United Kingdom. */
static const char *const who_paid_countries[] = {
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV",
    "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO", "GB",
};

static bool wants_who_paid(const struct tenant_settings *ts)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(ts->doc, "primary_countries"), i, n, v) {
        for (size_t k = 0; k < ARRAY_LEN(who_paid_countries); k++) {
            if (str_is(json_val_str(v), who_paid_countries[k])) return true;
        }
    }
    return false;
}

/* ---- settings ---- */

static void read_networks(struct arena *a, yyjson_val *list, struct invalid_rules *rules)
{
    struct network *networks = ARENA_ARRAY(a, struct network, yyjson_arr_size(list) + 1);
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        if (network_parse(json_val_str(v), &networks[rules->internal_n])) rules->internal_n++;
    }
    rules->internal = networks;
}

static void read_settings(struct arena *a, yyjson_val *settings, const struct tenant_settings *ts,
                          struct house_publisher *out)
{
    struct str label = json_str(settings, "label");
    out->site.label = label.n ? label : STR("Advertisement");
    struct str paid_by = json_str(settings, "paid_by_label");
    out->site.paid_by_label = paid_by.n ? paid_by : STR("paid by");
    out->site.who_paid = json_bool_or(settings, "who_paid", wants_who_paid(ts));
    out->site.country_header = json_str(settings, "country_header");
    if (!visitor_ids_parse(json_str(settings, "visitor_ids"), &out->site.visitor_ids)) {
        out->site.visitor_ids = VISITOR_IDS_CONSENT;
    }
    out->country_file = json_str(settings, "country_file");
    out->keep_days = (int)json_i64_or(settings, "keep_days", KEEP_DAYS);
    out->publisher.impressions_per_minute =
        (int)json_i64_or(settings, "impressions_per_minute", IMPRESSIONS_PER_MINUTE);
    out->publisher.clicks_per_minute = (int)json_i64_or(settings, "clicks_per_minute", CLICKS_PER_MINUTE);
    read_networks(a, json_arr(settings, "internal_addresses"), &out->publisher.rules);
}

/* ---- the hosts of its properties ---- */

static void add_host(struct str *hosts, size_t *n, struct str host)
{
    for (size_t i = 0; i < *n; i++) {
        if (str_eq(hosts[i], host)) return;
    }
    if (host.n) hosts[(*n)++] = host;
}

static int read_hosts(const struct act *act, struct invalid_rules *rules, struct err *e)
{
    struct catalog_rows rows;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    size_t cap = 0, n = 0;
    if (q_catalog_list(act->tx, act->arena, CATALOG_PROPERTY, act->tenant->tenant_id, all, &rows, e)) return -1;
    yyjson_val **properties = ARENA_ARRAY(act->arena, yyjson_val *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_doc *doc;
        struct err ignored; /* a damaged property is not there */
        if (json_parse(act->arena, rows.rows[i].doc, &json_limits_own, &doc, &ignored)) continue;
        properties[i] = yyjson_doc_get_root(doc);
        cap += 1 + yyjson_arr_size(json_arr(properties[i], "identifiers"));
    }
    struct str *hosts = ARENA_ARRAY(act->arena, struct str, cap + 1);
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *v;
        size_t k, m;
        add_host(hosts, &n, json_str(properties[i], "publisher_domain"));
        yyjson_arr_foreach(json_arr(properties[i], "identifiers"), k, m, v) {
            struct str type = json_str(v, "type");
            if (str_is(type, "domain") || str_is(type, "subdomain")) add_host(hosts, &n, json_str(v, "value"));
        }
    }
    rules->hosts = hosts;
    rules->hosts_n = n;
    return 0;
}

/* ---- slots ---- */

static void make_slot(const struct act *act, const struct slot *s, uint32_t publisher, struct serving_slot *out)
{
    struct size *sizes = ARENA_ARRAY(act->arena, struct size, s->sizes_n + 1);
    for (size_t i = 0; i < s->sizes_n; i++) sizes[i] = (struct size){ s->sizes[i].width, s->sizes[i].height };
    *out = (struct serving_slot){ .key = (uint32_t)s->key,
                                  .publisher = publisher,
                                  .slot_id = s->slot_id,
                                  .medium = s->medium,
                                  .sizes = sizes,
                                  .sizes_n = s->sizes_n,
                                  .duration_ms_max = s->max_duration_ms,
                                  .pictures_only = !s->scripts };
    out->pairs = house_pairs(act->arena, s->section, s->key_values, &out->pairs_n);
}

static int read_slots(const struct act *act, struct house_publisher *out, struct err *e)
{
    struct slot_rows rows;
    if (q_slots_of(act->tx, act->arena, act->tenant->tenant_id, &rows, e)) return -1;
    struct serving_slot *slots = ARENA_ARRAY(act->arena, struct serving_slot, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        struct slot s;
        if (slot_from_row(act->arena, &rows.rows[i], &s)) {
            make_slot(act, &s, out->publisher.key, &slots[out->slots_n++]);
        }
    }
    out->slots = slots;
    return 0;
}

/* ---- the publisher ---- */

static int zone_of(const struct act *act, const struct ad_server *server, const struct tz **zone, struct err *e)
{
    struct str name = server->adapter->day_zone ? server->adapter->day_zone(server->config) : STR_NONE;
    return tz_load(act->arena, name.n ? name : STR("UTC"), zone, e);
}

int house_publisher_load(const struct act *act, struct house_publisher *out, struct err *e)
{
    struct ad_server server;
    struct tenant_settings ts;
    int64_t key;
    *out = (struct house_publisher){ .keep_days = KEEP_DAYS };
    int off = publisher_is_off(act->tx, act->arena, act->tenant->tenant_id, NULL, e);
    if (off) return off < 0 ? -1 : 0;
    int found = ad_server_serving(act, &server, e);
    if (found != 1) return found;
    found = q_house_key_get(act->tx, HOUSE_KEY_PUBLISHER, act->tenant->tenant_id, act->tenant->tenant_id, &key, e);
    if (found != 1) return found;
    tenant_settings_read(act->tenant, act->arena, &ts);
    out->publisher = (struct serving_publisher){ .key = (uint32_t)key, .tenant_id = act->tenant->tenant_id };
    yyjson_val *settings = server.settings.n ? json_parse_own(act->arena, server.settings) : NULL;
    read_settings(act->arena, settings, &ts, out);
    if (zone_of(act, &server, &out->publisher.zone, e) || read_hosts(act, &out->publisher.rules, e)) return -1;
    return read_slots(act, out, e) ? -1 : 1;
}
