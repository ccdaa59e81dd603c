#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"

#define ENCRYPT_BYTES ((size_t)128 << 10) /* of one piece */

struct tls_context {
    SSL_CTX *ssl;
};

struct tls {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
};

/* Only HTTP/1.1 is spoken; a client that offers only other protocols goes on without ALPN and finds out. */
static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_n, const unsigned char *offered,
                   unsigned offered_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *pick;
    int rc = SSL_select_next_proto(&pick, chosen_n, ours, sizeof(ours) - 1, offered, offered_n);
    *chosen = pick;
    return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int load_failed(struct err *e, const char *what, const char *path)
{
    unsigned long code = ERR_peek_error(); /* the first: what the later ones follow from */
    const char *why = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    err_set(e, "SERVICE_UNAVAILABLE", "cannot use the TLS %s %s: %s", what, path, why ? why : "unknown reason");
    ERR_clear_error();
    return -1;
}

static int load(SSL_CTX *ssl, const char *certificate, const char *key, struct err *e)
{
    if (SSL_CTX_use_certificate_chain_file(ssl, certificate) != 1) return load_failed(e, "certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1) return load_failed(e, "key", key);
    if (SSL_CTX_check_private_key(ssl) != 1) return load_failed(e, "key", key);
    return 0;
}

int tls_certificate_end(const char *path, int64_t *ends_at, struct err *e)
{
    struct tm tm;
    FILE *f = fopen(path, "re");
    if (!f) return err_set(e, "SERVICE_UNAVAILABLE", "%s cannot be read: %s", path, strerror(errno));
    X509 *certificate = PEM_read_X509(f, NULL, NULL, NULL);
    (void)fclose(f); /* it was only read */
    bool ok = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1;
    X509_free(certificate);
    ERR_clear_error();
    if (!ok) return err_set(e, "SERVICE_UNAVAILABLE", "%s holds no certificate", path);
    *ends_at = (int64_t)timegm(&tm) * 1000000;
    return 0;
}

int tls_context_create(struct str certificate_path, struct str key_path, struct tls_context **ctx, struct err *e)
{
    struct arena a;
    struct tls_context *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    c->ssl = SSL_CTX_new(TLS_server_method());
    ENSURE(c->ssl != NULL && SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION) == 1);
    (void)SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION); /* returns the options */
    (void)SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);                   /* returns the modes */
    SSL_CTX_set_alpn_select_cb(c->ssl, on_alpn, NULL);
    arena_init(&a);
    int rc = load(c->ssl, arena_cstr(&a, certificate_path), arena_cstr(&a, key_path), e);
    arena_finish(&a);
    if (rc) {
        tls_context_destroy(c);
        return -1;
    }
    *ctx = c;
    return 0;
}

void tls_context_destroy(struct tls_context *ctx)
{
    if (!ctx) return;
    SSL_CTX_free(ctx->ssl);
    free(ctx);
}

struct tls *tls_create(struct tls_context *ctx)
{
    struct tls *t = calloc(1, sizeof(*t));
    ENSURE(t != NULL);
    t->ssl = SSL_new(ctx->ssl);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    ENSURE(t->ssl && t->in && t->out);
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_accept_state(t->ssl);
    return t;
}

void tls_destroy(struct tls *t)
{
    if (!t) return;
    SSL_free(t->ssl);
    free(t);
}

void tls_feed(struct tls *t, struct str wire)
{
    size_t n = 0;
    if (wire.n) ENSURE(BIO_write_ex(t->in, wire.p, wire.n, &n) == 1 && n == wire.n); /* memory takes all */
}

enum tls_read tls_read(struct tls *t, char *out, size_t cap, size_t *n)
{
    ERR_clear_error(); /* SSL_get_error looks at the queue */
    if (SSL_read_ex(t->ssl, out, cap, n) == 1) return TLS_DATA;
    switch (SSL_get_error(t->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN: return TLS_END;
    default: /* OpenSSL's own list of errors, which grows */ ERR_clear_error(); return TLS_BROKEN;
    }
}

bool tls_is_ready(const struct tls *t)
{
    return SSL_is_init_finished(t->ssl) == 1;
}

static int encrypt(struct tls *t, struct str plain)
{
    size_t n = 0;
    ENSURE(tls_is_ready(t));
    if (plain.n == 0) return 0;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, plain.p, plain.n, &n) == 1 && n == plain.n) return 0;
    ERR_clear_error();
    return -1;
}

void tls_goodbye(struct tls *t)
{
    ERR_clear_error();
    if (tls_is_ready(t)) (void)SSL_shutdown(t->ssl); /* a courtesy: that it failed changes nothing */
    ERR_clear_error();
}

void tls_collect(struct tls *t, struct buf *wire)
{
    char *p;
    long n = BIO_get_mem_data(t->out, &p);
    if (n <= 0) return;
    buf_add(wire, (struct str){ p, (size_t)n });
    (void)BIO_reset(t->out); /* empties a memory buffer, which cannot fail */
}

int tls_seal(struct tls *t, struct buf *out, struct str *tail, struct buf *wire)
{
    tls_collect(t, wire);
    if (wire->n || !tls_is_ready(t)) return 0;
    bool from_out = out->n > 0;
    struct str piece = from_out ? buf_str(out) : *tail;
    if (piece.n > ENCRYPT_BYTES) piece.n = ENCRYPT_BYTES;
    if (encrypt(t, piece)) return -1;
    if (from_out) {
        buf_consume(out, piece.n);
    } else {
        *tail = str_skip(*tail, piece.n);
    }
    tls_collect(t, wire);
    return 0;
}
