/* Thin wrappers over OpenSSL for the few primitives the agent needs. */
#pragma once

#include "base/compiler.h"

#define SHA256_BYTES 32

void sha256(struct str data, uint8_t out[SHA256_BYTES]);
/* A digest of what comes in pieces: begin, more as often as there is some, end (which frees). */
struct sha256_stream;
struct sha256_stream *sha256_begin(void);
void sha256_more(struct sha256_stream *s, struct str piece);
void sha256_end(struct sha256_stream *s, uint8_t out[SHA256_BYTES]);

/* For many digests, one after the other: half the cost of sha256() for a short text. */
struct sha256_machine;
struct sha256_machine *sha256_machine_create(void);
void sha256_machine_destroy(struct sha256_machine *m); /* NULL-safe */
void sha256_machine_make(struct sha256_machine *m, struct str data, uint8_t out[SHA256_BYTES]);

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES]);

/* A key made ready for many messages: a tenth of what the call above costs for a short one. Of one thread at a time. */
struct hmac_key;
struct hmac_key *hmac_key_create(struct str key);
void hmac_key_destroy(struct hmac_key *k); /* NULL-safe */
void hmac_key_make(struct hmac_key *k, struct str data, uint8_t out[SHA256_BYTES]);

/* Compares in time that depends only on the lengths. */
bool secret_eq(struct str a, struct str b);
/* Cryptographic randomness from the operating system; ends the process when there is none. */
void random_bytes(void *out, size_t n);
