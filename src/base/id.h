/* Identifiers made by us: `prefix` + 26 characters of Crockford base32 in lower case, 48 bits of milliseconds
 * and 80 random bits (the ULID layout), so that ids sort by creation time and inserts append.
 * Randomness is handed in: production uses the operating system, tests a seeded generator. */
#pragma once

#include "base/arena.h"

#define ID_BODY_LEN 26

#define RNG_SPARE 32

struct rng {
    void (*fill)(struct rng *r, void *out, size_t n);
    uint64_t state; /* of the seeded generator */
    uint64_t spare[RNG_SPARE]; /* numbers of the system that nobody has had yet, for rng_u64 */
    size_t spare_n;
};

void rng_init_system(struct rng *r);
void rng_init_seeded(struct rng *r, uint64_t seed); /* deterministic, for tests and the simulator only */
uint64_t rng_u64(struct rng *r);

/* A new id, e.g. id_new(a, rng, "mb-", now) -> "mb-01jc...". */
struct str id_new(struct arena *a, struct rng *r, const char *prefix, int64_t now);

/* A UUID of version 4 in its text form. */
struct str uuid_new(struct arena *a, struct rng *r);

/* A random secret of 32 bytes as base64url, for tokens. */
struct str secret_new(struct arena *a, struct rng *r);

/* True for 1..max bytes of printable ASCII without quotes, backslash or space: what we accept as an id from outside. */
bool id_text_valid(struct str s, size_t max);

#define DOMAIN_TEXT_MAX 253
/* A domain as AdCP writes it: labels of small letters, digits and inner hyphens, "acme.example"; up to 253 bytes. */
bool domain_text_valid(struct str s);
