/* Plain text, read by a few fixed rules: which task is meant, and what of it the words already say. Whoever writes is
 * told what was understood. Words can read, never write: what spends money or changes something needs a data part, and
 * the answer says which. */
#pragma once

#include "contract/json.h"

struct a2a_intent {
    struct str skill;      /* empty: not understood */
    struct str args;       /* JSON object; empty: something is missing */
    struct str understood; /* one sentence: what the text was read as */
    struct str missing;    /* one or two sentences: what is still needed; empty when nothing is */
};

/* `text` is everything said so far in this task, a line for each message. */
void a2a_text_read(struct arena *a, struct str text, struct a2a_intent *out);
