#include "domain/decide/by_hand_decide.h"

#include "domain/booking/by_hand.h"
#include "domain/decide/booking_answer.h"
#include "domain/decide/task_execute.h"

/* What the task was asked for, as the rows now are. For a decision that waits for it, the plan of that. */
static int by_hand_answer(const struct act *act, const struct task_row *task, struct booking_answer *out, struct err *e)
{
    struct by_hand_operation o;
    struct ad_server *server = ARENA_NEW(act->arena, struct ad_server);
    struct plan *plan = ARENA_NEW(act->arena, struct plan), whole;
    enum task_execution how;
    if (!by_hand_read(task_get(act, task, "operation"), &o)) {
        return err_set(e, "INVALID_STATE", "The task does not say what was to be done.");
    }
    if (ad_server_of(act, o.ad_server, server, e)) return -1;
    *out = (struct booking_answer){ .server = server };
    out->ask = (struct booking_ask){ .ask_id = task->task_id,
                                     .media_buy_id = o.media_buy_id,
                                     .ad_server = o.ad_server,
                                     .task_id = o.task_id,
                                     .verb = o.verb };
    if (o.task_id.n) {
        if (task_execute_plan(act, o.task_id, o.ad_server, &how, plan, e)) return -1;
        if (how == TASK_EXECUTES) out->plan = plan;
    }
    if (out->plan) return 0;
    int found = plan_load(act, o.media_buy_id, PLAN_WHOLE, &whole, e);
    if (found != 1) return found;
    out->plan = plan;
    return plan_part(act, &whole, o.ad_server, plan, e);
}

int by_hand_done(const struct act *act, const struct task_row *task, struct err *e)
{
    struct booking_answer a;
    struct booking_remotes ids = { .n = 0 };
    if (by_hand_answer(act, task, &a, e)) return -1;
    yyjson_val *typed = task_get(act, task, "remote_ids");
    if (a.plan && by_hand_remotes(act->arena, a.plan, typed, &ids, e)) return -1;
    if (ids.n && booking_record(act, a.server, a.plan, &ids, e)) return -1;
    /* An ad server of our own that only waited for a person's word does the verb now. */
    bool here = a.server && !a.server->adapter->by_hand;
    if (here && a.plan && booking_run_here(act, a.server, a.plan, a.ask.verb, e)) return -1;
    a.kind = ANSWER_AGREED;
    return booking_answered(act, &a, e);
}

int by_hand_refused(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    struct booking_answer a;
    if (by_hand_answer(act, task, &a, e)) return -1;
    a.kind = ANSWER_REFUSED;
    a.reason = reason.n ? reason : STR("it could not be done");
    return booking_answered(act, &a, e);
}
