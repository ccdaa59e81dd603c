#include "domain/creative/creative_mask.h"

#include <string.h>
#include <strings.h>

struct mask {
    struct str in;
    char *out; /* begins as a copy */
};

static void blank(struct mask *m, size_t from, size_t to)
{
    memset(m->out + from, ' ', to - from);
}

static bool at(const struct mask *m, size_t i, size_t end, const char *what)
{
    size_t n = strlen(what);
    return n <= end - i && strncasecmp(m->in.p + i, what, n) == 0;
}

/* Behind the next `what` from i on; `end` when there is none. */
static size_t behind(const struct mask *m, size_t i, size_t end, const char *what)
{
    const char *p = memmem(m->in.p + i, end - i, what, strlen(what));
    return p ? (size_t)(p - m->in.p) + strlen(what) : end;
}

/* ---- scripts and styles: without comments ---- */

static size_t skip_string(const struct mask *m, size_t i, size_t end)
{
    char quote = m->in.p[i];
    for (i++; i < end && m->in.p[i] != quote; i++) {
        if (m->in.p[i] == '\\') i++;
    }
    return i < end ? i + 1 : end;
}

static void mask_code(struct mask *m, size_t i, size_t end, bool lines)
{
    while (i < end) {
        size_t to = i;
        if (at(m, i, end, "/*")) to = behind(m, i + 2, end, "*/");
        else if (lines && at(m, i, end, "//")) to = behind(m, i, end, "\n");
        if (to > i) blank(m, i, to);
        else if (strchr("\"'`", m->in.p[i]) && m->in.p[i]) to = skip_string(m, i, end);
        else to = i + 1;
        i = to;
    }
}

/* ---- HTML: tags and their attributes, scripts, styles ---- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(const struct mask *m, size_t from, size_t to, const char *name)
{
    return to - from == strlen(name) && strncasecmp(m->in.p + from, name, to - from) == 0;
}

/* Attributes that are read to people, and addresses that a person follows. */
static bool is_said(const struct mask *m, size_t tag, size_t tag_end, size_t from, size_t to, size_t value)
{
    static const char *const names[] = { "alt", "title", "placeholder", "aria-label", "summary", "label" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_name(m, from, to, names[i])) return true;
    }
    bool link = is_name(m, tag, tag_end, "a") || is_name(m, tag, tag_end, "area");
    return link && is_name(m, from, to, "href") && at(m, value, m->in.n, "http:");
}

struct value {
    size_t from, to, next;
};

static struct value read_value(const struct mask *m, size_t i)
{
    struct value v = { i, i, i };
    while (v.from < m->in.n && is_space(m->in.p[v.from])) v.from++;
    char quote = v.from < m->in.n && strchr("\"'", m->in.p[v.from]) ? m->in.p[v.from] : '\0';
    if (quote) v.from++;
    v.to = v.from;
    while (v.to < m->in.n && (quote ? m->in.p[v.to] != quote : !is_space(m->in.p[v.to]) && m->in.p[v.to] != '>'))
        v.to++;
    v.next = quote && v.to < m->in.n ? v.to + 1 : v.to;
    return v;
}

/* From behind "<" to behind ">". */
static size_t mask_tag(struct mask *m, size_t i)
{
    size_t tag = i;
    while (i < m->in.n && !is_space(m->in.p[i]) && m->in.p[i] != '>' && m->in.p[i] != '/') i++;
    size_t tag_end = i;
    while (i < m->in.n && m->in.p[i] != '>') {
        size_t from = i;
        while (i < m->in.n && !is_space(m->in.p[i]) && !strchr("=>/", m->in.p[i])) i++;
        size_t to = i;
        if (i == from) {
            i++;
            continue;
        }
        while (i < m->in.n && is_space(m->in.p[i])) i++;
        if (i >= m->in.n || m->in.p[i] != '=') continue;
        struct value v = read_value(m, i + 1);
        if (is_said(m, tag, tag_end, from, to, v.from)) blank(m, v.from, v.to);
        i = v.next;
    }
    return i < m->in.n ? i + 1 : i;
}

/* The content of <script> or <style> that begins at i; where it ends. */
static size_t mask_inside(struct mask *m, size_t i, const char *close, bool lines)
{
    size_t end = i;
    while (end < m->in.n && !at(m, end, m->in.n, close)) end++;
    mask_code(m, i, end, lines);
    return end;
}

static void mask_html(struct mask *m)
{
    size_t i = 0;
    while (i < m->in.n) {
        const char *open = memchr(m->in.p + i, '<', m->in.n - i);
        size_t tag = open ? (size_t)(open - m->in.p) : m->in.n;
        blank(m, i, tag);
        if (at(m, tag, m->in.n, "<!--")) {
            i = behind(m, tag + 4, m->in.n, "-->");
            blank(m, tag, i);
            continue;
        }
        i = tag < m->in.n ? mask_tag(m, tag + 1) : tag;
        if (at(m, tag, m->in.n, "<script")) i = mask_inside(m, i, "</script", true);
        else if (at(m, tag, m->in.n, "<style")) i = mask_inside(m, i, "</style", false);
    }
}

struct str creative_mask(struct arena *a, struct str text, enum mask_kind kind)
{
    struct mask m = { .in = text, .out = arena_alloc_raw(a, text.n + 1) };
    if (text.n) memcpy(m.out, text.p, text.n);
    m.out[text.n] = '\0';
    if (kind == MASK_HTML) mask_html(&m);
    else mask_code(&m, 0, text.n, kind == MASK_SCRIPT);
    return (struct str){ m.out, text.n };
}
