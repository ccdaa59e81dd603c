#include "base/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/crypto.h"
#include "base/encode.h"

#define MARK        "seal1:"
#define NONCE_BYTES 12
#define TAG_BYTES   16
#define VERSION_MAX INT64_C(1000000000)

/* ---- the ring ---- */

int seal_ring_grow(struct seal_ring *r)
{
    if (r->n == SEAL_KEYS_MAX) return -1;
    struct seal_key *k = &r->keys[r->n];
    k->version = r->n ? r->keys[r->n - 1].version + 1 : 1;
    random_bytes(k->bytes, sizeof(k->bytes));
    r->n++;
    return 0;
}

void seal_ring_forget(struct seal_ring *r)
{
    if (r->n < 2) return;
    r->keys[0] = r->keys[r->n - 1];
    OPENSSL_cleanse(&r->keys[1], (r->n - 1) * sizeof(r->keys[0]));
    r->n = 1;
}

struct str seal_ring_text(struct arena *a, const struct seal_ring *r)
{
    struct str text = STR("");
    for (size_t i = 0; i < r->n; i++) {
        struct str hex = hex_encode(a, (struct str){ (const char *)r->keys[i].bytes, SEAL_KEY_BYTES });
        text =
            arena_printf(a, STR_FMT "%lld " STR_FMT "\n", STR_ARG(text), (long long)r->keys[i].version, STR_ARG(hex));
    }
    return text;
}

/* Decimal digits up to `end`; 0 when there are none, or too many. */
static int64_t number(struct str text, char end, size_t *used)
{
    int64_t v = 0;
    size_t i = 0;
    for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && v < VERSION_MAX; i++) v = 10 * v + (text.p[i] - '0');
    if (i == 0 || i == text.n || text.p[i] != end) return 0;
    *used = i + 1;
    return v;
}

static int bad_line(size_t line, struct err *e)
{
    return err_set(e, "CONFIGURATION_ERROR", "line %zu of the key file is no key: a version and 64 hexadecimal digits",
                   line);
}

static int parse_line(struct arena *a, struct str line, struct seal_ring *r)
{
    size_t used = 0;
    struct str bytes;
    int64_t version = number(line, ' ', &used);
    if (version <= (r->n ? r->keys[r->n - 1].version : 0) || r->n == SEAL_KEYS_MAX) return -1;
    if (hex_decode(a, str_skip(line, used), &bytes) || bytes.n != SEAL_KEY_BYTES) return -1;
    r->keys[r->n].version = version;
    memcpy(r->keys[r->n].bytes, bytes.p, SEAL_KEY_BYTES);
    r->n++;
    return 0;
}

int seal_ring_parse(struct str text, struct seal_ring *out, struct err *e)
{
    struct seal_ring ring = { .n = 0 };
    struct arena a;
    size_t line = 0;
    int rc = 0;
    arena_init(&a);
    while (text.n && rc == 0) {
        const char *end = memchr(text.p, '\n', text.n);
        struct str one = { text.p, end ? (size_t)(end - text.p) : text.n };
        line++;
        if (one.n && parse_line(&a, one, &ring)) rc = bad_line(line, e);
        text = str_skip(text, one.n + 1);
    }
    arena_finish(&a);
    if (rc == 0 && ring.n == 0) rc = err_set(e, "CONFIGURATION_ERROR", "the key file holds no key");
    if (rc == 0) *out = ring;
    OPENSSL_cleanse(&ring, sizeof(ring));
    return rc;
}

/* ---- one text ---- */

bool seal_is(struct str text)
{
    return seal_version(text) > 0;
}

int64_t seal_version(struct str text)
{
    size_t used = 0;
    if (!str_starts(text, STR(MARK))) return 0;
    return number(str_skip(text, sizeof(MARK) - 1), ':', &used);
}

static struct str head_of(struct arena *a, int64_t version)
{
    return arena_printf(a, MARK "%lld:", (long long)version);
}

/* What is authenticated beside the text: the version and what it belongs to. */
static struct str bound(struct arena *a, int64_t version, struct str about)
{
    struct str head = head_of(a, version);
    return arena_printf(a, STR_FMT STR_FMT, STR_ARG(head), STR_ARG(about));
}

static const uint8_t *bytes_of(struct str s)
{
    return (const uint8_t *)(s.n ? s.p : "");
}

struct str seal_text(struct arena *a, const struct seal_ring *r, struct str about, struct str plain)
{
    ENSURE(r->n > 0 && plain.n < INT32_MAX - NONCE_BYTES - TAG_BYTES);
    const struct seal_key *key = &r->keys[r->n - 1];
    struct str aad = bound(a, key->version, about), head = head_of(a, key->version);
    uint8_t *out = arena_alloc_raw(a, NONCE_BYTES + plain.n + TAG_BYTES);
    int n = 0;
    random_bytes(out, NONCE_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ENSURE(ctx != NULL);
    ENSURE(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, out) == 1);
    ENSURE(EVP_EncryptUpdate(ctx, NULL, &n, bytes_of(aad), (int)aad.n) == 1);
    ENSURE(EVP_EncryptUpdate(ctx, out + NONCE_BYTES, &n, bytes_of(plain), (int)plain.n) == 1);
    ENSURE(EVP_EncryptFinal_ex(ctx, out + NONCE_BYTES + plain.n, &n) == 1);
    ENSURE(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, out + NONCE_BYTES + plain.n) == 1);
    EVP_CIPHER_CTX_free(ctx);
    struct str body = base64url_encode(a, (struct str){ (const char *)out, NONCE_BYTES + plain.n + TAG_BYTES });
    return arena_printf(a, STR_FMT STR_FMT, STR_ARG(head), STR_ARG(body));
}

static bool opens(const struct seal_key *key, struct str aad, struct str body, uint8_t *plain)
{
    size_t text_n = body.n - NONCE_BYTES - TAG_BYTES;
    const uint8_t *in = (const uint8_t *)body.p;
    uint8_t tag[TAG_BYTES];
    int n = 0;
    memcpy(tag, in + NONCE_BYTES + text_n, TAG_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ENSURE(ctx != NULL);
    bool ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, in) == 1 &&
              EVP_DecryptUpdate(ctx, NULL, &n, bytes_of(aad), (int)aad.n) == 1 &&
              EVP_DecryptUpdate(ctx, plain, &n, in + NONCE_BYTES, (int)text_n) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
              EVP_DecryptFinal_ex(ctx, plain + text_n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

int seal_open(struct arena *a, const struct seal_ring *r, struct str about, struct str sealed, struct str *plain,
              struct err *e)
{
    int64_t version = seal_version(sealed);
    const struct seal_key *key = NULL;
    struct str head = head_of(a, version), body;
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i].version == version) key = &r->keys[i];
    }
    if (!key) {
        return err_set(e, "CONFIGURATION_ERROR", "this was sealed with key %lld, which is not in the key file",
                       (long long)version);
    }
    bool whole = str_starts(sealed, head) && !base64_decode(a, str_skip(sealed, head.n), &body) &&
                 body.n >= NONCE_BYTES + TAG_BYTES && body.n < INT32_MAX;
    uint8_t *text = whole ? arena_alloc(a, body.n) : NULL;
    if (!whole || !opens(key, bound(a, version, about), body, text)) {
        return err_set(e, "CONFIGURATION_ERROR", "a sealed secret does not open: it was changed, or belongs elsewhere");
    }
    *plain = (struct str){ (const char *)text, body.n - NONCE_BYTES - TAG_BYTES };
    return 0;
}
