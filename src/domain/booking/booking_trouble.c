#include "domain/booking/booking_trouble.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/task/task.h"
#include "store/q/q_media_buy.h"

static struct str operation_text(const struct act *act, const struct booking_trouble *t)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", t->media_buy_id);
    json_add_str(doc, o, "ad_server", t->ad_server);
    json_add_cstr(doc, o, "verb", adapter_verb_name(t->verb));
    json_add_str_opt(doc, o, "job_id", t->job_id);
    return json_write(act->arena, o);
}

void booking_trouble_read(yyjson_val *operation, struct booking_trouble *out)
{
    *out = (struct booking_trouble){ .media_buy_id = json_str(operation, "media_buy_id"),
                                     .ad_server = json_str(operation, "ad_server"),
                                     .job_id = json_str(operation, "job_id"),
                                     .verb = ADAPTER_VERBS_N };
    (void)adapter_verb_parse(json_str(operation, "verb"), &out->verb); /* older ones hold a job only */
}

static int open_tasks(const struct act *act, const struct booking_trouble *t, struct task_row **rows, size_t *n,
                      struct err *e)
{
    struct task_subject subject = { .type = "media_buy",
                                    .id = t->media_buy_id,
                                    .kinds = STR("[\"" TROUBLE_TASK "\"]") };
    struct task_row *all;
    size_t all_n, found = 0;
    if (task_open_of(act, &subject, &all, &all_n, e)) return -1;
    for (size_t i = 0; i < all_n; i++) {
        struct booking_trouble open;
        booking_trouble_read(task_get(act, &all[i], "operation"), &open);
        if (open.verb == t->verb && str_eq(open.ad_server, t->ad_server)) all[found++] = all[i];
    }
    *rows = all;
    *n = found;
    return 0;
}

static struct str findings_text(const struct act *act, const struct adapter_problems *problems)
{
    if (!problems || problems->n == 0) return STR_NONE;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < problems->n; i++) {
        const struct adapter_problem *p = &problems->item[i];
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str_opt(doc, o, "package_id", p->package_id);
        json_add_str_opt(doc, o, "creative_id", p->creative_id);
        json_add_cstr(doc, o, "field", p->member);
        json_add_cstr(doc, o, "message", p->text);
    }
    return json_write(act->arena, list);
}

static struct str description_of(const struct act *act, const struct booking_trouble *t)
{
    return arena_printf(act->arena, "The ad server did not %s: " STR_FMT, adapter_verb_phrase(t->verb),
                        STR_ARG(t->why));
}

/* The task is open already; what it says may have changed. */
static int say_again(const struct act *act, const struct booking_trouble *t, struct task_row *task, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "d", description_of(act, t));
    struct str now = json_write(act->arena, yyjson_mut_obj_get(o, "d"));
    if (str_eq(now, task_member(act, task, "description"))) return 0;
    task_put(act, task, "description", now);
    task_put(act, task, "operation", operation_text(act, t));
    task->updated_at = act->now;
    return q_task_update(act->tx, task, e) || task_changed(act, task, "changed", e) ? -1 : 0;
}

int booking_trouble(const struct act *act, const struct booking_trouble *t, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = t->media_buy_id };
    struct media_buy_row buy;
    struct task_row task, *open;
    size_t n;
    int found = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (found != 1) return found;
    if (open_tasks(act, t, &open, &n, e)) return -1;
    if (n) return say_again(act, t, &open[0], e);
    struct task_new in = {
        .kind = TROUBLE_TASK,
        .principal_id = buy.principal_id,
        .account_id = buy.account_id,
        .subject_type = "media_buy",
        .subject_id = buy.media_buy_id,
        .description = description_of(act, t),
        .rule = STR("what the ad server refuses is for a person"),
        .operation = operation_text(act, t),
        .findings = findings_text(act, t->problems),
        .amount_micros = buy.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

int booking_trouble_over(const struct act *act, const struct booking_trouble *t, struct err *e)
{
    static const struct task_end done = { .reason = { "the ad server has done it", 25 } };
    struct task_row *open;
    size_t n;
    if (open_tasks(act, t, &open, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        open[i].state = STR("failed");
        open[i].decision = STR("withdrawn");
        if (task_finish(act, &open[i], &done, e)) return -1;
    }
    return 0;
}
