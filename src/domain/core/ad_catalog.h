/* The inventory of a publisher's ad server as adapters ask for it: rows of ad_server_item, behind the contract's
 * catalogue. What cannot be read is remembered: whoever believes "there is no such item" asks ad_catalog_check first. */
#pragma once

#include "domain/core/ad_server.h"
#include "store/q/q_ad_server.h"

struct ad_catalog {
    struct adapter_catalog catalog; /* first */
    struct tx *tx;                  /* in a transaction, or */
    struct store *store;            /* with whatever is committed when it is asked */
    struct arena *arena;            /* of what it finds */
    struct ad_server_key key;
    bool failed;
    struct err why;
};

void ad_catalog_init(struct ad_catalog *c, const struct act *act, const struct ad_server *server);
/* For jobs, which ask in many turns. */
void ad_catalog_of_store(struct ad_catalog *c, struct store *store, const struct act *act,
                         const struct ad_server *server);

/* -1 when something could not be read. */
MUST_CHECK int ad_catalog_check(const struct ad_catalog *c, struct err *e);
