/* Names of what is booked: the publisher's template, and a tag in brackets behind it by which it is found again, because
 * a name is what every ad server lets one look for: "Acme Spring [mb_1]". */
#pragma once

#include <salesagent/adapter.h>

#include "adapters/doc.h"
#include "base/arena.h"

struct title_words {
    const struct plan *plan;
    const struct plan_package *package; /* NULL for orders */
};

/* The publisher's templates: {"names": {ORDER_KEY: "...", PACKAGE_KEY: "..."}} of an ad server's settings. */
struct title_settings {
    const char *order_key, *package_key; /* the ad server's own words: "campaign", "flight" */
    size_t max; /* bytes of a name over there */
    struct str *order, *package; /* where they go, copied into the arena; what is not set has a template of ours */
};
/* CONFIGURATION_ERROR with the place, also for a {word} that no name can be made of. */
MUST_CHECK int title_settings_read(struct arena *a, yyjson_val *settings, const struct title_settings *t,
                                   struct err *e);
/* The template filled in, cut so that the tag fits behind it within `max` bytes. */
struct str title_make(struct arena *a, struct str template, const struct title_words *words, struct str tag,
                      size_t max);
/* The same of a text. */
struct str title_tagged(struct arena *a, struct str text, struct str tag, size_t max);
bool title_has_tag(struct str title, struct str tag);
