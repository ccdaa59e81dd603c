/* Triton Digital, audio only and experimental: nothing about its booking API is public, so every path and every member name that
 * follows is an assumption (words.c, docs/ad-servers/triton.md) and a setting. How things correspond:
 *
 *   media buy -> campaign     found again by externalCode, the media_buy_id
 *   package   -> flight       likewise, the package_id
 *   creative  -> creative     one for each version of it, a code made of id and version; a flight lists its creatives
 *
 * Days are those of the account's time zone, a flight begins and ends with whole ones. A PATCH changes what it sends, so what was
 * last sent of a flight is remembered in the catalogue (kind "flight"), as in the adapter for Google Ad Manager and for the same
 * reason: what a trafficker changes stays. */
#pragma once

#include <salesagent/adapter.h>

#include "adapters/call.h"
#include "adapters/doc.h"
#include "adapters/title.h"
#include "base/tz.h"

#define TRITON_NAME_MAX 255
#define TRITON_PAGE     200 /* the most that a page has */

/* ---- words.c: the assumptions ---- */

/* Id, object, member. The settings call them "object.member". */
#define TRITON_MEMBERS(M)                                                                                              \
    M(LIST_ITEMS, "list", "items")                                                                                     \
    M(LIST_PAGE, "list", "page")                                                                                       \
    M(LIST_PAGE_SIZE, "list", "pageSize")                                                                              \
    M(LIST_TOTAL, "list", "totalItems")                                                                                \
    M(LOGIN_USERNAME, "login", "username")                                                                             \
    M(LOGIN_PASSWORD, "login", "password")                                                                             \
    M(LOGIN_TOKEN, "login", "token")                                                                                   \
    M(ERROR_ERROR, "error", "error")                                                                                   \
    M(ERROR_MESSAGE, "error", "message")                                                                               \
    M(ERROR_FIELD, "error", "field")                                                                                   \
    M(STATION_ID, "station", "id")                                                                                     \
    M(STATION_NAME, "station", "name")                                                                                 \
    M(STATION_CALL_SIGN, "station", "callSign")                                                                        \
    M(GENRE_ID, "genre", "id")                                                                                         \
    M(GENRE_NAME, "genre", "name")                                                                                     \
    M(ADVERTISER_ID, "advertiser", "id")                                                                               \
    M(ADVERTISER_NAME, "advertiser", "name")                                                                           \
    M(ADVERTISER_CODE, "advertiser", "externalCode")                                                                   \
    M(CAMPAIGN_ID, "campaign", "id")                                                                                   \
    M(CAMPAIGN_ADVERTISER, "campaign", "advertiserId")                                                                 \
    M(CAMPAIGN_NAME, "campaign", "name")                                                                               \
    M(CAMPAIGN_CODE, "campaign", "externalCode")                                                                       \
    M(CAMPAIGN_START, "campaign", "startDate")                                                                         \
    M(CAMPAIGN_END, "campaign", "endDate")                                                                             \
    M(CAMPAIGN_CURRENCY, "campaign", "currency")                                                                       \
    M(CAMPAIGN_ACTIVE, "campaign", "active")                                                                           \
    M(CAMPAIGN_ARCHIVED, "campaign", "archived")                                                                       \
    M(FLIGHT_ID, "flight", "id")                                                                                       \
    M(FLIGHT_CAMPAIGN, "flight", "campaignId")                                                                         \
    M(FLIGHT_NAME, "flight", "name")                                                                                   \
    M(FLIGHT_CODE, "flight", "externalCode")                                                                           \
    M(FLIGHT_TYPE, "flight", "type")                                                                                   \
    M(FLIGHT_GOAL, "flight", "goal")                                                                                   \
    M(FLIGHT_RATE, "flight", "rate")                                                                                   \
    M(FLIGHT_RATE_TYPE, "flight", "rateType")                                                                          \
    M(FLIGHT_START, "flight", "startDate")                                                                             \
    M(FLIGHT_END, "flight", "endDate")                                                                                 \
    M(FLIGHT_STATIONS, "flight", "stationIds")                                                                         \
    M(FLIGHT_GENRES, "flight", "genreIds")                                                                             \
    M(FLIGHT_DAYPARTS, "flight", "dayparts")                                                                           \
    M(FLIGHT_RULES, "flight", "targetingRules")                                                                        \
    M(FLIGHT_CREATIVES, "flight", "creativeIds")                                                                       \
    M(FLIGHT_ACTIVE, "flight", "active")                                                                               \
    M(FLIGHT_STATUS, "flight", "status")                                                                               \
    M(FLIGHT_ARCHIVED, "flight", "archived")                                                                           \
    M(GOAL_TYPE, "goal", "type")                                                                                       \
    M(GOAL_VALUE, "goal", "value")                                                                                     \
    M(DAYPART_DAYS, "daypart", "days")                                                                                 \
    M(DAYPART_FROM, "daypart", "from")                                                                                 \
    M(DAYPART_TO, "daypart", "to")                                                                                     \
    M(RULE_AND, "rule", "and")                                                                                         \
    M(RULE_OR, "rule", "or")                                                                                           \
    M(RULE_NOT, "rule", "not")                                                                                         \
    M(RULE_FIELD, "rule", "field")                                                                                     \
    M(RULE_IN, "rule", "in")                                                                                           \
    M(CREATIVE_ID, "creative", "id")                                                                                   \
    M(CREATIVE_ADVERTISER, "creative", "advertiserId")                                                                 \
    M(CREATIVE_NAME, "creative", "name")                                                                               \
    M(CREATIVE_CODE, "creative", "externalCode")                                                                       \
    M(CREATIVE_TYPE, "creative", "type")                                                                               \
    M(CREATIVE_SECONDS, "creative", "durationSeconds")                                                                 \
    M(CREATIVE_STATUS, "creative", "status")                                                                           \
    M(REPORT_ID, "report", "id")                                                                                       \
    M(REPORT_TYPE, "report", "reportType")                                                                             \
    M(REPORT_START, "report", "startDate")                                                                             \
    M(REPORT_END, "report", "endDate")                                                                                 \
    M(REPORT_FILTERS, "report", "filters")                                                                             \
    M(REPORT_COLUMNS, "report", "columns")                                                                             \
    M(REPORT_STATUS, "report", "status")                                                                               \
    M(REPORT_URL, "report", "url")                                                                                     \
    M(FILTERS_FLIGHTS, "filters", "flights")                                                                           \
    M(COLUMN_DATE, "column", "date")                                                                                   \
    M(COLUMN_FLIGHT, "column", "flightId")                                                                             \
    M(COLUMN_CREATIVE, "column", "creativeId")                                                                         \
    M(COLUMN_IMPRESSIONS, "column", "impressions")                                                                     \
    M(COLUMN_COMPLETES, "column", "completes")                                                                         \
    M(COLUMN_REVENUE, "column", "revenue")

enum triton_member {
#define M(id, object, member) TRITON_##id,
    TRITON_MEMBERS(M)
#undef M
        TRITON_MEMBERS_N
};

enum triton_path {
    TRITON_LOGIN,
    TRITON_STATIONS,
    TRITON_GENRES,
    TRITON_ADVERTISERS,
    TRITON_ADVERTISER_CREATE,
    TRITON_CAMPAIGNS,
    TRITON_CAMPAIGN_CREATE,
    TRITON_CAMPAIGN,
    TRITON_CAMPAIGN_UPDATE,
    TRITON_FLIGHTS,
    TRITON_FLIGHT_CREATE,
    TRITON_FLIGHT_UPDATE,
    TRITON_CREATIVES,
    TRITON_CREATIVE_CREATE,
    TRITON_CREATIVE_UPLOAD,
    TRITON_REPORT_CREATE,
    TRITON_REPORT,
    TRITON_PATHS_N
};

struct triton_words {
    const char *member[TRITON_MEMBERS_N];
    struct triton_call {
        struct str method, path; /* "{id}" stands for an id */
    } call[TRITON_PATHS_N];
};

/* The assumptions with the publisher's corrections, "paths" and "members" of the settings. */
MUST_CHECK int triton_words_read(struct arena *a, yyjson_val *root, struct triton_words *out, struct err *e);
/* What is assumed of a member, whatever the publisher corrects. */
const char *triton_assumed(enum triton_member m);

/* ---- config.c ---- */

struct triton_config {
    struct triton_words words;
    struct str username, password, api;
    struct str timezone;
    const struct tz *zone; /* whose days a flight has */
    struct str campaign_name, flight_name;
    struct str currency;
    bool makes_advertisers;
    int calls_per_s;
};

MUST_CHECK int triton_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                                struct err *e);
void triton_limits(const void *config, struct adapter_limits *out);
MUST_CHECK int triton_token_ask(const void *config, int64_t now, struct arena *a, struct http_call *out, struct err *e);
enum adapter_verdict triton_token_read(const void *config, int64_t now, struct arena *a, const struct http_call *answer,
                                       struct adapter_token *out, struct str *reason);
void triton_authorize(const void *config, struct str token, struct arena *a, struct http_call *call);

/* ---- call.c ---- */

/* The name of a member over there. */
static inline const char *triton_name(const struct adapter_op *op, enum triton_member m)
{
    return ((const struct triton_config *)op->config)->words.member[m];
}

/* Where a path is, with the id in its place. */
struct str triton_url(const struct adapter_op *op, enum triton_path path, struct str id);
/* Appends a call to the step's. `id` is empty where the path has none. */
void triton_get(struct adapter_op *op, enum triton_path path, struct str id);
void triton_send(struct adapter_op *op, enum triton_path path, struct str id, const yyjson_mut_val *body);
void triton_put_bytes(struct adapter_op *op, enum triton_path path, struct str id, struct str mime, struct str bytes);
/* One page of a list, of those whose `filter` is `value`; an empty value: all of them. */
void triton_list(struct adapter_op *op, enum triton_path path, enum triton_member filter, struct str value, int page);
/* The answer's object. -1: the verb has ended. `doing` completes "could not ...". */
MUST_CHECK int triton_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out);
/* Is there another page behind this one? */
bool triton_more(const struct adapter_op *op, yyjson_val *root, int page);
/* An id, which may be text or a number; empty for anything else. */
struct str triton_id(const struct adapter_op *op, yyjson_val *obj, enum triton_member m);
/* What an external code is made of: the text itself where it fits, else its hash. */
struct str triton_code(struct arena *a, struct str text);

/* ---- flight.c: a package as a flight ---- */

void triton_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                          struct adapter_problems *out);
void triton_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out);
/* The days of the account that lie wholly in [start_at, end_at); false when there is none. */
bool triton_days_of(const struct triton_config *c, int64_t start_at, int64_t end_at, int64_t *first, int64_t *last);
struct str triton_date(struct arena *a, int64_t day);
/* The product runs on every station of the account ("stations": "all"), whichever these are when it is booked or changed. */
bool triton_on_all(const struct plan_package *p);
struct triton_stations {
    struct str *ids;
    size_t n, cap;
};
/* Every member of a flight. NULL: it cannot be said, and op->problems says why. `all`: for who runs on all of them. */
yyjson_mut_val *triton_flight_make(struct adapter_op *op, const struct plan_package *p, struct str campaign_id,
                                   const struct triton_stations *all, yyjson_mut_doc *d);

/* What was last sent of it. */
enum { TRITON_CHANGEABLE_N = 8 };
extern const enum triton_member triton_changeable[TRITON_CHANGEABLE_N];
struct triton_memory {
    bool known, paused; /* paused: by this agent */
    char digest[TRITON_CHANGEABLE_N][17];
};
void triton_sent_of(const struct adapter_op *op, yyjson_mut_val *flight, struct triton_memory *out);
void triton_recall(const struct adapter_op *op, struct str flight_id, struct triton_memory *out);
void triton_remember(struct adapter_op *op, struct str flight_id, struct str package_id, const struct triton_memory *m);

/* ---- campaign.c ---- */

struct triton_flight {
    const struct plan_package *package; /* NULL: of no package of this plan */
    struct str id, code, status;
    yyjson_val *shown;
    bool active, archived;
    struct triton_memory memory;
};

struct triton_campaign {
    struct str id, advertiser, start, end; /* dates as they are shown */
    bool archived, active;
    struct triton_flight *flights;
    size_t flights_n, flights_cap;
    int page; /* of the flights */
};

void triton_campaign_ask(struct adapter_op *op);
/* c->id stays empty when there is none. */
MUST_CHECK int triton_campaign_heard(struct adapter_op *op, const struct http_call *answer, struct triton_campaign *c);
void triton_flights_ask(struct adapter_op *op, struct triton_campaign *c);
/* 1: there are more, and they have been asked for; 0; -1: the verb has ended. */
MUST_CHECK int triton_flights_heard(struct adapter_op *op, const struct http_call *answer, struct triton_campaign *c);
struct triton_flight *triton_flight_of(struct triton_campaign *c, const struct plan_package *p);

/* ---- verbs ---- */

enum {
    TRITON_BOOK_STEPS = 10,
    TRITON_CANCEL_STEPS = 3,
    TRITON_CREATIVES_STEPS = 10,
    TRITON_LOOK_STEPS = 3,
    TRITON_REPORT_STEPS = 4,
    TRITON_INVENTORY_STEPS = 2,
    TRITON_TEST_STEPS = 2
};
extern const adapter_step triton_book_steps[TRITON_BOOK_STEPS], triton_cancel_steps[TRITON_CANCEL_STEPS],
    triton_creatives_steps[TRITON_CREATIVES_STEPS], triton_look_steps[TRITON_LOOK_STEPS],
    triton_report_steps[TRITON_REPORT_STEPS], triton_inventory_steps[TRITON_INVENTORY_STEPS],
    triton_test_steps[TRITON_TEST_STEPS];
extern const char *const triton_inventory_kinds[];

extern const struct adapter triton_adapter;
