/* What an ad server would be asked, exactly: the adapter's real steps, whose calls are noted instead of made. What the ad
 * server would answer is pretended by the adapter: what is on record as booked stands there as it was sent, there is nothing
 * else of the plan, what is asked is granted, and the inventory is the catalogue's. Tokens are not part of it (adapters never see them), other secrets are masked. */
#pragma once

#include "domain/booking/booking.h"

#define DRY_REQUESTS_MAX 500

struct dry_request {
    struct str method, url;
    struct str headers; /* "Name: value" lines */
    struct str body;
};

struct dry_run {
    struct dry_request *requests;
    size_t n; /* what came after the maximum is left out */
    enum adapter_verdict verdict; /* how the verb would end */
    struct str reason;
    struct adapter_problems problems;
};

/* Nothing (no requests, OK) for ad servers that are not remote or have nothing of the kind. */
MUST_CHECK int dry_run(const struct act *act, const struct ad_server *server, const struct plan *part,
                       enum adapter_verb verb, struct dry_run *out, struct err *e);
