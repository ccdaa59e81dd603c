/* An AdCP creative as one of Ad Manager's kinds:
 *
 *   image              imageCreative with its bytes
 *   zip                html5Creative with its bytes
 *   html               customCreative
 *   javascript         thirdPartyCreative
 *   vast (by address)  vastRedirectCreative
 *   video, audio       VideoRedirectCreative, AudioRedirectCreative: over SOAP (creative_soap.c)
 *   a product's template: TemplateCreative, over SOAP (template.c)
 *
 * A VAST document without an address would need a host. */
#include "adapters/gam/gam_creative.h"

#include "base/encode.h"

#define URL_MAX     1024
#define ALT_MAX     500
#define SNIPPET_MAX ((size_t)100 * 1024)
#define IMAGE_BYTES ((size_t)1 << 20)
#define ZIP_BYTES   ((size_t)5 << 20)

static bool refuse(struct gam_creative *c, const char *why)
{
    c->refusal = why;
    return false;
}

/* Among the sizes that the line items wait for; where they wait for one only, that is it. */
static bool fit_size(struct gam_creative *c, const struct plan_package *p)
{
    struct gam_size wanted[GAM_CREATIVE_SIZES];
    size_t n = gam_sizes_of(p, wanted, GAM_CREATIVE_SIZES);
    for (size_t i = 0; i < n; i++) {
        if (wanted[i].width == c->size.width && wanted[i].height == c->size.height) return true;
    }
    if (n == 1 && (c->size.width <= 0 || c->kind >= GAM_VAST)) {
        c->size = wanted[0];
        return true;
    }
    return false;
}

static bool take_bytes(struct gam_creative *c, yyjson_val *asset, enum gam_kind kind, size_t max)
{
    c->kind = kind;
    c->files[0] = (struct gam_file){ .url = doc_str(asset, "url"), .bytes_max = max };
    c->files_n = 1;
    return c->files[0].url.n > 0 || refuse(c, "the asset has no url");
}

static bool read_kind(struct gam_creative *c, yyjson_val *assets)
{
    yyjson_val *v;
    if ((v = asset_of(assets, "zip"))) return take_bytes(c, v, GAM_HTML5, ZIP_BYTES);
    if ((v = asset_of(assets, "html")) || (v = asset_of(assets, "javascript"))) {
        c->kind = str_is(doc_str(v, "asset_type"), "html") ? GAM_CUSTOM : GAM_THIRD_PARTY;
        c->snippet = doc_str(v, "content");
        if (!c->snippet.n) return refuse(c, "the asset has no content");
        return c->snippet.n <= SNIPPET_MAX || refuse(c, "the code is longer than 100 KiB");
    }
    if ((v = asset_of(assets, "vast"))) {
        c->kind = GAM_VAST;
        c->url = doc_str(v, "url");
        c->duration_ms = doc_i64(v, "duration_ms", 0);
        return c->url.n > 0 || refuse(c, "a VAST document has to be at an address of its own");
    }
    if ((v = asset_of(assets, "image"))) {
        c->alt_text = text_cut(doc_str(v, "alt_text"), ALT_MAX);
        return take_bytes(c, v, GAM_IMAGE, IMAGE_BYTES);
    }
    if ((v = asset_of(assets, "video"))) return gam_media_read(c, v, GAM_VIDEO);
    if ((v = asset_of(assets, "audio"))) return gam_media_read(c, v, GAM_AUDIO);
    return refuse(c, "it has no asset that Ad Manager can show");
}

static bool give_duration(struct gam_creative *c, const struct plan_package *p)
{
    for (size_t i = 0; i < p->formats_n && c->duration_ms <= 0; i++) {
        if (str_eq(p->formats[i].format_id, c->from->format_id)) c->duration_ms = p->formats[i].duration_ms;
    }
    return c->duration_ms > 0;
}

static bool too_long(const struct gam_creative *c)
{
    for (size_t i = 0; i < c->files_n; i++) {
        if (c->files[i].url.n > URL_MAX) return true;
    }
    return c->url.n > URL_MAX || c->urls.click_url.n > URL_MAX;
}

/* What its kind needs beside its content. */
static bool is_complete(struct gam_creative *c, const struct plan_package *p)
{
    bool lasts = c->kind == GAM_VAST || c->kind == GAM_VIDEO || c->kind == GAM_AUDIO;
    if (lasts && !give_duration(c, p)) return refuse(c, "neither it nor its format says how long it is");
    if (c->kind == GAM_VAST && c->urls.pixels_n) return refuse(c, "the trackers of a VAST tag are inside the VAST");
    if (too_long(c)) return refuse(c, "an address is longer than 1,024 bytes");
    if (c->kind == GAM_IMAGE && !c->urls.click_url.n) return refuse(c, "an image needs a click URL");
    return true;
}

bool gam_creative_read(struct adapter_op *op, const struct plan_package *p, const struct plan_creative *from,
                       struct gam_creative *out)
{
    static const char *const types[] = { "image", "zip", "html", "javascript", "vast", "video" };
    yyjson_val *doc = doc_read(op->arena, from->doc), *assets = doc_obj(doc, "assets");
    yyjson_val *settings = doc_read(op->arena, p->settings), *asset = NULL;
    *out = (struct gam_creative){ .from = from };
    out->tag = arena_printf(op->arena, STR_FMT "/%lld", STR_ARG(from->creative_id), (long long)from->changed_at);
    const char *why = asset_urls(op->arena, assets, &out->urls);
    if (why) return refuse(out, why);
    bool of_template = doc_has(settings, "template");
    if (!(of_template ? gam_template_read(out, settings, assets) : read_kind(out, assets))) return false;
    for (size_t i = 0; i < ARRAY_LEN(types) && !asset && !of_template; i++) asset = asset_of(assets, types[i]);
    struct asset_size size = asset_size(from, doc, asset);
    out->size = (struct gam_size){ size.width, size.height };
    if (!fit_size(out, p)) return refuse(out, "its size is not one that the package's line item waits for");
    return is_complete(out, p);
}

/* ---- its bytes ---- */

void gam_creative_encode(struct arena *a, struct gam_creative *c)
{
    struct gam_file *f = &c->files[c->fetched];
    struct str id = text_cut(c->from->creative_id, 100);
    const char *suffix = c->kind == GAM_HTML5 ? "zip" : asset_suffix(f->bytes);
    f->name = c->fetched ? arena_printf(a, STR_FMT "-%zu.%s", STR_ARG(id), c->fetched + 1, suffix)
                         : arena_printf(a, STR_FMT ".%s", STR_ARG(id), suffix);
    f->base64 = base64_encode(a, f->bytes);
    f->bytes = STR_NONE;
    c->fetched++;
}

/* ---- in Ad Manager's words ---- */

static void add_trackers(yyjson_mut_doc *d, yyjson_mut_val *o, const struct gam_creative *c)
{
    if (!c->urls.pixels_n) return;
    yyjson_mut_val *list = doc_add_arr(d, o, "thirdPartyImpressionTrackingUrls");
    for (size_t i = 0; i < c->urls.pixels_n; i++) doc_push_str(d, list, c->urls.pixels[i]);
}

static void add_click(yyjson_mut_doc *d, yyjson_mut_val *o, const struct gam_creative *c)
{
    if (c->urls.click_url.n) doc_add_str(d, o, "destinationUrl", c->urls.click_url);
    else doc_add_str(d, o, "destinationUrlType", STR("NONE"));
}

static void add_asset(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, const struct gam_creative *c)
{
    yyjson_mut_val *asset = doc_add_obj(d, o, key);
    doc_add_str(d, asset, "assetByteArray", c->files[0].base64);
    doc_add_str(d, asset, "fileName", c->files[0].name);
}

static void add_kind(struct adapter_op *op, yyjson_mut_doc *d, yyjson_mut_val *root, const struct gam_creative *c)
{
    yyjson_mut_val *o = NULL;
    switch (c->kind) {
    case GAM_IMAGE:
        o = doc_add_obj(d, root, "imageCreative");
        add_click(d, o, c);
        doc_add_str_opt(d, o, "altText", c->alt_text);
        add_asset(d, o, "primaryImageAsset", c);
        break;
    case GAM_HTML5:
        o = doc_add_obj(d, root, "html5Creative");
        add_asset(d, o, "html5Asset", c);
        break;
    case GAM_CUSTOM:
        o = doc_add_obj(d, root, "customCreative");
        add_click(d, o, c);
        doc_add_str(d, o, "htmlSnippet", c->snippet);
        break;
    case GAM_THIRD_PARTY:
        o = doc_add_obj(d, root, "thirdPartyCreative");
        doc_add_str(d, o, "snippet", arena_printf(op->arena, "<script>" STR_FMT "</script>", STR_ARG(c->snippet)));
        break;
    case GAM_VAST:
        o = doc_add_obj(d, root, "vastRedirectCreative");
        add_click(d, o, c);
        doc_add_str(d, o, "vastXmlUrl", c->url);
        doc_add_str(d, o, "vastRedirectType", STR("LINEAR"));
        doc_add_str(d, o, "duration",
                    arena_printf(op->arena, "%lld.%03llds", (long long)(c->duration_ms / 1000),
                                 (long long)(c->duration_ms % 1000)));
        return; /* its trackers are in the VAST */
    case GAM_VIDEO:
    case GAM_AUDIO:
    case GAM_TEMPLATE: return; /* gam_creative_soap makes these */
    }
    add_trackers(d, o, c);
}

yyjson_mut_val *gam_creative_body(struct adapter_op *op, yyjson_mut_doc *d, struct str advertiser,
                                  const struct gam_creative *c)
{
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, "displayName", title_tagged(op->arena, c->from->name, c->tag, GAM_NAME_MAX));
    doc_add_str(d, root, "advertiser", advertiser);
    gam_add_size(d, root, "size", c->size);
    add_kind(op, d, root, c);
    return root;
}
