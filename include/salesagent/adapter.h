/* The adapter plug-in contract: what someone who connects another ad server compiles against.
 *
 * An adapter is one constant `struct adapter`: a name, a few pure functions, and one entry for each verb.
 *
 *   configure  text of the publisher's settings -> the adapter's own settings, or an error naming the field
 *   admit      can this plan be booked? every reason why not, so that a buyer hears all of them at once
 *   verbs      book, update, cancel, creatives, report, inventory, status
 *   deliver    local adapters without events of their own: what a package delivers over time
 *
 * Two kinds of adapter:
 *
 *   LOCAL (mock, house): the ad server is part of our own store. A verb is a pure function `run`, called inside the
 *     caller's transaction; it fills op->result and returns. Nothing can be lost between deciding and doing.
 *
 *   REMOTE (GAM, Kevel, Triton, ...): a verb is a table of steps, run by a job after the commit:
 *
 *       runner                                   adapter
 *       ------                                   -------
 *       op->pc = 0                 ->  step 0    fills op->calls[0..n), op->calls_n = n, returns the next step
 *       starts the calls, waits until all are done
 *       (or sleeps op->sleep_ms)   ->  step k    reads the calls' results, sets op->result or more calls, ...
 *       finishes the calls, stores op->progress in a commit when op->progress_changed, and only then runs on
 *       ADAPTER_DONE               <-            op->result says how it ended
 *
 *     Steps never wait and keep nothing in statics: what they must remember during one run is in `op->state`, what
 *     must survive a crash is JSON in `op->progress` (remote ids, above all). Because a crash may fall between an
 *     effect and its record, a step that creates something first looks for what an earlier run with the same
 *     op->key may have created. The runner owns retries: TRY_LATER means run the whole verb again, from step 0, with
 *     the progress recorded so far. With op->dry_run a runner prints the calls instead of starting them.
 *
 * `deliver` is given plans without targeting, advertiser and creatives: its numbers do not depend on them.
 *
 * Everything reachable from a plan is borrowed and immutable. Memory an adapter hands back comes from op->arena
 * (adapters inside src/ use base/arena.h; the type is opaque here). No function reads a clock: `now` is given. */
#pragma once

#include <salesagent/err.h>
#include <salesagent/http_call.h>
#include <salesagent/money.h>
#include <salesagent/pricing.h>
#include <salesagent/str.h>

#define ADAPTER_PROBLEMS_MAX 32
#define ADAPTER_CALLS_MAX    8
#define ADAPTER_LINES_MAX    64
#define ADAPTER_DONE         (-1)

struct arena;

/* ---- the plan ---- */

enum plan_pacing { PACING_EVEN, PACING_ASAP, PACING_FRONT_LOADED };

enum plan_medium { MEDIUM_DISPLAY, MEDIUM_VIDEO, MEDIUM_AUDIO, MEDIUM_DOOH, MEDIUM_BROADCAST };

/* What is known of an auction's prices. Zeros throughout: the price is fixed, or nothing is published. */
struct plan_auction {
    bool bidding;         /* rate_micros is a bid: the most that is paid */
    int64_t floor_micros; /* no unit is sold for less; 0: none */
    int64_t p25_micros, p50_micros, p75_micros, p90_micros; /* of the winning prices lately; 0: unknown */
};

struct plan_creative {
    struct str creative_id, name, format_id;
    struct str remote_id; /* the ad server's, once it has been given; empty also when it names none */
    bool sent;            /* the ad server has taken it for this package, perhaps in an older version */
    int64_t changed_at;   /* the creative itself */
    struct str doc;       /* JSON: manifest, assets, click url */
    int weight;           /* 0: unset */
};

struct plan_package {
    struct str package_id, name, product_id;
    struct str remote_id; /* the ad server's line item, once booked */
    enum pricing_model pricing_model;
    enum plan_pacing pacing;
    enum plan_medium medium;
    int64_t rate_micros;      /* per unit of the pricing model; the bid when it is an auction */
    struct plan_auction auction;
    int64_t budget_micros;
    int64_t impressions_goal; /* -1: the pricing implies none */
    int64_t start_at, end_at; /* half-open; µs since the epoch, UTC */
    int64_t stopped_at;       /* canceled then; INT64_MAX while it is not */
    bool paused;              /* itself, or its whole buy */
    int64_t performance_ppm;  /* the buyer's latest word on what it is worth: 1,000,000 as expected; 0: none */
    int64_t daily_budget_micros, daily_impressions; /* no more than this a UTC day; 0: no such limit */
    struct str targeting;     /* JSON: AdCP targeting overlay; empty: none. Its lists (property_list, collection_list,
                               * collection_list_exclude) say what they hold, as far as known: identifiers [{type, value}] */
    struct str settings;      /* JSON: the product's settings for this ad server; empty: none */
    const struct plan_creative *creatives; /* approved ones */
    size_t creatives_n;
};

struct plan {
    struct str tenant_id, media_buy_id, name, po_number;
    struct str advertiser; /* the brand's domain, else the account's brand or name */
    struct str remote_id;  /* the ad server's order, once booked */
    char currency[4];
    int64_t start_at, end_at;
    int64_t live_from; /* nothing delivers before: the approval; INT64_MAX while there is none */
    const struct plan_package *packages;
    size_t packages_n;
};

/* ---- numbers ---- */

enum metric {
    METRIC_IMPRESSIONS,
    METRIC_CLICKS,
    METRIC_SPEND, /* micros of the plan's currency */
    METRIC_VIEWS,
    METRIC_COMPLETED_VIEWS,
    METRIC_MEASURABLE, /* impressions whose viewability could be measured */
    METRIC_VIEWABLE,
    METRIC_CONVERSIONS,
    METRIC_GRP_HUNDREDTHS, /* gross rating points * 100 */
    METRICS_N
};

#define METRIC_UNKNOWN INT64_C(-1) /* this ad server does not know it; never shown as 0 */

struct delivered {
    int64_t of[METRICS_N];
};

/* How a bid stands in its auction. */
struct adapter_auction {
    int64_t win_ppm;         /* share of the auctions entered that it wins, 0 to 1,000,000 */
    int64_t clearing_micros; /* what a unit won costs on average: at least the floor, at most the bid */
};

/* One package, one day, which is named by its midnight in UTC. A local adapter's days are UTC's; a remote ad server's
 * are those of its own calendar, in the time zone that the publisher's products declare for their reports. */
struct adapter_fact {
    struct str package_id;
    int64_t day_at;
    struct delivered delivered;
    bool is_final; /* the ad server will not change it any more */
};

/* ---- what an operation results in ---- */

enum adapter_verdict {
    ADAPTER_OK,
    ADAPTER_TRY_LATER, /* busy, down, or nobody knows whether it happened: the same operation again, later */
    ADAPTER_REFUSED    /* the ad server will not; `reason` is for people */
};

struct adapter_remote {
    struct str id, remote_id; /* ours (package or creative), theirs */
};

struct adapter_result {
    enum adapter_verdict verdict;
    struct str reason;      /* for the publisher's people; empty when OK */
    int retry_after_s;      /* with TRY_LATER; 0: the runner decides */
    struct str remote_id;   /* the order's; empty when unchanged */
    const struct adapter_remote *remotes; /* line items, creatives */
    size_t remotes_n;
    const struct adapter_fact *facts;     /* of a report; a day reported again replaces what was known */
    size_t facts_n;
    int64_t as_of;          /* of a report: its numbers are complete until then; 0: until now */
    struct str doc;         /* inventory, status: JSON */
};

/* Why a plan cannot be booked. `package_id` empty: the plan as a whole. `member` names the plan's member at fault
 * ("budget", "start_time", "targeting_overlay/geo_countries"; JSON Pointer without the leading slash). */
struct adapter_problem {
    struct str package_id;
    const char *member;
    char text[160];
};

struct adapter_problems {
    struct adapter_problem item[ADAPTER_PROBLEMS_MAX];
    size_t n; /* what came after the maximum is not counted */
};

/* What an operation would ask of the ad server, one line a call, for people: the answer to a dry run. */
struct adapter_lines {
    char line[ADAPTER_LINES_MAX][200];
    size_t n; /* what came after the maximum is not counted */
};

/* ---- operations ---- */

enum adapter_verb {
    ADAPTER_BOOK,      /* order and line items, reserved or live */
    ADAPTER_UPDATE,    /* bring what is booked to the plan: budgets, dates, pauses, new packages */
    ADAPTER_CANCEL,    /* stop everything for good */
    ADAPTER_CREATIVES, /* upload and associate the packages' creatives */
    ADAPTER_REPORT,    /* facts of the days [from_day, to_day), as the ad server counts days now */
    ADAPTER_INVENTORY, /* what can be targeted; plan is NULL */
    ADAPTER_STATUS,    /* is it there, do the credentials work; plan is NULL */
    ADAPTER_VERBS_N
};

struct adapter_op {
    /* given */
    const struct adapter *adapter;
    const void *config; /* what configure made */
    enum adapter_verb verb;
    const struct plan *plan;
    int64_t from_day, to_day; /* of a report */
    int64_t now;
    struct str key; /* derived from the job's row, the same at every attempt */
    struct arena *arena;
    bool dry_run;

    /* the steps' own */
    int pc; /* the step to run next */
    void *state;
    struct http_call calls[ADAPTER_CALLS_MAX];
    int calls_n;  /* set by a step; the runner sets it back to 0 before the step after the next */
    int sleep_ms; /* set by a step instead of calls: wait that long */
    struct str progress; /* JSON object; given as the last run left it */
    bool progress_changed;

    struct adapter_result result;
};

/* Returns the next step's index, or ADAPTER_DONE with op->result filled. */
typedef int (*adapter_step)(struct adapter_op *op);

struct adapter_verb_impl {
    void (*run)(struct adapter_op *op); /* local adapters */
    const adapter_step *steps;          /* remote adapters */
    int steps_n;
};

struct adapter {
    const char *name;
    const char *title;   /* for people */
    bool local;
    bool paces_by_performance; /* performance_ppm changes what it delivers when */
    int staleness_s;     /* how old its numbers may be at most */
    const char *source;  /* what its facts are marked with */
    unsigned metrics;    /* bit 1 << METRIC_x: what it can know at all */

    /* Pure. `json` is an object or empty. Errors: CONFIGURATION_ERROR with the field. */
    MUST_CHECK int (*configure)(struct arena *arena, struct str json, const void **config, struct err *e);

    /* Pure. Appends every reason; none means it can be booked. */
    void (*admit)(const void *config, const struct plan *plan, struct adapter_problems *out);

    /* Pure. Appends the calls that `verb` would make for this plan, in their order. */
    void (*describe)(const void *config, const struct plan *plan, enum adapter_verb verb, struct adapter_lines *out);

    struct adapter_verb_impl verbs[ADAPTER_VERBS_N]; /* an empty entry: the ad server has nothing of the kind */

    /* Local adapters whose numbers follow from the plan alone (NULL for others). Pure. Given what package `index` had
     * delivered by `since`, writes what it has delivered in total by `until` (since <= until). Every number is
     * monotone in `until`; spend never passes the budget unless it had before. Metrics unknown stay as they were. */
    void (*deliver)(const void *config, const struct plan *plan, size_t index, int64_t since,
                    const struct delivered *before, int64_t until, struct delivered *out);

    /* NULL for ad servers that do not tell. Pure. How package `index` stands at its present bid; false, and nothing
     * written, when it is no auction or nothing is known of its prices. */
    bool (*auction)(const void *config, const struct plan *plan, size_t index, struct adapter_auction *out);
};

/* The adapter of that name, or NULL. */
const struct adapter *adapter_find(struct str name);

/* Appends a reason, printf-like; nothing once the list is full. */
void adapter_problem_add(struct adapter_problems *out, struct str package_id, const char *member, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Appends a line, printf-like; nothing once the list is full. */
void adapter_line_add(struct adapter_lines *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A `describe` for ad servers of orders and line items; also used for an adapter that has none of its own. */
void adapter_describe_orders(const void *config, const struct plan *plan, enum adapter_verb verb,
                             struct adapter_lines *out);

const char *plan_pacing_name(enum plan_pacing p);
bool plan_pacing_parse(struct str name, enum plan_pacing *p);

/* The metric a pricing model bills by; METRIC_SPEND for flat_rate and time. */
enum metric pricing_metric(enum pricing_model m);
