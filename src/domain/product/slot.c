#include "domain/product/slot.h"

#include "domain/product/slot_product.h"
#include "store/q/q_house.h"

#define SIDE_MAX     10000
#define DURATION_MAX 3600

static const char *const members[] = { "slot_id", "name",    "description", "property_id",          "medium",
                                       "sizes",   "section", "key_values",  "max_duration_seconds", "scripts" };

static const struct {
    const char *word, *channel;
    enum plan_medium medium;
} media[] = {
    { "display", "display", MEDIUM_DISPLAY },
    { "video", "olv", MEDIUM_VIDEO },
    { "audio", "streaming_audio", MEDIUM_AUDIO },
};

const char *slot_channel(enum plan_medium m)
{
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        if (media[i].medium == m) return media[i].channel;
    }
    return "display";
}

bool slot_id_valid(struct str id)
{
    if (id.n == 0 || id.n > SLOT_ID_MAX || str_is(id, ".") || str_is(id, ".."))
        return false; /* paths are cleaned of these */
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr("._-", c)) return false;
    }
    return true;
}

static int bad(struct err *e, const char *member, const char *text)
{
    (void)err_set(e, "INVALID_REQUEST", "%s", text);
    return err_field(e, "/%s", member);
}

/* ---- reading, strictly ---- */

static int read_medium(yyjson_val *doc, struct slot *s, struct err *e)
{
    struct str word = STR("display");
    if (json_opt_str(JSON_FIELD(doc, "medium", ""), (struct json_len){ 1, 20 }, &word, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        if (!str_is(word, media[i].word)) continue;
        s->medium = media[i].medium;
        return 0;
    }
    return bad(e, "medium", "medium is display, video or audio");
}

static int read_sizes(yyjson_val *doc, struct slot *s, struct err *e)
{
    const struct json_range side = { 1, SIDE_MAX };
    yyjson_val *list = NULL, *v;
    size_t i, n;
    if (json_opt_arr(JSON_FIELD(doc, "sizes", ""), (struct json_len){ 0, SLOT_SIZES }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, v) {
        int64_t w, h;
        char at[32];
        (void)snprintf(at, sizeof(at), "/sizes/%zu", i);
        if (!yyjson_is_obj(v)) {
            (void)err_set(e, "INVALID_REQUEST", "a size is {\"width\": pixels, \"height\": pixels}");
            return err_field(e, "%s", at);
        }
        if (json_req_i64(JSON_FIELD(v, "width", at), side, &w, e)) return -1;
        if (json_req_i64(JSON_FIELD(v, "height", at), side, &h, e)) return -1;
        s->sizes[s->sizes_n++] = (struct slot_size){ (int)w, (int)h };
    }
    return 0;
}

static int read_values(const char *at, yyjson_val *values, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    bool fine = yyjson_is_arr(values) && yyjson_arr_size(values) > 0 && yyjson_arr_size(values) <= SLOT_KEY_VALUES;
    yyjson_arr_foreach(values, i, n, v) {
        struct str text = json_val_str(v);
        fine = fine && text.n > 0 && text.n <= 100;
    }
    if (fine) return 0;
    (void)err_set(e, "INVALID_REQUEST", "a key has 1 to %d values of 1 to 100 bytes", SLOT_KEY_VALUES);
    return err_field(e, "%s", at);
}

static int read_key_values(yyjson_val *doc, struct slot *s, struct err *e)
{
    yyjson_val *key, *values;
    size_t i, n;
    if (json_opt_obj(JSON_FIELD(doc, "key_values", ""), &s->key_values, e)) return -1;
    if (yyjson_obj_size(s->key_values) > SLOT_KEYS_MAX) return bad(e, "key_values", "a slot has at most 16 keys");
    yyjson_obj_foreach(s->key_values, i, n, key, values) {
        char at[160];
        struct str name = json_val_str(key);
        if (name.n == 0 || name.n > 100 || memchr(name.p, ':', name.n)) {
            return bad(e, "key_values", "a key has 1 to 100 bytes and no colon");
        }
        (void)snprintf(at, sizeof(at), "/key_values/" STR_FMT, STR_ARG(name));
        if (read_values(at, values, e)) return -1;
    }
    return 0;
}

static int refuse_unknown(yyjson_val *doc, struct err *e)
{
    yyjson_val *key, *v;
    size_t i, n;
    yyjson_obj_foreach(doc, i, n, key, v) {
        bool known = false;
        for (size_t m = 0; m < ARRAY_LEN(members); m++) known = known || str_is(json_val_str(key), members[m]);
        if (known) continue;
        (void)err_set(e, "INVALID_REQUEST", "a slot has no member of this name");
        return err_field(e, "/" STR_FMT, STR_ARG(json_val_str(key)));
    }
    return 0;
}

static int slot_read(yyjson_val *doc, struct slot *out, struct err *e)
{
    struct slot s = { .scripts = true, .doc = doc };
    int64_t seconds = 0;
    if (!yyjson_is_obj(doc)) return err_set(e, "INVALID_REQUEST", "a slot must be an object");
    if (refuse_unknown(doc, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "slot_id", ""), (struct json_len){ 1, SLOT_ID_MAX }, &s.slot_id, e)) return -1;
    if (!slot_id_valid(s.slot_id)) return bad(e, "slot_id", "a slot_id holds letters, digits, '.', '_' and '-' only");
    if (json_opt_str(JSON_FIELD(doc, "name", ""), (struct json_len){ 1, 200 }, &s.name, e)) return -1;
    if (json_opt_str(JSON_FIELD(doc, "description", ""), (struct json_len){ 0, 2000 }, &s.description, e)) return -1;
    if (json_req_str(JSON_FIELD(doc, "property_id", ""), (struct json_len){ 1, 200 }, &s.property_id, e)) return -1;
    if (json_opt_str(JSON_FIELD(doc, "section", ""), (struct json_len){ 1, 100 }, &s.section, e)) return -1;
    if (json_opt_i64(JSON_FIELD(doc, "max_duration_seconds", ""), (struct json_range){ 1, DURATION_MAX }, &seconds,
                     e)) {
        return -1;
    }
    if (json_opt_bool(JSON_FIELD(doc, "scripts", ""), &s.scripts, e)) return -1;
    if (read_medium(doc, &s, e) || read_sizes(doc, &s, e) || read_key_values(doc, &s, e)) return -1;
    if (seconds && s.medium == MEDIUM_DISPLAY) {
        return bad(e, "max_duration_seconds", "only slots of video and audio have durations");
    }
    if (!s.scripts && s.medium != MEDIUM_DISPLAY) return bad(e, "scripts", "only display works without scripts");
    s.max_duration_ms = (int)seconds * 1000;
    *out = s;
    return 0;
}

bool slot_from_row(struct arena *a, const struct slot_row *row, struct slot *out)
{
    yyjson_doc *parsed;
    struct err ignored; /* a damaged row is no slot; its neighbours are */
    if (json_parse(a, row->doc, &json_limits_own, &parsed, &ignored)) return false;
    if (slot_read(yyjson_doc_get_root(parsed), out, &ignored)) return false;
    out->key = row->slot_key;
    return true;
}

/* ---- writing ---- */

int slot_put(struct catalog_writer *w, yyjson_val *doc, struct err *e)
{
    struct slot s;
    struct catalog_row property;
    struct slot_row there = { .slot_key = 0 };
    int64_t count;
    if (slot_read(doc, &s, e)) return -1;
    int found = q_catalog_get(w->tx, w->arena, CATALOG_PROPERTY, w->tenant_id, s.property_id, &property, e);
    if (found < 0) return -1;
    if (found == 0) return bad(e, "property_id", "there is no property of this id");
    if (q_slot_get(w->tx, w->arena, w->tenant_id, s.slot_id, &there, e) < 0) return -1;
    if (q_slot_count(w->tx, w->tenant_id, &count, e)) return -1;
    if (count >= SLOTS_MAX && there.slot_key == 0)
        return err_set(e, "INVALID_REQUEST", "a publisher has at most %d slots", SLOTS_MAX);
    struct slot_row row = { .tenant_id = w->tenant_id, .slot_id = s.slot_id, .doc = json_write_val(w->arena, doc) };
    int64_t ignored; /* the key itself is not needed here, only that there is one */
    int rc = q_slot_put(w->tx, &row, w->now, e);
    if (rc != 1) return rc;
    if (q_house_key_make(w->tx, HOUSE_KEY_PUBLISHER, w->tenant_id, w->tenant_id, &ignored, e)) return -1;
    return q_house_publisher_add(w->tx, w->tenant_id, e) ? -1 : 1;
}

/* Products that name it would sell what is not there. */
static int refuse_used(const struct act *act, struct str slot_id, struct err *e)
{
    struct slot_uses uses;
    if (slot_uses_of(act->tx, act->arena, act->tenant->tenant_id, &uses, e)) return -1;
    for (size_t i = 0; i < uses.n; i++) {
        if (!str_eq(uses.uses[i].slot_id, slot_id)) continue;
        (void)err_set(e, "INVALID_STATE", "The product " STR_FMT " is sold on this slot.",
                      STR_ARG(uses.uses[i].product_id));
        return err_suggest(e, "Take the slot out of its products first; slot list shows which these are.");
    }
    return 0;
}

int slot_remove(const struct act *act, struct str slot_id, struct err *e)
{
    if (refuse_used(act, slot_id, e)) return -1;
    int rc = q_slot_delete(act->tx, act->tenant->tenant_id, slot_id, e);
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no slot of that id.");
        (void)err_suggest(e, "x_slot_list shows all slots.");
        return err_field(e, "/slot_id");
    }
    return rc < 0 ? -1 : 0;
}
