#include "protocols/rest/operation_routes.h"

#include "contract/limits.h"

static struct str next_segment(struct str *path)
{
    size_t n = 0;
    while (n < path->n && path->p[n] != '/') n++;
    struct str s = { path->p, n };
    *path = str_skip(*path, n + 1);
    return s;
}

static bool path_matches(const char *pattern, struct str path, struct str *segments)
{
    struct str want = str_from(pattern);
    size_t n = 0;
    while (want.n && path.n) {
        struct str w = next_segment(&want), p = next_segment(&path);
        if (w.p[0] == '{') {
            if (!p.n || n == OPERATION_SEGMENTS_MAX) return false;
            segments[n++] = p;
        } else if (!str_eq(w, p)) {
            return false;
        }
    }
    return !want.n && !path.n;
}

static bool takes(const struct operation *o, struct str method)
{
    return str_is(method, o->method) || (str_is(method, "HEAD") && !o->changes);
}

void operation_routes_match(struct arena *a, struct str method, struct str path, struct operation_match *out)
{
    *out = (struct operation_match){ 0 };
    for (size_t i = 0; i < operations_n; i++) {
        struct operation_match m = { .operation = &operations[i] };
        if (!path_matches(operations[i].path, path, m.segments)) continue;
        if (takes(&operations[i], method)) {
            *out = m;
            return;
        }
        out->allow = arena_printf(a, STR_FMT "%s%s%s", STR_ARG(out->allow), out->allow.n ? ", " : "",
                                  operations[i].method, operations[i].changes ? "" : ", HEAD");
    }
}

static yyjson_mut_val *words(yyjson_mut_doc *doc, struct str list)
{
    yyjson_mut_val *arr = yyjson_mut_arr(doc);
    while (list.n) {
        size_t n = 0;
        while (n < list.n && list.p[n] != ',') n++;
        if (n) yyjson_mut_arr_add_strncpy(doc, arr, list.p, n);
        list = str_skip(list, n + 1);
    }
    return arr;
}

/* What a text stands for, by the type of the member; NULL when it is none of that type. */
static yyjson_mut_val *value_of(struct arena *a, yyjson_mut_doc *doc, const struct operation_option *o, struct str v)
{
    yyjson_doc *parsed;
    struct err not_json;
    if (o->nullable && !v.n) return yyjson_mut_null(doc);
    switch (o->type) {
    case OPERATION_TEXT: return yyjson_mut_strncpy(doc, v.p, v.n);
    case OPERATION_LIST: return words(doc, v);
    case OPERATION_FLAG:
        return str_is(v, "true") || str_is(v, "false") ? yyjson_mut_bool(doc, str_is(v, "true")) : NULL;
    case OPERATION_NUMBER:
    case OPERATION_JSON:
        if (json_parse(a, v, &json_limits_value, &parsed, &not_json)) return NULL;
        if (o->type == OPERATION_NUMBER && !yyjson_is_num(yyjson_doc_get_root(parsed))) return NULL;
        return json_copy(doc, yyjson_doc_get_root(parsed));
    }
    return NULL;
}

static const struct operation_option *member_of(const struct operation *o, struct str name)
{
    for (size_t i = 0; i < o->members_n; i++) {
        if (str_is(name, o->members[i].flag)) return &o->members[i];
    }
    return NULL;
}

static int bad_parameter(const struct operation *o, struct str name, const struct operation_option *known,
                         struct err *e)
{
    static const char *const kinds[] = { [OPERATION_TEXT] = "text",
                                         [OPERATION_NUMBER] = "a number",
                                         [OPERATION_FLAG] = "true or false",
                                         [OPERATION_LIST] = "words between commas",
                                         [OPERATION_JSON] = "JSON" };
    if (known) {
        (void)err_set(e, "INVALID_REQUEST", "The query parameter " STR_FMT " must be %s.", STR_ARG(name),
                      kinds[known->type]);
    } else {
        (void)err_set(e, "INVALID_REQUEST", "%s has no parameter " STR_FMT ".", o->name, STR_ARG(name));
    }
    return err_field(e, "/" STR_FMT, STR_ARG(name));
}

static int take_query(struct http_exchange *ex, const struct operation *o, yyjson_mut_doc *doc, yyjson_mut_val *args,
                      struct err *e)
{
    struct http_query q = http_query_start(ex);
    struct str name, text;
    int rc;
    while ((rc = http_query_next(ex, &q, &name, &text)) == 1) {
        const struct operation_option *known = member_of(o, name);
        yyjson_mut_val *value = known ? value_of(&ex->arena, doc, known, text) : NULL;
        if (!value) return bad_parameter(o, name, known, e);
        yyjson_mut_obj_put(args, yyjson_mut_str(doc, known->member), value);
    }
    return rc ? err_set(e, "INVALID_REQUEST", "The query is not percent-encoded correctly.") : 0;
}

static int take_segments(struct http_exchange *ex, const struct operation_match *m, yyjson_mut_doc *doc,
                         yyjson_mut_val *args, struct err *e)
{
    const char *hole = m->operation->path;
    for (size_t i = 0; (hole = strchr(hole, '{')); i++) {
        struct str name = { hole + 1, strcspn(hole + 1, "}") }, text;
        hole += name.n;
        if (http_percent_decode(&ex->arena, m->segments[i], &text))
            return err_set(e, "INVALID_REQUEST", "The path is not percent-encoded correctly.");
        yyjson_mut_val *value = value_of(&ex->arena, doc, member_of(m->operation, name), text);
        if (!value) return bad_parameter(m->operation, name, member_of(m->operation, name), e);
        yyjson_mut_obj_put(args, yyjson_mut_strncpy(doc, name.p, name.n), value);
    }
    return 0;
}

int operation_routes_args(struct http_exchange *ex, const struct operation_match *m, yyjson_val *body,
                          yyjson_mut_doc *doc, yyjson_mut_val **args, struct err *e)
{
    yyjson_mut_val *o = body ? json_copy(doc, body) : yyjson_mut_obj(doc);
    if (take_query(ex, m->operation, doc, o, e) || take_segments(ex, m, doc, o, e)) return -1;
    *args = o;
    return 0;
}
