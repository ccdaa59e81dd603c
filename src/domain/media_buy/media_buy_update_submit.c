/* update_media_buy: the task for a person, and the difference that the person decides on. */
#include "domain/media_buy/media_buy_update.h"

struct difference {
    yyjson_mut_doc *doc;
    yyjson_mut_val *list;
};

static yyjson_mut_val *differs(struct difference *d, const char *field, struct str package_id)
{
    yyjson_mut_val *o = json_push_obj(d->doc, d->list);
    json_add_cstr(d->doc, o, "field", field);
    json_add_str_opt(d->doc, o, "package_id", package_id);
    return o;
}

static void differs_money(struct difference *d, const char *field, struct str package_id, int64_t before, int64_t after)
{
    if (before == after) return;
    yyjson_mut_val *o = differs(d, field, package_id);
    json_add_money(d->doc, o, "before", before);
    json_add_money(d->doc, o, "after", after);
}

static void differs_time(struct difference *d, const char *field, struct str package_id, int64_t before, int64_t after)
{
    if (before == after) return;
    yyjson_mut_val *o = differs(d, field, package_id);
    if (before != TIME_NONE) json_add_time(d->doc, o, "before", before);
    if (after != TIME_NONE) json_add_time(d->doc, o, "after", after);
}

static void differs_flag(struct difference *d, const char *field, struct str package_id, int before, int after)
{
    if (before == after) return;
    yyjson_mut_val *o = differs(d, field, package_id);
    json_add_bool(d->doc, o, "before", before);
    json_add_bool(d->doc, o, "after", after);
}

static void differs_text(struct difference *d, const char *field, struct str package_id, struct str before,
                         struct str after)
{
    if (str_eq(before, after)) return;
    yyjson_mut_val *o = differs(d, field, package_id);
    json_add_str(d->doc, o, "before", before);
    json_add_str(d->doc, o, "after", after);
}

static struct str difference(const struct buy_update *u)
{
    struct difference d = { .doc = json_doc_new(u->act->arena) };
    d.list = json_add_arr(d.doc, json_root_obj(d.doc), "d");
    const struct media_buy_row *was = &u->old, *is = &u->buy.row;
    differs_flag(&d, "canceled", STR_NONE, false, u->cancels);
    differs_money(&d, "total_budget", STR_NONE, was->total_budget_micros, is->total_budget_micros);
    differs_time(&d, "start_time", STR_NONE, was->start_at, is->start_at);
    differs_time(&d, "end_time", STR_NONE, was->end_at, is->end_at);
    differs_flag(&d, "paused", STR_NONE, was->paused, is->paused);
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        const struct package_row *p = &u->old_packages[i], *q = &u->buy.packages.rows[i];
        differs_money(&d, "budget", q->package_id, p->budget_micros, q->budget_micros);
        differs_money(&d, "bid_price", q->package_id, p->rate_micros, q->rate_micros);
        differs_time(&d, "start_time", q->package_id, p->start_at, q->start_at);
        differs_time(&d, "end_time", q->package_id, p->end_at, q->end_at);
        differs_flag(&d, "paused", q->package_id, p->paused, q->paused);
        differs_flag(&d, "canceled", q->package_id, p->canceled_at != TIME_NONE, q->canceled_at != TIME_NONE);
        differs_text(&d, "pacing", q->package_id, p->pacing, q->pacing);
        differs_text(&d, "settings", q->package_id, p->doc, q->doc);
    }
    for (size_t i = 0; i < u->additions_n; i++) {
        yyjson_mut_val *o = differs(&d, "new_package", STR_NONE);
        json_add_copy(d.doc, o, "after", u->additions[i].val);
    }
    return json_write(u->act->arena, d.list);
}

int buy_update_submit(const struct buy_update *u, const struct rule_verdict *verdict, struct task_row *task,
                      struct err *e)
{
    bool ruled = verdict->outcome == RULE_PERSON;
    yyjson_val *context = yyjson_obj_get(u->args, "context");
    yyjson_val *push = yyjson_obj_get(u->args, "push_notification_config");
    struct task_new in = {
        .kind = "update_media_buy",
        .principal_id = u->old.principal_id,
        .account_id = u->old.account_id,
        .subject_type = "media_buy",
        .subject_id = u->old.media_buy_id,
        .description = STR("The buyer asks for a change that the publisher approves"),
        .rule = ruled ? arena_printf(u->act->arena, "rule \"" STR_FMT "\"", STR_ARG(verdict->name))
                      : STR("an action of mode requires_approval"),
        .verdict = ruled ? verdict : NULL,
        .difference = difference(u),
        .operation = json_write_val(u->act->arena, u->args),
        .context = context ? json_write_val(u->act->arena, context) : STR_NONE,
        .push_config = push ? json_write_val(u->act->arena, push) : STR_NONE,
        .amount_micros = u->old.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(u->act, &in, task, e);
}
