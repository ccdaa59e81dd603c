/* AdCP:Buy v1, the shapes of the media buy lifecycle page and the API reference: packages bought by name, whole days,
 * PATCH updates with one standard answer, human tasks.
 *
 * A package is what the buyer called it: a product's id, or an offer of get_avails ("pkg_<product>_<first day>_<last
 * day>", so that an offer carries its flight and nothing has to be remembered). That name stays the package's
 * reference (`package_ref`) and later calls use it. */
#pragma once

#include "dialects/shape.h"

#define V1_ID_LEN ((struct json_len){ 1, 255 })

/* buy_v1_plan.c: discovery, avails, buying */
MUST_CHECK int buy_v1_discover_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_describe_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_avails_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_create_up(struct shape_up *u, struct err *e);
yyjson_mut_val *buy_v1_discover_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_describe_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_avails_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_create_down(const struct dialect_down *d);

/* buy_v1_run.c: creatives, status, delivery, performance */
MUST_CHECK int buy_v1_assets_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_status_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_delivery_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_performance_up(struct shape_up *u, struct err *e);
yyjson_mut_val *buy_v1_assets_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_status_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_delivery_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_performance_down(const struct dialect_down *d);
/* One asset as a canonical creative, appended to `list`; `at` is its pointer. *assigned (may be NULL) is its
 * package_assignments, NULL when it has none. */
MUST_CHECK int buy_v1_asset(struct shape_up *u, yyjson_val *asset, const char *at, yyjson_mut_val *list,
                            yyjson_val **assigned, struct err *e);

/* buy_v1_update.c: update_media_buy and update_package */
MUST_CHECK int buy_v1_update_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_update_package_up(struct shape_up *u, struct err *e);
yyjson_mut_val *buy_v1_update_down(const struct dialect_down *d);
/* {"status": "failed", "reason", "detail"} for what went wrong with the update itself. */
yyjson_mut_val *buy_v1_update_failed(const struct dialect_down *d, const struct shape_pointer *pointers);

/* buy_v1_tasks.c: the human tasks */
MUST_CHECK int buy_v1_task_create_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_task_list_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_task_assign_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_task_complete_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_task_verify_up(struct shape_up *u, struct err *e);
MUST_CHECK int buy_v1_task_mark_up(struct shape_up *u, struct err *e);
yyjson_mut_val *buy_v1_task_create_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_task_list_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_task_assign_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_task_complete_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_task_verify_down(const struct dialect_down *d);
yyjson_mut_val *buy_v1_task_mark_down(const struct dialect_down *d);

/* ---- shared ---- */

/* {geography, device_types, ...} as an AdCP overlay in obj.targeting_overlay and, verbatim, obj.ext.salesagent. */
MUST_CHECK int buy_v1_targeting(struct shape_up *u, struct json_field f, yyjson_mut_val *obj, struct err *e);
/* The page's word for a media buy's status. */
const char *buy_v1_status(yyjson_val *buy);
/* The open task of a buy, NULL when nobody has to decide. */
yyjson_val *buy_v1_open_task(yyjson_val *buy);
/* What this buyer calls a package. */
struct str buy_v1_package_name(yyjson_val *package);
