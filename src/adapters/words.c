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

/* The next free problem, or NULL. */
static struct adapter_problem *problem_new(struct adapter_problems *out)
{
    if (out->n == ADAPTER_PROBLEMS_MAX) return NULL;
    struct adapter_problem *p = &out->item[out->n++];
    *p = (struct adapter_problem){ .package_id = STR_NONE };
    return p;
}

void adapter_problem_add(struct adapter_problems *out, struct str package_id, const char *member, const char *fmt, ...)
{
    struct adapter_problem *p = problem_new(out);
    if (!p) return;
    p->package_id = package_id;
    (void)snprintf(p->member, sizeof(p->member), "%s", member); /* a longer one is cut */
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(p->text, sizeof(p->text), fmt, ap); /* a longer reason is cut */
    va_end(ap);
}

void adapter_problem_creative(struct adapter_problems *out, struct str creative_id, const char *fmt, ...)
{
    struct adapter_problem *p = problem_new(out);
    if (!p) return;
    p->creative_id = creative_id;
    (void)snprintf(p->member, sizeof(p->member), "creatives");
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

const char *plan_medium_name(enum plan_medium m)
{
    static const char *const names[] = {
        [MEDIUM_DISPLAY] = "display", [MEDIUM_VIDEO] = "video",         [MEDIUM_AUDIO] = "audio",
        [MEDIUM_DOOH] = "dooh",       [MEDIUM_BROADCAST] = "broadcast",
    };
    ENSURE((size_t)m < ARRAY_LEN(names));
    return names[m];
}

const char *adapter_standing_name(enum adapter_standing s)
{
    static const char *const names[STANDS_N] = {
        [STANDS_UNKNOWN] = "unknown",       [STANDS_DRAFT] = "draft",
        [STANDS_WAITING] = "waiting",       [STANDS_READY] = "ready",
        [STANDS_DELIVERING] = "delivering", [STANDS_PAUSED] = "paused",
        [STANDS_INACTIVE] = "inactive",     [STANDS_OVER] = "over",
        [STANDS_ENDED] = "ended",           [STANDS_GONE] = "gone",
    };
    ENSURE((size_t)s < STANDS_N);
    return names[s];
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
