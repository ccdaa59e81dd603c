#include "domain/house/house_content.h"

#include <strings.h>

#include "domain/creative/creative_render.h"
#include "domain/creative/creative_scan.h"
#include "domain/creative/creative_vast.h"

#define TRACKERS_MAX    10
#define DURATION_MAX_MS (6 * 3600000)

static const struct {
    const char *ending, *mime_type;
} kinds[] = {
    { ".mp4", "video/mp4" },
    { ".m4v", "video/mp4" },
    { ".webm", "video/webm" },
    { ".mov", "video/quicktime" },
    { ".m3u8", "application/x-mpegURL" },
    { ".mpd", "application/dash+xml" },
    { ".mp3", "audio/mpeg" },
    { ".m4a", "audio/mp4" },
    { ".aac", "audio/aac" },
    { ".ogg", "audio/ogg" },
    { ".wav", "audio/wav" },
};

/* As stated, else by the end of the path, else what nearly everybody sends. */
static struct str mime_type(yyjson_val *asset, struct str url, const char *otherwise)
{
    struct str stated = json_str(asset, "mime_type");
    size_t end = 0;
    if (stated.n) return stated;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct str e = str_from(kinds[i].ending);
        if (end > e.n && strncasecmp(url.p + end - e.n, e.p, e.n) == 0) return str_from(kinds[i].mime_type);
    }
    return str_from(otherwise);
}

static int bounded(int64_t v, int64_t max)
{
    return v > 0 && v <= max ? (int)v : 0;
}

static void add_media(const struct render_parts *p, yyjson_val *asset, const char *otherwise, struct house_content *out)
{
    struct content_media *m = ARENA_NEW(p->a, struct content_media);
    m->url = render_address(p, asset);
    m->mime_type = mime_type(asset, m->url, otherwise);
    m->width = bounded(json_i64_or(asset, "width", 0), 20000);
    m->height = bounded(json_i64_or(asset, "height", 0), 20000);
    m->bitrate_kbps =
        bounded(json_i64_or(asset, "video_bitrate_kbps", json_i64_or(asset, "audio_bitrate_kbps", 0)), 1000000);
    out->content.kind = CONTENT_MEDIA;
    out->content.media = m;
    out->content.media_n = 1;
    out->content.duration_ms = bounded(json_i64_or(asset, "duration_ms", 0), DURATION_MAX_MS);
}

static bool add_vast(const struct render_parts *p, struct house_content *out)
{
    struct vast_facts *f = ARENA_NEW(p->a, struct vast_facts);
    struct str url = render_address(p, p->vast), xml = json_str(p->vast, "content");
    const char *why;
    if (url.n) {
        out->content.kind = CONTENT_VAST_URL;
        out->content.vast_url = url;
    } else if (xml.n && vast_read(p->a, xml, f, &why) == 0) {
        out->content.kind = CONTENT_VAST_XML;
        out->content.vast_xml = xml;
        out->content.duration_ms = bounded(f->duration_ms, DURATION_MAX_MS);
    } else {
        return false;
    }
    int stated = bounded(json_i64_or(p->vast, "duration_ms", 0), DURATION_MAX_MS);
    if (stated) out->content.duration_ms = stated;
    return true;
}

static bool is_plain_picture(const struct render_parts *p)
{
    return p->image && !p->html && !p->script && !p->headline.n && !p->body.n && !p->cta.n &&
           render_address(p, p->image).n;
}

static bool add_display(struct render_parts *p, struct house_content *out)
{
    struct str click = p->click;
    out->picture = is_plain_picture(p);
    if (out->picture) {
        out->content.kind = CONTENT_IMAGE;
        out->content.image_url = render_address(p, p->image);
        out->content.alt = json_str(p->image, "alt_text");
        return true;
    }
    /* The place of our own link, which knows where it leads, is filled in when it is shown. */
    if (click.n) p->click = STR("{CLICK_URL}");
    out->content.kind = CONTENT_HTML;
    out->content.html = render_markup(p);
    p->click = click;
    return out->content.html.n > 0;
}

static void add_trackers(const struct render_parts *p, struct house_content *out)
{
    struct str *list = ARENA_ARRAY(p->a, struct str, TRACKERS_MAX);
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(json_obj(p->in->manifest, "assets"), i, n, k, v) {
        struct str url = render_address(p, v);
        bool pixel = str_is(json_str(v, "asset_type"), "url") && str_is(json_str(v, "url_type"), "tracker_pixel");
        if (pixel && url.n && out->content.trackers_n < TRACKERS_MAX) list[out->content.trackers_n++] = url;
    }
    out->content.trackers = list;
}

static bool add_main(struct render_parts *p, struct house_content *out)
{
    if (p->vast) {
        out->medium = MEDIUM_VIDEO;
        return add_vast(p, out);
    }
    if (p->video && !p->html && render_address(p, p->video).n) {
        out->medium = MEDIUM_VIDEO;
        add_media(p, p->video, "video/mp4", out);
        return true;
    }
    if (p->audio && !p->html && !p->image && render_address(p, p->audio).n) {
        out->medium = MEDIUM_AUDIO;
        add_media(p, p->audio, "audio/mpeg", out);
        return true;
    }
    out->medium = MEDIUM_DISPLAY;
    return add_display(p, out);
}

/* The format's size; else the picture's own. */
static struct size size_of(const struct render_parts *p, const struct house_content_source *s)
{
    struct size size = { s->width, s->height };
    if (size.width > 0 && size.height > 0) return size;
    if (!p->image) return (struct size){ 0, 0 };
    size = (struct size){ bounded(json_i64_or(p->image, "width", 0), 20000),
                          bounded(json_i64_or(p->image, "height", 0), 20000) };
    return size.width && size.height ? size : (struct size){ 0, 0 };
}

bool house_content_make(struct arena *a, const struct house_content_source *s, struct house_content *out)
{
    yyjson_val *manifest = json_parse_own(a, s->doc);
    struct format_spec *format = ARENA_NEW(a, struct format_spec);
    struct render_input *in = ARENA_NEW(a, struct render_input);
    struct render_parts p;
    *in = (struct render_input){ .manifest = manifest, .format = format };
    format->width = s->width;
    format->height = s->height;
    render_collect(a, in, &p);
    *out = (struct house_content){ .content = { .creative_id = s->creative_id,
                                                .title = s->name,
                                                .advertiser = s->advertiser,
                                                .paid_by = s->paid_by,
                                                .media_buy_id = s->media_buy_id,
                                                .package_id = s->package_id } };
    if (!add_main(&p, out)) return false;
    out->size = out->medium == MEDIUM_DISPLAY ? size_of(&p, s) : (struct size){ 0, 0 };
    out->content.width = out->size.width;
    out->content.height = out->size.height;
    out->content.click_url = p.click;
    add_trackers(&p, out);
    return true;
}
