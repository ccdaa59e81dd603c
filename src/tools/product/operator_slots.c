/* The publisher's slots, for its people: x_slot_list, x_slot_set, x_slot_remove. */
#include "domain/core/audit.h"
#include "domain/product/slot_product.h"
#include "tools/operation_tools.h"

/* ---- encoding ---- */

static const char *medium_word(enum plan_medium m)
{
    if (m == MEDIUM_VIDEO) return "video";
    return m == MEDIUM_AUDIO ? "audio" : "display";
}

static void encode_slot(struct tool_call *c, yyjson_mut_val *o, const struct slot *s, const struct slot_uses *uses)
{
    json_add_str(c->doc, o, "slot_id", s->slot_id);
    json_add_str(c->doc, o, "property_id", s->property_id);
    json_add_str_opt(c->doc, o, "name", s->name);
    json_add_str_opt(c->doc, o, "description", s->description);
    json_add_cstr(c->doc, o, "medium", medium_word(s->medium));
    yyjson_mut_val *sizes = json_add_arr(c->doc, o, "sizes");
    for (size_t i = 0; i < s->sizes_n; i++)
        json_push_str(c->doc, sizes, arena_printf(c->arena, "%dx%d", s->sizes[i].width, s->sizes[i].height));
    json_add_str_opt(c->doc, o, "section", s->section);
    if (s->key_values) json_add_copy(c->doc, o, "key_values", s->key_values);
    if (s->max_duration_ms) json_add_i64(c->doc, o, "max_duration_seconds", s->max_duration_ms / 1000);
    json_add_bool(c->doc, o, "scripts", s->scripts);
    yyjson_mut_val *products = json_add_arr(c->doc, o, "products");
    for (size_t i = 0; i < uses->n; i++) {
        if (str_eq(uses->uses[i].slot_id, s->slot_id)) json_push_str(c->doc, products, uses->uses[i].product_id);
    }
}

int tool_x_slot_list(struct tool_call *c, struct err *e)
{
    struct slot_rows rows;
    struct slot_uses uses;
    struct str tenant_id = c->act->tenant->tenant_id;
    if (q_slots_of(c->act->tx, c->arena, tenant_id, &rows, e)) return -1;
    if (slot_uses_of(c->act->tx, c->arena, tenant_id, &uses, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "slots");
    for (size_t i = 0; i < rows.n; i++) {
        struct slot s;
        if (slot_from_row(c->arena, &rows.rows[i], &s)) encode_slot(c, json_push_obj(c->doc, list), &s, &uses);
    }
    return 0;
}

/* ---- changing ---- */

/* "300x250" -> {"width": 300, "height": 250}; the schema has checked the text. */
static void add_sizes(yyjson_mut_doc *doc, yyjson_mut_val *slot, yyjson_val *texts)
{
    yyjson_mut_val *list = json_add_arr(doc, slot, "sizes");
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(texts, i, n, v) {
        int64_t side[2] = { 0, 0 };
        struct str text = json_val_str(v);
        for (size_t k = 0, which = 0; k < text.n; k++) {
            if (text.p[k] == 'x') which = 1;
            else side[which] = side[which] * 10 + (text.p[k] - '0');
        }
        yyjson_mut_val *size = json_push_obj(doc, list);
        json_add_i64(doc, size, "width", side[0]);
        json_add_i64(doc, size, "height", side[1]);
    }
}

/* The stored slot, or a new one, with the members that the call names. */
static yyjson_val *changed_slot(struct tool_call *c, const struct slot_row *row)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_val *old = row ? json_parse_own(c->arena, row->doc) : NULL, *key, *v;
    yyjson_mut_val *slot = old ? json_copy(doc, old) : json_root_obj(doc);
    size_t i, n;
    yyjson_obj_foreach(c->args, i, n, key, v) {
        const char *name = yyjson_get_str(key);
        if (strcmp(name, "idempotency_key") == 0) continue;
        (void)yyjson_mut_obj_remove_key(slot, name);
        if (strcmp(name, "sizes") == 0) add_sizes(doc, slot, v);
        else json_add_copy(doc, slot, name, v);
    }
    return json_parse_own(c->arena, json_write(c->arena, slot));
}

static int audit(struct tool_call *c, const char *action, struct str slot_id, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(c->arena, "slot:" STR_FMT, STR_ARG(slot_id)) };
    return audit_add(c->act, &entry, e);
}

int tool_x_slot_set(struct tool_call *c, struct err *e)
{
    struct str tenant_id = c->act->tenant->tenant_id, slot_id = json_str(c->args, "slot_id");
    struct catalog_writer w = { .tx = c->act->tx, .arena = c->arena, .tenant_id = tenant_id, .now = c->act->now };
    struct slot_row row;
    struct slot_uses uses;
    struct slot s;
    int found = q_slot_get(c->act->tx, c->arena, tenant_id, slot_id, &row, e);
    if (found < 0 || slot_put(&w, changed_slot(c, found ? &row : NULL), e) < 0) return -1;
    if (q_slot_get(c->act->tx, c->arena, tenant_id, slot_id, &row, e) != 1) return -1;
    if (slot_uses_of(c->act->tx, c->arena, tenant_id, &uses, e) || audit(c, "slot.set", slot_id, e)) return -1;
    if (!slot_from_row(c->arena, &row, &s)) return err_set(e, "SERVICE_UNAVAILABLE", "The stored slot cannot be read.");
    encode_slot(c, json_add_obj(c->doc, c->reply, "slot"), &s, &uses);
    return 0;
}

int tool_x_slot_remove(struct tool_call *c, struct err *e)
{
    struct str slot_id = json_str(c->args, "slot_id");
    if (slot_remove(c->act, slot_id, e)) return -1;
    json_add_str(c->doc, c->reply, "slot_id", slot_id);
    return audit(c, "slot.remove", slot_id, e);
}
