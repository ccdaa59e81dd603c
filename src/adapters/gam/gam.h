/* Google Ad Manager, over REST v1, and over SOAP what that lacks (gam_soap.h). Read config.c for what can be set, book.c for the life of an order, then the verb
 * of interest. How things correspond:
 *
 *   media buy -> order        found again by externalOrderId (31 bits of a hash of the media buy's id) and the tag
 *                             " [media_buy_id]" at the end of its name
 *   package   -> line item    externalLineItemId is the package's id
 *   creative  -> creative     one for each version of it, tag " [creative_id/version]" at the end of its name
 *
 * What was last sent of a line item, and whether we have paused it, is kept as an item of the catalogue (kind
 * "line_item"): so a change of the buyer's sends what has changed and nothing else, and what a trafficker has changed
 * or paused stays as the trafficker wants it. */
#pragma once

#include <salesagent/adapter.h>

#include "adapters/call.h"
#include "adapters/doc.h"
#include "adapters/title.h"

#define GAM_ID_MAX     20 /* digits */
#define GAM_NAME_MAX   255 /* of orders, line items, creatives; StringLengthError.TOO_LONG beyond */
#define GAM_PAGE       500
#define GAM_FORECAST_S 900 /* NO_FORECAST_YET: until it is asked again */
#define GAM_APPROVAL_S 900 /* a person in Ad Manager: likewise */

enum gam_approval { GAM_BY_TYPE, GAM_APPROVE, GAM_SUBMIT, GAM_LEAVE };

struct gam_config {
    struct str network; /* its code: digits */
    struct str api; /* "https://admanager.googleapis.com" */
    struct str token_url, email, private_key, key_id; /* a service account, or */
    struct str client_id, client_secret, refresh_token; /* a person's consent */
    struct str trafficker, salesperson; /* ids of users; the latter may be empty */
    enum gam_approval approval;
    struct str order_name, line_item_name; /* templates */
    bool makes_advertisers;
    int calls_per_s;
    yyjson_val *regions; /* {"DE-BE": "20228"}: the publisher's own; NULL */
    struct str soap; /* "https://ads.google.com" */
    struct str soap_version;
    bool forecasts; /* guaranteed line items are booked only where Ad Manager foresees something for them */
};

/* config.c */
MUST_CHECK int gam_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                             struct err *e);
void gam_limits(const void *config, struct adapter_limits *out);

/* auth.c */
MUST_CHECK int gam_token_ask(const void *config, int64_t now, struct arena *a, struct http_call *out, struct err *e);
enum adapter_verdict gam_token_read(const void *config, int64_t now, struct arena *a, const struct http_call *answer,
                                    struct adapter_token *out, struct str *reason);
void gam_authorize(const void *config, struct str token, struct arena *a, struct http_call *call);

/* ---- rest.c: one call ---- */

/* "networks/123/orders/7" */
struct str gam_name(const struct adapter_op *op, const char *collection, struct str id);
struct str gam_here(const struct adapter_op *op); /* "networks/123" */
struct str gam_below(const struct adapter_op *op, const char *path); /* "networks/123/PATH" */
/* The digits after the last slash; empty when there are none. */
struct str gam_id(struct str name);

/* Appends a call to the step's; returns its index. `path` is what follows "/v1/". */
int gam_get(struct adapter_op *op, struct str path);
int gam_send(struct adapter_op *op, const char *method, struct str path, const yyjson_mut_val *body);
/* {"names": [...]} to networks/N/PATH; most actions look like that. */
int gam_act(struct adapter_op *op, const char *path, const struct str *names, size_t n);

struct gam_list {
    const char *collection; /* below the network, or a whole parent path when it has a slash */
    struct str filter, page_token;
    int page_size; /* 0: GAM_PAGE */
};
int gam_list(struct adapter_op *op, const struct gam_list *l);

/* A filter's string literal, with quotes. */
struct str gam_quoted(struct arena *a, struct str s);

/* The answer's document. -1: the verb has ended, op->result says how; `doing` completes "may not ..." ("create
 * orders"). A 404 is a refusal, so who expects one asks call_is_missing first. */
MUST_CHECK int gam_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out);
/* True when the answer is a refusal for this reason ("FORECAST_ERROR_NO_FORECAST_YET"). */
bool gam_refused_for(struct adapter_op *op, const struct http_call *answer, const char *reason);
/* What a refusal says: "message (REASON @ field)". */
struct str gam_refusal_text(struct arena *a, const struct http_call *answer);

/* 31 bits of a hash: the external id of an order is an int32. */
int32_t gam_external_order_id(struct str media_buy_id);

/* ---- targeting: needs.c, targeting.c, targeting_admit.c ---- */

/* Names over there that a plan's targeting needs: found in the catalogue, or asked for. */
struct gam_need {
    const char *kind; /* "country", "region", "postal", "ad_unit", "placement", "key", "value", "os" */
    struct str key;
    struct str id; /* once found */
    bool missing; /* asked for, and not there */
    int asked; /* the call that asks for it; -1: none */
};

struct gam_needs {
    struct gam_need *list;
    size_t n, cap;
};

/* Everything that cannot be said in Ad Manager, or is not there as far as the catalogue knows. */
void gam_admit_targeting(const struct gam_config *c, const struct plan_package *p,
                         const struct adapter_catalog *catalog, struct adapter_problems *out);
/* Adds what the package's targeting and settings need. */
void gam_needs_of(struct arena *a, const struct gam_config *c, const struct plan_package *p, struct gam_needs *needs);
/* Looks into the catalogue and fills the step's calls with up to eight questions. The number of questions; 0: all are
 * answered. The next step gives the answers to gam_needs_heard, which asks for nothing itself: -1 ends the verb. */
int gam_needs_ask(struct adapter_op *op, struct gam_needs *needs);
MUST_CHECK int gam_needs_heard(struct adapter_op *op, struct gam_needs *needs);
/* The line item's "targeting" and "frequencyCaps" members. -1, and a problem, when something needed is missing. */
MUST_CHECK int gam_add_targeting(struct adapter_op *op, const struct gam_needs *needs, const struct plan_package *p,
                                 struct str root_ad_unit, yyjson_mut_doc *d, yyjson_mut_val *item);

/* targeting_words.c: the name by which Ad Manager lists a region of ISO 3166-2, and its type there. */
bool gam_region_name(struct str code, const char **name, const char **type);
struct str gam_region_code(struct str country, struct str name); /* "US-NY"; empty */

/* ---- line_item.c ---- */

enum gam_type { GAM_SPONSORSHIP, GAM_STANDARD, GAM_NETWORK, GAM_BULK, GAM_PRICE_PRIORITY, GAM_TYPES_N };
const char *gam_type_name(enum gam_type t);
bool gam_type_guaranteed(enum gam_type t);
/* From the product's settings, else from what it promises and how it is priced. */
enum gam_type gam_type_of(const struct plan_package *p);

/* How a package is sold there; false, with a reason, when it cannot be. */
struct gam_deal {
    enum gam_type type;
    const char *cost_type, *unit_type;
    int64_t rate_micros, units;
    bool percent; /* units are percent of what there is; the goal is a day's */
};
MUST_CHECK bool gam_deal_of(const struct plan_package *p, struct str zone, struct gam_deal *out, const char **member,
                            const char **why);

struct gam_size {
    int width, height;
};
/* The distinct sizes of the package's formats, else those of the product's settings. */
size_t gam_sizes_of(const struct plan_package *p, struct gam_size *out, size_t max);
void gam_add_size(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct gam_size s);

/* The whole line item as it should be; NULL when something is missing (a problem says what). */
struct gam_item_of {
    struct str order, root_ad_unit;
    const struct gam_needs *needs;
    yyjson_mut_doc *doc;
};
yyjson_mut_val *gam_item_make(struct adapter_op *op, const struct gam_item_of *of, const struct plan_package *p);

/* The members that may change later, each as it was last sent. */
#define GAM_SENT_MAX 12
struct gam_sent {
    const char *name[GAM_SENT_MAX];
    char digest[GAM_SENT_MAX][17];
    size_t n;
};
void gam_sent_of(struct arena *a, yyjson_mut_val *item, struct gam_sent *out);

/* What is remembered of a line item. */
struct gam_memory {
    bool known;
    struct gam_sent sent;
    bool paused; /* by us */
};
void gam_recall(const struct adapter_op *op, struct str line_item_id, struct gam_memory *out);
void gam_remember(struct adapter_op *op, struct str line_item_id, struct str package_id, const struct gam_memory *m);

/* ---- inventory.c: the network ---- */

struct gam_network {
    struct str currency, timezone, root, title;
    bool is_test;
};
/* The network as the last answer of GET networks/N said, or as the memo knows it. */
MUST_CHECK bool gam_network_known(struct adapter_op *op, struct gam_network *out);
MUST_CHECK int gam_network_read(struct adapter_op *op, const struct http_call *answer, struct gam_network *out);

/* ---- admit.c ---- */

void gam_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                       struct adapter_problems *out);
void gam_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
               struct adapter_problems *out);

/* ---- order.c: an order that may be there, and its line items ---- */

struct gam_line {
    const struct plan_package *package; /* NULL: of no package of this plan */
    struct str id, status, external_id, start_time, rotation;
    struct str sizes; /* JSON, as listed */
    bool archived, missing_creatives;
    struct gam_memory memory;
};

struct gam_order {
    struct str id, status, advertiser, title; /* id empty: there is none */
    bool archived;
    struct gam_line *lines;
    size_t lines_n, lines_cap;
};

/* Asks for the plan's order: by its id when that is known, else by what it would be called. */
void gam_order_ask(struct adapter_op *op);
MUST_CHECK int gam_order_heard(struct adapter_op *op, const struct http_call *answer, struct gam_order *out);
/* Asks for a page of its line items; heard gives the next page's token, empty at the end. */
void gam_lines_ask(struct adapter_op *op, const struct gam_order *o, struct str page_token);
MUST_CHECK int gam_lines_heard(struct adapter_op *op, const struct http_call *answer, struct gam_order *o,
                               struct str *next);
struct gam_line *gam_line_of(struct gam_order *o, const struct plan_package *p);
/* Reads one line item as Ad Manager shows it. */
void gam_line_read(struct adapter_op *op, yyjson_val *item, struct gam_line *out);
struct gam_line *gam_line_add(struct adapter_op *op, struct gam_order *o);

bool gam_line_runs(const struct gam_line *l); /* can be paused */
bool gam_line_paused(const struct gam_line *l); /* can be resumed */

/* ---- order.c: an order and its advertiser, where they are not there yet ---- */

/* Asks for the companies that the plan's advertiser may be; returns the call's number. */
int gam_advertiser_ask(struct adapter_op *op);
/* Which of those listed it is, or empty: the one with the brand's domain as external id before one of that name. -1 ends the
 * verb: there are several. */
MUST_CHECK int gam_advertiser_pick(struct adapter_op *op, yyjson_val *root, struct str *out);
/* The call that makes it. -1 ends the verb: the publisher wants none made. */
MUST_CHECK int gam_advertiser_make(struct adapter_op *op);
/* The call that makes the order. */
void gam_order_make(struct adapter_op *op, struct str advertiser);
/* -1, and the verb has ended, when an order that is there can be changed no more. */
MUST_CHECK int gam_order_usable(struct adapter_op *op, const struct gam_order *o);

/* ---- verbs ---- */

/* How many steps each has; the files name them. */
enum {
    GAM_BOOK_STEPS = 16,
    GAM_CANCEL_STEPS = 5,
    GAM_CREATIVES_STEPS = 12,
    GAM_FORECAST_STEPS = 5,
    GAM_LOOK_STEPS = 3,
    GAM_REPORT_STEPS = 5,
    GAM_INVENTORY_STEPS = 3,
    GAM_TEST_STEPS = 3
};
extern const adapter_step gam_book_steps[GAM_BOOK_STEPS], gam_cancel_steps[GAM_CANCEL_STEPS],
    gam_creatives_steps[GAM_CREATIVES_STEPS], gam_look_steps[GAM_LOOK_STEPS], gam_report_steps[GAM_REPORT_STEPS],
    gam_inventory_steps[GAM_INVENTORY_STEPS], gam_test_steps[GAM_TEST_STEPS], gam_forecast_steps[GAM_FORECAST_STEPS];

extern const char *const gam_inventory_kinds[];

/* pretend.c */
void gam_pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer);

extern const struct adapter gam_adapter;
