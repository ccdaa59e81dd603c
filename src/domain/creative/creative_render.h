/* Rendering creatives from their assets: the page a preview shows, and what build_creative makes for another format.
 * Pure. Whatever comes from a buyer is escaped; addresses that are not absolute http(s) URLs are left out; a buyer's
 * own html and javascript assets go in as they are, because they are the creative: show the page in a sandboxed frame
 * of an opaque origin. */
#pragma once

#include "contract/json.h"
#include "domain/product/format.h"

#define RENDER_BYTES_MAX (1 << 20)

struct render_input {
    yyjson_val *manifest;             /* {assets, format_id} */
    const struct format_spec *format; /* of what is made */
    yyjson_val *macros;               /* {NAME: value}: {NAME} is replaced, all others stay; or NULL */
};

/* What a manifest holds, by kind: the first of each. Borrowed from it, with macros replaced. */
struct render_parts {
    struct arena *a;
    const struct render_input *in;
    yyjson_val *image, *video, *audio, *html, *script, *vast;
    struct str headline, body, cta;
    struct str click; /* an absolute web URL, or empty */
};

void render_collect(struct arena *a, const struct render_input *in, struct render_parts *out);
/* The asset's address when it may be put into a page, else empty. */
struct str render_address(const struct render_parts *p, yyjson_val *asset);

struct render_size {
    int64_t width, height;
};

/* The format's size, else that of the main asset, else what suits the kind. */
struct render_size render_size_of(const struct render_input *in);

/* What a page shows of it: markup without head and body. p->click may be set to lead elsewhere before. Empty when there is
 * nothing to show, or it would be too large. */
struct str render_markup(struct render_parts *p);

/* A complete HTML document. Never fails: without anything to show it says so. Empty when it would be too large. */
struct str render_page(struct arena *a, const struct render_input *in);

/* The manifest's assets for in->format, ready to be trafficked: adds `assets` to `manifest`. A display format gets an
 * html asset of image, headline, body and call to action (or the buyer's own html, javascript, or an image that has
 * exactly the size); a video format gets a VAST document around the video; a native format the assets it takes.
 * UNSUPPORTED_FEATURE when there is no way from these assets to that format. */
MUST_CHECK int render_build(struct arena *a, const struct render_input *in, yyjson_mut_doc *doc,
                            yyjson_mut_val *manifest, struct err *e);
