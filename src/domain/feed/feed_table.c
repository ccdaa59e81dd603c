/* Feeds as tables, the way merchants' programs write them: RFC 4180 with what Merchant Center and Meta bear besides. Tabs,
 * commas, semicolons or bars; quotes in tables of tabs too; a row of remarks above the names. See feed.h. */
#include "base/buf.h"
#include "base/encode.h"
#include "domain/feed/feed_internal.h"

/* In a table of tabs a quote may be part of the text (5" pipe), so its end is looked for; how far in all is bounded, or a file
 * of quotes would be walked once for each of them. */
#define LOOKED_PER_BYTE 16

struct table {
    struct str rest;
    char separator;
    size_t look_left;
    struct buf field;
    bool line_ended, ended;
};

static bool is_blank(const struct table *t, char c)
{
    return c == ' ' || (c == '\t' && t->separator != '\t');
}

/* Whether the quote that the rest begins with has an end, and behind it the end of the field. */
static bool quote_ends(struct table *t)
{
    struct str s = t->rest;
    size_t most = s.n < FEED_FIELD_BYTES ? s.n : FEED_FIELD_BYTES;
    for (size_t i = 1; i < most; i++) {
        if (t->look_left == 0) return false;
        t->look_left--;
        if (s.p[i] != '"') continue;
        if (i + 1 < s.n && s.p[i + 1] == '"') i++;
        else return i + 1 == s.n || s.p[i + 1] == t->separator || s.p[i + 1] == '\n' || s.p[i + 1] == '\r';
    }
    return false;
}

static bool begin_field(struct table *t)
{
    while (t->rest.n && is_blank(t, t->rest.p[0])) t->rest = str_skip(t->rest, 1);
    bool quoted = t->rest.n && t->rest.p[0] == '"' && (t->separator != '\t' || quote_ends(t));
    if (quoted) t->rest = str_skip(t->rest, 1);
    t->field.n = 0;
    t->line_ended = false;
    return quoted;
}

/* The next field of the row; sets line_ended after the last of a row and ended after the last of all. */
static int next_field(struct table *t, struct err *e)
{
    bool quoted = begin_field(t), was_quoted = quoted;
    while (t->rest.n) {
        char c = t->rest.p[0];
        bool twice = quoted && c == '"' && t->rest.n > 1 && t->rest.p[1] == '"';
        if (t->field.n > FEED_FIELD_BYTES) return feed_broken(e, "a field is too long");
        if (quoted && c == '"' && !twice) {
            quoted = false;
            t->rest = str_skip(t->rest, 1);
            continue;
        }
        t->rest = str_skip(t->rest, twice ? 2 : 1);
        if (!quoted && (c == t->separator || c == '\n')) {
            t->line_ended = c == '\n';
            t->ended = t->line_ended && !t->rest.n;
            break;
        }
        bool behind = was_quoted && !quoted && is_blank(t, c); /* between the quote and the separator */
        if (quoted || (c != '\r' && !behind)) buf_add_char(&t->field, c);
        if (!t->rest.n) t->line_ended = t->ended = true;
    }
    if (!t->rest.n && !t->ended) t->line_ended = t->ended = true;
    while (!was_quoted && t->field.n && t->field.p[t->field.n - 1] == ' ') t->field.n--;
    return quoted ? feed_broken(e, "a quoted field does not end") : 0;
}

static bool text_valid(struct str s)
{
    return !memchr(s.p ? s.p : "", '\0', s.n) && utf8_valid(s);
}

static int read_header(struct feed_records *r, struct table *t, struct str *names, size_t *n, struct err *e)
{
    do {
        if (*n == FEED_COLUMNS_MAX) return feed_broken(e, "it has too many columns");
        if (next_field(t, e)) return -1;
        struct str name = buf_str(&t->field);
        if (name.n > FEED_NAME_BYTES || !text_valid(name)) return feed_broken(e, "the name of a column is no name");
        names[(*n)++] = arena_dup(r->a, name);
    } while (!t->line_ended);
    return *n < 2 ? feed_broken(e, "it is neither JSON nor XML, and has no columns") : 0;
}

static int read_rows(struct feed_records *r, struct table *t, const struct str *names, size_t n, struct err *e)
{
    while (!t->ended) {
        yyjson_mut_val *record = yyjson_mut_obj(r->doc);
        size_t column = 0;
        do {
            if (next_field(t, e)) return -1;
            struct str value = buf_str(&t->field);
            if (!text_valid(value)) return feed_broken(e, "it is not UTF-8");
            if (column < n && value.n && names[column].n &&
                feed_put(r, record, names[column], arena_dup(r->a, value))) {
                return feed_broken(e, "an item has too many fields");
            }
            column++;
        } while (!t->line_ended);
        if (yyjson_mut_obj_size(record) && feed_push(r, feed_settle(r, record), e)) return -1;
    }
    return 0;
}

static struct str first_line(struct str body)
{
    const char *end = memchr(body.p ? body.p : "", '\n', body.n);
    return (struct str){ body.p, end ? (size_t)(end - body.p) : body.n };
}

/* Meta's templates begin with rows that explain the columns. */
static struct str without_remarks(struct str body)
{
    while (str_starts(body, STR("#")) || str_starts(body, STR("\"#"))) {
        struct str line = first_line(body);
        body = str_skip(body, line.n < body.n ? line.n + 1 : line.n);
    }
    return body;
}

static char separator_of(struct str head)
{
    static const char known[] = { ',', ';', '|' };
    size_t counted[ARRAY_LEN(known)] = { 0 }, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < head.n; i++) {
        if (head.p[i] == '"') quoted = !quoted;
        if (quoted) continue;
        if (head.p[i] == '\t') return '\t';
        for (size_t k = 0; k < ARRAY_LEN(known); k++) counted[k] += head.p[i] == known[k];
    }
    for (size_t k = 1; k < ARRAY_LEN(known); k++) best = counted[k] > counted[best] ? k : best;
    return known[best];
}

int feed_read_table(struct feed_records *r, struct str body, struct err *e)
{
    body = without_remarks(body);
    struct table t = { .rest = body,
                       .separator = separator_of(first_line(body)),
                       .look_left = body.n * LOOKED_PER_BYTE };
    struct str *names = ARENA_ARRAY(r->a, struct str, FEED_COLUMNS_MAX);
    size_t n = 0;
    buf_init(&t.field, FEED_FIELD_BYTES * 2);
    int rc = read_header(r, &t, names, &n, e) || read_rows(r, &t, names, n, e) ? -1 : 0;
    buf_finish(&t.field);
    return rc;
}
