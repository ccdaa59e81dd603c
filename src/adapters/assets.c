#include "adapters/assets.h"

#include "base/landing.h"

#define FETCH_MS 30000

yyjson_val *asset_of(yyjson_val *assets, const char *type)
{
    size_t i, n, k, m;
    yyjson_val *key, *v, *one;
    yyjson_obj_foreach(assets, i, n, key, v) {
        if (str_is(doc_str(v, "asset_type"), type)) return v;
        yyjson_arr_foreach(yyjson_is_arr(v) ? v : NULL, k, m, one) {
            if (str_is(doc_str(one, "asset_type"), type)) return one;
        }
    }
    return NULL;
}

static bool is_click(struct str key, yyjson_val *v)
{
    struct str type = doc_str(v, "url_type");
    if (type.n) return str_is(type, "clickthrough");
    return text_has(key, STR("click")) || text_has(key, STR("landing"));
}

const char *asset_urls(struct arena *a, yyjson_val *assets, struct asset_urls *out)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(assets, i, n, key, v) {
        struct str url = doc_str(v, "url");
        if (!str_is(doc_str(v, "asset_type"), "url") || !url.n) continue;
        if (str_is(doc_str(v, "url_type"), "tracker_script")) return "the ad server calls no script as a tracker";
        if (str_is(doc_str(v, "url_type"), "tracker_pixel")) {
            if (out->pixels_n == ASSET_TRACKERS_MAX) return "it has more than 8 trackers";
            out->pixels[out->pixels_n++] = url;
        } else if (is_click(doc_text(key), v) && !out->click_url.n) {
            out->click_url = landing_page(a, url);
        }
    }
    return NULL;
}

static struct asset_size stated(yyjson_val *obj)
{
    int64_t w = doc_i64(obj, "width", 0), h = doc_i64(obj, "height", 0);
    bool good = w > 0 && h > 0 && w < 100000 && h < 100000;
    return good ? (struct asset_size){ (int)w, (int)h } : (struct asset_size){ 0, 0 };
}

struct asset_size asset_size(const struct plan_creative *p, yyjson_val *doc, yyjson_val *asset)
{
    struct asset_size s = { p->width, p->height };
    if (s.width <= 0 || s.height <= 0) s = stated(asset);
    if (s.width <= 0 || s.height <= 0) s = stated(doc_obj(doc, "format_id"));
    return s;
}

static const struct {
    const char *magic, *suffix, *mime;
} kinds[] = {
    { "\x89PNG", "png", "image/png" },
    { "GIF8", "gif", "image/gif" },
    { "\xff\xd8", "jpg", "image/jpeg" },
    { "RIFF", "webp", "image/webp" },
};

const char *asset_suffix(struct str bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_starts(bytes, str_from(kinds[i].magic))) return kinds[i].suffix;
    }
    return "bin";
}

const char *asset_mime(struct str bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_starts(bytes, str_from(kinds[i].magic))) return kinds[i].mime;
    }
    return "application/octet-stream";
}

void asset_fetch(struct adapter_op *op, struct str url, size_t bytes_max)
{
    op->calls[0] = (struct http_call){ .method = STR("GET"),
                                       .url = url,
                                       .reach = op->site->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC,
                                       .timeout_ms = FETCH_MS,
                                       .body_bytes_max = bytes_max };
    op->calls_n = 1;
    op->foreign = 1;
}

const char *asset_fetched(const struct http_call *file, bool *later)
{
    *later = false;
    switch (file->outcome) {
    case HTTP_OK: break;
    case HTTP_REFUSED: return "its file is at an address that is not public";
    case HTTP_TOO_LARGE: return "its file is larger than the ad server takes";
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN:
    case HTTP_CANCELED: *later = true; return "a creative's file could not be fetched";
    }
    *later = file->status == 429 || file->status >= 500;
    if (*later) return "a creative's file could not be fetched";
    return file->status == 200 && file->response.n ? NULL : "its file is not where the creative says";
}

static bool is_among(const struct creative_use *uses, size_t n, struct str creative_id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(uses[i].creative->creative_id, creative_id)) return true;
    }
    return false;
}

const struct creative_use *plan_creatives_once(const struct adapter_op *op, size_t *n)
{
    const struct plan *plan = op->plan;
    size_t most = 0;
    for (size_t i = 0; i < plan->packages_n; i++) most += plan->packages[i].creatives_n;
    struct creative_use *uses = ARENA_ARRAY(op->arena, struct creative_use, most + 1);
    *n = 0;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            if (!is_among(uses, *n, p->creatives[k].creative_id))
                uses[(*n)++] = (struct creative_use){ p, &p->creatives[k] };
        }
    }
    return uses;
}
