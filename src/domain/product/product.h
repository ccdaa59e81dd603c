/* A product, typed: what buying, forecasting and approving need to know of the stored AdCP 3.1 object. The object
 * itself stays reachable as `doc`; our own settings are its "ext"."salesagent":
 *
 *     targeting             {kind: [words]}   what the inventory is about, ranked and shown
 *     estimated_reach       {daily_impressions, daily_uniques}
 *     capacity              {daily_impressions}   what can be sold a day; default: estimated_reach
 *     approval_policy       "auto" | "review"     default: the publisher's workflow_required
 *     measurement_policy    {min_variance_percent, measurement_windows[], vendors[]}   which terms are accepted
 *     min_lead_hours        earliest start after booking
 *     creative_lead_hours   creatives may be changed until this long before a package's start
 *     io_required           true: sold only as a finalized proposal, against its signed insertion order
 *     active                false takes it off sale without deleting it
 *
 * A stored product that cannot be read is logged and treated as not there: one damaged row never breaks the rest. */
#pragma once

#include <salesagent/pricing.h>

#include "contract/json.h"
#include "domain/core/act.h"
#include "domain/core/tenant_settings.h"

#define PRODUCT_ID_MAX 128

struct pricing_option {
    struct str pricing_option_id;
    enum pricing_model model;
    char currency[4];
    int64_t fixed_price_micros; /* per pricing unit; -1: auction, a bid is needed */
    int64_t floor_micros;       /* least bid of an auction; -1: none stated */
    int64_t p50_micros;         /* price_guidance.p50; -1: unknown */
    int64_t min_spend_micros;   /* per package; 0: none */
    yyjson_val *parameters;     /* or NULL; model-specific, see AdCP pricing-options */
    yyjson_val *doc;
};

struct format_ref {
    struct str agent_url; /* empty: ours */
    struct str id;
    int64_t width, height, duration_ms; /* 0: not part of the reference */
};

enum approval_policy { APPROVAL_DEFAULT, APPROVAL_AUTO, APPROVAL_REVIEW };

struct measurement_policy {
    bool stated;                    /* false: any terms are accepted */
    int64_t min_variance_percent;   /* terms that tolerate less are refused */
    yyjson_val *measurement_windows; /* accepted ones, array of strings; NULL: any */
    yyjson_val *vendors;            /* accepted vendor domains, array of strings; NULL: any */
};

struct product {
    struct str product_id, name, description;
    bool guaranteed; /* delivery_type */
    bool active;
    struct pricing_option *pricing_options;
    size_t pricing_options_n;
    struct format_ref *formats; /* none (n = 0): any format of the publisher */
    size_t formats_n;
    struct str *channels; /* AdCP channel names */
    size_t channels_n;
    int64_t daily_impressions; /* capacity; -1: unknown */
    int64_t daily_uniques;     /* -1: unknown */
    int64_t min_lead_hours;    /* 0 */
    enum approval_policy approval;
    struct measurement_policy measurement;
    yyjson_val *allowed_actions; /* AdCP product-allowed-action[], or NULL: everything the state allows */
    yyjson_val *doc;             /* the whole AdCP object */
};

/* 1 found (on sale or not: see `active`), 0 not found, -1 failed or damaged. Lives in the arena. */
MUST_CHECK int product_load(struct tx *tx, struct arena *a, struct str tenant_id, struct str product_id,
                            struct product *out, struct err *e);
/* The same for one of many: a damaged one is left out (0, with a line in the log), so that it never breaks the rest. */
MUST_CHECK int product_load_listed(struct tx *tx, struct arena *a, struct str tenant_id, struct str product_id,
                                   struct product *out, struct err *e);

/* Reads one product object. INVALID_REQUEST (VALIDATION_ERROR for money) naming the member by JSON Pointer relative to the product: ids, money,
 * models and the shapes this program relies on are checked, also that ids inside are unique. */
MUST_CHECK int product_read(struct arena *a, yyjson_val *doc, struct product *out, struct err *e);

/* The ad server it is sold on (ext.salesagent.ad_server.name); empty: the publisher's first. And its settings for that: the
 * object's other members as JSON text, empty when there are none. */
struct str product_ad_server(const struct product *p);
struct str product_ad_server_settings(struct arena *a, const struct product *p);

/* NULL when the product has no such option. */
const struct pricing_option *product_pricing_option(const struct product *p, struct str pricing_option_id);

/* True when the product takes this format. */
bool product_takes_format(const struct product *p, const struct format_ref *f);

/* True when a person of the publisher must decide on a buy of this product and total. */
bool product_needs_approval(const struct product *p, const struct tenant_settings *ts, int64_t total_micros);

/* Impressions that `micros` buys at `rate` (fixed price, or the bid). -1 when the model has no such meaning. */
int64_t pricing_impressions(const struct pricing_option *o, int64_t micros, int64_t rate_micros);
/* The same of a price that is no longer on the list. */
int64_t pricing_model_impressions(enum pricing_model model, int64_t micros, int64_t rate_micros);

/* Reads {agent_url, id, width, height, duration_ms} or a plain string id. False when `v` is neither. */
MUST_CHECK bool format_ref_read(yyjson_val *v, struct format_ref *out);
/* The publisher's own formats (no agent_url) are known by their ids alone: an agent is reached under several URLs.
 * Otherwise URLs compare without scheme, case, trailing slash and a final "/mcp". */
bool format_ref_same(const struct format_ref *x, const struct format_ref *y);
