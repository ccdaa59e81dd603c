/* Reading a whole file. */
#pragma once

#include "base/buf.h"

/* Appends what is in the file at `path`. 0, or an errno: EFBIG where it is more than `out` takes (buf_init says how much). */
MUST_CHECK int file_read(const char *path, struct buf *out);

/* The same; "-" is standard input, as people write it on a command line. */
MUST_CHECK int file_or_stdin_read(const char *path, struct buf *out);
