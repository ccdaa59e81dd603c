/* The requests of a dry run, as people are shown them. */
#pragma once

#include "domain/booking/dry_run.h"
#include "tools/tool.h"

/* Appends {"method", "url", "headers", "body"} each; a body that is JSON stands as JSON. */
void encode_ad_requests(struct tool_call *c, yyjson_mut_val *list, const struct dry_run *d);
