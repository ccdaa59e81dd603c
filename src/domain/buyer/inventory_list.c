#include "domain/buyer/inventory_list.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "domain/core/audit.h"
#include "contract/document.h"
#include "store/q/q_catalog.h"
#include "domain/buyer/inventory_index.h"
#include "domain/core/tenant_settings.h"
#include "net/url.h"

#define ENTRIES_MAX    100000
#define PROPERTIES_MAX 10000
#define NAME_MAX_BYTES 500

const struct inventory_list_kind property_lists = { BUYER_OBJECT_PROPERTY_LIST, "pl-", "base_properties",
                                                    "property_count", 24 };
const struct inventory_list_kind collection_lists = { BUYER_OBJECT_COLLECTION_LIST, "cl-", "base_collections",
                                                      "collection_count", 168 };

/* ---- finding ---- */

struct str property_domain(yyjson_val *property)
{
    struct str domain = json_str(property, "publisher_domain");
    if (domain.n) return domain;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(property, "identifiers"), i, n, v) {
        if (str_is(json_str(v, "type"), "domain")) return json_str(v, "value");
    }
    return STR_NONE;
}

static int not_found(struct err *e)
{
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no list of that id.");
    return err_field(e, "/list_id");
}

int inventory_list_load(const struct act *act, const struct inventory_list_kind *kind, struct str list_id,
                        struct buyer_object_row *out, struct err *e)
{
    ENSURE(act->principal);
    struct buyer_object_key key = { act->tenant->tenant_id, kind->object_kind, act->principal->principal_id, STR_NONE,
                                    list_id };
    int rc = q_buyer_object_get(act->tx, act->arena, &key, out, e);
    if (rc < 0) return -1;
    return rc == 1 ? 0 : not_found(e);
}

/* ---- making and changing ---- */

static int check_args(const struct act *act, const struct inventory_list_kind *kind, yyjson_val *args, struct err *e)
{
    struct str name = STR_NONE, hook = STR_NONE;
    yyjson_val *base = NULL, *filters = NULL;
    if (json_opt_str(JSON_FIELD(args, "name", ""), (struct json_len){ 1, NAME_MAX_BYTES }, &name, e)) return -1;
    if (json_opt_arr(JSON_FIELD(args, kind->base_key, ""), (struct json_len){ 0, 10000 }, &base, e)) return -1;
    if (json_opt_obj(JSON_FIELD(args, "filters", ""), &filters, e)) return -1;
    if (json_opt_str(JSON_FIELD(args, "webhook_url", ""), (struct json_len){ 1, URL_BYTES_MAX }, &hook, e)) return -1;
    if (hook.n && url_allowed(hook, act->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC, e)) {
        return err_field(e, "/webhook_url");
    }
    if (!json_has(filters, "feature_requirements")) return 0;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "This publisher keeps no measured features of properties to filter by.");
    return err_field(e, "/filters/feature_requirements");
}

static struct str changed_doc(struct arena *a, const struct inventory_list_kind *kind, yyjson_val *args, struct str old)
{
    static const char *const members[] = { "name", "description", "account", "brand", "filters", "webhook_url" };
    struct document d;
    document_open(a, old, &d);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) document_set(&d, members[i], yyjson_obj_get(args, members[i]));
    document_set(&d, kind->base_key, yyjson_obj_get(args, kind->base_key));
    return document_text(&d);
}

static struct str hash_of(struct arena *a, struct str token)
{
    uint8_t hash[SHA256_BYTES];
    sha256(token, hash);
    return hex_encode(a, (struct str){ (const char *)hash, sizeof(hash) });
}

static int audit(const struct act *act, const char *action, const struct buyer_object_row *row, struct err *e)
{
    struct audit_entry line = {
        .action = action, .subject = arena_printf(act->arena, "%s:" STR_FMT, row->key.kind, STR_ARG(row->key.object_id))
    };
    return audit_add(act, &line, e);
}

int inventory_list_create(const struct act *act, const struct inventory_list_new *in, struct buyer_object_row *out,
                          struct str *token, struct err *e)
{
    struct str name;
    if (json_req_str(JSON_FIELD(in->args, "name", ""), (struct json_len){ 1, NAME_MAX_BYTES }, &name, e)) return -1;
    if (check_args(act, in->kind, in->args, e)) return -1;
    struct str secret = secret_new(act->arena, act->rng);
    struct document d;
    document_open(act->arena, changed_doc(act->arena, in->kind, in->args, STR("{}")), &d);
    document_set_str(&d, "token_hash", hash_of(act->arena, secret));
    struct buyer_object_row row = { .key = { act->tenant->tenant_id, in->kind->object_kind,
                                             act->principal->principal_id, in->account_id,
                                             id_new(act->arena, act->rng, in->kind->id_prefix, act->now) },
                                    .name = name,
                                    .doc = document_text(&d),
                                    .created_at = act->now,
                                    .updated_at = act->now };
    if (document_fits(row.doc, BUYER_OBJECT_BYTES_MAX, "The list", e)) return -1;
    if (q_buyer_object_put(act->tx, &row, e) || audit(act, "list.create", &row, e)) return -1;
    *out = row;
    *token = secret;
    return 0;
}

int inventory_list_change(const struct act *act, const struct inventory_list_kind *kind, yyjson_val *args,
                          struct buyer_object_row *row, struct err *e)
{
    if (check_args(act, kind, args, e)) return -1;
    row->doc = changed_doc(act->arena, kind, args, row->doc);
    row->updated_at = act->now;
    struct str name = json_str(args, "name");
    if (name.n) row->name = name;
    if (document_fits(row->doc, BUYER_OBJECT_BYTES_MAX, "The list", e)) return -1;
    return q_buyer_object_put(act->tx, row, e) || audit(act, "list.update", row, e) ? -1 : 0;
}

/* ---- resolving ---- */

/* Entries before repetition is dropped; what a list holds beyond it was repeated or is not listed. */
#define GATHERED_MAX (4 * ENTRIES_MAX)

struct resolving {
    const struct act *act;
    yyjson_val *filters;
    struct inventory_entries out;
    yyjson_val **properties; /* of the publisher */
    size_t properties_n, capacity;
    struct inventory_entries identifiers; /* of the properties, in their order */
    yyjson_val **owners;                  /* whose those are */
    struct inventory_index by_identifier, excluded;
};

static bool contains(yyjson_val *arr, struct str s)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (str_eq(json_val_str(v), s)) return true;
    }
    return false;
}

static struct inventory_entry entry_of(yyjson_val *identifier)
{
    return (struct inventory_entry){ json_str(identifier, "type"), json_str(identifier, "value"), false };
}

static void push(struct resolving *r, struct inventory_entry entry)
{
    if (r->out.n >= GATHERED_MAX || !entry.value.n) return;
    if (inventory_index_find(&r->excluded, entry.type, entry.value)) return;
    if (r->out.n == r->capacity) {
        size_t more = r->capacity ? r->capacity * 2 : 64;
        struct inventory_entry *items = ARENA_ARRAY(r->act->arena, struct inventory_entry, more);
        if (r->out.n) memcpy(items, r->out.items, r->out.n * sizeof(*items));
        r->out.items = items;
        r->capacity = more;
    }
    r->out.items[r->out.n++] = entry;
}

/* Keeps the first of each, in their order. */
static void drop_repeated(struct resolving *r)
{
    struct inventory_index all;
    struct inventory_entry *items = ARENA_ARRAY(r->act->arena, struct inventory_entry, r->out.n + 1);
    size_t kept = 0;
    inventory_index_make(r->act->arena, r->out.items, r->out.n, &all);
    for (size_t i = 0; i < r->out.n && kept < ENTRIES_MAX; i++) {
        const struct inventory_entry *entry = &r->out.items[i];
        if (inventory_index_find(&all, entry->type, entry->value) == entry) items[kept++] = *entry;
    }
    r->out.items = items;
    r->out.n = kept;
}

static void index_excluded(struct resolving *r)
{
    static const char *const members[] = { "exclude_identifiers", "exclude_distribution_ids" };
    size_t i, n, count = 0;
    yyjson_val *v;
    for (size_t k = 0; k < ARRAY_LEN(members); k++) count += yyjson_arr_size(json_arr(r->filters, members[k]));
    struct inventory_entry *items = ARENA_ARRAY(r->act->arena, struct inventory_entry, count + 1);
    count = 0;
    for (size_t k = 0; k < ARRAY_LEN(members); k++) {
        yyjson_arr_foreach(json_arr(r->filters, members[k]), i, n, v) items[count++] = entry_of(v);
    }
    inventory_index_make(r->act->arena, items, count, &r->excluded);
}

static void index_properties(struct resolving *r)
{
    struct arena *a = r->act->arena;
    size_t i, n, count = 0;
    yyjson_val *id;
    for (size_t k = 0; k < r->properties_n; k++) count += yyjson_arr_size(json_arr(r->properties[k], "identifiers"));
    r->identifiers.items = ARENA_ARRAY(a, struct inventory_entry, count + 1);
    r->owners = ARENA_ARRAY(a, yyjson_val *, count + 1);
    for (size_t k = 0; k < r->properties_n; k++) {
        yyjson_arr_foreach(json_arr(r->properties[k], "identifiers"), i, n, id) {
            r->owners[r->identifiers.n] = r->properties[k];
            r->identifiers.items[r->identifiers.n++] = entry_of(id);
        }
    }
    inventory_index_make(a, r->identifiers.items, r->identifiers.n, &r->by_identifier);
}

static int load_properties(struct resolving *r, struct err *e)
{
    struct catalog_rows rows;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    if (q_catalog_list(r->act->tx, r->act->arena, CATALOG_PROPERTY, r->act->tenant->tenant_id, all, &rows, e))
        return -1;
    r->properties = ARENA_ARRAY(r->act->arena, yyjson_val *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *property = document_read(r->act->arena, rows.rows[i].doc);
        if (property) r->properties[r->properties_n++] = property;
    }
    index_properties(r);
    return 0;
}

static bool any_common(yyjson_val *wanted, yyjson_val *have)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(wanted, i, n, v) {
        if (contains(have, json_val_str(v))) return true;
    }
    return false;
}

static bool all_in(yyjson_val *wanted, yyjson_val *have)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(wanted, i, n, v) {
        if (!contains(have, json_val_str(v))) return false;
    }
    return true;
}

/* What a property does not state is not held against it. */
static bool passes(yyjson_val *filters, yyjson_val *property)
{
    yyjson_val *types = json_arr(filters, "property_types"), *channels = json_arr(filters, "channels_any");
    yyjson_val *countries = json_arr(filters, "countries_all"), *have = json_arr(property, "supported_channels");
    if (types && json_has(property, "property_type") && !contains(types, json_str(property, "property_type")))
        return false;
    if (channels && have && !any_common(channels, have)) return false;
    have = json_arr(property, "countries");
    return !countries || !have || all_in(countries, have);
}

static void push_property(struct resolving *r, yyjson_val *property)
{
    yyjson_val *id;
    size_t i, n;
    if (!passes(r->filters, property)) return;
    yyjson_arr_foreach(json_arr(property, "identifiers"), i, n, id) {
        push(r, entry_of(id));
    }
}

static yyjson_val *property_of(const struct resolving *r, const struct inventory_entry *entry)
{
    const struct inventory_entry *found = inventory_index_find(&r->by_identifier, entry->type, entry->value);
    return found ? r->owners[found - r->identifiers.items] : NULL;
}

static void push_identifiers(struct resolving *r, yyjson_val *source)
{
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(json_arr(source, "identifiers"), i, n, id) {
        struct inventory_entry entry = entry_of(id);
        yyjson_val *property = property_of(r, &entry);
        if (property && !passes(r->filters, property)) continue;
        entry.unknown = property == NULL;
        push(r, entry);
    }
}

/* AdCP's property ids have no dashes; the publisher's own may: "prop_001" means "prop-001". */
static bool names_id(yyjson_val *ids, struct str id)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(ids, i, n, v) {
        struct str s = json_val_str(v);
        size_t k = 0;
        if (s.n != id.n) continue;
        while (k < s.n && (s.p[k] == id.p[k] || (s.p[k] == '_' && id.p[k] == '-'))) k++;
        if (k == s.n) return true;
    }
    return false;
}

static void push_publisher(struct resolving *r, yyjson_val *source)
{
    yyjson_val *ids = json_arr(source, "property_ids"), *tags = json_arr(source, "tags");
    for (size_t i = 0; i < r->properties_n; i++) {
        yyjson_val *p = r->properties[i];
        if (!str_eq(property_domain(p), json_str(source, "publisher_domain"))) continue;
        if (ids && !names_id(ids, json_str(p, "property_id"))) continue;
        if (tags && !all_in(tags, json_arr(p, "tags"))) continue;
        push_property(r, p);
    }
}

/* A publisher's collections are named, not described, here: their genres are unknown, so a choice by genre is empty. */
static void push_collections(struct resolving *r, yyjson_val *source)
{
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(json_arr(source, "collection_ids"), i, n, id) {
        push(r, (struct inventory_entry){ STR(""), json_val_str(id), true });
    }
}

int inventory_list_entries(const struct act *act, const struct inventory_list_kind *kind,
                           const struct buyer_object_row *row, struct inventory_entries *out, struct err *e)
{
    struct resolving r = { .act = act };
    yyjson_val *doc = document_read(act->arena, row->doc), *source;
    yyjson_val *base = json_arr(doc, kind->base_key);
    size_t i, n;
    r.filters = json_obj(doc, "filters");
    index_excluded(&r);
    if (kind == &property_lists && load_properties(&r, e)) return -1;
    r.out.everything = yyjson_arr_size(base) == 0;
    for (i = 0; r.out.everything && i < r.properties_n; i++) push_property(&r, r.properties[i]);
    yyjson_arr_foreach(base, i, n, source) {
        struct str how = json_str(source, "selection_type");
        if (str_is(how, "identifiers") || str_is(how, "distribution_ids")) push_identifiers(&r, source);
        if (str_is(how, "publisher_ids") || str_is(how, "publisher_tags")) push_publisher(&r, source);
        if (str_is(how, "publisher_collections")) push_collections(&r, source);
    }
    drop_repeated(&r);
    *out = r.out;
    return 0;
}

/* ---- references ---- */

bool list_is_remote(const struct act *act, yyjson_val *ref)
{
    return !agent_url_is_ours(act, json_str(ref, "agent_url"));
}

/* Another's list, opened by its token: looked up by its id in the whole publisher. */
static int load_by_token(const struct act *act, const struct inventory_list_kind *kind, const struct list_ref *ref,
                         struct buyer_object_row *out, struct err *e)
{
    struct str token = json_str(ref->ref, "auth_token");
    struct buyer_object_key key = { act->tenant->tenant_id, kind->object_kind, STR_NONE, STR_NONE,
                                    json_str(ref->ref, "list_id") };
    if (!token.n) return 0;
    int rc = q_buyer_object_find(act->tx, act->arena, &key, out, e);
    if (rc <= 0) return rc;
    struct str hash = json_str(document_read(act->arena, out->doc), "token_hash");
    return secret_eq(hash, hash_of(act->arena, token)) ? 1 : 0;
}

int list_resolve(const struct act *act, const struct inventory_list_kind *kind, const struct list_ref *ref,
                 struct inventory_entries *out, struct err *e)
{
    struct buyer_object_row row;
    struct str id;
    if (json_req_str(JSON_FIELD(ref->ref, "list_id", ref->at), (struct json_len){ 1, 256 }, &id, e)) return -1;
    if (!agent_url_is_ours(act, json_str(ref->ref, "agent_url"))) return 0;
    int rc = load_by_token(act, kind, ref, &row, e);
    if (rc < 0) return -1;
    if (rc == 0 && !act->principal) return not_found(e), err_in(e, "%s", ref->at);
    if (rc == 0 && inventory_list_load(act, kind, id, &row, e)) return e->field[0] ? err_in(e, "%s", ref->at) : -1;
    return inventory_list_entries(act, kind, &row, out, e) ? -1 : 1;
}
