/* The inbound server's own TLS, spoken to by the outbound client over loopback. */
#include "harness.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/http_client_curl.h"

struct files {
    char dir[64], certificate[96], key[96];
};

/* A self-signed certificate for localhost. */
static void files_make(struct files *f)
{
    strcpy(f->dir, "/tmp/salesagent-tls-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->certificate, sizeof(f->certificate), "%s/cert.pem", f->dir);
    snprintf(f->key, sizeof(f->key), "%s/key.pem", f->dir);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    assert_non_null(key);
    assert_non_null(x);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -86400);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(x, san, -1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *out = fopen(f->certificate, "w");
    assert_int_equal(PEM_write_X509(out, x), 1);
    fclose(out);
    out = fopen(f->key, "w");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(out);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void files_remove(struct files *f)
{
    unlink(f->certificate);
    unlink(f->key);
    rmdir(f->dir);
}

static bool done;

static void on_done(struct http_call *c)
{
    done = true;
}

static void call_run(struct harness *h, struct http_client *client, struct http_call *c, const char *url)
{
    done = false;
    c->url = str_from(url);
    c->timeout_ms = 3000;
    c->body_bytes_max = 32 << 20;
    c->reach = HTTP_REACH_LOOPBACK;
    c->done = on_done;
    client->start(client, c);
    for (int i = 0; i < 500 && !done; i++) harness_pump(h, 10);
    assert_true(done);
}

static void requests_travel_over_tls(void **state)
{
    struct harness h;
    struct files f;
    char url[96];
    files_make(&f);
    harness_start(
        &h, (struct http_server_options){ .tls_certificate = str_from(f.certificate), .tls_key = str_from(f.key) });
    struct http_client *client =
        http_client_curl_create(&h.d, &(struct http_client_options){ .ca_file = str_from(f.certificate) });
    char *body = malloc(3 << 20);
    memset(body, 'b', 3 << 20);
    struct http_call post = { .method = STR("POST"), .body = { body, 3 << 20 } };
    snprintf(url, sizeof(url), "https://localhost:%d/echo", http_server_port(h.server, 0));
    call_run(&h, client, &post, url);
    if (post.outcome != HTTP_OK) fail_msg("outcome %d: %s", post.outcome, post.reason);
    assert_int_equal(post.status, 200);
    assert_int_equal(post.response.n, 3 << 20);
    assert_memory_equal(post.response.p, body, 3 << 20);
    client->finish(client, &post);
    h.big_bytes = 20 << 20;
    struct http_call get = { .method = STR("GET") };
    snprintf(url, sizeof(url), "https://localhost:%d/big", http_server_port(h.server, 0));
    call_run(&h, client, &get, url);
    assert_int_equal(get.outcome, HTTP_OK);
    assert_int_equal(get.response.n, 20 << 20);
    client->finish(client, &get);
    assert_int_equal(http_server_stats(h.server).accepted, 1); /* kept alive */
    http_client_curl_destroy(client);
    harness_finish(&h);
    free(body);
    files_remove(&f);
}

static void an_untrusted_certificate_or_name_sends_nothing(void **state)
{
    struct harness h;
    struct files f;
    char url[96];
    files_make(&f);
    harness_start(
        &h, (struct http_server_options){ .tls_certificate = str_from(f.certificate), .tls_key = str_from(f.key) });
    struct http_client *strict = http_client_curl_create(&h.d, &(struct http_client_options){ 0 });
    struct http_call c = { .method = STR("GET") };
    snprintf(url, sizeof(url), "https://localhost:%d/", http_server_port(h.server, 0));
    call_run(&h, strict, &c, url);
    assert_int_equal(c.outcome, HTTP_NOT_SENT);
    strict->finish(strict, &c);
    http_client_curl_destroy(strict);
    struct http_client *client =
        http_client_curl_create(&h.d, &(struct http_client_options){ .ca_file = str_from(f.certificate) });
    c = (struct http_call){ .method = STR("GET") };
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", http_server_port(h.server, 0)); /* not in the certificate */
    call_run(&h, client, &c, url);
    assert_int_equal(c.outcome, HTTP_NOT_SENT);
    client->finish(client, &c);
    http_client_curl_destroy(client);
    assert_int_equal(h.requests, 0);
    harness_finish(&h);
    files_remove(&f);
}

static void what_is_not_tls_is_cut_off(void **state)
{
    static const char *const texts[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x00\x05hello", "" };
    struct harness h;
    struct files f;
    files_make(&f);
    harness_start(&h, (struct http_server_options){ .tls_certificate = str_from(f.certificate),
                                                    .tls_key = str_from(f.key),
                                                    .head_timeout_ms = 100 });
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct buf in;
        enum client_end end = client_once(&h, texts[i], &in);
        assert_true(end == CLIENT_EOF || end == CLIENT_RESET);
        assert_int_equal(count_of(buf_str(&in), "HTTP/1.1"), 0);
        buf_finish(&in);
    }
    assert_int_equal(h.requests, 0);
    harness_finish(&h);
    files_remove(&f);
}

static void nobody(void *arg, struct http_exchange *ex)
{
    fail();
}

static void unusable_files_are_an_error(void **state)
{
    struct harness h;
    struct files f, other;
    struct http_server *s;
    struct err e;
    files_make(&f);
    files_make(&other);
    harness_start(&h, (struct http_server_options){ 0 });
    struct http_server_options missing = { .tls_certificate = STR("/nonexistent/cert.pem"),
                                           .tls_key = str_from(f.key) };
    assert_int_equal(http_server_start(&h.d, &missing, nobody, NULL, &s, &e), -1);
    assert_non_null(strstr(e.message, "/nonexistent/cert.pem"));
    struct http_server_options mixed = { .tls_certificate = str_from(f.certificate), .tls_key = str_from(other.key) };
    assert_int_equal(http_server_start(&h.d, &mixed, nobody, NULL, &s, &e), -1);
    assert_non_null(strstr(e.message, other.key));
    struct http_server_options half = { .tls_certificate = str_from(f.certificate) };
    assert_int_equal(http_server_start(&h.d, &half, nobody, NULL, &s, &e), -1);
    harness_finish(&h);
    files_remove(&f);
    files_remove(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_travel_over_tls),
        cmocka_unit_test(an_untrusted_certificate_or_name_sends_nothing),
        cmocka_unit_test(what_is_not_tls_is_cut_off),
        cmocka_unit_test(unusable_files_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
