/* Deterministic checks of one creative against its format and the publisher's policies. Pure: the same creative gets
 * the same verdict for ever. Nothing is fetched; what a creative declares is what is checked, and what it does not
 * declare is not held against it unless the format needs it.
 *
 *   format    assets, dimensions, file_size, mime_type, duration, text, vast
 *   policy    asset_url, click_url, script, landing_page, prohibited_category, prohibited_word, provenance
 *
 * A failed check refuses the creative; a warning is told to the buyer and shown to the reviewer. */
#pragma once

#include "contract/json.h"
#include "domain/product/format.h"

enum check_status { CHECK_PASSED, CHECK_FAILED, CHECK_WARNING };

struct creative_check {
    const char *check;
    enum check_status status;
    bool policy;       /* of the second group */
    struct str detail; /* "300x250 matches format spec" */
    const char *code;  /* AdCP error code, with FAILED */
    struct str field;  /* JSON Pointer within the creative; empty: the whole */
};

struct creative_checks {
    struct creative_check *items;
    size_t n;
    bool passed;   /* nothing failed */
    bool
        doubtful; /* something may be forbidden or not: a person decides, whatever the publisher lets through by itself */
};

/* What a product asks of provenance: its creative_policy. */
struct provenance_policy {
    struct str product_id;
    yyjson_val *creative_policy;
    yyjson_val *product; /* the whole product; not looked at by the checks */
};

struct creative_check_input {
    yyjson_val *asset; /* AdCP 3.1 core/creative-asset.json */
    const struct format_spec *format;
    yyjson_val *policies; /* advertising_policies, or NULL: prohibited_categories[], prohibited_words[],
                                landing_page_domain ("any", "warn", "enforce"; default warn), allowed_hosts[] */
    struct str brand_domain; /* empty: not known */
    const struct provenance_policy *provenance;
    size_t provenance_n;
    bool loopback; /* sandbox: assets may also come from http://localhost */
};

void creative_check_run(struct arena *a, const struct creative_check_input *in, struct creative_checks *out);

const char *check_status_name(enum check_status s);
/* [{check, status, detail}] into obj.checks. */
enum checks_shown {
    CHECKS_ALL,
    CHECKS_OF_FORMAT /* the format's checks, and of the policy's what failed */
};
void creative_checks_encode(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct creative_checks *c,
                            enum checks_shown shown);

/* The creative's own provenance, else the first that an asset carries; NULL when there is none. `asset`: as it is stored. */
yyjson_val *creative_provenance(yyjson_val *asset);
