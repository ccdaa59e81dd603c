/* What this program understands of a buyer's sentence: a small vocabulary, and an honest measure of how much. */
#pragma once

#include "tools/product/products.h"

enum ask_understood { ASK_NOTHING, ASK_PART, ASK_ALL };

/* Adds to `w` what the sentence asks of all products. */
enum ask_understood ask_read(struct str ask, struct wishes *w);

/* What a sentence asks of a plan's split between channels. */
struct ask_split {
    struct str channel;  /* AdCP channel */
    int percent;         /* its new share, 0: dropped; -1: "more", -2: "less" */
};
#define ASK_SPLITS_MAX 8
struct ask_splits {
    struct ask_split items[ASK_SPLITS_MAX];
    size_t n;
};
enum ask_understood ask_read_splits(struct str ask, struct ask_splits *out);
