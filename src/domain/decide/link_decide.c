#include "domain/decide/link_decide.h"

#include "domain/task/task_terms.h"

/* On one line, as a person would write a name. */
static struct str tidy(const struct act *act, struct str name)
{
    char *out = (char *)(uintptr_t)arena_dup(act->arena, name).p; /* our own copy */
    for (size_t i = 0; i < name.n; i++) {
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f) out[i] = ' ';
    }
    return (struct str){ out, name.n };
}

bool link_may_decide(const struct act *act, const struct link_row *link, const struct task_row *task)
{
    struct task_terms terms;
    task_terms_read(act, task, &terms);
    return !str_is(terms.role, "administrator") || str_is(link->role, "administrator");
}

int link_decide(const struct act *act, const struct link_row *link, const struct task_resolution *r, struct str name,
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
    if (name.n)
        as.actor = arena_printf(act->arena, STR_FMT " (" STR_FMT ")", STR_ARG(as.actor), STR_ARG(tidy(act, name)));
    as.origin = STR("link");
    mine.task_id = link->task_id;
    if (task_resolve(&as, &mine, out, e)) return -1;
    return task_open(out) && !task_executing(&as, out) ? 0 : q_link_used(act->tx, link->link_id, act->now, e);
}
