/* A publisher's settings, read from tenant.doc. What is absent has the default stated here; a document that is
 * not JSON reads as all defaults (import refuses such a document, so only a damaged row can hold one). */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"

struct tenant_settings {
    struct str agent_url; /* owner of our formats in format_id; default: https://HOST, else http://localhost */
    struct str portfolio_description; /* "" */
    struct str timezone; /* "UTC": IANA name in which the publisher's days are counted */
    char currency[4]; /* "USD" */
    int64_t min_budget_micros; /* 0: of a whole media buy */
    int64_t max_budget_micros; /* MONEY_MICROS_MAX */
    bool workflow_required; /* true: a person approves new media buys, unless a product's policy says auto */
    bool creative_review_required; /* true: a person approves creatives */
    bool public_discovery; /* true: who has no credential may ask get_products, list_creative_formats, ... */
    bool account_approval_required; /* false: a person accepts new accounts */
    int64_t auto_approve_below_micros; /* 0: with workflow_required, buys under this total need no person */
    int64_t approval_sla_hours; /* 24: advertising_policies.approval_sla_hours */
    int64_t proposal_hold_hours; /* 72: how long a finalized proposal keeps its inventory */
    struct str content_digest; /* "either": request_signing.covers_content_digest, or "required", "forbidden" */
    yyjson_val *policies; /* advertising_policies, or NULL: prohibited_categories, creative_requirements, ... */
    yyjson_val
        *capabilities; /* or NULL: channels, pricing_models, targeting{geographic, contextual, ...: targeting.c} */
    yyjson_val *doc; /* the whole document, or NULL */
};

/* Never fails. Everything lives in the arena. */
void tenant_settings_read(const struct tenant *tenant, struct arena *a, struct tenant_settings *out);

/* Whether an agent_url that a caller wrote is this agent's, under the name that the publisher states or the one the caller
 * reached us by; with the transport's path or without. None at all is ours. */
bool agent_url_is_ours(const struct act *act, struct str agent_url);
