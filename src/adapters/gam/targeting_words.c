/* Words of a targeting overlay and what Ad Manager calls them, where that follows from a rule or does not change: kinds of devices,
 * platforms, metros, postal codes, how often. */
#include "adapters/gam/gam_targeting.h"

static const struct {
    const char *word, *id;
} devices[] = { { "desktop", "30000" }, { "mobile", "30001" }, { "tablet", "30002" }, { "ctv", "30004" } };

static const struct {
    const char *word, *name;
} platforms[] = {
    { "ios", "Apple iOS" },   { "android", "Android" }, { "windows", "Windows" },
    { "macos", "Macintosh" }, { "linux", "Linux" },     { "chromeos", "Chrome OS" },
};

const char *gam_device_id(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        if (str_is(word, devices[i].word)) return devices[i].id;
    }
    return NULL;
}

const char *gam_platform_name(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++) {
        if (str_is(word, platforms[i].word)) return platforms[i].name;
    }
    return NULL;
}

/* Google's id of a Nielsen DMA region is 200000 and its number: 501 -> "200501". */
bool gam_dma_id(struct str code, char out[16])
{
    if (code.n != 3 || !text_is_digits(code, 3)) return false;
    memcpy(out, "200", 3);
    memcpy(out + 3, code.p, 3);
    out[6] = 0;
    return true;
}

/* "US:10001" of { system: "us_zip" } or { country: "US", system: "zip" }. */
static struct str postal_country(yyjson_val *area, char out[3])
{
    struct str country = doc_str(area, "country"), system = doc_str(area, "system");
    struct str two = country.n == 2 ? country : (struct str){ system.p, system.n < 2 ? system.n : 2 };
    for (size_t i = 0; i < 2; i++) {
        char c = i < two.n ? two.p[i] : '?';
        out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[2] = 0;
    return (struct str){ out, 2 };
}

/* Systems whose codes Ad Manager lists one by one. */
bool gam_postal_known(yyjson_val *area)
{
    static const char *const systems[] = { "us_zip", "de_plz", "fr_code_postal", "au_postcode",
                                           "zip",    "plz",    "code_postal",    "postcode" };
    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        if (str_is(doc_str(area, "system"), systems[i])) return true;
    }
    return false;
}

struct str gam_postal_key(struct arena *a, yyjson_val *area, struct str code)
{
    char country[3];
    struct str c = postal_country(area, country);
    return arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(c), STR_ARG(code));
}

struct str gam_value_key(struct arena *a, struct str key, struct str value)
{
    return arena_printf(a, STR_FMT "=" STR_FMT, STR_ARG(key), STR_ARG(value));
}

/* ---- how often ---- */

static bool time_unit(struct str unit, const char **out)
{
    static const struct {
        const char *ours, *theirs;
    } units[] = { { "minutes", "MINUTE" }, { "hours", "HOUR" },   { "days", "DAY" },
                  { "weeks", "WEEK" },     { "months", "MONTH" }, { "campaign", "LIFETIME" } };
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (!str_is(unit, units[i].ours)) continue;
        *out = units[i].theirs;
        return true;
    }
    return false;
}

/* The caps of an overlay; -1 when one of them cannot be said. */
int gam_caps_of(yyjson_val *cap, struct gam_cap out[2])
{
    int n = 0;
    yyjson_val *suppress = doc_obj(cap, "suppress"), *window = doc_obj(cap, "window");
    if (suppress) {
        out[n] = (struct gam_cap){ 1, doc_i64(suppress, "interval", 0), NULL };
        if (!time_unit(doc_str(suppress, "unit"), &out[n].unit) || out[n].amount < 1) return -1;
        n++;
    } else if (doc_has(cap, "suppress_minutes")) {
        out[n] = (struct gam_cap){ 1, (int64_t)doc_real(cap, "suppress_minutes", 0), "MINUTE" };
        if (out[n].amount >= 1) n++;
    }
    if (doc_has(cap, "max_impressions")) {
        out[n] = (struct gam_cap){ doc_i64(cap, "max_impressions", 0), doc_i64(window, "interval", 1), NULL };
        struct str per = doc_str(cap, "per");
        bool a_person = !per.n || str_is(per, "individuals") || str_is(per, "devices") || str_is(per, "cookies");
        if (!a_person || !time_unit(doc_str(window, "unit"), &out[n].unit)) return -1;
        if (out[n].impressions < 1 || out[n].amount < 1) return -1;
        n++;
    }
    return n;
}

/* ---- regions ---- */

struct region {
    char code[7];
    const char *name;
};

static const struct region regions[] = {
    { "US-AL", "Alabama" },
    { "US-AK", "Alaska" },
    { "US-AZ", "Arizona" },
    { "US-AR", "Arkansas" },
    { "US-CA", "California" },
    { "US-CO", "Colorado" },
    { "US-CT", "Connecticut" },
    { "US-DE", "Delaware" },
    { "US-DC", "District of Columbia" },
    { "US-FL", "Florida" },
    { "US-GA", "Georgia" },
    { "US-HI", "Hawaii" },
    { "US-ID", "Idaho" },
    { "US-IL", "Illinois" },
    { "US-IN", "Indiana" },
    { "US-IA", "Iowa" },
    { "US-KS", "Kansas" },
    { "US-KY", "Kentucky" },
    { "US-LA", "Louisiana" },
    { "US-ME", "Maine" },
    { "US-MD", "Maryland" },
    { "US-MA", "Massachusetts" },
    { "US-MI", "Michigan" },
    { "US-MN", "Minnesota" },
    { "US-MS", "Mississippi" },
    { "US-MO", "Missouri" },
    { "US-MT", "Montana" },
    { "US-NE", "Nebraska" },
    { "US-NV", "Nevada" },
    { "US-NH", "New Hampshire" },
    { "US-NJ", "New Jersey" },
    { "US-NM", "New Mexico" },
    { "US-NY", "New York" },
    { "US-NC", "North Carolina" },
    { "US-ND", "North Dakota" },
    { "US-OH", "Ohio" },
    { "US-OK", "Oklahoma" },
    { "US-OR", "Oregon" },
    { "US-PA", "Pennsylvania" },
    { "US-RI", "Rhode Island" },
    { "US-SC", "South Carolina" },
    { "US-SD", "South Dakota" },
    { "US-TN", "Tennessee" },
    { "US-TX", "Texas" },
    { "US-UT", "Utah" },
    { "US-VT", "Vermont" },
    { "US-VA", "Virginia" },
    { "US-WA", "Washington" },
    { "US-WV", "West Virginia" },
    { "US-WI", "Wisconsin" },
    { "US-WY", "Wyoming" },
    { "CA-AB", "Alberta" },
    { "CA-BC", "British Columbia" },
    { "CA-MB", "Manitoba" },
    { "CA-NB", "New Brunswick" },
    { "CA-NL", "Newfoundland and Labrador" },
    { "CA-NS", "Nova Scotia" },
    { "CA-ON", "Ontario" },
    { "CA-PE", "Prince Edward Island" },
    { "CA-QC", "Quebec" },
    { "CA-SK", "Saskatchewan" },
};

bool gam_region_name(struct str code, const char **name, const char **type)
{
    for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
        if (!str_is(code, regions[i].code)) continue;
        *name = regions[i].name;
        *type = regions[i].code[0] == 'U' ? "State" : "Province";
        return true;
    }
    return false;
}

struct str gam_region_code(struct str country, struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(regions); i++) {
        if (str_is(name, regions[i].name) && str_starts(str_from(regions[i].code), country)) {
            return str_from(regions[i].code);
        }
    }
    return STR_NONE;
}
