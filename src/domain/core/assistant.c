/* See assistant.h. */
#include "domain/core/assistant.h"

#include <math.h>

#include "contract/limits.h"

#define GUIDELINES_MAX 8000

const char *const assistant_always_people[] = { "political", "healthcare", "financial", "gambling", "alcohol", NULL };

/* ---- settings ---- */

bool assistant_share(yyjson_val *v, int64_t *bp)
{
    double share = yyjson_is_num(v) ? yyjson_get_num(v) : -1;
    if (!(share >= 0 && share <= 1)) return false;
    *bp = (int64_t)lround(share * 10000);
    return true;
}

void assistant_settings_read(const struct tenant_settings *ts, struct assistant_settings *out)
{
    yyjson_val *o = json_obj(ts->doc, "assistant"), *review = json_obj(o, "creative_review");
    yyjson_val *ranking = json_obj(o, "product_ranking");
    struct assistant_settings s = {
        .base_url = json_str(o, "base_url"),
        .model = json_str(o, "model"),
        .api_key = json_str(o, "api_key"),
        .parameters = json_obj(o, "parameters"),
        .review_guidelines = json_str(review, "guidelines"),
        .review_timeout_ms = json_i64_or(review, "timeout_ms", 20000),
        .approve_from_bp = -1,
        .reject_to_bp = -1,
        .always_people = json_arr(review, "always_people"),
        .ranking_guidelines = json_str(ranking, "guidelines"),
        .ranking_timeout_ms = json_i64_or(ranking, "timeout_ms", 3000),
        .ranking_wait_ms = json_i64_or(ranking, "wait_ms", 0),
        .ranking_keep_s = json_i64_or(ranking, "keep_minutes", 60) * 60,
    };
    s.reviews = s.base_url.n && review;
    s.ranks = s.base_url.n && ranking;
    if (!assistant_share(yyjson_obj_get(review, "auto_approve_above"), &s.approve_from_bp)) s.approve_from_bp = -1;
    if (!assistant_share(yyjson_obj_get(review, "auto_reject_below"), &s.reject_to_bp)) s.reject_to_bp = -1;
    *out = s;
}

static int bad(struct err *e, const char *at, const char *key, const char *why)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", why);
    return err_field(e, "%s/%s", at, key);
}

/* A member that is not known would be a threshold that does nothing. */
static int only(yyjson_val *o, const char *at, const char *const *known, struct err *e)
{
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(o, i, n, key, val) {
        size_t k = 0;
        while (known[k] && !str_is(json_val_str(key), known[k])) k++;
        if (!known[k]) return bad(e, at, yyjson_get_str(key), "there is no such member");
    }
    return 0;
}

static int check_review(yyjson_val *o, struct err *e)
{
    static const char *const known[] = { "guidelines",        "timeout_ms",    "auto_approve_above",
                                         "auto_reject_below", "always_people", NULL };
    const char *at = "/tenant/assistant/creative_review";
    struct str text;
    int64_t ms, approve = -1, reject = -1;
    yyjson_val *list = NULL, *v;
    if (!o) return 0;
    if (only(o, at, known, e) ||
        json_opt_str(JSON_FIELD(o, "guidelines", at), (struct json_len){ 0, GUIDELINES_MAX }, &text, e) ||
        json_opt_i64(JSON_FIELD(o, "timeout_ms", at), (struct json_range){ 100, 120000 }, &ms, e) ||
        json_opt_arr(JSON_FIELD(o, "always_people", at), (struct json_len){ 0, 100 }, &list, e)) {
        return -1;
    }
    if (json_has(o, "auto_approve_above") && !assistant_share(yyjson_obj_get(o, "auto_approve_above"), &approve)) {
        return bad(e, at, "auto_approve_above", "a number from 0 to 1");
    }
    if (json_has(o, "auto_reject_below") && !assistant_share(yyjson_obj_get(o, "auto_reject_below"), &reject)) {
        return bad(e, at, "auto_reject_below", "a number from 0 to 1");
    }
    if (approve >= 0 && reject >= approve) return bad(e, at, "auto_reject_below", "must be below auto_approve_above");
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        if (!json_val_str(v).n) return bad(e, at, "always_people", "names of categories");
    }
    return 0;
}

static int check_ranking(yyjson_val *o, struct err *e)
{
    static const char *const known[] = { "guidelines", "timeout_ms", "wait_ms", "keep_minutes", NULL };
    const char *at = "/tenant/assistant/product_ranking";
    struct str text;
    int64_t number;
    if (!o) return 0;
    if (only(o, at, known, e) ||
        json_opt_str(JSON_FIELD(o, "guidelines", at), (struct json_len){ 0, GUIDELINES_MAX }, &text, e) ||
        json_opt_i64(JSON_FIELD(o, "timeout_ms", at), (struct json_range){ 100, 60000 }, &number, e) ||
        json_opt_i64(JSON_FIELD(o, "wait_ms", at), (struct json_range){ 0, 2000 }, &number, e)) {
        return -1;
    }
    return json_opt_i64(JSON_FIELD(o, "keep_minutes", at), (struct json_range){ 1, 7 * 24 * 60 }, &number, e);
}

int assistant_check_settings(yyjson_val *tenant, struct err *e)
{
    static const char *const known[] = { "base_url",        "model",           "api_key", "parameters",
                                         "creative_review", "product_ranking", NULL };
    const char *at = "/tenant/assistant";
    yyjson_val *o = NULL, *review = NULL, *ranking = NULL, *parameters;
    struct str url, text;
    if (json_opt_obj(JSON_FIELD(tenant, "assistant", "/tenant"), &o, e)) return -1;
    if (!o) return 0;
    if (only(o, at, known, e) || json_req_str(JSON_FIELD(o, "base_url", at), (struct json_len){ 8, 2000 }, &url, e) ||
        json_req_str(JSON_FIELD(o, "model", at), (struct json_len){ 1, 200 }, &text, e) ||
        json_opt_str(JSON_FIELD(o, "api_key", at), (struct json_len){ 0, 4000 }, &text, e) ||
        json_opt_obj(JSON_FIELD(o, "parameters", at), &parameters, e) ||
        json_opt_obj(JSON_FIELD(o, "creative_review", at), &review, e) ||
        json_opt_obj(JSON_FIELD(o, "product_ranking", at), &ranking, e)) {
        return -1;
    }
    if (!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))) {
        return bad(e, at, "base_url", "an http or https URL; a key does not belong into it");
    }
    for (size_t i = 0; i < url.n; i++) {
        if (memchr("@?#", url.p[i], 3))
            return bad(e, at, "base_url", "an http or https URL; a key does not belong into it");
    }
    for (size_t i = 0; i < json_str(o, "api_key").n; i++) {
        unsigned char ch = (unsigned char)json_str(o, "api_key").p[i];
        if (ch <= ' ' || ch > '~') return bad(e, at, "api_key", "printable ASCII without spaces");
    }
    return check_review(review, e) || check_ranking(ranking, e) ? -1 : 0;
}

/* ---- the request ---- */

struct str assistant_url(struct arena *a, const struct assistant_settings *s)
{
    struct str base = s->base_url;
    while (base.n && base.p[base.n - 1] == '/') base.n--;
    return arena_printf(a, STR_FMT "/chat/completions", STR_ARG(base));
}

static void add_message(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *role, struct str content)
{
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "role", role);
    json_add_str(doc, o, "content", content);
}

struct str assistant_body(struct arena *a, const struct assistant_settings *s, struct str system, struct str data)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    size_t i, n;
    yyjson_val *key, *val;
    json_add_str(doc, o, "model", s->model);
    json_add_cstr(doc, json_add_obj(doc, o, "response_format"), "type", "json_object");
    yyjson_obj_foreach(s->parameters, i, n, key, val) {
        (void)yyjson_mut_obj_remove_key(o, yyjson_get_str(key)); /* absent is fine */
        if (!yyjson_is_null(val)) json_add_copy(doc, o, yyjson_get_str(key), val);
    }
    (void)yyjson_mut_obj_remove_key(o, "stream"); /* one answer, whole */
    (void)yyjson_mut_obj_remove_key(o, "messages");
    yyjson_mut_val *messages = json_add_arr(doc, o, "messages");
    add_message(doc, messages, "system", system);
    add_message(doc, messages, "user", data);
    return json_write(a, o);
}

struct str assistant_cut(struct str s, size_t n)
{
    if (s.n <= n) return s;
    while (n && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return (struct str){ s.p, n };
}

/* ---- the response ---- */

static struct str trimmed(struct str s)
{
    while (s.n && memchr(" \t\r\n", s.p[0], 4)) s = str_skip(s, 1);
    while (s.n && memchr(" \t\r\n", s.p[s.n - 1], 4)) s.n--;
    return s;
}

yyjson_val *assistant_answer(struct arena *a, struct str response, const char **why)
{
    yyjson_doc *doc, *content;
    struct err e;
    *why = "the response is not JSON";
    if (json_parse(a, response, &json_limits_answer, &doc, &e)) return NULL;
    *why = "the response holds no message";
    yyjson_val *choice = yyjson_arr_get_first(json_arr(yyjson_doc_get_root(doc), "choices"));
    struct str text = trimmed(json_str(json_obj(choice, "message"), "content"));
    if (!text.n) return NULL;
    *why = "the message is not the JSON object asked for";
    if (json_parse(a, text, &json_limits_value, &content, &e)) return NULL;
    yyjson_val *root = yyjson_doc_get_root(content);
    return yyjson_is_obj(root) ? root : NULL;
}
