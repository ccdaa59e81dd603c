/* query_upstream_traffic (AdCP 3.1): what our jobs sent for this caller, in full or as a digest. Secrets never leave:
 * values under the names of secrets are replaced first, in both modes. */
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "domain/sandbox/sandbox.h"
#include "store/q/agent/q_traffic.h"

#include <strings.h>

#define LIMIT_MAX     1000
#define LIMIT_DEFAULT 100
#define DIGESTS_MAX   64
#define DIGEST_HEX    64
#define PATTERN_MAX   2048

struct traffic_query {
    struct arena *a;
    struct str pattern;
    int64_t since, limit;
    bool digest;
    yyjson_val *digests; /* or NULL */
};

/* ---- what is asked for ---- */

static bool is_hex64(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
        if (!hex) return false;
    }
    return s.n == DIGEST_HEX;
}

static int read_query(yyjson_val *params, struct traffic_query *q, struct err *e)
{
    const char *at = "/params";
    struct str mode = STR_NONE;
    yyjson_val *v;
    size_t i, n;
    q->since = TIME_NONE;
    q->limit = LIMIT_DEFAULT;
    if (json_opt_time(JSON_FIELD(params, "since_timestamp", at), &q->since, e) ||
        json_opt_str(JSON_FIELD(params, "endpoint_pattern", at), (struct json_len){ 0, PATTERN_MAX }, &q->pattern, e) ||
        json_opt_i64(JSON_FIELD(params, "limit", at), (struct json_range){ 1, LIMIT_MAX }, &q->limit, e) ||
        json_opt_str(JSON_FIELD(params, "attestation_mode", at), (struct json_len){ 1, 16 }, &mode, e) ||
        json_opt_arr(JSON_FIELD(params, "identifier_value_digests", at), (struct json_len){ 0, DIGESTS_MAX },
                     &q->digests, e)) {
        return -1;
    }
    q->digest = str_is(mode, "digest");
    if (mode.n && !q->digest && !str_is(mode, "raw")) {
        (void)err_set(e, "INVALID_PARAMS", "params.attestation_mode is raw or digest");
        return err_field(e, "/params/attestation_mode");
    }
    yyjson_arr_foreach(q->digests, i, n, v) {
        if (is_hex64(json_val_str(v))) continue;
        (void)err_set(e, "INVALID_PARAMS", "an identifier's digest is 64 lower-case hexadecimal digits");
        return err_field(e, "/params/identifier_value_digests/%zu", i);
    }
    return 0;
}

/* `*` is any run of bytes; nothing else is special; the whole text must match. */
static bool matches(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') p++;
    return p == pattern.n;
}

/* ---- secrets ---- */

static bool names_secret(struct str name)
{
    static const char *const words[] = { "authorization", "credential",    "credentials",    "token",
                                         "apikey",        "api_key",       "api-key",        "password",
                                         "secret",        "client_secret", "client-secret",  "refresh_token",
                                         "refresh-token", "access_token",  "access-token",   "bearer",
                                         "session_token", "session-token", "offering_token", "offering-token",
                                         "cookie",        "set_cookie",    "set-cookie" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (name.n == strlen(words[i]) && strncasecmp(name.p, words[i], name.n) == 0) return true;
    }
    return false;
}

/* Depth is bounded by payload_limits. */
static yyjson_mut_val *redacted(yyjson_mut_doc *doc, yyjson_val *v)
{
    size_t i, n;
    yyjson_val *key, *item;
    if (yyjson_is_arr(v)) {
        yyjson_mut_val *arr = yyjson_mut_arr(doc);
        yyjson_arr_foreach(v, i, n, item) (void)yyjson_mut_arr_append(arr, redacted(doc, item));
        return arr;
    }
    if (!yyjson_is_obj(v)) return json_copy(doc, v);
    yyjson_mut_val *obj = yyjson_mut_obj(doc);
    yyjson_obj_foreach(v, i, n, key, item) {
        yyjson_mut_val *shown =
            names_secret(json_val_str(key)) ? yyjson_mut_str(doc, "[redacted]") : redacted(doc, item);
        (void)yyjson_mut_obj_add(obj, json_copy(doc, key), shown);
    }
    return obj;
}

static bool is_json(struct str content_type)
{
    size_t n = 0;
    while (n < content_type.n && content_type.p[n] != ';' && content_type.p[n] != ' ') n++;
    struct str type = { content_type.p, n };
    return str_is(type, "application/json") || (n > 5 && memcmp(type.p + n - 5, "+json", 5) == 0);
}

/* The body without secrets, or NULL when it is not JSON. */
static yyjson_val *payload_of(struct arena *a, const struct traffic_row *row)
{
    yyjson_doc *doc;
    struct err ignored; /* then it is shown as text */
    if (!is_json(row->content_type) || json_parse(a, row->body, &json_limits_value, &doc, &ignored)) return NULL;
    yyjson_mut_doc *clean = json_doc_new(a);
    return json_parse_own(a, json_write(a, redacted(clean, yyjson_doc_get_root(doc))));
}

/* ---- one call ---- */

static struct str hex_of(struct arena *a, struct str data)
{
    uint8_t sum[SHA256_BYTES];
    sha256(data, sum);
    return hex_encode(a, (struct str){ (const char *)sum, sizeof(sum) });
}

/* Whether a string of the payload has this digest. Depth is bounded by payload_limits. */
static bool holds(struct arena *a, yyjson_val *v, struct str digest)
{
    size_t i, n;
    yyjson_val *key, *item;
    if (yyjson_is_str(v)) return str_eq(hex_of(a, json_val_str(v)), digest);
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, item) {
            if (holds(a, item, digest)) return true;
        }
    }
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, item) {
            if (holds(a, item, digest)) return true;
        }
    }
    return false;
}

static void add_proofs(const struct traffic_query *q, yyjson_val *payload, yyjson_mut_doc *doc, yyjson_mut_val *call)
{
    yyjson_val *v;
    size_t i, n;
    if (!q->digests) return;
    yyjson_mut_val *list = json_add_arr(doc, call, "identifier_match_proofs");
    if (!payload) return; /* tokens of other texts are not defined */
    yyjson_arr_foreach(q->digests, i, n, v) {
        yyjson_mut_val *proof = json_push_obj(doc, list);
        json_add_str(doc, proof, "identifier_value_sha256", json_val_str(v));
        json_add_bool(doc, proof, "found", holds(q->a, payload, json_val_str(v)));
    }
}

static void add_payload(const struct traffic_query *q, const struct traffic_row *row, yyjson_mut_doc *doc,
                        yyjson_mut_val *call)
{
    yyjson_val *payload = payload_of(q->a, row);
    struct str text = row->body;
    if (payload) text = q->digest ? json_canonical(q->a, payload, NULL) : json_write_val(q->a, payload);
    json_add_cstr(doc, call, "attestation_mode", q->digest ? "digest" : "raw");
    json_add_i64(doc, call, "payload_length", (int64_t)text.n);
    if (q->digest) {
        json_add_str(doc, call, "payload_digest_sha256", hex_of(q->a, text));
        add_proofs(q, payload, doc, call);
    } else if (payload) {
        json_add_copy(doc, call, "payload", payload);
    } else {
        json_add_str(doc, call, "payload", text);
    }
}

/* Milliseconds, because callers compare it with the moment they asked. */
static struct str time_text(struct arena *a, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(at, RFC3339_MILLIS, text);
    return arena_dup(a, (struct str){ text, n });
}

static void add_call(const struct traffic_query *q, const struct traffic_row *row, struct str endpoint,
                     yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    yyjson_mut_val *call = json_push_obj(doc, list);
    json_add_str(doc, call, "method", row->method);
    json_add_str(doc, call, "endpoint", endpoint);
    json_add_str(doc, call, "url", row->url);
    json_add_str(doc, call, "content_type", row->content_type);
    json_add_str(doc, call, "purpose", row->purpose);
    add_payload(q, row, doc, call);
    json_add_str(doc, call, "timestamp", time_text(q->a, row->sent_at));
    if (row->http_status >= 100 && row->http_status <= 599) json_add_i64(doc, call, "status_code", row->http_status);
}

int sandbox_query_traffic(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc, yyjson_mut_val *reply,
                          struct err *e)
{
    struct traffic_query q = { .a = act->arena };
    struct traffic_row *rows;
    size_t n;
    int64_t total = 0;
    if (read_query(params, &q, e)) return -1;
    struct traffic_filter f = { act->tenant->tenant_id, act->principal->principal_id, q.since };
    if (q_traffic_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(doc, reply, "recorded_calls");
    for (size_t i = 0; i < n; i++) {
        struct str endpoint = arena_printf(q.a, STR_FMT " " STR_FMT, STR_ARG(rows[i].method), STR_ARG(rows[i].url));
        if (q.pattern.n && !matches(q.pattern, endpoint)) continue;
        if (total++ < q.limit) add_call(&q, &rows[i], endpoint, doc, list);
    }
    int64_t since = q.since != TIME_NONE ? q.since : n ? rows[0].sent_at : act->now;
    json_add_i64(doc, reply, "total_count", total);
    json_add_bool(doc, reply, "truncated", total > q.limit);
    json_add_str(doc, reply, "since_timestamp", time_text(q.a, since));
    return 0;
}
