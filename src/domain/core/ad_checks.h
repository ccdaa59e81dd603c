/* What a test of an ad server found, as a document. */
#pragma once

#include <salesagent/adapter.h>

#include "contract/json.h"

/* {"passed": bool, "checks": [{"name", "outcome": "passed"|"warning"|"failed"|"skipped", "text", "fix"?}]} */
struct str ad_checks_json(struct arena *a, const struct adapter_result *result);
