/* Numbers that the publisher's people bring: x_delivery_import. */
#include "domain/core/audit.h"
#include "domain/media_buy/delivery_import.h"
#include "tools/operation_tools.h"

int tool_x_delivery_import(struct tool_call *c, struct err *e)
{
    struct delivery_imported done;
    struct str ad_server = json_str(c->args, "ad_server");
    if (delivery_import(c->act, ad_server, json_str(c->args, "csv"), &done, e)) {
        bool of_file = strcmp(e->code, "INVALID_REQUEST") == 0;
        return of_file ? err_field(e, "/csv") : -1;
    }
    json_add_i64(c->doc, c->reply, "days", (int64_t)done.days);
    json_add_i64(c->doc, c->reply, "corrected", (int64_t)done.corrected);
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "media_buy_ids");
    for (size_t i = 0; i < done.media_buys_n; i++) json_push_str(c->doc, list, done.media_buys[i]);
    struct audit_entry entry = { .action = "delivery.import",
                                 .subject = arena_printf(c->arena, "ad_server:" STR_FMT, STR_ARG(ad_server)) };
    return audit_add(c->act, &entry, e);
}
