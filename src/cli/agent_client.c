#include "cli/agent_client.h"

#include <stdio.h>

#include "cli/config.h"
#include "cli/operate.h"
#include "contract/limits.h"
#include "net/local_http.h"

#define CALL_TIMEOUT_MS 60000

/* "rule.when.products[0]" -> "rule/when/products/0", as the members of options are written. */
static const char *pointer_of(struct arena *a, struct str field)
{
    struct str s = arena_dup(a, field);
    char *p = (char *)s.p;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (p[i] == ']') continue;
        p[n++] = p[i] == '.' || p[i] == '[' ? '/' : p[i];
    }
    p[n] = '\0';
    return p;
}

/* "message (at field): suggestion" of a canonical error. */
static int say_error(struct arena *a, const struct agent_request *r, struct str reply)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(a, reply, &json_limits_list, &doc, &e))
        return cli_error(CLI_FAILED, "the agent's answer is not JSON");
    yyjson_val *error = json_obj(yyjson_doc_get_root(doc), "adcp_error");
    struct str message = json_str(error, "message"), field = json_str(error, "field");
    struct str suggestion = json_str(error, "suggestion");
    const char *pointer = pointer_of(a, field), *named = r->verb ? operate_field(a, r->verb, pointer) : pointer;
    if (named != pointer) field = str_from(named);
    if (!message.n) return cli_error(CLI_FAILED, STR_FMT, STR_ARG(reply));
    return cli_error(CLI_FAILED, STR_FMT "%s" STR_FMT "%s%s" STR_FMT, STR_ARG(message), field.n ? " (at " : "",
                     STR_ARG(field), field.n ? ")" : "", suggestion.n ? " " : "", STR_ARG(suggestion));
}

int agent_call(struct arena *a, const struct agent_request *r, struct str *reply)
{
    struct err e;
    const char *dir = config_data_dir(r->data);
    const char *socket = arena_printf(a, "%s/agent.sock", dir).p;
    struct local_request lr = { .socket_path = socket,
                                .path = arena_printf(a, "/local/%s", r->tool),
                                .body = r->args.n ? r->args : STR("{}"),
                                .timeout_ms = CALL_TIMEOUT_MS,
                                .headers = { { STR("x-adcp-tenant"), str_from(r->tenant) },
                                             { STR("x-mock-time"), str_from(r->mock_time) },
                                             { STR("x-salesagent-as"), str_from(r->as) } } };
    int status;
    switch (local_post(a, &lr, &status, reply, &e)) {
    case LOCAL_ANSWERED: break;
    case LOCAL_NOT_RUNNING:
        return cli_error(CLI_NOT_RUNNING, "no agent is serving %s; start one with: salesagent serve --data %s", dir,
                         dir);
    case LOCAL_FAILED: return cli_error(CLI_FAILED, "the agent did not answer: %s", e.message);
    }
    return status == 200 ? CLI_OK : say_error(a, r, *reply);
}
