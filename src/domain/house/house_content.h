/* What the built-in ad server shows of a creative: the buyer's manifest in the terms of serving/content.h. */
#pragma once

#include <salesagent/adapter.h>

#include "contract/json.h"
#include "serving/lineup.h"
#include "serving/content.h"

struct house_content_source {
    struct str creative_id, name;
    struct str doc; /* JSON: {assets, ...} */
    struct str media_buy_id, package_id, advertiser, paid_by;
    int width, height; /* of its format; 0: open */
};

struct house_content {
    struct content content;
    enum plan_medium medium;
    struct size size; /* 0 x 0: takes that of its place */
    bool picture;     /* can be shown without scripts and frames */
};

/* False when there is nothing that this ad server can show. Everything lives in the arena. */
MUST_CHECK bool house_content_make(struct arena *a, const struct house_content_source *s, struct house_content *out);
