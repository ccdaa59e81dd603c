/* A package as a line item. Budget has no member in Ad Manager: it is the rate times the goal, so the goal is the
 * whole number of units that the budget pays for, rounded down, and a change of the budget is a change of the goal. */
#include "adapters/gam/gam.h"

#include "base/crypto.h"
#include "base/rfc3339.h"
#include "base/tz.h"

#define SIZES_MAX       16
#define PERCENT_ALL     100
#define NANOS_PER_MICRO 1000

/* ---- how it is sold ---- */

static const char *const type_names[GAM_TYPES_N] = {
    [GAM_SPONSORSHIP] = "SPONSORSHIP",
    [GAM_STANDARD] = "STANDARD",
    [GAM_NETWORK] = "NETWORK",
    [GAM_BULK] = "BULK",
    [GAM_PRICE_PRIORITY] = "PRICE_PRIORITY",
};

const char *gam_type_name(enum gam_type t)
{
    ENSURE((size_t)t < GAM_TYPES_N);
    return type_names[t];
}

bool gam_type_guaranteed(enum gam_type t)
{
    return t == GAM_SPONSORSHIP || t == GAM_STANDARD;
}

static bool by_share(enum gam_type t)
{
    return t == GAM_SPONSORSHIP || t == GAM_NETWORK;
}

static yyjson_val *settings_of(struct arena *a, const struct plan_package *p)
{
    return doc_read(a, p->settings);
}

enum gam_type gam_type_of(const struct plan_package *p)
{
    struct arena a;
    enum gam_type t = p->pricing_model == PRICING_FLAT_RATE ? GAM_SPONSORSHIP
                      : p->promise == PROMISE_GUARANTEED    ? GAM_STANDARD
                                                            : GAM_PRICE_PRIORITY;
    arena_init(&a);
    struct str set = doc_str(settings_of(&a, p), "line_item_type");
    for (int i = 0; i < GAM_TYPES_N; i++) {
        if (str_is(set, type_names[i])) t = (enum gam_type)i;
    }
    arena_finish(&a);
    return t;
}

/* What Ad Manager sells: model, its cost type, what its goal counts, units for one rate. */
static const struct {
    enum pricing_model model;
    const char *cost_type, *unit_type;
} sold[] = {
    { PRICING_CPM, "CPM", "IMPRESSIONS" },
    { PRICING_VCPM, "VCPM", "VIEWABLE_IMPRESSIONS" },
    { PRICING_CPC, "CPC", "CLICKS" },
    { PRICING_CPCV, "CPCV", "COMPLETED_VIEWS" },
};

/* The days of the network's calendar that the flight touches. */
static int64_t days_of(const struct plan_package *p, struct str zone)
{
    struct arena a;
    const struct tz *z = tz_utc();
    struct err unknown; /* a zone that cannot be read leaves UTC: at most a day more or less */
    arena_init(&a);
    if (zone.n && tz_load(&a, zone, &z, &unknown)) z = tz_utc();
    int64_t days = tz_day(z, p->end_at - 1) - tz_day(z, p->start_at) + 1;
    arena_finish(&a);
    return days > 0 ? days : 1;
}

static bool no(const char **member, const char **why, const char *what, const char *text)
{
    *member = what;
    *why = text;
    return false;
}

static bool flat_deal(const struct plan_package *p, struct str zone, struct gam_deal *out, const char **member,
                      const char **why)
{
    if (!by_share(out->type)) {
        return no(member, why, "pricing_option_id", "a flat rate is sold as SPONSORSHIP or NETWORK only");
    }
    out->cost_type = "CPD";
    out->unit_type = "IMPRESSIONS";
    out->rate_micros = p->budget_micros / days_of(p, zone);
    out->units = PERCENT_ALL;
    out->percent = true;
    return true;
}

static bool unit_deal(const struct plan_package *p, struct gam_deal *out, const char **member, const char **why)
{
    size_t i = 0;
    while (i < ARRAY_LEN(sold) && sold[i].model != p->pricing_model) i++;
    if (i == ARRAY_LEN(sold)) {
        return no(member, why, "pricing_option_id", "Google Ad Manager does not sell by this pricing model");
    }
    if (by_share(out->type)) {
        return no(member, why, "pricing_option_id",
                  "a line item type that gets a share of the traffic has no goal that "
                  "keeps a budget: it is sold at a flat rate only");
    }
    if (p->pricing_model == PRICING_VCPM && out->type != GAM_STANDARD) {
        return no(member, why, "pricing_option_id", "viewable impressions are sold as STANDARD line items only");
    }
    if (p->pricing_model == PRICING_CPCV && (out->type == GAM_BULK || p->medium != MEDIUM_VIDEO)) {
        return no(member, why, "pricing_option_id", "completed views are sold of video only, and not in bulk");
    }
    if (p->rate_micros <= 0) return no(member, why, "bid_price", "there is no price for a unit");
    out->cost_type = sold[i].cost_type;
    out->unit_type = sold[i].unit_type;
    out->rate_micros = p->rate_micros;
    out->units = muldiv(p->budget_micros, pricing_units_per_rate(p->pricing_model), p->rate_micros, MONEY_ROUND_DOWN);
    if (out->units < 1) return no(member, why, "budget", "the budget does not pay for a single unit");
    return true;
}

bool gam_deal_of(const struct plan_package *p, struct str zone, struct gam_deal *out, const char **member,
                 const char **why)
{
    struct gam_deal deal = { .type = gam_type_of(p) };
    bool ok = p->pricing_model == PRICING_FLAT_RATE ? flat_deal(p, zone, &deal, member, why)
                                                    : unit_deal(p, &deal, member, why);
    if (ok) *out = deal;
    return ok;
}

/* ---- sizes ---- */

static void size_add(struct gam_size s, struct gam_size *out, size_t max, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        if (out[i].width == s.width && out[i].height == s.height) return;
    }
    if (*n < max) out[(*n)++] = s;
}

/* "300x250" */
static bool size_read(struct str text, struct gam_size *out)
{
    int v[2] = { 0, 0 }, k = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == 'x' && k == 0 && i > 0) {
            k = 1;
        } else if (c < '0' || c > '9' || v[k] > 9999) {
            return false;
        } else {
            v[k] = 10 * v[k] + (c - '0');
        }
    }
    *out = (struct gam_size){ v[0], v[1] };
    return k == 1 && v[0] > 0 && v[1] > 0;
}

size_t gam_sizes_of(const struct plan_package *p, struct gam_size *out, size_t max)
{
    size_t n = 0, i, m;
    struct gam_size s;
    struct arena a;
    yyjson_val *v;
    for (i = 0; i < p->formats_n; i++) {
        if (p->formats[i].width <= 0 || p->formats[i].height <= 0) continue;
        size_add((struct gam_size){ p->formats[i].width, p->formats[i].height }, out, max, &n);
    }
    if (n) return n;
    arena_init(&a);
    yyjson_arr_foreach(doc_arr(settings_of(&a, p), "sizes"), i, m, v) {
        if (size_read(doc_text(v), &s)) size_add(s, out, max, &n);
    }
    arena_finish(&a);
    return n;
}

void gam_add_size(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct gam_size s)
{
    yyjson_mut_val *size = doc_add_obj(d, obj, key);
    doc_add_i64(d, size, "width", s.width);
    doc_add_i64(d, size, "height", s.height);
    doc_add_str(d, size, "sizeType", STR("PIXEL"));
}

/* ---- the line item ---- */

static void add_money(struct arena *a, yyjson_mut_doc *d, yyjson_mut_val *item, const char *currency, int64_t micros)
{
    yyjson_mut_val *m = doc_add_obj(d, item, "rate");
    int64_t nanos = micros % MICROS_PER_UNIT * NANOS_PER_MICRO;
    doc_add_str(d, m, "currencyCode", str_from(currency));
    doc_add_str(d, m, "units", arena_printf(a, "%lld", (long long)(micros / MICROS_PER_UNIT)));
    if (nanos) doc_add_i64(d, m, "nanos", nanos);
}

static void add_time(struct arena *a, yyjson_mut_doc *d, yyjson_mut_val *item, const char *key, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    doc_add_str(d, item, key, arena_dup(a, (struct str){ text, n }));
}

static const char *pace_of(enum plan_pacing p)
{
    switch (p) {
    case PACING_EVEN: return "EVENLY";
    case PACING_ASAP: return "AS_FAST_AS_POSSIBLE";
    case PACING_FRONT_LOADED: return "FRONTLOADED";
    }
    ENSURE(!"a pacing out of its enum");
}

static bool weighted(const struct plan_package *p)
{
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].weight > 0) return true;
    }
    return false;
}

static void add_goal(struct adapter_op *op, yyjson_mut_doc *d, yyjson_mut_val *item, const struct gam_deal *deal)
{
    yyjson_mut_val *g = doc_add_obj(d, item, "goal");
    doc_add_str(d, g, "goalType", deal->percent ? STR("DAILY") : STR("LIFETIME"));
    doc_add_str(d, g, "unitType", str_from(deal->unit_type));
    doc_add_str(d, g, "units", arena_printf(op->arena, "%lld", (long long)deal->units));
}

static void add_placeholders(yyjson_mut_doc *d, yyjson_mut_val *item, const struct plan_package *p)
{
    struct gam_size sizes[SIZES_MAX];
    size_t n = gam_sizes_of(p, sizes, SIZES_MAX);
    yyjson_mut_val *list = doc_add_arr(d, item, "creativePlaceholders");
    for (size_t i = 0; i < n; i++) gam_add_size(d, doc_push_obj(d, list), "size", sizes[i]);
}

yyjson_mut_val *gam_item_make(struct adapter_op *op, const struct gam_item_of *of, const struct plan_package *p)
{
    const struct gam_config *c = op->config;
    struct title_words words = { op->plan, p };
    struct gam_deal deal;
    const char *member, *why;
    yyjson_mut_doc *d = of->doc;
    yyjson_mut_val *item = yyjson_mut_obj(d);
    struct str zone = op->zone.n ? op->zone : op->site->timezone;
    if (!gam_deal_of(p, zone, &deal, &member, &why)) {
        adapter_problem_add(&op->problems, p->package_id, member, "%s", why);
        return NULL;
    }
    yyjson_val *settings = settings_of(op->arena, p);
    doc_add_str(d, item, "order", of->order);
    doc_add_str(d, item, "displayName", title_make(op->arena, c->line_item_name, &words, p->package_id, GAM_NAME_MAX));
    doc_add_str(d, item, "externalLineItemId", p->package_id);
    doc_add_str(d, item, "lineItemType", str_from(gam_type_name(deal.type)));
    if (doc_has(settings, "priority")) doc_add_i64(d, item, "priority", doc_i64(settings, "priority", 0));
    doc_add_str(d, item, "costType", str_from(deal.cost_type));
    add_money(op->arena, d, item, op->plan->currency, deal.rate_micros);
    doc_add_str(d, item, "creativeRotationType", weighted(p) ? STR("WEIGHTED") : STR("EVENLY"));
    doc_add_str(d, item, "deliveryRateType", str_from(pace_of(p->pacing)));
    if (p->medium == MEDIUM_VIDEO || p->medium == MEDIUM_AUDIO) {
        doc_add_str(d, item, "environmentType", STR("VIDEO_PLAYER"));
    }
    add_placeholders(d, item, p);
    add_time(op->arena, d, item, "startTime", p->start_at);
    add_time(op->arena, d, item, "targetEndTime", p->end_at);
    add_goal(op, d, item, &deal);
    return gam_add_targeting(op, of->needs, p, of->root_ad_unit, d, item) ? NULL : item;
}

/* ---- what was sent ---- */

static const char *const changeable[] = {
    "rate", "creativeRotationType", "deliveryRateType", "creativePlaceholders", "startTime",
    "goal", "targetEndTime",        "targeting",        "frequencyCaps",
};

static void digest(struct str text, char out[17])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t h[SHA256_BYTES];
    sha256(text, h);
    for (int i = 0; i < 8; i++) {
        out[2 * i] = hex[h[i] >> 4];
        out[2 * i + 1] = hex[h[i] & 15];
    }
    out[16] = 0;
}

void gam_sent_of(struct arena *a, yyjson_mut_val *item, struct gam_sent *out)
{
    out->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(changeable); i++) {
        const yyjson_mut_val *v = yyjson_mut_obj_get(item, changeable[i]);
        out->name[out->n] = changeable[i];
        digest(v ? doc_write(a, v) : STR("null"), out->digest[out->n]);
        out->n++;
    }
}

/* ---- what is remembered ---- */

void gam_recall(const struct adapter_op *op, struct str line_item_id, struct gam_memory *out)
{
    struct adapter_item item;
    *out = (struct gam_memory){ .known = false };
    if (!op->catalog->get(op->catalog, "line_item", line_item_id, &item)) return;
    yyjson_val *root = doc_read(op->arena, item.doc), *sent = doc_obj(root, "sent");
    out->known = sent != NULL;
    out->paused = doc_bool(root, "paused", false);
    for (size_t i = 0; i < ARRAY_LEN(changeable); i++) {
        struct str d = doc_str(sent, changeable[i]);
        if (d.n != 16) continue;
        out->sent.name[out->sent.n] = changeable[i];
        memcpy(out->sent.digest[out->sent.n], d.p, 16);
        out->sent.digest[out->sent.n++][16] = 0;
    }
}

void gam_remember(struct adapter_op *op, struct str line_item_id, struct str package_id, const struct gam_memory *m)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *sent = doc_add_obj(d, root, "sent");
    for (size_t i = 0; i < m->sent.n; i++) {
        doc_add_str(d, sent, m->sent.name[i], arena_dup(op->arena, str_from(m->sent.digest[i])));
    }
    doc_add_bool(d, root, "paused", m->paused);
    struct adapter_item item = {
        .kind = STR("line_item"), .remote_id = line_item_id, .key = package_id, .doc = doc_write(op->arena, root)
    };
    adapter_item_add(op, &item);
}
