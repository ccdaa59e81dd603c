#include "adapters/title.h"

#include "base/buf.h"
#include "base/rfc3339.h"

#define TITLE_BYTES 4096

struct word {
    const char *name;
    bool of_package;
};

static const struct word words[] = {
    { "advertiser", false }, { "name", false },   { "media_buy_id", false }, { "buyer_ref", false },
    { "po_number", false },  { "start", false },  { "end", false },          { "principal", false },
    { "payer", false },      { "package", true }, { "package_id", true },    { "product", true },
    { "pricing", true },
};

/* The word in braces that begins at `at`; false when there is none. */
static bool braced(struct str t, size_t at, struct str *word)
{
    if (t.p[at] != '{') return false;
    const char *end = memchr(t.p + at, '}', t.n - at);
    if (!end) return false;
    *word = (struct str){ t.p + at + 1, (size_t)(end - t.p) - at - 1 };
    return true;
}

static bool known(struct str word, bool for_package)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(word, words[i].name)) return for_package || !words[i].of_package;
    }
    return false;
}

static bool template_ok(struct str t, bool for_package, struct str *bad)
{
    for (size_t i = 0; i < t.n; i++) {
        struct str word;
        if (!braced(t, i, &word) || known(word, for_package)) continue;
        *bad = word;
        return false;
    }
    return true;
}

static int read_template(struct arena *a, yyjson_val *names, const char *key, const struct title_settings *t,
                         bool for_package, struct err *e)
{
    struct str *out = for_package ? t->package : t->order, word;
    *out = for_package ? STR("{product} {package}") : STR("{advertiser} {name}");
    if (doc_opt_str(a, names, "/names", key, t->max, out, e)) return -1;
    if (template_ok(*out, for_package, &word)) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR", "{" STR_FMT "} is nothing that a name can be made of", STR_ARG(word));
    return err_field(e, "/names/%s", key);
}

int title_settings_read(struct arena *a, yyjson_val *settings, const struct title_settings *t, struct err *e)
{
    const char *const keys[] = { t->order_key, t->package_key, NULL };
    yyjson_val *names = doc_obj(settings, "names");
    if (doc_only(names, "/names", keys, e) || read_template(a, names, t->order_key, t, false, e)) return -1;
    return read_template(a, names, t->package_key, t, true, e);
}

static struct str date_of(struct arena *a, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(at, text);
    return arena_dup(a, (struct str){ text, n });
}

static struct str first_of(struct str a, struct str b)
{
    return a.n ? a : b;
}

static struct str value_of(struct arena *a, const struct title_words *w, struct str word)
{
    const struct plan *p = w->plan;
    const struct plan_package *g = w->package;
    if (str_is(word, "advertiser")) return p->advertiser;
    if (str_is(word, "name")) return p->name;
    if (str_is(word, "media_buy_id")) return p->media_buy_id;
    if (str_is(word, "buyer_ref")) return p->buyer_ref;
    if (str_is(word, "po_number")) return p->po_number;
    if (str_is(word, "principal")) return p->principal_id;
    if (str_is(word, "payer")) return p->payer;
    if (str_is(word, "start")) return date_of(a, g ? g->start_at : p->start_at);
    if (str_is(word, "end")) return date_of(a, (g ? g->end_at : p->end_at) - 1);
    if (!g) return STR_NONE;
    if (str_is(word, "package")) return first_of(g->name, g->product_id);
    if (str_is(word, "package_id")) return g->package_id;
    if (str_is(word, "product")) return g->product_id;
    return str_from(pricing_model_name(g->pricing_model));
}

/* Line ends and their kind are no part of a name. */
static void add_clean(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) buf_add_char(b, (uint8_t)s.p[i] < 0x20 ? ' ' : s.p[i]);
}

static struct str trimmed(struct str s)
{
    while (s.n && s.p[0] == ' ') s = str_skip(s, 1);
    while (s.n && s.p[s.n - 1] == ' ') s.n--;
    return s;
}

struct str title_tagged(struct arena *a, struct str text, struct str tag, size_t max)
{
    struct str end = arena_printf(a, "[" STR_FMT "]", STR_ARG(tag));
    size_t room = end.n + 1 < max ? max - end.n - 1 : 0;
    text = trimmed(text_cut(trimmed(text), room));
    return text.n ? arena_printf(a, STR_FMT " " STR_FMT, STR_ARG(text), STR_ARG(end)) : end;
}

struct str title_make(struct arena *a, struct str template, const struct title_words *w, struct str tag, size_t max)
{
    struct buf b;
    struct str word;
    buf_init(&b, TITLE_BYTES);
    for (size_t i = 0; i < template.n; i++) {
        if (braced(template, i, &word)) {
            add_clean(&b, text_cut(value_of(a, w, word), max));
            i += word.n + 1;
        } else {
            buf_add_char(&b, template.p[i]);
        }
    }
    /* A buffer that was too small only makes the name shorter. */
    struct str text = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return title_tagged(a, text, tag, max);
}

bool title_has_tag(struct str title, struct str tag)
{
    if (title.n < tag.n + 2 || title.p[title.n - 1] != ']') return false;
    size_t from = title.n - tag.n - 2;
    return title.p[from] == '[' && memcmp(title.p + from + 1, tag.p, tag.n) == 0;
}
