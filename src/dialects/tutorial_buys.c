/* Media buys, delivery and feedback in the tutorial's shapes (its steps 5 and 7 to 11). */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "dialects/tutorial.h"

#define PACKAGES_MAX 100
#define IDS_MAX      100
#define ID_LEN       ((struct json_len){ 1, 255 })
#define NAME_LEN     ((struct json_len){ 1, 255 })

/* --- up: creating ---------------------------------------------------------------------------------------- */

/* Copies a list of strings under a canonical name; what it is not is refused under the caller's. */
static int targeting_list(struct shape_up *u, struct json_field f, const char *to, yyjson_mut_val *overlay,
                          struct err *e)
{
    yyjson_val *list = NULL;
    if (shape_strings(f, (struct json_len){ 0, 250 }, &list, e)) return -1;
    if (yyjson_arr_size(list) > 0) json_add_copy(u->doc, overlay, to, list);
    return 0;
}

static int targeting_metros(struct shape_up *u, struct json_field f, yyjson_mut_val *overlay, struct err *e)
{
    yyjson_val *list = NULL;
    if (shape_strings(f, (struct json_len){ 0, 250 }, &list, e)) return -1;
    if (yyjson_arr_size(list) == 0) return 0;
    yyjson_mut_val *metro = json_push_obj(u->doc, json_add_arr(u->doc, overlay, "geo_metros"));
    json_add_cstr(u->doc, metro, "system", "nielsen_dma");
    json_add_copy(u->doc, metro, "values", list);
    return 0;
}

/* What AdCP has a field for becomes the overlay that is applied; the whole is kept in the caller's words. */
static int package_targeting(struct shape_up *u, yyjson_val *p, yyjson_mut_val *out, const char *at, struct err *e)
{
    yyjson_val *targeting = NULL, *geo = NULL, *device = NULL;
    if (json_opt_obj(JSON_FIELD(p, "targeting", at), &targeting, e)) return -1;
    if (!targeting) return 0;
    const char *in = arena_printf(u->arena, "%s/targeting", at).p;
    if (json_opt_obj(JSON_FIELD(targeting, "geographic", in), &geo, e)) return -1;
    if (json_opt_obj(JSON_FIELD(targeting, "device", in), &device, e)) return -1;
    const char *in_geo = arena_printf(u->arena, "%s/geographic", in).p;
    const char *in_device = arena_printf(u->arena, "%s/device", in).p;
    yyjson_mut_val *overlay = yyjson_mut_obj(u->doc);
    if (targeting_list(u, JSON_FIELD(geo, "countries", in_geo), "geo_countries", overlay, e)) return -1;
    if (targeting_list(u, JSON_FIELD(geo, "states", in_geo), "geo_regions", overlay, e)) return -1;
    if (targeting_metros(u, JSON_FIELD(geo, "dmas", in_geo), overlay, e)) return -1;
    if (targeting_list(u, JSON_FIELD(device, "device_types", in_device), "device_type", overlay, e)) return -1;
    if (yyjson_mut_obj_size(overlay) > 0) json_add_val(u->doc, out, "targeting_overlay", overlay);
    json_add_copy(u->doc, shape_ext(u, out), "targeting", targeting);
    return 0;
}

static int package_formats(struct shape_up *u, yyjson_val *p, yyjson_mut_val *out, const char *at, struct err *e)
{
    yyjson_val *ids = NULL, *id;
    size_t i, n;
    if (shape_strings(JSON_FIELD(p, "creative_format_ids", at), (struct json_len){ 0, 100 }, &ids, e)) return -1;
    if (yyjson_arr_size(ids) == 0) return 0;
    yyjson_mut_val *list = json_add_arr(u->doc, out, "format_ids");
    yyjson_arr_foreach(ids, i, n, id) json_add_copy(u->doc, json_push_obj(u->doc, list), "id", id);
    json_add_copy(u->doc, shape_ext(u, out), "creative_format_ids", ids);
    return 0;
}

static int package_flight(struct shape_up *u, yyjson_val *p, yyjson_mut_val *out, const char *at, struct err *e)
{
    int64_t first = TIME_NONE, last = TIME_NONE;
    if (shape_opt_date(JSON_FIELD(p, "start_date", at), &first, e)) return -1;
    if (shape_opt_date(JSON_FIELD(p, "end_date", at), &last, e)) return -1;
    if (first != TIME_NONE && last != TIME_NONE && last < first) {
        err_set(e, "VALIDATION_ERROR", "end_date must not be before start_date");
        return err_field(e, "%s/end_date", at);
    }
    shape_add_flight(u, out, first, last);
    return 0;
}

static int create_package(struct shape_up *u, yyjson_val *p, const char *at, int64_t *sum, struct err *e)
{
    struct str product, option, name = STR_NONE;
    int64_t budget;
    yyjson_mut_val *out = json_push_obj(u->doc, yyjson_mut_obj_get(u->out, "packages"));
    int64_t day;
    if (json_req_str(JSON_FIELD(p, "product_id", at), ID_LEN, &product, e)) return -1;
    if (json_req_str(JSON_FIELD(p, "pricing_option_id", at), ID_LEN, &option, e)) return -1;
    if (json_opt_str(JSON_FIELD(p, "name", at), NAME_LEN, &name, e)) return -1;
    if (shape_req_amount(JSON_FIELD(p, "budget", at), &budget, e)) return -1;
    if (shape_req_date(JSON_FIELD(p, "start_date", at), &day, e)) return -1;
    if (shape_req_date(JSON_FIELD(p, "end_date", at), &day, e)) return -1;
    json_add_str(u->doc, out, "product_id", product);
    json_add_str(u->doc, out, "pricing_option_id", option);
    json_add_money(u->doc, out, "budget", budget);
    if (name.n) json_add_str(u->doc, shape_ext(u, out), "name", name);
    json_add_copy(u->doc, out, "bid_price", yyjson_obj_get(p, "bid_price"));
    json_add_copy(u->doc, out, "impressions", yyjson_obj_get(p, "impressions"));
    *sum += budget; /* each at most MONEY_MICROS_MAX, PACKAGES_MAX of them: far from overflow */
    if (package_flight(u, p, out, at, e) || package_targeting(u, p, out, at, e)) return -1;
    return package_formats(u, p, out, at, e);
}

static int check_total(int64_t total, int64_t sum, struct err *e)
{
    char want[MONEY_TEXT_MAX], have[MONEY_TEXT_MAX];
    if (total == sum) return 0;
    money_print(total, want);
    money_print(sum, have);
    err_set(e, "VALIDATION_ERROR", "total_budget is %s but the packages' budgets add up to %s", want, have);
    return err_field(e, "/total_budget");
}

static int create_heading(struct shape_up *u, int64_t *total, struct str *currency, struct err *e)
{
    static const struct {
        const char *key;
        size_t max;
    } texts[] = { { "name", 255 }, { "buyer_ref", 255 } };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str text = STR_NONE;
        if (json_opt_str(JSON_FIELD(u->in, texts[i].key, ""), (struct json_len){ 1, texts[i].max }, &text, e))
            return -1;
        if (text.n) json_add_str(u->doc, shape_ext(u, u->out), texts[i].key, text);
    }
    struct str po = STR_NONE;
    if (json_opt_str(JSON_FIELD(u->in, "po_number", ""), (struct json_len){ 1, 255 }, &po, e)) return -1;
    json_add_str_opt(u->doc, u->out, "po_number", po);
    if (shape_opt_currency(JSON_FIELD(u->in, "currency", ""), currency, e)) return -1;
    return shape_opt_amount(JSON_FIELD(u->in, "total_budget", ""), total, e);
}

int tutorial_create_up(struct shape_up *u, struct err *e)
{
    yyjson_val *packages, *p;
    int64_t total = -1, sum = 0;
    struct str currency = u->req->default_currency;
    size_t i, n;
    if (create_heading(u, &total, &currency, e)) return -1;
    if (json_req_arr(JSON_FIELD(u->in, "packages", ""), (struct json_len){ 1, PACKAGES_MAX }, &packages, e)) return -1;
    json_add_arr(u->doc, u->out, "packages");
    yyjson_arr_foreach(packages, i, n, p) {
        const char *at = arena_printf(u->arena, "/packages/%zu", i).p;
        if (!yyjson_is_obj(p)) {
            err_set(e, "INVALID_REQUEST", "a package must be an object");
            return err_field(e, "%s", at);
        }
        if (create_package(u, p, at, &sum, e)) return -1;
    }
    if (total >= 0 && check_total(total, sum, e)) return -1;
    yyjson_mut_val *budget = json_add_obj(u->doc, u->out, "total_budget");
    json_add_money(u->doc, budget, "amount", sum);
    json_add_str(u->doc, budget, "currency", currency);
    shape_allow_past(u);
    return 0;
}

/* --- up: changing and reading ---------------------------------------------------------------------------- */

static int update_package(struct shape_up *u, yyjson_val *p, struct str buy, const char *at, struct err *e)
{
    struct str id, name = STR_NONE;
    int64_t budget = -1;
    bool flag;
    yyjson_mut_val *out = json_push_obj(u->doc, yyjson_mut_obj_get(u->out, "packages"));
    if (json_req_str(JSON_FIELD(p, "package_id", at), ID_LEN, &id, e)) return -1;
    if (shape_opt_amount(JSON_FIELD(p, "budget", at), &budget, e)) return -1;
    if (json_opt_str(JSON_FIELD(p, "name", at), NAME_LEN, &name, e)) return -1;
    if (json_opt_bool(JSON_FIELD(p, "paused", at), &flag, e)) return -1;
    json_add_str(u->doc, out, "package_id", shape_package_id(u->arena, buy, id));
    if (budget >= 0) json_add_money(u->doc, out, "budget", budget);
    json_add_copy(u->doc, out, "paused", yyjson_obj_get(p, "paused"));
    json_add_copy(u->doc, out, "bid_price", yyjson_obj_get(p, "bid_price"));
    json_add_copy(u->doc, out, "impressions", yyjson_obj_get(p, "impressions"));
    if (name.n) json_add_str(u->doc, shape_ext(u, out), "name", name);
    return package_flight(u, p, out, at, e) || package_targeting(u, p, out, at, e) ? -1 : 0;
}

int tutorial_update_up(struct shape_up *u, struct err *e)
{
    static const char *const flags[] = { "paused", "canceled" };
    struct str buy;
    yyjson_val *packages = NULL, *p;
    size_t i, n;
    bool flag;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), ID_LEN, &buy, e)) return -1;
    json_add_str(u->doc, u->out, "media_buy_id", buy);
    shape_allow_past(u);
    json_add_bool(u->doc, shape_ext(u, u->out), "packages_by_name", true);
    for (size_t k = 0; k < ARRAY_LEN(flags); k++) {
        if (json_opt_bool(JSON_FIELD(u->in, flags[k], ""), &flag, e)) return -1;
        json_add_copy(u->doc, u->out, flags[k], yyjson_obj_get(u->in, flags[k]));
    }
    if (package_flight(u, u->in, u->out, "", e)) return -1;
    if (json_opt_arr(JSON_FIELD(u->in, "packages", ""), (struct json_len){ 1, PACKAGES_MAX }, &packages, e)) return -1;
    if (packages) json_add_arr(u->doc, u->out, "packages");
    yyjson_arr_foreach(packages, i, n, p) {
        const char *at = arena_printf(u->arena, "/packages/%zu", i).p;
        if (!yyjson_is_obj(p)) {
            err_set(e, "INVALID_REQUEST", "a package must be an object");
            return err_field(e, "%s", at);
        }
        if (update_package(u, p, buy, at, e)) return -1;
    }
    return 0;
}

int tutorial_ids_up(struct shape_up *u, struct err *e)
{
    yyjson_val *ids = NULL;
    int64_t first = TIME_NONE, last = TIME_NONE;
    if (shape_strings(JSON_FIELD(u->in, "media_buy_ids", ""), (struct json_len){ 0, IDS_MAX }, &ids, e)) return -1;
    if (yyjson_arr_size(ids) > 0) json_add_copy(u->doc, u->out, "media_buy_ids", ids);
    if (shape_opt_date(JSON_FIELD(u->in, "start_date", ""), &first, e)) return -1;
    if (shape_opt_date(JSON_FIELD(u->in, "end_date", ""), &last, e)) return -1;
    shape_add_period(u, first, last);
    return 0;
}

int tutorial_feedback_up(struct shape_up *u, struct err *e)
{
    static const char *const scores[] = { "overall_satisfaction", "audience_quality", "delivery_consistency" };
    struct str buy, notes = STR_NONE;
    yyjson_val *feedback;
    if (json_req_str(JSON_FIELD(u->in, "media_buy_id", ""), ID_LEN, &buy, e)) return -1;
    if (json_req_obj(JSON_FIELD(u->in, "feedback", ""), &feedback, e)) return -1;
    if (json_opt_str(JSON_FIELD(feedback, "notes", "/feedback"), (struct json_len){ 0, 4000 }, &notes, e)) return -1;
    json_add_str(u->doc, u->out, "media_buy_id", buy);
    yyjson_mut_val *out = json_add_obj(u->doc, u->out, "feedback");
    for (size_t i = 0; i < ARRAY_LEN(scores); i++) {
        int64_t score = 0;
        if (json_opt_i64(JSON_FIELD(feedback, scores[i], "/feedback"), (struct json_range){ 1, 5 }, &score, e))
            return -1;
        if (score) json_add_i64(u->doc, out, scores[i], score);
    }
    if (yyjson_mut_obj_size(out) == 0) {
        err_set(e, "INVALID_REQUEST", "feedback needs at least one score from 1 to 5");
        return err_field(e, "/feedback");
    }
    json_add_str_opt(u->doc, out, "notes", notes);
    return 0;
}

/* --- down: media buys ------------------------------------------------------------------------------------ */

void tutorial_add_status(yyjson_mut_doc *doc, yyjson_mut_val *obj, struct str canonical)
{
    static const struct {
        const char *canonical, *tutorial;
    } words[] = {
        { "pending_approval", "pending_activation" },
        { "pending_creatives", "pending_activation" },
        { "pending_start", "active" },
        { "failed", "rejected" },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(canonical, words[i].canonical)) canonical = str_from(words[i].tutorial);
    }
    json_add_str(doc, obj, "status", canonical);
}

static void add_flight_days(yyjson_mut_doc *doc, yyjson_mut_val *obj, yyjson_val *p)
{
    shape_add_day(doc, obj, "start_date", json_str(p, "start_time"));
    shape_add_last_day(doc, obj, "end_date", json_str(p, "end_time"));
}

static const struct shape_member id_name_ref[] = {
    { "id", "media_buy_id" },
    { "name", "name" },
    { "buyer_ref", "buyer_ref" },
    { 0 },
};
static const struct shape_member budget_currency[] = {
    { "total_budget", "total_budget" },
    { "currency", "currency" },
    { 0 },
};

static void add_tasks(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    static const struct shape_member members[] = { { "status", "status" }, { "description", "description" }, { 0 } };
    yyjson_mut_val *list = json_add_arr(doc, out, "workflow_tasks");
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "tasks"), i, n, task) {
        yyjson_mut_val *t = json_push_obj(doc, list);
        bool creative = str_starts(json_str(task, "type"), STR("creative"));
        json_add_copy(doc, t, "id", yyjson_obj_get(task, "task_id"));
        json_add_cstr(doc, t, "type", creative ? "creative_review" : "publisher_review");
        shape_copy(doc, t, task, members);
    }
}

static void add_created_package(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *p)
{
    static const struct shape_member head[] = {
        { "name", "name" },
        { "product_id", "product_id" },
        { "budget", "budget" },
        { 0 },
    };
    static const struct shape_member tail[] = {
        { "pricing_model", "pricing_model" },
        { "rate", "rate" },
        { "estimated_impressions", "estimated_impressions" },
        { "creative_format_ids", "creative_format_ids" },
        { "targeting", "targeting" },
        { 0 },
    };
    yyjson_mut_val *out = json_push_obj(doc, list);
    json_add_str(doc, out, "id", shape_short_package_id(doc, json_str(p, "package_id")));
    shape_copy(doc, out, p, head);
    add_flight_days(doc, out, p);
    shape_copy(doc, out, p, tail);
}

yyjson_mut_val *tutorial_create_down(const struct dialect_down *d)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *p;
    size_t i, n;
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *out = json_add_obj(d->doc, root, "media_buy");
    shape_copy(d->doc, out, buy, id_name_ref);
    tutorial_add_status(d->doc, out, json_str(buy, "status"));
    shape_copy(d->doc, out, buy, budget_currency);
    yyjson_mut_val *packages = json_add_arr(d->doc, out, "packages");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) add_created_package(d->doc, packages, p);
    json_add_copy(d->doc, out, "created_at", yyjson_obj_get(buy, "created_at"));
    add_tasks(d->doc, out, buy);
    return root;
}

/* Has a person still to decide something? */
static bool waits(yyjson_val *tasks)
{
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(tasks, i, n, task) {
        if (!str_is(json_str(task, "status"), "completed") && !str_is(json_str(task, "status"), "failed")) return true;
    }
    return false;
}

yyjson_mut_val *tutorial_update_down(const struct dialect_down *d)
{
    static const struct shape_member head[] = { { "name", "name" }, { "budget", "budget" }, { 0 } };
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *p;
    size_t i, n;
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *out = json_add_obj(d->doc, root, "media_buy");
    json_add_copy(d->doc, out, "id", yyjson_obj_get(buy, "media_buy_id"));
    tutorial_add_status(d->doc, out, json_str(buy, "status"));
    json_add_copy(d->doc, out, "total_budget", yyjson_obj_get(buy, "total_budget"));
    yyjson_mut_val *packages = json_add_arr(d->doc, out, "packages");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) {
        yyjson_mut_val *o = json_push_obj(d->doc, packages);
        json_add_str(d->doc, o, "id", shape_short_package_id(d->doc, json_str(p, "package_id")));
        shape_copy(d->doc, o, p, head);
        add_flight_days(d->doc, o, p);
        json_add_copy(d->doc, o, "previous_budget", yyjson_obj_get(p, "previous_budget"));
    }
    json_add_copy(d->doc, out, "updated_at", yyjson_obj_get(buy, "updated_at"));
    if (waits(json_arr(buy, "tasks"))) add_tasks(d->doc, out, buy);
    return root;
}

static void add_read_package(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *p)
{
    yyjson_mut_val *out = json_push_obj(doc, list);
    json_add_str(doc, out, "id", shape_short_package_id(doc, json_str(p, "package_id")));
    json_add_copy(doc, out, "name", yyjson_obj_get(p, "name"));
    tutorial_add_status(doc, out, json_str(p, "status"));
    json_add_copy(doc, out, "budget", yyjson_obj_get(p, "budget"));
    add_flight_days(doc, out, p);
}

/* A buy that has run its course is five lines (step 11). */
static void add_completed_buy(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    struct str completed = json_str(buy, "completed_at"), end = json_str(buy, "end_time");
    json_add_cstr(doc, out, "status", "completed");
    json_add_copy(doc, out, "total_budget", yyjson_obj_get(buy, "total_budget"));
    if (!completed.n || str_eq(completed, end)) {
        shape_add_second_before(doc, out, "completed_at", end);
    } else {
        json_add_str(doc, out, "completed_at", completed);
    }
}

static void add_read_buy(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    static const struct shape_member creative_members[] = { { "id", "creative_id" }, { "status", "status" }, { 0 } };
    static const struct shape_member times[] = {
        { "created_at", "created_at" },
        { "activated_at", "activated_at" },
        { "canceled_at", "canceled_at" },
        { "rejection_reason", "rejection_reason" },
        { 0 },
    };
    yyjson_val *item;
    size_t i, n;
    tutorial_add_status(doc, out, json_str(buy, "status"));
    shape_copy(doc, out, buy, budget_currency);
    yyjson_mut_val *packages = json_add_arr(doc, out, "packages");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, item) add_read_package(doc, packages, item);
    yyjson_mut_val *creatives = json_add_arr(doc, out, "creatives");
    yyjson_arr_foreach(json_arr(buy, "creatives"), i, n, item) {
        shape_copy(doc, json_push_obj(doc, creatives), item, creative_members);
    }
    shape_copy(doc, out, buy, times);
}

yyjson_mut_val *tutorial_media_buys_down(const struct dialect_down *d)
{
    static const struct shape_member id_name[] = { { "id", "media_buy_id" }, { "name", "name" }, { 0 } };
    yyjson_val *buys = json_arr(d->aux, "media_buys"), *buy;
    size_t i, n;
    bool named = yyjson_arr_size(json_arr(d->request->args, "media_buy_ids")) > 0;
    if (named && yyjson_arr_size(buys) == 0) return shape_not_found(d->doc, "There is no media buy of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "media_buys");
    yyjson_arr_foreach(buys, i, n, buy) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        bool completed = str_is(json_str(buy, "status"), "completed");
        shape_copy(d->doc, out, buy, completed ? id_name : id_name_ref);
        if (completed) {
            add_completed_buy(d->doc, out, buy);
        } else {
            add_read_buy(d->doc, out, buy);
        }
    }
    return root;
}

yyjson_mut_val *tutorial_feedback_down(const struct dialect_down *d)
{
    static const struct shape_member members[] = {
        { "overall_satisfaction", "overall_satisfaction" },
        { "audience_quality", "audience_quality" },
        { "delivery_consistency", "delivery_consistency" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *out = json_add_obj(d->doc, root, "performance_index");
    json_add_copy(d->doc, out, "media_buy_id", yyjson_obj_get(d->aux, "media_buy_id"));
    shape_copy(d->doc, out, json_obj(d->aux, "feedback"), members);
    json_add_copy(d->doc, out, "updated_at", yyjson_obj_get(d->aux, "updated_at"));
    return root;
}
