/* update_media_buy and update_package of AdCP:Buy v1: PATCH semantics over the same canonical operation.
 *
 * What AdCP has a field for becomes that field; total_budget (scaled over the packages), daily caps and an overlay
 * for all packages travel in ext.salesagent. Packages are named as the buyer named them. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "dialects/buy_v1.h"

#define PACKAGES_MAX 100

/* --- up: one package ------------------------------------------------------------------------------------- */

static int active_up(struct shape_up *u, struct json_field f, yyjson_mut_val *out, struct err *e)
{
    bool active = true;
    if (json_opt_bool(f, &active, e)) return -1;
    if (json_has(f.obj, f.key)) json_add_bool(u->doc, out, "paused", !active);
    return 0;
}

static int pacing_up(struct shape_up *u, struct json_field f, yyjson_mut_val *out, struct err *e)
{
    static const char *const words[] = { "even", "asap", "front_loaded" };
    struct str pacing = STR_NONE;
    if (json_opt_str(f, (struct json_len){ 1, 32 }, &pacing, e)) return -1;
    if (!pacing.n) return 0;
    if (str_is(pacing, "daily_budget")) pacing = STR("even"); /* evenly, under the daily cap given beside it */
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_is(pacing, words[i])) continue;
        json_add_str(u->doc, out, "pacing", pacing);
        return 0;
    }
    err_set(e, "VALIDATION_ERROR", "pacing must be even, asap, front_loaded or daily_budget");
    return err_field(e, "%s/%s", f.at, f.key);
}

static int caps_up(struct shape_up *u, yyjson_val *in, const char *at, yyjson_mut_val *out, struct err *e)
{
    int64_t budget = -1, impressions = -1;
    if (shape_opt_amount(JSON_FIELD(in, "daily_budget", at), &budget, e)) return -1;
    if (json_opt_i64(JSON_FIELD(in, "daily_impressions", at), (struct json_range){ 1, INT64_C(1) << 50 }, &impressions,
                     e)) {
        return -1;
    }
    if (budget > 0) json_add_money(u->doc, shape_ext(u, out), "daily_budget", budget);
    if (budget > 0 && *at) json_add_bool(u->doc, shape_ext(u, out), "daily_budget_shared", false); /* its own */
    if (impressions > 0) json_add_i64(u->doc, shape_ext(u, out), "daily_impressions", impressions);
    return 0;
}

static int goals_up(struct shape_up *u, yyjson_val *p, const char *at, yyjson_mut_val *out, struct err *e)
{
    int64_t budget = -1, impressions = -1, cpm = -1;
    if (shape_opt_amount(JSON_FIELD(p, "budget", at), &budget, e)) return -1;
    if (json_opt_i64(JSON_FIELD(p, "impressions", at), (struct json_range){ 1, INT64_C(1) << 50 }, &impressions, e)) {
        return -1;
    }
    if (shape_opt_amount(JSON_FIELD(p, "cpm", at), &cpm, e)) return -1;
    /* Given both, impressions take precedence: the page's note 3. */
    if (impressions > 0) {
        json_add_i64(u->doc, out, "impressions", impressions);
    } else if (budget > 0) {
        json_add_money(u->doc, out, "budget", budget);
        json_add_bool(u->doc, shape_ext(u, out), "impressions_follow", true);
    }
    if (cpm > 0) {
        json_add_money(u->doc, out, "bid_price", cpm);
        json_add_bool(u->doc, shape_ext(u, out), "price_counts", true);
    }
    return 0;
}

/* Package targeting refines what is there: it is added, not put in its place. */
static int refinement_up(struct shape_up *u, yyjson_val *in, const char *at, yyjson_mut_val *out, struct err *e)
{
    if (buy_v1_targeting(u, JSON_FIELD(in, "targeting_overlay", at), out, e)) return -1;
    yyjson_mut_val *overlay = yyjson_mut_obj_remove_key(out, "targeting_overlay");
    if (overlay) json_add_val(u->doc, shape_ext(u, out), "targeting_overlay_add", overlay);
    return 0;
}

static int package_up(struct shape_up *u, yyjson_val *p, const char *at, struct err *e)
{
    struct str id;
    yyjson_val *creatives = NULL, *c;
    size_t i, n;
    if (!yyjson_is_obj(p)) {
        err_set(e, "INVALID_REQUEST", "a package must be an object");
        return err_field(e, "%s", at);
    }
    if (json_req_str(JSON_FIELD(p, "package_id", at), V1_ID_LEN, &id, e)) return -1;
    yyjson_mut_val *out = json_push_obj(u->doc, yyjson_mut_obj_get(u->out, "packages"));
    json_add_str(u->doc, out, "package_id", id);
    if (active_up(u, JSON_FIELD(p, "active", at), out, e) || goals_up(u, p, at, out, e)) return -1;
    if (caps_up(u, p, at, out, e) || pacing_up(u, JSON_FIELD(p, "pacing", at), out, e)) return -1;
    if (refinement_up(u, p, at, out, e)) return -1;
    if (shape_strings(JSON_FIELD(p, "creative_ids", at), (struct json_len){ 0, 100 }, &creatives, e)) return -1;
    if (!creatives) return 0;
    yyjson_mut_val *list = json_add_arr(u->doc, out, "creative_assignments");
    yyjson_arr_foreach(creatives, i, n, c) json_add_copy(u->doc, json_push_obj(u->doc, list), "creative_id", c);
    return 0;
}

static int packages_up(struct shape_up *u, struct json_len len, struct err *e)
{
    yyjson_val *packages = NULL, *p;
    size_t i, n;
    struct json_field f = JSON_FIELD(u->in, "packages", "");
    if (len.min > 0 ? json_req_arr(f, len, &packages, e) : json_opt_arr(f, len, &packages, e)) return -1;
    if (packages) json_add_arr(u->doc, u->out, "packages");
    yyjson_arr_foreach(packages, i, n, p) {
        if (package_up(u, p, arena_printf(u->arena, "/packages/%zu", i).p, e)) return -1;
    }
    return 0;
}

/* --- up: the campaign ------------------------------------------------------------------------------------ */

/* The entry of a package in canonical packages[], made when it is not there. */
static yyjson_mut_val *entry_of(struct shape_up *u, struct str package_id)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(u->out, "packages"), *p;
    size_t i, n;
    if (!list) list = json_add_arr(u->doc, u->out, "packages");
    yyjson_mut_arr_foreach(list, i, n, p) {
        yyjson_mut_val *id = yyjson_mut_obj_get(p, "package_id");
        if (yyjson_mut_equals_strn(id, package_id.p, package_id.n)) return p;
    }
    p = json_push_obj(u->doc, list);
    json_add_str(u->doc, p, "package_id", package_id);
    return p;
}

static yyjson_mut_val *member_list(struct shape_up *u, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, key);
    return list ? list : json_add_arr(u->doc, obj, key);
}

/* creatives: new ones, for the packages each of them names. */
static int creatives_up(struct shape_up *u, struct err *e)
{
    yyjson_val *list = NULL, *c, *packages, *p;
    size_t i, n, k, m;
    if (json_opt_arr(JSON_FIELD(u->in, "creatives", ""), (struct json_len){ 0, 100 }, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, c) {
        const char *at = arena_printf(u->arena, "/creatives/%zu", i).p;
        yyjson_mut_val *made = yyjson_mut_arr(u->doc);
        if (buy_v1_asset(u, c, at, made, &packages, e)) return -1;
        if (yyjson_arr_size(packages) == 0) {
            err_set(e, "INVALID_REQUEST", "package_assignments must name the packages this creative is for");
            return err_field(e, "%s/package_assignments", at);
        }
        yyjson_arr_foreach(packages, k, m, p) {
            yyjson_mut_val *into = member_list(u, entry_of(u, json_val_str(p)), "creatives");
            yyjson_mut_arr_append(into, yyjson_mut_val_mut_copy(u->doc, yyjson_mut_arr_get_first(made)));
        }
    }
    return 0;
}

/* creative_assignments: {creative_id: [package_id, ...]}. */
static int assignments_up(struct shape_up *u, struct err *e)
{
    yyjson_val *map = NULL, *key, *packages, *p;
    size_t i, n, k, m;
    if (json_opt_obj(JSON_FIELD(u->in, "creative_assignments", ""), &map, e)) return -1;
    yyjson_obj_foreach(map, i, n, key, packages) {
        struct json_field f = JSON_FIELD(map, yyjson_get_str(key), "/creative_assignments");
        if (shape_strings(f, (struct json_len){ 1, 100 }, &packages, e)) return -1;
        yyjson_arr_foreach(packages, k, m, p) {
            yyjson_mut_val *into = member_list(u, entry_of(u, json_val_str(p)), "creative_assignments");
            json_add_copy(u->doc, json_push_obj(u->doc, into), "creative_id", key);
        }
    }
    return 0;
}

static int campaign_up(struct shape_up *u, struct err *e)
{
    int64_t first = TIME_NONE, last = TIME_NONE, total = -1;
    if (active_up(u, JSON_FIELD(u->in, "active", ""), u->out, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "flight_start_date", ""), &first, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "flight_end_date", ""), &last, e)) return -1;
    if (first != TIME_NONE && last != TIME_NONE && last < first) {
        err_set(e, "VALIDATION_ERROR", "flight_end_date must not be before flight_start_date");
        return err_field(e, "/flight_end_date");
    }
    shape_add_flight(u, u->out, first, last);
    if (shape_opt_amount(JSON_FIELD(u->in, "total_budget", ""), &total, e)) return -1;
    if (total > 0) json_add_money(u->doc, shape_ext(u, u->out), "total_budget", total);
    yyjson_mut_val *pacing = yyjson_mut_obj(u->doc);
    if (pacing_up(u, JSON_FIELD(u->in, "pacing", ""), pacing, e)) return -1;
    yyjson_mut_val *word = yyjson_mut_obj_remove_key(pacing, "pacing");
    if (word) json_add_val(u->doc, shape_ext(u, u->out), "pacing", word);
    return caps_up(u, u->in, "", u->out, e) || refinement_up(u, u->in, "", u->out, e) ? -1 : 0;
}

static int heading_up(struct shape_up *u, struct err *e)
{
    struct str buy;
    int64_t today = TIME_NONE;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), V1_ID_LEN, &buy, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "today", ""), &today, e)) return -1;
    json_add_str(u->doc, u->out, "media_buy_id", buy);
    shape_allow_past(u);
    json_add_bool(u->doc, shape_ext(u, u->out), "packages_by_name", true);
    u->today = today;
    return 0;
}

int buy_v1_update_up(struct shape_up *u, struct err *e)
{
    if (heading_up(u, e) || campaign_up(u, e)) return -1;
    if (packages_up(u, (struct json_len){ 0, PACKAGES_MAX }, e)) return -1;
    return creatives_up(u, e) || assignments_up(u, e) ? -1 : 0;
}

int buy_v1_update_package_up(struct shape_up *u, struct err *e)
{
    return heading_up(u, e) || packages_up(u, (struct json_len){ 1, PACKAGES_MAX }, e) ? -1 : 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

/* Does every package of the call change `member` and nothing else? */
static bool only(yyjson_val *packages, const char *member)
{
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(packages, i, n, p) {
        if (yyjson_obj_size(p) != 2 || !json_has(p, member)) return false;
    }
    return yyjson_arr_size(packages) > 0;
}

static bool all_active(yyjson_val *packages, bool wanted)
{
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(packages, i, n, p) {
        if (json_bool_or(p, "active", !wanted) != wanted) return false;
    }
    return true;
}

/* The page's name for what was done: a call that does one thing has one of its own. */
static const char *operation_of(const struct dialect_down *d)
{
    yyjson_val *args = d->request->args, *packages = json_arr(args, "packages");
    if (!packages && yyjson_obj_size(args) == 2 && json_has(args, "active"))
        return json_bool_or(args, "active", true) ? "resume_media_buy" : "pause_media_buy";
    if (yyjson_obj_size(args) == 2 && only(packages, "active")) {
        if (all_active(packages, true)) return "resume_package";
        if (all_active(packages, false)) return "pause_package";
    }
    if (yyjson_obj_size(args) == 2 && only(packages, "budget")) return "update_package_budget";
    if (yyjson_obj_size(args) == 2 && only(packages, "impressions")) return "update_package_impressions";
    return arena_cstr(d->request->arena, d->request->tool);
}

/* As the page and the vendors write their names. */
static struct str platform_of(struct str adapter)
{
    static const struct {
        const char *adapter, *name;
    } names[] = {
        { "mock", "Mock Ad Server" },
        { "gam", "Google Ad Manager" },
        { "kevel", "Kevel" },
        { "triton", "Triton Digital" },
        { "house", "the publisher's own ad server" },
        { "manual", "the publisher's own system" },
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(adapter, names[i].adapter)) return str_from(names[i].name);
    }
    return adapter.n ? adapter : STR("the ad server");
}

yyjson_mut_val *buy_v1_update_down(const struct dialect_down *d)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *task = buy_v1_open_task(buy);
    struct str adapter = json_str(buy, "adapter");
    yyjson_mut_val *root = json_root_obj(d->doc);
    if (task && str_is(json_str(d->reply, "status"), "submitted")) {
        json_add_cstr(d->doc, root, "status", "pending_manual");
        json_add_copy(d->doc, root, "detail", yyjson_obj_get(task, "task_id"));
        return root;
    }
    json_add_cstr(d->doc, root, "status", "accepted");
    if (json_str(buy, "implementation_date").n) {
        json_add_copy(d->doc, root, "implementation_date", yyjson_obj_get(buy, "implementation_date"));
    } else {
        json_add_time(d->doc, root, "implementation_date", d->request->now);
    }
    bool rehearsed = json_arr(d->aux, "would_call") != NULL;
    json_add_str(d->doc, root, "detail",
                 arena_printf(d->request->arena, "%s %s in " STR_FMT,
                              rehearsed ? "Would execute" : "Successfully executed", operation_of(d),
                              STR_ARG(platform_of(adapter))));
    return root;
}

yyjson_mut_val *buy_v1_update_failed(const struct dialect_down *d, const struct shape_pointer *pointers)
{
    yyjson_val *error = json_obj(d->reply, "adcp_error");
    yyjson_mut_val *root = json_root_obj(d->doc);
    json_add_cstr(d->doc, root, "status", "failed");
    shape_add_message(d, root, "reason", error, pointers);
    struct str at = json_val_str(json_get_path(error, "/issues/0/pointer"));
    char field[ERR_FIELD_MAX];
    shape_map_pointer(pointers, at, field);
    if (at.n) {
        json_add_str(d->doc, root, "detail", arena_dup(d->request->arena, str_from(field)));
        return root;
    }
    yyjson_val *detail = yyjson_obj_get(error, "suggestion");
    json_add_copy(d->doc, root, "detail", detail ? detail : yyjson_obj_get(error, "code"));
    return root;
}
