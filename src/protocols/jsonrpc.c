#include "protocols/jsonrpc.h"

/* With room for so many bytes behind it; *end is where they go. */
static char *begin_result(struct arena *a, struct str id, size_t more, char **end)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":", middle[] = ",\"result\":";
    if (!id.n) id = STR("null");
    char *out = arena_alloc_raw(a, sizeof(head) - 1 + id.n + sizeof(middle) - 1 + more);
    char *p = mempcpy(out, head, sizeof(head) - 1);
    p = mempcpy(p, id.p, id.n);
    *end = mempcpy(p, middle, sizeof(middle) - 1);
    return out;
}

struct str jsonrpc_result_lead(struct arena *a, struct str id)
{
    char *end, *out = begin_result(a, id, 0, &end);
    return (struct str){ out, (size_t)(end - out) };
}

struct str jsonrpc_result(struct arena *a, struct str id, struct str result)
{
    char *end, *out = begin_result(a, id, result.n + 1, &end);
    end = mempcpy(end, result.p, result.n);
    *end++ = '}';
    return (struct str){ out, (size_t)(end - out) };
}

struct str jsonrpc_error(struct arena *a, struct str id, int code, const char *message, struct str data)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "jsonrpc", "2.0");
    json_add_raw(doc, root, "id", id.n ? id : STR("null"));
    yyjson_mut_val *error = json_add_obj(doc, root, "error");
    json_add_i64(doc, error, "code", code);
    json_add_cstr(doc, error, "message", message);
    json_add_raw(doc, error, "data", data);
    return json_write(a, root);
}

struct str jsonrpc_id(struct arena *a, yyjson_val *request)
{
    yyjson_val *id = yyjson_obj_get(request, "id");
    if (yyjson_is_str(id) || yyjson_is_int(id) || yyjson_is_null(id)) return json_write_val(a, id);
    return STR_NONE;
}
