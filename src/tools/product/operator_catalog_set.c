/* Changing the publisher's formats and properties: x_format_get, x_format_set, x_property_get, x_property_set. A change is a merge
 * patch (RFC 7396) of AdCP's object, and goes the same way into the catalogue as a file does. One that is not there yet begins
 * with what is said of it and the little that follows by itself. */
#include "contract/document.h"
#include "domain/core/audit.h"
#include "domain/product/catalog.h"
#include "domain/product/catalog_check.h"
#include "tools/operation_tools.h"

#define SLICE            200
#define OBJECT_BYTES_MAX (64 << 10)

/* One of the two kinds that are changed alike. */
struct shelf {
    enum catalog_kind kind;
    const char *id_member, *member, *action, *noun;
    int (*put)(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e);
    /* Adds to a new one what its arguments imply. */
    void (*begin)(struct tool_call *c, yyjson_mut_doc *doc, yyjson_mut_val *o);
};

static yyjson_val *read_back(struct tool_call *c, yyjson_mut_val *v)
{
    return json_parse_own(c->arena, json_write(c->arena, v));
}

static int get(struct tool_call *c, const struct shelf *s, struct catalog_row *row, struct err *e)
{
    return q_catalog_get(c->act->tx, c->arena, s->kind, c->act->tenant->tenant_id, json_str(c->args, s->id_member), row,
                         e);
}

static int show(struct tool_call *c, const struct shelf *s, struct err *e)
{
    struct catalog_row row;
    int rc = get(c, s, &row, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no %s of this id.", s->noun);
        return err_field(e, "/%s", s->id_member);
    }
    json_add_str(c->doc, c->reply, s->id_member, row.id);
    (void)json_add_text(c->doc, c->reply, s->member, row.doc); /* a damaged one is left out */
    return 0;
}

/* Briefs are matched with the properties that products run on, by name. */
static int index_products(struct catalog_writer *w, struct err *e)
{
    for (int64_t skip = 0;; skip += SLICE) {
        struct catalog_rows rows;
        struct catalog_slice slice = { skip, SLICE };
        if (q_catalog_list(w->tx, w->arena, CATALOG_PRODUCT, w->tenant_id, slice, &rows, e)) return -1;
        for (size_t i = 0; i < rows.n; i++) {
            yyjson_val *doc = document_read(w->arena, rows.rows[i].doc);
            if (doc && catalog_index_product(w, doc, e)) return -1;
        }
        if (rows.n < SLICE) return 0;
    }
}

static int audited(struct tool_call *c, const struct shelf *s, struct str id, struct err *e)
{
    struct audit_entry entry = { .action = s->action,
                                 .subject = arena_printf(c->arena, "%s:" STR_FMT, s->member, STR_ARG(id)) };
    return audit_add(c->act, &entry, e);
}

/* What is there, or begins, with the patch. */
static yyjson_val *merged(struct tool_call *c, const struct shelf *s, const struct catalog_row *old)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_val *patch = json_obj(c->args, s->member), *base = old ? document_read(c->arena, old->doc) : NULL;
    if (!base) {
        yyjson_mut_val *begun = json_root_obj(doc);
        s->begin(c, doc, begun);
        base = read_back(c, begun);
    }
    return patch ? read_back(c, yyjson_merge_patch(doc, base, patch)) : base;
}

static int set(struct tool_call *c, const struct shelf *s, struct err *e)
{
    struct catalog_writer w = { .tx = c->act->tx,
                                .arena = c->arena,
                                .tenant_id = c->act->tenant->tenant_id,
                                .now = c->act->now,
                                .sandbox = c->act->sandbox };
    struct catalog_row old;
    struct str id = json_str(c->args, s->id_member);
    int rc = get(c, s, &old, e);
    if (rc < 0) return -1;
    yyjson_val *doc = merged(c, s, rc == 1 ? &old : NULL);
    if (document_whole(c->arena, e)) return -1;
    if (document_fits(json_write_val(c->arena, doc), OBJECT_BYTES_MAX, "It", e)) return err_field(e, "/%s", s->member);
    rc = s->put(&w, doc, CATALOG_POSITION_KEEP, e);
    if (rc < 0) return err_in(e, "/%s", s->member);
    if (rc == 0) return show(c, s, e);
    /* No answer to buyers holds a property whole: what it may be is what the manifest says. */
    bool property = s->kind == CATALOG_PROPERTY;
    if (!property && catalog_check_stored(w.tx, c->arena, s->kind, w.tenant_id, id, e))
        return err_in(e, "/%s", s->member);
    if (property && index_products(&w, e)) return -1;
    return audited(c, s, id, e) ? -1 : show(c, s, e);
}

/* --- formats ---------------------------------------------------------------------------------------------------- */

/* "300x250" of the arguments; false: it is not said. */
static bool size_of(struct tool_call *c, int64_t side[2])
{
    struct str text = json_str(c->args, "size");
    size_t which = 0;
    side[0] = side[1] = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 'x') which = 1;
        else side[which] = side[which] * 10 + (text.p[i] - '0'); /* the schema bounds it */
    }
    return text.n > 0;
}

static void add_asset(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *id, const char *type, bool required)
{
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "item_type", "individual");
    json_add_cstr(doc, o, "asset_id", id);
    json_add_cstr(doc, o, "asset_type", type);
    json_add_bool(doc, o, "required", required);
}

/* A banner of the size: a picture and where it leads. */
static void begin_format(struct tool_call *c, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    int64_t side[2];
    struct str id = json_str(c->args, "format_id");
    bool sized = size_of(c, side);
    yyjson_mut_val *ref = json_add_obj(doc, o, "format_id");
    json_add_str(doc, ref, "id", id);
    json_add_str(doc, o, "name", id);
    if (!sized) return;
    json_add_i64(doc, ref, "width", side[0]);
    json_add_i64(doc, ref, "height", side[1]);
    yyjson_mut_val *render = json_push_obj(doc, json_add_arr(doc, o, "renders"));
    json_add_cstr(doc, render, "role", "primary");
    yyjson_mut_val *dimensions = json_add_obj(doc, render, "dimensions");
    json_add_i64(doc, dimensions, "width", side[0]);
    json_add_i64(doc, dimensions, "height", side[1]);
    json_add_cstr(doc, dimensions, "unit", "px");
    yyjson_mut_val *assets = json_add_arr(doc, o, "assets");
    add_asset(doc, assets, "primary", "image", true);
    yyjson_mut_val *requirements = json_add_obj(doc, yyjson_mut_arr_get_first(assets), "requirements");
    json_add_i64(doc, requirements, "min_width", side[0]);
    json_add_i64(doc, requirements, "max_width", side[0]);
    json_add_i64(doc, requirements, "min_height", side[1]);
    json_add_i64(doc, requirements, "max_height", side[1]);
    add_asset(doc, assets, "click_url", "url", false);
}

static const struct shelf formats = { CATALOG_FORMAT,    "format_id",        "format",    "format.set",
                                      "creative format", catalog_put_format, begin_format };

int tool_x_format_get(struct tool_call *c, struct err *e)
{
    return show(c, &formats, e);
}

int tool_x_format_set(struct tool_call *c, struct err *e)
{
    return set(c, &formats, e);
}

/* --- properties -------------------------------------------------------------------------------------------------- */

static void begin_property(struct tool_call *c, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    struct str id = json_str(c->args, "property_id");
    struct str domain = json_str(json_obj(c->args, "property"), "publisher_domain");
    json_add_str(doc, o, "property_id", id);
    json_add_cstr(doc, o, "property_type", "website");
    json_add_str(doc, o, "name", domain.n ? domain : id);
    if (!domain.n) return;
    yyjson_mut_val *one = json_push_obj(doc, json_add_arr(doc, o, "identifiers"));
    json_add_cstr(doc, one, "type", "domain");
    json_add_str(doc, one, "value", domain);
}

static const struct shelf properties = { CATALOG_PROPERTY, "property_id",        "property",    "property.set",
                                         "property",       catalog_put_property, begin_property };

int tool_x_property_get(struct tool_call *c, struct err *e)
{
    return show(c, &properties, e);
}

int tool_x_property_set(struct tool_call *c, struct err *e)
{
    return set(c, &properties, e);
}
