#include "domain/decide/booking_answer.h"

#include "base/rfc3339.h"
#include "domain/booking/booking_trouble.h"
#include "domain/booking/delivery_poll.h"
#include "domain/decide/booking_split.h"
#include "domain/decide/task_execute.h"
#include "domain/media_buy/media_buy.h"

#define PATIENCE_US (INT64_C(3600) * USEC_PER_SEC) /* a wait that is longer is told to a person */

/* What a person did not do is asked of people anew; a job is run again. */
static struct booking_trouble trouble_of(const struct booking_answer *a)
{
    bool by_hand = booking_asked_of_person(a->ask.ask_id);
    return (struct booking_trouble){ .media_buy_id = a->ask.media_buy_id,
                                     .ad_server = a->ask.ad_server,
                                     .verb = a->ask.verb,
                                     .job_id = by_hand ? STR_NONE : a->ask.ask_id,
                                     .why = a->reason,
                                     .problems = a->problems };
}

static int set_state(const struct act *act, const struct booking_answer *a, enum booking_state state, struct err *e)
{
    struct booking_change c = { .media_buy_id = a->ask.media_buy_id,
                                .ad_server = a->ask.ad_server,
                                .state = state,
                                .reason = a->reason,
                                .wait_until = a->wait_until };
    return booking_set(act, &c, e);
}

/* The buy has ended, or goes on without it: what the answer was asked for is not wanted any more. 1, 0, -1. */
static int unwanted(const struct act *act, const struct booking_answer *a, struct err *e)
{
    struct booking_row row;
    int found = q_booking_get(act->tx, act->arena, a->ask.media_buy_id, a->ask.ad_server, &row, e);
    if (found < 0) return -1;
    return found && (row.state == BOOKING_DROPPED || row.state == BOOKING_CANCELED);
}

/* ---- it agreed ---- */

/* A change that nobody waits for any more: the ad server goes back to the rows. */
static int back_to_rows(const struct act *act, const struct booking_answer *a, struct err *e)
{
    struct plan whole, part;
    enum booking_outcome outcome;
    int found = plan_load(act, a->ask.media_buy_id, PLAN_WHOLE, &whole, e);
    if (found != 1 || !a->server) return found < 0 ? -1 : 0;
    if (plan_part(act, &whole, a->server->name, &part, e)) return -1;
    return booking_submit(act, a->server, &part, ADAPTER_UPDATE, &outcome, e);
}

static int booked(const struct act *act, const struct booking_answer *a, struct err *e)
{
    int gone = unwanted(act, a, e);
    if (gone) return gone < 0 ? -1 : 0; /* what ended it has it canceled */
    if (set_state(act, a, BOOKING_BOOKED, e) || booking_split_over(act, a->ask.media_buy_id, e)) return -1;
    if (a->ask.task_id.n && task_executed(act, a->ask.task_id, a->ask.ad_server, e) < 0) return -1;
    if (a->server && a->plan && delivery_poll_next(act, a->server, a->plan, a->ask.ask_id, e)) return -1;
    return a->ask.task_id.n ? 0 : booking_release(act, a->ask.media_buy_id, e);
}

static int updated(const struct act *act, const struct booking_answer *a, struct err *e)
{
    if (!a->ask.task_id.n) return 0;
    int awaited = task_executed(act, a->ask.task_id, a->ask.ad_server, e);
    if (awaited) return awaited < 0 ? -1 : 0;
    int gone = unwanted(act, a, e);
    return gone ? (gone < 0 ? -1 : 0) : back_to_rows(act, a, e);
}

static int creatives_taken(const struct act *act, const struct booking_answer *a, struct err *e)
{
    static const struct adapter_problems none = { .n = 0 };
    const struct adapter_problems *problems = a->problems ? a->problems : &none;
    if (!a->plan) return 0;
    if (booking_creatives_taken(act, a->plan, problems, e)) return -1;
    if (problems->n) {
        struct booking_trouble t = trouble_of(a);
        t.why = str_from(problems->item[0].text);
        if (booking_trouble(act, &t, e)) return -1;
    }
    /* The buy, or a package, that waited until the ad server had its creatives moves on. */
    return media_buy_creatives_changed(act, a->ask.media_buy_id, e);
}

/* A person who has typed in the whole buy has typed in its creatives. */
static bool brings_creatives(const struct booking_answer *a)
{
    bool whole = a->ask.verb == ADAPTER_BOOK || a->ask.verb == ADAPTER_UPDATE;
    return a->ask.verb == ADAPTER_CREATIVES || (whole && a->server && a->server->adapter->by_hand);
}

static int agreed(const struct act *act, const struct booking_answer *a, struct err *e)
{
    struct booking_trouble over = trouble_of(a);
    bool all = !a->problems || a->problems->n == 0;
    if (all && booking_trouble_over(act, &over, e)) return -1;
    if (a->ask.verb == ADAPTER_BOOK && booked(act, a, e)) return -1;
    if (a->ask.verb == ADAPTER_UPDATE && updated(act, a, e)) return -1;
    return brings_creatives(a) ? creatives_taken(act, a, e) : 0;
}

/* ---- it waits ---- */

static int waits(const struct act *act, const struct booking_answer *a, struct err *e)
{
    struct task_wait wait = { a->reason, a->wait_until };
    struct booking_trouble t = trouble_of(a);
    int gone = unwanted(act, a, e);
    if (gone) return gone < 0 ? -1 : 0;
    if (a->ask.verb == ADAPTER_BOOK && set_state(act, a, BOOKING_WAITING, e)) return -1;
    if (a->ask.task_id.n) return task_execution_waits(act, a->ask.task_id, &wait, e);
    if (act->now - a->waiting_since < PATIENCE_US) return 0;
    t.why = arena_printf(act->arena, "it waits: " STR_FMT, STR_ARG(a->reason));
    return booking_trouble(act, &t, e);
}

/* ---- it did not ---- */

/* While other parts were left, a person could choose to go on without those that refused; now none is left, so each refusal becomes a
 * task of its own. */
static int trouble_with_others(const struct act *act, const struct booking_answer *a, const struct booking_rows *rows,
                               struct err *e)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct booking_row *row = &rows->rows[i];
        struct booking_trouble t = {
            .media_buy_id = row->media_buy_id, .ad_server = row->ad_server, .verb = ADAPTER_BOOK, .why = row->reason
        };
        if (row->state != BOOKING_REFUSED || str_eq(row->ad_server, a->ask.ad_server)) continue;
        if (booking_trouble(act, &t, e)) return -1;
    }
    return 0;
}

static int not_booked(const struct act *act, const struct booking_answer *a, struct str why, struct err *e)
{
    struct booking_summary s;
    struct booking_trouble t = trouble_of(a);
    int gone = unwanted(act, a, e);
    if (gone) return gone < 0 ? -1 : 0;
    if (set_state(act, a, BOOKING_REFUSED, e) || booking_summarize(act, a->ask.media_buy_id, &s, e)) return -1;
    if (s.booked + s.open > 0) return booking_split_open(act, a->ask.media_buy_id, a->ask.task_id, e);
    if (booking_split_over(act, a->ask.media_buy_id, e)) return -1; /* no part is left to go on with */
    if (a->ask.task_id.n) return task_not_executed(act, a->ask.task_id, a->ask.ad_server, why, e);
    return booking_trouble(act, &t, e) || trouble_with_others(act, a, &s.rows, e) ? -1 : 0;
}

static int failed(const struct act *act, const struct booking_answer *a, struct err *e)
{
    const char *who = a->kind == ANSWER_REFUSED ? "the ad server refused: "
                      : a->server && a->plan    ? "the ad server did not do it in time: "
                                                : "";
    struct str why = arena_printf(act->arena, "%s" STR_FMT, who, STR_ARG(a->reason));
    struct booking_trouble t = trouble_of(a);
    if (a->ask.verb == ADAPTER_BOOK) return not_booked(act, a, why, e);
    if (a->ask.task_id.n) return task_not_executed(act, a->ask.task_id, a->ask.ad_server, why, e);
    return booking_trouble(act, &t, e);
}

int booking_answered(const struct act *act, const struct booking_answer *a, struct err *e)
{
    switch (a->kind) {
    case ANSWER_AGREED: return agreed(act, a, e);
    case ANSWER_WAITS: return waits(act, a, e);
    case ANSWER_REFUSED:
    case ANSWER_SILENT: return failed(act, a, e);
    }
    ENSURE(!"an ad server's answer");
}
