/* Creatives that only SOAP can make, in the words of CreativeService.createCreatives. */
#include "adapters/gam/gam_creative.h"

#include "base/rfc3339.h"

/* Container formats (AdCP) and the ends of addresses -> Ad Manager's MimeType. */
static const struct {
    enum gam_kind kind;
    const char *word, *mime;
} mimes[] = {
    { GAM_VIDEO, "mp4", "VIDEO_MP4" },       { GAM_VIDEO, "m4v", "VIDEO_MP4" },   { GAM_VIDEO, "webm", "VIDEO_WEBM" },
    { GAM_VIDEO, "mov", "VIDEO_QUICKTIME" }, { GAM_VIDEO, "ogv", "VIDEO_OGG" },   { GAM_VIDEO, "ogg", "VIDEO_OGG" },
    { GAM_VIDEO, "avi", "VIDEO_AVI" },       { GAM_VIDEO, "3gp", "VIDEO_3GPP" },  { GAM_VIDEO, "m3u8", "M3U8" },
    { GAM_AUDIO, "mp3", "AUDIO_MP3" },       { GAM_AUDIO, "m4a", "AUDIO_MP4" },   { GAM_AUDIO, "mp4", "AUDIO_MP4" },
    { GAM_AUDIO, "aac", "AUDIO_MP4" },       { GAM_AUDIO, "ogg", "AUDIO_OGG" },   { GAM_AUDIO, "oga", "AUDIO_OGG" },
    { GAM_AUDIO, "wav", "AUDIO_WAV" },       { GAM_AUDIO, "flac", "AUDIO_FLAC" },
};

static const char *mime_of(enum gam_kind kind, struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(mimes); i++) {
        struct str known = str_from(mimes[i].word);
        if (mimes[i].kind == kind && word.n == known.n && strncasecmp(word.p, known.p, known.n) == 0)
            return mimes[i].mime;
    }
    return NULL;
}

/* "mp4" of "https://cdn.example/a/spot.mp4?x=1"; empty. */
static struct str suffix_of(struct str url)
{
    size_t end = 0, dot = 0;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
    for (size_t i = 0; i < end; i++) {
        if (url.p[i] == '.') dot = i + 1;
        else if (url.p[i] == '/') dot = 0;
    }
    return dot ? (struct str){ url.p + dot, end - dot } : STR_NONE;
}

bool gam_media_read(struct gam_creative *c, yyjson_val *asset, enum gam_kind kind)
{
    const char *rate = kind == GAM_VIDEO ? "video_bitrate_kbps" : "bitrate_kbps";
    c->kind = kind;
    c->url = doc_str(asset, "url");
    c->duration_ms = doc_i64(asset, "duration_ms", 0);
    c->bit_rate = doc_i64(asset, rate, 0);
    c->mime = mime_of(kind, doc_str(asset, "container_format"));
    if (!c->mime) c->mime = mime_of(kind, suffix_of(c->url));
    if (!c->url.n) c->refusal = "the asset has no url";
    else if (!c->mime) c->refusal = "neither its container_format nor its address says what kind of file it is";
    return !c->refusal;
}

/* ---- in Ad Manager's words ---- */

static void add_size(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, struct gam_size s)
{
    yyjson_mut_val *size = doc_add_obj(d, o, key);
    doc_add_i64(d, size, "width", s.width);
    doc_add_i64(d, size, "height", s.height);
    doc_add_bool(d, size, "isAspectRatio", false);
}

/* Impressions of a player's ad are counted by the event of its creative's view. */
static void add_trackers(yyjson_mut_doc *d, yyjson_mut_val *o, const struct asset_urls *urls)
{
    if (!urls->pixels_n) return;
    yyjson_mut_val *entry = doc_push_obj(d, doc_add_arr(d, o, "trackingUrls"));
    doc_add_str(d, entry, "key", STR("CREATIVE_VIEW"));
    yyjson_mut_val *list = doc_add_arr(d, doc_add_obj(d, entry, "value"), "urls");
    for (size_t i = 0; i < urls->pixels_n; i++) doc_push_str(d, list, urls->pixels[i]);
}

static void add_media(yyjson_mut_doc *d, yyjson_mut_val *o, const struct gam_creative *c)
{
    bool video = c->kind == GAM_VIDEO;
    if (c->urls.click_url.n) doc_add_str(d, o, "destinationUrl", c->urls.click_url);
    else doc_add_str(d, o, "destinationUrlType", STR("NONE"));
    doc_add_i64(d, o, "duration", c->duration_ms);
    add_trackers(d, o, &c->urls);
    yyjson_mut_val *asset = doc_push_obj(d, doc_add_arr(d, o, video ? "videoAssets" : "audioAssets"));
    doc_add_str(d, asset, "redirectUrl", c->url);
    yyjson_mut_val *m = doc_add_obj(d, asset, "metadata");
    doc_add_str(d, m, "scalableType", video ? STR("RATIO_SCALABLE") : STR("NOT_SCALABLE"));
    doc_add_i64(d, m, "duration", c->duration_ms);
    if (c->bit_rate > 0 && c->bit_rate < 1000000) doc_add_i64(d, m, "bitRate", c->bit_rate);
    if (video) add_size(d, m, "size", c->size);
    doc_add_str(d, m, "mimeType", str_from(c->mime));
    doc_add_str(d, m, "deliveryType", str_is(str_from(c->mime), "M3U8") ? STR("STREAMING") : STR("PROGRESSIVE"));
}

static void add_values(yyjson_mut_doc *d, yyjson_mut_val *o, const struct gam_creative *c)
{
    doc_add_str(d, o, "creativeTemplateId", c->template_id);
    if (c->urls.click_url.n) doc_add_str(d, o, "destinationUrl", c->urls.click_url);
    yyjson_mut_val *list = doc_add_arr(d, o, "creativeTemplateVariableValues");
    for (size_t i = 0; i < c->values_n; i++) {
        const struct gam_value *v = &c->values[i];
        yyjson_mut_val *one = doc_push_obj(d, list);
        doc_add_str(d, one, "$type", str_from(v->type));
        doc_add_str(d, one, "uniqueName", v->name);
        if (!v->file) {
            doc_add_str(d, one, "value", v->text);
            continue;
        }
        yyjson_mut_val *asset = doc_add_obj(d, one, "asset");
        doc_add_str(d, asset, "assetByteArray", v->file->base64);
        doc_add_str(d, asset, "fileName", v->file->name);
    }
}

yyjson_mut_val *gam_creative_soap(struct adapter_op *op, yyjson_mut_doc *d, struct str advertiser_id,
                                  const struct gam_creative *c)
{
    yyjson_mut_val *root = doc_root(d), *o = doc_push_obj(d, doc_add_arr(d, root, "creatives"));
    const char *type = c->kind == GAM_VIDEO   ? "VideoRedirectCreative"
                       : c->kind == GAM_AUDIO ? "AudioRedirectCreative"
                                              : "TemplateCreative";
    doc_add_str(d, o, "$type", str_from(type));
    doc_add_str(d, o, "advertiserId", advertiser_id);
    doc_add_str(d, o, "name", title_tagged(op->arena, c->from->name, c->tag, GAM_NAME_MAX));
    add_size(d, o, "size", c->size);
    if (c->kind == GAM_TEMPLATE) add_values(d, o, c);
    else add_media(d, o, c);
    return root;
}
