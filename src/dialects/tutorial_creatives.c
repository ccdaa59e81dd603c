/* Creatives in the tutorial's shapes (its step 6). */
#include "base/crypto.h"
#include "base/encode.h"
#include "dialects/tutorial.h"

#define CREATIVES_MAX 100
#define ASSETS_MAX    20

/* --- up -------------------------------------------------------------------------------------------------- */

/* What the buyer did not name gets an id that follows from what it is: the same name and format sent again for the
 * same buy is the same creative, updated. The format's last part makes the id readable. */
static struct str derived_id(struct shape_up *u, struct str buy, struct str name, struct str format)
{
    uint8_t hash[SHA256_BYTES];
    sha256(arena_printf(u->arena, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(buy), STR_ARG(name), STR_ARG(format)),
           hash);
    struct str hex = hex_encode(u->arena, (struct str){ (const char *)hash, 6 });
    size_t tail = format.n;
    while (tail > 0 && format.p[tail - 1] != '-') tail--;
    struct str size = str_skip(format, tail);
    return arena_printf(u->arena, "cr-" STR_FMT "-" STR_FMT, STR_ARG(hex), STR_ARG(size));
}

static const char *asset_type(struct str mime)
{
    static const struct {
        const char *start, *type;
    } types[] = {
        { "image/", "image" },
        { "video/", "video" },
        { "audio/", "audio" },
        { "text/html", "html" },
        { "application/xml", "vast" },
        { "text/xml", "vast" },
        { "application/javascript", "javascript" },
        { "text/css", "css" },
        { "text/", "text" },
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_starts(mime, str_from(types[i].start))) return types[i].type;
    }
    return "url";
}

/* `role` is what it is called when it does not say. */
static int sync_asset(struct shape_up *u, yyjson_val *a, struct str role, yyjson_mut_val *assets, const char *at,
                      struct err *e)
{
    static const struct shape_member members[] = {
        { "url", "url" },
        { "width", "width" },
        { "height", "height" },
        { "mime_type", "mime_type" },
        { "file_size_bytes", "file_size_bytes" },
        { "duration_seconds", "duration_seconds" },
        { "content", "data" },
        { 0 },
    };
    static const struct json_range pixels = { 1, 100000 }, bytes = { 1, INT64_C(1) << 40 };
    struct str mime = STR_NONE, url = STR_NONE, type = STR_NONE;
    int64_t number;
    if (!yyjson_is_obj(a)) {
        err_set(e, "INVALID_REQUEST", "an asset must be an object");
        return err_field(e, "%s", at);
    }
    if (json_opt_str(JSON_FIELD(a, "role", at), (struct json_len){ 1, 64 }, &role, e)) return -1;
    if (json_opt_str(JSON_FIELD(a, "mime_type", at), (struct json_len){ 1, 128 }, &mime, e)) return -1;
    if (json_opt_str(JSON_FIELD(a, "url", at), (struct json_len){ 1, 2048 }, &url, e)) return -1;
    if (json_opt_str(JSON_FIELD(a, "type", at), (struct json_len){ 1, 64 }, &type, e)) return -1;
    if (json_opt_i64(JSON_FIELD(a, "width", at), pixels, &number, e)) return -1;
    if (json_opt_i64(JSON_FIELD(a, "height", at), pixels, &number, e)) return -1;
    if (json_opt_i64(JSON_FIELD(a, "file_size_bytes", at), bytes, &number, e)) return -1;
    const char *key = arena_cstr(u->arena, role);
    if (yyjson_mut_obj_get(assets, key)) {
        err_set(e, "VALIDATION_ERROR", "two assets have the role %s", key);
        return err_field(e, "%s/role", at);
    }
    yyjson_mut_val *out = json_add_obj(u->doc, assets, key);
    json_add_str(u->doc, out, "asset_type", type.n ? type : str_from(asset_type(mime)));
    shape_copy(u->doc, out, a, members);
    return 0;
}

static int sync_assets(struct shape_up *u, yyjson_val *c, yyjson_mut_val *out, const char *at, struct err *e)
{
    yyjson_val *list = NULL, *asset;
    size_t i, n;
    struct str click = STR_NONE, alt = STR_NONE;
    if (json_req_arr(JSON_FIELD(c, "assets", at), (struct json_len){ 1, ASSETS_MAX }, &list, e)) return -1;
    if (json_opt_str(JSON_FIELD(c, "click_url", at), (struct json_len){ 1, 2048 }, &click, e)) return -1;
    if (json_opt_str(JSON_FIELD(c, "alt_text", at), (struct json_len){ 0, 1000 }, &alt, e)) return -1;
    yyjson_mut_val *assets = json_add_obj(u->doc, out, "assets");
    yyjson_arr_foreach(list, i, n, asset) {
        struct str role = i == 0 ? STR("primary") : arena_printf(u->arena, "asset_%zu", i + 1);
        if (sync_asset(u, asset, role, assets, arena_printf(u->arena, "%s/assets/%zu", at, i).p, e)) return -1;
    }
    yyjson_mut_val *primary = yyjson_mut_obj_get(assets, "primary");
    if (alt.n && primary) json_add_str(u->doc, primary, "alt_text", alt);
    if (!click.n) return 0;
    yyjson_mut_val *link = json_add_obj(u->doc, assets, "click_url");
    json_add_cstr(u->doc, link, "asset_type", "url");
    json_add_cstr(u->doc, link, "url_type", "clickthrough");
    json_add_str(u->doc, link, "url", click);
    return 0;
}

static int sync_creative(struct shape_up *u, yyjson_val *c, struct str buy, const char *at, struct err *e)
{
    static const struct shape_member extras[] = {
        { "provenance", "provenance" },
        { "alt_text", "alt_text" },
        { "click_url", "click_url" },
        { 0 },
    };
    struct str name, format, id = STR_NONE;
    yyjson_val *provenance = NULL, *tags = NULL;
    if (!yyjson_is_obj(c)) {
        err_set(e, "INVALID_REQUEST", "a creative must be an object");
        return err_field(e, "%s", at);
    }
    if (json_req_str(JSON_FIELD(c, "name", at), (struct json_len){ 1, 255 }, &name, e)) return -1;
    if (json_req_str(JSON_FIELD(c, "format_id", at), (struct json_len){ 1, 255 }, &format, e)) return -1;
    if (json_opt_str(JSON_FIELD(c, "id", at), (struct json_len){ 1, 255 }, &id, e)) return -1;
    if (json_opt_str(JSON_FIELD(c, "creative_id", at), (struct json_len){ 1, 255 }, &id, e)) return -1;
    if (json_opt_obj(JSON_FIELD(c, "provenance", at), &provenance, e)) return -1;
    if (shape_strings(JSON_FIELD(c, "tags", at), (struct json_len){ 0, 50 }, &tags, e)) return -1;
    yyjson_mut_val *out = json_push_obj(u->doc, yyjson_mut_obj_get(u->out, "creatives"));
    json_add_str(u->doc, out, "creative_id", id.n ? id : derived_id(u, buy, name, format));
    json_add_str(u->doc, out, "name", name);
    json_add_str(u->doc, json_add_obj(u->doc, out, "format_id"), "id", format);
    json_add_copy(u->doc, out, "tags", tags);
    shape_copy(u->doc, shape_ext(u, out), c, extras);
    return sync_assets(u, c, out, at, e);
}

/* Two of one name and format in one request would be one creative. */
static int check_distinct(struct shape_up *u, struct err *e)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(u->out, "creatives"), *a, *b;
    size_t i, n, k, m;
    yyjson_mut_arr_foreach(list, i, n, a) {
        yyjson_mut_arr_foreach(list, k, m, b) {
            if (k >= i) break;
            if (!yyjson_mut_equals(yyjson_mut_obj_get(a, "creative_id"), yyjson_mut_obj_get(b, "creative_id")))
                continue;
            err_set(e, "VALIDATION_ERROR", "two creatives have the same name and format");
            (void)err_suggest(e, "Give each creative of a request its own name.");
            return err_field(e, "/creatives/%zu/name", i);
        }
    }
    return 0;
}

int tutorial_sync_up(struct shape_up *u, struct err *e)
{
    struct str buy = STR_NONE;
    yyjson_val *list, *c;
    size_t i, n;
    if (json_opt_str(JSON_FIELD(u->in, "media_buy_id", ""), (struct json_len){ 1, 255 }, &buy, e)) return -1;
    if (json_req_arr(JSON_FIELD(u->in, "creatives", ""), (struct json_len){ 1, CREATIVES_MAX }, &list, e)) return -1;
    json_add_arr(u->doc, u->out, "creatives");
    yyjson_arr_foreach(list, i, n, c) {
        if (sync_creative(u, c, buy, arena_printf(u->arena, "/creatives/%zu", i).p, e)) return -1;
    }
    if (buy.n) json_add_str(u->doc, shape_ext(u, u->out), "media_buy_id", buy);
    return check_distinct(u, e);
}

int tutorial_list_creatives_up(struct shape_up *u, struct err *e)
{
    static const struct {
        const char *one, *many;
    } filters[] = {
        { "media_buy_id", "media_buy_ids" },
        { "status", "statuses" },
        { "creative_id", "creative_ids" },
    };
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        struct str one = STR_NONE;
        yyjson_val *many = NULL;
        struct json_field f = JSON_FIELD(u->in, filters[i].one, "");
        if (json_opt_str(f, (struct json_len){ 1, 255 }, &one, e)) return -1;
        f.key = filters[i].many;
        if (shape_strings(f, (struct json_len){ 0, 100 }, &many, e)) return -1;
        if (!one.n && !many) continue;
        yyjson_mut_val *out = yyjson_mut_obj_get(u->out, "filters");
        if (!out) out = json_add_obj(u->doc, u->out, "filters");
        if (one.n) {
            json_push_str(u->doc, json_add_arr(u->doc, out, filters[i].many), one);
        } else {
            json_add_copy(u->doc, out, filters[i].many, many);
        }
    }
    return 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

static void add_status(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *c)
{
    struct str status = json_str(c, "status");
    json_add_str(doc, out, "status", str_is(status, "suspended") ? STR("rejected") : status);
}

static const struct shape_member id_name_format[] = {
    { "id", "creative_id" },
    { "name", "name" },
    { "format_id", "format_id" },
    { 0 },
};

static void add_validation(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *c)
{
    static const struct shape_member members[] = { { "passed", "passed" }, { "checks", "checks" }, { 0 } };
    yyjson_val *error;
    size_t i, n;
    yyjson_mut_val *v = json_add_obj(doc, out, "validation");
    shape_copy(doc, v, c, members);
    if (yyjson_arr_size(json_arr(c, "errors")) == 0) return;
    yyjson_mut_val *errors = json_add_arr(doc, v, "errors");
    yyjson_arr_foreach(json_arr(c, "errors"), i, n, error) {
        yyjson_val *message = yyjson_is_str(error) ? error : yyjson_obj_get(error, "message");
        if (message) yyjson_mut_arr_append(errors, json_copy(doc, message));
    }
}

static bool counts_as(yyjson_val *c, const char *status)
{
    return str_is(json_str(c, "status"), status);
}

yyjson_mut_val *tutorial_sync_down(const struct dialect_down *d)
{
    static const char *const counted[] = { "pending_review", "approved", "rejected" };
    yyjson_val *creatives = json_arr(d->aux, "creatives"), *c;
    int64_t counts[ARRAY_LEN(counted)] = { 0 };
    size_t i, n;
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "creatives");
    yyjson_arr_foreach(creatives, i, n, c) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        shape_copy(d->doc, out, c, id_name_format);
        add_status(d->doc, out, c);
        add_validation(d->doc, out, c);
        json_add_copy(d->doc, out, "created_at", yyjson_obj_get(c, "created_at"));
        for (size_t k = 0; k < ARRAY_LEN(counted); k++) counts[k] += counts_as(c, counted[k]);
    }
    yyjson_mut_val *summary = json_add_obj(d->doc, root, "summary");
    json_add_i64(d->doc, summary, "total", (int64_t)n);
    for (size_t k = 0; k < ARRAY_LEN(counted); k++) json_add_i64(d->doc, summary, counted[k], counts[k]);
    return root;
}

yyjson_mut_val *tutorial_list_creatives_down(const struct dialect_down *d)
{
    static const struct shape_member rest[] = {
        { "click_url", "click_url" },         { "alt_text", "alt_text" },
        { "provenance", "provenance" },       { "tags", "tags" },
        { "media_buy_ids", "media_buy_ids" }, { "created_at", "created_at" },
        { "updated_at", "updated_at" },       { 0 },
    };
    yyjson_val *creatives = json_arr(d->aux, "creatives"), *c;
    size_t i, n;
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "creatives");
    yyjson_arr_foreach(creatives, i, n, c) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        shape_copy(d->doc, out, c, id_name_format);
        add_status(d->doc, out, c);
        shape_copy(d->doc, out, c, rest);
    }
    json_add_i64(d->doc, root, "total", json_i64_or(d->aux, "total", (int64_t)n));
    return root;
}
