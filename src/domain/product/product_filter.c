/* See product_filter.h. */
#include "domain/product/product_filter.h"

#include "base/rfc3339.h"
#include "domain/product/targeting_values.h"

static const char *const names[FILTER_REASONS_N] = {
    [FILTER_DELIVERY_TYPE] = "delivery_type",
    [FILTER_EXCLUSIVITY] = "exclusivity",
    [FILTER_IS_FIXED_PRICE] = "is_fixed_price",
    [FILTER_PRICING_STRUCTURES] = "pricing_structures",
    [FILTER_PRICING_CURRENCIES] = "pricing_currencies",
    [FILTER_FORMAT_IDS] = "format_ids",
    [FILTER_FORMAT_KINDS] = "format_kinds",
    [FILTER_FORMAT_OPTION_REFS] = "format_option_refs",
    [FILTER_STANDARD_FORMATS] = "standard_formats_only",
    [FILTER_MIN_EXPOSURES] = "min_exposures",
    [FILTER_DATES] = "start_date",
    [FILTER_BUDGET_RANGE] = "budget_range",
    [FILTER_COUNTRIES] = "countries",
    [FILTER_REGIONS] = "regions",
    [FILTER_METROS] = "metros",
    [FILTER_POSTAL_AREAS] = "postal_areas",
    [FILTER_GEO_PROXIMITY] = "geo_proximity",
    [FILTER_CHANNELS] = "channels",
    [FILTER_VIDEO_PLACEMENT_TYPES] = "video_placement_types",
    [FILTER_AUDIO_DISTRIBUTION_TYPES] = "audio_distribution_types",
    [FILTER_SPONSORED_PLACEMENT_TYPES] = "sponsored_placement_types",
    [FILTER_SOCIAL_PLACEMENT_SURFACES] = "social_placement_surfaces",
    [FILTER_REQUIRED_AXE_INTEGRATIONS] = "required_axe_integrations",
    [FILTER_TRUSTED_MATCH] = "trusted_match",
    [FILTER_REQUIRED_GEO_TARGETING] = "required_geo_targeting",
    [FILTER_REQUIRED_FEATURES] = "required_features",
    [FILTER_SIGNAL_TARGETING] = "signal_targeting",
    [FILTER_REQUIRED_PERFORMANCE_STANDARDS] = "required_performance_standards",
    [FILTER_REQUIRED_METRICS] = "required_metrics",
    [FILTER_REQUIRED_VENDOR_METRICS] = "required_vendor_metrics",
    [FILTER_REQUIRED_POLICIES] = "required_policies",
    [FILTER_PROPERTY_LIST] = "property_list",
    [FILTER_CATALOG] = "catalog",
};

const char *filter_reason_name(enum filter_reason r)
{
    ENSURE(r < FILTER_REASONS_N);
    return names[r];
}

/* ---- reading ---- */

static int read_date(yyjson_val *filters, const char *key, int64_t *day, struct err *e)
{
    struct str s = STR_NONE;
    if (json_opt_str(JSON_FIELD(filters, key, "/filters"), (struct json_len){ 1, 32 }, &s, e)) return -1;
    if (s.n == 0 || rfc3339_parse_date(s, day) == 0) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s is not a date that exists (YYYY-MM-DD).", key);
    return err_field(e, "/filters/%s", key);
}

static int read_budget(yyjson_val *filters, struct product_filter *f, struct err *e)
{
    yyjson_val *range = NULL;
    const char *at = "/filters/budget_range";
    if (json_opt_obj(JSON_FIELD(filters, "budget_range", "/filters"), &range, e)) return -1;
    if (json_opt_money(JSON_FIELD(range, "min", at), &f->budget_min, e)) return -1;
    if (json_opt_money(JSON_FIELD(range, "max", at), &f->budget_max, e)) return -1;
    f->budget_currency = json_str(range, "currency");
    if (f->budget_min >= 0 && f->budget_max >= 0 && f->budget_max < f->budget_min) {
        (void)err_set(e, "INVALID_REQUEST", "The budget range ends before it begins.");
        return err_field(e, "%s/max", at);
    }
    return 0;
}

/* Each product of the publisher is held against each word of these, for callers that nobody knows, too. */
#define WORDS_MAX        2000
#define POSTAL_CODES_MAX 50000 /* of all areas together; the United States have 42,000 */

static int too_many(const char *at, struct str member, size_t max, struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", STR_FMT " may hold at most %zu.", STR_ARG(member), max);
    return err_field(e, "%s/" STR_FMT, at, STR_ARG(member));
}

static int check_sizes(const struct product_filter *f, struct err *e)
{
    yyjson_val *key, *val, *area;
    size_t i, n, codes = 0;
    if (yyjson_arr_size(f->required_policies) > WORDS_MAX) return too_many("", STR("required_policies"), WORDS_MAX, e);
    yyjson_obj_foreach(f->filters, i, n, key, val) {
        size_t size = yyjson_is_arr(val) ? yyjson_arr_size(val) : yyjson_obj_size(val);
        if (size > WORDS_MAX) return too_many("/filters", json_val_str(key), WORDS_MAX, e);
    }
    yyjson_arr_foreach(json_arr(f->filters, "postal_areas"), i, n, area)
        codes += yyjson_arr_size(json_arr(area, "values"));
    return codes > POSTAL_CODES_MAX ? too_many("/filters", STR("postal_areas"), POSTAL_CODES_MAX, e) : 0;
}

/* Beside a flight it would be a second answer to the same question, so its schema excludes that. */
static int read_horizon(yyjson_val *filters, struct product_filter *f, struct err *e)
{
    const char *at = "/filters/availability_horizon";
    yyjson_val *horizon = json_obj(filters, "availability_horizon");
    if (!horizon) return 0;
    if (json_req_time(JSON_FIELD(horizon, "start_time", at), &f->horizon_start_at, e) ||
        json_req_time(JSON_FIELD(horizon, "end_time", at), &f->horizon_end_at, e)) {
        return -1;
    }
    if (f->horizon_end_at > f->horizon_start_at) return 0;
    (void)err_set(e, "INVALID_REQUEST", "end_time must be after start_time");
    return err_field(e, "%s/end_time", at);
}

int product_filter_read(yyjson_val *args, const struct tenant_settings *ts, struct product_filter *out, struct err *e)
{
    struct product_filter f = { .ts = ts,
                                .price_kind = -1,
                                .budget_min = -1,
                                .budget_max = -1,
                                .start_at = TIME_NONE,
                                .end_at = TIME_NONE,
                                .catalog_type = json_str(json_obj(args, "catalog"), "type"),
                                .horizon_start_at = TIME_NONE,
                                .horizon_end_at = TIME_NONE,
                                .required_policies = json_arr(args, "required_policies") };
    if (json_opt_obj(JSON_FIELD(args, "filters", ""), &f.filters, e) || check_sizes(&f, e)) return -1;
    bool fixed = false;
    if (json_opt_bool(JSON_FIELD(f.filters, "is_fixed_price", "/filters"), &fixed, e)) return -1;
    if (json_has(f.filters, "is_fixed_price")) f.price_kind = fixed;
    const struct json_range exposures = { 0, INT64_C(1000000000000) };
    if (json_opt_i64(JSON_FIELD(f.filters, "min_exposures", "/filters"), exposures, &f.min_exposures, e)) return -1;
    if (read_date(f.filters, "start_date", &f.start_at, e) || read_date(f.filters, "end_date", &f.end_at, e)) return -1;
    if (f.end_at != TIME_NONE) f.end_at += USEC_PER_DAY; /* the day named is the last of the flight */
    if (f.start_at != TIME_NONE && f.end_at != TIME_NONE && f.end_at <= f.start_at) {
        (void)err_set(e, "INVALID_REQUEST", "end_date is before start_date.");
        return err_field(e, "/filters/end_date");
    }
    if (read_budget(f.filters, &f, e) || read_horizon(f.filters, &f, e)) return -1;
    *out = f;
    return 0;
}

bool product_filter_empty(const struct product_filter *f)
{
    return yyjson_obj_size(f->filters) == 0 && yyjson_arr_size(f->required_policies) == 0 && !f->properties &&
           !f->catalog_type.n;
}

/* ---- checking ---- */

static bool arr_has(yyjson_val *arr, struct str s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) {
        if (s.n && str_eq(json_val_str(v), s)) return true;
    }
    return false;
}

static bool meet(yyjson_val *x, yyjson_val *y)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(x, i, n, v) {
        if (arr_has(y, json_val_str(v))) return true;
    }
    return false;
}

static bool covers(yyjson_val *have, yyjson_val *asked)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(asked, i, n, v) {
        if (!arr_has(have, json_val_str(v))) return false;
    }
    return true;
}

static yyjson_val *ours(const struct product *p)
{
    return json_obj(json_obj(p->doc, "ext"), "salesagent");
}

/* Countries a product is limited to; NULL when it is not. */
static yyjson_val *product_countries(const struct product *p)
{
    yyjson_val *stated = json_arr(p->doc, "countries");
    return stated ? stated : json_arr(json_obj(ours(p), "targeting"), "geographic");
}

/* True when one of the ISO 3166-2 regions ("US-NY") lies in a country the product reaches. */
static bool regions_reached(const struct product *p, yyjson_val *regions)
{
    yyjson_val *countries = product_countries(p), *stated = json_arr(ours(p), "regions");
    if (stated) return meet(regions, stated);
    size_t i, n;
    yyjson_val *v;
    if (!countries) return true;
    yyjson_arr_foreach(regions, i, n, v) {
        struct str s = json_val_str(v);
        if (s.n > 2 && arr_has(countries, (struct str){ s.p, 2 })) return true;
    }
    return false;
}

/* AdCP 3.2 enums/pricing-structure.json. Nothing here is priced by what comes of it ("contingent"). */
static bool of_structure(const struct product_filter *f, const struct pricing_option *o)
{
    yyjson_val *structures = json_arr(f->filters, "pricing_structures");
    return !structures || arr_has(structures, o->fixed_price_micros >= 0 ? STR("fixed") : STR("auction"));
}

bool product_filter_option(const struct product_filter *f, const struct pricing_option *o)
{
    if (f->price_kind >= 0 && (o->fixed_price_micros >= 0) != (f->price_kind == 1)) return false;
    yyjson_val *currencies = json_arr(f->filters, "pricing_currencies");
    if (!of_structure(f, o)) return false;
    return !currencies || arr_has(currencies, str_from(o->currency));
}

static bool any_option(const struct product_filter *f, const struct product *p)
{
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        if (product_filter_option(f, &p->pricing_options[i])) return true;
    }
    return false;
}

static bool takes_a_format(const struct product_filter *f, const struct product *p, yyjson_val *asked)
{
    size_t i, n;
    yyjson_val *v;
    struct format_ref ref;
    yyjson_arr_foreach(asked, i, n, v) {
        if (format_ref_read(v, &ref) && product_takes_format(p, &ref)) return true;
    }
    return false;
}

static bool in_budget(const struct product_filter *f, const struct product *p)
{
    if (f->budget_min < 0 && f->budget_max < 0) return true;
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        if (f->budget_currency.n && !str_is(f->budget_currency, o->currency)) continue;
        if (f->budget_max < 0 || o->min_spend_micros <= f->budget_max) return true;
    }
    return false;
}

static bool enough(const struct product_filter *f, const struct product *p)
{
    if (f->min_exposures == 0 || p->daily_impressions < 0) return true;
    int64_t days = 30; /* what a flight is taken for when no dates are given */
    if (f->start_at != TIME_NONE && f->end_at != TIME_NONE) days = (f->end_at - f->start_at) / USEC_PER_DAY;
    return f->min_exposures / days <= p->daily_impressions;
}

static bool words_of(const struct product_filter *f, const struct product *p, const char *member)
{
    yyjson_val *asked = json_arr(f->filters, member);
    return !asked || meet(asked, json_arr(p->doc, member));
}

static bool meets_standards(const struct product *p, yyjson_val *asked)
{
    yyjson_val *have = json_arr(p->doc, "performance_standards"), *a, *h;
    size_t i, n, j, m;
    yyjson_arr_foreach(asked, i, n, a) {
        bool met = false;
        struct str vendor = json_str(json_obj(a, "vendor"), "domain"), standard = json_str(a, "standard");
        yyjson_arr_foreach(have, j, m, h) {
            bool same = str_eq(json_str(a, "metric"), json_str(h, "metric")) &&
                        (vendor.n == 0 || str_eq(vendor, json_str(json_obj(h, "vendor"), "domain"))) &&
                        (standard.n == 0 || str_eq(standard, json_str(h, "standard")));
            met = met || (same && json_real_or(h, "threshold", 0) >= json_real_or(a, "threshold", 0));
        }
        if (!met) return false;
    }
    return true;
}

static bool has_vendor_metrics(const struct product *p, yyjson_val *asked)
{
    yyjson_val *have = json_arr(json_obj(p->doc, "reporting_capabilities"), "vendor_metrics"), *a, *h;
    size_t i, n, j, m;
    yyjson_arr_foreach(asked, i, n, a) {
        bool met = false;
        struct str vendor = json_str(json_obj(a, "vendor"), "domain"), metric = json_str(a, "metric_id");
        yyjson_arr_foreach(have, j, m, h) {
            met = met || ((vendor.n == 0 || str_eq(vendor, json_str(json_obj(h, "vendor"), "domain"))) &&
                          (metric.n == 0 || str_eq(metric, json_str(h, "metric_id"))));
        }
        if (!met) return false;
    }
    return true;
}

static bool has_features(const struct product_filter *f, yyjson_val *asked)
{
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(asked, i, n, key, val) {
        if (yyjson_is_true(val) && !(f->feature && f->feature(json_val_str(key)))) return false;
    }
    return true;
}

/* Levels of the publisher's own targeting: country, state or region, dma or metro, zip or postal. */
static bool geo_targeting(const struct product_filter *f, yyjson_val *asked)
{
    static const struct {
        const char *level, *words[2];
    } levels[] = { { "country", { "country", "country" } },
                   { "region", { "state", "region" } },
                   { "metro", { "dma", "metro" } },
                   { "postal_area", { "zip", "postal_area" } } };
    yyjson_val *own = json_arr(json_obj(json_obj(f->ts->doc, "capabilities"), "targeting"), "geographic"), *v;
    size_t i, n;
    yyjson_arr_foreach(asked, i, n, v) {
        bool has = false;
        for (size_t l = 0; l < ARRAY_LEN(levels); l++) {
            if (!str_is(json_str(v, "level"), levels[l].level)) continue;
            has = !own || arr_has(own, str_from(levels[l].words[0])) || arr_has(own, str_from(levels[l].words[1]));
        }
        struct str system = json_str(v, "system");
        if (str_is(json_str(v, "level"), "metro") && system.n && !str_is(system, "nielsen_dma")) has = false;
        if (!has) return false;
    }
    return true;
}

/* Local inventory says where it is (ext.salesagent.postal_areas, entries as in the filter); what is not bound to a place
 * reaches every one. Systems are compared by country and name, the older fused tokens ("us_zip") as they are. */
static bool postal_areas_reached(const struct product *p, yyjson_val *asked)
{
    yyjson_val *own = json_arr(ours(p), "postal_areas"), *a, *h;
    size_t i, n, j, m;
    if (!own) return true;
    yyjson_arr_foreach(asked, i, n, a) {
        yyjson_arr_foreach(own, j, m, h) {
            bool same = str_eq(json_str(a, "country"), json_str(h, "country")) &&
                        str_eq(json_str(a, "system"), json_str(h, "system"));
            if (same && meet(json_arr(a, "values"), json_arr(h, "values"))) return true;
        }
    }
    return false;
}

static bool takes_a_standard(const struct product_filter *f, const struct product *p)
{
    for (size_t i = 0; i < p->formats_n; i++) {
        if (f->standard_format && f->standard_format(f->standard_arg, &p->formats[i])) return true;
    }
    return p->formats_n == 0; /* any format of the publisher */
}

/* By the product's own declarations, else by what its named formats are; one that takes any format takes these. */
static bool takes_a_kind(const struct product_filter *f, const struct product *p, yyjson_val *kinds)
{
    yyjson_val *declared = json_arr(p->doc, "format_options"), *v;
    size_t i, n;
    yyjson_arr_foreach(declared, i, n, v) {
        if (arr_has(kinds, json_str(v, "format_kind"))) return true;
    }
    for (i = 0; !declared && i < p->formats_n; i++) {
        const char *kind = f->format_kind ? f->format_kind(f->standard_arg, &p->formats[i]) : NULL;
        if (kind && arr_has(kinds, str_from(kind))) return true;
    }
    return !declared && p->formats_n == 0;
}

static bool sold_by(const struct product *p, struct str domain)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(p->doc, "publisher_properties"), i, n, v) {
        if (str_eq(json_str(v, "publisher_domain"), domain)) return true;
    }
    return false;
}

/* AdCP 3.2 core/format-option-ref.json: an option of the product, or one of a publisher's whose inventory it is. */
static bool takes_an_option(const struct product *p, yyjson_val *refs)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(refs, i, n, v) {
        struct str domain = json_str(v, "publisher_domain");
        if (product_has_option(p, json_str(v, "format_option_id")) && (!domain.n || sold_by(p, domain))) return true;
    }
    return false;
}

static enum filter_reason check_formats(const struct product_filter *f, const struct product *p)
{
    yyjson_val *asked;
    if ((asked = json_arr(f->filters, "format_ids")) && !takes_a_format(f, p, asked)) return FILTER_FORMAT_IDS;
    if ((asked = json_arr(f->filters, "format_kinds")) && !takes_a_kind(f, p, asked)) return FILTER_FORMAT_KINDS;
    if ((asked = json_arr(f->filters, "format_option_refs")) && !takes_an_option(p, asked))
        return FILTER_FORMAT_OPTION_REFS;
    bool standard = json_bool_or(f->filters, "standard_formats_only", false);
    return standard && !takes_a_standard(f, p) ? FILTER_STANDARD_FORMATS : FILTER_PASSED;
}

/* What is asked about where, and about placement. */
static enum filter_reason check_places(const struct product_filter *f, const struct product *p)
{
    yyjson_val *asked;
    if ((asked = json_arr(f->filters, "countries")) && product_countries(p) && !meet(asked, product_countries(p))) {
        return FILTER_COUNTRIES;
    }
    if ((asked = json_arr(f->filters, "regions")) && !regions_reached(p, asked)) return FILTER_REGIONS;
    /* Local inventory would have to say so; ours is not bound to metros or postal areas unless it does. */
    if (json_arr(f->filters, "metros") && json_has(ours(p), "metros") &&
        !meet(json_arr(ours(p), "metros"), json_arr(f->filters, "metros"))) {
        return FILTER_METROS;
    }
    if ((asked = json_arr(f->filters, "postal_areas")) && !postal_areas_reached(p, asked)) return FILTER_POSTAL_AREAS;
    if (json_arr(f->filters, "geo_proximity")) return FILTER_GEO_PROXIMITY; /* no seller feature here */
    if ((asked = json_arr(f->filters, "required_geo_targeting")) && !geo_targeting(f, asked)) {
        return FILTER_REQUIRED_GEO_TARGETING;
    }
    if ((asked = json_arr(f->filters, "channels")) && !meet(asked, json_arr(p->doc, "channels")))
        return FILTER_CHANNELS;
    if (!words_of(f, p, "video_placement_types")) return FILTER_VIDEO_PLACEMENT_TYPES;
    if (!words_of(f, p, "audio_distribution_types")) return FILTER_AUDIO_DISTRIBUTION_TYPES;
    if (!words_of(f, p, "sponsored_placement_types")) return FILTER_SPONSORED_PLACEMENT_TYPES;
    if (!words_of(f, p, "social_placement_surfaces")) return FILTER_SOCIAL_PLACEMENT_SURFACES;
    return f->properties && !property_filter_admits(f->properties, p) ? FILTER_PROPERTY_LIST : FILTER_PASSED;
}

/* A product that is sold for catalogs says for which types; only these match. */
static bool takes_catalogs(const struct product_filter *f, const struct product *p)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(p->doc, "catalog_types"), i, n, v) {
        if (str_eq(json_val_str(v), f->catalog_type)) return true;
    }
    return f->catalog_type.n == 0;
}

/* What is asked of the seller's and the product's commitments. */
static enum filter_reason check_commitments(const struct product_filter *f, const struct product *p)
{
    yyjson_val *asked, *reporting = json_obj(p->doc, "reporting_capabilities");
    if ((asked = json_arr(f->filters, "required_metrics")) &&
        !covers(json_arr(reporting, "available_metrics"), asked)) {
        return FILTER_REQUIRED_METRICS;
    }
    if ((asked = json_arr(f->filters, "required_vendor_metrics")) && !has_vendor_metrics(p, asked)) {
        return FILTER_REQUIRED_VENDOR_METRICS;
    }
    if ((asked = json_arr(f->filters, "required_performance_standards")) && !meets_standards(p, asked)) {
        return FILTER_REQUIRED_PERFORMANCE_STANDARDS;
    }
    if ((asked = json_obj(f->filters, "required_features")) && !has_features(f, asked)) return FILTER_REQUIRED_FEATURES;
    if (yyjson_arr_size(json_arr(f->filters, "required_axe_integrations")) > 0) return FILTER_REQUIRED_AXE_INTEGRATIONS;
    if (json_obj(f->filters, "trusted_match") && !json_obj(p->doc, "trusted_match")) return FILTER_TRUSTED_MATCH;
    if (json_arr(f->filters, "signal_targeting") && !json_bool_or(p->doc, "signal_targeting_allowed", false)) {
        return FILTER_SIGNAL_TARGETING;
    }
    if (f->required_policies && !covers(json_arr(p->doc, "enforced_policies"), f->required_policies)) {
        return FILTER_REQUIRED_POLICIES;
    }
    return FILTER_PASSED;
}

enum filter_reason product_filter_check(const struct product_filter *f, const struct product *p)
{
    if (product_filter_empty(f)) return FILTER_PASSED;
    struct str delivery = json_str(f->filters, "delivery_type"), exclusivity = json_str(f->filters, "exclusivity");
    if (delivery.n && !str_is(delivery, p->guaranteed ? "guaranteed" : "non_guaranteed")) return FILTER_DELIVERY_TYPE;
    if (exclusivity.n) {
        struct str own = json_str(p->doc, "exclusivity");
        if (!str_eq(exclusivity, own.n ? own : STR("none"))) return FILTER_EXCLUSIVITY;
    }
    if (!any_option(f, p)) {
        if (f->price_kind >= 0) return FILTER_IS_FIXED_PRICE;
        return json_has(f->filters, "pricing_structures") ? FILTER_PRICING_STRUCTURES : FILTER_PRICING_CURRENCIES;
    }
    enum filter_reason r = check_formats(f, p);
    if (r != FILTER_PASSED) return r;
    if (!in_budget(f, p)) return FILTER_BUDGET_RANGE;
    if (!enough(f, p)) return FILTER_MIN_EXPOSURES;
    if (!takes_catalogs(f, p)) return FILTER_CATALOG;
    r = check_places(f, p);
    return r != FILTER_PASSED ? r : check_commitments(f, p);
}
