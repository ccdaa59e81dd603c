#include "domain/product/format.h"
#include "contract/document.h"

#include "store/memory.h"
#include "store/q/q_catalog.h"

#define SLOTS_MAX         200
#define DURATION_SLACK_MS 500   /* encoders round a 30 s spot up to a frame or two */
#define PIXELS_MAX        20000
#define SECONDS_MAX       3600
#define BOUND_MAX         (INT64_C(1) << 40) /* leaves room for the unit it is multiplied by */

/* ---- standard families ---- */

enum family_shape {
    SHAPE_EXACT, /* the prefix is the whole id */
    SHAPE_SIZE,  /* prefix WxH, then optionally "_" and a known ending */
    SHAPE_TIME,  /* prefix N "s" */
    SHAPE_RANGE  /* prefix A "_to_" B */
};

struct family {
    const char *prefix;
    enum family_shape shape;
    enum format_type type;
    const char *needs_one_of[6];
};

#define NEEDS_DISPLAY { "image", "html", "javascript", "url", "zip", NULL }
#define NEEDS_VIDEO   { "video", "vast", "url", NULL }
#define NEEDS_VAST    { "vast", "video", "url", NULL }
#define NEEDS_AUDIO   { "audio", "daast", "vast", "url", NULL }
#define NEEDS_NATIVE  { "image", "video", "text", "card", "published_post", NULL }

static const struct family families[] = {
    { "display_", SHAPE_SIZE, FORMAT_DISPLAY, NEEDS_DISPLAY },
    { "banner_", SHAPE_SIZE, FORMAT_DISPLAY, NEEDS_DISPLAY },
    { "display_static", SHAPE_EXACT, FORMAT_DISPLAY, { "image", NULL } },
    { "display_image", SHAPE_EXACT, FORMAT_DISPLAY, { "image", NULL } },
    { "display_html", SHAPE_EXACT, FORMAT_DISPLAY, { "html", "zip", "url", NULL } },
    { "display_js", SHAPE_EXACT, FORMAT_DISPLAY, { "javascript", "url", NULL } },
    { "video_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "video_standard_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "video_", SHAPE_SIZE, FORMAT_VIDEO, NEEDS_VIDEO },
    { "video_standard", SHAPE_EXACT, FORMAT_VIDEO, NEEDS_VIDEO },
    { "video_hosted", SHAPE_EXACT, FORMAT_VIDEO, { "video", NULL } },
    { "video_vast", SHAPE_EXACT, FORMAT_VIDEO, NEEDS_VAST },
    { "vast_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VAST },
    { "preroll_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "midroll_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "ssai_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "ctv_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "olv_", SHAPE_TIME, FORMAT_VIDEO, NEEDS_VIDEO },
    { "broadcast_", SHAPE_TIME, FORMAT_VIDEO, { "video", NULL } },
    { "audio_", SHAPE_TIME, FORMAT_AUDIO, NEEDS_AUDIO },
    { "audio_standard_", SHAPE_TIME, FORMAT_AUDIO, NEEDS_AUDIO },
    { "audio_standard", SHAPE_EXACT, FORMAT_AUDIO, NEEDS_AUDIO },
    { "native_content", SHAPE_EXACT, FORMAT_NATIVE, NEEDS_NATIVE },
    { "native_post", SHAPE_EXACT, FORMAT_NATIVE, NEEDS_NATIVE },
    { "native_feed", SHAPE_EXACT, FORMAT_NATIVE, NEEDS_NATIVE },
    { "native_standard", SHAPE_EXACT, FORMAT_NATIVE, NEEDS_NATIVE },
    { "product_carousel_", SHAPE_RANGE, FORMAT_NATIVE, { NULL } },
};

static const char *const size_endings[] = {
    "", "_image", "_static", "_animated", "_html", "_html5", "_js", "_catalog"
};

/* Reads digits at the start of *s; 0 when there are none or the number is above `max`. */
static int64_t take_number(struct str *s, int64_t max)
{
    int64_t v = 0;
    size_t i = 0;
    while (i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && v <= max) v = v * 10 + (s->p[i++] - '0');
    *s = str_skip(*s, i);
    return v <= max ? v : 0;
}

static bool take_text(struct str *s, const char *text)
{
    if (!str_starts(*s, str_from(text))) return false;
    *s = str_skip(*s, strlen(text));
    return true;
}

static bool read_size(struct str rest, struct format_spec *out)
{
    int64_t w = take_number(&rest, PIXELS_MAX);
    if (w == 0 || !take_text(&rest, "x")) return false;
    int64_t h = take_number(&rest, PIXELS_MAX);
    if (h == 0) return false;
    for (size_t i = 0; i < ARRAY_LEN(size_endings); i++) {
        if (!str_is(rest, size_endings[i])) continue;
        out->width = w;
        out->height = h;
        return true;
    }
    return false;
}

static bool read_family(const struct family *f, struct str id, struct format_spec *out)
{
    struct str rest = str_skip(id, strlen(f->prefix));
    switch (f->shape) {
    case SHAPE_EXACT: return rest.n == 0;
    case SHAPE_SIZE: return read_size(rest, out);
    case SHAPE_TIME: {
        int64_t seconds = take_number(&rest, SECONDS_MAX);
        out->duration_ms.max = seconds * 1000;
        return seconds > 0 && str_is(rest, "s");
    }
    case SHAPE_RANGE: {
        int64_t least = take_number(&rest, 100);
        if (least == 0 || !take_text(&rest, "_to_")) return false;
        return take_number(&rest, 100) >= least && rest.n == 0;
    }
    }
    return false;
}

static void apply_parameters(const struct format_ref *ref, struct format_spec *out)
{
    if (out->width == 0 && ref->width > 0) out->width = ref->width;
    if (out->height == 0 && ref->height > 0) out->height = ref->height;
    if (out->duration_ms.max == 0 && ref->duration_ms > 0) out->duration_ms.max = ref->duration_ms;
}

bool format_standard(struct arena *a, const struct format_ref *ref, struct format_spec *out)
{
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        const struct family *f = &families[i];
        struct format_spec spec = {
            .agent_url = ref->agent_url, .id = ref->id, .name = ref->id, .type = f->type, .standard = true
        };
        if (!str_starts(ref->id, str_from(f->prefix)) || !read_family(f, ref->id, &spec)) continue;
        memcpy(spec.needs_one_of, f->needs_one_of, sizeof(spec.needs_one_of));
        spec.agent_url = arena_dup(a, ref->agent_url);
        spec.id = spec.name = arena_dup(a, ref->id);
        apply_parameters(ref, &spec);
        *out = spec;
        return true;
    }
    return false;
}

/* ---- canonical kinds ---- */

static int64_t bound(yyjson_val *req, const char *key)
{
    int64_t v = json_i64_or(req, key, 0);
    return v > 0 && v <= BOUND_MAX ? v : 0;
}

static struct format_bounds bounds(yyjson_val *req, const char *min, const char *max)
{
    return (struct format_bounds){ bound(req, min), bound(req, max) };
}

static const struct {
    const char *kind;
    enum format_type type;
    const char *needs_one_of[6];
} kinds[] = {
    { "image", FORMAT_DISPLAY, { "image", NULL } },
    { "html5", FORMAT_DISPLAY, { "html", "zip", "url", NULL } },
    { "display_tag", FORMAT_DISPLAY, { "javascript", "html", "url", NULL } },
    { "image_carousel", FORMAT_NATIVE, { "image", "card", NULL } },
    { "video_hosted", FORMAT_VIDEO, { "video", NULL } },
    { "video_vast", FORMAT_VIDEO, { "vast", "url", NULL } },
    { "audio_hosted", FORMAT_AUDIO, { "audio", NULL } },
    { "audio_daast", FORMAT_AUDIO, { "daast", "url", NULL } },
    { "sponsored_placement", FORMAT_NATIVE, { NULL } },
    { "native_in_feed", FORMAT_NATIVE, NEEDS_NATIVE },
    { "responsive_creative", FORMAT_NATIVE, { "image", "text", "video", NULL } },
    { "agent_placement", FORMAT_OTHER, { NULL } },
    { "custom", FORMAT_OTHER, { NULL } },
};

bool format_of_kind(struct arena *a, struct str kind, yyjson_val *params, struct format_spec *out)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!str_is(kind, kinds[i].kind)) continue;
        struct format_spec spec = { .id = arena_dup(a, kind), .type = kinds[i].type, .standard = true };
        spec.name = spec.id;
        memcpy(spec.needs_one_of, kinds[i].needs_one_of, sizeof(spec.needs_one_of));
        spec.width = bound(params, "width");
        spec.height = bound(params, "height");
        spec.duration_ms.max = bound(params, "duration_ms_max");
        spec.max_file_bytes = bound(params, "max_file_size_kb") * 1024;
        *out = spec;
        return true;
    }
    return false;
}

/* ---- the publisher's objects ---- */

static bool read_slot(yyjson_val *v, struct format_slot *out)
{
    struct str group = json_str(v, "asset_group_id"), id = json_str(v, "asset_id");
    yyjson_val *req = json_obj(v, "requirements");
    yyjson_val *formats = json_arr(req, "formats");
    *out = (struct format_slot){
        .asset_id = group.n ? group : id,
        .asset_type = json_str(v, "asset_type"),
        .required = json_bool_or(v, "required", false),
        .group = group.n > 0,
        .width = bounds(req, "min_width", "max_width"),
        .height = bounds(req, "min_height", "max_height"),
        .duration_ms = bounds(req, "min_duration_ms", "max_duration_ms"),
        .text_length = bounds(req, "min_length", "max_length"),
        .count = bounds(v, "min_count", "max_count"),
        .max_file_bytes = bound(req, "max_file_size_kb") * 1024,
        .formats = formats ? formats : json_arr(req, "containers"),
        .allowed_values = json_arr(req, "allowed_values"),
        .prohibited_terms = json_arr(req, "prohibited_terms"),
    };
    return out->asset_id.n > 0;
}

static enum format_type type_named(struct str name)
{
    if (str_is(name, "display")) return FORMAT_DISPLAY;
    if (str_is(name, "video") || str_is(name, "ctv") || str_is(name, "olv")) return FORMAT_VIDEO;
    if (str_is(name, "audio") || str_is(name, "streaming_audio") || str_is(name, "podcast")) return FORMAT_AUDIO;
    if (str_is(name, "native") || str_is(name, "social")) return FORMAT_NATIVE;
    return FORMAT_OTHER;
}

/* What the format says it is; else what its first asset is. */
static enum format_type read_type(const struct format_spec *f, yyjson_val *doc, yyjson_val *ours)
{
    enum format_type t = type_named(json_str(ours, "channel"));
    if (t == FORMAT_OTHER) t = type_named(json_str(doc, "type"));
    if (t != FORMAT_OTHER || f->slots_n == 0) return t;
    struct str first = f->slots[0].asset_type;
    if (str_is(first, "video") || str_is(first, "vast")) return FORMAT_VIDEO;
    if (str_is(first, "audio") || str_is(first, "daast")) return FORMAT_AUDIO;
    if (f->width > 0) return FORMAT_DISPLAY;
    return FORMAT_OTHER;
}

bool format_read(struct arena *a, yyjson_val *doc, struct format_spec *out)
{
    struct format_ref ref;
    if (!format_ref_read(yyjson_obj_get(doc, "format_id"), &ref)) return false;
    yyjson_val *ours = json_get_path(doc, "/ext/salesagent"), *assets = json_arr(doc, "assets"), *v;
    yyjson_val *dimensions = json_get_path(doc, "/renders/0/dimensions");
    struct format_spec f = { .agent_url = ref.agent_url, .id = ref.id, .name = json_str(doc, "name"), .doc = doc };
    f.width = bound(dimensions, "width");
    f.height = bound(dimensions, "height");
    f.max_file_bytes = bound(ours, "max_file_size_bytes");
    f.mime_types = json_arr(ours, "mime_types");
    f.duration_ms = bounds(ours, "min_duration_seconds", "max_duration_seconds");
    f.duration_ms.min *= 1000;
    f.duration_ms.max *= 1000;
    f.max_animation_ms = bound(ours, "max_animation_duration_seconds") * 1000;
    size_t n = yyjson_arr_size(assets), i, max;
    f.slots = ARENA_ARRAY(a, struct format_slot, n < SLOTS_MAX ? n : SLOTS_MAX);
    yyjson_arr_foreach(assets, i, max, v) {
        if (f.slots_n < SLOTS_MAX && read_slot(v, &f.slots[f.slots_n])) f.slots_n++;
    }
    f.type = read_type(&f, doc, ours);
    apply_parameters(&ref, &f);
    *out = f;
    return true;
}

static int make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    struct format_ref ref = { .agent_url = of->also,
                              .id = of->id,
                              .width = of->numbers[0],
                              .height = of->numbers[1],
                              .duration_ms = of->numbers[2] };
    struct catalog_row row;
    struct format_spec *spec = ARENA_NEW(a, struct format_spec);
    int rc = q_catalog_get(tx, a, CATALOG_FORMAT, of->tenant_id, ref.id, &row, e);
    if (rc < 0) return -1;
    *out = spec;
    if (rc == 1 && format_read(a, document_read(a, row.doc), spec)) {
        apply_parameters(&ref, spec);
        return 1;
    }
    return format_standard(a, &ref, spec);
}

int format_load(struct tx *tx, struct arena *a, struct str tenant_id, const struct format_ref *ref,
                struct format_spec *out, struct err *e)
{
    struct memory_of of = { .make = make,
                            .tenant_id = tenant_id,
                            .id = ref->id,
                            .also = ref->agent_url,
                            .numbers = { ref->width, ref->height, ref->duration_ms } };
    const void *found;
    int rc = memory_get(tx, a, &of, &found, e);
    if (rc == 1) *out = *(const struct format_spec *)found;
    return rc;
}

/* ---- questions ---- */

const struct format_slot *format_slot_find(const struct format_spec *f, struct str asset_id)
{
    for (size_t i = 0; i < f->slots_n; i++) {
        if (str_eq(f->slots[i].asset_id, asset_id)) return &f->slots[i];
    }
    return NULL;
}

bool format_fits(const struct format_spec *c, const struct format_spec *p)
{
    bool same_size = c->width == p->width && c->height == p->height;
    if (str_eq(c->id, p->id)) return same_size || c->width == 0 || p->width == 0;
    if (c->type != p->type || c->type == FORMAT_OTHER) return false;
    switch (c->type) {
    case FORMAT_DISPLAY: return same_size && c->width > 0;
    case FORMAT_VIDEO:
    case FORMAT_AUDIO:
        return p->duration_ms.max == 0 ||
               (c->duration_ms.max > 0 && c->duration_ms.max <= p->duration_ms.max + DURATION_SLACK_MS);
    case FORMAT_NATIVE: return true;
    case FORMAT_OTHER: break;
    }
    return false;
}
