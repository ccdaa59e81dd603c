/* What was delivered and what of it is billed, on the page and as a file. */
#include "admin/pages.h"
#include "base/rfc3339.h"
#include "desk_templates.h"

static const char *const ways[][2] = { { "month", "by month" },
                                       { "advertiser", "by advertiser" },
                                       { "product", "by product" },
                                       { "buyer", "by buyer" },
                                       { "media_buy", "by media buy" } };

static const char *way(struct desk_request *r)
{
    const char *given = desk_choice(r, "by", ways, ARRAY_LEN(ways));
    return *given ? given : ways[0][0];
}

/* The first day of the publisher's month, or of the year for months. */
static int64_t beginning(struct desk_request *r)
{
    int64_t day = tz_day(desk_zone(r), loop_now(r->dispatcher->loop));
    int months = strcmp(way(r), "month") == 0 ? -11 : 0;
    return tz_day_begins_at(desk_zone(r), tz_month_first_day(day, months));
}

static bool arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "from", desk_day(r, "from", beginning(r)));
    json_add_str(doc, args, "to", desk_day(r, "to", loop_now(r->dispatcher->loop)));
    json_add_cstr(doc, args, "by", way(r));
    json_add_str_opt(doc, args, "principal_id", desk_search(r, "buyer", 255));
    json_add_str_opt(doc, args, "after", desk_search(r, "after", 300));
    return true;
}

/* Where a row leads: to what it sums. */
static void finish_row(struct desk_request *r, yyjson_mut_val *row)
{
    static const char *const pages[][2] = { { "product", "/admin/products/" },
                                            { "buyer", "/admin/buyers/" },
                                            { "media_buy", "/admin/buys/" } };
    struct str key = desk_text(row, "key");
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (strcmp(way(r), pages[i][0]) == 0 && id_text_valid(key, 255) && !memchr(key.p, '/', key.n))
            json_add_str(r->view, row, "href", arena_printf(r->arena, "%s" STR_FMT, pages[i][1], STR_ARG(key)));
    }
}

static void finish(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *row;
    yyjson_mut_val *found = yyjson_mut_obj_get(root, "found");
    size_t i, n;
    json_add_str(r->view, filter, "from", desk_text(found, "from"));
    json_add_str(r->view, filter, "to", desk_text(found, "to"));
    json_add_cstr(r->view, filter, "by", way(r));
    json_add_str(r->view, filter, "buyer", desk_search(r, "buyer", 255));
    json_add_bool(r->view, filter, "later", desk_query(r, "after").n > 0);
    desk_choices_add(r, "ways", ways, ARRAY_LEN(ways), way(r));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(found, "rows"), i, n, row) finish_row(r, row);
}

const struct desk_page desk_page_sales = {
    .path = "/sales",
    .title = "Sales",
    .nav = "sales",
    .template = &template_sales,
    .asks = { { "found", "x_sales_get", arguments, false } },
    .finish = finish,
};

/* --- the file --------------------------------------------------------------------------------------------------- */

static void write_file(struct desk_request *r, struct buf *out)
{
    static const char *const columns[] = {
        "key", "name", "currency", "media_buys", "impressions", "spend", "billable"
    };
    buf_add(out, STR("key,name,currency,media_buys,impressions,delivered,billable\r\n"));
    desk_csv_rows(r, out, columns, ARRAY_LEN(columns));
}

const struct desk_page desk_page_sales_file = {
    .path = "/sales.csv",
    .title = "Sales",
    .template = &template_trouble,
    .asks = { { "found", "x_sales_get", arguments, false } },
    .file = "sales.csv",
    .write = write_file,
};
