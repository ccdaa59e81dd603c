/* Names in buyers' URLs and markup that are replaced when an ad is shown: AdCP's universal macros {NAME}, and the spellings
 * of the trade for the same, [NAME] and ${NAME} (${GDPR_CONSENT_123} and ${GPP_STRING_123} name a vendor; all get the
 * string). A name that is not known here stays as it is: it is the player's or the page's to fill in. A known one without
 * value becomes nothing. */
#pragma once

#include "base/buf.h"
#include "serving/consent.h"
#include "serving/content.h"

struct macro_values {
    const struct content *content;
    struct consent consent;
    struct str click_url; /* our own, which counts and leads on */
    struct str country, device, page_domain, placement;
    int width, height;
    uint32_t random;
    int64_t now;
};

enum macro_target {
    MACRO_URL, /* values are percent-encoded */
    MACRO_VAST, /* likewise; of the names in square brackets, which are the player's, only the consent string is filled in */
    MACRO_HTML /* values go into markup and scripts: percent-encoded, except for the click URL, which is safe in both */
};

void macros_add(struct buf *b, struct str text, const struct macro_values *v, enum macro_target target);
