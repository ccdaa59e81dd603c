#include "app/command/jobs_command.h"

#include "app/command/database_command.h"
#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/core/audit.h"
#include "net/local_http.h"
#include "store/q/agent/q_job_hold.h"

#define KICK_TIMEOUT_MS 5000

struct changing {
    struct opened *opened;
    bool hold;
    const char *why;
    int changed;
};

static int change(struct tx *tx, void *arg, struct err *e)
{
    struct changing *c = arg;
    struct act act = database_act(c->opened, tx, NULL);
    const struct job_hold hold = { .since = act.now, .actor = act.actor, .why = str_from(c->why) };
    c->changed = c->hold ? q_job_hold_begin(tx, &hold, e) : q_job_hold_end(tx, e);
    if (c->changed < 0) return -1;
    if (!c->changed) return 0;
    yyjson_mut_doc *doc = json_doc_new(act.arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str_opt(doc, root, "why", c->hold ? hold.why : STR_NONE);
    struct audit_entry entry = { .action = c->hold ? "jobs.held" : "jobs.released",
                                 .subject = STR("jobs"),
                                 .doc = json_write(act.arena, root) };
    return audit_add(&act, &entry, e);
}

/* The agent that serves the database, if there is one, does not see what another process has written by itself. */
static void kick(struct opened *o)
{
    struct local_request r = {
        .socket_path = o->socket, .path = STR("/agent/jobs"), .body = STR("{}"), .timeout_ms = KICK_TIMEOUT_MS
    };
    struct str text;
    struct err e;
    int status;
    enum local_outcome how = local_post(&o->arena, &r, &status, &text, &e);
    (void)how; /* none is running, or its next commit tells it */
}

static int show(struct opened *o, bool json)
{
    struct job_hold hold;
    struct err e;
    char since[RFC3339_MAX] = "";
    int rc = q_job_hold_get(store_read(o->store), &o->arena, &hold, &e);
    if (rc < 0) return cli_failed(&e);
    if (rc == 1) (void)rfc3339_print(hold.since, RFC3339_SECONDS, since); /* its length is known */
    if (json) cli_print(rc ? "{\"held\":true,\"since\":\"%s\"}\n" : "{\"held\":false}\n", since);
    else if (rc)
        cli_print("held since %s by " STR_FMT ": " STR_FMT "\n", since, STR_ARG(hold.actor), STR_ARG(hold.why));
    else cli_print("not held\n");
    return CLI_OK;
}

static int run_verb(const char *verb, const char *data, const char *why, bool json)
{
    struct opened o;
    struct err e;
    bool hold = strcmp(verb, "hold") == 0, shows = strcmp(verb, "show") == 0;
    struct changing c = { .opened = &o, .hold = hold, .why = why };
    int rc = CLI_OK;
    if (database_open(&o, data, false, &e) || (!shows && store_write_now(o.store, change, &c, &e))) {
        rc = cli_failed(&e);
    } else {
        if (c.changed) kick(&o);
        rc = show(&o, json);
    }
    database_close(&o);
    return rc;
}

static int jobs_run(int argc, char **argv)
{
    const char *data = NULL, *verb = NULL, *why = "held by hand";
    bool json = false;
    struct cli_args a = cli_args_start(argc, argv);
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            json = true;
        } else if (!cli_option(&a, "data", &data) && !cli_option(&a, "why", &why)) {
            const char *word = cli_positional(&a);
            if (!word || verb) return cli_error(CLI_USAGE, "jobs: unexpected argument '%s'", a.bad ? a.bad : word);
            verb = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "jobs: unexpected argument '%s'", a.bad);
    if (!verb) return cli_error(CLI_USAGE, "jobs: hold, release or show?");
    if (strcmp(verb, "hold") != 0 && strcmp(verb, "release") != 0 && strcmp(verb, "show") != 0)
        return cli_error(CLI_USAGE, "jobs: there is no '%s'", verb);
    return run_verb(verb, data, why, json);
}

const struct cli_command command_jobs = {
    .name = "jobs",
    .summary = "hold and release everything that is sent",
    .words = "hold release show",
    .usage =
        "Usage: salesagent jobs hold [--why TEXT] | release | show   [--data DIR] [--json]\n\n"
        "While jobs are held the agent answers its buyers and stores what is to be sent, and sends nothing: no webhook, no\n"
        "order to an ad server, no message to people. A restored database is held until somebody has looked. Works with\n"
        "and without a running agent.\n\n"
        "  --why TEXT   for whoever reads the audit trail\n"
        "  --data DIR   the agent's data directory (default: as configured, else ./data)\n"
        "  --json       print the state as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = jobs_run,
};
