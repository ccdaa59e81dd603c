/* update_media_buy, one package: what a request of the buyer's makes of its row. Nothing is written here. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy_update.h"
#include "domain/product/daily_cap.h"
#include "domain/product/package_lists.h"
#include "domain/product/targeting_values.h"

int buy_update_find_package(struct buy_update *u, size_t i, struct err *e)
{
    const struct package_request *r = &u->requests[i];
    struct package_row *target = NULL;
    for (size_t k = 0; k < u->buy.packages.n; k++) {
        if (str_eq(u->buy.packages.rows[k].package_id, r->package_id)) target = &u->buy.packages.rows[k];
    }
    if (!target) {
        (void)err_set(e, "PACKAGE_NOT_FOUND", "The media buy has no package " STR_FMT ".", STR_ARG(r->package_id));
        (void)err_suggest(e, "Call get_media_buys for the packages and their ids.");
        return err_field(e, "%s/package_id", r->at);
    }
    for (size_t k = 0; k < i; k++) {
        if (u->targets[k] != target) continue;
        (void)err_set(e, "INVALID_REQUEST", "the package is named twice");
        return err_field(e, "%s/package_id", r->at);
    }
    u->targets[i] = target;
    if (target->canceled_at == TIME_NONE) return 0;
    (void)err_set(e, r->canceled ? "NOT_CANCELLABLE" : "INVALID_STATE", "The package is canceled already.");
    return err_field(e, r->canceled ? "%s/canceled" : "%s/package_id", r->at);
}

static void plan_package_pause(struct buy_update *u, const struct package_request *r, struct package_row *p)
{
    if (r->canceled) {
        buy_update_warn_canceled(u, r->val, "The package");
        p->canceled_at = u->act->now;
        buy_update_attempt(u, ACTION_REMOVE_PACKAGES, ACTION_BIT(ACTION_UPDATE_PACKAGES) | ACTION_BIT(ACTION_CANCEL),
                           r->at);
        buy_update_note(u, "package_canceled", p->package_id, r->cancellation_reason);
        return;
    }
    if (r->paused < 0 || p->paused == (r->paused == 1)) return;
    p->paused = r->paused == 1;
    buy_update_attempt(u, p->paused ? ACTION_PAUSE : ACTION_RESUME, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
    buy_update_note(u, p->paused ? "package_paused" : "package_resumed", p->package_id, STR_NONE);
}

static void note_budget(struct buy_update *u, const struct package_request *r, const struct package_row *p,
                        int64_t before)
{
    bool more = p->budget_micros > before;
    buy_update_attempt(u, more ? ACTION_INCREASE_BUDGET : ACTION_DECREASE_BUDGET,
                       ACTION_BIT(ACTION_UPDATE_BUDGET) | ACTION_BIT(ACTION_REALLOCATE_BUDGET), r->at);
    buy_update_note(u, "updated_budget", p->package_id,
                    arena_printf(u->act->arena, "Budget %s from " STR_FMT " to " STR_FMT " %s on " STR_FMT,
                                 more ? "increased" : "decreased", STR_ARG(buy_update_amount(u, before)),
                                 STR_ARG(buy_update_amount(u, p->budget_micros)), u->buy.row.currency,
                                 STR_ARG(p->package_id)));
    u->budgets = true;
}

/* What has been delivered is owed: a budget cannot go below it. */
static int check_spent(struct buy_update *u, const struct package_request *r, const struct package_row *p,
                       struct err *e)
{
    struct plan booked;
    struct delivery d;
    int found = plan_load(u->act, u->old.media_buy_id, PLAN_NUMBERS, &booked, e);
    if (found < 0) return -1;
    if (!found || delivery_read(u->act, &booked, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return found ? -1 : 0;
    for (size_t i = 0; i < booked.packages_n; i++) {
        int64_t spent = d.packages[i].lifetime.of[METRIC_SPEND];
        if (!str_eq(booked.packages[i].package_id, p->package_id) || spent <= p->budget_micros) continue;
        (void)err_set(e, "VALIDATION_ERROR", "The package has spent " STR_FMT " %s already.",
                      STR_ARG(buy_update_amount(u, spent)), u->old.currency);
        (void)err_suggest(e, "Keep the budget at " STR_FMT " or more, or cancel the package.",
                          STR_ARG(buy_update_amount(u, spent)));
        return err_field(e, "%s/budget", r->at);
    }
    return 0;
}

static int plan_money(struct buy_update *u, const struct package_request *r, const struct product *product,
                      struct package_row *p, struct err *e)
{
    int64_t before = p->budget_micros, rate_before = p->rate_micros;
    if (r->budget_micros < 0 && r->bid_micros < 0) return 0;
    if (r->budget_micros >= 0) p->budget_micros = r->budget_micros;
    const struct pricing_option *o = product ? product_pricing_option(product, p->pricing_option_id) : NULL;
    if (o) {
        int64_t bid = o->fixed_price_micros >= 0 || r->bid_micros >= 0 ? r->bid_micros : p->rate_micros;
        struct package_price price = { o, p->budget_micros, bid, r->at, /* agreed= */ -1 };
        if (package_rate(&price, &p->rate_micros, e)) return -1;
        /* A fixed price was agreed when the package was sold; a later price list does not change it. */
        if (o->fixed_price_micros >= 0) p->rate_micros = rate_before;
    } else if (p->budget_micros == 0) {
        (void)err_set(e, "BUDGET_TOO_LOW", "The budget must be more than zero.");
        return err_field(e, "%s/budget", r->at);
    }
    if (p->rate_micros != rate_before)
        buy_update_attempt(u, ACTION_UPDATE_PACKAGES, ACTION_BIT(ACTION_UPDATE_BUDGET), r->at);
    if (p->budget_micros == before) return 0;
    if (p->budget_micros < before && check_spent(u, r, p, e)) return -1;
    p->previous_budget_micros = before;
    note_budget(u, r, p, before);
    return 0;
}

/* A goal of the buyer's own stays; one that followed from the budget follows it again. A price that is no longer on the
 * list was agreed all the same. */
static int plan_goal(struct buy_update *u, const struct package_request *r, const struct product *product,
                     const struct package_row *before, struct package_row *p, struct err *e)
{
    const struct pricing_option *o = product ? product_pricing_option(product, p->pricing_option_id) : NULL;
    enum pricing_model model;
    if (!pricing_model_parse(p->pricing_model, &model)) return 0;
    int64_t then = o ? pricing_impressions(o, before->budget_micros, before->rate_micros)
                     : pricing_model_impressions(model, before->budget_micros, before->rate_micros);
    int64_t now = o ? pricing_impressions(o, p->budget_micros, p->rate_micros)
                    : pricing_model_impressions(model, p->budget_micros, p->rate_micros);
    bool followed = before->impressions_goal == then;
    struct package_goal want = { .product = product,
                                 .model = model,
                                 .rate_micros = p->rate_micros,
                                 .budget_micros = p->budget_micros,
                                 .bought = now,
                                 .stated = r->impressions >= 0 ? r->impressions
                                           : followed          ? -1
                                                               : before->impressions_goal,
                                 .fixed_price = !o || o->fixed_price_micros >= 0,
                                 .at = r->at };
    bool asked =
        r->impressions >= 0 || p->budget_micros != before->budget_micros || p->rate_micros != before->rate_micros;
    if (!asked) return 0;
    if (package_goal(&want, &p->impressions_goal, e)) return -1;
    if (r->impressions < 0 || r->impressions == before->impressions_goal) return 0;
    buy_update_attempt(u, ACTION_UPDATE_PACKAGES, 0, r->at);
    buy_update_note(u, "updated_packages", p->package_id, STR("Impression goal changed"));
    return 0;
}

static int plan_package_flight(struct buy_update *u, const struct package_request *r, struct package_row *p,
                               struct err *e)
{
    const int64_t now = u->act->now, start = p->start_at, end = p->end_at;
    if (r->start_at != TIME_NONE && r->start_at != start) {
        if (now >= start) {
            (void)err_set(e, "INVALID_STATE", "The package has started; its start cannot be moved.");
            return err_field(e, "%s/start_time", r->at);
        }
        if (r->start_at < utc_day_start(now)) {
            (void)err_set(e, "INVALID_REQUEST", "start_time lies in the past");
            return err_field(e, "%s/start_time", r->at);
        }
        p->start_at = r->start_at;
        buy_update_attempt(u, ACTION_UPDATE_FLIGHT_DATES, ACTION_BIT(ACTION_UPDATE_DATES), r->at);
    }
    if (r->end_at != TIME_NONE && r->end_at != end) {
        if (r->end_at <= now) {
            (void)err_set(e, "INVALID_REQUEST", "end_time lies in the past");
            (void)err_suggest(e, "Pause or cancel the package to stop it now.");
            return err_field(e, "%s/end_time", r->at);
        }
        p->end_at = r->end_at;
        buy_update_attempt(u, p->end_at > end ? ACTION_EXTEND_FLIGHT : ACTION_SHORTEN_FLIGHT,
                           ACTION_BIT(ACTION_UPDATE_FLIGHT_DATES) | ACTION_BIT(ACTION_UPDATE_DATES), r->at);
    }
    if (p->end_at <= p->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "%s/end_time", r->at);
    }
    if (p->start_at == start && p->end_at == end) return 0;
    u->package_dates = true;
    buy_update_note(u, "updated_dates", p->package_id, STR_NONE);
    return 0;
}

static int plan_package_creatives(struct buy_update *u, const struct package_request *r, const struct package_row *p,
                                  struct err *e)
{
    const char *key = json_has(r->val, "creative_assignments") ? "creative_assignments"
                      : json_has(r->val, "creatives")          ? "creatives"
                                                               : NULL;
    if (!key) return 0;
    buy_update_attempt(u, ACTION_UPDATE_CREATIVE_ASSIGNMENTS,
                       ACTION_BIT(ACTION_SYNC_CREATIVES) | ACTION_BIT(ACTION_REPLACE_CREATIVE), r->at);
    buy_update_note(u, "updated_packages", p->package_id, STR("Creatives replaced"));
    int64_t deadline = TIME_NONE;
    struct str text = json_str(document_read(u->act->arena, p->doc), "creative_deadline");
    if (!text.n || rfc3339_parse(text, &deadline) || u->act->now < deadline) return 0;
    (void)err_set(e, "CREATIVE_DEADLINE_EXCEEDED", "Creatives of this package could be changed until " STR_FMT ".",
                  STR_ARG(text));
    return err_field(e, "%s/%s", r->at, key);
}

static void plan_package_rest(struct buy_update *u, const struct package_request *r, struct package_row *p)
{
    static const struct {
        const char *key;
        enum media_buy_action action;
    } others[] = {
        { "targeting_overlay", ACTION_UPDATE_TARGETING },        { "keyword_targets_add", ACTION_UPDATE_TARGETING },
        { "keyword_targets_remove", ACTION_UPDATE_TARGETING },   { "negative_keywords_add", ACTION_UPDATE_TARGETING },
        { "negative_keywords_remove", ACTION_UPDATE_TARGETING }, { "catalogs", ACTION_UPDATE_PACKAGES },
        { "optimization_goals", ACTION_UPDATE_PACKAGES },        { "daily_budget_cap", ACTION_UPDATE_PACING },
    };
    if (r->canceled) { /* of what ends nothing else changes */
        p->doc = package_doc(u->act, r, p->doc);
        return;
    }
    if (r->pacing.n && !str_eq(r->pacing, p->pacing)) {
        p->pacing = r->pacing;
        buy_update_attempt(u, ACTION_UPDATE_PACING, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
        buy_update_note(u, "updated_packages", p->package_id, STR("Pacing changed"));
    }
    if (r->name.n) p->name = r->name;
    struct str doc = package_doc(u->act, r, p->doc);
    if (str_eq(doc, p->doc)) return;
    p->doc = doc;
    bool noted = false;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!json_has(r->val, others[i].key)) continue;
        buy_update_attempt(u, others[i].action, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
        if (!noted)
            buy_update_note(u, "updated_packages", p->package_id,
                            arena_printf(u->act->arena, "%s changed", others[i].key));
        noted = true;
    }
}

int buy_update_package(struct buy_update *u, size_t i, struct err *e)
{
    struct package_request *r = &u->requests[i];
    struct package_row *p = u->targets[i];
    struct product product;
    int found = product_load(u->act->tx, u->act->arena, u->old.tenant_id, p->product_id, &product, e);
    if (found < 0) return -1;
    const struct pricing_option *option = found ? product_pricing_option(&product, p->pricing_option_id) : NULL;
    r->fixed_price = option && option->fixed_price_micros >= 0;
    if (r->fixed_price && r->bid_micros >= 0 && r->bid_micros != p->rate_micros && !u->warning.n)
        u->warning = STR("bid_price has no effect: the price of the package is fixed.");
    struct package_row before = *p;
    size_t changes = u->changes_n;
    if (found && !r->canceled &&
        (package_accept(&product, &u->ts, r, e) || package_refs_accept(u->act, &product, r->val, r->at, e) ||
         package_lists_accept(u->act, &product, r, &u->warning, e))) {
        return -1;
    }
    enum pricing_model model;
    if (!r->canceled && pricing_model_parse(p->pricing_model, &model) &&
        daily_cap_accept(u->act, model, p->rate_micros, r->val, r->at, e))
        return -1;
    plan_package_pause(u, r, p);
    const struct product *sold = found ? &product : NULL;
    if (!r->canceled && (plan_money(u, r, sold, p, e) || plan_goal(u, r, sold, &before, p, e) ||
                         plan_package_flight(u, r, p, e) || plan_package_creatives(u, r, p, e))) {
        return -1;
    }
    plan_package_rest(u, r, p);
    bool row = !str_eq(before.doc, p->doc) || !str_eq(before.name, p->name) || before.rate_micros != p->rate_micros;
    if (row || u->changes_n > changes) u->touched[p - u->buy.packages.rows] = true;
    return 0;
}
