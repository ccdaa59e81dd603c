/* A small publisher for tests of the rooms above `publisher`: the product "p1" (display, cpm 10 USD, 100,000 impressions a
 * day), sold by the mock. */
#pragma once

#include "room.h"

/* Imports it as the publisher "t"; `settings` are members of its tenant object (",\"workflow_required\":true"), or "". */
void publisher_data(struct room *r, const char *settings);
