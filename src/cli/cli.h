/* What every command is made of: its row, its options, what it says. Exit codes: 0 done, 1 failed, 2 wrong usage,
 * 3 the agent is not running (for commands that talk to it). */
#pragma once

#include "base/compiler.h"

#define CLI_OK          0
#define CLI_FAILED      1
#define CLI_USAGE       2
#define CLI_NOT_RUNNING 3

struct cli_command {
    const char *name;
    const char *summary;  /* one line for the list of commands */
    const char *words;    /* its verbs, for completion; may be NULL */
    bool shares; /* the manifest has a command of the same name: verbs that are not among `words` are that one's */
    const char *usage;    /* what --help prints, complete but for the next two */
    void (*more)(void);   /* prints what is made from a table; may be NULL */
    const char *epilogue; /* after that; may be NULL */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns an exit code */
};

/* Options common to all commands. A command parses its own with cli_option(). */
struct cli_args {
    int argc, i;
    char **argv;
    const char *bad; /* an option that nobody knew */
};

struct cli_args cli_args_start(int argc, char **argv);
/* True when the current argument is `--name VALUE` or `--name=VALUE`; moves past it. */
bool cli_option(struct cli_args *a, const char *name, const char **value);
/* True when the current argument is `--name`; moves past it. */
bool cli_flag(struct cli_args *a, const char *name);
/* The next argument that is no option, or NULL at the end or before an unknown option (then a->bad is set). */
const char *cli_positional(struct cli_args *a);
bool cli_more(const struct cli_args *a);

/* What a command says, on standard output. A closed pipe shows in the exit code of the command that checks it. */
void cli_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "error: ..." on standard error; returns `code`. */
int cli_error(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The message of an error with its field and what to do about it; CLI_FAILED. */
int cli_failed(const struct err *e);

extern const struct cli_command command_call;
