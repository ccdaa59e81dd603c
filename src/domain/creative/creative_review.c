#include "domain/creative/creative_review.h"

#include "domain/creative/creative_opinion.h"
#include "contract/document.h"

int creative_review_find(const struct act *act, const struct creative_row *row, struct task_row *out, struct err *e)
{
    struct task_subject subject = { .type = "creative",
                                    .id = row->key.creative_id,
                                    .principal_id = row->key.principal_id,
                                    .kinds = STR("[\"creative_review\"]") };
    struct task_row *rows;
    size_t n;
    if (task_open_of(act, &subject, &rows, &n, e)) return -1;
    if (n) *out = rows[0];
    return n > 0;
}

/* What the checks found, from the creative's own document. */
static struct str findings(const struct act *act, const struct creative_row *row)
{
    yyjson_val *checks = json_arr(json_obj(document_read(act->arena, row->doc), "salesagent"), "checks");
    return checks ? json_write_val(act->arena, checks) : STR_NONE;
}

/* Changed again before anybody decided: what the checks found now, and a new opinion of what is new. */
static int refresh(const struct act *act, const struct creative_row *row, struct task_row *task, struct err *e)
{
    struct str found = findings(act, row);
    if (found.n && !str_eq(found, task_member(act, task, "findings"))) {
        task_put(act, task, "findings", found);
        task->updated_at = act->now;
        if (q_task_update(act->tx, task, e)) return -1;
    }
    return opinion_request(act, row, task, e);
}

int creative_review_open(const struct act *act, const struct creative_row *row, const struct rule_verdict *verdict,
                         struct err *e)
{
    struct task_row task;
    int open = creative_review_find(act, row, &task, e);
    if (open) return open < 0 ? -1 : refresh(act, row, &task, e);
    struct task_new in = {
        .kind = "creative_review",
        .principal_id = row->key.principal_id,
        .account_id = row->account_id,
        .subject_type = "creative",
        .subject_id = row->key.creative_id,
        .description = arena_printf(act->arena, "Review creative \"" STR_FMT "\" (" STR_FMT ")", STR_ARG(row->name),
                                    STR_ARG(row->format_id)),
        .rule = verdict ? arena_printf(act->arena, "rule \"" STR_FMT "\"", STR_ARG(verdict->name))
                        : STR("creative_review_required"),
        .verdict = verdict,
        .findings = findings(act, row),
        .people_delay_us = opinion_delay(act),
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e) || opinion_request(act, row, &task, e) ? -1 : 0;
}

int creative_review_close(const struct act *act, const struct creative_row *row, struct str but_task_id, struct err *e)
{
    struct task_subject subject = { .type = "creative",
                                    .id = row->key.creative_id,
                                    .principal_id = row->key.principal_id,
                                    .kinds = STR("[\"creative_review\"]") };
    const char *reason = arena_printf(act->arena, "the creative is " STR_FMT " now", STR_ARG(row->status)).p;
    struct task_row *rows;
    size_t n;
    if (task_open_of(act, &subject, &rows, &n, e)) return -1; /* the agent opens one, a buyer some */
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(rows[i].task_id, but_task_id) && task_withdraw_one(act, &rows[i], reason, e)) return -1;
    }
    return 0;
}
