/* list_creative_formats: the publisher's own formats, from the store; no other agent is ever asked. */
#include <strings.h>

#include "domain/buyer/inventory_list.h"
#include "domain/product/catalog.h"
#include "domain/product/product.h"
#include "tools/product/catalog_reply.h"
#include "tools/product/catalog_tools.h"
#include "tools/core/page.h"

#define FORMATS_MAX    5000
#define FILTER_IDS_MAX 500

struct format_filter {
    struct tenant_settings ts;
    struct format_ref *ids;
    size_t ids_n;
    yyjson_val *asset_types, *disclosure_positions, *disclosure_persistence, *input_ids, *output_ids;
    int64_t min_width, max_width, min_height, max_height; /* -1: not asked */
    int responsive;                                       /* -1: not asked */
    struct str name_search, wcag_level, type;
};

static int read_ids(struct tool_call *c, struct format_filter *f, struct err *e)
{
    yyjson_val *arr = NULL, *v;
    if (json_opt_arr(JSON_FIELD(c->args, "format_ids", ""), (struct json_len){ 0, FILTER_IDS_MAX }, &arr, e)) return -1;
    if (!arr) return 0;
    f->ids = ARENA_ARRAY(c->arena, struct format_ref, yyjson_arr_size(arr) + 1);
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (!format_ref_read(v, &f->ids[f->ids_n++])) {
            (void)err_set(e, "INVALID_REQUEST", "A format is {agent_url, id}.");
            return err_field(e, "/format_ids/%zu", i);
        }
    }
    return 0;
}

static int read_filter(struct tool_call *c, struct format_filter *f, struct err *e)
{
    const struct json_range pixels = { 0, 1000000 };
    const struct json_len words = { 1, 200 };
    yyjson_val *args = c->args;
    *f = (struct format_filter){
        .min_width = -1, .max_width = -1, .min_height = -1, .max_height = -1, .responsive = -1
    };
    reply_settings(c, &f->ts);
    if (read_ids(c, f, e)) return -1;
    if (json_opt_i64(JSON_FIELD(args, "min_width", ""), pixels, &f->min_width, e)) return -1;
    if (json_opt_i64(JSON_FIELD(args, "max_width", ""), pixels, &f->max_width, e)) return -1;
    if (json_opt_i64(JSON_FIELD(args, "min_height", ""), pixels, &f->min_height, e)) return -1;
    if (json_opt_i64(JSON_FIELD(args, "max_height", ""), pixels, &f->max_height, e)) return -1;
    if (json_opt_str(JSON_FIELD(args, "name_search", ""), words, &f->name_search, e)) return -1;
    if (json_opt_str(JSON_FIELD(args, "wcag_level", ""), words, &f->wcag_level, e)) return -1;
    if (json_opt_str(JSON_FIELD(args, "type", ""), words, &f->type, e)) return -1;
    bool responsive;
    if (json_has(args, "is_responsive")) {
        if (json_req_bool(JSON_FIELD(args, "is_responsive", ""), &responsive, e)) return -1;
        f->responsive = responsive;
    }
    f->asset_types = json_arr(args, "asset_types");
    f->disclosure_positions = json_arr(args, "disclosure_positions");
    f->disclosure_persistence = json_arr(args, "disclosure_persistence");
    f->input_ids = json_arr(args, "input_format_ids");
    f->output_ids = json_arr(args, "output_format_ids");
    return 0;
}

/* ---- one format against the filter ---- */

static bool ref_is_asked(const struct format_filter *f, const struct format_ref *own)
{
    for (size_t i = 0; i < f->ids_n; i++) {
        if (format_ref_same(&f->ids[i], own)) return true;
    }
    return f->ids == NULL;
}

static bool has_asset_type(yyjson_val *assets, yyjson_val *types)
{
    size_t i, n;
    yyjson_val *asset;
    yyjson_arr_foreach(assets, i, n, asset) {
        if (reply_arr_has(types, json_str(asset, "asset_type"))) return true;
        if (json_arr(asset, "assets") && has_asset_type(json_arr(asset, "assets"), types)) return true;
    }
    return false;
}

static bool size_fits(yyjson_val *dims, const struct format_filter *f)
{
    int64_t w = json_i64_or(dims, "width", json_i64_or(dims, "min_width", 0));
    int64_t h = json_i64_or(dims, "height", json_i64_or(dims, "min_height", 0));
    if ((f->min_width >= 0 || f->max_width >= 0) && w == 0) return false;
    if ((f->min_height >= 0 || f->max_height >= 0) && h == 0) return false;
    if (f->min_width >= 0 && w < f->min_width) return false;
    if (f->max_width >= 0 && w > f->max_width) return false;
    if (f->min_height >= 0 && h < f->min_height) return false;
    return f->max_height < 0 || h <= f->max_height;
}

static bool render_fits(yyjson_val *format, const struct format_filter *f)
{
    bool responsive = false, fits = false;
    size_t i, n;
    yyjson_val *render;
    yyjson_arr_foreach(json_arr(format, "renders"), i, n, render) {
        yyjson_val *dims = json_obj(render, "dimensions"), *r = json_obj(dims, "responsive");
        responsive = responsive || json_bool_or(r, "width", false) || json_bool_or(r, "height", false);
        fits = fits || size_fits(dims, f);
    }
    if (f->responsive >= 0 && responsive != (f->responsive == 1)) return false;
    bool sized = f->min_width >= 0 || f->max_width >= 0 || f->min_height >= 0 || f->max_height >= 0;
    return !sized || fits;
}

/* A bounded case-insensitive search: names are short. */
static bool name_holds(struct str name, struct str part)
{
    for (size_t i = 0; part.n <= name.n && i <= name.n - part.n; i++) {
        if (strncasecmp(name.p + i, part.p, part.n) == 0) return true;
    }
    return false;
}

static bool wcag_reaches(struct str has, struct str asked)
{
    return has.n > 0 && has.n >= asked.n && has.p[0] == 'A'; /* A < AA < AAA */
}

static bool lists_any_ref(yyjson_val *have, yyjson_val *asked)
{
    size_t i, n, j, m;
    yyjson_val *x, *y;
    struct format_ref rx, ry;
    yyjson_arr_foreach(have, i, n, x) {
        yyjson_arr_foreach(asked, j, m, y) {
            if (format_ref_read(x, &rx) && format_ref_read(y, &ry) && format_ref_same(&rx, &ry)) return true;
        }
    }
    return false;
}

static bool holds_all(yyjson_val *have, yyjson_val *asked)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(asked, i, n, v) {
        if (!reply_arr_has(have, json_val_str(v))) return false;
    }
    return true;
}

static bool disclosure_fits(yyjson_val *format, const struct format_filter *f)
{
    if (f->disclosure_positions &&
        !holds_all(json_arr(format, "supported_disclosure_positions"), f->disclosure_positions)) {
        return false;
    }
    if (!f->disclosure_persistence) return true;
    size_t i, n;
    yyjson_val *cap;
    yyjson_arr_foreach(json_arr(format, "disclosure_capabilities"), i, n, cap) {
        if (holds_all(json_arr(cap, "persistence"), f->disclosure_persistence)) return true;
    }
    return false;
}

/* "video" and "audio" stand for all channels of that kind. */
static bool type_fits(yyjson_val *format, struct str type)
{
    struct str channel = json_str(json_obj(json_obj(format, "ext"), "salesagent"), "channel");
    if (type.n == 0 || str_eq(channel, type)) return true;
    const char *words = channel_words(channel);
    return words && name_holds(str_from(words), type);
}

static bool format_passes(yyjson_val *format, const struct format_filter *f)
{
    struct format_ref own;
    if (!format_ref_read(yyjson_obj_get(format, "format_id"), &own) || !ref_is_asked(f, &own)) return false;
    if (f->asset_types && !has_asset_type(json_arr(format, "assets"), f->asset_types)) return false;
    if (!render_fits(format, f) || !disclosure_fits(format, f) || !type_fits(format, f->type)) return false;
    if (f->name_search.n && !name_holds(json_str(format, "name"), f->name_search)) return false;
    if (f->wcag_level.n && !wcag_reaches(json_str(json_obj(format, "accessibility"), "wcag_level"), f->wcag_level)) {
        return false;
    }
    if (f->input_ids && !lists_any_ref(json_arr(format, "input_format_ids"), f->input_ids)) return false;
    return !f->output_ids || lists_any_ref(json_arr(format, "output_format_ids"), f->output_ids);
}

/* publisher_domain and property_id: formats belong to the publisher as a whole, so either everything or nothing. */
static int sells_there(struct tool_call *c, bool *yes, struct err *e)
{
    struct str domain = json_str(c->args, "publisher_domain"), id = json_str(c->args, "property_id");
    struct catalog_rows rows;
    *yes = true;
    if (domain.n == 0 && id.n == 0) return 0;
    struct catalog_slice all = { 0, FORMATS_MAX };
    if (q_catalog_list(c->act->tx, c->arena, CATALOG_PROPERTY, c->act->tenant->tenant_id, all, &rows, e)) return -1;
    *yes = false;
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *property = reply_parse_row(c, &rows.rows[i]);
        bool same =
            (domain.n == 0 || str_eq(domain, property_domain(property))) && (id.n == 0 || str_eq(id, rows.rows[i].id));
        *yes = *yes || (property && same);
    }
    return 0;
}

/* ---- reply ---- */

static void add_aux(struct tool_call *c, yyjson_mut_val *arr, yyjson_val *format)
{
    static const char *const members[] = {
        "channel",     "mime_types", "max_file_size_bytes", "max_animation_duration_seconds", "max_duration_seconds",
        "requirements"
    };
    struct format_ref ref;
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    yyjson_val *ours = json_obj(json_obj(format, "ext"), "salesagent");
    yyjson_val *dims = json_obj(yyjson_arr_get_first(json_arr(format, "renders")), "dimensions");
    if (format_ref_read(yyjson_obj_get(format, "format_id"), &ref)) json_add_str(c->doc, out, "format_id", ref.id);
    json_add_str(c->doc, out, "name", json_str(format, "name"));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_add_copy(c->doc, out, members[i], yyjson_obj_get(ours, members[i]));
    }
    json_add_copy(c->doc, out, "width", yyjson_obj_get(dims, "width"));
    json_add_copy(c->doc, out, "height", yyjson_obj_get(dims, "height"));
}

static void add_format(struct tool_call *c, const struct format_filter *f, yyjson_mut_val *arr, yyjson_val *format)
{
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(format, i, n, key, val) {
        if (yyjson_equals_str(key, "format_id")) {
            reply_add_format_id(c, out, "format_id", val, &f->ts);
        } else {
            json_add_copy(c->doc, out, yyjson_get_str(key), val);
        }
    }
}

int list_creative_formats_run(struct tool_call *c, struct err *e)
{
    struct format_filter f;
    struct page page;
    struct catalog_rows rows;
    bool there;
    if (read_filter(c, &f, e) || page_read(c, STR("formats"), &page, e) || sells_there(c, &there, e)) return -1;
    struct catalog_slice all = { 0, there ? FORMATS_MAX : 0 };
    if (q_catalog_list(c->act->tx, c->arena, CATALOG_FORMAT, c->act->tenant->tenant_id, all, &rows, e)) return -1;
    yyjson_mut_val *out = json_add_arr(c->doc, c->reply, "formats");
    yyjson_mut_val *aux = json_add_arr(c->doc, c->aux, "formats");
    int64_t passed = 0;
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *format = reply_parse_row(c, &rows.rows[i]);
        if (!format || !format_passes(format, &f)) continue;
        if (passed >= page.offset && passed < page.offset + page.max) {
            add_format(c, &f, out, format);
            add_aux(c, aux, format);
        }
        passed++;
    }
    bool more = passed > page.offset + page.max;
    page_write(c, &page, (struct page_end){ more ? page.offset + page.max : -1, passed });
    c->message = arena_printf(c->arena, "%lld creative formats.", (long long)passed);
    act_may_be_kept(c->act);
    return 0;
}
