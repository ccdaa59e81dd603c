/* The publisher's settings for Kevel:
 *
 *   { "api_key": "...",
 *     "priorities": { "guaranteed": 21, "other": 22 },     ids of the network's priorities
 *     "names": { "campaign": "{advertiser} {name}", "flight": "{product} {package}" },
 *     "create_advertisers": true, "calls_per_second": 5, "currency": "USD", "api_url": ... } */
#include "adapters/kevel/kevel.h"

#define API_URL     "https://api.kevel.co"
#define TEXT_MAX    512
#define CALLS_PER_S 5 /* Kevel publishes no limit; this is a guest's manners */
#define PARALLEL    4
#define JOBS        4

static int bad(struct err *e, const char *field, const char *what)
{
    (void)err_set(e, "CONFIGURATION_ERROR", "%s", what);
    return err_field(e, "%s", field);
}

static int read_priorities(yyjson_val *root, struct kevel_config *c, struct err *e)
{
    static const char *const known[] = { "guaranteed", "other", NULL };
    yyjson_val *p = doc_obj(root, "priorities");
    if (doc_only(p, "/priorities", known, e)) return -1;
    c->priority_guaranteed = doc_i64(p, "guaranteed", 0);
    c->priority_other = doc_i64(p, "other", c->priority_guaranteed);
    if (c->priority_guaranteed > 0 && c->priority_guaranteed <= INT32_MAX && c->priority_other > 0 &&
        c->priority_other <= INT32_MAX)
        return 0;
    return bad(e, "/priorities",
               "priorities must name the ids of Kevel's priorities for guaranteed and other products");
}

static int read_names(struct arena *a, yyjson_val *root, struct kevel_config *c, struct err *e)
{
    const struct title_settings names = { "campaign", "flight", KEVEL_NAME_MAX, &c->campaign_name, &c->flight_name };
    return title_settings_read(a, root, &names, e);
}

int kevel_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                    struct err *e)
{
    static const char *const known[] = { "api_key",          "priorities", "names",   "create_advertisers",
                                         "calls_per_second", "currency",   "api_url", NULL };
    struct kevel_config *c = ARENA_NEW(a, struct kevel_config);
    yyjson_val *root = doc_read(a, json);
    *c = (struct kevel_config){ .api = STR(API_URL),
                                .currency = arena_dup(a, str_from(site->currency)),
                                .calls_per_s = CALLS_PER_S };
    if (!yyjson_is_obj(root)) return bad(e, "", "Kevel needs settings: api_key and priorities");
    if (doc_only(root, "", known, e) || doc_opt_str(a, root, "", "api_key", TEXT_MAX, &c->api_key, e)) return -1;
    if (!c->api_key.n) return bad(e, "/api_key", "api_key must be a key of the Kevel network's API");
    if (doc_opt_str(a, root, "", "api_url", TEXT_MAX, &c->api, e) ||
        doc_opt_str(a, root, "", "currency", 3, &c->currency, e))
        return -1;
    if (!str_starts(c->api, STR("https://")) && !str_starts(c->api, STR("http://"))) {
        return bad(e, "/api_url", "api_url must be an http or https URL");
    }
    while (c->api.p[c->api.n - 1] == '/') c->api.n--;
    if (!currency_valid(c->currency)) return bad(e, "/currency", "currency must be three capital letters");
    c->makes_advertisers = doc_bool(root, "create_advertisers", false);
    int64_t pace = doc_i64(root, "calls_per_second", CALLS_PER_S);
    if (pace < 1 || pace > 100)
        return bad(e, "/calls_per_second", "calls_per_second must be a whole number from 1 to 100");
    c->calls_per_s = (int)pace;
    if (read_priorities(root, c, e) || read_names(a, root, c, e)) return -1;
    *config = c;
    return 0;
}

void kevel_limits(const void *config, struct adapter_limits *out)
{
    const struct kevel_config *c = config;
    *out = (struct adapter_limits){ .calls_per_minute = 60 * c->calls_per_s, .parallel = PARALLEL, .jobs = JOBS };
}

void kevel_authorize(const void *config, struct str token, struct arena *a, struct http_call *call)
{
    const struct kevel_config *c = config;
    struct http_header *h = ARENA_ARRAY(a, struct http_header, call->headers_n + 1);
    (void)token;
    if (call->headers_n) memcpy(h, call->headers, call->headers_n * sizeof(*h));
    h[call->headers_n] = (struct http_header){ STR("X-Adzerk-ApiKey"), c->api_key };
    call->headers = h;
    call->headers_n++;
}
