/* What an ad on a page carries so that what happens to it can be counted: 64 characters that nobody else can make.
 *
 * Nothing is stored when an ad is decided; the token remembers it. (epoch, sequence) makes each one single
 * (marks.h); the seal is HMAC-SHA256, cut to 128 bits. The numbers inside can be read by anyone and say nothing:
 * keys of our own rows, and a hash of the visitor's id. */
#pragma once

#include "base/crypto.h"

#define TOKEN_CHARS 64

struct token {
    uint32_t epoch, sequence;
    int64_t issued_ms; /* since the epoch; 48 bits */
    uint32_t package, creative, slot; /* their keys */
    uint32_t visitor;  /* 0: none */
    uint8_t agent;     /* eight bits of a hash of the browser's name */
    uint8_t invalid;   /* 0..15: why what comes of it will not count (enum invalid); 0: it will */
};

struct token_text {
    char c[TOKEN_CHARS];
};

void token_seal(struct hmac_key *key, const struct token *t, struct token_text *out);

/* False, and nothing written, for anything that token_seal did not make with this key. */
MUST_CHECK bool token_open(struct hmac_key *key, struct str text, struct token *out);
