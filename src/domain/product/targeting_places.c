/* Countries and regions that exist: what is written otherwise would be delivered nowhere, or everywhere. */
#include "domain/product/targeting_values.h"

#include <string.h>

/* ISO 3166-1 alpha-2, as the tz database's iso3166.tab has them. */
static const char countries[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

/* ISO 3166-2:US. Of other countries the form of a region is checked and not whether there is one. */
static const char states[] =
    "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND "
    "NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY ";

static bool among(struct str code, const char *codes)
{
    for (const char *p = codes; *p; p += 3) {
        if (code.n == 2 && memcmp(p, code.p, 2) == 0) return true;
    }
    return false;
}

bool country_exists(struct str code)
{
    return among(code, countries);
}

bool region_exists(struct str code)
{
    struct str country = { code.p, code.n > 2 ? 2 : code.n };
    if (code.n < 4 || code.p[2] != '-' || !country_exists(country)) return false;
    return !str_is(country, "US") || among(str_skip(code, 3), states);
}
