/* update_media_buy. First the whole change is worked out in memory and checked (plan_*), then it is either handed to
 * a person as a task, or written (write_*). So a refused update has touched nothing, and an approved one is worked
 * out again against the buy as it then is. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/booking.h"
#include "domain/creative.h"
#include "domain/delivery.h"
#include "domain/doc_edit.h"
#include "domain/events.h"
#include "domain/governance_check.h"
#include "domain/insertion_order.h"
#include "domain/media_buy.h"
#include "domain/rule.h"
#include "domain/sold_out.h"

#define TEXT_MAX     500
#define CHANGES_MAX  (8 + 6 * PACKAGES_MAX)
#define ATTEMPTS_MAX 24

/* An action of the buyer's that the change amounts to, and the actions any one of which permits it. */
struct attempt {
    enum media_buy_action action;
    int64_t permitted_by;
    const char *field;
};

struct update {
    const struct act *act;
    yyjson_val *args;
    struct media_buy buy;     /* as it will be */
    struct media_buy_row old; /* as it is */
    struct package_row *old_packages;
    struct account_row account;
    struct tenant_settings ts;
    struct package_request *requests, *additions;
    size_t requests_n, additions_n;
    struct package_row **targets; /* of each request */
    struct package_admitted *admitted; /* of each addition */
    bool *touched;
    struct package_row *before; /* the packages as they are */
    struct str warning;
    bool package_dates, budgets, resumed, paused, cancels, row_changed;
    struct media_buy_change *changes;
    size_t changes_n;
    struct attempt attempts[ATTEMPTS_MAX];
    size_t attempts_n;
};

static void changed(struct update *u, const char *action, struct str package_id, struct str summary)
{
    ENSURE(u->changes_n < CHANGES_MAX);
    u->changes[u->changes_n++] = (struct media_buy_change){ action, summary, package_id };
}

static void attempts(struct update *u, enum media_buy_action action, int64_t also, const char *field)
{
    for (size_t i = 0; i < u->attempts_n; i++) {
        if (u->attempts[i].action == action) return;
    }
    ENSURE(u->attempts_n < ATTEMPTS_MAX);
    u->attempts[u->attempts_n++] = (struct attempt){ action, ACTION_BIT(action) | also, field };
}

static struct str amount(const struct update *u, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    size_t n = money_print(micros, text);
    return arena_dup(u->act->arena, (struct str){ text, n });
}

/* ---- what is asked of which buy ---- */

static int check_account(struct update *u, struct err *e)
{
    const struct act *act = u->act;
    struct account_ref ref;
    struct account_row named, key = { .tenant_id = u->old.tenant_id,
                                      .principal_id = u->old.principal_id,
                                      .account_id = u->old.account_id };
    int found = q_account_get(act->tx, act->arena, &key, &u->account, e);
    if (found < 0) return -1;
    ENSURE(found == 1); /* the foreign key */
    bool own = act->principal && act->principal->role == ROLE_BUYER;
    if (own && account_ref_read(u->args, &ref, e)) return -1;
    if (own && ref.given) {
        found = account_find(act, &ref, ACCOUNT_USE_LIST, &named, e);
        if (found < 0) return -1;
        /* In a sandbox the buy's id is enough: test clients name a buy under several brands of theirs. */
        bool lenient = u->account.sandbox && !ref.account_id.n;
        if (!lenient && (!found || !str_eq(named.account_id, u->old.account_id))) {
            (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "There is no such media buy.");
            (void)err_suggest(e, "Call get_media_buys for your media buys and their ids.");
            return err_field(e, "/media_buy_id");
        }
    }
    if (account_gate(&u->account, ACCOUNT_USE_UPDATE_BUY, e)) return -1;
    return u->additions_n ? account_gate(&u->account, ACCOUNT_USE_ADD_PACKAGES, e) : 0;
}

static int check_revision(const struct update *u, struct err *e)
{
    int64_t revision = u->old.revision;
    if (json_opt_i64(JSON_FIELD(u->args, "revision", ""), (struct json_range){ 1, INT64_MAX }, &revision, e)) return -1;
    if (revision == u->old.revision) return 0;
    (void)err_set(e, "CONFLICT", "The media buy is at revision %lld, not %lld.", (long long)u->old.revision,
                  (long long)revision);
    (void)err_details(e, "{\"resource_id\":\"" STR_FMT "\",\"expected_version\":%lld,\"current_version\":%lld}",
                      STR_ARG(u->old.media_buy_id), (long long)revision, (long long)u->old.revision);
    (void)err_suggest(e, "Read the media buy again with get_media_buys and repeat the change on that revision.");
    return err_field(e, "/revision");
}

static int check_state(const struct update *u, struct err *e)
{
    enum media_buy_status s = u->buy.status;
    if (u->cancels) {
        if (!media_buy_status_terminal(s)) return 0;
        (void)err_set(e, "NOT_CANCELLABLE", "The media buy is %s already.", media_buy_status_name(s));
        return err_field(e, "/canceled");
    }
    if (s == BUY_PENDING_APPROVAL) {
        (void)err_set(e, "INVALID_STATE", "The media buy waits for the publisher's approval; until then it can only be"
                                          " canceled.");
        return err_field(e, "/media_buy_id");
    }
    if (!media_buy_status_terminal(s)) return 0;
    (void)err_set(e, "INVALID_STATE", "The media buy is %s and cannot be changed any more.", media_buy_status_name(s));
    (void)err_suggest(e, "Create a new media buy.");
    return err_field(e, "/media_buy_id");
}

static int read_update(struct update *u, struct err *e)
{
    yyjson_val *args = u->args;
    struct str id, reason = STR_NONE;
    if (json_req_str(JSON_FIELD(args, "media_buy_id", ""), (struct json_len){ 1, 255 }, &id, e)) return -1;
    if (media_buy_require(u->act, id, &u->buy, e)) return -1;
    u->old = u->buy.row;
    u->old_packages = ARENA_ARRAY(u->act->arena, struct package_row, u->buy.packages.n + 1);
    if (u->buy.packages.n) memcpy(u->old_packages, u->buy.packages.rows, u->buy.packages.n * sizeof(*u->old_packages));
    if (json_opt_bool(JSON_FIELD(args, "canceled", ""), &u->cancels, e)) return -1;
    if (json_has(args, "canceled") && !u->cancels) {
        (void)err_set(e, "INVALID_REQUEST", "canceled can only be true: a cancellation is final");
        return err_field(e, "/canceled");
    }
    if (json_opt_str(JSON_FIELD(args, "cancellation_reason", ""), (struct json_len){ 0, TEXT_MAX }, &reason, e)) return -1;
    if (package_requests_read(u->act->arena, args, "packages", PACKAGE_CHANGE, &u->requests, &u->requests_n, e) ||
        package_requests_read(u->act->arena, args, "new_packages", PACKAGE_NEW, &u->additions, &u->additions_n, e)) {
        return -1;
    }
    if (check_account(u, e) || check_revision(u, e) || check_state(u, e)) return -1;
    size_t n = u->buy.packages.n;
    if (n + u->additions_n > PACKAGES_MAX) {
        (void)err_set(e, "VALIDATION_ERROR", "A media buy has at most %d packages.", PACKAGES_MAX);
        return err_field(e, "/new_packages");
    }
    u->touched = ARENA_ARRAY(u->act->arena, bool, n + u->additions_n);
    u->before = ARENA_ARRAY(u->act->arena, struct package_row, n + 1);
    for (size_t i = 0; i < n; i++) u->before[i] = u->buy.packages.rows[i];
    u->changes = ARENA_ARRAY(u->act->arena, struct media_buy_change, CHANGES_MAX);
    return 0;
}

static int find_target(struct update *u, size_t i, struct err *e)
{
    const struct package_request *r = &u->requests[i];
    struct package_row *target = NULL;
    for (size_t k = 0; k < u->buy.packages.n; k++) {
        if (str_eq(u->buy.packages.rows[k].package_id, r->package_id)) target = &u->buy.packages.rows[k];
    }
    if (!target) {
        (void)err_set(e, "PACKAGE_NOT_FOUND", "The media buy has no such package.");
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

/* ---- planning packages ---- */

static void plan_package_pause(struct update *u, const struct package_request *r, struct package_row *p)
{
    if (r->canceled) {
        p->canceled_at = u->act->now;
        attempts(u, ACTION_REMOVE_PACKAGES, ACTION_BIT(ACTION_UPDATE_PACKAGES) | ACTION_BIT(ACTION_CANCEL), r->at);
        changed(u, "package_canceled", p->package_id, r->cancellation_reason);
        return;
    }
    if (r->paused < 0 || p->paused == (r->paused == 1)) return;
    p->paused = r->paused == 1;
    attempts(u, p->paused ? ACTION_PAUSE : ACTION_RESUME, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
    changed(u, p->paused ? "package_paused" : "package_resumed", p->package_id, STR_NONE);
}

static void note_budget(struct update *u, const struct package_request *r, const struct package_row *p, int64_t before)
{
    bool more = p->budget_micros > before;
    attempts(u, more ? ACTION_INCREASE_BUDGET : ACTION_DECREASE_BUDGET,
             ACTION_BIT(ACTION_UPDATE_BUDGET) | ACTION_BIT(ACTION_REALLOCATE_BUDGET), r->at);
    changed(u, "updated_budget", p->package_id,
            arena_printf(u->act->arena, "Budget %s from " STR_FMT " to " STR_FMT " %s on " STR_FMT,
                         more ? "increased" : "decreased", STR_ARG(amount(u, before)),
                         STR_ARG(amount(u, p->budget_micros)), u->buy.row.currency, STR_ARG(p->package_id)));
    u->budgets = true;
}

/* What has been delivered is owed: a budget cannot go below it. */
static int check_spent(struct update *u, const struct package_request *r, const struct package_row *p, struct err *e)
{
    struct plan booked;
    struct delivery d;
    int found = plan_load(u->act, u->old.media_buy_id, PLAN_NUMBERS, &booked, e);
    if (found < 0) return -1;
    if (!found || delivery_read(u->act, &booked, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return found ? -1 : 0;
    for (size_t i = 0; i < booked.packages_n; i++) {
        int64_t spent = d.packages[i].lifetime.of[METRIC_SPEND];
        if (!str_eq(booked.packages[i].package_id, p->package_id) || spent <= p->budget_micros) continue;
        (void)err_set(e, "VALIDATION_ERROR", "The package has spent " STR_FMT " %s already.", STR_ARG(amount(u, spent)),
                      u->old.currency);
        (void)err_suggest(e, "Keep the budget at " STR_FMT " or more, or cancel the package.", STR_ARG(amount(u, spent)));
        return err_field(e, "%s/budget", r->at);
    }
    return 0;
}

static int plan_money(struct update *u, const struct package_request *r, const struct product *product,
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
        /* A goal of the buyer's own stays; one that followed from the budget follows it again. */
        if (p->impressions_goal == pricing_impressions(o, before, rate_before)) {
            p->impressions_goal = pricing_impressions(o, p->budget_micros, p->rate_micros);
        }
    } else if (p->budget_micros == 0) {
        (void)err_set(e, "BUDGET_TOO_LOW", "The budget must be more than zero.");
        return err_field(e, "%s/budget", r->at);
    }
    if (p->rate_micros != rate_before) attempts(u, ACTION_UPDATE_PACKAGES, ACTION_BIT(ACTION_UPDATE_BUDGET), r->at);
    if (p->budget_micros == before) return 0;
    if (p->budget_micros < before && check_spent(u, r, p, e)) return -1;
    p->previous_budget_micros = before;
    note_budget(u, r, p, before);
    return 0;
}

static int plan_package_flight(struct update *u, const struct package_request *r, struct package_row *p, struct err *e)
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
        attempts(u, ACTION_UPDATE_FLIGHT_DATES, ACTION_BIT(ACTION_UPDATE_DATES), r->at);
    }
    if (r->end_at != TIME_NONE && r->end_at != end) {
        if (r->end_at <= now) {
            (void)err_set(e, "INVALID_REQUEST", "end_time lies in the past");
            (void)err_suggest(e, "Pause or cancel the package to stop it now.");
            return err_field(e, "%s/end_time", r->at);
        }
        p->end_at = r->end_at;
        attempts(u, p->end_at > end ? ACTION_EXTEND_FLIGHT : ACTION_SHORTEN_FLIGHT,
                 ACTION_BIT(ACTION_UPDATE_FLIGHT_DATES) | ACTION_BIT(ACTION_UPDATE_DATES), r->at);
    }
    if (p->end_at <= p->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "%s/end_time", r->at);
    }
    if (p->start_at == start && p->end_at == end) return 0;
    u->package_dates = true;
    changed(u, "updated_dates", p->package_id, STR_NONE);
    return 0;
}

static int plan_package_creatives(struct update *u, const struct package_request *r, const struct package_row *p,
                                  struct err *e)
{
    static const struct json_limits limits = { .bytes_max = 1 << 22, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1000000 };
    const char *key = json_has(r->val, "creative_assignments") ? "creative_assignments"
                      : json_has(r->val, "creatives")          ? "creatives"
                                                               : NULL;
    if (!key) return 0;
    attempts(u, ACTION_UPDATE_CREATIVE_ASSIGNMENTS,
             ACTION_BIT(ACTION_SYNC_CREATIVES) | ACTION_BIT(ACTION_REPLACE_CREATIVE), r->at);
    changed(u, "updated_packages", p->package_id, STR("Creatives replaced"));
    yyjson_doc *doc;
    struct err ignored;
    int64_t deadline = TIME_NONE;
    if (json_parse(u->act->arena, p->doc, &limits, &doc, &ignored)) return 0;
    struct str text = json_str(yyjson_doc_get_root(doc), "creative_deadline");
    if (!text.n || rfc3339_parse(text, &deadline) || u->act->now < deadline) return 0;
    (void)err_set(e, "CREATIVE_DEADLINE_EXCEEDED", "Creatives of this package could be changed until " STR_FMT ".",
                  STR_ARG(text));
    return err_field(e, "%s/%s", r->at, key);
}

static void plan_package_rest(struct update *u, const struct package_request *r, struct package_row *p)
{
    static const struct {
        const char *key;
        enum media_buy_action action;
    } others[] = {
        { "targeting_overlay", ACTION_UPDATE_TARGETING },     { "keyword_targets_add", ACTION_UPDATE_TARGETING },
        { "keyword_targets_remove", ACTION_UPDATE_TARGETING }, { "negative_keywords_add", ACTION_UPDATE_TARGETING },
        { "negative_keywords_remove", ACTION_UPDATE_TARGETING }, { "catalogs", ACTION_UPDATE_PACKAGES },
        { "optimization_goals", ACTION_UPDATE_PACKAGES },
    };
    if (r->pacing.n && !str_eq(r->pacing, p->pacing)) {
        p->pacing = r->pacing;
        attempts(u, ACTION_UPDATE_PACING, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
        changed(u, "updated_packages", p->package_id, STR("Pacing changed"));
    }
    if (r->impressions >= 0 && r->impressions != p->impressions_goal) {
        p->impressions_goal = r->impressions;
        attempts(u, ACTION_UPDATE_PACKAGES, 0, r->at);
        changed(u, "updated_packages", p->package_id, STR("Impression goal changed"));
    }
    if (r->name.n) p->name = r->name;
    struct str doc = package_doc(u->act, r, p->doc);
    if (str_eq(doc, p->doc)) return;
    p->doc = doc;
    bool noted = false;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!json_has(r->val, others[i].key)) continue;
        attempts(u, others[i].action, ACTION_BIT(ACTION_UPDATE_PACKAGES), r->at);
        if (!noted) changed(u, "updated_packages", p->package_id, arena_printf(u->act->arena, "%s changed", others[i].key));
        noted = true;
    }
}

static int plan_package(struct update *u, size_t i, struct err *e)
{
    struct package_request *r = &u->requests[i];
    struct package_row *p = u->targets[i];
    struct product product;
    int found = product_load(u->act->tx, u->act->arena, u->old.tenant_id, p->product_id, &product, e);
    if (found < 0) return -1;
    const struct pricing_option *option = found ? product_pricing_option(&product, p->pricing_option_id) : NULL;
    r->fixed_price = option && option->fixed_price_micros >= 0;
    struct package_row before = *p;
    size_t changes = u->changes_n;
    if (found && !r->canceled && package_accept(&product, &u->ts, r, e)) return -1;
    plan_package_pause(u, r, p);
    if (!r->canceled && (plan_money(u, r, found ? &product : NULL, p, e) || plan_package_flight(u, r, p, e) ||
                         plan_package_creatives(u, r, p, e))) {
        return -1;
    }
    plan_package_rest(u, r, p);
    bool row = !str_eq(before.doc, p->doc) || !str_eq(before.name, p->name) || before.rate_micros != p->rate_micros;
    if (row || u->changes_n > changes) u->touched[p - u->buy.packages.rows] = true;
    return 0;
}

/* ---- planning the buy ---- */

static int plan_start(struct update *u, int64_t *start_at, struct err *e)
{
    bool asap = str_is(json_str(u->args, "start_time"), "asap");
    if (asap) *start_at = u->act->now;
    if (!asap && json_opt_time(JSON_FIELD(u->args, "start_time", ""), start_at, e)) return -1;
    if (*start_at == u->old.start_at) return 0;
    if (u->act->now >= u->old.start_at) {
        if (asap) { /* it runs already */
            *start_at = u->old.start_at;
            return 0;
        }
        (void)err_set(e, "INVALID_STATE", "The flight has started; its start cannot be moved.");
        return err_field(e, "/start_time");
    }
    if (*start_at >= utc_day_start(u->act->now)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "start_time lies in the past");
    return err_field(e, "/start_time");
}

/* Packages that share the buy's old start or end follow it; the others must still fit. */
static int move_packages(struct update *u, int64_t start_at, int64_t end_at, struct err *e)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        struct package_row *p = &u->buy.packages.rows[i];
        int64_t start = p->start_at, end = p->end_at;
        if (p->canceled_at != TIME_NONE) continue;
        if (p->start_at == u->old.start_at) p->start_at = start_at;
        if (p->end_at == u->old.end_at) p->end_at = end_at;
        if (p->end_at > end_at || p->start_at < start_at || p->end_at <= p->start_at) {
            (void)err_set(e, "INVALID_REQUEST", "package " STR_FMT " would lie outside the media buy's flight",
                          STR_ARG(p->package_id));
            (void)err_suggest(e, "Give that package dates of its own in the same update.");
            return err_field(e, end_at != u->old.end_at ? "/end_time" : "/start_time");
        }
        if (p->start_at != start || p->end_at != end) u->touched[i] = true;
    }
    return 0;
}

static int plan_flight(struct update *u, struct err *e)
{
    struct media_buy_row *row = &u->buy.row;
    int64_t start_at = u->old.start_at, end_at = u->old.end_at;
    if (plan_start(u, &start_at, e) || json_opt_time(JSON_FIELD(u->args, "end_time", ""), &end_at, e)) return -1;
    if (end_at != u->old.end_at && end_at <= u->act->now) {
        (void)err_set(e, "INVALID_REQUEST", "end_time lies in the past");
        (void)err_suggest(e, "Pause or cancel the media buy to stop it now.");
        return err_field(e, "/end_time");
    }
    if (end_at <= start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "/end_time");
    }
    bool given = start_at != u->old.start_at || end_at != u->old.end_at;
    if (given && move_packages(u, start_at, end_at, e)) return -1;
    row->start_at = start_at;
    row->end_at = end_at;
    if (given) {
        attempts(u, end_at > u->old.end_at   ? ACTION_EXTEND_FLIGHT
                    : end_at < u->old.end_at ? ACTION_SHORTEN_FLIGHT
                                             : ACTION_UPDATE_FLIGHT_DATES,
                 ACTION_BIT(ACTION_UPDATE_FLIGHT_DATES) | ACTION_BIT(ACTION_UPDATE_DATES), "");
        changed(u, "updated_dates", STR_NONE, STR_NONE);
    }
    return 0;
}

/* Packages got dates of their own and the buy did not: its flight is what they span. */
static int fit_flight(struct update *u, struct err *e)
{
    struct media_buy_row *row = &u->buy.row;
    bool given = json_has(u->args, "start_time") || json_has(u->args, "end_time");
    int64_t start = TIME_NONE, end = TIME_NONE;
    if (!u->package_dates) return 0;
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        const struct package_row *p = &u->buy.packages.rows[i];
        if (p->canceled_at != TIME_NONE) continue;
        if (start == TIME_NONE || p->start_at < start) start = p->start_at;
        if (end == TIME_NONE || p->end_at > end) end = p->end_at;
    }
    if (start == TIME_NONE) return 0;
    if (given && (start < row->start_at || end > row->end_at)) {
        (void)err_set(e, "INVALID_REQUEST", "a package would lie outside the media buy's flight");
        return err_field(e, "/packages");
    }
    if (given) return 0;
    row->start_at = start;
    row->end_at = end;
    return 0;
}

static int plan_pause(struct update *u, struct err *e)
{
    bool paused = u->old.paused;
    if (json_opt_bool(JSON_FIELD(u->args, "paused", ""), &paused, e)) return -1;
    if (paused == u->old.paused && (u->buy.status != BUY_PAUSED || paused)) return 0;
    u->paused = paused;
    u->resumed = !paused;
    u->buy.row.paused = paused;
    attempts(u, paused ? ACTION_PAUSE : ACTION_RESUME, 0, "/paused");
    changed(u, paused ? "paused" : "resumed", STR_NONE, STR_NONE);
    return 0;
}

static int plan_additions(struct update *u, struct err *e)
{
    if (u->additions_n == 0) return 0;
    u->admitted = ARENA_ARRAY(u->act->arena, struct package_admitted, u->additions_n);
    for (size_t i = 0; i < u->additions_n; i++) {
        const struct package_request *r = &u->additions[i];
        struct package_admitted *a = &u->admitted[i];
        if (media_buy_admit_package(u->act, &u->ts, r, a, e) || insertion_order_refuse(&a->product, r->at, e)) return -1;
        if (memcmp(a->option->currency, u->old.currency, 3) != 0) {
            (void)err_set(e, "VALIDATION_ERROR", "The media buy is in %s; this pricing option is in %s.", u->old.currency,
                          a->option->currency);
            return err_field(e, "%s/pricing_option_id", r->at);
        }
        int64_t first = u->act->now > u->buy.row.start_at ? u->act->now : u->buy.row.start_at;
        a->row.start_at = r->start_at != TIME_NONE ? r->start_at : first;
        a->row.end_at = r->end_at != TIME_NONE ? r->end_at : u->buy.row.end_at;
        if (a->row.start_at < utc_day_start(first) || a->row.end_at > u->buy.row.end_at ||
            a->row.end_at <= a->row.start_at) {
            (void)err_set(e, "INVALID_REQUEST", "a new package must lie within what is left of the media buy's flight");
            return err_field(e, "%s/%s", r->at, r->start_at != TIME_NONE ? "start_time" : "end_time");
        }
        media_buy_set_deadline(u->act, a);
        attempts(u, ACTION_ADD_PACKAGES, 0, r->at);
        changed(u, "packages_added", STR_NONE,
                arena_printf(u->act->arena, "Package of product " STR_FMT " added", STR_ARG(a->row.product_id)));
        u->budgets = true;
    }
    return 0;
}

static int plan_total(struct update *u, struct err *e)
{
    struct money sum = { 0 };
    memcpy(sum.currency, u->old.currency, 4);
    const char *at = "/packages";
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        struct money m = { .micros = u->buy.packages.rows[i].budget_micros };
        memcpy(m.currency, sum.currency, 4);
        if (money_add(sum, m, &sum, e)) return err_field(e, "/packages");
    }
    for (size_t i = 0; i < u->additions_n; i++) {
        struct money m = { .micros = u->admitted[i].row.budget_micros };
        memcpy(m.currency, sum.currency, 4);
        if (money_add(sum, m, &sum, e)) return err_field(e, "%s/budget", u->additions[i].at);
        at = arena_printf(u->act->arena, "%s/budget", u->additions[i].at).p;
    }
    for (size_t i = u->requests_n; i-- > 0;) {
        if (u->requests[i].budget_micros >= 0) at = arena_printf(u->act->arena, "%s/budget", u->requests[i].at).p;
    }
    yyjson_val *total = json_obj(u->args, "total_budget");
    int64_t given = sum.micros;
    if (total && json_opt_money(JSON_FIELD(total, "amount", "/total_budget"), &given, e)) return -1;
    if (given != sum.micros) {
        (void)err_set(e, "VALIDATION_ERROR", "total_budget is " STR_FMT ", but the packages' budgets add up to " STR_FMT ".",
                      STR_ARG(amount(u, given)), STR_ARG(amount(u, sum.micros)));
        return err_field(e, "/total_budget/amount");
    }
    if (!u->budgets) return 0;
    struct budget_check check = { sum.micros, sum.currency, at };
    if (media_buy_check_total(&u->ts, &check, e)) return -1;
    u->buy.row.total_budget_micros = sum.micros;
    return 0;
}

/* Where a package that asks for more than before, or at another time, stands in the request; NULL for the others. */
static const char *asks_more(const struct update *u, size_t i)
{
    const struct package_row *p = &u->buy.packages.rows[i], *was = &u->before[i];
    bool more = p->impressions_goal > was->impressions_goal || p->start_at != was->start_at || p->end_at != was->end_at;
    for (size_t k = 0; more && k < u->requests_n; k++) {
        if (u->targets[k] == p) return u->requests[k].at;
    }
    return more ? "" : NULL;
}

static int plan_capacity(struct update *u, struct err *e)
{
    size_t had = u->buy.packages.n, n = had + u->additions_n;
    struct package_row *rows = ARENA_ARRAY(u->act->arena, struct package_row, n + 1);
    const char **at = ARENA_ARRAY(u->act->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        rows[i] = i < had ? u->buy.packages.rows[i] : u->admitted[i - had].row;
        at[i] = i < had ? asks_more(u, i) : u->additions[i - had].at;
    }
    struct sold_out_ask ask = { .packages = { rows, n }, .at = at };
    ask.except.except_buy = u->old.media_buy_id;
    return sold_out_check(u->act, &ask, &u->warning, e);
}

/* Members of the buy itself that are stored and sent back, or kept for later. */
static void plan_members(struct update *u)
{
    static const struct json_limits limits = { .bytes_max = 1 << 22, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1000000 };
    static const struct {
        const char *key;
        bool shown;
    } members[] = { { "invoice_recipient", true }, { "reporting_webhook", false }, { "push_notification_config", false } };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        yyjson_val *v = yyjson_obj_get(u->args, members[i].key);
        struct str *text = members[i].shown ? &u->buy.row.echo : &u->buy.row.doc;
        yyjson_doc *parsed;
        struct err ignored;
        if (!v || json_parse(u->act->arena, *text, &limits, &parsed, &ignored)) continue;
        yyjson_mut_doc *doc = json_doc_new(u->act->arena);
        yyjson_mut_val *o = json_copy(doc, yyjson_doc_get_root(parsed));
        (void)yyjson_mut_obj_remove_key(o, members[i].key); /* absent is fine */
        json_add_copy(doc, o, members[i].key, v);
        struct str now = json_write(u->act->arena, o);
        if (str_eq(now, *text)) continue;
        *text = now;
        /* Where the answer goes is no change of the buy. */
        if (!str_is(str_from(members[i].key), "push_notification_config")) u->row_changed = true;
    }
}

static int plan(struct update *u, struct err *e)
{
    if (u->cancels) {
        attempts(u, ACTION_CANCEL, 0, "/canceled");
        changed(u, "canceled", STR_NONE, json_str(u->args, "cancellation_reason"));
        return 0;
    }
    u->targets = ARENA_ARRAY(u->act->arena, struct package_row *, u->requests_n + 1);
    for (size_t i = 0; i < u->requests_n; i++) {
        if (find_target(u, i, e)) return -1;
    }
    if (plan_flight(u, e)) return -1;
    for (size_t i = 0; i < u->requests_n; i++) {
        if (plan_package(u, i, e)) return -1;
    }
    if (fit_flight(u, e) || plan_pause(u, e) || plan_additions(u, e) || plan_total(u, e)) return -1;
    if (plan_capacity(u, e)) return -1;
    plan_members(u);
    return 0;
}

/* ---- may the buyer do that ---- */

static struct str actions_json(const struct update *u)
{
    int64_t now = media_buy_actions_at(&u->old, media_buy_status_at(&u->old, u->act->now));
    yyjson_mut_doc *doc = json_doc_new(u->act->arena);
    yyjson_mut_val *o = json_root_obj(doc), *arr = json_add_arr(doc, o, "a");
    for (int a = 0; a < ACTIONS_N; a++) {
        if (!(now & ACTION_BIT(a))) continue;
        yyjson_mut_val *x = json_push_obj(doc, arr);
        json_add_cstr(doc, x, "action", media_buy_action_name((enum media_buy_action)a));
        json_add_cstr(doc, x, "mode", u->old.actions_approval & ACTION_BIT(a) ? "requires_approval" : "self_serve");
    }
    return json_write(u->act->arena, arr);
}

static int check_actions(const struct update *u, bool *needs_person, struct err *e)
{
    *needs_person = false;
    for (size_t i = 0; i < u->attempts_n; i++) {
        const struct attempt *t = &u->attempts[i];
        int64_t sold = t->permitted_by & u->old.actions_allowed;
        int64_t open = sold & media_buy_actions_in(&u->old, media_buy_status_at(&u->old, u->act->now));
        if (!open) {
            (void)err_set(e, "ACTION_NOT_ALLOWED", "The products of this media buy do not allow %s%s.",
                          media_buy_action_name(t->action), sold ? " in its present status" : "");
            (void)err_details(e, "{\"attempted_action\":\"%s\",\"reason\":\"%s\","
                                 "\"currently_available_actions\":" STR_FMT "}",
                              media_buy_action_name(t->action), sold ? "wrong_status" : "not_supported_on_product",
                              STR_ARG(actions_json(u)));
            return err_field(e, "%s", t->field);
        }
        if (!(open & ~u->old.actions_approval)) *needs_person = true;
    }
    return 0;
}

/* ---- what a person is shown ---- */

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

static void differs_text(struct difference *d, const char *field, struct str package_id, struct str before, struct str after)
{
    if (str_eq(before, after)) return;
    yyjson_mut_val *o = differs(d, field, package_id);
    json_add_str(d->doc, o, "before", before);
    json_add_str(d->doc, o, "after", after);
}

static struct str difference(const struct update *u)
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

/* The first rule that matches; of it and the products' modes the stricter one counts. Ending a buy is never a matter
 * of rules: a buyer may always stop spending where its products allow it. */
static int judge(const struct update *u, struct rule_verdict *verdict, bool *needs_person, struct err *e)
{
    struct rule_facts *f = ARENA_NEW(u->act->arena, struct rule_facts);
    *verdict = (struct rule_verdict){ .outcome = RULE_NONE };
    if (u->cancels) return 0;
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

static int submit(const struct update *u, const struct rule_verdict *verdict, struct task_row *task, struct err *e)
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
        .due_at = TIME_NONE,
    };
    return task_create(u->act, &in, task, e);
}

/* ---- writing ---- */

static int write_packages(struct update *u, struct err *e)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->touched[i] && q_package_update(u->act->tx, &u->buy.packages.rows[i], e)) return -1;
    }
    for (size_t i = 0; i < u->requests_n; i++) {
        if (u->requests[i].canceled) {
            if (media_buy_release(u->act, &u->buy, u->targets[i]->package_id, e)) return -1;
        } else if (media_buy_take_creatives(u->act, &u->buy, u->targets[i], &u->requests[i], e)) {
            return -1;
        }
    }
    return 0;
}

static int write_additions(struct update *u, struct err *e)
{
    size_t had = u->buy.packages.n;
    struct str body = str_skip(u->old.media_buy_id, sizeof("mb-") - 1);
    if (u->additions_n == 0) return 0;
    struct package_row *rows = ARENA_ARRAY(u->act->arena, struct package_row, had + u->additions_n);
    memcpy(rows, u->buy.packages.rows, had * sizeof(*rows));
    for (size_t i = 0; i < u->additions_n; i++) {
        struct package_row *p = &rows[had + i];
        *p = u->admitted[i].row;
        p->media_buy_id = u->old.media_buy_id;
        p->ordinal = rows[had + i - 1].ordinal + 1;
        p->package_id = arena_printf(u->act->arena, "pkg-" STR_FMT "-%03lld", STR_ARG(body), (long long)p->ordinal);
        u->touched[had + i] = true;
        if (q_package_insert(u->act->tx, p, e)) return -1;
        if (media_buy_take_creatives(u->act, &u->buy, p, &u->additions[i], e)) return -1;
    }
    u->buy.packages = (struct package_rows){ rows, had + u->additions_n };
    return 0;
}

static bool all_canceled(const struct update *u)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->buy.packages.rows[i].canceled_at == TIME_NONE) return false;
    }
    return true;
}

static int write_cancel(struct update *u, struct str reason, struct err *e)
{
    bool own = !u->act->principal || u->act->principal->role == ROLE_BUYER;
    struct media_buy_end end = { BUY_CANCELED, reason, own && u->act->principal ? STR("buyer") : STR("seller") };
    if (media_buy_move(u->act, u->old.media_buy_id, &end, e)) return -1;
    return media_buy_load(u->act, u->old.media_buy_id, &u->buy, e) < 0 ? -1 : 0;
}

static int write_update(struct update *u, struct err *e)
{
    if (u->cancels) return write_cancel(u, json_str(u->args, "cancellation_reason"), e);
    if (delivery_freeze(u->act, u->old.media_buy_id, e)) return -1;
    if (write_packages(u, e) || write_additions(u, e)) return -1;
    bool stays_paused = u->buy.status == BUY_PAUSED && !u->resumed;
    if (u->paused && u->buy.status != BUY_PENDING_CREATIVES) {
        u->buy.status = BUY_PAUSED;
    } else if (!stays_paused && media_buy_settle(u->act, &u->buy, &u->buy.status, e)) {
        return -1;
    }
    if (media_buy_save(u->act, &u->buy, e) || booking_admit(u->act, u->old.media_buy_id, e) ||
        media_buy_rebook(u->act, &u->buy, e)) {
        return -1;
    }
    for (size_t i = 0; i < u->changes_n; i++) {
        if (media_buy_changed(u->act, &u->buy.row, &u->changes[i], e)) return -1;
    }
    if (u->changes_n == 0) {
        struct media_buy_change other = { "updated_packages", STR_NONE, STR_NONE };
        if (media_buy_changed(u->act, &u->buy.row, &other, e)) return -1;
    }
    return all_canceled(u) ? write_cancel(u, STR("every package was canceled"), e) : 0;
}

static bool changes_anything(const struct update *u)
{
    if (u->changes_n || u->row_changed || u->attempts_n) return true;
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->touched[i]) return true;
    }
    return false;
}

/* More money or a longer flight is a new commitment; less of either is not. */
static int ask_governance(struct update *u, struct err *e)
{
    struct media_buy_row *row = &u->buy.row;
    bool more = row->total_budget_micros > u->old.total_budget_micros || row->end_at > u->old.end_at ||
                row->start_at < u->old.start_at;
    if (u->cancels || !more) return 0;
    struct governance_question q = { .account = &u->account, .args = u->args, .phase = "modification",
                                     .plan_id = json_str(doc_parse(u->act->arena, u->old.doc), "plan_id"),
                                     .summary = u->changes_n ? u->changes[0].summary : STR_NONE,
                                     .currency = str_from(row->currency), .total_micros = row->total_budget_micros,
                                     .start_at = row->start_at, .end_at = row->end_at };
    struct str shown;
    if (governance_gate(u->act, &q, &shown, e)) return -1;
    row->echo = governance_echo(u->act->arena, row->echo, shown);
    return 0;
}

enum authority { AUTHORITY_BUYER, AUTHORITY_APPROVED };

static int run_update(const struct act *act, yyjson_val *args, enum authority authority, struct media_buy_updated *out,
                      struct err *e)
{
    struct update u = { .act = act, .args = args };
    bool needs_person;
    struct rule_verdict verdict = { .outcome = RULE_NONE };
    tenant_settings_read(act->tenant, act->arena, &u.ts);
    if (read_update(&u, e) || plan(&u, e) || check_actions(&u, &needs_person, e)) return -1;
    /* An approved update was asked about when its buyer sent it. */
    if (authority == AUTHORITY_BUYER && ask_governance(&u, e)) return -1;
    struct media_buy_updated r = { .account = u.account, .touched = u.touched, .changed = changes_anything(&u),
                                   .warning = u.warning };
    bool asks = authority == AUTHORITY_BUYER && act->principal && act->principal->role == ROLE_BUYER;
    if (asks && r.changed && judge(&u, &verdict, &needs_person, e)) return -1;
    if (needs_person && authority == AUTHORITY_BUYER && !act->auto_advance) {
        r.submitted = true;
        r.changed = false;
        if (submit(&u, &verdict, &r.task, e)) return -1;
    } else if (r.changed && write_update(&u, e)) {
        return -1;
    }
    r.buy = u.buy;
    *out = r;
    return 0;
}

int media_buy_update(const struct act *act, yyjson_val *args, struct media_buy_updated *out, struct err *e)
{
    return run_update(act, args, AUTHORITY_BUYER, out, e);
}

int media_buy_update_approved(const struct act *act, struct str media_buy_id, struct str operation, struct err *e)
{
    static const struct json_limits limits = { .bytes_max = 1 << 22, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1000000 };
    yyjson_doc *doc;
    struct media_buy_updated out;
    if (json_parse(act->arena, operation, &limits, &doc, e)) return -1;
    ENSURE(str_eq(json_str(yyjson_doc_get_root(doc), "media_buy_id"), media_buy_id));
    return run_update(act, yyjson_doc_get_root(doc), AUTHORITY_APPROVED, &out, e);
}
