#include "tools/creative/creative_reply.h"
#include "contract/document.h"
#include "contract/validate.h"

#define CONTENT_SHOWN 2000 /* bytes of a text or of markup */

yyjson_val *creative_stored(struct tool_call *c, struct str doc)
{
    return document_read(c->arena, doc);
}

void creative_reply_format(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored)
{
    yyjson_val *format = yyjson_obj_get(stored, "format_id");
    json_add_copy(c->doc, obj, "format_kind", yyjson_obj_get(stored, "format_kind"));
    json_add_copy(c->doc, obj, "format_option_ref", yyjson_obj_get(stored, "format_option_ref"));
    struct tenant_settings ts;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    if (!format && c->minor_3_0) { /* there every creative has one: what was synced by kind is named by its kind */
        yyjson_mut_val *by_kind = json_add_obj(c->doc, obj, "format_id");
        json_add_str(c->doc, by_kind, "agent_url", ts.agent_url);
        json_add_str(c->doc, by_kind, "id", json_str(stored, "format_kind"));
    }
    if (!format) return;
    struct format_ref ref;
    if (json_str(format, "agent_url").n || !format_ref_read(format, &ref)) {
        json_add_copy(c->doc, obj, "format_id", format);
        return;
    }
    yyjson_mut_val *o = json_add_obj(c->doc, obj, "format_id");
    json_add_str(c->doc, o, "agent_url", ts.agent_url);
    json_add_str(c->doc, o, "id", ref.id);
    if (ref.width) json_add_i64(c->doc, o, "width", ref.width);
    if (ref.height) json_add_i64(c->doc, o, "height", ref.height);
    if (ref.duration_ms) json_add_i64(c->doc, o, "duration_ms", ref.duration_ms);
}

/* Whether the caller's release has such an asset, tried as the only one of a manifest. */
static bool has_asset(struct tool_call *c, const struct contract *manifest, yyjson_val *name, yyjson_val *asset)
{
    struct contract_report ignored = { .arena = c->arena };
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *root = json_root_obj(doc), *format = json_add_obj(doc, root, "format_id");
    json_add_cstr(doc, format, "agent_url", "https://agent.example/");
    json_add_cstr(doc, format, "id", "any");
    yyjson_mut_obj_add(json_add_obj(doc, root, "assets"), json_copy(doc, name), json_copy(doc, asset));
    yyjson_val *one = json_parse_own(c->arena, json_write(c->arena, root));
    return one && contract_validate(manifest, one, &ignored) == 0;
}

void creative_reply_assets(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored)
{
    enum adcp_line line = c->no_aux ? c->line : ADCP_LINE_NEWEST; /* other dialects word the newest one themselves */
    const struct contract *manifest = contract_find_document(line, "core/creative-manifest.json");
    yyjson_val *assets = json_obj(stored, "assets"), *name, *asset;
    size_t i, n;
    if (!assets || !manifest) return;
    yyjson_mut_val *out = json_add_obj(c->doc, obj, "assets");
    yyjson_obj_foreach(assets, i, n, name, asset) {
        if (has_asset(c, manifest, name, asset))
            yyjson_mut_obj_add(out, json_copy(c->doc, name), json_copy(c->doc, asset));
    }
}

static void encode_asset(struct tool_call *c, yyjson_mut_val *list, struct str key, yyjson_val *asset)
{
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    struct str url = json_str(asset, "url"), text = json_str(asset, "content");
    json_add_str(c->doc, o, "asset", key);
    json_add_str(c->doc, o, "type", json_str(asset, "asset_type"));
    json_add_str_opt(c->doc, o, "url", url);
    struct str shown = { text.p, text.n < CONTENT_SHOWN ? text.n : CONTENT_SHOWN };
    json_add_str(c->doc, o, "content", url.n ? url : shown); /* a half sequence at its end becomes U+FFFD */
}

void creative_reply_parts(struct tool_call *c, yyjson_mut_val *o, const char *as, const struct creative_row *row)
{
    yyjson_mut_val *list = json_add_arr(c->doc, o, as);
    size_t i, n, j, m;
    yyjson_val *key, *val, *one;
    yyjson_obj_foreach(json_obj(document_read(c->arena, row->doc), "assets"), i, n, key, val) {
        if (yyjson_is_obj(val)) encode_asset(c, list, json_val_str(key), val);
        yyjson_arr_foreach(val, j, m, one) encode_asset(c, list, json_val_str(key), one);
    }
}

int creative_format_of(struct tool_call *c, yyjson_val *v, struct format_spec *out, struct err *e)
{
    struct format_ref ref;
    struct str kind = json_str(v, "format_kind");
    *out = (struct format_spec){ .type = FORMAT_OTHER, .id = STR("unknown") };
    if (kind.n && format_of_kind(c->arena, kind, NULL, out)) return 1;
    if (!format_ref_read(yyjson_obj_get(v, "format_id"), &ref)) return 0;
    return format_load(c->act->tx, c->arena, c->act->tenant->tenant_id, &ref, out, e);
}
