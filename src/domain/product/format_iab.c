/* See format_iab.h. Sizes: IAB New Ad Portfolio (2017), fixed size units, and the delisted units still sold widely. */
#include "domain/product/format_iab.h"

static const struct {
    int64_t width, height;
} sizes[] = {
    { 300, 250 },  { 728, 90 },    { 160, 600 }, { 300, 600 }, { 970, 250 }, { 970, 90 },  { 300, 1050 },
    { 120, 60 },   { 320, 50 },    { 300, 50 },  { 320, 100 }, { 320, 480 }, { 480, 320 }, { 640, 1136 },
    { 750, 1334 }, { 1080, 1920 }, { 468, 60 },  { 336, 280 }, { 120, 600 }, { 88, 31 },
};

static bool format_is_iab(const struct format_spec *f)
{
    switch (f->type) {
    case FORMAT_VIDEO:
    case FORMAT_AUDIO: return true;
    case FORMAT_DISPLAY:
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            if (f->width == sizes[i].width && f->height == sizes[i].height) return true;
        }
        return false;
    case FORMAT_NATIVE:
    case FORMAT_OTHER: break;
    }
    return false;
}

const char *format_kind(const struct format_spec *f)
{
    static const struct {
        enum format_type type;
        const char *asset, *kind;
    } kinds[] = {
        { FORMAT_DISPLAY, "image", "image" },
        { FORMAT_VIDEO, "video", "video_hosted" },
        { FORMAT_AUDIO, "audio", "audio_hosted" },
    };
    const char *kind = NULL;
    for (size_t i = 0; i < f->slots_n; i++) {
        if (!f->slots[i].required) continue;
        if (kind) return NULL;
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            if (f->type == kinds[k].type && str_is(f->slots[i].asset_type, kinds[k].asset)) kind = kinds[k].kind;
        }
        if (!kind) return NULL;
    }
    return kind;
}

static struct format_verdict judge(const struct act *act, const struct format_ref *ref)
{
    struct format_spec spec;
    struct err ignored; /* what cannot be read is not known to be a standard, or of a kind */
    struct format_verdict v = { .agent_url = ref->agent_url, .id = ref->id };
    if (format_load(act->tx, act->arena, act->tenant->tenant_id, ref, &spec, &ignored) != 1) return v;
    v.standard = format_is_iab(&spec);
    v.kind = format_kind(&spec);
    return v;
}

static struct format_verdict verdict_of(struct format_verdicts *v, const struct format_ref *f)
{
    bool sized = f->width || f->height || f->duration_ms; /* parameters make another format of the same id */
    for (size_t i = 0; !sized && i < v->n; i++) {
        if (str_eq(v->items[i].id, f->id) && str_eq(v->items[i].agent_url, f->agent_url)) return v->items[i];
    }
    struct format_verdict verdict = judge(v->act, f);
    if (sized) return verdict;
    if (v->n == v->capacity) {
        size_t more = v->capacity ? v->capacity * 2 : 32;
        struct format_verdict *items = ARENA_ARRAY(v->act->arena, struct format_verdict, more);
        if (v->n) memcpy(items, v->items, v->n * sizeof(*items));
        v->items = items;
        v->capacity = more;
    }
    v->items[v->n++] = verdict;
    return verdict;
}

bool format_ref_is_iab(void *arg, const struct format_ref *f)
{
    return verdict_of(arg, f).standard;
}

const char *format_ref_kind(void *arg, const struct format_ref *f)
{
    return verdict_of(arg, f).kind;
}
