/* list_creatives: the caller's library, filtered, sorted and paged by key. */
#include "contract/limits.h"
#include "base/encode.h"
#include "domain/buyer/account.h"
#include "domain/creative/creative_delivery.h"
#include "domain/product/format_iab.h"
#include "domain/tell/webhook.h"
#include "tools/creative/creative_reply.h"
#include "tools/creative/creative_tools.h"
#include "tools/product/catalog_reply.h"

#define LIMIT_DEFAULT       50
#define LIMIT_MAX           100
#define IDS_MAX             100
#define ASSIGNMENTS_DEFAULT 50
#define ASSIGNMENTS_MAX     200
#define SNAPSHOT_READS_MAX  500

struct list_call {
    struct tool_call *c;
    struct creative_filter filter;
    struct creative_page page;
    yyjson_val *applied_filters, *fields;
    bool assignments, snapshot, items, variables;
    int64_t assignments_max; /* shown of one creative; from AdCP 3.2 on, before it all are */
    int64_t activity;        /* attempts to tell of a creative, to show */
    int snapshot_reads; /* buys that may still be read for snapshots */
};

/* ---- filters ---- */

static int read_list(struct list_call *l, yyjson_val *f, const char *key, struct str *json, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    size_t i, n;
    if (json_opt_arr(JSON_FIELD(f, key, "/filters"), (struct json_len){ 1, IDS_MAX }, &arr, e)) return -1;
    if (!arr) return 0;
    bool formats = strcmp(key, "format_ids") == 0;
    yyjson_mut_doc *doc = json_doc_new(l->c->arena);
    yyjson_mut_val *out = yyjson_mut_arr(doc);
    yyjson_arr_foreach(arr, i, n, v) {
        struct format_ref ref;
        if (!(formats ? format_ref_read(v, &ref) : yyjson_is_str(v))) {
            (void)err_set(e, "INVALID_REQUEST", "%s has an item of another type", key);
            return err_field(e, "/filters/%s/%zu", key, i);
        }
        if (!formats) {
            json_push_str(doc, out, json_val_str(v));
            continue;
        }
        yyjson_mut_val *o = json_push_obj(doc, out);
        json_add_str(doc, o, "id", ref.id);
        if (ref.width) json_add_i64(doc, o, "width", ref.width);
        if (ref.height) json_add_i64(doc, o, "height", ref.height);
    }
    *json = json_write(l->c->arena, out);
    return 0;
}

static int read_tristate(yyjson_val *f, const char *key, enum filter_bool *out, struct err *e)
{
    bool v;
    if (!json_has(f, key)) return 0;
    if (json_req_bool(JSON_FIELD(f, key, "/filters"), &v, e)) return -1;
    *out = v ? FILTER_TRUE : FILTER_FALSE;
    return 0;
}

static int check_statuses(yyjson_val *f, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(f, "statuses"), i, n, v) {
        enum creative_status s;
        if (creative_status_parse(json_val_str(v), &s)) continue;
        (void)err_set(e, "INVALID_REQUEST", "unknown creative status");
        (void)err_suggest(e, "use processing, pending_review, approved, suspended, rejected or archived");
        return err_field(e, "/filters/statuses/%zu", i);
    }
    return 0;
}

/* The publisher's named formats that are of one of the kinds. */
static int read_kinds(struct list_call *l, yyjson_val *kinds, struct err *e)
{
    const struct act *act = l->c->act;
    struct catalog_slice all = { 0, CATALOG_PAGE_MAX };
    struct catalog_rows formats;
    yyjson_mut_doc *doc = json_doc_new(l->c->arena);
    yyjson_mut_val *ids = yyjson_mut_arr(doc);
    if (!kinds) return 0;
    if (q_catalog_list(act->tx, l->c->arena, CATALOG_FORMAT, act->tenant->tenant_id, all, &formats, e)) return -1;
    for (size_t i = 0; i < formats.n; i++) {
        struct format_ref ref = { .id = formats.rows[i].id };
        struct format_spec spec;
        int known = format_load(act->tx, l->c->arena, act->tenant->tenant_id, &ref, &spec, e);
        const char *kind = known == 1 ? format_kind(&spec) : NULL;
        if (known < 0) return -1;
        if (kind && reply_arr_has(kinds, str_from(kind))) json_push_str(doc, ids, ref.id);
    }
    l->filter.kind_formats_json = json_write(l->c->arena, ids);
    return 0;
}

static int read_filters(struct list_call *l, struct err *e)
{
    yyjson_val *f = NULL;
    struct creative_filter *out = &l->filter;
    if (json_opt_obj(JSON_FIELD(l->c->args, "filters", ""), &f, e)) return -1;
    if (!f) return 0;
    l->applied_filters = f;
    struct {
        const char *key;
        struct str *json;
    } lists[] = {
        { "statuses", &out->statuses_json },
        { "creative_ids", &out->creative_ids_json },
        { "format_ids", &out->formats_json },
        { "concept_ids", &out->concept_ids_json },
        { "tags", &out->tags_all_json },
        { "tags_any", &out->tags_any_json },
        { "assigned_to_packages", &out->package_ids_json },
        { "media_buy_ids", &out->media_buy_ids_json },
        { "asset_types", &out->asset_types_json },
        { "format_kinds", &out->format_kinds_json },
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (read_list(l, f, lists[i].key, lists[i].json, e)) return -1;
    }
    if (read_kinds(l, json_arr(f, "format_kinds"), e)) return -1;
    struct {
        const char *key;
        int64_t *at;
    } times[] = {
        { "created_after", &out->created_after },
        { "created_before", &out->created_before },
        { "updated_after", &out->updated_after },
        { "updated_before", &out->updated_before },
    };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (json_opt_time(JSON_FIELD(f, times[i].key, "/filters"), times[i].at, e)) return -1;
    }
    if (json_opt_str(JSON_FIELD(f, "name_contains", "/filters"), (struct json_len){ 0, 255 }, &out->name_contains, e)) {
        return -1;
    }
    return check_statuses(f, e) || read_tristate(f, "unassigned", &out->unassigned, e) ||
                   read_tristate(f, "has_served", &out->has_served, e) ||
                   read_tristate(f, "has_variables", &out->has_variables, e)
               ? -1
               : 0;
}

/* The accounts asked for, by `account` or filters.accounts. One that does not exist yet owns nothing. */
static int read_accounts(struct list_call *l, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(l->c->arena);
    yyjson_mut_val *ids = yyjson_mut_arr(doc);
    yyjson_val *refs = json_arr(l->applied_filters, "accounts"), *v;
    struct account_row account;
    struct account_ref ref;
    size_t i, n;
    if (account_ref_read(l->c->args, &ref, e)) return -1;
    if (!ref.given && !refs) return 0;
    if (ref.given) {
        int rc = account_find(l->c->act, &ref, ACCOUNT_USE_LIST, &account, e);
        if (rc < 0) return -1;
        json_push_str(doc, ids, rc ? account.account_id : STR(""));
    }
    yyjson_arr_foreach(refs, i, n, v) {
        const char *at = arena_printf(l->c->arena, "/filters/accounts/%zu", i).p;
        if (account_ref_read_at(v, at, &ref, e)) return -1;
        int rc = account_find(l->c->act, &ref, ACCOUNT_USE_LIST, &account, e);
        if (rc < 0) return -1;
        json_push_str(doc, ids, rc ? account.account_id : STR(""));
    }
    l->filter.account_ids_json = json_write(l->c->arena, ids);
    return 0;
}

/* ---- order and page ---- */

static const char *const sort_names[] = {
    [CREATIVE_SORT_CREATED] = "created_date",
    [CREATIVE_SORT_UPDATED] = "updated_date",
    [CREATIVE_SORT_NAME] = "name",
    [CREATIVE_SORT_STATUS] = "status",
    [CREATIVE_SORT_ASSIGNMENTS] = "assignment_count",
};

static bool sorts_by_text(enum creative_sort s)
{
    return s == CREATIVE_SORT_NAME || s == CREATIVE_SORT_STATUS;
}

static int read_sort(struct list_call *l, struct err *e)
{
    yyjson_val *sort = NULL;
    struct str field = STR("created_date"), direction = STR("desc");
    const struct json_len word = { 1, 40 };
    if (json_opt_obj(JSON_FIELD(l->c->args, "sort", ""), &sort, e)) return -1;
    if (json_opt_str(JSON_FIELD(sort, "field", "/sort"), word, &field, e)) return -1;
    if (json_opt_str(JSON_FIELD(sort, "direction", "/sort"), word, &direction, e)) return -1;
    l->page.descending = str_is(direction, "desc");
    if (!l->page.descending && !str_is(direction, "asc")) {
        (void)err_set(e, "INVALID_REQUEST", "direction is asc or desc");
        return err_field(e, "/sort/direction");
    }
    for (size_t i = 0; i < ARRAY_LEN(sort_names); i++) {
        if (!str_is(field, sort_names[i])) continue;
        l->page.sort = (enum creative_sort)i;
        return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "field is created_date, updated_date, name, status or assignment_count");
    return err_field(e, "/sort/field");
}

/* {s: sort, d: descending, k: key, i: creative_id} as base64url. Position only: what may be seen is decided anew. */
static struct str cursor_write(struct list_call *l, const struct creative_listed *last)
{
    yyjson_mut_doc *doc = json_doc_new(l->c->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_i64(doc, o, "s", l->page.sort);
    json_add_bool(doc, o, "d", l->page.descending);
    switch (l->page.sort) {
    case CREATIVE_SORT_CREATED: json_add_i64(doc, o, "k", last->row.created_at); break;
    case CREATIVE_SORT_UPDATED: json_add_i64(doc, o, "k", last->row.updated_at); break;
    case CREATIVE_SORT_ASSIGNMENTS: json_add_i64(doc, o, "k", last->assignment_count); break;
    case CREATIVE_SORT_NAME: json_add_str(doc, o, "k", last->row.name); break;
    case CREATIVE_SORT_STATUS: json_add_str(doc, o, "k", last->row.status); break;
    }
    json_add_str(doc, o, "i", last->row.key.creative_id);
    return base64url_encode(l->c->arena, json_write(l->c->arena, o));
}

static bool cursor_read(struct list_call *l, struct str text)
{
    struct str json;
    yyjson_doc *doc;
    struct err e;
    if (base64_decode(l->c->arena, text, &json) || json_parse(l->c->arena, json, &json_limits_value, &doc, &e))
        return false;
    yyjson_val *o = yyjson_doc_get_root(doc), *k = yyjson_obj_get(o, "k");
    bool as_text = sorts_by_text(l->page.sort);
    if (json_i64_or(o, "s", -1) != (int64_t)l->page.sort || json_bool_or(o, "d", false) != l->page.descending)
        return false;
    if (as_text ? !yyjson_is_str(k) : !yyjson_is_int(k)) return false;
    l->page.after = (struct creative_cursor){ .present = true,
                                              .number = as_text ? 0 : yyjson_get_sint(k),
                                              .text = json_val_str(k),
                                              .creative_id = json_str(o, "i") };
    return l->page.after.creative_id.n > 0;
}

static int read_page(struct list_call *l, struct err *e)
{
    yyjson_val *p = NULL;
    int64_t limit = LIMIT_DEFAULT;
    struct str cursor = STR_NONE;
    if (json_opt_obj(JSON_FIELD(l->c->args, "pagination", ""), &p, e)) return -1;
    if (json_opt_i64(JSON_FIELD(p, "max_results", "/pagination"), (struct json_range){ 1, LIMIT_MAX }, &limit, e))
        return -1;
    if (json_opt_str(JSON_FIELD(p, "cursor", "/pagination"), (struct json_len){ 1, 4000 }, &cursor, e)) return -1;
    l->page.limit = (int)limit;
    if (cursor.n && !cursor_read(l, cursor)) {
        (void)err_set(e, "INVALID_REQUEST", "this cursor is not one of ours for this order");
        (void)err_suggest(e, "start again without a cursor");
        return err_field(e, "/pagination/cursor");
    }
    return 0;
}

/* What AdCP 3.2 lets a caller ask of assignments. */
static int read_projection(struct list_call *l, struct err *e)
{
    yyjson_val *args = l->c->args;
    struct str projection = STR_NONE;
    l->assignments_max = ASSIGNMENTS_DEFAULT;
    if (json_opt_str(JSON_FIELD(args, "assignment_projection", ""), (struct json_len){ 1, 20 }, &projection, e))
        return -1;
    if (json_opt_i64(JSON_FIELD(args, "assignment_limit", ""), (struct json_range){ 1, ASSIGNMENTS_MAX },
                     &l->assignments_max, e)) {
        return -1;
    }
    if (!projection.n || str_is(projection, "all")) return 0;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "Assignments are not chosen by indicators: none are worked out here.");
    (void)err_suggest(e, "Leave assignment_projection out, or send \"all\".");
    return err_field(e, "/assignment_projection");
}

static int read_flags(struct list_call *l, struct err *e)
{
    yyjson_val *args = l->c->args;
    l->assignments = true;
    if (json_opt_bool(JSON_FIELD(args, "include_assignments", ""), &l->assignments, e)) return -1;
    if (json_opt_bool(JSON_FIELD(args, "include_snapshot", ""), &l->snapshot, e)) return -1;
    if (json_opt_bool(JSON_FIELD(args, "include_items", ""), &l->items, e)) return -1;
    if (json_opt_bool(JSON_FIELD(args, "include_variables", ""), &l->variables, e)) return -1;
    l->assignments_max = INT64_MAX;
    if (l->c->line >= ADCP_LINE_ASSIGNMENT_LIMITS && read_projection(l, e)) return -1;
    if (!l->c->minor_3_0 && webhook_activity_asked(args, &l->activity, e)) return -1;
    return json_opt_arr(JSON_FIELD(args, "fields", ""), (struct json_len){ 1, 30 }, &l->fields, e);
}

/* ---- the reply ---- */

static bool wants(const struct list_call *l, const char *field)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(l->fields, i, n, v) {
        if (str_is(json_val_str(v), field)) return true;
    }
    return l->fields == NULL;
}

static int add_assignments(struct list_call *l, yyjson_mut_val *o, const struct creative_listed *item,
                           yyjson_mut_val *buys, struct err *e)
{
    yyjson_mut_doc *doc = l->c->doc;
    struct creative_assignment_rows rows;
    if (q_creative_assignments_of_creative(l->c->act->tx, l->c->arena, &item->row.key, &rows, e)) return -1;
    yyjson_mut_val *packages = NULL;
    bool newest = l->assignments_max != INT64_MAX;
    size_t shown = (int64_t)rows.n > l->assignments_max ? (size_t)l->assignments_max : rows.n;
    if (l->assignments && wants(l, "assignments")) {
        yyjson_mut_val *as = json_add_obj(doc, o, "assignments");
        json_add_i64(doc, as, "assignment_count", (int64_t)rows.n);
        if (newest) json_add_i64(doc, as, "returned_assignment_count", (int64_t)shown);
        if (newest) json_add_bool(doc, as, "assignments_truncated", shown < rows.n);
        packages = json_add_arr(doc, as, "assigned_packages");
    }
    for (size_t i = 0; i < rows.n; i++) {
        bool new_buy = true;
        for (size_t k = 0; k < i; k++)
            new_buy = new_buy && !str_eq(rows.rows[k].media_buy_id, rows.rows[i].media_buy_id);
        if (new_buy) json_push_str(doc, buys, rows.rows[i].media_buy_id);
        if (!packages || i >= shown) continue;
        yyjson_mut_val *p = json_push_obj(doc, packages);
        json_add_str(doc, p, "package_id", rows.rows[i].package_id);
        if (newest) json_add_str(doc, p, "media_buy_id", rows.rows[i].media_buy_id);
        json_add_time(doc, p, "assigned_date", rows.rows[i].created_at);
    }
    return 0;
}

/* The parts of multi-asset creatives: every asset of a list, in order. */
static void add_items(struct list_call *l, yyjson_mut_val *o, yyjson_val *stored)
{
    yyjson_mut_doc *doc = l->c->doc;
    yyjson_mut_val *arr = NULL;
    yyjson_val *k, *list, *v;
    size_t i, n, j, m;
    yyjson_obj_foreach(json_obj(stored, "assets"), i, n, k, list) {
        yyjson_arr_foreach(list, j, m, v) {
            struct str url = json_str(v, "url"), content = json_str(v, "content");
            if (!url.n && !content.n) continue;
            if (!arr) arr = json_add_arr(doc, o, "items");
            yyjson_mut_val *item = json_push_obj(doc, arr);
            json_add_cstr(doc, item, "asset_kind", url.n ? "media" : "text");
            json_add_str(doc, item, "asset_type", json_str(v, "asset_type"));
            json_add_str(doc, item, "asset_id", arena_printf(l->c->arena, STR_FMT "_%zu", STR_ARG(json_val_str(k)), j));
            json_add_str(doc, item, url.n ? "content_uri" : "content", url.n ? url : content);
        }
    }
}

static void add_stored(struct list_call *l, yyjson_mut_val *o, yyjson_val *stored)
{
    yyjson_mut_doc *doc = l->c->doc;
    if (!l->fields) creative_reply_assets(l->c, o, stored);
    if (wants(l, "tags")) json_add_copy(doc, o, "tags", json_arr(stored, "tags"));
    if (wants(l, "concept")) {
        json_add_copy(doc, o, "concept_id", yyjson_obj_get(stored, "concept_id"));
        json_add_copy(doc, o, "concept_name", yyjson_obj_get(stored, "concept_name"));
    }
    if (l->variables && wants(l, "variables")) json_add_copy(doc, o, "variables", json_arr(stored, "variables"));
    if (l->items && wants(l, "items")) add_items(l, o, stored);
    if (l->fields) return;
    json_add_copy(doc, o, "provenance", json_obj(stored, "provenance"));
    json_add_copy(doc, o, "industry_identifiers", json_arr(stored, "industry_identifiers"));
    yyjson_val *reason = json_get_path(stored, "/salesagent/review/reason");
    if (yyjson_mut_equals_str(yyjson_mut_obj_get(o, "status"), "rejected"))
        json_add_copy(doc, o, "rejection_reason", reason);
}

/* When it was last shown is known to the day at best, and left out. */
static int add_snapshot(struct list_call *l, yyjson_mut_val *o, const struct creative_row *row, struct err *e)
{
    struct creative_lifetime life;
    yyjson_mut_doc *doc = l->c->doc;
    if (!l->snapshot || !wants(l, "snapshot")) return 0;
    bool too_much = l->snapshot_reads == 0;
    if (creative_lifetime_read(l->c->act, &row->key, &l->snapshot_reads, &life, e)) return -1;
    if (!life.known) {
        bool later = too_much || l->snapshot_reads < 0;
        json_add_cstr(doc, o, "snapshot_unavailable_reason",
                      later ? "SNAPSHOT_TEMPORARILY_UNAVAILABLE" : "SNAPSHOT_UNSUPPORTED");
        if (l->snapshot_reads < 0) l->snapshot_reads = 0;
        return 0;
    }
    yyjson_mut_val *s = json_add_obj(doc, o, "snapshot");
    json_add_time(doc, s, "as_of", life.as_of);
    json_add_i64(doc, s, "staleness_seconds", life.staleness_s);
    json_add_i64(doc, s, "impressions", life.impressions);
    return 0;
}

/* For dialects; documented in tools/README.md. */
static yyjson_mut_val *add_aux(struct list_call *l, yyjson_mut_val *list, const struct creative_row *row,
                               yyjson_val *stored)
{
    yyjson_mut_doc *doc = l->c->doc;
    yyjson_mut_val *o = json_push_obj(doc, list);
    yyjson_val *ext = json_get_path(stored, "/ext/salesagent");
    yyjson_val *click = json_get_path(stored, "/assets/click_url/url");
    json_add_str(doc, o, "creative_id", row->key.creative_id);
    json_add_str(doc, o, "name", row->name);
    json_add_str(doc, o, "format_id", row->format_id);
    json_add_str(doc, o, "status", row->status);
    json_add_copy(doc, o, "click_url", json_has(ext, "click_url") ? yyjson_obj_get(ext, "click_url") : click);
    json_add_copy(doc, o, "assets",
                  json_has(ext, "assets") ? yyjson_obj_get(ext, "assets") : json_obj(stored, "assets"));
    json_add_copy(doc, o, "alt_text", yyjson_obj_get(ext, "alt_text"));
    json_add_copy(doc, o, "provenance",
                  json_has(ext, "provenance") ? yyjson_obj_get(ext, "provenance") : json_obj(stored, "provenance"));
    json_add_copy(doc, o, "tags", json_arr(stored, "tags"));
    json_add_time(doc, o, "created_at", row->created_at);
    json_add_time(doc, o, "updated_at", row->updated_at);
    return json_add_arr(doc, o, "media_buy_ids");
}

static int add_creative(struct list_call *l, yyjson_mut_val *list, yyjson_mut_val *aux,
                        const struct creative_listed *item, struct err *e)
{
    yyjson_mut_doc *doc = l->c->doc;
    yyjson_mut_val *o = json_push_obj(doc, list);
    yyjson_val *stored = creative_stored(l->c, item->row.doc);
    json_add_str(doc, o, "creative_id", item->row.key.creative_id);
    json_add_str(doc, o, "name", item->row.name);
    creative_reply_format(l->c, o, stored);
    json_add_str(doc, o, "status", item->row.status);
    json_add_time(doc, o, "created_date", item->row.created_at);
    json_add_time(doc, o, "updated_date", item->row.updated_at);
    add_stored(l, o, stored);
    if (add_snapshot(l, o, &item->row, e)) return -1;
    struct str subject = arena_printf(l->c->arena, "creative:" STR_FMT, STR_ARG(item->row.key.creative_id));
    if (l->activity && webhook_activity_encode(l->c->act, subject, (int)l->activity, doc, o, e)) return -1;
    return add_assignments(l, o, item, add_aux(l, aux, &item->row, stored), e);
}

static void add_summaries(struct list_call *l, const struct creative_counts *counts, int64_t *total)
{
    yyjson_mut_doc *doc = l->c->doc;
    yyjson_mut_val *formats = yyjson_mut_obj(doc), *statuses = yyjson_mut_obj(doc);
    for (size_t i = 0; i < counts->n; i++) {
        const struct creative_count *k = &counts->counts[i];
        struct {
            yyjson_mut_val *in;
            struct str key;
        } sums[] = { { formats, k->format_id }, { statuses, k->status } };
        for (size_t j = 0; j < ARRAY_LEN(sums); j++) {
            yyjson_mut_val *had = yyjson_mut_obj_getn(sums[j].in, sums[j].key.p, sums[j].key.n);
            if (had) (void)yyjson_mut_set_sint(had, yyjson_mut_get_sint(had) + k->n);
            else json_add_i64(doc, sums[j].in, arena_cstr(l->c->arena, sums[j].key), k->n);
        }
        *total += k->n;
    }
    json_add_val(doc, l->c->reply, "format_summary", formats);
    json_add_val(doc, l->c->reply, "status_summary", statuses);
}

static void add_query_summary(struct list_call *l, int64_t total, size_t returned)
{
    yyjson_mut_doc *doc = l->c->doc;
    yyjson_mut_val *q = json_add_obj(doc, l->c->reply, "query_summary"), *arr = json_add_arr(doc, q, "filters_applied");
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(l->applied_filters, i, n, k, v) json_push_str(doc, arr, json_val_str(k));
    json_add_i64(doc, q, "total_matching", total);
    json_add_i64(doc, q, "returned", (int64_t)returned);
    yyjson_mut_val *sort = json_add_obj(doc, q, "sort_applied");
    json_add_cstr(doc, sort, "field", sort_names[l->page.sort]);
    json_add_cstr(doc, sort, "direction", l->page.descending ? "desc" : "asc");
}

int list_creatives_run(struct tool_call *c, struct err *e)
{
    struct list_call l = { .c = c, .filter = CREATIVE_FILTER_ALL, .snapshot_reads = SNAPSHOT_READS_MAX };
    struct creative_list found;
    struct creative_counts counts;
    l.filter.tenant_id = c->act->tenant->tenant_id;
    l.filter.principal_id = c->act->principal->principal_id;
    if (read_filters(&l, e) || read_accounts(&l, e) || read_sort(&l, e) || read_page(&l, e) || read_flags(&l, e))
        return -1;
    if (q_creative_list(c->act->tx, c->arena, &l.filter, &l.page, &found, e)) return -1;
    if (q_creative_count(c->act->tx, c->arena, &l.filter, &counts, e)) return -1;
    bool more = found.n > (size_t)l.page.limit;
    size_t n = more ? (size_t)l.page.limit : found.n, bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += found.items[i].row.doc.n;
        if (bytes <= PAGE_BYTES_MAX || i == 0) continue;
        n = i; /* a page of large ones ends early, and its cursor goes on */
        more = true;
    }
    int64_t total = 0;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "creatives"),
                   *aux = json_add_arr(c->doc, c->aux, "creatives");
    for (size_t i = 0; i < n; i++) {
        if (add_creative(&l, list, aux, &found.items[i], e)) return -1;
    }
    add_summaries(&l, &counts, &total);
    add_query_summary(&l, total, n);
    yyjson_mut_val *p = json_add_obj(c->doc, c->reply, "pagination");
    json_add_bool(c->doc, p, "has_more", more);
    if (more) json_add_str(c->doc, p, "cursor", cursor_write(&l, &found.items[n - 1]));
    json_add_i64(c->doc, p, "total_count", total);
    json_add_i64(c->doc, c->aux, "total", total);
    if (!l.snapshot) act_may_be_kept(c->act); /* delivery up to now */
    return 0;
}
