/* salesagent call TOOL [JSON]: one operation as a buyer would call it, on the running agent. */
#include "cli/agent_client.h"
#include "cli/config.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "net/local_http.h"

#define CALL_TIMEOUT_MS 60000
#define DEMO_TOKEN      "test-token"

struct call_args {
    const char *data, *token, *mock_time, *dialect, *tool, *json;
    bool auto_advance;
};

static int parse(int argc, char **argv, struct call_args *c)
{
    struct cli_args a = cli_args_start(argc, argv);
    *c = (struct call_args){ .token = DEMO_TOKEN };
    while (cli_more(&a)) {
        if (cli_flag(&a, "auto-advance")) {
            c->auto_advance = true;
            continue;
        }
        if (cli_option(&a, "data", &c->data) || cli_option(&a, "token", &c->token) ||
            cli_option(&a, "mock-time", &c->mock_time) || cli_option(&a, "dialect", &c->dialect)) {
            continue;
        }
        const char *word = cli_positional(&a);
        if (!word) break;
        if (c->json) return cli_error(CLI_USAGE, "call: unexpected argument '%s'", word);
        if (c->tool) {
            c->json = word;
        } else {
            c->tool = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "call: unexpected argument '%s'; salesagent call --help", a.bad);
    return c->tool ? CLI_OK : cli_error(CLI_USAGE, "call: which operation?");
}

/* Indented, for people; the exit code says whether the operation failed. */
static int print_reply(struct arena *a, int status, struct str reply)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(a, reply, &json_limits_list, &doc, &e))
        return cli_error(CLI_FAILED, "the agent's answer is not JSON");
    yyjson_val *root = yyjson_doc_get_root(doc);
    size_t n;
    yyjson_alc alc = json_arena_alc(a);
    char *text = yyjson_val_write_opts(root, YYJSON_WRITE_PRETTY_TWO_SPACES, &alc, &n, NULL);
    ENSURE(text != NULL);
    cli_print("%s\n", text);
    if (status == 401) (void)cli_error(CLI_FAILED, "name the buyer's token: salesagent call ... --token TOKEN");
    bool failed = json_has(root, "adcp_error") || json_has(root, "error") || json_has(root, "error_code");
    return status == 200 && !failed ? CLI_OK : CLI_FAILED;
}

static int run(int argc, char **argv)
{
    struct call_args c;
    struct arena a;
    struct err e;
    struct str reply;
    int status, rc = parse(argc, argv, &c);
    if (rc) return rc;
    arena_init(&a);
    const char *dir = config_data_dir(c.data);
    struct local_request r = { .socket_path = arena_printf(&a, "%s/agent.sock", dir).p,
                               .path = arena_printf(&a, "/adcp/%s", c.tool),
                               .body = c.json ? str_from(c.json) : STR("{}"),
                               .timeout_ms = CALL_TIMEOUT_MS,
                               .headers = { { STR("x-adcp-auth"), str_from(c.token) },
                                            { STR("x-mock-time"), str_from(c.mock_time) },
                                            { STR("x-adcp-dialect"), str_from(c.dialect) },
                                            { STR("x-auto-advance"), c.auto_advance ? STR("true") : STR_NONE } } };
    switch (local_post(&a, &r, &status, &reply, &e)) {
    case LOCAL_ANSWERED: rc = print_reply(&a, status, reply); break;
    case LOCAL_NOT_RUNNING:
        rc = cli_error(CLI_NOT_RUNNING, "no agent is serving %s; start one with: salesagent serve --data %s", dir, dir);
        break;
    case LOCAL_FAILED: rc = cli_error(CLI_FAILED, "the agent did not answer: %s", e.message); break;
    }
    arena_finish(&a);
    return rc;
}

const struct cli_command command_call = {
    .name = "call",
    .summary = "call one operation as a buyer would",
    .usage =
        "Usage: salesagent call OPERATION [JSON] [--token TOKEN] [--data DIR] [--dialect NAME]\n"
        "                       [--mock-time TIME] [--auto-advance]\n\n"
        "Sends the arguments to the running agent and prints its answer. Exit code 1 when the operation failed.\n\n"
        "  --token TOKEN      the buyer's token (default: the demo publisher's, test-token)\n"
        "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
        "  --dialect NAME     speak this dialect: adcp-MAJOR.MINOR (as get_adcp_capabilities lists them), tutorial,\n"
        "                     buy-v1, data-model, rc\n"
        "  --mock-time TIME   sandbox: as if it were this time\n"
        "  --auto-advance     sandbox: what a person would decide is approved at once\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n",
    .run = run,
};
