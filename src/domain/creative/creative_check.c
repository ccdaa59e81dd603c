#include "domain/creative/creative_check.h"

#include <strings.h>

#include "domain/creative/creative_check_internal.h"
#include "domain/creative/creative_scan.h"
#include "domain/creative/creative_vast.h"

#define CHECKS_MAX        200 /* more findings than this help nobody; what failed first is kept */
#define DURATION_SLACK_MS 500

struct creative_check *check_add(struct check_run *r, const char *check, enum check_status status, struct str detail)
{
    struct creative_checks *c = r->out;
    if (status == CHECK_FAILED) c->passed = false;
    if (c->n == CHECKS_MAX) return &r->overflow;
    struct creative_check *item = &c->items[c->n++];
    *item = (struct creative_check){ .check = check,
                                     .status = status,
                                     .detail = detail,
                                     .field = r->at,
                                     .code = status == CHECK_FAILED ? "VALIDATION_ERROR" : NULL };
    return item;
}

const char *check_status_name(enum check_status s)
{
    switch (s) {
    case CHECK_PASSED: return "passed";
    case CHECK_FAILED: return "failed";
    case CHECK_WARNING: return "warning";
    }
    return "failed";
}

/* ---- media ---- */

static bool inside(int64_t v, struct format_bounds b)
{
    return v >= b.min && (b.max == 0 || v <= b.max);
}

static void check_dimensions(struct check_run *r, const struct asset_ref *ref, int64_t w, int64_t h)
{
    const struct format_spec *f = r->in->format;
    const struct format_slot *slot = ref->slot;
    bool own = slot && (slot->width.min || slot->width.max || slot->height.min || slot->height.max);
    bool same_as_render = own && ref->primary && f->width && slot->width.min == f->width &&
                          slot->width.max == f->width && slot->height.min == f->height && slot->height.max == f->height;
    if (own && !same_as_render) {
        bool ok = inside(w, slot->width) && inside(h, slot->height);
        (void)check_add(r, "dimensions", ok ? CHECK_PASSED : CHECK_FAILED,
                        arena_printf(r->arena, "%lldx%lld %s the limits of \"" STR_FMT "\"", (long long)w, (long long)h,
                                     ok ? "is within" : "is outside", STR_ARG(slot->asset_id)));
        return;
    }
    if (f->width == 0 || f->height == 0 || !ref->primary || f->type == FORMAT_NATIVE) return;
    /* Video is scaled by the player: only its shape has to be right. */
    bool ok = f->type == FORMAT_VIDEO ? w * f->height == h * f->width : w == f->width && h == f->height;
    if (ok) {
        (void)check_add(r, "dimensions", CHECK_PASSED,
                        arena_printf(r->arena, "%lldx%lld matches format spec", (long long)w, (long long)h));
    } else {
        (void)check_add(r, "dimensions", CHECK_FAILED,
                        arena_printf(r->arena, "%lldx%lld does not match format spec %lldx%lld", (long long)w,
                                     (long long)h, (long long)f->width, (long long)f->height));
    }
}

static void check_file_size(struct check_run *r, const struct asset_ref *ref, int64_t bytes)
{
    int64_t max = r->in->format->max_file_bytes, own = ref->slot ? ref->slot->max_file_bytes : 0;
    if (own && (max == 0 || own < max)) max = own;
    if (max == 0) return;
    const char *sign = bytes < max ? "<" : bytes == max ? "=" : ">";
    (void)check_add(r, "file_size", bytes <= max ? CHECK_PASSED : CHECK_FAILED,
                    arena_printf(r->arena, "%lld bytes %s %lld max", (long long)bytes, sign, (long long)max));
}

static const struct {
    const char *word, *mime;
} file_words[] = {
    { "png", "image/png" },       { "jpg", "image/jpeg" },  { "jpeg", "image/jpeg" },   { "gif", "image/gif" },
    { "webp", "image/webp" },     { "avif", "image/avif" }, { "svg", "image/svg+xml" }, { "tiff", "image/tiff" },
    { "pdf", "application/pdf" }, { "mp4", "video/mp4" },   { "webm", "video/webm" },   { "mov", "video/quicktime" },
    { "ogv", "video/ogg" },       { "mp3", "audio/mpeg" },  { "m4a", "audio/mp4" },     { "aac", "audio/aac" },
    { "wav", "audio/wav" },       { "ogg", "audio/ogg" },   { "flac", "audio/flac" },
};

static bool same_nocase(struct str a, struct str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* "png" -> "image/png"; what is a MIME type already stays. */
static struct str mime_of_word(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(file_words); i++) {
        if (same_nocase(word, str_from(file_words[i].word))) return str_from(file_words[i].mime);
    }
    return memchr(word.p, '/', word.n) ? word : STR_NONE;
}

static struct str declared_mime(yyjson_val *asset)
{
    struct str mime = json_str(asset, "mime_type");
    if (mime.n) return mime;
    struct str word = json_str(asset, "format");
    if (!word.n) word = json_str(asset, "container_format");
    return word.n ? mime_of_word(word) : STR_NONE;
}

static bool mime_listed(yyjson_val *list, struct str mime)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        struct str accepted = json_val_str(v);
        if (same_nocase(accepted, mime) || same_nocase(mime_of_word(accepted), mime)) return true;
    }
    return false;
}

static struct str joined(struct arena *a, yyjson_val *list)
{
    struct str out = STR_NONE;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        struct str one = json_val_str(v);
        if (i == 10) return arena_printf(a, STR_FMT ", ...", STR_ARG(out));
        out = out.n ? arena_printf(a, STR_FMT ", " STR_FMT, STR_ARG(out), STR_ARG(one)) : one;
    }
    return out;
}

static void check_mime(struct check_run *r, const struct asset_ref *ref, struct str mime)
{
    yyjson_val *list = ref->slot ? ref->slot->formats : NULL;
    if (!list || (ref->primary && r->in->format->mime_types)) list = r->in->format->mime_types;
    struct str kind = json_str(ref->value, "asset_type"), shown = { mime.p, mime.n < 100 ? mime.n : 100 };
    if (!list) {
        /* Any of its kind: an image asset must at least be an image. */
        bool media = str_is(kind, "image") || str_is(kind, "video") || str_is(kind, "audio");
        bool ok = !media || (mime.n > kind.n && strncasecmp(mime.p, kind.p, kind.n) == 0 && mime.p[kind.n] == '/') ||
                  str_is(mime, "application/pdf") || str_is(mime, "application/x-mpegURL");
        if (!ok) {
            (void)check_add(r, "mime_type", CHECK_FAILED,
                            arena_printf(r->arena, STR_FMT " is not of type " STR_FMT, STR_ARG(shown), STR_ARG(kind)));
        }
        return;
    }
    if (mime_listed(list, mime)) {
        (void)check_add(r, "mime_type", CHECK_PASSED, arena_printf(r->arena, STR_FMT " is accepted", STR_ARG(shown)));
    } else {
        (void)check_add(r, "mime_type", CHECK_FAILED,
                        arena_printf(r->arena, STR_FMT " is not accepted (accepted: " STR_FMT ")", STR_ARG(shown),
                                     STR_ARG(joined(r->arena, list))));
    }
}

static void check_duration(struct check_run *r, const struct asset_ref *ref, int64_t ms)
{
    struct format_bounds b = r->in->format->duration_ms;
    if (ref && ref->slot && (ref->slot->duration_ms.min || ref->slot->duration_ms.max)) b = ref->slot->duration_ms;
    if (b.min == 0 && b.max == 0) return;
    if (b.max && ms > b.max + DURATION_SLACK_MS) {
        (void)check_add(r, "duration", CHECK_FAILED,
                        arena_printf(r->arena, "%lld ms > %lld max", (long long)ms, (long long)b.max));
    } else if (ms + DURATION_SLACK_MS < b.min) {
        (void)check_add(r, "duration", CHECK_FAILED,
                        arena_printf(r->arena, "%lld ms < %lld min", (long long)ms, (long long)b.min));
    } else {
        (void)check_add(r, "duration", CHECK_PASSED,
                        arena_printf(r->arena, "%lld ms is within format spec", (long long)ms));
    }
}

static void check_media(struct check_run *r, const struct asset_ref *ref)
{
    yyjson_val *v = ref->value;
    int64_t w = json_i64_or(v, "width", -1), h = json_i64_or(v, "height", -1);
    if (json_has(v, "width") && json_has(v, "height")) {
        if (w < 1 || h < 1 || w > 100000 || h > 100000) {
            (void)check_add(r, "dimensions", CHECK_FAILED, STR("width and height are not whole numbers above zero"));
        } else {
            check_dimensions(r, ref, w, h);
        }
    }
    if (json_has(v, "file_size_bytes")) {
        int64_t bytes = json_i64_or(v, "file_size_bytes", -1);
        if (bytes < 1) (void)check_add(r, "file_size", CHECK_FAILED, STR("file_size_bytes is not a number above zero"));
        else check_file_size(r, ref, bytes);
    }
    struct str mime = declared_mime(v);
    if (mime.n) check_mime(r, ref, mime);
    if (json_has(v, "duration_ms")) {
        int64_t ms = json_i64_or(v, "duration_ms", -1);
        if (ms < 0 || ms > INT64_C(86400000)) {
            (void)check_add(r, "duration", CHECK_FAILED, STR("duration_ms is not a time of at most a day"));
        } else {
            check_duration(r, ref, ms);
        }
    }
    int64_t animation = json_i64_or(v, "animation_duration_ms", 0), max = r->in->format->max_animation_ms;
    if (max && animation > max) {
        (void)check_add(
            r, "animation", CHECK_FAILED,
            arena_printf(r->arena, "%lld ms of animation > %lld max", (long long)animation, (long long)max));
    }
}

/* ---- text and tags ---- */

static size_t utf8_length(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool text_listed(yyjson_val *list, struct str text)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(json_val_str(v), text)) return true;
    }
    return false;
}

static void check_text(struct check_run *r, const struct asset_ref *ref)
{
    const struct format_slot *slot = ref->slot;
    struct str text = json_str(ref->value, "content");
    if (!slot) return;
    int64_t n = (int64_t)utf8_length(text);
    if (slot->text_length.max && n > slot->text_length.max) {
        (void)check_add(
            r, "text", CHECK_FAILED,
            arena_printf(r->arena, "%lld characters > %lld max", (long long)n, (long long)slot->text_length.max));
    } else if (n < slot->text_length.min) {
        (void)check_add(
            r, "text", CHECK_FAILED,
            arena_printf(r->arena, "%lld characters < %lld min", (long long)n, (long long)slot->text_length.min));
    }
    if (slot->allowed_values && !text_listed(slot->allowed_values, text)) {
        check_add(
            r, "text", CHECK_FAILED,
            arena_printf(r->arena, "the text is not one of: " STR_FMT, STR_ARG(joined(r->arena, slot->allowed_values))))
            ->code = "CREATIVE_VALUE_NOT_ALLOWED";
    }
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(slot->prohibited_terms, i, max, v) {
        if (scan_has_word(text, json_val_str(v))) {
            (void)check_add(
                r, "text", CHECK_FAILED,
                arena_printf(r->arena, "the format does not accept \"" STR_FMT "\"", STR_ARG(json_val_str(v))));
        }
    }
}

static void check_vast_media(struct check_run *r, const struct vast_facts *f)
{
    yyjson_val *list = r->in->format->mime_types;
    size_t n = f->media_n < VAST_MEDIA_MAX ? (size_t)f->media_n : VAST_MEDIA_MAX;
    bool accepted = !list || n == 0;
    for (size_t i = 0; i < n && !accepted; i++) accepted = mime_listed(list, f->media[i].mime_type);
    if (!accepted) {
        (void)check_add(r, "mime_type", CHECK_FAILED,
                        arena_printf(r->arena, "no MediaFile is of an accepted type (accepted: " STR_FMT ")",
                                     STR_ARG(joined(r->arena, list))));
    }
    if (f->insecure.n) {
        check_add(r, "asset_url", CHECK_FAILED, STR("the VAST document uses http: URLs; only https is accepted"))
            ->policy = true;
    }
    if (f->vpaid) {
        struct creative_check *c = check_add(r, "script", CHECK_FAILED, STR("VPAID executables are not accepted"));
        c->policy = true;
        c->code = "CREATIVE_REJECTED";
    }
    if (f->duration_ms >= 0) check_duration(r, NULL, f->duration_ms);
    for (int i = 0; i < f->clicks_n && i < VAST_CLICKS_MAX; i++) check_click_url(r, f->clicks[i]);
    if (f->clicks_n > VAST_CLICKS_MAX) {
        check_add(r, "click_url", CHECK_WARNING, STR("the VAST document has more landing pages than are checked"))
            ->policy = true;
    }
}

static void check_vast(struct check_run *r, const struct asset_ref *ref)
{
    struct str xml = json_str(ref->value, "content");
    if (xml.n == 0) {
        check_media(r, ref); /* by URL: what it declares */
        return;
    }
    struct vast_facts *f = ARENA_NEW(r->arena, struct vast_facts);
    const char *why = "";
    if (vast_read(r->arena, xml, f, &why)) {
        (void)check_add(r, "vast", CHECK_FAILED, arena_printf(r->arena, "the VAST document is refused: %s", why));
        return;
    }
    (void)check_add(r, "vast", CHECK_PASSED,
                    arena_printf(r->arena, "%s " STR_FMT " with %d ad%s parses", f->daast ? "DAAST" : "VAST",
                                 STR_ARG(f->version), f->ads, f->ads == 1 ? "" : "s"));
    struct str declared = json_str(ref->value, "vast_version");
    if (declared.n && !str_starts(f->version, declared)) {
        (void)check_add(r, "vast", CHECK_WARNING,
                        arena_printf(r->arena, "declared version " STR_FMT " but the document is " STR_FMT,
                                     STR_ARG(declared), STR_ARG(f->version)));
    }
    check_vast_media(r, f);
}

static void check_markup(struct check_run *r, const struct asset_ref *ref)
{
    struct str text = json_str(ref->value, "content");
    if (text.n) check_file_size(r, ref, (int64_t)text.n);
    if (ref->primary && json_has(ref->value, "width")) check_media(r, ref);
    check_script(r, json_str(ref->value, "asset_type"), text);
}

static void check_asset(struct check_run *r, const struct asset_ref *ref)
{
    struct str type = json_str(ref->value, "asset_type");
    r->at = ref->at;
    if (ref->slot && ref->slot->asset_type.n && type.n && !str_eq(type, ref->slot->asset_type)) {
        (void)check_add(r, "assets", CHECK_FAILED,
                        arena_printf(r->arena, "\"" STR_FMT "\" must be of type " STR_FMT, STR_ARG(ref->slot->asset_id),
                                     STR_ARG(ref->slot->asset_type)));
        return;
    }
    check_urls(r, ref);
    if (str_is(type, "image") || str_is(type, "video") || str_is(type, "audio") || str_is(type, "zip"))
        check_media(r, ref);
    else if (str_is(type, "text") || str_is(type, "markdown")) check_text(r, ref);
    else if (str_is(type, "html") || str_is(type, "javascript") || str_is(type, "css")) check_markup(r, ref);
    else if (str_is(type, "vast") || str_is(type, "daast")) check_vast(r, ref);
}

/* ---- which assets ---- */

static bool is_secondary(struct str key)
{
    static const char *const words[] = { "logo", "icon", "thumbnail", "backup", "poster", "fallback", "avatar" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (memmem(key.p, key.n, words[i], strlen(words[i]))) return true;
    }
    return false;
}

static bool is_main(const struct format_spec *f, struct str type)
{
    if (f->type == FORMAT_VIDEO) return str_is(type, "video");
    if (f->type == FORMAT_DISPLAY) return str_is(type, "image") || str_is(type, "html") || str_is(type, "video");
    return false;
}

static void check_slot_values(struct check_run *r, struct str key, yyjson_val *value)
{
    const struct format_slot *slot = format_slot_find(r->in->format, key);
    struct asset_ref ref = { .key = key, .slot = slot && slot->group ? NULL : slot };
    bool list = yyjson_is_arr(value);
    size_t n = list ? yyjson_arr_size(value) : 1;
    if (slot && slot->group && !inside((int64_t)n, slot->count)) {
        r->at = arena_printf(r->arena, "/assets/" STR_FMT, STR_ARG(key));
        (void)check_add(r, "assets", CHECK_FAILED,
                        arena_printf(r->arena, "\"" STR_FMT "\" has %zu items; the format takes %lld to %lld",
                                     STR_ARG(key), n, (long long)slot->count.min, (long long)slot->count.max));
    }
    yyjson_arr_iter it = yyjson_arr_iter_with(value); /* by position, a long list would cost its square */
    for (size_t i = 0; i < n; i++) {
        ref.value = list ? yyjson_arr_iter_next(&it) : value;
        ref.at = list ? arena_printf(r->arena, "/assets/" STR_FMT "/%zu", STR_ARG(key), i)
                      : arena_printf(r->arena, "/assets/" STR_FMT, STR_ARG(key));
        ref.primary = is_main(r->in->format, json_str(ref.value, "asset_type")) && !is_secondary(key);
        if (yyjson_is_obj(ref.value)) {
            check_asset(r, &ref);
        } else {
            r->at = ref.at;
            (void)check_add(r, "assets", CHECK_FAILED, STR("an asset must be an object with an asset_type"));
        }
    }
}

static bool has_asset_of(yyjson_val *assets, const char *type)
{
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach(assets, i, n, k, v) {
        yyjson_val *one = yyjson_is_arr(v) ? yyjson_arr_get_first(v) : v;
        if (str_is(json_str(one, "asset_type"), type)) return true;
    }
    return false;
}

static void check_presence(struct check_run *r, yyjson_val *assets)
{
    const struct format_spec *f = r->in->format;
    r->at = STR("/assets");
    for (size_t i = 0; i < f->slots_n; i++) {
        const struct format_slot *s = &f->slots[i];
        if (!s->required || yyjson_obj_getn(assets, s->asset_id.p, s->asset_id.n)) continue;
        /* A buyer that keys its only asset of that type differently has still sent it. */
        if (!s->group && s->asset_type.n && has_asset_of(assets, arena_cstr(r->arena, s->asset_type))) continue;
        (void)check_add(r, "assets", CHECK_FAILED,
                        arena_printf(r->arena, "the format needs an asset \"" STR_FMT "\" of type " STR_FMT,
                                     STR_ARG(s->asset_id), STR_ARG(s->asset_type)));
    }
    if (!f->needs_one_of[0]) return;
    for (size_t i = 0; f->needs_one_of[i]; i++) {
        if (has_asset_of(assets, f->needs_one_of[i])) return;
    }
    (void)check_add(r, "assets", CHECK_FAILED,
                    arena_printf(r->arena, "the format needs an asset of type %s", f->needs_one_of[0]));
}

void creative_check_run(struct arena *a, const struct creative_check_input *in, struct creative_checks *out)
{
    *out = (struct creative_checks){ .items = ARENA_ARRAY(a, struct creative_check, CHECKS_MAX), .passed = true };
    struct check_run r = { .arena = a, .in = in, .out = out };
    yyjson_val *assets = json_obj(in->asset, "assets"), *k, *v;
    check_presence(&r, assets);
    size_t i, n;
    yyjson_obj_foreach(assets, i, n, k, v) check_slot_values(&r, json_val_str(k), v);
    r.at = STR_NONE;
    check_policies(&r);
    check_provenance(&r);
}

void creative_checks_encode(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct creative_checks *c,
                            enum checks_shown shown)
{
    yyjson_mut_val *arr = json_add_arr(doc, obj, "checks");
    for (size_t i = 0; i < c->n; i++) {
        const struct creative_check *k = &c->items[i];
        if (shown == CHECKS_OF_FORMAT && k->policy && k->status != CHECK_FAILED) continue;
        yyjson_mut_val *o = json_push_obj(doc, arr);
        json_add_cstr(doc, o, "check", k->check);
        json_add_cstr(doc, o, "status", check_status_name(k->status));
        json_add_str(doc, o, "detail", k->detail);
    }
}
