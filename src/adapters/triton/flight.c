/* A package as a flight, and what a flight cannot say. */
#include "adapters/triton/triton.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/rfc3339.h"

#define PACKAGES_MAX 50
#define DAYPARTS_MAX 50
#define GOAL_MAX     INT64_C(1000000000000)

static const char *const flight_types[] = { "STANDARD", "SPONSORSHIP", "HOUSE" };

/* ---- days and money ---- */

bool triton_days_of(const struct triton_config *c, int64_t start_at, int64_t end_at, int64_t *first, int64_t *last)
{
    *first = tz_day(c->zone, start_at);
    if (tz_day_begins_at(c->zone, *first) < start_at) *first += 1;
    *last = tz_day(c->zone, end_at - 1);
    if (tz_day_begins_at(c->zone, *last + 1) > end_at) *last -= 1;
    return *last >= *first;
}

struct str triton_date(struct arena *a, int64_t day)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(day * USEC_PER_DAY, text);
    return arena_dup(a, (struct str){ text, n });
}

static bool no(const char **member, const char **why, const char *what, const char *text)
{
    *member = what;
    *why = text;
    return false;
}

/* How many impressions the budget pays for. */
static bool units_of(const struct plan_package *p, int64_t *units, const char **member, const char **why)
{
    if (p->pricing_model != PRICING_CPM)
        return no(member, why, "pricing_option_id", "flights are sold here by impressions (cpm) only");
    if (p->rate_micros <= 0) return no(member, why, "bid_price", "there is no price for a unit");
    *units = muldiv(p->budget_micros, pricing_units_per_rate(p->pricing_model), p->rate_micros, MONEY_ROUND_DOWN);
    if (*units < 1) return no(member, why, "budget", "the budget does not pay for a single impression");
    return *units <= GOAL_MAX ? true : no(member, why, "budget", "it is more than a flight has as its goal");
}

/* ---- targeting ---- */

struct writing {
    struct adapter_op *op;
    yyjson_mut_doc *d;
    yyjson_val *overlay;
    const struct triton_stations *all;
};

/* {"field": "country", "in": [...]}, appended when the overlay names such places. */
static void add_leaf(const struct writing *w, yyjson_mut_val *list, const char *field, const char *member, bool grouped)
{
    size_t i, n, k, m;
    yyjson_val *v, *code, *given = doc_arr(w->overlay, member);
    if (!yyjson_arr_size(given)) return;
    yyjson_mut_val *leaf = doc_push_obj(w->d, list), *in;
    doc_add_str(w->d, leaf, triton_name(w->op, TRITON_RULE_FIELD), str_from(field));
    in = doc_add_arr(w->d, leaf, triton_name(w->op, TRITON_RULE_IN));
    yyjson_arr_foreach(given, i, n, v) {
        if (!grouped) doc_push_str(w->d, in, doc_text(v));
        yyjson_arr_foreach(doc_arr(v, "values"), k, m, code) doc_push_str(w->d, in, doc_text(code));
    }
}

static yyjson_mut_val *places(const struct writing *w, bool exclude)
{
    yyjson_mut_val *list = yyjson_mut_arr(w->d);
    add_leaf(w, list, "country", exclude ? "geo_countries_exclude" : "geo_countries", false);
    add_leaf(w, list, "state", exclude ? "geo_regions_exclude" : "geo_regions", false);
    add_leaf(w, list, "market", exclude ? "geo_metros_exclude" : "geo_metros", true);
    return list;
}

/* One of the places, and none of the excluded ones. A rule cannot be taken away, so none is {"and": []}. */
static yyjson_mut_val *rules_of(const struct writing *w)
{
    yyjson_mut_val *rule = yyjson_mut_obj(w->d), *in = places(w, false), *out = places(w, true), *not_leaf;
    yyjson_mut_val *all = doc_add_arr(w->d, rule, triton_name(w->op, TRITON_RULE_AND));
    size_t i, n;
    if (yyjson_mut_arr_size(in)) doc_add_val(w->d, doc_push_obj(w->d, all), triton_name(w->op, TRITON_RULE_OR), in);
    yyjson_mut_arr_foreach(out, i, n, not_leaf) {
        doc_add_val(w->d, doc_push_obj(w->d, all), triton_name(w->op, TRITON_RULE_NOT),
                    yyjson_mut_val_mut_copy(w->d, not_leaf));
    }
    return rule;
}

static const struct {
    const char *ours, *theirs;
} weekdays[] = {
    { "monday", "MON" }, { "tuesday", "TUE" },  { "wednesday", "WED" }, { "thursday", "THU" },
    { "friday", "FRI" }, { "saturday", "SAT" }, { "sunday", "SUN" },
};

static const char *weekday(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(weekdays); i++) {
        if (str_is(name, weekdays[i].ours)) return weekdays[i].theirs;
    }
    return NULL;
}

/* Hours are those of the account, as its days are. */
static void add_dayparts(const struct writing *w, yyjson_mut_val *list, yyjson_val *parts)
{
    size_t i, n, k, m;
    yyjson_val *v, *day;
    yyjson_arr_foreach(parts, i, n, v) {
        yyjson_mut_val *o = doc_push_obj(w->d, list);
        yyjson_mut_val *days = doc_add_arr(w->d, o, triton_name(w->op, TRITON_DAYPART_DAYS));
        yyjson_arr_foreach(doc_arr(v, "days"), k, m, day) {
            const char *name = weekday(doc_text(day));
            if (name) doc_push_str(w->d, days, str_from(name));
        }
        doc_add_str(w->d, o, triton_name(w->op, TRITON_DAYPART_FROM),
                    arena_printf(w->op->arena, "%02d:00", (int)doc_i64(v, "start_hour", 0)));
        doc_add_str(w->d, o, triton_name(w->op, TRITON_DAYPART_TO),
                    arena_printf(w->op->arena, "%02d:00", (int)doc_i64(v, "end_hour", 24)));
    }
}

/* ---- stations and genres ---- */

static bool says_all(yyjson_val *settings)
{
    return str_is(doc_str(settings, "stations"), "all");
}

bool triton_on_all(const struct plan_package *p)
{
    struct arena a;
    arena_init(&a);
    bool all = says_all(doc_read(&a, p->settings));
    arena_finish(&a);
    return all;
}

/* A station by its id or its call sign, a genre by its id or its name. */
static bool find_item(const struct adapter_catalog *catalog, const char *kind, struct str name, struct str *id)
{
    struct adapter_item item;
    if (!catalog->get(catalog, kind, name, &item) && !catalog->find(catalog, kind, name, &item)) return false;
    *id = item.remote_id;
    return true;
}

/* Before the inventory was read, what the product says is taken for an id. */
static void add_items(const struct writing *w, yyjson_mut_val *list, yyjson_val *names, const char *kind)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(names, i, n, v) {
        struct str id = doc_text(v);
        (void)find_item(w->op->catalog, kind, id, &id); /* else it stays */
        doc_push_str(w->d, list, id);
    }
}

/* ---- the flight ---- */

const enum triton_member triton_changeable[TRITON_CHANGEABLE_N] = {
    TRITON_FLIGHT_START,    TRITON_FLIGHT_END,    TRITON_FLIGHT_GOAL,     TRITON_FLIGHT_RATE,
    TRITON_FLIGHT_STATIONS, TRITON_FLIGHT_GENRES, TRITON_FLIGHT_DAYPARTS, TRITON_FLIGHT_RULES,
};

static void add_price(const struct writing *w, yyjson_mut_val *o, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    size_t n = money_print(micros, text);
    struct str kept = arena_dup(w->op->arena, (struct str){ text, n });
    doc_add_val(w->d, o, triton_name(w->op, TRITON_FLIGHT_RATE), yyjson_mut_rawn(w->d, kept.p, kept.n));
}

static void add_deal(const struct writing *w, yyjson_mut_val *f, const struct plan_package *p, int64_t units)
{
    yyjson_val *s = doc_read(w->op->arena, p->settings);
    struct str type = doc_str(s, "flight_type");
    yyjson_mut_val *goal = doc_add_obj(w->d, f, triton_name(w->op, TRITON_FLIGHT_GOAL));
    doc_add_str(w->d, goal, triton_name(w->op, TRITON_GOAL_TYPE), STR("IMPRESSIONS"));
    doc_add_i64(w->d, goal, triton_name(w->op, TRITON_GOAL_VALUE), units);
    doc_add_str(w->d, f, triton_name(w->op, TRITON_FLIGHT_TYPE), type.n ? type : STR("STANDARD"));
    doc_add_str(w->d, f, triton_name(w->op, TRITON_FLIGHT_RATE_TYPE), STR("CPM"));
    add_price(w, f, p->rate_micros);
}

static void add_reach(const struct writing *w, yyjson_mut_val *f, const struct plan_package *p)
{
    yyjson_val *s = doc_read(w->op->arena, p->settings);
    yyjson_mut_val *stations = doc_add_arr(w->d, f, triton_name(w->op, TRITON_FLIGHT_STATIONS));
    add_items(w, stations, doc_arr(s, "stations"), "station");
    for (size_t i = 0; triton_on_all(p) && i < w->all->n; i++) doc_push_str(w->d, stations, w->all->ids[i]);
    add_items(w, doc_add_arr(w->d, f, triton_name(w->op, TRITON_FLIGHT_GENRES)), doc_arr(s, "genres"), "genre");
    yyjson_val *asked =
        doc_arr(w->overlay, "daypart_targets"); /* admitted only where the product has none of its own */
    add_dayparts(w, doc_add_arr(w->d, f, triton_name(w->op, TRITON_FLIGHT_DAYPARTS)),
                 yyjson_arr_size(asked) ? asked : doc_arr(s, "dayparts"));
    doc_add_val(w->d, f, triton_name(w->op, TRITON_FLIGHT_RULES), rules_of(w));
}

yyjson_mut_val *triton_flight_make(struct adapter_op *op, const struct plan_package *p, struct str campaign_id,
                                   const struct triton_stations *all, yyjson_mut_doc *d)
{
    const struct triton_config *c = op->config;
    struct writing w = { op, d, doc_read(op->arena, p->targeting), all };
    struct title_words words = { op->plan, p };
    yyjson_mut_val *f = yyjson_mut_obj(d);
    const char *member, *why;
    int64_t units, first, last;
    bool sold = units_of(p, &units, &member, &why);
    if (!sold || !triton_days_of(c, p->start_at, p->end_at, &first, &last)) {
        adapter_problem_add(&op->problems, p->package_id, sold ? "end_time" : member, "%s",
                            sold ? "no whole day of the account lies in the flight" : why);
        return NULL;
    }
    doc_add_str(d, f, triton_name(op, TRITON_FLIGHT_CAMPAIGN), campaign_id);
    doc_add_str(d, f, triton_name(op, TRITON_FLIGHT_NAME),
                title_make(op->arena, c->flight_name, &words, p->package_id, TRITON_NAME_MAX));
    doc_add_str(d, f, triton_name(op, TRITON_FLIGHT_CODE), triton_code(op->arena, p->package_id));
    doc_add_str(d, f, triton_name(op, TRITON_FLIGHT_START), triton_date(op->arena, first));
    doc_add_str(d, f, triton_name(op, TRITON_FLIGHT_END), triton_date(op->arena, last));
    add_deal(&w, f, p, units);
    add_reach(&w, f, p);
    doc_add_bool(d, f, triton_name(op, TRITON_FLIGHT_ACTIVE), !p->paused);
    return f;
}

/* ---- what is remembered ---- */

static void digest(struct arena *a, yyjson_mut_val *v, char out[17])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t h[SHA256_BYTES];
    sha256(v ? doc_write(a, v) : STR("null"), h);
    for (int i = 0; i < 16; i++) out[i] = hex[i % 2 ? h[i / 2] & 15 : h[i / 2] >> 4];
    out[16] = 0;
}

void triton_sent_of(const struct adapter_op *op, yyjson_mut_val *flight, struct triton_memory *out)
{
    *out = (struct triton_memory){ .known = true };
    for (size_t i = 0; i < TRITON_CHANGEABLE_N; i++)
        digest(op->arena, yyjson_mut_obj_get(flight, triton_name(op, triton_changeable[i])), out->digest[i]);
}

void triton_recall(const struct adapter_op *op, struct str flight_id, struct triton_memory *out)
{
    struct adapter_item item;
    *out = (struct triton_memory){ .known = false };
    if (!op->catalog->get(op->catalog, "flight", flight_id, &item)) return;
    yyjson_val *root = doc_read(op->arena, item.doc), *sent = doc_obj(root, "sent");
    out->known = sent != NULL;
    out->paused = doc_bool(root, "paused", false);
    for (size_t i = 0; i < TRITON_CHANGEABLE_N; i++) {
        struct str d = doc_str(sent, triton_assumed(triton_changeable[i]));
        if (d.n == 16) memcpy(out->digest[i], d.p, 16);
    }
}

void triton_remember(struct adapter_op *op, struct str flight_id, struct str package_id, const struct triton_memory *m)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *sent = doc_add_obj(d, root, "sent");
    for (size_t i = 0; i < TRITON_CHANGEABLE_N; i++)
        doc_add_str_opt(d, sent, triton_assumed(triton_changeable[i]), arena_dup(op->arena, str_from(m->digest[i])));
    doc_add_bool(d, root, "paused", m->paused);
    struct adapter_item item = {
        .kind = STR("flight"), .remote_id = flight_id, .key = package_id, .doc = doc_write(op->arena, root)
    };
    adapter_item_add(op, &item);
}

/* ---- before the promise ---- */

static void object(const struct plan_package *p, struct adapter_problems *out, const char *member, const char *why)
{
    char at[96];
    (void)snprintf(at, sizeof(at), "targeting_overlay/%.70s", member);
    adapter_problem_add(out, p->package_id, at, "%s", why);
}

static void admit_targeting(const struct plan_package *p, struct adapter_problems *out)
{
    static const char *const known[] = { "geo_countries",   "geo_countries_exclude",
                                         "geo_regions",     "geo_regions_exclude",
                                         "geo_metros",      "geo_metros_exclude",
                                         "daypart_targets", "ext",
                                         "context" };
    struct arena a;
    yyjson_val *k, *v;
    size_t i, n;
    arena_init(&a);
    yyjson_val *o = doc_read(&a, p->targeting), *s = doc_read(&a, p->settings);
    yyjson_obj_foreach(o, i, n, k, v) {
        size_t l = 0;
        while (l < ARRAY_LEN(known) && !str_is(doc_text(k), known[l])) l++;
        bool nothing = yyjson_is_null(v) || (yyjson_is_ctn(v) && yyjson_get_len(v) == 0);
        if (l == ARRAY_LEN(known) && !nothing)
            object(p, out, yyjson_get_str(k), "this adapter cannot say it in Triton");
    }
    if (yyjson_arr_size(doc_arr(o, "daypart_targets")) && yyjson_arr_size(doc_arr(s, "dayparts")))
        object(p, out, "daypart_targets", "the product is sold for hours of its own");
    if (yyjson_arr_size(doc_arr(o, "daypart_targets")) > DAYPARTS_MAX)
        object(p, out, "daypart_targets", "there are more than 50 windows");
    if (!says_all(s) && !yyjson_arr_size(doc_arr(s, "stations")) && !yyjson_arr_size(doc_arr(s, "genres")))
        adapter_problem_add(out, p->package_id, "product_id",
                            "the product names neither stations nor genres of Triton");
    arena_finish(&a);
}

static void admit_package(const struct triton_config *c, const struct plan_package *p, struct adapter_problems *out)
{
    const char *member, *why;
    int64_t units, first, last;
    if (p->medium != MEDIUM_AUDIO)
        adapter_problem_add(out, p->package_id, "product_id", "Triton serves audio, not %s",
                            plan_medium_name(p->medium));
    if (p->end_at <= p->start_at)
        adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
    else if (!triton_days_of(c, p->start_at, p->end_at, &first, &last))
        adapter_problem_add(out, p->package_id, "end_time",
                            "a flight in Triton is made of whole days in " STR_FMT ", and none lies in this one",
                            STR_ARG(c->timezone));
    if (!units_of(p, &units, &member, &why)) adapter_problem_add(out, p->package_id, member, "%s", why);
    if (p->pacing != PACING_EVEN) adapter_problem_add(out, p->package_id, "pacing", "Triton paces a flight evenly");
    if (p->daily_budget_micros || p->daily_impressions)
        adapter_problem_add(out, p->package_id, "ext/salesagent", "limits of a day are not booked in Triton");
    admit_targeting(p, out);
}

void triton_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out)
{
    const struct triton_config *c = config;
    (void)catalog;
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    if (plan->packages_n > PACKAGES_MAX)
        adapter_problem_add(out, STR_NONE, "packages", "a campaign is made of at most %d flights here", PACKAGES_MAX);
    if (!str_is(c->currency, plan->currency))
        adapter_problem_add(out, STR_NONE, "currency", "the Triton account sells in " STR_FMT, STR_ARG(c->currency));
    if (!plan->advertiser_remote_id.n && !plan->advertiser.n)
        adapter_problem_add(out, STR_NONE, "brand", "nobody is named as the advertiser");
    for (size_t i = 0; i < plan->packages_n; i++) admit_package(c, &plan->packages[i], out);
}

/* ---- a product's settings ---- */

static void check_names(yyjson_val *root, const char *member, const char *kind, const struct adapter_catalog *catalog,
                        struct adapter_problems *out)
{
    char at[96];
    size_t i, n;
    struct str id;
    yyjson_val *list = yyjson_obj_get(root, member), *v;
    if (list && !yyjson_is_arr(list)) adapter_problem_add(out, STR_NONE, member, "it must be a list of %ss", kind);
    yyjson_arr_foreach(doc_arr(root, member), i, n, v) {
        (void)snprintf(at, sizeof(at), "%s/%zu", member, i);
        if (!doc_text(v).n) adapter_problem_add(out, STR_NONE, at, "it must be the id or name of a %s", kind);
        else if (catalog->synced_at && !find_item(catalog, kind, doc_text(v), &id))
            adapter_problem_add(out, STR_NONE, at, "the account has no %s \"" STR_FMT "\"", kind,
                                STR_ARG(text_cut(doc_text(v), 80)));
    }
}

static bool daypart_good(yyjson_val *v)
{
    size_t i, n;
    yyjson_val *day, *days = doc_arr(v, "days");
    int64_t from = doc_i64(v, "start_hour", -1), to = doc_i64(v, "end_hour", -1);
    yyjson_arr_foreach(days, i, n, day) {
        if (!weekday(doc_text(day))) return false;
    }
    return yyjson_arr_size(days) > 0 && from >= 0 && to <= 24 && from < to;
}

static void check_dayparts(yyjson_val *root, struct adapter_problems *out)
{
    char at[32];
    size_t i, n;
    yyjson_val *list = yyjson_obj_get(root, "dayparts"), *v;
    if (list && (!yyjson_is_arr(list) || yyjson_arr_size(list) > DAYPARTS_MAX))
        adapter_problem_add(out, STR_NONE, "dayparts", "it must be a list of at most %d windows", DAYPARTS_MAX);
    yyjson_arr_foreach(doc_arr(root, "dayparts"), i, n, v) {
        (void)snprintf(at, sizeof(at), "dayparts/%zu", i);
        if (!daypart_good(v))
            adapter_problem_add(out, STR_NONE, at, "as {\"days\": [\"monday\"], \"start_hour\": 6, \"end_hour\": 10}");
    }
}

static void check_type(yyjson_val *root, struct adapter_problems *out)
{
    bool known = !doc_has(root, "flight_type");
    for (size_t i = 0; i < ARRAY_LEN(flight_types); i++)
        known = known || str_is(doc_str(root, "flight_type"), flight_types[i]);
    if (!known) adapter_problem_add(out, STR_NONE, "flight_type", "it must be STANDARD, SPONSORSHIP or HOUSE");
}

void triton_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                          struct adapter_problems *out)
{
    static const char *const known[] = { "name", "stations", "genres", "dayparts", "flight_type", NULL };
    struct arena a;
    struct err e;
    (void)config;
    arena_init(&a);
    yyjson_val *root = doc_read(&a, json.n ? json : STR("{}"));
    if (!yyjson_is_obj(root)) {
        adapter_problem_add(out, STR_NONE, "", "a product's settings for Triton must be an object");
    } else {
        if (doc_only(root, "", known, &e))
            adapter_problem_add(out, STR_NONE, e.field[0] == '/' ? e.field + 1 : e.field, "%s", e.message);
        if (!says_all(root)) check_names(root, "stations", "station", catalog, out);
        check_names(root, "genres", "genre", catalog, out);
        check_dayparts(root, out);
        check_type(root, out);
        if (!doc_has(root, "stations") && !doc_has(root, "genres"))
            adapter_problem_add(out, STR_NONE, "stations",
                                "a product names the stations or the genres that it runs on; \"all\" are all stations");
    }
    arena_finish(&a);
}
