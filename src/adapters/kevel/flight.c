/* A package as a flight, and what a flight cannot say. */
#include "adapters/kevel/kevel.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/rfc3339.h"

#define PACKAGES_MAX     50 /* the flights of a campaign are listed without pages */
#define GOAL_IMPRESSIONS 1
#define GOAL_CLICKS      3
#define RATE_CPM         2
#define RATE_CPC         3
#define CAP_HOUR         1
#define CAP_DAY          2

static bool no(const char **member, const char **why, const char *what, const char *text)
{
    *member = what;
    *why = text;
    return false;
}

bool kevel_deal_of(const struct plan_package *p, struct kevel_deal *out, const char **member, const char **why)
{
    bool clicks = p->pricing_model == PRICING_CPC;
    if (p->pricing_model != PRICING_CPM && !clicks) {
        return no(member, why, "pricing_option_id", "flights are sold here by impressions (cpm) and clicks (cpc) only");
    }
    if (p->rate_micros <= 0) return no(member, why, "bid_price", "there is no price for a unit");
    int64_t units =
        muldiv(p->budget_micros, pricing_units_per_rate(p->pricing_model), p->rate_micros, MONEY_ROUND_DOWN);
    if (units < 1) return no(member, why, "budget", "the budget does not pay for a single unit");
    if (units > INT32_MAX) return no(member, why, "budget", "a flight has a goal of at most 2,147,483,647");
    *out = (struct kevel_deal){ clicks ? GOAL_CLICKS : GOAL_IMPRESSIONS, clicks ? RATE_CPC : RATE_CPM, units };
    return true;
}

/* ---- targeting ---- */

/* ISO 3166-2 -> Kevel's region: the same letters for the United States and Canada. */
static bool region_of(struct str code, struct str *country, struct str *region)
{
    if (code.n != 5 || code.p[2] != '-' || !(str_starts(code, STR("US")) || str_starts(code, STR("CA")))) return false;
    *country = (struct str){ code.p, 2 };
    *region = str_skip(code, 3);
    return true;
}

static yyjson_mut_val *geo_row(yyjson_mut_doc *d, yyjson_mut_val *list, struct str country, bool exclude)
{
    yyjson_mut_val *row = doc_push_obj(d, list);
    doc_add_str(d, row, "CountryCode", country);
    if (exclude) doc_add_bool(d, row, "IsExclude", true);
    return row;
}

static void add_geo(yyjson_mut_doc *d, yyjson_mut_val *list, yyjson_val *o, bool exclude)
{
    size_t i, n, k, m;
    yyjson_val *v, *code;
    struct str country, region;
    yyjson_arr_foreach(doc_arr(o, exclude ? "geo_countries_exclude" : "geo_countries"), i, n, v) {
        (void)geo_row(d, list, doc_text(v), exclude);
    }
    yyjson_arr_foreach(doc_arr(o, exclude ? "geo_regions_exclude" : "geo_regions"), i, n, v) {
        if (region_of(doc_text(v), &country, &region))
            doc_add_str(d, geo_row(d, list, country, exclude), "Region", region);
    }
    yyjson_arr_foreach(doc_arr(o, exclude ? "geo_metros_exclude" : "geo_metros"), i, n, v) {
        yyjson_arr_foreach(doc_arr(v, "values"), k, m, code) {
            int64_t metro = kevel_number(doc_text(code));
            if (metro > 0) doc_add_i64(d, geo_row(d, list, STR("US"), exclude), "MetroCode", metro);
        }
    }
}

static void add_sites(yyjson_mut_doc *d, yyjson_mut_val *list, yyjson_val *sites, bool exclude)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(sites, i, n, v) {
        yyjson_mut_val *row = doc_push_obj(d, list);
        doc_add_i64(d, row, "SiteId", doc_i64(v, "site_id", 0));
        doc_add_i64(d, row, "ZoneId", doc_i64(v, "zone_id", 0));
        doc_add_bool(d, row, "IsExcluded", exclude);
    }
}

static struct str keywords_of(struct arena *a, yyjson_val *o)
{
    struct str out = STR_NONE;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(o, "keyword_targets"), i, n, v) {
        struct str word = doc_str(v, "keyword");
        out = out.n ? arena_printf(a, STR_FMT "," STR_FMT, STR_ARG(out), STR_ARG(word)) : word;
    }
    return out;
}

/* How often: in hours or days. False when it cannot be said. */
static bool cap_of(yyjson_val *cap, int64_t out[3])
{
    yyjson_val *window = doc_obj(cap, "window");
    struct str unit = doc_str(window, "unit"), per = doc_str(cap, "per");
    out[0] = doc_i64(cap, "max_impressions", 0);
    out[1] = doc_i64(window, "interval", 1);
    out[2] = str_is(unit, "hours") ? CAP_HOUR : str_is(unit, "days") ? CAP_DAY : 0;
    bool a_person = !per.n || str_is(per, "individuals") || str_is(per, "devices") || str_is(per, "cookies");
    bool suppress = doc_has(cap, "suppress") || doc_has(cap, "suppress_minutes");
    return a_person && !suppress && out[0] > 0 && out[0] <= INT32_MAX && out[1] > 0 && out[1] <= INT32_MAX && out[2];
}

/* ---- the flight ---- */

const char *const kevel_changeable[] = { "StartDateISO",    "EndDateISO",  "PriorityId", "GoalType",  "Impressions",
                                         "RateType",        "Price",       "Keywords",   "IsFreqCap", "FreqCap",
                                         "FreqCapDuration", "FreqCapType", NULL };

static void add_time(struct arena *a, yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    doc_add_str(d, o, key, arena_dup(a, (struct str){ text, n }));
}

yyjson_mut_val *kevel_flight_make(struct adapter_op *op, const struct plan_package *p, struct str campaign_id,
                                  yyjson_mut_doc *d)
{
    const struct kevel_config *c = op->config;
    struct title_words words = { op->plan, p };
    struct kevel_deal deal;
    const char *member, *why;
    int64_t cap[3];
    yyjson_val *o = doc_read(op->arena, p->targeting), *s = doc_read(op->arena, p->settings);
    yyjson_mut_val *f = yyjson_mut_obj(d), *list;
    if (!kevel_deal_of(p, &deal, &member, &why)) {
        adapter_problem_add(&op->problems, p->package_id, member, "%s", why);
        return NULL;
    }
    doc_add_str(d, f, "Name", title_make(op->arena, c->flight_name, &words, p->package_id, KEVEL_NAME_MAX));
    doc_add_i64(d, f, "CampaignId", kevel_number(campaign_id));
    add_time(op->arena, d, f, "StartDateISO", p->start_at);
    add_time(op->arena, d, f, "EndDateISO", p->end_at);
    doc_add_i64(
        d, f, "PriorityId",
        doc_i64(s, "priority_id", p->promise == PROMISE_GUARANTEED ? c->priority_guaranteed : c->priority_other));
    doc_add_i64(d, f, "GoalType", deal.goal_type);
    doc_add_i64(d, f, "Impressions", deal.units);
    doc_add_i64(d, f, "RateType", deal.rate_type);
    kevel_add_price(op->arena, d, f, "Price", p->rate_micros);
    doc_add_str_opt(d, f, "Keywords", keywords_of(op->arena, o));
    if (doc_has(o, "frequency_cap") && cap_of(doc_obj(o, "frequency_cap"), cap)) {
        doc_add_bool(d, f, "IsFreqCap", true);
        doc_add_i64(d, f, "FreqCap", cap[0]);
        doc_add_i64(d, f, "FreqCapDuration", cap[1]);
        doc_add_i64(d, f, "FreqCapType", cap[2]);
    }
    doc_add_bool(d, f, "IsActive", !p->paused);
    list = doc_add_arr(d, f, "GeoTargeting");
    add_geo(d, list, o, false);
    add_geo(d, list, o, true);
    list = doc_add_arr(d, f, "SiteZoneTargeting");
    add_sites(d, list, doc_arr(s, "sites"), false);
    add_sites(d, list, doc_arr(s, "exclude_sites"), true);
    return f;
}

/* ---- what is remembered ---- */

static const char *const remembered[] = { "GeoTargeting", "SiteZoneTargeting" };

static void note(struct kevel_memory *m, const char *name, yyjson_mut_val *v, struct arena *a)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t h[SHA256_BYTES];
    sha256(v ? doc_write(a, v) : STR("null"), h);
    for (int i = 0; i < 16; i++) m->digest[m->n][i] = hex[i % 2 ? h[i / 2] & 15 : h[i / 2] >> 4];
    m->digest[m->n][16] = 0;
    m->name[m->n++] = name;
}

void kevel_sent_of(struct arena *a, yyjson_mut_val *flight, struct kevel_memory *out)
{
    *out = (struct kevel_memory){ .known = true };
    for (size_t i = 0; kevel_changeable[i]; i++)
        note(out, kevel_changeable[i], yyjson_mut_obj_get(flight, kevel_changeable[i]), a);
    for (size_t i = 0; i < ARRAY_LEN(remembered); i++)
        note(out, remembered[i], yyjson_mut_obj_get(flight, remembered[i]), a);
}

static void recall_one(yyjson_val *sent, const char *name, struct kevel_memory *out)
{
    struct str d = doc_str(sent, name);
    if (d.n != 16) return;
    memcpy(out->digest[out->n], d.p, 16);
    out->digest[out->n][16] = 0;
    out->name[out->n++] = name;
}

void kevel_recall(const struct adapter_op *op, struct str flight_id, struct kevel_memory *out)
{
    struct adapter_item item;
    *out = (struct kevel_memory){ .known = false };
    if (!op->catalog->get(op->catalog, "flight", flight_id, &item)) return;
    yyjson_val *root = doc_read(op->arena, item.doc), *sent = doc_obj(root, "sent");
    out->known = sent != NULL;
    out->paused = doc_bool(root, "paused", false);
    for (size_t i = 0; kevel_changeable[i]; i++) recall_one(sent, kevel_changeable[i], out);
    for (size_t i = 0; i < ARRAY_LEN(remembered); i++) recall_one(sent, remembered[i], out);
}

void kevel_remember(struct adapter_op *op, struct str flight_id, struct str package_id, const struct kevel_memory *m)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *sent = doc_add_obj(d, root, "sent");
    for (size_t i = 0; i < m->n; i++) doc_add_str(d, sent, m->name[i], arena_dup(op->arena, str_from(m->digest[i])));
    doc_add_bool(d, root, "paused", m->paused);
    struct adapter_item item = {
        .kind = STR("flight"), .remote_id = flight_id, .key = package_id, .doc = doc_write(op->arena, root)
    };
    adapter_item_add(op, &item);
}

static const char *digest_of(const struct kevel_memory *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->name[i], name) == 0) return m->digest[i];
    }
    return "";
}

bool kevel_changed(const struct kevel_memory *was, const struct kevel_memory *is, const char *name)
{
    return strcmp(digest_of(was, name), digest_of(is, name)) != 0;
}

/* ---- before the promise ---- */

static void object(const struct plan_package *p, struct adapter_problems *out, const char *member, struct str word,
                   const char *why)
{
    char at[96];
    (void)snprintf(at, sizeof(at), "targeting_overlay/%s", member);
    adapter_problem_add(out, p->package_id, at, "\"" STR_FMT "\": %s", STR_ARG(text_cut(word, 60)), why);
}

static void admit_places(const struct plan_package *p, yyjson_val *o, const struct adapter_catalog *catalog,
                         struct adapter_problems *out)
{
    static const char *const lists[][3] = { { "geo_countries", "geo_regions", "geo_metros" },
                                            { "geo_countries_exclude", "geo_regions_exclude", "geo_metros_exclude" } };
    size_t i, n, k, m;
    yyjson_val *v, *code;
    struct str country, region;
    struct adapter_item item;
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        yyjson_arr_foreach(doc_arr(o, lists[l][0]), i, n, v) {
            if (catalog->synced_at && !catalog->find(catalog, "country", doc_text(v), &item)) {
                object(p, out, lists[l][0], doc_text(v), "Kevel has no such country");
            }
        }
        yyjson_arr_foreach(doc_arr(o, lists[l][1]), i, n, v) {
            if (!region_of(doc_text(v), &country, &region))
                object(p, out, lists[l][1], doc_text(v), "regions are known of the United States and Canada");
        }
        yyjson_arr_foreach(doc_arr(o, lists[l][2]), i, n, v) {
            bool dma = str_is(doc_str(v, "system"), "nielsen_dma");
            if (!dma) object(p, out, lists[l][2], doc_str(v, "system"), "Kevel knows metros of nielsen_dma only");
            yyjson_arr_foreach(dma ? doc_arr(v, "values") : NULL, k, m, code) {
                if (doc_text(code).n != 3 || kevel_number(doc_text(code)) < 1)
                    object(p, out, lists[l][2], doc_text(code), "a DMA is named by three digits");
            }
        }
    }
}

static void admit_keywords(const struct plan_package *p, yyjson_val *o, struct adapter_problems *out)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(o, "keyword_targets"), i, n, v) {
        struct str word = doc_str(v, "keyword");
        if (!str_is(doc_str(v, "match_type"), "exact"))
            object(p, out, "keyword_targets", word, "Kevel compares whole keywords: match_type exact");
        else if (doc_has(v, "bid_price")) object(p, out, "keyword_targets", word, "a keyword has no price of its own");
        else if (memchr(word.p, ',', word.n)) object(p, out, "keyword_targets", word, "a keyword has no comma");
    }
}

static void admit_targeting(const struct plan_package *p, const struct adapter_catalog *catalog,
                            struct adapter_problems *out)
{
    static const char *const known[] = { "geo_countries",
                                         "geo_countries_exclude",
                                         "geo_regions",
                                         "geo_regions_exclude",
                                         "geo_metros",
                                         "geo_metros_exclude",
                                         "keyword_targets",
                                         "frequency_cap",
                                         "ext",
                                         "context" };
    struct arena a;
    yyjson_val *k, *v;
    size_t i, n;
    int64_t cap[3];
    arena_init(&a);
    yyjson_val *o = doc_read(&a, p->targeting);
    yyjson_obj_foreach(o, i, n, k, v) {
        size_t l = 0;
        while (l < ARRAY_LEN(known) && !str_is(doc_text(k), known[l])) l++;
        bool nothing = yyjson_is_null(v) || (yyjson_is_ctn(v) && yyjson_get_len(v) == 0);
        if (l == ARRAY_LEN(known) && !nothing)
            object(p, out, yyjson_get_str(k), doc_text(k), "this adapter cannot say it in Kevel");
    }
    admit_places(p, o, catalog, out);
    admit_keywords(p, o, out);
    if (doc_has(o, "frequency_cap") && !cap_of(doc_obj(o, "frequency_cap"), cap)) {
        object(p, out, "frequency_cap", STR("frequency_cap"),
               "it must count a person's, device's or cookie's impressions in hours or days");
    }
    arena_finish(&a);
}

static bool of_template(const struct plan_package *p)
{
    struct arena a;
    arena_init(&a);
    bool yes = doc_has(doc_read(&a, p->settings), "template");
    arena_finish(&a);
    return yes;
}

void kevel_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                 struct adapter_problems *out)
{
    const struct kevel_config *c = config;
    struct kevel_deal deal;
    const char *member, *why;
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    if (plan->packages_n > PACKAGES_MAX)
        adapter_problem_add(out, STR_NONE, "packages", "a campaign is made of at most %d flights here", PACKAGES_MAX);
    if (!str_is(c->currency, plan->currency))
        adapter_problem_add(out, STR_NONE, "currency", "the Kevel network sells in " STR_FMT, STR_ARG(c->currency));
    if (!plan->advertiser_remote_id.n && !plan->advertiser.n)
        adapter_problem_add(out, STR_NONE, "brand", "nobody is named as the advertiser");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->end_at <= p->start_at)
            adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
        else if (!kevel_deal_of(p, &deal, &member, &why)) adapter_problem_add(out, p->package_id, member, "%s", why);
        if (p->medium != MEDIUM_DISPLAY && !(p->medium == MEDIUM_VIDEO && of_template(p)))
            adapter_problem_add(out, p->package_id, "product_id",
                                "Kevel is sold as display, and as video by a template, not as %s",
                                plan_medium_name(p->medium));
        if (p->pacing != PACING_EVEN) adapter_problem_add(out, p->package_id, "pacing", "Kevel paces a flight evenly");
        if (p->daily_budget_micros || p->daily_impressions)
            adapter_problem_add(out, p->package_id, "ext/salesagent", "limits of a day are not booked in Kevel");
        admit_targeting(p, catalog, out);
    }
}

static void check_sites(yyjson_val *root, const char *member, const struct adapter_catalog *catalog,
                        struct adapter_problems *out)
{
    char at[96], id[24];
    size_t i, n;
    struct adapter_item item;
    yyjson_val *list = yyjson_obj_get(root, member), *v;
    if (list && !yyjson_is_arr(list))
        adapter_problem_add(out, STR_NONE, member, "it must be a list of {\"site_id\": ..., \"zone_id\": ...}");
    yyjson_arr_foreach(doc_arr(root, member), i, n, v) {
        int64_t site = doc_i64(v, "site_id", 0), zone = doc_i64(v, "zone_id", 0);
        (void)snprintf(at, sizeof(at), "%s/%zu", member, i);
        (void)snprintf(id, sizeof(id), "%lld", (long long)site);
        if (site < 1 || site > INT32_MAX || zone < 0 || zone > INT32_MAX)
            adapter_problem_add(out, STR_NONE, at,
                                "site_id must be the id of a site, zone_id that of one of its zones");
        else if (catalog->synced_at && !catalog->get(catalog, "site", str_from(id), &item))
            adapter_problem_add(out, STR_NONE, at, "the network has no site %s", id);
    }
}

void kevel_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                         struct adapter_problems *out)
{
    static const char *const known[] = { "name", "sites", "exclude_sites", "priority_id", "template", NULL };
    struct arena a;
    struct err e;
    (void)config;
    if (!json.n) return;
    arena_init(&a);
    yyjson_val *root = doc_read(&a, json);
    if (!yyjson_is_obj(root)) {
        adapter_problem_add(out, STR_NONE, "", "a product's settings for Kevel must be an object");
    } else {
        if (doc_only(root, "", known, &e))
            adapter_problem_add(out, STR_NONE, e.field[0] == '/' ? e.field + 1 : e.field, "%s", e.message);
        check_sites(root, "sites", catalog, out);
        check_sites(root, "exclude_sites", catalog, out);
        kevel_template_check(root, out);
        int64_t priority = doc_i64(root, "priority_id", 1);
        if (priority < 1 || priority > INT32_MAX)
            adapter_problem_add(out, STR_NONE, "priority_id", "it must be the id of one of the network's priorities");
    }
    arena_finish(&a);
}
