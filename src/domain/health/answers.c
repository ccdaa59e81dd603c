#include "domain/health/answers.h"

#include <strings.h>

#include "base/rfc3339.h"
#include "contract/limits.h"
#include "domain/signature/signature.h"

#define CERTIFICATE_WARN_DAYS  21 /* what renews by itself does so with 30 days left */
#define CERTIFICATE_ERROR_DAYS 7
#define CLOCK_WARN_US          (INT64_C(30) * USEC_PER_SEC)
#define CLOCK_ERROR_US         (INT64_C(240) * USEC_PER_SEC) /* a signature is good for five minutes */

/* False, after saying why, when there is no answer with status 200. */
static bool answered(struct findings *out, const char *check, struct str what, const struct http_call *c)
{
    switch (c->outcome) {
    case HTTP_OK:
        if (c->status == 200) return true;
        finding_add(out, FINDING_ERROR, check, STR_FMT " answers %d%s.", STR_ARG(what), c->status,
                    c->status >= 300 && c->status < 400 ? ", a redirect, which is not followed" : "");
        return false;
    case HTTP_REFUSED:
        finding_add(out, FINDING_UNKNOWN, check, STR_FMT " was not asked: %s.", STR_ARG(what), c->reason);
        return false;
    case HTTP_CANCELED:
        finding_add(out, FINDING_UNKNOWN, check, STR_FMT " was not asked.", STR_ARG(what));
        return false;
    case HTTP_TOO_LARGE:
        finding_add(out, FINDING_ERROR, check, STR_FMT " answers with more than anybody reads.", STR_ARG(what));
        return false;
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: break;
    }
    finding_add(out, FINDING_ERROR, check, STR_FMT " does not answer: %s.", STR_ARG(what), c->reason);
    return false;
}

static yyjson_val *parsed(struct findings *out, const char *check, struct str what, const struct http_call *c)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(out->arena, c->response, &json_limits_answer, &doc, &e) == 0 &&
        yyjson_is_obj(yyjson_doc_get_root(doc)))
        return yyjson_doc_get_root(doc);
    finding_add(out, FINDING_ERROR, check, STR_FMT " answers something that is no JSON object.", STR_ARG(what));
    return NULL;
}

/* ---- our own address ---- */

static void judge_certificate(struct findings *out, struct str url, const struct http_call *c, int64_t now)
{
    char at[RFC3339_MAX];
    if (!str_starts(url, STR("https://"))) return;
    if (!c->certificate_ends_at) {
        finding_add(out, FINDING_UNKNOWN, "certificate", "The certificate is good; when it ends could not be read.");
        finding_about(out, url);
        return;
    }
    int64_t days = (c->certificate_ends_at - now) / USEC_PER_DAY;
    (void)rfc3339_print(c->certificate_ends_at, RFC3339_SECONDS, at); /* its length is known */
    enum finding_rank rank = days < CERTIFICATE_ERROR_DAYS  ? FINDING_ERROR
                             : days < CERTIFICATE_WARN_DAYS ? FINDING_WARNING
                                                            : FINDING_WELL;
    finding_add(out, rank, "certificate", "The certificate is good for another %lld days, until %s.", (long long)days,
                at);
    finding_about(out, url);
    if (rank != FINDING_WELL) finding_remedy(out, "Renew it, then salesagent reload; see docs/install.md, TLS.");
}

/* The address under which the agent believes to have been asked: what its card says of its own door. */
static void judge_seen(struct findings *out, const struct health_questions *q, yyjson_val *card)
{
    struct str seen = json_str(card, "url");
    struct str wanted = arena_printf(out->arena, STR_FMT "/a2a", STR_ARG(q->agent_url));
    if (str_eq(seen, wanted)) {
        finding_add(out, FINDING_WELL, "proxy", "The agent sees itself under the address by which it was asked.");
    } else {
        finding_add(out, FINDING_ERROR, "proxy", "Asked as " STR_FMT " it calls itself " STR_FMT ".", STR_ARG(wanted),
                    STR_ARG(seen));
        finding_remedy(out,
                       "The proxy must send Host, X-Forwarded-Host and X-Forwarded-Proto, and trust_proxy must name "
                       "its address; see docs/proxy.md.");
    }
    finding_about(out, q->agent_url);
}

void answer_card(struct findings *out, const struct health_questions *q, const struct http_call *c, int64_t now)
{
    struct str url = arena_printf(out->arena, STR_FMT "/.well-known/agent-card.json", STR_ARG(q->agent_url));
    if (!answered(out, "address", url, c)) {
        finding_remedy(out, "Buyers come by this address: DNS, the proxy, the certificate and the firewall, in this "
                            "order; see docs/trouble.md.");
        return;
    }
    judge_certificate(out, q->agent_url, c, now);
    yyjson_val *card = parsed(out, "address", url, c);
    if (!card) {
        finding_remedy(out, "Something else answers at this address.");
        return;
    }
    finding_add(out, FINDING_WELL, "address", STR_FMT " answers, in %d ms.", STR_ARG(url), c->elapsed_ms);
    judge_seen(out, q, card);
}

static bool holds_key(yyjson_val *keys, struct str kid)
{
    size_t i, n;
    yyjson_val *k;
    yyjson_arr_foreach(keys, i, n, k) {
        if (str_eq(json_str(k, "kid"), kid)) return true;
    }
    return false;
}

void answer_keys(struct findings *out, const struct health_questions *q, const struct http_call *c)
{
    struct str url = arena_printf(out->arena, STR_FMT "/.well-known/jwks.json", STR_ARG(q->agent_url));
    if (!answered(out, "keys", url, c)) return;
    yyjson_val *root = parsed(out, "keys", url, c);
    if (!root) return;
    if (!q->kids_n) {
        finding_add(out, FINDING_UNKNOWN, "keys", "There is no key yet; the first message that is signed makes one.");
        return;
    }
    for (size_t i = 0; i < q->kids_n; i++) {
        if (holds_key(json_arr(root, "keys"), q->kids[i])) continue;
        finding_add(out, FINDING_ERROR, "keys",
                    STR_FMT " does not hold the key " STR_FMT ": buyers cannot check what it has signed.", STR_ARG(url),
                    STR_ARG(q->kids[i]));
        finding_remedy(out, "Another agent or publisher answers there, or a cache keeps the keys for too long.");
        return;
    }
    finding_add(out, FINDING_WELL, "keys", STR_FMT " holds all %zu of our keys.", STR_ARG(url), q->kids_n);
}

void answer_links(struct findings *out, const struct health_questions *q, const struct http_call *c)
{
    if (answered(out, "links", q->link_base, c))
        finding_add(out, FINDING_WELL, "links", STR_FMT " answers.", STR_ARG(q->link_base));
    else finding_remedy(out, "Links in messages begin with this address: host and port must be the desk's.");
}

/* ---- properties ---- */

/* Is it the address of one of our doors? Scheme and host in any letters, a slash at the end does not matter. */
static bool names_us(struct str url, struct str ours)
{
    static const char *const doors[] = { "", "/mcp", "/a2a", "/api/v1" };
    while (url.n && url.p[url.n - 1] == '/') url.n--;
    if (url.n < ours.n || strncasecmp(url.p, ours.p, ours.n) != 0) return false;
    struct str rest = str_skip(url, ours.n);
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        if (str_is(rest, doors[i])) return true;
    }
    return false;
}

static bool lists_us(yyjson_val *root, struct str ours)
{
    size_t i, n;
    yyjson_val *agent;
    yyjson_arr_foreach(json_arr(root, "authorized_agents"), i, n, agent) {
        if (names_us(json_str(agent, "url"), ours)) return true;
    }
    return false;
}

void answer_adagents(struct findings *out, const struct health_questions *q, struct str domain,
                     const struct http_call *c, struct str *elsewhere)
{
    *elsewhere = STR_NONE;
    if (!answered(out, "adagents", c->url, c)) {
        finding_about(out, domain);
        finding_remedy(out, "Put adagents.json there, as %s shows it; buyers look for it before they buy.",
                       "the agent's own /.well-known/adagents.json");
        return;
    }
    yyjson_val *root = parsed(out, "adagents", c->url, c);
    if (!root) {
        finding_about(out, domain);
        return;
    }
    *elsewhere = json_str(root, "authoritative_location");
    if (elsewhere->n) return;
    if (!q->agent_url.n) {
        finding_add(out, FINDING_UNKNOWN, "adagents", "It is there; whether it names us depends on our address.");
    } else if (lists_us(root, q->agent_url)) {
        finding_add(out, FINDING_WELL, "adagents", STR_FMT " names us.", STR_ARG(c->url));
    } else {
        finding_add(out, FINDING_ERROR, "adagents", STR_FMT " does not name " STR_FMT ".", STR_ARG(c->url),
                    STR_ARG(q->agent_url));
        finding_remedy(out, "Add {\"url\": \"" STR_FMT "/mcp\", ...} to its authorized_agents.", STR_ARG(q->agent_url));
    }
    finding_about(out, domain);
}

/* ---- the world ---- */

static int64_t distance(int64_t us)
{
    return us < 0 ? -us : us;
}

void clocks_add(struct clocks *c, struct str host, const struct http_call *call, int64_t now)
{
    if (call->outcome != HTTP_OK || !call->date_at) return;
    int64_t difference = now - call->date_at;
    if (c->n && distance(difference) >= distance(c->least_us)) {
        c->n++;
        return;
    }
    *c = (struct clocks){ difference, host, c->n + 1 };
}

void answer_clocks(struct findings *out, const struct clocks *c)
{
    if (!c->n) {
        finding_add(out, FINDING_UNKNOWN, "clock", "Nobody outside told the time.");
        return;
    }
    int64_t off = distance(c->least_us);
    enum finding_rank rank = off > CLOCK_ERROR_US  ? FINDING_ERROR
                             : off > CLOCK_WARN_US ? FINDING_WARNING
                                                   : FINDING_WELL;
    finding_add(out, rank, "clock", "The clock is %lld s %s that of " STR_FMT " (%zu were asked).",
                (long long)(off / USEC_PER_SEC), c->least_us < 0 ? "behind" : "ahead of", STR_ARG(c->host), c->n);
    if (rank != FINDING_WELL)
        finding_remedy(out, "Synchronise it (timedatectl): signatures are good for five minutes.");
}

void answer_egress(struct findings *out, size_t asked, size_t answered)
{
    if (!asked) {
        finding_add(out, FINDING_UNKNOWN, "egress",
                    "Nobody outside was asked, so whether webhooks can leave is not known.");
    } else if (!answered) {
        finding_add(out, FINDING_ERROR, "egress", "Of %zu addresses outside none answered: webhooks may not leave.",
                    asked);
        finding_remedy(out, "The firewall must let out connections to port 443, and DNS.");
    } else {
        finding_add(out, FINDING_WELL, "egress", "%zu of %zu addresses outside answered.", answered, asked);
    }
}
