#include "domain/delivery/delivery_csv.h"

#include <salesagent/money.h>
#include <stdlib.h>

#include "base/rfc3339.h"

#define COLUMNS_MAX  32
#define ID_BYTES_MAX 255
#define COUNT_MAX    INT64_C(1000000000000)
#define FRACTION_MAX 6

enum column_kind { COLUMN_DATE, COLUMN_PACKAGE, COLUMN_CREATIVE, COLUMN_METRIC };

struct column {
    enum column_kind kind;
    enum metric metric;
    const char *name;
};

static const struct column known[] = {
    { COLUMN_DATE, 0, "date" },
    { COLUMN_PACKAGE, 0, "package_id" },
    { COLUMN_CREATIVE, 0, "creative_id" },
    { COLUMN_METRIC, METRIC_IMPRESSIONS, "impressions" },
    { COLUMN_METRIC, METRIC_CLICKS, "clicks" },
    { COLUMN_METRIC, METRIC_SPEND, "spend" },
    { COLUMN_METRIC, METRIC_VIEWS, "views" },
    { COLUMN_METRIC, METRIC_COMPLETED_VIEWS, "completed_views" },
    { COLUMN_METRIC, METRIC_MEASURABLE, "measurable" },
    { COLUMN_METRIC, METRIC_VIEWABLE, "viewable" },
    { COLUMN_METRIC, METRIC_CONVERSIONS, "conversions" },
};

struct parse {
    struct arena *arena;
    struct str rest;
    size_t line; /* of the record that is read */
    const struct column *columns[COLUMNS_MAX];
    size_t columns_n;
};

static int bad(const struct parse *p, struct err *e, const char *what, const char *column)
{
    return err_set(e, "INVALID_REQUEST", "line %zu%s%s: %s", p->line, *column ? ", " : "", column, what);
}

/* ---- cells ---- */

static struct str trimmed(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = str_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

/* "..." with "" for a quote. -1: it does not end. */
static int quoted(struct parse *p, struct str *out)
{
    char *text = arena_alloc(p->arena, p->rest.n);
    size_t n = 0, i = 1;
    for (;; i++) {
        if (i >= p->rest.n) return -1;
        if (p->rest.p[i] != '"') {
            text[n++] = p->rest.p[i];
        } else if (i + 1 < p->rest.n && p->rest.p[i + 1] == '"') {
            text[n++] = p->rest.p[i++];
        } else {
            break;
        }
    }
    *out = (struct str){ text, n };
    p->rest = str_skip(p->rest, i + 1);
    return 0;
}

/* The next cell; *last when the record ends with it. */
static int cell(struct parse *p, struct str *out, bool *last, struct err *e)
{
    if (p->rest.n && p->rest.p[0] == '"') {
        if (quoted(p, out)) return bad(p, e, "a quote is not closed", "");
    } else {
        size_t n = 0;
        while (n < p->rest.n && p->rest.p[n] != ',' && p->rest.p[n] != '\n' && p->rest.p[n] != '\r') n++;
        *out = trimmed((struct str){ p->rest.p, n });
        p->rest = str_skip(p->rest, n);
    }
    *last = true;
    if (p->rest.n == 0) return 0;
    char c = p->rest.p[0];
    *last = c != ',';
    if (c != ',' && c != '\n' && c != '\r') return bad(p, e, "something stands behind a closing quote", "");
    bool crlf = c == '\r' && p->rest.n > 1 && p->rest.p[1] == '\n';
    p->rest = str_skip(p->rest, crlf ? 2 : 1);
    return 0;
}

/* ---- values ---- */

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return s.n > 0;
}

static int64_t number(struct str s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++) v = 10 * v + (s.p[i] - '0');
    return v;
}

/* At most 12 digits before the point, which no count or sum of money has. */
static bool read_count(struct str s, int64_t *out)
{
    if (!digits(s) || s.n > 13) return false;
    *out = number(s);
    return *out <= COUNT_MAX;
}

static bool read_spend(struct str s, int64_t *out)
{
    const char *point = memchr(s.p, '.', s.n);
    struct str whole = { s.p, point ? (size_t)(point - s.p) : s.n };
    struct str part = point ? str_skip(s, whole.n + 1) : STR_NONE;
    if (!digits(whole) || whole.n > 10 || (point && (!digits(part) || part.n > FRACTION_MAX))) return false;
    int64_t micros = point ? number(part) : 0;
    for (size_t i = part.n; i < FRACTION_MAX; i++) micros *= 10;
    *out = number(whole) * MICROS_PER_UNIT + micros;
    return *out <= MONEY_MICROS_MAX;
}

static int read_metric(const struct parse *p, const struct column *c, struct str text, struct delivery_csv_row *row,
                       struct err *e)
{
    int64_t *to = &row->delivered.of[c->metric];
    if (!text.n) return 0;
    if (c->metric == METRIC_SPEND) {
        return read_spend(text, to)
                   ? 0
                   : bad(p, e, "this is no amount: digits, and a point before at most 6 more", c->name);
    }
    return read_count(text, to) ? 0 : bad(p, e, "this is no whole number: digits only, without separators", c->name);
}

static int read_cell(const struct parse *p, const struct column *c, struct str text, struct delivery_csv_row *row,
                     struct err *e)
{
    switch (c->kind) {
    case COLUMN_DATE:
        return rfc3339_parse_date(text, &row->day_at) ? bad(p, e, "this is no day: YYYY-MM-DD", c->name) : 0;
    case COLUMN_PACKAGE:
    case COLUMN_CREATIVE:
        if (text.n > ID_BYTES_MAX || (c->kind == COLUMN_PACKAGE && !text.n)) return bad(p, e, "this is no id", c->name);
        *(c->kind == COLUMN_PACKAGE ? &row->package_id : &row->creative_id) = text;
        return 0;
    case COLUMN_METRIC: return read_metric(p, c, text, row, e);
    }
    return 0;
}

/* ---- records ---- */

static const struct column *column_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_is(name, known[i].name)) return &known[i];
    }
    return NULL;
}

static bool has(const struct parse *p, enum column_kind kind)
{
    for (size_t i = 0; i < p->columns_n; i++) {
        if (p->columns[i]->kind == kind) return true;
    }
    return false;
}

static int read_header(struct parse *p, struct err *e)
{
    struct str text;
    bool last = false;
    while (!last) {
        if (cell(p, &text, &last, e)) return -1;
        const struct column *c = column_of(text);
        if (!c || p->columns_n == COLUMNS_MAX) {
            (void)err_set(e, "INVALID_REQUEST", "line 1: there is no column \"%.*s\" here",
                          (int)(text.n < 60 ? text.n : 60), text.n ? text.p : "");
            return err_suggest(e, "date, package_id, creative_id, impressions, clicks, spend, views, completed_views,"
                                  " measurable, viewable, conversions");
        }
        for (size_t i = 0; i < p->columns_n; i++) {
            if (p->columns[i] == c) return bad(p, e, "this column is there twice", c->name);
        }
        p->columns[p->columns_n++] = c;
    }
    if (!has(p, COLUMN_DATE) || !has(p, COLUMN_PACKAGE) || !has(p, COLUMN_METRIC))
        return bad(p, e, "the columns date, package_id and at least one of numbers have to be there", "");
    return 0;
}

static int read_row(struct parse *p, struct delivery_csv_row *row, struct err *e)
{
    struct str text;
    bool last = false;
    *row = (struct delivery_csv_row){ .line = p->line };
    for (int m = 0; m < METRICS_N; m++) row->delivered.of[m] = METRIC_UNKNOWN;
    for (size_t i = 0; i < p->columns_n; i++) {
        if (last) return bad(p, e, "there are fewer cells than columns", "");
        if (cell(p, &text, &last, e) || read_cell(p, p->columns[i], text, row, e)) return -1;
    }
    return last ? 0 : bad(p, e, "there are more cells than columns", "");
}

static bool blank(const struct parse *p)
{
    return p->rest.p[0] == '\n' || p->rest.p[0] == '\r';
}

static void skip_line(struct parse *p)
{
    bool crlf = p->rest.p[0] == '\r' && p->rest.n > 1 && p->rest.p[1] == '\n';
    p->rest = str_skip(p->rest, crlf ? 2 : 1);
}

static int order(struct str a, struct str b)
{
    int rc = memcmp(a.n ? a.p : "", b.n ? b.p : "", a.n < b.n ? a.n : b.n);
    return rc ? rc : (a.n > b.n) - (a.n < b.n);
}

static int by_place(const void *x, const void *y)
{
    const struct delivery_csv_row *a = x, *b = y;
    int rc = order(a->package_id, b->package_id);
    if (rc == 0) rc = (a->day_at > b->day_at) - (a->day_at < b->day_at);
    if (rc == 0) rc = order(a->creative_id, b->creative_id);
    return rc ? rc : (a->line > b->line) - (a->line < b->line);
}

static int refuse_twice(struct parse *p, const struct delivery_csv *csv, struct err *e)
{
    for (size_t i = 1; i < csv->n; i++) {
        const struct delivery_csv_row *a = &csv->rows[i - 1], *b = &csv->rows[i];
        bool same =
            a->day_at == b->day_at && str_eq(a->package_id, b->package_id) && str_eq(a->creative_id, b->creative_id);
        if (!same) continue;
        p->line = b->line;
        return err_set(e, "INVALID_REQUEST", "line %zu: line %zu says this day of this package already", b->line,
                       a->line);
    }
    return 0;
}

int delivery_csv_parse(struct arena *a, struct str text, struct delivery_csv *out, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf"; /* spreadsheets write it */
    struct parse p = { .arena = a, .rest = text, .line = 1 };
    struct delivery_csv csv = { NULL, 0 };
    size_t cap = 0;
    if (text.n > DELIVERY_CSV_BYTES_MAX)
        return err_set(e, "INVALID_REQUEST", "the file is longer than %zu bytes", DELIVERY_CSV_BYTES_MAX);
    if (str_starts(p.rest, (struct str){ mark, 3 })) p.rest = str_skip(p.rest, 3);
    if (read_header(&p, e)) return -1;
    for (p.line = 2; p.rest.n; p.line++) {
        if (blank(&p)) {
            skip_line(&p);
            continue;
        }
        if (csv.n == DELIVERY_CSV_ROWS_MAX) return bad(&p, e, "more rows than one file may have", "");
        if (csv.n == cap) {
            cap = cap ? 2 * cap : 256;
            struct delivery_csv_row *more = ARENA_ARRAY(a, struct delivery_csv_row, cap);
            if (csv.n) memcpy(more, csv.rows, csv.n * sizeof(*more));
            csv.rows = more;
        }
        if (read_row(&p, &csv.rows[csv.n], e)) return -1;
        csv.n++;
    }
    if (csv.n) qsort(csv.rows, csv.n, sizeof(*csv.rows), by_place);
    if (refuse_twice(&p, &csv, e)) return -1;
    *out = csv;
    return 0;
}
