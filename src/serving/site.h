/* What the doors know of a publisher besides what decides (serving_publisher.more). Borrowed like all parts of a lineup. */
#pragma once

#include "serving/consent.h"
#include "serving/geo.h"

struct ad_site {
    struct str label; /* "Advertisement", in the publisher's language */
    bool who_paid; /* ads say on whose behalf they are shown, and who paid */
    struct str paid_by_label; /* "paid by", likewise */
    enum visitor_ids visitor_ids;
    struct str country_header; /* of a trusted proxy: "CF-IPCountry"; empty: none */
    const struct geo *geo; /* NULL: there is no file */
};
