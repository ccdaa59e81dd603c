#include "base/env_file.h"

#include "base/buf.h"

#define VALUE_BYTES_MAX ((size_t)64 << 10)

struct env_reader env_reader_start(struct arena *a, struct str text)
{
    return (struct env_reader){ .arena = a, .text = text, .line = 1 };
}

static bool at_end(const struct env_reader *r)
{
    return r->text.n == 0;
}

static char take(struct env_reader *r)
{
    char c = r->text.p[0];
    r->text = str_skip(r->text, 1);
    if (c == '\n') r->line++;
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_line(struct env_reader *r)
{
    while (!at_end(r) && take(r) != '\n') {
    }
}

/* To the first character of a line that says something. */
static void skip_silence(struct env_reader *r)
{
    while (!at_end(r)) {
        char c = r->text.p[0];
        if (c == '#' || c == ';') {
            skip_line(r);
        } else if (is_blank(c) || c == '\n') {
            (void)take(r);
        } else {
            return;
        }
    }
}

/* After a backslash: the next character as it stands; a line break joins the lines. */
static void take_escaped(struct env_reader *r, struct buf *out)
{
    if (at_end(r)) return;
    char c = take(r);
    if (c != '\n') buf_add_char(out, c);
}

/* 0, or -1 when the text ends inside the quotes. */
static int take_quoted(struct env_reader *r, char quote, struct buf *out)
{
    while (!at_end(r)) {
        char c = take(r);
        if (c == quote) return 0;
        if (c == '\\' && quote == '"') {
            take_escaped(r, out);
        } else {
            buf_add_char(out, c);
        }
    }
    return -1;
}

/* The value and the end of its line. Trailing blanks count only where they were quoted. */
static int take_value(struct env_reader *r, struct buf *out)
{
    size_t keep = 0;
    bool plain = false; /* within text without quotes, where a quote is a character like others */
    while (!at_end(r)) {
        char c = take(r);
        if (c == '\n') break;
        if (!plain && (c == '"' || c == '\'')) {
            if (take_quoted(r, c, out)) return -1;
            keep = out->n;
        } else if (c == '\\') {
            take_escaped(r, out);
            plain = true;
            keep = out->n;
        } else if (!is_blank(c)) {
            buf_add_char(out, c);
            plain = true;
            keep = out->n;
        } else if (out->n) {
            buf_add_char(out, c);
        }
    }
    if (out->n > keep) out->n = keep;
    return out->overflowed ? -1 : 0;
}

static bool key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int take_key(struct env_reader *r, struct str *key)
{
    size_t n = 0;
    while (n < r->text.n && key_char(r->text.p[n])) n++;
    *key = arena_dup(r->arena, (struct str){ r->text.p, n });
    r->text = str_skip(r->text, n);
    while (!at_end(r) && is_blank(r->text.p[0])) (void)take(r);
    if (n == 0 || at_end(r) || r->text.p[0] != '=') return -1;
    (void)take(r);
    return 0;
}

int env_reader_next(struct env_reader *r, struct env_line *out, struct err *e)
{
    struct buf value;
    skip_silence(r);
    *out = (struct env_line){ .line = r->line };
    if (at_end(r)) return 0;
    if (take_key(r, &out->key)) {
        skip_line(r);
        return err_set(e, "CONFIGURATION_ERROR", "A line is KEY=VALUE, a comment that begins with '#', or empty.");
    }
    buf_init(&value, VALUE_BYTES_MAX);
    int rc = take_value(r, &value);
    out->value = arena_dup(r->arena, buf_str(&value));
    buf_finish(&value);
    if (rc) return err_set(e, "CONFIGURATION_ERROR", "The value has a quote without its end, or is too long.");
    return 1;
}
