/* The table that scripts/gen_bots makes: pieces of crawlers' user agents. */
#pragma once

#include "base/compiler.h"

#define BOTS_BUCKETS 1024
#define BOT_AT_START 1
#define BOT_AT_END   2

struct bot {
    uint16_t at;          /* in bots_text: the text, and behind it what must follow somewhere */
    uint8_t n, then_n;
    uint8_t flags;
};

extern const char bots_text[];
extern const struct bot bots[];
extern const uint16_t bots_from[BOTS_BUCKETS + 1]; /* those of a bucket, by the hash of their first three bytes */
