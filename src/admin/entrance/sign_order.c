/* /sign/TASK: where a person of the publisher reads an order that waits and signs or refuses it. Nothing is shown without an
 * operator's credential, and each step asks for it again: the page keeps no session.
 *
 *   GET                 a form for the credential
 *   POST action=show    the order, with two buttons
 *   POST action=approve, action=reject (with reason)    decides, by the same tool as the command line */
#include "admin/pages.h"
#include "desk_templates.h"

static void show(struct desk_request *r, int status, const char *title, bool asks)
{
    json_add_bool(r->view, r->view->root, "asks", asks);
    desk_show_alone(r, status, title, &template_sign_order);
}

static void say(struct desk_request *r, struct str what, const char *class)
{
    json_add_str(r->view, r->view->root, "said", what);
    json_add_cstr(r->view, r->view->root, "said_class", class);
}

static struct desk_request *of(struct call *c)
{
    return CONTAINER_OF(c, struct desk_request, call);
}

static void refused(struct desk_request *r)
{
    enum call_outcome outcome = r->call.outcome;
    say(r, desk_reason(r), "bad");
    show(r, outcome == CALL_UNAUTHENTICATED ? 401 : outcome == CALL_UNAVAILABLE ? 503 : 422, "Not possible", true);
}

/* By the credential of the form; the same gates as for anybody. */
static void call_tool(struct desk_request *r, const char *tool, yyjson_mut_doc *doc, void (*done)(struct call *c))
{
    r->bearer = desk_field(r, "token");
    desk_call_alone(r, tool, doc, done);
}

static bool signs(struct desk_request *r)
{
    return str_is(desk_field(r, "action"), "approve");
}

static void decided(struct call *c)
{
    struct desk_request *r = of(c);
    if (c->outcome != CALL_OK) {
        refused(r);
        return;
    }
    yyjson_val *answer = json_parse_own(c->arena, c->body);
    if (!json_bool_or(answer, "carried_out", true)) {
        /* The decision was heard, but what it stands for failed; the order waits on. */
        struct str why = json_val_str(json_get_path(answer, "/task/failure/message"));
        say(r, arena_printf(r->arena, "The order still waits. It could not be carried out: " STR_FMT, STR_ARG(why)),
            "bad");
        show(r, 409, "Not possible", true);
        return;
    }
    say(r, STR("The buyer has been told."), "good");
    show(r, 200, signs(r) ? "Signed" : "Refused", false);
}

static void task_read(struct call *c)
{
    struct desk_request *r = of(c);
    if (c->outcome != CALL_OK) {
        refused(r);
        return;
    }
    yyjson_val *answer = json_parse_own(c->arena, c->body);
    json_add_copy(r->view, r->view->root, "task", json_obj(answer, "task"));
    desk_task_finish(r, yyjson_mut_obj_get(r->view->root, "task"));
    show(r, 200, "An order waits for your signature", true);
}

static void add_task(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "task_id", r->segments[0]);
}

/* Who reads it, and whose time zone it is shown in. */
static void me_read(struct call *c)
{
    struct desk_request *r = of(c);
    if (c->outcome != CALL_OK) {
        refused(r);
        return;
    }
    r->me = json_parse_own(c->arena, c->body);
    json_add_copy(r->view, r->view->root, "publisher", json_obj(r->me, "publisher"));
    json_add_copy(r->view, r->view->root, "person", json_obj(r->me, "person"));
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    add_task(r, doc, json_root_obj(doc));
    call_tool(r, "x_task_get", doc, task_read);
}

void desk_sign_order(struct dispatcher *d, struct http_exchange *ex, struct str task_id)
{
    struct desk_request *r = desk_begin(d, ex);
    bool post = http_req_is(ex, "POST");
    struct str action = post ? desk_field(r, "action") : STR_NONE;
    r->segments[0] = task_id;
    if (!id_text_valid(task_id, 128) || (!post && !http_req_is(ex, "GET") && !http_req_is(ex, "HEAD"))) {
        show(r, id_text_valid(task_id, 128) ? 405 : 404, "There is nothing here", false);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    if (!post || !desk_field(r, "token").n) {
        show(r, 200, "Sign an order", true);
    } else if (signs(r) || str_is(action, "reject")) {
        add_task(r, doc, args);
        json_add_str(doc, args, "decision", action);
        json_add_str_opt(doc, args, "reason", desk_field(r, "reason"));
        call_tool(r, "x_task_resolve", doc, decided);
    } else {
        call_tool(r, "x_me_get", doc, me_read);
    }
}
