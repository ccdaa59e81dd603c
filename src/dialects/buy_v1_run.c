/* Creatives, status, delivery and performance in AdCP:Buy v1. */
#include "base/rfc3339.h"
#include "dialects/buy_v1.h"

#define ASSETS_MAX 100

/* --- creatives ------------------------------------------------------------------------------------------- */

static bool ends_with(struct str s, const char *end)
{
    struct str e = str_from(end);
    return s.n >= e.n && str_eq(str_skip(s, s.n - e.n), e);
}

/* The page's four formats in AdCP's words; a VAST document is a video, too. */
static const char *format_kind(struct str format, struct str url)
{
    if (str_is(format, "image")) return "image";
    if (str_is(format, "video"))
        return ends_with(url, ".xml") || ends_with(url, ".vast") ? "video_vast" : "video_hosted";
    if (str_is(format, "audio")) return "audio_hosted";
    if (str_is(format, "custom")) return "custom";
    return NULL;
}

/* The file endings of the page's formats; a URL may also have none. */
static const struct {
    const char *format, *endings, *names;
} media[] = {
    { "image", " jpg jpeg png gif ", "JPEG, PNG or GIF" },
    { "video", " mp4 xml vast ", "MP4 or VAST" },
    { "audio", " mp3 aac m4a ", "MP3 or AAC" },
};

/* ".png" of "https://cdn.example.com/a.png?x=1" without its dot, in lower case; empty when the last part of the path has none. */
static struct str ending_of(struct arena *a, struct str url)
{
    size_t end = 0, dot = 0;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
    for (size_t i = end; i > 0 && url.p[i - 1] != '/' && !dot; i--) {
        if (url.p[i - 1] == '.') dot = i;
    }
    if (dot == 0 || end - dot < 2 || end - dot > 5) return STR_NONE;
    char *text = arena_alloc(a, end - dot);
    for (size_t i = dot; i < end; i++) {
        char c = url.p[i] >= 'A' && url.p[i] <= 'Z' ? (char)(url.p[i] + 32) : url.p[i];
        if (!((c >= 'a' && c <= 'z') || (i > dot && c >= '0' && c <= '9'))) return STR_NONE;
        text[i - dot] = c;
    }
    return (struct str){ text, end - dot };
}

static bool only_host(struct str url)
{
    size_t slashes = 0;
    for (size_t i = 0; i < url.n; i++) slashes += url.p[i] == '/';
    return slashes < 3;
}

static int check_media(struct shape_up *u, struct str format, struct str url, const char *at, struct err *e)
{
    struct str ending = only_host(url) ? STR_NONE : ending_of(u->arena, url);
    for (size_t i = 0; i < ARRAY_LEN(media) && ending.n; i++) {
        if (!str_is(format, media[i].format)) continue;
        if (strstr(media[i].endings, arena_printf(u->arena, " " STR_FMT " ", STR_ARG(ending)).p)) return 0;
        err_set(e, "VALIDATION_ERROR", "media_url is no %s that is taken", media[i].format);
        (void)err_suggest(e, "Send %s.", media[i].names);
        return err_field(e, "%s/media_url", at);
    }
    return 0;
}

static void add_media(struct shape_up *u, yyjson_val *a, const char *kind, yyjson_mut_val *out)
{
    static const struct shape_member members[] = {
        { "url", "media_url" },
        { "width", "width" },
        { "height", "height" },
        { "mime_type", "mime_type" },
        { "file_size_bytes", "file_size_bytes" },
        { "duration_seconds", "duration" },
        { "template_id", "template_id" },
        { 0 },
    };
    static const struct {
        const char *kind, *type;
    } types[] = {
        { "image", "image" },        { "video_hosted", "video" }, { "video_vast", "vast" },
        { "audio_hosted", "audio" }, { "custom", "url" },
    };
    yyjson_mut_val *assets = json_add_obj(u->doc, out, "assets");
    yyjson_mut_val *primary = json_add_obj(u->doc, assets, "primary");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i].kind, kind) == 0) json_add_cstr(u->doc, primary, "asset_type", types[i].type);
    }
    shape_copy(u->doc, primary, a, members);
    struct str click = json_str(a, "click_url");
    if (!click.n) return;
    yyjson_mut_val *link = json_add_obj(u->doc, assets, "click_url");
    json_add_cstr(u->doc, link, "asset_type", "url");
    json_add_cstr(u->doc, link, "url_type", "clickthrough");
    json_add_str(u->doc, link, "url", click);
}

int buy_v1_asset(struct shape_up *u, yyjson_val *a, const char *at, yyjson_mut_val *list, yyjson_val **assigned,
                 struct err *e)
{
    static const struct json_range pixels = { 1, 100000 };
    struct str id, name, format, url = STR_NONE, click = STR_NONE;
    int64_t number;
    yyjson_val *packages = NULL;
    if (!yyjson_is_obj(a)) {
        err_set(e, "INVALID_REQUEST", "an asset must be an object");
        return err_field(e, "%s", at);
    }
    if (json_req_str(JSON_FIELD(a, "creative_id", at), V1_ID_LEN, &id, e)) return -1;
    name = id;
    if (json_opt_str(JSON_FIELD(a, "name", at), V1_ID_LEN, &name, e)) return -1;
    if (json_req_str(JSON_FIELD(a, "format", at), V1_ID_LEN, &format, e)) return -1;
    if (json_opt_str(JSON_FIELD(a, "media_url", at), (struct json_len){ 1, 2048 }, &url, e)) return -1;
    if (json_opt_str(JSON_FIELD(a, "click_url", at), (struct json_len){ 1, 2048 }, &click, e)) return -1;
    if (json_opt_i64(JSON_FIELD(a, "width", at), pixels, &number, e)) return -1;
    if (json_opt_i64(JSON_FIELD(a, "height", at), pixels, &number, e)) return -1;
    if (shape_strings(JSON_FIELD(a, "package_assignments", at), (struct json_len){ 0, 100 }, &packages, e)) return -1;
    const char *kind = format_kind(format, url);
    if (!kind) {
        err_set(e, "VALIDATION_ERROR", "format must be image, video, audio or custom");
        return err_field(e, "%s/format", at);
    }
    if (!url.n && strcmp(kind, "custom") != 0) return json_req_str(JSON_FIELD(a, "media_url", at), V1_ID_LEN, &url, e);
    if (!url.n && !json_has(a, "template_id")) {
        err_set(e, "VALIDATION_ERROR", "a custom creative needs template_id or media_url");
        return err_field(e, "%s/template_id", at);
    }
    if (json_has(a, "width") != json_has(a, "height")) {
        err_set(e, "VALIDATION_ERROR", "width and height go together");
        return err_field(e, json_has(a, "width") ? "%s/height" : "%s/width", at);
    }
    if (check_media(u, format, url, at, e)) return -1;
    yyjson_mut_val *out = json_push_obj(u->doc, list);
    json_add_str(u->doc, out, "creative_id", id);
    json_add_str(u->doc, out, "name", name);
    json_add_cstr(u->doc, out, "format_kind", kind);
    add_media(u, a, kind, out);
    if (assigned) *assigned = packages;
    return 0;
}

static void assign(struct shape_up *u, yyjson_val *a, yyjson_val *packages)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(u->out, "assignments");
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(packages, i, n, p) {
        if (!list) list = json_add_arr(u->doc, u->out, "assignments");
        yyjson_mut_val *pair = json_push_obj(u->doc, list);
        json_add_copy(u->doc, pair, "creative_id", yyjson_obj_get(a, "creative_id"));
        json_add_copy(u->doc, pair, "package_id", p);
    }
}

int buy_v1_assets_up(struct shape_up *u, struct err *e)
{
    struct str buy;
    yyjson_val *assets, *a, *packages;
    size_t i, n;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), V1_ID_LEN, &buy, e)) return -1;
    if (json_req_arr(JSON_FIELD(u->in, "assets", ""), (struct json_len){ 1, ASSETS_MAX }, &assets, e)) return -1;
    yyjson_mut_val *list = json_add_arr(u->doc, u->out, "creatives");
    bool any = false;
    yyjson_arr_foreach(assets, i, n, a) {
        if (buy_v1_asset(u, a, arena_printf(u->arena, "/assets/%zu", i).p, list, &packages, e)) return -1;
        assign(u, a, packages);
        any = any || yyjson_arr_size(packages) > 0;
    }
    /* Named packages are the buy's own; without any, the creatives go to all of them. */
    json_add_str(u->doc, shape_ext(u, u->out), "media_buy_id", buy);
    json_add_bool(u->doc, shape_ext(u, u->out), "packages_by_name", true);
    if (any) json_add_bool(u->doc, shape_ext(u, u->out), "assign_named_only", true);
    return 0;
}

/* Packages that would not have this creative: {"premium_sports": "why"}; one that nobody would have has failed. */
static void add_unassigned(const struct dialect_down *d, yyjson_mut_val *out, struct str creative_id)
{
    yyjson_val *c, *key, *why;
    size_t i, n, k, m;
    yyjson_arr_foreach(json_arr(d->reply, "creatives"), i, n, c) {
        yyjson_val *errors = json_obj(c, "assignment_errors");
        if (!str_eq(json_str(c, "creative_id"), creative_id)) continue;
        bool nowhere = json_arr(c, "assigned_to") && yyjson_arr_size(json_arr(c, "assigned_to")) == 0;
        if (nowhere && !yyjson_mut_obj_get(out, "reason")) {
            (void)yyjson_mut_obj_remove_key(out, "status");
            json_add_cstr(d->doc, out, "status", "failed");
            json_add_cstr(d->doc, out, "reason", "no package of the media buy takes it");
        }
        if (!errors) return;
        yyjson_mut_val *o = json_add_obj(d->doc, out, "package_errors");
        yyjson_obj_foreach(errors, k, m, key, why) json_add_copy(d->doc, o, yyjson_get_str(key), why);
    }
}

yyjson_mut_val *buy_v1_assets_down(const struct dialect_down *d)
{
    static const struct shape_member members[] = {
        { "creative_id", "creative_id" },
        { "status", "status" },
        { "checks", "checks" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_copy(d->doc, root, "media_buy_id", yyjson_obj_get(d->request->args, "media_buy_id"));
    json_add_cstr(d->doc, root, "status", "received");
    yyjson_mut_val *list = json_add_arr(d->doc, root, "assets");
    yyjson_val *c;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "creatives"), i, n, c) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        shape_copy(d->doc, out, c, members);
        yyjson_val *error = yyjson_arr_get_first(json_arr(c, "errors"));
        json_add_copy(d->doc, out, "reason", yyjson_is_str(error) ? error : yyjson_obj_get(error, "message"));
        add_unassigned(d, out, json_str(c, "creative_id"));
    }
    return root;
}

/* --- status ---------------------------------------------------------------------------------------------- */

static int one_buy(struct shape_up *u, struct err *e)
{
    struct str buy;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), V1_ID_LEN, &buy, e)) return -1;
    json_push_str(u->doc, json_add_arr(u->doc, u->out, "media_buy_ids"), buy);
    return 0;
}

int buy_v1_status_up(struct shape_up *u, struct err *e)
{
    return one_buy(u, e);
}

yyjson_mut_val *buy_v1_status_down(const struct dialect_down *d)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *task = buy_v1_open_task(buy);
    if (!buy) return shape_not_found(d->doc, "There is no media buy of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_copy(d->doc, root, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    yyjson_val *refused = yyjson_obj_get(buy, "ad_server_refused");
    bool unbooked = refused && !json_has(buy, "ad_server_order_id");
    json_add_cstr(d->doc, root, "status", unbooked ? "failed" : buy_v1_status(buy));
    json_add_copy(d->doc, root, "last_updated", yyjson_obj_get(buy, "updated_at"));
    json_add_copy(d->doc, root, "reason", yyjson_obj_get(buy, "rejection_reason"));
    if (str_is(json_str(buy, "status"), "canceled")) json_add_cstr(d->doc, root, "reason", "canceled");
    if (task) {
        json_add_copy(d->doc, root, "detail", yyjson_obj_get(task, "task_id"));
    } else if (refused) {
        json_add_cstr(d->doc, root, "reason", "ADAPTER_ERROR");
        json_add_copy(d->doc, root, "detail", refused);
    }
    return root;
}

/* --- delivery -------------------------------------------------------------------------------------------- */

int buy_v1_delivery_up(struct shape_up *u, struct err *e)
{
    int64_t first, last;
    if (one_buy(u, e)) return -1;
    if (shape_req_date(JSON_FIELD(u->in, "start_date", ""), &first, e)) return -1;
    if (shape_req_date(JSON_FIELD(u->in, "end_date", ""), &last, e)) return -1;
    if (last < first) {
        err_set(e, "VALIDATION_ERROR", "end_date must not be before start_date");
        return err_field(e, "/end_date");
    }
    shape_add_period(u, first, last);
    return 0;
}

yyjson_mut_val *buy_v1_delivery_down(const struct dialect_down *d)
{
    static const struct shape_member totals[] = {
        { "impressions", "impressions" },
        { "spend", "spend" },
        { "clicks", "clicks" },
        { "video_completions", "completed_views" },
        { 0 },
    };
    static const struct shape_member row[] = { { "impressions", "impressions" }, { "spend", "spend" }, { 0 } };
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *p;
    size_t i, n;
    if (!buy) return shape_not_found(d->doc, "There is no media buy of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    shape_copy(d->doc, json_add_obj(d->doc, root, "totals"), json_obj(buy, "totals"), totals);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "by_package");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        json_add_str(d->doc, out, "package_id", buy_v1_package_name(p));
        shape_copy(d->doc, out, p, row);
    }
    return root;
}

/* --- performance ----------------------------------------------------------------------------------------- */

int buy_v1_performance_up(struct shape_up *u, struct err *e)
{
    struct str buy, id;
    yyjson_val *rows, *row;
    size_t i, n;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), V1_ID_LEN, &buy, e)) return -1;
    if (json_req_arr(JSON_FIELD(u->in, "package_performance", ""), (struct json_len){ 1, 100 }, &rows, e)) return -1;
    json_add_str(u->doc, u->out, "media_buy_id", buy);
    json_add_bool(u->doc, shape_ext(u, u->out), "packages_by_name", true);
    yyjson_mut_val *list = json_add_arr(u->doc, u->out, "package_performance");
    yyjson_arr_foreach(rows, i, n, row) {
        const char *at = arena_printf(u->arena, "/package_performance/%zu", i).p;
        int64_t index = 0;
        if (json_req_str(JSON_FIELD(row, "package_id", at), V1_ID_LEN, &id, e)) return -1;
        if (shape_req_amount(JSON_FIELD(row, "performance_index", at), &index, e)) return -1;
        yyjson_mut_val *out = json_push_obj(u->doc, list);
        json_add_str(u->doc, out, "package_id", id);
        json_add_money(u->doc, out, "performance_index", index);
    }
    return 0;
}

yyjson_mut_val *buy_v1_performance_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_bool(d->doc, root, "acknowledged", true);
    return root;
}
