/* How what was delivered is written: AdCP core/delivery-metrics. In replies and in the reports that are pushed. */
#pragma once

#include "contract/json.h"
#include "domain/delivery/delivery.h"

/* impressions, spend, clicks, ctr, ...: what is known, and the rates that follow from it. */
void delivery_add_metrics(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct delivered *d);

/* ---- single numbers; nothing for what is not known ---- */

/* METRIC_UNKNOWN as 0. */
int64_t delivered_known(int64_t v);
void delivery_add_count(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t v);
/* `ppm` as delivered_share gives it: parts per million, written exactly. */
void delivery_add_share(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t ppm);
/* What `per` units cost: micros * per / units. */
void delivery_add_cost(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t micros, int64_t units,
                       int64_t per);
