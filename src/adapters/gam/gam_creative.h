/* A creative on its way into Ad Manager. */
#pragma once

#include "adapters/assets.h"
#include "adapters/gam/gam.h"

#define GAM_CREATIVE_SIZES 16

enum gam_kind { GAM_IMAGE, GAM_HTML5, GAM_CUSTOM, GAM_THIRD_PARTY, GAM_VAST };

struct gam_creative {
    const struct plan_creative *from;
    struct str tag; /* "creative_id/version" */
    enum gam_kind kind;
    struct gam_size size;
    struct str url; /* of its bytes, or of the VAST */
    size_t bytes_max;
    struct str bytes, base64, file_name;
    struct str snippet, alt_text;
    struct asset_urls urls;
    int64_t duration_ms;
    struct str remote_id;
    const char *refusal; /* why it cannot be taken; NULL */
};

/* False, with a refusal, when Ad Manager cannot take it for this package. */
MUST_CHECK bool gam_creative_read(struct adapter_op *op, const struct plan_package *p, const struct plan_creative *from,
                                  struct gam_creative *out);
/* The bytes as what is sent; long work. */
void gam_creative_encode(struct arena *a, struct gam_creative *c);
yyjson_mut_val *gam_creative_body(struct adapter_op *op, yyjson_mut_doc *d, struct str advertiser,
                                  const struct gam_creative *c);
