/* Small language helpers used everywhere. */
#pragma once

#include <salesagent/err.h>
#include <salesagent/str.h>

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/* For what cannot happen; never for what a peer, a disk, an operator or a stored row can cause. Active in every build.
 * scripts/ensures lists those outside base, run, net and store, each with the reason why nothing outside causes it. */
#define ENSURE(cond) ((cond) ? (void)0 : ensure_failed(#cond, __FILE__, __LINE__))
_Noreturn void ensure_failed(const char *cond, const char *file, int line); /* doing.c */
