/* What is sold: products, on sale or not, their prices and settings, how a buyer sees them. */
#include "admin/form.h"
#include "admin/pages.h"
#include "contract/limits.h"
#include "desk_templates.h"

#define TEXT_MAX  100
#define BRIEF_MAX 2000

static const char *const sales[][2] = { { "", "All" }, { "on", "On sale" }, { "off", "Off sale" } };

static const char *const models[][2] = { { "cpm", "a thousand impressions" },
                                         { "vcpm", "a thousand viewable impressions" },
                                         { "cpc", "a click" },
                                         { "cpcv", "a completed view" },
                                         { "cpv", "a view" },
                                         { "cpp", "a rating point" },
                                         { "cpa", "an action" },
                                         { "flat_rate", "the whole flight" },
                                         { "time", "a time" } };

static const char *model_words(struct str model)
{
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (str_is(model, models[i][0])) return models[i][1];
    }
    return "";
}

static void finish_prices(struct desk_request *r, yyjson_mut_val *prices)
{
    size_t i, n;
    yyjson_mut_val *p;
    yyjson_mut_arr_foreach(prices, i, n, p)
        json_add_cstr(r->view, p, "words", model_words(desk_text(p, "pricing_model")));
}

/* --- the list --------------------------------------------------------------------------------------------------- */

static bool list_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    int64_t after;
    json_add_str_opt(doc, args, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str_opt(doc, args, "sale", str_from(desk_choice(r, "sale", sales, ARRAY_LEN(sales))));
    if (desk_whole(desk_query(r, "after"), &after) && after <= 1000000) json_add_i64(doc, args, "after", after);
    return true;
}

static void finish_list(struct desk_request *r)
{
    const char *sale = desk_choice(r, "sale", sales, ARRAY_LEN(sales));
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *p;
    size_t i, n;
    json_add_str(r->view, filter, "text", desk_search(r, "text", TEXT_MAX));
    json_add_cstr(r->view, filter, "sale", sale);
    json_add_bool(r->view, filter, "any", *sale || desk_search(r, "text", TEXT_MAX).n);
    desk_choices_add(r, "sales", sales, ARRAY_LEN(sales), sale);
    desk_choices_add(r, "models", models, ARRAY_LEN(models), "cpm");
    json_add_bool(r->view, root, "may_manage", desk_may(r, "x_product_add"));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "found"), "products"), i, n, p)
        finish_prices(r, yyjson_mut_obj_get(p, "prices"));
}

const struct desk_page desk_page_products = {
    .path = "/products",
    .title = "Products",
    .nav = "products",
    .template = &template_products,
    .asks = { { "found", "x_product_list", list_arguments, false } },
    .finish = finish_list,
};

/* --- a new one, or a copy --------------------------------------------------------------------------------------- */

/* The one price of a product that begins empty. False: it cannot be read. */
static bool add_price(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *product)
{
    struct err why;
    yyjson_doc *number;
    if (json_parse(r->arena, desk_field(r, "price"), &json_limits_scalar, &number, &why) ||
        !yyjson_is_num(yyjson_doc_get_root(number))) {
        desk_complain(r, "A product that begins empty needs a price, with a point before its decimals: 12.5");
        return false;
    }
    yyjson_mut_val *one = json_push_obj(doc, json_add_arr(doc, product, "pricing_options"));
    json_add_cstr(doc, one, "pricing_option_id", "price-1");
    json_add_str(doc, one, "pricing_model", desk_field(r, "model"));
    json_add_str(doc, one, "currency", json_str(json_obj(r->me, "publisher"), "currency"));
    json_add_copy(doc, one, "fixed_price", yyjson_doc_get_root(number));
    return true;
}

static bool add_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    static const char *const fields[] = { "id", "name", "description", "price", "copy_of" };
    struct str of = desk_field(r, "copy_of"), currency = desk_field(r, "currency");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) desk_keep(r, fields[i]);
    json_add_str(doc, args, "product_id", desk_field(r, "id"));
    json_add_str_opt(doc, args, "copy_of", of);
    yyjson_mut_val *product = json_add_obj(doc, args, "product");
    json_add_str_opt(doc, product, "name", desk_field(r, "name"));
    if (of.n) return true;
    json_add_str_opt(doc, product, "description", desk_field(r, "description"));
    if (!add_price(r, doc, product)) return false;
    if (currency.n) {
        yyjson_mut_val *one = yyjson_mut_arr_get_first(yyjson_mut_obj_get(product, "pricing_options"));
        yyjson_mut_obj_put(one, yyjson_mut_str(doc, "currency"), yyjson_mut_strncpy(doc, currency.p, currency.n));
    }
    return true;
}

static const char *path_of(struct desk_request *r, struct str id, const char *rest)
{
    struct buf where;
    buf_init(&where, 2048);
    buf_add(&where, STR("/admin/products/"));
    template_url_part(&where, id);
    buf_add(&where, str_from(rest));
    const char *text = arena_cstr(r->arena, buf_str(&where));
    buf_finish(&where);
    return text;
}

static const char *added(struct desk_request *r, yyjson_val *answer)
{
    return path_of(r, json_str(answer, "product_id"), "/edit?said=added");
}

const struct desk_action desk_action_add_product = { .path = "/products",
                                                     .operation = "x_product_add",
                                                     .arguments = add_arguments,
                                                     .then = added,
                                                     .page = &desk_page_products };

/* --- one -------------------------------------------------------------------------------------------------------- */

static bool product_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "product_id", r->segments[0]);
    return true;
}

static bool offered_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_push_str(doc, json_add_arr(doc, args, "product_ids"), r->segments[0]);
    return true;
}

static void finish_formats(struct desk_request *r, yyjson_mut_val *product)
{
    yyjson_mut_val *list = json_add_arr(r->view, r->view->root, "format_names"), *f;
    size_t i, n;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(product, "format_ids"), i, n, f) {
        struct str id =
            yyjson_mut_is_str(f) ? (struct str){ yyjson_mut_get_str(f), yyjson_mut_get_len(f) } : desk_text(f, "id");
        json_push_str(r->view, list, id);
    }
}

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *found = yyjson_mut_obj_get(root, "found");
    yyjson_mut_val *product = yyjson_mut_obj_get(found, "product"), *may = json_add_obj(r->view, root, "may");
    yyjson_mut_val *shown = yyjson_mut_arr_get_first(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "offer"), "products"));
    json_add_bool(r->view, may, "offer", desk_may(r, "x_product_offer"));
    json_add_bool(r->view, may, "change", desk_may(r, "x_product_set"));
    finish_prices(r, yyjson_mut_obj_get(product, "pricing_options"));
    finish_formats(r, product);
    if (shown) json_add_val(r->view, root, "shown", yyjson_mut_val_mut_copy(r->view, shown));
    (void)yyjson_mut_obj_remove_key(root, "offer"); /* also when there is none */
}

const struct desk_page desk_page_product = {
    .path = "/products/{product_id}",
    .title = "A product",
    .nav = "products",
    .template = &template_product,
    .asks = { { "found", "x_product_get", product_argument, false },
              { "offer", "x_product_try", offered_arguments, true } },
    .finish = finish_one,
};

static bool sale_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "sale", desk_field(r, "sale"));
    return product_argument(r, doc, args);
}

static const char *offered(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 1, json_bool_or(answer, "on_sale", false) ? "said=on" : "said=off");
}

static const char *removed(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/products?said=removed";
}

const struct desk_action desk_action_offer_product = { .path = "/products/{product_id}/sale",
                                                       .operation = "x_product_offer",
                                                       .arguments = sale_arguments,
                                                       .then = offered,
                                                       .page = &desk_page_product };
const struct desk_action desk_action_remove_product = { .path = "/products/{product_id}/remove",
                                                        .operation = "x_product_remove",
                                                        .arguments = product_argument,
                                                        .then = removed,
                                                        .page = &desk_page_product };

/* --- changing --------------------------------------------------------------------------------------------------- */

/* The publisher's formats as what may be chosen. */
static yyjson_mut_val *formats_offered(struct desk_request *r)
{
    yyjson_mut_val *list = yyjson_mut_arr(r->view), *f;
    size_t i, n;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "formats"), "formats"), i, n, f) {
        yyjson_mut_val *o = json_push_obj(r->view, list);
        json_add_str(r->view, o, "value", desk_text(f, "format_id"));
        json_add_str(r->view, o, "label",
                     arena_printf(r->arena, STR_FMT " (" STR_FMT ")", STR_ARG(desk_text(f, "name")),
                                  STR_ARG(desk_text(f, "format_id"))));
    }
    return list;
}

static void finish_edit(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *found = yyjson_mut_obj_get(root, "found");
    yyjson_mut_val *product = yyjson_mut_obj_get(found, "product");
    struct desk_options formats = { "format_ids", formats_offered(r) };
    desk_form_add(r, "fields", "x_product_set", "product", product, formats);
    json_add_str(r->view, root, "name", desk_text(product, "name"));
    (void)yyjson_mut_obj_remove_key(root, "formats"); /* it is in the fields */
    json_add_bool(r->view, root, "may_change", desk_may(r, "x_product_set"));
}

const struct desk_page desk_page_product_edit = {
    .path = "/products/{product_id}/edit",
    .title = "Change a product",
    .nav = "products",
    .template = &template_product_edit,
    .asks = { { "found", "x_product_get", product_argument, false }, { "formats", "x_format_list", NULL, false } },
    .finish = finish_edit,
};

static bool set_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *patch = json_add_obj(doc, args, "product");
    return product_argument(r, doc, args) && desk_form_read(r, "x_product_set", "product", doc, patch);
}

static const char *set(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 1, "said=changed");
}

const struct desk_action desk_action_set_product = { .path = "/products/{product_id}/edit",
                                                     .operation = "x_product_set",
                                                     .arguments = set_arguments,
                                                     .then = set,
                                                     .page = &desk_page_product_edit };

/* --- what a buyer sees ------------------------------------------------------------------------------------------ */

static bool brief_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str_opt(doc, args, "brief", desk_search(r, "brief", BRIEF_MAX));
    return desk_search(r, "brief", BRIEF_MAX).n > 0;
}

static void finish_offers(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *p;
    size_t i, n;
    json_add_str(r->view, root, "brief", desk_search(r, "brief", BRIEF_MAX));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "offer"), "products"), i, n, p)
        finish_prices(r, yyjson_mut_obj_get(p, "pricing_options"));
}

const struct desk_page desk_page_offers = {
    .path = "/offers",
    .title = "As a buyer sees it",
    .nav = "products",
    .template = &template_offers,
    .asks = { { "offer", "x_product_try", brief_arguments, false } },
    .finish = finish_offers,
};
