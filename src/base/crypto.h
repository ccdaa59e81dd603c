/* Thin wrappers over OpenSSL for the few primitives the agent needs. */
#pragma once

#include "base/compiler.h"

#define SHA256_BYTES 32

void sha256(struct str data, uint8_t out[SHA256_BYTES]);
void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES]);
/* Compares in time that depends only on the lengths. */
bool secret_eq(struct str a, struct str b);
/* Cryptographic randomness from the operating system; ends the process when there is none. */
void random_bytes(void *out, size_t n);
