/* Between sandbox_seed.c and sandbox_seed_catalog.c only. `fixture` may be NULL. */
#pragma once

#include "contract/json.h"
#include "domain/act.h"

MUST_CHECK int sandbox_seed_product(const struct act *act, yyjson_val *params, yyjson_val *fixture, struct err *e);
MUST_CHECK int sandbox_seed_pricing_option(const struct act *act, yyjson_val *params, yyjson_val *fixture, struct err *e);
MUST_CHECK int sandbox_seed_format(const struct act *act, yyjson_val *params, yyjson_val *fixture, struct err *e);

/* INVALID_PARAMS naming fixture.`member`. */
int sandbox_bad_fixture(const char *member, const char *why, struct err *e);
