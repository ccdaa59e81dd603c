/* The publisher's settings for Google Ad Manager:
 *
 *   { "network_code": "123456",
 *     "service_account": { ... the key file of the Cloud console ... },   or
 *     "oauth": { "client_id": ..., "client_secret": ..., "refresh_token": ... },
 *     "trafficker_id": "245001", "salesperson_id": ...,
 *     "approval": "approve" | "submit" | "leave",
 *     "names": { "order": "{advertiser} {name}", "line_item": "{product} {package}" },
 *     "create_advertisers": true,
 *     "calls_per_second": 2,
 *     "regions": { "DE-BE": "20228" },
 *     "api_url": ..., "token_url": ... }                                  for fakes and proxies */
#include "adapters/gam/gam_soap.h"

#include "base/rfc3339.h"
#include "base/rsa.h"

#define API_URL         "https://admanager.googleapis.com"
#define SOAP_URL        "https://ads.google.com"
#define TOKEN_URL       "https://oauth2.googleapis.com/token"
#define CALLS_PER_S     2 /* what every network may do; Ad Manager 360 may do 8 */
#define CALLS_PER_S_MAX 100
#define URL_MAX         512
#define TEXT_MAX        512
#define KEY_MAX         16384
#define PARALLEL        4
#define JOBS            4

static int bad(struct err *e, const char *field, const char *what)
{
    (void)err_set(e, "CONFIGURATION_ERROR", "%s", what);
    return err_field(e, "%s", field);
}

static int read_url(struct arena *a, yyjson_val *obj, const char *at, const char *key, struct str *out, struct err *e)
{
    if (doc_opt_str(a, obj, at, key, URL_MAX, out, e)) return -1;
    if (str_starts(*out, STR("https://")) || str_starts(*out, STR("http://"))) {
        while (out->n && out->p[out->n - 1] == '/') out->n--;
        return 0;
    }
    (void)err_set(e, "CONFIGURATION_ERROR", "%s must be an http or https URL", key);
    return err_field(e, "%s/%s", at, key);
}

static int read_id(struct arena *a, yyjson_val *obj, const char *key, struct str *out, struct err *e)
{
    if (!doc_has(obj, key)) return 0;
    int64_t n = doc_i64(obj, key, -1);
    if (n < 0) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s must be an id of Ad Manager: digits", key);
        return err_field(e, "/%s", key);
    }
    *out = arena_printf(a, "%lld", (long long)n);
    return 0;
}

/* The key file as Google gives it; what else is in it is not needed. */
static int read_service_account(struct arena *a, yyjson_val *key, struct gam_config *c, struct err *e)
{
    static const char at[] = "/service_account";
    if (doc_opt_str(a, key, at, "client_email", TEXT_MAX, &c->email, e) ||
        doc_opt_str(a, key, at, "private_key", KEY_MAX, &c->private_key, e) ||
        doc_opt_str(a, key, at, "private_key_id", TEXT_MAX, &c->key_id, e))
        return -1;
    if (!c->email.n) return bad(e, "/service_account/client_email", "the key file has a client_email");
    if (!c->private_key.n) return bad(e, "/service_account/private_key", "the key file has a private_key");
    if (rsa_key_check(c->private_key, e)) return err_field(e, "/service_account/private_key");
    return doc_has(key, "token_uri") ? read_url(a, key, at, "token_uri", &c->token_url, e) : 0;
}

static int read_oauth(struct arena *a, yyjson_val *o, struct gam_config *c, struct err *e)
{
    static const char *const known[] = { "client_id", "client_secret", "refresh_token", NULL };
    static const char at[] = "/oauth";
    if (doc_only(o, at, known, e) || doc_opt_str(a, o, at, "client_id", TEXT_MAX, &c->client_id, e) ||
        doc_opt_str(a, o, at, "client_secret", TEXT_MAX, &c->client_secret, e) ||
        doc_opt_str(a, o, at, "refresh_token", TEXT_MAX, &c->refresh_token, e))
        return -1;
    if (c->client_id.n && c->client_secret.n && c->refresh_token.n) return 0;
    return bad(e, "/oauth", "oauth has client_id, client_secret and refresh_token");
}

static int read_credentials(struct arena *a, yyjson_val *root, struct gam_config *c, struct err *e)
{
    yyjson_val *account = doc_obj(root, "service_account"), *oauth = doc_obj(root, "oauth");
    c->token_url = STR(TOKEN_URL);
    if (!account == !oauth) {
        return bad(e, "/service_account",
                   "either service_account (the key file of a service account, as an object) or oauth must be given");
    }
    if (account ? read_service_account(a, account, c, e) : read_oauth(a, oauth, c, e)) return -1;
    return doc_has(root, "token_url") ? read_url(a, root, "", "token_url", &c->token_url, e) : 0;
}

static int read_approval(yyjson_val *root, struct gam_config *c, struct err *e)
{
    static const char *const words[] = { "", "approve", "submit", "leave" };
    if (!doc_has(root, "approval")) return 0;
    for (int i = GAM_APPROVE; i <= GAM_LEAVE; i++) {
        if (!str_is(doc_str(root, "approval"), words[i])) continue;
        c->approval = (enum gam_approval)i;
        return 0;
    }
    return bad(e, "/approval", "approval must be approve, submit or leave");
}

static int read_names(struct arena *a, yyjson_val *root, struct gam_config *c, struct err *e)
{
    const struct title_settings names = { "order", "line_item", GAM_NAME_MAX, &c->order_name, &c->line_item_name };
    return title_settings_read(a, root, &names, e);
}

static int read_regions(yyjson_val *root, struct gam_config *c, struct err *e)
{
    yyjson_val *k, *v;
    size_t i, n;
    c->regions = doc_obj(root, "regions");
    yyjson_obj_foreach(c->regions, i, n, k, v) {
        if (text_is_digits(doc_text(v), GAM_ID_MAX)) continue;
        return bad(e, "/regions",
                   "regions names the id of a geo target (digits, as a text) for each code of ISO 3166-2");
    }
    return 0;
}

static int read_rest(struct arena *a, yyjson_val *root, struct gam_config *c, struct err *e)
{
    c->api = STR(API_URL);
    c->calls_per_s = CALLS_PER_S;
    c->makes_advertisers = doc_bool(root, "create_advertisers", false);
    if (doc_has(root, "create_advertisers") && !yyjson_is_bool(yyjson_obj_get(root, "create_advertisers"))) {
        return bad(e, "/create_advertisers", "create_advertisers must be true or false");
    }
    if (doc_has(root, "calls_per_second")) {
        int64_t n = doc_i64(root, "calls_per_second", 0);
        if (n < 1 || n > CALLS_PER_S_MAX) {
            return bad(e, "/calls_per_second",
                       "calls_per_second must be a whole number from 1 to 100: 2 for Ad "
                       "Manager, 8 for Ad Manager 360");
        }
        c->calls_per_s = (int)n;
    }
    if (doc_has(root, "api_url") && read_url(a, root, "", "api_url", &c->api, e)) return -1;
    if (read_id(a, root, "trafficker_id", &c->trafficker, e)) return -1;
    if (!c->trafficker.n) {
        return bad(e, "/trafficker_id", "trafficker_id must name the user who is the trafficker of the orders");
    }
    return read_id(a, root, "salesperson_id", &c->salesperson, e);
}

/* "v202605" */
static bool is_version(struct str s)
{
    return s.n == 7 && s.p[0] == 'v' && text_is_digits(str_skip(s, 1), 6);
}

static int read_soap(struct arena *a, yyjson_val *root, struct gam_config *c, struct err *e)
{
    c->soap = STR(SOAP_URL);
    c->soap_version = STR(GAM_SOAP_VERSION);
    c->forecasts = doc_bool(root, "check_availability", true);
    if (doc_has(root, "check_availability") && !yyjson_is_bool(yyjson_obj_get(root, "check_availability"))) {
        return bad(e, "/check_availability", "check_availability must be true or false");
    }
    if (doc_has(root, "soap_url") && read_url(a, root, "", "soap_url", &c->soap, e)) return -1;
    if (doc_opt_str(a, root, "", "soap_version", TEXT_MAX, &c->soap_version, e)) return -1;
    if (is_version(c->soap_version)) return 0;
    return bad(e, "/soap_version", "soap_version must be a version of Ad Manager's SOAP API: " GAM_SOAP_VERSION);
}

int gam_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config, struct err *e)
{
    static const char *const known[] = { "network_code",
                                         "service_account",
                                         "oauth",
                                         "trafficker_id",
                                         "salesperson_id",
                                         "approval",
                                         "names",
                                         "create_advertisers",
                                         "calls_per_second",
                                         "regions",
                                         "api_url",
                                         "token_url",
                                         "soap_url",
                                         "soap_version",
                                         "check_availability",
                                         NULL };
    struct gam_config *c = ARENA_NEW(a, struct gam_config);
    yyjson_val *root = doc_read(a, json);
    if (!yyjson_is_obj(root)) return bad(e, "", "Google Ad Manager needs settings: network_code and credentials");
    if (doc_only(root, "", known, e)) return -1;
    if (read_id(a, root, "network_code", &c->network, e)) return -1;
    if (!c->network.n) return bad(e, "/network_code", "network_code must be the number of the Ad Manager network");
    if (read_credentials(a, root, c, e) || read_approval(root, c, e) || read_names(a, root, c, e) ||
        read_regions(root, c, e) || read_rest(a, root, c, e) || read_soap(a, root, c, e))
        return -1;
    *config = c;
    return 0;
}

void gam_limits(const void *config, struct adapter_limits *out)
{
    const struct gam_config *c = config;
    *out = (struct adapter_limits){
        .calls_per_minute = 60 * c->calls_per_s, .parallel = PARALLEL, .jobs = JOBS, .account = c->network
    };
}

/* ---- what will end ---- */

/* When Google stops answering a version of its SOAP API: the last weekday of a month, about a year after it came (its schedule as of
 * 2026-08-24). From then on every call with it fails. */
static const struct {
    const char *version;
    struct civil ends; /* the last day */
} versions[] = {
    { "v202511", { 2026, 11, 30 } },
    { "v202602", { 2027, 2, 26 } },
    { "v202605", { 2027, 5, 31 } },
    { "v202608", { 2027, 8, 31 } },
};

void gam_forewarn(const void *config, int64_t now, struct adapter_problems *out)
{
    const struct gam_config *c = config;
    size_t i = 0;
    while (i < ARRAY_LEN(versions) && !str_is(c->soap_version, versions[i].version)) i++;
    if (i == ARRAY_LEN(versions)) {
        adapter_problem_add(out, STR_NONE, "soap_version",
                            "when Google ends version " STR_FMT " of its SOAP API is not known to this program",
                            STR_ARG(c->soap_version));
        return;
    }
    const struct civil d = versions[i].ends;
    int64_t last = days_from_civil(d), today = now / USEC_PER_DAY;
    if (today < last - GAM_SOAP_WARN_DAYS) return;
    adapter_problem_add(
        out, STR_NONE, "soap_version",
        "Google %s version " STR_FMT " of its SOAP API on %04d-%02d-%02d: templates, video and audio files and "
        "forecasts need a newer one in soap_version",
        today <= last ? "ends" : "ended", STR_ARG(c->soap_version), (int)d.year, (int)d.month, (int)d.day);
}
