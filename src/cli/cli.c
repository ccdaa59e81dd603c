#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What somebody else has written (a name, a reason) must not steer the terminal: control characters are shown as JSON
 * escapes, which also in JSON say the same. Nothing sensible can be said when the stream is gone. */
static void put_tame(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i], next = i + 1 < n ? (unsigned char)text[i + 1] : 0;
        bool c1 = c == 0xc2 && next >= 0x80 && next <= 0x9f;
        if (c1) {
            (void)fprintf(out, "\\u%04x", next);
            i++;
        } else if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
            (void)fprintf(out, "\\u%04x", c);
        } else {
            (void)fputc(c, out);
        }
    }
}

static void print_tame(FILE *out, const char *fmt, va_list ap)
{
    char *text = NULL;
    int n = vasprintf(&text, fmt, ap);
    if (n >= 0) put_tame(out, text, (size_t)n);
    free(text);
}

void cli_print(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_tame(stdout, fmt, ap);
    va_end(ap);
}

int cli_error(int code, const char *fmt, ...)
{
    va_list ap;
    (void)fputs("error: ", stderr);
    va_start(ap, fmt);
    print_tame(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
    return code;
}

int cli_failed(const struct err *e)
{
    (void)cli_error(CLI_FAILED, "%s%s%s%s", e->message, e->field[0] ? " (at " : "", e->field, e->field[0] ? ")" : "");
    if (e->suggestion[0]) (void)fprintf(stderr, "%s\n", e->suggestion);
    return CLI_FAILED;
}

struct cli_args cli_args_start(int argc, char **argv)
{
    return (struct cli_args){ .argc = argc, .i = 1, .argv = argv };
}

bool cli_more(const struct cli_args *a)
{
    return a->i < a->argc && !a->bad;
}

bool cli_option(struct cli_args *a, const char *name, const char **value)
{
    if (!cli_more(a)) return false;
    const char *arg = a->argv[a->i];
    size_t n = strlen(name);
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0) return false;
    if (arg[2 + n] == '=') {
        *value = arg + 3 + n;
        a->i++;
        return true;
    }
    if (arg[2 + n] != '\0') return false;
    if (a->i + 1 >= a->argc) {
        a->bad = arg;
        return false;
    }
    *value = a->argv[a->i + 1];
    a->i += 2;
    return true;
}

bool cli_flag(struct cli_args *a, const char *name)
{
    if (!cli_more(a)) return false;
    const char *arg = a->argv[a->i];
    if (strncmp(arg, "--", 2) != 0 || strcmp(arg + 2, name) != 0) return false;
    a->i++;
    return true;
}

const char *cli_positional(struct cli_args *a)
{
    if (!cli_more(a)) return NULL;
    const char *arg = a->argv[a->i];
    if (arg[0] == '-' && arg[1] != '\0') {
        a->bad = arg;
        return NULL;
    }
    a->i++;
    return arg;
}
