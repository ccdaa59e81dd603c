/* A creative on its way into Ad Manager. */
#pragma once

#include "adapters/assets.h"
#include "adapters/gam/gam.h"

#define GAM_CREATIVE_SIZES 16
#define GAM_FILES_MAX      8  /* of one creative */
#define GAM_VALUES_MAX     32 /* variables of one template */

/* Those from GAM_VIDEO on are made over SOAP. */
enum gam_kind { GAM_IMAGE, GAM_HTML5, GAM_CUSTOM, GAM_THIRD_PARTY, GAM_VAST, GAM_VIDEO, GAM_AUDIO, GAM_TEMPLATE };

/* Bytes that Ad Manager keeps. */
struct gam_file {
    struct str url;
    size_t bytes_max;
    struct str bytes, base64, name;
};

/* What a variable of a template is given. */
struct gam_value {
    struct str name;            /* the variable's unique name */
    const char *type;           /* SOAP's: "StringCreativeTemplateVariableValue" */
    struct str text;            /* unless it is a file */
    const struct gam_file *file;
};

struct gam_creative {
    const struct plan_creative *from;
    struct str tag; /* "creative_id/version" */
    enum gam_kind kind;
    struct gam_size size;
    struct str url; /* of the VAST, the video, the audio */
    struct gam_file files[GAM_FILES_MAX];
    size_t files_n, fetched;
    struct str template_id;
    struct gam_value values[GAM_VALUES_MAX];
    size_t values_n;
    const char *mime; /* of a video or audio file, in Ad Manager's word */
    int64_t bit_rate; /* kbit/s; 0: nobody says */
    struct str snippet, alt_text;
    struct asset_urls urls;
    int64_t duration_ms;
    struct str remote_id;
    const char *refusal; /* why it cannot be taken; NULL */
};

/* False, with a refusal, when Ad Manager cannot take it for this package. */
MUST_CHECK bool gam_creative_read(struct adapter_op *op, const struct plan_package *p, const struct plan_creative *from,
                                  struct gam_creative *out);
/* The bytes of the file that was fetched last as what is sent, and on to the next; long work. */
void gam_creative_encode(struct arena *a, struct gam_creative *c);
yyjson_mut_val *gam_creative_body(struct adapter_op *op, yyjson_mut_doc *d, struct str advertiser,
                                  const struct gam_creative *c);

/* ---- creative_soap.c ---- */

/* A video or audio file at an address. False, with a refusal. */
MUST_CHECK bool gam_media_read(struct gam_creative *c, yyjson_val *asset, enum gam_kind kind);
/* The arguments of CreativeService.createCreatives. */
yyjson_mut_val *gam_creative_soap(struct adapter_op *op, yyjson_mut_doc *d, struct str advertiser_id,
                                  const struct gam_creative *c);

/* ---- template.c ---- */

/* A creative's assets as the values of a template's variables, as the product's settings ("template") say. False, with a
 * refusal. */
MUST_CHECK bool gam_template_read(struct gam_creative *c, yyjson_val *settings, yyjson_val *assets);
/* Every mistake in a product's "template", with its place. */
void gam_template_check(yyjson_val *settings, const struct adapter_catalog *catalog, struct adapter_problems *out);
/* What the catalogue keeps of a template that REST has listed. */
struct str gam_template_doc(struct arena *a, yyjson_val *listed);
