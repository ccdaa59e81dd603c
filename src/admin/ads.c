/* What the built-in ad server showed: by slot, package, day or creative, with money; as a file; and why packages are not shown. */
#include "admin/pages.h"
#include "base/rfc3339.h"
#include "desk_templates.h"

static const char *const ways[][2] = {
    { "slot", "by slot" },         { "package", "by package" },       { "day", "by day" },
    { "creative", "by creative" }, { "slot-day", "by slot and day" }, { "package-day", "by package and day" }
};

static const char *way(struct desk_request *r)
{
    const char *given = desk_choice(r, "by", ways, ARRAY_LEN(ways));
    return *given ? given : ways[0][0];
}

/* "slot-day" -> ["slot", "day"] */
static void add_by(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *by = json_add_arr(doc, args, "by");
    struct str rest = str_from(way(r));
    while (rest.n) {
        const char *end = memchr(rest.p, '-', rest.n);
        struct str one = { rest.p, end ? (size_t)(end - rest.p) : rest.n };
        json_push_str(doc, by, one);
        rest = str_skip(rest, one.n + 1);
    }
}

static bool arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    int64_t now = loop_now(r->dispatcher->loop);
    struct str cursor = desk_query(r, "after");
    int64_t number;
    json_add_str(doc, args, "from", desk_day(r, "from", now - 6 * USEC_PER_DAY));
    json_add_str(doc, args, "until", desk_day(r, "until", now));
    json_add_str_opt(doc, args, "media_buy_id", desk_search(r, "buy", 255));
    if (desk_whole(cursor, &number)) json_add_str(doc, args, "cursor", cursor);
    add_by(r, doc, args);
    return true;
}

/* What a line is called, and where it leads. */
static void finish_row(struct desk_request *r, yyjson_mut_val *row)
{
    static const char *const names[] = { "slot_id", "package_id", "creative_id" };
    struct str buy = desk_text(row, "media_buy_id"), name = STR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(names) && !name.n; i++) name = desk_text(row, names[i]);
    bool by_day_alone = strcmp(way(r), "day") == 0;
    json_add_str(r->view, row, "name", name.n || by_day_alone ? name : STR("of what is gone"));
    if (buy.n) json_add_str(r->view, row, "href", arena_printf(r->arena, "/admin/buys/" STR_FMT, STR_ARG(buy)));
}

static void finish(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *row;
    yyjson_mut_val *found = yyjson_mut_obj_get(root, "found");
    size_t i, n;
    json_add_str(r->view, filter, "from", desk_text(found, "from"));
    json_add_str(r->view, filter, "until", desk_text(found, "until"));
    json_add_cstr(r->view, filter, "by", way(r));
    json_add_str(r->view, filter, "buy", desk_search(r, "buy", 255));
    desk_choices_add(r, "ways", ways, ARRAY_LEN(ways), way(r));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(found, "rows"), i, n, row) {
        if (yyjson_mut_obj_get(row, "requests")) json_add_bool(r->view, filter, "requests", true);
        finish_row(r, row);
    }
}

const struct desk_page desk_page_ads = {
    .path = "/ads",
    .title = "What was shown",
    .nav = "adservers",
    .template = &template_ads,
    .asks = { { "found", "x_ads_report", arguments, false } },
    .finish = finish,
};

/* --- the file --------------------------------------------------------------------------------------------------- */

static void write_file(struct desk_request *r, struct buf *out)
{
    static const char *const columns[] = {
        "day",       "media_buy_id", "package_id",  "principal_id",      "creative_id",  "slot_id", "requests",
        "decisions", "fill",         "impressions", "measurable",        "viewable",     "clicks",  "spend",
        "currency",  "starts",       "completes",   "gross_impressions", "gross_clicks", "filtered"
    };
    for (size_t k = 0; k < ARRAY_LEN(columns); k++) buf_addf(out, "%s%s", k ? "," : "", columns[k]);
    buf_add(out, STR("\r\n"));
    desk_csv_rows(r, out, columns, ARRAY_LEN(columns));
}

const struct desk_page desk_page_ads_file = {
    .path = "/ads.csv",
    .title = "What was shown",
    .template = &template_trouble,
    .asks = { { "found", "x_ads_report", arguments, false } },
    .file = "ads.csv",
    .write = write_file,
};

/* --- why not ---------------------------------------------------------------------------------------------------- */

static bool why_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str_opt(doc, args, "media_buy_id", desk_search(r, "buy", 255));
    return true;
}

static void finish_why(struct desk_request *r)
{
    size_t i, n;
    yyjson_mut_val *p;
    json_add_str(r->view, json_add_obj(r->view, r->view->root, "filter"), "buy", desk_search(r, "buy", 255));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "found"), "packages"), i, n, p) {
        struct str now = desk_text(p, "now");
        json_add_cstr(r->view, p, "class", str_is(now, "shown") ? "good" : str_is(now, "done") ? "" : "warn");
    }
}

const struct desk_page desk_page_ads_why = {
    .path = "/ads/why",
    .title = "Why it is not shown",
    .nav = "adservers",
    .template = &template_ads_why,
    .asks = { { "found", "x_ads_why", why_arguments, false } },
    .finish = finish_why,
};
