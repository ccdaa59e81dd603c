/* Feeds as JSON, tables and XML: each into records. See feed.h. */
#include <expat.h>

#include "base/buf.h"
#include "base/encode.h"
#include "contract/limits.h"
#include "domain/feed/feed_internal.h"

#define COLUMNS_MAX 500
#define NAME_BYTES  200
#define DEPTH_MAX   16
#define FIELD_BYTES 65536

static int broken(struct err *e, const char *why)
{
    return err_set(e, "INVALID_REQUEST", "The feed cannot be read: %s.", why);
}

/* ---- JSON ---- */

static int push_all(struct feed_records *r, yyjson_val *arr, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(arr, i, n, v) {
        if (!yyjson_is_obj(v)) return broken(e, "an item is not an object");
        if (feed_push(r, json_copy(r->doc, v), e)) return -1;
    }
    return 0;
}

static int read_lines(struct feed_records *r, struct str body, const struct json_limits *limits, struct err *e)
{
    while (body.n) {
        const char *end = memchr(body.p, '\n', body.n);
        struct str line = { body.p, end ? (size_t)(end - body.p) : body.n };
        body = str_skip(body, end ? line.n + 1 : line.n);
        while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ')) line.n--;
        if (!line.n) continue;
        yyjson_doc *doc;
        struct err ignored; /* said in our words */
        if (json_parse(r->a, line, limits, &doc, &ignored) || !yyjson_is_obj(yyjson_doc_get_root(doc))) {
            return broken(e, "it is neither JSON nor an object a line");
        }
        if (feed_push(r, json_copy(r->doc, yyjson_doc_get_root(doc)), e)) return -1;
    }
    return 0;
}

int feed_read_json(struct feed_records *r, struct str body, struct err *e)
{
    static const char *const members[] = { "items", "offerings", "products", "data" };
    yyjson_doc *doc;
    struct err ignored; /* then it may be lines */
    if (json_parse(r->a, body, &json_limits_feed, &doc, &ignored)) return read_lines(r, body, &json_limits_feed, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (yyjson_is_arr(root)) return push_all(r, root, e);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (json_arr(root, members[i])) return push_all(r, json_arr(root, members[i]), e);
    }
    if (feed_item_id(root).n) return feed_push(r, json_copy(r->doc, root), e);
    return broken(e, "it has no list of items");
}

/* ---- tables ---- */

struct table {
    struct str rest;
    char separator;
    struct buf field;
    bool line_ended, ended;
};

/* The next field of the row; sets line_ended after the last of a row and ended after the last of all. */
static int next_field(struct table *t, struct err *e)
{
    bool quoted = t->rest.n && t->rest.p[0] == '"' && t->separator != '\t';
    t->field.n = 0;
    t->line_ended = false;
    if (quoted) t->rest = str_skip(t->rest, 1);
    while (t->rest.n) {
        char c = t->rest.p[0];
        bool twice = quoted && c == '"' && t->rest.n > 1 && t->rest.p[1] == '"';
        if (t->field.n > FIELD_BYTES) return broken(e, "a field is too long");
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
        if (quoted || c != '\r') buf_add_char(&t->field, c);
        if (!t->rest.n) t->line_ended = t->ended = true;
    }
    if (!t->rest.n && !t->ended) t->line_ended = t->ended = true;
    return quoted ? broken(e, "a quoted field does not end") : 0;
}

static bool text_valid(struct str s)
{
    /* Whatever is no UTF-8 would not be JSON either. */
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\0') return false;
    }
    return utf8_valid(s);
}

static int read_header(struct feed_records *r, struct table *t, struct str *names, size_t *n, struct err *e)
{
    do {
        if (*n == COLUMNS_MAX) return broken(e, "it has too many columns");
        if (next_field(t, e)) return -1;
        struct str name = buf_str(&t->field);
        if (str_starts(name, STR("g:"))) name = str_skip(name, 2);
        if (name.n > NAME_BYTES || !text_valid(name)) return broken(e, "the name of a column is no name");
        names[(*n)++] = arena_dup(r->a, name);
    } while (!t->line_ended);
    return *n < 2 ? broken(e, "it is neither JSON nor XML, and has no columns") : 0;
}

static int read_rows(struct feed_records *r, struct table *t, const struct str *names, size_t n, struct err *e)
{
    while (!t->ended) {
        yyjson_mut_val *record = yyjson_mut_obj(r->doc);
        size_t column = 0;
        do {
            if (next_field(t, e)) return -1;
            struct str value = buf_str(&t->field);
            if (!text_valid(value)) return broken(e, "it is not UTF-8");
            if (column < n && value.n && names[column].n) {
                json_add_str(r->doc, record, names[column].p, arena_dup(r->a, value));
            }
            column++;
        } while (!t->line_ended);
        if (yyjson_mut_obj_size(record) && feed_push(r, record, e)) return -1;
    }
    return 0;
}

int feed_read_table(struct feed_records *r, struct str body, struct err *e)
{
    const char *line = memchr(body.p, '\n', body.n);
    struct str head = { body.p, line ? (size_t)(line - body.p) : body.n };
    struct table t = { .rest = body, .separator = memchr(head.p, '\t', head.n) ? '\t' : ',' };
    struct str *names = ARENA_ARRAY(r->a, struct str, COLUMNS_MAX);
    size_t n = 0;
    buf_init(&t.field, FIELD_BYTES * 2);
    int rc = read_header(r, &t, names, &n, e) || read_rows(r, &t, names, n, e) ? -1 : 0;
    buf_finish(&t.field);
    return rc;
}

/* ---- XML ---- */

struct xml {
    struct feed_records *r;
    XML_Parser parser;
    yyjson_mut_val *record; /* NULL: outside of records */
    char names[DEPTH_MAX][NAME_BYTES];
    int depth;              /* below the record */
    struct buf text;
    struct err *e;
    bool failed;
};

static void stop(struct xml *x)
{
    x->failed = true;
    (void)XML_StopParser(x->parser, XML_FALSE); /* fails only when it has stopped already */
}

static void stop_saying(struct xml *x, const char *why)
{
    if (!x->failed) (void)broken(x->e, why);
    stop(x);
}

static const char *bare(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

static bool starts_record(const char *name)
{
    static const char *const known[] = { "item", "entry", "product", "offer", "job", "record", "row" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(bare(name), known[i]) == 0) return true;
    }
    return false;
}

static void put(struct xml *x, struct str value)
{
    yyjson_mut_doc *doc = x->r->doc;
    struct str path = STR_NONE;
    for (int i = 0; i < x->depth; i++) {
        path = arena_printf(x->r->a, STR_FMT "%s%s", STR_ARG(path), i ? "." : "", x->names[i]);
    }
    yyjson_mut_val *old = yyjson_mut_obj_get(x->record, path.p);
    if (!old && yyjson_mut_obj_size(x->record) == COLUMNS_MAX) {
        stop_saying(x, "an item has too many fields");
    } else if (!old) {
        json_add_str(doc, x->record, path.p, value);
    } else if (yyjson_mut_is_arr(old)) {
        json_push_str(doc, old, value);
    } else {
        (void)yyjson_mut_obj_remove_key(x->record, path.p);
        yyjson_mut_val *arr = json_add_arr(doc, x->record, path.p);
        yyjson_mut_arr_append(arr, old);
        json_push_str(doc, arr, value);
    }
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *x = arg;
    if (!x->record) {
        if (starts_record(name)) x->record = yyjson_mut_obj(x->r->doc);
        x->depth = 0;
        return;
    }
    if (x->depth == DEPTH_MAX || strlen(bare(name)) >= NAME_BYTES) {
        stop_saying(x, "it is too deep");
        return;
    }
    memcpy(x->names[x->depth++], bare(name), strlen(bare(name)) + 1);
    x->text.n = 0;
    for (size_t i = 0; attributes[i]; i += 2) { /* Atom's links */
        if (strcmp(attributes[i], "href") == 0) buf_add(&x->text, str_from(attributes[i + 1]));
    }
}

static void on_end(void *arg, const XML_Char *name)
{
    struct xml *x = arg;
    if (!x->record || x->failed) return;
    if (x->depth == 0) {
        if (yyjson_mut_obj_size(x->record) && feed_push(x->r, x->record, x->e)) stop(x);
        x->record = NULL;
        return;
    }
    struct str value = buf_str(&x->text);
    while (value.n && (unsigned char)value.p[0] <= ' ') value = str_skip(value, 1);
    while (value.n && (unsigned char)value.p[value.n - 1] <= ' ') value.n--;
    if (value.n) put(x, arena_dup(x->r->a, value));
    x->text.n = 0;
    x->depth--;
}

static void on_text(void *arg, const XML_Char *s, int n)
{
    struct xml *x = arg;
    if (!x->record || x->failed) return;
    if (x->text.n + (size_t)n > FIELD_BYTES) stop_saying(x, "a field is too long");
    else buf_add(&x->text, (struct str){ s, (size_t)n });
}

/* Entities could make much of little, and nobody needs them in a feed. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    stop_saying(arg, "it has a document type, which feeds are not read with");
}

int feed_read_xml(struct feed_records *r, struct str body, struct err *e)
{
    struct xml x = { .r = r, .e = e, .parser = XML_ParserCreate(NULL) };
    if (!x.parser) return err_set(e, "SERVICE_UNAVAILABLE", "No memory is left to read the feed.");
    buf_init(&x.text, FIELD_BYTES * 2);
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    bool parsed = body.n <= INT32_MAX && XML_Parse(x.parser, body.p, (int)body.n, XML_TRUE) == XML_STATUS_OK;
    if (!parsed && !x.failed) stop_saying(&x, "it is not well-formed XML");
    buf_finish(&x.text);
    XML_ParserFree(x.parser);
    return x.failed ? -1 : 0;
}
