/* How people come in and leave: the page for those who have no session, the link that signs in, sessions. */
#include "admin/pages.h"
#include "desk_templates.h"

#define BROWSER_MAX 256

/* --- signing in ------------------------------------------------------------------------------------------------- */

const struct desk_page desk_page_sign_in = {
    .path = "/sign-in", .title = "Sign in", .template = &template_sign_in, .signed_out = true
};

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
    struct str browser = http_req_header(r->ex, "user-agent");
    if (browser.n > BROWSER_MAX) browser.n = BROWSER_MAX;
    json_add_str_opt(doc, args, "browser", browser);
    json_add_str_opt(doc, args, "address", r->ex->peer);
    json_add_str_opt(doc, args, "replaces", r->session);
    r->session = STR_NONE; /* whoever was signed in here is not any more, and nobody's right is used for this */
    return link_arguments(r, doc, args);
}

static const char *enter_then(struct desk_request *r, yyjson_val *answer)
{
    desk_cookie_set(r->ex, json_str(answer, "session"));
    return "/admin";
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
    .asks = { { "sessions", "x_session_list", NULL, false } },
    .finish = finish_sessions,
};

static bool no_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return true;
}

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
