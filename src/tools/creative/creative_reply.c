#include "tools/creative/creative_reply.h"
#include "contract/document.h"

#include "base/buf.h"
#include "contract/error_codes.h"

/* "/creatives/0/assets/image" -> "creatives[0].assets.image", the form of AdCP's error.field. */
static struct str field_path(struct arena *a, const char *pointer)
{
    struct buf b;
    buf_init(&b, 2 * ERR_FIELD_MAX);
    for (const char *p = pointer; *p == '/';) {
        size_t n = strcspn(++p, "/");
        bool index = n > 0 && strspn(p, "0123456789") >= n;
        if (index) buf_addf(&b, "[%.*s]", (int)n, p);
        else buf_addf(&b, "%s%.*s", b.n ? "." : "", (int)n, p);
        p += n;
    }
    struct str path = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return path;
}

void creative_reply_error(struct tool_call *c, yyjson_mut_val *arr, const struct err *e)
{
    const struct error_code *row = error_code_find(e->code);
    yyjson_mut_val *o = json_push_obj(c->doc, arr);
    json_add_cstr(c->doc, o, "code", e->code);
    json_add_str(c->doc, o, "message", arena_dup(c->arena, str_from(e->message)));
    json_add_cstr(c->doc, o, "recovery", row ? error_recovery_name(row->recovery[ADCP_3_1]) : "correctable");
    json_add_str_opt(c->doc, o, "field", field_path(c->arena, e->field));
    json_add_str_opt(c->doc, o, "suggestion", arena_dup(c->arena, str_from(e->suggestion)));
    (void)json_add_text(c->doc, o, "details", arena_dup(c->arena, str_from(e->details))); /* left out when none */
}

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
