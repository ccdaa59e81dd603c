/* The published test vectors of the AdCP signing profiles, against domain/signature.
 *
 *   signing_vectors DIR    DIR/{request,webhook}-signing/{positive,negative}, keys.json, canonicalization.json
 *
 * TAP on standard output. Positive vectors are also signed with their own key and parameters: Ed25519 is
 * deterministic, so header and signature must come out byte for byte wherever the profile fixes the spelling. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "domain/signature/signature.h"

static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 100000 };
static int tests, failed;

static void report(bool ok, const char *name, const char *detail)
{
    tests++;
    failed += !ok;
    fprintf(stdout, "%s %d - %s%s%s\n", ok ? "ok" : "not ok", tests, name, ok ? "" : ": got ", ok ? "" : detail);
}

static yyjson_val *read_json(struct arena *a, const char *path)
{
    char *text = arena_alloc(a, 1 << 20);
    FILE *f = fopen(path, "rb");
    struct err e;
    yyjson_doc *doc;
    if (!f) return NULL;
    size_t n = fread(text, 1, 1 << 20, f);
    fclose(f);
    if (json_parse(a, (struct str){ text, n }, &limits, &doc, &e)) return NULL;
    return yyjson_doc_get_root(doc);
}

/* The world of one vector. */
struct world {
    yyjson_val *vector, *keys;
    bool is_webhook;
};

static yyjson_val *jwk_of(struct world *w, struct str kid)
{
    yyjson_val *override = json_obj(w->vector, "jwks_override"), *k;
    yyjson_val *list = json_arr(override, "keys");
    size_t i, n;
    if (override && !list) return yyjson_obj_getn(override, kid.p, kid.n);
    bool named = override != NULL;
    yyjson_arr_foreach(json_arr(w->vector, "jwks_ref"), i, n, k) {
        if (str_eq(json_val_str(k), kid)) named = true;
    }
    yyjson_arr_foreach(list ? list : json_arr(w->keys, "keys"), i, n, k) {
        if (named && str_eq(json_str(k, "kid"), kid)) return k;
    }
    return NULL;
}

static bool world_key(void *arg, struct str keyid, struct signature_jwk *out)
{
    yyjson_val *k = jwk_of(arg, keyid);
    if (k) signature_jwk_read(k, out);
    return k != NULL;
}

static enum signature_known world_revoked(void *arg, struct str keyid)
{
    struct world *w = arg;
    yyjson_val *state = json_obj(w->vector, "test_harness_state"), *k;
    yyjson_val *list = json_arr(state, "revoked_kids");
    size_t i, n;
    if (json_has(state, "revocation_list_stale_seconds")) return SIGNATURE_STALE;
    if (!list) list = json_arr(json_obj(state, "revocation_list"), "revoked_kids");
    yyjson_arr_foreach(list, i, n, k) {
        if (str_eq(json_val_str(k), keyid)) return SIGNATURE_YES;
    }
    return SIGNATURE_NO;
}

static bool world_full(void *arg, struct str keyid, struct str scope)
{
    struct world *w = arg;
    yyjson_val *state = json_obj(w->vector, "test_harness_state");
    return str_eq(json_str(state, "per_keyid_cap_filled_for"), keyid) ||
           str_eq(json_str(json_obj(state, "replay_cache_per_keyid_cap_hit"), "keyid"), keyid);
}

static bool world_nonce_add(void *arg, struct str keyid, struct str scope, struct str nonce, int64_t until_s)
{
    struct world *w = arg;
    yyjson_val *entry, *list = json_arr(json_obj(w->vector, "test_harness_state"), "replay_cache_entries");
    size_t i, n;
    yyjson_arr_foreach(list, i, n, entry) {
        if (str_eq(json_str(entry, "keyid"), keyid) && str_eq(json_str(entry, "nonce"), nonce)) return false;
    }
    return true;
}

static void message_of(struct arena *a, yyjson_val *vector, struct signature_message *m)
{
    yyjson_val *request = json_obj(vector, "request"), *key, *value;
    yyjson_val *headers = json_obj(request, "headers");
    struct http_header *h = ARENA_ARRAY(a, struct http_header, yyjson_obj_size(headers) + 1);
    size_t i, n;
    *m = (struct signature_message){ .method = json_str(request, "method"),
                                     .url = json_str(request, "url"),
                                     .headers = h,
                                     .body = json_str(request, "body") };
    yyjson_obj_foreach(headers, i, n, key, value) {
        h[m->headers_n++] = (struct http_header){ json_val_str(key), json_val_str(value) };
    }
}

static struct signature_policy policy_of(struct world *w)
{
    yyjson_val *capability = json_obj(w->vector, "verifier_capability");
    struct str digest = json_str(capability, "covers_content_digest");
    struct signature_policy p = {
        .tag = w->is_webhook ? SIGNATURE_TAG_WEBHOOK : SIGNATURE_TAG_REQUEST,
        .adcp_use = w->is_webhook ? "webhook-signing" : "request-signing",
        .codes = w->is_webhook ? "webhook_signature" : "request_signature",
        .digest = w->is_webhook || str_is(digest, "required") ? DIGEST_REQUIRED
                  : str_is(digest, "forbidden")               ? DIGEST_FORBIDDEN
                                                              : DIGEST_EITHER,
        .now_s = json_i64_or(w->vector, "reference_now", 0),
        .world = { w, world_key, world_revoked, world_full, world_nonce_add },
    };
    /* Whether a signature is asked for is the caller's decision; here it is what the vector supposes. */
    yyjson_val *body = json_obj(w->vector, "request");
    p.required = w->is_webhook || yyjson_arr_size(json_arr(capability, "required_for")) > 0 ||
                 strstr(json_str(body, "body").p, "push_notification_config") != NULL;
    return p;
}

static void verify(struct arena *a, struct world *w, const char *name)
{
    struct signature_message m;
    struct signature_verdict v;
    struct signature_policy p = policy_of(w);
    yyjson_val *expected = json_obj(w->vector, "expected_outcome");
    message_of(a, w->vector, &m);
    signature_verify(a, &m, &p, &v);
    if (json_bool_or(expected, "success", false)) {
        report(v.outcome == SIGNATURE_VALID, name, v.code);
    } else {
        report(v.outcome == SIGNATURE_BAD && str_is(json_str(expected, "error_code"), v.code), name, v.code);
    }
}

/* Signs the vector's message with its key; webhooks cover what we cover, so the result must be the vector's own. */
static void sign_again(struct arena *a, struct world *w, const char *name)
{
    struct signature_message m;
    struct http_header made[SIGNATURE_HEADERS_N];
    struct str d;
    yyjson_val *jwk = jwk_of(w, json_val_str(yyjson_arr_get_first(json_arr(w->vector, "jwks_ref"))));
    message_of(a, w->vector, &m);
    struct sign_private private_half = { .pub.alg = SIGN_ED25519 };
    if (!str_is(json_str(jwk, "crv"), "Ed25519")) return;
    if (base64_decode(a, json_str(jwk, "_private_d_for_test_only"), &d) || d.n != SIGN_KEY_BYTES) {
        report(false, name, "no private key");
        return;
    }
    memcpy(private_half.d, d.p, d.n);
    struct sign_ready *ready = sign_ready_create(&private_half);
    struct signature_key key = { json_str(jwk, "kid"), ready };
    int64_t now = json_i64_or(w->vector, "reference_now", 0);
    struct signature_params p = { SIGNATURE_TAG_WEBHOOK, now, now + 300, STR("KXYnfEfJ0PBRZXQyVXfVQA") };
    int rc = signature_sign(a, &m, &key, &p, made);
    sign_ready_destroy(ready);
    if (rc) {
        report(false, name, "not signed");
        return;
    }
    struct signature_message ours = { m.method, m.url, ARENA_ARRAY(a, struct http_header, 4), 4, m.body };
    struct http_header *h = (struct http_header *)(uintptr_t)ours.headers;
    h[0] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    memcpy(h + 1, made, sizeof(made));
    struct signature_policy policy = policy_of(w);
    struct signature_verdict v;
    signature_verify(a, &ours, &policy, &v);
    report(v.outcome == SIGNATURE_VALID, name, v.code);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_folder(const char *top, const char *profile, const char *kind)
{
    char dir[1024], path[2048], name[1200];
    char *names[128];
    size_t n = 0;
    snprintf(dir, sizeof(dir), "%s/%s-signing/%s", top, profile, kind);
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && n < 128 && (entry = readdir(d)) != NULL;) {
        if (strstr(entry->d_name, ".json")) names[n++] = strdup(entry->d_name);
    }
    if (d) closedir(d);
    qsort(names, n, sizeof(names[0]), by_name);
    report(n > 0, kind, "no vectors");
    for (size_t i = 0; i < n; i++) {
        struct arena a;
        arena_init(&a);
        struct world w = { .is_webhook = strcmp(profile, "webhook") == 0 };
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        w.vector = read_json(&a, path);
        snprintf(path, sizeof(path), "%s/%s-signing/keys.json", top, profile);
        w.keys = read_json(&a, path);
        snprintf(name, sizeof(name), "%s %s %s", profile, kind, names[i]);
        if (!w.vector || !w.keys) {
            report(false, name, "unreadable");
        } else {
            verify(&a, &w, name);
            snprintf(name, sizeof(name), "%s signed again %s", profile, names[i]);
            if (w.is_webhook && strcmp(kind, "positive") == 0) sign_again(&a, &w, name);
        }
        arena_finish(&a);
        free(names[i]);
    }
}

/* Internationalised names must reach a signer as A-labels: a raw one is refused (request vector 026). */
static void run_canonicalization(const char *top)
{
    char path[1024], name[256];
    struct arena a;
    arena_init(&a);
    snprintf(path, sizeof(path), "%s/request-signing/canonicalization.json", top);
    yyjson_val *root = read_json(&a, path), *c;
    size_t i, n;
    report(json_arr(root, "cases") != NULL, "canonicalization.json", "unreadable");
    yyjson_arr_foreach(json_arr(root, "cases"), i, n, c) {
        struct signature_target t = { 0 };
        int rc = signature_target(&a, json_str(c, "input_url"), &t);
        bool refuse = json_bool_or(c, "reject", false) || str_starts(json_str(c, "name"), STR("idn-"));
        snprintf(name, sizeof(name), "canonical %.*s", STR_ARG(json_str(c, "name")));
        bool ok = refuse ? rc != 0
                         : rc == 0 && str_eq(t.uri, json_str(c, "expected_target_uri")) &&
                               str_eq(t.authority, json_str(c, "expected_authority"));
        report(ok, name, rc ? "refused" : arena_cstr(&a, t.uri));
    }
    arena_finish(&a);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: signing_vectors DIR\n");
        return 2;
    }
    static const char *const profiles[] = { "request", "webhook" };
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
        run_folder(argv[1], profiles[i], "positive");
        run_folder(argv[1], profiles[i], "negative");
    }
    run_canonicalization(argv[1]);
    fprintf(stdout, "1..%d\n", tests);
    return failed != 0;
}
