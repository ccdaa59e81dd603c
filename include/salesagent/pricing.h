/* Pricing models: AdCP's names for what a rate is paid for. */
#pragma once

#include <salesagent/money.h>

enum pricing_model {
    PRICING_CPM,       /* rate per thousand impressions */
    PRICING_VCPM,      /* rate per thousand viewable impressions */
    PRICING_CPC,       /* rate per click */
    PRICING_CPCV,      /* rate per completed view */
    PRICING_CPV,       /* rate per view */
    PRICING_CPP,       /* rate per gross rating point */
    PRICING_CPA,       /* rate per conversion */
    PRICING_FLAT_RATE, /* the package budget, whatever is delivered */
    PRICING_TIME,      /* rate per unit of time; the package budget over its flight */
    PRICING_MODELS_N
};

/* AdCP's name ("cpm", ...). */
const char *pricing_model_name(enum pricing_model m);
/* True when there is such a model. */
MUST_CHECK bool pricing_model_parse(struct str name, enum pricing_model *out);

/* What `units` of the billed unit cost, rounded down to a micro: impressions for cpm, viewable impressions for vcpm,
 * clicks, views, conversions, hundredths of a point for cpp. For flat_rate and time units are micros themselves. */
int64_t pricing_cost(enum pricing_model m, int64_t rate_micros, int64_t units);

/* How many such units one rate pays for: 1000 for cpm and vcpm, 100 for cpp, else 1. */
int64_t pricing_units_per_rate(enum pricing_model m);
