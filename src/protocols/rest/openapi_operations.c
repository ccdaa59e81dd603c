/* The operator's part of the OpenAPI document, and of /docs: made of the manifest alone. */
#include "protocols/rest/openapi.h"

#include "contract/json.h"
#include "contract/operation.h"
#include "protocols/html.h"

static struct str ref(struct arena *a, const struct operation *o, const char *side)
{
    return arena_printf(a, "{\"$ref\":\"#/components/schemas/%s_%s\"}", o->name, side);
}

static void add_content(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *type, struct str schema)
{
    json_add_raw(doc, json_add_obj(doc, json_add_obj(doc, o, "content"), type), "schema", schema);
}

static bool in_path(const struct operation *o, const char *member)
{
    size_t n = strlen(member);
    for (const char *hole = strchr(o->path, '{'); hole; hole = strchr(hole + 1, '{')) {
        if (strncmp(hole + 1, member, n) == 0 && hole[n + 1] == '}') return true;
    }
    return false;
}

/* The member's own schema, cut out of the arguments'. */
static yyjson_val *member_schema(yyjson_val *arguments, const char *member)
{
    return yyjson_obj_get(json_obj(arguments, "properties"), member);
}

static void add_parameter(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct operation_option *m,
                          yyjson_val *schema, const char *where)
{
    yyjson_mut_val *p = json_push_obj(doc, list);
    json_add_cstr(doc, p, "name", m->flag);
    json_add_cstr(doc, p, "in", where);
    if (m->required) json_add_bool(doc, p, "required", true);
    json_add_cstr(doc, p, "description", m->about);
    if (m->type == OPERATION_LIST) {
        json_add_cstr(doc, p, "style", "form");
        json_add_bool(doc, p, "explode", false);
    }
    json_add_copy(doc, p, "schema", schema);
}

static void add_parameters(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *op, const struct operation *o)
{
    yyjson_val *arguments = json_parse_own(a, str_from(o->arguments_json));
    yyjson_mut_val *list = json_add_arr(doc, op, "parameters");
    for (size_t i = 0; i < o->members_n; i++) {
        const struct operation_option *m = &o->members[i];
        yyjson_val *schema = member_schema(arguments, m->flag);
        if (in_path(o, m->flag)) {
            add_parameter(doc, list, m, schema, "path");
        } else if (!o->changes) {
            add_parameter(doc, list, m, schema, "query");
        }
    }
    if (o->changes) {
        yyjson_mut_val *key = json_push_obj(doc, list);
        json_add_cstr(doc, key, "name", "Idempotency-Key");
        json_add_cstr(doc, key, "in", "header");
        json_add_cstr(doc, key, "description", "Instead of idempotency_key in the body.");
        json_add_raw(doc, key, "schema", STR("{\"type\":\"string\",\"minLength\":16,\"maxLength\":255}"));
    }
}

static const char *role_name(enum operation_role role)
{
    static const char *const names[] = { [OPERATION_VIEWER] = "viewer",
                                         [OPERATION_OPERATOR] = "operator",
                                         [OPERATION_ADMINISTRATOR] = "administrator",
                                         [OPERATION_INSTALLATION] = "installation" };
    return names[role];
}

static void add_operation(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *paths, const struct operation *o)
{
    static const struct {
        const char *method, *member;
    } methods[] = {
        { "GET", "get" }, { "POST", "post" }, { "PATCH", "patch" }, { "PUT", "put" }, { "DELETE", "delete" }
    };
    const char *key = arena_printf(a, "/%s", o->path).p, *member = "post";
    yyjson_mut_val *path = yyjson_mut_obj_get(paths, key);
    if (!path) path = json_add_obj(doc, paths, key);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(o->method, methods[i].method) == 0) member = methods[i].member;
    }
    yyjson_mut_val *op = json_add_obj(doc, path, member);
    json_add_cstr(doc, op, "operationId", o->name);
    json_add_cstr(doc, op, "summary", o->title);
    json_add_cstr(doc, op, "description",
                  arena_printf(a, "%s %s For the role %s%s.", o->help, o->answers, role_name(o->role),
                               o->role <= OPERATION_OPERATOR ? " and above" : "")
                      .p);
    add_parameters(a, doc, op, o);
    if (o->changes) add_content(doc, json_add_obj(doc, op, "requestBody"), "application/json", ref(a, o, "arguments"));
    yyjson_mut_val *responses = json_add_obj(doc, op, "responses"), *ok = json_add_obj(doc, responses, "200");
    json_add_cstr(doc, ok, "description", o->answers);
    add_content(doc, ok, "application/json", ref(a, o, "answer"));
    yyjson_mut_val *failed = json_add_obj(doc, responses, "default");
    json_add_cstr(doc, failed, "description",
                  "What went wrong: problem details with the error's code, field and remedy.");
    add_content(doc, failed, "application/problem+json", STR("{\"$ref\":\"#/components/schemas/Problem\"}"));
}

/* What the path says already is not asked for in the body. */
static void add_body_schema(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *schemas, const struct operation *o)
{
    yyjson_mut_val *schema = json_copy(doc, json_parse_own(a, str_from(o->arguments_json)));
    yyjson_mut_val *required = yyjson_mut_obj_get(schema, "required"), *name;
    yyjson_mut_val *left = yyjson_mut_arr(doc);
    size_t i, n;
    yyjson_mut_arr_foreach(required, i, n, name) {
        const char *text = yyjson_mut_get_str(name);
        if (strcmp(text, "idempotency_key") != 0 && !in_path(o, text)) json_push_str(doc, left, str_from(text));
    }
    (void)yyjson_mut_obj_remove_key(schema, "required"); /* where there is one */
    if (yyjson_mut_arr_size(left)) json_add_val(doc, schema, "required", left);
    json_add_val(doc, schemas, arena_printf(a, "%s_arguments", o->name).p, schema);
}

struct str openapi_operations(struct arena *a)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "openapi", "3.1.0");
    json_add_raw(
        doc, root, "info",
        STR("{\"title\":\"Publisher sales agent: the publisher's own operations\",\"version\":\"" SALESAGENT_VERSION
            "\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}}"));
    json_add_raw(doc, root, "servers", STR("[{\"url\":\"/api/v1\"}]"));
    json_add_raw(doc, root, "security", STR("[{\"bearer\":[]},{\"token\":[]}]"));
    yyjson_mut_val *paths = json_add_obj(doc, root, "paths"), *components = json_add_obj(doc, root, "components");
    json_add_raw(doc, components, "securitySchemes",
                 STR("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                     "\"token\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"x-adcp-auth\"}}"));
    yyjson_mut_val *schemas = json_add_obj(doc, components, "schemas");
    json_add_raw(doc, schemas, "Problem",
                 STR("{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"},\"status\":{\"type\":"
                     "\"integer\"},\"detail\":{\"type\":\"string\"},\"adcp_error\":{\"type\":\"object\"}}}"));
    for (size_t i = 0; i < operations_n; i++) {
        add_operation(a, doc, paths, &operations[i]);
        if (operations[i].changes) add_body_schema(a, doc, schemas, &operations[i]);
        json_add_raw(doc, schemas, arena_printf(a, "%s_answer", operations[i].name).p,
                     str_from(operations[i].answer_json));
    }
    return json_write(a, root);
}

/* ---- /docs ---- */

static void add_commands(struct buf *b, const struct operation *o)
{
    for (size_t i = 0; i < operation_commands_n; i++) {
        const struct operation_command *c = &operation_commands[i];
        for (size_t k = 0; k < c->verbs_n; k++) {
            if (c->verbs[k].operation != o) continue;
            buf_add(b, STR("<br><code>salesagent "));
            html_text(b, str_from(c->name));
            buf_add_char(b, ' ');
            html_text(b, str_from(c->verbs[k].name));
            for (const struct operation_word *w = c->verbs[k].words; w->member; w++) {
                buf_add_char(b, ' ');
                html_text(b, str_from(w->value));
            }
            buf_add(b, STR("</code>"));
        }
    }
}

void docs_operations(struct buf *b)
{
    buf_add(
        b,
        STR("<h1 id=\"publisher\">For the publisher's people</h1><p>The same over MCP (<code>/mcp</code>, with "
            "<code>?tools=publisher</code> for these alone), A2A, REST and the command line, for a person's token. The "
            "machine-readable description is <a href=\"/api/v1/publisher/openapi.json\">/api/v1/publisher/openapi.json"
            "</a>.</p>"));
    for (size_t i = 0; i < operations_n; i++) {
        const struct operation *o = &operations[i];
        buf_addf(b, "<section><h2 id=\"%s\"><code>%s</code></h2><p>", o->name, o->name);
        html_text(b, str_from(o->help));
        buf_add_char(b, ' ');
        html_text(b, str_from(o->answers));
        buf_addf(b, "</p><p>%s For the role <code>%s</code>%s.", o->changes ? "Changes something." : "Reads.",
                 role_name(o->role), o->role <= OPERATION_OPERATOR ? " and above" : "");
        if (o->decides) buf_add(b, STR(" A token must have been given the right to decide."));
        buf_addf(b, "<br><code>%s /api/v1/%s</code>", o->method, o->path);
        add_commands(b, o);
        buf_add(b, STR("</p></section>"));
    }
}
