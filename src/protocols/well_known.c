#include "protocols/well_known.h"

#include "domain/signature/signature.h"
#include "domain/signature/signing_keys.h"
#include "domain/core/tenant_settings.h"
#include "domain/product/slot.h"
#include "domain/publisher/publisher_life.h"
#include "protocols/auth.h"
#include "protocols/http_call_headers.h"
#include "protocols/web_policy.h"
#include "store/q/q_catalog.h"
#include "tools/product/catalog_tools.h"

#define PROPERTIES_MAX 1000

struct str base_url(struct arena *a, const struct base_url_source *s)
{
    struct signature_target t;
    struct str stated = json_str(s->settings->doc, "agent_url");
    if (stated.n && signature_target(a, stated, &t) == 0) {
        size_t scheme = str_starts(t.uri, STR("https")) ? sizeof("https://") - 1 : sizeof("http://") - 1;
        return (struct str){ t.uri.p, scheme + t.authority.n };
    }
    bool plain = !s->secure && (s->sandbox || host_is_loopback(host_without_port(s->host))); /* TLS may end before us */
    const char *scheme = plain ? "http" : "https";
    return arena_printf(a, "%s://" STR_FMT, scheme, STR_ARG(s->host.n ? s->host : STR("localhost")));
}

/* The publisher of the request; false when it has been answered already. */
static bool find_publisher(struct dispatcher *d, struct http_exchange *ex, struct call *c)
{
    struct err e;
    *c = (struct call){ .arena = &ex->arena, .transport = TRANSPORT_REST, .dispatcher = d };
    call_headers_read(ex, &c->headers);
    int rc = auth_public_tenant(c, store_read(d->store), &e);
    int off = rc == 1 ? publisher_is_off(store_read(d->store), c->arena, c->tenant.tenant_id, NULL, &e) : 0;
    if (off) rc = -1; /* of one that is off the air nothing is said */
    if (rc == 1) {
        tenant_settings_read(&c->tenant, c->arena, &c->settings);
        return true;
    }
    http_exchange_reply_with(ex, rc < 0 ? 503 : 404, "application/json",
                             STR("{\"title\":\"Not Found\",\"detail\":\"No publisher is known at this host.\"}"));
    return false;
}

static void reply(struct http_exchange *ex, struct str json)
{
    ENSURE(http_rep_header(ex, "Cache-Control", STR("public, max-age=300")) == 0);
    http_exchange_reply_with(ex, 200, "application/json", json);
}

static struct str agent_base(struct http_exchange *ex, struct call *c)
{
    struct base_url_source s = { &c->settings, c->headers.host, ex->secure, c->dispatcher->sandbox };
    return base_url(c->arena, &s);
}

void well_known_jwks(struct dispatcher *d, struct http_exchange *ex)
{
    struct call c;
    struct str json;
    struct err e;
    if (!find_publisher(d, ex, &c)) return;
    if (signing_jwks(store_read(d->store), c.arena, c.tenant.tenant_id, loop_now(d->loop), &json, &e)) {
        http_exchange_reply_with(ex, 503, "application/json", STR("{\"title\":\"Service Unavailable\"}"));
        return;
    }
    reply(ex, json);
}

/* Exactly one entry of type sales, so that a verifier's match is unique. */
void well_known_brand(struct dispatcher *d, struct http_exchange *ex)
{
    struct call c;
    if (!find_publisher(d, ex, &c)) return;
    struct str base = agent_base(ex, &c);
    yyjson_mut_doc *doc = json_doc_new(c.arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "version", "1.0");
    yyjson_mut_val *agent = json_push_obj(doc, json_add_arr(doc, o, "agents"));
    json_add_cstr(doc, agent, "type", "sales");
    json_add_cstr(doc, agent, "id", "salesagent");
    json_add_str(doc, agent, "url", arena_printf(c.arena, STR_FMT "/mcp", STR_ARG(base)));
    json_add_str(doc, agent, "description", arena_printf(c.arena, "Sales agent of " STR_FMT, STR_ARG(c.tenant.name)));
    json_add_str(doc, agent, "jwks_uri", arena_printf(c.arena, STR_FMT "/.well-known/jwks.json", STR_ARG(base)));
    reply(ex, json_write(c.arena, o));
}

/* The manifest allows https URLs only; an agent that is tried out over http has none. */
void well_known_agents(struct dispatcher *d, struct http_exchange *ex)
{
    const char *line = adcp_releases[ADCP_LINE_NEWEST].line;
    struct call c;
    const char *names[SPECIALISMS_MAX];
    if (!find_publisher(d, ex, &c)) return;
    struct str base = agent_base(ex, &c);
    if (!str_starts(base, STR("https://"))) {
        http_exchange_reply_with(
            ex, 404, "application/json",
            STR("{\"title\":\"Not Found\",\"detail\":\"Agents are listed where they are reached over "
                "https; this one is at /mcp and /a2a.\"}"));
        return;
    }
    size_t n = agent_specialisms(names);
    yyjson_mut_doc *doc = json_doc_new(c.arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "version", "1.0");
    yyjson_mut_val *agents = json_add_arr(doc, o, "agents");
    const struct {
        const char *id, *transport;
        struct str path;
    } doors[] = { { "salesagent-mcp", "mcp", STR("/mcp") },
                  { "salesagent-mcp-newest", "mcp", arena_printf(c.arena, "/mcp/%s", line) },
                  { "salesagent-a2a", "a2a", STR("/a2a") },
                  { "salesagent-a2a-newest", "a2a", arena_printf(c.arena, "/a2a/%s", line) } };
    for (size_t k = 0; k < ARRAY_LEN(doors); k++) {
        yyjson_mut_val *agent = json_push_obj(doc, agents);
        json_add_cstr(doc, agent, "agent_id", doors[k].id);
        json_add_str(doc, agent, "url", arena_printf(c.arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(doors[k].path)));
        json_add_cstr(doc, agent, "transport", doors[k].transport);
        yyjson_mut_val *list = json_add_arr(doc, agent, "specialisms");
        for (size_t i = 0; i < n; i++) json_push_str(doc, list, str_from(names[i]));
    }
    reply(ex, json_write(c.arena, o));
}

static bool names(yyjson_mut_val *list, struct str id)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach(list, i, n, v) {
        if (str_eq((struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) }, id)) return true;
    }
    return false;
}

/* Slots are placements of the properties that are listed (AdCP core/placement-definition). */
static void add_placements(struct call *c, yyjson_mut_doc *doc, yyjson_mut_val *o, yyjson_mut_val *properties,
                           const struct slot_rows *rows)
{
    yyjson_mut_val *list = NULL;
    for (size_t i = 0; i < rows->n; i++) {
        struct slot s;
        if (!slot_from_row(c->arena, &rows->rows[i], &s) || !names(properties, s.property_id)) continue;
        if (!list) list = json_add_arr(doc, o, "placements");
        yyjson_mut_val *p = json_push_obj(doc, list);
        json_add_str(doc, p, "placement_id", s.slot_id);
        json_add_str(doc, p, "name", s.name.n ? s.name : s.slot_id);
        json_add_str_opt(doc, p, "description", s.description);
        json_push_str(doc, json_add_arr(doc, p, "property_ids"), s.property_id);
        json_push_str(doc, json_add_arr(doc, p, "channels"), str_from(slot_channel(s.medium)));
    }
}

void well_known_adagents(struct dispatcher *d, struct http_exchange *ex)
{
    struct call c;
    struct catalog_rows rows;
    struct slot_rows slots;
    struct err e;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    if (!find_publisher(d, ex, &c)) return;
    if (q_catalog_list(store_read(d->store), c.arena, CATALOG_PROPERTY, c.tenant.tenant_id, all, &rows, &e) ||
        q_slots_of(store_read(d->store), c.arena, c.tenant.tenant_id, &slots, &e)) {
        http_exchange_reply_with(ex, 503, "application/json", STR("{\"title\":\"Service Unavailable\"}"));
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(c.arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_mut_val *properties = json_add_arr(doc, o, "properties");
    yyjson_mut_val *agent = json_push_obj(doc, json_add_arr(doc, o, "authorized_agents"));
    json_add_str(doc, agent, "url", arena_printf(c.arena, STR_FMT "/mcp", STR_ARG(agent_base(ex, &c))));
    json_add_cstr(doc, agent, "authorized_for", "All inventory of this publisher");
    json_add_cstr(doc, agent, "authorization_type", "property_ids");
    yyjson_mut_val *ids = json_add_arr(doc, agent, "property_ids");
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_doc *parsed;
        if (json_parse(c.arena, rows.rows[i].doc, &json_limits_own, &parsed, &e))
            continue; /* a damaged one is not published */
        yyjson_mut_arr_append(properties, json_copy(doc, yyjson_doc_get_root(parsed)));
        json_push_str(doc, ids, rows.rows[i].id);
    }
    add_placements(&c, doc, o, ids, &slots);
    reply(ex, json_write(c.arena, o));
}
