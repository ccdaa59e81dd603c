#include "domain/creative/creative_vast.h"

#include <expat.h>
#include <strings.h>

#include "base/buf.h"

#define XML_BYTES_MAX    (512 * 1024)
#define XML_DEPTH_MAX    40
#define XML_ELEMENTS_MAX 20000
#define TEXT_BYTES_MAX   8192

struct reader {
    XML_Parser parser;
    struct arena *arena;
    struct vast_facts *facts;
    const char *why;
    int depth, elements;
    bool in_wrapper, wrapper_has_tag;
    bool in_inline, inline_has_media; /* each ad of a pod plays something */
    struct buf text; /* of the element that is open, reset by every start tag */
};

static void stop(struct reader *r, const char *why)
{
    if (!r->why) r->why = why;
    (void)XML_StopParser(r->parser, XML_FALSE); /* refused only when already stopped */
}

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char **atts, const char *name)
{
    for (size_t i = 0; atts[i]; i += 2) {
        if (strcasecmp(atts[i], name) == 0) return atts[i + 1];
    }
    return NULL;
}

static int64_t number(const char *text)
{
    int64_t v = 0;
    if (!text || !*text) return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || v > 1000000) return 0;
        v = v * 10 + (*text - '0');
    }
    return v;
}

static bool known_version(const char *v)
{
    static const char *const known[] = { "2.0", "2.0.1", "3.0", "4.0", "4.1", "4.2", "4.3" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(v, known[i]) == 0) return true;
    }
    return false;
}

static void read_root(struct reader *r, const char *name, const char **atts)
{
    bool vast = strcmp(name, "VAST") == 0, daast = strcmp(name, "DAAST") == 0;
    if (!vast && !daast) {
        stop(r, "the root element is not VAST");
        return;
    }
    const char *version = attribute(atts, "version");
    if (!version) {
        stop(r, "the VAST element has no version");
        return;
    }
    if (vast && !known_version(version)) {
        stop(r, "the VAST version is not one of 2.0 to 4.3");
        return;
    }
    r->facts->daast = daast;
    r->facts->version = arena_dup(r->arena, str_from(version));
}

static void read_media(struct reader *r, const char **atts)
{
    struct vast_facts *f = r->facts;
    r->inline_has_media = true;
    const char *type = attribute(atts, "type"), *api = attribute(atts, "apiFramework");
    if (api && strcasecmp(api, "VPAID") == 0) f->vpaid = true;
    if (f->media_n < VAST_MEDIA_MAX) {
        f->media[f->media_n] = (struct vast_media){ .mime_type = arena_dup(r->arena, str_from(type)),
                                                    .width = number(attribute(atts, "width")),
                                                    .height = number(attribute(atts, "height")) };
    }
    f->media_n++;
}

static void on_start(void *arg, const char *qname, const char **atts)
{
    struct reader *r = arg;
    const char *name = local_name(qname);
    buf_clear(&r->text);
    if (++r->elements > XML_ELEMENTS_MAX) {
        stop(r, "it has too many elements");
        return;
    }
    if (++r->depth > XML_DEPTH_MAX) {
        stop(r, "its elements are nested too deep");
        return;
    }
    if (r->depth == 1) read_root(r, name, atts);
    else if (strcmp(name, "Ad") == 0) r->facts->ads++;
    else if (strcmp(name, "InLine") == 0) {
        r->facts->inlines++;
        r->in_inline = true;
        r->inline_has_media = false;
    } else if (strcmp(name, "MediaFile") == 0) read_media(r, atts);
    else if (strcmp(name, "Wrapper") == 0) {
        r->facts->wrappers++;
        r->in_wrapper = true;
        r->wrapper_has_tag = false;
    }
}

static struct str trim(struct str s)
{
    while (s.n && (unsigned char)s.p[0] <= ' ') s = str_skip(s, 1);
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
    return s;
}

/* A fraction of a second, however fine, in milliseconds; -1 when it is none. */
static int64_t read_fraction(struct str s)
{
    int64_t ms = 0, unit = 100;
    if (s.n == 0 || s.n > 9) return -1;
    for (size_t i = 0; i < s.n; i++, unit /= 10) {
        if (s.p[i] < '0' || s.p[i] > '9') return -1;
        ms += (s.p[i] - '0') * unit;
    }
    return ms;
}

/* "HH:MM:SS" or "HH:MM:SS.mmm", with as many digits of the second as somebody writes; -1 when it is neither. */
static int64_t read_duration(struct str s)
{
    int64_t part[3] = { 0 }, ms = 0;
    int field = 0, digits = 0;
    const char *dot = memchr(s.p ? s.p : "", '.', s.n);
    if (dot) {
        ms = read_fraction(str_skip(s, (size_t)(dot - s.p) + 1));
        s.n = (size_t)(dot - s.p);
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9' && digits < 3) {
            part[field] = part[field] * 10 + (c - '0');
            digits++;
        } else if (c == ':' && field < 2 && digits > 0) {
            field++;
            digits = 0;
        } else {
            return -1;
        }
    }
    if (field < 2 || digits == 0 || part[1] > 59 || part[2] > 59 || ms < 0) return -1;
    return ((part[0] * 60 + part[1]) * 60 + part[2]) * 1000 + ms;
}

static void read_text(struct reader *r, const char *name, struct str text)
{
    struct vast_facts *f = r->facts;
    if (text.n > 5 && strncasecmp(text.p, "http:", 5) == 0 && f->insecure.n == 0) {
        f->insecure = arena_dup(r->arena, text);
    }
    if (strcmp(name, "Duration") == 0) {
        int64_t ms = read_duration(text);
        if (ms < 0) stop(r, "a Duration is not HH:MM:SS");
        else if (ms > f->duration_ms) f->duration_ms = ms;
    } else if (strcmp(name, "MediaFile") == 0 && f->media_n <= VAST_MEDIA_MAX) {
        f->media[f->media_n - 1].url = arena_dup(r->arena, text);
        if (text.n == 0) stop(r, "a MediaFile has no URL");
    } else if (strcmp(name, "VASTAdTagURI") == 0 || strcmp(name, "DAASTAdTagURI") == 0) {
        r->wrapper_has_tag = text.n > 0;
    } else if (strcmp(name, "ClickThrough") == 0) {
        if (f->clicks_n < VAST_CLICKS_MAX) f->clicks[f->clicks_n] = arena_dup(r->arena, text);
        f->clicks_n++;
    }
}

static void on_end(void *arg, const char *qname)
{
    struct reader *r = arg;
    const char *name = local_name(qname);
    if (r->text.overflowed) {
        stop(r, "an element holds too much text");
        return;
    }
    read_text(r, name, trim(buf_str(&r->text)));
    buf_clear(&r->text);
    if (strcmp(name, "Wrapper") == 0 && r->in_wrapper) {
        if (!r->wrapper_has_tag) stop(r, "a Wrapper has no VASTAdTagURI");
        r->in_wrapper = false;
    }
    if (strcmp(name, "InLine") == 0 && r->in_inline) {
        if (!r->inline_has_media)
            stop(r, r->facts->inlines > 1 ? "one of its ads holds no MediaFile" : "it holds no MediaFile");
        r->in_inline = false;
    }
    r->depth--;
}

static void on_text(void *arg, const char *p, int n)
{
    struct reader *r = arg;
    buf_add(&r->text, (struct str){ p, (size_t)n });
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid, int internal)
{
    stop(arg, "it has a document type declaration, which is not accepted");
}

static const char *judge(const struct vast_facts *f)
{
    if (f->ads == 0) return "it holds no Ad";
    if (f->inlines + f->wrappers == 0) return "its Ad is neither InLine nor Wrapper";
    return NULL;
}

int vast_read(struct arena *a, struct str xml, struct vast_facts *out, const char **why)
{
    if (xml.n > XML_BYTES_MAX) {
        *why = "it is too large";
        return -1;
    }
    struct vast_facts facts = { .duration_ms = -1 };
    struct reader r = { .arena = a,
                        .facts = &facts,
                        .parser = XML_ParserCreate("UTF-8") }; /* which JSON text is, whatever it declares */
    ENSURE(r.parser != NULL);
    buf_init(&r.text, TEXT_BYTES_MAX);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    enum XML_Status st = XML_Parse(r.parser, xml.p, (int)xml.n, XML_TRUE);
    if (st == XML_STATUS_ERROR && !r.why) {
        r.why =
            arena_printf(a, "it is not well-formed XML: %s in line %lu", XML_ErrorString(XML_GetErrorCode(r.parser)),
                         (unsigned long)XML_GetCurrentLineNumber(r.parser))
                .p;
    }
    if (!r.why) r.why = judge(&facts);
    XML_ParserFree(r.parser);
    buf_finish(&r.text);
    if (r.why) {
        *why = r.why;
        return -1;
    }
    *out = facts;
    return 0;
}
