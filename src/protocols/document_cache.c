#include "protocols/document_cache.h"

struct str kept_text(struct kept *k, enum kept_name name, struct str (*make)(struct arena *a, bool sandbox), bool sandbox)
{
    struct arena scratch;
    if (k->texts[name].n) return k->texts[name];
    if (!k->ready) arena_init(&k->arena);
    k->ready = true;
    arena_init(&scratch);
    k->texts[name] = arena_dup(&k->arena, make(&scratch, sandbox));
    arena_finish(&scratch);
    return k->texts[name];
}

void kept_finish(struct kept *k)
{
    if (k->ready) arena_finish(&k->arena);
    *k = (struct kept){ 0 };
}
