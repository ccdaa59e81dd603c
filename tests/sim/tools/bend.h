/* Arguments bent a little: one member changed, left out, repeated or exchanged for something odd. */
#pragma once

#include "gen.h"

/* Bends `args`, an object of g->doc. */
void bend(struct gen *g, yyjson_mut_val *args);
/* Gives members that stand for an id, an account or a day a value that fits this world, where one is known. */
void bend_ids(struct gen *g, yyjson_mut_val *args);

/* Where something stands: a member of an object or an item of a list. */
struct bend_place {
    yyjson_mut_val *holder, *value;
    struct str parent, key; /* .p NULL: an item, at `index` */
    size_t index;
};
/* Some of the places below `root`, at most `max`; the number of them. */
size_t bend_places(yyjson_mut_val *root, struct bend_place *out, size_t max);
void bend_put(yyjson_mut_doc *doc, const struct bend_place *at, yyjson_mut_val *value);
void bend_remove(const struct bend_place *at);
