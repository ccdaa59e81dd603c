/* What this program can do, where the registry of tools does not say it already: the one place that
 * get_adcp_capabilities reads. Whoever lands such a feature turns it on here in the same change; nothing is claimed
 * before it is there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define IDEMPOTENCY_REPLAY_TTL_S 86400

struct agent_features {
    bool proposals;              /* get_products offers plans that can be finalized and bought */
    bool inline_creatives;       /* create_media_buy takes packages[].creatives */
    bool property_list_filtering; /* get_products resolves property_list */
    bool reporting_webhooks;     /* delivery reports are pushed; needs webhook_signing */
    bool webhook_signing;        /* RFC 9421 signatures on webhooks */
    bool request_signing;        /* RFC 9421 signatures on requests are verified */
    bool governance_aware;       /* check_governance is called before money is committed */
};

extern const struct agent_features agent_features;

/* compliance_testing.scenarios, ending with NULL; claimed in sandbox mode when comply_test_controller is there. */
extern const char *const sandbox_scenarios[];

/* Tools that together earn an AdCP specialism. */
struct specialism {
    const char *name;
    const char *tools[6]; /* ending with NULL */
};
extern const struct specialism specialisms[];
extern const size_t specialisms_n;
