#include "serving/token.h"

#define BODY_BYTES 32
#define SEAL_BYTES 16
#define VERSION    1

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint8_t *put(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) *p++ = (uint8_t)(v >> 8 * i);
    return p;
}

static const uint8_t *get(const uint8_t *p, int bytes, uint64_t *v)
{
    *v = 0;
    for (int i = 0; i < bytes; i++) *v = *v << 8 | *p++;
    return p;
}

static void pack(const struct token *t, uint8_t out[BODY_BYTES])
{
    uint8_t *p = put(out, (uint64_t)VERSION << 4 | (t->invalid & 15), 1);
    p = put(p, t->epoch, 4);
    p = put(p, t->sequence, 4);
    p = put(p, (uint64_t)t->issued_ms, 6);
    p = put(p, t->package, 4);
    p = put(p, t->creative, 4);
    p = put(p, t->slot, 4);
    p = put(p, t->visitor, 4);
    p = put(p, t->agent, 1);
    ENSURE(p == out + BODY_BYTES);
}

static bool unpack(const uint8_t *p, struct token *t)
{
    uint64_t v[9];
    static const int bytes[9] = { 1, 4, 4, 6, 4, 4, 4, 4, 1 };
    for (int i = 0; i < 9; i++) p = get(p, bytes[i], &v[i]);
    if (v[0] >> 4 != VERSION) return false;
    *t = (struct token){ .invalid = v[0] & 15,
                         .epoch = (uint32_t)v[1],
                         .sequence = (uint32_t)v[2],
                         .issued_ms = (int64_t)v[3],
                         .package = (uint32_t)v[4],
                         .creative = (uint32_t)v[5],
                         .slot = (uint32_t)v[6],
                         .visitor = (uint32_t)v[7],
                         .agent = (uint8_t)v[8] };
    return true;
}

static void seal(struct hmac_key *key, const uint8_t body[BODY_BYTES], uint8_t out[SEAL_BYTES])
{
    uint8_t whole[SHA256_BYTES];
    hmac_key_make(key, (struct str){ (const char *)body, BODY_BYTES }, whole);
    memcpy(out, whole, SEAL_BYTES);
}

void token_seal(struct hmac_key *key, const struct token *t, struct token_text *out)
{
    uint8_t raw[BODY_BYTES + SEAL_BYTES];
    pack(t, raw);
    seal(key, raw, raw + BODY_BYTES);
    for (size_t i = 0, o = 0; i < sizeof(raw); i += 3, o += 4) {
        uint32_t v = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];
        for (int k = 0; k < 4; k++) out->c[o + (size_t)k] = alphabet[v >> (18 - 6 * k) & 63];
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool token_open(struct hmac_key *key, struct str text, struct token *out)
{
    uint8_t raw[BODY_BYTES + SEAL_BYTES], expected[SEAL_BYTES];
    if (text.n != TOKEN_CHARS) return false;
    for (size_t i = 0, o = 0; o < sizeof(raw); i += 4, o += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = digit(text.p[i + k]);
            if (d < 0) return false;
            v = v << 6 | (uint32_t)d;
        }
        raw[o] = (uint8_t)(v >> 16);
        raw[o + 1] = (uint8_t)(v >> 8);
        raw[o + 2] = (uint8_t)v;
    }
    seal(key, raw, expected);
    struct str given = { (const char *)raw + BODY_BYTES, SEAL_BYTES };
    return secret_eq(given, (struct str){ (const char *)expected, SEAL_BYTES }) && unpack(raw, out);
}
