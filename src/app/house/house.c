#include "app/house/house_internal.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "base/tz.h"
#include "store/q/q_house.h"

#define LOADED_AT_A_TIME 50 /* buys: a few milliseconds */
#define IDLE_SECONDS     59
#define KEY_TEXT         "tokens of the built-in ad server, 1"

struct act house_act(const struct house *h, struct tx *tx, struct arena *a)
{
    return (struct act){ .tx = tx,
                         .arena = a,
                         .rng = &h->loop->rng,
                         .now = house_now(h),
                         .actor = STR("system:house"),
                         .origin = STR("timer"),
                         .sandbox = h->sandbox };
}

void house_complain(struct arena *a, const char *what, struct str id, const struct err *e)
{
    log_event(LOG_ERROR, "house", what, "id", arena_cstr(a, id), "code", e->code, "message", e->message, NULL);
}

/* ---- batches ---- */

static int64_t on_the_way(void *arg, uint32_t package)
{
    struct house *h = arg;
    struct package_look look;
    return serving_look(h->serving, package, &look) ? look.on_the_way : 0;
}

static const struct tz *zone_of(void *arg, uint32_t package)
{
    struct house *h = arg;
    const struct lineup *l = serving_lineup(h->serving);
    uint32_t place;
    if (!l || !keymap_get(&l->package_places, package, &place)) return NULL;
    return l->publishers[l->packages[place].publisher]->zone;
}

static int write_part(struct tx *tx, struct write_cmd *cmd)
{
    struct house *h = CONTAINER_OF(cmd, struct house, cmd);
    struct err e;
    struct act act = house_act(h, tx, &h->cmd_arena);
    struct house_recorder r = {
        .act = &act, .on_the_way = on_the_way, .zone_of = zone_of, .arg = h, .epoch = serving_epoch(h->serving)
    };
    if (house_record(&r, &h->part, &e) == 0) return 0;
    house_complain(&h->cmd_arena, "what was counted could not be written", STR("batch"), &e);
    return -1;
}

static void part_done(struct write_cmd *cmd, enum write_result result);

static void start_batch(struct house *h);

static void end_batch(struct house *h)
{
    void (*flushed)(void *arg) = h->flushed;
    serving_batch_end(h->serving, h->written);
    h->batch = NULL;
    if (!flushed) return;
    if (h->flush_rest) {
        h->flush_rest = false;
        start_batch(h);
        if (h->batch) return;
    }
    h->flushed = NULL;
    flushed(h->flushed_arg);
}

static void write_next(struct house *h)
{
    struct tally_place end = tally_end(h->batch);
    struct err e;
    if (memcmp(&h->written, &end, sizeof(end)) == 0) {
        end_batch(h);
        return;
    }
    h->part = house_part_next(h->batch, h->written);
    h->cmd = (struct write_cmd){ .run = write_part, .done = part_done };
    arena_init(&h->cmd_arena);
    if (store_write(h->store, &h->cmd, &e)) end_batch(h); /* the store is busy: with the next one */
}

static void part_done(struct write_cmd *cmd, enum write_result result)
{
    struct house *h = CONTAINER_OF(cmd, struct house, cmd);
    arena_finish(&h->cmd_arena);
    if (result == WRITE_COMMITTED) {
        h->written = h->part.to;
        write_next(h);
    } else {
        end_batch(h);
    }
}

static void start_batch(struct house *h)
{
    if (h->batch) return;
    h->batch = serving_batch_begin(h->serving);
    if (!h->batch) return;
    h->written = (struct tally_place){ 0, 0, 0, 0 };
    write_next(h);
}

void house_flush(struct house *h, void (*done)(void *arg), void *arg)
{
    h->flush_rest = h->batch != NULL;
    h->flushed = done;
    h->flushed_arg = arg;
    if (h->batch) return;
    start_batch(h);
    if (h->batch || !h->flushed) return;
    h->flushed = NULL;
    done(arg);
}

/* At the next second, or at a later one. */
static void arm_at(struct house *h, int64_t seconds_later)
{
    int64_t now = house_now(h), at = now - now % USEC_PER_SEC + (1 + seconds_later) * USEC_PER_SEC;
    if (timer_is_set(&h->second) && h->second_at <= at) return;
    h->second_at = at;
    timer_set(h->loop, &h->second, at);
}

/* While nothing is sold here there is nothing to pace or to count: then once a minute is enough. */
static void arm(struct house *h)
{
    if (h->publishers_n) arm_at(h, h->buys_n || h->todo_n || h->batch ? 0 : IDLE_SECONDS);
}

static void on_loading(struct ready *r)
{
    struct house *h = CONTAINER_OF(r, struct house, loading);
    struct arena a;
    struct err e;
    arena_init(&a);
    if (h->look) {
        h->look = house_find_changes(h, &a, &e) != 0; /* what could not be read is, a second later */
        if (h->look) house_complain(&a, "what has changed could not be read", STR("house"), &e);
    }
    arena_finish(&a);
    if (!house_load_some(h, LOADED_AT_A_TIME)) loop_ready(h->loop, &h->loading);
    arm(h);
}

/* Changes are looked for once a second; without any publisher, when there may be a first. */
static void on_commit(struct commit_hook *hook)
{
    struct house *h = CONTAINER_OF(hook, struct house, committed);
    h->look = true;
    if (timer_is_set(&h->second)) arm_at(h, 0);
    else loop_ready(h->loop, &h->loading);
}

void house_look_again(struct house *h)
{
    on_commit(&h->committed);
}

static void on_second(struct timer *t)
{
    struct house *h = CONTAINER_OF(t, struct house, second);
    int64_t now = house_now(h);
    if (h->look || h->todo_n) on_loading(&h->loading);
    serving_tick(h->serving, now);
    start_batch(h);
    if (now - h->minute >= HOUSE_MINUTE) house_start_chores(h);
    arm(h);
}

/* ---- start and stop ---- */

static void restore_epoch(void *arg, int64_t epoch, int64_t until_ms)
{
    struct house *h = arg;
    serving_restore_epoch(h->serving, &(struct serving_epoch){ (uint32_t)epoch, until_ms });
}

static void restore_token(void *arg, const struct used *u)
{
    struct house *h = arg;
    serving_restore_used(h->serving, u);
}

static void restore_used(void *arg, struct str tokens)
{
    house_used_read(tokens, restore_token, arg);
}

static void restore_exposure(void *arg, const struct house_exposure_row *row)
{
    struct house *h = arg;
    struct exposure x;
    if (house_exposure_read(row, &x)) serving_restore_exposure(h->serving, &x, house_now(h));
}

static void restore_place(void *arg, const struct house_place_row *row)
{
    struct house *h = arg;
    struct mail_place p = { (uint32_t)row->slot, (uint64_t)row->key, (uint32_t)row->package, (uint32_t)row->creative,
                            (uint32_t)row->asked_s };
    serving_restore_place(h->serving, &p);
}

static void restore_history(void *arg, int64_t slot, struct str bytes)
{
    struct house *h = arg;
    int64_t week[WEEK_HOURS];
    if (house_week_read(bytes, week)) serving_restore_history(h->serving, (uint32_t)slot, week);
}

static int restore(struct house *h, struct err *e)
{
    struct tx *tx = store_read(h->store);
    int64_t now = house_now(h), life = serving_epoch_life_ms() * 1000;
    if (q_house_epochs(tx, restore_epoch, h, e) || q_house_used(tx, now - life - HOUSE_HOUR, restore_used, h, e))
        return -1;
    if (q_house_exposures(tx, now / USEC_PER_SEC, restore_exposure, h, e)) return -1;
    if (q_house_places(tx, now / USEC_PER_SEC - MAIL_KEPT_S, restore_place, h, e)) return -1;
    return q_house_histories(tx, restore_history, h, e);
}

static bool destination(struct ads_doors *d, struct arena *a, uint32_t creative, struct str *url)
{
    struct house *h = CONTAINER_OF(d, struct house, doors);
    struct err e;
    return house_destination(store_read(h->store), a, creative, url, &e) == 1;
}

static struct serving *make_serving(struct loop *loop, struct str secret, int64_t now)
{
    uint8_t key[SHA256_BYTES];
    hmac_sha256(secret, STR(KEY_TEXT), key);
    struct serving_options o = { .key = { (const char *)key, sizeof(key) }, .rng = loop->rng };
    return serving_create(&o, now);
}

int house_start(struct house **out, struct loop *loop, struct store *store, const struct house_options *o,
                struct err *e)
{
    struct house *h = calloc(1, sizeof(*h));
    struct arena a;
    ENSURE(h != NULL);
    *h = (struct house){ .loop = loop, .store = store, .sandbox = o->sandbox, .data_dir = o->data_dir };
    h->serving = make_serving(loop, o->secret, loop_now(loop));
    h->doors = (struct ads_doors){ .loop = loop, .serving = h->serving, .web = o->web, .destination = destination };
    h->minute = loop_now(loop);
    h->second.fire = on_second;
    ready_init(&h->loading, on_loading);
    arena_init(&a);
    int rc = restore(h, e) || house_find_changes(h, &a, e) ? -1 : 0;
    arena_finish(&a);
    if (rc) {
        house_destroy(h);
        return -1;
    }
    (void)house_load_some(h, SIZE_MAX); /* all of it: nobody waits yet */
    if (!serving_lineup(h->serving)) house_install(h);
    store_add_commit_hook(store, &h->committed, on_commit);
    arm(h);
    *out = h;
    return 0;
}

void house_destroy(struct house *h)
{
    if (!h) return;
    timer_cancel(h->loop, &h->second);
    ready_cancel(&h->loading);
    serving_destroy(h->serving);
    house_kept_finish(h);
    free(h);
}

struct ads_doors *house_doors(struct house *h)
{
    return &h->doors;
}

struct serving *house_serving(struct house *h)
{
    return h->serving;
}
