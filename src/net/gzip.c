#include "net/gzip.h"

#include <strings.h>
#include <zlib.h>

#include "base/buf.h"

#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for the gzip wrapper */
#define GZIP_LEVEL  1 /* 3 times the speed of the default for a tenth more bytes, on the loop thread */
#define GZIP_MEMORY 8

static struct str reply_header(const struct http_exchange *ex, const char *name)
{
    for (size_t i = 0; i < ex->reply_headers_n; i++) {
        if (http_name_eq(ex->reply_headers[i].name, name)) return ex->reply_headers[i].value;
    }
    return STR_NONE;
}

static bool type_fits(struct str type)
{
    static const char *const types[] = { "application/json",
                                         "application/problem+json",
                                         "application/javascript",
                                         "text/javascript",
                                         "text/css",
                                         "text/csv",
                                         "text/plain",
                                         "image/svg+xml",
                                         "application/yaml",
                                         "application/a2a+json",
                                         "application/ld+json" };
    size_t n = 0;
    while (n < type.n && type.p[n] != ';' && type.p[n] != ' ') n++;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (http_name_eq((struct str){ type.p, n }, types[i])) return true;
    }
    return false;
}

bool gzip_fits(const struct http_exchange *ex, size_t bytes_min)
{
    if (ex->reply.n < bytes_min || ex->reply.n > GZIP_BYTES_MAX || ex->status == 206) return false;
    return reply_header(ex, "Content-Encoding").n == 0 && type_fits(reply_header(ex, "Content-Type"));
}

bool gzip_compress(struct arena *a, struct str plain, struct str *packed)
{
    z_stream z = { 0 };
    ENSURE(plain.n <= GZIP_BYTES_MAX);
    ENSURE(deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
    char *out = arena_alloc(a, plain.n);
    z.next_in = (Bytef *)(uintptr_t)plain.p; /* zlib does not write there, it only lacks the const */
    z.avail_in = (uInt)plain.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)plain.n; /* running out of room is how "saves nothing" shows */
    bool done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (done) *packed = (struct str){ out, z.total_out };
    (void)deflateEnd(&z); /* complains only about an unfinished stream, which is meant */
    return done;
}

/* Members of `z` until its input ends, into `out`. */
static enum gzip_result expand(z_stream *z, size_t bytes_max, struct buf *out)
{
    char piece[16384];
    for (;;) {
        z->next_out = (Bytef *)piece;
        z->avail_out = sizeof(piece);
        int rc = inflate(z, Z_NO_FLUSH);
        size_t n = sizeof(piece) - z->avail_out;
        if (out->n + n > bytes_max) return GZIP_TOO_LARGE;
        buf_add(out, (struct str){ piece, n });
        if (rc == Z_STREAM_END) {
            if (z->avail_in == 0) return GZIP_OK;
            if (inflateReset(z) != Z_OK) return GZIP_BROKEN;
        } else if (rc != Z_OK || (z->avail_in == 0 && n == 0)) {
            return GZIP_BROKEN;
        }
    }
}

enum gzip_result gzip_expand(struct arena *a, struct str packed, size_t bytes_max, struct str *plain)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n };
    struct buf out;
    if (packed.n > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW) != Z_OK) return GZIP_BROKEN;
    buf_init(&out, bytes_max + 1);
    enum gzip_result r = expand(&z, bytes_max, &out);
    if (r == GZIP_OK) *plain = arena_dup(a, buf_str(&out));
    buf_finish(&out);
    (void)inflateEnd(&z); /* complains only about an unfinished stream */
    return r;
}
