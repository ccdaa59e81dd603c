#include <salesagent/pricing.h>

#include "base/compiler.h"

static const char *const model_names[PRICING_MODELS_N] = {
    [PRICING_CPM] = "cpm",   [PRICING_VCPM] = "vcpm", [PRICING_CPC] = "cpc", [PRICING_CPCV] = "cpcv",
    [PRICING_CPV] = "cpv",   [PRICING_CPP] = "cpp",   [PRICING_CPA] = "cpa", [PRICING_FLAT_RATE] = "flat_rate",
    [PRICING_TIME] = "time",
};

const char *pricing_model_name(enum pricing_model m)
{
    ENSURE(m >= 0 && m < PRICING_MODELS_N);
    return model_names[m];
}

bool pricing_model_parse(struct str name, enum pricing_model *out)
{
    for (int i = 0; i < PRICING_MODELS_N; i++) {
        if (str_is(name, model_names[i])) {
            *out = (enum pricing_model)i;
            return true;
        }
    }
    return false;
}

int64_t pricing_units_per_rate(enum pricing_model m)
{
    if (m == PRICING_CPM || m == PRICING_VCPM) return 1000;
    return m == PRICING_CPP ? 100 : 1;
}

int64_t pricing_cost(enum pricing_model m, int64_t rate_micros, int64_t units)
{
    if (m == PRICING_FLAT_RATE || m == PRICING_TIME) return units;
    return muldiv(units, rate_micros, pricing_units_per_rate(m), MONEY_ROUND_DOWN);
}
