#include "serving/markup.h"

#define DISCLOSURE_BYTES_MAX 8192

void add_text(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *as = NULL;
        switch (s.p[i]) {
        case '&': as = "&amp;"; break;
        case '<': as = "&lt;"; break;
        case '>': as = "&gt;"; break;
        case '"': as = "&quot;"; break;
        case '\'': as = "&#39;"; break;
        default: continue;
        }
        buf_add(b, (struct str){ s.p + from, i - from });
        buf_add(b, str_from(as));
        from = i + 1;
    }
    buf_add(b, (struct str){ s.p + from, s.n - from });
}

static struct str token_str(const struct outgoing *o)
{
    return (struct str){ o->token.c, TOKEN_CHARS };
}

void add_event_url(struct buf *b, const struct outgoing *o, const char *event)
{
    buf_add(b, o->base);
    buf_addf(b, "/e/%s/", event);
    buf_add(b, token_str(o));
}

void add_click_url(struct buf *b, const struct outgoing *o)
{
    buf_add(b, o->base);
    buf_add(b, STR("/click/"));
    buf_add(b, token_str(o));
}

/* "Acme", or "Acme, paid by Agency", as plain text: what Regulation (EU) 2022/2065, article 26 (1) b and c, wants said. Nothing when
 * the publisher need not. */
static void add_disclosure(struct buf *b, const struct outgoing *o)
{
    const struct content *c = o->content;
    if (!o->who_paid) return;
    buf_add(b, c->advertiser);
    if (!c->paid_by.n || str_eq(c->paid_by, c->advertiser)) return;
    if (c->advertiser.n) buf_add(b, STR(", "));
    buf_add(b, o->paid_by_label);
    buf_add_char(b, ' ');
    buf_add(b, c->paid_by);
}

/* "Advertisement", or "Advertisement · Acme". */
static void add_label(struct buf *b, const struct outgoing *o)
{
    struct buf said;
    add_text(b, o->label);
    buf_init(&said, DISCLOSURE_BYTES_MAX);
    add_disclosure(&said, o);
    if (said.n) {
        buf_add(b, STR(" \xC2\xB7 ")); /* a middle dot */
        add_text(b, buf_str(&said));
    }
    buf_finish(&said);
}

/* ---- JSON ---- */

static const char *kind_name(enum content_kind k)
{
    switch (k) {
    case CONTENT_IMAGE: return "image";
    case CONTENT_HTML: return "html";
    case CONTENT_MEDIA: return "media";
    case CONTENT_VAST_URL:
    case CONTENT_VAST_XML: return "vast";
    }
    return "";
}

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_addf(b, ",\"%s\":", name);
    buf_add_json_str(b, value);
}

static void add_url_member(struct buf *b, const struct outgoing *o, const char *name, const char *event)
{
    buf_addf(b, ",\"%s\":\"", name);
    if (event) {
        add_event_url(b, o, event);
    } else {
        add_click_url(b, o);
    }
    buf_add_char(b, '"');
}

static void add_expanded(struct buf *b, const struct outgoing *o, struct str url)
{
    struct buf one;
    buf_init(&one, 16384);
    macros_add(&one, url, o->macros, MACRO_URL);
    if (!one.overflowed) buf_add_json_str(b, buf_str(&one));
    if (one.overflowed) buf_add(b, STR("\"\""));
    buf_finish(&one);
}

static void add_who_paid(struct buf *b, const struct outgoing *o)
{
    struct buf said;
    if (o->content->advertiser.n) add_member(b, "advertiser", o->content->advertiser);
    if (o->content->paid_by.n) add_member(b, "paid_by", o->content->paid_by);
    buf_init(&said, DISCLOSURE_BYTES_MAX);
    add_disclosure(&said, o);
    if (said.n) add_member(b, "disclosure", buf_str(&said));
    buf_finish(&said);
}

void ad_json_add(struct buf *b, const struct outgoing *o, struct str slot_id, size_t place)
{
    const struct content *c = o->content;
    buf_add(b, STR("{\"slot\":"));
    buf_add_json_str(b, slot_id);
    buf_addf(b, ",\"place\":%zu", place);
    buf_addf(b, ",\"kind\":\"%s\",\"width\":%d,\"height\":%d", kind_name(c->kind), o->macros->width, o->macros->height);
    add_member(b, "creative_id", c->creative_id);
    add_member(b, "token", token_str(o));
    add_member(b, "label", o->label);
    if (o->who_paid) add_who_paid(b, o);
    if (c->kind == CONTENT_IMAGE) {
        buf_add(b, STR(",\"image_url\":"));
        add_expanded(b, o, c->image_url);
        add_member(b, "alt", c->alt);
    }
    if (c->kind == CONTENT_HTML) {
        buf_add(b, STR(",\"frame_url\":\""));
        buf_add(b, o->base);
        buf_add(b, STR("/r/"));
        buf_add(b, token_str(o));
        buf_add(b, o->consent_query);
        buf_add_char(b, '"');
    }
    if (c->click_url.n) add_url_member(b, o, "click_url", NULL);
    add_url_member(b, o, "impression_url", "impression");
    add_url_member(b, o, "measurable_url", "measurable");
    add_url_member(b, o, "viewable_url", "viewable");
    buf_add(b, STR(",\"trackers\":["));
    for (size_t i = 0; i < c->trackers_n; i++) {
        if (i) buf_add_char(b, ',');
        add_expanded(b, o, c->trackers[i]);
    }
    buf_add(b, STR("]}"));
}

/* ---- frames ---- */

static void add_head(struct buf *b, struct str title)
{
    buf_add(b, STR("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                   "content=\"width=device-width\"><title>"));
    add_text(b, title);
    buf_add(b, STR("</title><style>body{margin:0}img{border:0;display:block;max-width:100%;height:auto}"
                   ".label{font:11px/16px sans-serif;color:#555;background:#fff}</style></head><body>"));
}

/* What a browser without scripts shows: the picture as a link, and a pixel that counts it. */
static void add_plain(struct buf *b, const struct outgoing *o)
{
    const struct content *c = o->content;
    if (c->kind == CONTENT_IMAGE) {
        buf_add(b, STR("<div class=\"label\">"));
        add_label(b, o);
        buf_add(b, STR("</div>"));
        if (c->click_url.n) {
            buf_add(b, STR("<a target=\"_blank\" rel=\"noopener sponsored\" href=\""));
            add_click_url(b, o);
            buf_add(b, STR("\">"));
        }
        buf_addf(b, "<img width=\"%d\" height=\"%d\" alt=\"", o->macros->width, o->macros->height);
        add_text(b, c->alt);
        buf_add(b, STR("\" src=\""));
        struct buf url;
        buf_init(&url, 16384);
        macros_add(&url, c->image_url, o->macros, MACRO_URL);
        add_text(b, buf_str(&url));
        buf_finish(&url);
        buf_add(b, STR("\">"));
        if (c->click_url.n) buf_add(b, STR("</a>"));
        buf_add(b, STR("<img width=\"1\" height=\"1\" alt=\"\" src=\""));
        add_event_url(b, o, "impression");
        buf_add(b, STR("\">"));
    }
}

void frame_ad(struct buf *b, const struct outgoing *o, struct str slot_id, struct str script)
{
    struct buf json;
    buf_init(&json, 262144);
    ad_json_add(&json, o, slot_id, 0);
    add_head(b, o->label);
    buf_add(b, STR("<div data-ad=\""));
    add_text(b, buf_str(&json));
    buf_add(b, STR("\"></div><noscript>"));
    buf_finish(&json);
    add_plain(b, o);
    buf_add(b, STR("</noscript><script src=\""));
    add_text(b, script);
    buf_add(b, STR("\"></script></body></html>"));
}

void frame_empty(struct buf *b)
{
    add_head(b, STR("No advertisement"));
    buf_add(b, STR("</body></html>"));
}

void frame_creative(struct buf *b, const struct outgoing *o)
{
    buf_add(
        b,
        STR("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>Advertisement</title><style>body{margin:0;overflow:hidden}</style>"
            "<script>var clickTag=\""));
    if (o->content->click_url.n) add_click_url(b, o);
    buf_add(b, STR("\",clickTAG=clickTag;</script></head><body>"));
    macros_add(b, o->content->html, o->macros, MACRO_HTML);
    buf_add(b, STR("</body></html>"));
}
