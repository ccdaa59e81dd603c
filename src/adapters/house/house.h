/* The built-in ad server as an adapter: what it can be booked with, and what products say to it. The serving itself, and what
 * these settings mean there, is src/serving's and domain/house's. docs/ad-servers/house.md describes both. */
#pragma once

#include <salesagent/adapter.h>
#include <yyjson.h>

struct house_config {
    struct str timezone; /* of its days */
};

extern const struct adapter house_adapter;

/* settings.c */
MUST_CHECK int house_configure(struct arena *arena, const struct adapter_site *site, struct str json,
                               const void **config, struct err *e);
void house_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                         struct adapter_problems *out);

/* admit.c */
void house_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                 struct adapter_problems *out);
/* Creatives that fit none of their package's slots. */
void house_check_creatives(const struct plan *plan, const struct adapter_catalog *catalog,
                           struct adapter_problems *out);
