/* The one table. Rows in the order in which tools/list shows them. */
#include "tools/creative_tools.h"
#include "tools/delivery_tools.h"
#include "tools/tool.h"

const struct tool tool_table[] = {
    { .name = "sync_creatives", .title = "Sync creatives",
      .description = "Upload or update creatives and assign them to packages. Each is checked against its format and the "
                     "publisher's policies.",
      .auth = TOOL_BUYER, .kind = TOOL_WRITE, .idempotency = IDEM_REQUIRED, .destructive = true, .protocol = "creative",
      .run = sync_creatives_run },
    { .name = "list_creatives", .title = "List creatives",
      .description = "The buyer's creative library: review status, assignments, filters, pages.",
      .auth = TOOL_BUYER, .kind = TOOL_READ, .protocol = "creative", .run = list_creatives_run },
    { .name = "get_media_buy_delivery", .title = "Get media buy delivery",
      .description = "What media buys have delivered: totals, packages, days, pacing and finality.",
      .auth = TOOL_BUYER, .kind = TOOL_READ, .protocol = "media_buy", .run = get_media_buy_delivery_run },
    { .name = "provide_performance_feedback", .title = "Provide performance feedback",
      .description = "Tell the publisher how a media buy, a package or a creative performs by the buyer's measure.",
      .auth = TOOL_BUYER, .kind = TOOL_WRITE, .idempotency = IDEM_REQUIRED, .protocol = "media_buy",
      .run = provide_performance_feedback_run },
    { .name = "x_update_performance_index", .title = "Update performance index",
      .description = "Rate a media buy or index its packages, in the words of other dialects.",
      .auth = TOOL_BUYER, .kind = TOOL_WRITE, .idempotency = IDEM_OPTIONAL, .hidden = true, .protocol = "media_buy",
      .run = x_update_performance_index_run },
    { 0 },
};
const size_t tool_table_n = sizeof(tool_table) / sizeof(tool_table[0]) - 1; /* the empty row ends the table */

enum tool_kind tool_kind_of(const struct tool *t, yyjson_val *args)
{
    return t->writes && t->writes(args) ? TOOL_WRITE : t->kind;
}

const struct tool *tool_find(struct str name)
{
    for (size_t i = 0; i < tool_table_n; i++) {
        if (str_is(name, tool_table[i].name)) return &tool_table[i];
    }
    return NULL;
}
