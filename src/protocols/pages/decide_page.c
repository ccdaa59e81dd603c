#include "protocols/pages/decide_page.h"

#include "base/rfc3339.h"
#include "base/tz.h"
#include "dialects/choose.h"
#include "contract/limits.h"
#include "protocols/pages/html.h"
#include "protocols/http_call_headers.h"

#define PAGE_MAX   ((size_t)1 << 20)
#define FIGURE_MAX 12 /* bytes of a sum: on one line, also on a phone */

struct decide_page {
    struct call call;
    struct dispatcher *dispatcher;
    struct http_exchange *ex;
    struct str tenant_id, link, decision, reason, name;
    struct str note;       /* why what was sent was not done, above the same page */
    const struct tz *zone; /* the publisher's */
    struct str zone_name;
    struct buf html;
};

/* --- HTML ------------------------------------------------------------------------------------------------ */

static const char style[] =
    "*{box-sizing:border-box}body{font:17px/1.5 system-ui,sans-serif;max-width:40em;margin:0 auto;padding:1rem;color:#1b1b1b}"
    "h1{font-size:1.35rem}dl{margin:0}dt{color:#555;font-size:.85rem;margin-top:.7rem}dd{margin:0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{padding:.35rem .5rem;border-bottom:1px solid #ccc;"
    "text-align:left;vertical-align:top;overflow-wrap:break-word}td:last-child{overflow-wrap:anywhere}td.n{white-space:nowrap}"
    "@media(max-width:30rem){td{font-size:.85rem}td,th{padding:.35rem .3rem}}th{white-space:nowrap;font-size:.85rem}textarea,input{width:100%;font:inherit;padding:.5rem}"
    "button{font:inherit;width:100%;padding:.9rem;margin-top:.7rem;border-radius:.4rem;border:1px solid #333;background:#fff}"
    "button.yes{background:#14532d;border-color:#14532d;color:#fff}.note{background:#fff4d6;padding:.7rem;border-radius:.4rem}";

static void begin_page(struct decide_page *p, const char *title)
{
    buf_init(&p->html, PAGE_MAX);
    buf_add(&p->html, STR("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                          "content=\"width=device-width, initial-scale=1\"><title>"));
    html_text(&p->html, str_from(title));
    buf_add(&p->html, STR("</title><style>"));
    buf_add(&p->html, str_from(style));
    buf_add(&p->html, STR("</style><main><h1>"));
    html_text(&p->html, str_from(title));
    buf_add(&p->html, STR("</h1>"));
}

static void end_page(struct decide_page *p, int status)
{
    buf_add(&p->html, STR("</main></html>"));
    html_send(p->ex, status, &p->html);
}

/* "2027-05-01T00:00:00Z" for people, by the publisher's clocks: to the minute, also at midnight, because a flight that ends
 * then does not run on that day. Anything else as it is. */
static struct str time_text(struct decide_page *p, struct str s)
{
    char text[RFC3339_MAX];
    int64_t at;
    if (s.n != 20 || s.p[10] != 'T' || s.p[19] != 'Z' || rfc3339_parse(s, &at)) return s;
    if (p->zone) at += tz_offset_s(p->zone, at) * USEC_PER_SEC;
    (void)rfc3339_print(at, RFC3339_SECONDS, text); /* the clock on the wall, printed as if it were UTC */
    return arena_printf(&p->ex->arena, "%.10s %.5s " STR_FMT, text, text + 11,
                        STR_ARG(p->zone ? p->zone_name : STR("UTC")));
}

static void know_zone(struct decide_page *p, struct str name)
{
    struct err unknown; /* then it is UTC */
    p->zone_name = name;
    if (tz_load(&p->ex->arena, name, &p->zone, &unknown)) p->zone = NULL;
}

static void add_fact(struct decide_page *p, const char *name, struct str value)
{
    if (!value.n) return;
    buf_addf(&p->html, "<dt>%s<dd>", name);
    html_text(&p->html, time_text(p, value));
}

static struct str shown(struct decide_page *p, yyjson_val *v)
{
    if (!v) return STR_NONE;
    return yyjson_is_str(v) ? json_val_str(v) : json_write_val(&p->ex->arena, v);
}

struct cells {
    const char *heads[5]; /* ends with NULL */
    const char *members[5];
};

static void add_table(struct decide_page *p, yyjson_val *list, const struct cells *c)
{
    size_t i, n;
    yyjson_val *row;
    if (yyjson_arr_size(list) == 0) return;
    buf_add(&p->html, STR("<table><tr>"));
    for (size_t k = 0; c->heads[k]; k++) buf_addf(&p->html, "<th>%s", c->heads[k]);
    yyjson_arr_foreach(list, i, n, row) {
        buf_add(&p->html, STR("<tr>"));
        for (size_t k = 0; c->heads[k]; k++) {
            struct str text = time_text(p, shown(p, yyjson_obj_get(row, c->members[k])));
            bool figure = text.n > 0 && text.n <= FIGURE_MAX && text.p[0] >= '0' && text.p[0] <= '9';
            buf_add(&p->html, figure ? STR("<td class=\"n\">") : STR("<td>"));
            html_text(&p->html, text);
        }
    }
    buf_add(&p->html, STR("</table>"));
}

static void add_preview(struct decide_page *p, yyjson_val *task)
{
    yyjson_val *calls = json_arr(json_obj(task, "plan"), "would_call"), *line;
    struct str why = json_str(json_obj(task, "impossible"), "message");
    size_t i, n;
    if (why.n) {
        buf_add(&p->html, STR("<p class=\"note\">Approving this now would fail: "));
        html_text(&p->html, why);
        buf_add(&p->html, STR("</p>"));
    }
    if (yyjson_arr_size(calls) == 0) return;
    buf_add(&p->html, STR("<p>The ad server would be asked:</p><ul>"));
    yyjson_arr_foreach(calls, i, n, line) {
        buf_add(&p->html, STR("<li>"));
        html_text(&p->html, json_val_str(line));
    }
    buf_add(&p->html, STR("</ul>"));
}

static void add_buy(struct decide_page *p, yyjson_val *buy)
{
    static const struct cells packages = { { "Product", "Budget", "From", "To", NULL },
                                           { "product", "budget", "start_time", "end_time", NULL } };
    struct str total = shown(p, yyjson_obj_get(buy, "total_budget"));
    add_fact(p, "Name", json_str(buy, "name"));
    add_fact(p, "Advertiser", json_str(buy, "advertiser"));
    add_fact(p, "Total",
             arena_printf(&p->ex->arena, STR_FMT " " STR_FMT, STR_ARG(total), STR_ARG(json_str(buy, "currency"))));
    add_fact(p, "From", json_str(buy, "start_time"));
    add_fact(p, "To", json_str(buy, "end_time"));
    buf_add(&p->html, STR("</dl>"));
    add_table(p, json_arr(buy, "packages"), &packages);
    buf_add(&p->html, STR("<dl>"));
}

/* Nothing of a creative is loaded or run here: its texts are shown as text, its addresses are there to be opened. */
static void add_creative(struct decide_page *p, yyjson_val *creative)
{
    size_t i, n;
    yyjson_val *asset;
    add_fact(p, "Format", json_str(creative, "format"));
    yyjson_arr_foreach(json_arr(creative, "assets"), i, n, asset) {
        struct str url = json_str(asset, "url");
        bool link = str_starts(url, STR("https://"));
        buf_add(&p->html, STR("<dt>"));
        html_text(&p->html, json_str(asset, "asset"));
        buf_add(&p->html, STR(", "));
        html_text(&p->html, json_str(asset, "type"));
        buf_add(&p->html, STR("<dd>"));
        if (link) {
            buf_add(&p->html, STR("<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" href=\""));
            html_text(&p->html, url);
            buf_add(&p->html, STR("\">"));
        }
        html_text(&p->html, json_str(asset, "content"));
        if (link) buf_add(&p->html, STR("</a>"));
    }
}

static void add_form(struct decide_page *p)
{
    buf_add(
        &p->html,
        STR("<form method=\"post\" autocomplete=\"off\"><label for=\"name\">Your name (kept with the decision)</label>"
            "<input id=\"name\" name=\"name\" maxlength=\"100\" autocomplete=\"name\" value=\""));
    html_text(&p->html, p->name);
    buf_add(&p->html, STR("\"><label for=\"reason\">Reason (the buyer is told; needed "
                          "to reject)</label><textarea id=\"reason\" name=\"reason\" rows=\"3\" maxlength=\"500\">"));
    html_text(&p->html, p->reason);
    buf_add(&p->html, STR("</textarea><button class=\"yes\" name=\"decision\" value=\"approve\">Approve</button>"
                          "<button name=\"decision\" value=\"reject\">Reject</button></form>"
                          "<p><small>This link decides once, and only this.</small></p>"));
}

static void add_task(struct decide_page *p, yyjson_val *task, yyjson_val *root)
{
    yyjson_val *buy = json_obj(root, "media_buy"), *creative = json_obj(root, "creative");
    static const struct cells changes = { { "Field", "Package", "Before", "After", NULL },
                                          { "field", "package_id", "before", "after", NULL } };
    static const struct cells findings = { { "Check", "Result", "Detail", NULL },
                                           { "check", "status", "detail", NULL } };
    struct str failure = json_str(json_obj(task, "failure"), "message");
    if (failure.n) {
        buf_add(&p->html, STR("<p class=\"note\">The last decision could not be carried out: "));
        html_text(&p->html, failure);
        buf_add(&p->html, STR("</p>"));
    }
    if (p->note.n) {
        buf_add(&p->html, STR("<p class=\"note\" role=\"alert\">"));
        html_text(&p->html, p->note);
        buf_add(&p->html, STR("</p>"));
    }
    buf_add(&p->html, STR("<dl>"));
    add_fact(p, "What", json_str(task, "description"));
    add_fact(p, "Kind", json_str(task, "kind"));
    add_fact(p, "Of", json_str(task, "subject_id"));
    add_fact(p, "From buyer", json_str(task, "principal_id"));
    add_fact(p, "Why a person decides", json_str(task, "rule"));
    add_fact(p, "Until", json_str(task, "due_at"));
    if (buy) add_buy(p, buy);
    if (creative) add_creative(p, creative);
    buf_add(&p->html, STR("</dl>"));
    add_table(p, json_arr(task, "difference"), &changes);
    add_table(p, json_arr(task, "findings"), &findings);
    add_preview(p, task);
}

/* --- calls ----------------------------------------------------------------------------------------------- */

static yyjson_val *answer(const struct call *c)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(c->arena, c->body, &json_limits_request, &doc, &e)) return NULL;
    return yyjson_doc_get_root(doc);
}

static void refused(struct decide_page *p, const struct call *c)
{
    struct str message = json_val_str(json_get_path(answer(c), "/adcp_error/message"));
    begin_page(p, "Not possible");
    buf_add(&p->html, STR("<p>"));
    html_text(&p->html, message.n ? message : STR("The agent could not do this now; try again."));
    buf_add(&p->html, STR("</p>"));
    end_page(p, c->outcome == CALL_UNAVAILABLE ? 503 : str_is(p->decision, "") ? 404 : 422);
}

static void task_read(struct call *c)
{
    struct decide_page *p = CONTAINER_OF(c, struct decide_page, call);
    if (c->outcome != CALL_OK) {
        refused(p, c);
        return;
    }
    yyjson_val *root = answer(c), *task = json_obj(root, "task");
    bool open = json_bool_or(task, "open", false);
    bool may = json_bool_or(root, "may_decide", true);
    know_zone(p, json_str(root, "timezone"));
    begin_page(p, open ? "A decision waits for you" : "This was decided already");
    add_task(p, task, root);
    if (open && may) add_form(p);
    if (open && !may) {
        buf_add(&p->html,
                STR("<p class=\"note\">An administrator decides this, and this link may decide only what an operator "
                    "may. Decide it signed in, or with <code>salesagent task approve</code>.</p>"));
    }
    end_page(p, p->note.n ? 422 : 200);
}

static void call_tool(struct decide_page *p, struct str tool, yyjson_mut_doc *doc, void (*done)(struct call *c))
{
    yyjson_doc *args;
    struct err e;
    if (json_parse(&p->ex->arena, json_write(&p->ex->arena, doc->root), &json_limits_request, &args, &e)) {
        begin_page(p, "Not possible");
        end_page(p, 400); /* a reason that is no text */
        return;
    }
    p->call = (struct call){ .arena = &p->ex->arena,
                             .transport = TRANSPORT_REST,
                             .tool = tool,
                             .args = yyjson_doc_get_root(args),
                             .own_page = true,
                             .done = done };
    p->call.headers.host = p->ex->host;
    p->call.headers.x_adcp_tenant = p->tenant_id;
    p->call.headers.x_adcp_dialect = dialect_of_pages();
    dispatch_call(p->dispatcher, &p->call);
}

/* What was sent cannot be done (a rejection wants a reason): the same page with what was written, and why. */
static void again(struct decide_page *p, struct str why)
{
    yyjson_mut_doc *doc = json_doc_new(&p->ex->arena);
    p->note = why;
    json_add_str(doc, json_root_obj(doc), "link", p->link);
    call_tool(p, STR("x_link_get"), doc, task_read);
}

static void decided(struct call *c)
{
    struct decide_page *p = CONTAINER_OF(c, struct decide_page, call);
    struct str why = json_val_str(json_get_path(answer(c), "/adcp_error/message"));
    if (c->outcome != CALL_OK && c->outcome != CALL_UNAVAILABLE && why.n) {
        again(p, why);
        return;
    }
    if (c->outcome != CALL_OK) {
        refused(p, c);
        return;
    }
    yyjson_val *task = json_obj(answer(c), "task");
    if (json_bool_or(task, "open", false)) {
        begin_page(p, "It could not be carried out");
        add_task(p, task, NULL);
        buf_add(&p->html, STR("<p>The task stays open. You can try again.</p>"));
        add_form(p);
    } else if (json_bool_or(task, "executing", false)) {
        begin_page(p, "Approved");
        buf_add(&p->html,
                STR("<p>The ad server is being asked. The buyer is told when it has agreed; should it not, the task "
                    "waits for you again.</p>"));
    } else {
        begin_page(p, str_is(json_str(task, "decision"), "approved") ? "Approved" : "Rejected");
        buf_add(&p->html, STR("<p>Done. The buyer is told.</p>"));
    }
    end_page(p, 200);
}

/* TENANT.LINK.SEAL, from the right: the tenant's id may hold dots. */
static bool split(struct decide_page *p, struct str text)
{
    size_t dots = 0, n = text.n;
    while (n > 0 && dots < 2) dots += text.p[--n] == '.';
    if (dots < 2 || n == 0) return false;
    p->tenant_id = (struct str){ text.p, n };
    p->link = str_skip(text, n + 1);
    return true;
}

void decide_page_handle(struct dispatcher *d, struct http_exchange *ex, struct str link)
{
    struct decide_page *p = ARENA_NEW(&ex->arena, struct decide_page);
    bool post = http_req_is(ex, "POST");
    *p = (struct decide_page){ .dispatcher = d, .ex = ex };
    if (!id_text_valid(link, 300) || !split(p, link)) {
        begin_page(p, "There is nothing here");
        end_page(p, 404);
        return;
    }
    if (!post && !http_req_is(ex, "GET") && !http_req_is(ex, "HEAD")) {
        begin_page(p, "Not possible");
        end_page(p, 405);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(&ex->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_str(doc, args, "link", p->link);
    if (!post) {
        call_tool(p, STR("x_link_get"), doc, task_read);
        return;
    }
    p->decision = html_form_field(ex, "decision");
    p->reason = html_form_field(ex, "reason");
    p->name = html_form_field(ex, "name");
    json_add_str(doc, args, "decision", p->decision);
    json_add_str_opt(doc, args, "reason", p->reason);
    json_add_str_opt(doc, args, "name", p->name);
    call_tool(p, STR("x_link_decide"), doc, decided);
}
