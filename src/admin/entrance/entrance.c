/* How people come in and leave: the page for those who have no session, the link that signs in, passwords and authenticator
 * apps, sessions. */
#include "admin/pages.h"
#include "desk_templates.h"
#include "protocols/openid.h"

#define BROWSER_MAX 256

/* --- signing in ------------------------------------------------------------------------------------------------- */

/* Where there are several publishers at one host, the address says which: /admin/sign-in?publisher=ID. */
static void finish_sign_in(struct desk_request *r)
{
    struct str named = http_req_is(r->ex, "POST") ? desk_field(r, "publisher") : desk_query(r, "publisher");
    if (id_text_valid(named, 128)) json_add_str(r->view, r->view->root, "publisher", named);
    if (r->dispatcher->openid) json_add_str(r->view, r->view->root, "provider", openid_label(r->dispatcher->openid));
}

const struct desk_page desk_page_sign_in = {
    .path = "/sign-in", .title = "Sign in", .template = &template_sign_in, .finish = finish_sign_in, .signed_out = true
};

static void add_browser(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str browser = http_req_header(r->ex, "user-agent");
    if (browser.n > BROWSER_MAX) browser.n = BROWSER_MAX;
    json_add_str_opt(doc, args, "browser", browser);
    json_add_str_opt(doc, args, "address", r->ex->peer);
}

void desk_add_where(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    add_browser(r, doc, args);
    json_add_str_opt(doc, args, "replaces", r->session);
    r->session = STR_NONE; /* whoever was signed in here is not any more, and nobody's right is used for this */
}

static bool sign_in_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    desk_keep(r, "name");
    struct str publisher = desk_field(r, "publisher");
    if (id_text_valid(publisher, 128)) r->tenant_id = publisher;
    json_add_str(doc, args, "name", desk_field(r, "name"));
    json_add_str(doc, args, "password", desk_field_whole(r, "password"));
    json_add_str_opt(doc, args, "code", desk_field(r, "code"));
    desk_add_where(r, doc, args);
    return true;
}

static const char *enter_then(struct desk_request *r, yyjson_val *answer)
{
    desk_cookie_set(r->ex, json_str(answer, "session"));
    return "/admin";
}

const struct desk_action desk_action_sign_in = { .path = "/sign-in",
                                                 .operation = "x_session_password",
                                                 .arguments = sign_in_arguments,
                                                 .then = enter_then,
                                                 .page = &desk_page_sign_in,
                                                 .signed_out = true,
                                                 .secret = true };

/* ---- to another publisher ---- */

static bool switch_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str publisher = desk_field(r, "publisher");
    if (!id_text_valid(publisher, 128)) {
        desk_complain(r, "Say which publisher. Nothing was changed.");
        return false;
    }
    r->tenant_id = publisher;
    json_add_str(doc, args, "replaces", r->session);
    add_browser(r, doc, args);
    return true;
}

const struct desk_action desk_action_switch = { .path = "/switch",
                                                .operation = "x_session_switch",
                                                .arguments = switch_arguments,
                                                .then = enter_then,
                                                .page = &desk_page_sessions,
                                                .as_nobody = true,
                                                .secret = true };

/* TENANT.SECRET, from the right: the tenant's id may hold dots. */
static bool link_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str link = r->segments[0];
    size_t dot = link.n;
    while (dot > 0 && link.p[dot - 1] != '.') dot--;
    if (dot > 1) r->tenant_id = (struct str){ link.p, dot - 1 };
    json_add_str(doc, args, "link", str_skip(link, dot));
    return true;
}

const struct desk_page desk_page_enter = {
    .path = "/enter/{link}",
    .title = "Sign in",
    .template = &template_enter,
    .asks = { { "enter", "x_sign_in_get", link_arguments, false } },
    .signed_out = true,
};

static bool enter_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    desk_add_where(r, doc, args);
    return link_arguments(r, doc, args);
}

const struct desk_action desk_action_enter = { .path = "/enter/{link}",
                                               .operation = "x_session_open",
                                               .arguments = enter_arguments,
                                               .then = enter_then,
                                               .page = &desk_page_enter,
                                               .signed_out = true };

/* --- sessions --------------------------------------------------------------------------------------------------- */

static void finish_sessions(struct desk_request *r)
{
    json_add_bool(r->view, r->view->root, "sees_all", desk_role(r) == ROLE_ADMINISTRATOR);
    json_add_bool(r->view, r->view->root, "may_end", desk_may(r, "x_session_end"));
}

const struct desk_page desk_page_sessions = {
    .path = "/sessions",
    .title = "Signed in",
    .nav = "sessions",
    .template = &template_sessions,
    .asks = { { "sessions", "x_session_list", NULL, false }, { "own", "x_own_sign_in_get", NULL, false } },
    .finish = finish_sessions,
};

/* --- one's own password and authenticator app -------------------------------------------------------------------- */

static bool password_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str password = desk_field_whole(r, "password");
    if (!str_eq(password, desk_field_whole(r, "again"))) {
        desk_complain(r, "The new password and its repetition are not the same. Nothing was changed.");
        return false;
    }
    json_add_str(doc, args, "current", desk_field_whole(r, "current"));
    json_add_str(doc, args, "password", password);
    return true;
}

static const char *password_then(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/sessions?said=password";
}

const struct desk_action desk_action_own_password = { .path = "/own/password",
                                                      .operation = "x_own_password_set",
                                                      .arguments = password_arguments,
                                                      .then = password_then,
                                                      .page = &desk_page_sessions,
                                                      .secret = true };

static bool no_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return true;
}

/* Shown on the page that answers, and never again. */
static const char *app_then(struct desk_request *r, yyjson_val *answer)
{
    json_add_copy(r->view, r->view->root, "key", answer);
    return NULL;
}

const struct desk_action desk_action_own_app = { .path = "/own/app",
                                                 .operation = "x_own_totp_start",
                                                 .arguments = no_arguments,
                                                 .then = app_then,
                                                 .page = &desk_page_sessions,
                                                 .secret = true };

static bool confirm_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "code", desk_field(r, "code"));
    return true;
}

static const char *confirm_then(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/sessions?said=app";
}

const struct desk_action desk_action_own_app_confirm = { .path = "/own/app/confirm",
                                                         .operation = "x_own_totp_confirm",
                                                         .arguments = confirm_arguments,
                                                         .then = confirm_then,
                                                         .page = &desk_page_sessions,
                                                         .secret = true };

static bool stop_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "current", desk_field_whole(r, "current"));
    return true;
}

static const char *stop_then(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/sessions?said=no-app";
}

const struct desk_action desk_action_own_app_remove = { .path = "/own/app/remove",
                                                        .operation = "x_own_totp_stop",
                                                        .arguments = stop_arguments,
                                                        .then = stop_then,
                                                        .page = &desk_page_sessions,
                                                        .secret = true };

/* --- leaving ------------------------------------------------------------------------------------------------------ */

static const char *sign_out_then(struct desk_request *r, yyjson_val *answer)
{
    desk_cookie_set(r->ex, STR_NONE);
    return "/admin/sign-in";
}

const struct desk_action desk_action_sign_out = { .path = "/sign-out",
                                                  .operation = "x_session_close",
                                                  .arguments = no_arguments,
                                                  .then = sign_out_then,
                                                  .page = &desk_page_sessions };

static bool end_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "session_id", r->segments[0]);
    return true;
}

static const char *end_then(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/sessions?said=ended";
}

const struct desk_action desk_action_end_session = { .path = "/sessions/{session_id}/end",
                                                     .operation = "x_session_end",
                                                     .arguments = end_arguments,
                                                     .then = end_then,
                                                     .page = &desk_page_sessions };
