#include "admin/template.h"

#include <ctype.h>

#define NESTED_MAX 16

/* --- escaping -------------------------------------------------------------------------------------------------- */

/* Bytes of a character at `p` that would hide or turn what stands around it; 0 when it is an ordinary one. C0 and C1
 * controls but tab and line ends, U+202A-U+202E, U+2066-U+2069. */
static size_t deceiving(const unsigned char *p, size_t n)
{
    if (p[0] < 0x20) return p[0] == '\n' || p[0] == '\t' || p[0] == '\r' ? 0 : 1;
    if (p[0] == 0x7f) return 1;
    if (p[0] == 0xc2 && n > 1 && p[1] < 0xa0) return 2;
    if (p[0] != 0xe2 || n < 3) return 0;
    bool turns = (p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
    return turns ? 3 : 0;
}

void template_text(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t bad = deceiving((const unsigned char *)s.p + i, s.n - i);
        if (bad) {
            buf_add(out, STR("\xef\xbf\xbd"));
            i += bad;
            continue;
        }
        switch (s.p[i]) {
        case '<': buf_add(out, STR("&lt;")); break;
        case '>': buf_add(out, STR("&gt;")); break;
        case '&': buf_add(out, STR("&amp;")); break;
        case '"': buf_add(out, STR("&quot;")); break;
        case '\'': buf_add(out, STR("&#39;")); break;
        default: buf_add_char(out, s.p[i]);
        }
        i++;
    }
}

static bool begins(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n > n && strncasecmp(s.p, with, n) == 0;
}

bool template_url_allowed(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '\\')
            return false; /* browsers would leave it out, or read it as '/' */
    }
    if (begins(s, "http://") || begins(s, "https://")) return true;
    if (!s.n) return false;
    return s.p[0] == '?' || s.p[0] == '#' || (s.p[0] == '/' && (s.n == 1 || s.p[1] != '/'));
}

void template_url_part(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (isalnum(c) || strchr("-._~", c)) buf_add_char(out, (char)c);
        else buf_addf(out, "%%%02X", c);
    }
}

/* --- values ---------------------------------------------------------------------------------------------------- */

struct named {
    const char *name;
    yyjson_val *value;
};

/* A block under way: its values are visited one after the other. */
struct block {
    const struct template_step *step;
    yyjson_val *list; /* NULL: one value */
    size_t i, n;
};

struct run {
    yyjson_val *view;
    const struct format_how *how;
    const struct template *page;
    struct buf *out;
    struct named names[NESTED_MAX];
    int names_n;
    int depth;
};

static yyjson_val *first_of(const struct run *r, const char *path, size_t n)
{
    for (int i = r->names_n; i-- > 0;) {
        if (strlen(r->names[i].name) == n && memcmp(r->names[i].name, path, n) == 0) return r->names[i].value;
    }
    return yyjson_obj_getn(r->view, path, n);
}

static yyjson_val *value_of(const struct run *r, const char *path)
{
    size_t n = strcspn(path, ".");
    yyjson_val *v = first_of(r, path, n);
    for (path += n; *path == '.' && v; path += n) {
        n = strcspn(++path, ".");
        v = yyjson_is_arr(v) && isdigit((unsigned char)path[0]) ? yyjson_arr_get(v, (size_t)(path[0] - '0'))
                                                                : yyjson_obj_getn(v, path, n);
    }
    return v;
}

static bool says_something(yyjson_val *v)
{
    if (yyjson_is_str(v)) return yyjson_get_len(v) > 0;
    if (yyjson_is_bool(v)) return yyjson_get_bool(v);
    if (yyjson_is_num(v)) return yyjson_get_num(v) < 0 || yyjson_get_num(v) > 0;
    return yyjson_get_len(v) > 0;
}

static bool is_word(yyjson_val *v, const char *word)
{
    if (yyjson_is_bool(v)) return strcmp(word, yyjson_get_bool(v) ? "true" : "false") == 0;
    return yyjson_is_str(v) && yyjson_equals_str(v, word);
}

static void add_value(struct run *r, const struct template_step *s)
{
    yyjson_val *argument = s->b[0] ? value_of(r, s->b) : NULL;
    struct str text = format_value(r->how, (enum format)s->filter, value_of(r, s->a), argument);
    switch ((enum template_kind)s->kind) {
    case TEMPLATE_URL: template_text(r->out, template_url_allowed(text) ? text : STR("#")); break;
    case TEMPLATE_URL_PART: template_url_part(r->out, text); break;
    default: template_text(r->out, text);
    }
}

/* --- steps ----------------------------------------------------------------------------------------------------- */

static yyjson_val *item(const struct block *b)
{
    yyjson_val *v = yyjson_arr_get(b->list, b->i); /* views are short: their lists are pages */
    return v;
}

/* False: there is nothing to visit. */
static bool enter(struct run *r, struct block *b, const struct template_step *s)
{
    yyjson_val *v = value_of(r, s->a);
    *b = (struct block){ .step = s, .list = s->kind == TEMPLATE_EACH ? v : NULL };
    b->n = b->list ? yyjson_arr_size(v) : says_something(v);
    if (!b->n) return false;
    ENSURE(r->names_n < NESTED_MAX); /* our templates are nested as deep as they are written */
    r->names[r->names_n++] = (struct named){ s->b, b->list ? item(b) : v };
    return true;
}

/* True: there is another value to visit. */
static bool next(struct run *r, struct block *b)
{
    if (b->list && ++b->i < b->n) {
        r->names[r->names_n - 1].value = item(b);
        return true;
    }
    r->names_n--;
    return false;
}

static void run(struct run *r, const struct template *t)
{
    struct block blocks[NESTED_MAX];
    int open = 0;
    ENSURE(r->depth < NESTED_MAX);
    r->depth++;
    for (int i = 0; i < t->n;) {
        const struct template_step *s = &t->steps[i++];
        switch ((enum template_kind)s->kind) {
        case TEMPLATE_LITERAL: buf_add(r->out, (struct str){ s->a, (size_t)s->a_n }); break;
        case TEMPLATE_TEXT:
        case TEMPLATE_ATTRIBUTE:
        case TEMPLATE_URL:
        case TEMPLATE_URL_PART: add_value(r, s); break;
        case TEMPLATE_IF:
            if (!says_something(value_of(r, s->a))) i = s->jump;
            break;
        case TEMPLATE_IF_IS:
            if (!is_word(value_of(r, s->a), s->b)) i = s->jump;
            break;
        case TEMPLATE_IF_IS_NOT:
            if (is_word(value_of(r, s->a), s->b)) i = s->jump;
            break;
        case TEMPLATE_JUMP: i = s->jump; break;
        case TEMPLATE_EACH:
        case TEMPLATE_WITH:
            ENSURE(open < NESTED_MAX);
            if (enter(r, &blocks[open], s)) open++;
            else i = s->jump;
            break;
        case TEMPLATE_END:
            ENSURE(open > 0);
            if (next(r, &blocks[open - 1])) i = s->jump + 1;
            else open--;
            break;
        case TEMPLATE_USE: run(r, s->use); break;
        case TEMPLATE_PAGE: run(r, r->page); break;
        }
    }
    r->depth--;
}

void template_render(const struct template *frame, const struct template *page, yyjson_val *view,
                     const struct format_how *how, struct buf *out)
{
    struct run r = { .view = view, .how = how, .page = page, .out = out };
    run(&r, frame);
}
