/* See catalog_reply.h. */
#include "tools/product/catalog_reply.h"

#include "base/buf.h"
#include "base/log.h"
#include "domain/product/product.h"

void reply_settings(struct tool_call *c, struct tenant_settings *out)
{
    tenant_settings_read(c->act->tenant, c->arena, out);
    if (c->act->base_url.n && json_str(out->doc, "agent_url").n == 0) out->agent_url = c->act->base_url;
}

yyjson_val *reply_parse_row(struct tool_call *c, const struct catalog_row *row)
{
    yyjson_doc *doc;
    struct err why;
    if (json_parse(c->arena, row->doc, &json_limits_own, &doc, &why) == 0 && yyjson_is_obj(yyjson_doc_get_root(doc))) {
        return yyjson_doc_get_root(doc);
    }
    log_event(LOG_WARN, "catalog", "damaged row skipped", "id", arena_cstr(c->arena, row->id), NULL);
    return NULL;
}

yyjson_mut_val *reply_format_id(struct tool_call *c, yyjson_val *stored, const struct tenant_settings *ts)
{
    struct format_ref ref;
    if (!format_ref_read(stored, &ref)) return NULL;
    yyjson_mut_val *out = yyjson_mut_obj(c->doc);
    json_add_str(c->doc, out, "agent_url", ref.agent_url.n ? ref.agent_url : ts->agent_url);
    json_add_str(c->doc, out, "id", ref.id);
    if (ref.width > 0 && ref.height > 0) {
        json_add_i64(c->doc, out, "width", ref.width);
        json_add_i64(c->doc, out, "height", ref.height);
    }
    if (ref.duration_ms > 0) json_add_i64(c->doc, out, "duration_ms", ref.duration_ms);
    return out;
}

void reply_add_format_id(struct tool_call *c, yyjson_mut_val *obj, const char *key, yyjson_val *stored,
                         const struct tenant_settings *ts)
{
    json_add_val(c->doc, obj, key, reply_format_id(c, stored, ts));
}

bool reply_arr_has(yyjson_val *arr, struct str s)
{
    size_t i, n;
    yyjson_val *v;
    if (s.n == 0) return false;
    yyjson_arr_foreach(arr, i, n, v) {
        if (str_eq(json_val_str(v), s)) return true;
    }
    return false;
}

void reply_push_once(struct tool_call *c, yyjson_mut_val *arr, struct str s)
{
    size_t i, n;
    yyjson_mut_val *v;
    if (s.n == 0) return;
    yyjson_mut_arr_foreach(arr, i, n, v) {
        if (yyjson_mut_equals_strn(v, s.p, s.n)) return;
    }
    json_push_str(c->doc, arr, s);
}

struct str reply_policies_prose(struct tool_call *c, const struct tenant_settings *ts)
{
    struct buf b;
    size_t i, n;
    yyjson_val *v, *prohibited = json_arr(ts->policies, "prohibited_categories");
    if (!ts->policies) return STR_NONE;
    buf_init(&b, 10000); /* what AdCP allows; a longer policy is cut */
    if (yyjson_arr_size(prohibited) > 0) buf_add(&b, STR("Prohibited categories: "));
    yyjson_arr_foreach(prohibited, i, n, v) {
        if (i) buf_add(&b, STR(", "));
        buf_add(&b, json_val_str(v));
    }
    if (b.n) buf_add(&b, STR(". "));
    struct str creative = json_str(ts->policies, "creative_requirements");
    if (creative.n) {
        buf_add(&b, creative);
        buf_add_char(&b, ' ');
    }
    if (json_has(ts->policies, "approval_sla_hours")) {
        buf_addf(&b, "Approval within %lld hours.", (long long)ts->approval_sla_hours);
    }
    struct str out = arena_dup(c->arena, buf_str(&b));
    buf_finish(&b);
    while (out.n && out.p[out.n - 1] == ' ') out.n--;
    return out;
}
