/* AdCP pagination: {max_results, cursor} in, {has_more, cursor, total_count} out. A cursor is opaque text that says
 * where in which list to go on; it needs no memory on our side and stays good until the list itself changes. */
#pragma once

#include "tools/tool.h"

#define PAGE_MAX     100
#define PAGE_DEFAULT 50

struct page {
    int64_t offset; /* items to skip */
    int64_t max;
    struct str
        list; /* what is being listed, with everything that decides its order: a cursor of another list is refused */
};

/* Reads args.pagination. `list` ends up, hashed, in the cursor. INVALID_REQUEST (/pagination/cursor or
 * /pagination/max_results) for a cursor that is not ours or not of this list, and for limits outside 1..100. */
MUST_CHECK int page_read(struct tool_call *c, struct str list, struct page *out, struct err *e);

struct page_end {
    int64_t next_offset; /* -1: this was the last page */
    int64_t total;       /* -1: not known */
};
/* Adds `pagination` to the reply. */
void page_write(struct tool_call *c, const struct page *p, struct page_end end);
