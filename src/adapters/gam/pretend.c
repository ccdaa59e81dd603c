/* What Ad Manager would answer to a call of a dry run: what is on record as booked stands there as it was sent, there is nothing else
 * of the plan, the network is as the catalogue knows it, what is made gets ids that cannot be real. */
#include "adapters/gam/gam_soap.h"

#define NEW_ID "999999999999999999"

static bool ends(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

static struct str resource(const struct adapter_op *op, const char *collection, const char *more)
{
    return arena_printf(op->arena, "{\"name\":\"" STR_FMT "\"%s}", STR_ARG(gam_name(op, collection, STR(NEW_ID))),
                        more);
}

static struct str network(const struct adapter_op *op)
{
    const char *currency = op->plan ? op->plan->currency : op->site->currency;
    return arena_printf(
        op->arena, "{\"displayName\":\"(network)\",\"currencyCode\":\"%s\",\"effectiveRootAdUnit\":\"" STR_FMT "\"}",
        currency, STR_ARG(gam_name(op, "adUnits", STR(NEW_ID))));
}

/* A look-up of a name finds it: whether it is there, the real call will say. */
static struct str listed(const struct adapter_op *op, struct str url)
{
    static const char *const names[] = {
        "geoTargets",       "adUnits",  "placements", "customTargetingKeys", "customTargetingValues",
        "operatingSystems", "companies"
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct str part = arena_printf(op->arena, "/%s?", names[i]);
        if (!text_has(url, part)) continue;
        return arena_printf(op->arena, "{\"%s\":[" STR_FMT "]}", names[i], STR_ARG(resource(op, names[i], "")));
    }
    return STR("{}");
}

static struct str order(const struct adapter_op *op)
{
    return arena_printf(op->arena, "{\"name\":\"" STR_FMT "\",\"status\":\"APPROVED\",\"advertiser\":\"" STR_FMT "\"}",
                        STR_ARG(gam_name(op, "orders", op->plan->remote_id)),
                        STR_ARG(gam_name(op, "companies", STR(NEW_ID))));
}

static struct str lines(const struct adapter_op *op)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *list = doc_add_arr(d, root, "lineItems");
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        struct gam_memory memory;
        if (!p->remote_id.n) continue;
        gam_recall(op, p->remote_id, &memory);
        yyjson_mut_val *l = doc_push_obj(d, list);
        doc_add_str(d, l, "name", gam_name(op, "lineItems", p->remote_id));
        doc_add_str(d, l, "externalLineItemId", p->package_id);
        doc_add_str(d, l, "status", memory.paused ? STR("PAUSED") : STR("READY"));
    }
    return doc_write(op->arena, root);
}

/* Of what is on record; empty when it is not asked for. */
static struct str booked(const struct adapter_op *op, struct str url)
{
    if (!op->plan || !op->plan->remote_id.n) return STR_NONE;
    if (ends(url, arena_cstr(op->arena, gam_name(op, "orders", op->plan->remote_id)))) return order(op);
    return text_has(url, STR("/lineItems?")) ? lines(op) : STR_NONE;
}

/* Over SOAP: a creative that was made, inventory enough. */
static struct str envelope(const struct adapter_op *op, struct str url)
{
    const char *rval = ends(url, "/ForecastService") ? "<matchedUnits>" NEW_ID "</matchedUnits><availableUnits>" NEW_ID
                                                       "</availableUnits>"
                                                     : "<id>" NEW_ID "</id>";
    return arena_printf(op->arena, "<Envelope><Body><response><rval>%s</rval></response></Body></Envelope>", rval);
}

void gam_pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer)
{
    answer->outcome = HTTP_OK;
    answer->status = 200;
    struct str known = str_is(call->method, "GET") ? booked(op, call->url) : STR_NONE;
    if (known.n) {
        answer->response = known;
    } else if (str_is(call->method, "GET")) {
        answer->response =
            ends(call->url, arena_cstr(op->arena, arena_printf(op->arena, "/v1/" STR_FMT, STR_ARG(gam_here(op)))))
                ? network(op)
                : listed(op, call->url);
    } else if (text_has(call->url, STR("/apis/ads/publisher/"))) {
        answer->response = envelope(op, call->url);
    } else if (ends(call->url, "/orders:batchCreate")) {
        answer->response = arena_printf(op->arena, "{\"orders\":[" STR_FMT "]}",
                                        STR_ARG(resource(op, "orders", ",\"status\":\"DRAFT\"")));
    } else if (ends(call->url, "/lineItems")) {
        answer->response = resource(op, "lineItems", ",\"status\":\"DRAFT\"");
    } else if (ends(call->url, "/creatives")) {
        answer->response = resource(op, "creatives", "");
    } else if (ends(call->url, "/companies")) {
        answer->response = resource(op, "companies", "");
    } else {
        answer->response = STR("{}");
    }
}
