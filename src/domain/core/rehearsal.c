/* What a dry run would have asked of others; see domain/core/act.h. */
#include "domain/core/act.h"

static bool heard(const struct rehearsal *r, struct str line)
{
    for (size_t i = 0; i < r->n; i++) {
        if (str_eq(r->lines[i], line)) return true;
    }
    return false;
}

void rehearsal_note(const struct act *act, struct str line)
{
    struct rehearsal *r = act->rehearsal;
    if (r == NULL || heard(r, line)) return;
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        struct str *more = ARENA_ARRAY(act->arena, struct str, cap);
        if (r->n) memcpy(more, r->lines, r->n * sizeof(*more));
        r->lines = more;
        r->cap = cap;
    }
    r->lines[r->n++] = line;
}
