/* Open objects as closed ones: AdCP 3.2 publishes what its compact tools show (canonical-product, commercial-terms, ...) a
 * second time, without the members that earlier lines gave it. */
#pragma once

#include "contract/json.h"
#include "contract/validate.h"

/* A copy of the object without the members, at any depth, that the schema does not name. A first-level member that does not fit
 * even so is left out. NULL, with a line in the log, when what remains is not valid, or the schema is not in the tables. */
yyjson_mut_val *contract_narrow(const struct contract *c, struct arena *a, yyjson_mut_doc *doc, yyjson_val *value);
