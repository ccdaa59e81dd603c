/* See member_help.h. */
#include "protocols/member_help.h"

#include <stddef.h>

#include "base/compiler.h"

/* Members of any tool; a row of the tool's own stands before them. */
static const struct help {
    const char *tool, *member, *text;
} helps[] = {
    { "get_adcp_capabilities", "protocols", "Only these parts of AdCP, e.g. media_buy; absent: all." },
    { "get_products", "buying_mode",
      "brief: ranked for a brief; wholesale: everything; refine: the last answer changed." },
    { "get_products", "brief", "What the campaign is to reach, in plain words." },
    { "get_products", "refine", "What to change; finalize commits a proposal." },
    { "get_products", "catalog", "The buyer's catalog, to find products that can show its items." },
    { "get_products", "filters", "Hard conditions: channels, countries, dates, budget, formats, delivery type." },
    { "get_products", "preferred_delivery_types", "guaranteed or non_guaranteed, preferred first." },
    { "get_products", "property_list", "Only inventory on this list: {agent_url, list_id}." },
    { "get_products", "fields", "Only these members of each product." },
    { "get_products", "time_budget", "How long an answer may take." },
    { "get_products", "required_policies", "Policies the products must comply with." },
    { "get_products", "if_wholesale_feed_version",
      "The version of the last wholesale answer: unchanged is answered short." },
    { "get_products", "if_pricing_version", "The same for prices." },
    { "list_creative_formats", "format_ids", "Only these formats: [{agent_url, id}]." },
    { "list_creative_formats", "asset_types", "Only formats that take these assets, e.g. image, video, vast." },
    { "list_creative_formats", "name_search", "Only formats whose name contains this." },
    { "list_creative_formats", "max_width", "In pixels." },
    { "list_creative_formats", "max_height", "In pixels." },
    { "list_creative_formats", "min_width", "In pixels." },
    { "list_creative_formats", "min_height", "In pixels." },
    { "list_creative_formats", "wcag_level", "Least level of accessibility: A, AA or AAA." },
    { "list_creative_formats", "input_format_ids", "Only formats that can be made from these: [{agent_url, id}]." },
    { "list_creative_formats", "output_format_ids", "Only formats from which these can be made: [{agent_url, id}]." },
    { "list_creative_formats", "disclosure_positions", "Only formats with room for a disclosure at these places." },
    { "list_creative_formats", "publisher_domain", "Only formats of this publisher's properties." },
    { "list_creative_formats", "property_id", "Only formats of this property." },
    { "list_creative_formats", "is_responsive", "Only formats that adapt to their place, or not." },
    { "create_media_buy", "packages",
      "One for each product: {product_id, pricing_option_id, budget, bid_price for auctions, targeting_overlay, ...}." },
    { "create_media_buy", "start_time", "\"asap\" or an RFC 3339 time." },
    { "create_media_buy", "end_time", "RFC 3339 time; exclusive." },
    { "create_media_buy", "brand", "Who advertises: {domain}." },
    { "create_media_buy", "proposal_id", "A committed proposal to buy instead of packages." },
    { "create_media_buy", "total_budget", "{amount, currency}; must be the sum of the packages' budgets." },
    { "create_media_buy", "plan_id", "The buyer's governance plan of this purchase." },
    { "create_media_buy", "po_number", "The buyer's order number, for the invoice." },
    { "create_media_buy", "agency_estimate_number", "The agency's number, kept and sent back." },
    { "create_media_buy", "advertiser_industry", "What the advertiser sells, from AdCP's list." },
    { "create_media_buy", "invoice_recipient", "Whom to bill, when not the account." },
    { "create_media_buy", "io_acceptance", "The accepted insertion order of a proposal that needs one." },
    { "create_media_buy", "paused", "Create it paused." },
    { "update_media_buy", "media_buy_id", "The media buy to change." },
    { "update_media_buy", "revision", "Change only this revision; another one is CONFLICT." },
    { "update_media_buy", "paused", "true pauses all packages, false resumes." },
    { "update_media_buy", "canceled", "true cancels for good." },
    { "update_media_buy", "cancellation_reason", "Why, for the publisher." },
    { "update_media_buy", "start_time", "New start; not once it has started." },
    { "update_media_buy", "end_time", "New end; exclusive." },
    { "update_media_buy", "packages",
      "Changes by package: {package_id, budget, paused, end_time, targeting_overlay, ...}." },
    { "update_media_buy", "total_budget", "{amount, currency}; alone: shared out over what runs." },
    { "update_media_buy", "new_packages", "Packages to add, as in create_media_buy." },
    { "update_media_buy", "invoice_recipient", "Whom to bill from now on." },
    { "get_media_buys", "media_buy_ids", "Only these; absent: those that are active." },
    { "get_media_buys", "status_filter", "One status or several; absent with no ids: active." },
    { "get_media_buys", "include_snapshot", "With what each package has delivered so far." },
    { "get_media_buys", "include_history", "With the last changes, so many." },
    { "get_media_buys", "include_webhook_activity", "With the last webhooks that were sent." },
    { "get_media_buys", "webhook_activity_limit", "How many of them." },
    { "get_media_buy_delivery", "media_buy_ids", "Only these; absent: all." },
    { "get_media_buy_delivery", "status_filter", "One status or several; absent: any." },
    { "get_media_buy_delivery", "start_date", "First day, YYYY-MM-DD; absent: from the start." },
    { "get_media_buy_delivery", "end_date", "The day after the last, YYYY-MM-DD; absent: until now." },
    { "get_media_buy_delivery", "include_package_daily_breakdown", "With a row for each package and day." },
    { "get_media_buy_delivery", "time_granularity", "daily or monthly, with include_window_breakdown." },
    { "get_media_buy_delivery", "include_window_breakdown", "With a row for each window." },
    { "get_media_buy_delivery", "reporting_dimensions", "Breakdowns wanted; those that are not known are left out." },
    { "sync_creatives", "creatives", "New or changed creatives: {creative_id, name, format_id, assets}." },
    { "sync_creatives", "creative_ids", "Only these of the library, with delete_missing." },
    { "sync_creatives", "assignments", "Which creative runs in which package: [{creative_id, package_id, weight}]." },
    { "sync_creatives", "validation_mode", "strict: all or nothing; lenient: what is good is taken." },
    { "list_creatives", "filters", "By status, format, package, name, date." },
    { "list_creatives", "sort", "{field, direction}." },
    { "list_creatives", "include_assignments", "With the packages each one runs in." },
    { "list_creatives", "include_snapshot", "With what each has delivered so far." },
    { "list_creatives", "fields", "Only these members of each creative." },
    { "get_task_status", "task_id", "From a submitted answer." },
    { "get_task_status", "include_result", "With the result, once completed." },
    { "get_task_status", "include_history", "With what happened on the way." },
    { "sync_accounts", "accounts", "The accounts to buy for: {brand, operator, billing, ...}." },
    { "provide_performance_feedback", "media_buy_id", "The media buy it is about." },
    { "provide_performance_feedback", "measurement_period", "{start, end}: when it was measured." },
    { "provide_performance_feedback", "performance_index", "1 as expected, above better, below worse." },
    { "provide_performance_feedback", "package_id", "Only this package." },
    { "provide_performance_feedback", "creative_id", "Only this creative." },
    { "provide_performance_feedback", "metric_type", "What was measured." },
    { "provide_performance_feedback", "feedback_source", "Who measured." },
    { NULL, "idempotency_key", "A fresh UUID for each operation; the same one on a retry." },
    { NULL, "account", "{account_id} or {brand, operator}." },
    { NULL, "brand", "Who advertises: {domain}." },
    { NULL, "context", "Sent back as it is." },
    { NULL, "ext", "Extensions." },
    { NULL, "invoice_recipient", "Whom to bill, when not the account." },
    { NULL, "pagination", "{max_results, cursor}." },
    { NULL, "push_notification_config", "Where to tell what takes longer: {url, authentication}." },
    { NULL, "reporting_webhook", "Where to send delivery reports, and how often." },
    { NULL, "adcp_version", "One of supported_versions." },
    { NULL, "adcp_major_version", "3." },
    { NULL, "dry_run", "Say what would happen and change nothing." },
    { NULL, "delete_missing", "Remove what is not named." },
};

const char *member_help(const char *tool, struct str member)
{
    for (size_t i = 0; i < ARRAY_LEN(helps); i++) {
        bool own = helps[i].tool == NULL || strcmp(helps[i].tool, tool) == 0;
        if (own && str_is(member, helps[i].member)) return helps[i].text;
    }
    return NULL;
}

bool member_help_shared(struct str member)
{
    for (size_t i = 0; i < ARRAY_LEN(helps); i++) {
        if (helps[i].tool == NULL && str_is(member, helps[i].member)) return true;
    }
    return false;
}

bool member_help_has(const char *tool)
{
    for (size_t i = 0; i < ARRAY_LEN(helps); i++) {
        if (helps[i].tool && strcmp(helps[i].tool, tool) == 0) return true;
    }
    return false;
}
