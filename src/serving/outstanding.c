#include "serving/outstanding.h"

#include <salesagent/money.h>

#define SETTLED_MAX 50000 /* then both sums are halved: what is long ago counts less */

/* What is usual until a package's own numbers say otherwise, as if seen in so many decisions. */
static const struct {
    int64_t per_million, weight;
} usual[UNITS_N] = {
    [UNIT_IMPRESSION] = { 950000, 20 },
    [UNIT_VIEWABLE] = { 600000, 20 },
    [UNIT_CLICK] = { 2000, 2000 },
    [UNIT_COMPLETE] = { 600000, 20 },
};

int64_t outstanding_usual_per_million(enum unit unit)
{
    return usual[unit].per_million;
}

int64_t outstanding_usual_weight(enum unit unit)
{
    return usual[unit].weight;
}

int64_t outstanding_life_ms(enum unit unit, enum plan_medium medium)
{
    bool soon = medium == MEDIUM_DISPLAY && (unit == UNIT_IMPRESSION || unit == UNIT_CLICK);
    return soon ? 180000 : 900000;
}

void outstanding_init(struct outstanding *o, int64_t life_ms, int64_t now_ms)
{
    /* A stretch is let go one stretch after the life of its last token. */
    *o = (struct outstanding){ .stretch_ms = (life_ms + OUTSTANDING_STRETCHES - 3) / (OUTSTANDING_STRETCHES - 2) };
    o->newest = now_ms / o->stretch_ms;
}

static void settle(struct outstanding *o, size_t i)
{
    o->settled += o->issued[i];
    o->settled_units += o->units[i];
    o->n -= o->left[i];
    o->left[i] = o->issued[i] = o->units[i] = 0;
    if (o->settled > SETTLED_MAX) {
        o->settled /= 2;
        o->settled_units /= 2;
    }
}

void outstanding_turn(struct outstanding *o, int64_t now_ms)
{
    int64_t now = now_ms / o->stretch_ms;
    for (int i = 0; o->newest < now && i < OUTSTANDING_STRETCHES; i++)
        settle(o, (size_t)(++o->newest % OUTSTANDING_STRETCHES));
    if (o->newest < now) o->newest = now;
}

void outstanding_add(struct outstanding *o, int64_t now_ms, uint32_t n)
{
    outstanding_turn(o, now_ms);
    o->left[o->newest % OUTSTANDING_STRETCHES] += n;
    o->issued[o->newest % OUTSTANDING_STRETCHES] += n;
    o->n += n;
}

void outstanding_unit(struct outstanding *o, int64_t issued_ms)
{
    int64_t stretch = issued_ms / o->stretch_ms;
    if (stretch > o->newest || o->newest - stretch >= OUTSTANDING_STRETCHES) return;
    size_t i = (size_t)(stretch % OUTSTANDING_STRETCHES);
    o->units[i]++;
    if (o->left[i] == 0) return;
    o->left[i]--;
    o->n--;
}

int64_t outstanding_yield(const struct outstanding *o, enum unit unit)
{
    int64_t prior = usual[unit].per_million * usual[unit].weight / 1000000;
    return muldiv(o->settled_units + prior, YIELD_ONE, o->settled + usual[unit].weight, MONEY_ROUND_HALF_UP);
}
