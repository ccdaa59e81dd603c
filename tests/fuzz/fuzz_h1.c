/* The HTTP/1.1 parser under hostile input. Properties:
 *   - how the bytes are cut into reads changes nothing: the same requests, the same end;
 *   - a request that is handed over has one meaning: at most one length, never beside chunks, one Host, a clean target;
 *   - limits hold. */
#include <strings.h>

#include "base/id.h"
#include "driver.h"
#include "net/h1.h"

static const struct h1_limits limits = { .head_bytes_max = 2000, .headers_max = 20, .body_bytes_max = 3000 };

static void add_part(struct buf *out, struct str s)
{
    buf_addf(out, "%zu:", s.n);
    buf_add(out, s);
}

static void check_request(const struct http_exchange *ex)
{
    size_t lengths = http_req_header_count(ex, "content-length");
    size_t codings = http_req_header_count(ex, "transfer-encoding");
    ENSURE(lengths <= 1 && codings <= 1 && lengths + codings <= 1);
    if (codings) ENSURE(http_name_eq(http_req_header(ex, "transfer-encoding"), "chunked"));
    if (!lengths && !codings) ENSURE(ex->body.n == 0);
    ENSURE(http_req_header_count(ex, "host") <= 1);
    ENSURE(ex->path.n > 0 && (ex->path.p[0] == '/' || str_is(ex->path, "*")));
    ENSURE(ex->body.n <= limits.body_bytes_max && ex->headers_n <= limits.headers_max);
    for (size_t i = 0; i < ex->target.n; i++) ENSURE(ex->target.p[i] > ' ' && ex->target.p[i] != 0x7f);
    for (size_t i = 0; i < ex->headers_n; i++) {
        struct str n = ex->headers[i].name, v = ex->headers[i].value;
        ENSURE(n.n > 0 && !memchr(n.p, ' ', n.n));
        if (v.n) ENSURE(!memchr(v.p, '\r', v.n) && !memchr(v.p, '\n', v.n) && !memchr(v.p, '\0', v.n));
        if (v.n) ENSURE(v.p[0] != ' ' && v.p[v.n - 1] != ' ' && v.p[v.n - 1] != '\t');
    }
}

static void take_request(struct h1 *h, struct buf *out)
{
    struct http_exchange ex;
    struct buf body;
    http_exchange_init(&ex, NULL);
    h1_take(h, &ex, &body);
    check_request(&ex);
    const struct str parts[] = { ex.method, ex.target, ex.path, ex.query, ex.host, ex.body };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) add_part(out, parts[i]);
    for (size_t i = 0; i < ex.headers_n; i++) {
        add_part(out, ex.headers[i].name);
        add_part(out, ex.headers[i].value);
    }
    buf_addf(out, "%d\n", h->keep_alive);
    buf_finish(&body);
    http_exchange_finish(&ex);
}

/* Everything the parser says about `bytes` cut by `seed`; 0: uncut. */
static void digest(struct str bytes, uint64_t seed, struct buf *out)
{
    struct h1 h;
    struct rng r;
    rng_init_seeded(&r, seed);
    h1_init(&h, &limits);
    buf_init(out, 1 << 20);
    bool more = true;
    while (bytes.n && more && h.state != H1_FAILED) {
        size_t n = seed ? 1 + rng_u64(&r) % (seed % 3 ? 7 : 300) : bytes.n;
        size_t taken = h1_feed(&h, (struct str){ bytes.p, n < bytes.n ? n : bytes.n });
        bytes = str_skip(bytes, taken);
        ENSURE(taken > 0 || h.state == H1_FAILED);
        if (h.state != H1_COMPLETE) continue;
        take_request(&h, out);
        more = h.keep_alive;
        h1_next(&h);
    }
    if (h.state == H1_FAILED) {
        ENSURE(h.fail_status >= 400 && h.fail_status <= 599 && h.fail_reason[0] != '\0');
        buf_addf(out, "failed %d", h.fail_status);
    } else {
        buf_addf(out, "state %d", h.state);
    }
    h1_finish(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = { (const char *)data, size };
    struct buf whole, cut;
    digest(bytes, 0, &whole);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        digest(bytes, seed + size, &cut);
        ENSURE(str_eq(buf_str(&whole), buf_str(&cut)));
        buf_finish(&cut);
    }
    buf_finish(&whole);
    return 0;
}
