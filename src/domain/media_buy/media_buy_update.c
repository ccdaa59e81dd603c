/* update_media_buy: which buy is meant and whether it may still change, the order of the steps, the entry
 * points. Start at run_update; the map of the other files is media_buy_update.h. */
#include "domain/media_buy/media_buy_update.h"
#include "base/buf.h"
#include "contract/document.h"
#include "domain/buyer/account.h"
#include "domain/booking/booking.h"
#include "domain/delivery/report.h"

void buy_update_note(struct buy_update *u, const char *action, struct str package_id, struct str summary)
{
    if (u->changes_n == u->changes_cap) {
        struct media_buy_change *old = u->changes;
        u->changes_cap = u->changes_cap ? 2 * u->changes_cap : 16;
        u->changes = ARENA_ARRAY(u->act->arena, struct media_buy_change, u->changes_cap);
        if (u->changes_n) memcpy(u->changes, old, u->changes_n * sizeof(*old));
    }
    u->changes[u->changes_n++] = (struct media_buy_change){ action, summary, package_id };
}

void buy_update_attempt(struct buy_update *u, enum media_buy_action action, int64_t also, const char *field)
{
    for (size_t i = 0; i < u->attempts_n; i++) {
        if (u->attempts[i].action == action) return;
    }
    u->attempts[u->attempts_n++] = (struct buy_attempt){ action, ACTION_BIT(action) | also, field };
}

struct str buy_update_amount(const struct buy_update *u, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    size_t n = money_print(micros, text);
    return arena_dup(u->act->arena, (struct str){ text, n });
}

void buy_update_warn_canceled(struct buy_update *u, yyjson_val *val, const char *what)
{
    /* Of the call and of a package: what would change something. */
    static const char *const changes[] = { "paused",
                                           "start_time",
                                           "end_time",
                                           "packages",
                                           "new_packages",
                                           "total_budget",
                                           "name",
                                           "budget",
                                           "daily_budget_cap",
                                           "bid_price",
                                           "pacing",
                                           "impressions",
                                           "invoice_recipient",
                                           "catalogs",
                                           "creatives",
                                           "targeting_overlay",
                                           "keyword_targets_add",
                                           "reporting_webhook",
                                           "creative_assignments",
                                           "optimization_goals" };
    struct buf names;
    buf_init(&names, 400);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        if (json_has(val, changes[i])) buf_addf(&names, "%s%s", names.n ? ", " : "", changes[i]);
    }
    if (names.n && !u->warning.n)
        u->warning =
            arena_printf(u->act->arena, "%s is canceled; what else was asked of it has no effect: " STR_FMT ".", what,
                         STR_ARG(buf_str(&names)));
    buf_finish(&names);
}

static int check_account(struct buy_update *u, struct err *e)
{
    const struct act *act = u->act;
    struct account_ref ref;
    struct account_row named,
        key = { .tenant_id = u->old.tenant_id, .principal_id = u->old.principal_id, .account_id = u->old.account_id };
    int found = q_account_get(act->tx, act->arena, &key, &u->account, e);
    if (found < 0) return -1;
    if (!found) return stored_damaged("account", key.account_id, e);
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

static int check_revision(const struct buy_update *u, struct err *e)
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

static int check_state(const struct buy_update *u, struct err *e)
{
    enum media_buy_status s = u->buy.status;
    if (u->cancels) {
        if (!media_buy_status_terminal(s)) return 0;
        (void)err_set(e, "NOT_CANCELLABLE", "The media buy is %s already.", media_buy_status_name(s));
        return err_field(e, "/canceled");
    }
    if (s == BUY_PENDING_APPROVAL) {
        (void)err_set(e, "INVALID_STATE",
                      "The media buy waits for the publisher's approval; until then it can only be"
                      " canceled.");
        return err_field(e, "/media_buy_id");
    }
    if (!media_buy_status_terminal(s)) return 0;
    (void)err_set(e, "INVALID_STATE", "The media buy is %s and cannot be changed any more.", media_buy_status_name(s));
    (void)err_suggest(e, "Create a new media buy.");
    return err_field(e, "/media_buy_id");
}

static int read_update(struct buy_update *u, struct err *e)
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
    if (json_opt_str(JSON_FIELD(args, "cancellation_reason", ""), (struct json_len){ 0, BUY_UPDATE_TEXT_MAX }, &reason,
                     e))
        return -1;
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
    return 0;
}

static int plan(struct buy_update *u, struct err *e)
{
    if (u->cancels) {
        buy_update_warn_canceled(u, u->args, "The media buy");
        buy_update_attempt(u, ACTION_CANCEL, 0, "/canceled");
        buy_update_note(u, "canceled", STR_NONE, json_str(u->args, "cancellation_reason"));
        return 0;
    }
    u->targets = ARENA_ARRAY(u->act->arena, struct package_row *, u->requests_n + 1);
    for (size_t i = 0; i < u->requests_n; i++) {
        if (buy_update_find_package(u, i, e)) return -1;
    }
    if (buy_update_flight(u, e)) return -1;
    for (size_t i = 0; i < u->requests_n; i++) {
        if (buy_update_package(u, i, e)) return -1;
    }
    if (buy_update_fit_flight(u, e) || buy_update_pause(u, e) || buy_update_additions(u, e) || buy_update_total(u, e))
        return -1;
    if (buy_update_capacity(u, e)) return -1;
    yyjson_val *reports = json_obj(u->args, "reporting_webhook");
    if (reports && report_check_packages(u->act, &u->buy.packages, reports, e)) return -1;
    buy_update_members(u);
    return 0;
}

static bool changes_anything(const struct buy_update *u)
{
    if (u->changes_n || u->row_changed || u->attempts_n) return true;
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->touched[i]) return true;
    }
    return false;
}

/* A dry run of what a person has to agree to first: what the ad server would be asked afterwards. */
static int rehearse_approved(const struct buy_update *asked, struct err *e)
{
    struct buy_update u = *asked;
    struct err why;
    if (!u.act->rehearsal) return 0;
    u.touched = ARENA_ARRAY(u.act->arena, bool, u.buy.packages.n + u.additions_n + 1);
    memcpy(u.touched, asked->touched, u.buy.packages.n * sizeof(*u.touched));
    if (tx_rehearse(u.act->tx, e)) return -1;
    if (buy_update_write(&u, &why)) booking_rehearse_refusal(u.act, &why);
    return tx_rehearse_end(u.act->tx, e);
}

/* The agent has spoken now, whatever the person says later: the buy as it is keeps that. */
static int submit(struct buy_update *u, const struct rule_verdict *verdict, struct task_row *task, struct err *e)
{
    struct media_buy_row row = u->old;
    if (rehearse_approved(u, e) || buy_update_submit(u, verdict, task, e)) return -1;
    if (!u->governance.n) return 0;
    return buy_update_keep_governance(u, &row, e) || q_media_buy_update(u->act->tx, &row, e) ? -1 : 0;
}

enum authority { AUTHORITY_BUYER, AUTHORITY_APPROVED };

static int run_update(const struct act *act, yyjson_val *args, enum authority authority, struct media_buy_updated *out,
                      struct err *e)
{
    struct buy_update u = { .act = act, .args = args };
    bool needs_person;
    struct rule_verdict verdict = { .outcome = RULE_NONE };
    tenant_settings_read(act->tenant, act->arena, &u.ts);
    if (read_update(&u, e) || plan(&u, e) || buy_update_check_actions(&u, &needs_person, e)) return -1;
    /* An approved update was asked about when its buyer sent it. */
    if (authority == AUTHORITY_BUYER ? buy_update_ask_governance(&u, e) : buy_update_check_hold(&u, e)) return -1;
    struct media_buy_updated r = {
        .account = u.account, .touched = u.touched, .changed = changes_anything(&u), .warning = u.warning
    };
    bool asks = authority == AUTHORITY_BUYER && act->principal && act->principal->role == ROLE_BUYER;
    if (asks && buy_update_supersede(&u, e)) return -1;
    if (asks && r.changed && buy_update_judge(&u, &verdict, &needs_person, e)) return -1;
    if (needs_person && authority == AUTHORITY_BUYER && !act->auto_advance) {
        r.submitted = true;
        r.changed = false;
        if (submit(&u, &verdict, &r.task, e)) return -1;
    } else if (r.changed) {
        if (buy_update_keep_governance(&u, &u.buy.row, e) || buy_update_write(&u, e)) return -1;
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
    yyjson_val *args = document_read(act->arena, operation);
    struct media_buy_updated out;
    if (document_whole(act->arena, e)) return -1;
    if (!str_eq(json_str(args, "media_buy_id"), media_buy_id)) {
        return err_set(e, "INVALID_STATE", "The change that waits names another media buy than its task.");
    }
    return run_update(act, args, AUTHORITY_APPROVED, &out, e);
}
