/* What Ad Manager foresees for a package: its line item, which is not there yet, asked about over SOAP (REST v1 forecasts
 * existing ones only). Booking asks it of guaranteed packages before anything is made (book.c), and so do people who are to
 * decide on a buy:
 *
 *   START    the network
 *   NETWORK  -> NEEDS <-> NEEDS_HEARD     ids of places, ad units, keys
 *   ASK      -> HEARD -> ASK ...          a few packages at a time */
#include "adapters/gam/gam_soap.h"

#include "base/rfc3339.h"
#include "base/tz.h"

enum { START, NETWORK, NEEDS_HEARD, ASK, HEARD, STEPS };
_Static_assert((int)STEPS == (int)GAM_FORECAST_STEPS, "every step has its place");

/* ---- a line item of REST's in SOAP's words ---- */

struct turning {
    struct arena *arena;
    yyjson_mut_doc *d;
};

static struct str text_at(yyjson_mut_val *o, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(o, key);
    return (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) };
}

static void add_same(struct turning *t, yyjson_mut_val *to, const char *key, yyjson_mut_val *from, const char *theirs)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(from, theirs);
    if (v) doc_add_val(t->d, to, key, yyjson_mut_val_mut_copy(t->d, v));
}

/* Each resource name of a list as {KEY: its id}, of a type when one is given. */
static void add_ids(struct turning *t, yyjson_mut_val *to, const char *key, yyjson_mut_val *names, const char *type)
{
    size_t i, n;
    yyjson_mut_val *v, *list;
    if (!yyjson_mut_arr_size(names)) return;
    list = doc_add_arr(t->d, to, key);
    yyjson_mut_arr_foreach(names, i, n, v) {
        yyjson_mut_val *one = doc_push_obj(t->d, list);
        if (type) doc_add_str(t->d, one, "$type", str_from(type));
        doc_add_str(t->d, one, "id", gam_id((struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) }));
    }
}

static void add_plain_ids(struct turning *t, yyjson_mut_val *to, const char *key, yyjson_mut_val *names)
{
    size_t i, n;
    yyjson_mut_val *v, *list;
    if (!yyjson_mut_arr_size(names)) return;
    list = doc_add_arr(t->d, to, key);
    yyjson_mut_arr_foreach(names, i, n, v)
        doc_push_str(t->d, list, gam_id((struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) }));
}

static void add_units(struct turning *t, yyjson_mut_val *to, const char *key, yyjson_mut_val *units)
{
    size_t i, n;
    yyjson_mut_val *v, *list;
    if (!yyjson_mut_arr_size(units)) return;
    list = doc_add_arr(t->d, to, key);
    yyjson_mut_arr_foreach(units, i, n, v) {
        yyjson_mut_val *one = doc_push_obj(t->d, list);
        doc_add_str(t->d, one, "adUnitId", gam_id(text_at(v, "adUnit")));
        add_same(t, one, "includeDescendants", v, "includeDescendants");
    }
}

/* Clauses of which one must hold, of literals that all must. */
static void add_keys(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *custom)
{
    size_t i, n, k, m;
    yyjson_mut_val *clause, *literal, *clauses = yyjson_mut_obj_get(custom, "customTargetingClauses");
    if (!clauses) return;
    yyjson_mut_val *any = doc_add_obj(t->d, to, "customTargeting");
    doc_add_str(t->d, any, "logicalOperator", STR("OR"));
    yyjson_mut_val *list = doc_add_arr(t->d, any, "children");
    yyjson_mut_arr_foreach(clauses, i, n, clause) {
        yyjson_mut_val *all = doc_push_obj(t->d, list);
        doc_add_str(t->d, all, "$type", STR("CustomCriteriaSet"));
        doc_add_str(t->d, all, "logicalOperator", STR("AND"));
        yyjson_mut_val *of = doc_add_arr(t->d, all, "children");
        yyjson_mut_arr_foreach(yyjson_mut_obj_get(clause, "customTargetingLiterals"), k, m, literal) {
            yyjson_mut_val *one = doc_push_obj(t->d, of);
            doc_add_str(t->d, one, "$type", STR("CustomCriteria"));
            doc_add_str(t->d, one, "keyId", gam_id(text_at(literal, "customTargetingKey")));
            add_plain_ids(t, one, "valueIds", yyjson_mut_obj_get(literal, "customTargetingValues"));
            doc_add_str(t->d, one, "operator", STR("IS"));
        }
    }
}

static void add_technology(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *from)
{
    yyjson_mut_val *device = yyjson_mut_obj_get(from, "deviceCategoryTargeting");
    yyjson_mut_val *os = yyjson_mut_obj_get(from, "operatingSystemTargeting");
    if (!from) return;
    yyjson_mut_val *o = doc_add_obj(t->d, to, "technologyTargeting");
    if (device) {
        yyjson_mut_val *in = doc_add_obj(t->d, o, "deviceCategoryTargeting");
        add_ids(t, in, "targetedDeviceCategories", yyjson_mut_obj_get(device, "targetedCategories"), "DeviceCategory");
        add_ids(t, in, "excludedDeviceCategories", yyjson_mut_obj_get(device, "excludedCategories"), "DeviceCategory");
    }
    if (os) {
        yyjson_mut_val *in = doc_add_obj(t->d, o, "operatingSystemTargeting");
        doc_add_bool(t->d, in, "isTargeted", true);
        add_ids(t, in, "operatingSystems", yyjson_mut_obj_get(os, "targetedOperatingSystems"), "OperatingSystem");
    }
}

static void add_targeting(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *from)
{
    yyjson_mut_val *o = doc_add_obj(t->d, to, "targeting");
    yyjson_mut_val *geo = yyjson_mut_obj_get(from, "geoTargeting"),
                   *inv = yyjson_mut_obj_get(from, "inventoryTargeting");
    if (geo) {
        yyjson_mut_val *in = doc_add_obj(t->d, o, "geoTargeting");
        add_ids(t, in, "targetedLocations", yyjson_mut_obj_get(geo, "targetedGeos"), NULL);
        add_ids(t, in, "excludedLocations", yyjson_mut_obj_get(geo, "excludedGeos"), NULL);
    }
    yyjson_mut_val *in = doc_add_obj(t->d, o, "inventoryTargeting");
    add_units(t, in, "targetedAdUnits", yyjson_mut_obj_get(inv, "targetedAdUnits"));
    add_units(t, in, "excludedAdUnits", yyjson_mut_obj_get(inv, "excludedAdUnits"));
    add_plain_ids(t, in, "targetedPlacementIds", yyjson_mut_obj_get(inv, "targetedPlacements"));
    add_technology(t, o, yyjson_mut_obj_get(from, "technologyTargeting"));
    add_keys(t, o, yyjson_mut_obj_get(from, "customTargeting"));
}

static void add_time(struct turning *t, yyjson_mut_val *to, const char *key, int64_t at)
{
    int64_t day = at / USEC_PER_DAY, s = at % USEC_PER_DAY / USEC_PER_SEC;
    struct civil c = civil_from_days(day);
    yyjson_mut_val *o = doc_add_obj(t->d, to, key), *date = doc_add_obj(t->d, o, "date");
    doc_add_i64(t->d, date, "year", c.year);
    doc_add_i64(t->d, date, "month", c.month);
    doc_add_i64(t->d, date, "day", c.day);
    doc_add_i64(t->d, o, "hour", s / 3600);
    doc_add_i64(t->d, o, "minute", s / 60 % 60);
    doc_add_i64(t->d, o, "second", s % 60);
    doc_add_str(t->d, o, "timeZoneId", STR("UTC"));
}

/* A flight that has begun is asked about from now on. */
static void add_flight(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *from, int64_t now)
{
    int64_t start, end;
    if (rfc3339_parse(text_at(from, "startTime"), &start) || rfc3339_parse(text_at(from, "targetEndTime"), &end))
        return;
    if (start > now) {
        add_time(t, to, "startDateTime", start);
    } else {
        add_time(t, to, "startDateTime", now);
        doc_add_str(t->d, to, "startDateTimeType", STR("IMMEDIATELY"));
    }
    add_time(t, to, "endDateTime", end);
}

static void add_money(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *rate)
{
    int64_t units = 0, nanos = yyjson_mut_get_sint(yyjson_mut_obj_get(rate, "nanos"));
    struct str whole = text_at(rate, "units");
    for (size_t i = 0; i < whole.n; i++) units = 10 * units + (whole.p[i] - '0');
    yyjson_mut_val *o = doc_add_obj(t->d, to, "costPerUnit");
    doc_add_str(t->d, o, "currencyCode", text_at(rate, "currencyCode"));
    doc_add_i64(t->d, o, "microAmount", units * MICROS_PER_UNIT + nanos / 1000);
}

static void add_placeholders(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *from)
{
    size_t i, n;
    yyjson_mut_val *v, *list = doc_add_arr(t->d, to, "creativePlaceholders");
    yyjson_mut_arr_foreach(from, i, n, v) {
        yyjson_mut_val *theirs = yyjson_mut_obj_get(v, "size");
        yyjson_mut_val *size = doc_add_obj(t->d, doc_push_obj(t->d, list), "size");
        add_same(t, size, "width", theirs, "width");
        add_same(t, size, "height", theirs, "height");
        doc_add_bool(t->d, size, "isAspectRatio", false);
    }
}

static void add_caps(struct turning *t, yyjson_mut_val *to, yyjson_mut_val *from)
{
    size_t i, n;
    yyjson_mut_val *v, *list;
    if (!yyjson_mut_arr_size(from)) return;
    list = doc_add_arr(t->d, to, "frequencyCaps");
    yyjson_mut_arr_foreach(from, i, n, v) {
        yyjson_mut_val *one = doc_push_obj(t->d, list);
        add_same(t, one, "maxImpressions", v, "maxImpressions");
        add_same(t, one, "numTimeUnits", v, "timeAmount");
        add_same(t, one, "timeUnit", v, "timeUnit");
    }
}

int gam_forecast_ask(struct adapter_op *op, yyjson_mut_val *item, struct str advertiser_id)
{
    struct turning t = { op->arena, doc_new(op->arena) };
    yyjson_mut_val *root = doc_root(t.d), *asked = doc_add_obj(t.d, root, "lineItem");
    yyjson_mut_val *o = doc_add_obj(t.d, asked, "lineItem");
    add_flight(&t, o, item, op->now);
    add_same(&t, o, "lineItemType", item, "lineItemType");
    add_same(&t, o, "priority", item, "priority");
    add_money(&t, o, yyjson_mut_obj_get(item, "rate"));
    add_same(&t, o, "costType", item, "costType");
    add_same(&t, o, "deliveryRateType", item, "deliveryRateType");
    add_same(&t, o, "environmentType", item, "environmentType");
    add_placeholders(&t, o, yyjson_mut_obj_get(item, "creativePlaceholders"));
    add_caps(&t, o, yyjson_mut_obj_get(item, "frequencyCaps"));
    add_same(&t, o, "primaryGoal", item, "goal");
    add_targeting(&t, o, yyjson_mut_obj_get(item, "targeting"));
    doc_add_str_opt(t.d, asked, "advertiserId", advertiser_id);
    (void)doc_add_obj(t.d, root, "forecastOptions");
    return gam_soap_send(op, "ForecastService", "getAvailabilityForecast", root);
}

int gam_forecast_heard(struct adapter_op *op, const struct http_call *answer, struct adapter_forecast *out)
{
    const struct soap_node *response;
    if (gam_soap_read(op, answer, "ask for forecasts", &response)) return -1;
    const struct soap_node *rval = soap_child(response, "rval");
    out->matched = soap_i64(rval, "matchedUnits", METRIC_UNKNOWN);
    out->available = soap_i64(rval, "availableUnits", METRIC_UNKNOWN);
    return 0;
}

/* ---- the verb ---- */

struct foreseeing {
    struct gam_network net;
    struct gam_needs needs;
    yyjson_mut_doc *doc;
    struct adapter_forecast *found;
    size_t found_n, next, asked[ADAPTER_CALLS_MAX];
};

static int ask_needs(struct adapter_op *op, struct foreseeing *f)
{
    return gam_needs_ask(op, &f->needs) ? NEEDS_HEARD : ASK;
}

static int begin_needs(struct adapter_op *op, struct foreseeing *f)
{
    for (size_t i = 0; i < op->plan->packages_n; i++)
        gam_needs_of(op->arena, op->config, &op->plan->packages[i], &f->needs);
    return ask_needs(op, f);
}

static int start(struct adapter_op *op)
{
    const struct gam_config *c = op->config;
    struct foreseeing *f = ARENA_NEW(op->arena, struct foreseeing);
    op->state = f;
    if (!c->forecasts) return adapter_done(op);
    f->doc = doc_new(op->arena);
    f->found = ARENA_ARRAY(op->arena, struct adapter_forecast, op->plan->packages_n + 1);
    if (gam_network_known(op, &f->net)) return begin_needs(op, f);
    (void)gam_get(op, gam_here(op));
    return NETWORK;
}

static int network(struct adapter_op *op)
{
    struct foreseeing *f = op->state;
    return gam_network_read(op, &op->answers[0], &f->net) ? ADAPTER_DONE : begin_needs(op, f);
}

static int needs_heard(struct adapter_op *op)
{
    struct foreseeing *f = op->state;
    return gam_needs_heard(op, &f->needs) ? ADAPTER_DONE : ask_needs(op, f);
}

static int ask(struct adapter_op *op)
{
    struct foreseeing *f = op->state;
    struct gam_item_of of = { STR_NONE, f->net.root, &f->needs, f->doc };
    for (; f->next < op->plan->packages_n && op->calls_n < ADAPTER_CALLS_MAX; f->next++) {
        const struct plan_package *p = &op->plan->packages[f->next];
        if (p->stopped_at != INT64_MAX || p->end_at <= op->now || !gam_type_guaranteed(gam_type_of(p))) continue;
        yyjson_mut_val *item = gam_item_make(op, &of, p);
        if (!item) return adapter_refuse(op, "%s", op->problems.item[0].text);
        f->asked[op->calls_n] = f->next;
        if (gam_forecast_ask(op, item, gam_id(op->plan->advertiser_remote_id))) return ADAPTER_DONE;
    }
    if (op->calls_n) return HEARD;
    op->result.forecasts = f->found;
    op->result.forecasts_n = f->found_n;
    return adapter_done(op);
}

static int heard(struct adapter_op *op)
{
    struct foreseeing *f = op->state;
    for (int k = 0; k < op->answers_n; k++) {
        struct adapter_forecast *one = &f->found[f->found_n];
        if (gam_forecast_heard(op, &op->answers[k], one)) return ADAPTER_DONE;
        one->package_id = op->plan->packages[f->asked[k]].package_id;
        f->found_n++;
    }
    return ASK;
}

const adapter_step gam_forecast_steps[GAM_FORECAST_STEPS] = {
    [START] = start, [NETWORK] = network, [NEEDS_HEARD] = needs_heard, [ASK] = ask, [HEARD] = heard
};
