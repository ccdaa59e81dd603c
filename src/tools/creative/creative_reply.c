#include "tools/creative/creative_reply.h"
#include "contract/document.h"

yyjson_val *creative_stored(struct tool_call *c, struct str doc)
{
    return document_read(c->arena, doc);
}

void creative_reply_format(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored)
{
    yyjson_val *format = yyjson_obj_get(stored, "format_id");
    json_add_copy(c->doc, obj, "format_kind", yyjson_obj_get(stored, "format_kind"));
    json_add_copy(c->doc, obj, "format_option_ref", yyjson_obj_get(stored, "format_option_ref"));
    if (!format) return;
    struct format_ref ref;
    if (json_str(format, "agent_url").n || !format_ref_read(format, &ref)) {
        json_add_copy(c->doc, obj, "format_id", format);
        return;
    }
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    yyjson_mut_val *o = json_add_obj(c->doc, obj, "format_id");
    json_add_str(c->doc, o, "agent_url", ts.agent_url);
    json_add_str(c->doc, o, "id", ref.id);
    if (ref.width) json_add_i64(c->doc, o, "width", ref.width);
    if (ref.height) json_add_i64(c->doc, o, "height", ref.height);
    if (ref.duration_ms) json_add_i64(c->doc, o, "duration_ms", ref.duration_ms);
}
