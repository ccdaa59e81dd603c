/* What the files of this dialect share: its targeting, its status words, its names. */
#include "dialects/buy_v1.h"

static yyjson_mut_val *list_in(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, key);
    return list ? list : json_add_arr(doc, obj, key);
}

/* "US" is a country, "US-CA" a region, "501" a Nielsen metro. */
static int one_place(struct shape_up *u, struct str place, yyjson_mut_val *overlay)
{
    bool digits = place.n == 3;
    for (size_t i = 0; i < place.n; i++) digits = digits && place.p[i] >= '0' && place.p[i] <= '9';
    if (place.n == 2) {
        json_push_str(u->doc, list_in(u->doc, overlay, "geo_countries"), place);
    } else if (place.n >= 4 && place.n <= 6 && place.p[2] == '-') {
        json_push_str(u->doc, list_in(u->doc, overlay, "geo_regions"), place);
    } else if (digits) {
        yyjson_mut_val *metros = list_in(u->doc, overlay, "geo_metros"), *metro = yyjson_mut_arr_get_first(metros);
        if (!metro) {
            metro = json_push_obj(u->doc, metros);
            json_add_cstr(u->doc, metro, "system", "nielsen_dma");
        }
        json_push_str(u->doc, list_in(u->doc, metro, "values"), place);
    } else {
        return -1;
    }
    return 0;
}

int buy_v1_targeting(struct shape_up *u, struct json_field f, yyjson_mut_val *obj, struct err *e)
{
    yyjson_val *targeting = NULL, *places = NULL, *devices = NULL, *place;
    size_t i, n;
    if (json_opt_obj(f, &targeting, e)) return -1;
    if (!targeting) return 0;
    const char *in = arena_printf(u->arena, "%s/%s", f.at, f.key).p;
    if (shape_strings(JSON_FIELD(targeting, "geography", in), (struct json_len){ 0, 500 }, &places, e)) return -1;
    if (shape_strings(JSON_FIELD(targeting, "device_types", in), (struct json_len){ 0, 10 }, &devices, e)) return -1;
    yyjson_mut_val *overlay = yyjson_mut_obj(u->doc);
    yyjson_arr_foreach(places, i, n, place) {
        if (one_place(u, json_val_str(place), overlay) == 0) continue;
        err_set(e, "VALIDATION_ERROR", "geography takes countries (US), regions (US-CA) and metros (501)");
        return err_field(e, "%s/geography/%zu", in, i);
    }
    if (yyjson_arr_size(devices) > 0) json_add_copy(u->doc, overlay, "device_type", devices);
    if (yyjson_mut_obj_size(overlay) > 0) json_add_val(u->doc, obj, "targeting_overlay", overlay);
    json_add_copy(u->doc, shape_ext(u, obj), "targeting", targeting);
    return 0;
}

static bool creatives_under_review(yyjson_val *buy)
{
    yyjson_val *c;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "creatives"), i, n, c) {
        if (str_is(json_str(c, "status"), "pending_review") || str_is(json_str(c, "status"), "processing")) return true;
    }
    return false;
}

/* Somebody has to grant something before this goes on. */
static bool permission_awaited(yyjson_val *buy)
{
    static const char *const before[] = { "pending_approval", "pending_creatives", "pending_start" };
    yyjson_val *task = buy_v1_open_task(buy);
    if (!task || !str_is(json_str(task, "type"), "permission_exception")) return false;
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        if (str_is(json_str(buy, "status"), before[i])) return true;
    }
    return false;
}

const char *buy_v1_status(yyjson_val *buy)
{
    static const struct {
        const char *canonical, *v1;
    } words[] = {
        { "pending_approval", "pending_manual" },
        { "pending_creatives", "pending_activation" },
        { "pending_start", "active" },
        { "active", "active" },
        { "paused", "paused" },
        { "completed", "completed" },
        { "rejected", "failed" },
        { "canceled", "failed" },
    };
    struct str status = json_str(buy, "status");
    if (permission_awaited(buy)) return "pending_permission";
    if (str_is(status, "pending_creatives") && creatives_under_review(buy)) return "pending_approval";
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(status, words[i].canonical)) return words[i].v1;
    }
    return "failed";
}

yyjson_val *buy_v1_open_task(yyjson_val *buy)
{
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "tasks"), i, n, task) {
        struct str status = json_str(task, "status");
        if (!str_is(status, "completed") && !str_is(status, "failed")) return task;
    }
    return NULL;
}

struct str buy_v1_package_name(yyjson_val *package)
{
    struct str ref = json_str(package, "package_ref");
    return ref.n ? ref : json_str(package, "package_id");
}
