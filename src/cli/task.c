/* salesagent task list|show|approve|reject|assign: what waits for a person, on the running agent. */
#include <stdio.h>

#include "cli/agent_client.h"
#include "contract/json.h"

#define IDS_MAX 200

struct task_args {
    struct agent_request request;
    const char *verb, *task_id, *reason, *state, *assignee, *due, *priority;
    const char *ids[IDS_MAX];
    size_t ids_n;
    bool json;
};

static int parse(int argc, char **argv, struct task_args *t)
{
    struct cli_args a = cli_args_start(argc, argv);
    *t = (struct task_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            t->json = true;
            continue;
        }
        if (cli_option(&a, "data", &t->request.data) || cli_option(&a, "tenant", &t->request.tenant) ||
            cli_option(&a, "mock-time", &t->request.mock_time) || cli_option(&a, "reason", &t->reason) ||
            cli_option(&a, "state", &t->state) || cli_option(&a, "to", &t->assignee) ||
            cli_option(&a, "due", &t->due) || cli_option(&a, "priority", &t->priority)) {
            continue;
        }
        const char *word = cli_positional(&a);
        if (!word) break;
        if (!t->verb) {
            t->verb = word;
        } else if (t->ids_n < IDS_MAX) {
            t->ids[t->ids_n++] = word;
            t->task_id = t->ids[0];
        } else {
            return cli_error(CLI_USAGE, "task: at most %d at once", IDS_MAX);
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "task: unexpected argument '%s'; salesagent task --help", a.bad);
    if (!t->verb) return cli_error(CLI_USAGE, "task: list, show, approve, reject or assign?");
    return CLI_OK;
}

static void print_row(yyjson_val *t)
{
    cli_print("%-30.*s  %-11.*s  %-18.*s  %-40.*s  %.*s\n", STR_ARG(json_str(t, "task_id")),
              STR_ARG(json_str(t, "state")), STR_ARG(json_str(t, "kind")), STR_ARG(json_str(t, "subject_id")),
              STR_ARG(json_str(t, "description")));
}

static void print_fields(yyjson_val *o, struct arena *a)
{
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(o, i, n, key, value) {
        yyjson_val *calls = json_arr(value, "would_call"), *line;
        size_t k, lines;
        yyjson_arr_foreach(calls, k, lines, line) {
            cli_print("%-16s " STR_FMT "\n", k ? "" : "would call", STR_ARG(json_val_str(line)));
        }
        struct str v = yyjson_is_str(value) ? json_val_str(value) : json_write_val(a, value);
        cli_print("%-16s " STR_FMT "\n", yyjson_get_str(key), STR_ARG(v));
    }
}

/* 1 when a decision could not be carried out. */
static int print_results(yyjson_val *results, struct arena *a)
{
    int rc = CLI_OK;
    size_t i, n;
    yyjson_val *r;
    yyjson_arr_foreach(results, i, n, r) {
        struct str why = json_str(r, "error");
        bool done = json_bool_or(r, "carried_out", false);
        if (json_bool_or(r, "executing", false)) {
            why = STR("approved; the ad server is being asked");
            done = true;
        }
        if (json_obj(r, "failure")) why = json_str(json_obj(r, "failure"), "message");
        cli_print(STR_FMT "  " STR_FMT "\n", STR_ARG(json_str(r, "task_id")),
                  STR_ARG(why.n ? why : json_str(r, "state")));
        if (!done) rc = CLI_FAILED;
    }
    return rc;
}

static int print_reply(struct arena *a, const struct task_args *t, struct str reply)
{
    static const struct json_limits limits = { .bytes_max = 64 << 20, .depth_max = 64, .nodes_max = 1000000 };
    yyjson_doc *doc;
    struct err e;
    if (t->json) cli_print(STR_FMT "\n", STR_ARG(reply));
    if (json_parse(a, reply, &limits, &doc, &e)) return cli_error(CLI_FAILED, "%s", e.message);
    yyjson_val *root = yyjson_doc_get_root(doc), *tasks = json_arr(root, "tasks"), *task;
    size_t i, n;
    if (json_bool_or(root, "executing", false) && !t->json) {
        cli_print("Approved; the ad server is being asked.\n");
        return CLI_OK;
    }
    if (!json_bool_or(root, "carried_out", true) && !json_bool_or(root, "executing", false)) {
        struct str why = json_val_str(json_get_path(root, "/task/failure/message"));
        return cli_error(CLI_FAILED, "The task stays open; it could not be carried out: " STR_FMT, STR_ARG(why));
    }
    if (t->json) return CLI_OK;
    yyjson_arr_foreach(tasks, i, n, task) print_row(task);
    if (tasks && yyjson_arr_size(tasks) == 0) cli_print("Nothing is waiting.\n");
    if (json_obj(root, "task")) print_fields(json_obj(root, "task"), a);
    if (json_arr(root, "results")) return print_results(json_arr(root, "results"), a);
    return CLI_OK;
}

static int build_request(struct arena *a, struct task_args *t)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *args = json_root_obj(doc);
    bool needs_id = true;
    if (strcmp(t->verb, "list") == 0) {
        t->request.tool = "x_task_list";
        json_add_str_opt(doc, args, "state", str_from(t->state));
        needs_id = false;
    } else if (strcmp(t->verb, "show") == 0) {
        t->request.tool = "x_task_get";
    } else if (strcmp(t->verb, "assign") == 0) {
        t->request.tool = "x_task_assign";
        if (!t->assignee) return cli_error(CLI_USAGE, "task assign: --to PERSON is missing");
        json_add_cstr(doc, args, "assigned_to", t->assignee);
    } else if (strcmp(t->verb, "comment") == 0) {
        t->request.tool = "x_task_update";
        if (t->ids_n != 2) return cli_error(CLI_USAGE, "task comment: ID and the text in quotes");
        json_add_cstr(doc, args, "comment", t->ids[1]);
        t->ids_n = 1;
    } else if (strcmp(t->verb, "set") == 0) {
        t->request.tool = "x_task_update";
        json_add_str_opt(doc, args, "state", str_from(t->state));
        json_add_str_opt(doc, args, "due_at", str_from(t->due));
        json_add_str_opt(doc, args, "priority", str_from(t->priority));
    } else if (strcmp(t->verb, "approve") == 0 || strcmp(t->verb, "reject") == 0) {
        t->request.tool = "x_task_resolve";
        json_add_cstr(doc, args, "decision", t->verb);
        if (t->verb[0] == 'r' && !t->reason) return cli_error(CLI_USAGE, "task reject: --reason TEXT is missing");
        json_add_str_opt(doc, args, "reason", str_from(t->reason));
    } else {
        return cli_error(CLI_USAGE, "task: there is no '%s'; list, show, approve, reject, assign, comment or set",
                         t->verb);
    }
    if (needs_id && !t->task_id) return cli_error(CLI_USAGE, "task %s: which task?", t->verb);
    if (t->ids_n > 1) {
        if (strcmp(t->request.tool, "x_task_resolve") != 0)
            return cli_error(CLI_USAGE, "task %s: one at a time", t->verb);
        yyjson_mut_val *ids = json_add_arr(doc, args, "task_ids");
        for (size_t i = 0; i < t->ids_n; i++) json_push_str(doc, ids, str_from(t->ids[i]));
    } else {
        json_add_str_opt(doc, args, "task_id", str_from(t->task_id));
    }
    t->request.args = json_write(a, args);
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct task_args t;
    struct arena a;
    struct str reply;
    int rc = parse(argc, argv, &t);
    if (rc) return rc;
    arena_init(&a);
    rc = build_request(&a, &t);
    if (rc == CLI_OK) rc = agent_call(&a, &t.request, &reply);
    if (rc == CLI_OK) rc = print_reply(&a, &t, reply);
    arena_finish(&a);
    return rc;
}

const struct cli_command command_task = {
    .name = "task",
    .summary = "what waits for a person: list, show, approve, reject, assign, comment, set",
    .words = "list show approve reject assign comment set",
    .usage = "Usage: salesagent task list [--state STATE] | show ID | approve ID... [--reason TEXT] |\n"
             "                       reject ID... --reason TEXT | assign ID --to PERSON | comment ID TEXT |\n"
             "                       set ID [--state STATE] [--due TIME] [--priority low|medium|high|urgent]\n\n"
             "Works on the running agent. list shows what is open; --state all shows everything.\n\n"
             "  --json             print the agent's answer as JSON\n"
             "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
             "  --tenant ID        which publisher, when there are several\n"
             "  --mock-time TIME   sandbox: decide as if it were this time\n"
             "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n",
    .run = run,
};
