/* What the compact tools answer. See commitment.h. */
#include "domain/commitment/commitment.h"

#include "domain/rule/rule.h"
#include "domain/media_buy/media_buy_json.h"

/* The task that does an action (core/canonical-media-buy-action.json); NULL: none of ours does it under that name. Flights and
 * packages are part of the agreed terms, which update_media_buy changes. */
static const char *task_of(enum media_buy_action a)
{
    switch (a) {
    case ACTION_PAUSE:
    case ACTION_RESUME:
    case ACTION_CANCEL:
    case ACTION_INCREASE_BUDGET:
    case ACTION_DECREASE_BUDGET:
    case ACTION_REALLOCATE_BUDGET:
    case ACTION_UPDATE_TARGETING:
    case ACTION_UPDATE_PACING:
    case ACTION_UPDATE_FREQUENCY_CAPS: return "control_media_buy";
    case ACTION_REPLACE_CREATIVE:
    case ACTION_UPDATE_CREATIVE_ASSIGNMENTS:
    case ACTION_REMOVE_CREATIVE: return "sync_creatives";
    case ACTION_EXTEND_FLIGHT:
    case ACTION_SHORTEN_FLIGHT:
    case ACTION_UPDATE_FLIGHT_DATES:
    case ACTION_ADD_PACKAGES:
    case ACTION_REMOVE_PACKAGES:
    case ACTION_UPDATE_BUDGET:
    case ACTION_UPDATE_DATES:
    case ACTION_UPDATE_PACKAGES:
    case ACTION_SYNC_CREATIVES:
    case ACTIONS_N: break;
    }
    return NULL;
}

int commitment_actions(const struct act *act, const struct media_buy_row *buy, yyjson_mut_doc *doc, yyjson_mut_val *obj,
                       struct err *e)
{
    enum rule_asks asks;
    int64_t mask = media_buy_actions_at(buy, media_buy_status_at(buy, act->now));
    if (rule_asks_of(act, "update_media_buy", &asks, e)) return -1;
    yyjson_mut_val *list = json_add_arr(doc, obj, "available_actions");
    for (int a = 0; a < ACTIONS_N; a++) {
        const char *task = task_of((enum media_buy_action)a);
        if (!task || !(mask & ACTION_BIT(a))) continue;
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_cstr(doc, o, "task", task);
        json_add_cstr(doc, o, "action", media_buy_action_name((enum media_buy_action)a));
        json_add_cstr(doc, o, "mode", media_buy_action_mode((enum media_buy_action)a, buy->actions_approval, asks));
    }
    return 0;
}

static void add_identity(const struct act *act, const struct media_buy *buy, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    enum media_buy_status status = media_buy_status_at(&buy->row, act->now);
    json_add_cstr(doc, obj, "status", "completed");
    json_add_str(doc, obj, "media_buy_id", buy->row.media_buy_id);
    json_add_i64(doc, obj, "revision", buy->row.revision);
    json_add_cstr(doc, obj, "media_buy_status", media_buy_status_name(status));
}

int commitment_encode(const struct act *act, const struct media_buy *buy, yyjson_mut_doc *doc, yyjson_mut_val *obj,
                      struct err *e)
{
    add_identity(act, buy, doc, obj);
    json_add_str_opt(doc, obj, "name", buy->row.name);
    if (buy->row.confirmed_at == TIME_NONE) json_add_null(doc, obj, "confirmed_at");
    else json_add_time(doc, obj, "confirmed_at", buy->row.confirmed_at);
    if (commitment_proposal(act, &buy->row, doc, obj, "accepted_proposal", e) < 0) return -1;
    yyjson_mut_val *terms = yyjson_mut_obj_get(yyjson_mut_obj_get(obj, "accepted_proposal"), "commercial_terms");
    size_t purchases = yyjson_mut_arr_size(yyjson_mut_obj_get(terms, "purchases"));
    yyjson_mut_val *list = json_add_arr(doc, obj, "purchase_bindings");
    for (size_t i = 0; i < buy->packages.n && i < purchases; i++) { /* later packages were no purchase */
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_i64(doc, o, "purchase_index", (int64_t)i);
        json_add_str(doc, o, "product_id", buy->packages.rows[i].product_id);
        json_add_str(doc, o, "package_id", buy->packages.rows[i].package_id);
    }
    return commitment_actions(act, &buy->row, doc, obj, e);
}

int control_encode(const struct act *act, const struct media_buy *buy, const bool *touched, yyjson_mut_doc *doc,
                   yyjson_mut_val *obj, struct err *e)
{
    add_identity(act, buy, doc, obj);
    json_add_time(doc, obj, "implementation_date", act->now);
    yyjson_mut_val *list = json_add_arr(doc, obj, "affected_package_ids");
    for (size_t i = 0; i < buy->packages.n; i++) {
        if (touched && touched[i]) json_push_str(doc, list, buy->packages.rows[i].package_id);
    }
    return commitment_actions(act, &buy->row, doc, obj, e);
}

int commitment_result(const struct act *act, struct str tool, struct str media_buy_id, struct str *json_text,
                      struct err *e)
{
    struct media_buy buy;
    *json_text = STR_NONE;
    int found = media_buy_load(act, media_buy_id, &buy, e);
    if (found <= 0) return found;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    bool controls = str_is(tool, "control_media_buy");
    if (controls ? control_encode(act, &buy, NULL, doc, o, e) : commitment_encode(act, &buy, doc, o, e)) return -1;
    *json_text = json_write(act->arena, o);
    return 0;
}
