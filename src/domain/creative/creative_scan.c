#include "domain/creative/creative_scan.h"

#include <strings.h>

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool at_nocase(struct str text, size_t i, struct str what)
{
    return what.n <= text.n - i && strncasecmp(text.p + i, what.p, what.n) == 0;
}

static bool word_at(struct str text, size_t i, struct str word)
{
    if (!at_nocase(text, i, word)) return false;
    if (i > 0 && is_word_char(text.p[i - 1]) && is_word_char(word.p[0])) return false;
    size_t end = i + word.n;
    return end == text.n || !is_word_char(text.p[end]) || !is_word_char(word.p[word.n - 1]);
}

bool scan_has_word(struct str text, struct str word)
{
    if (word.n == 0) return false;
    for (size_t i = 0; i + word.n <= text.n; i++) {
        if (word_at(text, i, word)) return true;
    }
    return false;
}

/* ---- scripts ---- */

/* A text that is looked at, and how many bytes may still be skipped as blank: comments within comments would otherwise
 * be walked once for each word in them, and a text of a megabyte would hold the agent up for minutes. */
struct script {
    struct str text;
    size_t left;
};

#define SKIPPED_PER_BYTE 16
#define SKIPPED_LEAST    4096

/* After spaces and comments. */
static size_t skip_blank(struct script *s, size_t i)
{
    struct str t = s->text;
    size_t from = i;
    while (i < t.n && i - from <= s->left) {
        if (is_space(t.p[i])) {
            i++;
        } else if (i + 1 < t.n && t.p[i] == '/' && t.p[i + 1] == '*') {
            const char *end = memmem(t.p + i + 2, t.n - i - 2, "*/", 2);
            i = end ? (size_t)(end - t.p) + 2 : t.n;
        } else if (i + 1 < t.n && t.p[i] == '/' && t.p[i + 1] == '/') {
            const char *end = memchr(t.p + i, '\n', t.n - i);
            i = end ? (size_t)(end - t.p) + 1 : t.n;
        } else {
            break;
        }
    }
    s->left -= i - from < s->left ? i - from : s->left;
    return i;
}

static bool char_at(const struct script *s, size_t i, char c)
{
    return i < s->text.n && s->text.p[i] == c;
}

static bool quote_at(const struct script *s, size_t i)
{
    return i < s->text.n && strchr("\"'`", s->text.p[i]) != NULL;
}

/* `.name` or `?.name` or `["name"]` from i on; the position behind it, or 0. */
static size_t skip_member(struct script *s, size_t i, struct str name)
{
    i = skip_blank(s, i);
    if (char_at(s, i, '?')) i++;
    bool dotted = char_at(s, i, '.');
    if (dotted) i = skip_blank(s, i + 1);
    bool quoted = char_at(s, i, '[');
    if (!dotted && !quoted) return 0;
    if (quoted) {
        i = skip_blank(s, i + 1);
        if (!quote_at(s, i)) return 0;
        i++;
    }
    if (i >= s->text.n || !at_nocase(s->text, i, name)) return 0;
    return i + name.n;
}

static bool is_call(struct script *s, size_t i)
{
    return char_at(s, skip_blank(s, i), '(');
}

static bool is_document_write(struct script *s, size_t behind)
{
    return skip_member(s, behind, STR("write")) > 0; /* also writeln, and aliases like `var w = document.write` */
}

/* eval(...), (0, eval)(...), x = eval; and window["eval"]; not the word in a sentence. */
static bool is_eval(struct script *s, size_t behind)
{
    size_t next = skip_blank(s, behind);
    if (next >= s->text.n) return false;
    switch (s->text.p[next]) {
    case '(':
    case ';': return true;
    case ')': return is_call(s, next + 1);
    case '"':
    case '\'':
    case '`': return next == behind && char_at(s, skip_blank(s, next + 1), ']');
    default: return false;
    }
}

static bool is_string_timer(struct script *s, size_t behind)
{
    size_t i = skip_blank(s, behind);
    return char_at(s, i, '(') && quote_at(s, skip_blank(s, i + 1));
}

static bool is_new_function(struct script *s, size_t behind)
{
    size_t i = skip_blank(s, behind);
    if (i >= s->text.n || i == behind) return false;
    return str_starts(str_skip(s->text, i), STR("Function")) && is_call(s, i + 8);
}

/* Not "All of JavaScript: a course", where a word or the end of a sentence stands before it. */
static bool is_script_url(struct script *s, size_t behind)
{
    size_t i = behind;
    if (!char_at(s, behind, ':')) return false;
    while (i > 0 && is_word_char(s->text.p[i - 1])) i--;
    if (i == 0 || !is_space(s->text.p[i - 1])) return true;
    while (i > 0 && is_space(s->text.p[i - 1])) i--;
    return i == 0 || (!is_word_char(s->text.p[i - 1]) && !strchr(",.!?&:", s->text.p[i - 1]));
}

static const struct {
    struct str word;
    bool (*follows)(struct script *s, size_t behind);
    const char *name;
} forbidden[] = {
    { { "document", 8 }, is_document_write, "document.write" },
    { { "eval", 4 }, is_eval, "eval" },
    { { "new", 3 }, is_new_function, "new Function" },
    { { "setTimeout", 10 }, is_string_timer, "string timer" },
    { { "setInterval", 11 }, is_string_timer, "string timer" },
    { { "javascript", 10 }, is_script_url, "javascript: URL" },
    { { "vbscript", 8 }, is_script_url, "javascript: URL" },
};

const char *scan_forbidden_script(struct str text)
{
    struct script s = { text, text.n * SKIPPED_PER_BYTE + SKIPPED_LEAST };
    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && is_word_char(text.p[i - 1])) continue;
        for (size_t k = 0; k < ARRAY_LEN(forbidden); k++) {
            if (word_at(text, i, forbidden[k].word) && forbidden[k].follows(&s, i + forbidden[k].word.n)) {
                return forbidden[k].name;
            }
        }
        if (s.left == 0) return "a script hidden among comments";
    }
    return NULL;
}

/* ---- URLs in text ---- */

static struct str url_from(struct str text, size_t i)
{
    size_t end = i;
    while (end < text.n && !is_space(text.p[end]) && !strchr("\"'`<>)\\", text.p[end])) end++;
    return (struct str){ text.p + i, end - i };
}

/* Names, not addresses: nothing is ever loaded from them. */
static bool is_namespace(struct str text, size_t i)
{
    static const char *const names[] = { "http://www.w3.org/", "http://ns.adobe.com/",    "http://purl.org/",
                                         "http://schemas.",    "http://www.iab.com/VAST", "http://www.sketch.com/" };
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        if (at_nocase(text, i, str_from(names[k]))) return true;
    }
    return false;
}

bool scan_insecure_url(struct str text, struct str *url)
{
    const struct str scheme = STR("http:");
    for (size_t i = 0; i + scheme.n < text.n; i++) {
        if (!word_at(text, i, scheme) || (text.p[i + scheme.n] != '/' && text.p[i + scheme.n] != '\\')) continue;
        if (is_namespace(text, i)) continue; /* before its end is looked for: there may be many */
        *url = url_from(text, i);
        return true;
    }
    return false;
}

bool scan_next_host(struct str text, size_t *at, struct str *host)
{
    for (size_t i = *at; i + 2 < text.n; i++) {
        /* "https://host" and "//host" behind a quote or an opening parenthesis */
        if (text.p[i] != '/' || text.p[i + 1] != '/' || i == 0) continue;
        bool absolute = text.p[i - 1] == ':';
        if (!absolute && !strchr("\"'`(=", text.p[i - 1])) continue;
        struct str rest = str_skip(text, i + 2);
        size_t n = 0;
        while (n < rest.n && (is_word_char(rest.p[n]) || rest.p[n] == '.' || rest.p[n] == '-')) n++;
        if (n == 0 || !memchr(rest.p, '.', n)) continue;
        *at = i + 2 + n;
        *host = (struct str){ rest.p, n };
        return true;
    }
    *at = text.n;
    return false;
}

/* ---- one URL ---- */

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
}

static bool read_port(struct str s)
{
    if (s.n == 0 || s.n > 5) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return true;
}

static bool read_authority(struct str s, struct str *host)
{
    size_t n = 0;
    if (s.n && s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        if (!end || end == s.p + 1) return false;
        *host = (struct str){ s.p + 1, (size_t)(end - s.p) - 1 };
        for (size_t i = 0; i < host->n; i++) {
            if (!strchr("0123456789abcdefABCDEF:.", host->p[i])) return false;
        }
        n = host->n + 2;
    } else {
        while (n < s.n && host_char(s.p[n])) n++;
        *host = (struct str){ s.p, n };
        if (n == 0 || n > 253 || s.p[0] == '.' || s.p[0] == '-') return false;
    }
    if (n == s.n) return true;
    return s.p[n] == ':' && read_port(str_skip(s, n + 1));
}

bool web_url_read(struct str text, struct web_url *out)
{
    if (text.n > 8192) return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c <= 0x20 || c == 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') return false;
    }
    bool https = at_nocase(text, 0, STR("https://"));
    if (!https && !at_nocase(text, 0, STR("http://"))) return false;
    struct str rest = str_skip(text, https ? 8 : 7);
    size_t n = 0;
    while (n < rest.n && !strchr("/?#", rest.p[n])) n++;
    struct str host;
    if (!read_authority((struct str){ rest.p, n }, &host)) return false;
    *out = (struct web_url){ https, host };
    return true;
}

static struct str without_www(struct str s)
{
    return s.n > 4 && strncasecmp(s.p, "www.", 4) == 0 ? str_skip(s, 4) : s;
}

bool host_within(struct str host, struct str domain)
{
    domain = without_www(domain);
    if (domain.n == 0 || host.n < domain.n) return false;
    struct str tail = str_skip(host, host.n - domain.n);
    if (strncasecmp(tail.p, domain.p, domain.n) != 0) return false;
    return host.n == domain.n || host.p[host.n - domain.n - 1] == '.';
}
