/* Region memory. Everything that lives as long as one request (or one job step) is taken from its arena and
 * freed at once. Allocation never returns NULL: outside input is bounded before it gets here, so running out
 * of memory is a fault of the machine and ends the process. */
#pragma once

#include <stdarg.h>

#include "base/compiler.h"

struct arena_block;
struct arena_hold;

/* What several arenas share: it is freed when the last of them, or whoever else counted itself in, lets go. */
struct arena_shared {
    size_t refs;
    void (*free)(struct arena_shared *s);
};

struct arena {
    struct arena_block *head;
    struct arena_hold *holds;
    size_t used_bytes; /* handed out since init or the last reset; for tests and metrics */
    bool damaged;      /* what was read into it is not whole: contract/document.h */
};

void arena_init(struct arena *a);
/* Room for so many bytes at once, instead of a block of the usual size: for what is kept long and never grows. Before anything
 * is allocated. */
void arena_reserve(struct arena *a, size_t bytes);
void arena_finish(struct arena *a); /* frees all; the arena can be used again */

/* From now on s lives as long as the arena, too. */
void arena_share(struct arena *a, struct arena_shared *s);
void arena_shared_unref(struct arena_shared *s);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t bytes);
/* The same, not zeroed: for buffers that are written before they are read. */
void *arena_alloc_raw(struct arena *a, size_t bytes);
#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), sizeof(type), (n)))
void *arena_array(struct arena *a, size_t item_bytes, size_t n);

/* A copy with a NUL appended beyond its length, so .p is also a C string. */
struct str arena_dup(struct arena *a, struct str s);
const char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
