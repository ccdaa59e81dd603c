/* The projection of replies of AdCP 3.1 to AdCP 3.0: values of enumerations that 3.0 closed, the meaning of
 * `status`, error codes. New members stay: 3.0's objects are open. */
#pragma once

#include "dialects/dialect.h"

/* Changes `reply`, a copy of d->reply, in place. */
void adcp_30_project(const struct dialect_down *d, yyjson_mut_val *reply);

/* The code of 3.0's vocabulary for one that only newer lines have; the code itself when 3.0 has it too. */
const char *adcp_30_error_code(const char *code);
