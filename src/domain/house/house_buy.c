#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "base/tz.h"
#include "domain/delivery/delivery.h"
#include "domain/house/house_load.h"
#include "domain/house/house_targeting.h"
#include "domain/plan/plan.h"
#include "domain/product/slot.h"
#include "store/q/q_account.h"
#include "store/q/q_catalog.h"
#include "store/q/q_creative.h"
#include "store/q/q_house.h"

#define SHARE_E4_ALL 10000

struct loading {
    const struct act *act;
    const struct plan *plan;
    uint32_t publisher;
    const struct fact_rows *facts;
    int64_t today; /* of the publisher's zone */
};

static yyjson_val *parsed(const struct act *act, struct str text)
{
    yyjson_doc *doc;
    struct err ignored; /* a damaged document says nothing */
    if (text.n <= 2 || json_parse(act->arena, text, &json_limits_own, &doc, &ignored)) return NULL;
    return yyjson_doc_get_root(doc);
}

/* ---- what was counted before ---- */

static void add_fact(struct counted *c, const struct delivered *d)
{
    static const struct {
        enum metric metric;
        enum event event;
    } same[] = {
        { METRIC_IMPRESSIONS, EVENT_IMPRESSION },
        { METRIC_CLICKS, EVENT_CLICK },
        { METRIC_MEASURABLE, EVENT_MEASURABLE },
        { METRIC_VIEWABLE, EVENT_VIEWABLE },
        { METRIC_VIEWS, EVENT_START },
        { METRIC_COMPLETED_VIEWS, EVENT_COMPLETE },
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        if (d->of[same[i].metric] > 0) c->n[same[i].event] += d->of[same[i].metric];
    }
}

struct past {
    struct counted all, today;
    int64_t spend_micros;
};

static struct past past_of(const struct loading *l, struct str package_id)
{
    struct past p = { .spend_micros = 0 };
    for (size_t i = 0; i < l->facts->n; i++) {
        const struct fact_row *r = &l->facts->rows[i];
        if (!str_eq(r->package_id, package_id)) continue;
        add_fact(&p.all, &r->delivered);
        if (r->day_at == l->today * USEC_PER_DAY) add_fact(&p.today, &r->delivered);
        if (r->delivered.of[METRIC_SPEND] > 0) p.spend_micros += r->delivered.of[METRIC_SPEND];
    }
    return p;
}

/* ---- goals ---- */

static bool unit_of(enum pricing_model m, enum unit *out)
{
    switch (m) {
    case PRICING_CPM: *out = UNIT_IMPRESSION; return true;
    case PRICING_VCPM: *out = UNIT_VIEWABLE; return true;
    case PRICING_CPC: *out = UNIT_CLICK; return true;
    case PRICING_CPCV: *out = UNIT_COMPLETE; return true;
    case PRICING_FLAT_RATE:
    case PRICING_TIME: *out = UNIT_IMPRESSION; return false; /* the price does not depend on what is shown */
    case PRICING_CPV:
    case PRICING_CPP:
    case PRICING_CPA:
    case PRICING_MODELS_N: break;
    }
    *out = UNIT_IMPRESSION; /* refused when it was booked */
    return false;
}

/* Units that so much money pays for. */
static int64_t units_for(const struct plan_package *p, int64_t micros)
{
    if (p->rate_micros <= 0 || micros <= 0) return 0;
    return muldiv(micros, pricing_units_per_rate(p->pricing_model), p->rate_micros, MONEY_ROUND_DOWN);
}

static void set_goals(const struct plan_package *p, const struct past *past, struct serving_package *s)
{
    bool paid = unit_of(p->pricing_model, &s->unit);
    /* What was billed is billed; what is left of the budget pays for more at today's rate. */
    s->goal = paid ? past->all.n[unit_event(s->unit)] + units_for(p, p->budget_micros - past->spend_micros) : NO_GOAL;
    s->impressions_goal = p->impressions_goal >= 0 ? p->impressions_goal : NO_GOAL;
    s->day_units = paid && p->daily_budget_micros > 0 ? units_for(p, p->daily_budget_micros) : NO_GOAL;
    s->day_impressions = p->daily_impressions > 0 ? p->daily_impressions : NO_GOAL;
    s->value_micros = muldiv(p->rate_micros, 1000, pricing_units_per_rate(p->pricing_model), MONEY_ROUND_DOWN);
}

static void set_priority(const struct plan_package *p, yyjson_val *settings, struct serving_package *s)
{
    s->share_e4 = (int)json_i64_or(settings, "share_percent", 100) * (SHARE_E4_ALL / 100);
    s->priority = p->promise == PROMISE_GUARANTEED ? PRIORITY_GUARANTEED : PRIORITY_AUCTION;
    if (str_is(json_str(settings, "priority"), "filler")) s->priority = PRIORITY_FILLER;
    /* What costs the same whatever is shown has nothing to bid with: it has its share. */
    if (s->priority == PRIORITY_AUCTION && s->goal == NO_GOAL) s->priority = PRIORITY_GUARANTEED;
}

/* ---- slots ---- */

/* Whether the buyer's list of properties, as far as it is known, leaves the slot's. */
static int is_listed(const struct loading *l, yyjson_val *list, const struct slot *slot, struct err *e)
{
    struct catalog_row row;
    yyjson_val *identifiers = json_arr(list, "identifiers"), *have, *v, *w;
    size_t i, n, k, m;
    if (!identifiers) return 1;
    int found = q_catalog_get(l->act->tx, l->act->arena, CATALOG_PROPERTY, l->act->tenant->tenant_id, slot->property_id,
                              &row, e);
    if (found != 1) return found;
    yyjson_val *property = parsed(l->act, row.doc);
    have = json_arr(property, "identifiers");
    yyjson_arr_foreach(identifiers, i, n, v) {
        struct str type = json_str(v, "type"), value = json_str(v, "value");
        if (str_is(type, "domain") && str_eq(value, json_str(property, "publisher_domain"))) return 1;
        yyjson_arr_foreach(have, k, m, w) {
            if (str_eq(type, json_str(w, "type")) && str_eq(value, json_str(w, "value"))) return 1;
        }
    }
    return 0;
}

static int set_slots(const struct loading *l, yyjson_val *settings, yyjson_val *overlay, struct serving_package *s,
                     struct err *e)
{
    const struct act *act = l->act;
    yyjson_val *names = json_arr(settings, "slots"), *v;
    uint32_t *keys = ARENA_ARRAY(act->arena, uint32_t, yyjson_arr_size(names) + 1);
    size_t i, n;
    s->slots = keys;
    yyjson_arr_foreach(names, i, n, v) {
        struct slot_row row;
        struct slot slot;
        int found = q_slot_get(act->tx, act->arena, act->tenant->tenant_id, json_val_str(v), &row, e);
        if (found < 0) return -1;
        if (found == 0 || !slot_from_row(act->arena, &row, &slot)) continue;
        int listed = is_listed(l, json_obj(overlay, "property_list"), &slot, e);
        if (listed < 0) return -1;
        if (listed) keys[s->slots_n++] = (uint32_t)slot.key;
    }
    return 0;
}

/* ---- creatives ---- */

/* The slots an assignment restricts its creative to: [placement_id], or [{publisher_domain, placement_id}]. */
static int assigned_slots(const struct loading *l, struct str assignment, struct serving_creative *c, struct err *e)
{
    yyjson_val *doc = parsed(l->act, assignment), *ids = json_arr(doc, "placement_ids"), *v;
    size_t i, n;
    if (!ids) ids = json_arr(doc, "placement_refs");
    uint32_t *keys = ARENA_ARRAY(l->act->arena, uint32_t, yyjson_arr_size(ids) + 1);
    yyjson_arr_foreach(ids, i, n, v) {
        struct slot_row row;
        struct str id = yyjson_is_str(v) ? json_val_str(v) : json_str(v, "placement_id");
        int found = q_slot_get(l->act->tx, l->act->arena, l->act->tenant->tenant_id, id, &row, e);
        if (found < 0) return -1;
        if (found) keys[c->slots_n++] = (uint32_t)row.slot_key;
    }
    c->slots = keys;
    if (yyjson_arr_size(ids) && c->slots_n == 0)
        c->weight = 0; /* none of the places it is meant for is a slot of this publisher */
    return 0;
}

/* Creatives without a weight have equal turns with each other: as much as the mean of those that have one. */
static int usual_weight(const struct plan_package *p)
{
    int sum = 0, n = 0;
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].weight <= 0) continue;
        sum += p->creatives[i].weight;
        n++;
    }
    return n ? (sum + n - 1) / n : 1;
}

static struct str assignment_of(const struct creative_assignment_rows *rows, struct str creative_id)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (str_eq(rows->rows[i].key.creative_id, creative_id)) return rows->rows[i].doc;
    }
    return STR_NONE;
}

/* 1 made, 0 it cannot be shown here, -1 failed. */
static int make_creative(const struct loading *l, const struct plan_package *p, const struct plan_creative *from,
                         struct serving_creative *out, struct err *e)
{
    const struct act *act = l->act;
    struct house_content *content = ARENA_NEW(act->arena, struct house_content);
    struct house_content_source source = { .creative_id = from->creative_id,
                                           .name = from->name,
                                           .doc = from->doc,
                                           .media_buy_id = l->plan->media_buy_id,
                                           .package_id = p->package_id,
                                           .advertiser = l->plan->advertiser,
                                           .paid_by = l->plan->payer,
                                           .width = from->width,
                                           .height = from->height };
    struct str owner = house_creative_owner(act->arena, act->tenant->tenant_id, l->plan->principal_id);
    int64_t key;
    int found = q_house_key_get(act->tx, HOUSE_KEY_CREATIVE, owner, from->creative_id, &key, e);
    if (found != 1) return found;
    if (!house_content_make(act->arena, &source, content)) return 0;
    *out = (struct serving_creative){ .key = (uint32_t)key,
                                      .creative_id = from->creative_id,
                                      .medium = content->medium,
                                      .size = content->size,
                                      .duration_ms = content->content.duration_ms,
                                      .weight = from->weight > 0 ? from->weight : usual_weight(p),
                                      .picture = content->picture,
                                      .more = &content->content };
    return 1;
}

static int set_creatives(const struct loading *l, const struct plan_package *p, struct serving_package *s,
                         struct err *e)
{
    struct creative_assignment_rows assigned;
    struct serving_creative *list = ARENA_ARRAY(l->act->arena, struct serving_creative, p->creatives_n + 1);
    if (q_creative_assignments_of_package(l->act->tx, l->act->arena, p->package_id, &assigned, e)) return -1;
    s->creatives = list;
    for (size_t i = 0; i < p->creatives_n; i++) {
        struct serving_creative *c = &list[s->creatives_n];
        int made = make_creative(l, p, &p->creatives[i], c, e);
        if (made < 0) return -1;
        if (made == 0) continue;
        if (assigned_slots(l, assignment_of(&assigned, c->creative_id), c, e)) return -1;
        s->creatives_n++;
    }
    return 0;
}

/* ---- a package ---- */

static uint32_t advertiser_number(struct str name)
{
    uint64_t h = pair_of(STR("advertiser"), name);
    uint32_t number = (uint32_t)(h >> 32);
    return name.n ? number ? number : 1 : 0;
}

static int set_on_the_way(const struct loading *l, struct serving_package *s, struct err *e)
{
    int64_t n, at;
    int found = q_house_way_get(l->act->tx, s->key, &n, &at, e);
    if (found == 1 && l->act->now - at < LIFE_IMPRESSION_MS * 1000) s->on_the_way = n;
    return found < 0 ? -1 : 0;
}

/* 1 made, 0 it is not booked here, -1 failed. */
static int make_package(const struct loading *l, const struct plan_package *p, struct serving_package *s, struct err *e)
{
    const struct act *act = l->act;
    yyjson_val *settings = parsed(act, p->settings), *overlay = parsed(act, p->targeting);
    struct past past = past_of(l, p->package_id);
    int64_t key;
    int found = q_house_key_get(act->tx, HOUSE_KEY_PACKAGE, act->tenant->tenant_id, p->package_id, &key, e);
    if (found != 1) return found;
    *s = (struct serving_package){ .key = (uint32_t)key,
                                   .publisher = l->publisher,
                                   .package_id = p->package_id,
                                   .media_buy_id = l->plan->media_buy_id,
                                   .start_at = p->start_at,
                                   .end_at = p->end_at,
                                   .live_from = l->plan->live_from,
                                   .stopped_at = p->stopped_at,
                                   .paused = p->paused,
                                   .pacing = p->pacing,
                                   .counted = past.all,
                                   .counted_today = past.today,
                                   .counted_day = l->today };
    s->advertiser = advertiser_number(l->plan->advertiser);
    set_goals(p, &past, s);
    set_priority(p, settings, s);
    if (s->priority == PRIORITY_FILLER) s->advertiser = 0;
    house_targeting(act->arena, overlay, json_obj(settings, "key_values"), &s->targeting);
    if (set_slots(l, settings, overlay, s, e) || set_creatives(l, p, s, e) || set_on_the_way(l, s, e)) return -1;
    return 1;
}

/* A sandbox account's buys are for trying: nobody's page shows them, except where everything is for trying. */
static int is_for_trying(const struct act *act, const struct plan *plan, struct err *e)
{
    struct account_row account, key = { .tenant_id = act->tenant->tenant_id,
                                        .principal_id = plan->principal_id,
                                        .account_id = plan->account_id };
    int found = q_account_get(act->tx, act->arena, &key, &account, e);
    if (found < 0) return -1;
    return found == 1 && account.sandbox && !act->sandbox;
}

static bool is_rent(const struct plan_package *p)
{
    return p->pricing_model == PRICING_FLAT_RATE || p->pricing_model == PRICING_TIME;
}

static struct house_rent rent_of(const struct plan *plan, const struct plan_package *p, const struct serving_package *s)
{
    int64_t from = p->start_at > plan->live_from ? p->start_at : plan->live_from;
    int64_t to = p->end_at < p->stopped_at ? p->end_at : p->stopped_at;
    /* One that was stopped owes the part of its budget for the time it had. */
    int64_t budget = to < p->end_at && to > from
                         ? muldiv(p->budget_micros, to - from, p->end_at - from, MONEY_ROUND_DOWN)
                         : p->budget_micros;
    return (struct house_rent){ s, budget, from, to };
}

static int64_t over_at(const struct plan *plan)
{
    int64_t last = 0;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        int64_t over = p->end_at < p->stopped_at ? p->end_at : p->stopped_at;
        if (over > last) last = over;
    }
    return last;
}

int house_buy_load(const struct act *act, struct str media_buy_id, uint32_t publisher, struct house_buy *out,
                   struct err *e)
{
    struct plan *plan = ARENA_NEW(act->arena, struct plan), whole;
    struct ad_server server;
    struct fact_rows facts;
    const struct tz *zone;
    int rc = ad_server_serving(act, &server, e);
    if (rc == 1) rc = plan_load(act, media_buy_id, PLAN_WHOLE, &whole, e);
    if (rc != 1) return rc;
    if (plan_part(act, &whole, server.name, plan, e)) return -1;
    struct str name = server.adapter->day_zone ? server.adapter->day_zone(server.config) : STR_NONE;
    if (tz_load(act->arena, name.n ? name : STR("UTC"), &zone, e)) return -1;
    if (q_facts_of_buy(act->tx, act->arena, media_buy_id, &facts, e)) return -1;
    struct loading l = { act, plan, publisher, &facts, tz_day(zone, act->now) };
    struct serving_package *list = ARENA_ARRAY(act->arena, struct serving_package, plan->packages_n + 1);
    struct house_rent *rents = ARENA_ARRAY(act->arena, struct house_rent, plan->packages_n + 1);
    struct house_buy buy = {
        .media_buy_id = plan->media_buy_id, .packages = list, .rents = rents, .over_at = over_at(plan)
    };
    int trying = is_for_trying(act, plan, e);
    if (trying < 0) return -1;
    for (size_t i = 0; !trying && i < plan->packages_n; i++) {
        int made = make_package(&l, &plan->packages[i], &list[buy.packages_n], e);
        if (made < 0) return -1;
        if (made == 0) continue;
        if (is_rent(&plan->packages[i]))
            rents[buy.rents_n++] = rent_of(plan, &plan->packages[i], &list[buy.packages_n]);
        buy.packages_n++;
    }
    *out = buy;
    return 1;
}

int house_destination(struct tx *tx, struct arena *a, int64_t creative_key, struct str *url, struct err *e)
{
    struct str owner;
    struct creative_key key;
    struct creative_row row;
    struct house_content *content = ARENA_NEW(a, struct house_content);
    int found = q_house_key_name(tx, a, creative_key, &owner, &key.creative_id, e);
    if (found != 1) return found;
    if (!house_creative_owner_read(owner, &key.tenant_id, &key.principal_id)) return 0;
    found = q_creative_get(tx, a, &key, &row, e);
    if (found != 1) return found;
    struct house_content_source source = { .creative_id = row.key.creative_id, .name = row.name, .doc = row.doc };
    if (!house_content_make(a, &source, content) || content->content.click_url.n == 0) return 0;
    *url = content->content.click_url;
    return 1;
}
