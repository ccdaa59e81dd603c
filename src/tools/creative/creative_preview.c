/* preview_creative and build_creative: templates at work. Both keep nothing.
 *
 * A preview URL is a data: URL that carries the whole page. It needs no server, cannot be guessed or left behind, and
 * its origin is opaque, so that a buyer's script in it can reach nothing of ours. expires_at is how long we promise
 * that the assets it loads are still the ones that were asked about. */
#include "base/crypto.h"
#include "base/encode.h"
#include "domain/creative/creative_render.h"
#include "tools/creative/creative_from_catalog.h"
#include "tools/core/reply_error.h"
#include "tools/creative/creative_reply.h"
#include "tools/creative/creative_tools.h"

#define PREVIEW_TTL_US (INT64_C(24) * 3600 * 1000000)
#define INPUTS_MAX     20
#define BATCH_MAX      50
#define TARGETS_MAX    50

enum output { OUTPUT_URL, OUTPUT_HTML, OUTPUT_BOTH };

struct source {
    yyjson_val *manifest;
    struct str creative_id;
    struct format_spec format;
};

/* ---- what is shown ---- */

static int from_library(struct tool_call *c, struct source *s, const char *at, struct err *e)
{
    struct creative_row row;
    int rc = creative_get(c->act, c->act->principal->principal_id, s->creative_id, &row, e);
    if (rc < 0) return -1;
    if (rc == 0 || !(s->manifest = creative_stored(c, row.doc))) {
        (void)err_set(e, "CREATIVE_NOT_FOUND", "there is no creative with this creative_id");
        return err_field(e, "%s", at);
    }
    return 0;
}

static int read_source(struct tool_call *c, yyjson_val *req, const char *at, struct source *out, struct err *e)
{
    yyjson_val *manifest = NULL;
    *out = (struct source){ 0 };
    if (json_opt_obj(JSON_FIELD(req, "creative_manifest", at), &manifest, e)) return -1;
    if (json_opt_str(JSON_FIELD(req, "creative_id", at), (struct json_len){ 1, 255 }, &out->creative_id, e)) return -1;
    if (!out->creative_id.n) out->creative_id = json_str(manifest, "creative_id");
    out->manifest = manifest;
    bool has_assets = yyjson_obj_size(json_obj(manifest, "assets")) > 0;
    if (!has_assets && out->creative_id.n && from_library(c, out, "/creative_id", e)) return -1;
    if (!has_assets && !out->creative_id.n) {
        (void)err_set(e, "INVALID_REQUEST",
                      "a creative_manifest with assets, or the creative_id of a stored creative, is needed");
        return err_field(e, "%s/creative_manifest", at);
    }
    return creative_format_of(c, json_has(req, "format_id") ? req : out->manifest, &out->format, e) < 0 ? -1 : 0;
}

/* ---- one preview ---- */

static enum output read_output(yyjson_val *req, const char *key, enum output otherwise)
{
    struct str s = json_str(req, key);
    if (!s.n) return otherwise;
    return str_is(s, "html") ? OUTPUT_HTML : str_is(s, "both") ? OUTPUT_BOTH : OUTPUT_URL;
}

static struct str content_id(struct arena *a, const char *prefix, struct str content)
{
    uint8_t hash[SHA256_BYTES];
    sha256(content, hash);
    return arena_printf(a, "%s" STR_FMT, prefix, STR_ARG(hex_encode(a, (struct str){ (const char *)hash, 12 })));
}

static void add_render(struct tool_call *c, yyjson_mut_val *renders, const struct render_input *in, struct str page,
                       enum output output)
{
    static const char *const names[] = { [OUTPUT_URL] = "url", [OUTPUT_HTML] = "html", [OUTPUT_BOTH] = "both" };
    yyjson_mut_doc *doc = c->doc;
    yyjson_mut_val *o = json_push_obj(doc, renders);
    struct render_size size = render_size_of(in);
    json_add_str(doc, o, "render_id", content_id(c->arena, "render-", page));
    json_add_cstr(doc, o, "output_format", names[output]);
    json_add_cstr(doc, o, "role", "primary");
    if (output != OUTPUT_HTML) {
        json_add_str(doc, o, "preview_url",
                     arena_printf(c->arena, "data:text/html;charset=utf-8;base64," STR_FMT,
                                  STR_ARG(base64_encode(c->arena, page))));
    }
    if (output != OUTPUT_URL) json_add_str(doc, o, "preview_html", page);
    yyjson_mut_val *d = json_add_obj(doc, o, "dimensions");
    json_add_i64(doc, d, "width", size.width);
    json_add_i64(doc, d, "height", size.height);
    yyjson_mut_val *embedding = json_add_obj(doc, o, "embedding");
    json_add_cstr(doc, embedding, "recommended_sandbox", ""); /* AdCP: nothing is granted by the maker */
    json_add_bool(doc, embedding, "requires_https", false);
    json_add_bool(doc, embedding, "supports_fullscreen", in->format->type == FORMAT_VIDEO);
}

struct preview_request {
    yyjson_val *inputs; /* array or NULL */
    enum output output;
    yyjson_val *target_format; /* multi-format builds name it on each preview; or NULL */
};

static int add_previews(struct tool_call *c, yyjson_mut_val *list, const struct source *s,
                        const struct preview_request *p, struct err *e)
{
    yyjson_mut_doc *doc = c->doc;
    size_t n = p->inputs ? yyjson_arr_size(p->inputs) : 1;
    for (size_t i = 0; i < n; i++) {
        yyjson_val *input = yyjson_arr_get(p->inputs, i);
        struct render_input in = { .manifest = s->manifest, .format = &s->format, .macros = json_obj(input, "macros") };
        struct str page = render_page(c->arena, &in), name = json_str(input, "name");
        if (!page.n) return err_set(e, "VALIDATION_ERROR", "the creative is too large to preview");
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "preview_id", content_id(c->arena, "preview-", page));
        json_add_copy(doc, o, "format_id", p->target_format);
        add_render(c, json_add_arr(doc, o, "renders"), &in, page, p->output);
        yyjson_mut_val *echo = json_add_obj(doc, o, "input");
        json_add_str(doc, echo, "name", name.n ? name : STR("Default"));
        json_add_copy(doc, echo, "macros", in.macros);
        json_add_copy(doc, echo, "context_description", yyjson_obj_get(input, "context_description"));
    }
    return 0;
}

static int read_inputs(yyjson_val *req, const char *key, const char *at, struct preview_request *p, struct err *e)
{
    return json_opt_arr(JSON_FIELD(req, key, at), (struct json_len){ 1, INPUTS_MAX }, &p->inputs, e);
}

static int preview_one(struct tool_call *c, yyjson_val *req, const char *at, enum output otherwise, yyjson_mut_val *out,
                       struct str *creative_id, struct err *e)
{
    struct source s;
    struct preview_request p = { .output = read_output(req, "output_format", otherwise) };
    *creative_id = json_str(json_obj(req, "creative_manifest"), "creative_id");
    if (read_inputs(req, "inputs", at, &p, e) || read_source(c, req, at, &s, e)) return -1;
    *creative_id = s.creative_id;
    yyjson_mut_val *list = yyjson_mut_arr(c->doc);
    if (add_previews(c, list, &s, &p, e)) return -1;
    json_add_val(c->doc, out, "previews", list);
    json_add_time(c->doc, out, "expires_at", c->act->now + PREVIEW_TTL_US);
    return 0;
}

static int preview_batch(struct tool_call *c, struct err *e)
{
    yyjson_val *requests, *v;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(c->args, "requests", ""), (struct json_len){ 1, BATCH_MAX }, &requests, e)) return -1;
    yyjson_mut_val *results = json_add_arr(c->doc, c->reply, "results");
    yyjson_arr_foreach(requests, i, n, v) {
        yyjson_mut_val *o = json_push_obj(c->doc, results), *response = yyjson_mut_obj(c->doc);
        struct str id;
        struct err why;
        int rc = preview_one(c, v, arena_printf(c->arena, "/requests/%zu", i).p,
                             read_output(c->args, "output_format", OUTPUT_URL), response, &id, &why);
        json_add_bool(c->doc, o, "success", rc == 0);
        json_add_str(c->doc, o, "creative_id", id.n ? id : arena_printf(c->arena, "request-%zu", i));
        if (rc == 0) json_add_val(c->doc, o, "response", response);
        else reply_error(c, json_add_arr(c->doc, o, "errors"), &why);
    }
    return 0;
}

/* Our creatives have one variant each, named like the creative (see get_creative_delivery). */
static int preview_variant(struct tool_call *c, struct err *e)
{
    struct source s = { 0 };
    struct preview_request p = { .output = read_output(c->args, "output_format", OUTPUT_URL) };
    if (json_req_str(JSON_FIELD(c->args, "variant_id", ""), (struct json_len){ 1, 255 }, &s.creative_id, e)) return -1;
    if (from_library(c, &s, "/variant_id", e) || creative_format_of(c, s.manifest, &s.format, e) < 0) return -1;
    json_add_str(c->doc, c->reply, "variant_id", s.creative_id);
    json_add_str(c->doc, c->reply, "creative_id", s.creative_id);
    json_add_time(c->doc, c->reply, "expires_at", c->act->now + PREVIEW_TTL_US);
    return add_previews(c, json_add_arr(c->doc, c->reply, "previews"), &s, &p, e);
}

int preview_creative_run(struct tool_call *c, struct err *e)
{
    struct str type = STR("single"), id;
    if (json_opt_str(JSON_FIELD(c->args, "request_type", ""), (struct json_len){ 1, 20 }, &type, e)) return -1;
    json_add_str(c->doc, c->reply, "response_type", type);
    if (str_is(type, "single")) return preview_one(c, c->args, "", OUTPUT_URL, c->reply, &id, e);
    if (str_is(type, "batch")) return preview_batch(c, e);
    if (str_is(type, "variant")) return preview_variant(c, e);
    (void)err_set(e, "INVALID_REQUEST", "request_type is single, batch or variant");
    return err_field(e, "/request_type");
}

/* ---- build_creative ---- */

static int find_target(struct tool_call *c, yyjson_val *target, const char *at, struct format_spec *out, struct err *e)
{
    struct format_ref ref;
    bool read = format_ref_read(target, &ref);
    int rc = read ? format_load(c->act->tx, c->arena, c->act->tenant->tenant_id, &ref, out, e) : 0;
    if (rc != 0) return rc < 0 ? -1 : 0;
    (void)err_set(e, c->minor_3_0 ? "UNSUPPORTED_FEATURE" : "FORMAT_NOT_SUPPORTED",
                  "this agent cannot build for that format");
    (void)err_suggest(e, "use a format that list_creative_formats shows");
    return err_field(e, "%s", at);
}

struct build {
    struct source source;
    struct preview_request preview;
    yyjson_mut_val *previews; /* NULL: none asked for */
};

static int build_one(struct tool_call *c, struct build *b, yyjson_val *target, const char *at, yyjson_mut_val *manifest,
                     struct err *e)
{
    struct format_spec format;
    if (find_target(c, target, at, &format, e)) return -1;
    struct render_input in = { .manifest = b->source.manifest,
                               .format = &format,
                               .macros = json_obj(c->args, "macro_values") };
    json_add_copy(c->doc, manifest, "format_id", target);
    if (render_build(c->arena, &in, c->doc, manifest, e)) return err_field(e, "%s", at);
    json_add_copy(c->doc, manifest, "brand", json_obj(b->source.manifest, "brand"));
    json_add_copy(c->doc, manifest, "provenance", json_obj(b->source.manifest, "provenance"));
    if (!b->previews) return 0;
    struct str text = json_write(c->arena, manifest);
    struct source made = { .manifest = creative_stored(c, text), .format = format };
    return add_previews(c, b->previews, &made, &b->preview, e);
}

static int build_many(struct tool_call *c, struct build *b, yyjson_val *targets, struct err *e)
{
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "creative_manifests");
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(targets, i, n, v) {
        b->preview.target_format = v;
        const char *at = arena_printf(c->arena, "/target_format_ids/%zu", i).p;
        if (build_one(c, b, v, at, json_push_obj(c->doc, list), e)) return -1;
    }
    return 0;
}

/* From what was sent, or named; from the buyer's catalog when nothing was. */
static int read_build_source(struct tool_call *c, struct source *out, struct err *e)
{
    if (json_has(c->args, "creative_manifest") || json_has(c->args, "creative_id"))
        return read_source(c, c->args, "", out, e);
    struct str message = json_str(c->args, "message");
    *out = (struct source){ 0 };
    int rc = message.n ? creative_from_catalog(c, message, &out->manifest, e) : 0;
    if (rc < 0) return -1;
    if (rc == 0) return read_source(c, c->args, "", out, e);
    return creative_format_of(c, c->args, &out->format, e) < 0 ? -1 : 0;
}

int build_creative_run(struct tool_call *c, struct err *e)
{
    struct build b = { .preview = { .output = read_output(c->args, "preview_output_format", OUTPUT_URL) } };
    yyjson_val *targets = NULL, *target = yyjson_obj_get(c->args, "target_format_id");
    bool preview = false;
    if (json_opt_arr(JSON_FIELD(c->args, "target_format_ids", ""), (struct json_len){ 1, TARGETS_MAX }, &targets, e))
        return -1;
    if (json_opt_bool(JSON_FIELD(c->args, "include_preview", ""), &preview, e)) return -1;
    if (read_inputs(c->args, "preview_inputs", "", &b.preview, e)) return -1;
    /* Both: the schemas say not to, 3.0 clients add a default target to the list they were given; the list is meant. */
    if (!targets && !target) {
        (void)err_set(e, "INVALID_REQUEST", "one of target_format_id and target_format_ids is needed");
        return err_field(e, "/target_format_id");
    }
    if (read_build_source(c, &b.source, e)) return -1;
    if (preview) b.previews = yyjson_mut_arr(c->doc);
    if (targets
            ? build_many(c, &b, targets, e)
            : build_one(c, &b, target, "/target_format_id", json_add_obj(c->doc, c->reply, "creative_manifest"), e)) {
        return -1;
    }
    if (!preview) return 0;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "preview");
    json_add_val(c->doc, o, "previews", b.previews);
    json_add_time(c->doc, o, "expires_at", c->act->now + PREVIEW_TTL_US);
    return 0;
}
