/* Proposals come with the next change; until then finalizing is refused by name. */
#include "tools/products.h"

int plans_offer(struct discovery *d, struct err *e)
{
    if (!plans_finalizing(d->c->args)) return 0;
    (void)err_set(e, "PROPOSAL_NOT_FOUND", "There is no such proposal.");
    return err_field(e, "/refine/0/proposal_id");
}
