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

static int add_audit(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *changes,
                     size_t n, struct err *e)
{
    struct audit_entry *entries = ARENA_ARRAY(act->arena, struct audit_entry, n);
    struct str subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(buy->media_buy_id));
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_doc *doc = json_doc_new(act->arena);
        yyjson_mut_val *o = json_root_obj(doc);
        json_add_i64(doc, o, "revision", buy->revision);
        json_add_str(doc, o, "status", buy->status);
        json_add_str(doc, o, "summary", changes[i].summary);
        json_add_str_opt(doc, o, "package_id", changes[i].package_id);
        json_add_str_opt(doc, o, "origin", act->origin);
        const char *action = arena_printf(act->arena, "media_buy.%s", changes[i].action).p;
        entries[i] = (struct audit_entry){ action, subject, json_write(act->arena, o) };
    }
    return audit_add_all(act, entries, n, e);
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

/* What is told of changes[i]: its sentence, and how many of that action follow. Empty: it is among those of an earlier one. */
static struct str sentence(const struct act *act, const struct media_buy_change *changes, size_t n, size_t i)
{
    size_t more = 0;
    for (size_t k = 0; k < n; k++) {
        bool same = k != i && strcmp(changes[k].action, changes[i].action) == 0;
        if (same && k < i) return STR_NONE;
        more += same;
    }
    if (!more) return changes[i].summary.p ? changes[i].summary : STR("");
    return arena_printf(act->arena, STR_FMT "; and %zu more", STR_ARG(changes[i].summary), more);
}

/* The buy is written out only when somebody listens, and once. */
static int tell(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *changes,
                size_t n, struct err *e)
{
    struct webhook_anchor to = { buy->tenant_id, "task", buy->media_buy_id };
    struct str result = STR_NONE;
    for (size_t i = 0; i < n; i++) {
        struct media_buy_told told = { .buy = buy };
        if (!notify_media_buy_tells(act, changes[i].action)) continue;
        int listened = webhook_listened(act, &to, e);
        if (listened != 1) return listened;
        told.summary = sentence(act, changes, n, i);
        if (!told.summary.p) continue;
        if (!result.n && media_buy_result(act, buy->media_buy_id, &result, e)) return -1;
        told.result = result;
        if (notify_media_buy(act, &told, e)) return -1;
    }
    return 0;
}

int media_buy_changed_all(const struct act *act, const struct media_buy_row *buy,
                          const struct media_buy_change *changes, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (add_history(act, buy, &changes[i], e)) return -1;
    }
    if (add_audit(act, buy, changes, n, e) || keep_registrations(act, buy, e) ||
        budget_watch_next(act, buy->media_buy_id, STR_NONE, e)) {
        return -1;
    }
    return tell(act, buy, changes, n, e);
}

int media_buy_changed(const struct act *act, const struct media_buy_row *buy, const struct media_buy_change *change,
                      struct err *e)
{
    return media_buy_changed_all(act, buy, change, 1, e);
}
