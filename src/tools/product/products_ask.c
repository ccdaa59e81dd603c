/* See products_ask.h. A sentence is cut into clauses (at . ; , and the word "and"); each clause is looked through for
 * a channel, a direction and a percentage. */
#include "tools/product/products_ask.h"

#include <strings.h>

#define CLAUSE_WORDS_MAX 40

struct clause {
    struct str words[CLAUSE_WORDS_MAX];
    size_t n;
};

static bool is(struct str w, const char *s)
{
    return w.n == strlen(s) && strncasecmp(w.p, s, w.n) == 0;
}

static bool has(const struct clause *c, const char *s)
{
    for (size_t i = 0; i < c->n; i++) {
        if (is(c->words[i], s)) return true;
    }
    return false;
}

static bool has_any(const struct clause *c, const char *const *list)
{
    for (; *list; list++) {
        if (has(c, *list)) return true;
    }
    return false;
}

static bool in_word(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '%' || ch == '_' ||
           ch == '-';
}

/* The next clause of `rest`; false at the end. */
static bool next_clause(struct str *rest, struct clause *c)
{
    *c = (struct clause){ 0 };
    while (rest->n && c->n < CLAUSE_WORDS_MAX) {
        size_t end = 0;
        while (end < rest->n && in_word(rest->p[end])) end++;
        if (end == 0) {
            bool stop = strchr(".;,", rest->p[0]) != NULL;
            *rest = str_skip(*rest, 1);
            if (stop && c->n) return true;
            continue;
        }
        struct str w = { rest->p, end };
        *rest = str_skip(*rest, end);
        if (is(w, "and") && c->n) return true;
        c->words[c->n++] = w;
    }
    return c->n > 0;
}

/* "video" means online video; those who mean television say so. */
static struct str channel_of(struct str w)
{
    static const struct {
        const char *word;
        struct str channel;
    } table[] = {
        { "display", STR("display") },  { "banner", STR("display") },
        { "banners", STR("display") },  { "video", STR("olv") },
        { "olv", STR("olv") },          { "pre-roll", STR("olv") },
        { "preroll", STR("olv") },      { "ctv", STR("ctv") },
        { "tv", STR("ctv") },           { "audio", STR("streaming_audio") },
        { "podcast", STR("podcast") },  { "podcasts", STR("podcast") },
        { "dooh", STR("dooh") },        { "social", STR("social") },
        { "search", STR("search") },    { "email", STR("email") },
        { "newsletter", STR("email") }, { "gaming", STR("gaming") },
        { "radio", STR("radio") },      { "retail_media", STR("retail_media") },
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (is(w, table[i].word)) return table[i].channel;
    }
    return STR_NONE;
}

static const char *const dropping[] = { "drop", "without", "remove", "exclude", "no",
                                        "not",  "skip",    "omit",   "avoid",   NULL };
static const char *const limiting[] = { "only", "just", "exclusively", "solely", NULL };
static const char *const raising[] = { "more", "increase", "higher", "additional", "raise", NULL };
static const char *const lowering[] = { "less", "fewer", "reduce", "decrease", "lower", NULL };

static void remember(struct str *list, size_t *n, struct str channel)
{
    if (*n < 8) list[(*n)++] = channel;
}

/* True when the clause was understood. */
static bool read_wish(const struct clause *c, struct wishes *w)
{
    bool found = false, drop = has_any(c, dropping);
    if (has(c, "non-guaranteed") || has(c, "non_guaranteed")) {
        w->guaranteed = drop ? 1 : 0;
        found = true;
    } else if (has(c, "guaranteed")) {
        w->guaranteed = drop ? 0 : 1;
        found = true;
    }
    if (has(c, "auction") || has(c, "biddable")) {
        w->fixed_price = drop ? 1 : 0;
        found = true;
    } else if (has(c, "fixed") || has(c, "fixed-price")) {
        w->fixed_price = drop ? 0 : 1;
        found = true;
    }
    for (size_t i = 0; i < c->n; i++) {
        struct str channel = channel_of(c->words[i]);
        if (channel.n == 0) continue;
        if (drop) {
            remember(w->without, &w->without_n, channel);
            found = true;
        } else if (has_any(c, limiting)) {
            remember(w->only, &w->only_n, channel);
            found = true;
        }
    }
    return found;
}

static enum ask_understood measure(size_t understood, size_t clauses)
{
    if (understood == 0) return ASK_NOTHING;
    return understood == clauses ? ASK_ALL : ASK_PART;
}

enum ask_understood ask_read(struct str ask, struct wishes *w)
{
    struct clause c;
    size_t clauses = 0, understood = 0;
    while (next_clause(&ask, &c)) {
        clauses++;
        understood += read_wish(&c, w);
    }
    return measure(understood, clauses);
}

/* "60%" or "60 %"; -1 when the clause has none. */
static int percent_of(const struct clause *c)
{
    for (size_t i = 0; i < c->n; i++) {
        int value = 0;
        size_t at = 0;
        for (; at < c->words[i].n && c->words[i].p[at] >= '0' && c->words[i].p[at] <= '9' && value <= 100; at++) {
            value = value * 10 + (c->words[i].p[at] - '0');
        }
        bool sign = at < c->words[i].n ? c->words[i].p[at] == '%'
                                       : i + 1 < c->n && (is(c->words[i + 1], "%") || is(c->words[i + 1], "percent"));
        if (at > 0 && sign && value <= 100) return value;
    }
    return -1;
}

static bool read_split(const struct clause *c, struct ask_splits *out)
{
    int percent = percent_of(c), what = percent;
    if (percent < 0 && has_any(c, dropping)) what = 0;
    else if (percent < 0 && has_any(c, raising)) what = -1;
    else if (percent < 0 && has(c, "shift")) what = -1;
    else if (percent < 0 && has_any(c, lowering)) what = -2;
    else if (percent < 0) return false;
    /* The last channel named is the one the share goes to: "shift 60% from display to video". */
    struct str channel = STR_NONE;
    for (size_t i = 0; i < c->n; i++) {
        if (channel_of(c->words[i]).n) channel = channel_of(c->words[i]);
    }
    if (channel.n == 0 || out->n == ASK_SPLITS_MAX) return false;
    out->items[out->n++] = (struct ask_split){ channel, what };
    return true;
}

enum ask_understood ask_read_splits(struct str ask, struct ask_splits *out)
{
    struct clause c;
    size_t clauses = 0, understood = 0;
    *out = (struct ask_splits){ 0 };
    while (next_clause(&ask, &c)) {
        clauses++;
        understood += read_split(&c, out);
    }
    return measure(understood, clauses);
}
