#include "protocols/hashing.h"

static struct hash_wait *first(struct hashing *h)
{
    return CONTAINER_OF(h->waiting.next, struct hash_wait, node);
}

static void make(struct work *w)
{
    slow_hash_do(first(CONTAINER_OF(w, struct hashing, work))->hash);
}

static void made(struct work *w)
{
    struct hashing *h = CONTAINER_OF(w, struct hashing, work);
    struct hash_wait *one = first(h);
    list_remove(&one->node);
    h->waiting_n--;
    if (h->waiting_n) loop_work(h->loop, &h->work);
    one->done(one);
}

int hashing_start(struct hashing *h, struct loop *l, struct hash_wait *w)
{
    if (h->waiting_n == HASHES_WAITING_MAX) return -1;
    if (!h->loop) {
        h->loop = l;
        list_init(&h->waiting);
        h->work = (struct work){ .work = make, .done = made };
    }
    list_push_back(&h->waiting, &w->node);
    if (++h->waiting_n == 1) loop_work(l, &h->work);
    return 0;
}
