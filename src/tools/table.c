/* The one table. Rows in the order in which tools/list shows them. */
#include "tools/catalog_tools.h"
#include "tools/creative_tools.h"
#include "tools/delivery_tools.h"
#include "tools/media_buys.h"
#include "tools/tasks.h"
#include "tools/tool.h"

const struct tool tool_table[] = {
    { .name = "get_adcp_capabilities",
      .title = "Capabilities",
      .description = "What this publisher's agent sells and can do: protocols, channels, pricing models, targeting, policies.",
      .auth = TOOL_PUBLIC,
      .kind = TOOL_READ,
      .idempotency = IDEM_NONE,
      .protocol = "protocol",
      .run = get_adcp_capabilities_run },
    { .name = "get_products",
      .title = "Discover products",
      .description = "Finds advertising products: ranked for a brief, as the whole feed (wholesale), or refined from an earlier answer.",
      .auth = TOOL_PUBLIC,
      .kind = TOOL_READ,
      .idempotency = IDEM_NONE,
      .protocol = "media_buy",
      .run = get_products_run,
      .writes = get_products_writes },
    { .name = "list_creative_formats",
      .title = "Creative formats",
      .description = "The creative formats this publisher takes: sizes, file types, weights and other requirements.",
      .auth = TOOL_PUBLIC,
      .kind = TOOL_READ,
      .idempotency = IDEM_NONE,
      .protocol = "media_buy",
      .run = list_creative_formats_run },
    { .name = "list_authorized_properties",
      .title = "Properties",
      .description = "The sites and apps this publisher sells, with its advertising policies.",
      .auth = TOOL_PUBLIC,
      .kind = TOOL_READ,
      .idempotency = IDEM_NONE,
      .hidden = true,
      .protocol = "media_buy",
      .run = list_authorized_properties_run },
    { .name = "create_media_buy",
      .title = "Create a media buy",
      .description = "Buys packages of products for a flight. Answers with the media buy, or with a task when the publisher"
                     " reviews it first.",
      .auth = TOOL_BUYER,
      .kind = TOOL_WRITE,
      .idempotency = IDEM_REQUIRED,
      .protocol = "media_buy",
      .run = tool_create_media_buy },
    { .name = "update_media_buy",
      .title = "Change a media buy",
      .description = "Changes budgets, dates, targeting, creatives or packages of a media buy, pauses, resumes or cancels it."
                     " What is not named stays as it is.",
      .auth = TOOL_BUYER,
      .kind = TOOL_WRITE,
      .idempotency = IDEM_REQUIRED,
      .destructive = true,
      .protocol = "media_buy",
      .run = tool_update_media_buy },
    { .name = "get_media_buys",
      .title = "Read media buys",
      .description = "The caller's media buys with their status, packages, creatives and what can be done next.",
      .auth = TOOL_BUYER,
      .kind = TOOL_READ,
      .protocol = "media_buy",
      .run = tool_get_media_buys },
    { .name = "get_task_status",
      .title = "Follow a task",
      .description = "The status of an operation that a person decides or that takes time, and its result when asked for.",
      .auth = TOOL_BUYER,
      .kind = TOOL_READ,
      .protocol = "protocol",
      .run = tool_get_task_status },
    { .name = "tasks/get",
      .title = "Follow a task",
      .description = "The same as get_task_status, under the name that AdCP 3.0 callers use.",
      .auth = TOOL_BUYER,
      .kind = TOOL_READ,
      .protocol = "protocol",
      .run = tool_get_task_status },
    { .name = "list_tasks",
      .title = "List tasks",
      .description = "The caller's tasks, newest first, with filters.",
      .auth = TOOL_BUYER,
      .kind = TOOL_READ,
      .protocol = "protocol",
      .run = tool_list_tasks },
    { .name = "tasks/list",
      .title = "List tasks",
      .description = "The same as list_tasks, under the name that AdCP 3.0 callers use.",
      .auth = TOOL_BUYER,
      .kind = TOOL_READ,
      .protocol = "protocol",
      .run = tool_list_tasks },
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
