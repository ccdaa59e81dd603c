/* What the files of targeting share (targeting.c, targeting_admit.c, needs.c, targeting_words.c). */
#pragma once

#include "adapters/gam/gam.h"

/* ---- targeting_words.c ---- */

/* NULL when Ad Manager has none. */
const char *gam_device_id(struct str word);
const char *gam_platform_name(struct str word);
/* Google's id of a Nielsen DMA region; false for what is no such code. */
MUST_CHECK bool gam_dma_id(struct str code, char out[16]);
/* Of an area of geo_postal_areas: are its codes listed over there, and "US:10001", the key of one. */
bool gam_postal_known(yyjson_val *area);
struct str gam_postal_key(struct arena *a, yyjson_val *area, struct str code);
/* "key=value" */
struct str gam_value_key(struct arena *a, struct str key, struct str value);

struct gam_cap {
    int64_t impressions, amount;
    const char *unit;
};
/* The caps of an overlay's frequency_cap, their number; -1 when one of them cannot be said. */
int gam_caps_of(yyjson_val *cap, struct gam_cap out[2]);

/* ---- needs.c ---- */

/* NULL when it is not among them. */
struct gam_need *gam_need_of(const struct gam_needs *needs, const char *kind, struct str key);
/* The collection that lists such things: "geoTargets". */
const char *gam_need_collection(const char *kind);
