#include "domain/booking/by_hand.h"

#include "base/rfc3339.h"
#include "base/tz.h"
#include "contract/document.h"
#include "contract/json.h"
#include "domain/rule/rule.h"
#include "domain/task/task.h"
#include "store/q/q_media_buy.h"

#define ID_MAX_BYTES 200

/* ---- what is to be typed in ---- */

/* "2026-03-09 14:30", as the publisher's clocks show it. */
static void add_local_time(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key,
                           const struct tz *zone, int64_t at)
{
    char date[RFC3339_MAX];
    int64_t local = at + tz_offset_s(zone, at) * USEC_PER_SEC;
    int64_t minute = local % USEC_PER_DAY / (60 * USEC_PER_SEC);
    (void)rfc3339_print_date(local, date);
    json_add_str(doc, o, key, arena_printf(act->arena, "%s %02d:%02d", date, (int)(minute / 60), (int)(minute % 60)));
}

static void add_order(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *root, const struct plan *plan,
                      const struct tz *zone)
{
    yyjson_mut_val *o = json_add_obj(doc, root, "order");
    json_add_str(doc, o, "media_buy_id", plan->media_buy_id);
    json_add_str_opt(doc, o, "remote_id", plan->remote_id);
    json_add_str_opt(doc, o, "name", plan->name);
    json_add_str_opt(doc, o, "po_number", plan->po_number);
    json_add_str_opt(doc, o, "advertiser", plan->advertiser);
    json_add_str_opt(doc, o, "advertiser_remote_id", plan->advertiser_remote_id);
    json_add_str_opt(doc, o, "payer", plan->payer);
    json_add_cstr(doc, o, "currency", plan->currency);
    add_local_time(act, doc, o, "start", zone, plan->start_at);
    add_local_time(act, doc, o, "end", zone, plan->end_at);
}

static void add_formats(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct plan_package *p)
{
    yyjson_mut_val *list = p->formats_n ? json_add_arr(doc, o, "formats") : NULL;
    for (size_t i = 0; i < p->formats_n; i++) {
        yyjson_mut_val *f = json_push_obj(doc, list);
        json_add_str(doc, f, "format", p->formats[i].format_id);
        if (p->formats[i].width > 0) json_add_i64(doc, f, "width", p->formats[i].width);
        if (p->formats[i].height > 0) json_add_i64(doc, f, "height", p->formats[i].height);
        if (p->formats[i].duration_ms > 0) json_add_i64(doc, f, "duration_ms", p->formats[i].duration_ms);
    }
}

static void add_creatives(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct plan_package *p)
{
    yyjson_mut_val *list = p->creatives_n ? json_add_arr(doc, o, "creatives") : NULL;
    for (size_t i = 0; i < p->creatives_n; i++) {
        const struct plan_creative *c = &p->creatives[i];
        yyjson_mut_val *v = json_push_obj(doc, list);
        json_add_str(doc, v, "creative_id", c->creative_id);
        json_add_str_opt(doc, v, "name", c->name);
        json_add_str_opt(doc, v, "remote_id", c->remote_id);
        json_add_str_opt(doc, v, "format", c->format_id);
        if (c->weight) json_add_i64(doc, v, "weight", c->weight);
        json_add_bool(doc, v, "already_there", c->sent);
        (void)json_add_text(doc, v, "content", c->doc); /* a damaged one is left out */
    }
}

static const char *state_of(const struct plan_package *p, int64_t now)
{
    if (p->stopped_at <= now) return "ended";
    return p->paused ? "paused" : "live";
}

static void add_package(const struct act *act, yyjson_mut_doc *doc, yyjson_mut_val *o, const struct plan_package *p,
                        const struct tz *zone)
{
    json_add_str(doc, o, "package_id", p->package_id);
    json_add_str_opt(doc, o, "remote_id", p->remote_id);
    json_add_str_opt(doc, o, "name", p->name);
    json_add_str(doc, o, "product", p->product_id);
    json_add_cstr(doc, o, "state", state_of(p, act->now));
    json_add_cstr(doc, o, "pricing_model", pricing_model_name(p->pricing_model));
    json_add_cstr(doc, o, "promise", p->promise == PROMISE_GUARANTEED ? "guaranteed" : "non_guaranteed");
    json_add_money(doc, o, p->auction.bidding ? "bid" : "price", p->rate_micros);
    json_add_money(doc, o, "budget", p->budget_micros);
    if (p->impressions_goal >= 0) json_add_i64(doc, o, "impressions_goal", p->impressions_goal);
    if (p->daily_budget_micros) json_add_money(doc, o, "daily_budget", p->daily_budget_micros);
    if (p->daily_impressions) json_add_i64(doc, o, "daily_impressions", p->daily_impressions);
    json_add_cstr(doc, o, "pacing", plan_pacing_name(p->pacing));
    add_local_time(act, doc, o, "start", zone, p->start_at);
    add_local_time(act, doc, o, "end", zone, p->end_at);
    (void)json_add_text(doc, o, "targeting", p->targeting); /* empty: none */
    (void)json_add_text(doc, o, "settings", p->settings);
    add_formats(doc, o, p);
    add_creatives(doc, o, p);
}

struct str by_hand_instructions(const struct act *act, const struct ad_server *server, const struct plan *part)
{
    const struct tz *zone = tz_utc();
    struct err unknown; /* then the times are UTC, and say so */
    bool local = tz_load(act->arena, server->site.timezone, &zone, &unknown) == 0;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "ad_server", server->name);
    json_add_str(doc, root, "timezone", local ? server->site.timezone : STR("UTC"));
    add_order(act, doc, root, part, zone);
    yyjson_mut_val *list = json_add_arr(doc, root, "packages");
    for (size_t i = 0; i < part->packages_n; i++)
        add_package(act, doc, json_push_obj(doc, list), &part->packages[i], zone);
    return json_write(act->arena, root);
}

/* ---- asking ---- */

static struct str operation_text(const struct act *act, const struct booking_ask *ask)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", ask->media_buy_id);
    json_add_str(doc, o, "ad_server", ask->ad_server);
    json_add_cstr(doc, o, "verb", adapter_verb_name(ask->verb));
    json_add_str_opt(doc, o, "task_id", ask->task_id);
    return json_write(act->arena, o);
}

static const char *what(enum adapter_verb verb)
{
    switch (verb) {
    case ADAPTER_BOOK: return "Book this media buy";
    case ADAPTER_UPDATE: return "Change this media buy";
    case ADAPTER_CANCEL: return "Stop this media buy for good";
    case ADAPTER_CREATIVES: return "Have exactly these creatives run";
    case ADAPTER_LOOK:
    case ADAPTER_REPORT:
    case ADAPTER_INVENTORY:
    case ADAPTER_TEST:
    case ADAPTER_FORECAST:
    case ADAPTER_VERBS_N: break;
    }
    return "Look at this media buy";
}

/* The open tasks of this buy on this ad server. */
static int open_tasks(const struct act *act, const struct booking_ask *ask, struct task_row **rows, size_t *n,
                      struct err *e)
{
    struct task_subject subject = { .type = "media_buy",
                                    .id = ask->media_buy_id,
                                    .kinds = STR("[\"" BY_HAND_TASK "\"]") };
    struct task_row *all;
    size_t all_n, found = 0;
    if (task_open_of(act, &subject, &all, &all_n, e)) return -1;
    for (size_t i = 0; i < all_n; i++) {
        struct by_hand_operation o;
        bool same = by_hand_read(task_get(act, &all[i], "operation"), &o) && str_eq(o.ad_server, ask->ad_server);
        if (same) all[found++] = all[i];
    }
    *rows = all;
    *n = found;
    return 0;
}

static enum adapter_verb verb_of(const struct act *act, const struct task_row *task)
{
    struct by_hand_operation o = { .verb = ADAPTER_VERBS_N };
    (void)by_hand_read(task_get(act, task, "operation"), &o); /* it was read before */
    return o.verb;
}

/* A person who has not done yet what was asked is told how it is to be now, instead of twice. 1: told, 0: nothing is open
 * that says it. */
static int told_already(const struct act *act, const struct booking_ask *ask, struct err *e)
{
    static const struct task_end over = { .reason = { "the media buy ends", 18 } };
    struct task_row *rows;
    size_t n;
    if (open_tasks(act, ask, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        enum adapter_verb open = verb_of(act, &rows[i]);
        if (ask->verb == ADAPTER_CANCEL && open != ADAPTER_CANCEL) {
            rows[i].state = STR("failed");
            rows[i].decision = STR("withdrawn");
            if (task_finish(act, &rows[i], &over, e)) return -1;
        } else if (!ask->task_id.n && (open == ask->verb || open == ADAPTER_BOOK)) {
            task_put(act, &rows[i], "instructions", ask->instructions);
            rows[i].updated_at = act->now;
            return q_task_update(act->tx, &rows[i], e) || task_changed(act, &rows[i], "changed", e) ? -1 : 1;
        }
    }
    return 0;
}

int by_hand_ask(const struct act *act, const struct ad_server *server, const struct booking_ask *ask, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = ask->media_buy_id };
    struct media_buy_row buy;
    struct task_row task;
    int told = told_already(act, ask, e);
    if (told) return told < 0 ? -1 : 0;
    int found = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (found != 1) return found;
    yyjson_val *told_what = document_read(act->arena, ask->instructions);
    struct str question = json_str(told_what, "question");
    int64_t after_s = json_i64_or(told_what, "after_seconds", 0);
    static const struct rule_verdict by_itself = { .lapse = LAPSE_APPROVE };
    struct task_new in = {
        .kind = BY_HAND_TASK,
        .task_id = ask->ask_id,
        .principal_id = buy.principal_id,
        .account_id = buy.account_id,
        .subject_type = "media_buy",
        .subject_id = buy.media_buy_id,
        .description =
            question.n
                ? arena_printf(act->arena, "The ad server \"" STR_FMT "\" says: " STR_FMT, STR_ARG(server->name),
                               STR_ARG(question))
                : arena_printf(act->arena, "%s in the ad server \"" STR_FMT "\", then complete this task with its ids",
                               what(ask->verb), STR_ARG(server->name)),
        .rule = question.n ? STR("a word in a name asks for it (sandbox)") : STR("this ad server is worked by hand"),
        .operation = operation_text(act, ask),
        .instructions = ask->instructions,
        .amount_micros = buy.total_budget_micros,
        .due_at = after_s > 0 ? act->now + after_s * USEC_PER_SEC : TIME_NONE,
        .verdict = after_s > 0 ? &by_itself : NULL,
    };
    return task_create(act, &in, &task, e);
}

bool by_hand_read(yyjson_val *operation, struct by_hand_operation *out)
{
    *out = (struct by_hand_operation){ .media_buy_id = json_str(operation, "media_buy_id"),
                                       .ad_server = json_str(operation, "ad_server"),
                                       .task_id = json_str(operation, "task_id") };
    return out->media_buy_id.n && out->ad_server.n && adapter_verb_parse(json_str(operation, "verb"), &out->verb);
}

/* ---- answering ---- */

static bool has_package(const struct plan *plan, struct str id)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (str_eq(plan->packages[i].package_id, id)) return true;
    }
    return false;
}

static bool has_creative(const struct plan *plan, struct str id)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        for (size_t k = 0; k < plan->packages[i].creatives_n; k++) {
            if (str_eq(plan->packages[i].creatives[k].creative_id, id)) return true;
        }
    }
    return false;
}

static int take_ids(struct adapter_remote *list, size_t *n, enum remote_kind kind, const struct plan *plan,
                    yyjson_val *v, struct err *e)
{
    const char *member = kind == REMOTE_PACKAGE ? "packages" : "creatives";
    yyjson_val *ids = NULL, *key, *val;
    size_t i, count;
    if (json_opt_obj(JSON_FIELD(v, member, "/remote_ids"), &ids, e)) return -1;
    yyjson_obj_foreach(ids, i, count, key, val) {
        struct str id = json_val_str(key), remote = json_val_str(val);
        bool known = kind == REMOTE_PACKAGE ? has_package(plan, id) : has_creative(plan, id);
        if (!known || remote.n == 0 || remote.n > ID_MAX_BYTES) {
            (void)err_set(e, "INVALID_REQUEST",
                          known ? "an id is a text of 1 to %d bytes" : "this media buy has no such one there",
                          ID_MAX_BYTES);
            return err_field(e, "/remote_ids/%s/" STR_FMT, member, STR_ARG(id));
        }
        list[(*n)++] = (struct adapter_remote){ kind, id, remote };
    }
    return 0;
}

int by_hand_remotes(struct arena *a, const struct plan *plan, yyjson_val *v, struct booking_remotes *out, struct err *e)
{
    struct str order = STR_NONE;
    size_t most = yyjson_obj_size(json_obj(v, "packages")) + yyjson_obj_size(json_obj(v, "creatives")) + 1, n = 0;
    struct adapter_remote *list = ARENA_ARRAY(a, struct adapter_remote, most);
    if (json_opt_str(JSON_FIELD(v, "order", "/remote_ids"), (struct json_len){ 1, ID_MAX_BYTES }, &order, e)) return -1;
    if (order.n) list[n++] = (struct adapter_remote){ REMOTE_ORDER, plan->media_buy_id, order };
    if (take_ids(list, &n, REMOTE_PACKAGE, plan, v, e) || take_ids(list, &n, REMOTE_CREATIVE, plan, v, e)) return -1;
    *out = (struct booking_remotes){ list, n };
    return 0;
}
