#include "domain/health/publisher_health.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/ad_server.h"
#include "domain/core/tenant_settings.h"
#include "domain/signature/signature.h"
#include "domain/tell/people_notify.h"
#include "net/url.h"
#include "store/q/q_catalog.h"
#include "store/q/q_rule.h"
#include "store/q/agent/q_signing_key.h"
#include "store/q/q_tenant.h"
#include "store/q/agent/q_watch.h"

#define TEST_OLD_US      (INT64_C(30) * USEC_PER_DAY)
#define ENDS_SOON_US     (INT64_C(14) * USEC_PER_DAY)
#define PROPERTIES_MAX   1000
#define PEOPLE_LISTS_MAX 200 /* principals whose tokens are looked at */

/* ---- people and rules ---- */

struct people {
    size_t viewers, operators, administrators; /* active */
    bool told; /* somebody hears of a task */
    bool link_operator, link_administrator; /* what a link that is sent along may decide */
};

static bool is_active(const struct principal_row *p)
{
    return str_is(p->status, "active");
}

static int read_people(const struct act *act, struct people *out, struct err *e)
{
    struct principal_row *rows;
    struct people_settings told;
    size_t n;
    *out = (struct people){ 0 };
    if (q_principal_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!is_active(&rows[i])) continue;
        out->viewers += str_is(rows[i].role, "viewer");
        out->operators += str_is(rows[i].role, "operator");
        out->administrators += str_is(rows[i].role, "administrator");
    }
    people_settings_read(act, &told);
    out->told = told.slack_url.n || told.webhook_url.n || told.mail_to_n;
    out->link_administrator = out->told && str_is(told.link_role, "administrator");
    out->link_operator = out->told;
    return 0;
}

static bool somebody_decides(const struct people *p, struct str role)
{
    if (p->administrators || p->link_administrator) return true;
    return !str_is(role, "administrator") && (p->operators || p->link_operator);
}

static void check_people(const struct act *act, const struct people *p, struct findings *out)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    if (!p->administrators) {
        finding_add(out, FINDING_WARNING, "people", "There is no active administrator.");
        finding_remedy(out, "salesagent user add ID --role administrator");
    }
    bool asks = ts.workflow_required || ts.creative_review_required || ts.account_approval_required;
    if (asks && !somebody_decides(p, STR("operator"))) {
        finding_add(out, FINDING_ERROR, "people", "Tasks wait for a person, and there is nobody who may decide one.");
        finding_remedy(out, "salesagent user add ID --role operator");
    } else if (asks && !p->told) {
        finding_add(out, FINDING_WARNING, "notifications", "Nobody is told when a task waits for a decision.");
        finding_remedy(out, "salesagent publisher set --settings '{\"notifications\": {...}}'; docs/import.md");
    } else {
        finding_add(out, FINDING_WELL, "people", "%zu administrators, %zu operators, %zu viewers.", p->administrators,
                    p->operators, p->viewers);
    }
}

/* Rules that want a decision by a role which no active person has. */
static int check_rules(const struct act *act, const struct people *p, struct findings *out, struct err *e)
{
    struct rule_rows rules;
    size_t stuck = 0;
    if (q_rule_list(act->tx, act->arena, act->tenant->tenant_id, &rules, e)) return -1;
    for (size_t i = 0; i < rules.n; i++) {
        yyjson_val *rule = document_read(act->arena, rules.rows[i].doc);
        struct str role = json_str(rule, "role"), name = json_str(rule, "name");
        if (!str_is(json_str(rule, "then"), "person") || somebody_decides(p, role)) continue;
        stuck++;
        finding_add(out, FINDING_ERROR, "rules",
                    "The rule \"" STR_FMT "\" asks for a person of the role " STR_FMT ", and there is none.",
                    STR_ARG(name), STR_ARG(role.n ? role : STR("operator")));
        finding_about(out, rules.rows[i].rule_id);
        finding_remedy(out, "salesagent user add ID --role " STR_FMT ", or another rule",
                       STR_ARG(role.n ? role : STR("operator")));
    }
    if (!stuck) finding_add(out, FINDING_WELL, "rules", "%zu rules, each of which somebody can decide.", rules.n);
    return 0;
}

/* ---- names ---- */

static bool is_loopback(struct str url)
{
    struct url u;
    struct err e;
    if (url_parse(url, &u, &e)) return false;
    return str_is(u.host, "localhost") || str_starts(u.host, STR("127.")) || str_is(u.host, "::1");
}

/* Under which name buyers come; empty when nobody has said. */
static struct str agent_url_of(const struct act *act)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    bool said = json_str(ts.doc, "agent_url").n || act->tenant->host.n;
    struct signature_target t;
    if (!said || signature_target(act->arena, ts.agent_url, &t)) return STR_NONE;
    size_t scheme = str_starts(t.uri, STR("https")) ? sizeof("https://") - 1 : sizeof("http://") - 1;
    return (struct str){ t.uri.p, scheme + t.authority.n };
}

static void check_names(const struct act *act, struct findings *out)
{
    struct str url = agent_url_of(act);
    enum finding_rank bad = act->sandbox ? FINDING_WARNING : FINDING_ERROR;
    if (!url.n) {
        finding_add(out, bad, "publisher", "It has no host name, so nobody knows under which address buyers reach it.");
        finding_remedy(out, "salesagent publisher set --host sales.publisher.example");
    } else if (!act->sandbox && !str_starts(url, STR("https://"))) {
        finding_add(out, FINDING_ERROR, "publisher", "Its address is " STR_FMT "; buyers come by https only.",
                    STR_ARG(url));
        finding_remedy(out, "salesagent publisher set --settings '{\"agent_url\": \"https://...\"}'");
    } else {
        finding_add(out, FINDING_WELL, "publisher", "Its address is " STR_FMT ".", STR_ARG(url));
    }
}

static void check_links(const struct act *act, const struct people *p, struct findings *out)
{
    struct people_settings told;
    struct url u;
    struct err e;
    people_settings_read(act, &told);
    if (!p->told) return; /* no link is sent */
    if (url_parse(told.link_base, &u, &e)) {
        finding_add(out, FINDING_ERROR, "links", "Links in messages begin with \"" STR_FMT "\", which is no address.",
                    STR_ARG(told.link_base));
    } else if (is_loopback(told.link_base)) {
        finding_add(out, act->sandbox ? FINDING_WARNING : FINDING_ERROR, "links",
                    "Links in messages lead to " STR_FMT ", which only this machine can open.",
                    STR_ARG(told.link_base));
    } else if (!act->sandbox && u.scheme != URL_HTTPS) {
        finding_add(out, FINDING_WARNING, "links", "Links in messages lead to " STR_FMT "; whoever listens can decide.",
                    STR_ARG(told.link_base));
    } else {
        finding_add(out, FINDING_WELL, "links", "Links in messages lead to " STR_FMT ".", STR_ARG(told.link_base));
        return;
    }
    finding_remedy(out,
                   "salesagent publisher set --settings '{\"notifications\": {\"link_base\": \"https://...\", ...}}'");
}

/* ---- what is sold ---- */

static int check_catalogue(const struct act *act, struct findings *out, struct err *e)
{
    int64_t products, properties;
    struct str id = act->tenant->tenant_id;
    if (q_catalog_count(act->tx, CATALOG_PRODUCT, id, &products, e) ||
        q_catalog_count(act->tx, CATALOG_PROPERTY, id, &properties, e))
        return -1;
    if (!products || !properties) {
        finding_add(out, FINDING_WARNING, "catalogue", "There is no %s, so there is nothing to buy.",
                    products ? "property" : "product");
        finding_remedy(out, "salesagent import FILE; docs/import.md");
    } else {
        finding_add(out, FINDING_WELL, "catalogue", "%lld products on %lld properties.", (long long)products,
                    (long long)properties);
    }
    return 0;
}

/* ---- ad servers ---- */

static enum finding_rank rank_of_outcome(struct str outcome)
{
    if (str_is(outcome, "failed")) return FINDING_ERROR;
    if (str_is(outcome, "warning")) return FINDING_WARNING;
    return str_is(outcome, "passed") ? FINDING_WELL : FINDING_UNKNOWN;
}

/* The checks of the last test. */
static void tell_test(const struct act *act, struct str name, const struct ad_server_state *state, struct findings *out)
{
    size_t i, n;
    yyjson_val *c;
    char at[RFC3339_MAX];
    (void)rfc3339_print(state->tested_at, RFC3339_SECONDS, at); /* its length is known */
    yyjson_arr_foreach(json_arr(document_read(act->arena, state->tested), "checks"), i, n, c) {
        finding_add(out, rank_of_outcome(json_str(c, "outcome")), "ad_server", STR_FMT ": " STR_FMT " (at %s)",
                    STR_ARG(json_str(c, "name")), STR_ARG(json_str(c, "text")), at);
        finding_about(out, name);
        if (json_str(c, "fix").n) finding_remedy(out, STR_FMT, STR_ARG(json_str(c, "fix")));
    }
    if (act->now - state->tested_at < TEST_OLD_US) return;
    finding_add(out, FINDING_UNKNOWN, "ad_server", "It was last tried at %s.", at);
    finding_about(out, name);
    finding_remedy(out, "salesagent adapter test " STR_FMT, STR_ARG(name));
}

static void tell_forewarned(const struct act *act, const struct ad_server *server, struct findings *out)
{
    struct adapter_problems *ahead = ARENA_NEW(act->arena, struct adapter_problems);
    if (!server->adapter->forewarn) return;
    server->adapter->forewarn(server->config, act->now, ahead);
    for (size_t i = 0; i < ahead->n; i++) {
        finding_add(out, FINDING_WARNING, "ad_server", "%s", ahead->item[i].text);
        finding_about(out, server->name);
    }
}

static int check_ad_server(const struct act *act, const struct ad_server_row *row, struct findings *out, struct err *e)
{
    struct ad_server server;
    struct ad_server_state state;
    struct err why;
    struct ad_server_key key = { act->tenant->tenant_id, row->name };
    if (ad_server_of(act, row->name, &server, &why)) {
        finding_add(out, FINDING_ERROR, "ad_server", "It cannot be used: %s", why.message);
        finding_about(out, row->name);
        finding_remedy(out, "salesagent publisher set; docs/ad-servers");
        return 0;
    }
    if (server.adapter->simulates) {
        finding_add(out, act->sandbox ? FINDING_WELL : FINDING_ERROR, "ad_server", "%s invents delivery%s.",
                    server.adapter->title, act->sandbox ? ", as a sandbox may" : ", and this is no sandbox");
        finding_about(out, row->name);
        if (!act->sandbox) finding_remedy(out, "Connect your ad server (docs/ad-servers), or set sandbox.");
    }
    tell_forewarned(act, &server, out);
    if (q_ad_server_state(act->tx, act->arena, &key, &state, e)) return -1;
    if (state.tested_at != TIME_NONE) {
        tell_test(act, row->name, &state, out);
    } else if (server.adapter->verbs[ADAPTER_TEST].steps) {
        finding_add(out, FINDING_UNKNOWN, "ad_server", "Its credentials were never tried.");
        finding_about(out, row->name);
        finding_remedy(out, "salesagent adapter test " STR_FMT, STR_ARG(row->name));
    } else if (!server.adapter->simulates) {
        finding_add(out, FINDING_WELL, "ad_server", "%s needs no connection.", server.adapter->title);
        finding_about(out, row->name);
    }
    return 0;
}

static int check_ad_servers(const struct act *act, struct findings *out, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    if (!n) {
        finding_add(out, FINDING_ERROR, "ad_server", "There is none, so nothing that is bought can run.");
        finding_remedy(out, "salesagent publisher set --settings '{\"ad_servers\": [...]}'; docs/ad-servers");
    }
    for (size_t i = 0; i < n; i++) {
        if (check_ad_server(act, &rows[i], out, e)) return -1;
    }
    return 0;
}

/* ---- tokens ---- */

static void check_token(const struct act *act, const struct token_row *t, struct findings *out)
{
    char at[RFC3339_MAX];
    bool ends = t->revoked_at == TIME_NONE && t->expires_at != TIME_NONE && t->expires_at > act->now &&
                t->expires_at - act->now < ENDS_SOON_US;
    if (!ends) return;
    (void)rfc3339_print(t->expires_at, RFC3339_SECONDS, at); /* its length is known */
    finding_add(out, FINDING_WARNING, "tokens", "A token of " STR_FMT " ends at %s.", STR_ARG(t->principal_id), at);
    finding_about(out, t->token_id);
    finding_remedy(out, "salesagent token rotate " STR_FMT, STR_ARG(t->token_id));
}

static int check_tokens(const struct act *act, struct findings *out, struct err *e)
{
    struct principal_row *people;
    struct token_row *tokens;
    size_t people_n, n;
    if (q_principal_list(act->tx, act->arena, act->tenant->tenant_id, &people, &people_n, e)) return -1;
    if (people_n > PEOPLE_LISTS_MAX) people_n = PEOPLE_LISTS_MAX;
    for (size_t i = 0; i < people_n; i++) {
        if (!is_active(&people[i])) continue;
        if (q_token_list(act->tx, act->arena, act->tenant->tenant_id, people[i].principal_id, &tokens, &n, e))
            return -1;
        for (size_t t = 0; t < n; t++) check_token(act, &tokens[t], out);
    }
    return 0;
}

/* ---- what is sent ---- */

static int check_outbox(const struct act *act, struct findings *out, struct err *e)
{
    struct watch_group *dead, *silent;
    size_t dead_n, silent_n;
    if (q_watch_dead(act->tx, act->arena, act->tenant->tenant_id, &dead, &dead_n, e) ||
        q_watch_silent(act->tx, act->arena, act->tenant->tenant_id, act->now, &silent, &silent_n, e))
        return -1;
    for (size_t i = 0; i < dead_n; i++) {
        finding_add(out, FINDING_WARNING, "jobs", "%lld jobs of the kind " STR_FMT " were given up.",
                    (long long)dead[i].count, STR_ARG(dead[i].name));
        finding_about(out, dead[i].name);
        finding_remedy(out, "salesagent job list --state dead; salesagent job redeliver ID");
    }
    for (size_t i = 0; i < silent_n; i++) {
        finding_add(out, FINDING_WARNING, "deliveries",
                    STR_FMT " did not answer %lld times in a row; it is tried again.", STR_ARG(silent[i].name),
                    (long long)silent[i].count);
        finding_about(out, silent[i].name);
    }
    if (!dead_n && !silent_n) finding_add(out, FINDING_WELL, "jobs", "Nothing was given up, and everybody answers.");
    return 0;
}

int publisher_health(const struct act *act, struct findings *out, struct err *e)
{
    struct people people;
    if (read_people(act, &people, e)) return -1;
    check_names(act, out);
    if (check_catalogue(act, out, e)) return -1;
    check_people(act, &people, out);
    if (check_rules(act, &people, out, e)) return -1;
    check_links(act, &people, out);
    return check_ad_servers(act, out, e) || check_tokens(act, out, e) || check_outbox(act, out, e) ? -1 : 0;
}

/* ---- questions ---- */

static void add_domain(struct health_questions *q, struct str domain)
{
    if (!domain.n) return;
    for (size_t i = 0; i < q->domains_n; i++) {
        if (str_eq(q->domains[i], domain)) return;
    }
    if (q->domains_n == HEALTH_DOMAINS_MAX) q->domains_left_out++;
    else q->domains[q->domains_n++] = domain;
}

int health_questions(const struct act *act, struct health_questions *out, struct err *e)
{
    struct catalog_rows rows;
    struct catalog_slice all = { 0, PROPERTIES_MAX };
    struct signing_key_row *keys;
    struct people_settings told;
    *out = (struct health_questions){ .tenant_id = act->tenant->tenant_id, .agent_url = agent_url_of(act) };
    people_settings_read(act, &told);
    if (told.slack_url.n || told.webhook_url.n || told.mail_to_n) out->link_base = told.link_base;
    if (q_catalog_list(act->tx, act->arena, CATALOG_PROPERTY, act->tenant->tenant_id, all, &rows, e) ||
        q_signing_key_list(act->tx, act->arena, act->tenant->tenant_id, act->now, &keys, &out->kids_n, e))
        return -1;
    for (size_t i = 0; i < out->kids_n; i++) out->kids[i] = keys[i].kid;
    for (size_t i = 0; i < rows.n; i++)
        add_domain(out, json_str(document_read(act->arena, rows.rows[i].doc), "publisher_domain"));
    return 0;
}
