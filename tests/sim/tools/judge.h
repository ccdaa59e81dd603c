/* What is wrong with an answer, whatever was asked. */
#pragma once

#include "world.h"

/* One line, in the world's simulation arena; NULL when nothing is. */
const char *judge(struct world *w, const struct world_call *c, const struct world_answer *a);
