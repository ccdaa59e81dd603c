/* Creative formats: what a creative must be to be shown. Two sources:
 *
 *   the publisher's   rows of `format`: AdCP format objects; what AdCP has no field for (exact bytes, MIME types) is
 *                     in "ext"."salesagent" {max_file_size_bytes, mime_types[], max_duration_seconds, channel}
 *   standard          families every sales agent is asked for, read off the id itself: display_300x250, video_30s,
 *                     vast_15s, native_post, product_carousel_3_to_10 ...; parameters of the reference (width, height,
 *                     duration_ms) fill in what the id leaves open
 *
 * A publisher's row wins over a standard format of the same id. The agent_url of a reference does not decide
 * anything: buyers name formats by the ids they learnt elsewhere. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "domain/product/product.h"

enum format_type { FORMAT_DISPLAY, FORMAT_VIDEO, FORMAT_AUDIO, FORMAT_NATIVE, FORMAT_OTHER };

struct format_bounds {
    int64_t min, max; /* inclusive; 0: unbounded */
};

/* One asset the format asks for. */
struct format_slot {
    struct str asset_id;   /* the key in a creative's assets; of a group, asset_group_id */
    struct str asset_type; /* "image", "video", "text", ...; empty: any */
    bool required, group;
    struct format_bounds width, height, duration_ms, text_length, count;
    int64_t max_file_bytes;  /* 0: no limit */
    yyjson_val *formats;     /* accepted file formats or containers, lower case words; or NULL */
    yyjson_val *allowed_values, *prohibited_terms; /* of text; or NULL */
};

struct format_spec {
    struct str agent_url, id, name;
    enum format_type type;
    int64_t width, height;           /* of the render, exact; 0: open */
    struct format_bounds duration_ms;
    int64_t max_file_bytes;          /* 0: no limit */
    yyjson_val *mime_types;          /* accepted, array of strings; or NULL: any of its kind */
    int64_t max_animation_ms;        /* 0: no limit */
    struct format_slot *slots;
    size_t slots_n;
    const char *needs_one_of[6];     /* asset types, at least one of which must be there; ends with NULL */
    bool standard;                   /* read off its id */
    yyjson_val *doc;                 /* the publisher's object; NULL for a standard one */
};

/* 1 found, 0 there is no such format, -1 failed. In the arena. */
MUST_CHECK int format_load(struct tx *tx, struct arena *a, struct str tenant_id, const struct format_ref *ref,
                           struct format_spec *out, struct err *e);

/* The same without a store. format_read: a publisher's object; false when it has no id. format_standard: false when
 * the id is of no family. */
MUST_CHECK bool format_read(struct arena *a, yyjson_val *doc, struct format_spec *out);
MUST_CHECK bool format_standard(struct arena *a, const struct format_ref *ref, struct format_spec *out);
/* A 3.1 canonical format kind ("image", "video_vast", ...) with its declaration's params (may be NULL). */
MUST_CHECK bool format_of_kind(struct arena *a, struct str kind, yyjson_val *params, struct format_spec *out);

/* NULL when the format does not know this asset. */
const struct format_slot *format_slot_find(const struct format_spec *f, struct str asset_id);

/* True when a creative of format `c` can run where format `p` is sold: the same id, or the same kind of thing at the
 * same size and within the same duration. */
bool format_fits(const struct format_spec *c, const struct format_spec *p);
