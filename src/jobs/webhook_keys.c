#include "jobs/webhook_keys.h"

#include <stdlib.h>

#include "base/rfc3339.h"
#include "domain/signature/signing_keys.h"

#define TRUST_US  USEC_PER_SEC
#define FORGET_US (INT64_C(3600) * USEC_PER_SEC)

struct cache {
    struct jobs_keep keep; /* first */
    struct list keys;      /* struct webhook_key */
};

static void key_free(struct webhook_key *k)
{
    list_remove(&k->node);
    sign_ready_destroy(k->ready);
    free((char *)(uintptr_t)k->tenant_id.p);
    free((char *)(uintptr_t)k->kid.p);
    free(k);
}

/* Nobody signs any more: the jobs are over, or gone with a simulated crash. */
static void cache_free(struct jobs_keep *keep)
{
    struct cache *c = CONTAINER_OF(keep, struct cache, keep);
    while (!list_empty(&c->keys)) key_free(CONTAINER_OF(c->keys.next, struct webhook_key, node));
    free(c);
}

static struct cache *cache_of(struct jobs *j)
{
    struct jobs_keep *keep = jobs_kept(j, cache_free);
    if (keep) return CONTAINER_OF(keep, struct cache, keep);
    struct cache *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    list_init(&c->keys);
    c->keep.free = cache_free;
    jobs_keep(j, &c->keep);
    return c;
}

static struct str own(struct str s)
{
    char *p = strndup(s.p, s.n);
    ENSURE(p != NULL);
    return (struct str){ p, s.n };
}

static struct webhook_key *find(struct cache *c, struct str tenant_id, int64_t now)
{
    for (struct list *n = c->keys.next; n != &c->keys; n = n->next) {
        struct webhook_key *k = CONTAINER_OF(n, struct webhook_key, node);
        bool fresh = now >= k->read_at && now - k->read_at < TRUST_US;
        if (fresh && str_eq(k->tenant_id, tenant_id)) return k;
    }
    return NULL;
}

/* The same row once more: a kid names one key for ever. Forgets keys that are old and not in use. */
static struct webhook_key *find_again(struct cache *c, const struct signing_key_row *row, int64_t now)
{
    struct webhook_key *found = NULL;
    for (struct list *n = c->keys.next, *next; n != &c->keys; n = next) {
        next = n->next;
        struct webhook_key *k = CONTAINER_OF(n, struct webhook_key, node);
        bool same = str_eq(k->tenant_id, row->tenant_id) && str_eq(k->kid, row->kid);
        if (same) {
            k->read_at = now;
            found = k;
        } else if (k->users == 0 && now - k->read_at > FORGET_US) {
            key_free(k);
        }
    }
    return found;
}

static struct webhook_key *add(struct cache *c, const struct signing_key_row *row, int64_t now)
{
    struct sign_ready *ready = sign_ready_create(&row->key);
    if (!ready) return NULL;
    struct webhook_key *k = calloc(1, sizeof(*k));
    ENSURE(k != NULL);
    *k = (struct webhook_key){ .tenant_id = own(row->tenant_id), .kid = own(row->kid), .ready = ready, .read_at = now };
    list_push_back(&c->keys, &k->node);
    return k;
}

int webhook_key_hold(struct job_run *run, struct webhook_key **out, struct err *e)
{
    struct cache *c = cache_of(run->jobs);
    int64_t now = loop_now(jobs_loop(run->jobs));
    struct webhook_key *k = find(c, run->row.tenant_id, now);
    if (!k) {
        struct signing_key_row row;
        struct tx *tx = store_read(jobs_store(run->jobs));
        int rc = signing_key_current(tx, &run->arena, run->row.tenant_id, now, &row, e);
        if (rc != 1) return rc;
        k = find_again(c, &row, now);
        if (!k) k = add(c, &row, now);
        if (!k) return 0;
    }
    k->users++;
    *out = k;
    return 1;
}

void webhook_key_drop(struct webhook_key *k)
{
    if (!k) return;
    ENSURE(k->users > 0);
    k->users--;
}
