/* create_media_buy: read, check everything, decide whether a person must, write. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "domain/booking/booking_forecast.h"
#include "domain/core/ad_server.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/media_buy_change.h"
#include "domain/media_buy/governance_delivery.h"
#include "domain/product/daily_cap.h"
#include "domain/product/insertion_order.h"
#include "domain/media_buy/media_buy.h"
#include "domain/product/package_lists.h"
#include "domain/product/proposal.h"
#include "domain/delivery/report.h"
#include "domain/rule/rule.h"
#include "domain/product/sold_out.h"
#include "domain/product/targeting_values.h"

#define TEXT_MAX     500
#define REVISION_ONE 1

/* What a create asks for, read. */
struct header {
    struct str name, buyer_ref, po_number, currency;
    int64_t start_at, end_at; /* start_at: the act's time for "asap"; TIME_NONE when absent */
    int64_t total_micros;     /* -1: not given */
    bool paused, asap, past_allowed;
    struct package_request *packages;
    size_t packages_n;
};

/* ---- reading ---- */

/* A text that AdCP has under its own name or that travels in ext.salesagent. */
static int read_text(yyjson_val *args, const char *key, struct str *out, struct err *e)
{
    const struct json_len len = { 0, TEXT_MAX };
    yyjson_val *ours = json_obj(json_obj(args, "ext"), "salesagent");
    if (json_has(args, key)) return json_opt_str(JSON_FIELD(args, key, ""), len, out, e);
    return json_opt_str(JSON_FIELD(ours, key, "/ext/salesagent"), len, out, e);
}

static int read_total(yyjson_val *args, struct header *h, struct err *e)
{
    yyjson_val *total = NULL;
    if (json_opt_obj(JSON_FIELD(args, "total_budget", ""), &total, e)) return -1;
    if (!total) return read_text(args, "currency", &h->currency, e);
    if (json_money(JSON_FIELD(total, "amount", "/total_budget"), &h->total_micros, e)) return -1;
    if (json_req_str(JSON_FIELD(total, "currency", "/total_budget"), (struct json_len){ 3, 3 }, &h->currency, e))
        return -1;
    if (currency_valid(h->currency)) return 0;
    (void)err_set(e, "INVALID_REQUEST", "currency must be an ISO 4217 code, like USD");
    return err_field(e, "/total_budget/currency");
}

static int read_times(const struct act *act, yyjson_val *args, struct header *h, struct err *e)
{
    h->start_at = h->end_at = TIME_NONE;
    if (str_is(json_str(args, "start_time"), "asap")) {
        h->asap = true;
        h->start_at = act->now;
    } else if (json_opt_time(JSON_FIELD(args, "start_time", ""), &h->start_at, e)) {
        return -1;
    }
    return json_opt_time(JSON_FIELD(args, "end_time", ""), &h->end_at, e);
}

static int read_header(const struct act *act, yyjson_val *args, struct header *out, struct err *e)
{
    struct header h = { .total_micros = -1 };
    if (read_text(args, "name", &h.name, e) || read_text(args, "buyer_ref", &h.buyer_ref, e) ||
        read_text(args, "po_number", &h.po_number, e) || read_total(args, &h, e) || read_times(act, args, &h, e) ||
        json_opt_bool(JSON_FIELD(args, "paused", ""), &h.paused, e)) {
        return -1;
    }
    h.past_allowed =
        act->sandbox && json_bool_or(json_obj(json_obj(args, "ext"), "salesagent"), "allow_past_flight", false);
    if (package_requests_read(act->arena, args, "packages", PACKAGE_NEW, &h.packages, &h.packages_n, e)) return -1;
    if (h.packages_n == 0) {
        (void)err_set(e, "INVALID_REQUEST", "packages is required: at least one product to buy");
        (void)err_suggest(e, "Call get_products and give product_id, pricing_option_id and budget for each package.");
        return err_field(e, "/packages");
    }
    *out = h;
    return 0;
}

/* ---- the flight ---- */

static int past(const struct act *act, const char *field, const char *what, struct err *e)
{
    char now[RFC3339_MAX];
    (void)rfc3339_print(act->now, RFC3339_SECONDS, now);
    (void)err_set(e, "INVALID_REQUEST", "%s lies in the past; it is %s now.", what, now);
    (void)err_suggest(e, "Use a later time, or \"asap\" as start_time.");
    return err_field(e, "%s", field);
}

static int missing_time(const char *key, struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "%s is required, on the media buy or on every package", key);
    return err_field(e, "/%s", key);
}

/* The buy's flight: as given, or the hull of its packages'. */
static int find_flight(struct header *h, struct err *e)
{
    int64_t start = TIME_NONE, end = TIME_NONE;
    for (size_t i = 0; i < h->packages_n; i++) {
        const struct package_request *r = &h->packages[i];
        if (r->start_at == TIME_NONE && h->start_at == TIME_NONE) return missing_time("start_time", e);
        if (r->end_at == TIME_NONE && h->end_at == TIME_NONE) return missing_time("end_time", e);
        if (r->start_at != TIME_NONE && (start == TIME_NONE || r->start_at < start)) start = r->start_at;
        if (r->end_at != TIME_NONE && (end == TIME_NONE || r->end_at > end)) end = r->end_at;
    }
    if (h->start_at == TIME_NONE) h->start_at = start;
    if (h->end_at == TIME_NONE) h->end_at = end;
    return 0;
}

static int check_flight(struct header *h, struct err *e)
{
    if (find_flight(h, e)) return -1;
    if (h->end_at <= h->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
        return err_field(e, "/end_time");
    }
    return 0;
}

/* Comes after the packages and the governance agent: whoever asks for what is refused hears that, whatever the dates. */
static int check_past(const struct act *act, const struct header *h, struct err *e)
{
    if (h->past_allowed) return 0;
    if (h->start_at < utc_day_start(act->now)) return past(act, "/start_time", "start_time", e);
    if (h->end_at <= act->now) return past(act, "/end_time", "end_time", e);
    return 0;
}

/* A package's own dates, within the buy's. */
static int place_package(const struct header *h, const struct package_request *r, struct package_row *row,
                         struct err *e)
{
    row->start_at = r->start_at != TIME_NONE ? r->start_at : h->start_at;
    row->end_at = r->end_at != TIME_NONE ? r->end_at : h->end_at;
    if (row->end_at <= row->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "the package would end before it starts");
        return err_field(e, "%s/end_time", r->at);
    }
    if (row->start_at < h->start_at) {
        (void)err_set(e, "INVALID_REQUEST", "a package cannot start before its media buy");
        return err_field(e, "%s/start_time", r->at);
    }
    if (row->end_at > h->end_at) {
        (void)err_set(e, "INVALID_REQUEST", "a package cannot end after its media buy");
        return err_field(e, "%s/end_time", r->at);
    }
    return 0;
}

/* Creatives may be changed until this long before the start, where the product says so
 * (ext.salesagent.creative_lead_hours). */
void media_buy_set_deadline(const struct act *act, struct package_admitted *p)
{
    int64_t hours = json_i64_or(json_get_path(p->product.doc, "/ext/salesagent"), "creative_lead_hours", 0);
    char at[RFC3339_MAX];
    if (hours <= 0 || hours > 24 * 366) return;
    (void)rfc3339_print(p->row.start_at - hours * 3600 * USEC_PER_SEC, RFC3339_SECONDS, at);
    struct str inner = str_skip(p->row.doc, 1);
    p->row.doc =
        arena_printf(act->arena, "{\"creative_deadline\":\"%s\"%s" STR_FMT, at, inner.n > 1 ? "," : "", STR_ARG(inner));
}

static int check_lead(const struct act *act, const struct header *h, const struct package_admitted *p, struct err *e)
{
    int64_t earliest = act->now + p->product.min_lead_hours * 3600 * USEC_PER_SEC;
    bool waived = h->past_allowed || (h->asap && act->sandbox); /* a test does not wait for days */
    char first[RFC3339_MAX];
    if (waived || p->row.start_at >= earliest || p->product.min_lead_hours == 0) return 0;
    (void)rfc3339_print(earliest, RFC3339_SECONDS, first);
    (void)err_set(e, "VALIDATION_ERROR", "Product " STR_FMT " needs to be booked %lld hours before it starts.",
                  STR_ARG(p->product.product_id), (long long)p->product.min_lead_hours);
    (void)err_suggest(e, "Use %s or later.", first);
    return err_field(e, "%s/start_time", p->request->start_at == TIME_NONE ? "" : p->request->at);
}

/* ---- packages ---- */

int media_buy_admit_package(const struct act *act, const struct tenant_settings *ts, const struct package_request *r,
                            struct package_admitted *out, struct err *e)
{
    struct package_admitted p = { .request = r };
    if (package_product(act, r, &p.product, &p.option, e)) return -1;
    struct package_price price = { p.option, r->budget_micros, r->bid_micros, r->at, r->agreed_micros };
    int64_t rate;
    if (package_rate(&price, &rate, e) || package_accept(&p.product, ts, r, e)) return -1;
    if (package_refs_accept(act, &p.product, r->val, r->at, e)) return -1;
    if (daily_cap_accept(act, p.option->model, rate, r->val, r->at, e)) return -1;
    if (package_lists_accept(act, &p.product, r, &p.warning, e)) return -1;
    struct package_request kept = *r;
    kept.fixed_price = p.option->fixed_price_micros >= 0;
    if (kept.fixed_price && r->bid_micros >= 0 && r->bid_micros != rate && !p.warning.n)
        p.warning = STR("bid_price has no effect: the price of the pricing option is fixed.");
    struct package_goal want = { .product = &p.product,
                                 .model = p.option->model,
                                 .rate_micros = rate,
                                 .budget_micros = r->budget_micros,
                                 .bought = pricing_impressions(p.option, r->budget_micros, rate),
                                 .stated = r->impressions,
                                 .fixed_price = kept.fixed_price,
                                 .at = r->at };
    int64_t goal;
    if (package_goal(&want, &goal, e)) return -1;
    struct str ad_server = product_ad_server(&p.product);
    if (!ad_server.n && ad_server_first(act, &ad_server, e)) return -1;
    p.row = (struct package_row){
        .name = r->name,
        .product_id = p.product.product_id,
        .pricing_option_id = p.option->pricing_option_id,
        .pricing_model = str_from(pricing_model_name(p.option->model)),
        .rate_micros = rate,
        .budget_micros = r->budget_micros,
        .previous_budget_micros = -1,
        .impressions_goal = goal,
        .pacing = r->pacing.n ? r->pacing : STR("even"),
        .paused = r->paused == 1,
        .canceled_at = TIME_NONE,
        .ad_server = ad_server,
        .doc = package_doc(act, &kept, STR_NONE),
    };
    *out = p;
    return 0;
}

static int same_currency(const struct header *h, const struct package_admitted *list, size_t i, struct err *e)
{
    const struct pricing_option *o = list[i].option;
    if (h->currency.n && !str_eq(h->currency, str_from(o->currency))) {
        (void)err_set(e, "VALIDATION_ERROR", "Pricing option " STR_FMT " is priced in %s, not " STR_FMT ".",
                      STR_ARG(o->pricing_option_id), o->currency, STR_ARG(h->currency));
        (void)err_suggest(e, "Choose an option in the media buy's currency.");
        return err_field(e, "/packages/%zu/pricing_option_id", i);
    }
    if (memcmp(o->currency, list[0].option->currency, 4) == 0) return 0;
    (void)err_set(e, "VALIDATION_ERROR",
                  "All packages of a media buy must be priced in one currency; this one is in %s,"
                  " the first in %s.",
                  o->currency, list[0].option->currency);
    return err_field(e, "/packages/%zu/pricing_option_id", i);
}

static int admit_packages(const struct act *act, const struct tenant_settings *ts, const struct header *h,
                          struct package_admitted *list, struct err *e)
{
    for (size_t i = 0; i < h->packages_n; i++) {
        if (media_buy_admit_package(act, ts, &h->packages[i], &list[i], e)) return -1;
        if (place_package(h, &h->packages[i], &list[i].row, e) || check_lead(act, h, &list[i], e)) return -1;
        if (same_currency(h, list, i, e)) return -1;
        media_buy_set_deadline(act, &list[i]);
    }
    return 0;
}

static int add_up(const struct tenant_settings *ts, const struct header *h, const struct package_admitted *list,
                  struct money *total, struct err *e)
{
    struct money sum = { 0 };
    memcpy(sum.currency, list[0].option->currency, 4);
    for (size_t i = 0; i < h->packages_n; i++) {
        struct money m = { .micros = list[i].row.budget_micros };
        memcpy(m.currency, sum.currency, 4);
        if (money_add(sum, m, &sum, e)) return err_field(e, "/packages/%zu/budget", i);
    }
    if (h->total_micros >= 0 && h->total_micros != sum.micros) {
        char given[MONEY_TEXT_MAX], found[MONEY_TEXT_MAX];
        (void)money_print(h->total_micros, given);
        (void)money_print(sum.micros, found);
        (void)err_set(e, "VALIDATION_ERROR", "total_budget is %s, but the packages' budgets add up to %s.", given,
                      found);
        (void)err_suggest(e, "Make both agree.");
        return err_field(e, "/total_budget/amount");
    }
    bool one = h->packages_n == 1 && h->total_micros < 0;
    struct budget_check check = { sum.micros, sum.currency,
                                  h->total_micros >= 0 ? "/total_budget/amount"
                                  : one                ? "/packages/0/budget"
                                                       : "/packages" };
    if (media_buy_check_total(ts, &check, e)) return -1;
    *total = sum;
    return 0;
}

/* ---- what the products demand first ---- */

static int check_orders(const struct header *h, const struct package_admitted *list, struct err *e)
{
    for (size_t i = 0; i < h->packages_n; i++) {
        if (insertion_order_refuse(&list[i].product, h->packages[i].at, e)) return -1;
    }
    return 0;
}

/* Only where there are products to ask: what is sent as a proposal has been expanded. */
static int check_reports(yyjson_val *args, const struct header *h, const struct package_admitted *list, struct err *e)
{
    yyjson_val *config = json_obj(args, "reporting_webhook");
    for (size_t i = 0; config && i < h->packages_n; i++) {
        if (report_check(&list[i].product, config, e)) return -1;
    }
    return 0;
}

/* The hold of the proposal that is bought is this buyer's own. */
static int check_capacity(const struct act *act, const struct header *h, const struct package_admitted *list,
                          struct str proposal_id, struct str *warning, struct err *e)
{
    struct package_row *rows = ARENA_ARRAY(act->arena, struct package_row, h->packages_n);
    const char **at = ARENA_ARRAY(act->arena, const char *, h->packages_n);
    for (size_t i = 0; i < h->packages_n; i++) {
        rows[i] = list[i].row;
        at[i] = h->packages[i].at;
    }
    struct sold_out_ask ask = { .packages = { rows, h->packages_n }, .at = at };
    ask.except.except_holder = act->principal->principal_id;
    ask.except.except_proposal = proposal_id;
    return sold_out_check(act, &ask, warning, e);
}

/* ---- writing ---- */

static struct str echo_of(const struct act *act, yyjson_val *args)
{
    static const char *const kept[] = { "name", "context", "invoice_recipient", "ext", "agency_estimate_number" };
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, o, kept[i], yyjson_obj_get(args, kept[i]));
    if (!json_has(args, "po_number")) return json_write(act->arena, o);
    /* AdCP has no place for it in a reply. */
    yyjson_mut_val *ext = yyjson_mut_obj_get(o, "ext");
    if (!ext) ext = json_add_obj(doc, o, "ext");
    yyjson_mut_val *ours = yyjson_mut_obj_get(ext, "salesagent");
    if (!ours) ours = json_add_obj(doc, ext, "salesagent");
    if (!yyjson_mut_obj_get(ours, "po_number")) json_add_str(doc, ours, "po_number", json_str(args, "po_number"));
    return json_write(act->arena, o);
}

/* Kept and never shown: credentials among it. */
static struct str private_of(const struct act *act, yyjson_val *args)
{
    static const char *const kept[] = { "brand",
                                        "plan_id",
                                        "proposal_id",
                                        "io_acceptance",
                                        "advertiser_industry",
                                        "push_notification_config",
                                        "reporting_webhook",
                                        "governance_context" };
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) json_add_copy(doc, o, kept[i], yyjson_obj_get(args, kept[i]));
    return json_write(act->arena, o);
}

static int write_buy(const struct act *act, const struct header *h, const struct package_admitted *list,
                     struct media_buy *b, struct err *e)
{
    struct str body = str_skip(b->row.media_buy_id, sizeof("mb-") - 1);
    if (media_buy_add(act, b, e)) return -1;
    b->packages = (struct package_rows){ ARENA_ARRAY(act->arena, struct package_row, h->packages_n), h->packages_n };
    for (size_t i = 0; i < h->packages_n; i++) {
        struct package_row *p = &b->packages.rows[i];
        *p = list[i].row;
        p->media_buy_id = b->row.media_buy_id;
        p->ordinal = (int64_t)i + 1;
        p->package_id = arena_printf(act->arena, "pkg-" STR_FMT "-%03zu", STR_ARG(body), i + 1);
        if (q_package_insert(act->tx, p, e)) return -1;
        if (media_buy_take_creatives(act, b, p, &h->packages[i], e)) return -1;
    }
    return media_buy_fits(b, e);
}

static int record(const struct act *act, const struct media_buy *b, struct err *e)
{
    char total[MONEY_TEXT_MAX];
    (void)money_print(b->row.total_budget_micros, total);
    struct media_buy_change change = {
        .action = "created",
        .summary = arena_printf(act->arena, "Created with %zu package%s and a budget of %s %s", b->packages.n,
                                b->packages.n == 1 ? "" : "s", total, b->row.currency),
    };
    return media_buy_changed(act, &b->row, &change, e);
}

static int open_task(const struct act *act, yyjson_val *args, const struct media_buy *b,
                     const struct rule_verdict *verdict, struct task_row *out, struct err *e)
{
    char total[MONEY_TEXT_MAX];
    (void)money_print(b->row.total_budget_micros, total);
    yyjson_val *context = yyjson_obj_get(args, "context"), *push = yyjson_obj_get(args, "push_notification_config");
    struct task_new task = {
        .kind = "create_media_buy",
        .principal_id = b->row.principal_id,
        .account_id = b->row.account_id,
        .subject_type = "media_buy",
        .subject_id = b->row.media_buy_id,
        .description = STR("Publisher review required before campaign activation"),
        .rule = verdict->outcome == RULE_PERSON
                    ? arena_printf(act->arena, "rule \"" STR_FMT "\"", STR_ARG(verdict->name))
                    : arena_printf(act->arena, "the publisher reviews this media buy (%s %s)", total, b->row.currency),
        .verdict = verdict->outcome == RULE_PERSON ? verdict : NULL,
        .context = context ? json_write_val(act->arena, context) : STR_NONE,
        .push_config = push ? json_write_val(act->arena, push) : STR_NONE,
        .amount_micros = b->row.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(act, &task, out, e);
}

static bool needs_person(const struct tenant_settings *ts, const struct package_admitted *list, size_t n,
                         int64_t total_micros)
{
    for (size_t i = 0; i < n; i++) {
        if (product_needs_approval(&list[i].product, ts, total_micros)) return true;
    }
    return false;
}

/* The first rule that matches; of it and the products the stricter one counts. */
static int judge(const struct act *act, const struct tenant_settings *ts, const struct media_buy *b,
                 const struct package_admitted *list, size_t n, struct rule_verdict *verdict, bool *person,
                 struct err *e)
{
    struct rule_facts *f = ARENA_NEW(act->arena, struct rule_facts);
    *f = (struct rule_facts){ .operation = "create_media_buy",
                              .account_id = b->row.account_id,
                              .principal_id = b->row.principal_id,
                              .currency = b->row.currency,
                              .amount_micros = b->row.total_budget_micros,
                              .before_micros = -1 };
    bool reviewed = false;
    for (size_t i = 0; i < n; i++) {
        reviewed = reviewed || list[i].product.approval == APPROVAL_REVIEW;
        rule_facts_package(f, list[i].row.product_id, json_obj(list[i].request->val, "targeting_overlay"));
    }
    if (rule_decide(act, f, verdict, e)) return -1;
    switch (verdict->outcome) {
    case RULE_NONE: *person = needs_person(ts, list, n, b->row.total_budget_micros); return 0;
    case RULE_PERSON: *person = true; return 0;
    case RULE_AUTO: *person = reviewed; return 0;
    case RULE_REJECT: *person = false; return 0;
    }
    ENSURE(!"a rule outcome");
}

static bool brings_creatives(const struct header *h)
{
    for (size_t i = 0; i < h->packages_n; i++) {
        yyjson_val *p = h->packages[i].val;
        if (json_has(p, "creative_assignments") || json_has(p, "creatives")) return true;
    }
    return false;
}

static struct media_buy_row new_row(const struct act *act, yyjson_val *args, const struct header *h,
                                    const struct money *total)
{
    struct media_buy_row row = {
        .media_buy_id = id_new(act->arena, act->rng, "mb-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .principal_id = act->principal->principal_id,
        .name = h->name,
        .buyer_ref = h->buyer_ref,
        .po_number = h->po_number,
        .status = str_from(media_buy_status_name(BUY_PENDING_APPROVAL)),
        .paused = h->paused,
        .total_budget_micros = total->micros,
        .start_at = h->start_at,
        .end_at = h->end_at,
        .revision = REVISION_ONE,
        .created_at = act->now,
        .updated_at = act->now,
        .confirmed_at = TIME_NONE,
        .activated_at = TIME_NONE,
        .completed_at = TIME_NONE,
        .canceled_at = TIME_NONE,
        .next_change_at = TIME_NONE,
        .actions_allowed = -1,
        .echo = echo_of(act, args),
    };
    memcpy(row.currency, total->currency, 4);
    return row;
}

/* The last question before anything is committed. */
static int ask_governance(const struct act *act, yyjson_val *args, const struct account_row *account,
                          struct media_buy_row *row, struct err *e)
{
    struct governance_question q = { .account = account,
                                     .args = args,
                                     .phase = "purchase",
                                     .currency = str_from(row->currency),
                                     .total_micros = row->total_budget_micros,
                                     .start_at = row->start_at,
                                     .end_at = row->end_at };
    struct str shown;
    if (governance_gate(act, &q, &shown, e)) return -1;
    row->echo = governance_echo(act->arena, row->echo, shown);
    return governance_delivery_appoint(act, account, json_str(args, "plan_id"), shown, row, e);
}

static int settle(const struct act *act, struct media_buy *b, struct err *e)
{
    if (media_buy_settle(act, b, &b->status, e)) return -1;
    b->row.revision = REVISION_ONE - 1; /* saving counts it up: confirmed is still the first revision */
    return media_buy_save(act, b, e);
}

int media_buy_create(const struct act *act, yyjson_val *args, struct media_buy_created *out, struct err *e)
{
    ENSURE(act->principal);
    struct media_buy_created r = { .submitted = false };
    struct account_ref ref;
    struct header h = { 0 };
    struct tenant_settings ts;
    struct money total = { 0 };
    struct proposal_terms terms;
    yyjson_val *asked = args; /* a proposal expands into packages, but is checked as it was sent */
    struct rule_verdict verdict;
    tenant_settings_read(act->tenant, act->arena, &ts);
    if (account_ref_read(args, &ref, e) || account_ensure(act, &ref, ACCOUNT_USE_CREATE_BUY, &r.account, e)) return -1;
    if (proposal_expand(act, args, &args, &terms, e)) return -1;
    if (read_header(act, args, &h, e) || check_flight(&h, e)) return -1;
    for (size_t i = 0; i < terms.n && i < h.packages_n; i++) h.packages[i].agreed_micros = terms.rate_micros[i];
    struct package_admitted *list = ARENA_ARRAY(act->arena, struct package_admitted, h.packages_n);
    if (admit_packages(act, &ts, &h, list, e) || add_up(&ts, &h, list, &total, e)) return -1;
    if (!terms.proposal_id.n && check_orders(&h, list, e)) return -1;
    if (check_reports(args, &h, list, e)) return -1;
    for (size_t i = 0; i < h.packages_n && !r.warning.n; i++) r.warning = list[i].warning;
    if (check_capacity(act, &h, list, terms.proposal_id, &r.warning, e)) return -1;

    struct media_buy *b = &r.buy;
    b->status = BUY_PENDING_APPROVAL;
    b->row = new_row(act, args, &h, &total);
    b->row.account_id = r.account.account_id;
    b->row.doc = private_of(act, args);
    media_buy_commit(act, list, h.packages_n, MEDIA_BUY_COMMITS_FIRST, &b->row);
    if (ask_governance(act, asked, &r.account, &b->row, e) || check_past(act, &h, e)) return -1;
    if (judge(act, &ts, b, list, h.packages_n, &verdict, &r.submitted, e)) return -1;
    r.submitted = r.submitted && !act->auto_advance;
    if (!r.submitted && verdict.outcome != RULE_REJECT) b->row.confirmed_at = act->now;
    /* Without creatives it waits for them, as settling it would say: then its row is written once. */
    bool settled = b->row.confirmed_at != TIME_NONE && !brings_creatives(&h);
    if (settled) b->status = BUY_PENDING_CREATIVES;
    if (write_buy(act, &h, list, b, e) || booking_admit(act, b->row.media_buy_id, e)) return -1;
    if (verdict.outcome == RULE_REJECT) return rule_refuse(&verdict, e); /* what cannot be booked was said first */
    if (r.submitted) {
        if (record(act, b, e) || open_task(act, args, b, &verdict, &r.task, e)) return -1;
        if (booking_forecast_ask(act, b->row.media_buy_id, e)) return -1;
    } else {
        if ((!settled && settle(act, b, e)) || media_buy_book(act, b, e) || record(act, b, e)) return -1;
    }
    if (proposal_accept(act, args, b->row.media_buy_id, e)) return -1;
    *out = r;
    return 0;
}
