#include "serving/visit.h"

static int letter(char c)
{
    if (c >= 'a' && c <= 'z') return c - 'a';
    return c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

int code_of(struct str s)
{
    if (s.n != 2 || letter(s.p[0]) < 0 || letter(s.p[1]) < 0) return CODE_UNKNOWN;
    return letter(s.p[0]) * 26 + letter(s.p[1]);
}

struct str code_text(int code, char out[2])
{
    if (code < 0 || code >= CODES_N) return STR_NONE;
    out[0] = (char)('A' + code / 26);
    out[1] = (char)('A' + code % 26);
    return (struct str){ out, 2 };
}

void code_set_add(struct code_set *s, int code)
{
    if (code < 0 || code >= CODES_N) return;
    s->bit[code >> 6] |= UINT64_C(1) << (code & 63);
}

bool code_set_has(const struct code_set *s, int code)
{
    return code >= 0 && code < CODES_N && s->bit[code >> 6] >> (code & 63) & 1;
}

void week_set_add(struct week_set *s, int hour)
{
    ENSURE(hour >= 0 && hour < WEEK_HOURS);
    s->bit[hour >> 6] |= UINT64_C(1) << (hour & 63);
}

/* FNV-1a, finished by a mix, so that neither similar keys nor similar values meet. */
static uint64_t hash_of(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)s.p[i]) * UINT64_C(0x100000001B3);
    h = (h ^ h >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return h ^ h >> 31;
}

uint64_t pair_of(struct str key, struct str value)
{
    uint64_t h = hash_of(hash_of(UINT64_C(0xCBF29CE484222325), key) ^ key.n, value);
    return h ? h : 1;
}

void targeting_init(struct targeting *t)
{
    *t = (struct targeting){ .devices = DEVICES_ALL, .platforms = PLATFORMS_ALL };
}

static bool codes_empty(const struct code_set *s)
{
    for (size_t i = 0; i < ARRAY_LEN(s->bit); i++) {
        if (s->bit[i]) return false;
    }
    return true;
}

bool targeting_is_open(const struct targeting *t)
{
    return t->devices == DEVICES_ALL && t->platforms == PLATFORMS_ALL && !t->countries_wanted && !t->languages_wanted &&
           !t->hours_wanted && codes_empty(&t->countries_excluded) && t->groups_n == 0 && t->cap.max == 0 &&
           t->cap.suppress_s == 0;
}

static bool has_pair(const uint64_t *pairs, size_t n, uint64_t pair)
{
    for (size_t i = 0; i < n; i++) {
        if (pairs[i] == pair) return true;
    }
    return false;
}

static bool any_pair(const struct pair_group *g, const struct visit *v)
{
    for (size_t k = 0; k < g->n; k++) {
        if (has_pair(v->pairs, v->pairs_n, g->pairs[k])) return true;
        if (has_pair(v->slot_pairs, v->slot_pairs_n, g->pairs[k])) return true;
    }
    return false;
}

enum mismatch targeting_match(const struct targeting *t, const struct visit *v)
{
    if (t->countries_wanted && !code_set_has(&t->countries, v->country)) return MISMATCH_COUNTRY;
    if (code_set_has(&t->countries_excluded, v->country)) return MISMATCH_COUNTRY;
    if (!(t->devices & DEVICE_BIT(v->device)) || !(t->platforms & PLATFORM_BIT(v->platform))) return MISMATCH_DEVICE;
    if (t->languages_wanted && !code_set_has(&t->languages, v->language)) return MISMATCH_LANGUAGE;
    if (t->hours_wanted && !week_set_has(&t->hours, v->week_hour)) return MISMATCH_HOUR;
    for (size_t i = 0; i < t->groups_n; i++) {
        if (!any_pair(&t->groups[i], v)) return MISMATCH_KEY_VALUES;
    }
    return MATCHES;
}
