/* The small vocabulary all adapters share. */
#include <salesagent/adapter.h>

#include <stdarg.h>
#include <stdio.h>

#include "base/compiler.h"

static const char *const pacing_names[] = {
    [PACING_EVEN] = "even",
    [PACING_ASAP] = "asap",
    [PACING_FRONT_LOADED] = "front_loaded",
};

void adapter_problem_add(struct adapter_problems *out, struct str package_id, const char *member, const char *fmt, ...)
{
    if (out->n == ADAPTER_PROBLEMS_MAX) return;
    struct adapter_problem *p = &out->item[out->n++];
    *p = (struct adapter_problem){ .package_id = package_id, .member = member };
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(p->text, sizeof(p->text), fmt, ap); /* a longer reason is cut */
    va_end(ap);
}

void adapter_line_add(struct adapter_lines *out, const char *fmt, ...)
{
    if (out->n == ADAPTER_LINES_MAX) return;
    char *text = out->line[out->n++];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(out->line[0]), fmt, ap); /* a longer line is cut */
    va_end(ap);
}

const char *plan_pacing_name(enum plan_pacing p)
{
    ENSURE((size_t)p < ARRAY_LEN(pacing_names));
    return pacing_names[p];
}

bool plan_pacing_parse(struct str name, enum plan_pacing *p)
{
    for (size_t i = 0; i < ARRAY_LEN(pacing_names); i++) {
        if (str_is(name, pacing_names[i])) {
            *p = (enum plan_pacing)i;
            return true;
        }
    }
    return false;
}

enum metric pricing_metric(enum pricing_model m)
{
    switch (m) {
    case PRICING_CPM: return METRIC_IMPRESSIONS;
    case PRICING_VCPM: return METRIC_VIEWABLE;
    case PRICING_CPC: return METRIC_CLICKS;
    case PRICING_CPCV: return METRIC_COMPLETED_VIEWS;
    case PRICING_CPV: return METRIC_VIEWS;
    case PRICING_CPP: return METRIC_GRP_HUNDREDTHS;
    case PRICING_CPA: return METRIC_CONVERSIONS;
    case PRICING_FLAT_RATE:
    case PRICING_TIME: return METRIC_SPEND;
    case PRICING_MODELS_N: break;
    }
    ENSURE(!"a pricing model out of its enum");
    return METRIC_SPEND;
}
