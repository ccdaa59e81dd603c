/* How the mock ad server delivers. Integer arithmetic only; everything random comes from a hash of what the buyer calls
 * the buy (its buyer_ref), of the product and of the package's name, or of the package's id where a buy is called nothing: so the
 * same plan at the same time always gives the same numbers, on every machine and after every restart, and a script that is
 * run again tells the same story.
 *
 *   time -> x      share of the flight's traffic that has passed; days differ by a few per cent
 *   x -> F(x)      share of the money spent by then: `even` starts a little slowly and catches up, `front_loaded`
 *                  the other way round, `asap` spends two and a half times as fast as `even` until it is done;
 *                  what its buyer finds better than expected comes earlier, what it finds worse later
 *   money -> units of the pricing model, in steps that cost whole cents where the price allows
 *   units -> everything else, at rates typical of the medium
 *
 * From an anchor (what was delivered by `since`) the remaining money follows the remaining curve,
 *   spend(t) = before + (target - before) * (F(t) - F(since)) / (1 - F(since)),
 * so anchoring anywhere on an unchanged plan changes nothing but rounding, and nothing ever goes down.
 *
 * A daily limit opens evenly through its UTC day: of [a, b) within a day no more than limit * (b - a) / day. What a day
 * had to leave is part of what remains, so the days after it catch up as far as their own limits allow. */
#include "adapters/mock/mock.h"

#include "base/compiler.h"
#include "base/rfc3339.h"

#define ONE        INT64_C(1000000000) /* 1.0 of a share */
#define PPM        INT64_C(1000000)
#define CENT       INT64_C(10000)
#define WAVY_DAYS  4000 /* longer flights get no daily differences */
#define ASAP_SPEED 5 /* halves of the even speed */
#define FRONT      400000 /* bend of front_loaded, in millionths */
#define LIFT_MAX   500000 /* of feedback */

/* What a package's traffic is like, drawn once from its seed. Parts per million unless said otherwise. */
struct nature {
    uint64_t seed;
    int64_t efficiency; /* of 10,000: share of the budget spent at the end */
    int64_t bend; /* how slowly `even` starts */
    int64_t ctr, view, completion, viewable, conversion;
    int64_t imps_per_grp_hundredth;
    int64_t flat_ecpm_micros;
};

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t hash(uint64_t h, struct str text)
{
    for (size_t i = 0; i < text.n; i++) h = (h ^ (uint8_t)text.p[i]) * UINT64_C(0x100000001B3);
    return h;
}

/* STORY was searched for, so that the buy of README's example behaves as its story goes: on day ten a little behind, the
 * rectangle better than the leaderboard. */
static uint64_t seed_of(const struct plan *plan, size_t index)
{
    const uint64_t basis = UINT64_C(0xCBF29CE484222325), STORY = 170147851;
    const struct plan_package *p = &plan->packages[index];
    if (!plan->buyer_ref.n) return mix(hash(basis, p->package_id));
    uint64_t h = hash(hash(basis ^ STORY, plan->buyer_ref), STR("\xff"));
    h = hash(hash(h, p->product_id), STR("\xff"));
    return mix(hash(h, p->name) + index);
}

/* A number in [low, high], the `stream`-th of this seed. */
static int64_t draw(uint64_t seed, uint64_t stream, int64_t low, int64_t high)
{
    return low + (int64_t)(mix(seed ^ mix(stream)) % (uint64_t)(high - low + 1));
}

static struct nature nature_of(const struct plan_package *p, uint64_t s)
{
    bool long_form = p->medium == MEDIUM_VIDEO || p->medium == MEDIUM_AUDIO || p->medium == MEDIUM_BROADCAST;
    struct nature n = {
        .seed = s,
        .efficiency = draw(s, 1, 9930, 9989),
        .bend = draw(s, 2, 90000, 120000),
        .ctr = long_form ? draw(s, 3, 2000, 7000) : draw(s, 3, 11000, 18000),
        .view = p->medium == MEDIUM_AUDIO ? draw(s, 4, 970000, 990000) : draw(s, 4, 820000, 930000),
        .completion = p->medium == MEDIUM_AUDIO ? draw(s, 5, 880000, 960000) : draw(s, 5, 620000, 800000),
        .viewable = draw(s, 6, 600000, 800000),
        .conversion = draw(s, 7, 20000, 60000),
        .imps_per_grp_hundredth = draw(s, 8, 120, 300),
        .flat_ecpm_micros = draw(s, 9, 800, 1400) * CENT,
    };
    return n;
}

/* ---- time -> share of the traffic ---- */

static int64_t day_weight(uint64_t seed, int64_t day)
{
    return draw(seed, UINT64_C(0x10000) + (uint64_t)day, 920, 1080);
}

/* Weighted seconds of [from, to). */
static int64_t traffic(uint64_t seed, int64_t from, int64_t to)
{
    if (to <= from) return 0;
    int64_t a = from / USEC_PER_SEC, b = to / USEC_PER_SEC;
    if ((b - a) / 86400 > WAVY_DAYS) return (b - a) * 1000;
    int64_t sum = 0;
    while (a < b) {
        int64_t day = a / 86400, next = (day + 1) * 86400;
        int64_t stop = next < b ? next : b;
        sum += (stop - a) * day_weight(seed, day);
        a = stop;
    }
    return sum;
}

struct flight {
    int64_t start_at, end_at; /* of the curve */
    int64_t stop_at; /* nothing after: the end, or the cancelation */
    int64_t total; /* traffic(start_at, end_at) */
};

static struct flight flight_of(const struct plan *plan, const struct plan_package *p, uint64_t seed)
{
    struct flight f = { .start_at = p->start_at > plan->live_from ? p->start_at : plan->live_from,
                        .end_at = p->end_at,
                        .stop_at = p->end_at < p->stopped_at ? p->end_at : p->stopped_at };
    f.total = traffic(seed, f.start_at, f.end_at);
    return f;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* ---- share of the traffic -> share of the money ---- */

/* How far earlier (or later, below 0) the buyer's word moves the money: twice as good as expected, or worth nothing,
 * is as much as it takes. */
static int64_t lift(const struct plan_package *p)
{
    if (p->performance_ppm <= 0) return 0;
    return clamp(p->performance_ppm - PPM, -PPM, PPM) * LIFT_MAX / PPM;
}

/* With |bend| < 1 throughout, x + bend * x(1-x) rises from 0 to 1. */
static int64_t curve(const struct plan_package *p, const struct nature *n, int64_t x)
{
    int64_t bow = muldiv(x, ONE - x, ONE, MONEY_ROUND_DOWN), bend = 0;
    switch (p->pacing) {
    case PACING_EVEN: bend = lift(p) - n->bend; break;
    case PACING_FRONT_LOADED: bend = lift(p) + FRONT; break;
    case PACING_ASAP: return x;
    }
    return bend < 0 ? x - muldiv(bow, -bend, PPM, MONEY_ROUND_DOWN) : x + muldiv(bow, bend, PPM, MONEY_ROUND_DOWN);
}

/* Of `target`, `remaining` is unspent at `from`. `passed_*` is the flight's traffic until then. */
struct span {
    int64_t from, to;
    int64_t passed_from, passed_to;
    int64_t target, remaining;
};

/* Money that may be spent in (from, to]. */
static int64_t allowance(const struct plan_package *p, const struct nature *n, const struct flight *f,
                         const struct span *s)
{
    if (f->total <= 0) return 0;
    int64_t xa = muldiv(s->passed_from, ONE, f->total, MONEY_ROUND_DOWN);
    int64_t xb = muldiv(s->passed_to, ONE, f->total, MONEY_ROUND_DOWN);
    if (p->pacing == PACING_ASAP) {
        int64_t money = muldiv(s->target, (xb - xa) * ASAP_SPEED, 2 * ONE, MONEY_ROUND_DOWN);
        return money < s->remaining ? money : s->remaining;
    }
    int64_t fa = curve(p, n, xa), fb = curve(p, n, xb);
    if (fa >= ONE) return 0;
    return muldiv(s->remaining, fb - fa, ONE - fa, MONEY_ROUND_DOWN);
}

/* The flight's traffic until `next`, of which `passed` was until `at`. */
static int64_t pass(uint64_t seed, const struct flight *f, int64_t passed, int64_t at, int64_t next)
{
    bool adds_up = (f->end_at - f->start_at) / USEC_PER_DAY <= WAVY_DAYS;
    return adds_up ? passed + traffic(seed, at, next) : traffic(seed, f->start_at, next);
}

/* The same under a daily limit: day by day, because what one leaves the next may spend. The traffic is summed along the
 * way: counted from the start each day, years of a flight would take seconds. */
static int64_t limited(const struct plan_package *p, const struct nature *n, const struct flight *f,
                       const struct span *span, int64_t limit)
{
    int64_t sum = 0, passed = span->passed_from;
    for (int64_t at = span->from; at < span->to;) {
        int64_t next = at - at % USEC_PER_DAY + USEC_PER_DAY;
        if (next > span->to) next = span->to;
        int64_t most = muldiv(limit, (next - at) / USEC_PER_SEC, USEC_PER_DAY / USEC_PER_SEC, MONEY_ROUND_DOWN);
        int64_t then = pass(n->seed, f, passed, at, next);
        int64_t money =
            allowance(p, n, f, &(struct span){ at, next, passed, then, span->target, span->remaining - sum });
        sum += money < most ? money : most;
        at = next;
        passed = then;
    }
    return sum;
}

/* ---- money -> units ---- */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* The least number of units that costs a whole multiple of `step` micros; `per` units cost the rate. */
static int64_t units_per_step(int64_t rate, int64_t per, int64_t step)
{
    int64_t whole = per * step;
    return whole / gcd(whole, rate);
}

static int64_t quantum(const struct plan_package *p, int64_t rate)
{
    int64_t per = pricing_units_per_rate(p->pricing_model);
    int64_t q = units_per_step(rate, per, CENT);
    if (q > 1000 || pricing_cost(p->pricing_model, rate, q) > p->budget_micros / 500) {
        q = units_per_step(rate, per, 1); /* no cents, then whole micros */
    }
    return pricing_cost(p->pricing_model, rate, q) > p->budget_micros / 100 ? 1 : q;
}

static int64_t units_for(const struct plan_package *p, int64_t money)
{
    int64_t rate = mock_rate(p), per = pricing_units_per_rate(p->pricing_model);
    if (rate <= 0) return 0;
    int64_t units = muldiv(money, per, rate, MONEY_ROUND_DOWN);
    return units - units % quantum(p, rate);
}

/* ---- units -> everything ---- */

static int64_t share(int64_t v, int64_t ppm)
{
    return muldiv(v, ppm, PPM, MONEY_ROUND_DOWN);
}

static int64_t unshare(int64_t v, int64_t ppm)
{
    return muldiv(v, PPM, ppm, MONEY_ROUND_UP);
}

#define MEASURABLE 950000

static int64_t impressions_of(const struct plan_package *p, const struct nature *n, int64_t units)
{
    switch (p->pricing_model) {
    case PRICING_CPM: return units;
    case PRICING_VCPM: return unshare(unshare(units, n->viewable), MEASURABLE);
    case PRICING_CPC: return unshare(units, n->ctr);
    case PRICING_CPCV: return unshare(units, n->completion);
    case PRICING_CPV: return unshare(units, n->view);
    case PRICING_CPA: return unshare(unshare(units, n->conversion), n->ctr);
    case PRICING_CPP: return units * n->imps_per_grp_hundredth;
    case PRICING_FLAT_RATE:
    case PRICING_TIME:
        if (p->impressions_goal >= 0 && p->budget_micros > 0) {
            return muldiv(p->impressions_goal, units, p->budget_micros, MONEY_ROUND_DOWN);
        }
        return muldiv(units, 1000, n->flat_ecpm_micros, MONEY_ROUND_DOWN);
    case PRICING_MODELS_N: break;
    }
    ENSURE(!"a pricing model out of its enum");
    return 0;
}

/* What `units` bring with them; METRIC_UNKNOWN for what this medium does not tell. */
static struct delivered everything(const struct plan_package *p, const struct nature *n, int64_t units)
{
    struct delivered d;
    for (int m = 0; m < METRICS_N; m++) d.of[m] = METRIC_UNKNOWN;
    int64_t imps = impressions_of(p, n, units);
    d.of[METRIC_IMPRESSIONS] = imps;
    if (p->medium == MEDIUM_DISPLAY || p->medium == MEDIUM_VIDEO) {
        d.of[METRIC_CLICKS] = share(imps, n->ctr);
        d.of[METRIC_MEASURABLE] = share(imps, MEASURABLE);
        d.of[METRIC_VIEWABLE] = share(d.of[METRIC_MEASURABLE], n->viewable);
    }
    if (p->medium == MEDIUM_VIDEO || p->medium == MEDIUM_AUDIO) {
        d.of[METRIC_COMPLETED_VIEWS] = share(imps, n->completion);
        d.of[METRIC_VIEWS] = share(imps, n->view);
    }
    if (p->pricing_model == PRICING_VCPM) d.of[METRIC_MEASURABLE] = share(imps, MEASURABLE);
    if (p->pricing_model == PRICING_CPA) d.of[METRIC_CLICKS] = unshare(units, n->conversion);
    d.of[pricing_metric(p->pricing_model)] = units;
    d.of[METRIC_SPEND] = pricing_cost(p->pricing_model, mock_rate(p), units);
    return d;
}

/* What the package's impressions cost, when it is to have no more of them; INT64_MAX without a goal. */
static int64_t goal_cost(const struct plan_package *p, const struct nature *n)
{
    const int64_t many = 1000;
    int64_t impressions = impressions_of(p, n, many);
    if (p->impressions_goal < 0 || pricing_metric(p->pricing_model) == METRIC_SPEND || impressions <= 0) {
        return INT64_MAX;
    }
    int64_t cost = pricing_cost(p->pricing_model, mock_rate(p), many);
    return muldiv(p->impressions_goal, cost, impressions, MONEY_ROUND_DOWN);
}

/* The package's daily limits as money; 0: none. One step of the price below the limit, because totals are counted in
 * whole steps and a day may end with the step that the day before had begun. */
static int64_t daily_limit(const struct plan_package *p, const struct nature *n)
{
    bool flat = pricing_metric(p->pricing_model) == METRIC_SPEND;
    int64_t rate = mock_rate(p), limit = p->daily_budget_micros, many = flat ? p->budget_micros : 1000, step = CENT;
    if (p->daily_impressions > 0 && impressions_of(p, n, many) > 0) {
        int64_t cost = pricing_cost(p->pricing_model, rate, many);
        int64_t money = muldiv(p->daily_impressions, cost, impressions_of(p, n, many), MONEY_ROUND_DOWN);
        if (limit == 0 || money < limit) limit = money;
    }
    if (!flat && rate > 0) step = pricing_cost(p->pricing_model, rate, quantum(p, rate));
    return limit > 2 * step ? limit - step : limit;
}

void mock_deliver(const void *config, const struct plan *plan, size_t index, int64_t since,
                  const struct delivered *before, int64_t until, struct delivered *out)
{
    const struct mock_config *c = config;
    const struct plan_package *p = &plan->packages[index];
    struct nature n = nature_of(p, seed_of(plan, index));
    struct flight f = flight_of(plan, p, n.seed);
    bool flat = pricing_metric(p->pricing_model) == METRIC_SPEND;
    int64_t units = 0;
    if (!p->paused && f.start_at < f.stop_at) {
        int64_t from = clamp(since, f.start_at, f.stop_at), to = clamp(until, f.start_at, f.stop_at);
        int64_t target = flat ? p->budget_micros : muldiv(p->budget_micros, n.efficiency, 10000, MONEY_ROUND_DOWN);
        if (goal_cost(p, &n) < target) target = goal_cost(p, &n);
        target = muldiv(target, c->fill_percent, 100, MONEY_ROUND_DOWN);
        int64_t spent = before->of[METRIC_SPEND] > 0 ? before->of[METRIC_SPEND] : 0;
        int64_t limit = daily_limit(p, &n), money = 0;
        struct span span = { .from = from,
                             .to = to,
                             .passed_from = traffic(n.seed, f.start_at, from),
                             .passed_to = traffic(n.seed, f.start_at, to),
                             .target = target,
                             .remaining = target - spent };
        if (spent < target) money = limit ? limited(p, &n, &f, &span, limit) : allowance(p, &n, &f, &span);
        if (flat) units = to == f.end_at ? money : money - money % CENT;
        else units = units_for(p, money);
    }
    struct delivered more = everything(p, &n, units);
    for (int m = 0; m < METRICS_N; m++) {
        int64_t had = before->of[m];
        out->of[m] = more.of[m] == METRIC_UNKNOWN ? had : more.of[m] + (had > 0 ? had : 0);
    }
    /* Of a price by clicks the impressions are rounded up, which may be one too many. */
    int64_t *imps = &out->of[METRIC_IMPRESSIONS], had = before->of[METRIC_IMPRESSIONS];
    int64_t most = p->impressions_goal > had ? p->impressions_goal : had;
    if (p->impressions_goal >= 0 && !flat && *imps > most) *imps = most;
}
