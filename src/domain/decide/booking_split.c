#include "domain/decide/booking_split.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/decide/task_execute.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/q_media_buy.h"

/* ---- opening ---- */

static struct str operation_text(const struct act *act, struct str media_buy_id, struct str task_id)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", media_buy_id);
    json_add_str_opt(doc, o, "task_id", task_id);
    return json_write(act->arena, o);
}

/* Who refused which packages, and why. */
static int findings_of(const struct act *act, struct str media_buy_id, struct str *findings, struct str *who,
                       struct err *e)
{
    struct booking_summary s;
    struct package_rows packages;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    *who = STR_NONE;
    if (booking_summarize(act, media_buy_id, &s, e) ||
        q_packages_of_buy(act->tx, act->arena, media_buy_id, &packages, e))
        return -1;
    for (size_t i = 0; i < s.rows.n; i++) {
        const struct booking_row *b = &s.rows.rows[i];
        if (b->state != BOOKING_REFUSED) continue;
        *who = arena_printf(act->arena, STR_FMT "%s" STR_FMT, STR_ARG(*who), who->n ? ", " : "", STR_ARG(b->ad_server));
        for (size_t k = 0; k < packages.n; k++) {
            if (!str_eq(packages.rows[k].ad_server, b->ad_server)) continue;
            yyjson_mut_val *o = json_push_obj(doc, list);
            json_add_str(doc, o, "ad_server", b->ad_server);
            json_add_str(doc, o, "package_id", packages.rows[k].package_id);
            json_add_money(doc, o, "budget", packages.rows[k].budget_micros);
            json_add_str(doc, o, "message", b->reason);
        }
    }
    *findings = json_write(act->arena, list);
    return 0;
}

int booking_split_open(const struct act *act, struct str media_buy_id, struct str task_id, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    struct media_buy_row buy;
    struct task_subject subject = { .type = "media_buy", .id = media_buy_id, .kinds = STR("[\"" SPLIT_TASK "\"]") };
    struct task_row task, *open;
    struct str findings, who;
    size_t n;
    int found = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (found != 1) return found;
    if (task_open_of(act, &subject, &open, &n, e)) return -1;
    if (n) return 0;
    if (findings_of(act, media_buy_id, &findings, &who, e)) return -1;
    struct task_new in = {
        .kind = SPLIT_TASK,
        .principal_id = buy.principal_id,
        .account_id = buy.account_id,
        .subject_type = "media_buy",
        .subject_id = media_buy_id,
        .description =
            arena_printf(act->arena,
                         "The ad server " STR_FMT " will not take its part of this media buy. Approve: it goes"
                         " on without those packages, and their money is taken off. Reject: it ends everywhere",
                         STR_ARG(who)),
        .rule = STR("nothing delivers before every ad server has taken its part"),
        .operation = operation_text(act, media_buy_id, task_id),
        .findings = findings,
        .priority = STR("high"),
        .amount_micros = buy.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

int booking_split_over(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct booking_summary s;
    struct task_subject subject = { .type = "media_buy", .id = media_buy_id, .kinds = STR("[\"" SPLIT_TASK "\"]") };
    if (booking_summarize(act, media_buy_id, &s, e)) return -1;
    bool choice = s.refused > 0 && s.booked + s.open > 0;
    return choice ? 0 : task_withdraw(act, &subject, "there is nothing left to choose", e);
}

/* ---- deciding ---- */

/* What an attempt may have left there is cleared away. */
static int drop_one(const struct act *act, const struct booking_row *row, struct str task_id, struct err *e)
{
    struct booking_change c = {
        .media_buy_id = row->media_buy_id, .ad_server = row->ad_server, .state = BOOKING_DROPPED, .reason = row->reason
    };
    struct str why = arena_printf(act->arena, "the ad server refused: " STR_FMT, STR_ARG(row->reason));
    if (booking_stop(act, row->media_buy_id, row->ad_server, e)) return -1;
    if (media_buy_drop(act, row->media_buy_id, row->ad_server, why, e) || booking_set(act, &c, e)) return -1;
    return task_id.n && task_executed_without(act, task_id, row->ad_server, e) < 0 ? -1 : 0;
}

int booking_split_approve(const struct act *act, const struct task_row *task, struct err *e)
{
    struct booking_summary s;
    yyjson_val *operation = task_get(act, task, "operation");
    struct str task_id = json_str(operation, "task_id");
    if (booking_summarize(act, task->subject_id, &s, e)) return -1;
    if (s.booked + s.open == 0)
        return err_set(e, "INVALID_STATE", "Nothing would be left of the media buy; reject this instead.");
    for (size_t i = 0; i < s.rows.n; i++) {
        if (s.rows.rows[i].state == BOOKING_REFUSED && drop_one(act, &s.rows.rows[i], task_id, e)) return -1;
    }
    return task_id.n ? 0 : booking_release(act, task->subject_id, e);
}

int booking_split_reject(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    yyjson_val *operation = task_get(act, task, "operation");
    struct str task_id = json_str(operation, "task_id");
    struct str why = reason.n ? reason : STR("An ad server of the publisher cannot deliver its part.");
    struct media_buy_end end = { BUY_CANCELED, why, STR("seller") };
    return task_id.n ? task_execution_reject(act, task_id, why, e) : media_buy_move(act, task->subject_id, &end, e);
}
