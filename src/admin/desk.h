/* The desk: the web interface of the publisher's people, below /admin.
 *
 *     request -> route (pages.c) -> calls of operations, one after the other -> view, a JSON document -> template -> HTML
 *
 * A page is a list of operations and a template: what the operations answer stands in the view under the name of its call,
 * beside what the frame needs. Whoever asks for application/json gets the view itself. Nothing here reads the store: what
 * a person may see and do is decided by the gates (protocols/dispatch.h) from the operations' rows, for the desk as for
 * the command line and for REST.
 *
 * An action is what a form posts: one operation, then the browser is sent to a page; when the operation refuses, the page
 * of the form is shown again with the reason and what was filled in. Unsafe requests need the session's form token and
 * must come from this origin. Everything works without scripts. */
#pragma once

#include "admin/template.h"
#include "protocols/dispatch.h"

#define DESK_SEGMENTS_MAX 3
#define DESK_CALLS_MAX    6

struct desk_request;

/* One operation that a page asks. */
struct desk_ask {
    const char *as; /* the member of the view that its answer becomes */
    const char *operation; /* of the manifest; or one of our own pages' tools */
    /* Adds the arguments; NULL: it takes none. False: it is not asked this time. */
    bool (*arguments)(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args);
    bool optional; /* when this person may not ask it, or it fails, the page goes on without */
};

struct desk_page {
    const char *path; /* below /admin: "", "/decisions/{id}" */
    const char *title; /* in the browser's tab; may be replaced by a member "title" of the view */
    const char *nav; /* the entry of the side that is marked; NULL: none */
    const struct template *template;
    struct desk_ask asks[DESK_CALLS_MAX]; /* ends with an empty one */
    void (*finish)(struct desk_request *r); /* adds to the view what can be worked out from it; may be NULL */
    bool signed_out; /* needs no session */
    void (*handle)(struct desk_request *r); /* instead of all that: it answers itself, now or later */
    /* Instead of a template: JSON pointer in the first answer of HTML that is not ours. It is sent as it is, under a policy
     * that gives it an origin of its own. */
    const char *document;
    /* Instead of a template: the file of that name, comma-separated values made of the answers. Appends to `out`. */
    const char *file;
    void (*write)(struct desk_request *r, struct buf *out);
};

struct desk_action {
    const char *path;
    const char *operation;
    /* From the form. False: something is missing, desk_complain() has said what. */
    bool (*arguments)(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args);
    /* After the operation: where the browser goes. NULL from it: the page is shown instead, with what was put in the view. */
    const char *(*then)(struct desk_request *r, yyjson_val *answer);
    const struct desk_page *page; /* that has the form */
    bool signed_out;
    bool as_nobody; /* it is asked without this session, of the publisher that `arguments` names */
    bool secret; /* the answer holds a secret: it is not kept to be given again */
};

struct desk_request {
    struct call call;
    struct dispatcher *dispatcher;
    const struct desk_routes *routes;
    struct http_exchange *ex;
    struct arena *arena;
    struct str segments[DESK_SEGMENTS_MAX]; /* decoded; of the path's holes */
    struct str session; /* the cookie's secret; empty: none */
    struct str own; /* `session`, while an operation is asked without it */
    struct str tenant_id; /* that a link names; empty: none does */
    struct str bearer; /* of a page that asks for a token each time; empty: none */
    const struct desk_page *page;
    const struct desk_action *action;
    size_t next; /* of page->asks */
    yyjson_val *answers[DESK_CALLS_MAX]; /* to the page's asks */
    int status;
    bool confined; /* what is sent is not ours */
    yyjson_mut_doc *view; /* its root is the view */
    yyjson_val *me; /* what x_me_get answered; NULL: nobody is signed in */
};

/* All that there is. */
struct desk_routes {
    const struct desk_page *const *pages;
    size_t pages_n;
    const struct desk_action *const *actions;
    size_t actions_n;
    const struct desk_page *sign_in; /* where those go who have no session */
};

/* Answers a request below /admin; `rest` is its path after that. */
void desk_handle(const struct desk_routes *routes, struct dispatcher *d, struct http_exchange *ex, struct str rest);

/* ---- pages that stand alone: nobody is signed in, a link or a token in a form is the credential ---- */

struct desk_request *desk_begin(struct dispatcher *d, struct http_exchange *ex);
/* Calls a tool as whoever the link or `bearer` is. */
void desk_call_alone(struct desk_request *r, const char *tool, yyjson_mut_doc *args, void (*done)(struct call *c));
/* Answers with the page, or with its view for whoever asks for JSON. */
void desk_show_alone(struct desk_request *r, int status, const char *title, const struct template *page);
/* What the call that ended said of why it could not be. */
struct str desk_reason(struct desk_request *r);

/* ---- pages that answer themselves (desk_page.handle) ---- */

/* Calls a tool of our own through the desk's door; `done` gets the call of the request (desk_of). */
void desk_call(struct desk_request *r, const char *tool, yyjson_mut_doc *args, void (*done)(struct call *c));
struct desk_request *desk_of(struct call *c);
/* Sends the browser there. */
void desk_go(struct desk_request *r, const char *where);
/* The page where people sign in, with what went wrong. */
void desk_refuse_entry(struct desk_request *r, int status, const char *why);
/* A sentence instead of a page. */
void desk_trouble(struct desk_request *r, int status, const char *what);

/* ---- for pages ---- */

/* A field of the posted form, without blanks around it; empty when absent. */
struct str desk_field(struct desk_request *r, const char *name);
/* The same with its blanks, which belong to a password. */
struct str desk_field_whole(struct desk_request *r, const char *name);
/* All fields of that name, in order: true, the next one. */
struct desk_fields {
    const char *name;
    struct str rest;
};
struct desk_fields desk_fields_start(struct desk_request *r, const char *name);
bool desk_fields_next(struct desk_request *r, struct desk_fields *f, struct str *value);
/* A parameter of the query likewise. */
struct str desk_query(struct desk_request *r, const char *name);
/* The parsed answer of one of the page's asks; NULL when it was not asked or failed. */
yyjson_val *desk_answer(struct desk_request *r, const char *as);
/* Says what is wrong above the page, which is then shown with 422. */
void desk_complain(struct desk_request *r, const char *what);
/* Keeps what a form's field said in the view's "form", to be filled in again. */
void desk_keep(struct desk_request *r, const char *name);

/* The parameter of the query when it is one of the choices {value, label}, else "". */
const char *desk_choice(struct desk_request *r, const char *name, const char *const (*of)[2], size_t n);
/* Adds them to the view for a <select>, with the chosen one marked. */
void desk_choices_add(struct desk_request *r, const char *as, const char *const (*of)[2], size_t n, const char *chosen);
/* A parameter of the query as a text to search for: cut to `max` bytes, between characters. */
struct str desk_search(struct desk_request *r, const char *name, size_t max);
/* Adds to an object with elapsed, utilization and pacing what the template "progress" draws. */
void desk_bar_add(struct desk_request *r, yyjson_mut_val *o);
/* Appends the rows of the answer "found" as comma-separated values (RFC 4180), a cell for each of these members. What a
 * spreadsheet would take for a formula begins with an apostrophe. */
void desk_csv_rows(struct desk_request *r, struct buf *out, const char *const *columns, size_t columns_n);
/* A day of the query as it was given ("2027-03-01"), or `otherwise` (µs, of the publisher's calendar) when it is none. */
struct str desk_day(struct desk_request *r, const char *name, int64_t otherwise);
/* "9 Mar" of "2027-03-09"; the text itself when it is no day. */
struct str desk_day_label(struct desk_request *r, struct str date);
/* A text member of an object of the view; empty when it is none. */
struct str desk_text(yyjson_mut_val *o, const char *key);
/* Moves `member` of the answer `as` to the root of the view; NULL when it is not there. */
yyjson_mut_val *desk_lift(struct desk_request *r, const char *as, const char *member);
/* The path of the request without its last `words` words, with a query; for `then`. */
const char *desk_back(struct desk_request *r, int words, const char *query);
/* From `finish`: what was asked for is not there; the page says so with 404. */
void desk_not_there(struct desk_request *r, const char *what);
/* A whole number of at most nine digits. */
bool desk_whole(struct str text, int64_t *out);
/* The publisher's time zone. */
const struct tz *desk_zone(struct desk_request *r);

/* What the person may do. */
enum role desk_role(const struct desk_request *r);
bool desk_may(const struct desk_request *r, const char *operation);

/* Adds to the view what the frame around a page shows: the side with what this person may open. */
void desk_frame_add(struct desk_request *r);

/* ---- cookie.c ---- */

struct str desk_cookie_read(struct http_exchange *ex);
/* `secret` empty: it is taken away. */
void desk_cookie_set(struct http_exchange *ex, struct str secret);
/* Of the cookie that leads from our page to the identity provider and back; at most 300 bytes of id_text_valid. */
struct str desk_journey_read(struct http_exchange *ex);
void desk_journey_set(struct http_exchange *ex, struct str text);
/* What a form of this session must carry. */
struct str desk_form_token(struct arena *a, struct str installation_secret, struct str session);
/* Same origin, by Origin or by what browsers say themselves (Fetch Metadata). */
bool desk_same_origin(const struct http_exchange *ex);
