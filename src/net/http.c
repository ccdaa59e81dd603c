#include "net/http.h"

#include <strings.h>

static bool is_token_char(unsigned char c)
{
    if (c >= 0x80 || c <= 0x20 || c == 0x7f) return false;
    return strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_token_char((unsigned char)s.p[i])) return false;
    }
    return s.n > 0;
}

static struct str trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = str_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

/* Takes the part of `rest` before the next `sep` and moves `rest` behind it. */
static struct str take_until(struct str *rest, char sep)
{
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    struct str part = { rest->p, at ? (size_t)(at - rest->p) : rest->n };
    *rest = str_skip(*rest, part.n + (at != NULL));
    return part;
}

bool http_name_eq(struct str name, const char *other)
{
    return strlen(other) == name.n && strncasecmp(name.p, other, name.n) == 0;
}

/* --- reading the request ------------------------------------------------------------------------------- */

static struct str find_header(const struct http_header *headers, size_t n, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < n; i++) {
        struct str s = headers[i].name;
        if (s.n == length && strncasecmp(s.p, name, length) == 0) return headers[i].value;
    }
    return STR_NONE;
}

struct str http_req_header(const struct http_exchange *ex, const char *name)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC);
    return find_header(ex->headers, ex->headers_n, name);
}

size_t http_req_header_count(const struct http_exchange *ex, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < ex->headers_n; i++) count += http_name_eq(ex->headers[i].name, name);
    return count;
}

bool http_req_is(const struct http_exchange *ex, const char *method)
{
    return str_is(ex->method, method);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

enum plus { PLUS_IS_PLUS, PLUS_IS_SPACE };

static int decode(struct arena *a, struct str in, enum plus plus, struct str *out)
{
    char *p = arena_alloc(a, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '+' && plus == PLUS_IS_SPACE) c = ' ';
        if (c == '%') {
            if (in.n - i < 3) return -1;
            int hi = hex_digit(in.p[i + 1]), lo = hex_digit(in.p[i + 2]);
            if (hi < 0 || lo < 0 || hi + lo == 0) return -1;
            c = (char)(hi * 16 + lo);
            i += 2;
        }
        p[n++] = c;
    }
    *out = (struct str){ p, n };
    return 0;
}

int http_percent_decode(struct arena *a, struct str encoded, struct str *decoded)
{
    return decode(a, encoded, PLUS_IS_PLUS, decoded);
}

bool http_req_query(struct http_exchange *ex, const char *name, struct str *value)
{
    for (struct str rest = ex->query; rest.n;) {
        struct str pair = take_until(&rest, '&');
        struct str key = take_until(&pair, '=');
        struct str plain;
        if (decode(&ex->arena, key, PLUS_IS_SPACE, &plain) || !str_is(plain, name)) continue;
        return decode(&ex->arena, pair, PLUS_IS_SPACE, value) == 0;
    }
    return false;
}

int http_query_next(struct http_exchange *ex, struct http_query *q, struct str *name, struct str *value)
{
    while (q->rest.n) {
        struct str pair = take_until(&q->rest, '&');
        struct str key = take_until(&pair, '=');
        if (!key.n && !pair.n) continue; /* "a=1&&b=2" */
        bool malformed = decode(&ex->arena, key, PLUS_IS_SPACE, name) || decode(&ex->arena, pair, PLUS_IS_SPACE, value);
        return malformed ? -1 : 1;
    }
    return 0;
}

/* "q=0", "q=0.0", "q=0.000": not acceptable (RFC 9110 §12.4.2). */
static bool weight_is_zero(struct str params)
{
    while (params.n) {
        struct str p = trim(take_until(&params, ';'));
        if (p.n < 3 || (p.p[0] != 'q' && p.p[0] != 'Q') || p.p[1] != '=') continue;
        for (size_t i = 2; i < p.n; i++) {
            if (p.p[i] != '0' && p.p[i] != '.') return false;
        }
        return true;
    }
    return false;
}

bool http_list_has(struct str list, const char *token)
{
    while (list.n) {
        struct str item = take_until(&list, ',');
        struct str value = trim(take_until(&item, ';'));
        if (http_name_eq(value, token)) return !weight_is_zero(item);
    }
    return false;
}

/* --- replying ------------------------------------------------------------------------------------------ */

static void add_header(struct arena *a, struct http_header **headers, size_t *n, size_t *cap, struct http_header added)
{
    if (*n == *cap) {
        *cap = *cap ? *cap * 2 : 8;
        struct http_header *more = ARENA_ARRAY(a, struct http_header, *cap);
        if (*n) memcpy(more, *headers, *n * sizeof(*more));
        *headers = more;
    }
    (*headers)[(*n)++] = (struct http_header){ arena_dup(a, added.name), arena_dup(a, added.value) };
}

int http_rep_header(struct http_exchange *ex, const char *name, struct str value)
{
    static const char *const framing[] = { "content-length", "transfer-encoding", "connection", "date" };
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC && ex->state == HTTP_HANDLING);
    struct str n = str_from(name);
    if (!is_token(n)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(framing); i++) {
        if (http_name_eq(n, framing[i])) return -1;
    }
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return -1;
    }
    add_header(&ex->arena, &ex->reply_headers, &ex->reply_headers_n, &ex->reply_headers_cap,
               (struct http_header){ n, value });
    return 0;
}

void http_exchange_reply(struct http_exchange *ex)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC && ex->state == HTTP_HANDLING);
    ENSURE(ex->status >= 200 && ex->status <= 599);
    ex->state = HTTP_GIVEN_BACK;
    ex->closed = NULL;
    if (ex->given_back) ex->given_back(ex);
    ex->sink->reply(ex);
}

void http_exchange_reply_with(struct http_exchange *ex, int status, const char *content_type, struct str body)
{
    ex->status = status;
    ex->reply = body;
    ENSURE(http_rep_header(ex, "Content-Type", str_from(content_type)) == 0);
    http_exchange_reply(ex);
}

void http_exchange_begin_stream(struct http_exchange *ex)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC && ex->state == HTTP_HANDLING);
    ENSURE(ex->status >= 200 && ex->status <= 599);
    ex->state = HTTP_STREAMING;
    ex->sink->begin(ex);
}

void http_exchange_write(struct http_exchange *ex, struct str piece)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC && ex->state == HTTP_STREAMING);
    if (piece.n && !ex->client_gone) ex->sink->write(ex, piece);
}

void http_exchange_end(struct http_exchange *ex)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC && ex->state == HTTP_STREAMING);
    ex->state = HTTP_GIVEN_BACK;
    ex->closed = NULL;
    if (ex->given_back) ex->given_back(ex);
    ex->sink->end(ex);
}

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } names[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 402, "Payment Required" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 417, "Expectation Failed" },
        { 421, "Misdirected Request" },
        { 422, "Unprocessable Content" },
        { 425, "Too Early" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].status == status) return names[i].text;
    }
    return "";
}

void http_exchange_init(struct http_exchange *ex, const struct http_sink *sink)
{
    *ex = (struct http_exchange){ .magic = HTTP_EXCHANGE_MAGIC, .status = 200, .sink = sink };
    arena_init(&ex->arena);
}

void http_exchange_share(struct http_exchange *ex, void *shared, void (*unshare)(void *shared), size_t bytes)
{
    ENSURE(!ex->shared);
    ex->shared = shared;
    ex->unshare = unshare;
    ex->shared_bytes = bytes;
}

void http_exchange_unshare(struct http_exchange *ex)
{
    if (ex->shared) ex->unshare(ex->shared);
    ex->shared = NULL;
    ex->shared_bytes = 0;
}

void http_exchange_join(struct http_exchange *ex)
{
    if (!ex->lead.n) return;
    char *whole = arena_alloc_raw(&ex->arena, ex->lead.n + ex->reply.n + 1);
    char *p = mempcpy(whole, ex->lead.p, ex->lead.n);
    p = mempcpy(p, ex->reply.p ? ex->reply.p : "", ex->reply.n);
    *p = '\0';
    ex->reply = (struct str){ whole, ex->lead.n + ex->reply.n };
    ex->lead = STR_NONE;
}

void http_exchange_finish(struct http_exchange *ex)
{
    ENSURE(ex->magic == HTTP_EXCHANGE_MAGIC);
    http_exchange_unshare(ex);
    arena_finish(&ex->arena);
    ex->magic = 0;
}

/* --- an exchange without a socket ---------------------------------------------------------------------- */

#define MEMORY_STREAM_MAX ((size_t)64 << 20)

static void memory_given_back(struct http_exchange *ex)
{
    struct http_memory *m = CONTAINER_OF(ex, struct http_memory, ex);
    ENSURE(!m->replied);
    http_exchange_join(ex);
    m->replied = true;
    if (m->done) m->done(m);
}

static void memory_begin(struct http_exchange *ex)
{
    CONTAINER_OF(ex, struct http_memory, ex)->streaming = true;
}

static void memory_write(struct http_exchange *ex, struct str piece)
{
    struct http_memory *m = CONTAINER_OF(ex, struct http_memory, ex);
    buf_add(&m->streamed, piece);
    if (m->wrote) m->wrote(m, piece);
}

static const struct http_sink memory_sink = { memory_given_back, memory_begin, memory_write, memory_given_back };

void http_exchange_init_memory(struct http_memory *m, const char *method, const char *target)
{
    *m = (struct http_memory){ 0 };
    http_exchange_init(&m->ex, &memory_sink);
    buf_init(&m->streamed, MEMORY_STREAM_MAX);
    m->ex.method = arena_dup(&m->ex.arena, str_from(method));
    m->ex.target = arena_dup(&m->ex.arena, str_from(target));
    m->ex.query = m->ex.target;
    m->ex.path = take_until(&m->ex.query, '?');
    m->ex.host = STR("localhost");
    m->ex.listener = -1;
    m->ex.peer = STR("127.0.0.1");
}

void http_memory_header(struct http_memory *m, const char *name, struct str value)
{
    add_header(&m->ex.arena, &m->headers, &m->headers_n, &m->headers_cap,
               (struct http_header){ str_from(name), value });
    m->ex.headers = m->headers;
    m->ex.headers_n = m->headers_n;
    if (http_name_eq(str_from(name), "host")) m->ex.host = m->headers[m->headers_n - 1].value;
}

void http_memory_body(struct http_memory *m, struct str body)
{
    m->ex.body = arena_dup(&m->ex.arena, body);
}

void http_memory_hang_up(struct http_memory *m)
{
    if (m->replied || m->ex.client_gone) return;
    m->ex.client_gone = true;
    if (m->ex.closed) m->ex.closed(&m->ex);
}

struct str http_memory_reply_header(const struct http_memory *m, const char *name)
{
    return find_header(m->ex.reply_headers, m->ex.reply_headers_n, name);
}

void http_memory_finish(struct http_memory *m)
{
    buf_finish(&m->streamed);
    http_exchange_finish(&m->ex);
}
