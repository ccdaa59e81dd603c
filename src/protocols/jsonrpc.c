#include "protocols/jsonrpc.h"

struct str jsonrpc_result(struct arena *a, struct str id, struct str result)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":", middle[] = ",\"result\":";
    if (!id.n) id = STR("null");
    size_t n = sizeof(head) - 1 + id.n + sizeof(middle) - 1 + result.n + 1;
    char *out = arena_alloc_raw(a, n + 1), *p = out;
    p = mempcpy(p, head, sizeof(head) - 1);
    p = mempcpy(p, id.p, id.n);
    p = mempcpy(p, middle, sizeof(middle) - 1);
    p = mempcpy(p, result.p, result.n);
    *p = '}';
    return (struct str){ out, n };
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
