/* The assets of an AdCP creative (plan_creative.doc), as every adapter reads them. */
#pragma once

#include <salesagent/adapter.h>

#include "adapters/doc.h"

#define ASSET_TRACKERS_MAX 8

struct creative_use {
    const struct plan_package *package; /* the first that runs it */
    const struct plan_creative *creative;
};
/* Each creative of the op's plan once, in the order in which packages run them; *n of them, in its arena. */
const struct creative_use *plan_creatives_once(const struct adapter_op *op, size_t *n);

/* The first asset of a type ("image", "html", ...), also in lists; NULL. */
yyjson_val *asset_of(yyjson_val *assets, const char *type);

struct asset_urls {
    struct str click_url;
    struct str pixels[ASSET_TRACKERS_MAX];
    size_t pixels_n;
};

/* Where a click leads, and what counts. NULL, or why the creative cannot be taken: what could not be called is refused,
 * never dropped. */
const char *asset_urls(struct arena *a, yyjson_val *assets, struct asset_urls *out);

struct asset_size {
    int width, height;
};
/* The plan's, else the asset's, else the format's; 0 when nobody says. */
struct asset_size asset_size(const struct plan_creative *p, yyjson_val *doc, yyjson_val *asset);

/* "png", "gif", "jpg", "webp": what the bytes are. */
const char *asset_suffix(struct str bytes);
const char *asset_mime(struct str bytes); /* "image/png", ... */

/* The call that fetches a creative's file: public addresses only, except in a sandbox. */
void asset_fetch(struct adapter_op *op, struct str url, size_t bytes_max);
/* What came of it. NULL: the bytes are there. Else why the creative cannot be taken; or, with *later, why it cannot now. */
const char *asset_fetched(const struct http_call *file, bool *later);
