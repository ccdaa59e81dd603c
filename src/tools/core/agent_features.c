/* See agent_features.h. */
#include "tools/core/agent_features.h"

const struct agent_features agent_features = {
    .proposals = true,
    .inline_creatives = true,
    .property_list_filtering = true,
    .reporting_webhooks = true,
    .webhook_signing = true,
    .request_signing = true,
    .governance_aware = true,
};

const char *const sandbox_scenarios[] = {
    "force_creative_status",
    "force_creative_purge",
    "force_account_status",
    "force_media_buy_status",
    "force_audience_status",
    "force_session_status",
    "force_task_completion",
    "force_create_media_buy_arm",
    "force_get_products_arm",
    "force_get_signals_arm",
    "force_upstream_unavailable",
    "query_upstream_traffic",
    "query_provenance_audit_observations",
    "simulate_delivery",
    "simulate_budget_spend",
    "seed_account",
    "seed_product",
    "seed_pricing_option",
    "seed_creative",
    "seed_creative_format",
    "seed_media_buy",
    "seed_plan",
    "seed_measurement_catalog",
    NULL,
};

const struct specialism specialisms[] = {
    { "sales-guaranteed", { "get_products", "create_media_buy", "update_media_buy", "get_media_buy_delivery", NULL } },
    { "sales-non-guaranteed",
      { "get_products", "create_media_buy", "update_media_buy", "get_media_buy_delivery", NULL } },
    { "sales-catalog-driven", { "create_media_buy", "sync_catalogs", "sync_event_sources", "log_event", NULL } },
    { "sales-social", { "create_media_buy", "sync_audiences", "sync_event_sources", "log_event", NULL } },
    { "audience-sync", { "list_accounts", "sync_audiences", NULL } },
    { "signal-owned", { "get_signals", "activate_signal", NULL } },
    { "creative-ad-server", { "sync_creatives", "list_creatives", "build_creative", "get_creative_delivery", NULL } },
    { "creative-template", { "list_creative_formats", "preview_creative", "build_creative", NULL } },
    { "property-lists",
      { "create_property_list", "get_property_list", "update_property_list", "delete_property_list", NULL } },
    { "collection-lists",
      { "create_collection_list", "get_collection_list", "update_collection_list", "delete_collection_list", NULL } },
    { "content-standards",
      { "create_content_standards", "get_content_standards", "update_content_standards", "list_content_standards",
        NULL } },
};
const size_t specialisms_n = sizeof(specialisms) / sizeof(specialisms[0]);
