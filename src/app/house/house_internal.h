/* What the files of the ad server at work share: house_kept.c (what is in memory of the rows), house.c (batches, start and
 * stop), house_chores.c (what is due every minute and every hour). */
#pragma once

#include <sys/stat.h>

#include "app/house/house.h"
#include "domain/house/house_load.h"

#define HOUSE_MINUTE (60 * USEC_PER_SEC)
#define HOUSE_HOUR   (60 * HOUSE_MINUTE)

/* A media buy as it is in memory: replaced whole when it has changed. */
struct kept_buy {
    struct arena arena;
    struct str media_buy_id, tenant_id;
    struct house_buy buy;
};

struct kept_publisher {
    struct arena arena;
    struct str tenant_id;
    struct house_publisher house;
    struct geo *geo; /* made of the file below */
    struct file_id {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec changed;
    } geo_file;
    int64_t closed_day; /* days before it are final */
};

struct house {
    struct loop *loop;
    struct store *store;
    struct serving *serving;
    struct ads_doors doors;
    bool sandbox;
    const char *data_dir;

    /* house_kept.c: what is in memory of the rows */
    struct kept_publisher **publishers;
    size_t publishers_n, publishers_cap;
    struct kept_buy **buys;
    size_t buys_n, buys_cap;
    int64_t publisher_seq, buy_seq; /* what is in memory is as of these */
    bool look; /* a commit may have changed something */
    bool stale; /* parts were replaced: a lineup is due */
    struct arena parts; /* of the lineup: what it is made of besides the kept ones */
    struct kept_buy **gone_buys; /* replaced; the lineup still borrows from them */
    size_t gone_buys_n, gone_buys_cap;
    struct kept_publisher **gone_publishers;
    size_t gone_publishers_n, gone_publishers_cap;
    struct str *todo; /* buys to be loaded */
    size_t todo_n, todo_cap, todo_at;
    struct arena todo_arena;
    struct ready loading;

    struct commit_hook committed;
    struct timer second;
    int64_t second_at; /* for when it is set */

    /* the batch that is being written, part by part */
    const struct tally *batch;
    struct tally_place written;
    struct house_part part;
    struct write_cmd cmd;
    struct arena cmd_arena;
    void (*flushed)(void *arg); /* NULL: nobody waits */
    void *flushed_arg;
    bool flush_rest; /* what came while the batch was on its way is written, too */

    /* house_chores.c: accruals, days, histories, expiry */
    struct write_cmd chores_cmd;
    struct arena chores_arena;
    bool chores_running;
    int64_t minute, hour, chores_at; /* when chores were last done; when those under way began */
    bool expiring; /* not all that is too old is gone yet */
    int64_t histories; /* sum of hours closed that is stored */
    int64_t histories_now;
};

static inline int64_t house_now(const struct house *h)
{
    return loop_now(h->loop);
}

/* An act of this server's own, without tenant, in `tx`. */
struct act house_act(const struct house *h, struct tx *tx, struct arena *a);
void house_complain(struct arena *a, const char *what, struct str id, const struct err *e);

/* ---- house_kept.c ---- */

/* The zone of a publisher's days; UTC's for one that is not there. */
const struct tz *house_zone_of_tenant(const struct house *h, struct str tenant_id);
/* Reads what was committed since it was last asked, and notes which buys are to be loaded. */
MUST_CHECK int house_find_changes(struct house *h, struct arena *a, struct err *e);
/* Loads at most `most` of these; true when that was all, and then the lineup is that of the rows. */
bool house_load_some(struct house *h, size_t most);
/* Drops buys that were over long before `now`. */
void house_forget_buys(struct house *h, int64_t now);
/* Everything that is kept, at the end. */
void house_kept_finish(struct house *h);
/* A lineup of everything that is kept. */
void house_install(struct house *h);

/* ---- house_chores.c ---- */

/* Once a minute. What fails is done with the next. */
void house_start_chores(struct house *h);
