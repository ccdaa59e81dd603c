#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int read_stream(FILE *f, struct buf *out)
{
    char piece[65536];
    size_t n;
    errno = 0;
    do {
        n = fread(piece, 1, sizeof(piece), f);
        buf_add(out, (struct str){ piece, n });
    } while (n == sizeof(piece) && !out->overflowed); /* less is the end, or an error */
    if (ferror(f)) return errno ? errno : EIO;
    return out->overflowed ? EFBIG : 0;
}

int file_read(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    if (!f) return errno;
    int why = read_stream(f, out);
    (void)fclose(f); /* it was only read */
    return why;
}

int file_or_stdin_read(const char *path, struct buf *out)
{
    return strcmp(path, "-") == 0 ? read_stream(stdin, out) : file_read(path, out);
}
