/* salesagent job list|show|redeliver and salesagent key list|rotate: the outbox and the signing keys of the running
 * agent. */
#include <stdio.h>

#include "cli/agent_client.h"
#include "contract/json.h"

struct verb {
    const char *name, *tool;
    bool needs_id;
};

struct outbox_args {
    struct agent_request request;
    const struct verb *verb;
    const char *id, *state, *kind, *alg;
    bool json;
};

static const struct verb job_verbs[] = { { "list", "x_job_list", false },
                                         { "show", "x_job_get", true },
                                         { "redeliver", "x_job_redeliver", true },
                                         { NULL, NULL, false } };
static const struct verb key_verbs[] = { { "list", "x_key_list", false },
                                         { "rotate", "x_key_rotate", false },
                                         { NULL, NULL, false } };

static const struct verb *find_verb(const struct verb *verbs, const char *name)
{
    for (; verbs->name; verbs++) {
        if (strcmp(verbs->name, name) == 0) return verbs;
    }
    return NULL;
}

static int parse(int argc, char **argv, const struct verb *verbs, struct outbox_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct outbox_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
            continue;
        }
        if (cli_option(&a, "data", &o->request.data) || cli_option(&a, "tenant", &o->request.tenant) ||
            cli_option(&a, "state", &o->state) || cli_option(&a, "kind", &o->kind) || cli_option(&a, "alg", &o->alg)) {
            continue;
        }
        const char *word = cli_positional(&a);
        if (!word) break;
        if (!o->verb) {
            o->verb = find_verb(verbs, word);
            if (!o->verb) return cli_error(CLI_USAGE, "%s: there is no '%s'", argv[0], word);
        } else if (!o->id) {
            o->id = word;
        } else {
            return cli_error(CLI_USAGE, "%s: unexpected argument '%s'", argv[0], word);
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "%s: unexpected argument '%s'", argv[0], a.bad);
    if (!o->verb) return cli_error(CLI_USAGE, "what to do? salesagent help shows the commands");
    if (o->verb->needs_id && !o->id) return cli_error(CLI_USAGE, "%s: which one?", o->verb->name);
    return CLI_OK;
}

static void print_object(yyjson_val *o, struct arena *a)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(o, i, n, key, value) {
        struct str v = yyjson_is_str(value) ? json_val_str(value) : json_write_val(a, value);
        cli_print("%-16s " STR_FMT "\n", yyjson_get_str(key), STR_ARG(v));
    }
}

static void print_row(yyjson_val *r)
{
    if (json_has(r, "kid")) {
        cli_print("%-32.*s  %-18.*s  used from %.*s  %.*s\n", STR_ARG(json_str(r, "kid")), STR_ARG(json_str(r, "alg")),
                  STR_ARG(json_str(r, "used_from")), STR_ARG(json_str(r, "published_until")));
        return;
    }
    cli_print("%-32.*s  %-6.*s  %-18.*s  %2lld attempts  %-40.*s  %.*s\n", STR_ARG(json_str(r, "job_id")),
              STR_ARG(json_str(r, "state")), STR_ARG(json_str(r, "kind")), (long long)json_i64_or(r, "attempts", 0),
              STR_ARG(json_str(r, "lane")), STR_ARG(json_str(r, "last_error")));
}

static int print_reply(struct arena *a, const struct outbox_args *o, struct str reply)
{
    static const struct json_limits limits = { .bytes_max = 64 << 20, .depth_max = 64, .nodes_max = 1000000 };
    yyjson_doc *doc;
    struct err e;
    if (o->json) {
        cli_print(STR_FMT "\n", STR_ARG(reply));
        return CLI_OK;
    }
    if (json_parse(a, reply, &limits, &doc, &e)) return cli_error(CLI_FAILED, "%s", e.message);
    yyjson_val *root = yyjson_doc_get_root(doc), *row;
    yyjson_val *list = json_arr(root, "jobs") ? json_arr(root, "jobs") : json_arr(root, "keys");
    yyjson_val *one = json_obj(root, "job") ? json_obj(root, "job") : json_obj(root, "key");
    size_t i, n;
    yyjson_arr_foreach(list, i, n, row) print_row(row);
    if (list && yyjson_arr_size(list) == 0) cli_print("There are none.\n");
    if (one) print_object(one, a);
    return CLI_OK;
}

static int run(int argc, char **argv, const struct verb *verbs)
{
    struct outbox_args o;
    struct arena a;
    struct str reply;
    int rc = parse(argc, argv, verbs, &o);
    if (rc) return rc;
    arena_init(&a);
    yyjson_mut_doc *doc = json_doc_new(&a);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_str_opt(doc, args, "job_id", str_from(o.id));
    json_add_str_opt(doc, args, "state", str_from(o.state));
    json_add_str_opt(doc, args, "kind", str_from(o.kind));
    json_add_str_opt(doc, args, "alg", str_from(o.alg));
    o.request.tool = o.verb->tool;
    o.request.args = json_write(&a, args);
    rc = agent_call(&a, &o.request, &reply);
    if (rc == CLI_OK) rc = print_reply(&a, &o, reply);
    arena_finish(&a);
    return rc;
}

static int run_job(int argc, char **argv)
{
    return run(argc, argv, job_verbs);
}

static int run_key(int argc, char **argv)
{
    return run(argc, argv, key_verbs);
}

const struct cli_command command_job = {
    .name = "job",
    .summary = "webhooks and ad server calls: list, show, redeliver",
    .words = "list show redeliver",
    .usage =
        "Usage: salesagent job list [--state ready|done|dead] [--kind KIND] | show ID | redeliver ID\n\n"
        "Works on the running agent. A dead job has used up its attempts or was refused for good; redeliver runs it\n"
        "again now. A webhook keeps its idempotency key, so a receiver that had it already knows.\n\n"
        "  --json         print the agent's answer as JSON\n"
        "  --data DIR     the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
        "  --tenant ID    which publisher, when there are several\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n",
    .run = run_job,
};

const struct cli_command command_key = {
    .name = "key",
    .summary = "the keys that sign webhooks: list, rotate",
    .words = "list rotate",
    .usage = "Usage: salesagent key list | rotate [--alg ed25519|ecdsa-p256-sha256]\n\n"
             "Works on the running agent. A new key is published at once and signs ten minutes later, when every\n"
             "verifier can know it; the old one stays published for a week.\n\n"
             "  --json         print the agent's answer as JSON\n"
             "  --data DIR     the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
             "  --tenant ID    which publisher, when there are several\n"
             "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n",
    .run = run_key,
};
