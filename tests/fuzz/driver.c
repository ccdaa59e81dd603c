/* Runs a fuzz target without libFuzzer: mutates seed files for a bounded time, reproducibly.
 *
 *   fuzz_NAME [--seconds N] [--seed N] FILE...    (each FILE is a seed; one line of TAP at the end)
 *   fuzz_NAME --once FILE                         runs the target once, to repeat a finding
 *
 * The input being run is kept in FUZZ_INPUT (when set) so that a crash leaves what caused it behind. The same targets
 * link with clang's -fsanitize=fuzzer when this file is left out. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/id.h"

#define INPUT_MAX 16384
#define SEEDS_MAX 64

struct input {
    uint8_t bytes[INPUT_MAX];
    size_t n;
};

static struct input seeds[SEEDS_MAX];
static int seed_count;

static size_t below(struct rng *r, size_t n)
{
    return n ? (size_t)(rng_u64(r) % n) : 0;
}

static void load(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || seed_count == SEEDS_MAX) {
        fprintf(stderr, "cannot take the seed %s\n", path);
        exit(2);
    }
    struct input *in = &seeds[seed_count++];
    in->n = fread(in->bytes, 1, INPUT_MAX, f);
    fclose(f);
}

/* Replaces [at, at + gone) by `with`. */
static void splice(struct input *in, size_t at, size_t gone, const void *with, size_t n)
{
    if (in->n - gone + n > INPUT_MAX) return;
    memmove(in->bytes + at + n, in->bytes + at + gone, in->n - at - gone);
    memmove(in->bytes + at, with, n);
    in->n = in->n - gone + n;
}

static void mutate(struct rng *r, struct input *in)
{
    static const char *const tokens[] = { "{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\u0000",
                                          "\\ud800",
                                          "null",
                                          "true",
                                          "-0",
                                          "1e308",
                                          "1e-400",
                                          "0.1",
                                          "\"\"",
                                          "{}",
                                          "[]",
                                          "\xff",
                                          "\xc3\xa4",
                                          "1e999",
                                          "\"type\"",
                                          "9999999999999999999",
                                          "/*",
                                          "[[[[[[[[",
                                          "\"a\":" };
    size_t at = below(r, in->n + 1), left = in->n - at;
    switch (below(r, 6)) {
    case 0: splice(in, at, below(r, left < 16 ? left + 1 : 16), "", 0); break;
    case 1: {
        const char *token = tokens[below(r, ARRAY_LEN(tokens))];
        splice(in, at, 0, token, strlen(token));
        break;
    }
    case 2:
        if (left) in->bytes[at] = (uint8_t)rng_u64(r);
        break;
    case 3: {
        const struct input *other = &seeds[below(r, (size_t)seed_count)];
        size_t from = below(r, other->n), n = below(r, other->n - from);
        splice(in, at, 0, other->bytes + from, n < 512 ? n : 512);
        break;
    }
    case 4:
        if (left) in->bytes[at] ^= (uint8_t)(1u << below(r, 8));
        break;
    default: {
        uint8_t copy[256];
        size_t from = below(r, in->n), n = below(r, in->n - from < 256 ? in->n - from + 1 : 256);
        memcpy(copy, in->bytes + from, n);
        splice(in, at, 0, copy, n);
        break;
    }
    }
}

static void keep(const char *path, const struct input *in)
{
    FILE *f = path ? fopen(path, "wb") : NULL;
    if (!f) return;
    fwrite(in->bytes, 1, in->n, f);
    fclose(f);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double seconds = 3;
    uint64_t seed = 1;
    bool once = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = strtod(argv[++i], NULL);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--once") == 0) {
            once = true;
        } else {
            load(argv[i]);
        }
    }
    if (seed_count == 0) return 2;
    for (int i = 0; i < seed_count; i++) LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].n);
    struct rng r;
    rng_init_seeded(&r, seed);
    static struct input in;
    size_t runs = 0;
    const char *kept = getenv("FUZZ_INPUT");
    for (double start = seconds_now(); !once && seconds_now() - start < seconds; runs++) {
        in = seeds[below(&r, (size_t)seed_count)];
        for (size_t n = 1 + below(&r, 6); n > 0; n--) mutate(&r, &in);
        keep(kept, &in);
        LLVMFuzzerTestOneInput(in.bytes, in.n);
    }
    fprintf(stdout, "ok - %s: %zu inputs, seed %llu\n", argv[0], runs, (unsigned long long)seed);
    return 0;
}
