/* list_authorized_properties: where ads can run. AdCP 3 moved this into adagents.json and the capabilities'
 * portfolio; the tool stays for the tutorial's callers and those of older releases. */
#include "domain/buyer/inventory_list.h"
#include "domain/product/catalog.h"
#include "tools/product/catalog_reply.h"
#include "tools/product/catalog_tools.h"
#include "tools/core/page.h"

#define PROPERTIES_MAX 5000

static void add_aux(struct tool_call *c, yyjson_mut_val *arr, struct str id, yyjson_val *property)
{
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    yyjson_val *ours = json_obj(json_obj(property, "ext"), "salesagent");
    json_add_str(c->doc, out, "property_id", id);
    json_add_str(c->doc, out, "name", json_str(property, "name"));
    json_add_str_opt(c->doc, out, "domain", property_domain(property));
    json_add_copy(c->doc, out, "channels", json_arr(property, "supported_channels"));
    json_add_copy(c->doc, out, "categories", json_arr(ours, "categories"));
    json_add_copy(c->doc, out, "monthly_pageviews", yyjson_obj_get(ours, "monthly_pageviews"));
    json_add_copy(c->doc, out, "description", yyjson_obj_get(ours, "description"));
}

struct portfolio {
    yyjson_mut_val *domains, *channels;
};

static void add_to_portfolio(struct tool_call *c, const struct portfolio *p, yyjson_val *property)
{
    size_t i, n;
    yyjson_val *v;
    reply_push_once(c, p->domains, property_domain(property));
    yyjson_arr_foreach(json_arr(property, "supported_channels"), i, n, v) {
        reply_push_once(c, p->channels, json_val_str(v));
    }
}

int list_authorized_properties_run(struct tool_call *c, struct err *e)
{
    struct tenant_settings ts;
    struct page page;
    struct catalog_rows rows;
    yyjson_val *asked = json_arr(c->args, "publisher_domains");
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    if (page_read(c, STR("properties"), &page, e)) return -1;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    if (q_catalog_list(c->act->tx, c->arena, CATALOG_PROPERTY, c->act->tenant->tenant_id, all, &rows, e)) return -1;
    struct portfolio portfolio = { json_add_arr(c->doc, c->reply, "publisher_domains"),
                                   json_add_arr(c->doc, c->reply, "primary_channels") };
    json_add_copy(c->doc, c->reply, "primary_countries", json_arr(ts.doc, "primary_countries"));
    yyjson_mut_val *out = json_add_arr(c->doc, c->reply, "properties");
    yyjson_mut_val *aux = json_add_arr(c->doc, c->aux, "properties");
    int64_t passed = 0;
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *property = reply_parse_row(c, &rows.rows[i]);
        if (!property || (asked && !reply_arr_has(asked, property_domain(property)))) continue;
        add_to_portfolio(c, &portfolio, property);
        if (passed >= page.offset && passed < page.offset + page.max) {
            yyjson_mut_arr_append(out, json_copy(c->doc, property));
            add_aux(c, aux, rows.rows[i].id, property);
        }
        passed++;
    }
    json_add_str_opt(c->doc, c->reply, "portfolio_description", ts.portfolio_description);
    json_add_str_opt(c->doc, c->reply, "advertising_policies", reply_policies_prose(c, &ts));
    json_add_str_opt(c->doc, c->aux, "portfolio_description", ts.portfolio_description);
    json_add_copy(c->doc, c->aux, "advertising_policies", ts.policies);
    bool more = passed > page.offset + page.max;
    page_write(c, &page, (struct page_end){ more ? page.offset + page.max : -1, passed });
    c->message = arena_printf(c->arena, "%lld properties.", (long long)passed);
    act_may_be_kept(c->act);
    return 0;
}
