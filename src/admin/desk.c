#include "admin/desk.h"

#include "dialects/choose.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "desk_templates.h"
#include "protocols/html.h"
#include "protocols/http_call_headers.h"
#include "protocols/web_reply.h"

#define PAGE_MAX  ((size_t)4 << 20)
#define FIELD_MAX 4000

static const struct desk_page page_trouble = { .title = "Not possible", .template = &template_trouble };

/* --- the view --------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *root(struct desk_request *r)
{
    return r->view->root;
}

/* Also where something stands already: what is said last counts. */
static void put(struct desk_request *r, const char *key, yyjson_mut_val *value)
{
    yyjson_mut_obj_put(root(r), yyjson_mut_str(r->view, key), value);
}

void desk_complain(struct desk_request *r, const char *what)
{
    put(r, "complaint", yyjson_mut_strcpy(r->view, what));
    r->status = 422;
}

static yyjson_mut_val *form_of(struct desk_request *r)
{
    yyjson_mut_val *form = yyjson_mut_obj_get(root(r), "form");
    return form ? form : json_add_obj(r->view, root(r), "form");
}

static struct str trimmed(struct str s)
{
    while (s.n && memchr(" \t\r\n", s.p[0], 4)) s = str_skip(s, 1);
    while (s.n && memchr(" \t\r\n", s.p[s.n - 1], 4)) s.n--;
    return s;
}

struct str desk_field(struct desk_request *r, const char *name)
{
    return trimmed(html_form_field(r->ex, name));
}

struct str desk_field_whole(struct desk_request *r, const char *name)
{
    return html_form_field(r->ex, name);
}

struct desk_fields desk_fields_start(struct desk_request *r, const char *name)
{
    return (struct desk_fields){ name, r->ex->body };
}

bool desk_fields_next(struct desk_request *r, struct desk_fields *f, struct str *value)
{
    bool found = html_form_next(r->ex, &f->rest, f->name, value);
    if (found) *value = trimmed(*value);
    return found;
}

struct str desk_query(struct desk_request *r, const char *name)
{
    struct str value;
    if (!http_req_query(r->ex, name, &value) || value.n > FIELD_MAX || !utf8_valid(value)) return STR_NONE;
    return trimmed(value);
}

void desk_keep(struct desk_request *r, const char *name)
{
    json_add_str(r->view, form_of(r), name, desk_field(r, name));
}

yyjson_val *desk_answer(struct desk_request *r, const char *as)
{
    for (size_t i = 0; i < DESK_CALLS_MAX && r->page->asks[i].as; i++) {
        if (strcmp(r->page->asks[i].as, as) == 0) return r->answers[i];
    }
    return NULL;
}

struct str desk_search(struct desk_request *r, const char *name, size_t max)
{
    struct str s = desk_query(r, name);
    if (s.n <= max) return s;
    s.n = max;
    while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80) s.n--; /* not within a character */
    return s;
}

const char *desk_choice(struct desk_request *r, const char *name, const char *const (*of)[2], size_t n)
{
    struct str given = desk_query(r, name);
    for (size_t i = 0; i < n; i++) {
        if (str_is(given, of[i][0])) return of[i][0];
    }
    return "";
}

void desk_choices_add(struct desk_request *r, const char *as, const char *const (*of)[2], size_t n, const char *chosen)
{
    yyjson_mut_val *list = json_add_arr(r->view, root(r), as);
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(r->view, list);
        json_add_cstr(r->view, o, "value", of[i][0]);
        json_add_cstr(r->view, o, "label", of[i][1]);
        if (strcmp(of[i][0], chosen) == 0) json_add_bool(r->view, o, "chosen", true);
    }
}

struct str desk_text(yyjson_mut_val *o, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(o, key);
    return yyjson_mut_is_str(v) ? (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : STR_NONE;
}

yyjson_mut_val *desk_lift(struct desk_request *r, const char *as, const char *member)
{
    yyjson_mut_val *found = yyjson_mut_obj_get(yyjson_mut_obj_get(root(r), as), member);
    if (!found) return NULL;
    yyjson_mut_val *own = yyjson_mut_val_mut_copy(r->view, found);
    (void)yyjson_mut_obj_remove_key(root(r), as); /* it is there */
    put(r, member, own);
    return own;
}

const char *desk_back(struct desk_request *r, int words, const char *query)
{
    struct str path = r->ex->path;
    for (; words > 0 && path.n; words--) {
        do path.n--;
        while (path.n && path.p[path.n] != '/');
    }
    return arena_printf(r->arena, STR_FMT "?%s", STR_ARG(path), query).p;
}

static void csv_cell(struct buf *out, struct str text)
{
    bool formula = text.n && memchr("=+-@\t\r", text.p[0], 6) != NULL;
    int64_t number;
    if (formula && text.p[0] == '-' && desk_whole(str_skip(text, 1), &number)) formula = false;
    buf_add_char(out, '"');
    if (formula) buf_add_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') buf_add_char(out, '"');
        buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
}

void desk_csv_rows(struct desk_request *r, struct buf *out, const char *const *columns, size_t columns_n)
{
    yyjson_val *row;
    size_t i, n;
    yyjson_arr_foreach(json_arr(desk_answer(r, "found"), "rows"), i, n, row) {
        for (size_t k = 0; k < columns_n; k++) {
            yyjson_val *v = yyjson_obj_get(row, columns[k]);
            if (k) buf_add_char(out, ',');
            if (yyjson_is_num(v)) buf_add(out, json_write_val(r->arena, v));
            else csv_cell(out, json_val_str(v));
        }
        buf_add(out, STR("\r\n"));
    }
}

struct str desk_day(struct desk_request *r, const char *name, int64_t otherwise)
{
    char text[RFC3339_MAX];
    int64_t at;
    struct str given = desk_query(r, name);
    if (rfc3339_parse_date(given, &at) == 0) return given;
    size_t n = rfc3339_print_date(tz_day(desk_zone(r), otherwise) * USEC_PER_DAY, text);
    return arena_dup(r->arena, (struct str){ text, n });
}

struct str desk_day_label(struct desk_request *r, struct str date)
{
    int64_t at;
    if (rfc3339_parse_date(date, &at)) return date;
    char text[RFC3339_MAX];
    struct format_how how = { r->arena, tz_utc(), loop_now(r->dispatcher->loop) };
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    yyjson_mut_val *v = yyjson_mut_strncpy(r->view, text, n);
    return format_value(&how, SHOW_DAY, json_parse_own(r->arena, json_write(r->arena, v)), NULL);
}

bool desk_whole(struct str text, int64_t *out)
{
    int64_t n = 0;
    if (!text.n || text.n > 9) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return false;
        n = n * 10 + (text.p[i] - '0');
    }
    *out = n;
    return true;
}

/* --- what leaves ------------------------------------------------------------------------------------------------ */

static void header(struct http_exchange *ex, const char *name, const char *value)
{
    ENSURE(http_rep_header(ex, name, str_from(value)) == 0); /* our own */
}

/* Of everything below /admin: no other site learns where its readers came from. */
static void add_headers(struct http_exchange *ex)
{
    /* Not no-referrer: browsers would send "Origin: null" with the page's own form. */
    header(ex, "Referrer-Policy", "same-origin");
    header(ex, "X-Robots-Tag", "noindex");
}

/* Of what is ours: nothing runs but our own script, nobody frames it. */
static void guard(struct http_exchange *ex)
{
    header(
        ex, "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    header(ex, "X-Frame-Options", "DENY");
    header(ex, "Cross-Origin-Opener-Policy", "same-origin");
}

/* Of what a buyer wrote: it gets an origin of its own, which is nobody's, so that it can read nothing of the desk, send no
 * cookie of it and lead its window nowhere. It may load and run what an advertisement needs. */
static void confine(struct http_exchange *ex)
{
    header(
        ex, "Content-Security-Policy",
        "sandbox allow-scripts; default-src 'none'; img-src https: data:; media-src https: data:; font-src https: data:; "
        "style-src https: 'unsafe-inline'; script-src https: 'unsafe-inline'; frame-src https:; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'");
    header(ex, "X-Frame-Options", "SAMEORIGIN");
}

static bool wants_json(const struct http_exchange *ex)
{
    struct str accept = http_req_header(ex, "accept");
    return http_list_has(accept, "application/json") && !http_list_has(accept, "text/html");
}

static void send(struct desk_request *r, const char *type, struct str body)
{
    if (r->confined) confine(r->ex);
    else guard(r->ex);
    header(r->ex, "Cache-Control", "no-store");
    header(r->ex, "Vary", "Accept, Cookie");
    http_exchange_reply_with(r->ex, r->status, type, body);
}

void desk_go(struct desk_request *r, const char *where)
{
    r->status = 303;
    if (http_rep_header(r->ex, "Location", str_from(where))) header(r->ex, "Location", "/admin"); /* an odd id in it */
    send(r, "text/plain", STR_NONE);
}

const struct tz *desk_zone(struct desk_request *r)
{
    const struct tz *zone;
    struct err unknown; /* by now: the publisher's settings were checked when they were made */
    struct str name = json_str(json_obj(r->me, "publisher"), "timezone");
    return name.n && tz_load(r->arena, name, &zone, &unknown) == 0 ? zone : tz_utc();
}

static void send_page(struct desk_request *r, const struct template *frame, const struct template *page,
                      yyjson_val *view)
{
    struct format_how how = { r->arena, desk_zone(r), loop_now(r->dispatcher->loop) };
    struct buf html;
    struct err e;
    buf_init(&html, PAGE_MAX);
    template_render(frame, page, view, &how, &html);
    struct str body = buf_whole(&html, "a page", &e) ? STR("The page is too large to be shown.") : buf_str(&html);
    body = arena_dup(r->arena, body);
    buf_finish(&html);
    send(r, "text/html; charset=utf-8", body);
}

/* RFC 6266; the name is ours. */
static void send_file(struct desk_request *r)
{
    struct buf out;
    struct err e;
    buf_init(&out, PAGE_MAX);
    r->page->write(r, &out);
    struct str body = buf_whole(&out, "a file", &e) ? STR("too large\r\n") : buf_str(&out);
    body = arena_dup(r->arena, body);
    buf_finish(&out);
    header(r->ex, "Content-Disposition",
           arena_cstr(r->arena, arena_printf(r->arena, "attachment; filename=\"%s\"", r->page->file)));
    send(r, "text/csv; charset=utf-8", body);
}

/* What forms need: a token of this session, and a key that makes a form sent twice one operation. */
static void add_form(struct desk_request *r)
{
    if (!r->session.n) return;
    struct str secret = tx_secret(store_read(r->dispatcher->store));
    json_add_str(r->view, form_of(r), "token", desk_form_token(r->arena, secret, r->session));
    json_add_str(r->view, form_of(r), "key", uuid_new(r->arena, &r->dispatcher->loop->rng));
}

/* What was done before the browser was sent here: a word that the page has a sentence for. */
static void add_said(struct desk_request *r)
{
    struct str said = desk_query(r, "said");
    bool reads = http_req_is(r->ex, "GET") || http_req_is(r->ex, "HEAD");
    if (reads && id_text_valid(said, 24)) json_add_str(r->view, root(r), "said", said);
}

void desk_not_there(struct desk_request *r, const char *what)
{
    r->page = &page_trouble;
    if (!r->action || r->status < 400) r->status = 404; /* of a form that was refused that is what counts */
    put(r, "what", yyjson_mut_strcpy(r->view, what));
}

static void show(struct desk_request *r)
{
    if (r->page->finish) r->page->finish(r);
    if (!yyjson_mut_obj_get(root(r), "title")) json_add_cstr(r->view, root(r), "title", r->page->title);
    if (r->page->file && !wants_json(r->ex)) {
        send_file(r);
        return;
    }
    if (r->page->document && !wants_json(r->ex)) {
        r->confined = true;
        send(r, "text/html; charset=utf-8", json_val_str(json_get_path(r->answers[0], r->page->document)));
        return;
    }
    if (r->me) desk_frame_add(r);
    add_said(r);
    add_form(r);
    struct str text = json_write(r->arena, root(r));
    if (wants_json(r->ex)) send(r, "application/json", text);
    else send_page(r, r->me ? &template_frame : &template_plain, r->page->template, json_parse_own(r->arena, text));
}

void desk_show_alone(struct desk_request *r, int status, const char *title, const struct template *page)
{
    r->status = status;
    json_add_cstr(r->view, root(r), "title", title);
    struct str text = json_write(r->arena, root(r));
    if (wants_json(r->ex)) send(r, "application/json", text);
    else send_page(r, &template_plain, page, json_parse_own(r->arena, text));
}

/* Instead of the page: a sentence, and the way back. */
void desk_trouble(struct desk_request *r, int status, const char *what)
{
    r->page = &page_trouble;
    r->status = status;
    put(r, "what", yyjson_mut_strcpy(r->view, what));
    show(r);
}

/* --- calls ------------------------------------------------------------------------------------------------------ */

void desk_call(struct desk_request *r, const char *tool, yyjson_mut_doc *args, void (*done)(struct call *c))
{
    r->call = (struct call){ .arena = r->arena,
                             .transport = TRANSPORT_DESK,
                             .tool = str_from(tool),
                             .args = json_parse_own(r->arena, json_write(r->arena, args->root)),
                             .own_page = true,
                             .done = done };
    r->call.headers.host = r->ex->host;
    r->call.headers.secure = r->ex->secure;
    r->call.headers.session = r->session;
    r->call.headers.x_adcp_tenant = r->tenant_id;
    r->call.headers.x_adcp_dialect = dialect_of_pages();
    dispatch_call(r->dispatcher, &r->call);
}

struct desk_request *desk_of(struct call *c)
{
    return CONTAINER_OF(c, struct desk_request, call);
}

static yyjson_val *answer_of(const struct call *c)
{
    return json_parse_own(c->arena, c->body);
}

static int status_of(const struct call *c, yyjson_val *answer)
{
    struct str code = json_val_str(json_get_path(answer, "/adcp_error/code"));
    if (c->outcome == CALL_UNAVAILABLE) return 503;
    if (c->outcome == CALL_UNAUTHENTICATED) return 401;
    if (str_is(code, "PERMISSION_DENIED")) return 403;
    static const char *const not_there[] = { "REFERENCE_NOT_FOUND", "MEDIA_BUY_NOT_FOUND", "CREATIVE_NOT_FOUND",
                                             "PRODUCT_NOT_FOUND" };
    for (size_t i = 0; i < ARRAY_LEN(not_there); i++) {
        if (str_is(code, not_there[i])) return 404;
    }
    if (str_is(code, "RATE_LIMITED")) return 429;
    if (str_is(code, "INVALID_STATE") || str_is(code, "CONFLICT")) return 409;
    return 422;
}

static struct str reason_of(struct desk_request *r, yyjson_val *answer)
{
    struct str message = json_val_str(json_get_path(answer, "/adcp_error/message"));
    struct str advice = json_val_str(json_get_path(answer, "/adcp_error/suggestion"));
    if (!message.n) return STR("The agent could not do this now; try again.");
    return advice.n ? arena_printf(r->arena, STR_FMT " " STR_FMT, STR_ARG(message), STR_ARG(advice)) : message;
}

struct str desk_reason(struct desk_request *r)
{
    return reason_of(r, answer_of(&r->call));
}

/* Not the desk's own door: a link is nobody's session, and a token is what it is everywhere. */
void desk_call_alone(struct desk_request *r, const char *tool, yyjson_mut_doc *args, void (*done)(struct call *c))
{
    r->call = (struct call){ .arena = r->arena,
                             .transport = TRANSPORT_REST,
                             .tool = str_from(tool),
                             .args = json_parse_own(r->arena, json_write(r->arena, args->root)),
                             .own_page = true,
                             .done = done };
    call_headers_read(r->ex, &r->call.headers);
    r->call.headers.authorization =
        r->bearer.n ? arena_printf(r->arena, "Bearer " STR_FMT, STR_ARG(r->bearer)) : STR_NONE;
    r->call.headers.x_adcp_auth = STR_NONE;
    if (r->tenant_id.n) r->call.headers.x_adcp_tenant = r->tenant_id;
    r->call.headers.x_adcp_dialect = dialect_of_pages();
    dispatch_call(r->dispatcher, &r->call);
}

void desk_refuse_entry(struct desk_request *r, int status, const char *why)
{
    r->page = r->routes->sign_in;
    desk_complain(r, why);
    r->status = status;
    show(r);
}

/* Whoever has no session goes to sign in, and comes back. */
static void sign_in(struct desk_request *r)
{
    bool reads = http_req_is(r->ex, "GET") || http_req_is(r->ex, "HEAD");
    r->me = NULL;
    if (r->session.n) desk_cookie_set(r->ex, STR_NONE); /* it opens nothing any more */
    r->session = STR_NONE;
    if (reads && !wants_json(r->ex)) {
        desk_go(r, "/admin/sign-in");
        return;
    }
    desk_refuse_entry(r, 401, "You are not signed in, or not any more. Nothing was changed.");
}

/* --- a page ----------------------------------------------------------------------------------------------------- */

static void ask_next(struct desk_request *r);

static void asked(struct call *c)
{
    struct desk_request *r = desk_of(c);
    const struct desk_ask *ask = &r->page->asks[r->next];
    yyjson_val *answer = answer_of(c);
    if (c->outcome != CALL_OK && !ask->optional) {
        /* Of a form that was refused that is what counts, whatever has become of its page. */
        int status = r->action && r->status >= 400 ? r->status : status_of(c, answer);
        desk_trouble(r, status, arena_cstr(r->arena, reason_of(r, answer)));
        return;
    }
    if (c->outcome == CALL_OK) {
        r->answers[r->next] = answer;
        put(r, ask->as, json_copy(r->view, answer));
    }
    r->next++;
    ask_next(r);
}

static void ask_next(struct desk_request *r)
{
    for (; r->next < DESK_CALLS_MAX && r->page->asks[r->next].as; r->next++) {
        const struct desk_ask *ask = &r->page->asks[r->next];
        yyjson_mut_doc *doc = json_doc_new(r->arena);
        yyjson_mut_val *args = json_root_obj(doc);
        if (ask->arguments && !ask->arguments(r, doc, args)) continue;
        desk_call(r, ask->operation, doc, asked);
        return;
    }
    show(r);
}

static void know_me(struct call *c)
{
    struct desk_request *r = desk_of(c);
    yyjson_val *answer = answer_of(c);
    if (c->outcome == CALL_UNAUTHENTICATED) {
        sign_in(r);
        return;
    }
    if (c->outcome != CALL_OK) {
        desk_trouble(r, status_of(c, answer), arena_cstr(r->arena, reason_of(r, answer)));
        return;
    }
    r->me = answer;
    put(r, "me", json_copy(r->view, answer));
    if (r->page == &page_trouble) show(r);
    else ask_next(r);
}

static void start_page(struct desk_request *r)
{
    r->next = 0;
    if (r->page->handle) {
        r->page->handle(r);
        return;
    }
    if (r->page->signed_out) {
        ask_next(r);
        return;
    }
    if (!r->session.n) {
        sign_in(r);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    (void)json_root_obj(doc); /* it takes no arguments */
    desk_call(r, "x_me_get", doc, know_me);
}

/* --- an action -------------------------------------------------------------------------------------------------- */

static void acted(struct call *c)
{
    struct desk_request *r = desk_of(c);
    if (r->action->as_nobody) {
        r->session = r->own;
        r->tenant_id = STR_NONE;
    }
    yyjson_val *answer = answer_of(c);
    if (c->outcome == CALL_UNAUTHENTICATED && r->action->as_nobody) {
        desk_complain(r, "There is nothing of that name here. Nothing was changed.");
        r->status = 404;
        start_page(r);
        return;
    }
    if (c->outcome == CALL_UNAUTHENTICATED) {
        sign_in(r);
        return;
    }
    if (c->outcome == CALL_OK) {
        const char *where = r->action->then(r, answer);
        if (where) desk_go(r, where);
        else start_page(r);
        return;
    }
    desk_complain(r, arena_cstr(r->arena, reason_of(r, answer)));
    r->status = status_of(c, answer);
    start_page(r);
}

/* The same form with the same arguments is the same operation; another button of it is another. */
static void add_key(struct desk_request *r, yyjson_mut_doc *doc)
{
    uint8_t hash[SHA256_BYTES];
    struct str key = desk_field(r, "key");
    const struct operation *o = operation_find(str_from(r->action->operation));
    if (!o || !o->changes || !key.n || r->action->secret) return;
    sha256(arena_printf(r->arena, STR_FMT "\n%s\n" STR_FMT, STR_ARG(key), o->name,
                        STR_ARG(json_write(r->arena, doc->root))),
           hash);
    json_add_str(doc, doc->root, "idempotency_key",
                 base64url_encode(r->arena, (struct str){ (const char *)hash, sizeof(hash) }));
}

static void start_action(struct desk_request *r)
{
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    r->page = r->action->page;
    if (!html_form_sound(r->ex)) {
        desk_complain(r, "A field holds more than a page takes, or what is no text. Nothing was changed.");
        start_page(r);
        return;
    }
    if (!r->action->arguments(r, doc, args)) {
        start_page(r);
        return;
    }
    add_key(r, doc);
    if (r->action->as_nobody) {
        r->own = r->session;
        r->session = STR_NONE;
    }
    desk_call(r, r->action->operation, doc, acted);
}

/* --- the request ------------------------------------------------------------------------------------------------ */

static bool path_matches(struct desk_request *r, const char *pattern, struct str path)
{
    struct str want = str_from(pattern);
    size_t holes = 0;
    while (want.n && path.n) {
        size_t w = 1, p = 1;
        while (w < want.n && want.p[w] != '/') w++;
        while (p < path.n && path.p[p] != '/') p++;
        if (want.p[1] == '{') {
            struct str text;
            if (p < 2 || http_percent_decode(r->arena, (struct str){ path.p + 1, p - 1 }, &text) || !utf8_valid(text) ||
                text.n > FIELD_MAX || holes == DESK_SEGMENTS_MAX)
                return false;
            r->segments[holes++] = text;
        } else if (w != p || memcmp(want.p, path.p, w) != 0) {
            return false;
        }
        want = str_skip(want, w);
        path = str_skip(path, p);
    }
    return !want.n && !path.n;
}

static bool find_page(struct desk_request *r, struct str path)
{
    for (size_t i = 0; i < r->routes->pages_n && !r->page; i++) {
        if (path_matches(r, r->routes->pages[i]->path, path)) r->page = r->routes->pages[i];
    }
    return r->page != NULL;
}

static bool find_action(struct desk_request *r, struct str path)
{
    for (size_t i = 0; i < r->routes->actions_n && !r->action; i++) {
        if (path_matches(r, r->routes->actions[i]->path, path)) r->action = r->routes->actions[i];
    }
    return r->action != NULL;
}

/* A form of ours, of this session: from this origin, with the token that only our page of this session knows. */
static const char *foreign(struct desk_request *r)
{
    if (!desk_same_origin(r->ex)) return "This request did not come from the desk itself. Nothing was changed.";
    if (r->action->signed_out) return NULL;
    struct str given = desk_field(r, "token"), secret = tx_secret(store_read(r->dispatcher->store));
    if (!given.n) given = http_req_header(r->ex, "x-form-token");
    if (secret_eq(given, desk_form_token(r->arena, secret, r->session))) return NULL;
    return "The form was of another session. Nothing was changed: open the page again.";
}

/* The trouble's page still has its frame, when somebody is signed in. */
static void trouble_in_frame(struct desk_request *r, int status, const char *what)
{
    if (!r->session.n) {
        desk_trouble(r, status, what);
        return;
    }
    r->page = &page_trouble;
    r->status = status;
    put(r, "what", yyjson_mut_strcpy(r->view, what));
    start_page(r);
}

static bool asset_answered(struct http_exchange *ex, struct str path)
{
    static const struct {
        const char *path, *type, *text;
    } assets[] = {
        { "/desk.css", "text/css; charset=utf-8", asset_desk_css },
        { "/desk.js", "text/javascript; charset=utf-8", asset_desk_js },
        { "/icon.svg", "image/svg+xml", asset_icon_svg },
    };
    for (size_t i = 0; i < ARRAY_LEN(assets); i++) {
        if (!str_is(path, assets[i].path)) continue;
        if (!web_methods_admit(ex, STR("GET, HEAD"))) return true;
        guard(ex);
        header(ex, "Cache-Control", "no-cache");
        web_reply_tagged(ex, assets[i].type, str_from(assets[i].text), STR_NONE);
        return true;
    }
    return false;
}

struct desk_request *desk_begin(struct dispatcher *d, struct http_exchange *ex)
{
    struct desk_request *r = ARENA_NEW(&ex->arena, struct desk_request);
    *r = (struct desk_request){ .dispatcher = d, .ex = ex, .arena = &ex->arena, .status = 200 };
    r->view = json_doc_new(r->arena);
    (void)json_root_obj(r->view); /* the view */
    add_headers(ex);
    return r;
}

void desk_handle(const struct desk_routes *routes, struct dispatcher *d, struct http_exchange *ex, struct str rest)
{
    struct desk_request *r = desk_begin(d, ex);
    r->routes = routes;
    if (asset_answered(ex, rest)) return;
    r->session = desk_cookie_read(ex);
    bool post = http_req_is(ex, "POST"), reads = http_req_is(ex, "GET") || http_req_is(ex, "HEAD");
    if (!post && !reads) {
        if (web_methods_admit(ex, STR("GET, HEAD, POST"))) desk_trouble(r, 405, "This page exists for other methods.");
        return;
    }
    if (reads ? !find_page(r, rest) : !find_action(r, rest)) {
        trouble_in_frame(r, 404, "There is no such page.");
        return;
    }
    if (reads) {
        start_page(r);
        return;
    }
    if (!r->action->signed_out && !r->session.n) {
        sign_in(r);
        return;
    }
    const char *why = foreign(r);
    if (why) trouble_in_frame(r, 403, why);
    else start_action(r);
}
