/* Property lists and collection lists (AdCP 3.1 property/, collection/): one set of functions over two kinds, and
 * validate_property_delivery. */
#include "tools/buyer/list_tools.h"

#include <stdio.h>

#include "base/rfc3339.h"
#include "domain/buyer/account.h"
#include "contract/document.h"
#include "domain/buyer/inventory_index.h"
#include "domain/buyer/inventory_list.h"
#include "domain/buyer/object_use.h"
#include "tools/core/keyset.h"

#define ID_MAX      256
#define PAGE_ROWS   100
#define ITEMS_MAX   10000
#define ITEMS_PAGE  1000
#define RECORDS_MAX 10000

/* ---- what both show ---- */

static int add_list(struct tool_call *c, const struct inventory_list_kind *kind, const struct buyer_object_row *row,
                    yyjson_mut_val *o, struct err *e)
{
    static const char *const shown[] = { "name", "description", "account", "brand", "filters", "webhook_url" };
    struct inventory_entries entries;
    yyjson_val *doc = document_read(c->arena, row->doc);
    if (inventory_list_entries(c->act, kind, row, &entries, e)) return -1;
    json_add_str(c->doc, o, "list_id", row->key.object_id);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) json_add_copy(c->doc, o, shown[i], yyjson_obj_get(doc, shown[i]));
    json_add_copy(c->doc, o, kind->base_key, yyjson_obj_get(doc, kind->base_key));
    json_add_i64(c->doc, o, "cache_duration_hours", kind->cache_hours);
    json_add_time(c->doc, o, "created_at", row->created_at);
    json_add_time(c->doc, o, "updated_at", row->updated_at);
    json_add_i64(c->doc, o, kind->count_key, (int64_t)entries.n);
    return 0;
}

/* The account that a list is filed under. */
static int account_of(struct tool_call *c, struct str *account_id, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    if (account_ref_read(c->args, &ref, e) || account_ensure(c->act, &ref, ACCOUNT_USE_SYNC, &account, e)) return -1;
    *account_id = account.account_id;
    return 0;
}

/* For reads: the account's id, "" when none was named; *none when the named one has nothing yet. */
static int account_filter(struct tool_call *c, struct str *account_id, bool *none, struct err *e)
{
    struct account_ref ref;
    struct account_row account;
    *account_id = STR("");
    *none = false;
    if (account_ref_read(c->args, &ref, e)) return -1;
    if (!ref.given) return 0;
    int found = account_find(c->act, &ref, ACCOUNT_USE_LIST, &account, e);
    if (found < 0) return -1;
    *none = found == 0;
    if (found) *account_id = account.account_id;
    return 0;
}

static int load(struct tool_call *c, const struct inventory_list_kind *kind, struct buyer_object_row *out,
                struct err *e)
{
    struct str id;
    if (json_req_str(JSON_FIELD(c->args, "list_id", ""), (struct json_len){ 1, ID_MAX }, &id, e)) return -1;
    return inventory_list_load(c->act, kind, id, out, e);
}

/* ---- create, update, delete ---- */

static int create(struct tool_call *c, const struct inventory_list_kind *kind, struct err *e)
{
    struct inventory_list_new in = { .kind = kind, .args = c->args };
    struct buyer_object_row row;
    struct str token;
    if (account_of(c, &in.account_id, e) || inventory_list_create(c->act, &in, &row, &token, e)) return -1;
    if (add_list(c, kind, &row, json_add_obj(c->doc, c->reply, "list"), e)) return -1;
    json_add_str(c->doc, c->reply, "auth_token", token);
    c->message = arena_printf(c->arena, "List " STR_FMT " created.", STR_ARG(row.key.object_id));
    return 0;
}

static int update(struct tool_call *c, const struct inventory_list_kind *kind, struct err *e)
{
    struct buyer_object_row row;
    if (load(c, kind, &row, e) || inventory_list_change(c->act, kind, c->args, &row, e)) return -1;
    return add_list(c, kind, &row, json_add_obj(c->doc, c->reply, "list"), e);
}

static int delete(struct tool_call *c, const struct inventory_list_kind *kind, struct err *e)
{
    struct buyer_object_row row;
    if (load(c, kind, &row, e)) return -1;
    if (object_unused(c->act, &row.key, e)) return err_field(e, "/list_id");
    if (q_buyer_object_delete(c->act->tx, &row.key, e) < 0) return -1;
    json_add_bool(c->doc, c->reply, "deleted", true);
    json_add_str(c->doc, c->reply, "list_id", row.key.object_id);
    return 0;
}

/* ---- list ---- */

static char lower(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

static bool name_has(struct str name, struct str part)
{
    if (!part.n) return true;
    for (size_t i = 0; i + part.n <= name.n; i++) {
        size_t k = 0;
        while (k < part.n && lower(name.p[i + k]) == lower(part.p[k])) k++;
        if (k == part.n) return true;
    }
    return false;
}

/* Reads on until the page is full: names are compared here, because SQL knows only ASCII and no limits. */
static int list(struct tool_call *c, const struct inventory_list_kind *kind, struct err *e)
{
    struct keyset page;
    bool none, more = false;
    struct str last = STR_NONE, part = json_str(c->args, "name_contains");
    struct buyer_object_filter f = { .scope = { c->act->tenant->tenant_id, kind->object_kind,
                                                c->act->principal->principal_id, STR_NONE, STR_NONE },
                                     .limit = PAGE_ROWS };
    if (keyset_read(c, kind->object_kind, PAGE_ROWS, &page, e)) return -1;
    if (account_filter(c, &f.scope.account_id, &none, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "lists");
    f.after_id = page.after;
    for (bool end = none; !end && !more;) {
        struct buyer_object_rows rows;
        if (q_buyer_object_list(c->act->tx, c->arena, &f, &rows, e)) return -1;
        end = rows.n <= (size_t)f.limit;
        for (size_t i = 0; i < rows.n && !more; i++) {
            f.after_id = rows.rows[i].key.object_id;
            if (!name_has(rows.rows[i].name, part)) continue;
            more = yyjson_mut_arr_size(arr) == (size_t)page.max;
            if (more) break;
            last = rows.rows[i].key.object_id;
            if (add_list(c, kind, &rows.rows[i], json_push_obj(c->doc, arr), e)) return -1;
        }
    }
    keyset_write(c, &page, more, last);
    return 0;
}

/* ---- get ---- */

/* The page of a resolved list: its cursor says how many entries were shown. */
struct slice {
    struct keyset page;
    size_t from, to;
    bool more;
};

static int read_slice(struct tool_call *c, const struct inventory_list_kind *kind, size_t total, struct slice *s,
                      struct err *e)
{
    if (keyset_read(c, arena_printf(c->arena, "%s.entries", kind->object_kind).p, ITEMS_MAX, &s->page, e)) return -1;
    if (!json_has(json_obj(c->args, "pagination"), "max_results")) s->page.max = ITEMS_PAGE;
    for (size_t i = 0; i < s->page.after.n && i < 9; i++) {
        char ch = s->page.after.p[i];
        if (ch < '0' || ch > '9') break;
        s->from = s->from * 10 + (size_t)(ch - '0');
    }
    if (s->from > total) s->from = total;
    s->to = total - s->from > (size_t)s->page.max ? s->from + (size_t)s->page.max : total;
    s->more = s->to < total;
    return 0;
}

static void add_identifier(struct tool_call *c, yyjson_mut_val *arr, const struct inventory_entry *entry)
{
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    json_add_str(c->doc, o, "type", entry->type);
    json_add_str(c->doc, o, "value", entry->value);
}

static void add_collection(struct tool_call *c, yyjson_mut_val *arr, const struct inventory_entry *entry)
{
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    json_add_str(c->doc, o, "name", entry->value); /* titles are not known here, ids are */
    if (!entry->type.n) {
        json_add_str(c->doc, o, "collection_rid", entry->value);
    } else {
        add_identifier(c, json_add_arr(c->doc, o, "distribution_ids"), entry);
    }
}

/* Filters by what is not known of an entry could not be applied to it: said, not hidden. */
static void add_gaps(struct tool_call *c, yyjson_val *filters, const struct inventory_entries *entries)
{
    static const char *const attributes[] = { "countries_all",           "channels_any",
                                              "property_types",          "kinds",
                                              "content_ratings_exclude", "content_ratings_include",
                                              "genres_exclude",          "genres_include",
                                              "production_quality" };
    yyjson_mut_val *gaps = yyjson_mut_obj(c->doc);
    for (size_t k = 0; k < ARRAY_LEN(attributes); k++) {
        if (!json_has(filters, attributes[k])) continue;
        yyjson_mut_val *arr = yyjson_mut_arr(c->doc);
        for (size_t i = 0; i < entries->n && yyjson_mut_arr_size(arr) < PAGE_ROWS; i++) {
            if (entries->items[i].unknown && entries->items[i].type.n) add_identifier(c, arr, &entries->items[i]);
        }
        if (yyjson_mut_arr_size(arr) > 0) json_add_val(c->doc, gaps, attributes[k], arr);
    }
    if (yyjson_mut_obj_size(gaps) > 0) json_add_val(c->doc, c->reply, "coverage_gaps", gaps);
}

static int get(struct tool_call *c, const struct inventory_list_kind *kind, struct err *e)
{
    struct buyer_object_row row;
    struct inventory_entries entries;
    struct slice s = { 0 };
    bool properties = kind == &property_lists;
    if (load(c, kind, &row, e)) return -1;
    if (add_list(c, kind, &row, json_add_obj(c->doc, c->reply, "list"), e)) return -1;
    if (!json_bool_or(c->args, "resolve", true)) return 0;
    if (inventory_list_entries(c->act, kind, &row, &entries, e) || read_slice(c, kind, entries.n, &s, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, properties ? "identifiers" : "collections");
    for (size_t i = s.from; i < s.to; i++) {
        if (properties) {
            add_identifier(c, arr, &entries.items[i]);
        } else {
            add_collection(c, arr, &entries.items[i]);
        }
    }
    keyset_write(c, &s.page, s.more, arena_printf(c->arena, "%zu", s.to));
    json_add_time(c->doc, c->reply, "resolved_at", c->act->now);
    json_add_time(c->doc, c->reply, "cache_valid_until", c->act->now + kind->cache_hours * 3600 * USEC_PER_SEC);
    add_gaps(c, json_obj(document_read(c->arena, row.doc), "filters"), &entries);
    return 0;
}

/* ---- validate_property_delivery ---- */

struct tally {
    int64_t records, impressions;
};

struct validation {
    struct tool_call *c;
    struct inventory_index index;
    struct str list_id;
    yyjson_mut_val *results;
    bool include_compliant;
    struct tally total, good, bad, unidentified;
};

static void count(struct tally *t, int64_t impressions)
{
    t->records++;
    t->impressions += impressions;
}

/* A listed domain covers its www. host. */
static bool listed(const struct validation *v, struct str type, struct str value)
{
    if (inventory_index_find(&v->index, type, value)) return true;
    return str_is(type, "domain") && str_starts(value, STR("www.")) &&
           inventory_index_find(&v->index, type, str_skip(value, 4)) != NULL;
}

static void add_breach(struct validation *v, yyjson_mut_val *o)
{
    struct tool_call *c = v->c;
    yyjson_mut_val *f = json_push_obj(c->doc, json_add_arr(c->doc, o, "features"));
    json_add_cstr(c->doc, f, "feature_id", "property_list");
    json_add_cstr(c->doc, f, "status", "failed");
    json_add_str(c->doc, f, "policy_id", v->list_id);
    json_add_cstr(c->doc, f, "explanation", "The property is not on the list.");
}

static void validate_record(struct validation *v, yyjson_val *record)
{
    struct tool_call *c = v->c;
    yyjson_val *identifier = json_obj(record, "identifier");
    struct str type = json_str(identifier, "type"), value = json_str(identifier, "value");
    int64_t impressions = json_i64_or(record, "impressions", 0);
    bool known = type.n && value.n, good = known && listed(v, type, value);
    count(&v->total, impressions);
    count(!known ? &v->unidentified : good ? &v->good : &v->bad, impressions);
    if (good && !v->include_compliant) return;
    yyjson_mut_val *o = json_push_obj(c->doc, v->results);
    json_add_copy(c->doc, o, "identifier", identifier);
    json_add_copy(c->doc, o, "record_id", yyjson_obj_get(record, "record_id"));
    json_add_cstr(c->doc, o, "status", !known ? "unidentified" : good ? "compliant" : "non_compliant");
    json_add_i64(c->doc, o, "impressions", impressions);
    if (known && !good) add_breach(v, o);
}

static void add_tally(struct tool_call *c, yyjson_mut_val *o, const char *name, const struct tally *t)
{
    json_add_i64(c->doc, o, arena_printf(c->arena, "%s_records", name).p, t->records);
    json_add_i64(c->doc, o, arena_printf(c->arena, "%s_impressions", name).p, t->impressions);
}

int validate_property_delivery_run(struct tool_call *c, struct err *e)
{
    struct validation v = { .c = c, .include_compliant = json_bool_or(c->args, "include_compliant", false) };
    static const struct tally nothing = { 0, 0 };
    struct inventory_entries entries;
    struct buyer_object_row row;
    yyjson_val *records, *record;
    size_t i, n;
    if (load(c, &property_lists, &row, e)) return -1;
    if (json_req_arr(JSON_FIELD(c->args, "records", ""), (struct json_len){ 1, RECORDS_MAX }, &records, e)) return -1;
    if (inventory_list_entries(c->act, &property_lists, &row, &entries, e)) return -1;
    inventory_index_make(c->arena, entries.items, entries.n, &v.index);
    v.list_id = row.key.object_id;
    v.results = yyjson_mut_arr(c->doc);
    yyjson_arr_foreach(records, i, n, record) validate_record(&v, record);
    json_add_bool(c->doc, c->reply, "compliant", v.bad.records == 0 && v.unidentified.records == 0);
    json_add_str(c->doc, c->reply, "list_id", v.list_id);
    yyjson_mut_val *summary = json_add_obj(c->doc, c->reply, "summary");
    add_tally(c, summary, "total", &v.total);
    add_tally(c, summary, "compliant", &v.good);
    add_tally(c, summary, "non_compliant", &v.bad);
    add_tally(c, summary, "not_covered", &nothing);
    add_tally(c, summary, "unidentified", &v.unidentified);
    json_add_val(c->doc, c->reply, "results", v.results);
    json_add_time(c->doc, c->reply, "validated_at", c->act->now);
    json_add_time(c->doc, c->reply, "list_resolved_at", c->act->now);
    return 0;
}

/* ---- the rows of table.c ---- */

int create_property_list_run(struct tool_call *c, struct err *e)
{
    return create(c, &property_lists, e);
}
int get_property_list_run(struct tool_call *c, struct err *e)
{
    return get(c, &property_lists, e);
}
int list_property_lists_run(struct tool_call *c, struct err *e)
{
    return list(c, &property_lists, e);
}
int update_property_list_run(struct tool_call *c, struct err *e)
{
    return update(c, &property_lists, e);
}
int delete_property_list_run(struct tool_call *c, struct err *e)
{
    return delete(c, &property_lists, e);
}
int create_collection_list_run(struct tool_call *c, struct err *e)
{
    return create(c, &collection_lists, e);
}
int get_collection_list_run(struct tool_call *c, struct err *e)
{
    return get(c, &collection_lists, e);
}
int list_collection_lists_run(struct tool_call *c, struct err *e)
{
    return list(c, &collection_lists, e);
}
int update_collection_list_run(struct tool_call *c, struct err *e)
{
    return update(c, &collection_lists, e);
}
int delete_collection_list_run(struct tool_call *c, struct err *e)
{
    return delete(c, &collection_lists, e);
}
