/* The publisher's people: who may do what, and links by which they sign in. */
#include "admin/pages.h"
#include "desk_templates.h"

static const char *const roles[][2] = { { "viewer", "viewer" },
                                        { "operator", "operator" },
                                        { "administrator", "administrator" } };

static void finish_user(struct desk_request *r, yyjson_mut_val *user)
{
    yyjson_mut_val *list = json_add_arr(r->view, user, "roles");
    struct str how = desk_text(user, "signs_in_with");
    json_add_bool(r->view, user, "has_code", str_is(how, "password_and_code"));
    json_add_bool(r->view, user, "has_password", how.n && !str_is(how, "link"));
    json_add_bool(r->view, user, "me",
                  str_eq(desk_text(user, "principal_id"), json_str(json_obj(r->me, "person"), "principal_id")));
    json_add_cstr(r->view, user, "class", str_is(desk_text(user, "status"), "active") ? "good" : "bad");
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        yyjson_mut_val *o = json_push_obj(r->view, list);
        json_add_cstr(r->view, o, "value", roles[i][0]);
        if (str_is(desk_text(user, "role"), roles[i][0])) json_add_bool(r->view, o, "chosen", true);
    }
}

static void finish(struct desk_request *r)
{
    size_t i, n;
    yyjson_mut_val *user, *users = yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "users"), "principals");
    yyjson_mut_arr_foreach(users, i, n, user) finish_user(r, user);
    json_add_bool(r->view, r->view->root, "may_manage", desk_may(r, "x_user_set"));
}

const struct desk_page desk_page_people = {
    .path = "/people",
    .title = "People",
    .nav = "people",
    .template = &template_people,
    .asks = { { "users", "x_user_list", NULL, false } },
    .finish = finish,
};

static bool add_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    desk_keep(r, "id");
    desk_keep(r, "name");
    json_add_str(doc, args, "principal_id", desk_field(r, "id"));
    json_add_str_opt(doc, args, "name", desk_field(r, "name"));
    json_add_str_opt(doc, args, "role", desk_field(r, "role"));
    return true;
}

static const char *added(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/people?said=added";
}

const struct desk_action desk_action_add_user = {
    .path = "/people", .operation = "x_user_add", .arguments = add_arguments, .then = added, .page = &desk_page_people
};

static bool role_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    json_add_str(doc, args, "role", desk_field(r, "role"));
    return true;
}

static bool status_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    json_add_str(doc, args, "status", desk_field(r, "status"));
    return true;
}

static const char *changed(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/people?said=changed";
}

const struct desk_action desk_action_set_role = { .path = "/people/{principal_id}/role",
                                                  .operation = "x_user_set",
                                                  .arguments = role_arguments,
                                                  .then = changed,
                                                  .page = &desk_page_people };
const struct desk_action desk_action_set_user_status = { .path = "/people/{principal_id}/status",
                                                         .operation = "x_user_set",
                                                         .arguments = status_arguments,
                                                         .then = changed,
                                                         .page = &desk_page_people };

static bool link_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    return true;
}

/* Shown on the page that answers, and never again. */
static const char *linked(struct desk_request *r, yyjson_val *answer)
{
    json_add_copy(r->view, r->view->root, "link", answer);
    return NULL;
}

const struct desk_action desk_action_link_user = { .path = "/people/{principal_id}/link",
                                                   .operation = "x_user_link",
                                                   .arguments = link_arguments,
                                                   .then = linked,
                                                   .page = &desk_page_people,
                                                   .secret = true };

static bool email_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    json_add_str(doc, args, "email", desk_field(r, "email"));
    return true;
}

const struct desk_action desk_action_set_email = { .path = "/people/{principal_id}/email",
                                                   .operation = "x_user_email",
                                                   .arguments = email_arguments,
                                                   .then = changed,
                                                   .page = &desk_page_people };
const struct desk_action desk_action_remove_email = { .path = "/people/{principal_id}/email/remove",
                                                      .operation = "x_user_email_remove",
                                                      .arguments = link_arguments,
                                                      .then = changed,
                                                      .page = &desk_page_people };

static bool set_password_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "principal_id", r->segments[0]);
    json_add_str(doc, args, "password", desk_field_whole(r, "password"));
    return true;
}

const struct desk_action desk_action_set_password = { .path = "/people/{principal_id}/password",
                                                      .operation = "x_user_password",
                                                      .arguments = set_password_arguments,
                                                      .then = changed,
                                                      .page = &desk_page_people,
                                                      .secret = true };
const struct desk_action desk_action_remove_password = { .path = "/people/{principal_id}/password/remove",
                                                         .operation = "x_user_password_remove",
                                                         .arguments = link_arguments,
                                                         .then = changed,
                                                         .page = &desk_page_people };
const struct desk_action desk_action_remove_app = { .path = "/people/{principal_id}/app/remove",
                                                    .operation = "x_user_totp_remove",
                                                    .arguments = link_arguments,
                                                    .then = changed,
                                                    .page = &desk_page_people };

static bool erase_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    if (!desk_field(r, "sure").n) {
        desk_complain(r, "Tick the box to erase somebody: it cannot be undone. Nothing was changed.");
        return false;
    }
    return link_arguments(r, doc, args);
}

static const char *erased(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/people?said=erased";
}

const struct desk_action desk_action_erase_user = { .path = "/people/{principal_id}/erase",
                                                    .operation = "x_user_erase",
                                                    .arguments = erase_arguments,
                                                    .then = erased,
                                                    .page = &desk_page_people };
