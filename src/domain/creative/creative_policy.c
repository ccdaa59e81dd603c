/* The policy half of the checks: addresses, scripts, words, landing pages, provenance. */
#include <strings.h>

#include "base/landing.h"
#include "domain/creative/creative_check_internal.h"
#include "domain/creative/creative_mask.h"
#include "domain/creative/creative_scan.h"

static struct creative_check *add_policy(struct check_run *r, const char *check, enum check_status status,
                                         struct str detail)
{
    struct creative_check *c = check_add(r, check, status, detail);
    c->policy = true;
    return c;
}

static void reject(struct check_run *r, const char *check, struct str detail)
{
    add_policy(r, check, CHECK_FAILED, detail)->code = "CREATIVE_REJECTED";
}

static struct str shortened(struct str s)
{
    return (struct str){ s.p, s.n < 120 ? s.n : 120 };
}

/* ---- scripts and addresses ---- */

static void doubt(struct check_run *r, struct str detail)
{
    add_policy(r, "script", CHECK_WARNING, detail);
    r->out->doubtful = true;
}

static enum mask_kind kind_of(struct str asset_type)
{
    if (str_is(asset_type, "javascript")) return MASK_SCRIPT;
    return str_is(asset_type, "css") ? MASK_STYLE : MASK_HTML;
}

static void check_hosts(struct check_run *r, struct str code)
{
    yyjson_val *hosts = json_arr(r->in->policies, "allowed_hosts"), *v;
    size_t at = 0, i, n;
    struct str host;
    while (hosts && scan_next_host(code, &at, &host)) {
        bool allowed = false;
        yyjson_arr_foreach(hosts, i, n, v) allowed = allowed || host_within(host, json_val_str(v));
        if (!allowed)
            reject(r, "script", arena_printf(r->arena, STR_FMT " is not an allowed host", STR_ARG(shortened(host))));
    }
}

/* What runs or loads is refused; what only reads like it is for a person to decide. */
void check_script(struct check_run *r, struct str asset_type, struct str text)
{
    struct str code = creative_mask(r->arena, text, kind_of(asset_type)), url;
    const char *found = scan_forbidden_script(code), *said = found ? NULL : scan_forbidden_script(text);
    bool insecure = scan_insecure_url(code, &url);
    if (found) reject(r, "script", arena_printf(r->arena, "%s is not allowed in creatives", found));
    if (insecure) {
        reject(r, "script",
               arena_printf(r->arena, "uses " STR_FMT "; only https resources are allowed", STR_ARG(shortened(url))));
    }
    if (said) doubt(r, arena_printf(r->arena, "%s stands in a comment or a text: a person looks at it", said));
    if (!insecure && scan_insecure_url(text, &url)) {
        doubt(r, arena_printf(r->arena, STR_FMT " stands in a comment, a text or a link: a person looks at it",
                              STR_ARG(shortened(url))));
    }
    check_hosts(r, code);
    if (!found && !insecure && text.n) (void)add_policy(r, "script", CHECK_PASSED, STR("no forbidden script"));
}

static bool is_click(struct str key, yyjson_val *asset)
{
    struct str type = json_str(asset, "url_type");
    if (type.n) return str_is(type, "clickthrough");
    return memmem(key.p, key.n, "click", 5) && !memmem(key.p, key.n, "track", 5);
}

static bool is_landing(struct str key, yyjson_val *asset)
{
    return is_click(key, asset) || memmem(key.p, key.n, "landing", 7);
}

static bool is_local(struct str host)
{
    return str_is(host, "localhost") || str_is(host, "127.0.0.1") || str_is(host, "::1");
}

static void check_landing(struct check_run *r, struct str host)
{
    struct str domain = r->in->brand_domain, mode = json_str(r->in->policies, "landing_page_domain");
    if (domain.n == 0 || str_is(mode, "any")) return;
    if (host_within(host, domain)) {
        (void)add_policy(r, "landing_page", CHECK_PASSED,
                         arena_printf(r->arena, STR_FMT " belongs to the brand", STR_ARG(shortened(host))));
        return;
    }
    struct str detail = arena_printf(r->arena, "landing page " STR_FMT " is not of the brand's domain " STR_FMT,
                                     STR_ARG(shortened(host)), STR_ARG(shortened(domain)));
    if (str_is(mode, "enforce")) reject(r, "landing_page", detail);
    else (void)add_policy(r, "landing_page", CHECK_WARNING, detail);
}

static void check_click(struct check_run *r, const struct web_url *u)
{
    if (u->https || (r->in->loopback && is_local(u->host))) {
        (void)add_policy(r, "click_url", CHECK_PASSED, STR("the click URL is a valid https address"));
    } else {
        (void)add_policy(r, "click_url", CHECK_WARNING, STR("the click URL is http; browsers warn about such pages"));
    }
    check_landing(r, u->host);
}

/* The page an ad leads to, wherever it is written. */
void check_click_url(struct check_run *r, struct str url)
{
    struct web_url u;
    struct str page = landing_page(r->arena, url);
    if (url.n && !page.n) {
        (void)add_policy(r, "click_url", CHECK_WARNING,
                         STR("the landing page is not known: there is nothing but macros"));
    } else if (web_url_read(page, &u)) check_click(r, &u);
    else (void)add_policy(r, "click_url", CHECK_FAILED, STR("not an absolute https URL"));
}

void check_urls(struct check_run *r, const struct asset_ref *ref)
{
    struct str url = json_str(ref->value, "url");
    if (!json_has(ref->value, "url")) return;
    bool page = str_is(json_str(ref->value, "asset_type"), "url") && is_landing(ref->key, ref->value);
    const char *check = "asset_url";
    struct web_url u;
    r->at = arena_printf(r->arena, STR_FMT "/url", STR_ARG(ref->at));
    if (page) {
        check_click_url(r, url);
    } else if (!web_url_read(url, &u)) {
        (void)add_policy(r, check, CHECK_FAILED, STR("not an absolute https URL"));
    } else if (!u.https && !(r->in->loopback && is_local(u.host))) {
        (void)add_policy(r, check, CHECK_FAILED, STR("the URL is http; only https is accepted"));
    } else {
        (void)add_policy(r, check, CHECK_PASSED, STR("the asset is loaded over https"));
    }
    r->at = ref->at;
}

/* ---- prohibited categories and words ---- */

static bool list_has(yyjson_val *list, struct str word)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        struct str s = json_val_str(v);
        if (s.n == word.n && word.n && strncasecmp(s.p, word.p, word.n) == 0) return true;
    }
    return false;
}

static bool declares(yyjson_val *asset, struct str category)
{
    static const char *const lists[] = { "categories", "tags", "advertiser_categories" };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (list_has(json_arr(asset, lists[i]), category)) return true;
    }
    if (list_has(json_arr(json_get_path(asset, "/ext/salesagent"), "categories"), category)) return true;
    struct str one = json_str(asset, "category");
    return one.n == category.n && one.n && strncasecmp(one.p, category.p, one.n) == 0;
}

static bool asset_says(yyjson_val *v, struct str word)
{
    static const char *const members[] = { "content", "alt_text", "name", "description" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (scan_has_word(json_str(v, members[i]), word)) return true;
    }
    return false;
}

static bool creative_says(yyjson_val *asset, struct str word)
{
    if (scan_has_word(json_str(asset, "name"), word)) return true;
    if (scan_has_word(json_str(json_get_path(asset, "/ext/salesagent"), "alt_text"), word)) return true;
    yyjson_val *assets = json_obj(asset, "assets"), *k, *v, *item;
    size_t i, n, j, m;
    yyjson_obj_foreach(assets, i, n, k, v) {
        if (asset_says(v, word)) return true;
        yyjson_arr_foreach(v, j, m, item) {
            if (asset_says(item, word)) return true;
        }
    }
    return false;
}

void check_policies(struct check_run *r)
{
    yyjson_val *asset = r->in->asset, *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(r->in->policies, "prohibited_categories"), i, n, v) {
        struct str category = json_val_str(v);
        if (declares(asset, category)) {
            reject(
                r, "prohibited_category",
                arena_printf(r->arena, "the publisher does not accept \"" STR_FMT "\"", STR_ARG(shortened(category))));
        } else if (creative_says(asset, category)) {
            (void)add_policy(r, "prohibited_category", CHECK_WARNING,
                             arena_printf(r->arena,
                                          "the text mentions \"" STR_FMT "\", which the publisher does not accept",
                                          STR_ARG(shortened(category))));
        }
    }
    yyjson_arr_foreach(json_arr(r->in->policies, "prohibited_words"), i, n, v) {
        struct str word = json_val_str(v);
        if (creative_says(asset, word)) {
            reject(r, "prohibited_word",
                   arena_printf(r->arena, "the text contains \"" STR_FMT "\"", STR_ARG(shortened(word))));
        }
    }
}

/* ---- provenance ---- */

static void missing(struct check_run *r, const char *code, const char *field, const char *what)
{
    r->at = str_from(field);
    struct creative_check *c = add_policy(r, "provenance", CHECK_FAILED, str_from(what));
    c->code = code;
}

static bool verifier_accepted(yyjson_val *accepted, struct str agent_url)
{
    struct web_url want, have;
    if (!web_url_read(agent_url, &want)) return false;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(accepted, i, n, v) {
        struct str url = json_str(v, "agent_url");
        while (url.n && url.p[url.n - 1] == '/') url.n--;
        struct str asked = agent_url;
        while (asked.n && asked.p[asked.n - 1] == '/') asked.n--;
        if (!web_url_read(url, &have) || have.host.n != want.host.n) continue;
        size_t origin = (size_t)(have.host.p - url.p) + have.host.n;
        if (url.n == asked.n && strncasecmp(url.p, asked.p, origin) == 0 &&
            memcmp(url.p + origin, asked.p + origin, url.n - origin) == 0) {
            return true;
        }
    }
    return false;
}

static void check_verifiers(struct check_run *r, yyjson_val *provenance, const char *list, yyjson_val *accepted)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(provenance, list), i, n, v) {
        struct str url = json_str(json_obj(v, "verify_agent"), "agent_url");
        if (url.n == 0 || verifier_accepted(accepted, url)) continue;
        missing(r, "PROVENANCE_VERIFIER_NOT_ACCEPTED",
                arena_printf(r->arena, "/provenance/%s/%zu/verify_agent/agent_url", list, i).p,
                "the verifier is not one of the product's accepted_verifiers");
    }
}

yyjson_val *creative_provenance(yyjson_val *asset)
{
    yyjson_val *own = json_obj(asset, "provenance"), *k, *v;
    if (own && yyjson_obj_size(own) > 0) return own;
    size_t i, n;
    yyjson_obj_foreach(json_obj(asset, "assets"), i, n, k, v) {
        yyjson_val *p = json_obj(yyjson_is_arr(v) ? yyjson_arr_get_first(v) : v, "provenance");
        if (p) return p;
    }
    return NULL;
}

static void check_provenance_of(struct check_run *r, yyjson_val *policy)
{
    yyjson_val *p = creative_provenance(r->in->asset), *req = json_obj(policy, "provenance_requirements");
    bool source = json_bool_or(req, "require_digital_source_type", false);
    bool disclosure = json_bool_or(req, "require_disclosure_metadata", false);
    bool embedded = json_bool_or(req, "require_embedded_provenance", false);
    if (!p) {
        if (json_bool_or(policy, "provenance_required", false) || source || disclosure || embedded) {
            missing(r, "PROVENANCE_REQUIRED", "/provenance", "the product requires provenance");
        }
        return;
    }
    if (source && json_str(p, "digital_source_type").n == 0) {
        missing(r, "PROVENANCE_DIGITAL_SOURCE_TYPE_MISSING", "/provenance/digital_source_type",
                "the product requires digital_source_type");
    }
    yyjson_val *d = json_obj(p, "disclosure"), *required = yyjson_obj_get(d, "required");
    if (disclosure && (!yyjson_is_bool(required) ||
                       (yyjson_get_bool(required) && yyjson_arr_size(json_arr(d, "jurisdictions")) == 0))) {
        missing(r, "PROVENANCE_DISCLOSURE_MISSING", "/provenance/disclosure",
                "the product requires disclosure metadata");
    }
    if (embedded && yyjson_arr_size(json_arr(p, "embedded_provenance")) == 0) {
        missing(r, "PROVENANCE_EMBEDDED_MISSING", "/provenance/embedded_provenance",
                "the product requires embedded provenance");
    }
    yyjson_val *accepted = json_arr(policy, "accepted_verifiers");
    if (!accepted) return;
    check_verifiers(r, p, "embedded_provenance", accepted);
    check_verifiers(r, p, "watermarks", accepted);
}

void check_provenance(struct check_run *r)
{
    size_t failed_before = r->out->n;
    for (size_t i = 0; i < r->in->provenance_n; i++) {
        check_provenance_of(r, r->in->provenance[i].creative_policy);
        if (r->out->n > failed_before) break; /* one product's list of what is missing is enough to act on */
    }
    r->at = STR_NONE;
}
