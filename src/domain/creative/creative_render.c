#include "base/landing.h"
#include "domain/creative/creative_render.h"

#include "base/buf.h"
#include "domain/creative/creative_scan.h"
#include "domain/creative/creative_vast.h"

#define MACROS_MAX     100
#define MACRO_NAME_MAX 100 /* bytes: so far is looked for the brace that ends one */

/* ---- text ---- */

static void add_escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': buf_add(b, STR("&amp;")); break;
        case '<': buf_add(b, STR("&lt;")); break;
        case '>': buf_add(b, STR("&gt;")); break;
        case '"': buf_add(b, STR("&quot;")); break;
        case '\'': buf_add(b, STR("&#39;")); break;
        default: buf_add_char(b, s.p[i]);
        }
    }
}

/* {NAME} -> its value; also URL-encoded braces are left alone, as are names nobody gave. */
static struct str with_macros(struct arena *a, yyjson_val *macros, struct str text)
{
    if (!yyjson_is_obj(macros) || yyjson_obj_size(macros) > MACROS_MAX || !memchr(text.p ? text.p : "", '{', text.n))
        return text;
    struct buf b;
    buf_init(&b, RENDER_BYTES_MAX);
    size_t i = 0;
    while (i < text.n) {
        size_t reach = text.n - i < MACRO_NAME_MAX + 2 ? text.n - i : MACRO_NAME_MAX + 2;
        const char *end = text.p[i] == '{' ? memchr(text.p + i, '}', reach) : NULL;
        size_t n = end ? (size_t)(end - text.p) - i - 1 : 0;
        yyjson_val *v = n ? yyjson_obj_getn(macros, text.p + i + 1, n) : NULL;
        if (yyjson_is_str(v)) {
            buf_add(&b, json_val_str(v));
            i += n + 2;
        } else {
            buf_add_char(&b, text.p[i++]);
        }
    }
    struct str out = b.overflowed ? text : arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return out;
}

/* ---- finding assets ---- */

static bool key_has(struct str key, const char *word)
{
    return memmem(key.p, key.n, word, strlen(word)) != NULL;
}

static void take_text(struct render_parts *p, struct str key, yyjson_val *v)
{
    struct str text = with_macros(p->a, p->in->macros, json_str(v, "content"));
    bool cta = key_has(key, "cta") || key_has(key, "call_to_action") || key_has(key, "button");
    bool head = key_has(key, "headline") || key_has(key, "title");
    struct str *slot = cta ? &p->cta : head ? &p->headline : &p->body;
    if (!cta && !head && !p->headline.n && !key_has(key, "body") && !key_has(key, "description")) slot = &p->headline;
    if (!slot->n) *slot = text;
}

static void take_url(struct render_parts *p, struct str key, yyjson_val *v)
{
    struct str url = with_macros(p->a, p->in->macros, json_str(v, "url")), type = json_str(v, "url_type");
    struct web_url parsed;
    bool click = str_is(type, "clickthrough") || (!type.n && (key_has(key, "click") || key_has(key, "landing")));
    url = landing_page(p->a, url);
    if (click && !p->click.n && web_url_read(url, &parsed)) p->click = url;
}

static void take_brief(struct render_parts *p, yyjson_val *brief)
{
    yyjson_val *m = json_obj(brief, "messaging");
    if (!p->headline.n) p->headline = json_str(m, "headline");
    if (!p->body.n) p->body = json_str(m, "tagline");
    if (!p->cta.n) p->cta = json_str(m, "cta");
}

static void take(struct render_parts *p, struct str key, yyjson_val *v)
{
    struct str type = json_str(v, "asset_type");
    struct {
        const char *type;
        yyjson_val **slot;
    } media[] = { { "image", &p->image }, { "video", &p->video },       { "audio", &p->audio },
                  { "html", &p->html },   { "javascript", &p->script }, { "vast", &p->vast } };
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        if (str_is(type, media[i].type) && !*media[i].slot && !(i == 0 && key_has(key, "logo"))) *media[i].slot = v;
    }
    if (str_is(type, "text") || str_is(type, "markdown")) take_text(p, key, v);
    if (str_is(type, "url")) take_url(p, key, v);
    if (str_is(type, "brief")) take_brief(p, v);
}

void render_collect(struct arena *a, const struct render_input *in, struct render_parts *p)
{
    *p = (struct render_parts){ .a = a, .in = in };
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(json_obj(in->manifest, "assets"), i, n, k, v) {
        take(p, json_val_str(k), yyjson_is_arr(v) ? yyjson_arr_get_first(v) : v);
    }
}

struct str render_address(const struct render_parts *p, yyjson_val *asset)
{
    struct str url = with_macros(p->a, p->in->macros, json_str(asset, "url"));
    struct web_url parsed;
    return web_url_read(url, &parsed) ? url : STR_NONE;
}

static struct render_size size_of(const struct render_parts *p)
{
    const struct format_spec *f = p->in->format;
    if (f->width > 0 && f->height > 0) return (struct render_size){ f->width, f->height };
    yyjson_val *main = p->video ? p->video : p->image;
    int64_t w = json_i64_or(main, "width", 0), h = json_i64_or(main, "height", 0);
    if (w > 0 && h > 0 && w <= 20000 && h <= 20000) return (struct render_size){ w, h };
    if (f->type == FORMAT_VIDEO) return (struct render_size){ 1280, 720 };
    return (struct render_size){ 600, 400 };
}

struct render_size render_size_of(const struct render_input *in)
{
    struct arena scratch;
    struct render_parts p;
    arena_init(&scratch);
    render_collect(&scratch, in, &p);
    struct render_size s = size_of(&p);
    arena_finish(&scratch);
    return s;
}

/* ---- HTML ---- */

static void add_attribute(struct buf *b, const char *name, struct str value)
{
    buf_addf(b, " %s=\"", name);
    add_escaped(b, value);
    buf_add_char(b, '"');
}

static void add_element(struct buf *b, const char *tag, const char *style, struct str text)
{
    if (!text.n) return;
    buf_addf(b, "<%s style=\"%s\">", tag, style);
    add_escaped(b, text);
    buf_addf(b, "</%s>", tag);
}

static void add_media(struct buf *b, struct render_parts *p)
{
    struct str image = render_address(p, p->image), video = render_address(p, p->video),
               audio = render_address(p, p->audio);
    const char *fill = "width:100%;height:100%;object-fit:contain;display:block";
    if (video.n) {
        buf_addf(b, "<video controls playsinline style=\"%s\"", fill);
        add_attribute(b, "src", video);
        if (image.n) add_attribute(b, "poster", image);
        buf_add(b, STR("></video>"));
    } else if (image.n) {
        buf_addf(b, "<img style=\"%s\"", fill);
        add_attribute(b, "src", image);
        add_attribute(b, "alt", json_str(p->image, "alt_text"));
        buf_add(b, STR(">"));
    }
    if (audio.n) {
        buf_add(b, STR("<audio controls style=\"width:100%\""));
        add_attribute(b, "src", audio);
        buf_add(b, STR("></audio>"));
    }
}

/* A box of the format's size: the picture, over it the words, the whole a link. */
static void add_banner(struct buf *b, struct render_parts *p, struct render_size size)
{
    buf_addf(b,
             "<div style=\"position:relative;width:%lldpx;height:%lldpx;overflow:hidden;background:#fff;"
             "font-family:sans-serif\">",
             (long long)size.width, (long long)size.height);
    if (p->click.n) {
        buf_add(b, STR("<a target=\"_blank\" rel=\"noopener\" style=\"color:inherit;text-decoration:none\""));
        add_attribute(b, "href", p->click);
        buf_add_char(b, '>');
    }
    add_media(b, p);
    if (p->headline.n || p->body.n || p->cta.n) {
        bool over = p->image || p->video;
        buf_addf(b, "<div style=\"%sbox-sizing:border-box;padding:6px 8px\">",
                 over ? "position:absolute;left:0;right:0;bottom:0;background:rgba(0,0,0,.6);color:#fff;" : "");
        add_element(b, "strong", "display:block;font-size:16px", p->headline);
        add_element(b, "span", "display:block;font-size:13px", p->body);
        add_element(b, "span",
                    "display:inline-block;margin-top:4px;padding:2px 8px;background:#fff;color:#000;font-size:13px",
                    p->cta);
        buf_add(b, STR("</div>"));
    }
    if (p->click.n) buf_add(b, STR("</a>"));
    buf_add(b, STR("</div>"));
}

static struct str finished(struct arena *a, struct buf *b)
{
    struct str out = b->overflowed ? STR_NONE : arena_dup(a, buf_str(b));
    buf_finish(b);
    return out;
}

static struct str banner_html(struct render_parts *p)
{
    struct buf b;
    buf_init(&b, RENDER_BYTES_MAX);
    add_banner(&b, p, size_of(p));
    return finished(p->a, &b);
}

static void add_vast_player(struct buf *b, struct render_parts *p)
{
    struct vast_facts *f = ARENA_NEW(p->a, struct vast_facts);
    const char *why = "the VAST document is fetched when the ad is served";
    struct str xml = json_str(p->vast, "content");
    struct web_url parsed;
    if (xml.n && vast_read(p->a, xml, f, &why) == 0 && f->media_n > 0 && web_url_read(f->media[0].url, &parsed)) {
        buf_add(b, STR("<video controls playsinline style=\"width:100%;height:auto\""));
        add_attribute(b, "src", f->media[0].url);
        buf_add(b, STR("></video>"));
        return;
    }
    add_element(b, "p", "font-family:sans-serif", str_from(why));
}

static void add_markup(struct buf *b, struct render_parts *p)
{
    yyjson_val *macros = p->in->macros;
    if (p->html) buf_add(b, with_macros(p->a, macros, json_str(p->html, "content")));
    if (p->script) {
        buf_add(b, STR("<script>"));
        buf_add(b, with_macros(p->a, macros, json_str(p->script, "content")));
        buf_add(b, STR("</script>"));
    }
    if (p->vast && !p->video) add_vast_player(b, p);
    bool has_parts = p->image || p->video || p->audio || p->headline.n || p->body.n || p->cta.n;
    if (!p->html && !p->script && has_parts) add_banner(b, p, size_of(p));
}

struct str render_markup(struct render_parts *p)
{
    struct buf b;
    buf_init(&b, RENDER_BYTES_MAX);
    add_markup(&b, p);
    return finished(p->a, &b);
}

struct str render_page(struct arena *a, const struct render_input *in)
{
    struct render_parts p;
    struct buf b;
    render_collect(a, in, &p);
    buf_init(&b, RENDER_BYTES_MAX);
    buf_add(&b, STR("<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width\"><title>Creative preview</title></head>"
                    "<body style=\"margin:0\">"));
    size_t before = b.n;
    add_markup(&b, &p);
    if (b.n == before) {
        add_element(&b, "p", "font-family:sans-serif", STR("This creative has nothing that can be shown."));
    }
    buf_add(&b, STR("</body></html>"));
    return finished(a, &b);
}

/* ---- building ---- */

static int64_t vast_duration(const struct render_parts *p)
{
    int64_t ms = json_i64_or(p->video, "duration_ms", p->in->format->duration_ms.max);
    return ms > 0 && ms < INT64_C(360000000) ? ms : 0;
}

static void add_xml(struct buf *b, const char *tag, struct str text)
{
    buf_addf(b, "<%s>", tag);
    add_escaped(b, text);
    buf_addf(b, "</%s>", tag);
}

static struct str vast_xml(struct render_parts *p)
{
    struct buf b;
    struct render_size size = size_of(p);
    int64_t ms = vast_duration(p);
    struct str mime = json_str(p->video, "mime_type");
    buf_init(&b, RENDER_BYTES_MAX);
    buf_add(&b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?><VAST version=\"4.2\"><Ad id=\"1\"><InLine>"
                    "<AdSystem>salesagent</AdSystem>"));
    add_xml(&b, "AdTitle", p->headline.n ? p->headline : STR("Video ad"));
    buf_add(&b, STR("<Creatives><Creative id=\"1\"><Linear>"));
    buf_addf(&b, "<Duration>%02lld:%02lld:%02lld.%03lld</Duration>", (long long)(ms / 3600000),
             (long long)(ms / 60000 % 60), (long long)(ms / 1000 % 60), (long long)(ms % 1000));
    buf_add(&b, STR("<MediaFiles><MediaFile delivery=\"progressive\""));
    add_attribute(&b, "type", mime.n ? mime : STR("video/mp4"));
    buf_addf(&b, " width=\"%lld\" height=\"%lld\">", (long long)size.width, (long long)size.height);
    add_escaped(&b, render_address(p, p->video));
    buf_add(&b, STR("</MediaFile></MediaFiles>"));
    if (p->click.n) {
        buf_add(&b, STR("<VideoClicks>"));
        add_xml(&b, "ClickThrough", p->click);
        buf_add(&b, STR("</VideoClicks>"));
    }
    buf_add(&b, STR("</Linear></Creative></Creatives></InLine></Ad></VAST>"));
    return finished(p->a, &b);
}

static bool takes(const struct format_spec *f, const char *type)
{
    if (f->slots_n == 0) {
        for (size_t i = 0; f->needs_one_of[i]; i++) {
            if (strcmp(f->needs_one_of[i], type) == 0) return true;
        }
        return f->needs_one_of[0] == NULL;
    }
    for (size_t i = 0; i < f->slots_n; i++) {
        if (str_is(f->slots[i].asset_type, type)) return true;
    }
    return false;
}

/* The key under which the format wants its asset of this type. */
static const char *slot_key(struct arena *a, const struct format_spec *f, const char *type, const char *otherwise)
{
    for (size_t i = 0; i < f->slots_n; i++) {
        if (str_is(f->slots[i].asset_type, type)) return arena_cstr(a, f->slots[i].asset_id);
    }
    return otherwise;
}

static yyjson_mut_val *put_content(yyjson_mut_doc *doc, yyjson_mut_val *assets, const char *key, const char *type,
                                   struct str content)
{
    yyjson_mut_val *o = json_add_obj(doc, assets, key);
    json_add_cstr(doc, o, "asset_type", type);
    json_add_str(doc, o, "content", content);
    return o;
}

static void put_click(struct render_parts *p, yyjson_mut_doc *doc, yyjson_mut_val *assets)
{
    if (!p->click.n) return;
    yyjson_mut_val *o = json_add_obj(doc, assets, slot_key(p->a, p->in->format, "url", "click_url"));
    json_add_cstr(doc, o, "asset_type", "url");
    json_add_cstr(doc, o, "url_type", "clickthrough");
    json_add_str(doc, o, "url", p->click);
}

static bool image_has_the_size(const struct render_parts *p)
{
    return json_i64_or(p->image, "width", 0) == p->in->format->width &&
           json_i64_or(p->image, "height", 0) == p->in->format->height;
}

static bool build_display(struct render_parts *p, yyjson_mut_doc *doc, yyjson_mut_val *assets)
{
    const struct format_spec *f = p->in->format;
    yyjson_val *macros = p->in->macros;
    const char *html_key = slot_key(p->a, f, "html", "html");
    if (p->html && takes(f, "html")) {
        (void)put_content(doc, assets, html_key, "html", with_macros(p->a, macros, json_str(p->html, "content")));
        return true;
    }
    if (p->script && takes(f, "javascript")) {
        (void)put_content(doc, assets, slot_key(p->a, f, "javascript", "script"), "javascript",
                          with_macros(p->a, macros, json_str(p->script, "content")));
        return true;
    }
    bool something = render_address(p, p->image).n || render_address(p, p->video).n || p->headline.n;
    if (something && takes(f, "html")) {
        (void)put_content(doc, assets, html_key, "html", banner_html(p));
        return true;
    }
    if (!p->image || !takes(f, "image") || !image_has_the_size(p)) return false;
    json_add_copy(doc, assets, slot_key(p->a, f, "image", "image"), p->image);
    put_click(p, doc, assets);
    return true;
}

static bool build_video(struct render_parts *p, yyjson_mut_doc *doc, yyjson_mut_val *assets)
{
    const struct format_spec *f = p->in->format;
    if (p->vast && takes(f, "vast")) {
        json_add_copy(doc, assets, slot_key(p->a, f, "vast", "vast_tag"), p->vast);
        return true;
    }
    if (!render_address(p, p->video).n) return false;
    if (!takes(f, "vast")) {
        json_add_copy(doc, assets, slot_key(p->a, f, "video", "video"), p->video);
        put_click(p, doc, assets);
        return true;
    }
    yyjson_mut_val *o = put_content(doc, assets, slot_key(p->a, f, "vast", "vast_tag"), "vast", vast_xml(p));
    json_add_cstr(doc, o, "delivery_type", "inline");
    json_add_cstr(doc, o, "vast_version", "4.2");
    return true;
}

static bool build_same(struct render_parts *p, yyjson_mut_doc *doc, yyjson_mut_val *assets)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(json_obj(p->in->manifest, "assets"), i, n, k, v) {
        json_add_copy(doc, assets, arena_cstr(p->a, json_val_str(k)), v);
    }
    return n > 0;
}

int render_build(struct arena *a, const struct render_input *in, yyjson_mut_doc *doc, yyjson_mut_val *manifest,
                 struct err *e)
{
    struct render_parts p;
    render_collect(a, in, &p);
    yyjson_mut_val *assets = yyjson_mut_obj(doc);
    bool built = false;
    switch (in->format->type) {
    case FORMAT_DISPLAY: built = build_display(&p, doc, assets); break;
    case FORMAT_VIDEO: built = build_video(&p, doc, assets); break;
    case FORMAT_AUDIO:
    case FORMAT_NATIVE:
    case FORMAT_OTHER: built = build_same(&p, doc, assets); break;
    }
    if (built) {
        json_add_val(doc, manifest, "assets", assets);
        return 0;
    }
    (void)err_set(e, "UNSUPPORTED_FEATURE", "format " STR_FMT " cannot be made from these assets",
                  STR_ARG(in->format->id));
    return err_suggest(e, "display formats need an image or a headline, video formats a video or a VAST document");
}
