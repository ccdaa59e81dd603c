/* Names of what is booked: the publisher's template, and a tag in brackets behind it by which it is found again, because
 * a name is what every ad server lets one look for: "Acme Spring [mb_1]". */
#pragma once

#include <salesagent/adapter.h>

#include "base/arena.h"

struct title_words {
    const struct plan *plan;
    const struct plan_package *package; /* NULL for orders */
};

/* True when every {word} of the template is one that title.c knows; else *bad is the first that is not. */
bool title_template_ok(struct str template, bool for_package, struct str *bad);
/* The template filled in, cut so that the tag fits behind it within `max` bytes. */
struct str title_make(struct arena *a, struct str template, const struct title_words *words, struct str tag,
                      size_t max);
/* The same of a text. */
struct str title_tagged(struct arena *a, struct str text, struct str tag, size_t max);
bool title_has_tag(struct str title, struct str tag);
