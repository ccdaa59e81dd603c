/* A media buy's report, as get_media_buy_delivery shows it. */
#pragma once

#include "domain/delivery/delivery.h"
#include "domain/delivery/delivery_json.h"
#include "domain/plan/media_buy_state.h"
#include "tools/tool.h"

struct delivery_options {
    bool package_days; /* include_package_daily_breakdown */
    bool days;         /* the buy's own daily_breakdown */
    enum { WINDOWS_NONE, WINDOWS_DAILY, WINDOWS_MONTHLY } windows;
};

/* One element of media_buy_deliveries. */
void delivery_add_buy(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d, enum media_buy_status status,
                      const struct delivery_options *o);

/* One element of aux.media_buys; see README.md. `rows` are those of its packages, in the plan's order. */
void delivery_add_aux(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d,
                      const struct package_row *rows, const char *status);

/* Of a package that bids: clearing_price, what a unit really cost so far, and win_rate, how its bid stands now, where
 * the ad server tells. Nothing for other packages. */
void delivery_add_auction(struct tool_call *c, yyjson_mut_val *out, const struct plan *plan,
                          const struct delivery_package *p);
