/* What the manifest says of a command: --help, words for the Tab key, a section of the manual page. */
#include "cli/operate.h"

#define WIDTH 100

static const char common[] = "  --json             the agent's answer as JSON\n"
                             "  --all              of a list: every page; with --json a row a line\n"
                             "  --csv              of a list: every page as CSV\n"
                             "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
                             "  --publisher ID     which publisher, when there are several (also --tenant)\n"
                             "  --as PERSON        on whose behalf; it is written into the audit trail\n"
                             "  --mock-time TIME   sandbox: as if it were this time\n";

static const char exit_codes[] = "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n";

/* Words of `text` in lines of WIDTH, each begun with `indent` spaces. */
static void wrapped(const char *text, int indent)
{
    int at = 0;
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (at && at + 1 + n > WIDTH) {
            cli_print("\n");
            at = 0;
        }
        if (at) cli_print(" ");
        if (!at) cli_print("%*s", indent, "");
        at += (at ? 1 : indent) + n;
        cli_print("%.*s", n, text);
        text += n + (text[n] == ' ');
    }
    cli_print("\n");
}

static const char *value_of(const struct operation_option *o)
{
    return o->type == OPERATION_FLAG ? "" : o->value;
}

/* "list [OPTION...]", "assign ID --to TEXT" */
static struct str synopsis(struct arena *a, const struct operation_verb *v)
{
    struct str s = str_from(v->name);
    for (const struct operation_word *w = v->words; w->member; w++)
        s = arena_printf(a, STR_FMT " %s%s%s%s", STR_ARG(s), w->optional ? "[" : "", w->value, w->many ? "..." : "",
                         w->optional ? "]" : "");
    size_t free = 0;
    for (size_t i = 0; i < v->options_n; i++) {
        const struct operation_option *o = &v->options[i];
        if (o->required) s = arena_printf(a, STR_FMT " --%s %s", STR_ARG(s), o->flag, value_of(o));
        free += !o->required;
    }
    if (free) s = arena_printf(a, STR_FMT " [OPTION...]", STR_ARG(s));
    return s;
}

static void print_option(struct arena *a, const struct operation_option *o)
{
    struct str left = arena_printf(a, "--%s%s%s", o->flag, *value_of(o) ? " " : "", value_of(o));
    bool wide = left.n > 24;
    cli_print("      " STR_FMT, STR_ARG(left));
    if (wide) cli_print("\n");
    cli_print("%*s%s%s%s\n", wide ? 32 : (int)(26 - left.n), "", o->about, o->required ? " (needed)" : "",
              o->nullable ? " ('' takes it away)" : "");
}

static void print_verb(struct arena *a, const struct operation_command *c, const struct operation_verb *v)
{
    cli_print("  " STR_FMT "\n", STR_ARG(synopsis(a, v)));
    wrapped(v->help, 6);
    for (size_t i = 0; i < v->options_n; i++) print_option(a, &v->options[i]);
    for (const char *p = v->examples; p && *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
        cli_print("      example: salesagent %.*s\n", (int)strcspn(p, "\n"), p);
}

void operate_help(const struct operation_command *c, const struct operation_verb *only)
{
    struct arena a;
    arena_init(&a);
    cli_print("Usage: salesagent %s %s [OPTION...]\n\n", c->name, only ? synopsis(&a, only).p : "VERB [ARGUMENT...]");
    if (c->help && !only) {
        wrapped(c->help, 0);
        cli_print("\n");
    }
    for (size_t i = 0; i < c->verbs_n; i++) {
        if (!only || only == &c->verbs[i]) print_verb(&a, c, &c->verbs[i]);
    }
    cli_print("\nWorks on the running agent. Every verb also takes:\n%s\n%s", common, exit_codes);
    arena_finish(&a);
}

/* ---- completion ---- */

static void completion_options(const struct operation_verb *v)
{
    for (size_t i = 0; i < v->options_n; i++) cli_print("--%s ", v->options[i].flag);
    cli_print("--json --all --csv --data --publisher --as --mock-time --help");
}

void operate_completion(const struct operation_command *c, const char *more)
{
    cli_print("    %s%s%s)\n      case $verb in\n", c->name, c->alias ? "|" : "", c->alias ? c->alias : "");
    for (size_t k = 0; k < c->verbs_n; k++) {
        const struct operation_verb *v = &c->verbs[k];
        cli_print("        %s)\n          case $last in\n", v->name);
        for (size_t i = 0; i < v->options_n; i++) {
            if (v->options[i].choices)
                cli_print("            --%s) words='%s' ;;\n", v->options[i].flag, v->options[i].choices);
        }
        cli_print("            *) words='");
        completion_options(v);
        cli_print("' ;;\n          esac ;;\n");
    }
    cli_print("        *) words='");
    for (size_t k = 0; k < c->verbs_n; k++) cli_print("%s ", c->verbs[k].name);
    cli_print("%s%s--help' ;;\n      esac ;;\n", more, *more ? " " : "");
}

/* ---- the manual page ---- */

/* Text in which troff sees nothing of its own. */
void operate_manual_text(const char *s)
{
    for (char before = '\n'; *s; before = *s++) {
        if (before == '\n' && (*s == '.' || *s == '\'')) cli_print("\\&");
        if (*s == '\\') {
            cli_print("\\e");
        } else if (*s == '-') {
            cli_print("\\-");
        } else if (*s == '\'') {
            cli_print("\\(aq");
        } else {
            cli_print("%c", *s);
        }
    }
}

static void manual_option(const struct operation_option *o)
{
    cli_print(".TP\n\\fB");
    operate_manual_text("--");
    operate_manual_text(o->flag);
    cli_print("\\fR");
    if (*value_of(o)) {
        cli_print(" \\fI");
        operate_manual_text(value_of(o));
        cli_print("\\fR");
    }
    cli_print("\n");
    operate_manual_text(o->about);
    if (o->required) cli_print(" (needed)");
    cli_print("\n");
}

void operate_manual(const struct operation_command *c)
{
    struct arena a;
    arena_init(&a);
    cli_print(".SS ");
    operate_manual_text(c->name);
    cli_print("\n");
    operate_manual_text(c->about);
    cli_print(".\n");
    if (c->help) {
        cli_print(".PP\n");
        operate_manual_text(c->help);
        cli_print("\n");
    }
    for (size_t i = 0; i < c->verbs_n; i++) {
        cli_print(".TP\n\\fB");
        operate_manual_text(arena_printf(&a, "%s %s", c->name, synopsis(&a, &c->verbs[i]).p).p);
        cli_print("\\fR\n");
        operate_manual_text(c->verbs[i].help);
        cli_print("\n");
        if (c->verbs[i].options_n) cli_print(".RS\n");
        for (size_t k = 0; k < c->verbs[i].options_n; k++) manual_option(&c->verbs[i].options[k]);
        if (c->verbs[i].options_n) cli_print(".RE\n");
    }
    arena_finish(&a);
}

void operate_manual_common(void)
{
    cli_print(".SS \"Options of all of these\"\n.nf\n");
    operate_manual_text(common);
    cli_print(".fi\n.SH \"EXIT STATUS\"\n");
    operate_manual_text(exit_codes);
}

const char *operate_field(struct arena *a, const struct operation_verb *v, const char *pointer)
{
    const char *best = pointer;
    size_t longest = 0;
    if (*pointer == '/') pointer++;
    for (const struct operation_word *w = v->words; w->member; w++) {
        size_t n = strlen(w->member);
        if (strncmp(pointer, w->member, n) == 0 && (pointer[n] == '/' || !pointer[n])) return w->value;
    }
    for (size_t i = 0; i < v->options_n; i++) {
        size_t n = strlen(v->options[i].member);
        if (n <= longest || strncmp(pointer, v->options[i].member, n) != 0 || (pointer[n] && pointer[n] != '/'))
            continue;
        longest = n;
        best = arena_printf(a, "--%s", v->options[i].flag).p;
    }
    return best;
}
