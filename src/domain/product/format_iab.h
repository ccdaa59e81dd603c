/* Which formats are IAB standard ones: display in a fixed size of the IAB's New Ad Portfolio or one it kept from before,
 * and linear video and audio (VAST). For get_products, filters.standard_formats_only. */
#pragma once

#include "domain/product/format.h"

/* Remembers the verdicts of one call: products share formats. */
struct format_verdict {
    struct str agent_url, id;
    bool standard;
    const char *kind; /* NULL: none of the canonical ones */
};
struct format_verdicts {
    const struct act *act;
    struct format_verdict *items;
    size_t n, capacity;
};

/* `arg` is a struct format_verdicts; a format that cannot be found is none. For struct product_filter. */
bool format_ref_is_iab(void *arg, const struct format_ref *f);
const char *format_ref_kind(void *arg, const struct format_ref *f);

/* The canonical kind (AdCP 3.1 canonical-format-kind) of a format that is made of one file; NULL: it is none of these. */
const char *format_kind(const struct format_spec *f);
