/* The commands of the manifest (contract/operation.h): a verb's words and options become the arguments of its operation,
 * which runs on the agent that serves the data directory; its answer is printed as a table, as fields or as JSON.
 *
 *     operate.c        parses a command line, checks the arguments as the agent will, calls
 *     operate_print.c  prints what came back
 *     operate_help.c   --help, completion, the manual page
 *     runs.c           verbs that call in a way of their own */
#pragma once

#include "cli/agent_client.h"
#include "contract/json.h"
#include "contract/operation.h"

/* One parsed command line. */
struct operate_call {
    struct arena *arena;
    struct agent_request request;
    const struct operation_verb *verb;
    yyjson_mut_doc *args; /* its root is the object of the arguments */
    bool json; /* --json */
    bool csv; /* --csv */
    bool all; /* --all: every page */
};

/* argv[0] is the command's name. An exit code. */
int operate(const struct operation_command *c, int argc, char **argv);

/* Checks the arguments, calls the verb's operation once; the parsed answer. CLI_USAGE, after saying which word or option
 * is wrong, for arguments the operation does not take. */
int operate_ask(struct operate_call *c, struct str *text, yyjson_val **reply);

/* ---- operate_print.c ---- */

int operate_print(struct operate_call *c, struct str text, yyjson_val *reply);
/* The answer's list: the verb's `rows`, else its first array; NULL when it has none. */
yyjson_val *operate_rows(const struct operation_verb *v, yyjson_val *reply);
void operate_print_csv_header(const struct operation_verb *v);
void operate_print_csv_row(struct arena *a, const struct operation_verb *v, yyjson_val *row);
void operate_print_csv_cell(struct str s, const char *after);

/* ---- operate_help.c ---- */

void operate_help(const struct operation_command *c, const struct operation_verb *only);
/* Lines of a bash `case` on the command's name, for completion. */
/* `more`: verbs of a command of the same name that is not of the manifest; may be "". */
void operate_completion(const struct operation_command *c, const char *more);
/* A section of the manual page, in man(7). */
void operate_manual(const struct operation_command *c);
void operate_manual_common(void); /* options and exit codes that all have */
void operate_manual_text(const char *s); /* in which troff sees nothing of its own */

/* "--due" for a pointer into the arguments, "TASK" for a word; the pointer itself when it is neither. */
const char *operate_field(struct arena *a, const struct operation_verb *v, const char *pointer);

/* ---- runs.c ---- */

typedef int operate_run(struct operate_call *c);
/* The function a verb's `run` names; NULL when there is none. */
operate_run *operate_run_find(const char *name);
