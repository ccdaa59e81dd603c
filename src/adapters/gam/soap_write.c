/* A SOAP 1.1 request (document/literal, wrapped), written from an object in the order of the vendor's schemas. */
#include "adapters/gam/gam_soap.h"

#include "base/buf.h"

#define REQUEST_BYTES ((size_t)24 << 20) /* a template's files, in base64 */
#define ANSWER_BYTES  ((size_t)1 << 20)
#define ENVELOPE_NS   "http://schemas.xmlsoap.org/soap/envelope/"
#define XSI_NS        "http://www.w3.org/2001/XMLSchema-instance"

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
