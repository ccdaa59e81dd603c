/* The plan: what an ad server is to have of one media buy, in the publisher's words. Everything reachable from it is
 * borrowed and immutable.
 *
 * A plan holds the packages of one ad server only. A media buy whose products live on several ad servers is booked by
 * several plans with the same media_buy_id, and until all of them have taken their part every package is `paused`: an
 * adapter needs to know nothing about the others. */
#pragma once

#include <salesagent/err.h>
#include <salesagent/money.h>
#include <salesagent/pricing.h>
#include <salesagent/str.h>

enum plan_pacing { PACING_EVEN, PACING_ASAP, PACING_FRONT_LOADED };

enum plan_medium { MEDIUM_DISPLAY, MEDIUM_VIDEO, MEDIUM_AUDIO, MEDIUM_DOOH, MEDIUM_BROADCAST };

/* What the product promises; it decides what kind of line item it becomes. */
enum plan_promise { PROMISE_NON_GUARANTEED, PROMISE_GUARANTEED };

/* What is known of an auction's prices. Zeros throughout: the price is fixed, or nothing is published. */
struct plan_auction {
    bool bidding;         /* rate_micros is a bid: the most that is paid */
    int64_t floor_micros; /* no unit is sold for less; 0: none */
    int64_t p25_micros, p50_micros, p75_micros, p90_micros; /* of the winning prices lately; 0: unknown */
};

/* A format the package may run: what its placeholders and players are made of. */
struct plan_format {
    struct str format_id;
    enum plan_medium medium;
    int width, height;   /* pixels; 0: the format has no fixed size */
    int64_t duration_ms; /* 0: none, or any */
};

struct plan_creative {
    struct str creative_id, name, format_id;
    struct str remote_id; /* the ad server's, once it has been given; empty also when it names none */
    bool sent;            /* the ad server has taken it for this package, perhaps in an older version */
    int64_t changed_at;   /* the creative itself; with its id it names one version of it */
    struct str doc;       /* JSON: manifest, assets, click url */
    int width, height;    /* of its format; 0: none */
    int weight;           /* 1 to 100; 0: unset */
};

struct plan_package {
    struct str package_id, name, product_id;
    struct str ad_server; /* the publisher's name for the ad server that it is booked on */
    struct str remote_id; /* the ad server's line item, once it is known */
    enum pricing_model pricing_model;
    enum plan_pacing pacing;
    enum plan_medium medium;
    enum plan_promise promise;
    int64_t rate_micros; /* per unit of the pricing model; the bid when it is an auction */
    struct plan_auction auction;
    int64_t budget_micros;
    int64_t impressions_goal; /* -1: the pricing implies none */
    int64_t start_at, end_at; /* half-open; µs since the epoch, UTC */
    int64_t stopped_at;       /* canceled then; INT64_MAX while it is not */
    bool paused;              /* itself, its whole buy, for want of a creative, or of another ad server's word */
    int64_t performance_ppm;  /* the buyer's latest word on what it is worth: 1,000,000 as expected; 0: none */
    int64_t daily_budget_micros, daily_impressions; /* no more than this a day of the ad server; 0: no such limit */
    struct str targeting;     /* JSON: AdCP targeting overlay; empty: none. Its lists (property_list, collection_list,
                               * collection_list_exclude) say what they hold, as far as known: identifiers [{type, value}] */
    struct str settings; /* JSON: the product's settings for this ad server, checked by check_product; empty: none */
    const struct plan_format *formats; /* those the buyer named, else all of the product's */
    size_t formats_n;
    const struct plan_creative *creatives; /* approved ones */
    size_t creatives_n;
};

struct plan {
    struct str tenant_id, media_buy_id, name, po_number;
    struct str buyer_ref; /* the buyer's own name for the buy; may be empty */
    struct str principal_id, account_id; /* whose it is */
    struct str advertiser; /* the brand's domain, else the account's brand or name */
    struct str advertiser_remote_id; /* the ad server's id of that advertiser: the publisher's settings for the account,
                                        * else for the principal, else what an adapter found or made before; may be empty */
    struct str agency_remote_id; /* likewise, from settings only */
    struct str billing; /* who is billed: "operator", "agent", "advertiser"; empty: not said */
    struct str payer; /* the name of who pays, for labels and invoices */
    struct str remote_id; /* the ad server's order, once it is known */
    char currency[4];
    int64_t start_at, end_at;
    int64_t live_from; /* nothing delivers before: approved, and taken by every ad server; INT64_MAX before that */
    const struct plan_package *packages;
    size_t packages_n;
};

const char *plan_pacing_name(enum plan_pacing p);
MUST_CHECK bool plan_pacing_parse(struct str name, enum plan_pacing *p);
const char *plan_medium_name(enum plan_medium m); /* "display", "video", ... */

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

/* The metric a pricing model bills by; METRIC_SPEND for flat_rate and time. */
enum metric pricing_metric(enum pricing_model m);
