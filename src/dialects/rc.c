/* The shapes of client 4.22.0's storyboards, the release candidate of AdCP 3.0: AdCP 3.0 where the two agree, and these
 * differences:
 *
 *   create       submitted carries the buy, its packages and estimated_completion
 *   read         a buy that waits for a signature is pending_approval with setup {url, message}; afterwards "confirmed"
 *                until it is active
 *   update       packages may be named by their product
 *   delivery     rows are media_buys[], with bid, win rate and clearing price of auction packages where known
 *   creatives    assets are a list of {asset_id, asset_type, ...}
 *   webhooks     authentication {scheme} for {schemes, credentials} */
#include "dialects/adcp_30.h"
#include "dialects/shape.h"

/* --- up -------------------------------------------------------------------------------------------------- */

/* [{"asset_id": "video", ...}] -> {"video": {...}} */
static void key_assets(yyjson_mut_doc *doc, yyjson_mut_val *creative)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(creative, "assets"), *asset;
    size_t i, n;
    if (!yyjson_mut_is_arr(list)) return;
    yyjson_mut_obj_remove_key(creative, "assets");
    yyjson_mut_val *keyed = json_add_obj(doc, creative, "assets");
    yyjson_mut_arr_foreach(list, i, n, asset) {
        yyjson_mut_val *id = yyjson_mut_obj_get(asset, "asset_id");
        const char *key = yyjson_mut_is_str(id) ? yyjson_mut_get_str(id) : "primary";
        json_add_val(doc, keyed, key, yyjson_mut_val_mut_copy(doc, asset));
    }
}

/* A scheme without a secret cannot sign: the agent then signs with its own key (RFC 9421), the default of AdCP 3. */
static void push_config(yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *config = yyjson_mut_obj_get(args, "push_notification_config");
    yyjson_mut_val *auth = yyjson_mut_obj_get(config, "authentication");
    yyjson_mut_val *scheme = yyjson_mut_obj_get(auth, "scheme");
    if (!yyjson_mut_is_str(scheme)) return;
    if (!yyjson_mut_obj_get(auth, "credentials")) {
        yyjson_mut_obj_remove_key(config, "authentication");
        return;
    }
    yyjson_mut_obj_remove_key(auth, "scheme");
    yyjson_mut_arr_append(json_add_arr(doc, auth, "schemes"), scheme);
}

/* Updates name packages by product. */
static void name_packages(yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(args, "packages"), *p;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, p) {
        yyjson_mut_val *product = yyjson_mut_obj_get(p, "product_id");
        if (!product || yyjson_mut_obj_get(p, "package_id")) continue;
        yyjson_mut_obj_remove_key(p, "product_id");
        json_add_val(doc, p, "package_id", product);
    }
}

static yyjson_mut_val *own_notes(yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *ext = yyjson_mut_obj_get(args, "ext");
    if (!yyjson_mut_is_obj(ext)) ext = json_add_obj(doc, args, "ext");
    yyjson_mut_val *own = yyjson_mut_obj_get(ext, "salesagent");
    return yyjson_mut_is_obj(own) ? own : json_add_obj(doc, ext, "salesagent");
}

static int rc_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    if (dialect_adcp_3_0.up(req, out, e)) return -1;
    bool creating = str_is(req->tool, "create_media_buy");
    if (creating || str_is(req->tool, "update_media_buy")) {
        yyjson_mut_val *own = own_notes(out->doc, out->args);
        json_add_bool(out->doc, own, "allow_past_flight", true);
        if (!creating) {
            name_packages(out->doc, out->args);
            json_add_bool(out->doc, own, "packages_by_name", true);
        }
    }
    /* Its packages show spend, win rate and pacing. */
    if (str_is(req->tool, "get_media_buys") && !yyjson_mut_obj_get(out->args, "include_snapshot")) {
        json_add_bool(out->doc, out->args, "include_snapshot", true);
    }
    yyjson_mut_val *creatives = yyjson_mut_obj_get(out->args, "creatives"), *c;
    size_t i, n;
    yyjson_mut_arr_foreach(creatives, i, n, c) key_assets(out->doc, c);
    push_config(out->doc, out->args);
    return 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

static const char *status_word(struct str status)
{
    static const struct {
        const char *canonical, *rc;
    } words[] = {
        { "pending_approval", "pending_approval" },
        { "pending_creatives", "confirmed" },
        { "pending_start", "confirmed" },
        { "active", "active" },
        { "paused", "paused" },
        { "completed", "completed" },
        { "rejected", "rejected" },
        { "canceled", "canceled" },
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(status, words[i].canonical)) return words[i].rc;
    }
    return "failed";
}

static void set_status(yyjson_mut_doc *doc, yyjson_mut_val *obj, struct str canonical)
{
    yyjson_mut_obj_remove_key(obj, "status");
    json_add_cstr(doc, obj, "status", status_word(canonical));
}

static void add_packages(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *buy)
{
    static const struct shape_member members[] = {
        { "package_id", "package_id" },
        { "product_id", "product_id" },
        { "name", "name" },
        { "status", "status" },
        { "budget", "budget" },
        { "bid_price", "bid_price" },
        { "pricing_option_id", "pricing_option_id" },
        { "start_time", "start_time" },
        { "end_time", "end_time" },
        { "pacing", "pacing" },
        { "paused", "paused" },
        { "spend", "spend" },
        { "win_rate", "win_rate" },
        { "clearing_price", "clearing_price" },
        { "pacing_index", "pacing_index" },
        { "delivery_status", "delivery_status" },
        { 0 },
    };
    yyjson_mut_val *list = json_add_arr(doc, out, key);
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) {
        yyjson_mut_val *o = json_push_obj(doc, list);
        shape_copy(doc, o, p, members);
        yyjson_mut_obj_remove_key(o, "status");
        if (json_has(p, "status")) json_add_cstr(doc, o, "status", status_word(json_str(p, "status")));
    }
}

/* What the buyer may do, in the storyboards' words. */
static void add_actions(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    struct str status = json_str(buy, "status");
    bool waiting = str_is(status, "pending_approval");
    bool over = str_is(status, "completed") || str_is(status, "rejected") || str_is(status, "canceled") ||
                str_is(status, "failed");
    yyjson_mut_obj_remove_key(out, "valid_actions");
    yyjson_mut_val *list = json_add_arr(doc, out, "valid_actions");
    if (!over) json_push_str(doc, list, STR("cancel"));
    if (!over && !waiting) {
        json_push_str(doc, list, str_is(status, "paused") ? STR("resume") : STR("pause"));
        json_push_str(doc, list, STR("update"));
        json_push_str(doc, list, STR("update_bid"));
        json_push_str(doc, list, STR("sync_creatives"));
    }
    if (!waiting) json_push_str(doc, list, STR("get_delivery"));
}

static yyjson_val *open_task(yyjson_val *buy)
{
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "tasks"), i, n, task) {
        struct str status = json_str(task, "status");
        if (!str_is(status, "completed") && !str_is(status, "failed")) return task;
    }
    return NULL;
}

static void add_setup(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *task)
{
    yyjson_mut_val *setup = json_add_obj(doc, out, "setup");
    json_add_copy(doc, setup, "url", yyjson_obj_get(task, "url"));
    json_add_copy(doc, setup, "message", yyjson_obj_get(task, "description"));
}

static void add_buy(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    static const struct shape_member members[] = {
        { "total_budget", "total_budget" },
        { "currency", "currency" },
        { "start_time", "start_time" },
        { "end_time", "end_time" },
        { "created_at", "created_at" },
        { "updated_at", "updated_at" },
        { "confirmed_at", "confirmed_at" },
        { "revision", "revision" },
        { "rejection_reason", "rejection_reason" },
        { 0 },
    };
    yyjson_val *task = open_task(buy);
    json_add_copy(doc, out, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    json_add_cstr(doc, out, "status", status_word(json_str(buy, "status")));
    shape_copy(doc, out, buy, members);
    if (task && str_is(json_str(buy, "status"), "pending_approval")) add_setup(doc, out, task);
    add_packages(doc, out, "packages", buy);
    add_actions(doc, out, buy);
}

static void create_down(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0"), *task = open_task(buy);
    if (!str_is(json_str(d->reply, "status"), "submitted")) {
        set_status(d->doc, reply, json_str(buy, "status"));
        add_actions(d->doc, reply, buy);
        return;
    }
    json_add_copy(d->doc, reply, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    json_add_copy(d->doc, reply, "estimated_completion", yyjson_obj_get(task, "due_at"));
    add_packages(d->doc, reply, "packages", buy);
    yyjson_val *url = json_get_path(d->request->args, "/push_notification_config/url");
    if (url) json_add_copy(d->doc, json_add_obj(d->doc, reply, "push_notification_config"), "url", url);
}

static void update_down(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_val *buy = json_get_path(d->aux, "/media_buys/0");
    if (!buy) return;
    set_status(d->doc, reply, json_str(buy, "status"));
    if (!yyjson_mut_obj_get(reply, "media_buy_id")) {
        json_add_copy(d->doc, reply, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    }
    add_packages(d->doc, reply, "packages", buy);
    add_actions(d->doc, reply, buy);
}

static void media_buys_down(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_val *buy;
    size_t i, n;
    yyjson_mut_obj_remove_key(reply, "media_buys");
    yyjson_mut_val *list = json_add_arr(d->doc, reply, "media_buys");
    yyjson_arr_foreach(json_arr(d->aux, "media_buys"), i, n, buy) add_buy(d->doc, json_push_obj(d->doc, list), buy);
}

static yyjson_val *with_id(yyjson_val *list, const char *key, yyjson_mut_val *id)
{
    yyjson_val *row;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, row) {
        struct str s = json_str(row, key);
        if (yyjson_mut_equals_strn(id, s.p ? s.p : "", s.n)) return row;
    }
    return NULL;
}

/* Pacing and the auction's facts beside AdCP's own numbers. */
static void delivery_row(const struct dialect_down *d, yyjson_mut_val *row)
{
    static const struct shape_member pace[] = { { "pacing", "pacing_status" },
                                                { "budget_utilization", "utilization" },
                                                { 0 } };
    static const struct shape_member auction[] = {
        { "bid_price", "bid_price" },
        { "win_rate", "win_rate" },
        { "clearing_price", "clearing_price" },
        { "average_clearing_price", "clearing_price" },
        { "budget_remaining", "budget_remaining" },
        { 0 },
    };
    yyjson_val *buy = with_id(json_arr(d->aux, "media_buys"), "media_buy_id", yyjson_mut_obj_get(row, "media_buy_id"));
    yyjson_mut_val *packages = yyjson_mut_obj_get(row, "by_package"), *p;
    size_t i, n;
    shape_copy(d->doc, row, buy, pace);
    yyjson_mut_arr_foreach(packages, i, n, p) {
        yyjson_val *facts = with_id(json_arr(buy, "packages"), "package_id", yyjson_mut_obj_get(p, "package_id"));
        for (const struct shape_member *m = auction; m->to; m++) {
            if (!yyjson_mut_obj_get(p, m->to)) json_add_copy(d->doc, p, m->to, yyjson_obj_get(facts, m->from));
        }
    }
}

static void delivery_down(const struct dialect_down *d, yyjson_mut_val *reply)
{
    yyjson_mut_val *rows = yyjson_mut_obj_remove_key(reply, "media_buy_deliveries"), *row;
    size_t i, n;
    if (!rows) return;
    yyjson_mut_arr_foreach(rows, i, n, row) delivery_row(d, row);
    json_add_val(d->doc, reply, "media_buys", rows);
}

static yyjson_mut_val *rc_down(const struct dialect_down *d)
{
    yyjson_mut_val *reply = json_copy(d->doc, d->reply);
    if (d->failed) {
        adcp_30_project(d, reply);
        return reply;
    }
    struct str tool = d->request->tool;
    if (str_is(tool, "update_media_buy")) update_down(d, reply);
    adcp_30_project(d, reply);
    if (str_is(tool, "create_media_buy")) create_down(d, reply);
    if (str_is(tool, "get_media_buys")) media_buys_down(d, reply);
    if (str_is(tool, "get_media_buy_delivery")) delivery_down(d, reply);
    return reply;
}

static bool rc_has(struct str tool)
{
    static const char *const tools[] = {
        "get_adcp_capabilities",
        "sync_accounts",
        "list_accounts",
        "get_products",
        "create_media_buy",
        "get_media_buys",
        "sync_creatives",
        "list_creatives",
        "list_creative_formats",
        "update_media_buy",
        "get_media_buy_delivery",
        "provide_performance_feedback",
        NULL,
    };
    for (size_t i = 0; tools[i]; i++) {
        if (str_is(tool, tools[i])) return true;
    }
    return false;
}

const struct dialect dialect_rc = { .name = "rc", .has_tool = rc_has, .up = rc_up, .down = rc_down };
