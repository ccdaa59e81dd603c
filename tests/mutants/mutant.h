/* Included before everything else in the copy that scripts/mutants builds, and nowhere else: MUTANT(name) is true while
 * the environment asks for that mistake. What is reached leaves a folder of its name, so that a mistake is shown only to
 * the tests that could notice it. No header is included: names of the C library would meet static functions of src/. */
#pragma once

#define MUTANT(name)                                                                                                   \
    __extension__({                                                                                                    \
        static int mutant_state_;                                                                                      \
        mutant_on(#name, &mutant_state_);                                                                              \
    })

static inline int mutant_same(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static inline void mutant_reached(const char *folder, const char *name)
{
    extern int mkdir(const char *path, unsigned mode);
    char path[512], *end = path;
    while (*folder && end < path + 400) *end++ = *folder++;
    *end++ = '/';
    while (*name && end < path + 511) *end++ = *name++;
    *end = '\0';
    mkdir(path, 0700);
}

/* *state is what is known of this place: 0 nothing yet, 1 off, 2 on. */
static inline int mutant_on(const char *name, int *state)
{
    extern char *getenv(const char *variable);
    if (*state == 0) {
        const char *wanted = getenv("MUTANT"), *folder = getenv("MUTANTS_REACHED");
        *state = wanted && mutant_same(wanted, name) ? 2 : 1;
        if (folder) mutant_reached(folder, name);
    }
    return *state == 2;
}
