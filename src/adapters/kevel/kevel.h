/* Kevel (formerly Adzerk), over its management API. How things correspond:
 *
 *   media buy -> campaign     found again by the tag " [media_buy_id]" at the end of its name
 *   package   -> flight       likewise, " [package_id]"
 *   creative  -> creative     one for each version of it, " [creative_id/version]"; an ad joins it with a flight
 *
 * Ids are numbers of 32 bits. A PUT replaces, so every change is read, changed, written. What was last sent of a flight
 * is remembered in the catalogue (kind "flight"), as in the adapter for Google Ad Manager and for the same reason. */
#pragma once

#include <salesagent/adapter.h>

#include "adapters/call.h"
#include "adapters/doc.h"
#include "adapters/title.h"

#define KEVEL_ID_MAX   10
#define KEVEL_NAME_MAX 200

struct kevel_config {
    struct str api_key, api; /* "https://api.kevel.co" */
    int64_t priority_guaranteed, priority_other;
    struct str campaign_name, flight_name;
    struct str currency;
    bool makes_advertisers;
    int calls_per_s;
};

/* config.c */
MUST_CHECK int kevel_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                               struct err *e);
void kevel_limits(const void *config, struct adapter_limits *out);
void kevel_authorize(const void *config, struct str token, struct arena *a, struct http_call *call);

/* ---- call.c ---- */

/* Appends a call to the step's; `path` begins with "/v1". */
int kevel_get(struct adapter_op *op, struct str path);
int kevel_send(struct adapter_op *op, const char *method, struct str path, const yyjson_mut_val *body);
/* A search by part of a name: NAME=text as a form. */
int kevel_search(struct adapter_op *op, const char *path, const char *name, struct str text);
/* Any other body. */
int kevel_post(struct adapter_op *op, struct str path, struct str mime, struct str body);
/* The answer's document (an object or an array). -1: the verb has ended. `doing` completes "could not ...". */
MUST_CHECK int kevel_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out);
/* A positive number as an id's text; empty for anything else. */
struct str kevel_id(struct arena *a, yyjson_val *obj, const char *key);
int64_t kevel_number(struct str id);
/* Money as a JSON number, exact. */
void kevel_add_price(struct arena *a, yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t micros);

/* ---- flight.c: a package as a flight ---- */

struct kevel_deal {
    int goal_type, rate_type;
    int64_t units;
};
bool kevel_deal_of(const struct plan_package *p, struct kevel_deal *out, const char **member, const char **why);
void kevel_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                         struct adapter_problems *out);
void kevel_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                 struct adapter_problems *out);

/* The members of a new flight, and those that may change later. */
yyjson_mut_val *kevel_flight_make(struct adapter_op *op, const struct plan_package *p, struct str campaign_id,
                                  yyjson_mut_doc *d);

#define KEVEL_SENT_MAX 16
struct kevel_memory {
    bool known, paused;
    size_t n;
    const char *name[KEVEL_SENT_MAX];
    char digest[KEVEL_SENT_MAX][17];
};
void kevel_sent_of(struct arena *a, yyjson_mut_val *flight, struct kevel_memory *out);
void kevel_recall(const struct adapter_op *op, struct str flight_id, struct kevel_memory *out);
void kevel_remember(struct adapter_op *op, struct str flight_id, struct str package_id, const struct kevel_memory *m);
bool kevel_changed(const struct kevel_memory *was, const struct kevel_memory *is, const char *name);
/* The changeable members' names, ends with NULL; GeoTargeting and SiteZoneTargeting have calls of their own. */
extern const char *const kevel_changeable[];

/* ---- campaign.c ---- */

struct kevel_flight {
    const struct plan_package *package; /* NULL: of no package of this plan */
    struct str id, name;
    yyjson_val *shown;
    bool active, archived;
    struct kevel_memory memory;
};

struct kevel_campaign {
    struct str id, advertiser;
    yyjson_val *shown;
    bool archived, active;
    struct kevel_flight *flights;
    size_t flights_n;
};

void kevel_campaign_ask(struct adapter_op *op);
MUST_CHECK int kevel_campaign_heard(struct adapter_op *op, const struct http_call *answer, struct kevel_campaign *out);
void kevel_flights_ask(struct adapter_op *op, const struct kevel_campaign *c);
MUST_CHECK int kevel_flights_heard(struct adapter_op *op, const struct http_call *answer, struct kevel_campaign *c);
struct kevel_flight *kevel_flight_of(struct kevel_campaign *c, const struct plan_package *p);
/* Puts the campaign back as it was shown, with these members changed. */
void kevel_campaign_put(struct adapter_op *op, const struct kevel_campaign *c, bool active, bool archived);

/* ---- template.c ---- */

struct kevel_template {
    int64_t id, ad_type; /* ad_type 0: that of its size */
    struct str values;   /* a JSON object as text */
};
/* A creative's assets as the fields of the product's template. NULL, or why it cannot be taken. */
const char *kevel_template_read(struct arena *a, yyjson_val *settings, yyjson_val *assets, struct kevel_template *out);
/* Every mistake in a product's "template", with its place. */
void kevel_template_check(yyjson_val *settings, struct adapter_problems *out);

/* ---- verbs ---- */

enum {
    KEVEL_BOOK_STEPS = 9,
    KEVEL_CANCEL_STEPS = 3,
    KEVEL_CREATIVES_STEPS = 14,
    KEVEL_LOOK_STEPS = 3,
    KEVEL_REPORT_STEPS = 4,
    KEVEL_INVENTORY_STEPS = 2,
    KEVEL_TEST_STEPS = 2
};
extern const adapter_step kevel_book_steps[KEVEL_BOOK_STEPS], kevel_cancel_steps[KEVEL_CANCEL_STEPS],
    kevel_creatives_steps[KEVEL_CREATIVES_STEPS], kevel_look_steps[KEVEL_LOOK_STEPS],
    kevel_report_steps[KEVEL_REPORT_STEPS], kevel_inventory_steps[KEVEL_INVENTORY_STEPS],
    kevel_test_steps[KEVEL_TEST_STEPS];
extern const char *const kevel_inventory_kinds[];

extern const struct adapter kevel_adapter;
