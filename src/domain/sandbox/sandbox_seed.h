/* Between sandbox_seed.c and sandbox_seed_catalog.c only. */
#pragma once

#include "domain/sandbox/sandbox.h"

MUST_CHECK int sandbox_seed_product(const struct act *act, const struct sandbox_seed *in, struct err *e);
MUST_CHECK int sandbox_seed_pricing_option(const struct act *act, const struct sandbox_seed *in, struct err *e);
MUST_CHECK int sandbox_seed_format(const struct act *act, const struct sandbox_seed *in, struct err *e);

/* INVALID_PARAMS naming fixture.`member`. */
int sandbox_bad_fixture(const char *member, const char *why, struct err *e);
