/* Compression of large replies (RFC 1952). */
#pragma once

#include "net/http.h"

#define GZIP_BYTES_MAX ((size_t)4 << 20) /* compressing more would hold up the loop */

/* Whether a reply may be compressed for anybody: its type is worth it and it has no encoding yet. HTML is
 * left alone: its pages carry secrets beside what a request may have put there (the BREACH attack). */
bool gzip_fits(const struct http_exchange *ex, size_t bytes_min);

/* Compresses into the arena. False when that saves nothing. */
MUST_CHECK bool gzip_compress(struct arena *a, struct str plain, struct str *packed);
