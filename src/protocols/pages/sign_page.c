#include "protocols/pages/sign_page.h"

#include "dialects/choose.h"
#include "base/encode.h"
#include "base/id.h"
#include "contract/limits.h"
#include "protocols/pages/html.h"
#include "protocols/http_call_headers.h"

#define PAGE_MAX ((size_t)1 << 20)

struct sign_page {
    struct call call;
    struct dispatcher *dispatcher;
    struct http_exchange *ex;
    struct str task_id, token, action, reason;
    yyjson_val *task; /* what x_task_get answered */
    struct buf html;
};

/* --- HTML ------------------------------------------------------------------------------------------------ */

static void add_head(struct sign_page *p, const char *title)
{
    buf_init(&p->html, PAGE_MAX);
    buf_add(&p->html, STR("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                          "content=\"width=device-width\"><title>"));
    html_text(&p->html, str_from(title));
    buf_add(
        &p->html,
        STR("</title><style>body{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}"
            "table{border-collapse:collapse}td,th{padding:.2em .8em;border:1px solid #bbb;text-align:left;"
            "overflow-wrap:anywhere}th{white-space:nowrap}input,button{font:inherit;padding:.4em .6em;max-width:100%;box-sizing:border-box}"
            "@media(max-width:30em){table{font-size:.85em}td,th{padding:.2em .4em}}"
            "</style><h1>"));
    html_text(&p->html, str_from(title));
    buf_add(&p->html, STR("</h1>"));
}

static void send_page(struct sign_page *p, int status)
{
    html_send(p->ex, status, &p->html);
}

static void add_form(struct sign_page *p, bool decides)
{
    buf_add(&p->html, STR("<form method=\"post\" autocomplete=\"off\"><p><label>Your token "
                          "<input type=\"password\" name=\"token\" required maxlength=\"512\"></label></p>"));
    if (!decides) {
        buf_add(&p->html, STR("<p><button name=\"action\" value=\"show\">Show the order</button></p></form>"));
        return;
    }
    buf_add(&p->html, STR("<p><label>Reason, when refusing <input name=\"reason\" maxlength=\"500\"></label></p><p>"
                          "<button name=\"action\" value=\"approve\">Sign</button> "
                          "<button name=\"action\" value=\"reject\">Refuse</button></p></form>"));
}

static void add_row(struct sign_page *p, const char *name, struct str value)
{
    if (!value.n) return;
    buf_addf(&p->html, "<tr><th>%s</th><td>", name);
    html_text(&p->html, value);
    buf_add(&p->html, STR("</td></tr>"));
}

static struct str number(struct sign_page *p, yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_num(v) ? json_write_val(&p->ex->arena, v) : STR_NONE;
}

static void add_order(struct sign_page *p, yyjson_val *buy)
{
    yyjson_val *package;
    size_t i, n;
    buf_add(&p->html, STR("<table>"));
    add_row(p, "Order", json_str(buy, "media_buy_id"));
    add_row(p, "Name", json_val_str(json_get_path(buy, "/ext/salesagent/name")));
    add_row(p, "Account", json_val_str(json_get_path(buy, "/account/name")));
    add_row(p, "Budget", number(p, buy, "total_budget"));
    add_row(p, "Currency", json_str(buy, "currency"));
    add_row(p, "From", json_str(buy, "start_time"));
    add_row(p, "To", json_str(buy, "end_time"));
    buf_add(&p->html,
            STR("</table><h2>Packages</h2><table><tr><th>Product</th><th>Budget</th><th>From</th><th>To</th></tr>"));
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, package) {
        struct str cells[] = { json_str(package, "product_id"), number(p, package, "budget"),
                               json_str(package, "start_time"), json_str(package, "end_time") };
        buf_add(&p->html, STR("<tr>"));
        for (size_t k = 0; k < ARRAY_LEN(cells); k++) {
            buf_add(&p->html, STR("<td>"));
            html_text(&p->html, cells[k]);
            buf_add(&p->html, STR("</td>"));
        }
        buf_add(&p->html, STR("</tr>"));
    }
    buf_add(&p->html, STR("</table>"));
}

/* --- calls ----------------------------------------------------------------------------------------------- */

static yyjson_val *answer(const struct call *c)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(c->arena, c->body, &json_limits_request, &doc, &e)) return NULL;
    return yyjson_doc_get_root(doc);
}

static void refused(struct sign_page *p, const struct call *c)
{
    int status = c->outcome == CALL_UNAUTHENTICATED ? 401 : c->outcome == CALL_UNAVAILABLE ? 503 : 422;
    add_head(p, "Not possible");
    buf_add(&p->html, STR("<p>"));
    html_text(&p->html, json_val_str(json_get_path(answer(c), "/adcp_error/message")));
    buf_add(&p->html, STR("</p>"));
    add_form(p, false);
    send_page(p, status);
}

/* Calls a tool with the credential of the form; the same gates as for anybody. */
static void call_tool(struct sign_page *p, struct str tool, yyjson_mut_doc *doc, void (*done)(struct call *c))
{
    p->call = (struct call){ .arena = &p->ex->arena,
                             .transport = TRANSPORT_REST,
                             .tool = tool,
                             .args = json_parse_own(&p->ex->arena, json_write(&p->ex->arena, doc->root)),
                             .own_page = true,
                             .done = done };
    call_headers_read(p->ex, &p->call.headers);
    p->call.headers.authorization = arena_printf(&p->ex->arena, "Bearer " STR_FMT, STR_ARG(p->token));
    p->call.headers.x_adcp_dialect = dialect_of_pages();
    dispatch_call(p->dispatcher, &p->call);
}

/* The decision was heard, but what it stands for failed; the order waits on. */
static void not_carried_out(struct sign_page *p, yyjson_val *reply)
{
    add_head(p, "Not possible");
    buf_add(&p->html, STR("<p>The order still waits. It could not be carried out: "));
    html_text(&p->html, json_val_str(json_get_path(reply, "/task/failure/message")));
    buf_add(&p->html, STR("</p>"));
    add_form(p, true);
    send_page(p, 409);
}

static void decided(struct call *c)
{
    struct sign_page *p = CONTAINER_OF(c, struct sign_page, call);
    if (c->outcome != CALL_OK) {
        refused(p, c);
        return;
    }
    yyjson_val *reply = answer(c);
    if (!json_bool_or(reply, "carried_out", true)) {
        not_carried_out(p, reply);
        return;
    }
    add_head(p, str_is(p->action, "approve") ? "Signed" : "Refused");
    buf_add(&p->html, STR("<p>The buyer has been told.</p>"));
    send_page(p, 200);
}

static void show_order(struct sign_page *p, yyjson_val *buy)
{
    add_head(p, "An order waits for your signature");
    buf_add(&p->html, STR("<p>"));
    html_text(&p->html, json_str(p->task, "description"));
    buf_add(&p->html, STR("</p>"));
    if (buy) add_order(p, buy);
    add_form(p, true);
    send_page(p, 200);
}

static void buy_read(struct call *c)
{
    struct sign_page *p = CONTAINER_OF(c, struct sign_page, call);
    show_order(p, c->outcome == CALL_OK ? json_get_path(answer(c), "/media_buys/0") : NULL);
}

static void task_read(struct call *c)
{
    struct sign_page *p = CONTAINER_OF(c, struct sign_page, call);
    if (c->outcome != CALL_OK) {
        refused(p, c);
        return;
    }
    p->task = json_obj(answer(c), "task");
    if (!str_is(json_str(p->task, "subject_type"), "media_buy")) {
        show_order(p, NULL);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(&p->ex->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_push_str(doc, json_add_arr(doc, args, "media_buy_ids"), json_str(p->task, "subject_id"));
    call_tool(p, STR("get_media_buys"), doc, buy_read);
}

/* --- the request ----------------------------------------------------------------------------------------- */

static void decide(struct sign_page *p)
{
    yyjson_mut_doc *doc = json_doc_new(&p->ex->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_str(doc, args, "task_id", p->task_id);
    if (str_is(p->action, "approve") || str_is(p->action, "reject")) {
        json_add_str(doc, args, "decision", p->action);
        json_add_str_opt(doc, args, "reason", p->reason);
        call_tool(p, STR("x_task_resolve"), doc, decided);
    } else {
        call_tool(p, STR("x_task_get"), doc, task_read);
    }
}

void sign_page_handle(struct dispatcher *d, struct http_exchange *ex, struct str task_id)
{
    struct sign_page *p = ARENA_NEW(&ex->arena, struct sign_page);
    bool post = http_req_is(ex, "POST");
    *p = (struct sign_page){ .dispatcher = d, .ex = ex, .task_id = task_id };
    if (!id_text_valid(task_id, 128) || (!post && !http_req_is(ex, "GET") && !http_req_is(ex, "HEAD"))) {
        add_head(p, "There is nothing here");
        send_page(p, id_text_valid(task_id, 128) ? 405 : 404);
        return;
    }
    p->token = html_form_field(ex, "token");
    p->action = html_form_field(ex, "action");
    p->reason = html_form_field(ex, "reason");
    if (post && p->token.n) {
        decide(p);
        return;
    }
    add_head(p, "Sign an order");
    add_form(p, false);
    send_page(p, 200);
}
