/* Judging content by content standards, by words alone: the same input always gives the same answer, and what words
 * cannot decide is said to be unevaluated, never passed.
 *
 * Understood: prohibitions ("No alcohol, gambling, or tobacco content", "avoid ...", "never ...") are broken when the
 * artifact's text, addresses or ids speak of what is prohibited; "alt text" policies by images without any. Everything
 * else (colours, resolutions, tone) is unevaluated. Artifacts given as calibration exemplars are judged as exemplified. */
#pragma once

#include "contract/json.h"

enum content_status { CONTENT_PASSED, CONTENT_FAILED, CONTENT_WARNING, CONTENT_UNEVALUATED };

const char *content_status_name(enum content_status s); /* AdCP feature-check-status */

struct content_finding {
    struct str policy_id; /* "calibration_exemplars" for those */
    enum content_status status;
    struct str explanation;
};

struct content_verdict {
    bool pass; /* no policy that must hold was broken */
    struct content_finding *findings;
    size_t n;
};

struct content_case {
    yyjson_val *standards; /* the stored object: policies, calibration_exemplars */
    yyjson_val *artifact;  /* AdCP content-standards/artifact */
    struct str channel;    /* empty: unknown */
    int64_t *work_left; /* shared by the cases of one call, CONTENT_WORK_MAX at first; what is beyond is unevaluated */
};
#define CONTENT_WORK_MAX INT64_C(100000000) /* about bytes looked at: a part of a second */
void content_check(struct arena *a, const struct content_case *in, struct content_verdict *out);
