#include "protocols/nonces.h"

#include <stdlib.h>

#include "base/crypto.h"

#define KEYS_MAX    4096
#define SLOTS_FIRST 64

/* An open-addressing table of digests; a slot whose time is over counts as free when the table is rebuilt. */
struct nonce_slot {
    uint64_t hi, lo;
    int64_t until_s; /* 0: free */
};

struct nonce_set {
    uint64_t keyid_hash;
    struct nonce_slot *slots;
    size_t slots_n, used;
};

struct nonces {
    struct nonce_set *sets;
    size_t n;
};

static uint64_t word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static void *owned_array(size_t n, size_t bytes)
{
    void *p = calloc(n, bytes);
    ENSURE(p != NULL);
    return p;
}

struct nonces *nonces_create(void)
{
    return owned_array(1, sizeof(struct nonces));
}

void nonces_destroy(struct nonces *n)
{
    if (!n) return;
    for (size_t i = 0; i < n->n; i++) free(n->sets[i].slots);
    free(n->sets);
    free(n);
}

static struct nonce_slot *find(struct nonce_set *s, uint64_t hi, uint64_t lo)
{
    size_t i = lo & (s->slots_n - 1);
    while (s->slots[i].until_s && (s->slots[i].hi != hi || s->slots[i].lo != lo)) i = (i + 1) & (s->slots_n - 1);
    return &s->slots[i];
}

/* Drops what has expired; the table is then at most half full. */
static void rebuild(struct nonce_set *s, int64_t now_s)
{
    struct nonce_set old = *s;
    size_t live = 0;
    for (size_t i = 0; i < old.slots_n; i++) live += old.slots[i].until_s > now_s;
    s->slots_n = SLOTS_FIRST;
    while (s->slots_n < 4 * (live + 1)) s->slots_n *= 2;
    s->slots = owned_array(s->slots_n, sizeof(*s->slots));
    s->used = live;
    for (size_t i = 0; i < old.slots_n; i++) {
        if (old.slots[i].until_s > now_s) *find(s, old.slots[i].hi, old.slots[i].lo) = old.slots[i];
    }
    free(old.slots);
}

static struct nonce_set *set_of(struct nonces *n, struct str keyid)
{
    uint8_t digest[SHA256_BYTES];
    sha256(keyid, digest);
    uint64_t hash = word(digest);
    for (size_t i = 0; i < n->n; i++) {
        if (n->sets[i].keyid_hash == hash) return &n->sets[i];
    }
    if (n->n == KEYS_MAX) return NULL;
    struct nonce_set *bigger = realloc(n->sets, (n->n + 1) * sizeof(*bigger));
    ENSURE(bigger != NULL);
    n->sets = bigger;
    n->sets[n->n] = (struct nonce_set){ .keyid_hash = hash };
    rebuild(&n->sets[n->n], 0);
    return &n->sets[n->n++];
}

bool nonces_add(struct nonces *n, const struct nonce_use *use, int64_t now_s)
{
    uint8_t digest[SHA256_BYTES], scope[SHA256_BYTES];
    char joined[2 * SHA256_BYTES];
    struct nonce_set *s = set_of(n, use->keyid);
    if (!s) return false;
    sha256(use->scope, scope);
    sha256(use->nonce, digest);
    memcpy(joined, scope, SHA256_BYTES);
    memcpy(joined + SHA256_BYTES, digest, SHA256_BYTES);
    sha256((struct str){ joined, sizeof(joined) }, digest);
    uint64_t hi = word(digest), lo = word(digest + 8);
    struct nonce_slot *slot = find(s, hi, lo);
    if (slot->until_s > now_s) return false;
    if (!slot->until_s) s->used++;
    *slot = (struct nonce_slot){ hi, lo, use->until_s };
    if (2 * s->used > s->slots_n) rebuild(s, now_s);
    return true;
}

size_t nonces_count(struct nonces *n, struct str keyid, int64_t now_s)
{
    struct nonce_set *s = set_of(n, keyid);
    if (!s) return SIZE_MAX;
    if (s->used * 4 > s->slots_n) rebuild(s, now_s);
    return s->used;
}
