#include "app/data_open.h"

#include "app/data_dir.h"
#include "cli/cli.h"

int data_open(struct data_opened *o, const char *data, struct err *e)
{
    struct data_dir dir;
    struct rng rng;
    arena_init(&o->arena);
    rng_init_system(&rng);
    loop_uv_init(&o->uv, &o->loop, rng);
    if (data_dir_open(&o->arena, cli_data_dir(data), &dir, e) || seal_keys_open(&o->seal_keys, dir.path, e)) return -1;
    struct store_options so = { .path = dir.database, .secret = dir.secret, .keys = &o->seal_keys.keys };
    return store_open(&o->loop, &so, &o->store, e);
}

void data_close(struct data_opened *o)
{
    store_close(o->store);
    loop_uv_finish(&o->uv);
    arena_finish(&o->arena);
}
