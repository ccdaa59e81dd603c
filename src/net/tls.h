/* TLS for the inbound server, for those without a proxy in front: OpenSSL between memory buffers, so that
 * conn.c keeps all of the I/O. Bytes from the wire are fed in, plain text is read out, plain text is written,
 * and what is to go to the wire is collected. */
#pragma once

#include "base/buf.h"

struct tls_context; /* certificate and key, shared by connections */
struct tls;         /* one connection */

/* From PEM files: the certificate with its chain, and the unencrypted private key. TLS 1.2 and later. */
MUST_CHECK int tls_context_create(struct str certificate_path, struct str key_path, struct tls_context **ctx,
                                  struct err *e);
/* When the first certificate of a PEM file ends, in microseconds since 1970. SERVICE_UNAVAILABLE. */
MUST_CHECK int tls_certificate_end(const char *path, int64_t *ends_at, struct err *e);
void tls_context_destroy(struct tls_context *ctx); /* NULL-safe; after its connections */

struct tls *tls_create(struct tls_context *ctx);
void tls_destroy(struct tls *t); /* NULL-safe */

void tls_feed(struct tls *t, struct str wire);

enum tls_read { TLS_DATA, TLS_MORE, TLS_END, TLS_BROKEN };
/* Decrypts into `out`. TLS_DATA: `*n` bytes, ask again; TLS_MORE: needs more from the wire; TLS_END: the
 * client said goodbye. Also drives the handshake: collect output afterwards whatever it returns. */
enum tls_read tls_read(struct tls *t, char *out, size_t cap, size_t *n);

bool tls_is_ready(const struct tls *t); /* the handshake is over */
/* Encrypts a piece of what goes out, `out` first and then `tail`, and adds it to `wire`; both lose what was taken. A piece only, and
 * none while `wire` holds something, so that a large reply is not held twice. -1: the session is broken. */
MUST_CHECK int tls_seal(struct tls *t, struct buf *out, struct str *tail, struct buf *wire);
void tls_goodbye(struct tls *t); /* says that nothing more will be written */
void tls_collect(struct tls *t, struct buf *wire); /* appends what is to go to the wire */
