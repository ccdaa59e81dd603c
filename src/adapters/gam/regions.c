/* Regions of ISO 3166-2 whose names Ad Manager lists as the standard does (in English). Other countries' regions are
 * the publisher's to name, by id: setting "regions". */
#include "adapters/gam/gam.h"

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
