/* See offer.h. */
#include "domain/commitment/offer.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/audit.h"
#include "domain/product/forecast.h"
#include "domain/product/insertion_order.h"

#define FIRM_SUFFIX "-firm"

static int refuse(struct err *e, const char *code, const char *what, const char *how)
{
    (void)err_set(e, code, "%s", what);
    (void)err_suggest(e, "%s", how);
    return err_field(e, "/proposal_id");
}

static int not_found(struct err *e)
{
    return refuse(e, "PROPOSAL_NOT_FOUND", "There is no such proposal.",
                  "Take a proposal_id from request_proposals or refine_proposals.");
}

/* ---- plans ---- */

int64_t offer_total(const struct offer_plan *p)
{
    int64_t sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += p->purchases[i].budget_micros;
    return sum;
}

/* Whole hundredths; what rounding leaves is the last one's. */
void offer_set_total(struct offer_plan *p, int64_t total_micros)
{
    int64_t before = offer_total(p), left = total_micros;
    for (size_t i = 0; i < p->n; i++) {
        int64_t part = before > 0 ? muldiv(total_micros, p->purchases[i].budget_micros, before, MONEY_ROUND_DOWN)
                                  : total_micros / (int64_t)p->n;
        part = i + 1 == p->n ? left : part / 10000 * 10000;
        p->purchases[i].budget_micros = part;
        left -= part;
    }
}

static int64_t impressions_of(const struct offer_purchase *b)
{
    return pricing_impressions(b->option, b->budget_micros, pricing_expected_rate(b->option));
}

int64_t offer_impressions(const struct offer_plan *p)
{
    int64_t sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        int64_t n = impressions_of(&p->purchases[i]);
        if (n < 0) return -1;
        sum += n;
    }
    return sum;
}

static int plan_terms(const struct act *act, const struct offer_plan *p, struct terms_text *out, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *terms = json_root_obj(doc);
    json_add_copy(doc, terms, "brand", p->brand);
    yyjson_mut_val *purchases = json_add_arr(doc, terms, "purchases");
    for (size_t i = 0; i < p->n; i++) {
        const struct offer_purchase *b = &p->purchases[i];
        struct terms_purchase one = { .product = &b->product,
                                      .option = b->option,
                                      .budget_micros = b->budget_micros,
                                      .impressions = impressions_of(b),
                                      .rate_micros = pricing_expected_rate(b->option),
                                      .start_at = p->start_at,
                                      .end_at = p->end_at };
        terms_add_purchase(doc, purchases, &one);
    }
    json_add_time(doc, terms, "start_time", p->start_at);
    json_add_time(doc, terms, "end_time", p->end_at);
    yyjson_mut_val *total = json_add_obj(doc, terms, "total_budget");
    json_add_money(doc, total, "amount", offer_total(p));
    json_add_cstr(doc, total, "currency", p->purchases[0].option->currency);
    return terms_close(act, terms, out, e);
}

/* ---- rows ---- */

static struct proposal_row key_of(const struct act *act, struct str proposal_id)
{
    ENSURE(act->principal);
    return (struct proposal_row){ .tenant_id = act->tenant->tenant_id,
                                  .principal_id = act->principal->principal_id,
                                  .proposal_id = proposal_id };
}

static int audit(const struct act *act, const char *action, struct str proposal_id, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "proposal:" STR_FMT, STR_ARG(proposal_id)) };
    return audit_add(act, &entry, e);
}

static int make_room(const struct act *act, struct err *e)
{
    struct proposal_row of = key_of(act, STR_NONE);
    int64_t n;
    if (q_proposal_drop_drafts(act->tx, &of, act->now, e) || q_proposal_drafts(act->tx, &of, &n, e)) return -1;
    if (n < OFFERS_MAX) return 0;
    (void)err_set(e, "INVALID_REQUEST", "There are %d proposals that have not lapsed, as many as may be.", OFFERS_MAX);
    return err_suggest(e, "Decline those that are not wanted, or wait for them to lapse.");
}

int offer_draft(const struct act *act, const struct offer_plan *p, struct str *shown, struct err *e)
{
    struct terms_text text;
    struct proposal_row row = key_of(act, id_new(act->arena, act->rng, "prop-", act->now));
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    if (make_room(act, e) || plan_terms(act, p, &text, e)) return -1;
    row.status = STR("draft");
    row.created_at = act->now;
    row.expires_at = act->now + PROPOSAL_DRAFT_DAYS * USEC_PER_DAY;
    json_add_str(doc, o, "proposal_id", row.proposal_id);
    json_add_cstr(doc, o, "proposal_kind", "new_media_buy");
    json_add_str_opt(doc, o, "parent_proposal_id", p->parent_id);
    json_add_cstr(doc, o, "proposal_status", "draft");
    json_add_time(doc, o, "expires_at", row.expires_at);
    json_add_str(doc, o, "name", p->name.n ? p->name : STR("Media plan"));
    json_add_str_opt(doc, o, "description", p->description);
    json_add_raw(doc, o, "commercial_terms", text.json);
    json_add_str(doc, o, "terms_digest", text.digest);
    row.doc = json_write(act->arena, o);
    if (q_proposal_draft_put(act->tx, &row, e)) return -1;
    *shown = row.doc;
    return 0;
}

/* A draft, or what became of one. 1 found, 0 not, -1 failed. */
static int find(const struct act *act, struct str proposal_id, struct proposal_row *out, struct err *e)
{
    struct proposal_row key = key_of(act, proposal_id);
    int found = q_proposal_get(act->tx, act->arena, &key, out, e);
    if (found == 0) found = q_proposal_draft_get(act->tx, act->arena, &key, out, e);
    if (found != 1) return found;
    if (str_is(out->status, "released")) out->status = STR("declined");
    return json_obj(document_read(act->arena, out->doc), "commercial_terms") != NULL; /* else of get_products */
}

int offer_load(const struct act *act, struct str proposal_id, struct proposal_row *out, struct err *e)
{
    int found = find(act, proposal_id, out, e);
    if (found < 0) return -1;
    return found && !str_is(out->status, "declined") ? 0 : not_found(e);
}

int offer_read(const struct act *act, const struct proposal_row *row, struct offer_plan *out, struct err *e)
{
    yyjson_val *doc = document_read(act->arena, row->doc), *terms = json_obj(doc, "commercial_terms"), *v;
    struct offer_plan p = { .brand = json_obj(terms, "brand"), .name = json_str(doc, "name") };
    size_t i, n;
    if (json_req_time(JSON_FIELD(terms, "start_time", ""), &p.start_at, e) ||
        json_req_time(JSON_FIELD(terms, "end_time", ""), &p.end_at, e))
        return stored_damaged("proposal", row->proposal_id, e);
    yyjson_arr_foreach(json_arr(terms, "purchases"), i, n, v) {
        struct offer_purchase *to = &p.purchases[p.n];
        if (p.n == PROPOSAL_ALLOCATIONS_MAX) return stored_damaged("proposal", row->proposal_id, e);
        int rc = product_load(act->tx, act->arena, act->tenant->tenant_id, json_str(v, "product_id"), &to->product, e);
        if (rc != 1) return rc;
        to->option = product_pricing_option(&to->product, json_str(v, "pricing_option_id"));
        if (!to->option || !to->product.active) return 0;
        if (json_money(JSON_FIELD(v, "budget", ""), &to->budget_micros, e)) return -1;
        p.n++;
    }
    *out = p;
    return p.n > 0;
}

/* ---- committing ---- */

static int hold(const struct act *act, const struct proposal_row *row, const struct offer_plan *p,
                const struct offer_purchase *b, struct err *e)
{
    struct forecast f;
    int64_t impressions = impressions_of(b);
    struct forecast_window window = { .start_at = p->start_at, .end_at = p->end_at };
    if (forecast_product(act, &b->product, window, &f, e)) return -1;
    if (impressions <= 0 || f.available < 0) return 0; /* nothing that can be counted */
    if (b->product.guaranteed && impressions > f.available) {
        return refuse(e, "PRODUCT_UNAVAILABLE", "A product of this plan has not enough inventory left.",
                      "Revise the proposal, or ask for another with request_proposals.");
    }
    struct proposal_hold_row h = { b->product.product_id, impressions, f.start_at, f.end_at };
    return q_proposal_hold_add(act->tx, row, &h, e);
}

/* insertion_order.h speaks of allocations. */
static void add_order(const struct act *act, const struct tenant_settings *ts, const struct offer_plan *p,
                      struct str proposal_id, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    struct proposal *view = ARENA_NEW(act->arena, struct proposal);
    *view = (struct proposal){ .proposal_id = proposal_id, .n = p->n };
    for (size_t i = 0; i < p->n; i++) {
        view->allocations[i] = (struct allocation){ p->purchases[i].product, p->purchases[i].option, 100 };
    }
    struct proposal_view v = { view, ts, "committed", act->now, act->now };
    insertion_order_add(act, &v, doc, o);
    yyjson_mut_val *terms = yyjson_mut_obj_get(yyjson_mut_obj_get(o, "insertion_order"), "terms");
    if (!terms) return;
    (void)yyjson_mut_obj_remove_key(terms, "total_budget"); /* of allocations: guidance, and here there is a sum */
    yyjson_mut_val *budget = json_add_obj(doc, terms, "total_budget");
    json_add_money(doc, budget, "amount", offer_total(p));
    json_add_cstr(doc, budget, "currency", p->purchases[0].option->currency);
}

static int make_firm(const struct act *act, const struct proposal_row *draft, struct proposal_row *row, struct err *e)
{
    struct offer_plan p;
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    int rc = offer_read(act, draft, &p, e);
    if (rc < 0) return -1;
    if (rc == 0)
        return refuse(e, "PRODUCT_UNAVAILABLE", "A product or price of this plan is no longer there.",
                      "Ask for another with request_proposals.");
    row->status = STR("committed");
    row->created_at = act->now;
    row->expires_at = act->now + ts.proposal_hold_hours * 3600 * USEC_PER_SEC;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_copy(doc, document_read(act->arena, draft->doc));
    static const char *const renewed[] = { "proposal_id", "parent_proposal_id", "proposal_status", "expires_at" };
    for (size_t i = 0; i < ARRAY_LEN(renewed); i++) (void)yyjson_mut_obj_remove_key(o, renewed[i]); /* absent is fine */
    json_add_str(doc, o, "proposal_id", row->proposal_id);
    json_add_str(doc, o, "parent_proposal_id", draft->proposal_id);
    json_add_cstr(doc, o, "proposal_status", "committed");
    json_add_time(doc, o, "expires_at", row->expires_at);
    add_order(act, &ts, &p, row->proposal_id, doc, o);
    row->doc = json_write(act->arena, o);
    if (q_proposal_put(act->tx, row, e) || q_proposal_holds_drop(act->tx, row, e)) return -1;
    for (size_t i = 0; i < p.n; i++) {
        if (hold(act, row, &p, &p.purchases[i], e)) return -1;
    }
    return audit(act, "proposal.finalize", row->proposal_id, e);
}

int offer_commit(const struct act *act, struct str draft_id, struct str *shown, struct err *e)
{
    struct proposal_row draft, firm;
    if (offer_load(act, draft_id, &draft, e)) return -1;
    if (!str_is(draft.status, "draft")) {
        return refuse(e, "INVALID_STATE", "Only a draft is finalized; this proposal is none.",
                      "Accept it, or take the proposal_id of a draft.");
    }
    struct proposal_row key = key_of(act, arena_printf(act->arena, STR_FMT FIRM_SUFFIX, STR_ARG(draft_id)));
    int found = q_proposal_get(act->tx, act->arena, &key, &firm, e);
    if (found < 0) return -1;
    bool stands = found && str_is(firm.status, "committed") && firm.expires_at > act->now;
    if (!stands && found && !str_is(firm.status, "committed")) {
        return refuse(e, "INVALID_STATE", "What this draft became was accepted or declined.",
                      "Ask for another with request_proposals.");
    }
    if (!stands && draft.expires_at <= act->now) {
        return refuse(e, "PROPOSAL_EXPIRED", "This draft has lapsed.", "Ask for another with request_proposals.");
    }
    if (!stands && make_firm(act, &draft, &key, e)) return -1;
    *shown = stands ? firm.doc : key.doc;
    return 0;
}

int offer_decline(const struct act *act, struct str proposal_id, yyjson_val *said, struct err *why, struct err *e)
{
    struct proposal_row row;
    int found = find(act, proposal_id, &row, e);
    if (found < 0) return -1;
    if (!found) {
        (void)not_found(why);
        return 0;
    }
    if (str_is(row.status, "declined")) return 1;
    if (str_is(row.status, "accepted")) {
        (void)err_set(why, "INVALID_STATE", "This proposal was accepted; control its media buy.");
        return 0;
    }
    struct document d;
    document_open(act->arena, row.doc, &d);
    json_add_copy(d.doc, d.root, "declined", said);
    row.doc = document_text(&d);
    bool draft = str_is(row.status, "draft");
    row.status = draft ? STR("declined") : STR("released");
    if (draft ? q_proposal_draft_put(act->tx, &row, e) : q_proposal_put(act->tx, &row, e)) return -1;
    if (!draft && q_proposal_holds_drop(act->tx, &row, e)) return -1;
    return audit(act, "proposal.decline", proposal_id, e) ? -1 : 1;
}

/* ---- decided by a person ---- */

static yyjson_val *ids_of(const struct act *act, const struct task_row *task)
{
    return json_arr(document_read(act->arena, task_member(act, task, "operation")), "proposal_ids");
}

int offers_approve(const struct act *act, const struct task_row *task, struct err *e)
{
    struct principal buyer = { .tenant_id = task->tenant_id, .principal_id = task->principal_id, .role = ROLE_BUYER };
    struct act as = *act; /* the buyer's proposal, the decider's name in the audit trail */
    struct str shown;
    yyjson_val *id;
    size_t i, n;
    as.principal = &buyer;
    yyjson_arr_foreach(ids_of(act, task), i, n, id) {
        if (offer_commit(&as, json_val_str(id), &shown, e)) return -1;
    }
    return 0;
}

/* From the rows: it may be read long afterwards, when what was committed has lapsed or was accepted. */
int offers_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc), *results = json_add_arr(doc, o, "results");
    yyjson_val *id;
    size_t i, n;
    yyjson_arr_foreach(ids_of(act, task), i, n, id) {
        struct proposal_row row, key = { .tenant_id = task->tenant_id, .principal_id = task->principal_id };
        key.proposal_id = arena_printf(act->arena, STR_FMT FIRM_SUFFIX, STR_ARG(json_val_str(id)));
        int found = q_proposal_get(act->tx, act->arena, &key, &row, e);
        if (found < 0) return -1;
        if (!found) continue;
        yyjson_mut_val *r = json_push_obj(doc, results);
        json_add_str(doc, r, "source_proposal_id", json_val_str(id));
        json_add_cstr(doc, r, "outcome", "finalized");
        json_add_copy(doc, r, "proposal", document_read(act->arena, row.doc));
    }
    (void)json_add_arr(doc, o, "products");
    json_add_cstr(doc, o, "status", "completed");
    *out = json_write(act->arena, o);
    return 0;
}
