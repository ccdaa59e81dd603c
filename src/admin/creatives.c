/* Creatives of all buyers: the list, one with how it looks and what was found, and deciding it. */
#include "admin/pages.h"
#include "desk_templates.h"

#define TEXT_MAX      100
#define PREVIEW_MAX   1200 /* pixels; a larger one scrolls in its frame */
#define PREVIEW_PLAIN 300 /* of what says no size */

static const char *const statuses[][2] = { { "", "Every status" },       { "pending_review", "Waits for a review" },
                                           { "approved", "Approved" },   { "rejected", "Rejected" },
                                           { "suspended", "Suspended" }, { "processing", "Being checked" },
                                           { "archived", "Archived" } };

/* What reviewers say most; the buyer reads it as it stands. */
static const char *const reasons[][2] = {
    { "", "A reason" },
    { "The landing page does not work.", "Landing page does not work" },
    { "The landing page is not the advertiser's.", "Landing page of somebody else" },
    { "The text or the logo cannot be read at this size.", "Cannot be read" },
    { "It cannot be told from the page's own content; mark it as advertising.", "Looks like our content" },
    { "It imitates a message of the system or of the browser.", "Imitates a system message" },
    { "The advertiser cannot be recognised in it.", "Advertiser not recognisable" },
    { "Its claims mislead or are not shown to be true.", "Misleading claims" },
    { "It is of a category that is not accepted here.", "Category not accepted" },
    { "It plays sound or moves without being asked.", "Sound or motion unasked" },
    { "It does not have the size or the weight of its format.", "Wrong size or weight" },
};

static void finish_creative(struct desk_request *r, yyjson_mut_val *k)
{
    struct str status = desk_text(k, "status");
    bool bad = str_is(status, "rejected") || str_is(status, "suspended");
    bool waits = str_is(status, "pending_review") || str_is(status, "processing");
    json_add_cstr(r->view, k, "class", str_is(status, "approved") ? "good" : bad ? "bad" : waits ? "warn" : "");
    for (size_t i = 1; i < ARRAY_LEN(statuses); i++) {
        if (str_is(status, statuses[i][0])) json_add_cstr(r->view, k, "word", statuses[i][1]);
    }
}

/* --- the list --------------------------------------------------------------------------------------------------- */

static bool list_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str_opt(doc, args, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str_opt(doc, args, "status", str_from(desk_choice(r, "status", statuses, ARRAY_LEN(statuses))));
    json_add_str_opt(doc, args, "before", desk_query(r, "before"));
    return true;
}

static void finish_list(struct desk_request *r)
{
    const char *status = desk_choice(r, "status", statuses, ARRAY_LEN(statuses));
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *k;
    size_t i, n;
    json_add_str(r->view, filter, "text", desk_search(r, "text", TEXT_MAX));
    json_add_cstr(r->view, filter, "status", status);
    json_add_bool(r->view, filter, "any", *status || desk_search(r, "text", TEXT_MAX).n);
    desk_choices_add(r, "statuses", statuses, ARRAY_LEN(statuses), status);
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "found"), "creatives"), i, n, k)
        finish_creative(r, k);
}

const struct desk_page desk_page_creatives = {
    .path = "/creatives",
    .title = "Creatives",
    .nav = "creatives",
    .template = &template_creatives,
    .asks = { { "found", "x_creative_list", list_arguments, false } },
    .finish = finish_list,
};

/* --- one -------------------------------------------------------------------------------------------------------- */

static bool creative_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    json_add_str(doc, args, "creative_id", r->segments[1]);
    return true;
}

static int64_t pixels(yyjson_val *preview, const char *key)
{
    int64_t n = json_i64_or(preview, key, 0);
    return n <= 0 ? PREVIEW_PLAIN : n > PREVIEW_MAX ? PREVIEW_MAX : n;
}

/* The page frames it; the text itself is not this page's. */
static void finish_preview(struct desk_request *r)
{
    yyjson_val *found = desk_answer(r, "preview");
    (void)yyjson_mut_obj_remove_key(r->view->root, "preview"); /* when it was there */
    if (!found) return;
    yyjson_mut_val *o = json_add_obj(r->view, r->view->root, "preview");
    json_add_i64(r->view, o, "width", pixels(found, "width"));
    json_add_i64(r->view, o, "height", pixels(found, "height"));
    json_add_i64(r->view, o, "real_width", json_i64_or(found, "width", 0));
    json_add_i64(r->view, o, "real_height", json_i64_or(found, "height", 0));
}

static void finish_decisions(struct desk_request *r, yyjson_mut_val *k)
{
    yyjson_mut_val *may = json_add_obj(r->view, r->view->root, "may"), *way;
    size_t i, n;
    if (desk_may(r, "x_creative_decide")) {
        yyjson_mut_arr_foreach(yyjson_mut_obj_get(k, "may"), i, n, way)
            json_add_bool(r->view, may, yyjson_mut_get_str(way), true);
    }
    desk_choices_add(r, "reasons", reasons, ARRAY_LEN(reasons), "");
}

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *k = desk_lift(r, "found", "creative"), *f, *p, *b;
    size_t i, n;
    if (!k) return;
    finish_creative(r, k);
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(k, "findings"), i, n, f) {
        struct str status = desk_text(f, "status");
        bool passed = str_is(status, "passed"), failed = str_is(status, "failed");
        json_add_cstr(r->view, f, "class", passed ? "good" : failed ? "bad" : "warn");
    }
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(k, "parts"), i, n, p) {
        if (str_starts(desk_text(p, "url"), STR("https://"))) json_add_bool(r->view, p, "link", true);
    }
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(k, "used_in"), i, n, b)
        json_add_cstr(r->view, b, "class", str_is(desk_text(b, "status"), "active") ? "good" : "");
    finish_preview(r);
    finish_decisions(r, k);
}

const struct desk_page desk_page_creative = {
    .path = "/creatives/{principal_id}/{creative_id}",
    .title = "A creative",
    .nav = "creatives",
    .template = &template_creative,
    .asks = { { "found", "x_creative_get", creative_argument, false },
              { "preview", "x_creative_preview", creative_argument, true } },
    .finish = finish_one,
};

const struct desk_page desk_page_creative_preview = {
    .path = "/creatives/{principal_id}/{creative_id}/preview",
    .title = "Preview",
    .template = &template_trouble,
    .asks = { { "preview", "x_creative_preview", creative_argument, false } },
    .document = "/html",
};

/* The reason that was chosen, and what was added to it in words. */
static struct str reason_of(struct desk_request *r)
{
    struct str chosen = desk_field(r, "chosen"), words = desk_field(r, "reason");
    if (!chosen.n || !words.n) return chosen.n ? chosen : words;
    return arena_printf(r->arena, STR_FMT " " STR_FMT, STR_ARG(chosen), STR_ARG(words));
}

static bool decide_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str decision = desk_field(r, "decision"), reason = reason_of(r);
    desk_keep(r, "reason");
    if (!str_is(decision, "approve") && !reason.n) {
        desk_complain(r, "Say why: choose a reason or write one. The buyer reads it.");
        return false;
    }
    json_add_str(doc, args, "decision", decision);
    json_add_str_opt(doc, args, "reason", reason);
    return creative_argument(r, doc, args);
}

static const char *decided(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 0, "said=decided");
}

const struct desk_action desk_action_decide_creative = { .path = "/creatives/{principal_id}/{creative_id}",
                                                         .operation = "x_creative_decide",
                                                         .arguments = decide_arguments,
                                                         .then = decided,
                                                         .page = &desk_page_creative };
