#include "domain/feedback.h"

#include "base/id.h"
#include "domain/audit.h"
#include "store/q_delivery.h"

int feedback_add(const struct act *act, const struct feedback *f, struct err *e)
{
    ENSURE(f->media_buy_id.n > 0 && f->doc.n > 0);
    struct feedback_row row = { .feedback_id = id_new(act->arena, act->rng, "fb-", act->now),
                                .tenant_id = act->tenant->tenant_id, .media_buy_id = f->media_buy_id,
                                .package_id = f->package_id, .at = act->now, .doc = f->doc };
    if (q_feedback_insert(act->tx, &row, e)) return -1;
    struct audit_entry entry = { .action = "media_buy.feedback",
                                 .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(f->media_buy_id)),
                                 .doc = f->doc };
    return audit_add(act, &entry, e);
}
