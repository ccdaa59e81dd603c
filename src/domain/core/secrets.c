/* See secrets.h. The walks recurse as deep as the documents, which json_parse has bounded. */
#include "domain/core/secrets.h"

#include "contract/document.h"

/* ---- what is one ---- */

/* Where the last `n` letters of a name begin, with - and _ among them left out of account; -1: it has fewer. */
static ptrdiff_t tail_of(struct str name, const char *word)
{
    ptrdiff_t at = (ptrdiff_t)name.n - 1;
    for (size_t i = strlen(word); i > 0; at--) {
        if (at < 0) return -1;
        char c = name.p[at];
        if (c == '_' || c == '-') continue;
        if ((c | 0x20) != word[i - 1]) return -1;
        i--;
    }
    return at + 1;
}

/* snake_case, kebab-case and camelCase, because vendors' documents are shown, too. */
static bool ends_with_word(struct str name, const char *word)
{
    ptrdiff_t at = tail_of(name, word);
    if (at <= 0) return at == 0;
    char before = name.p[at - 1], first = name.p[at];
    return before == '_' || before == '-' || (first >= 'A' && first <= 'Z' && !(before >= 'A' && before <= 'Z'));
}

static bool is_secret_name(struct str name)
{
    static const char *const words[] = { "apikey", "password",    "passphrase", "secret",
                                         "token",  "credentials", "privatekey" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (ends_with_word(name, words[i])) return true;
    }
    return false;
}

static size_t find_text(struct str s, const char *what)
{
    const char *p = s.n ? memmem(s.p, s.n, what, strlen(what)) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

/* RFC 7515 section 3.1: three parts of base64url, of which the first is a JSON object. */
static bool is_signed_token(struct str s)
{
    size_t dots = 0;
    if (!str_starts(s, STR("eyJ"))) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c == '.') dots++;
        else if (!letter && c != '-' && c != '_') return false;
    }
    return dots == 2;
}

static bool has_secret_shape(struct str s)
{
    return find_text(s, "PRIVATE KEY-----") < s.n || is_signed_token(s);
}

static bool is_url_name(struct str name)
{
    return ends_with_word(name, "webhookurl") || str_is(name, "smtp_url");
}

/* Where the parts of a URL begin; of a path alone all but the last are 0. */
struct url_parts {
    size_t user, host, path;
};

static struct url_parts parts_of(struct str url)
{
    size_t slashes = find_text(url, "://"), at = slashes < url.n ? slashes + 3 : 0;
    struct url_parts p = { at, at, at };
    while (slashes < url.n && p.path < url.n && !memchr("/?#", url.p[p.path], 3)) p.path++;
    for (size_t i = p.user; i < p.path; i++) {
        if (url.p[i] == '@') p.host = i + 1;
    }
    return p;
}

/* The host stays readable; user, password, path and query may be what opens the door. */
static struct str shown_url(struct arena *a, struct str url)
{
    struct url_parts p = parts_of(url);
    bool more = url.n - p.path > 1, user = p.host > p.user;
    if (p.user == 0) return STR(SECRET_SHOWN);
    if (!user && !more) return url;
    struct str before = { url.p, p.user }, address = { url.p + p.host, p.path - p.host };
    return arena_printf(a, STR_FMT "%s" STR_FMT "%s", STR_ARG(before), user ? SECRET_SHOWN "@" : "", STR_ARG(address),
                        more ? "/" SECRET_SHOWN : "");
}

/* How a string under this name is shown; false: as it is. */
static bool shown(struct arena *a, struct str name, struct str value, struct str *out)
{
    if (!value.n) return false;
    if (is_secret_name(name) || has_secret_shape(value)) {
        *out = STR(SECRET_SHOWN);
        return true;
    }
    if (!is_url_name(name)) return false;
    *out = shown_url(a, value);
    return !str_eq(*out, value);
}

static struct str mut_str(yyjson_mut_val *v)
{
    return yyjson_mut_is_str(v) ? (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : STR_NONE;
}

/* ---- hiding ---- */

static void redact(struct arena *a, struct str name, yyjson_mut_val *v)
{
    size_t i, n;
    yyjson_mut_val *key, *val;
    struct str out;
    if (shown(a, name, mut_str(v), &out)) {
        yyjson_mut_set_strn(v, out.p, out.n);
    } else if (is_secret_name(name) && (yyjson_mut_is_ctn(v) || yyjson_mut_is_num(v))) {
        yyjson_mut_set_strn(v, SECRET_SHOWN, sizeof(SECRET_SHOWN) - 1);
    } else if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, val) redact(a, STR_NONE, val);
    } else if (yyjson_mut_is_obj(v)) {
        yyjson_mut_obj_foreach(v, i, n, key, val) redact(a, mut_str(key), val);
    }
}

void secrets_redact(struct arena *a, yyjson_mut_val *v)
{
    redact(a, STR_NONE, v);
}

struct str secrets_redacted(struct arena *a, struct str json_text)
{
    yyjson_val *v = document_read(a, json_text);
    if (!v) return STR_NONE;
    yyjson_mut_val *copy = json_copy(json_doc_new(a), v);
    secrets_redact(a, copy);
    return json_write(a, copy);
}

/* ---- what travels ---- */

bool secrets_is_header(struct str name)
{
    return is_secret_name(name) || ends_with_word(name, "authorization") || ends_with_word(name, "key") ||
           ends_with_word(name, "cookie");
}

static char *put(char *to, struct str s)
{
    if (s.n) memcpy(to, s.p, s.n);
    return to + s.n;
}

/* NAME=VALUE&...: a form's body, a query. */
static struct str shown_pairs(struct arena *a, struct str pairs)
{
    char *text = arena_alloc(a, pairs.n * sizeof(SECRET_SHOWN) + 1), *to = text;
    for (size_t at = 0; at < pairs.n;) {
        struct str rest = { pairs.p + at, pairs.n - at }, pair = { rest.p, find_text(rest, "&") };
        size_t equals = find_text(pair, "=");
        struct str name = { pair.p, equals }, value = { pair.p + equals, pair.n - equals }; /* with its "=" */
        bool hidden =
            value.n > 1 && (secrets_is_header(name) || has_secret_shape((struct str){ value.p + 1, value.n - 1 }));
        to = put(put(to, name), hidden ? STR("=" SECRET_SHOWN) : value);
        if (pair.n < rest.n) to = put(to, STR("&"));
        at += pair.n + 1;
    }
    return (struct str){ text, (size_t)(to - text) };
}

struct str secrets_shown_text(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err ignored;
    if (text.n && (text.p[0] == '{' || text.p[0] == '[') && !json_parse(a, text, &json_limits_own, &doc, &ignored)) {
        yyjson_mut_val *copy = json_copy(json_doc_new(a), yyjson_doc_get_root(doc));
        secrets_redact(a, copy);
        return json_write(a, copy);
    }
    if (has_secret_shape(text)) return STR(SECRET_SHOWN);
    bool form = find_text(text, "=") < text.n && find_text(text, "\n") == text.n && find_text(text, "<") == text.n;
    return form ? shown_pairs(a, text) : text;
}

struct str secrets_shown_address(struct arena *a, struct str url)
{
    struct url_parts p = parts_of(url);
    size_t query = find_text(url, "?"), pairs = query + (query < url.n);
    struct str before = { url.p, p.user }, address = { url.p + p.host, pairs - p.host };
    struct str shown_query = shown_pairs(a, (struct str){ url.p + pairs, url.n - pairs });
    return arena_printf(a, STR_FMT "%s" STR_FMT STR_FMT, STR_ARG(before), p.host > p.user ? SECRET_SHOWN "@" : "",
                        STR_ARG(address), STR_ARG(shown_query));
}

/* ---- and back ---- */

static bool holds_mark(struct str value)
{
    for (size_t i = 0; i + sizeof(SECRET_SHOWN) - 1 <= value.n; i++) {
        if (memcmp(value.p + i, SECRET_SHOWN, sizeof(SECRET_SHOWN) - 1) == 0) return true;
    }
    return false;
}

static int unknown(struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "this value is redacted, and nothing is kept that it could stand for");
    return err_suggest(e, "Give the secret itself, or leave the member out.");
}

/* A string that may stand for what is stored. */
static int restore_one(const struct secrets_restore *r, struct str name, yyjson_mut_val *val, yyjson_val *stored,
                       struct err *e)
{
    struct str given = mut_str(val), kept = json_val_str(stored), out;
    if (!holds_mark(given)) return 0;
    if (kept.n && shown(r->arena, name, kept, &out) && str_eq(out, given)) {
        yyjson_mut_set_strn(val, kept.p, kept.n);
        return 0;
    }
    bool whole =
        is_secret_name(name) && str_is(given, SECRET_SHOWN) && (yyjson_is_ctn(stored) || yyjson_is_num(stored));
    if (!whole) return unknown(e);
    yyjson_mut_val *copy = json_copy(r->doc, stored);
    val->tag = copy->tag; /* in its place: `next` stays */
    val->uni = copy->uni;
    return 0;
}

static int restore(const struct secrets_restore *r, struct str name, yyjson_mut_val *v, yyjson_val *stored,
                   struct err *e)
{
    size_t i, n;
    yyjson_mut_val *key, *val;
    if (yyjson_mut_is_str(v)) {
        bool may = is_secret_name(name) || is_url_name(name) || has_secret_shape(json_val_str(stored));
        return may ? restore_one(r, name, v, stored, e) : 0;
    }
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, val) {
            if (restore(r, STR_NONE, val, yyjson_arr_get(stored, i), e)) return err_in(e, "/%zu", i);
        }
        return 0;
    }
    if (!yyjson_mut_is_obj(v)) return 0;
    yyjson_mut_obj_foreach(v, i, n, key, val) {
        struct str member = mut_str(key);
        if (restore(r, member, val, yyjson_obj_getn(stored, member.p, member.n), e))
            return err_in(e, "/" STR_FMT, STR_ARG(member));
    }
    return 0;
}

int secrets_restore(const struct secrets_restore *r, yyjson_mut_val *v, yyjson_val *stored, struct err *e)
{
    return restore(r, STR_NONE, v, stored, e);
}

int secrets_restored(struct arena *a, struct str *json_text, struct str stored, struct err *e)
{
    yyjson_doc *given;
    struct err ignored;
    if (json_parse(a, *json_text, &json_limits_own, &given, &ignored)) return 0; /* whoever reads it refuses it */
    struct secrets_restore r = { a, json_doc_new(a) };
    yyjson_mut_val *copy = json_copy(r.doc, yyjson_doc_get_root(given));
    if (secrets_restore(&r, copy, document_read(a, stored), e)) return -1;
    *json_text = json_write(a, copy);
    return 0;
}
