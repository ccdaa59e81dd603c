#include "protocols/http_call_headers.h"

bool call_url_strict(struct str path)
{
    static const struct {
        const char *mount;
        bool tasks; /* have a path of their own below it */
    } mounts[] = { { "/mcp/", false }, { "/a2a/", false }, { "/adcp/", true } };
    struct str line = adcp_line_version(ADCP_LINE_NEWEST);
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        struct str mount = str_from(mounts[i].mount);
        if (!str_starts(path, mount) || !str_starts(str_skip(path, mount.n), line)) continue;
        struct str rest = str_skip(path, mount.n + line.n);
        if (mounts[i].tasks ? str_starts(rest, STR("/")) : rest.n == 0 || str_is(rest, "/")) return true;
    }
    return false;
}

void call_headers_read(struct http_exchange *ex, struct call_headers *out)
{
    *out = (struct call_headers){
        .signer = ex->signer,
        .strict_url = call_url_strict(ex->path),
        .x_salesagent_as = ex->local ? http_req_header(ex, "x-salesagent-as") : STR_NONE,
        .note = ex->note,
        .authorization = http_req_header(ex, "authorization"),
        .x_adcp_auth = http_req_header(ex, "x-adcp-auth"),
        .x_adcp_tenant = http_req_header(ex, "x-adcp-tenant"),
        .x_adcp_dialect = http_req_header(ex, "x-adcp-dialect"),
        .x_context_id = http_req_header(ex, "x-context-id"),
        .host = ex->host,
        .secure = ex->secure,
        .peer = ex->peer,
        .late_ms = &ex->late_ms,
        .x_auto_advance = http_req_header(ex, "x-auto-advance"),
        .x_dry_run = http_req_header(ex, "x-dry-run"),
        .x_mock_time = http_req_header(ex, "x-mock-time"),
        .x_jump_to_event = http_req_header(ex, "x-jump-to-event"),
        .x_test_session_id = http_req_header(ex, "x-test-session-id"),
        .x_force_error = http_req_header(ex, "x-force-error"),
        .x_simulated_spend = http_req_header(ex, "x-simulated-spend"),
    };
}

void call_push_read(const struct http_exchange *ex, struct call_push *out)
{
    *out = (struct call_push){ .url = http_req_header(ex, "x-push-notification-url"),
                               .token = http_req_header(ex, "x-push-notification-token"),
                               .scheme = http_req_header(ex, "x-push-notification-auth-scheme"),
                               .credentials = http_req_header(ex, "x-push-notification-credentials") };
}

void call_push_add(yyjson_mut_doc *doc, yyjson_mut_val *config, const struct call_push *p)
{
    json_add_str(doc, config, "url", p->url);
    json_add_str_opt(doc, config, "token", p->token);
    json_add_str_opt(doc, config, "channel", p->channel);
    if (!p->scheme.n && !p->credentials.n) return;
    yyjson_mut_val *auth = json_add_obj(doc, config, "authentication");
    if (p->scheme.n) json_push_str(doc, json_add_arr(doc, auth, "schemes"), p->scheme);
    json_add_str_opt(doc, auth, "credentials", p->credentials);
}

/* A header refused for its characters is left out: these values are all our own. */
static void add(struct http_exchange *ex, const char *name, struct str value)
{
    ENSURE(http_rep_header(ex, name, value) == 0);
}

void call_headers_reply(struct http_exchange *ex, const struct call *c)
{
    /* A signature would do as well where something is changed. */
    bool either = c->row && c->row->kind == TOOL_WRITE && c->err.code && strcmp(c->err.code, "AUTH_MISSING") == 0;
    either = either || c->signature_wanted;
    struct str bearer = STR("Bearer realm=\"adcp\"");
    struct str both = STR("Bearer realm=\"adcp\", Signature error=\"request_signature_required\"");
    if (c->outcome == CALL_UNAUTHENTICATED) add(ex, "WWW-Authenticate", either ? both : bearer);
    if (c->retry_after_s > 0) add(ex, "Retry-After", arena_printf(&ex->arena, "%d", c->retry_after_s));
    if (c->dry_run) add(ex, "X-Dry-Run", STR("true"));
    if (c->context_id.n) add(ex, "X-Context-Id", c->context_id);
    if (c->sandbox.next_event.n) {
        add(ex, "X-Next-Event", c->sandbox.next_event);
        add(ex, "X-Next-Event-Time", c->sandbox.next_event_time);
    }
    if (c->sandbox.spend.n) add(ex, "X-Simulated-Spend", c->sandbox.spend);
    if (c->rate.limit == 0) return;
    add(ex, "X-RateLimit-Limit", arena_printf(&ex->arena, "%lld", (long long)c->rate.limit));
    add(ex, "X-RateLimit-Remaining", arena_printf(&ex->arena, "%lld", (long long)c->rate.remaining));
    add(ex, "X-RateLimit-Reset", arena_printf(&ex->arena, "%d", c->rate.reset_s));
}
