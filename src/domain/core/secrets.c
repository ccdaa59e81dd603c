/* See secrets.h. The walks recurse as deep as the documents, which json_parse has bounded. */
#include "domain/core/secrets.h"

#include "contract/document.h"

/* ---- what is one ---- */

static bool ends_with_word(struct str name, const char *word)
{
    size_t n = strlen(word);
    if (name.n < n || memcmp(name.p + name.n - n, word, n) != 0) return false;
    return name.n == n || name.p[name.n - n - 1] == '_';
}

static bool is_secret_name(struct str name)
{
    static const char *const words[] = { "api_key", "password", "secret", "token", "credentials", "private_key" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (ends_with_word(name, words[i])) return true;
    }
    return false;
}

static bool is_url_name(struct str name)
{
    return ends_with_word(name, "webhook_url") || str_is(name, "smtp_url");
}

static size_t find_slashes(struct str url)
{
    for (size_t i = 0; i + 3 <= url.n; i++) {
        if (memcmp(url.p + i, "://", 3) == 0) return i + 3;
    }
    return url.n;
}

/* The host stays readable; user, password, path and query may be what opens the door. */
static struct str shown_url(struct arena *a, struct str url)
{
    size_t scheme = find_slashes(url), end = scheme, host = scheme;
    if (scheme == url.n) return STR(SECRET_SHOWN);
    while (end < url.n && !memchr("/?#", url.p[end], 3)) end++;
    for (size_t i = scheme; i < end; i++) {
        if (url.p[i] == '@') host = i + 1;
    }
    bool more = url.n - end > 1;
    if (host == scheme && !more) return url;
    struct str before = { url.p, scheme }, address = { url.p + host, end - host };
    return arena_printf(a, STR_FMT "%s" STR_FMT "%s", STR_ARG(before), host == scheme ? "" : SECRET_SHOWN "@",
                        STR_ARG(address), more ? "/" SECRET_SHOWN : "");
}

/* How a string under this name is shown; false: as it is. */
static bool shown(struct arena *a, struct str name, struct str value, struct str *out)
{
    if (!value.n) return false;
    if (is_secret_name(name)) {
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

void secrets_redact(struct arena *a, yyjson_mut_val *v)
{
    size_t i, n;
    yyjson_mut_val *key, *val;
    struct str out;
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, val) secrets_redact(a, val);
        return;
    }
    if (!yyjson_mut_is_obj(v)) return;
    yyjson_mut_obj_foreach(v, i, n, key, val) {
        struct str name = mut_str(key);
        if (shown(a, name, mut_str(val), &out)) {
            yyjson_mut_set_strn(val, out.p, out.n);
        } else if (is_secret_name(name) && (yyjson_mut_is_obj(val) || yyjson_mut_is_num(val))) {
            yyjson_mut_set_strn(val, SECRET_SHOWN, sizeof(SECRET_SHOWN) - 1);
        } else {
            secrets_redact(a, val);
        }
    }
}

struct str secrets_redacted(struct arena *a, struct str json_text)
{
    yyjson_val *v = document_read(a, json_text);
    if (!v) return STR_NONE;
    yyjson_mut_val *copy = json_copy(json_doc_new(a), v);
    secrets_redact(a, copy);
    return json_write(a, copy);
}

/* ---- and back ---- */

static bool holds_mark(struct str value)
{
    for (size_t i = 0; i + sizeof(SECRET_SHOWN) - 1 <= value.n; i++) {
        if (memcmp(value.p + i, SECRET_SHOWN, sizeof(SECRET_SHOWN) - 1) == 0) return true;
    }
    return false;
}

static int unknown(struct str name, struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "this value is redacted, and nothing is kept that it could stand for");
    (void)err_suggest(e, "Give the secret itself, or leave the member out.");
    return err_field(e, "/" STR_FMT, STR_ARG(name));
}

/* A string under the name of a secret. */
static int restore_one(const struct secrets_restore *r, yyjson_mut_val *val, struct str name, yyjson_val *stored,
                       struct err *e)
{
    struct str given = mut_str(val), kept = json_val_str(stored), out;
    if (!holds_mark(given)) return 0;
    if (kept.n && shown(r->arena, name, kept, &out) && str_eq(out, given)) {
        yyjson_mut_set_strn(val, kept.p, kept.n);
        return 0;
    }
    bool whole =
        is_secret_name(name) && str_is(given, SECRET_SHOWN) && (yyjson_is_obj(stored) || yyjson_is_num(stored));
    if (!whole) return unknown(name, e);
    yyjson_mut_val *copy = json_copy(r->doc, stored);
    val->tag = copy->tag; /* in its place: `next` stays */
    val->uni = copy->uni;
    return 0;
}

int secrets_restore(const struct secrets_restore *r, yyjson_mut_val *v, yyjson_val *stored, struct err *e)
{
    size_t i, n;
    yyjson_mut_val *key, *val;
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, val) {
            if (secrets_restore(r, val, yyjson_arr_get(stored, i), e)) return err_in(e, "/%zu", i);
        }
        return 0;
    }
    if (!yyjson_mut_is_obj(v)) return 0;
    yyjson_mut_obj_foreach(v, i, n, key, val) {
        struct str name = mut_str(key);
        yyjson_val *was = yyjson_obj_getn(stored, name.p, name.n);
        if (yyjson_mut_is_str(val) && (is_secret_name(name) || is_url_name(name))) {
            if (restore_one(r, val, name, was, e)) return -1;
        } else if (secrets_restore(r, val, was, e)) {
            return err_in(e, "/" STR_FMT, STR_ARG(name));
        }
    }
    return 0;
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
