#include "app/seal_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_BYTES_MAX (SEAL_KEYS_MAX * 96)

static struct seal_keys *self(struct store_keys *k)
{
    return CONTAINER_OF(k, struct seal_keys, keys);
}

static int unwritable(const char *path, int why, struct err *e)
{
    return err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", path, strerror(why));
}

/* The whole ring in a file of its own, on the disk. */
static int write_aside(const char *aside, const struct seal_ring *ring, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct str text = seal_ring_text(&a, ring);
    (void)unlink(aside); /* left by a process that did not finish */
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was synced */
    arena_finish(&a);
    return ok ? 0 : unwritable(aside, why, e);
}

static int aside_of(const struct seal_keys *k, char *out, size_t n, struct err *e)
{
    int len = snprintf(out, n, "%s.%ld", k->path, (long)getpid());
    return len > 0 && (size_t)len < n ? 0 : err_set(e, "CONFIGURATION_ERROR", "The data path is too long.");
}

/* Linked into place, so that two processes that start at once agree on one key. */
static int make(struct seal_keys *k, struct err *e)
{
    char aside[sizeof(k->path) + 32];
    struct seal_ring first = { .n = 0 };
    if (seal_ring_grow(&first)) return err_set(e, "CONFIGURATION_ERROR", "No key for sealing can be made.");
    if (aside_of(k, aside, sizeof(aside), e) || write_aside(aside, &first, e)) return -1;
    bool ok = link(aside, k->path) == 0 || errno == EEXIST;
    int why = errno;
    (void)unlink(aside); /* the link remains */
    return ok ? 0 : unwritable(k->path, why, e);
}

static int reload(struct store_keys *keys, struct err *e)
{
    struct seal_keys *k = self(keys);
    char text[FILE_BYTES_MAX];
    errno = 0;
    int fd = open(k->path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was only read */
    if (n < 0) return err_set(e, "CONFIGURATION_ERROR", "%s cannot be read: %s.", k->path, strerror(why));
    int rc = seal_ring_parse((struct str){ text, (size_t)n }, &keys->ring, e);
    return rc ? err_set(e, "CONFIGURATION_ERROR",
                        "%s is damaged: it holds one key a line, a version and 64 hexadecimal"
                        " digits.",
                        k->path)
              : 0;
}

static int save(struct store_keys *keys, const struct seal_ring *ring, struct err *e)
{
    struct seal_keys *k = self(keys);
    char aside[sizeof(k->path) + 32];
    if (aside_of(k, aside, sizeof(aside), e) || write_aside(aside, ring, e)) return -1;
    if (rename(aside, k->path)) return unwritable(k->path, errno, e);
    keys->ring = *ring;
    return 0;
}

int seal_keys_open(struct seal_keys *k, const char *path, struct err *e)
{
    *k = (struct seal_keys){ .keys = { .reload = reload, .save = save } };
    int n = snprintf(k->path, sizeof(k->path), "%s/" SEAL_KEYS_FILE, path);
    if (n < 0 || (size_t)n >= sizeof(k->path)) return err_set(e, "CONFIGURATION_ERROR", "The data path is too long.");
    if (access(k->path, F_OK) && make(k, e)) return -1;
    return reload(&k->keys, e);
}
