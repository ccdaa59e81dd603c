#include "protocols/mcp/mcp_tools.h"

#include "base/buf.h"
#include "contract/validate.h"
#include "protocols/auth.h"
#include "protocols/http_call_headers.h"
#include "protocols/member_help.h"
#include "tools/core/honour.h"

#define SHORT_LEVELS   1 /* of the tools a buyer needs most; of the others none below the first */
#define ENUM_SHORT     12
#define OUTLINE_LEVELS 2
#define LIST_BYTES_MAX ((size_t)8 << 20)

/* How much a list says of the tools' arguments. A schema is complete or open, never partial: clients strip what a partial
 * list leaves out. So all of them name every member of the first level. SHORT, the default, says its type and, of the
 * tools a buyer needs most, what it means: language models pay for every word. OUTLINE has one level more; FULL is
 * complete, a hundred thousand tokens together, for programs that validate. */
enum schemas { SCHEMAS_SHORT, SCHEMAS_OUTLINE, SCHEMAS_FULL, SCHEMAS_N };

/* Which of AdCP's tools, how. */
struct tools_wanted {
    bool sandbox, reading;
    enum schemas schemas;
};

/* What MCP says is meaningless for tools that only read, and the title a second time, are left out of the short list. */
static void add_annotations(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct tool *t, bool all)
{
    yyjson_mut_val *a = json_add_obj(doc, o, "annotations");
    if (all) json_add_cstr(doc, a, "title", t->title);
    json_add_bool(doc, a, "readOnlyHint", t->kind == TOOL_READ);
    if (all) json_add_bool(doc, a, "openWorldHint", false);
    if (!all && t->kind == TOOL_READ) return;
    json_add_bool(doc, a, "destructiveHint", t->destructive);
    json_add_bool(doc, a, "idempotentHint", t->kind == TOOL_READ || t->idempotency != IDEM_NONE);
}

/* A plain object, as AdCP 3.2's own projections for MCP have it: interfaces of language models refuse alternatives and
 * conditions at the top of a tool's input. What parts name goes to the members; which of them go together, errors say. */
static void make_plain(yyjson_mut_doc *doc, yyjson_mut_val *root, yyjson_mut_val *members, yyjson_val *parts)
{
    static const char *const dropped[] = { "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies" };
    yyjson_val *part, *key, *member;
    size_t i, n, j, m;
    yyjson_arr_foreach(parts, i, n, part) {
        yyjson_obj_foreach(json_obj(part, "properties"), j, m, key, member) {
            const char *name = yyjson_get_str(key);
            if (!yyjson_mut_obj_get(members, name)) json_add_copy(doc, members, name, member);
        }
    }
    for (i = 0; i < ARRAY_LEN(dropped); i++) (void)yyjson_mut_obj_remove_key(root, dropped[i]); /* absent is fine */
}

/* How long a text may be is told when one is too long; what means the same everywhere is said in words. */
static void trim(yyjson_mut_val *member, bool shared)
{
    static const char *const finer[] = { "minLength", "maxLength", "pattern", "format" };
    static const char *const inner[] = { "properties", "required", "additionalProperties", "anyOf", "oneOf", "allOf" };
    if (!yyjson_mut_is_obj(member)) return;
    for (size_t i = 0; shared && i < ARRAY_LEN(inner); i++)
        (void)yyjson_mut_obj_remove_key(member, inner[i]); /* likewise */
    for (size_t i = 0; i < ARRAY_LEN(finer); i++)
        (void)yyjson_mut_obj_remove_key(member, finer[i]); /* absent is fine */
    if (yyjson_mut_arr_size(yyjson_mut_obj_get(member, "enum")) > ENUM_SHORT)
        (void)yyjson_mut_obj_remove_key(member, "enum");
}

/* Adds to the members of an outlined schema what they mean; long lists of words are for the complete one. */
static struct str with_help(struct arena *a, const char *tool, const struct contract *contract)
{
    struct str schema = contract_schema_outline(a, contract, member_help_has(tool) ? SHORT_LEVELS : 0);
    yyjson_val *deeper = json_parse_own(a, contract_schema_outline(a, contract, SHORT_LEVELS));
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_copy(doc, json_parse_own(a, schema)), *key;
    yyjson_mut_val *members = yyjson_mut_obj_get(root, "properties");
    yyjson_mut_obj_iter it;
    if (!members) return schema;
    make_plain(doc, root, members, json_arr(deeper, "allOf"));
    yyjson_mut_obj_iter_init(members, &it);
    while ((key = yyjson_mut_obj_iter_next(&it))) {
        struct str name = { yyjson_mut_get_str(key), yyjson_mut_get_len(key) };
        const char *help = member_help(tool, name);
        yyjson_mut_val *member = yyjson_mut_obj_iter_get_val(key);
        if (yyjson_mut_is_true(member)) (void)yyjson_mut_set_obj(member); /* MCP has objects only: {} is the same */
        if (yyjson_mut_is_obj(member) && honour_refuses(tool, name)) { /* named, because clients strip what is not */
            (void)yyjson_mut_obj_clear(member);
            help = "Refused.";
        }
        trim(member, member_help_shared(name));
        if (help && yyjson_mut_is_obj(member)) json_add_cstr(doc, member, "description", help);
    }
    return json_write(a, root);
}

static size_t members_named(struct arena *a, const struct contract *c)
{
    yyjson_val *schema = c ? json_parse_own(a, contract_schema_outline(a, c, 0)) : NULL;
    return yyjson_obj_size(json_obj(schema, "properties"));
}

/* The line whose schema names most on its first level, the newest of equals: clients strip what is not named there, and a
 * newer line may name it in parts that it refers to (provide_performance_feedback in 3.2). */
static const struct contract *most_named(struct arena *a, const struct tool *t)
{
    const struct contract *best = NULL;
    size_t most = 0;
    for (int line = ADCP_LINE_NEWEST; line >= ADCP_LINE_STORED; line--) {
        const struct contract *c = contract_find((enum adcp_line)line, t->name, CONTRACT_REQUEST);
        size_t n = members_named(a, c);
        if (!best || n > most) best = c, most = n;
    }
    return best;
}

static struct str input_schema(struct arena *a, const struct tool *t, enum schemas schemas)
{
    if (t->operation) return str_from(t->operation->arguments_json);
    const struct contract *contract = most_named(a, t);
    if (!contract) return STR("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":true}");
    if (schemas == SCHEMAS_SHORT) return with_help(a, t->name, contract);
    if (schemas == SCHEMAS_OUTLINE) return contract_schema_outline(a, contract, OUTLINE_LEVELS);
    return contract_schema_json(a, contract);
}

static void add_tool(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *list, const struct tool *t,
                     enum schemas schemas)
{
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "name", t->name);
    json_add_cstr(doc, o, "title", t->title);
    json_add_cstr(doc, o, "description", t->description);
    json_add_raw(doc, o, "inputSchema", input_schema(a, t, schemas));
    add_annotations(doc, o, t, schemas != SCHEMAS_SHORT);
}

static struct str adcp_tools(struct arena *a, const void *arg)
{
    const struct tools_wanted *w = arg;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < tool_table_n; i++) {
        const struct tool *t = &tool_table[i];
        if (t->hidden || (t->sandbox_only && !w->sandbox) || (w->reading && t->kind != TOOL_READ)) continue;
        /* "tasks/get": clients of language models refuse a whole list for such a name; get_task_status is the same. */
        if (w->schemas == SCHEMAS_SHORT && strchr(t->name, '/')) continue;
        add_tool(a, doc, list, t, w->schemas);
    }
    return json_write(a, list);
}

static struct str cached_adcp_tools(struct dispatcher *d, bool reading, enum schemas schemas)
{
    static const enum cached_document names[2][SCHEMAS_N] = {
        { DOCUMENT_TOOLS, DOCUMENT_TOOLS_OUTLINED, DOCUMENT_TOOLS_FULL },
        { DOCUMENT_TOOLS_READING, DOCUMENT_TOOLS_READING_OUTLINED, DOCUMENT_TOOLS_READING_FULL },
    };
    struct tools_wanted w = { .sandbox = d->sandbox, .reading = reading, .schemas = schemas };
    return document_cache_text(&d->documents, names[reading][schemas], adcp_tools, &w);
}

/* Whose token it is; false for buyers, strangers and credentials that are not accepted. */
static bool is_person(struct dispatcher *d, struct http_exchange *ex, struct principal *who)
{
    struct call *c = ARENA_NEW(&ex->arena, struct call);
    struct err refused;
    c->arena = &ex->arena;
    c->transport = TRANSPORT_MCP;
    c->dispatcher = d;
    call_headers_read(ex, &c->headers);
    if (auth_identify(c, store_read(d->store), loop_now(d->loop), &refused) || !c->authenticated) return false;
    *who = c->principal;
    return who->role != ROLE_BUYER;
}

static bool may_call(const struct principal *who, const struct tool *t)
{
    if (!tool_permits(t, who->role) || (who->read_only && t->kind != TOOL_READ)) return false;
    return who->may_decide || !t->decides;
}

static struct str operations_of(struct arena *a, const struct principal *who)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < operation_tools_n; i++) {
        if (may_call(who, &operation_tools[i])) add_tool(a, doc, list, &operation_tools[i], SCHEMAS_FULL);
    }
    return json_write(a, list);
}

/* "[1,2]" and "[3]" make "[1,2,3]". */
static struct str joined(struct arena *a, struct str first, struct str second)
{
    struct buf b;
    buf_init(&b, LIST_BYTES_MAX);
    buf_add(&b, (struct str){ first.p, first.n - 1 });
    if (first.n > 2 && second.n > 2) buf_add_char(&b, ',');
    buf_add(&b, str_skip(second, 1));
    struct str s = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return s;
}

static enum schemas schemas_asked(struct http_exchange *ex)
{
    struct str wanted;
    if (!http_req_query(ex, "schemas", &wanted)) return SCHEMAS_SHORT;
    return str_is(wanted, "full") ? SCHEMAS_FULL : str_is(wanted, "outline") ? SCHEMAS_OUTLINE : SCHEMAS_SHORT;
}

void mcp_tools_list(struct dispatcher *d, struct http_exchange *ex, struct mcp_tools *out)
{
    struct str wanted = STR_NONE;
    struct principal who;
    enum schemas schemas = schemas_asked(ex);
    if (!is_person(d, ex, &who)) {
        *out = (struct mcp_tools){ cached_adcp_tools(d, /* reading= */ false, schemas), .for_all = true };
        return;
    }
    out->for_all = false;
    out->list = operations_of(&ex->arena, &who);
    bool own_only = http_req_query(ex, "tools", &wanted) && str_is(wanted, "publisher");
    if (own_only || who.role == ROLE_INSTALLATION) return;
    bool reading = who.role == ROLE_VIEWER || who.read_only;
    out->list = joined(&ex->arena, out->list, cached_adcp_tools(d, reading, schemas));
}
