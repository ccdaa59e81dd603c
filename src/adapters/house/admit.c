#include "adapters/house/house.h"

#include "base/arena.h"
#include "base/rfc3339.h"

#define FLIGHT_DAYS_MAX 3660
#define WANTED_MAX      64 /* bytes of a word */

/* ---- slots ---- */

static struct str text_of(yyjson_val *v)
{
    return (struct str){ yyjson_get_str(v), yyjson_get_len(v) };
}

static enum plan_medium slot_medium(yyjson_val *slot)
{
    yyjson_val *m = yyjson_obj_get(slot, "medium");
    if (yyjson_equals_str(m, "video")) return MEDIUM_VIDEO;
    return yyjson_equals_str(m, "audio") ? MEDIUM_AUDIO : MEDIUM_DISPLAY;
}

static bool slot_has_size(yyjson_val *slot, int width, int height)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(slot, "sizes"), i, n, v) {
        if (yyjson_get_sint(yyjson_obj_get(v, "width")) == width &&
            yyjson_get_sint(yyjson_obj_get(v, "height")) == height) {
            return true;
        }
    }
    return false;
}

/* What must fit: a format, or a creative of one. */
struct shape {
    enum plan_medium medium;
    int width, height;   /* 0: whatever the place has */
    int64_t duration_ms; /* 0: any */
};

static bool shape_fits(const struct shape *s, yyjson_val *slot)
{
    yyjson_val *longest = yyjson_obj_get(slot, "max_duration_seconds");
    if (slot_medium(slot) != s->medium) return false;
    if (longest && s->duration_ms > yyjson_get_sint(longest) * 1000) return false;
    return s->medium != MEDIUM_DISPLAY || s->width == 0 || slot_has_size(slot, s->width, s->height);
}

/* How many of the package's slots there are, and how many of these take the shape (NULL: any). */
struct counted_slots {
    size_t there, fitting;
};

static struct counted_slots count_slots(const struct plan_package *p, const struct adapter_catalog *catalog,
                                        const struct shape *shape)
{
    struct counted_slots c = { 0, 0 };
    yyjson_doc *doc = p->settings.n ? yyjson_read(p->settings.p, p->settings.n, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "slots"), i, n, v) {
        struct adapter_item item;
        if (!yyjson_is_str(v) || !catalog->find(catalog, "slot", text_of(v), &item)) continue;
        yyjson_doc *slot = yyjson_read(item.doc.p, item.doc.n, YYJSON_READ_NOFLAG);
        c.there++;
        c.fitting += shape == NULL || shape_fits(shape, yyjson_doc_get_root(slot));
        yyjson_doc_free(slot);
    }
    yyjson_doc_free(doc);
    return c;
}

static void admit_slots(const struct plan_package *p, const struct adapter_catalog *catalog,
                        struct adapter_problems *out)
{
    if (count_slots(p, catalog, NULL).there == 0) {
        adapter_problem_add(out, p->package_id, "product_id", "the product names no slot of this publisher");
        return;
    }
    for (size_t i = 0; i < p->formats_n; i++) {
        const struct plan_format *f = &p->formats[i];
        struct shape shape = { f->medium, f->width, f->height, f->duration_ms };
        if (count_slots(p, catalog, &shape).fitting) return;
    }
    if (p->formats_n)
        adapter_problem_add(out, p->package_id, "format_ids", "no slot of the product takes these formats");
}

/* A creative's medium is its format's; one whose format is not among the package's is taken for what the package is. */
static enum plan_medium creative_medium(const struct plan_package *p, const struct plan_creative *c)
{
    for (size_t i = 0; i < p->formats_n; i++) {
        if (str_eq(p->formats[i].format_id, c->format_id)) return p->formats[i].medium;
    }
    return p->medium;
}

void house_check_creatives(const struct plan *plan, const struct adapter_catalog *catalog, struct adapter_problems *out)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        for (size_t k = 0; k < p->creatives_n; k++) {
            const struct plan_creative *c = &p->creatives[k];
            struct shape shape = { creative_medium(p, c), c->width, c->height, 0 };
            if (count_slots(p, catalog, &shape).fitting) continue;
            adapter_problem_creative(out, c->creative_id, "no slot of its package is %dx%d", c->width, c->height);
        }
    }
}

/* ---- prices ---- */

static void admit_price(const struct plan_package *p, struct adapter_problems *out)
{
    switch (p->pricing_model) {
    case PRICING_CPM:
    case PRICING_VCPM:
    case PRICING_CPC:
    case PRICING_CPCV:
        if (p->rate_micros <= 0) {
            adapter_problem_add(out, p->package_id, "bid_price", "there is no price per %s unit",
                                pricing_model_name(p->pricing_model));
        } else if (pricing_cost(p->pricing_model, p->rate_micros, 1) > p->budget_micros) {
            adapter_problem_add(out, p->package_id, "budget", "the budget does not pay for a single unit at %s",
                                pricing_model_name(p->pricing_model));
        }
        return;
    case PRICING_FLAT_RATE:
    case PRICING_TIME: return;
    case PRICING_CPV:
    case PRICING_CPP:
    case PRICING_CPA:
    case PRICING_MODELS_N: break;
    }
    adapter_problem_add(out, p->package_id, "pricing_option_id", "this ad server does not count what %s pays for",
                        pricing_model_name(p->pricing_model));
}

/* ---- targeting ---- */

static bool is_one_of(yyjson_val *v, const char *const *words)
{
    for (; *words; words++) {
        if (yyjson_equals_str(v, *words)) return true;
    }
    return false;
}

static void admit_cap(const struct plan_package *p, yyjson_val *cap, struct adapter_problems *out)
{
    static const char *const units[] = { "devices", "cookies", NULL };
    static const char *const spans[] = { "seconds", "minutes", "hours", "days", "campaign", NULL };
    yyjson_val *per = yyjson_obj_get(cap, "per"), *window = yyjson_obj_get(yyjson_obj_get(cap, "window"), "unit");
    yyjson_val *suppress = yyjson_obj_get(yyjson_obj_get(cap, "suppress"), "unit");
    if (per && !is_one_of(per, units)) {
        adapter_problem_add(out, p->package_id, "targeting_overlay/frequency_cap/per",
                            "this ad server tells devices apart, not %.*s; say devices or cookies", WANTED_MAX,
                            yyjson_is_str(per) ? yyjson_get_str(per) : "that");
    }
    if ((window && !is_one_of(window, spans)) || (suppress && !is_one_of(suppress, spans))) {
        adapter_problem_add(out, p->package_id, "targeting_overlay/frequency_cap",
                            "windows are of seconds, minutes, hours, days or the campaign");
    }
}

static void admit_targeting(const struct plan_package *p, struct adapter_problems *out)
{
    static const char *const known[] = { "geo_countries",
                                         "geo_countries_exclude",
                                         "device_type",
                                         "device_type_exclude",
                                         "device_platform",
                                         "language",
                                         "daypart_targets",
                                         "frequency_cap",
                                         "property_list",
                                         "context",
                                         "ext",
                                         NULL };
    yyjson_doc *doc = p->targeting.n ? yyjson_read(p->targeting.p, p->targeting.n, YYJSON_READ_NOFLAG) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc), *key, *v;
    size_t i, n;
    yyjson_obj_foreach(root, i, n, key, v) {
        char member[96];
        if (is_one_of(key, known)) continue;
        (void)snprintf(member, sizeof(member), "targeting_overlay/%.60s", yyjson_get_str(key));
        adapter_problem_add(out, p->package_id, member,
                            "this ad server knows nothing of visitors by which to honour it");
    }
    yyjson_val *cap = yyjson_obj_get(root, "frequency_cap");
    if (cap) admit_cap(p, cap, out);
    yyjson_doc_free(doc);
}

/* ---- the plan ---- */

void house_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                 struct adapter_problems *out)
{
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->end_at <= p->start_at) {
            adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
        } else if ((p->end_at - p->start_at) / USEC_PER_DAY >= FLIGHT_DAYS_MAX) {
            adapter_problem_add(out, p->package_id, "end_time", "the flight is longer than %d days", FLIGHT_DAYS_MAX);
        }
        admit_price(p, out);
        admit_slots(p, catalog, out);
        admit_targeting(p, out);
    }
}
