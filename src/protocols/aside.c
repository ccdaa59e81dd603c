#include "protocols/aside.h"

static struct aside_read *first(struct aside *a)
{
    return CONTAINER_OF(a->waiting.next, struct aside_read, node);
}

static void make(struct work *w)
{
    struct aside *a = CONTAINER_OF(w, struct aside, work);
    first(a)->read(first(a), a->tx);
}

/* False when there is no connection. */
static bool begin(struct aside *a)
{
    a->tx = store_aside_begin(a->store);
    if (!a->tx) return false;
    tx_limit(a->tx, ASIDE_STEPS_MAX);
    loop_work(a->loop, &a->work);
    return true;
}

static void made(struct work *w)
{
    struct aside *a = CONTAINER_OF(w, struct aside, work);
    struct aside_read *one = first(a);
    struct list unmade, *n;
    list_init(&unmade);
    store_aside_end(a->store);
    list_remove(&one->node);
    one->made = true;
    a->waiting_n--;
    a->made++;
    if (a->waiting_n && (a->stopping || !begin(a))) {
        list_splice(&unmade, &a->waiting);
        a->waiting_n = 0;
    }
    one->done(one);
    while ((n = list_pop_front(&unmade)) != NULL) {
        struct aside_read *r = CONTAINER_OF(n, struct aside_read, node);
        r->done(r);
    }
}

static size_t waiting_of(const struct aside *a, const struct aside_read *r)
{
    size_t n = 0;
    for (struct list *l = a->waiting.next; a->waiting_n && l != &a->waiting; l = l->next) {
        const struct aside_read *x = CONTAINER_OF(l, struct aside_read, node);
        n += str_eq(x->tenant_id, r->tenant_id) && str_eq(x->principal_id, r->principal_id);
    }
    return n;
}

int aside_start(struct aside *a, struct loop *l, struct store *s, struct aside_read *r)
{
    if (a->waiting_n == ASIDE_WAITING_MAX || waiting_of(a, r) >= ASIDE_OWN_MAX) return -1;
    if (!a->loop) {
        a->loop = l;
        a->store = s;
        list_init(&a->waiting);
        a->work = (struct work){ .work = make, .done = made };
    }
    r->made = false;
    list_push_back(&a->waiting, &r->node);
    if (++a->waiting_n == 1 && !begin(a)) { /* from begin on the worker may look */
        list_remove(&r->node);
        a->waiting_n--;
        return 0;
    }
    return 1;
}
