/* Delivery: what a media buy has delivered, by package and UTC day.
 *
 * Everything comes from facts (rows of delivery_fact) and, for ad servers whose numbers follow from the plan (the
 * mock), from the plan itself:
 *
 *     stored facts ............................| anchor |............ computed from the plan ............> now
 *     up to the last change of the plan,                  adapter->deliver(plan, since = anchor,
 *     frozen by delivery_freeze() before it               before = sum of the facts, until)
 *
 * The anchor is the latest read_at of the ad server's own facts. So reading writes nothing, the same buy at the
 * same time always reads the same, days add up to totals by construction, and what was reported for the past never
 * shrinks when the future changes. Facts of the source "simulated" (sandbox) are added on top and count as spent.
 *
 * WHO CHANGES A PLAN (budget, dates, pacing, pause, cancel, price) CALLS delivery_freeze() FIRST. */
#pragma once

#include "domain/delivery/pacing.h"
#include "domain/plan/plan.h"
#include "store/q/q_delivery.h"

#define DELIVERY_SOURCE_SIMULATED "simulated"

struct delivery_day {
    int64_t day_at;
    struct delivered delivered;
    bool is_final;
    bool unknown; /* nobody has said what was delivered: no number is shown for it */
};

enum delivery_status {
    DELIVERY_NONE, /* not started, paused, or never will */
    DELIVERY_DELIVERING,
    DELIVERY_NOT_DELIVERING, /* should, but nothing has come in */
    DELIVERY_COMPLETED,
    DELIVERY_BUDGET_EXHAUSTED,
    DELIVERY_FLIGHT_ENDED,
    DELIVERY_GOAL_MET
};

struct delivery_package {
    const struct plan_package *package;
    struct delivered lifetime; /* since the start, until now */
    struct delivered in_range; /* of the days asked for */
    const struct delivery_day *days; /* of the range, ascending, without gaps; only with DELIVERY_DAYS */
    size_t days_n;
    enum delivery_status status;
    bool is_final;         /* of the range */
    int64_t finalized_at;  /* TIME_NONE unless final */
};

/* UTC days, half-open. TIME_NONE: no limit at that end. */
struct delivery_range {
    int64_t from_day, to_day;
};

struct delivery {
    const struct plan *plan;
    struct delivered lifetime, in_range; /* sums of the packages' */
    struct delivery_package *packages;   /* plan->packages_n, in their order */
    struct delivery_range range; /* as it was asked for */
    int64_t from_at, until_at; /* of the range: what it really covers, half-open, until_at <= now or from_at */
    int64_t as_of;             /* the numbers are complete until then; the start, when they were never read */
    int staleness_s;           /* how old they may be at most */
    bool simulated;            /* an ad server made them up, and this is no sandbox */
    bool is_final;
    int64_t finalized_at;
};

/* From a caller's start_date and end_date, the day after the last: INVALID_REQUEST at /end_date when nothing lies between
 * them. */
MUST_CHECK int delivery_range_of(int64_t from_day, int64_t to_day, struct delivery_range *out, struct err *e);
#define DELIVERY_LIFETIME ((struct delivery_range){ TIME_NONE, TIME_NONE })

enum delivery_detail { DELIVERY_TOTALS, DELIVERY_DAYS };

/* act->now is the time asked about. `plan` must outlive `out`. Writes nothing. */
MUST_CHECK int delivery_read(const struct act *act, const struct plan *plan, struct delivery_range range,
                             enum delivery_detail detail, struct delivery *out, struct err *e);

/* Makes history of what has been delivered until act->now. Call it before changing what the plan is made of; calling
 * it twice, or for a buy that has not begun, does nothing. 0 also for a buy that does not exist. */
MUST_CHECK int delivery_freeze(const struct act *act, struct str media_buy_id, struct err *e);

/* Marks a package added in flight as having delivered nothing until now. booking_update() does it. */
MUST_CHECK int delivery_begin(const struct act *act, const struct plan *plan, const struct plan_package *package,
                              struct err *e);

/* Adds to today's numbers as the source "simulated" (sandbox only). `package_id` empty: spread over the packages
 * by their budgets. MEDIA_BUY_NOT_FOUND, PACKAGE_NOT_FOUND. */
MUST_CHECK int delivery_simulate(const struct act *act, struct str media_buy_id, struct str package_id,
                                 const struct delivered *more, struct err *e);

struct delivery_changes {
    size_t n;
    int64_t first_day, last_day; /* when n > 0 */
};

/* What a report says, in order. `only_buy`: whose facts are that name no buy. */
struct delivery_facts {
    const struct adapter_fact *list;
    size_t n;
    int64_t as_of;
};
void delivery_facts_sort(struct arena *a, struct str only_buy, const struct adapter_result *report,
                         struct delivery_facts *out);

/* Stores what a remote ad server reported of its part of a buy, replacing what was known of those days, and that it was read now. Facts of
 * packages that are not the plan's are ignored. *changed: the days that were complete when they were last read and
 * whose numbers are others now. */
MUST_CHECK int delivery_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                               const struct delivery_facts *facts, struct delivery_changes *changed, struct err *e);

/* The days that a remote ad server is to be asked for: from the first that is not final, to the one that is under way. */
MUST_CHECK int delivery_open_days(const struct act *act, const struct plan *plan, struct delivery_range *out,
                                  struct err *e);

/* Pacing of one package and of the whole buy. */
struct pacing delivery_package_pacing(const struct delivery_package *p, int64_t now, enum pacing_basis basis);
struct pacing delivery_pacing(const struct delivery *d, struct arena *a, int64_t now, enum pacing_basis basis);

/* "delivering", ...; NULL for DELIVERY_NONE. */
const char *delivery_status_name(enum delivery_status s);

/* ---- numbers ---- */

struct delivered delivered_none(void); /* everything unknown */
void delivered_add(struct delivered *sum, const struct delivered *more); /* unknown + known is known */
/* `part` of `whole` in parts per million; -1 when either is unknown or whole is 0. */
int64_t delivered_share(int64_t part, int64_t whole);
