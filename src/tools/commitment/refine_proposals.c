/* refine_proposals and decline_proposals (AdCP 3.2, compact lifecycle). What a revision wants is mechanical: totals, flights, which
 * products, ceilings that are held or not, and shares between channels in a sentence. */
#include "contract/document.h"
#include "domain/commitment/offer.h"
#include "domain/rule/rule.h"
#include "domain/product/forecast.h"
#include "domain/product/proposal_review.h"
#include "tools/commitment/commitment_tools.h"
#include "tools/commitment/proposal_tools.h"
#include "tools/product/catalog_tools.h"

/* ---- shared ---- */

void proposals_add(struct proposals_reply *r, struct str shown, const struct offer_plan *plan)
{
    struct tool_call *c = r->c;
    yyjson_mut_val *o = json_copy(c->doc, document_read(c->arena, shown));
    yyjson_mut_arr_append(r->list, o);
    for (size_t i = 0; plan && i < plan->n; i++) {
        struct str id = plan->purchases[i].product.product_id;
        bool known = false;
        for (size_t k = 0; k < r->products_n; k++) known = known || str_eq(r->products[k], id);
        if (!known && r->products_n < PROPOSALS_PRODUCTS_MAX) r->products[r->products_n++] = id;
    }
}

int proposals_products(struct proposals_reply *r, struct err *e)
{
    yyjson_mut_val *to = json_add_arr(r->c->doc, r->c->reply, "products");
    return r->products_n ? products_by_id(r->c, r->products, r->products_n, to, e) : 0;
}

/* ---- a revision ---- */

struct revision {
    struct proposals_reply *r;
    yyjson_val *asked;
    struct offer_plan plan;
    yyjson_mut_val *unsatisfied, *unsatisfied_products; /* NULL: all is */
    bool too_few; /* alternatives */
};

static void miss(struct revision *v, const char *constraint)
{
    struct tool_call *c = v->r->c;
    if (!v->unsatisfied) v->unsatisfied = yyjson_mut_arr(c->doc);
    json_push_str(c->doc, v->unsatisfied, str_from(constraint));
}

static int hold_total(struct revision *v, yyjson_val *bounds, struct err *e)
{
    int64_t min = -1, max = -1, total = offer_total(&v->plan);
    if (!bounds) return 0;
    if (json_opt_money(JSON_FIELD(bounds, "min", "/constraints/total_budget"), &min, e) ||
        json_opt_money(JSON_FIELD(bounds, "max", "/constraints/total_budget"), &max, e))
        return -1;
    if (min >= 0 && max >= 0 && max < min) {
        (void)err_set(e, "VALIDATION_ERROR", "The most is less than the least.");
        return err_field(e, "/constraints/total_budget/max");
    }
    if (!str_eq(json_str(bounds, "currency"), str_from(v->plan.purchases[0].option->currency))) {
        miss(v, "total_budget");
        return 0;
    }
    if (max >= 0 && total > max) total = max;
    if (min >= 0 && total < min) total = min;
    offer_set_total(&v->plan, total);
    return 0;
}

static void hold_cpm(struct revision *v, yyjson_val *ceiling)
{
    double most = json_real_or(ceiling, "max", 0);
    bool held = true;
    if (!ceiling) return;
    for (size_t i = 0; i < v->plan.n; i++) {
        const struct pricing_option *o = v->plan.purchases[i].option;
        bool thousand = o->model == PRICING_CPM || o->model == PRICING_VCPM;
        bool same = str_eq(json_str(ceiling, "currency"), str_from(o->currency));
        held = held && thousand && same && o->fixed_price_micros >= 0 &&
               (double)o->fixed_price_micros <= most * (double)MICROS_PER_UNIT;
    }
    if (!held) miss(v, "cpm");
}

static int hold_flight(struct revision *v, yyjson_val *bounds, struct err *e)
{
    int64_t start = TIME_NONE, end = TIME_NONE;
    if (!bounds) return 0;
    if (json_opt_time(JSON_FIELD(bounds, "start_no_later_than", "/constraints/flight"), &start, e) ||
        json_opt_time(JSON_FIELD(bounds, "end_no_earlier_than", "/constraints/flight"), &end, e))
        return -1;
    if (start != TIME_NONE && v->plan.start_at > start) {
        if (start > v->r->c->act->now) v->plan.start_at = start;
        else miss(v, "flight");
    }
    if (end != TIME_NONE && v->plan.end_at < end) v->plan.end_at = end;
    return 0;
}

static void miss_product(struct revision *v, const char *id, const char *action)
{
    struct tool_call *c = v->r->c;
    if (!v->unsatisfied_products) v->unsatisfied_products = yyjson_mut_obj(c->doc);
    json_add_cstr(c->doc, v->unsatisfied_products, id, action);
}

static void omit(struct revision *v, const char *id)
{
    struct offer_plan *p = &v->plan;
    size_t kept = 0;
    int64_t total = offer_total(p);
    for (size_t i = 0; i < p->n; i++) {
        if (!str_is(p->purchases[i].product.product_id, id)) p->purchases[kept++] = p->purchases[i];
    }
    if (kept == 0) {
        miss_product(v, id, "omit"); /* nothing would be left */
        return;
    }
    p->n = kept;
    offer_set_total(p, total);
}

/* Takes an even share of the total. */
static int include(struct revision *v, const char *id, struct err *e)
{
    struct offer_plan *p = &v->plan;
    struct tool_call *c = v->r->c;
    struct offer_purchase more = { 0 };
    int64_t total = offer_total(p);
    for (size_t i = 0; i < p->n; i++) {
        if (str_is(p->purchases[i].product.product_id, id)) return 0;
    }
    int found = product_load_listed(c->act->tx, c->arena, c->act->tenant->tenant_id, str_from(id), &more.product, e);
    if (found < 0) return -1;
    const char *currency = p->purchases[0].option->currency;
    for (size_t i = 0; found && more.product.active && i < more.product.pricing_options_n && !more.option; i++) {
        const struct pricing_option *o = &more.product.pricing_options[i];
        if (memcmp(o->currency, currency, 4) == 0 && pricing_expected_rate(o) > 0 && o->model != PRICING_TIME)
            more.option = o;
    }
    if (!more.option || p->n == PROPOSAL_ALLOCATIONS_MAX) {
        miss_product(v, id, "include");
        return 0;
    }
    more.budget_micros = total / (int64_t)p->n;
    p->purchases[p->n++] = more;
    offer_set_total(p, total);
    return 0;
}

static int change_products(struct revision *v, yyjson_val *changes, struct err *e)
{
    yyjson_val *key, *action;
    size_t i, n;
    yyjson_obj_foreach(changes, i, n, key, action) {
        if (str_is(json_val_str(action), "include") && include(v, yyjson_get_str(key), e)) return -1;
    }
    yyjson_obj_foreach(changes, i, n, key, action) {
        if (str_is(json_val_str(action), "omit")) omit(v, yyjson_get_str(key));
    }
    return 0;
}

static int revise(struct revision *v, struct err *e)
{
    yyjson_val *constraints = json_obj(v->asked, "constraints"), *least = json_obj(constraints, "impressions");
    if (change_products(v, json_obj(v->asked, "product_changes"), e)) return -1;
    if (hold_total(v, json_obj(constraints, "total_budget"), e)) return -1;
    if (hold_flight(v, json_obj(constraints, "flight"), e)) return -1;
    hold_cpm(v, json_obj(constraints, "cpm"));
    if (least && (double)offer_impressions(&v->plan) < json_real_or(least, "min", 0)) miss(v, "impressions");
    return 0;
}

static void unable(struct tool_call *c, yyjson_mut_val *result, const char *code, const char *why)
{
    json_add_cstr(c->doc, result, "outcome", "unable");
    json_add_cstr(c->doc, result, "reason_code", code);
    json_add_cstr(c->doc, result, "reason", why);
}

/* ---- alternatives: the same total, flight and products, shared out in other ways ---- */

/* 0: as it is; 1: evenly; then each product in turn with twice, and with half of what it has. */
static struct offer_plan variant(const struct offer_plan *plan, size_t how)
{
    struct offer_plan p = *plan;
    int64_t total = offer_total(plan);
    for (size_t i = 0; i < p.n; i++) {
        int64_t *budget = &p.purchases[i].budget_micros;
        if (how == 1) *budget = MICROS_PER_UNIT;
        else if (how == i + 2) *budget *= 2;
        else if (how == i + 2 + p.n) *budget /= 2;
    }
    if (how > 0) offer_set_total(&p, total);
    return p;
}

static bool same_split(const struct offer_plan *a, const struct offer_plan *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->purchases[i].budget_micros != b->purchases[i].budget_micros) return false;
    }
    return true;
}

/* Whether another way to share out keeps what the revision holds: the least of each price, and the impressions. */
static bool as_good(const struct revision *v, const struct offer_plan *p)
{
    yyjson_val *least = json_obj(json_obj(v->asked, "constraints"), "impressions");
    for (size_t i = 0; i < p->n; i++) {
        if (p->purchases[i].budget_micros < p->purchases[i].option->min_spend_micros) return false;
    }
    return !least || (double)offer_impressions(p) >= json_real_or(least, "min", 0);
}

static bool is_new(const struct offer_plan *made, size_t n, const struct offer_plan *p)
{
    for (size_t i = 0; i < n; i++) {
        if (same_split(&made[i], p)) return false;
    }
    return true;
}

/* The drafts of a revision, as many as asked for if there are so many. */
static int draft_all(struct revision *v, yyjson_mut_val *result, struct err *e)
{
    struct tool_call *c = v->r->c;
    size_t wanted = (size_t)json_i64_or(json_obj(v->asked, "alternatives"), "count", 1), n = 0;
    size_t ways = 2 + 2 * v->plan.n;
    struct offer_plan *made = ARENA_ARRAY(c->arena, struct offer_plan, ways);
    v->r->list = json_add_arr(c->doc, result, "proposals");
    for (size_t how = 0; how < ways && n < wanted; how++) {
        struct str shown;
        made[n] = variant(&v->plan, how);
        if (how > 0 && (!as_good(v, &made[n]) || !is_new(made, n, &made[n]))) continue;
        if (offer_draft(c->act, &made[n], &shown, e)) return -1;
        proposals_add(v->r, shown, &made[n++]);
    }
    v->too_few = n < wanted;
    return 0;
}

/* What is said of a revision that could be made: all of it done, or what not. */
static void say_outcome(struct revision *v, yyjson_mut_val *result)
{
    struct tool_call *c = v->r->c;
    bool held = !v->unsatisfied && !v->unsatisfied_products, said = json_has(v->asked, "ask");
    bool all = held && !said && !v->too_few;
    json_add_cstr(c->doc, result, "outcome", all ? "revised" : "partial");
    if (all) return;
    json_add_cstr(c->doc, result, "reason_code",
                  !held        ? "constraint_unsatisfiable"
                  : v->too_few ? "alternatives_unavailable"
                               : "uninterpreted");
    json_add_cstr(c->doc, result, "reason",
                  !held        ? "Not everything that was asked for can be had."
                  : v->too_few ? "The products of this plan can be combined in fewer ways within its budget."
                               : "Sentences are not read here; ask by constraints and product_changes.");
    json_add_val(c->doc, result, "unsatisfied_constraints", v->unsatisfied);
    json_add_val(c->doc, result, "unsatisfied_product_changes", v->unsatisfied_products);
}

static int revise_one(struct proposals_reply *all, yyjson_val *asked, yyjson_mut_val *result, struct err *e)
{
    struct tool_call *c = all->c;
    struct revision v = { .r = all, .asked = asked };
    struct proposal_row row;
    if (offer_load(c->act, json_str(asked, "proposal_id"), &row, e)) return -1;
    if (str_is(row.status, "accepted")) {
        unable(c, result, "source_unavailable",
               "What was bought is changed with control_media_buy or update_media_buy.");
        return 0;
    }
    int rc = offer_read(c->act, &row, &v.plan, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        unable(c, result, "source_unavailable", "A product or price of this plan is no longer there.");
        return 0;
    }
    v.plan.parent_id = row.proposal_id;
    if (!json_has(asked, "constraints") && !json_has(asked, "product_changes") && !json_has(asked, "alternatives")) {
        unable(c, result, "uninterpreted", "Sentences are not read here; ask by constraints and product_changes.");
        return 0;
    }
    if (revise(&v, e) || draft_all(&v, result, e)) return -1;
    say_outcome(&v, result);
    return 0;
}

/* ---- finalizing ---- */

static int judge(struct tool_call *c, struct str proposal_id, struct proposal_review *out, struct err *e)
{
    struct proposal_row row;
    struct offer_plan p;
    *out = (struct proposal_review){ .person = false };
    if (offer_load(c->act, proposal_id, &row, e)) return -1;
    int rc = offer_read(c->act, &row, &p, e);
    if (rc <= 0) return rc; /* committing says that something is gone */
    struct rule_facts *f = ARENA_NEW(c->arena, struct rule_facts);
    *f = (struct rule_facts){ .operation = PROPOSAL_TASK,
                              .principal_id = c->act->principal->principal_id,
                              .currency = p.purchases[0].option->currency,
                              .amount_micros = offer_total(&p),
                              .before_micros = -1,
                              .named_only = true };
    for (size_t i = 0; i < p.n; i++) rule_facts_package(f, p.purchases[i].product.product_id, NULL);
    if (rule_decide(c->act, f, &out->verdict, e)) return -1;
    out->person = out->verdict.outcome == RULE_PERSON && !c->act->auto_advance;
    if (out->verdict.outcome != RULE_REJECT) return 0;
    (void)rule_refuse(&out->verdict, e);
    return err_field(e, "/proposal_id");
}

static struct str member(struct tool_call *c, const char *key)
{
    yyjson_val *v = yyjson_obj_get(c->args, key);
    return v ? json_write_val(c->arena, v) : STR_NONE;
}

/* 1: a person decides on all of them together; 0: go on; -1. */
static int submit(struct tool_call *c, yyjson_val *list, struct err *e)
{
    struct proposal_review review, wanted = { .person = false };
    struct str *ids = ARENA_ARRAY(c->arena, struct str, yyjson_arr_size(list) + 1);
    struct proposal_request r = { .ids = ids,
                                  .context = member(c, "context"),
                                  .push_config = member(c, "push_notification_config"),
                                  .verdict = &wanted.verdict };
    struct task_row task;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        ids[r.n] = json_str(v, "proposal_id");
        if (judge(c, ids[r.n++], &review, e)) return err_in(e, "/refinements/%zu", i);
        if (review.person && !wanted.person) wanted = review;
    }
    if (!wanted.person) return 0;
    if (proposal_submit(c->act, &r, &task, e) || task_called_as(c->act, &task, "refine_proposals", e)) return -1;
    c->outcome = TOOL_SUBMITTED;
    c->task_id = task.task_id;
    c->message = STR("The publisher's people make this proposal firm; follow the task for the decision.");
    return 1;
}

/* ---- the tools ---- */

static int check_once(yyjson_val *list, const char *where, struct err *e)
{
    yyjson_val *v, *w;
    size_t i, n, j, m;
    yyjson_arr_foreach(list, i, n, v) {
        yyjson_arr_foreach(list, j, m, w) {
            if (j >= i) break;
            if (!str_eq(json_str(v, "proposal_id"), json_str(w, "proposal_id"))) continue;
            (void)err_set(e, "INVALID_REQUEST", "A proposal may be named once.");
            return err_field(e, "/%s/%zu/proposal_id", where, i);
        }
    }
    return 0;
}

int refine_proposals_run(struct tool_call *c, struct err *e)
{
    yyjson_val *list = json_arr(c->args, "refinements"), *v;
    struct proposals_reply all = { .c = c };
    size_t i, n;
    /* By its schema either all of them finalize or none. */
    bool finalizing = str_is(json_str(yyjson_arr_get_first(list), "action"), "finalize");
    if (finalizing && check_once(list, "refinements", e)) return -1;
    int waits = finalizing ? submit(c, list, e) : 0;
    if (waits) return waits < 0 ? -1 : 0;
    yyjson_mut_val *results = json_add_arr(c->doc, c->reply, "results");
    yyjson_arr_foreach(list, i, n, v) {
        yyjson_mut_val *result = json_push_obj(c->doc, results);
        struct str id = json_str(v, "proposal_id"), shown;
        json_add_str(c->doc, result, "source_proposal_id", id);
        if (!finalizing) {
            if (revise_one(&all, v, result, e)) return err_in(e, "/refinements/%zu", i);
            continue;
        }
        if (offer_commit(c->act, id, &shown, e)) return err_in(e, "/refinements/%zu", i);
        json_add_cstr(c->doc, result, "outcome", "finalized");
        json_add_copy(c->doc, result, "proposal", document_read(c->arena, shown));
    }
    json_add_cstr(c->doc, c->reply, "status", "completed");
    return proposals_products(&all, e);
}

int decline_proposals_run(struct tool_call *c, struct err *e)
{
    yyjson_val *list = json_arr(c->args, "declines"), *v;
    size_t i, n;
    if (check_once(list, "declines", e)) return -1;
    yyjson_mut_val *results = json_add_arr(c->doc, c->reply, "results");
    yyjson_arr_foreach(list, i, n, v) {
        struct err why;
        int done = offer_decline(c->act, json_str(v, "proposal_id"), v, &why, e);
        if (done < 0) return -1;
        yyjson_mut_val *result = json_push_obj(c->doc, results);
        json_add_str(c->doc, result, "proposal_id", json_str(v, "proposal_id"));
        json_add_cstr(c->doc, result, "outcome", done ? "declined" : "unable");
        if (!done) json_add_str(c->doc, result, "reason", arena_dup(c->arena, str_from(why.message)));
    }
    return 0;
}
