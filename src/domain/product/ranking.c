/* See ranking.h. */
#include "domain/product/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "store/q/q_catalog.h"

#define BRIEF_WORDS_MAX 64   /* looked at */
#define WORD_BYTES_MAX  40
#define SMALL_CATALOGUE 500  /* up to here all words are used */
#define LARGE_WORDS_MAX 5    /* beyond, so many of the rarest */
#define COUNT_MAX       2000 /* hits of a word that are looked at */
#define COMMON_COUNT    800  /* in a large catalogue, a word with more hits is used only when no rarer one is there */

struct word {
    struct str text;  /* in the brief */
    struct str query; /* FTS5 expression */
    int64_t count;    /* products that hold it */
    double weight;
};

/* ---- words ---- */

static bool is_stop_word(struct str w)
{
    static const char *const words[] = {
        "a",        "ad",        "ads",  "advertising", "an",     "and",    "any",    "are",      "as",        "at",
        "audience", "audiences", "be",   "brand",       "budget", "buy",    "by",     "campaign", "campaigns", "for",
        "from",     "goal",      "i",    "in",          "into",   "is",     "it",     "looking",  "me",        "media",
        "my",       "need",      "of",   "on",          "or",     "our",    "reach",  "reaching", "show",      "spend",
        "target",   "targeting", "that", "the",         "their",  "this",   "to",     "usd",      "users",     "want",
        "we",       "who",       "with", "you",         "your",   "people", "flight", "across",   "inventory",
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (w.n == strlen(words[i]) && strncasecmp(w.p, words[i], w.n) == 0) return true;
    }
    return false;
}

/* Words for a kind of ad or a country describe most products of a catalogue: filters are for them. */
static bool is_generic(struct str w)
{
    static const char *const words[] = { "display", "video", "audio", "banner", "banners", "native", "online",
                                         "us",      "usa",   "uk",    "ctv",    "tv",      "premium" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (w.n == strlen(words[i]) && strncasecmp(w.p, words[i], w.n) == 0) return true;
    }
    return false;
}

/* Briefs name an audience, products a subject: the word that stands for the other. */
static const char *synonym_of(struct str w)
{
    static const struct {
        const char *word, *synonym;
    } table[] = {
        { "tech", "technology" },        { "technology", "tech" },         { "developer", "programming" },
        { "developers", "programming" }, { "programmers", "programming" }, { "engineers", "engineering" },
        { "gamers", "gaming" },          { "travelers", "travel" },        { "travellers", "travel" },
        { "cars", "automotive" },        { "auto", "automotive" },         { "drivers", "automotive" },
        { "football", "sports" },        { "fitness", "health" },          { "investors", "finance" },
        { "foodies", "food" },           { "shoppers", "shopping" },       { "preroll", "pre roll" },
        { "tv", "television" },          { "banner", "display" },          { "banners", "display" },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (w.n == strlen(table[i].word) && strncasecmp(w.p, table[i].word, w.n) == 0) return table[i].synonym;
    }
    return NULL;
}

static bool is_word_byte(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || (ch & 0x80);
}

static bool is_number(struct str w)
{
    for (size_t i = 0; i < w.n; i++) {
        char ch = w.p[i];
        bool digit = ch >= '0' && ch <= '9';
        bool suffix = i > 0 && i + 1 == w.n && (ch == 'k' || ch == 'K' || ch == 'm' || ch == 'M');
        if (!digit && !suffix) return false;
    }
    return true;
}

/* "us" is a pronoun, "US" a country. */
static bool says_nothing(struct str w)
{
    if (w.n < 2 || w.n > WORD_BYTES_MAX || is_number(w) || is_stop_word(w)) return true;
    return w.n == 2 && (memcmp(w.p, "us", 2) == 0 || memcmp(w.p, "it", 2) == 0);
}

static bool have(const struct word *words, size_t n, struct str w)
{
    for (size_t i = 0; i < n; i++) {
        if (words[i].text.n == w.n && strncasecmp(words[i].text.p, w.p, w.n) == 0) return true;
    }
    return false;
}

static size_t split(struct arena *a, struct str brief, struct word out[BRIEF_WORDS_MAX])
{
    size_t n = 0;
    for (size_t at = 0; at < brief.n && n < BRIEF_WORDS_MAX;) {
        size_t end = at;
        while (end < brief.n && is_word_byte(brief.p[end])) end++;
        struct str w = { brief.p + at, end - at };
        at = end > at ? end : at + 1;
        if (w.n == 0 || says_nothing(w) || have(out, n, w)) continue;
        /* Only letters, digits and bytes beyond ASCII got here, so the quotes cannot be left. */
        const char *synonym = synonym_of(w);
        out[n++] = (struct word){
            .text = w,
            .query = synonym ? arena_printf(a, "\"" STR_FMT "\" OR \"%s\"", STR_ARG(w), synonym)
                             : arena_printf(a, "\"" STR_FMT "\"", STR_ARG(w)),
        };
    }
    return n;
}

/* ---- choosing ---- */

static int by_count(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    return a->text.p < b->text.p ? -1 : 1; /* they lie in one brief */
}

/* Keeps the words that are known and worth their price; returns how many. */
static int choose(struct tx *tx, const struct term_scope *scope, struct word *words, size_t *n, struct err *e)
{
    int64_t products;
    size_t kept = 0;
    if (q_catalog_count(tx, CATALOG_PRODUCT, scope->tenant_id, &products, e)) return -1;
    for (size_t i = 0; i < *n; i++) {
        struct term_ask ask = { words[i].query, COUNT_MAX };
        if (q_term_count(tx, scope, &ask, &words[i].count, e)) return -1;
        if (words[i].count > 0) words[kept++] = words[i];
    }
    qsort(words, kept, sizeof(*words), by_count);
    size_t max = products <= SMALL_CATALOGUE ? RANKED_WORDS_MAX : LARGE_WORDS_MAX;
    if (kept > max) kept = max;
    while (kept > 1 && products > SMALL_CATALOGUE && words[kept - 1].count > COMMON_COUNT) kept--;
    for (size_t i = 0; i < kept; i++) {
        words[i].weight = 1.0 + log((double)(products + 1) / (double)(words[i].count + 1));
        if (is_generic(words[i].text)) words[i].weight *= 0.5;
    }
    *n = kept;
    return 0;
}

/* ---- scoring ---- */

struct entry {
    int64_t text_id; /* 0: free; ids of rows begin with 1 */
    double score;
    uint32_t matched;
};

struct table {
    struct entry *slots;
    size_t cap, n;
};

static struct entry *slot_of(struct table *t, int64_t text_id)
{
    size_t h = (size_t)((uint64_t)text_id * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (t->cap - 1);
    while (t->slots[h].text_id != 0 && t->slots[h].text_id != text_id) h = (h + 1) & (t->cap - 1);
    if (t->slots[h].text_id == 0) {
        t->slots[h].text_id = text_id;
        t->n++;
    }
    return &t->slots[h];
}

static void add_hits(struct table *t, const struct word *w, size_t bit, const struct term_hits *hits)
{
    double best = 0;
    for (size_t i = 0; i < hits->n; i++) best = fmax(best, hits->hits[i].score);
    for (size_t i = 0; i < hits->n; i++) {
        struct entry *entry = slot_of(t, hits->hits[i].text_id);
        double share = best > 0 ? hits->hits[i].score / best : 1.0;
        entry->score += w->weight * share * share; /* squared: a passing mention is little beside a subject */
        entry->matched |= UINT32_C(1) << bit;
    }
}

static int by_score(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->text_id < b->text_id ? -1 : a->text_id > b->text_id;
}

/* Sorts the hits in place and looks up which products the best of them are. */
static int finish(struct tx *tx, struct arena *a, const struct ranking_request *q, struct table *t, double attainable,
                  struct ranking *out, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slots[i].text_id != 0) t->slots[n++] = t->slots[i];
    }
    qsort(t->slots, n, sizeof(*t->slots), by_score);
    size_t max = n < q->max ? n : q->max;
    out->products = ARENA_ARRAY(a, struct ranked_product, max + 1);
    for (size_t i = 0; i < n && out->products_n < max; i++) {
        struct ranked_product *p = &out->products[out->products_n];
        int rc = q_text_product(tx, a, q->tenant_id, t->slots[i].text_id, &p->product_id, e);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        int64_t bp = (int64_t)lround(t->slots[i].score / attainable * RELEVANCE_MAX);
        p->relevance_bp = bp < 1 ? 1 : bp > RELEVANCE_MAX ? RELEVANCE_MAX : bp;
        p->matched = t->slots[i].matched;
        out->products_n++;
    }
    return 0;
}

int rank_brief(struct tx *tx, struct arena *a, const struct ranking_request *q, struct ranking *out, struct err *e)
{
    struct word words[BRIEF_WORDS_MAX];
    struct ranking r = { 0 };
    size_t n = split(a, q->brief, words), hits_n = 1;
    struct term_scope scope;
    if (q_term_scope(tx, q->tenant_id, &scope, e) || choose(tx, &scope, words, &n, e)) return -1;
    double attainable = 0;
    for (size_t i = 0; i < n; i++) hits_n += (size_t)words[i].count;
    struct table t = { .cap = 16 };
    while (t.cap < hits_n * 2) t.cap *= 2;
    t.slots = ARENA_ARRAY(a, struct entry, t.cap);
    for (size_t i = 0; i < n; i++) {
        struct term_hits hits;
        struct term_ask ask = { words[i].query, words[i].count };
        if (q_term_hits(tx, a, &scope, &ask, &hits, e)) return -1;
        add_hits(&t, &words[i], i, &hits);
        attainable += words[i].weight;
        r.words[i] = words[i].text;
    }
    r.words_n = n;
    if (n && finish(tx, a, q, &t, attainable, &r, e)) return -1;
    *out = r;
    return 0;
}
