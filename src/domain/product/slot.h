/* Slots: the places where the built-in ad server shows ads. A slot belongs to a property; products of that ad server name the
 * slots their packages may run in (ext.salesagent.ad_server.slots, else the placements they list). docs/ad-servers/house.md. */
#pragma once

#include <salesagent/adapter.h>

#include "contract/json.h"
#include "domain/core/act.h"
#include "domain/product/catalog.h"
#include "store/q/q_slot.h"

#define SLOT_ID_MAX     64
#define SLOT_SIZES      16
#define SLOT_KEYS_MAX   16
#define SLOT_KEY_VALUES 32 /* of one key */

struct slot_size {
    int width, height;
};

struct slot {
    int64_t key; /* 0 before it is stored */
    struct str slot_id, name, description, property_id;
    enum plan_medium medium; /* display, video or audio */
    struct slot_size sizes[SLOT_SIZES]; /* none: for creatives without a size of their own */
    size_t sizes_n;
    int max_duration_ms; /* of video and audio; 0: any */
    bool scripts; /* false: in mails and the like, where only pictures can be shown */
    struct str section; /* of the site; may be empty */
    yyjson_val *key_values; /* {key: [values]}; or NULL */
    yyjson_val *doc;
};

/* Letters, digits, '.', '_' and '-', and not dots alone: it stands in URLs and attributes of pages. */
bool slot_id_valid(struct str id);

/* A stored row. A damaged one reads as what can be read of it; false when that is nothing. */
MUST_CHECK bool slot_from_row(struct arena *a, const struct slot_row *row, struct slot *out);

/* Checks a slot and brings it to this state: 1 something changed, 0 nothing, -1 failed. INVALID_REQUEST names the member;
 * its property must exist. */
MUST_CHECK int slot_put(struct catalog_writer *w, yyjson_val *doc, struct err *e);

/* REFERENCE_NOT_FOUND when there is none, INVALID_STATE while a product is sold on it. */
MUST_CHECK int slot_remove(const struct act *act, struct str slot_id, struct err *e);

/* "display", "video" or "audio"; an AdCP channel for buyers: "display", "olv", "streaming_audio". */
const char *slot_channel(enum plan_medium m);
