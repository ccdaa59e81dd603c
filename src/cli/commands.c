#include "cli/commands.h"

#include <stdio.h>

#include "cli/operate.h"

static void list_commands(FILE *out, const struct cli_command *commands, size_t n)
{
    (void)fprintf(out, "Usage: salesagent COMMAND [ARGUMENT...]\n\n");
    for (size_t i = 0; i < n; i++) {
        if (!commands[i].shares) (void)fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    }
    for (size_t i = 0; i < operation_commands_n; i++)
        (void)fprintf(out, "  %-11s %s\n", operation_commands[i].name, operation_commands[i].about);
    (void)fprintf(out, "  %-11s %s\n", "completion", "words for the Tab key: source <(salesagent completion bash)");
    (void)fprintf(out, "  %-11s %s\n", "manual", "the manual page: salesagent manual | man -l -");
    (void)fprintf(out, "\nsalesagent COMMAND --help says more. salesagent --version names this build.\n");
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

/* ---- completion ---- */

static void completion_script(const struct cli_command *commands, size_t n)
{
    cli_print("# bash completion for salesagent; use: source <(salesagent completion bash)\n"
              "_salesagent() {\n"
              "  local cur=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} verb= words=\n"
              "  ((COMP_CWORD > 2)) && verb=${COMP_WORDS[2]}\n"
              "  if ((COMP_CWORD == 1)); then\n    words='");
    for (size_t i = 0; i < n; i++) {
        if (!commands[i].shares) cli_print("%s ", commands[i].name);
    }
    for (size_t i = 0; i < operation_commands_n; i++) cli_print("%s ", operation_commands[i].name);
    cli_print("completion manual --help --version'\n  else\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < operation_commands_n; i++) {
        const char *more = "";
        for (size_t k = 0; k < n; k++) {
            if (commands[k].shares && strcmp(commands[k].name, operation_commands[i].name) == 0)
                more = commands[k].words;
        }
        operate_completion(&operation_commands[i], more);
    }
    for (size_t i = 0; i < n; i++) {
        if (commands[i].words && !commands[i].shares)
            cli_print("    %s) words='%s' ;;\n", commands[i].name, commands[i].words);
    }
    cli_print(
        "    completion) words=bash ;;\n    esac\n"
        "    [[ $cur == -* && $words != *--json* ]] && words=$(\"${COMP_WORDS[0]}\" \"${COMP_WORDS[1]}\" --help 2>/dev/null |"
        " grep -oE -- '--[a-z][a-z-]*' | sort -u)\n"
        "  fi\n"
        "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "}\n"
        "complete -o default -F _salesagent salesagent\n");
}

static int complete(int argc, char **argv, const struct cli_command *commands, size_t n)
{
    if (asks_help(argc, argv)) {
        cli_print(
            "Usage: salesagent completion bash\n\nPrints a script for bash: source <(salesagent completion bash)\n\n"
            "Exit codes: 0 done, 2 wrong usage.\n");
        return CLI_OK;
    }
    if (argc != 3 || strcmp(argv[2], "bash") != 0)
        return cli_error(CLI_USAGE, "completion: for bash; salesagent completion bash");
    completion_script(commands, n);
    return CLI_OK;
}

/* ---- the manual page ---- */

static int manual(int argc, char **argv, const struct cli_command *commands, size_t n)
{
    if (asks_help(argc, argv)) {
        cli_print(
            "Usage: salesagent manual\n\nPrints the manual page in the macros of man(7): salesagent manual | man -l -\n\n"
            "Exit codes: 0 done, 2 wrong usage.\n");
        return CLI_OK;
    }
    if (argc != 2) return cli_error(CLI_USAGE, "manual takes no arguments");
    cli_print(
        ".TH SALESAGENT 1 \"\" \"salesagent " SALESAGENT_VERSION "\" \"User Commands\"\n"
        ".SH NAME\nsalesagent \\- a publisher's sales agent for AdCP\n"
        ".SH SYNOPSIS\n.B salesagent\n.I COMMAND\n.RI [ ARGUMENT ...]\n"
        ".SH DESCRIPTION\n.B salesagent serve\nruns the agent; the other commands work on a data directory or on the agent that"
        " serves it.\n.SH COMMANDS\n");
    for (size_t i = 0; i < n; i++) {
        cli_print(".SS ");
        operate_manual_text(commands[i].name);
        cli_print("\n.nf\n");
        operate_manual_text(commands[i].usage);
        if (commands[i].more) commands[i].more();
        operate_manual_text(commands[i].epilogue ? commands[i].epilogue : "");
        cli_print("\n.fi\n");
    }
    cli_print(".SH \"COMMANDS ON THE RUNNING AGENT\"\n");
    for (size_t i = 0; i < operation_commands_n; i++) operate_manual(&operation_commands[i]);
    operate_manual_common();
    return CLI_OK;
}

/* ---- a command line ---- */

static const struct operation_command *find_operation_command(const char *name)
{
    for (size_t i = 0; i < operation_commands_n; i++) {
        const struct operation_command *c = &operation_commands[i];
        if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0)) return c;
    }
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; n && (p = strstr(p, word)); p += n) {
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) return true;
    }
    return false;
}

/* Whether what was typed is this command's, and not of the manifest's command of that name or of its alias. */
static bool is_for(const struct cli_command *c, int argc, char **argv)
{
    const struct operation_command *other = c->shares ? find_operation_command(argv[1]) : NULL;
    if (!other || strcmp(other->name, c->name) != 0) return strcmp(argv[1], c->name) == 0;
    return argc < 3 || argv[2][0] == '-' || has_word(c->words, argv[2]);
}

static int run_operation_command(const struct operation_command *c, int argc, char **argv)
{
    if (!asks_help(argc, argv)) return operate(c, argc - 1, argv + 1);
    const struct operation_verb *verb = NULL;
    for (size_t i = 0; i < c->verbs_n; i++) {
        if (strcmp(c->verbs[i].name, argv[2]) == 0) verb = &c->verbs[i];
    }
    operate_help(c, verb);
    return CLI_OK;
}

int cli_main(int argc, char **argv, const struct cli_command *commands, size_t n)
{
    if (argc < 2) {
        list_commands(stderr, commands, n);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        list_commands(stdout, commands, n);
        return CLI_OK;
    }
    if (strcmp(name, "--version") == 0) {
        (void)fputs("salesagent " SALESAGENT_VERSION "\n", stdout);
        return CLI_OK;
    }
    if (strcmp(name, "completion") == 0) return complete(argc, argv, commands, n);
    if (strcmp(name, "manual") == 0) return manual(argc, argv, commands, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_for(&commands[i], argc, argv)) continue;
        if (!asks_help(argc, argv)) return commands[i].run(argc - 1, argv + 1);
        (void)fputs(commands[i].usage, stdout);
        if (commands[i].more) commands[i].more();
        if (commands[i].epilogue) (void)fputs(commands[i].epilogue, stdout);
        if (commands[i].shares) operate_help(find_operation_command(commands[i].name), NULL);
        return CLI_OK;
    }
    const struct operation_command *c = find_operation_command(name);
    if (c) return run_operation_command(c, argc, argv);
    return cli_error(CLI_USAGE, "there is no command '%s'; salesagent --help lists them", name);
}
