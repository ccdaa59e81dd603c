/* update_media_buy: may the buyer do that? What was sold with the products, the publisher's rules, and the
 * account's governance agent. */
#include "contract/document.h"
#include "domain/media_buy/governance_delivery.h"
#include "domain/media_buy/media_buy_json.h"
#include "domain/media_buy/media_buy_update.h"

static struct str actions_json(const struct buy_update *u)
{
    enum rule_asks asks;
    struct err ignored; /* the call has failed already; without the rules the modes are the products' */
    if (rule_asks_of(u->act, "update_media_buy", &asks, &ignored)) asks = RULE_ASKS_NEVER;
    int64_t now = media_buy_actions_at(&u->old, media_buy_status_at(&u->old, u->act->now));
    yyjson_mut_doc *doc = json_doc_new(u->act->arena);
    yyjson_mut_val *o = json_root_obj(doc), *arr = json_add_arr(doc, o, "a");
    for (int a = 0; a < ACTIONS_N; a++) {
        if (!(now & ACTION_BIT(a))) continue;
        yyjson_mut_val *x = json_push_obj(doc, arr);
        json_add_cstr(doc, x, "action", media_buy_action_name((enum media_buy_action)a));
        json_add_cstr(doc, x, "mode", media_buy_action_mode((enum media_buy_action)a, u->old.actions_approval, asks));
    }
    return json_write(u->act->arena, arr);
}

int buy_update_check_actions(const struct buy_update *u, bool *needs_person, struct err *e)
{
    *needs_person = false;
    for (size_t i = 0; i < u->attempts_n; i++) {
        const struct buy_attempt *t = &u->attempts[i];
        int64_t sold = t->permitted_by & u->old.actions_allowed;
        int64_t open = sold & media_buy_actions_in(&u->old, media_buy_status_at(&u->old, u->act->now));
        if (!open) {
            (void)err_set(e, "ACTION_NOT_ALLOWED", "The products of this media buy do not allow %s%s.",
                          media_buy_action_name(t->action), sold ? " in its present status" : "");
            (void)err_details(e,
                              "{\"attempted_action\":\"%s\",\"reason\":\"%s\","
                              "\"currently_available_actions\":" STR_FMT "}",
                              media_buy_action_name(t->action), sold ? "wrong_status" : "not_supported_on_product",
                              STR_ARG(actions_json(u)));
            return err_field(e, "%s", t->field);
        }
        if (!(open & ~u->old.actions_approval)) *needs_person = true;
    }
    return 0;
}

static bool only_pauses(const struct buy_update *u)
{
    for (size_t i = 0; i < u->attempts_n; i++) {
        if (u->attempts[i].action != ACTION_PAUSE) return false;
    }
    return u->attempts_n > 0 && !u->row_changed;
}

/* The first rule that matches; of it and the products' modes the stricter one counts. Ending or pausing is never a
 * matter of rules: a buyer may always stop spending where its products allow it. */
int buy_update_judge(const struct buy_update *u, struct rule_verdict *verdict, bool *needs_person, struct err *e)
{
    struct rule_facts *f = ARENA_NEW(u->act->arena, struct rule_facts);
    *verdict = (struct rule_verdict){ .outcome = RULE_NONE };
    if (u->cancels || only_pauses(u)) return 0;
    *f = (struct rule_facts){ .operation = "update_media_buy",
                              .account_id = u->old.account_id,
                              .principal_id = u->old.principal_id,
                              .currency = u->old.currency,
                              .amount_micros = u->buy.row.total_budget_micros,
                              .before_micros = u->old.total_budget_micros };
    for (size_t i = 0; i < u->requests_n; i++) {
        rule_facts_package(f, u->targets[i]->product_id, json_obj(u->requests[i].val, "targeting_overlay"));
    }
    for (size_t i = 0; i < u->additions_n; i++) {
        rule_facts_package(f, u->additions[i].product_id, json_obj(u->additions[i].val, "targeting_overlay"));
    }
    if (rule_decide(u->act, f, verdict, e)) return -1;
    if (verdict->outcome == RULE_REJECT) return rule_refuse(verdict, e);
    *needs_person = *needs_person || verdict->outcome == RULE_PERSON;
    return 0;
}

static struct str what_changes(const struct buy_update *u, bool held)
{
    if (held) return STR("Delivery resumes after the governance agent had it paused");
    return u->changes_n ? u->changes[0].summary : STR_NONE;
}

/* More money or a longer flight is a new commitment, and so is going on after the agent had delivery stopped; less of
 * either is not. */
int buy_update_ask_governance(struct buy_update *u, struct err *e)
{
    struct arena *a = u->act->arena;
    const struct media_buy_row *row = &u->buy.row;
    struct str shown, plan_id = json_str(document_read(a, u->old.doc), "plan_id");
    bool held = u->resumed && governance_delivery_holds(a, &u->old);
    bool more = row->total_budget_micros > u->old.total_budget_micros || row->end_at > u->old.end_at ||
                row->start_at < u->old.start_at;
    if (u->cancels || (!more && !held)) return 0;
    struct governance_question q = { .account = &u->account,
                                     .args = u->args,
                                     .phase = "modification",
                                     .plan_id = plan_id,
                                     .context = governance_context_of(a, &u->old),
                                     .summary = what_changes(u, held),
                                     .media_buy_id = u->old.media_buy_id,
                                     .currency = str_from(row->currency),
                                     .total_micros = row->total_budget_micros,
                                     .start_at = row->start_at,
                                     .end_at = row->end_at };
    if (governance_gate(u->act, &q, &shown, e)) return -1;
    u->governance = shown;
    if (held) u->row_changed = true;
    return 0;
}

int buy_update_check_hold(const struct buy_update *u, struct err *e)
{
    if (!u->resumed || !governance_delivery_holds(u->act->arena, &u->old)) return 0;
    (void)err_set(e, "GOVERNANCE_DENIED",
                  "The account's governance agent has had delivery stopped since the buyer asked for this.");
    (void)err_suggest(e, "Reject the change; when its buyer asks to resume again, the agent is asked first.");
    return err_field(e, "/paused");
}

int buy_update_keep_governance(const struct buy_update *u, struct media_buy_row *row, struct err *e)
{
    struct arena *a = u->act->arena;
    if (!u->governance.n) return 0;
    row->echo = governance_echo(a, row->echo, u->governance);
    struct str plan_id = json_str(document_read(a, u->old.doc), "plan_id");
    return governance_delivery_appoint(u->act, &u->account, plan_id, u->governance, row, e);
}
