/* AdCP pagination over lists that are ordered by a key: a page goes on after the key of the last item shown, so rows
 * that come or go between two pages neither repeat nor hide others. The cursor is the key, wrapped. */
#pragma once

#include "tools/tool.h"

struct keyset {
    const char *list; /* a cursor of another list is refused */
    struct str after; /* empty: from the start */
    int max;
};

/* Reads args.pagination; `max_allowed` is the list's own ceiling of max_results. INVALID_REQUEST. */
MUST_CHECK int keyset_read(struct tool_call *c, const char *list, int max_allowed, struct keyset *out, struct err *e);

/* Adds `pagination`; `last` is the key of the last item shown and needed only when there are more. */
void keyset_write(struct tool_call *c, const struct keyset *k, bool more, struct str last);
