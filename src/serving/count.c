/* The rules of counting. In this order, because the first thing wrong is the reason:
 *
 *   is the token ours          forged: belongs to no package, so it is only a number of the whole server
 *   was the visit valid        bot, agent, prefetch, internal, referrer; now, or when the ad was decided
 *   is it known and in time    unknown, early, expired
 *   the same browser           browser
 *   after its impression       order (a player may tell the start before the impression, on another connection)
 *   not too much               rate
 *   for the first time         used
 *
 * A click that counts makes the ad viewable if nothing else has: somebody saw it. */
#include "serving/serving_internal.h"

#define CLICK_MS_MIN    200
#define VIEWABLE_MS_MIN 900 /* a second, less what a clock may be off */
#define MARK_BY_CLICK   15  /* viewable because of the click: the real event, later, says nothing new */
#define RATE_IMPRESSION 0
#define RATE_CLICK      1
#define RATE_PLACES     1048576 /* and the rest of a number: one place of a mail */
#define HOUR_US         INT64_C(3600000000)

static int64_t life_ms(const struct package_state *st, const struct serving_package *p, enum event event)
{
    /* The event that is paid for counts only while its decision is still outstanding (outstanding.h). So counted and
     * outstanding units together are all that can ever be billed. */
    if (p && event != EVENT_CLICK && unit_event(p->unit) == event) {
        return st->outstanding.stretch_ms * (OUTSTANDING_STRETCHES - 2);
    }
    if (event == EVENT_CLICK) return LIFE_CLICK_MS;
    return event == EVENT_IMPRESSION ? LIFE_IMPRESSION_MS : LIFE_EVENT_MS;
}

static int64_t soonest_ms(enum event event)
{
    if (event == EVENT_CLICK) return CLICK_MS_MIN;
    return event == EVENT_VIEWABLE || event == EVENT_COMPLETE ? VIEWABLE_MS_MIN : 0;
}

static bool needs_impression(enum event event)
{
    return event != EVENT_IMPRESSION && event != EVENT_START && event != EVENT_ERROR;
}

static const struct serving_package *package_of(const struct serving *s, uint32_t key)
{
    uint32_t place;
    return s->lineup && keymap_get(&s->lineup->package_places, key, &place) ? s->lineup->packages[place].package : NULL;
}

static bool within_rate(struct serving *s, const struct serving_package *p, const struct report *r)
{
    uint32_t place;
    if (!p || !r->address || !keymap_get(&s->lineup->package_places, p->key, &place)) return true;
    const struct serving_publisher *pub = s->lineup->publishers[s->lineup->packages[place].publisher];
    if (r->event == EVENT_IMPRESSION) {
        return rates_take(s->rates, r->address, RATE_IMPRESSION, pub->impressions_per_minute, r->now / 1000);
    }
    if (r->event == EVENT_CLICK)
        return rates_take(s->rates, r->address, RATE_CLICK, pub->clicks_per_minute, r->now / 1000);
    return true;
}

/* Everything up to the mark. */
static enum invalid judge(struct serving *s, const struct report *r, const struct token *t,
                          const struct package_state *st)
{
    int64_t age = r->now / 1000 - t->issued_ms;
    const struct serving_package *p = package_of(s, t->package);
    if (r->invalid != VALID) return r->invalid;
    if (t->invalid != VALID) return t->invalid < INVALIDS_N ? (enum invalid)t->invalid : INVALID_UNKNOWN;
    if (!st) return INVALID_UNKNOWN;
    if (age < soonest_ms(r->event)) return INVALID_EARLY;
    if (age > life_ms(st, p, r->event)) return INVALID_EXPIRED;
    if (r->agent_hash != t->agent) return INVALID_BROWSER;
    if (needs_impression(r->event) && !marks_has(s->marks, t->epoch, t->sequence, EVENT_IMPRESSION))
        return INVALID_ORDER;
    return within_rate(s, p, r) ? VALID : INVALID_RATE;
}

static enum invalid mark(struct serving *s, const struct token *t, int bit)
{
    switch (marks_set(s->marks, t->epoch, t->sequence, bit)) {
    case MARK_SET: break;
    case MARK_WAS_SET: return INVALID_USED;
    case MARK_UNKNOWN: return INVALID_UNKNOWN;
    case MARK_NO_MEMORY: return INVALID_EXPIRED;
    }
    tally_add_used(&s->filling, &(struct used){ t->epoch, t->sequence, t->package, (uint16_t)(1u << bit) });
    return VALID;
}

static void filter(struct serving *s, struct package_state *st, enum invalid why)
{
    s->stats.filtered++;
    if (st) st->filtered[why]++;
}

static void add(struct serving *s, const struct token *t, enum event event, enum invalid invalid, int64_t hour_at)
{
    count_delta(s, &(struct delta){ .package = t->package,
                                    .creative = t->creative,
                                    .slot = t->slot,
                                    .event = (uint8_t)event,
                                    .invalid = (uint8_t)invalid,
                                    .hour_at = hour_at,
                                    .n = 1 });
}

static void expose(struct serving *s, const struct token *t, const struct serving_package *p, int64_t now)
{
    struct exposure who = { .visitor = t->visitor, .package = t->package }, seen;
    if (!p || t->visitor == 0) return;
    frequency_seen(s->frequency, &who, &p->targeting.cap, now / 1000000, &seen);
    if (t->visitor & VISITOR_KEPT) tally_add_exposure(&s->filling, &seen);
}

static void enter(struct serving *s, const struct token *t, struct package_state *st, enum event event, int64_t hour_at)
{
    const struct serving_package *p = package_of(s, t->package);
    st->counted.n[event]++;
    st->today.n[event]++;
    if (p && unit_event(p->unit) == event) outstanding_unit(&st->outstanding, t->issued_ms);
    add(s, t, event, VALID, hour_at);
}

/* Somebody who clicks has seen it. */
static void click_is_view(struct serving *s, const struct token *t, struct package_state *st, int64_t hour_at)
{
    static const enum event implied[] = { EVENT_MEASURABLE, EVENT_VIEWABLE };
    for (size_t i = 0; i < ARRAY_LEN(implied); i++) {
        if (mark(s, t, implied[i]) != VALID) continue;
        enter(s, t, st, implied[i], hour_at);
        if (implied[i] == EVENT_VIEWABLE) (void)mark(s, t, MARK_BY_CLICK); /* no memory: the real event is filtered */
    }
}

/* When its hour began: by the clock of the publisher whose slot it is; by UTC's for a slot that is gone. */
static int64_t hour_of(struct serving *s, const struct token *t, int64_t now, int64_t *day)
{
    uint32_t place;
    if (!s->lineup || !keymap_get(&s->lineup->slot_places, t->slot, &place)) return now - now % HOUR_US;
    const struct zone_clock *c = serving_clock(s, s->lineup->slots[place].publisher, now);
    *day = c->day;
    return c->hour_at;
}

bool serving_open_token(struct serving *s, struct str text, struct token *out)
{
    return token_open(s->key, text, out);
}

void serving_forged(struct serving *s)
{
    s->stats.forged++;
}

struct verdict serving_count(struct serving *s, const struct report *r)
{
    struct verdict v = { .invalid = INVALID_FORGED };
    struct package_state *st = NULL;
    uint32_t place;
    if (!token_open(s->key, r->token, &v.token)) {
        s->stats.forged++;
        return v;
    }
    v.authentic = true;
    if (keymap_get(&s->package_states, v.token.package, &place)) st = s->packages[place];
    int64_t day = st ? st->day : 0, hour_at = hour_of(s, &v.token, r->now, &day);
    v.invalid = judge(s, r, &v.token, st);
    if (v.invalid == VALID && r->event == EVENT_VIEWABLE &&
        marks_has(s->marks, v.token.epoch, v.token.sequence, MARK_BY_CLICK)) {
        return v;
    }
    if (v.invalid == VALID) v.invalid = mark(s, &v.token, (int)r->event);
    if (v.invalid != VALID) {
        filter(s, st, v.invalid);
        add(s, &v.token, r->event, v.invalid, hour_at);
        return v;
    }
    s->stats.counted++;
    package_roll(st, day);
    enter(s, &v.token, st, r->event, hour_at);
    if (r->event == EVENT_IMPRESSION) expose(s, &v.token, package_of(s, v.token.package), r->now);
    if (r->event == EVENT_CLICK) click_is_view(s, &v.token, st, hour_at);
    return v;
}

/* A minute's click of an address, each place for itself. */
static bool first_click(struct serving *s, const struct report *r, uint64_t key)
{
    return !r->address || rates_take(s->rates, r->address, RATE_PLACES + (int)(key % RATE_PLACES), 1, r->now / 1000);
}

bool serving_click_mail(struct serving *s, const struct report *r, uint32_t slot, uint64_t key, struct verdict *out)
{
    const struct mail_place *p = mail_places_find(s->places, slot, key);
    uint32_t place;
    if (!p || r->now / 1000000 - p->asked_s > MAIL_KEPT_S) return false;
    *out = (struct verdict){ .invalid = r->invalid,
                             .token = { .package = p->package, .creative = p->creative, .slot = slot } };
    struct package_state *st = NULL;
    if (keymap_get(&s->package_states, p->package, &place)) st = s->packages[place];
    int64_t day = st ? st->day : 0, hour_at = hour_of(s, &out->token, r->now, &day);
    if (out->invalid == VALID && !st) out->invalid = INVALID_UNKNOWN;
    if (out->invalid == VALID && !within_rate(s, package_of(s, p->package), r)) out->invalid = INVALID_RATE;
    if (out->invalid == VALID && !first_click(s, r, key)) out->invalid = INVALID_USED;
    if (out->invalid != VALID) {
        filter(s, st, out->invalid);
        add(s, &out->token, EVENT_CLICK, out->invalid, hour_at);
        return true;
    }
    s->stats.counted++;
    package_roll(st, day);
    enter(s, &out->token, st, EVENT_CLICK, hour_at);
    return true;
}
