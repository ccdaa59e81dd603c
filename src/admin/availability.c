/* What is left of products day by day, and whether one could say yes to a flight. */
#include "admin/pages.h"
#include "desk_templates.h"

#define TEXT_MAX 100
#define TIGHT    5 /* a day with less than a fifth left */

static const char *const spans[][2] = {
    { "14", "two weeks" }, { "7", "a week" }, { "28", "four weeks" }, { "60", "sixty days" }
};

static int64_t span(struct desk_request *r)
{
    const char *given = desk_choice(r, "days", spans, ARRAY_LEN(spans));
    int64_t n = 14;
    (void)desk_whole(str_from(*given ? given : spans[0][0]), &n); /* ours */
    return n;
}

static bool days_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    int64_t after;
    json_add_str(doc, args, "from", desk_day(r, "from", loop_now(r->dispatcher->loop)));
    json_add_i64(doc, args, "days", span(r));
    json_add_str_opt(doc, args, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str_opt(doc, args, "product_id", desk_search(r, "product", 255));
    if (desk_whole(desk_query(r, "after"), &after) && after <= 1000000) json_add_i64(doc, args, "after", after);
    return true;
}

static bool fits_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str product = desk_search(r, "for", 255), first = desk_query(r, "first"), last = desk_query(r, "last");
    struct str impressions = desk_query(r, "impressions");
    int64_t n;
    if (!product.n && !impressions.n) return false;
    if (!product.n || !desk_whole(impressions, &n) || n < 1 || !first.n || !last.n) {
        desk_complain(r,
                      "To ask whether a flight fits, name the product, a whole number of impressions and both days.");
        return false;
    }
    json_add_str(doc, args, "product_id", product);
    json_add_i64(doc, args, "impressions", n);
    json_add_str(doc, args, "from", first);
    json_add_str(doc, args, "to", last);
    return true;
}

static void finish_product(struct desk_request *r, yyjson_mut_val *p)
{
    size_t i, n;
    yyjson_mut_val *d;
    int64_t capacity = yyjson_mut_get_sint(yyjson_mut_obj_get(p, "capacity"));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(p, "days"), i, n, d) {
        yyjson_mut_val *left = yyjson_mut_obj_get(d, "left");
        int64_t rest = yyjson_mut_get_sint(left);
        if (!left) continue;
        json_add_cstr(r->view, d, "class", rest <= 0 ? "full" : rest < capacity / TIGHT ? "tight" : "free");
        if (rest < 0) json_add_i64(r->view, d, "over", -rest);
    }
}

/* The products that may be asked about: those of this page. */
static void finish_choice(struct desk_request *r, yyjson_mut_val *products)
{
    yyjson_mut_val *list = json_add_arr(r->view, r->view->root, "choices"), *p;
    struct str chosen = desk_query(r, "for");
    size_t i, n;
    yyjson_mut_arr_foreach(products, i, n, p) {
        yyjson_mut_val *o = json_push_obj(r->view, list);
        json_add_str(r->view, o, "value", desk_text(p, "product_id"));
        json_add_str(r->view, o, "label", desk_text(p, "name"));
        if (str_eq(desk_text(p, "product_id"), chosen)) json_add_bool(r->view, o, "chosen", true);
    }
}

static void finish(struct desk_request *r)
{
    static const char *const kept[] = { "impressions", "first", "last" };
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *p, *d;
    yyjson_mut_val *found = yyjson_mut_obj_get(root, "found"), *products = yyjson_mut_obj_get(found, "products");
    yyjson_mut_val *heads = json_add_arr(r->view, root, "heads");
    const char *days = desk_choice(r, "days", spans, ARRAY_LEN(spans));
    size_t i, n;
    json_add_str(r->view, filter, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str(r->view, filter, "from", desk_text(found, "from"));
    json_add_str(r->view, filter, "product", desk_search(r, "product", 255));
    json_add_cstr(r->view, filter, "days", days);
    desk_choices_add(r, "spans", spans, ARRAY_LEN(spans), *days ? days : spans[0][0]);
    for (i = 0; i < ARRAY_LEN(kept); i++) json_add_str(r->view, filter, kept[i], desk_query(r, kept[i]));
    yyjson_mut_arr_foreach(products, i, n, p) finish_product(r, p);
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(found, "days"), i, n, d)
        json_push_str(r->view, heads, desk_day_label(r, (struct str){ yyjson_mut_get_str(d), yyjson_mut_get_len(d) }));
    finish_choice(r, products);
    yyjson_mut_val *fits = yyjson_mut_obj_get(root, "fits"), *yes = yyjson_mut_obj_get(fits, "fits");
    if (yes) json_add_cstr(r->view, fits, "class", yyjson_mut_get_bool(yes) ? "good" : "bad");
}

const struct desk_page desk_page_availability = {
    .path = "/availability",
    .title = "Availability",
    .nav = "availability",
    .template = &template_availability,
    .asks = { { "found", "x_product_days", days_arguments, false },
              { "fits", "x_product_fits", fits_arguments, false } },
    .finish = finish,
};
