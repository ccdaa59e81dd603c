/* See property_filter.h. */
#include "domain/product/property_filter.h"
#include "contract/document.h"

#include "store/q/q_catalog.h"

#define PROPERTIES_MAX 10000

static bool has_entry(const struct inventory_index *list, struct str type, struct str value)
{
    return inventory_index_find(list, type, value) != NULL;
}

/* A property's domain, stated or among its identifiers. */
static struct str domain_of(yyjson_val *property)
{
    struct str stated = json_str(property, "publisher_domain");
    size_t i, n;
    yyjson_val *id;
    if (stated.n) return stated;
    yyjson_arr_foreach(json_arr(property, "identifiers"), i, n, id) {
        if (str_is(json_str(id, "type"), "domain")) return json_str(id, "value");
    }
    return STR_NONE;
}

static bool is_listed(const struct inventory_index *entries, yyjson_val *property)
{
    size_t i, n;
    yyjson_val *id;
    yyjson_arr_foreach(json_arr(property, "identifiers"), i, n, id) {
        if (has_entry(entries, json_str(id, "type"), json_str(id, "value"))) return true;
    }
    bool named = json_arr(property, "identifiers") != NULL;
    return !named && has_entry(entries, STR("domain"), domain_of(property));
}

int property_filter_make(const struct act *act, const struct inventory_entries *entries, struct property_filter *out,
                         struct err *e)
{
    struct catalog_rows rows;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    struct property_filter f = { .everything = entries->everything };
    if (q_catalog_list(act->tx, act->arena, CATALOG_PROPERTY, act->tenant->tenant_id, all, &rows, e)) return -1;
    inventory_index_make(act->arena, entries->items, entries->n, &f.entries);
    f.properties = ARENA_ARRAY(act->arena, yyjson_val *, rows.n + 1);
    f.listed = ARENA_ARRAY(act->arena, bool, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *property = document_read(act->arena, rows.rows[i].doc);
        if (!property) continue;
        f.properties[f.properties_n] = property;
        f.listed[f.properties_n] = is_listed(&f.entries, f.properties[f.properties_n]);
        f.properties_n++;
    }
    *out = f;
    return 0;
}

static bool contains(yyjson_val *arr, struct str s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) {
        if (s.n && str_eq(json_val_str(v), s)) return true;
    }
    return false;
}

static bool any_tag(yyjson_val *wanted, yyjson_val *have)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(wanted, i, n, v) {
        if (contains(have, json_val_str(v))) return true;
    }
    return false;
}

static bool selects(yyjson_val *selector, yyjson_val *property)
{
    struct str how = json_str(selector, "selection_type");
    if (str_is(how, "by_id")) return contains(json_arr(selector, "property_ids"), json_str(property, "property_id"));
    if (str_is(how, "by_tag")) return any_tag(json_arr(selector, "property_tags"), json_arr(property, "tags"));
    return true;
}

struct tally {
    size_t all, listed;
};

static void count_domain(const struct property_filter *f, yyjson_val *selector, struct str domain, struct tally *t)
{
    bool known = false;
    for (size_t i = 0; i < f->properties_n; i++) {
        if (!str_eq(domain_of(f->properties[i]), domain)) continue;
        known = true;
        if (!selects(selector, f->properties[i])) continue;
        t->all++;
        t->listed += f->listed[i];
    }
    if (known) return;
    t->all++;
    t->listed += has_entry(&f->entries, STR("domain"), domain);
}

enum property_match property_filter_match(const struct property_filter *f, const struct product *p)
{
    struct tally t = { 0 };
    size_t i, n, j, m;
    yyjson_val *selector, *domain;
    if (f->everything) return PROPERTIES_ALL;
    yyjson_arr_foreach(json_arr(p->doc, "publisher_properties"), i, n, selector) {
        if (json_has(selector, "publisher_domain"))
            count_domain(f, selector, json_str(selector, "publisher_domain"), &t);
        yyjson_arr_foreach(json_arr(selector, "publisher_domains"), j, m, domain) {
            count_domain(f, selector, json_val_str(domain), &t);
        }
    }
    if (t.listed == 0) return PROPERTIES_NONE;
    return t.listed == t.all ? PROPERTIES_ALL : PROPERTIES_SOME;
}

bool property_filter_admits(const struct property_filter *f, const struct product *p)
{
    enum property_match m = property_filter_match(f, p);
    return m == PROPERTIES_ALL || (m == PROPERTIES_SOME && json_bool_or(p->doc, "property_targeting_allowed", false));
}
