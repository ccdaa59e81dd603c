#include "domain/tell/notify.h"

#include "contract/json.h"
#include "domain/tell/webhook.h"

static bool by_buyer(const struct act *act)
{
    return act->principal && act->principal->role == ROLE_BUYER;
}

/* --- tasks ---------------------------------------------------------------------------------------------------- */

static const char *task_type_of(struct str kind)
{
    static const struct {
        const char *kind, *type;
    } types[] = { { "create_media_buy", "create_media_buy" },
                  { "update_media_buy", "update_media_buy" },
                  { "creative_review", "sync_creatives" },
                  { "account", "sync_accounts" },
                  { "proposal", "get_products" },
                  { "forced_products", "get_products" },
                  { "forced_signals", "get_signals" } };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_is(kind, types[i].kind)) return types[i].type;
    }
    return "create_media_buy";
}

static struct str error_result(const struct act *act, const struct task_told *told)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_mut_val *error = json_push_obj(doc, json_add_arr(doc, o, "errors"));
    bool rejected = str_is(told->task->decision, "rejected");
    json_add_cstr(doc, error, "code", rejected ? "POLICY_VIOLATION" : "INVALID_STATE");
    if (!json_add_text(doc, error, "message", told->reason)) {
        json_add_cstr(doc, error, "message", "The publisher rejected the request.");
    }
    return json_write(act->arena, o);
}

int notify_task(const struct act *act, const struct task_told *told, struct err *e)
{
    const struct task_row *task = told->task;
    bool completed = strcmp(told->status, "completed") == 0;
    struct webhook_anchor to = { task->tenant_id, "task", task->task_id };
    struct webhook_event ev = { .subject = arena_printf(act->arena, STR_FMT ":" STR_FMT, STR_ARG(task->subject_type),
                                                        STR_ARG(task->subject_id)),
                                .task_id = task->task_id,
                                .task_type =
                                    told->tool.n ? arena_cstr(act->arena, told->tool) : task_type_of(task->kind),
                                .protocol = str_is(task->kind, "creative_review") ? "creative" : "media-buy",
                                .status = told->status,
                                .message = arena_printf(act->arena, "The publisher has %s the request.", told->what),
                                .result = completed ? told->result : error_result(act, told) };
    return webhook_send(act, &to, &ev, e);
}

/* --- media buys -------------------------------------------------------------------------------------------------- */

bool notify_media_buy_tells(const struct act *act, const char *action)
{
    static const char *const told[] = { "activated", "paused", "resumed",         "completed",
                                        "canceled",  "failed", "budget_exhausted" };
    if (by_buyer(act)) return false;
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        if (strcmp(action, told[i]) == 0) return true;
    }
    return false;
}

int notify_media_buy(const struct act *act, const struct media_buy_told *told, struct err *e)
{
    const struct media_buy_row *buy = told->buy;
    struct webhook_anchor to = { buy->tenant_id, "task", buy->media_buy_id };
    struct webhook_event ev = { .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(buy->media_buy_id)),
                                .task_id = buy->media_buy_id,
                                .task_type = "update_media_buy",
                                .protocol = "media-buy",
                                .status = "completed",
                                .message = told->summary,
                                .result = told->result };
    return webhook_send(act, &to, &ev, e);
}

/* --- creatives ----------------------------------------------------------------------------------------------------- */

/* AdCP creative-event-reason-code, by the arrow. */
static const char *reason_code(const struct creative_transition *t)
{
    bool was_approved = strcmp(t->from, "approved") == 0;
    if (strcmp(t->to, "approved") == 0) return "review_passed";
    if (strcmp(t->to, "pending_review") == 0) return "seller_rereview";
    if (strcmp(t->from, "processing") == 0) return "processing_failure";
    return was_approved ? "policy_revocation" : "review_failure";
}

int notify_creative(const struct act *act, const struct creative_row *creative, const struct creative_transition *t,
                    struct err *e)
{
    if (by_buyer(act) || strcmp(t->from, t->to) == 0) return 0;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "creative_id", creative->key.creative_id);
    yyjson_mut_val *arrow = json_add_obj(doc, o, "transition");
    json_add_cstr(doc, arrow, "from", t->from);
    json_add_cstr(doc, arrow, "to", t->to);
    json_add_time(doc, arrow, "observed_at", act->now);
    json_add_cstr(doc, o, "reason_code", reason_code(t));
    json_add_str_opt(doc, o, "reason_detail", t->reason);
    json_add_cstr(doc, o, "initiator", act->principal ? "seller" : "system");
    struct webhook_account_event ev = {
        .account_id = creative->account_id,
        .subject = arena_printf(act->arena, "creative:" STR_FMT, STR_ARG(creative->key.creative_id)),
        .type = "creative.status_changed",
        .notification_id = id_new(act->arena, act->rng, "cs_", act->now),
        .fields = json_write(act->arena, o),
    };
    return webhook_send_account(act, &ev, e);
}

/* --- answers at once -------------------------------------------------------------------------------------------------- */

int notify_sync_answer(const struct act *act, const struct sync_answer *answer, struct err *e)
{
    if (!act->sandbox || !answer->push_config.n || !act->principal) return 0;
    struct str task_id = id_new(act->arena, act->rng, "task-", act->now);
    struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                   .principal_id = act->principal->principal_id,
                                   .anchor = task_id,
                                   .context = answer->context };
    struct webhook_anchor to = { act->tenant->tenant_id, "task", task_id };
    struct webhook_event ev = { .subject = arena_printf(act->arena, "task:" STR_FMT, STR_ARG(task_id)),
                                .task_id = task_id,
                                .task_type = answer->task_type,
                                .status = "completed",
                                .result = answer->result };
    if (webhook_register(act, &owner, answer->push_config, e)) return -1;
    return webhook_send(act, &to, &ev, e);
}
