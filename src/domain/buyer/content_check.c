#include "domain/buyer/content_check.h"

#include <stdlib.h>

#include "base/buf.h"

#define TEXT_MAX    (1 << 20)
#define LOOKUP_COST 64 /* finding a word among many, in bytes of text */

const char *content_status_name(enum content_status s)
{
    static const char *const names[] = { "passed", "failed", "warning", "unevaluated" };
    ENSURE(s >= CONTENT_PASSED && s <= CONTENT_UNEVALUATED);
    return names[s];
}

/* ---- words ---- */

static char fold(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

static bool letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (unsigned char)ch >= 0x80;
}

/* The next run of letters of folded text at or after *at; empty at the end. */
static struct str next_word(struct str text, size_t *at)
{
    size_t i = *at;
    while (i < text.n && !letter(text.p[i])) i++;
    size_t from = i;
    while (i < text.n && letter(text.p[i])) i++;
    *at = i;
    return (struct str){ text.p + from, i - from };
}

static void add_folded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) buf_add_char(b, fold(s.p[i]));
    buf_add_char(b, ' ');
}

static struct str folded(struct arena *a, struct str s)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    add_folded(&b, s);
    struct str out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return out;
}

/* Words that say nothing of what is prohibited. */
static bool empty_word(struct str w)
{
    static const char *const words[] = {
        "a",         "an",      "any",     "the",         "of",       "in",        "on",         "to",
        "for",       "with",    "content", "imagery",     "images",   "image",     "material",   "product",
        "products",  "ads",     "ad",      "advertising", "adjacent", "themes",    "references", "depictions",
        "depiction", "use",     "is",      "are",         "be",       "allowed",   "permitted",  "near",
        "all",       "related", "other",   "assets",      "creative", "creatives", "must",       "should",
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(w, words[i])) return true;
    }
    return w.n < 3;
}

static bool marker(struct str w)
{
    static const char *const words[] = { "no",       "not",        "never",   "avoid",     "without",
                                         "prohibit", "prohibited", "exclude", "forbidden", "ban" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(w, words[i])) return true;
    }
    return false;
}

/* "photo" for "photography", "gamble" for "gambling": a common beginning of all but the ending. */
static bool same_word(struct str x, struct str y)
{
    size_t n = x.n < y.n ? x.n : y.n, common = 0;
    while (common < n && x.p[common] == y.p[common]) common++;
    if (common == x.n && common == y.n) return true;
    return common >= 5 && (common == n || common + 2 >= n);
}

static bool speaks_of(struct str text, struct str word)
{
    for (size_t at = 0;;) {
        struct str w = next_word(text, &at);
        if (!w.n) return false;
        if (same_word(w, word)) return true;
    }
}

/* ---- many words ---- */

/* The words of a text in order, each once. */
struct words {
    const struct str *w;
    size_t n;
    int64_t *left; /* see content_case.work_left */
};

static int by_word(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    size_t n = a->n < b->n ? a->n : b->n;
    int order = memcmp(a->p, b->p, n);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

static struct words words_of(struct arena *a, struct str text, int64_t *left)
{
    size_t n = 0, kept = 0;
    struct str *list = ARENA_ARRAY(a, struct str, text.n / 2 + 1), w;
    for (size_t at = 0; (w = next_word(text, &at)).n > 0;) list[n++] = w;
    qsort(list, n, sizeof(*list), by_word);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !str_eq(list[i], list[i - 1])) list[kept++] = list[i];
    }
    *left -= (int64_t)text.n;
    return (struct words){ list, kept, left };
}

/* Words that count as one begin alike: only those are compared. */
static bool has_word(const struct words *words, struct str word)
{
    struct str begin = { word.p, word.n < 5 ? word.n : 5 };
    size_t from = 0, to = words->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (by_word(&words->w[middle], &begin) < 0) from = middle + 1;
        else to = middle;
    }
    *words->left -= LOOKUP_COST;
    for (; from < words->n && *words->left > 0 && str_starts(words->w[from], begin); from++) {
        if (same_word(words->w[from], word)) return true;
        *words->left -= LOOKUP_COST / 4;
    }
    return false;
}

/* ---- the artifact ---- */

/* Everything it says: texts, addresses, ids. */
static struct str artifact_text(struct arena *a, yyjson_val *artifact)
{
    static const char *const of_asset[] = { "content", "alt_text", "caption", "transcript", "url" };
    struct buf b;
    yyjson_val *asset;
    size_t i, n;
    buf_init(&b, TEXT_MAX);
    add_folded(&b, json_str(artifact, "artifact_id"));
    add_folded(&b, json_str(artifact, "url"));
    add_folded(&b, json_str(json_obj(artifact, "metadata"), "keywords"));
    yyjson_arr_foreach(json_arr(artifact, "assets"), i, n, asset) {
        for (size_t k = 0; k < ARRAY_LEN(of_asset); k++) add_folded(&b, json_str(asset, of_asset[k]));
    }
    struct str text = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return text;
}

static bool image_without_alt(yyjson_val *artifact)
{
    yyjson_val *asset;
    size_t i, n;
    yyjson_arr_foreach(json_arr(artifact, "assets"), i, n, asset) {
        if (str_is(json_str(asset, "type"), "image") && !json_str(asset, "alt_text").n) return true;
    }
    return false;
}

/* ---- policies ---- */

/* One alternative of a prohibition, the words up to a comma, "or", "and": broken when the artifact speaks of all its
 * words. *words counts those that mean something. */
static bool alternative_broken(const struct words *text, struct str part, size_t *words)
{
    bool all = true;
    size_t found = 0;
    *text->left -= (int64_t)part.n;
    for (size_t at = 0;;) {
        struct str w = next_word(part, &at);
        if (!w.n) break;
        if (empty_word(w)) continue;
        found++;
        all = all && has_word(text, w);
    }
    *words += found;
    return found > 0 && all;
}

/* Where the alternative that begins at `from` ends; *next is where the one after it begins, policy.n for none. */
static size_t alternative_end(struct str policy, size_t from, size_t *next)
{
    for (size_t i = from; i < policy.n; i++) {
        char ch = policy.p[i];
        if (ch == '.' || ch == ';' || ch == ':') {
            *next = policy.n;
            return i;
        }
        struct str rest = str_skip(policy, i);
        size_t skip = ch == ',' ? 1 : str_starts(rest, STR(" or ")) ? 4 : str_starts(rest, STR(" and ")) ? 5 : 0;
        if (skip) {
            *next = i + skip;
            return i;
        }
    }
    *next = policy.n;
    return policy.n;
}

/* What follows one marker, to the end of its sentence. The broken alternative, or empty. */
static struct str broken_after(const struct words *text, struct str policy, size_t from, size_t *words)
{
    while (from < policy.n && *text->left > 0) {
        size_t next, end = alternative_end(policy, from, &next);
        struct str part = { policy.p + from, end - from };
        if (alternative_broken(text, part, words)) return part;
        from = next;
    }
    return STR_NONE;
}

static struct content_finding judge(struct arena *a, const struct content_case *in, yyjson_val *entry,
                                    const struct words *text)
{
    struct str policy = folded(a, json_str(entry, "policy"));
    struct content_finding f = { .policy_id = json_str(entry, "policy_id"),
                                 .status = CONTENT_UNEVALUATED,
                                 .explanation = STR("Words alone cannot decide this policy.") };
    bool must = str_is(json_str(entry, "enforcement"), "must");
    size_t words = 0;
    *text->left -= (int64_t)policy.n;
    for (size_t at = 0; f.status == CONTENT_UNEVALUATED;) {
        struct str w = next_word(policy, &at);
        if (!w.n) break;
        if (!marker(w)) continue;
        struct str broken = broken_after(text, policy, at, &words);
        if (!broken.n) continue;
        f.status = must ? CONTENT_FAILED : CONTENT_WARNING;
        f.explanation = arena_printf(a, "The content speaks of \"" STR_FMT "\", which this policy rules out: " STR_FMT,
                                     STR_ARG(broken), STR_ARG(json_str(entry, "policy")));
    }
    if (f.status != CONTENT_UNEVALUATED) return f;
    if (*text->left <= 0) {
        f.explanation = STR("There is more here than is judged in one call.");
        return f;
    }
    if (speaks_of(policy, STR("alt")) && speaks_of(policy, STR("text"))) {
        bool broken = image_without_alt(in->artifact);
        f.status = !broken ? CONTENT_PASSED : must ? CONTENT_FAILED : CONTENT_WARNING;
        f.explanation = broken ? STR("An image has no alt_text.") : STR("Every image has alt_text.");
    } else if (words > 0) {
        f.status = CONTENT_PASSED;
        f.explanation = STR("The content speaks of nothing that this policy rules out.");
    }
    return f;
}

static bool applies(yyjson_val *entry, struct str channel)
{
    yyjson_val *list = json_arr(entry, "channels"), *v;
    size_t i, n;
    if (!list || !channel.n) return true;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_val_str(v), channel)) return true;
    }
    return false;
}

static bool exemplified(yyjson_val *list, yyjson_val *artifact)
{
    yyjson_val *v;
    size_t i, n;
    struct str id = json_str(artifact, "artifact_id"), url = json_str(artifact, "url");
    yyjson_arr_foreach(list, i, n, v) {
        bool same_id = json_has(v, "artifact_id") && str_eq(json_str(v, "artifact_id"), id) &&
                       str_eq(json_str(v, "property_rid"), json_str(artifact, "property_rid"));
        if (same_id || (url.n && (str_eq(json_str(v, "value"), url) || str_eq(json_str(v, "url"), url)))) return true;
    }
    return false;
}

void content_check(struct arena *a, const struct content_case *in, struct content_verdict *out)
{
    yyjson_val *policies = json_arr(in->standards, "policies"), *entry;
    yyjson_val *exemplars = json_obj(in->standards, "calibration_exemplars");
    struct words text = words_of(a, artifact_text(a, in->artifact), in->work_left);
    struct content_verdict v = { .pass = true };
    size_t i, n;
    v.findings = ARENA_ARRAY(a, struct content_finding, yyjson_arr_size(policies) + 1);
    bool good = exemplified(json_arr(exemplars, "pass"), in->artifact);
    bool bad = exemplified(json_arr(exemplars, "fail"), in->artifact);
    if (good || bad) {
        v.findings[v.n++] =
            (struct content_finding){ STR("calibration_exemplars"), bad ? CONTENT_FAILED : CONTENT_PASSED,
                                      STR("The standards name this artifact as an example.") };
    }
    yyjson_arr_foreach(policies, i, n, entry) {
        if (applies(entry, in->channel)) v.findings[v.n++] = judge(a, in, entry, &text);
    }
    for (i = 0; i < v.n; i++) v.pass = v.pass && v.findings[i].status != CONTENT_FAILED;
    if (good && !bad) v.pass = true;
    *out = v;
}
