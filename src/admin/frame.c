/* The frame around a page: the side with what this person may open. */
#include "admin/desk.h"

struct entry {
    const char *label, *href, *nav, *key;
    const char *operation; /* whoever may call it may open the page */
};

static const struct entry work[] = {
    { "Today", "/admin", "today", "t", "x_today_get" },
    { "Decisions", "/admin/decisions", "decisions", "d", "x_task_queue" },
    { "Media buys", "/admin/buys", "buys", "m", "x_buy_list" },
    { "Availability", "/admin/availability", "availability", "v", "x_product_days" },
    { "Creatives", "/admin/creatives", "creatives", "c", "x_creative_list" },
    { "Sales", "/admin/sales", "sales", "l", "x_sales_get" },
};
static const struct entry house[] = {
    { "Products", "/admin/products", "products", "o", "x_product_list" },
    { "Formats", "/admin/formats", "formats", "f", "x_format_list" },
    { "Slots", "/admin/slots", "slots", "i", "x_slot_list" },
    { "Buyers", "/admin/buyers", "buyers", "b", "x_principal_list" },
    { "Messages", "/admin/messages", "messages", "e", "x_job_list" },
};
static const struct entry own[] = {
    { "Ad servers", "/admin/ad-servers", "adservers", "r", "x_adapter_list" },
    { "People", "/admin/people", "people", "p", "x_user_list" },
    { "Signed in", "/admin/sessions", "sessions", "s", "x_session_list" },
    { "Audit", "/admin/audit", "audit", "a", "x_audit_list" },
    { "Health", "/admin/health", "health", "h", "x_agent_get" },
};

static const struct {
    const struct entry *entries;
    size_t n;
} groups[] = {
    { work, ARRAY_LEN(work) },
    { house, ARRAY_LEN(house) },
    { own, ARRAY_LEN(own) },
};

enum role desk_role(const struct desk_request *r)
{
    struct str role = json_str(json_obj(r->me, "person"), "role");
    if (str_is(role, "administrator")) return ROLE_ADMINISTRATOR;
    if (str_is(role, "operator")) return ROLE_OPERATOR;
    return ROLE_VIEWER;
}

bool desk_may(const struct desk_request *r, const char *operation)
{
    const struct tool *t = tool_find(str_from(operation));
    return t && r->me && tool_permits(t, desk_role(r));
}

static void add_entry(struct desk_request *r, yyjson_mut_val *list, const struct entry *e)
{
    yyjson_mut_val *o = json_push_obj(r->view, list);
    json_add_cstr(r->view, o, "label", e->label);
    json_add_cstr(r->view, o, "href", e->href);
    json_add_cstr(r->view, o, "key", e->key);
    if (r->page->nav && strcmp(r->page->nav, e->nav) == 0) json_add_bool(r->view, o, "here", true);
    if (strcmp(e->nav, "decisions") == 0) json_add_i64(r->view, o, "count", json_i64_or(r->me, "waiting", 0));
}

void desk_frame_add(struct desk_request *r)
{
    yyjson_mut_val *nav = json_add_arr(r->view, r->view->root, "nav");
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        yyjson_mut_val *list = json_add_arr(r->view, json_push_obj(r->view, nav), "entries");
        for (size_t i = 0; i < groups[g].n; i++) {
            if (desk_may(r, groups[g].entries[i].operation)) add_entry(r, list, &groups[g].entries[i]);
        }
    }
}

/* A share as whole percents of a bar, which does not go past its end. */
static int64_t percent_of(yyjson_mut_val *o, const char *key)
{
    double share = yyjson_mut_get_num(yyjson_mut_obj_get(o, key)) * 100;
    return share >= 100 ? 100 : share > 0 ? (int64_t)share : 0;
}

void desk_bar_add(struct desk_request *r, yyjson_mut_val *o)
{
    int64_t should = percent_of(o, "elapsed");
    struct str pacing = desk_text(o, "pacing");
    bool behind = str_is(pacing, "behind") || str_is(pacing, "slightly_behind");
    json_add_i64(r->view, o, "done", percent_of(o, "utilization"));
    json_add_i64(r->view, o, "should", should > 99 ? 99 : should);
    json_add_cstr(r->view, o, "bar_class", behind ? "behind" : "done");
}
