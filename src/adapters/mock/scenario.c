/* Words that a test puts into a name to choose what the mock does, as other sandboxes know them: "[REJECT:the page is sold]".
 * They are read in the names of the buy, its packages and (for creatives) its creatives, in this order; the first counts. Only a
 * sandbox listens to them. */
#include "adapters/mock/mock.h"

#include <strings.h>

#define AGAIN_S    30
#define DELAY_S    30 /* "[DELAY]" */
#define DIGITS_MAX 6

/* "[NAME]" or "[NAME:argument]" anywhere in a text; *argument is empty when there is none. */
static bool holds(struct str text, const char *name, struct str *argument)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n + 2 <= text.n; i++) {
        const char *p = text.p + i;
        if (p[0] != '[' || strncasecmp(p + 1, name, n) != 0 || (p[n + 1] != ':' && p[n + 1] != ']')) continue;
        const char *end = memchr(p, ']', text.n - i);
        if (!end) continue;
        *argument = p[n + 1] == ':' ? (struct str){ p + n + 2, (size_t)(end - p) - n - 2 } : STR_NONE;
        return true;
    }
    return false;
}

static struct str or_else(struct str text, const char *preset)
{
    return text.n ? text : str_from(preset);
}

static bool obey(struct adapter_op *op, struct str text)
{
    struct str said;
    if (holds(text, "REJECT", &said)) {
        (void)adapter_refuse(op, STR_FMT, STR_ARG(or_else(said, "it was told to reject this")));
    } else if (holds(text, "ERROR", &said)) {
        (void)adapter_later(op, AGAIN_S, STR_FMT, STR_ARG(or_else(said, "it was told to fail")));
    } else if (holds(text, "OUTAGE", &said)) {
        (void)adapter_later(op, AGAIN_S, "it cannot be reached");
    } else {
        return false;
    }
    return true;
}

bool mock_scenario(struct adapter_op *op)
{
    const struct plan *plan = op->plan;
    if (!op->site->sandbox) return false;
    if (obey(op, plan->name) || obey(op, plan->buyer_ref) || obey(op, plan->po_number)) return true;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (obey(op, p->name)) return true;
        for (size_t k = 0; op->verb == ADAPTER_CREATIVES && k < p->creatives_n; k++) {
            if (obey(op, p->creatives[k].name)) return true;
        }
    }
    return false;
}

static int seconds(struct str text)
{
    int s = 0;
    if (text.n == 0 || text.n > DIGITS_MAX) return DELAY_S;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return DELAY_S;
        s = s * 10 + (text.p[i] - '0');
    }
    return s > 0 ? s : DELAY_S;
}

static bool asks(struct str text, struct str *question, int *after_s)
{
    struct str said;
    if (holds(text, "ASK", &said) || holds(text, "QUESTION", &said)) {
        *question = or_else(said, "It asks; approve to answer.");
        *after_s = 0;
    } else if (holds(text, "DELAY", &said)) {
        *question = STR("It takes its time, and is done by itself.");
        *after_s = seconds(said);
    } else {
        return false;
    }
    return true;
}

struct str mock_question(const struct adapter_site *site, const struct plan *plan, enum adapter_verb verb, int *after_s)
{
    struct str q = STR_NONE;
    if (!site->sandbox || (verb != ADAPTER_BOOK && verb != ADAPTER_UPDATE)) return q;
    if (asks(plan->name, &q, after_s) || asks(plan->buyer_ref, &q, after_s) || asks(plan->po_number, &q, after_s))
        return q;
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (asks(plan->packages[i].name, &q, after_s)) return q;
    }
    return q;
}
