/* When Google stops answering a version of its SOAP API: the last weekday of a month, about a year after it came (its schedule as of
 * 2026-08-24). From then on every call with it fails. */
#include "adapters/gam/gam_soap.h"

#include "base/rfc3339.h"

static const struct {
    const char *version;
    struct civil ends; /* the last day */
} versions[] = {
    { "v202511", { 2026, 11, 30 } },
    { "v202602", { 2027, 2, 26 } },
    { "v202605", { 2027, 5, 31 } },
    { "v202608", { 2027, 8, 31 } },
};

void gam_forewarn(const void *config, int64_t now, struct adapter_problems *out)
{
    const struct gam_config *c = config;
    size_t i = 0;
    while (i < ARRAY_LEN(versions) && !str_is(c->soap_version, versions[i].version)) i++;
    if (i == ARRAY_LEN(versions)) {
        adapter_problem_add(out, STR_NONE, "soap_version",
                            "when Google ends version " STR_FMT " of its SOAP API is not known to this program",
                            STR_ARG(c->soap_version));
        return;
    }
    const struct civil d = versions[i].ends;
    int64_t last = days_from_civil(d), today = now / USEC_PER_DAY;
    if (today < last - GAM_SOAP_WARN_DAYS) return;
    adapter_problem_add(
        out, STR_NONE, "soap_version",
        "Google %s version " STR_FMT " of its SOAP API on %04d-%02d-%02d: templates, video and audio files and "
        "forecasts need a newer one in soap_version",
        today <= last ? "ends" : "ended", STR_ARG(c->soap_version), (int)d.year, (int)d.month, (int)d.day);
}
