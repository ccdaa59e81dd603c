/* Texts made of the registry: the same for everybody for as long as the process lives, hundreds of kilobytes, and
 * asked for by whoever knows the address. So they are made once, at their first use. */
#pragma once

#include "base/arena.h"

enum kept_name { KEPT_TOOLS, KEPT_TOOLS_OUTLINED, KEPT_OPENAPI, KEPT_OPENAPI_TAG, KEPT_N };

struct kept {
    struct arena arena;
    bool ready; /* zeroed memory is a fresh one */
    struct str texts[KEPT_N];
};

/* The text, made by `make` in an arena of its own when it is not there yet. */
struct str kept_text(struct kept *k, enum kept_name name, struct str (*make)(struct arena *a, bool sandbox), bool sandbox);
void kept_finish(struct kept *k);
