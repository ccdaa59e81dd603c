#include "base/id.h"

#include "base/crypto.h"
#include "base/encode.h"

static void fill_system(struct rng *r, void *out, size_t n)
{
    random_bytes(out, n);
}

/* SplitMix64: enough to make a test run reproducible; never used for secrets in production. */
static void fill_seeded(struct rng *r, void *out, size_t n)
{
    unsigned char *p = out;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        z ^= z >> 31;
        memcpy(p + i, &z, n - i < 8 ? n - i : 8);
    }
}

void rng_init_system(struct rng *r)
{
    *r = (struct rng){ .fill = fill_system };
}

void rng_init_seeded(struct rng *r, uint64_t seed)
{
    *r = (struct rng){ .fill = fill_seeded, .state = seed };
}

uint64_t rng_u64(struct rng *r)
{
    uint64_t v;
    if (r->fill != fill_system) {
        r->fill(r, &v, sizeof(v));
        return v;
    }
    if (r->spare_n == 0) { /* asking the system costs more than all that is done with one number */
        random_bytes(r->spare, sizeof(r->spare));
        r->spare_n = RNG_SPARE;
    }
    v = r->spare[--r->spare_n];
    r->spare[r->spare_n] = 0;
    return v;
}

struct str id_new(struct arena *a, struct rng *r, const char *prefix, int64_t now)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    ENSURE(now >= 0);
    unsigned __int128 v = (unsigned __int128)((uint64_t)(now / 1000) & UINT64_C(0xFFFFFFFFFFFF)) << 80;
    unsigned char tail[10];
    r->fill(r, tail, sizeof(tail));
    for (int i = 0; i < 10; i++) v |= (unsigned __int128)tail[i] << (72 - 8 * i);
    size_t plen = strlen(prefix);
    char *out = arena_alloc(a, plen + ID_BODY_LEN + 1);
    memcpy(out, prefix, plen);
    for (int i = 0; i < ID_BODY_LEN; i++) out[plen + (size_t)i] = alphabet[(unsigned)(v >> (125 - 5 * i)) & 31];
    return (struct str){ out, plen + ID_BODY_LEN };
}

struct str uuid_new(struct arena *a, struct rng *r)
{
    unsigned char b[16];
    r->fill(r, b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char *out = arena_alloc(a, 37);
    size_t n = 0;
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
        out[n++] = "0123456789abcdef"[b[i] >> 4];
        out[n++] = "0123456789abcdef"[b[i] & 15];
    }
    return (struct str){ out, n };
}

struct str secret_new(struct arena *a, struct rng *r)
{
    char bytes[32];
    r->fill(r, bytes, sizeof(bytes));
    return base64url_encode(a, (struct str){ bytes, sizeof(bytes) });
}

bool id_text_valid(struct str s, size_t max)
{
    if (s.n == 0 || s.n > max) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\') return false;
    }
    return true;
}

bool domain_text_valid(struct str s)
{
    if (s.n == 0 || s.n > DOMAIN_TEXT_MAX) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool edge = i == 0 || i + 1 == s.n || s.p[i - 1] == '.' || s.p[i + 1] == '.';
        if (!letter && !((c == '-' || c == '.') && !edge)) return false;
    }
    return true;
}
