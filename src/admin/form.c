#include "admin/form.h"

#include "contract/limits.h"

#define ROWS_MAX   100
#define ROWS_SPARE 2 /* empty ones at the end of a table */
#define GROUPS_MAX 6 /* objects within each other */

enum kind {
    FIELD_TEXT,
    FIELD_LONG,
    FIELD_NUMBER,
    FIELD_FLAG,
    FIELD_CHOICE,
    FIELD_CHECKS,
    FIELD_ROWS,
    FIELD_JSON,
    FIELD_GROUP
};

static const char *const kind_names[] = {
    "text", "long", "number", "flag", "choice", "checks", "rows", "json", "group"
};

static yyjson_val *schema_of(struct desk_request *r, const char *operation, const char *argument)
{
    const struct operation *o = operation_find(str_from(operation));
    yyjson_val *schema = o ? json_parse_own(r->arena, str_from(o->arguments_json)) : NULL;
    return json_obj(json_obj(schema, "properties"), argument);
}

/* "string" of "string" and of ["string", "null"]. */
static struct str type_of(yyjson_val *schema)
{
    yyjson_val *type = yyjson_obj_get(schema, "type");
    return json_val_str(yyjson_is_arr(type) ? yyjson_arr_get_first(type) : type);
}

/* A list whose items have no type is of what the page offers (desk_options). */
static enum kind kind_of(yyjson_val *schema)
{
    struct str type = type_of(schema);
    yyjson_val *items = json_obj(schema, "items");
    if (json_arr(schema, "enum")) return FIELD_CHOICE;
    if (str_is(type, "string")) return json_bool_or(schema, "x-multiline", false) ? FIELD_LONG : FIELD_TEXT;
    if (str_is(type, "number") || str_is(type, "integer")) return FIELD_NUMBER;
    if (str_is(type, "boolean")) return FIELD_FLAG;
    if (str_is(type, "object")) return json_obj(schema, "properties") ? FIELD_GROUP : FIELD_JSON;
    if (str_is(type, "array") && (json_arr(items, "enum") || yyjson_obj_size(items) == 0)) return FIELD_CHECKS;
    if (str_is(type, "array") && json_obj(items, "properties")) return FIELD_ROWS;
    return FIELD_JSON;
}

static struct str path_below(struct desk_request *r, struct str path, struct str key)
{
    return arena_printf(r->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(key));
}

static struct str label_of(struct desk_request *r, yyjson_val *schema, struct str key)
{
    struct str title = json_str(schema, "title");
    return title.n ? title : key;
}

/* Is the field in the posted form? An empty one is. */
static bool posted(struct desk_request *r, struct str path, struct str *value)
{
    struct desk_fields f = desk_fields_start(r, arena_cstr(r->arena, path));
    return r->action && desk_fields_next(r, &f, value);
}

/* --- the view --------------------------------------------------------------------------------------------------- */

static struct str text_of(struct desk_request *r, yyjson_mut_val *v)
{
    if (yyjson_mut_is_str(v)) return (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) };
    return v && !yyjson_mut_is_null(v) ? json_write(r->arena, v) : STR_NONE;
}

static yyjson_mut_val *field_new(struct desk_request *r, yyjson_mut_val *list, struct str path, enum kind kind,
                                 yyjson_val *schema, struct str key)
{
    yyjson_mut_val *o = json_push_obj(r->view, list);
    json_add_str(r->view, o, "path", path);
    json_add_cstr(r->view, o, "kind", kind_names[kind]);
    json_add_str(r->view, o, "label", label_of(r, schema, key));
    json_add_str_opt(r->view, o, "help", json_str(schema, "description"));
    json_add_str_opt(r->view, o, "unit", json_str(schema, "x-unit"));
    return o;
}

static void add_choice(struct desk_request *r, yyjson_mut_val *list, struct str value, struct str label, bool chosen)
{
    yyjson_mut_val *o = json_push_obj(r->view, list);
    json_add_str(r->view, o, "value", value);
    json_add_str(r->view, o, "label", label);
    if (chosen) json_add_bool(r->view, o, "chosen", true);
}

/* The first is for nothing said. */
static void add_choices(struct desk_request *r, yyjson_mut_val *o, yyjson_val *schema, struct str value)
{
    static const struct {
        struct str value, label;
    } flags[] = { { STR("true"), STR("yes") }, { STR("false"), STR("no") } };
    yyjson_mut_val *list = json_add_arr(r->view, o, "choices");
    size_t i, n;
    yyjson_val *v;
    add_choice(r, list, STR_NONE, STR("not said"), !value.n);
    yyjson_arr_foreach(json_arr(schema, "enum"), i, n, v) {
        struct str s = json_val_str(v);
        if (s.n) add_choice(r, list, s, s, str_eq(s, value));
    }
    for (i = 0; i < ARRAY_LEN(flags) && kind_of(schema) == FIELD_FLAG; i++)
        add_choice(r, list, flags[i].value, flags[i].label, str_eq(flags[i].value, value));
}

/* Is it in the stored list, as a word or as an object of that id; or in the posted form? */
static bool checked(struct desk_request *r, struct str path, yyjson_mut_val *stored, struct str value)
{
    struct str one;
    size_t i, n;
    yyjson_mut_val *v;
    if (posted(r, path, &one)) {
        struct desk_fields f = desk_fields_start(r, arena_cstr(r->arena, path));
        while (desk_fields_next(r, &f, &one)) {
            if (str_eq(one, value)) return true;
        }
        return false;
    }
    yyjson_mut_arr_foreach(stored, i, n, v) {
        bool own = yyjson_mut_is_obj(v) && !yyjson_mut_obj_get(v, "agent_url");
        if (str_eq(own ? desk_text(v, "id") : text_of(r, v), value)) return true;
    }
    return false;
}

/* What may be chosen; and what is stored without being among that: it must not be lost. */
static void add_checks(struct desk_request *r, yyjson_mut_val *o, struct str path, yyjson_val *schema,
                       yyjson_mut_val *stored, yyjson_mut_val *offered)
{
    yyjson_mut_val *list = json_add_arr(r->view, o, "choices"), *m;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(json_obj(schema, "items"), "enum"), i, n, v) {
        add_choice(r, list, json_val_str(v), json_val_str(v), checked(r, path, stored, json_val_str(v)));
    }
    yyjson_mut_arr_foreach(offered, i, n, m) {
        struct str value = desk_text(m, "value");
        add_choice(r, list, value, desk_text(m, "label"), checked(r, path, stored, value));
    }
    yyjson_mut_arr_foreach(stored, i, n, m) {
        size_t k, all;
        yyjson_mut_val *known;
        bool own = yyjson_mut_is_obj(m) && !yyjson_mut_obj_get(m, "agent_url"), there = false;
        struct str value = own ? desk_text(m, "id") : text_of(r, m);
        yyjson_mut_arr_foreach(list, k, all, known) there = there || str_eq(desk_text(known, "value"), value);
        if (!there) add_choice(r, list, value, value, checked(r, path, stored, value));
    }
}

static void add_leaf(struct desk_request *r, yyjson_mut_val *o, struct str path, yyjson_val *schema,
                     yyjson_mut_val *stored)
{
    struct str value;
    enum kind kind = kind_of(schema);
    if (!posted(r, path, &value)) {
        value = text_of(r, stored);
        if (kind == FIELD_JSON && value.n)
            value = format_value(&(struct format_how){ .arena = r->arena }, SHOW_JSON, json_parse_own(r->arena, value),
                                 NULL);
    }
    json_add_str(r->view, o, "value", value);
    if (stored && !yyjson_mut_is_null(stored)) json_add_bool(r->view, o, "had", true);
    if (kind == FIELD_CHOICE || kind == FIELD_FLAG) add_choices(r, o, schema, value);
}

/* A row for each object, and some for new ones. What the table does not show of an object goes along unseen. */
static void add_rows(struct desk_request *r, yyjson_mut_val *o, struct str path, yyjson_val *schema,
                     yyjson_mut_val *stored)
{
    yyjson_val *properties = json_obj(json_obj(schema, "items"), "properties"), *key, *member;
    yyjson_mut_val *heads = json_add_arr(r->view, o, "heads"), *rows = json_add_arr(r->view, o, "rows");
    size_t i, n, have = yyjson_mut_arr_size(stored);
    yyjson_obj_foreach(properties, i, n, key, member)
        json_push_str(r->view, heads, label_of(r, member, json_val_str(key)));
    for (size_t at = 0; at < have + ROWS_SPARE && at < ROWS_MAX; at++) {
        yyjson_mut_val *row = json_push_obj(r->view, rows), *object = yyjson_mut_arr_get(stored, at);
        yyjson_mut_val *cells = json_add_arr(r->view, row, "cells");
        struct str below = arena_printf(r->arena, STR_FMT ".%zu", STR_ARG(path), at);
        json_add_str(r->view, row, "path", below);
        json_add_str(r->view, row, "base", object ? json_write(r->arena, object) : STR("{}"));
        yyjson_obj_foreach(properties, i, n, key, member) {
            struct str name = json_val_str(key), cell = path_below(r, below, name);
            yyjson_mut_val *f = field_new(r, cells, cell, kind_of(member), member, name);
            add_leaf(r, f, cell, member, yyjson_mut_obj_getn(object, name.p, name.n));
        }
    }
}

static void add_fields(struct desk_request *r, yyjson_mut_val *list, struct str path, yyjson_val *schema,
                       yyjson_mut_val *values, struct desk_options options, int depth)
{
    size_t i, n;
    yyjson_val *key, *member;
    yyjson_obj_foreach(json_obj(schema, "properties"), i, n, key, member) {
        struct str name = json_val_str(key), below = path_below(r, path, name);
        yyjson_mut_val *stored = yyjson_mut_obj_getn(values, name.p, name.n), *o;
        enum kind kind = kind_of(member);
        if (kind == FIELD_GROUP) {
            if (depth > 0) add_fields(r, list, below, member, stored, options, depth - 1);
            continue;
        }
        o = field_new(r, list, below, kind, member, name);
        if (kind == FIELD_ROWS) {
            add_rows(r, o, below, member, stored);
        } else if (kind == FIELD_CHECKS) {
            bool offers = options.member && str_is(name, options.member);
            if (yyjson_mut_arr_size(stored)) json_add_bool(r->view, o, "had", true);
            add_checks(r, o, below, member, stored, offers ? options.list : NULL);
        } else {
            add_leaf(r, o, below, member, stored);
        }
    }
}

void desk_form_add(struct desk_request *r, const char *as, const char *operation, const char *argument,
                   yyjson_mut_val *values, struct desk_options options)
{
    yyjson_mut_val *list = json_add_arr(r->view, r->view->root, as);
    add_fields(r, list, STR("f"), schema_of(r, operation, argument), values, options, GROUPS_MAX);
}

/* --- what comes back -------------------------------------------------------------------------------------------- */

static bool complain(struct desk_request *r, yyjson_val *schema, struct str key, const char *why)
{
    struct str label = label_of(r, schema, key);
    desk_complain(r, arena_cstr(r->arena, arena_printf(r->arena, STR_FMT ": %s", STR_ARG(label), why)));
    return false;
}

/* Had the field a value when the form was made? */
static bool had(struct desk_request *r, struct str path)
{
    struct desk_fields f = desk_fields_start(r, "had");
    struct str one;
    while (desk_fields_next(r, &f, &one)) {
        if (str_eq(one, path)) return true;
    }
    return false;
}

static void put_new(yyjson_mut_doc *doc, yyjson_mut_val *o, struct str key, yyjson_mut_val *value)
{
    yyjson_mut_obj_put(o, yyjson_mut_strncpy(doc, key.p, key.n), value);
}

static bool read_json(struct desk_request *r, struct str text, yyjson_mut_doc *doc, yyjson_mut_val **out)
{
    struct err why;
    yyjson_doc *parsed;
    if (json_parse(r->arena, text, &json_limits_value, &parsed, &why)) return false;
    *out = json_copy(doc, yyjson_doc_get_root(parsed));
    return true;
}

/* Browsers end lines of a form with CR and LF. */
static yyjson_mut_val *lines(struct desk_request *r, yyjson_mut_doc *doc, struct str text)
{
    char *out = arena_alloc(r->arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r') out[n++] = text.p[i];
    }
    return yyjson_mut_strncpy(doc, out, n);
}

/* One value as its text says. */
static bool read_leaf(struct desk_request *r, yyjson_val *schema, struct str key, struct str text, yyjson_mut_doc *doc,
                      yyjson_mut_val **out)
{
    switch (kind_of(schema)) {
    case FIELD_NUMBER:
        if (!read_json(r, text, doc, out) || !yyjson_mut_is_num(*out))
            return complain(r, schema, key, "a number is needed, with a point before its decimals: 12.5");
        return true;
    case FIELD_FLAG: *out = yyjson_mut_bool(doc, str_is(text, "true")); return true;
    case FIELD_JSON:
        if (!read_json(r, text, doc, out)) return complain(r, schema, key, "this is no JSON: {\"name\": \"value\"}");
        return true;
    case FIELD_LONG: *out = lines(r, doc, text); return true;
    case FIELD_TEXT:
    case FIELD_CHOICE:
    case FIELD_CHECKS:
    case FIELD_ROWS:
    case FIELD_GROUP: break;
    }
    *out = yyjson_mut_strncpy(doc, text.p, text.n);
    return true;
}

/* Words of an enum; ids of what the page offered become {id}, and what was an object before is one again. */
static bool read_checks(struct desk_request *r, yyjson_val *schema, struct str path, yyjson_mut_doc *doc,
                        yyjson_mut_val *list)
{
    struct desk_fields f = desk_fields_start(r, arena_cstr(r->arena, path));
    bool words = json_arr(json_obj(schema, "items"), "enum") != NULL;
    struct str one;
    while (desk_fields_next(r, &f, &one)) {
        yyjson_mut_val *object = NULL;
        if (!one.n) continue;
        if (words) json_push_str(doc, list, one);
        else if (one.p[0] == '{' && read_json(r, one, doc, &object)) yyjson_mut_arr_append(list, object);
        else json_add_str(doc, json_push_obj(doc, list), "id", one);
    }
    return true;
}

/* False: a cell cannot be read. *kept: its first member is there. */
static bool read_row(struct desk_request *r, yyjson_val *properties, struct str below, yyjson_mut_doc *doc,
                     yyjson_mut_val *row, bool *kept)
{
    size_t i, n;
    yyjson_val *key, *member;
    yyjson_obj_foreach(properties, i, n, key, member) {
        struct str name = json_val_str(key), text = STR_NONE;
        yyjson_mut_val *value;
        if (!posted(r, path_below(r, below, name), &text)) continue;
        if (i == 0) *kept = text.n > 0;
        if (i == 0 && !*kept) return true;
        if (!text.n) (void)yyjson_mut_obj_remove_strn(row, name.p, name.n); /* when it was there */
        else if (!read_leaf(r, member, name, text, doc, &value)) return false;
        else put_new(doc, row, name, value);
    }
    return true;
}

/* True also without any; *found: there was one, also an empty one. */
static bool read_rows(struct desk_request *r, yyjson_val *schema, struct str path, yyjson_mut_doc *doc,
                      yyjson_mut_val *list, bool *found)
{
    yyjson_val *properties = json_obj(json_obj(schema, "items"), "properties");
    for (size_t at = 0; at < ROWS_MAX; at++) {
        struct str below = arena_printf(r->arena, STR_FMT ".%zu", STR_ARG(path), at), base;
        yyjson_mut_val *row = NULL;
        bool kept = false;
        if (!posted(r, below, &base)) break;
        *found = true;
        if (!read_json(r, base, doc, &row) || !yyjson_mut_is_obj(row)) row = yyjson_mut_obj(doc);
        if (!read_row(r, properties, below, doc, row, &kept)) return false;
        if (kept) yyjson_mut_arr_append(list, row);
    }
    return true;
}

static bool read_fields(struct desk_request *r, yyjson_val *schema, struct str path, yyjson_mut_doc *doc,
                        yyjson_mut_val *patch, int depth);

static bool read_field(struct desk_request *r, yyjson_val *schema, struct str name, struct str path,
                       yyjson_mut_doc *doc, yyjson_mut_val *patch, int depth)
{
    enum kind kind = kind_of(schema);
    struct str text;
    bool found = false;
    yyjson_mut_val *value = NULL, *list = yyjson_mut_arr(doc), *object = yyjson_mut_obj(doc);
    if (kind == FIELD_GROUP) {
        if (depth == 0 || !read_fields(r, schema, path, doc, object, depth - 1)) return depth == 0;
        if (yyjson_mut_obj_size(object)) put_new(doc, patch, name, object);
        return true;
    }
    if (kind == FIELD_ROWS) {
        if (!read_rows(r, schema, path, doc, list, &found)) return false;
        if (found) put_new(doc, patch, name, list);
        return true;
    }
    if (!posted(r, path, &text)) return true;
    if (kind == FIELD_CHECKS) {
        if (!read_checks(r, schema, path, doc, list)) return false;
        if (yyjson_mut_arr_size(list)) put_new(doc, patch, name, list);
        else if (had(r, path)) put_new(doc, patch, name, yyjson_mut_null(doc));
        return true;
    }
    if (!text.n) {
        if (had(r, path)) put_new(doc, patch, name, yyjson_mut_null(doc));
        return true;
    }
    if (!read_leaf(r, schema, name, text, doc, &value)) return false;
    put_new(doc, patch, name, value);
    return true;
}

static bool read_fields(struct desk_request *r, yyjson_val *schema, struct str path, yyjson_mut_doc *doc,
                        yyjson_mut_val *patch, int depth)
{
    size_t i, n;
    yyjson_val *key, *member;
    yyjson_obj_foreach(json_obj(schema, "properties"), i, n, key, member) {
        struct str name = json_val_str(key);
        if (!read_field(r, member, name, path_below(r, path, name), doc, patch, depth)) return false;
    }
    return true;
}

bool desk_form_read(struct desk_request *r, const char *operation, const char *argument, yyjson_mut_doc *doc,
                    yyjson_mut_val *patch)
{
    return read_fields(r, schema_of(r, operation, argument), STR("f"), doc, patch, GROUPS_MAX);
}
