/* What may be shown where: the publishers' slots and the packages that are live or will be, as one immutable index.
 * Made anew from its parts by whatever changes one of them; what was counted lives elsewhere (serving.h).
 *
 * Parts are borrowed: they stay as they are until the lineup is destroyed. Keys are numbers of rows, never 0, each
 * unique among its kind. */
#pragma once

#include <salesagent/adapter.h>

#include "base/tz.h"
#include "serving/invalid.h"
#include "serving/keymap.h"
#include "serving/tally.h"

#define SLOT_SIZES_MAX 16

struct serving_publisher {
    uint32_t key;
    struct str tenant_id;
    const struct tz *zone;
    struct invalid_rules rules;
    int impressions_per_minute, clicks_per_minute; /* from one address; 0: no limit */
    const void *more; /* the caller's own */
};

struct size {
    int width, height;
};

struct serving_slot {
    uint32_t key, publisher; /* keys */
    struct str slot_id;
    enum plan_medium medium;
    const struct size *sizes; /* none: whatever has no size of its own */
    size_t sizes_n;
    int duration_ms_max;      /* of video and audio; 0: no limit */
    const uint64_t *pairs; /* key-values of its own */
    size_t pairs_n;
    bool pictures_only;       /* a place without scripts: in mails and the like */
    const void *more;         /* the caller's own */
};

struct serving_creative {
    uint32_t key;
    struct str creative_id;
    enum plan_medium medium;
    struct size size; /* 0 x 0: takes the size of its place */
    int duration_ms;  /* 0: unknown, or none */
    int weight;       /* 0: not shown */
    bool picture;         /* needs no script and no frame */
    const uint32_t *slots; /* keys of those it is for; none: all of its package's */
    size_t slots_n;
    const void *more;
};

enum priority { PRIORITY_GUARANTEED, PRIORITY_AUCTION, PRIORITY_FILLER };

/* What a package pays for. */
enum unit { UNIT_IMPRESSION, UNIT_VIEWABLE, UNIT_CLICK, UNIT_COMPLETE, UNITS_N };
enum event unit_event(enum unit u);

/* Numbers of what was counted, by enum event. */
struct counted {
    int64_t n[TOKEN_EVENTS_N];
};

#define NO_GOAL INT64_C(-1)

struct serving_package {
    uint32_t key, publisher;
    struct str package_id, media_buy_id;
    enum priority priority;
    enum unit unit;
    uint32_t advertiser; /* a hash of who advertises; 0: nobody, as for house ads */
    int64_t start_at, end_at; /* half-open */
    int64_t live_from, stopped_at; /* INT64_MAX: not approved; not stopped */
    bool paused;
    enum plan_pacing pacing;
    int64_t goal;             /* units that may be billed in all; NO_GOAL */
    int64_t impressions_goal; /* besides; NO_GOAL */
    int64_t day_units, day_impressions; /* no more than this a day of the publisher's zone; NO_GOAL */
    int share_e4;             /* without any goal: the share of its slots' requests it is to have */
    int64_t value_micros;     /* of a unit, times 1000: what a bid is compared by */
    struct targeting targeting;
    const uint32_t *slots;    /* keys; those that do not exist are passed over */
    size_t slots_n;
    const struct serving_creative *creatives;
    size_t creatives_n;
    /* Counted before this program began to count, as of `counted_day`: days of the publisher's zone. */
    struct counted counted, counted_today;
    int64_t counted_day;
    int64_t on_the_way; /* decisions that may still become something */
};

struct lineup_parts {
    const struct serving_publisher *publishers;
    size_t publishers_n;
    const struct serving_slot *slots;
    size_t slots_n;
    const struct serving_package *const *packages;
    size_t packages_n;
};

/* ---- made of it ---- */

struct live_slot {
    const struct serving_slot *slot;
    uint32_t publisher; /* a place */
    uint32_t state;     /* serving.c's */
    /* How many packages may ever run here; those that do now are listed by serving.c. */
    uint32_t guaranteed_n, auction_n, filler_n;
    uint32_t first; /* of its places in the lists */
};

struct live_package {
    const struct serving_package *package;
    uint32_t publisher, state;
    const uint32_t *slots; /* places of the slots that one of its creatives fits */
    uint32_t slots_n, pool;
    bool flagged;          /* asks something of the visit */
    bool has_slots, has_creatives;
};

/* Packages that run on the very same slots share the forecast of them. */
struct pool {
    const uint32_t *slots;
    uint32_t slots_n, publisher;
};

struct lineup {
    struct arena arena;
    const struct serving_publisher *const *publishers;
    struct live_slot *slots;
    struct live_package *packages;
    struct pool *pools;
    uint32_t publishers_n, slots_n, packages_n, pools_n;
    uint32_t candidates_n; /* places in the lists of all slots */
    struct keymap slot_places, package_places; /* by key */
    uint32_t *slot_index; /* by publisher and id: hash to place + 1 */
    size_t slot_index_cap;
};

/* Owned by the caller until serving_install. */
struct lineup *lineup_create(const struct lineup_parts *parts);
void lineup_destroy(struct lineup *l); /* NULL-safe */

/* What a request has room for: bits of the slot's sizes, in their order (none: all of them), and these. */
#define ROOM_PICTURES (1u << 30) /* only what needs no script */
#define ROOM_NO_SIZE  (1u << 31) /* none of the slot's sizes */

/* Whether a creative can be shown in a slot, with the room a request has. */
bool creative_fits(const struct serving_creative *c, const struct serving_slot *s, unsigned room);

/* The place of a slot by its publisher's key and its id. */
MUST_CHECK bool lineup_find_slot(const struct lineup *l, uint32_t publisher, struct str slot_id, uint32_t *place);
MUST_CHECK bool lineup_find_publisher(const struct lineup *l, struct str tenant_id, uint32_t *place);
