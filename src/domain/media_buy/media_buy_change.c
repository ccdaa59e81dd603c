#include "domain/media_buy/media_buy_change.h"

#include "contract/document.h"
#include "domain/core/audit.h"
#include "domain/delivery/report.h"
#include "domain/media_buy/budget_watch.h"
#include "domain/media_buy/media_buy_json.h"
#include "domain/tell/notify.h"
#include "domain/tell/webhook.h"

static int add_history(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                       struct err *e)
{
    struct history_row history = { .media_buy_id = buy->media_buy_id,
                                   .revision = buy->revision,
                                   .at = act->now,
                                   .actor = act->actor,
                                   .action = str_from(change->action),
                                   .summary = change->summary,
                                   .package_id = change->package_id };
    return q_history_add(act->tx, &history, e);
}

static int add_audit(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                     struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_i64(doc, o, "revision", buy->revision);
    json_add_str(doc, o, "status", buy->status);
    json_add_str(doc, o, "summary", change->summary);
    json_add_str_opt(doc, o, "package_id", change->package_id);
    json_add_str_opt(doc, o, "origin", act->origin);
    struct audit_entry entry = {
        .action = arena_printf(act->arena, "media_buy.%s", change->action).p,
        .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(buy->media_buy_id)),
        .doc = json_write(act->arena, o),
    };
    return audit_add(act, &entry, e);
}

/* As the buy's document says: push_notification_config, reporting_webhook. */
static int keep_registrations(const struct act *act, const struct media_buy_row *buy, struct err *e)
{
    yyjson_val *o = document_read(act->arena, buy->doc), *push = json_obj(o, "push_notification_config");
    yyjson_val *report = json_obj(o, "reporting_webhook");
    struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                   .principal_id = buy->principal_id,
                                   .account_id = buy->account_id,
                                   .anchor = buy->media_buy_id,
                                   .context = webhook_context(act, buy->echo) };
    if (push && webhook_register(act, &owner, json_write_val(act->arena, push), e)) return -1;
    return report ? report_configure(act, buy, report, e) : 0;
}

/* The buy is written out only when somebody listens. */
static int tell(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                struct err *e)
{
    struct media_buy_told told = { .buy = buy, .summary = change->summary };
    struct webhook_anchor to = { buy->tenant_id, "task", buy->media_buy_id };
    int listened = notify_media_buy_tells(act, change->action) ? webhook_listened(act, &to, e) : 0;
    if (listened != 1) return listened;
    return media_buy_result(act, buy->media_buy_id, &told.result, e) || notify_media_buy(act, &told, e) ? -1 : 0;
}

int media_buy_changed(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                      struct err *e)
{
    if (add_history(act, buy, change, e) || add_audit(act, buy, change, e)) return -1;
    if (keep_registrations(act, buy, e) || budget_watch_next(act, buy->media_buy_id, STR_NONE, e)) return -1;
    return tell(act, buy, change, e);
}
