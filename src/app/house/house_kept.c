/* What the ad server has in memory of the rows: publishers with their slots, and media buys, each in an arena of its own and
 * replaced whole when it has changed. A lineup is made of all of them; it borrows, so what was replaced stays until the next one
 * is installed. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/house/house_internal.h"
#include "base/log.h"
#include "base/tz.h"
#include "store/q/q_house.h"
#include "store/q/q_tenant.h"

/* ---- what is kept ---- */

/* Room for one more pointer. */
static void *grown(void *list, size_t n, size_t *cap, size_t item_bytes)
{
    if (n < *cap) return list;
    *cap = *cap ? 2 * *cap : 16;
    list = realloc(list, *cap * item_bytes);
    ENSURE(list != NULL);
    return list;
}

static void drop_buy(struct kept_buy *b)
{
    arena_finish(&b->arena);
    free(b);
}

static void drop_publisher(struct kept_publisher *p)
{
    geo_destroy(p->geo);
    arena_finish(&p->arena);
    free(p);
}

static size_t publisher_place(const struct house *h, struct str tenant_id)
{
    size_t i = 0;
    while (i < h->publishers_n && !str_eq(h->publishers[i]->tenant_id, tenant_id)) i++;
    return i;
}

static size_t buy_place(const struct house *h, struct str media_buy_id)
{
    size_t i = 0;
    while (i < h->buys_n && !str_eq(h->buys[i]->media_buy_id, media_buy_id)) i++;
    return i;
}

/* Puts `b` where the buy of that id was (NULL: nowhere); the lineup may still borrow from what was there. */
static void replace_buy(struct house *h, struct str media_buy_id, struct kept_buy *b)
{
    size_t place = buy_place(h, media_buy_id);
    bool was_there = place < h->buys_n;
    if (was_there) {
        h->gone_buys = grown(h->gone_buys, h->gone_buys_n, &h->gone_buys_cap, sizeof(*h->gone_buys));
        h->gone_buys[h->gone_buys_n++] = h->buys[place];
        h->buys[place] = h->buys[--h->buys_n];
    }
    h->stale = h->stale || b || was_there;
    if (!b) return;
    h->buys = grown(h->buys, h->buys_n, &h->buys_cap, sizeof(*h->buys));
    h->buys[h->buys_n++] = b;
}

static void replace_publisher(struct house *h, struct str tenant_id, struct kept_publisher *p)
{
    size_t place = publisher_place(h, tenant_id);
    if (place < h->publishers_n) {
        h->gone_publishers =
            grown(h->gone_publishers, h->gone_publishers_n, &h->gone_publishers_cap, sizeof(*h->gone_publishers));
        h->gone_publishers[h->gone_publishers_n++] = h->publishers[place];
        h->publishers[place] = h->publishers[--h->publishers_n];
    }
    h->stale = true;
    if (!p) return;
    h->publishers = grown(h->publishers, h->publishers_n, &h->publishers_cap, sizeof(*h->publishers));
    h->publishers[h->publishers_n++] = p;
}

static void drop_gone(struct house *h)
{
    while (h->gone_buys_n) drop_buy(h->gone_buys[--h->gone_buys_n]);
    while (h->gone_publishers_n) drop_publisher(h->gone_publishers[--h->gone_publishers_n]);
}

void house_install(struct house *h)
{
    size_t slots_n = 0, packages_n = 0, s = 0, p = 0;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < h->publishers_n; i++) slots_n += h->publishers[i]->house.slots_n;
    for (size_t i = 0; i < h->buys_n; i++) packages_n += h->buys[i]->buy.packages_n;
    struct serving_publisher *publishers = ARENA_ARRAY(&a, struct serving_publisher, h->publishers_n + 1);
    struct serving_slot *slots = ARENA_ARRAY(&a, struct serving_slot, slots_n + 1);
    const struct serving_package **packages = ARENA_ARRAY(&a, const struct serving_package *, packages_n + 1);
    for (size_t i = 0; i < h->publishers_n; i++) {
        const struct kept_publisher *k = h->publishers[i];
        publishers[i] = k->house.publisher;
        publishers[i].more = &k->house.site;
        for (size_t n = 0; n < k->house.slots_n; n++) slots[s++] = k->house.slots[n];
    }
    for (size_t i = 0; i < h->buys_n; i++) {
        for (size_t n = 0; n < h->buys[i]->buy.packages_n; n++) packages[p++] = &h->buys[i]->buy.packages[n];
    }
    struct lineup_parts parts = { publishers, h->publishers_n, slots, slots_n, packages, packages_n };
    serving_install(h->serving, lineup_create(&parts), house_now(h));
    arena_finish(&h->parts);
    h->parts = a;
    h->stale = false;
    drop_gone(h);
}

/* ---- loading ---- */

static int act_for(const struct house *h, struct arena *a, struct str tenant_id, struct tenant *tenant, struct act *act,
                   struct err *e)
{
    struct tenant_row row;
    int found = q_tenant_get(store_read(h->store), a, tenant_id, &row, e);
    if (found != 1) return found;
    *tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
    *act = house_act(h, store_read(h->store), a);
    act->tenant = tenant;
    return 1;
}

/* A file of countries is read again only when it is another one. */
static void load_countries(struct house *h, struct kept_publisher *p)
{
    struct kept_publisher *before = NULL;
    size_t place = publisher_place(h, p->tenant_id);
    struct str path = p->house.country_file;
    struct stat st;
    struct err e;
    if (path.n == 0) return;
    if (path.p[0] != '/' && h->data_dir) path = arena_printf(&p->arena, "%s/" STR_FMT, h->data_dir, STR_ARG(path));
    int fd = open(arena_cstr(&p->arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || st.st_size < 0 || (size_t)st.st_size > GEO_BYTES_MAX) {
        log_event(LOG_ERROR, "house", "the file of countries cannot be read", "path", arena_cstr(&p->arena, path),
                  NULL);
        if (fd >= 0) (void)close(fd); /* only read from */
        return;
    }
    p->geo_file = (struct file_id){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
    if (place < h->publishers_n) before = h->publishers[place];
    if (before && before->geo && memcmp(&before->geo_file, &p->geo_file, sizeof(p->geo_file)) == 0) {
        p->geo = before->geo;
        before->geo = NULL; /* the lineup has no use for it before it is replaced: nothing is decided in between */
    } else {
        size_t size = (size_t)st.st_size, n = 0;
        char *text = malloc(size + 1);
        ENSURE(text != NULL);
        for (ssize_t got; n < size && (got = read(fd, text + n, size - n)) > 0;) n += (size_t)got;
        if (geo_create((struct str){ text, n }, &p->geo, &e))
            house_complain(&p->arena, "the file of countries is not one", path, &e);
        free(text);
    }
    (void)close(fd); /* only read from */
    p->house.site.geo = p->geo;
}

static void load_publisher(struct house *h, struct str tenant_id)
{
    struct kept_publisher *p = calloc(1, sizeof(*p));
    struct tenant *tenant;
    struct act act;
    struct err e;
    ENSURE(p != NULL);
    arena_init(&p->arena);
    p->tenant_id = arena_dup(&p->arena, tenant_id);
    tenant = ARENA_NEW(&p->arena, struct tenant);
    int rc = act_for(h, &p->arena, p->tenant_id, tenant, &act, &e);
    if (rc == 1) rc = house_publisher_load(&act, &p->house, &e);
    if (rc < 0) house_complain(&p->arena, "a publisher could not be loaded", p->tenant_id, &e);
    if (rc == 1) {
        load_countries(h, p);
        replace_publisher(h, p->tenant_id, p);
        return;
    }
    if (rc == 0) replace_publisher(h, p->tenant_id, NULL);
    drop_publisher(p); /* what could not be loaded stays as it was */
}

/* A loaded buy without what it was loaded from, in one piece of memory: there may be many. */
static struct kept_buy *keep_buy(struct arena *scratch, const struct house_buy *loaded, struct str tenant_id)
{
    struct kept_buy *b = calloc(1, sizeof(*b));
    struct house_buy measured;
    size_t before = scratch->used_bytes;
    ENSURE(b != NULL);
    house_buy_keep(scratch, loaded, &measured);
    (void)arena_dup(scratch, tenant_id);
    arena_init(&b->arena);
    arena_reserve(&b->arena, scratch->used_bytes - before);
    house_buy_keep(&b->arena, loaded, &b->buy);
    b->media_buy_id = b->buy.media_buy_id;
    b->tenant_id = arena_dup(&b->arena, tenant_id);
    return b;
}

static void load_buy(struct house *h, struct str media_buy_id, struct str tenant_id)
{
    size_t place = publisher_place(h, tenant_id);
    struct house_buy buy;
    struct tenant tenant;
    struct arena a;
    struct act act;
    struct err e;
    arena_init(&a);
    int rc = place < h->publishers_n ? act_for(h, &a, tenant_id, &tenant, &act, &e) : 0;
    if (rc == 1) rc = house_buy_load(&act, media_buy_id, h->publishers[place]->house.publisher.key, &buy, &e);
    if (rc < 0) house_complain(&a, "a media buy could not be loaded", media_buy_id, &e);
    bool kept = rc == 1 && buy.over_at + HOUSE_KEEP_US > house_now(h);
    if (rc >= 0) replace_buy(h, media_buy_id, kept ? keep_buy(&a, &buy, tenant_id) : NULL);
    arena_finish(&a);
}

static void add_todo(struct house *h, struct str media_buy_id, struct str tenant_id)
{
    h->todo = grown(h->todo, h->todo_n + 1, &h->todo_cap, sizeof(*h->todo));
    h->todo[h->todo_n++] = arena_dup(&h->todo_arena, media_buy_id);
    h->todo[h->todo_n++] = arena_dup(&h->todo_arena, tenant_id);
}

/* Everything of a publisher anew. */
static int reload_publisher(struct house *h, struct arena *a, struct str tenant_id, struct err *e)
{
    struct house_buy_rows rows;
    load_publisher(h, tenant_id);
    if (q_house_buys_of(store_read(h->store), a, tenant_id, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) add_todo(h, rows.rows[i].media_buy_id, tenant_id);
    return 0;
}

/* What was committed since it was last asked. */
int house_find_changes(struct house *h, struct arena *a, struct err *e)
{
    struct house_publisher_rows publishers;
    struct house_buy_rows buys;
    for (;;) {
        if (q_house_publishers_since(store_read(h->store), a, h->publisher_seq, 100, &publishers, e)) return -1;
        for (size_t i = 0; i < publishers.n; i++) {
            if (reload_publisher(h, a, publishers.rows[i].tenant_id, e)) return -1;
            h->publisher_seq = publishers.rows[i].seq;
        }
        if (publishers.n == 0) break;
    }
    for (;;) {
        if (q_house_buys_since(store_read(h->store), a, h->buy_seq, 1000, &buys, e)) return -1;
        for (size_t i = 0; i < buys.n; i++) {
            add_todo(h, buys.rows[i].media_buy_id, buys.rows[i].tenant_id);
            h->buy_seq = buys.rows[i].seq;
        }
        if (buys.n == 0) break;
    }
    return 0;
}

/* Loads some of what is to be loaded; true when that was all. */
bool house_load_some(struct house *h, size_t most)
{
    for (size_t i = 0; i < most && h->todo_at < h->todo_n; i++, h->todo_at += 2) {
        load_buy(h, h->todo[h->todo_at], h->todo[h->todo_at + 1]);
    }
    if (h->todo_at < h->todo_n) return false;
    h->todo_n = h->todo_at = 0;
    arena_finish(&h->todo_arena);
    if (h->stale) house_install(h);
    return true;
}

const struct tz *house_zone_of_tenant(const struct house *h, struct str tenant_id)
{
    size_t place = publisher_place(h, tenant_id);
    return place < h->publishers_n ? h->publishers[place]->house.publisher.zone : tz_utc();
}

void house_forget_buys(struct house *h, int64_t now)
{
    for (size_t i = h->buys_n; i-- > 0;) {
        if (h->buys[i]->buy.over_at + HOUSE_KEEP_US < now) replace_buy(h, h->buys[i]->media_buy_id, NULL);
    }
    if (h->stale) house_install(h);
}

void house_kept_finish(struct house *h)
{
    drop_gone(h);
    while (h->buys_n) drop_buy(h->buys[--h->buys_n]);
    while (h->publishers_n) drop_publisher(h->publishers[--h->publishers_n]);
    free(h->buys);
    free(h->publishers);
    free(h->gone_buys);
    free(h->gone_publishers);
    free(h->todo);
    arena_finish(&h->todo_arena);
    arena_finish(&h->parts);
}
