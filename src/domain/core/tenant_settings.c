/* See tenant_settings.h. */
#include "domain/core/tenant_settings.h"
#include "contract/document.h"

#include <salesagent/money.h>

static int64_t money_or(yyjson_val *doc, const char *key, int64_t fallback)
{
    struct err e;
    int64_t micros = fallback;
    return json_opt_money(JSON_FIELD(doc, key, ""), &micros, &e) ? fallback : micros;
}

static struct str default_agent_url(const struct tenant *tenant, struct arena *a)
{
    if (tenant->host.n == 0) return STR("http://localhost");
    return arena_printf(a, "https://" STR_FMT, STR_ARG(tenant->host));
}

void tenant_settings_read(const struct tenant *tenant, struct arena *a, struct tenant_settings *out)
{
    yyjson_val *doc = document_read(a, tenant->doc);
    struct tenant_settings s = {
        .agent_url = json_str(doc, "agent_url"),
        .portfolio_description = json_str(doc, "portfolio_description"),
        .timezone = json_str(doc, "timezone"),
        .currency = "USD",
        .min_budget_micros = money_or(doc, "min_budget", 0),
        .max_budget_micros = money_or(doc, "max_budget", MONEY_MICROS_MAX),
        .workflow_required = json_bool_or(doc, "workflow_required", true),
        .public_discovery = json_bool_or(doc, "public_discovery", true),
        .creative_review_required = json_bool_or(doc, "creative_review_required", true),
        .account_approval_required = json_bool_or(doc, "account_approval_required", false),
        .auto_approve_below_micros = money_or(doc, "auto_approve_below", 0),
        .content_digest = json_str(json_obj(doc, "request_signing"), "covers_content_digest"),
        .policies = json_obj(doc, "advertising_policies"),
        .capabilities = json_obj(doc, "capabilities"),
        .doc = doc,
    };
    s.approval_sla_hours = json_i64_or(s.policies, "approval_sla_hours", 24);
    s.proposal_hold_hours = json_i64_or(doc, "proposal_hold_hours", 72);
    if (s.agent_url.n == 0) s.agent_url = default_agent_url(tenant, a);
    if (s.content_digest.n == 0) s.content_digest = STR("either");
    if (s.timezone.n == 0) s.timezone = STR("UTC");
    struct str currency = json_str(doc, "currency");
    if (currency_valid(currency)) memcpy(s.currency, currency.p, 3);
    *out = s;
}

/* Without the transport's path and the slashes around it. */
static struct str bare(struct str url)
{
    while (url.n > 0 && url.p[url.n - 1] == '/') url.n--;
    if (url.n > 4 && memcmp(url.p + url.n - 4, "/mcp", 4) == 0) url.n -= 4;
    return url;
}

bool agent_url_is_ours(const struct act *act, struct str agent_url)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    /* Ours under the name the publisher states, and under the one the caller reached us by. */
    struct str names[] = { bare(ts.agent_url), bare(act->base_url) }, url = bare(agent_url);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!url.n || str_eq(url, names[i])) return true;
    }
    return false;
}
