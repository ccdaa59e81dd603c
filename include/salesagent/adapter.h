/* The adapter plug-in contract: what someone who connects another ad server compiles against.
 *
 * An adapter is one constant `struct adapter`: a name, some pure functions, and one entry for each verb.
 *
 *   configure      text of the publisher's settings -> the adapter's own settings, or an error naming the field
 *   check_product  a product's settings for this ad server: every mistake, with its place
 *   admit          can this plan be booked? every reason why not, so that a buyer hears all of them at once
 *   verbs          book, update, cancel, creatives, look, report, inventory, test, forecast
 *   deliver        local adapters without events of their own: what a package delivers over time
 *
 * Three kinds of adapter:
 *
 *   LOCAL (mock, house): the ad server is part of our own store. A verb is a pure function `run`, called inside the
 *     caller's transaction; it fills op->result and returns. Nothing can be lost between deciding and doing.
 *
 *   BY HAND (manual): local, and a person is the ad server. What `run` answers with ADAPTER_WAITS becomes a task that
 *     says what to type in (`describe`); whoever completes it gives the ids.
 *
 *   REMOTE (GAM, Kevel, Triton, ...): a verb is a table of steps, run by a job after the commit:
 *
 *       runner                                   adapter
 *       ------                                   -------
 *       op->pc = 0                 ->  step 0    fills op->calls[0..n), op->calls_n = n, returns the next step
 *       authorises and starts the calls, as fast as the ad server allows, waits until all are done
 *       (or sleeps op->sleep_ms,
 *        or runs op->work)         ->  step k    reads op->answers[0..answers_n), the calls of the step before, sets
 *                                                op->result or more calls, ...
 *       stores what is new (progress, remote ids, items) in a commit, and only then goes on
 *       ADAPTER_DONE               <-            op->result says how it ended
 *
 *     Steps never wait and keep nothing in statics: what they must remember during one run is in `op->state`, what
 *     must survive a crash is JSON in `op->progress` (remote ids, above all). Because a crash may fall between an
 *     effect and its record, a step that creates something first looks for what an earlier run may have created: by
 *     media_buy_id, package_id, creative_id, which the ad server can be told. op->key names the job only; another job
 *     for the same buy has another key. The runner owns retries and waits: it runs the whole verb again, from step 0,
 *     with the progress recorded so far and a plan that holds the remote ids recorded so far.
 *
 * What the runner does, so that no adapter does it differently: the access token (`token_ask`: fetched once for all
 * jobs of an ad server account, kept until a minute before it expires, fetched again once when a call is answered 401),
 * the pace of calls (`limits`, shared likewise), a 429 (the whole account holds still for its Retry-After, then the call
 * is made again; after several, or for more than a minute, the step sees the 429), the lease of a job that takes long.
 *
 * `deliver` is given plans without targeting, advertiser and creatives: its numbers do not depend on them.
 *
 * Everything given is borrowed and immutable. Memory an adapter hands back comes from the arena it is given (adapter_alloc;
 * adapters inside src/ use base/arena.h) and lives until the operation ends. No function reads a clock: `now` is
 * given. */
#pragma once

#include <salesagent/http_call.h>
#include <salesagent/plan.h>

#define ADAPTER_PROBLEMS_MAX 32
#define ADAPTER_CALLS_MAX    8
#define ADAPTER_LINES_MAX    64
#define ADAPTER_DONE         (-1)
#define ADAPTER_WAIT_MAX_S   (7 * 86400)

struct arena;
struct adapter;
struct adapter_op;

/* ---- whose ad server it is ---- */

struct adapter_site {
    struct str tenant_id, tenant_name;
    struct str ad_server;   /* the publisher's name for it */
    struct str timezone;    /* the publisher's: IANA name */
    char currency[4];       /* the publisher's */
    struct str agent_url;   /* of this agent; may be empty */
    bool sandbox;           /* nothing here is real */
};

/* ---- what the ad server has ---- */

/* An ad unit, a placement, a targeting key or value, a place, a size, a currency, the network itself. */
struct adapter_item {
    struct str kind;      /* the adapter's own word: "ad_unit", "key", "geo", "currency", ... */
    struct str remote_id; /* with the kind it names the item */
    struct str parent_id; /* the remote id of what it belongs to; may be empty */
    struct str key;       /* by which it is looked for: a code, "US-NY", "network"; may be empty */
    struct str name;      /* for people */
    struct str doc;       /* JSON object with what else the adapter wants to know of it; may be empty */
};

/* What was read of it last. What it finds lives as long as the operation. */
struct adapter_catalog {
    bool (*find)(const struct adapter_catalog *c, const char *kind, struct str key, struct adapter_item *out);
    bool (*get)(const struct adapter_catalog *c, const char *kind, struct str remote_id, struct adapter_item *out);
    int64_t synced_at; /* when the inventory was last read completely; 0: never, and finding nothing means nothing */
};

/* ---- what is not as it should be ---- */

/* Why a plan cannot be booked, or what of it. `package_id` empty: the plan as a whole. `member` names the member at
 * fault ("budget", "start_time", "targeting_overlay/geo_countries"; JSON Pointer without the leading slash): of the
 * package or the plan; of the product's settings in check_product; of the ad server's settings in `forewarn`. */
struct adapter_problem {
    struct str package_id;
    struct str creative_id; /* empty: not about one creative */
    char member[96];
    char text[240];
};

struct adapter_problems {
    struct adapter_problem item[ADAPTER_PROBLEMS_MAX];
    size_t n; /* what came after the maximum is not counted */
};

/* What an operation would come to, one line a call, in words for people. */
struct adapter_lines {
    char line[ADAPTER_LINES_MAX][200];
    size_t n; /* what came after the maximum is not counted */
};

/* ---- what an operation results in ---- */

enum adapter_verdict {
    ADAPTER_OK,
    ADAPTER_TRY_LATER, /* busy, down, or nobody knows whether it happened: the same operation again, later. Counts as a
                        * failure: after several in a row all traffic to the ad server pauses for a while */
    ADAPTER_WAITS, /* somebody or something over there is not ready yet (a forecast, a person's approval): the same
                        * operation again at resume_after_s. No failure, no attempt; it ends only when wait_max_s have
                        * passed since the first such answer, or the flight is over */
    ADAPTER_REFUSED /* the ad server will not; `reason` is for people */
};

/* How an order or a line item stands over there. */
enum adapter_standing {
    STANDS_UNKNOWN,
    STANDS_DRAFT, /* made, and nobody has asked for its approval */
    STANDS_WAITING, /* for an approval, a forecast */
    STANDS_READY, /* will deliver from its start on */
    STANDS_DELIVERING,
    STANDS_PAUSED,
    STANDS_INACTIVE, /* lacks something: creatives, an activation */
    STANDS_OVER, /* its flight or its goal */
    STANDS_ENDED, /* canceled, archived, disapproved */
    STANDS_GONE, /* there is no such thing */
    STANDS_N
};
const char *adapter_standing_name(enum adapter_standing s); /* "draft", "waiting", ... */

struct adapter_sight {
    struct str media_buy_id, package_id; /* package_id empty: the order itself */
    struct str remote_id;
    enum adapter_standing standing;
    struct str status; /* in the ad server's own word: "PAUSED_INVENTORY_RELEASED" */
    struct str note; /* for people: "2 of 3 sizes have no creative"; may be empty */
};

/* One package, one day, which is named by its midnight in UTC, in the calendar of the ad server: a local adapter's is
 * day_zone's; a remote one's the time zone that the publisher's products declare for their reports (op->zone). Facts
 * with a creative_id are parts of their package's day; where a day has only parts, their sum is the day. */
struct adapter_fact {
    struct str media_buy_id; /* empty: of the only plan */
    struct str package_id;
    struct str creative_id; /* empty: the whole package */
    int64_t day_at;
    struct delivered delivered;
    bool is_final; /* the ad server will not change it any more */
};

/* What a package could deliver between its dates, by the ad server's own forecast, in units of its pricing model. */
struct adapter_forecast {
    struct str package_id;
    int64_t matched; /* units its targeting would match; METRIC_UNKNOWN */
    int64_t available; /* of these not yet sold; METRIC_UNKNOWN */
};

enum adapter_check_outcome { ADAPTER_CHECK_PASSED, ADAPTER_CHECK_WARNS, ADAPTER_CHECK_FAILED, ADAPTER_CHECK_SKIPPED };

/* One thing that was tried by ADAPTER_TEST. */
struct adapter_check {
    struct str name; /* "network", "may create orders" */
    enum adapter_check_outcome outcome;
    struct str text; /* what was found: "network 1234 \"News\", USD, Europe/Berlin" */
    struct str fix; /* what to do, and where; may be empty */
};

struct adapter_result {
    enum adapter_verdict verdict;
    struct str reason; /* for the publisher's people; empty when OK */
    int retry_after_s; /* with TRY_LATER; 0: the runner decides */
    int resume_after_s; /* with WAITS; 0: ten minutes */
    int wait_max_s; /* with WAITS; 0: the publisher's setting, else ADAPTER_WAIT_MAX_S */
    const struct adapter_fact *facts; /* of a report; a day reported again replaces what was known */
    size_t facts_n;
    int64_t as_of; /* of a report: its numbers are complete until then; 0: until now */
    const struct adapter_sight *sights; /* of a look; a report may bring some along */
    size_t sights_n;
    const struct adapter_check *checks; /* of a test */
    size_t checks_n;
    const struct adapter_forecast *forecasts;
    size_t forecasts_n;
};

/* Ids that the ad server has given. */
enum remote_kind { REMOTE_ORDER, REMOTE_PACKAGE, REMOTE_CREATIVE, REMOTE_ADVERTISER };

struct adapter_remote {
    enum remote_kind kind;
    struct str id; /* ours: package_id, creative_id; of an order the media_buy_id; empty for the plan's advertiser */
    struct str remote_id;
};

/* ---- operations ---- */

enum adapter_verb {
    ADAPTER_BOOK, /* order and line items, reserved or live; packages that are paused deliver nothing */
    ADAPTER_UPDATE, /* bring what is booked to the plan: budgets, dates, pauses, new packages; and what an earlier
                        * plan of this buy has left there, an end */
    ADAPTER_CANCEL, /* stop everything for good; also what an attempt to book may have left: look for it */
    ADAPTER_CREATIVES, /* upload and associate the packages' creatives; what is no longer among them stops running.
                        * OK with op->problems that name creatives: all but those were taken */
    ADAPTER_LOOK, /* how orders and line items stand there: result.sights. Many plans: plans_max */
    ADAPTER_REPORT, /* facts of the days [from_day, to_day), as the ad server counts days now. Many plans: plans_max */
    ADAPTER_INVENTORY, /* what can be targeted, page by page (adapter_items_add); plan is NULL */
    ADAPTER_TEST, /* is it there, do the credentials work, what may they do: result.checks; plan is NULL. OK when
                        * everything could be tried, whatever it found */
    ADAPTER_FORECAST, /* what the plan's packages could deliver; nothing is booked */
    ADAPTER_VERBS_N
};

/* Text that all jobs of an ad server account may want again soon. In memory only: it may be gone at any time. */
struct adapter_memo {
    bool (*get)(struct adapter_memo *m, struct str name,
                struct str *text); /* false: there is none, or it has expired */
    void (*put)(struct adapter_memo *m, struct str name, struct str text, int64_t expires_at);
    void (*drop)(struct adapter_memo *m, struct str name);
};

struct adapter_op {
    /* given */
    const struct adapter *adapter;
    const void *config; /* what configure made */
    const struct adapter_site *site;
    const struct adapter_catalog *catalog; /* never NULL */
    struct adapter_memo *memo; /* never NULL for remote adapters; empty in a dry run */
    enum adapter_verb verb;
    const struct plan *plan; /* plans[0], or NULL */
    const struct plan *plans; /* of LOOK and REPORT */
    size_t plans_n;
    int64_t from_day, to_day; /* of a report: days, each named by its midnight in UTC */
    struct str zone; /* IANA name: in which the publisher's products count the days of their reports */
    const struct str *zones; /* of a test: all that its products declare; more than one is worth a warning */
    size_t zones_n;
    int64_t now;
    struct str key; /* the job's: the same at every attempt */
    struct arena *arena;
    bool dry_run; /* the calls are shown to people, and `pretend` answers them */

    /* the steps' own */
    int pc; /* the step to run next */
    void *state;
    struct http_call calls[ADAPTER_CALLS_MAX]; /* to be made: urls, headers and bodies live in op->arena */
    int calls_n; /* 0 before each step */
    unsigned foreign; /* bit 1 << i: calls[i] goes elsewhere than to the ad server (a creative's file, a signed download
                       * address): no token, no pace. 0 before each step. What a buyer's URL names has reach
                       * HTTP_REACH_PUBLIC */
    int sleep_ms; /* instead of calls: wait that long (seconds; for longer there is ADAPTER_WAITS). 0 before each step */
    void (*work)(struct adapter_op *op); /* instead of calls: computation too long for the loop (compressing, encoding);
                                          * runs on another thread, touches only what this op points to; NULL before each step */
    const struct http_call *answers; /* the finished calls of the step before, in their order; for this step only */
    int answers_n;
    struct str progress; /* JSON object; given as the last run left it */
    bool progress_changed;
    struct adapter_problems problems; /* why it was refused, package by package; or what was not taken */

    struct adapter_result result;

    /* filled by adapter_remote_add and adapter_items_add; the runner's */
    struct adapter_remote *remotes;
    size_t remotes_n, remotes_cap;
    struct adapter_item *items;
    size_t items_n, items_cap;
};

/* Returns the next step's index, or ADAPTER_DONE with op->result filled. */
typedef int (*adapter_step)(struct adapter_op *op);

struct adapter_verb_impl {
    void (*run)(struct adapter_op *op); /* local adapters */
    const adapter_step *steps; /* remote adapters */
    int steps_n;
};

/* How a bid stands in its auction. */
struct adapter_auction {
    int64_t win_ppm; /* share of the auctions entered that it wins, 0 to 1,000,000 */
    int64_t clearing_micros; /* what a unit won costs on average: at least the floor, at most the bid */
};

/* What an ad server account bears. */
struct adapter_limits {
    int calls_per_minute; /* 0: as many as there are */
    int parallel; /* calls under way at a time; 0: 8 */
    int jobs; /* jobs under way at a time; 0: 64 */
    struct str account; /* names the account, for publishers who share one; empty: this ad server alone */
};

struct adapter_token {
    struct str text;
    int64_t expires_at;
};

struct adapter {
    const char *name; /* "gam" */
    const char *title; /* for people */
    bool local;
    bool by_hand; /* local, and its verbs are done by a person */
    bool serves; /* local, and this program itself shows and counts what is booked (src/serving) */
    bool simulates; /* what it reports never happened: `configure` refuses a site that is no sandbox unless its settings
                     * say so in words, and every reply there that rests on its numbers says so */
    bool paces_by_performance; /* performance_ppm changes what it delivers when */
    int staleness_s; /* how old its numbers may be at most */
    const char *source; /* what its facts are marked with */
    unsigned metrics; /* bit 1 << METRIC_x: what it can know at all */
    int plans_max; /* how many plans a LOOK or REPORT takes at a time; 0: one */
    const char *const *inventory_kinds; /* ends with NULL: the kinds that INVENTORY lists completely; what a whole pass
                                         * has not seen of these is there no more. NULL: none */

    /* Pure. `json` is an object with its secrets in clear, or empty. Errors: CONFIGURATION_ERROR with the field. */
    MUST_CHECK int (*configure)(struct arena *arena, const struct adapter_site *site, struct str json,
                                const void **config, struct err *e);

    /* Pure. A product's settings for this ad server (ext.salesagent.ad_server; an object, or empty). Appends every
     * mistake with its place. Against the catalogue only when that was ever synced. NULL: products have none. */
    void (*check_product)(const void *config, struct str json, const struct adapter_catalog *catalog,
                          struct adapter_problems *out);

    /* Pure. Appends every reason; none means it can be booked. */
    void (*admit)(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out);

    /* Pure. Appends in words what `verb` would do for this plan, in its order. NULL: adapter_describe_orders. */
    void (*describe)(const void *config, const struct plan *plan, enum adapter_verb verb, struct adapter_lines *out);

    /* Pure; remote adapters, for dry runs. What an ad server would answer to this call that has of the plan what is on
     * record (its remote ids, as it was last sent) and nothing else: grants what is created or changed (with ids like "(new order)" where numbers are not
     * needed), tells its inventory from the catalogue. Sets answer->status and answer->response. */
    void (*pretend)(const struct adapter_op *op, const struct http_call *call, struct http_call *answer);

    struct adapter_verb_impl verbs[ADAPTER_VERBS_N]; /* an empty entry: the ad server has nothing of the kind */

    /* Pure; NULL: no limits. */
    void (*limits)(const void *config, struct adapter_limits *out);

    /* The access token. token_ask fills the call that fetches one; it runs on another thread, because it may sign, and
     * touches only what it is given. token_read reads the answer: OK with *out, TRY_LATER or REFUSED with *reason.
     * Both NULL: there is none. */
    MUST_CHECK int (*token_ask)(const void *config, int64_t now, struct arena *arena, struct http_call *out,
                                struct err *e);
    enum adapter_verdict (*token_read)(const void *config, int64_t now, struct arena *arena,
                                       const struct http_call *answer, struct adapter_token *out, struct str *reason);
    /* Pure. Adds to a call what lets it in: headers, from the arena. `token` is empty without token_ask. NULL: nothing.
     * Steps never do it themselves, so what a dry run shows holds no secret. */
    void (*authorize)(const void *config, struct str token, struct arena *arena, struct http_call *call);

    /* Pure; for ad servers whose answers have a status that does not say what happened (SOAP faults). The HTTP status that a
     * complete answer means: of 401 and 429 the runner takes care as above. NULL: its own. */
    int (*status_of)(const struct http_call *answer);

    /* Pure. What will stop working by itself and when: a version that ends, a key that expires. NULL: nothing. */
    void (*forewarn)(const void *config, int64_t now, struct adapter_problems *out);

    /* Local adapters: the time zone whose days they count (facts, limits of a day, finality). NULL, or empty: UTC. */
    struct str (*day_zone)(const void *config);

    /* Local adapters whose numbers follow from the plan alone (NULL for others). Pure. Given what package `index` had
     * delivered by `since`, writes what it has delivered in total by `until` (since <= until). Every number is
     * monotone in `until`; spend never passes the budget unless it had before. Metrics unknown stay as they were. */
    void (*deliver)(const void *config, const struct plan *plan, size_t index, int64_t since,
                    const struct delivered *before, int64_t until, struct delivered *out);

    /* Local adapters, for trying out; NULL: never. What a person is to settle before this verb of this plan counts, as if the ad server
     * were worked by hand: text for the task. *after_s: it is settled by itself after so many seconds; 0: never. Empty text: nothing is. */
    struct str (*question)(const struct adapter_site *site, const struct plan *plan, enum adapter_verb verb,
                           int *after_s);

    /* NULL for ad servers that do not tell. Pure. How package `index` stands at its present bid; false, and nothing
     * written, when it is no auction or nothing is known of its prices. */
    bool (*auction)(const void *config, const struct plan *plan, size_t index, struct adapter_auction *out);
};

/* The adapter of that name, or NULL. */
const struct adapter *adapter_find(struct str name);
/* All of them, in the order in which people are shown them; *n is set. */
const struct adapter *const *adapter_list(size_t *n);

/* ---- for adapters ---- */

/* Memory of the arena: zeros, aligned for anything, never NULL. */
void *adapter_alloc(struct arena *a, size_t bytes);
/* Text in the arena, printf-like; NUL-terminated beyond its length. */
struct str adapter_text(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* An id that the ad server has given: recorded with the step that adds it, before any further call, however the verb
 * ends. Text is copied. */
void adapter_remote_add(struct adapter_op *op, enum remote_kind kind, struct str id, struct str remote_id);

/* An item of the inventory (or one found or made by the way). Recorded with the step that adds it, together with its
 * progress: so a page and the cursor behind it are one commit. Text is copied. */
void adapter_item_add(struct adapter_op *op, const struct adapter_item *item);

/* Appends a reason, printf-like; nothing once the list is full. */
void adapter_problem_add(struct adapter_problems *out, struct str package_id, const char *member, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Likewise, about one creative. */
void adapter_problem_creative(struct adapter_problems *out, struct str creative_id, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Appends a line, printf-like; nothing once the list is full. */
void adapter_line_add(struct adapter_lines *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How a step ends its verb: sets op->result's verdict and reason (printf-like, cut to 200 bytes) and returns
 * ADAPTER_DONE. */
int adapter_done(struct adapter_op *op);
int adapter_refuse(struct adapter_op *op, const char *fmt, ...) PRINTF_LIKE(2, 3);
int adapter_later(struct adapter_op *op, int retry_after_s, const char *fmt, ...) PRINTF_LIKE(3, 4);
int adapter_wait(struct adapter_op *op, int resume_after_s, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* True when there is no complete answer, or one that says "not now" (429, any 5xx): op->result is then TRY_LATER, with
 * the answer's Retry-After, and the step ends with ADAPTER_DONE. Adapters whose ad server has other words for that
 * (SOAP faults come with status 500) look first. */
bool adapter_no_answer(struct adapter_op *op, const struct http_call *answer);

/* A `describe` for ad servers of orders and line items; also used for an adapter that has none of its own. */
void adapter_describe_orders(const void *config, const struct plan *plan, enum adapter_verb verb,
                             struct adapter_lines *out);
