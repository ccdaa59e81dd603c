#include "protocols/document_cache.h"

struct str document_cache_text(struct document_cache *k, enum cached_document name,
                               struct str (*make)(struct arena *a, const void *arg), const void *arg)
{
    struct arena scratch;
    if (k->texts[name].n) return k->texts[name];
    if (!k->ready) arena_init(&k->arena);
    k->ready = true;
    arena_init(&scratch);
    k->texts[name] = arena_dup(&k->arena, make(&scratch, arg));
    arena_finish(&scratch);
    return k->texts[name];
}

void document_cache_finish(struct document_cache *k)
{
    if (k->ready) arena_finish(&k->arena);
    *k = (struct document_cache){ 0 };
}
