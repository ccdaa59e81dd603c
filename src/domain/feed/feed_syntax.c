/* Feeds as JSON and XML, each into records; tables are read in feed_table.c. See feed.h. */
#include <expat.h>

#include "base/buf.h"
#include "base/encode.h"
#include "contract/limits.h"
#include "domain/feed/feed_internal.h"

#define DEPTH_MAX 16

static int broken(struct err *e, const char *why)
{
    return feed_broken(e, why);
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

/* ---- XML ---- */

struct xml {
    struct feed_records *r;
    XML_Parser parser;
    yyjson_mut_val *record; /* NULL: outside of records */
    char names[DEPTH_MAX][FEED_NAME_BYTES];
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
    struct str path = STR_NONE;
    for (int i = 0; i < x->depth; i++) {
        path = arena_printf(x->r->a, STR_FMT "%s%s", STR_ARG(path), i ? "." : "", x->names[i]);
    }
    if (feed_put(x->r, x->record, path, value)) stop_saying(x, "an item has too many fields");
}

/* Of a record's own element: <offer id="7">. */
static void put_attributes(struct xml *x, const XML_Char **attributes)
{
    for (size_t i = 0; attributes[i] && attributes[i + 1]; i += 2) {
        struct str name = str_from(attributes[i]), value = str_from(attributes[i + 1]);
        bool fits = name.n < FEED_NAME_BYTES && value.n <= FEED_FIELD_BYTES && !str_starts(name, STR("xml"));
        if (!fits || !value.n) continue;
        /* Like a prefix of nobody's: an element of that name says it better. */
        struct str ranked = arena_printf(x->r->a, "@:" STR_FMT, STR_ARG(name));
        if (feed_put(x->r, x->record, ranked, arena_dup(x->r->a, value))) stop_saying(x, "an item has too many fields");
    }
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *x = arg;
    if (!x->record) {
        x->depth = 0;
        if (!starts_record(name)) return;
        x->record = yyjson_mut_obj(x->r->doc);
        put_attributes(x, attributes);
        return;
    }
    if (x->depth == DEPTH_MAX || strlen(name) >= FEED_NAME_BYTES) {
        stop_saying(x, "it is too deep");
        return;
    }
    /* A field keeps its prefix until the record is whole, what is inside of it does not. */
    const char *kept = x->depth ? bare(name) : name;
    memcpy(x->names[x->depth++], kept, strlen(kept) + 1);
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
        if (yyjson_mut_obj_size(x->record) && feed_push(x->r, feed_settle(x->r, x->record), x->e)) stop(x);
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
    if (x->text.n + (size_t)n > FEED_FIELD_BYTES) stop_saying(x, "a field is too long");
    else buf_add(&x->text, (struct str){ s, (size_t)n });
}

/* Entities could make much of little, and nobody needs them in a feed. One that is only named is never fetched. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    if (internal) stop_saying(arg, "it has a document type of its own, which feeds are not read with");
}

int feed_read_xml(struct feed_records *r, struct str body, struct err *e)
{
    struct xml x = { .r = r,
                     .e = e,
                     .parser = XML_ParserCreate("UTF-8") }; /* whatever it declares: feed_text has read that */
    if (!x.parser) return err_set(e, "SERVICE_UNAVAILABLE", "No memory is left to read the feed.");
    buf_init(&x.text, FEED_FIELD_BYTES * 2);
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
