/* What is known of whoever asks for ads, and what a package may want of it.
 *
 * Sets of two-letter codes (ISO 3166-1 countries, ISO 639-1 languages) are bits of 676; hours of the week are bits of
 * 168, counted from Monday 00:00 in the publisher's zone. What is unknown never matches something that is wanted, and
 * is never excluded. */
#pragma once

#include "base/compiler.h"

#define CODES_N      (26 * 26)
#define CODE_UNKNOWN (-1)
#define WEEK_HOURS   168
#define PAIRS_MAX    32 /* key-values of one request */

struct code_set {
    uint64_t bit[(CODES_N + 63) / 64];
};

struct week_set {
    uint64_t bit[(WEEK_HOURS + 63) / 64];
};

/* "DE" or "de" -> its number; CODE_UNKNOWN for what is not two letters. */
int code_of(struct str letters);
/* The two letters, in capitals; empty for CODE_UNKNOWN. In `out`. */
struct str code_text(int code, char out[2]);
void code_set_add(struct code_set *s, int code); /* nothing for CODE_UNKNOWN */
bool code_set_has(const struct code_set *s, int code);

static inline bool week_set_has(const struct week_set *s, int hour)
{
    return s->bit[hour >> 6] >> (hour & 63) & 1;
}
void week_set_add(struct week_set *s, int hour);

/* AdCP's device-type and, below, device-platform. */
enum device { DEVICE_UNKNOWN, DEVICE_DESKTOP, DEVICE_MOBILE, DEVICE_TABLET, DEVICE_CTV, DEVICES_N };
enum platform {
    PLATFORM_UNKNOWN,
    PLATFORM_IOS,
    PLATFORM_ANDROID,
    PLATFORM_WINDOWS,
    PLATFORM_MACOS,
    PLATFORM_LINUX,
    PLATFORM_CHROMEOS,
    PLATFORM_TVOS,
    PLATFORM_TIZEN,
    PLATFORM_WEBOS,
    PLATFORM_FIRE_OS,
    PLATFORM_ROKU_OS,
    PLATFORMS_N
};
#define DEVICE_BIT(d)   (1u << (d))
#define DEVICES_ALL     ((1u << DEVICES_N) - 1)
#define PLATFORM_BIT(p) (1u << (p))
#define PLATFORMS_ALL   ((1u << PLATFORMS_N) - 1)

/* A key and a value of a request, as one number. Never 0. */
uint64_t pair_of(struct str key, struct str value);

/* At least one pair of each group has to be there. */
struct pair_group {
    const uint64_t *pairs;
    size_t n;
};

/* No more than `max` impressions in `window_s` from the first of them, and none for `suppress_s` after one. */
struct frequency_cap {
    int max;          /* 0: no such limit */
    int64_t window_s; /* INT64_MAX: the whole flight */
    int64_t suppress_s;
};

struct targeting {
    unsigned devices;   /* bits that may see it: DEVICES_ALL is everybody */
    unsigned platforms; /* likewise */
    bool countries_wanted, languages_wanted, hours_wanted; /* whether the sets below restrict */
    struct code_set countries, countries_excluded, languages;
    struct week_set hours;
    const struct pair_group *groups;
    size_t groups_n;
    struct frequency_cap cap;
};

/* Whoever asks. Zero-initialised: nothing is known. */
struct visit {
    int country, language; /* a code, or CODE_UNKNOWN */
    enum device device;
    enum platform platform;
    int week_hour;               /* of the publisher's zone */
    uint32_t visitor;            /* a hash of an id that may be used; 0: there is none */
    const uint64_t *pairs;
    size_t pairs_n;
    const uint64_t *slot_pairs; /* those of the slot that is asked for */
    size_t slot_pairs_n;
};

/* Everybody and always. */
void targeting_init(struct targeting *t);
/* Whether it asks nothing of a visit; the frequency cap does. */
bool targeting_is_open(const struct targeting *t);

enum mismatch { MATCHES, MISMATCH_COUNTRY, MISMATCH_DEVICE, MISMATCH_LANGUAGE, MISMATCH_HOUR, MISMATCH_KEY_VALUES };

/* Everything but the frequency cap. The first thing that does not match is named. */
enum mismatch targeting_match(const struct targeting *t, const struct visit *v);
