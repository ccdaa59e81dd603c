/* /decide/TENANT.LINK.SEAL: a person decides one task from a message, without signing in. GET shows the task and changes
 * nothing (mail scanners follow links); POST decides, once. Works without scripts and on a phone. The link itself is
 * the credential, it is sent by nobody but its holder (no cookies), so a form on another site cannot use it. */
#include "admin/pages.h"
#include "desk_templates.h"
#include "protocols/html.h"

#define LINK_MAX 300

static void show(struct desk_request *r, int status, const char *title)
{
    desk_show_alone(r, status, title, &template_decide_link);
}

static void say(struct desk_request *r, const char *what, const char *class)
{
    if (yyjson_mut_obj_get(r->view->root, "said")) return; /* what was said first is why */
    json_add_cstr(r->view, r->view->root, "said", what);
    json_add_cstr(r->view, r->view->root, "said_class", class);
}

/* What the tool answered, as the page shows it. */
static yyjson_mut_val *take(struct desk_request *r, yyjson_val *answer)
{
    r->me = answer; /* whose publisher, and so whose time zone */
    json_add_copy(r->view, r->view->root, "publisher", json_obj(answer, "publisher"));
    json_add_copy(r->view, r->view->root, "task", json_obj(answer, "task"));
    yyjson_mut_val *task = yyjson_mut_obj_get(r->view->root, "task");
    desk_task_finish(r, task);
    bool open = yyjson_mut_get_bool(yyjson_mut_obj_get(task, "open")), may = json_bool_or(answer, "may_decide", true);
    json_add_bool(r->view, r->view->root, "asks", open && may);
    json_add_bool(r->view, r->view->root, "may_not", open && !may);
    return task;
}

/* What was written stands in the form again. */
static void keep(struct desk_request *r)
{
    json_add_str(r->view, r->view->root, "reason", desk_field(r, "reason"));
    json_add_str(r->view, r->view->root, "name", desk_field(r, "name"));
}

static void refused(struct desk_request *r)
{
    bool reads = !http_req_is(r->ex, "POST");
    say(r, arena_cstr(r->arena, desk_reason(r)), "bad");
    show(r, r->call.outcome == CALL_UNAVAILABLE ? 503 : reads ? 404 : 422, "Not possible");
}

static void task_read(struct call *c)
{
    struct desk_request *r = CONTAINER_OF(c, struct desk_request, call);
    if (c->outcome != CALL_OK) {
        refused(r);
        return;
    }
    yyjson_mut_val *task = take(r, json_parse_own(c->arena, c->body));
    bool open = yyjson_mut_get_bool(yyjson_mut_obj_get(task, "open"));
    show(r, r->status, open ? "A decision waits for you" : "This was decided already");
}

static void ask(struct desk_request *r)
{
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    json_add_str(doc, json_root_obj(doc), "link", r->segments[0]);
    desk_call_alone(r, "x_link_get", doc, task_read);
}

/* What was sent cannot be done (a rejection wants a reason): the same page with what was written, and why. */
static void again(struct desk_request *r)
{
    say(r, arena_cstr(r->arena, desk_reason(r)), "bad");
    keep(r);
    r->status = 422;
    ask(r);
}

static void decided(struct call *c)
{
    struct desk_request *r = CONTAINER_OF(c, struct desk_request, call);
    if (c->outcome != CALL_OK && c->outcome != CALL_UNAVAILABLE) {
        again(r);
        return;
    }
    if (c->outcome != CALL_OK) {
        refused(r);
        return;
    }
    yyjson_mut_val *task = take(r, json_parse_own(c->arena, c->body));
    if (yyjson_mut_get_bool(yyjson_mut_obj_get(task, "open"))) {
        say(r, "The task stays open. You can try again.", "bad");
        show(r, 200, "It could not be carried out");
        return;
    }
    bool executing = yyjson_mut_get_bool(yyjson_mut_obj_get(task, "executing"));
    bool approved = executing || str_is(desk_text(task, "decision"), "approved");
    say(r,
        executing
            ? "The ad server is being asked. The buyer is told when it has agreed; should it not, the task waits for "
              "you again."
            : "Done. The buyer is told.",
        "good");
    show(r, 200, approved ? "Approved" : "Rejected");
}

/* TENANT.LINK.SEAL, from the right: the tenant's id may hold dots. */
static bool split(struct desk_request *r, struct str text, struct str *link)
{
    size_t dots = 0, n = text.n;
    while (n > 0 && dots < 2) dots += text.p[--n] == '.';
    if (dots < 2 || n == 0) return false;
    r->tenant_id = (struct str){ text.p, n };
    *link = str_skip(text, n + 1);
    return true;
}

void desk_decide_link(struct dispatcher *d, struct http_exchange *ex, struct str text)
{
    struct desk_request *r = desk_begin(d, ex);
    struct str link;
    bool post = http_req_is(ex, "POST");
    if (!id_text_valid(text, LINK_MAX) || !split(r, text, &link)) {
        show(r, 404, "There is nothing here");
        return;
    }
    if (!post && !http_req_is(ex, "GET") && !http_req_is(ex, "HEAD")) {
        show(r, 405, "Not possible");
        return;
    }
    r->segments[0] = link;
    if (!post) {
        ask(r);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_str(doc, args, "link", link);
    if (!html_form_sound(ex)) {
        say(r, "The reason is no text, or too long. Nothing was decided.", "bad");
        show(r, 400, "Not possible");
        return;
    }
    json_add_str(doc, args, "decision", desk_field(r, "decision"));
    json_add_str_opt(doc, args, "reason", desk_field(r, "reason"));
    json_add_str_opt(doc, args, "name", desk_field(r, "name"));
    desk_call_alone(r, "x_link_decide", doc, decided);
}
