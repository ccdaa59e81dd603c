#include "domain/creative_review.h"

#include "domain/task.h"

static int open_reviews(const struct act *act, const struct creative_row *row, int64_t *n, struct err *e)
{
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .principal_id = row->key.principal_id,
                             .states = STR("[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]"),
                             .kinds = STR("[\"creative_review\"]"),
                             .subject_type = STR("creative"),
                             .subject_id = row->key.creative_id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = 1 };
    return q_task_count(act->tx, &f, n, e);
}

/* What the checks found, from the creative's own document. */
static struct str findings(const struct act *act, const struct creative_row *row)
{
    static const struct json_limits limits = { .bytes_max = 4 << 20, .depth_max = 64, .nodes_max = 200000 };
    yyjson_doc *doc;
    struct err damaged;
    if (json_parse(act->arena, row->doc, &limits, &doc, &damaged)) return STR_NONE;
    yyjson_val *checks = json_arr(json_obj(yyjson_doc_get_root(doc), "salesagent"), "checks");
    return checks ? json_write_val(act->arena, checks) : STR_NONE;
}

int creative_review_open(const struct act *act, const struct creative_row *row, const struct rule_verdict *verdict,
                         struct err *e)
{
    int64_t open = 0;
    if (open_reviews(act, row, &open, e)) return -1;
    if (open > 0) return 0;
    struct task_row task;
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
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

int creative_review_close(const struct act *act, const struct creative_row *row, struct err *e)
{
    int64_t open = 0;
    if (open_reviews(act, row, &open, e)) return -1;
    if (open == 0) return 0;
    struct task_subject subject = { .type = "creative", .id = row->key.creative_id, .principal_id = row->key.principal_id };
    return task_withdraw(act, &subject,
                         arena_printf(act->arena, "the creative is " STR_FMT " now", STR_ARG(row->status)).p, e);
}
