#include "net/h1.h"

static int fail(struct h1 *h, int status, const char *reason)
{
    h->state = H1_FAILED;
    h->fail_status = status;
    h->fail_reason = reason;
    return HPE_USER;
}

/* --- walking what was collected ------------------------------------------------------------------------ */

static struct str take_part(struct str *rest)
{
    const char *end = memchr(rest->p, '\0', rest->n);
    ENSURE(end != NULL);
    struct str part = { rest->p, (size_t)(end - rest->p) };
    *rest = str_skip(*rest, part.n + 1);
    return part;
}

/* The header of that name; `count` says how many there are. */
static struct str head_find(const struct h1 *h, const char *name, size_t *count)
{
    struct str rest = buf_str(&h->head), found = STR_NONE;
    (void)take_part(&rest); /* the target */
    *count = 0;
    while (rest.n) {
        struct str n = take_part(&rest), v = take_part(&rest);
        if (!http_name_eq(n, name)) continue;
        if ((*count)++ == 0) found = v;
    }
    return found;
}

/* --- checks when the head is complete ------------------------------------------------------------------ */

static bool authority_chars_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~:[]", c) != NULL;
        if (!ok) return false;
    }
    return true;
}

/* Splits an absolute-form target. False when it is none. */
static bool absolute_form(struct str target, struct str *authority, struct str *origin)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct str scheme = str_from(schemes[i]);
        if (target.n <= scheme.n || !http_name_eq((struct str){ target.p, scheme.n }, schemes[i])) continue;
        struct str rest = str_skip(target, scheme.n);
        size_t n = 0;
        while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?') n++;
        *authority = (struct str){ rest.p, n };
        *origin = str_skip(rest, n);
        return n > 0 && authority_chars_ok(*authority);
    }
    return false;
}

static int check_target(struct h1 *h)
{
    struct str rest = buf_str(&h->head), target = take_part(&rest), authority, origin;
    for (size_t i = 0; i < target.n; i++) {
        unsigned char c = (unsigned char)target.p[i];
        if (c <= 0x20 || c >= 0x7f || c == '#') return fail(h, 400, "invalid character in the request target");
    }
    if (target.n && target.p[0] == '/') return 0;
    if (str_is(target, "*") && llhttp_get_method(&h->parser) == HTTP_OPTIONS) return 0;
    if (absolute_form(target, &authority, &origin)) return 0;
    return fail(h, 400, "the request target must be a path or an absolute http URL");
}

static int check_framing(struct h1 *h)
{
    size_t te_n, cl_n;
    struct str te = head_find(h, "transfer-encoding", &te_n);
    (void)head_find(h, "content-length", &cl_n);
    if (te_n && cl_n) return fail(h, 400, "both Content-Length and Transfer-Encoding");
    if (cl_n > 1) return fail(h, 400, "more than one Content-Length");
    if (te_n > 1) return fail(h, 400, "more than one Transfer-Encoding");
    if (te_n && h1_is_http10(h)) return fail(h, 400, "Transfer-Encoding in an HTTP/1.0 request");
    if (te_n && !http_name_eq(te, "chunked")) return fail(h, 400, "a Transfer-Encoding other than chunked");
    if (cl_n && h->parser.content_length > h->limits->body_bytes_max) {
        return fail(h, 413, "the body is larger than this server accepts");
    }
    return 0;
}

static int check_host(struct h1 *h)
{
    size_t n;
    struct str host = head_find(h, "host", &n);
    if (n > 1) return fail(h, 400, "more than one Host header");
    if (n == 0 && !h1_is_http10(h)) return fail(h, 400, "no Host header");
    if (!authority_chars_ok(host)) return fail(h, 400, "invalid Host header");
    return 0;
}

static int check_expect(struct h1 *h)
{
    size_t n;
    struct str expect = head_find(h, "expect", &n);
    if (n == 0 || h1_is_http10(h)) return 0;
    if (n > 1 || !http_name_eq(expect, "100-continue")) return fail(h, 417, "unknown expectation");
    h->expects_continue = true;
    return 0;
}

static int check_version_and_method(struct h1 *h)
{
    if (h->parser.http_major != 1 || h->parser.http_minor > 1) {
        return fail(h, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    if (llhttp_get_method(&h->parser) == HTTP_CONNECT) return fail(h, 501, "CONNECT is not supported");
    return 0;
}

/* --- llhttp's callbacks -------------------------------------------------------------------------------- */

static struct h1 *of(llhttp_t *p)
{
    return CONTAINER_OF(p, struct h1, parser);
}

static int on_begin(llhttp_t *p)
{
    of(p)->state = H1_HEAD;
    return 0;
}

/* Target, header names and values; after the head they are trailers, which nobody reads. */
static int on_text(llhttp_t *p, const char *at, size_t n)
{
    struct h1 *h = of(p);
    if (h->state == H1_BODY) {
        h->side_bytes += n;
        if (h->side_bytes > h->limits->head_bytes_max) return fail(h, 431, "trailers or chunk extensions too large");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return fail(h, 400, "control character in the head");
    }
    buf_add(&h->head, (struct str){ at, n });
    return h->head.overflowed ? fail(h, 431, "the request's head is too large") : 0;
}

static int end_part(struct h1 *h)
{
    if (h->state == H1_BODY) return 0;
    buf_add_char(&h->head, '\0');
    return h->head.overflowed ? fail(h, 431, "the request's head is too large") : 0;
}

static int on_target_complete(llhttp_t *p)
{
    of(p)->target_complete = true;
    return end_part(of(p));
}

static int on_name_complete(llhttp_t *p)
{
    struct h1 *h = of(p);
    if (h->state == H1_HEAD && ++h->headers_n > h->limits->headers_max) return fail(h, 431, "too many headers");
    return end_part(h);
}

static int on_value_complete(llhttp_t *p)
{
    struct h1 *h = of(p);
    while (h->state == H1_HEAD && (h->head.p[h->head.n - 1] == ' ' || h->head.p[h->head.n - 1] == '\t')) {
        h->head.n--; /* ends at the NUL behind the name at the latest */
    }
    return end_part(h);
}

static int on_headers_complete(llhttp_t *p)
{
    struct h1 *h = of(p);
    p->upgrade = 0; /* upgrades are ignored, as RFC 9110 §7.8 allows */
    if (check_version_and_method(h) || check_target(h) || check_framing(h) || check_host(h) || check_expect(h)) {
        return -1;
    }
    h->state = H1_BODY;
    return 0;
}

static int on_chunk_header(llhttp_t *p)
{
    struct h1 *h = of(p);
    if (p->content_length > h->limits->body_bytes_max - h->body.n) {
        return fail(h, 413, "the body is larger than this server accepts");
    }
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct h1 *h = of(p);
    buf_add(&h->body, (struct str){ at, n });
    return h->body.overflowed ? fail(h, 413, "the body is larger than this server accepts") : 0;
}

static int on_complete(llhttp_t *p)
{
    struct h1 *h = of(p);
    h->state = H1_COMPLETE;
    h->keep_alive = llhttp_should_keep_alive(p) != 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_begin,
    .on_url = on_text,
    .on_url_complete = on_target_complete,
    .on_header_field = on_text,
    .on_header_field_complete = on_name_complete,
    .on_header_value = on_text,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_extension_name = on_text,
    .on_chunk_extension_value = on_text,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

/* --- the parser ---------------------------------------------------------------------------------------- */

void h1_init(struct h1 *h, const struct h1_limits *limits)
{
    *h = (struct h1){ .limits = limits };
    llhttp_init(&h->parser, HTTP_REQUEST, &settings);
    buf_init(&h->head, limits->head_bytes_max * 2); /* the NULs come on top of the raw bytes */
    buf_init(&h->body, limits->body_bytes_max);
}

void h1_finish(struct h1 *h)
{
    buf_finish(&h->head);
    buf_finish(&h->body);
}

static void fail_by_parser(struct h1 *h, llhttp_errno_t code)
{
    const char *why = llhttp_get_error_reason(&h->parser);
    if (h->state == H1_FAILED) return; /* one of our callbacks said it better */
    if (code == HPE_PAUSED_H2_UPGRADE) {
        (void)fail(h, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    } else {
        (void)fail(h, 400, why && *why ? why : "malformed request");
    }
}

size_t h1_feed(struct h1 *h, struct str bytes)
{
    size_t taken = 0;
    while (taken < bytes.n && h->state < H1_COMPLETE) {
        struct str slice = str_skip(bytes, taken);
        bool in_head = h->state != H1_BODY;
        size_t room = h->limits->head_bytes_max - h->head_raw_bytes;
        if (in_head && room == 0) {
            (void)fail(h, h->state == H1_HEAD && !h->target_complete ? 414 : 431, "the request's head is too large");
            break;
        }
        /* The head is fed only as far as its limit reaches, which makes the limit exact whatever it consists
         * of. */
        if (in_head && slice.n > room) slice.n = room;
        llhttp_errno_t code = llhttp_execute(&h->parser, slice.p, slice.n);
        size_t n = slice.n;
        if (code == HPE_PAUSED) {
            n = (size_t)(llhttp_get_error_pos(&h->parser) - slice.p);
            llhttp_resume(&h->parser);
        } else if (code != HPE_OK) {
            fail_by_parser(h, code);
        }
        ENSURE(n <= slice.n);
        if (in_head) h->head_raw_bytes += n;
        taken += n;
    }
    return taken;
}

static void take_head(struct h1 *h, struct http_exchange *ex)
{
    struct str rest = arena_dup(&ex->arena, buf_str(&h->head));
    ex->target = take_part(&rest);
    struct http_header *headers = ARENA_ARRAY(&ex->arena, struct http_header, h->headers_n + 1);
    for (size_t i = 0; i < h->headers_n; i++) {
        headers[i].name = take_part(&rest);
        headers[i].value = take_part(&rest);
    }
    ENSURE(rest.n == 0);
    ex->headers = headers;
    ex->headers_n = h->headers_n;
}

void h1_peek(struct h1 *h, struct http_exchange *ex)
{
    ENSURE(h->state == H1_BODY || h->state == H1_COMPLETE);
    take_head(h, ex);
}

void h1_take(struct h1 *h, struct http_exchange *ex, struct buf *body)
{
    ENSURE(h->state == H1_COMPLETE && ex->magic == HTTP_EXCHANGE_MAGIC);
    take_head(h, ex);
    ex->method = str_from(llhttp_method_name(llhttp_get_method(&h->parser)));
    ex->host = http_req_header(ex, "host");
    struct str origin = ex->target, authority;
    /* With an absolute target its authority counts and Host does not (RFC 9112 §3.2.2). */
    if (absolute_form(ex->target, &authority, &origin)) ex->host = authority;
    const char *mark = origin.n ? memchr(origin.p, '?', origin.n) : NULL;
    ex->path = (struct str){ origin.p, mark ? (size_t)(mark - origin.p) : origin.n };
    ex->query = mark ? str_skip(origin, ex->path.n + 1) : STR_NONE;
    if (ex->path.n == 0) ex->path = STR("/");
    *body = h->body;
    buf_init(&h->body, h->limits->body_bytes_max);
    ex->body = buf_str(body);
}

void h1_next(struct h1 *h)
{
    ENSURE(h->state == H1_COMPLETE);
    buf_finish(&h->head); /* an idle connection holds no memory it does not need */
    buf_finish(&h->body);
    h->head_raw_bytes = h->headers_n = h->side_bytes = 0;
    h->target_complete = h->expects_continue = h->keep_alive = false;
    h->state = H1_BEFORE;
}
