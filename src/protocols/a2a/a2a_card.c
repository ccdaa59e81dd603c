/* The agent card, in the shape the reader asks for by A2A-Version: 0.3 when it says nothing, and then with 1.0's
 * list of interfaces beside it, so that a reader of either finds its way. */
#include "dialects/choose.h"
#include "protocols/a2a/a2a_internal.h"
#include "protocols/web_reply.h"

static const char description[] =
    "A publisher's sales agent speaking AdCP: products, media buys, creatives, delivery. A message calls a skill with a data "
    "part {\"skill\": \"get_products\", \"parameters\": {...}}; the answer's artifact holds the AdCP reply as a data part.";

static void add_modes(yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    static const char *const members[] = { "defaultInputModes", "defaultOutputModes" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        yyjson_mut_val *list = json_add_arr(doc, o, members[i]);
        json_push_str(doc, list, STR("application/json"));
        json_push_str(doc, list, STR("text/plain"));
    }
}

static void add_capabilities(yyjson_mut_doc *doc, yyjson_mut_val *o, enum a2a_generation g)
{
    yyjson_mut_val *c = json_add_obj(doc, o, "capabilities");
    json_add_bool(doc, c, "streaming", true);
    json_add_bool(doc, c, "pushNotifications", true);
    if (g == A2A_0_3) json_add_bool(doc, c, "stateTransitionHistory", false);
    if (g == A2A_1_0) json_add_bool(doc, c, "extendedAgentCard", true);
    yyjson_mut_val *x = json_push_obj(doc, json_add_arr(doc, c, "extensions"));
    json_add_cstr(doc, x, "uri", A2A_EXTENSION_URI);
    json_add_cstr(doc, x, "description", "AdCP tasks as skills, called and answered with data parts");
    json_add_bool(doc, x, "required", false); /* plain text is answered too */
    yyjson_mut_val *params = json_add_obj(doc, x, "params");
    json_add_str(doc, params, "adcp_version", adcp_line_version(ADCP_LINE_NEWEST));
    yyjson_mut_val *versions = json_add_arr(doc, params, "supported_versions");
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        json_push_str(doc, versions, adcp_line_version((enum adcp_line)line));
    }
    yyjson_mut_val *protocols = json_add_arr(doc, params, "protocols_supported");
    json_push_str(doc, protocols, STR("media_buy"));
}

static void add_interfaces(yyjson_mut_doc *doc, yyjson_mut_val *o, struct str url)
{
    static const char *const versions[] = { "1.0", "0.3" };
    yyjson_mut_val *list = json_add_arr(doc, o, "supportedInterfaces");
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        yyjson_mut_val *one = json_push_obj(doc, list);
        json_add_str(doc, one, "url", url);
        json_add_cstr(doc, one, "protocolBinding", "JSONRPC");
        json_add_cstr(doc, one, "protocolVersion", versions[i]);
    }
}

static void add_security_0_3(yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    yyjson_mut_val *schemes = json_add_obj(doc, o, "securitySchemes");
    yyjson_mut_val *bearer = json_add_obj(doc, schemes, "bearer");
    json_add_cstr(doc, bearer, "type", "http");
    json_add_cstr(doc, bearer, "scheme", "bearer");
    yyjson_mut_val *key = json_add_obj(doc, schemes, "adcpAuth");
    json_add_cstr(doc, key, "type", "apiKey");
    json_add_cstr(doc, key, "in", "header");
    json_add_cstr(doc, key, "name", "x-adcp-auth");
    yyjson_mut_val *security = json_add_arr(doc, o, "security");
    json_add_arr(doc, json_push_obj(doc, security), "bearer");
    json_add_arr(doc, json_push_obj(doc, security), "adcpAuth");
}

static void add_security_1_0(yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    static const char *const names[] = { "bearer", "adcpAuth" };
    yyjson_mut_val *schemes = json_add_obj(doc, o, "securitySchemes");
    yyjson_mut_val *bearer = json_add_obj(doc, json_add_obj(doc, schemes, "bearer"), "httpAuthSecurityScheme");
    json_add_cstr(doc, bearer, "scheme", "Bearer");
    yyjson_mut_val *key = json_add_obj(doc, json_add_obj(doc, schemes, "adcpAuth"), "apiKeySecurityScheme");
    json_add_cstr(doc, key, "location", "header");
    json_add_cstr(doc, key, "name", "x-adcp-auth");
    yyjson_mut_val *requirements = json_add_arr(doc, o, "securityRequirements");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        yyjson_mut_val *one = json_add_obj(doc, json_push_obj(doc, requirements), "schemes");
        json_add_arr(doc, json_add_obj(doc, one, names[i]), "list");
    }
}

static void add_skills(yyjson_mut_doc *doc, yyjson_mut_val *o, bool sandbox)
{
    yyjson_mut_val *list = json_add_arr(doc, o, "skills");
    for (size_t i = 0; i < tool_table_n; i++) {
        const struct tool *t = &tool_table[i];
        if (t->hidden || (t->sandbox_only && !sandbox)) continue;
        yyjson_mut_val *s = json_push_obj(doc, list);
        json_add_cstr(doc, s, "id", t->name);
        json_add_cstr(doc, s, "name", t->name);
        json_add_cstr(doc, s, "description", t->description);
        yyjson_mut_val *tags = json_add_arr(doc, s, "tags");
        json_push_str(doc, tags, STR("adcp"));
        json_push_str(doc, tags, str_from(t->protocol));
    }
}

static struct str card(struct dispatcher *d, struct http_exchange *ex, enum a2a_generation g)
{
    struct arena *a = &ex->arena;
    struct str base = web_base_url(ex), url = arena_printf(a, STR_FMT "/a2a", STR_ARG(base));
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    if (g == A2A_0_3) json_add_cstr(doc, o, "protocolVersion", "0.3.0");
    json_add_cstr(doc, o, "name", "salesagent");
    json_add_cstr(doc, o, "description", description);
    if (g == A2A_0_3) {
        json_add_str(doc, o, "url", url);
        json_add_cstr(doc, o, "preferredTransport", "JSONRPC");
        yyjson_mut_val *more = json_push_obj(doc, json_add_arr(doc, o, "additionalInterfaces"));
        json_add_str(doc, more, "url", url);
        json_add_cstr(doc, more, "transport", "JSONRPC");
    }
    add_interfaces(doc, o, url);
    json_add_cstr(doc, o, "version", SALESAGENT_VERSION);
    json_add_str(doc, o, "documentationUrl", arena_printf(a, STR_FMT "/docs", STR_ARG(base)));
    add_capabilities(doc, o, g);
    if (g == A2A_0_3) add_security_0_3(doc, o);
    if (g == A2A_1_0) add_security_1_0(doc, o);
    if (g == A2A_0_3) json_add_bool(doc, o, "supportsAuthenticatedExtendedCard", true);
    add_modes(doc, o);
    add_skills(doc, o, d->sandbox);
    return json_write(a, o);
}

void a2a_card_handle(struct dispatcher *d, struct http_exchange *ex)
{
    if (!web_methods_admit(ex, STR("GET, HEAD"))) return;
    bool v1 = str_starts(http_req_header(ex, "a2a-version"), STR("1"));
    ENSURE(http_rep_header(ex, "Cache-Control", STR("public, max-age=300")) == 0);
    ENSURE(http_rep_header(ex, "Vary", STR("A2A-Version, Host")) == 0);
    web_reply_tagged(ex, "application/json", card(d, ex, v1 ? A2A_1_0 : A2A_0_3), STR_NONE);
}

/* The same for everybody: what an agent sells is found by asking it. */
void a2a_extended_card(struct a2a_request *r)
{
    struct a2a_owner owner;
    if (!a2a_identify(r, A2A_SIGNED_IN, &owner)) return;
    a2a_answer(r, card(r->dispatcher, r->ex, r->view.generation));
}
