/* AdCP 3: the canonical model itself, the newest line, and its projections to the older ones, each made from the one
 * above it.
 *
 * Up, all lines are normalised alike, because callers of each send what the other would: a brand as a bare domain
 * and creative_ids for creative_assignments. Whatever else a request holds goes on untouched, unknown fields too.
 *
 * Down, `ext.salesagent` stays where a buyer can use it (the name and reference that buyer gave, in read models) and
 * is the only part of `ext` that is ours; `aux` never reaches an AdCP caller. */
#include "dialects/adcp_30.h"
#include "dialects/adcp_31.h"
#include "dialects/adcp_walk.h"

/* --- up -------------------------------------------------------------------------------------------------- */

/* "acme.com" where AdCP 3 has {"domain": "acme.com"}. */
static void normalise_brand(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_mut_val *brand = yyjson_mut_obj_get(obj, "brand");
    if (!yyjson_mut_is_str(brand)) return;
    yyjson_mut_obj_remove_key(obj, "brand");
    json_add_val(doc, json_add_obj(doc, obj, "brand"), "domain", brand);
}

/* ["c1"] -> [{"creative_id": "c1"}], unless both are given. */
static void normalise_assignments(yyjson_mut_doc *doc, yyjson_mut_val *package)
{
    yyjson_mut_val *ids = yyjson_mut_obj_get(package, "creative_ids"), *id;
    size_t i, n;
    if (!yyjson_mut_is_arr(ids) || yyjson_mut_obj_get(package, "creative_assignments")) return;
    yyjson_mut_obj_remove_key(package, "creative_ids");
    yyjson_mut_val *list = json_add_arr(doc, package, "creative_assignments");
    yyjson_mut_arr_foreach(ids, i, n, id) {
        json_add_val(doc, json_push_obj(doc, list), "creative_id", yyjson_mut_val_mut_copy(doc, id));
    }
}

static void normalise_packages(yyjson_mut_doc *doc, yyjson_mut_val *args, const char *key)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(args, key), *package;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, package) normalise_assignments(doc, package);
}

static yyjson_mut_val *ours_of(yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_mut_val *ext = yyjson_mut_obj_get(obj, "ext");
    if (ext && !yyjson_mut_is_obj(ext)) return NULL;
    if (!ext) ext = json_add_obj(doc, obj, "ext");
    yyjson_mut_val *ours = yyjson_mut_obj_get(ext, "salesagent");
    return ours ? ours : json_add_obj(doc, ext, "salesagent");
}

/* Buyers name in create_media_buy the creatives they will sync afterwards (AdCP's own walkthroughs do): a package
 * waits for those that are not in the library yet, and sync_creatives assigns what is waited for. */
static void await_creatives(yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(args, "packages"), *package;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, package) {
        yyjson_mut_val *named = yyjson_mut_obj_get(package, "creative_assignments");
        if (yyjson_mut_arr_size(named) == 0) continue;
        yyjson_mut_val *ours = ours_of(doc, package), *call = ours_of(doc, args);
        if (!ours || !call) continue;
        named = yyjson_mut_obj_remove_key(package, "creative_assignments");
        (void)yyjson_mut_obj_remove_key(ours, "awaited_creatives"); /* ours alone */
        json_add_val(doc, ours, "awaited_creatives", named);
    }
}

static void assign_awaited(yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *ours = ours_of(doc, args);
    if (!ours) return;
    (void)yyjson_mut_obj_remove_key(ours, "assign_awaited"); /* ours alone */
    json_add_bool(doc, ours, "assign_awaited", true);
}

static int adcp_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(req->arena);
    yyjson_mut_val *args = json_copy(doc, req->args);
    normalise_brand(doc, args);
    normalise_brand(doc, yyjson_mut_obj_get(args, "account"));
    if (str_is(req->tool, "create_media_buy") || str_is(req->tool, "update_media_buy")) {
        normalise_packages(doc, args, "packages");
        normalise_packages(doc, args, "new_packages");
    }
    if (str_is(req->tool, "create_media_buy")) await_creatives(doc, args);
    if (str_is(req->tool, "sync_creatives")) assign_awaited(doc, args);
    *out = (struct dialect_up){ .tool = req->tool, .doc = doc, .args = args, .now = TIME_NONE };
    return 0;
}

/* --- down ------------------------------------------------------------------------------------------------ */

/* Notes that other dialects leave for the tools mean nothing to a buyer. */
static void strip(yyjson_mut_val *obj)
{
    static const char *const notes[] = { "allow_past_flight", "packages_by_name",  "awaited_creatives",    "pricing",
                                         "assign_awaited",    "assign_named_only", "targeting_overlay_add" };
    yyjson_mut_val *ext = yyjson_mut_obj_get(obj, "ext"), *ours = yyjson_mut_obj_get(ext, "salesagent");
    if (!yyjson_mut_is_obj(ours)) return;
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) yyjson_mut_obj_remove_key(ours, notes[i]);
    if (yyjson_mut_obj_size(ours) == 0) yyjson_mut_obj_remove_key(ext, "salesagent");
    if (yyjson_mut_obj_size(ext) == 0) yyjson_mut_obj_remove_key(obj, "ext");
}

static void strip_buy(yyjson_mut_val *buy)
{
    static const char *const lists[] = { "packages", "affected_packages" };
    strip(buy);
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        yyjson_mut_val *list = yyjson_mut_obj_get(buy, lists[k]), *p;
        size_t i, n;
        yyjson_mut_arr_foreach(list, i, n, p) strip(p);
    }
}

static yyjson_mut_val *down_canonical(const struct dialect_down *d)
{
    yyjson_mut_val *reply = json_copy(d->doc, d->reply), *buy;
    size_t i, n;
    strip_buy(reply);
    yyjson_mut_val *buys = yyjson_mut_obj_get(reply, "media_buys");
    yyjson_mut_arr_foreach(buys, i, n, buy) strip_buy(buy);
    return reply;
}

/* An account may be registered, by an older caller, for notifications that 3.2 has no word for: these are not shown. */
static void account_3_2(yyjson_mut_doc *doc, yyjson_mut_val *a)
{
    static const char *const gone[] = {
        "scheduled", "final", "delayed", "adjusted", "window_update", "impairment", NULL
    };
    adcp_notification_words(a, gone);
}

static yyjson_mut_val *down_3_2(const struct dialect_down *d)
{
    yyjson_mut_val *reply = down_canonical(d);
    if (!d->failed) adcp_each(reply, "accounts", account_3_2, d->doc);
    return reply;
}

static yyjson_mut_val *down_3_1(const struct dialect_down *d)
{
    yyjson_mut_val *reply = down_canonical(d);
    adcp_31_project(d, reply);
    return reply;
}

static yyjson_mut_val *down_3_0(const struct dialect_down *d)
{
    yyjson_mut_val *reply = down_3_1(d);
    adcp_30_project(d, reply);
    return reply;
}

const struct dialect dialect_adcp_3_0 = {
    .name = "adcp-3.0", .adcp3 = true, .line = ADCP_3_0, .minor_3_0 = true, .up = adcp_up, .down = down_3_0
};
const struct dialect dialect_adcp_3_1 = {
    .name = "adcp-3.1", .adcp3 = true, .line = ADCP_3_1, .up = adcp_up, .down = down_3_1
};
const struct dialect dialect_adcp_3_2 = {
    .name = "adcp-3.2", .adcp3 = true, .line = ADCP_3_2, .up = adcp_up, .down = down_3_2
};
const struct dialect dialect_own = {
    .name = "own", .verbatim = true, .adcp3 = true, .line = ADCP_LINE_NEWEST, .up = adcp_up, .down = down_canonical
};
