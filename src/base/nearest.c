#include "base/nearest.h"

#include <ctype.h>

#define WORD_MAX 64 /* nobody misspells longer ones */

static int fold(char c)
{
    return c == '_' ? '-' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, in three rows (Damerau-Levenshtein without repeated edits). */
static size_t distance(struct str a, struct str b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++) last[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = fold(a.p[i - 1]) == fold(b.p[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            bool swapped =
                i > 1 && j > 1 && fold(a.p[i - 1]) == fold(b.p[j - 2]) && fold(a.p[i - 2]) == fold(b.p[j - 1]);
            if (swapped) now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

const char *nearest_word(struct str word, const char *const *words, size_t n)
{
    const char *best = NULL;
    size_t best_at = 0;
    if (!word.n || word.n > WORD_MAX) return NULL;
    for (size_t i = 0; i < n; i++) {
        struct str known = str_from(words[i]);
        if (known.n > WORD_MAX) continue;
        size_t d = distance(word, known), bound = (known.n > word.n ? known.n : word.n) / 3;
        if (d > (bound ? bound : 1) || d >= known.n || (best && d >= best_at)) continue;
        best = words[i];
        best_at = d;
    }
    return best;
}
