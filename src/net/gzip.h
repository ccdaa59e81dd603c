/* Compression of large replies (RFC 1952). */
#pragma once

#include "net/http.h"

#define GZIP_BYTES_MAX ((size_t)1 << 20) /* compressing more would hold up the loop: some 10 ms a MiB */

/* Whether a reply may be compressed for anybody: its type is worth it and it has no encoding yet. HTML is
 * left alone: its pages carry secrets beside what a request may have put there (the BREACH attack). */
bool gzip_fits(const struct http_exchange *ex, size_t bytes_min);

/* Compresses into the arena. False when that saves nothing. */
MUST_CHECK bool gzip_compress(struct arena *a, struct str plain, struct str *packed);

/* Text that came compressed, of one or several members, unpacked into the arena. GZIP_TOO_LARGE when it is more than
 * `bytes_max`: no more than that is ever made of it. GZIP_BROKEN: it is not whole, or not gzip. */
enum gzip_result { GZIP_OK, GZIP_TOO_LARGE, GZIP_BROKEN };
MUST_CHECK enum gzip_result gzip_expand(struct arena *a, struct str packed, size_t bytes_max, struct str *plain);
