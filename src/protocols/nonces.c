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
    int64_t counted_s; /* when it was last rebuilt: those whose time is over are looked for once a second */
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
    s->counted_s = now_s;
    for (size_t i = 0; i < old.slots_n; i++) {
        if (old.slots[i].until_s > now_s) *find(s, old.slots[i].hi, old.slots[i].lo) = old.slots[i];
    }
    free(old.slots);
}

static struct nonce_set *set_of_hash(struct nonces *n, uint64_t hash)
{
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

static struct nonce_set *set_of(struct nonces *n, struct str keyid)
{
    uint8_t digest[SHA256_BYTES];
    sha256(keyid, digest);
    return set_of_hash(n, word(digest));
}

static bool add(struct nonce_set *s, const struct nonce_slot *in, int64_t now_s)
{
    struct nonce_slot *slot = find(s, in->hi, in->lo);
    if (slot->until_s > now_s) return false;
    if (!slot->until_s) s->used++;
    *slot = *in;
    if (2 * s->used > s->slots_n) rebuild(s, now_s);
    return true;
}

bool nonces_add(struct nonces *n, const struct nonce_use *use, int64_t now_s, struct nonce_row *out)
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
    struct nonce_slot slot = { word(digest), word(digest + 8), use->until_s };
    if (!add(s, &slot, now_s)) return false;
    *out = (struct nonce_row){ s->keyid_hash, slot.hi, slot.lo, slot.until_s };
    return true;
}

void nonces_restore(struct nonces *n, const struct nonce_row *row)
{
    struct nonce_set *s = set_of_hash(n, row->key);
    struct nonce_slot slot = { row->hi, row->lo, row->until_s };
    if (s) (void)add(s, &slot, 0); /* it is there already, or it is now */
}

bool nonces_full(struct nonces *n, struct str keyid, size_t max, int64_t now_s)
{
    struct nonce_set *s = set_of(n, keyid);
    if (!s) return true;
    if (s->used >= max && s->counted_s != now_s) rebuild(s, now_s);
    return s->used >= max;
}

size_t nonces_held(const struct nonces *n)
{
    size_t held = 0;
    for (size_t i = 0; i < n->n; i++) held += n->sets[i].used;
    return held;
}
