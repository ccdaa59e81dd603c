/* One decision: guaranteed packages are drawn by their shares, then bids are asked from the best down, then fillers.
 *
 *   0            needs          1
 *   |--A--|---B---|-C-|- extras -|      what is drawn beyond the needs goes to those whose pacing would like more,
 *                                       and beyond those to the bids
 *
 * Packages that ask nothing of the visit are found by bisection in the sums that steer.c made; only the others are
 * looked at one by one. One that turns out not to be possible is taken out of the sums, and another is drawn. */
#include "serving/serving_internal.h"

#define HOLES_MAX 24

/* Plain packages that were drawn and could not be shown, by their place in the list, ascending. */
struct drawing {
    const struct open_package *plain;
    uint32_t plain_n;
    uint32_t hole[HOLES_MAX], holes_n;
    uint64_t plain_need, plain_extra; /* without the holes */
    struct open_package *flagged;     /* copies: those that match the visit */
    uint32_t flagged_n;
    uint64_t flagged_need, flagged_extra;
};

struct context {
    struct serving *s;
    const struct request *r;
    const struct ask *ask;
    const struct choice *chosen; /* for the slots before this one */
    size_t chosen_n;
};

/* ---- may it be shown ---- */

static bool same_advertiser(const struct context *c, const struct serving_package *p)
{
    for (size_t i = 0; i < c->chosen_n; i++) {
        const struct serving_package *other = c->chosen[i].package;
        if (!other) continue;
        if (p->advertiser ? other->advertiser == p->advertiser : other == p && p->priority != PRIORITY_FILLER)
            return true;
    }
    return false;
}

static enum why mismatch_why(enum mismatch m)
{
    switch (m) {
    case MATCHES: return WHY_SHOWN;
    case MISMATCH_COUNTRY: return WHY_COUNTRY;
    case MISMATCH_DEVICE: return WHY_DEVICE;
    case MISMATCH_LANGUAGE: return WHY_LANGUAGE;
    case MISMATCH_HOUR: return WHY_HOUR;
    case MISMATCH_KEY_VALUES: return WHY_KEY_VALUES;
    }
    return WHY_SHOWN;
}

static bool is_capped(const struct serving_package *p)
{
    return p->targeting.cap.max > 0 || p->targeting.cap.suppress_s > 0;
}

/* What a flagged package asks of the visit. */
static enum why visit_why(const struct context *c, const struct serving_package *p)
{
    enum why why = mismatch_why(targeting_match(&p->targeting, &c->r->visit));
    if (why != WHY_SHOWN || !is_capped(p)) return why;
    if (c->r->visit.visitor == 0) return WHY_NO_VISITOR;
    struct exposure who = { .visitor = c->r->visit.visitor, .package = p->key };
    return frequency_allows(c->s->frequency, &who, &p->targeting.cap, c->r->now / 1000000) ? WHY_SHOWN : WHY_CAPPED;
}

static const struct serving_creative *creative_for(const struct context *c, const struct serving_package *p)
{
    const struct serving_slot *slot = c->s->lineup->slots[c->ask->slot].slot;
    int64_t weights = 0;
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (creative_fits(&p->creatives[i], slot, c->ask->room)) weights += p->creatives[i].weight;
    }
    if (weights == 0) return NULL;
    int64_t at = (int64_t)serving_chance_below(c->s, (uint64_t)weights);
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (!creative_fits(&p->creatives[i], slot, c->ask->room)) continue;
        at -= p->creatives[i].weight;
        if (at < 0) return &p->creatives[i];
    }
    return NULL;
}

/* WHY_SHOWN and a creative, or what keeps it from being shown here and now. */
static enum why admit(const struct context *c, const struct serving_package *p, const struct package_state *st,
                      const struct serving_creative **creative)
{
    if (c->r->now >= p->end_at || c->r->now >= p->stopped_at) return WHY_ENDED;
    enum why why = package_room(p, st);
    if (why != WHY_SHOWN) return why;
    if (same_advertiser(c, p)) return WHY_ADVERTISER;
    *creative = creative_for(c, p);
    return *creative ? WHY_SHOWN : WHY_SIZE;
}

/* Books why a package was not shown, of visits that count. */
static void keep_off(const struct context *c, struct package_state *st, enum why why)
{
    if (c->r->invalid != VALID) return;
    reasons_count(&st->reasons, why, 1);
    st->kept_off++;
}

static void meet(const struct context *c, struct package_state *st)
{
    if (c->r->invalid == VALID) st->met++;
}

/* ---- the choice ---- */

static void choose(const struct context *c, const struct serving_package *p, const struct serving_creative *creative,
                   struct package_state *st, struct choice *out)
{
    struct serving *s = c->s;
    const struct live_slot *slot = &s->lineup->slots[c->ask->slot];
    bool capped = is_capped(p);
    int64_t now_ms = c->r->now / 1000;
    serving_turn_epoch(s, c->r->now);
    struct token t = { .epoch = s->epoch.epoch,
                       .sequence = s->sequence++,
                       .issued_ms = now_ms,
                       .package = p->key,
                       .creative = creative->key,
                       .slot = slot->slot->key,
                       .visitor = capped ? c->r->visit.visitor : 0,
                       .agent = c->r->agent_hash,
                       .invalid = (uint8_t)c->r->invalid };
    token_seal(s->key, &t, &out->token);
    out->package = p;
    out->creative = creative;
    s->stats.decisions++;
    count_delta(s, &(struct delta){ .package = p->key,
                                    .creative = creative->key,
                                    .slot = slot->slot->key,
                                    .event = EVENT_DECISION,
                                    .invalid = (uint8_t)c->r->invalid,
                                    .hour_at = serving_clock(s, slot->publisher, c->r->now)->hour_at,
                                    .n = 1 });
    if (c->r->invalid != VALID) return;
    st->shown++;
    outstanding_add(&st->outstanding, now_ms, 1);
    if (capped) {
        struct exposure who = { .visitor = c->r->visit.visitor, .package = p->key };
        frequency_decided(s->frequency, &who, &p->targeting.cap, c->r->now / 1000000);
    }
}

/* ---- guaranteed: by chance ---- */

static uint64_t need_before(const struct drawing *d, uint32_t i)
{
    return i ? d->plain[i - 1].need : 0;
}

static uint64_t extra_before(const struct drawing *d, uint32_t i)
{
    return i ? d->plain[i - 1].extra : 0;
}

/* The plain package that the sum `at` falls on, the holes being passed over. */
static uint32_t plain_by_need(const struct drawing *d, uint64_t at)
{
    for (uint32_t h = 0; h < d->holes_n; h++) {
        uint32_t i = d->hole[h];
        if (at >= need_before(d, i)) at += d->plain[i].need - need_before(d, i);
    }
    uint32_t low = 0, high = d->plain_n - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (d->plain[mid].need > at) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

static uint32_t plain_by_extra(const struct drawing *d, uint64_t at)
{
    for (uint32_t h = 0; h < d->holes_n; h++) {
        uint32_t i = d->hole[h];
        if (at >= extra_before(d, i)) at += d->plain[i].extra - extra_before(d, i);
    }
    uint32_t low = 0, high = d->plain_n - 1;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (d->plain[mid].extra > at) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

/* Places below plain_n are plain ones, those from there on flagged ones. */
#define DRAWN_NONE UINT32_MAX

static uint32_t draw(struct serving *s, const struct drawing *d)
{
    uint64_t need = d->plain_need + d->flagged_need, extra = d->plain_extra + d->flagged_extra;
    uint64_t at = serving_chance_below(s, need > SHARE_ONE ? need : SHARE_ONE);
    if (at < d->plain_need) return plain_by_need(d, at);
    if (at < need) {
        at -= d->plain_need;
        for (uint32_t i = 0; i < d->flagged_n; i++) {
            if (at < d->flagged[i].need) return d->plain_n + i;
            at -= d->flagged[i].need;
        }
    }
    at -= need;
    uint64_t room = need < SHARE_ONE ? SHARE_ONE - need : 0;
    if (extra > room && room > 0) at = (uint64_t)((unsigned __int128)at * extra / room);
    if (at >= extra) return DRAWN_NONE;
    if (at < d->plain_extra) return plain_by_extra(d, at);
    at -= d->plain_extra;
    for (uint32_t i = 0; i < d->flagged_n; i++) {
        if (at < d->flagged[i].extra) return d->plain_n + i;
        at -= d->flagged[i].extra;
    }
    return DRAWN_NONE;
}

static void take_out(struct drawing *d, uint32_t drawn)
{
    if (drawn >= d->plain_n) {
        struct open_package *o = &d->flagged[drawn - d->plain_n];
        d->flagged_need -= o->need;
        d->flagged_extra -= o->extra;
        o->need = o->extra = 0;
        return;
    }
    uint32_t h = d->holes_n++;
    for (; h > 0 && d->hole[h - 1] > drawn; h--) d->hole[h] = d->hole[h - 1];
    d->hole[h] = drawn;
    d->plain_need -= d->plain[drawn].need - need_before(d, drawn);
    d->plain_extra -= d->plain[drawn].extra - extra_before(d, drawn);
}

/* The flagged ones that match the visit. */
static void gather(const struct context *c, struct drawing *d)
{
    struct serving *s = c->s;
    const struct live_slot *slot = &s->lineup->slots[c->ask->slot];
    const struct open_slot *o = &s->open_slots[c->ask->slot];
    *d = (struct drawing){ .plain = s->open + slot->first,
                           .plain_n = o->plain_n,
                           .plain_need = o->need,
                           .plain_extra = o->extra,
                           .flagged = s->scratch };
    for (uint32_t i = 0; i < o->flagged_n; i++) {
        const struct open_package *open = &s->open[slot->first + slot->guaranteed_n - 1 - i];
        const struct live_package *live = &s->lineup->packages[open->package];
        enum why why = visit_why(c, live->package);
        if (why != WHY_SHOWN) {
            keep_off(c, state_of(s, live), why);
            continue;
        }
        meet(c, state_of(s, live));
        d->flagged[d->flagged_n++] = *open;
        d->flagged_need += open->need;
        d->flagged_extra += open->extra;
    }
}

static bool decide_guaranteed(const struct context *c, struct choice *out)
{
    struct drawing d;
    gather(c, &d);
    while (d.holes_n < HOLES_MAX) {
        const struct serving_creative *creative;
        uint32_t drawn = d.plain_n + d.flagged_n ? draw(c->s, &d) : DRAWN_NONE;
        if (drawn == DRAWN_NONE) return false;
        uint32_t place = drawn < d.plain_n ? d.plain[drawn].package : d.flagged[drawn - d.plain_n].package;
        const struct live_package *live = &c->s->lineup->packages[place];
        struct package_state *st = state_of(c->s, live);
        enum why why = admit(c, live->package, st, &creative);
        if (why == WHY_SHOWN) {
            choose(c, live->package, creative, st, out);
            return true;
        }
        keep_off(c, st, why);
        take_out(&d, drawn);
    }
    return false;
}

/* ---- bids: the best first; fillers: any of them ---- */

static bool try_one(const struct context *c, const struct open_package *open, struct choice *out)
{
    const struct serving_creative *creative;
    const struct live_package *live = &c->s->lineup->packages[open->package];
    struct package_state *st = state_of(c->s, live);
    enum why why = live->flagged ? visit_why(c, live->package) : WHY_SHOWN;
    if (why == WHY_SHOWN) {
        meet(c, st);
        bool bidding = live->package->priority == PRIORITY_AUCTION;
        /* A bid holds back what its pacing keeps for later. */
        if (bidding && open->need + open->extra < SHARE_ONE &&
            serving_chance_below(c->s, SHARE_ONE) >= open->need + open->extra) {
            why = WHY_PACED;
        } else {
            why = admit(c, live->package, st, &creative);
        }
    }
    if (why != WHY_SHOWN) {
        keep_off(c, st, why);
        return false;
    }
    choose(c, live->package, creative, st, out);
    return true;
}

static bool decide_bids(const struct context *c, struct choice *out)
{
    const struct live_slot *slot = &c->s->lineup->slots[c->ask->slot];
    const struct open_slot *o = &c->s->open_slots[c->ask->slot];
    const struct open_package *bids = c->s->open + slot->first + slot->guaranteed_n;
    for (uint32_t i = 0; i < o->auction_n; i++) {
        if (try_one(c, &bids[i], out)) return true;
    }
    return false;
}

static bool decide_filler(const struct context *c, struct choice *out)
{
    const struct live_slot *slot = &c->s->lineup->slots[c->ask->slot];
    const struct open_slot *o = &c->s->open_slots[c->ask->slot];
    const struct open_package *fillers = c->s->open + slot->first + slot->guaranteed_n + slot->auction_n;
    uint32_t from = o->filler_n ? (uint32_t)serving_chance_below(c->s, o->filler_n) : 0;
    for (uint32_t i = 0; i < o->filler_n; i++) {
        if (try_one(c, &fillers[(from + i) % o->filler_n], out)) return true;
    }
    return false;
}

static void decide_one(const struct context *c, struct choice *out)
{
    const struct live_slot *slot = &c->s->lineup->slots[c->ask->slot];
    *out = (struct choice){ .package = NULL };
    if (c->r->invalid == VALID) c->s->slots[slot->state]->requests++;
    if (!decide_guaranteed(c, out) && !decide_bids(c, out)) (void)decide_filler(c, out); /* or none */
}

/* What the visit is like at this slot. */
static void come_to(struct serving *s, const struct ask *ask, struct request *r)
{
    const struct live_slot *slot = &s->lineup->slots[ask->slot];
    r->visit.week_hour = week_hour(r->now + serving_clock(s, slot->publisher, r->now)->offset_us);
    r->visit.slot_pairs = slot->slot->pairs;
    r->visit.slot_pairs_n = slot->slot->pairs_n;
}

void serving_decide(struct serving *s, const struct request *r, const struct ask *asks, size_t n, struct choice *out)
{
    struct request here = *r;
    ENSURE(n <= REQUEST_SLOTS_MAX);
    s->stats.requests++;
    for (size_t i = 0; i < n; i++) {
        struct context c = { s, &here, &asks[i], out, i };
        come_to(s, &asks[i], &here);
        decide_one(&c, &out[i]);
    }
}

/* ---- places of mails ---- */

static const struct serving_creative *creative_of(const struct serving_package *p, uint32_t key)
{
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].key == key) return &p->creatives[i];
    }
    return NULL;
}

/* The same ad again, when it may be shown at all; it was wanted by the visit that it was decided for. */
static bool decide_again(const struct context *c, const struct mail_place *kept, struct choice *out)
{
    const struct serving_creative *creative;
    uint32_t place;
    if (!kept || !keymap_get(&c->s->lineup->package_places, kept->package, &place)) return false;
    const struct live_package *live = &c->s->lineup->packages[place];
    struct package_state *st = state_of(c->s, live);
    if (st->why != WHY_SHOWN || admit(c, live->package, st, &creative) != WHY_SHOWN) return false;
    creative = creative_of(live->package, kept->creative);
    if (!creative || !creative_fits(creative, c->s->lineup->slots[c->ask->slot].slot, c->ask->room)) return false;
    if (c->r->invalid == VALID) c->s->slots[c->s->lineup->slots[c->ask->slot].state]->requests++;
    *out = (struct choice){ .package = NULL };
    choose(c, live->package, creative, st, out);
    return true;
}

void serving_decide_mail(struct serving *s, const struct request *r, const struct ask *ask, uint64_t key,
                         struct choice *out)
{
    struct request here = *r;
    struct context c = { s, &here, ask, out, 0 };
    uint32_t slot = s->lineup->slots[ask->slot].slot->key;
    s->stats.requests++;
    come_to(s, ask, &here);
    if (!decide_again(&c, mail_places_find(s->places, slot, key), out)) decide_one(&c, out);
    if (!out->package) return;
    struct mail_place p = { .slot = slot,
                            .key = key,
                            .package = out->package->key,
                            .creative = out->creative->key,
                            .asked_s = (uint32_t)(r->now / 1000000) };
    mail_places_put(s->places, &p);
    tally_add_place(&s->filling, &p);
}
