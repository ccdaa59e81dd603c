#include "protocols/rest/openapi.h"

#include "base/buf.h"
#include "contract/validate.h"
#include "protocols/rest/rest_routes.h"
#include "tools/tool.h"

static bool listed(const struct tool *t, bool sandbox)
{
    return !t->hidden && (!t->sandbox_only || sandbox);
}

static void add_content(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *type, struct str schema)
{
    yyjson_mut_val *media = json_add_obj(doc, json_add_obj(doc, o, "content"), type);
    json_add_raw(doc, media, "schema", schema);
}

static void add_responses(yyjson_mut_doc *doc, yyjson_mut_val *op, struct str schema)
{
    yyjson_mut_val *responses = json_add_obj(doc, op, "responses");
    yyjson_mut_val *ok = json_add_obj(doc, responses, "200");
    json_add_cstr(doc, ok, "description", "The operation's result.");
    add_content(doc, ok, "application/json", schema);
    yyjson_mut_val *failed = json_add_obj(doc, responses, "default");
    json_add_cstr(doc, failed, "description", "What went wrong: problem details with the AdCP error.");
    add_content(doc, failed, "application/problem+json", STR("{\"$ref\":\"#/components/schemas/Problem\"}"));
}

/* "tasks_get_request": names of components have no slash. */
static const char *schema_name(struct arena *a, const struct tool *t, const char *side)
{
    struct str s = arena_printf(a, "%s_%s", t->name, side);
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] == '/' ? '_' : s.p[i];
    return p;
}

static struct str ref(struct arena *a, const struct tool *t, const char *side)
{
    return arena_printf(a, "{\"$ref\":\"#/components/schemas/%s\"}", schema_name(a, t, side));
}

static yyjson_mut_val *add_operation(yyjson_mut_doc *doc, yyjson_mut_val *path, const char *method, const char *id,
                                     const struct tool *t)
{
    yyjson_mut_val *op = json_add_obj(doc, path, method);
    json_add_cstr(doc, op, "operationId", id);
    json_add_cstr(doc, op, "summary", t->title);
    json_add_cstr(doc, op, "description", t->description);
    json_push_str(doc, json_add_arr(doc, op, "tags"), str_from(t->protocol));
    if (t->auth == TOOL_PUBLIC) yyjson_mut_arr_append(json_add_arr(doc, op, "security"), yyjson_mut_obj(doc));
    return op;
}

static void add_tool_path(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *paths, const struct tool *t)
{
    const char *key = arena_printf(a, "/%s", t->name).p;
    yyjson_mut_val *op = add_operation(doc, json_add_obj(doc, paths, key), "post", t->name, t);
    add_content(doc, json_add_obj(doc, op, "requestBody"), "application/json", ref(a, t, "request"));
    add_responses(doc, op, ref(a, t, "response"));
}

static const char *lower(struct arena *a, const char *method)
{
    char *out = arena_alloc(a, strlen(method) + 1);
    for (size_t i = 0; method[i]; i++) out[i] = (char)(method[i] | 0x20);
    return out;
}

static void add_parameters(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *op, const struct rest_route *r)
{
    static const char *const schemas[] = { "{\"type\":\"string\"}", "{\"type\":\"string\"}", "{\"type\":\"integer\"}",
                                           "{\"type\":\"boolean\"}" };
    yyjson_mut_val *list = NULL;
    if (r->path_arg || r->params) list = json_add_arr(doc, op, "parameters");
    if (r->path_arg) {
        yyjson_mut_val *p = json_push_obj(doc, list);
        json_add_cstr(doc, p, "name", "id");
        json_add_cstr(doc, p, "in", "path");
        json_add_bool(doc, p, "required", true);
        json_add_raw(doc, p, "schema", STR("{\"type\":\"string\"}"));
    }
    for (const struct rest_param *q = r->params; q && q->query; q++) {
        yyjson_mut_val *p = json_push_obj(doc, list);
        json_add_cstr(doc, p, "name", q->query);
        json_add_cstr(doc, p, "in", "query");
        json_add_cstr(doc, p, "description", q->about);
        json_add_raw(doc, p, "schema", str_from(schemas[q->kind]));
    }
}

/* "media-buys/{}" -> "/media-buys/{id}" */
static const char *path_key(struct arena *a, const char *pattern)
{
    const char *hole = strstr(pattern, "{}");
    if (!hole) return arena_printf(a, "/%s", pattern).p;
    return arena_printf(a, "/%.*s{id}%s", (int)(hole - pattern), pattern, hole + 2).p;
}

static void add_route_paths(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *paths, bool sandbox)
{
    for (size_t i = 0; i < rest_routes_n; i++) {
        const struct rest_route *r = &rest_routes[i];
        const struct tool *t = tool_find(str_from(r->tool));
        if (!t || !listed(t, sandbox)) continue;
        const char *key = path_key(a, r->path);
        yyjson_mut_val *path = yyjson_mut_obj_get(paths, key);
        if (!path) path = json_add_obj(doc, paths, key);
        const char *method = lower(a, r->method);
        const char *id = arena_printf(a, "%s_%zu_%s", method, i, t->name).p;
        yyjson_mut_val *op = add_operation(doc, path, method, id, t);
        add_parameters(a, doc, op, r);
        if (strcmp(r->method, "GET") != 0) {
            add_content(doc, json_add_obj(doc, op, "requestBody"), "application/json", ref(a, t, "request"));
        }
        add_responses(doc, op, ref(a, t, "response"));
    }
}

#define DEFS "\"#/$defs/"

/* References into the schema's own $defs lead to components instead. Within texts the quotes would be escaped. */
static struct str with_refs(struct arena *a, struct str text, const char *name)
{
    struct str to = arena_printf(a, "\"#/components/schemas/%s.", name), from = STR(DEFS);
    struct buf b;
    buf_init(&b, text.n + (text.n / from.n + 1) * to.n + 1); /* were all of it references */
    while (text.n) {
        const char *at = memmem(text.p, text.n, from.p, from.n);
        size_t n = at ? (size_t)(at - text.p) : text.n;
        buf_add(&b, (struct str){ text.p, n });
        if (at) buf_add(&b, to);
        text = str_skip(text, at ? n + from.n : n);
    }
    struct str out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return out;
}

/* A published schema as components: itself, and what it defines beside it ("create_media_buy_request.core.price"), because
 * programs that read OpenAPI follow references from the root of the document only. */
static void add_published(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *schemas, const struct contract *c,
                          const char *name)
{
    yyjson_val *root = json_parse_own(a, with_refs(a, contract_schema_json(a, c), name)), *k, *v;
    yyjson_mut_val *whole = json_copy(doc, root);
    (void)yyjson_mut_obj_remove_key(whole, "$defs"); /* where there is one */
    json_add_val(doc, schemas, name, whole);
    size_t i, n;
    yyjson_obj_foreach(json_obj(root, "$defs"), i, n, k, v) {
        json_add_copy(doc, schemas, arena_printf(a, "%s.%s", name, yyjson_get_str(k)).p, v);
    }
}

static void add_request(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *schemas, const struct tool *t)
{
    const char *name = schema_name(a, t, "request");
    const struct contract *c = contract_find(ADCP_LINE_NEWEST, t->name, CONTRACT_REQUEST);
    if (c) add_published(a, doc, schemas, c, name);
    else json_add_raw(doc, schemas, name, STR("{\"type\":\"object\"}"));
}

/* Who names no version is answered in an older line, so a reply is of one or the other. */
static void add_response(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *schemas, const struct tool *t)
{
    static const enum adcp_line lines[] = { ADCP_LINE_NEWEST, ADCP_LINE_UNPINNED };
    yyjson_mut_val *any = json_add_arr(doc, json_add_obj(doc, schemas, schema_name(a, t, "response")), "anyOf");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const struct contract *c = contract_find(lines[i], t->name, CONTRACT_RESPONSE);
        const char *name = arena_printf(a, "%s_%s", schema_name(a, t, "response"), adcp_releases[lines[i]].line).p;
        if (!c) continue;
        add_published(a, doc, schemas, c, name);
        json_add_cstr(doc, json_push_obj(doc, any), "$ref", arena_printf(a, "#/components/schemas/%s", name).p);
    }
    if (yyjson_mut_arr_size(any) == 0) json_add_cstr(doc, json_push_obj(doc, any), "type", "object");
}

static void add_components(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *root, bool sandbox)
{
    yyjson_mut_val *components = json_add_obj(doc, root, "components");
    json_add_raw(doc, components, "securitySchemes",
                 STR("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                     "\"token\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"x-adcp-auth\"}}"));
    yyjson_mut_val *schemas = json_add_obj(doc, components, "schemas");
    json_add_raw(doc, schemas, "Problem",
                 STR("{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"},\"status\":{\"type\":"
                     "\"integer\"},\"detail\":{\"type\":\"string\"},\"adcp_error\":{\"type\":\"object\"}}}"));
    for (size_t i = 0; i < tool_table_n; i++) {
        const struct tool *t = &tool_table[i];
        if (!listed(t, sandbox)) continue;
        add_request(a, doc, schemas, t);
        add_response(a, doc, schemas, t);
    }
}

struct str openapi_document(struct arena *a, bool sandbox)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "openapi", "3.1.0");
    json_add_raw(doc, root, "info",
                 STR("{\"title\":\"Publisher sales agent (AdCP)\",\"version\":\"" SALESAGENT_VERSION "\","
                     "\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}}"));
    json_add_raw(doc, root, "servers", STR("[{\"url\":\"/api/v1\"}]"));
    json_add_raw(doc, root, "security", STR("[{\"bearer\":[]},{\"token\":[]}]"));
    yyjson_mut_val *paths = json_add_obj(doc, root, "paths");
    add_route_paths(a, doc, paths, sandbox);
    for (size_t i = 0; i < tool_table_n; i++) {
        /* A name with a slash ("tasks/get") is a tool of MCP only; REST has /tasks/{id}. */
        if (listed(&tool_table[i], sandbox) && !strchr(tool_table[i].name, '/')) {
            add_tool_path(a, doc, paths, &tool_table[i]);
        }
    }
    add_components(a, doc, root, sandbox);
    return json_write(a, root);
}

/* --- /docs ------------------------------------------------------------------------------------------------- */

static const char page_head[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Sales agent API</title><style>:root{color-scheme:light dark}h2{font-size:1.2rem;overflow-wrap:anywhere}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;"
    "padding:1rem}code{background:#eee;padding:.1em .3em;border-radius:3px}section{border-top:1px solid #ccc;"
    "padding:.5rem 0}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;"
    "vertical-align:top}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}code{background:#333}}"
    "</style><h1>Sales agent API</h1><p>Every operation below works the same over MCP (<code>/mcp</code>), A2A "
    "(<code>/a2a</code>) and REST (<code>POST /api/v1/&lt;operation&gt;</code>). Send your token as "
    "<code>Authorization: Bearer</code> or <code>x-adcp-auth</code>. The machine-readable description is "
    "<a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p>";

static void add_html(struct buf *b, const char *text)
{
    for (const char *p = text; *p; p++) {
        switch (*p) {
        case '<': buf_add(b, STR("&lt;")); break;
        case '>': buf_add(b, STR("&gt;")); break;
        case '&': buf_add(b, STR("&amp;")); break;
        case '"': buf_add(b, STR("&quot;")); break;
        default: buf_add_char(b, *p);
        }
    }
}

static void add_route_rows(struct buf *b, struct arena *a, const struct tool *t)
{
    for (size_t i = 0; i < rest_routes_n; i++) {
        if (strcmp(rest_routes[i].tool, t->name) != 0) continue;
        buf_add(b, STR("<br><code>"));
        add_html(b, rest_routes[i].method);
        buf_add(b, STR(" /api/v1"));
        add_html(b, path_key(a, rest_routes[i].path));
        buf_add(b, STR("</code>"));
    }
}

struct str docs_page(struct arena *a, bool sandbox)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, STR(page_head));
    for (size_t i = 0; i < tool_table_n; i++) {
        const struct tool *t = &tool_table[i];
        if (!listed(t, sandbox)) continue;
        buf_add(&b, STR("<section><h2 id=\""));
        add_html(&b, t->name);
        buf_add(&b, STR("\"><code>"));
        add_html(&b, t->name);
        buf_add(&b, STR("</code></h2><p>"));
        add_html(&b, t->description);
        buf_add(&b, STR("</p><p>"));
        buf_add(&b, t->kind == TOOL_READ ? STR("Reads.") : STR("Writes."));
        buf_add(&b, t->auth == TOOL_PUBLIC ? STR(" Works without a token.") : STR(" Needs a token."));
        if (t->idempotency == IDEM_REQUIRED) buf_add(&b, STR(" Needs an <code>idempotency_key</code>."));
        add_route_rows(&b, a, t);
        buf_add(&b, STR("</p></section>"));
    }
    docs_operations(&b);
    ENSURE(!b.overflowed);
    struct str page = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return page;
}
