#include "domain/decide/link_decide.h"

int link_decide(const struct act *act, const struct link_row *link, const struct task_resolution *r,
                struct task_row *out, struct err *e)
{
    struct principal who = { .tenant_id = link->tenant_id,
                             .principal_id = arena_printf(act->arena, "link:" STR_FMT, STR_ARG(link->recipient)),
                             .role = str_is(link->role, "administrator") ? ROLE_ADMINISTRATOR : ROLE_OPERATOR };
    struct act as = *act;
    struct task_resolution mine = *r;
    who.name = who.principal_id;
    as.principal = &who;
    as.actor = who.principal_id;
    as.origin = STR("link");
    mine.task_id = link->task_id;
    if (task_resolve(&as, &mine, out, e)) return -1;
    return task_open(out) && !task_executing(&as, out) ? 0 : q_link_used(act->tx, link->link_id, act->now, e);
}
