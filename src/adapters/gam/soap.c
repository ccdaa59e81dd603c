/* SOAP 1.1, document/literal wrapped: a request is written from an object in the order of the vendor's schemas; an answer is read
 * into a tree. A fault has status 500 and in its detail an ApiExceptionFault with errors {fieldPath, trigger, errorString:
 * "QuotaError.EXCEEDED_QUOTA"}; what no schema allows has a faultstring only. */
#include "adapters/gam/gam_soap.h"

#include <expat.h>

#include "base/buf.h"

#define REQUEST_BYTES ((size_t)24 << 20) /* a template's files, in base64 */
#define ANSWER_BYTES  ((size_t)1 << 20)
#define ENVELOPE_NS   "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI_NS        "http://www.w3.org/2001/XMLSchema-instance"
#define BYTES_MAX     ((size_t)1 << 20)
#define DEPTH_MAX     32
#define ELEMENTS_MAX  20000
#define TEXT_MAX      ((size_t)64 << 10) /* of one element */
#define BUSY_S        60
#define QUOTA_S       5 /* "wait five seconds, and longer each time": the runner does the rest */

/* ---- writing ---- */

static const char *members_of(const char *type)
{
    const struct gam_soap_type *t = gam_soap_types;
    while (t->name && strcmp(t->name, type) != 0) t++;
    ENSURE(t->name); /* our own words only */
    return t->members;
}

/* Character data: what XML 1.0 has no way to hold becomes a question mark. */
static void put_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool noncharacter =
            c == 0xef && i + 2 < s.n && (unsigned char)s.p[i + 1] == 0xbf && (unsigned char)s.p[i + 2] >= 0xbe;
        if (c == '&') buf_add(b, STR("&amp;"));
        else if (c == '<') buf_add(b, STR("&lt;"));
        else if (c == '>') buf_add(b, STR("&gt;"));
        else if (c == '\r') buf_add(b, STR("&#13;"));
        else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f || noncharacter) buf_add_char(b, '?');
        else buf_add_char(b, (char)c);
        if (noncharacter) i += 2;
    }
}

static void put_value(struct buf *b, struct str name, struct str type, yyjson_mut_val *v);

/* The members of an object, in the order of its type. */
static void put_members(struct buf *b, const char *type, yyjson_mut_val *obj)
{
    size_t found = 0, given = yyjson_mut_obj_size(obj) - (yyjson_mut_obj_get(obj, "$type") ? 1 : 0);
    for (const char *p = members_of(type); *p;) {
        size_t n = strcspn(p, " "), name_n = strcspn(p, ": ");
        struct str name = { p, name_n },
                   declared = n > name_n ? (struct str){ p + name_n + 1, n - name_n - 1 } : STR_NONE;
        yyjson_mut_val *v = yyjson_mut_obj_getn(obj, name.p, name.n);
        if (v) {
            put_value(b, name, declared, v);
            found++;
        }
        p += n + (p[n] == ' ');
    }
    ENSURE(found == given); /* a member that the type does not have would be lost */
}

static void put_plain(struct buf *b, yyjson_mut_val *v)
{
    if (yyjson_mut_is_str(v)) put_text(b, (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) });
    else if (yyjson_mut_is_bool(v)) buf_add(b, yyjson_mut_get_bool(v) ? STR("true") : STR("false"));
    else buf_addf(b, "%lld", (long long)yyjson_mut_get_sint(v));
}

static void put_one(struct buf *b, struct str name, struct str declared, yyjson_mut_val *v)
{
    char type[64];
    const char *own = yyjson_mut_get_str(yyjson_mut_obj_get(v, "$type"));
    struct str of = own ? str_from(own) : declared;
    buf_addf(b, "<" STR_FMT, STR_ARG(name));
    if (own) buf_addf(b, " xsi:type=\"%s\"", own);
    buf_add_char(b, '>');
    if (yyjson_mut_is_obj(v)) {
        ENSURE(of.n > 0 && of.n < sizeof(type));
        memcpy(type, of.p, of.n);
        type[of.n] = 0;
        put_members(b, type, v);
    } else {
        put_plain(b, v);
    }
    buf_addf(b, "</" STR_FMT ">", STR_ARG(name));
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as our own requests are nested */
static void put_value(struct buf *b, struct str name, struct str type, yyjson_mut_val *v)
{
    yyjson_mut_arr_iter list;
    if (!yyjson_mut_is_arr(v)) {
        put_one(b, name, type, v);
        return;
    }
    yyjson_mut_arr_iter_init(v, &list);
    while ((v = yyjson_mut_arr_iter_next(&list))) put_one(b, name, type, v);
}

static void put_envelope(struct buf *b, const struct gam_config *c, const char *operation,
                         const yyjson_mut_val *arguments)
{
    struct str ns = STR("https://www.google.com/apis/ads/publisher/");
    buf_add(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"" ENVELOPE_NS
                   "\" xmlns:xsi=\"" XSI_NS "\"><soapenv:Header>"));
    buf_addf(b, "<RequestHeader xmlns=\"" STR_FMT STR_FMT "\">", STR_ARG(ns), STR_ARG(c->soap_version));
    buf_addf(b, "<networkCode>" STR_FMT "</networkCode><applicationName>salesagent</applicationName>",
             STR_ARG(c->network));
    buf_add(b, STR("</RequestHeader></soapenv:Header><soapenv:Body>"));
    buf_addf(b, "<%s xmlns=\"" STR_FMT STR_FMT "\">", operation, STR_ARG(ns), STR_ARG(c->soap_version));
    put_members(b, operation, (yyjson_mut_val *)arguments);
    buf_addf(b, "</%s></soapenv:Body></soapenv:Envelope>\n", operation);
}

int gam_soap_send(struct adapter_op *op, const char *service, const char *operation, const yyjson_mut_val *arguments)
{
    static const struct http_header headers[] = { { { "Content-Type", 12 }, { "text/xml; charset=utf-8", 23 } },
                                                  { { "SOAPAction", 10 }, { "\"\"", 2 } } };
    const struct gam_config *c = op->config;
    struct buf b;
    buf_init(&b, REQUEST_BYTES);
    put_envelope(&b, c, operation, arguments);
    bool whole = !b.overflowed;
    struct str body = whole ? arena_dup(op->arena, buf_str(&b)) : STR_NONE;
    buf_finish(&b);
    if (!whole) {
        (void)adapter_refuse(op, "it is longer than Ad Manager takes over SOAP");
        return -1;
    }
    struct str url = arena_printf(op->arena, STR_FMT "/apis/ads/publisher/" STR_FMT "/%s", STR_ARG(c->soap),
                                  STR_ARG(c->soap_version), service);
    int i = call_add(op, STR("POST"), url, STR("text/xml"), body);
    op->calls[i].headers = headers;
    op->calls[i].headers_n = ARRAY_LEN(headers);
    op->calls[i].body_bytes_max = ANSWER_BYTES;
    return 0;
}

/* ---- the tree ---- */

struct reader {
    XML_Parser parser;
    struct arena *arena;
    struct soap_node *open[DEPTH_MAX], *last[DEPTH_MAX]; /* what is open, and the youngest child of each */
    struct soap_node *root;
    int depth, elements;
    bool bad;
    struct buf text;
};

static void stop(struct reader *r)
{
    r->bad = true;
    (void)XML_StopParser(r->parser, XML_FALSE); /* refused only when already stopped */
}

static void on_start(void *arg, const char *qname, const char **atts)
{
    struct reader *r = arg;
    const char *space = strrchr(qname, ' ');
    (void)atts;
    if (++r->elements > ELEMENTS_MAX || r->depth == DEPTH_MAX) {
        stop(r);
        return;
    }
    struct soap_node *n = ARENA_NEW(r->arena, struct soap_node);
    n->name = arena_dup(r->arena, str_from(space ? space + 1 : qname));
    if (r->depth == 0) {
        r->root = n;
    } else {
        struct soap_node *before = r->last[r->depth - 1];
        if (before) before->next = n;
        else r->open[r->depth - 1]->first = n;
        r->last[r->depth - 1] = n;
    }
    r->open[r->depth] = n;
    r->last[r->depth++] = NULL;
    buf_clear(&r->text);
}

static struct str trimmed(struct str s)
{
    while (s.n && (unsigned char)s.p[0] <= ' ') s = str_skip(s, 1);
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
    return s;
}

static void on_end(void *arg, const char *qname)
{
    struct reader *r = arg;
    (void)qname;
    if (r->bad) return; /* of an empty element it still comes */
    if (r->text.overflowed) {
        stop(r);
        return;
    }
    struct soap_node *n = r->open[--r->depth];
    if (!n->first) n->text = arena_dup(r->arena, trimmed(buf_str(&r->text)));
    buf_clear(&r->text);
}

static void on_text(void *arg, const char *p, int n)
{
    struct reader *r = arg;
    buf_add(&r->text, (struct str){ p, (size_t)n });
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid, int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    stop(arg); /* no entities: they could grow without end */
}

struct soap_node *gam_soap_parse(struct arena *a, struct str text)
{
    struct reader r = { .parser = NULL, .arena = a };
    if (!text.n || text.n > BYTES_MAX) return NULL;
    r.parser = XML_ParserCreateNS(NULL, ' ');
    if (!r.parser) return NULL; /* no memory */
    buf_init(&r.text, TEXT_MAX);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    bool whole = XML_Parse(r.parser, text.p, (int)text.n, XML_TRUE) == XML_STATUS_OK;
    XML_ParserFree(r.parser);
    buf_finish(&r.text);
    return whole && !r.bad ? r.root : NULL;
}

const struct soap_node *soap_child(const struct soap_node *n, const char *name)
{
    if (!n) return NULL;
    for (n = n->first; n && !str_is(n->name, name);) n = n->next;
    return n;
}

struct str soap_text(const struct soap_node *n, const char *child)
{
    const struct soap_node *c = soap_child(n, child);
    return c ? c->text : STR_NONE;
}

int64_t soap_i64(const struct soap_node *n, const char *child, int64_t fallback)
{
    struct str s = soap_text(n, child);
    int64_t v = 0;
    if (!text_is_digits(s, 18)) return fallback;
    for (size_t i = 0; i < s.n; i++) v = 10 * v + (s.p[i] - '0');
    return v;
}

/* ---- faults ---- */

static const struct soap_node *body_of(struct arena *a, const struct http_call *answer)
{
    const struct soap_node *root = gam_soap_parse(a, answer->response);
    return root && str_is(root->name, "Envelope") ? soap_child(root, "Body") : NULL;
}

static const struct soap_node *fault_of(struct arena *a, const struct http_call *answer)
{
    bool failed = answer->outcome == HTTP_OK && answer->status >= 400;
    return failed ? soap_child(body_of(a, answer), "Fault") : NULL;
}

/* The first of the fault's errors; NULL when it lists none. */
static const struct soap_node *errors_of(const struct soap_node *fault)
{
    return soap_child(soap_child(soap_child(fault, "detail"), "ApiExceptionFault"), "errors");
}

static const struct soap_node *next_error(const struct soap_node *e)
{
    for (e = e->next; e && !str_is(e->name, "errors");) e = e->next;
    return e;
}

/* Some error's name begins so. */
static bool says(const struct soap_node *fault, const char *prefix)
{
    for (const struct soap_node *e = errors_of(fault); e; e = next_error(e)) {
        if (str_starts(soap_text(e, "errorString"), str_from(prefix))) return true;
    }
    return false;
}

bool gam_soap_refused_for(struct adapter_op *op, const struct http_call *answer, const char *reason)
{
    return says(fault_of(op->arena, answer), reason);
}

bool gam_soap_blames(struct adapter_op *op, const struct http_call *answer)
{
    const struct soap_node *fault = fault_of(op->arena, answer);
    bool elsewhere =
        says(fault, "AuthenticationError.") || says(fault, "PermissionError.") || says(fault, "ApiVersionError.");
    return errors_of(fault) && !elsewhere;
}

int gam_status_of(const struct http_call *answer)
{
    struct arena a;
    int status = answer->status;
    if (status != 500 || !text_has(answer->content_type, STR("xml"))) return status;
    arena_init(&a);
    const struct soap_node *fault = fault_of(&a, answer);
    if (says(fault, "AuthenticationError.AUTHENTICATION_FAILED")) status = 401;
    else if (says(fault, "QuotaError.")) status = 429;
    arena_finish(&a);
    return status;
}

static struct str fault_text(struct arena *a, const struct soap_node *fault)
{
    const struct soap_node *e = errors_of(fault);
    struct str field = text_cut(soap_text(e, "fieldPath"), 60), trigger = text_cut(soap_text(e, "trigger"), 60);
    if (!e) return arena_printf(a, STR_FMT, STR_ARG(text_cut(soap_text(fault, "faultstring"), 150)));
    return arena_printf(a, STR_FMT "%s" STR_FMT "%s" STR_FMT "%s", STR_ARG(text_cut(soap_text(e, "errorString"), 60)),
                        field.n ? " @ " : "", STR_ARG(field), trigger.n ? " (" : "", STR_ARG(trigger),
                        trigger.n ? ")" : "");
}

static int refuse(struct adapter_op *op, const struct soap_node *fault, const char *doing)
{
    const struct gam_config *c = op->config;
    struct str why = fault_text(op->arena, fault);
    if (says(fault, "ApiVersionError.")) {
        return adapter_refuse(op,
                              "Google no longer answers version " STR_FMT " of its SOAP API: set soap_version to a "
                              "newer one",
                              STR_ARG(c->soap_version));
    }
    if (says(fault, "AuthenticationError.")) {
        return adapter_refuse(op, "Ad Manager lets nobody in over SOAP: " STR_FMT, STR_ARG(why));
    }
    if (says(fault, "PermissionError."))
        return adapter_refuse(op, "the account may not %s: " STR_FMT, doing, STR_ARG(why));
    return adapter_refuse(op, "could not %s: " STR_FMT, doing, STR_ARG(why));
}

static int failed(struct adapter_op *op, const struct http_call *answer, const char *doing)
{
    const struct soap_node *fault = fault_of(op->arena, answer);
    if (says(fault, "QuotaError.")) return adapter_later(op, QUOTA_S, "Ad Manager's quota of calls is used up for now");
    if (says(fault, "ServerError.") || says(fault, "InternalApiError.")) {
        return adapter_later(op, BUSY_S, "Ad Manager is busy: " STR_FMT, STR_ARG(fault_text(op->arena, fault)));
    }
    if (says(fault, "CommonError.CONCURRENT_MODIFICATION")) {
        return adapter_later(op, QUOTA_S, "Ad Manager was changing the same thing");
    }
    if (says(fault, "ForecastError.NO_FORECAST_YET")) {
        return adapter_wait(op, GAM_FORECAST_S, "Ad Manager has no forecast yet");
    }
    if (fault) return refuse(op, fault, doing);
    if (adapter_no_answer(op, answer)) return ADAPTER_DONE;
    return adapter_refuse(op, "could not %s over SOAP: status %d", doing, answer->status);
}

int gam_soap_read(struct adapter_op *op, const struct http_call *answer, const char *doing,
                  const struct soap_node **out)
{
    if (answer->outcome != HTTP_OK || answer->status != 200) {
        (void)failed(op, answer, doing);
        return -1;
    }
    const struct soap_node *body = body_of(op->arena, answer);
    if (body && body->first && !str_is(body->first->name, "Fault")) {
        *out = body->first;
        return 0;
    }
    (void)adapter_later(op, BUSY_S, "Ad Manager answered with something that is not its own");
    return -1;
}
