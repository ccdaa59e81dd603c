/* One call of REST v1, and what its answer comes to. Errors are a google.rpc.Status whose details carry reasons: in
 * BadRequest.fieldViolations[], before 2026 in an AdManagerError; both are read. */
#include "adapters/gam/gam.h"

#include "base/buf.h"

#define REFUSAL_TEXTS 3
#define BUSY_S        60
#define REPORT_BUSY_S 600 /* REPORT_JOB_LIMIT: "wait ten minutes" */

/* ---- asking ---- */

struct str gam_name(const struct adapter_op *op, const char *collection, struct str id)
{
    const struct gam_config *c = op->config;
    return arena_printf(op->arena, "networks/" STR_FMT "/%s/" STR_FMT, STR_ARG(c->network), collection, STR_ARG(id));
}

struct str gam_here(const struct adapter_op *op)
{
    const struct gam_config *c = op->config;
    return arena_printf(op->arena, "networks/" STR_FMT, STR_ARG(c->network));
}

struct str gam_below(const struct adapter_op *op, const char *path)
{
    return arena_printf(op->arena, STR_FMT "/%s", STR_ARG(gam_here(op)), path);
}

struct str gam_id(struct str name)
{
    size_t from = name.n;
    while (from > 0 && name.p[from - 1] != '/') from--;
    struct str id = str_skip(name, from);
    return text_is_digits(id, GAM_ID_MAX) ? id : STR_NONE;
}

static int ask(struct adapter_op *op, const char *method, struct str path, struct str body)
{
    const struct gam_config *c = op->config;
    struct str url = arena_printf(op->arena, STR_FMT "/v1/" STR_FMT, STR_ARG(c->api), STR_ARG(path));
    return call_add(op, str_from(method), url, STR("application/json"), body);
}

int gam_get(struct adapter_op *op, struct str path)
{
    return ask(op, "GET", path, STR_NONE);
}

int gam_send(struct adapter_op *op, const char *method, struct str path, const yyjson_mut_val *body)
{
    return ask(op, method, path, doc_write(op->arena, body));
}

int gam_act(struct adapter_op *op, const char *path, const struct str *names, size_t n)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *list = doc_add_arr(d, root, "names");
    for (size_t i = 0; i < n; i++) doc_push_str(d, list, names[i]);
    return gam_send(op, "POST", gam_below(op, path), root);
}

int gam_list(struct adapter_op *op, const struct gam_list *l)
{
    struct str filter = text_escaped(op->arena, l->filter), token = text_escaped(op->arena, l->page_token);
    struct str path = strchr(l->collection, '/') ? str_from(l->collection) : gam_below(op, l->collection);
    path = arena_printf(op->arena, STR_FMT "?pageSize=%d", STR_ARG(path), l->page_size ? l->page_size : GAM_PAGE);
    if (filter.n) path = arena_printf(op->arena, STR_FMT "&filter=" STR_FMT, STR_ARG(path), STR_ARG(filter));
    if (token.n) path = arena_printf(op->arena, STR_FMT "&pageToken=" STR_FMT, STR_ARG(path), STR_ARG(token));
    return gam_get(op, path);
}

struct str gam_quoted(struct arena *a, struct str s)
{
    char *out = arena_alloc_raw(a, 2 * s.n + 3);
    size_t n = 0;
    out[n++] = '"';
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') out[n++] = '\\';
        out[n++] = s.p[i];
    }
    out[n++] = '"';
    return (struct str){ out, n };
}

/* ---- refusals ---- */

struct complaint {
    struct str reason, field, text;
};

/* The complaints of an error, at most `max`; their number. */
static size_t complaints(yyjson_val *error, struct complaint *out, size_t max)
{
    yyjson_val *detail, *v;
    size_t i, n, k, m, found = 0;
    yyjson_arr_foreach(doc_arr(error, "details"), i, n, detail) {
        if (doc_has(detail, "errorCode") && found < max) {
            out[found++] = (struct complaint){ doc_str(detail, "errorCode"), doc_str(detail, "fieldPath"),
                                               doc_str(detail, "message") };
        }
        yyjson_arr_foreach(doc_arr(detail, "fieldViolations"), k, m, v) {
            if (found == max) return found;
            out[found++] = (struct complaint){ doc_str(v, "reason"), doc_str(v, "field"), doc_str(v, "description") };
        }
    }
    return found;
}

static yyjson_val *error_of(struct arena *a, const struct http_call *answer)
{
    return doc_obj(doc_read(a, answer->response), "error");
}

struct str gam_refusal_text(struct arena *a, const struct http_call *answer)
{
    struct complaint c[REFUSAL_TEXTS];
    yyjson_val *error = error_of(a, answer);
    size_t n = complaints(error, c, REFUSAL_TEXTS);
    struct str text = n ? c[0].text : doc_str(error, "message");
    if (!text.n) return arena_printf(a, "status %d", answer->status);
    if (!n || !c[0].reason.n) return arena_printf(a, STR_FMT, STR_ARG(text_cut(text, 160)));
    return arena_printf(a, STR_FMT " (" STR_FMT "%s" STR_FMT ")", STR_ARG(text_cut(text, 100)),
                        STR_ARG(text_cut(c[0].reason, 60)), c[0].field.n ? " @ " : "",
                        STR_ARG(text_cut(c[0].field, 50)));
}

bool gam_refused_for(struct adapter_op *op, const struct http_call *answer, const char *reason)
{
    struct complaint c[16];
    if (answer->outcome != HTTP_OK || answer->status < 400) return false;
    size_t n = complaints(error_of(op->arena, answer), c, ARRAY_LEN(c));
    for (size_t i = 0; i < n; i++) {
        if (str_is(c[i].reason, reason)) return true;
    }
    return false;
}

/* Ours to try again: another writer was quicker, a quota that is longer than the runner waits. */
static bool passing(struct adapter_op *op, const struct http_call *answer)
{
    if (gam_refused_for(op, answer, "QUOTA_ERROR_REPORT_JOB_LIMIT")) {
        (void)adapter_later(op, REPORT_BUSY_S, "Ad Manager runs no more reports for now");
        return true;
    }
    if (answer->status == 409 || gam_refused_for(op, answer, "COMMON_ERROR_CONCURRENT_MODIFICATION")) {
        (void)adapter_later(op, 5, "Ad Manager was changing the same thing");
        return true;
    }
    return adapter_no_answer(op, answer);
}

int gam_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out)
{
    if (answer->outcome == HTTP_OK && answer->status == 200) {
        yyjson_val *root = doc_read(op->arena, answer->response);
        if (yyjson_is_obj(root)) {
            *out = root;
            return 0;
        }
        (void)adapter_later(op, BUSY_S, "Ad Manager answered with something that is not its own");
        return -1;
    }
    if (passing(op, answer)) return -1;
    struct str why = gam_refusal_text(op->arena, answer);
    switch (answer->status) {
    case 401: (void)adapter_refuse(op, "Ad Manager does not accept the access token: " STR_FMT, STR_ARG(why)); break;
    case 403: (void)adapter_refuse(op, "the account may not %s: " STR_FMT, doing, STR_ARG(why)); break;
    case 404:
        (void)adapter_refuse(op, "could not %s: Ad Manager has no such thing: " STR_FMT, doing, STR_ARG(why));
        break;
    default: (void)adapter_refuse(op, "could not %s: " STR_FMT, doing, STR_ARG(why)); break;
    }
    return -1;
}
