/* What follows from a change of a media buy, in one place: its history, the audit trail, the webhooks it keeps registered, the
 * watch over its budget and, for buyers who asked for it, a notification. Every mutation of a media buy calls this, in the
 * commit of the change. */
#pragma once

#include "domain/core/act.h"
#include "store/q/q_media_buy.h"

struct media_buy_change {
    const char *action; /* AdCP history actions: created, approved, activated, paused, canceled, updated_budget, ... */
    struct str summary; /* one sentence for people */
    struct str package_id; /* empty: the buy as a whole */
};

/* `buy` is the row as it is now, its revision already counted up. Of several changes made together each has its lines, and of
 * those of one action the buyer hears once. */
MUST_CHECK int media_buy_changed_all(const struct act *act, const struct media_buy_row *buy,
                                     const struct media_buy_change *changes, size_t n, struct err *e);
/* One. */
MUST_CHECK int media_buy_changed(const struct act *act, const struct media_buy_row *buy,
                                 const struct media_buy_change *change, struct err *e);
