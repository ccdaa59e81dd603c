/* What the built-in ad server (serving/, domain/house) has to know of a booking: that there was one, and numbers for what its
 * tokens and counters name. */
#include "domain/booking/booking.h"
#include "store/q/q_house.h"

static int number_creatives(const struct act *act, const struct plan *plan, const struct plan_package *p, struct err *e)
{
    struct str owner = house_creative_owner(act->arena, act->tenant->tenant_id, plan->principal_id);
    int64_t ignored; /* only that there is one */
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (q_house_key_make(act->tx, HOUSE_KEY_CREATIVE, owner, p->creatives[i].creative_id, &ignored, e)) return -1;
    }
    return 0;
}

int booking_serve(const struct act *act, const struct plan *plan, struct err *e)
{
    struct str tenant_id = act->tenant->tenant_id;
    int64_t ignored;
    if (q_house_key_make(act->tx, HOUSE_KEY_PUBLISHER, tenant_id, tenant_id, &ignored, e)) return -1;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (q_house_key_make(act->tx, HOUSE_KEY_PACKAGE, tenant_id, p->package_id, &ignored, e)) return -1;
        if (number_creatives(act, plan, p, e)) return -1;
    }
    return q_house_buy_touch(act->tx, tenant_id, plan->media_buy_id, e);
}
