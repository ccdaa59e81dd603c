/* Buyers' agents and their tokens. A token is shown once, on the page that answers the form. */
#include "admin/pages.h"
#include "desk_templates.h"

#define GRACE_HOURS 24

static void add_class(struct desk_request *r, yyjson_mut_val *o, const char *member)
{
    json_add_cstr(r->view, o, "class", str_is(desk_text(o, member), "active") ? "good" : "bad");
}

static void finish_list(struct desk_request *r)
{
    size_t i, n;
    yyjson_mut_val *b, *buyers = yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "buyers"), "principals");
    yyjson_mut_arr_foreach(buyers, i, n, b) add_class(r, b, "status");
    json_add_bool(r->view, r->view->root, "may_manage", desk_may(r, "x_principal_set"));
}

const struct desk_page desk_page_buyers = {
    .path = "/buyers",
    .title = "Buyers",
    .nav = "buyers",
    .template = &template_buyers,
    .asks = { { "buyers", "x_principal_list", NULL, false } },
    .finish = finish_list,
};

static bool add_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    desk_keep(r, "id");
    desk_keep(r, "name");
    json_add_str(doc, args, "principal_id", desk_field(r, "id"));
    json_add_str_opt(doc, args, "name", desk_field(r, "name"));
    return true;
}

static const char *added(struct desk_request *r, yyjson_val *answer)
{
    struct str id = json_str(json_obj(answer, "principal"), "principal_id");
    struct buf where;
    buf_init(&where, 2048);
    buf_add(&where, STR("/admin/buyers/"));
    template_url_part(&where, id);
    buf_add(&where, STR("?said=added"));
    const char *text = arena_cstr(r->arena, buf_str(&where));
    buf_finish(&where);
    return text;
}

const struct desk_action desk_action_add_buyer = { .path = "/buyers",
                                                   .operation = "x_principal_add",
                                                   .arguments = add_arguments,
                                                   .then = added,
                                                   .page = &desk_page_buyers };

/* --- one buyer -------------------------------------------------------------------------------------------------- */

static bool principal_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    return true;
}

static void finish_one(struct desk_request *r)
{
    size_t i, n;
    yyjson_mut_val *p, *t, *root = r->view->root;
    yyjson_mut_val *buyers = yyjson_mut_obj_get(yyjson_mut_obj_get(root, "buyers"), "principals");
    yyjson_mut_arr_foreach(buyers, i, n, p) {
        if (!str_eq(desk_text(p, "principal_id"), r->segments[0])) continue;
        add_class(r, p, "status");
        json_add_val(r->view, root, "buyer", yyjson_mut_val_mut_copy(r->view, p));
    }
    (void)yyjson_mut_obj_remove_key(root, "buyers"); /* the others are not this page's */
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "tokens"), "tokens"), i, n, t)
        add_class(r, t, "state");
    json_add_bool(r->view, root, "may_manage", desk_may(r, "x_principal_set"));
    if (!yyjson_mut_obj_get(root, "buyer")) desk_not_there(r, "There is no such buyer.");
}

const struct desk_page desk_page_buyer = {
    .path = "/buyers/{principal_id}",
    .title = "A buyer",
    .nav = "buyers",
    .template = &template_buyer,
    .asks = { { "tokens", "x_token_list", principal_argument, false }, { "buyers", "x_principal_list", NULL, false } },
    .finish = finish_one,
};

static bool name_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "name", desk_field(r, "name"));
    return principal_argument(r, doc, args);
}

static bool status_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "status", desk_field(r, "status"));
    return principal_argument(r, doc, args);
}

static const char *renamed(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 0, "said=changed");
}

static const char *changed(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 1, "said=changed");
}

const struct desk_action desk_action_rename_buyer = { .path = "/buyers/{principal_id}",
                                                      .operation = "x_principal_set",
                                                      .arguments = name_arguments,
                                                      .then = renamed,
                                                      .page = &desk_page_buyer };
const struct desk_action desk_action_set_buyer_status = { .path = "/buyers/{principal_id}/status",
                                                          .operation = "x_principal_set",
                                                          .arguments = status_arguments,
                                                          .then = changed,
                                                          .page = &desk_page_buyer };

/* --- tokens ----------------------------------------------------------------------------------------------------- */

static bool token_new_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str days = desk_field(r, "days");
    int64_t n;
    desk_keep(r, "label");
    desk_keep(r, "days");
    if (days.n && (!desk_whole(days, &n) || n < 1)) {
        desk_complain(r, "Days are a whole number, or nothing for a token that never ends.");
        return false;
    }
    if (days.n) json_add_i64(doc, args, "expires_days", n);
    json_add_str_opt(doc, args, "label", desk_field(r, "label"));
    json_add_str_opt(doc, args, "scope", desk_field(r, "scope"));
    return principal_argument(r, doc, args);
}

static const char *made(struct desk_request *r, yyjson_val *answer)
{
    json_add_copy(r->view, r->view->root, "made", json_obj(answer, "token"));
    return NULL;
}

const struct desk_action desk_action_add_token = { .path = "/buyers/{principal_id}/tokens",
                                                   .operation = "x_token_add",
                                                   .arguments = token_new_arguments,
                                                   .then = made,
                                                   .page = &desk_page_buyer,
                                                   .secret = true };

static bool token_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "token_id", r->segments[1]);
    return true;
}

static bool rotate_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_i64(doc, args, "grace_hours", GRACE_HOURS);
    return token_argument(r, doc, args);
}

static const char *revoked(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 3, "said=revoked");
}

const struct desk_action desk_action_rotate_token = { .path = "/buyers/{principal_id}/tokens/{token_id}/rotate",
                                                      .operation = "x_token_rotate",
                                                      .arguments = rotate_arguments,
                                                      .then = made,
                                                      .page = &desk_page_buyer,
                                                      .secret = true };
const struct desk_action desk_action_revoke_token = { .path = "/buyers/{principal_id}/tokens/{token_id}/revoke",
                                                      .operation = "x_token_revoke",
                                                      .arguments = token_argument,
                                                      .then = revoked,
                                                      .page = &desk_page_buyer };
