#include "app/doctor/healthcheck.h"

#include "cli/config.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "net/local_http.h"

#define HEALTHCHECK_TIMEOUT_MS 5000

static void print_reasons(yyjson_val *root, const char *list)
{
    yyjson_val *reasons = json_arr(root, list), *r;
    size_t i, n;
    yyjson_arr_foreach(reasons, i, n, r) {
        struct str check = json_str(r, "check"), detail = json_str(r, "detail");
        cli_print(STR_FMT ": " STR_FMT "\n", STR_ARG(check), STR_ARG(detail));
    }
}

static int report(struct arena *a, int status, struct str text, bool json)
{
    yyjson_doc *doc;
    struct err e;
    if (json) {
        cli_print(STR_FMT "\n", STR_ARG(text));
    } else if (json_parse(a, text, &json_limits_note, &doc, &e) == 0) {
        if (status == 200) cli_print("ready\n");
        print_reasons(yyjson_doc_get_root(doc), "reasons");
        print_reasons(yyjson_doc_get_root(doc), "warnings");
    }
    return status == 200 ? CLI_OK : CLI_FAILED;
}

static int healthcheck_run(int argc, char **argv)
{
    const char *data = NULL;
    bool json = false, alive = false;
    struct arena arena;
    struct str text;
    struct err e;
    int status, rc = CLI_FAILED;
    struct cli_args a = cli_args_start(argc, argv);
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) json = true;
        else if (cli_flag(&a, "alive")) alive = true;
        else if (!cli_option(&a, "data", &data))
            return cli_error(CLI_USAGE, "healthcheck: unexpected argument '%s'", argv[a.i]);
    }
    arena_init(&arena);
    const char *dir = config_data_dir(data);
    struct local_request r = { .socket_path = arena_printf(&arena, "%s/agent.sock", dir).p,
                               .path = alive ? STR("/healthz") : STR("/readyz"),
                               .body = STR("{}"),
                               .timeout_ms = HEALTHCHECK_TIMEOUT_MS };
    switch (local_post(&arena, &r, &status, &text, &e)) {
    case LOCAL_ANSWERED: rc = report(&arena, status, text, json); break;
    case LOCAL_NOT_RUNNING: rc = cli_error(CLI_NOT_RUNNING, "no agent is serving %s", dir); break;
    case LOCAL_FAILED: rc = cli_error(CLI_FAILED, "the agent did not answer: %s", e.message); break;
    }
    arena_finish(&arena);
    return rc;
}

const struct cli_command command_healthcheck = {
    .name = "healthcheck",
    .summary = "is the running agent ready?",
    .usage =
        "Usage: salesagent healthcheck [--alive] [--data DIR] [--json]\n\n"
        "Asks the agent whether it is ready: its store can be written within a second and has this version's schema, there\n"
        "is a publisher, and no stop is under way. Prints what is missing. The same is at /readyz of every listener.\n\n"
        "  --alive      only whether the process answers (/healthz)\n"
        "  --json       print the agent's answer as JSON\n"
        "  --data DIR   the agent's data directory (default: as configured, else ./data)\n"
        "\nExit codes: 0 ready, 1 not ready, 2 wrong usage, 3 no agent is running.\n",
    .run = healthcheck_run,
};
