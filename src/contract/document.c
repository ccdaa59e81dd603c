#include "contract/document.h"

#include <stdio.h>

#include "base/doing.h"
#include "base/log.h"

/* ---- reading ---- */

/* Which one it was shows by what the program was doing; what is in it is nobody's business. */
static void cannot_be_read(struct arena *a, struct str text)
{
    struct doing now = doing_now();
    char bytes[24];
    (void)snprintf(bytes, sizeof(bytes), "%zu", text.n); /* fits: 20 digits at most */
    log_event(LOG_ERROR, "store", "a stored document cannot be read", "bytes", bytes, "operation", now.operation,
              "publisher", now.publisher, "principal", now.principal, "row", now.row, NULL);
    a->damaged = true;
}

yyjson_val *document_read(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    if (text.n == 0) return NULL;
    if (json_parse(a, text, &json_limits_own, &doc, &e) == 0) return yyjson_doc_get_root(doc);
    cannot_be_read(a, text);
    return NULL;
}

int document_whole(const struct arena *a, struct err *e)
{
    if (!a->damaged) return 0;
    return err_set(e, "SERVICE_UNAVAILABLE",
                   "Something that is stored cannot be read; the operation was not carried out.");
}

/* ---- changing ---- */

void document_open(struct arena *a, struct str text, struct document *out)
{
    yyjson_val *old = document_read(a, text);
    *out = (struct document){ .arena = a, .doc = json_doc_new(a) };
    if (old && !yyjson_is_obj(old)) cannot_be_read(a, text);
    if (!yyjson_is_obj(old)) {
        out->root = json_root_obj(out->doc);
        return;
    }
    out->root = json_copy(out->doc, old);
    yyjson_mut_doc_set_root(out->doc, out->root);
}

yyjson_mut_val *document_get(const struct document *d, const char *key)
{
    return yyjson_mut_obj_get(d->root, key);
}

void document_remove(struct document *d, const char *key)
{
    (void)yyjson_mut_obj_remove_key(d->root, key); /* what was removed is of no use */
}

void document_set_new(struct document *d, const char *key, yyjson_mut_val *value)
{
    if (value == NULL) return;
    document_remove(d, key);
    json_add_val(d->doc, d->root, key, value);
}

void document_set(struct document *d, const char *key, yyjson_val *value)
{
    document_set_new(d, key, json_copy(d->doc, value));
}

void document_set_str(struct document *d, const char *key, struct str value)
{
    document_remove(d, key);
    json_add_str(d->doc, d->root, key, value);
}

void document_set_text(struct document *d, const char *key, struct str json_text)
{
    document_set(d, key, document_read(d->arena, json_text));
}

struct str document_text(const struct document *d)
{
    return json_write(d->arena, d->root);
}

int document_store(const struct document *d, size_t bytes_max, const char *what, struct str *text, struct err *e)
{
    struct str t = document_text(d);
    if (document_fits(t, bytes_max, what, e)) return -1;
    *text = t;
    return 0;
}

/* ---- sizes ---- */

int document_fits(struct str text, size_t bytes_max, const char *what, struct err *e)
{
    if (text.n <= bytes_max) return 0;
    (void)err_set(e, "VALIDATION_ERROR", "%s is %zu bytes long as it is stored; at most %zu are kept.", what, text.n,
                  bytes_max);
    return err_suggest(e, "Send less of what is only kept for you (ext, context), or divide it.");
}

bool document_same(struct arena *a, struct str x, struct str y)
{
    if (str_eq(x, y)) return true;
    yyjson_val *vx = document_read(a, x), *vy = document_read(a, y);
    if (!vx || !vy) return false;
    return str_eq(json_canonical(a, vx, NULL), json_canonical(a, vy, NULL));
}
