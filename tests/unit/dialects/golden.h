/* Golden cases: one JSON file each under tests/dialects/golden, sent through a dialect without tools or store.
 *
 *   dialect, tool, args     what a caller sends
 *   canonical {tool, args}  what must come out of `up`
 *   refused {code, field}   or: how `up` must refuse it
 *   aux, reply              what the tool would have answered
 *   answer                  what must come out of `down`; after `refused`, the error in the caller's form
 *
 * Every part but the first is optional. Numbers are compared by value: 5000 is 5000.0. */
#pragma once

#include "contract/json.h"

/* Fails the running test with the place of the first difference. */
void golden_run(struct arena *a, const char *path);
void golden_same(struct arena *a, const char *what, yyjson_val *have, yyjson_val *want);
