/* What REST v1 of Ad Manager lacks, over its SOAP API: creatives of templates, of video and audio files at an address, and forecasts of
 * line items that are not there yet. Everything else is REST's (rest.c).
 *
 * A request is written from an object whose members stand in any order: soap_types_generated.c has the order that the
 * vendor's schemas want. An answer is read into a small tree. */
#pragma once

#include "adapters/gam/gam.h"

#define GAM_SOAP_VERSION   "v202605" /* whose schemas the table is made of; unless the settings name another */
#define GAM_SOAP_WARN_DAYS 90

/* A type's elements in their order, "name" or "name:TYPE"; those without a type hold text, or values that name their own. */
struct gam_soap_type {
    const char *name, *members;
};
extern const struct gam_soap_type gam_soap_types[]; /* ends with NULL */

/* ---- soap.c: writing ---- */

/* Adds a call to the step's: `operation` of `service` with its arguments, an object. A list becomes repeated elements;
 * "$type" says which type a value is, where the schema lets several stand. -1 ends the verb: it is longer than Ad Manager takes. */
MUST_CHECK int gam_soap_send(struct adapter_op *op, const char *service, const char *operation,
                             const yyjson_mut_val *arguments);

/* ---- soap.c: reading ---- */

struct soap_node {
    struct str name; /* without its namespace */
    struct str text; /* its own, without the white space around it */
    struct soap_node *first, *next;
};

/* The document's element; NULL for what is no XML, has a document type, or is larger or deeper than any answer. */
struct soap_node *gam_soap_parse(struct arena *a, struct str text);
/* The first child of that name; NULL. Of NULL likewise. */
const struct soap_node *soap_child(const struct soap_node *n, const char *name);
struct str soap_text(const struct soap_node *n, const char *child);
/* Whole number of a child; `fallback` when there is none. */
int64_t soap_i64(const struct soap_node *n, const char *child, int64_t fallback);

/* The answer's element (createCreativesResponse), whose children "rval" are the results. -1: the verb has ended, as with
 * gam_read. */
MUST_CHECK int gam_soap_read(struct adapter_op *op, const struct http_call *answer, const char *doing,
                             const struct soap_node **out);
/* True when the answer is a fault for this reason ("ForecastError.NO_FORECAST_YET"). */
bool gam_soap_refused_for(struct adapter_op *op, const struct http_call *answer, const char *reason);
/* True when a fault is about what was sent, and not about who sent it or how. */
bool gam_soap_blames(struct adapter_op *op, const struct http_call *answer);
/* The status that an answer means: faults come with 500, whatever they say. */
int gam_status_of(const struct http_call *answer);

/* ---- config.c ---- */

void gam_forewarn(const void *config, int64_t now, struct adapter_problems *out);

/* ---- forecast.c ---- */

/* A package's line item (as gam_item_make made it) as a question for its forecast. -1 ends the verb. */
MUST_CHECK int gam_forecast_ask(struct adapter_op *op, yyjson_mut_val *item, struct str advertiser_id);
/* What was said. -1: it was not told; op->result says why. */
MUST_CHECK int gam_forecast_heard(struct adapter_op *op, const struct http_call *answer, struct adapter_forecast *out);
