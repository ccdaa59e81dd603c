#include "protocols/ads_request.h"

#include <strings.h>

#define VISITOR_BYTES_MAX 128

/* ---- the query ---- */

static struct str until(struct str *rest, char by)
{
    const char *end = rest->n ? memchr(rest->p, by, rest->n) : NULL;
    struct str out = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
    *rest = str_skip(*rest, out.n + 1);
    return out;
}

/* '+' is a space in queries. */
static struct str decoded(struct arena *a, struct str encoded)
{
    struct str plain, spaced = arena_dup(a, encoded);
    char *p = (char *)spaced.p;
    for (size_t i = 0; i < spaced.n; i++) {
        if (p[i] == '+') p[i] = ' ';
    }
    return http_percent_decode(a, spaced, &plain) ? STR_NONE : plain;
}

/* "section:sport" */
static void take_pair(struct ads_request *r, struct str text)
{
    struct str value = text, key = until(&value, ':');
    if (key.n && value.n && r->pairs_n < PAIRS_MAX) r->pairs[r->pairs_n++] = pair_of(key, value);
}

static void take_slot(struct ads_request *r, struct str text)
{
    struct str sizes = text, id = until(&sizes, '@');
    if (r->slots_n < REQUEST_SLOTS_MAX) r->slots[r->slots_n++] = (struct ads_slot){ id, sizes };
}

static void take(struct ads_request *r, struct str name, struct str value)
{
    const struct {
        const char *name;
        struct str *to;
    } texts[] = {
        { "v", &r->version },       { "gdpr", &r->consent.gdpr },       { "gdpr_consent", &r->consent.gdpr_consent },
        { "gpp", &r->consent.gpp }, { "gpp_sid", &r->consent.gpp_sid }, { "visitor", &r->visitor },
        { "session", &r->session },
    };
    if (str_is(name, "slot")) take_slot(r, value);
    if (str_is(name, "k")) {
        take_pair(r, value);
        r->key = value;
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (str_is(name, texts[i].name)) *texts[i].to = value;
    }
}

static void read_query(struct http_exchange *ex, struct ads_request *r)
{
    for (struct str rest = ex->query; rest.n;) {
        struct str value = until(&rest, '&'), name = until(&value, '=');
        take(r, name, decoded(&ex->arena, value));
    }
    consent_clean(&r->consent);
    if (r->visitor.n > VISITOR_BYTES_MAX) r->visitor = STR_NONE;
    if (r->session.n > VISITOR_BYTES_MAX) r->session = STR_NONE;
}

/* ---- who asks ---- */

static struct str first_header(const struct http_exchange *ex, const char *const *names)
{
    for (; *names; names++) {
        struct str v = http_req_header(ex, *names);
        if (v.n) return v;
    }
    return STR_NONE;
}

/* A country comes from the proxy that looked it up, or from the publisher's file. */
static int country_of(const struct ads_request *r)
{
    const struct ad_site *site = r->site;
    if (site->country_header.n && r->ex->by_proxy) {
        int code = code_of(http_req_header(r->ex, arena_cstr(&r->ex->arena, site->country_header)));
        if (code != CODE_UNKNOWN) return code;
    }
    return site->geo && r->has_address ? geo_country(site->geo, &r->address) : CODE_UNKNOWN;
}

/* In a sandbox pages on this machine are the publisher's, whatever they are called. */
static void read_visit(const struct ads_doors *d, struct ads_request *r)
{
    static const char *const purposes[] = { "sec-purpose", "purpose", "x-purpose", "x-moz", NULL };
    struct http_exchange *ex = r->ex;
    struct str referrer = http_req_header(ex, "referer");
    r->agent = agent_read(http_req_header(ex, "user-agent"), http_req_header(ex, "sec-ch-ua-mobile"));
    r->has_address = address_parse(ex->peer, &r->address);
    struct invalid_facts facts = {
        .agent = &r->agent,
        .purpose = first_header(ex, purposes),
        .referrer = d->web->sandbox && host_is_loopback(url_host(referrer)) ? STR_NONE : referrer,
        .own_host = host_without_port(ex->host),
        .address = r->has_address ? &r->address : NULL,
    };
    r->invalid = invalid_judge(&r->rules->rules, &facts);
    r->country = country_of(r);
}

/* The first language of the browser's list. */
static int language_of(const struct ads_request *r)
{
    struct str accepted = http_req_header(r->ex, "accept-language");
    if (accepted.n > 2 && ((accepted.p[2] | 32) >= 'a' && (accepted.p[2] | 32) <= 'z')) return CODE_UNKNOWN;
    return accepted.n >= 2 ? code_of((struct str){ accepted.p, 2 }) : CODE_UNKNOWN;
}

/* An id counts only where it may be kept; else the page view's. */
static uint32_t visitor_of(const struct ads_doors *d, const struct ads_request *r)
{
    uint32_t key = r->rules->key;
    if (r->visitor.n && consent_allows_id(&r->consent, r->site->visitor_ids)) {
        return serving_visitor(d->serving, key, r->visitor, /* kept= */ true);
    }
    return serving_visitor(d->serving, key, r->session, /* kept= */ false);
}

struct request ads_decision_request(const struct ads_doors *d, const struct ads_request *r)
{
    struct request q = { .invalid = r->invalid, .agent_hash = r->agent.hash, .now = loop_now(d->loop) };
    q.visit = (struct visit){ .country = r->country,
                              .language = language_of(r),
                              .device = r->agent.device,
                              .platform = r->agent.platform,
                              .visitor = visitor_of(d, r),
                              .pairs = r->pairs,
                              .pairs_n = r->pairs_n };
    return q;
}

/* ---- which publisher ---- */

static bool find_publisher(const struct lineup *l, struct http_exchange *ex, uint32_t *place)
{
    struct str named;
    if (http_req_query(ex, "p", &named) && named.n) return lineup_find_publisher(l, named, place);
    *place = 0;
    return l->publishers_n == 1;
}

void ads_request_of(const struct ads_doors *d, struct http_exchange *ex, uint32_t publisher, struct ads_request *out)
{
    *out = (struct ads_request){ .ex = ex, .publisher = publisher };
    out->rules = serving_lineup(d->serving)->publishers[publisher];
    out->site = out->rules->more;
    read_query(ex, out);
    read_visit(d, out);
}

bool ads_request_read(const struct ads_doors *d, struct http_exchange *ex, struct ads_request *out)
{
    const struct lineup *l = serving_lineup(d->serving);
    uint32_t publisher;
    if (!l || !find_publisher(l, ex, &publisher)) return false;
    ads_request_of(d, ex, publisher, out);
    return true;
}

/* ---- slots ---- */

static bool number(struct str s, int *out)
{
    *out = 0;
    if (s.n == 0 || s.n > 5) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return true;
}

static unsigned room_for(const struct serving_slot *slot, struct str sizes)
{
    unsigned room = 0;
    if (sizes.n == 0) return 0;
    while (sizes.n) {
        struct str height = until(&sizes, ','), width = until(&height, 'x');
        int w, h;
        if (!number(width, &w) || !number(height, &h)) continue;
        for (size_t i = 0; i < slot->sizes_n && i < SLOT_SIZES_MAX; i++) {
            if (slot->sizes[i].width == w && slot->sizes[i].height == h) room |= 1u << i;
        }
    }
    return room ? room : ROOM_NO_SIZE;
}

bool ads_ask_for(const struct ads_doors *d, const struct ads_request *r, const struct ads_slot *slot, struct ask *out)
{
    const struct lineup *l = serving_lineup(d->serving);
    if (!lineup_find_slot(l, r->rules->key, slot->id, &out->slot)) return false;
    out->room = room_for(l->slots[out->slot].slot, slot->sizes);
    return true;
}

/* ---- consent, handed on ---- */

struct str ads_consent_query(struct arena *a, const struct consent *c)
{
    const struct {
        const char *name;
        struct str value;
    } members[] = {
        { "gdpr", c->gdpr }, { "gdpr_consent", c->gdpr_consent }, { "gpp", c->gpp }, { "gpp_sid", c->gpp_sid }
    };
    struct buf b;
    buf_init(&b, 4 * CONSENT_BYTES_MAX + 128);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!members[i].value.n) continue;
        buf_addf(&b, "%c%s=", b.n ? '&' : '?', members[i].name);
        buf_add(&b, members[i].value); /* cleaned: nothing in it needs escaping */
    }
    struct str out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return out;
}
