/* The projection of canonical replies (AdCP 3.2) to AdCP 3.1: error codes that 3.1 has not, and what 3.2 alone has. */
#pragma once

#include "dialects/dialect.h"

/* Changes `reply`, a copy of d->reply, in place. */
void adcp_31_project(const struct dialect_down *d, yyjson_mut_val *reply);

/* The code of 3.1's vocabulary for one that only 3.2 has; the code itself when 3.1 has it too. */
const char *adcp_31_error_code(const char *code);
