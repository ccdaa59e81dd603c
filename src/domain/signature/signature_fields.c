#include "domain/signature/signature_fields.h"

#include "base/encode.h"

#define HEADER_BYTES_MAX 8192
#define LABELS_MAX       8

struct cursor {
    const char *p, *end;
};

static bool at(const struct cursor *c, char ch)
{
    return c->p < c->end && *c->p == ch;
}

static bool take(struct cursor *c, char ch)
{
    if (!at(c, ch)) return false;
    c->p++;
    return true;
}

static void skip_space(struct cursor *c)
{
    while (at(c, ' ') || at(c, '\t')) c->p++;
}

static bool is_key_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-' || ch == '.' || ch == '*';
}

static int read_key(struct cursor *c, struct str *out)
{
    const char *start = c->p;
    while (c->p < c->end && is_key_char(*c->p)) c->p++;
    *out = (struct str){ start, (size_t)(c->p - start) };
    return out->n && (*start == '*' || (*start >= 'a' && *start <= 'z')) ? 0 : -1;
}

/* A string of RFC 8941 §3.3.3; escapes are undone. */
static int read_string(struct arena *a, struct cursor *c, struct str *out)
{
    if (!take(c, '"')) return -1;
    char *text = arena_alloc(a, (size_t)(c->end - c->p) + 1);
    size_t n = 0;
    while (c->p < c->end && *c->p != '"') {
        if (*c->p == '\\') {
            c->p++;
            if (!at(c, '"') && !at(c, '\\')) return -1;
        } else if (*c->p < ' ' || *c->p > '~') {
            return -1;
        }
        text[n++] = *c->p++;
    }
    *out = (struct str){ text, n };
    return take(c, '"') ? 0 : -1;
}

static int read_integer(struct cursor *c, int64_t *out)
{
    bool negative = take(c, '-');
    int digits = 0;
    int64_t v = 0;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        if (++digits > 15) return -1;
        v = v * 10 + (*c->p - '0');
    }
    *out = negative ? -v : v;
    return digits && !at(c, '.') ? 0 : -1;
}

static int read_bytes(struct arena *a, struct cursor *c, struct str *out)
{
    if (!take(c, ':')) return -1;
    const char *start = c->p;
    while (c->p < c->end && *c->p != ':') c->p++;
    struct str text = { start, (size_t)(c->p - start) };
    return take(c, ':') && text.n ? base64_decode(a, text, out) : -1;
}

/* --- Signature-Input ----------------------------------------------------------------------------------------- */

static int read_component(struct arena *a, struct cursor *c, struct signature_fields *f)
{
    struct str name;
    if (f->components_n == SIGNATURE_COMPONENTS_MAX || read_string(a, c, &name) || name.n == 0) return -1;
    if (at(c, ';')) return -1; /* the profile knows no component parameters */
    for (size_t i = 0; i < f->components_n; i++) {
        if (str_eq(f->components[i], name)) return -1;
    }
    f->components[f->components_n++] = name;
    return 0;
}

static int read_components(struct arena *a, struct cursor *c, struct signature_fields *f)
{
    if (!take(c, '(')) return -1;
    for (;;) {
        skip_space(c);
        if (take(c, ')')) return 0;
        if (read_component(a, c, f)) return -1;
        if (!at(c, ' ') && !at(c, ')')) return -1;
    }
}

static int read_time_param(struct cursor *c, bool *has, int64_t *out)
{
    if (*has) return -1;
    *has = true;
    return read_integer(c, out);
}

static int read_param(struct arena *a, struct cursor *c, struct signature_fields *f)
{
    struct str key, ignored;
    skip_space(c);
    if (read_key(c, &key) || !take(c, '=')) return -1;
    if (str_is(key, "created")) return read_time_param(c, &f->has_created, &f->created_s);
    if (str_is(key, "expires")) return read_time_param(c, &f->has_expires, &f->expires_s);
    struct {
        const char *name;
        struct str *to;
    } const texts[] = { { "nonce", &f->nonce }, { "keyid", &f->keyid }, { "alg", &f->alg }, { "tag", &f->tag } };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (str_is(key, texts[i].name)) return texts[i].to->p ? -1 : read_string(a, c, texts[i].to);
    }
    return read_string(a, c, &ignored); /* of other parameters only strings are known */
}

/* One member's value. */
static int read_input(struct arena *a, struct cursor *c, struct signature_fields *f)
{
    const char *start = c->p;
    *f = (struct signature_fields){ 0 };
    if (read_components(a, c, f)) return -1;
    while (take(c, ';')) {
        if (read_param(a, c, f)) return -1;
    }
    f->params = (struct str){ start, (size_t)(c->p - start) };
    return 0;
}

/* Between members: a comma and another member, or the end. 1 go on, 0 the end, -1 malformed. */
static int next_member(struct cursor *c)
{
    skip_space(c);
    if (c->p == c->end) return 0;
    if (!take(c, ',')) return -1;
    skip_space(c);
    return c->p < c->end ? 1 : -1;
}

struct labelled {
    struct str label;
    struct signature_fields f;
};

static bool label_seen(const struct labelled *l, size_t n, struct str label)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(l[i].label, label)) return true;
    }
    return false;
}

static int read_inputs(struct arena *a, struct str header, struct labelled *out, size_t *n)
{
    struct cursor c = { header.p, header.p + header.n };
    int rc;
    *n = 0;
    do {
        struct str label;
        if (*n == LABELS_MAX || read_key(&c, &label) || !take(&c, '=') || label_seen(out, *n, label)) return -1;
        out[*n].label = label;
        if (read_input(a, &c, &out[(*n)++].f)) return -1;
        rc = next_member(&c);
    } while (rc == 1);
    return rc;
}

/* --- Signature and Content-Digest ----------------------------------------------------------------------------- */

/* The byte sequence of `label`; *found false when the dictionary has no such member. */
static int read_byte_member(struct arena *a, struct str header, struct str label, struct str *out, bool *found)
{
    struct cursor c = { header.p, header.p + header.n };
    struct str seen[LABELS_MAX];
    size_t n = 0;
    int rc;
    *found = false;
    do {
        struct str key, bytes;
        if (n == LABELS_MAX || read_key(&c, &key) || !take(&c, '=') || read_bytes(a, &c, &bytes)) return -1;
        for (size_t i = 0; i < n; i++) {
            if (str_eq(seen[i], key)) return -1;
        }
        seen[n++] = key;
        if (str_eq(key, label)) {
            *out = bytes;
            *found = true;
        }
        rc = next_member(&c);
    } while (rc == 1);
    return rc;
}

int signature_digest_value(struct arena *a, struct str header, struct str *out)
{
    bool found;
    if (!header.n || header.n > HEADER_BYTES_MAX) return -1;
    if (read_byte_member(a, header, STR("sha-256"), out, &found)) return -1;
    return found ? 0 : -1;
}

int signature_fields_parse(struct arena *a, struct str input, struct str signature, const char *tag,
                           struct signature_fields *out)
{
    if (!input.n || !signature.n || input.n > HEADER_BYTES_MAX || signature.n > HEADER_BYTES_MAX) return -1;
    struct labelled *l = ARENA_ARRAY(a, struct labelled, LABELS_MAX);
    size_t n;
    if (read_inputs(a, input, l, &n)) return -1;
    size_t chosen = n;
    for (size_t i = 0; i < n; i++) {
        if (str_is(l[i].label, "sig1")) chosen = i;
    }
    for (size_t i = 0; i < n && chosen == n; i++) {
        if (str_is(l[i].f.tag, tag)) chosen = i;
    }
    if (chosen == n) chosen = 0;
    bool found;
    struct str bytes;
    if (read_byte_member(a, signature, l[chosen].label, &bytes, &found) || !found) return -1;
    *out = l[chosen].f;
    out->signature = bytes;
    return 0;
}

/* --- headers ---------------------------------------------------------------------------------------------------- */

static bool same_name(struct str a, struct str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if (x >= 'A' && x <= 'Z') x = (char)(x - 'A' + 'a');
        if (y >= 'A' && y <= 'Z') y = (char)(y - 'A' + 'a');
        if (x != y) return false;
    }
    return true;
}

static struct str trimmed(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = str_skip(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

struct str signature_header(struct arena *a, const struct signature_message *m, struct str name)
{
    struct str value = STR_NONE;
    for (size_t i = 0; i < m->headers_n; i++) {
        if (!same_name(m->headers[i].name, name) || !m->headers[i].value.p) continue;
        struct str v = trimmed(m->headers[i].value);
        value = value.p ? arena_printf(a, STR_FMT ", " STR_FMT, STR_ARG(value), STR_ARG(v)) : v;
    }
    return value;
}
