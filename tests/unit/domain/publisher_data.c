#include "publisher_data.h"

#include "domain/publisher/catalog_import.h"
#include "store/q/q_tenant.h"

static const char data[] =
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"t\",\"name\":\"Publisher\",\"adapter\":\"mock\",\"adapter_settings\":{\"simulated\":true},\"currency\":\"USD\""
    "%s},\"principals\":[{\"principal_id\":\"b\",\"name\":\"Buyer\",\"role\":\"buyer\"}],"
    "\"properties\":[{\"property_id\":\"site\",\"property_type\":\"website\",\"name\":\"Site\","
    "\"publisher_domain\":\"site.example\",\"identifiers\":[{\"type\":\"domain\",\"value\":\"site.example\"}]}],"
    "\"formats\":[{\"format_id\":{\"id\":\"display_300x250\"},\"name\":\"Medium Rectangle\",\"renders\":"
    "[{\"role\":\"primary\",\"dimensions\":{\"width\":300,\"height\":250,\"unit\":\"px\"}}],\"assets\":"
    "[{\"item_type\":\"individual\",\"asset_id\":\"image\",\"asset_type\":\"image\",\"required\":true}]}],"
    "\"products\":[{\"product_id\":\"p1\",\"name\":\"Banner\",\"description\":\"Banners\",\"publisher_properties\":"
    "[{\"publisher_domain\":\"site.example\",\"selection_type\":\"all\"}],\"channels\":[\"display\"],"
    "\"format_ids\":[{\"id\":\"display_300x250\"}],\"delivery_type\":\"non_guaranteed\",\"pricing_options\":"
    "[{\"pricing_option_id\":\"cpm\",\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":10}],"
    "\"reporting_capabilities\":{\"available_reporting_frequencies\":[\"daily\"],\"expected_delay_minutes\":60,"
    "\"timezone\":\"UTC\",\"supports_webhooks\":true,\"available_metrics\":[\"impressions\",\"spend\"],"
    "\"date_range_support\":\"date_range\"},"
    "\"ext\":{\"salesagent\":{\"estimated_reach\":{\"daily_impressions\":100000}}}}]}";

struct importing {
    struct room *r;
    struct str text;
};

static int import(struct tx *tx, void *arg, struct err *e)
{
    struct importing *i = arg;
    struct catalog_import c = {
        .tx = tx, .arena = &i->r->arena, .rng = &i->r->rng, .now = i->r->now, .actor = STR("test")
    };
    struct catalog_counts counts;
    struct tenant_row row;
    if (catalog_import(&c, i->text, &counts, e)) return -1;
    if (q_tenant_get(tx, &i->r->arena, STR("t"), &row, e) != 1) return -1;
    i->r->tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
    return 0;
}

void publisher_data(struct room *r, const char *settings)
{
    struct importing i = { r, arena_printf(&r->arena, data, settings) };
    struct err e;
    ROOM_OK(store_write_now(r->store, import, &i, &e));
}
