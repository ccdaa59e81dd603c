#include "protocols/ads.h"

#include "net/gzip.h"
#include "protocols/ads_request.h"
#include "protocols/web_reply.h"

#define REPLY_BYTES_MAX     ((size_t)4 << 20)
#define ANCESTORS_BYTES_MAX 16384 /* browsers refuse replies with more than 256 KB of headers, some clients with 16 */

extern const char tag_script[];
extern const size_t tag_script_n;

/* ---- replies ---- */

static void header(struct http_exchange *ex, const char *name, struct str value)
{
    (void)http_rep_header(ex, name, value); /* a value that is no header's is left out */
}

/* Nothing here may come out of a cache: each fetch is another ad, or another event. */
static void not_kept(struct http_exchange *ex)
{
    header(ex, "Cache-Control", STR("no-store, private"));
    header(ex, "X-Content-Type-Options", STR("nosniff"));
    header(ex, "Cross-Origin-Resource-Policy", STR("cross-origin"));
}

static void reply_buf(struct http_exchange *ex, const char *type, struct buf *b)
{
    struct str body = arena_dup(&ex->arena, buf_str(b));
    bool whole = !b->overflowed;
    buf_finish(b);
    not_kept(ex);
    if (whole) {
        http_exchange_reply_with(ex, 200, type, body);
    } else {
        http_exchange_reply_with(ex, 204, type, STR_NONE); /* a creative larger than any page should load */
    }
}

static void reply_nothing(struct http_exchange *ex)
{
    not_kept(ex);
    http_exchange_reply_with(ex, 204, "text/plain", STR_NONE);
}

static void reply_pixel(struct http_exchange *ex)
{
    static const char gif[] = "GIF89a\1\0\1\0\200\0\0\0\0\0\377\377\377!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    not_kept(ex);
    http_exchange_reply_with(ex, 200, "image/gif", (struct str){ gif, sizeof(gif) - 1 });
}

/* Somebody may be reading this: a person who clicked. */
static void reply_gone(struct http_exchange *ex, int status)
{
    not_kept(ex);
    header(ex, "Content-Security-Policy", STR("default-src 'none'; style-src 'unsafe-inline'"));
    http_exchange_reply_with(
        ex, status, "text/html; charset=utf-8",
        STR("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>This advertisement is over</title></head>"
            "<body style=\"font:16px/1.5 sans-serif;margin:2em\"><h1>This advertisement is over</h1>"
            "<p>It leads nowhere any more.</p></body></html>"));
}

/* For anybody's scripts: what is public. */
static void open_to_origin(struct http_exchange *ex)
{
    struct str origin = http_req_header(ex, "origin");
    if (!origin.n) return;
    header(ex, "Access-Control-Allow-Origin", origin);
    header(ex, "Access-Control-Allow-Credentials", STR("true")); /* players ask with them; we look at none */
    header(ex, "Vary", STR("Origin"));
}

/* ---- the tag ---- */

/* The script with the publisher's settings where it says so. */
static void script(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    static const char place[] = "/*SETTINGS*/{}";
    struct ads_request r;
    if (!ads_request_read(d, ex, &r)) {
        reply_gone(ex, 404);
        return;
    }
    const char *at = memmem(tag_script, tag_script_n, place, sizeof(place) - 1);
    ENSURE(at != NULL); /* it is part of the script that this program was built with */
    size_t before = (size_t)(at - tag_script), after = before + sizeof(place) - 1;
    struct str body =
        arena_printf(&ex->arena, "%.*s{ids:'%s'}%.*s", (int)before, tag_script, visitor_ids_name(r.site->visitor_ids),
                     (int)(tag_script_n - after), tag_script + after);
    struct str packed, tag = web_tag(&ex->arena, body);
    header(ex, "Cache-Control", STR("public, max-age=3600"));
    header(ex, "X-Content-Type-Options", STR("nosniff"));
    header(ex, "Cross-Origin-Resource-Policy", STR("cross-origin"));
    header(ex, "Vary", STR("Accept-Encoding"));
    if (http_list_has(http_req_header(ex, "accept-encoding"), "gzip") && gzip_compress(&ex->arena, body, &packed)) {
        header(ex, "Content-Encoding", STR("gzip"));
        body = packed;
    }
    web_reply_tagged(ex, "text/javascript; charset=utf-8", body, tag);
}

/* ---- an ad on its way out ---- */

static const struct content *content_of(const struct choice *c)
{
    return c->creative->more;
}

struct shown {
    struct outgoing out;
    struct macro_values macros;
    char country[2];
};

/* `s` is filled for one choice; it borrows everything. */
static void prepare(struct ads_doors *d, const struct ads_request *r, const struct choice *c,
                    const struct serving_slot *slot, struct shown *s)
{
    struct http_exchange *ex = r->ex;
    const struct content *content = content_of(c);
    struct str host = url_host(http_req_header(ex, "referer"));
    s->macros = (struct macro_values){ .content = content,
                                       .consent = r->consent,
                                       .device = str_from(device_name(r->agent.device)),
                                       .page_domain = host,
                                       .placement = slot->slot_id,
                                       .now = loop_now(d->loop) };
    s->macros.country = code_text(r->country, s->country);
    s->macros.random = (uint32_t)rng_u64(&d->loop->rng);
    s->macros.width = content->width ? content->width : slot->sizes_n ? slot->sizes[0].width : 0;
    s->macros.height = content->height ? content->height : slot->sizes_n ? slot->sizes[0].height : 0;
    s->out = (struct outgoing){ .content = content,
                                .macros = &s->macros,
                                .token = c->token,
                                .label = r->site->label,
                                .who_paid = r->site->who_paid,
                                .paid_by_label = r->site->paid_by_label,
                                .consent_query = ads_consent_query(&ex->arena, &r->consent) };
    s->out.base = arena_printf(&ex->arena, STR_FMT "/ads", STR_ARG(web_base_url(ex)));
    s->macros.click_url = content->click_url.n ? arena_printf(&ex->arena, STR_FMT "/click/%.*s", STR_ARG(s->out.base),
                                                              TOKEN_CHARS, c->token.c)
                                               : STR_NONE;
}

/* ---- decisions ---- */

/* Scripts of other sites do not learn what the publisher sells. Without Origin it is a server or the page's own. */
static bool may_read(const struct ads_doors *d, const struct ads_request *r)
{
    struct str origin = http_req_header(r->ex, "origin"), host = url_host(origin);
    if (!origin.n) return true;
    bool own = host.n && (str_eq(host, host_without_port(r->ex->host)) ||
                          hosts_cover(r->rules->rules.hosts, r->rules->rules.hosts_n, host) ||
                          (d->web->sandbox && host_is_loopback(host)));
    if (!own) return false;
    header(r->ex, "Access-Control-Allow-Origin", origin);
    header(r->ex, "Vary", STR("Origin"));
    return true;
}

static void decisions(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct ask asks[REQUEST_SLOTS_MAX];
    struct choice choices[REQUEST_SLOTS_MAX];
    size_t places[REQUEST_SLOTS_MAX], n = 0, shown = 0;
    if (!ads_request_read(d, ex, &r) || !may_read(d, &r)) {
        reply_nothing(ex);
        return;
    }
    for (size_t i = 0; i < r.slots_n; i++) {
        if (!ads_ask_for(d, &r, &r.slots[i], &asks[n])) continue;
        places[n++] = i;
    }
    struct request q = ads_decision_request(d, &r);
    if (n) serving_decide(d->serving, &q, asks, n, choices);
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    buf_add(&b, STR("{\"ads\":["));
    for (size_t i = 0; i < n; i++) {
        const struct serving_slot *slot = serving_lineup(d->serving)->slots[asks[i].slot].slot;
        struct shown s;
        if (!choices[i].package) continue;
        prepare(d, &r, &choices[i], slot, &s);
        if (shown++) buf_add_char(&b, ',');
        ad_json_add(&b, &s.out, slot->slot_id, places[i]);
    }
    buf_add(&b, STR("]}"));
    if (shown) {
        reply_buf(ex, "application/json", &b);
        return;
    }
    buf_finish(&b);
    reply_nothing(ex);
}

/* One slot, named by the rest of the path or by the query. */
static bool decide_one(struct ads_doors *d, const struct ads_request *r, struct str slot_id, struct choice *choice,
                       const struct serving_slot **slot)
{
    struct ads_slot named = r->slots_n ? r->slots[0] : (struct ads_slot){ STR_NONE, STR_NONE };
    struct ask ask;
    if (slot_id.n && http_percent_decode(&r->ex->arena, slot_id, &named.id)) return false;
    if (!ads_ask_for(d, r, &named, &ask)) return false;
    struct request q = ads_decision_request(d, r);
    serving_decide(d->serving, &q, &ask, 1, choice);
    *slot = serving_lineup(d->serving)->slots[ask.slot].slot;
    return choice->package != NULL;
}

/* ---- frames ---- */

/* What a publisher calls a domain may be anything; in a header it must not end the policy. */
static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        if (!plain) return false;
    }
    return host.n > 0;
}

/* Who may show our frames: the publisher's pages. Nobody in particular when it has named none. Both schemes and every port are
 * said: a host alone means the ad server's own scheme, and that scheme's usual port. */
static struct str frame_ancestors(struct arena *a, const struct ads_doors *d, const struct ads_request *r)
{
    const struct invalid_rules *rules = &r->rules->rules;
    struct buf b;
    buf_init(&b, ANCESTORS_BYTES_MAX);
    buf_add(&b, STR("frame-ancestors 'self'"));
    for (size_t i = 0; i < rules->hosts_n; i++) {
        struct str h = rules->hosts[i];
        if (!is_host(h)) continue;
        buf_addf(&b, " https://" STR_FMT ":* https://*." STR_FMT ":*", STR_ARG(h), STR_ARG(h));
        buf_addf(&b, " http://" STR_FMT ":* http://*." STR_FMT ":*", STR_ARG(h), STR_ARG(h));
    }
    if (d->web->sandbox) buf_add(&b, STR(" http://localhost:* http://127.0.0.1:*"));
    struct str out = rules->hosts_n && !b.overflowed ? arena_dup(a, buf_str(&b)) : STR("frame-ancestors *");
    buf_finish(&b);
    return out;
}

static void policy(struct http_exchange *ex, const char *rules, struct str ancestors)
{
    header(ex, "Content-Security-Policy", arena_printf(&ex->arena, "%s; " STR_FMT, rules, STR_ARG(ancestors)));
    header(ex, "Referrer-Policy", STR("strict-origin-when-cross-origin"));
}

#define FRAME_POLICY                                                                                                            \
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src * data:; frame-src 'self'; connect-src 'self'; " \
    "base-uri 'none'; form-action 'none'"
/* A buyer's markup may do what it likes, in a document of no origin: it reaches neither the page nor this server's pages. */
#define CREATIVE_POLICY                                                                                                \
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "      \
    "default-src https: http: data: blob: 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action https:"

static void frame(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct choice choice;
    const struct serving_slot *slot;
    struct buf b;
    if (!ads_request_read(d, ex, &r)) {
        reply_gone(ex, 404);
        return;
    }
    policy(ex, FRAME_POLICY, frame_ancestors(&ex->arena, d, &r));
    buf_init(&b, REPLY_BYTES_MAX);
    if (decide_one(d, &r, rest, &choice, &slot)) {
        struct shown s;
        prepare(d, &r, &choice, slot, &s);
        frame_ad(
            &b, &s.out, slot->slot_id,
            arena_printf(&ex->arena, STR_FMT "/t.js?p=" STR_FMT, STR_ARG(s.out.base), STR_ARG(r.rules->tenant_id)));
    } else {
        frame_empty(&b);
    }
    reply_buf(ex, "text/html; charset=utf-8", &b);
}

/* The creative a token was made for, as long as it is part of the lineup. */
static bool find_shown(struct ads_doors *d, struct http_exchange *ex, struct str token, struct ads_request *r,
                       struct shown *s)
{
    const struct lineup *l = serving_lineup(d->serving);
    struct token t;
    uint32_t package, slot;
    if (!l || !serving_open_token(d->serving, token, &t)) return false;
    if (!keymap_get(&l->package_places, t.package, &package) || !keymap_get(&l->slot_places, t.slot, &slot))
        return false;
    const struct serving_package *p = l->packages[package].package;
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].key != t.creative) continue;
        struct choice c = { .package = p, .creative = &p->creatives[i] };
        memcpy(c.token.c, token.p, TOKEN_CHARS);
        ads_request_of(d, ex, l->packages[package].publisher, r);
        prepare(d, r, &c, l->slots[slot].slot, s);
        return true;
    }
    return false;
}

static void creative(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct shown s;
    struct buf b;
    if (!find_shown(d, ex, rest, &r, &s) || s.out.content->kind != CONTENT_HTML) {
        reply_gone(ex, 410);
        return;
    }
    policy(ex, CREATIVE_POLICY, frame_ancestors(&ex->arena, d, &r));
    buf_init(&b, REPLY_BYTES_MAX);
    frame_creative(&b, &s.out);
    reply_buf(ex, "text/html; charset=utf-8", &b);
}

/* ---- VAST ---- */

static void vast(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct choice choice;
    const struct serving_slot *slot;
    struct buf b;
    open_to_origin(ex);
    if (!ads_request_read(d, ex, &r)) {
        reply_nothing(ex);
        return;
    }
    enum vast_version version = vast_version_of(r.version);
    buf_init(&b, REPLY_BYTES_MAX);
    if (decide_one(d, &r, rest, &choice, &slot)) {
        struct shown s;
        prepare(d, &r, &choice, slot, &s);
        vast_add(&b, &s.out, version);
    } else {
        vast_add_none(&b, version,
                      arena_printf(&ex->arena, STR_FMT "/ads/e/none?code=[ERRORCODE]", STR_ARG(web_base_url(ex))));
    }
    reply_buf(ex, "application/xml; charset=utf-8", &b);
}

static void vast_document(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct shown s;
    open_to_origin(ex);
    if (!find_shown(d, ex, rest, &r, &s) || s.out.content->kind != CONTENT_VAST_XML) {
        reply_nothing(ex);
        return;
    }
    not_kept(ex);
    http_exchange_reply_with(ex, 200, "application/xml; charset=utf-8", arena_dup(&ex->arena, s.out.content->vast_xml));
}

/* ---- what happened ---- */

static struct verdict count(struct ads_doors *d, const struct ads_request *r, enum event event, struct str token)
{
    struct report report = { .event = event,
                             .token = token,
                             .invalid = r->invalid,
                             .agent_hash = r->agent.hash,
                             .address = r->has_address ? &r->address : NULL,
                             .now = loop_now(d->loop) };
    return serving_count(d->serving, &report);
}

/* The visit behind a token: judged by the rules of the publisher whose ad it is. False: nobody's. */
static bool visit_of_token(struct ads_doors *d, struct http_exchange *ex, struct str token, struct ads_request *r)
{
    const struct lineup *l = serving_lineup(d->serving);
    struct token t;
    uint32_t slot;
    if (!l || !serving_open_token(d->serving, token, &t) || l->publishers_n == 0) return false;
    uint32_t publisher = keymap_get(&l->slot_places, t.slot, &slot) ? l->slots[slot].publisher : 0;
    ads_request_of(d, ex, publisher, r);
    return true;
}

static void event(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
    struct str name = { rest.p, slash ? (size_t)(slash - rest.p) : rest.n }, token = str_skip(rest, name.n + 1);
    struct ads_request r;
    enum event e;
    bool counts = http_req_is(ex, "GET") || http_req_is(ex, "POST");
    open_to_origin(ex);
    if (counts && event_parse(name, &e) && visit_of_token(d, ex, token, &r)) {
        (void)count(d, &r, e, token); /* whatever came of it, the client is told the same */
    } else if (counts && token.n) {
        serving_forged(d->serving);
    }
    if (http_req_is(ex, "POST")) {
        reply_nothing(ex);
    } else {
        reply_pixel(ex);
    }
}

/* ---- clicks ---- */

/* Where a creative leads: as stored with it, macros filled in. */
static bool destination(struct ads_doors *d, struct http_exchange *ex, const struct ads_request *r,
                        const struct token *t, struct str *url)
{
    const struct lineup *l = serving_lineup(d->serving);
    uint32_t place;
    if (keymap_get(&l->package_places, t->package, &place)) {
        const struct serving_package *p = l->packages[place].package;
        for (size_t i = 0; i < p->creatives_n; i++) {
            const struct content *c = p->creatives[i].more;
            if (p->creatives[i].key != t->creative || !c->click_url.n) continue;
            char country[2];
            struct macro_values v = { .content = c,
                                      .country = code_text(r->country, country),
                                      .consent = r->consent,
                                      .now = loop_now(d->loop),
                                      .random = (uint32_t)rng_u64(&d->loop->rng) };
            struct buf b;
            buf_init(&b, 16384);
            macros_add(&b, c->click_url, &v, MACRO_URL);
            bool fits = !b.overflowed;
            *url = arena_dup(&ex->arena, buf_str(&b));
            buf_finish(&b);
            return fits;
        }
    }
    return d->destination(d, &ex->arena, t->creative, url) && url->n > 0;
}

static void lead_on(struct ads_doors *d, struct http_exchange *ex, const struct ads_request *r, const struct token *t)
{
    struct str url;
    not_kept(ex);
    header(ex, "Referrer-Policy", STR("strict-origin-when-cross-origin"));
    if (!destination(d, ex, r, t, &url) || http_rep_header(ex, "Location", url)) {
        reply_gone(ex, 410);
        return;
    }
    http_exchange_reply_with(ex, 302, "text/plain", STR_NONE);
}

static void click(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct token t;
    if (!visit_of_token(d, ex, rest, &r) || !serving_open_token(d->serving, rest, &t)) {
        serving_forged(d->serving);
        reply_gone(ex, 410);
        return;
    }
    if (http_req_is(ex, "GET")) (void)count(d, &r, EVENT_CLICK, rest); /* what does not count leads on all the same */
    lead_on(d, ex, &r, &t);
}

/* ---- mails ---- */

static bool mail_place(struct ads_doors *d, const struct ads_request *r, struct str slot_id, struct ask *ask,
                       uint64_t *key)
{
    struct ads_slot named = { STR_NONE, STR_NONE };
    if (http_percent_decode(&r->ex->arena, slot_id, &named.id) || !ads_ask_for(d, r, &named, ask)) return false;
    ask->room |= ROOM_PICTURES;
    *key = pair_of(STR("mail"), r->key);
    return true;
}

static void mail_picture(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct ask ask;
    struct choice choice = { .package = NULL };
    uint64_t key;
    struct shown s;
    if (!ads_request_read(d, ex, &r) || !mail_place(d, &r, rest, &ask, &key)) {
        reply_pixel(ex);
        return;
    }
    struct request q = ads_decision_request(d, &r);
    serving_decide_mail(d->serving, &q, &ask, key, &choice);
    if (!choice.package) {
        reply_pixel(ex);
        return;
    }
    if (http_req_is(ex, "GET")) (void)count(d, &r, EVENT_IMPRESSION, (struct str){ choice.token.c, TOKEN_CHARS });
    prepare(d, &r, &choice, serving_lineup(d->serving)->slots[ask.slot].slot, &s);
    struct buf b;
    buf_init(&b, 16384);
    macros_add(&b, s.out.content->image_url, &s.macros, MACRO_URL);
    bool led = !b.overflowed && http_rep_header(ex, "Location", buf_str(&b)) == 0;
    buf_finish(&b);
    if (!led) {
        reply_pixel(ex);
        return;
    }
    not_kept(ex);
    http_exchange_reply_with(ex, 302, "text/plain", STR_NONE);
}

static void mail_click(struct ads_doors *d, struct http_exchange *ex, struct str rest)
{
    struct ads_request r;
    struct ask ask;
    uint64_t key;
    struct verdict v;
    if (!ads_request_read(d, ex, &r) || !mail_place(d, &r, rest, &ask, &key)) {
        reply_gone(ex, 404);
        return;
    }
    struct report report = { .event = EVENT_CLICK,
                             .invalid = http_req_is(ex, "GET") ? r.invalid : INVALID_PREFETCH,
                             .agent_hash = r.agent.hash,
                             .address = r.has_address ? &r.address : NULL,
                             .now = loop_now(d->loop) };
    uint32_t slot = serving_lineup(d->serving)->slots[ask.slot].slot->key;
    if (!serving_click_mail(d->serving, &report, slot, key, &v)) {
        reply_gone(ex, 410);
        return;
    }
    lead_on(d, ex, &r, &v.token);
}

/* ---- by path ---- */

static const struct {
    const char *prefix;
    bool whole; /* nothing follows */
    const char *allow;
    void (*handle)(struct ads_doors *d, struct http_exchange *ex, struct str rest);
} doors[] = {
    { "/ads/t.js", true, "GET, HEAD", script },
    { "/ads/d", true, "GET, HEAD", decisions },
    { "/ads/v", true, "GET, HEAD", vast },
    { "/ads/v/", false, "GET, HEAD", vast },
    { "/ads/f/", false, "GET, HEAD", frame },
    { "/ads/r/", false, "GET, HEAD", creative },
    { "/ads/x/", false, "GET, HEAD", vast_document },
    { "/ads/e/", false, "GET, HEAD, POST", event },
    { "/ads/click/", false, "GET, HEAD", click },
    { "/ads/i/", false, "GET, HEAD", mail_picture },
    { "/ads/c/", false, "GET, HEAD", mail_click },
};

bool ads_is_path(struct str path)
{
    return str_starts(path, STR("/ads/"));
}

void ads_handle(struct ads_doors *d, struct http_exchange *ex)
{
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        struct str prefix = str_from(doors[i].prefix);
        if (doors[i].whole ? !str_eq(ex->path, prefix) : !str_starts(ex->path, prefix)) continue;
        if (web_methods_admit(ex, str_from(doors[i].allow))) doors[i].handle(d, ex, str_skip(ex->path, prefix.n));
        return;
    }
    reply_gone(ex, 404);
}
