#include "app/command/database_command.h"

#include <unistd.h>

#include "app/data_dir.h"
#include "cli/config.h"

int database_open(struct opened *o, const char *data, bool make, struct err *e)
{
    struct data_dir dir;
    struct rng rng;
    const char *path = config_data_dir(data);
    *o = (struct opened){ .store = NULL };
    arena_init(&o->arena);
    rng_init_system(&rng);
    loop_uv_init(&o->uv, &o->loop, rng);
    if (data_dir_become_owner(path, e)) return -1;
    const char *database = arena_printf(&o->arena, "%s/" DATA_DIR_DATABASE, path).p;
    if (!make && access(database, F_OK))
        return err_set(e, "CONFIGURATION_ERROR", "There is no database in %s; salesagent init makes one.", path);
    if (data_dir_open(&o->arena, path, DATA_DIR_FIRST_SECRET, &dir, e) || seal_keys_open(&o->seal_keys, dir.path, e))
        return -1;
    o->socket = dir.socket;
    struct store_options so = { .path = dir.database, .secret = dir.secret, .keys = &o->seal_keys.keys };
    return store_open(&o->loop, &so, &o->store, e);
}

void database_close(struct opened *o)
{
    if (o->store) store_close(o->store);
    loop_uv_finish(&o->uv);
    arena_finish(&o->arena);
}

struct act database_act(struct opened *o, struct tx *tx, const struct tenant *tenant)
{
    static const struct tenant installation = { .tenant_id = { "system", 6 } };
    return (struct act){ .tx = tx,
                         .arena = &o->arena,
                         .rng = &o->loop.rng,
                         .now = loop_now(&o->loop),
                         .tenant = tenant ? tenant : &installation,
                         .actor = arena_printf(&o->arena, "operator:local-%lu", (unsigned long)getuid()),
                         .origin = STR("cli") };
}
