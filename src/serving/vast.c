/* VAST as players read it. The order of elements is that of the Tech Lab's schemas: 4.2 and the draft of 3.0 differ in it.
 * URLs are written as escaped text, never as CDATA, so that nothing in them can end it. */
#include "serving/markup.h"

static const struct {
    const char *vast, *ours;
} video_events[] = {
    { "start", "start" },       { "firstQuartile", "first_quartile" },
    { "midpoint", "midpoint" }, { "thirdQuartile", "third_quartile" },
    { "complete", "complete" },
};

enum vast_version vast_version_of(struct str text)
{
    return text.n && text.p[0] >= '1' && text.p[0] <= '3' ? VAST_3 : VAST_4;
}

static void open_vast(struct buf *b, enum vast_version version)
{
    buf_add(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<VAST version=\""));
    buf_add(b, version == VAST_4 ? STR("4.2\" xmlns=\"http://www.iab.com/VAST\">") : STR("3.0\">"));
}

void vast_add_none(struct buf *b, enum vast_version version, struct str error_url)
{
    open_vast(b, version);
    buf_add(b, STR("<Error>"));
    add_text(b, error_url);
    buf_add(b, STR("</Error></VAST>\n"));
}

static void add_element(struct buf *b, const char *name, struct str text)
{
    buf_addf(b, "<%s>", name);
    add_text(b, text);
    buf_addf(b, "</%s>", name);
}

/* A URL of the buyer's, with its macros filled in. */
static void add_buyer_url(struct buf *b, const struct outgoing *o, const char *name, struct str url)
{
    struct buf one;
    buf_init(&one, 16384);
    macros_add(&one, url, o->macros, MACRO_VAST);
    if (!one.overflowed) add_element(b, name, buf_str(&one));
    buf_finish(&one);
}

static void add_error(struct buf *b, const struct outgoing *o)
{
    buf_add(b, STR("<Error>"));
    add_event_url(b, o, "error");
    buf_add(b, STR("?code=[ERRORCODE]</Error>"));
}

static void add_impressions(struct buf *b, const struct outgoing *o)
{
    buf_add(b, STR("<Impression>"));
    add_event_url(b, o, "impression");
    buf_add(b, STR("</Impression>"));
    for (size_t i = 0; i < o->content->trackers_n; i++) add_buyer_url(b, o, "Impression", o->content->trackers[i]);
}

static void add_tracking(struct buf *b, const struct outgoing *o)
{
    buf_add(b, STR("<TrackingEvents>"));
    for (size_t i = 0; i < ARRAY_LEN(video_events); i++) {
        buf_addf(b, "<Tracking event=\"%s\">", video_events[i].vast);
        add_event_url(b, o, video_events[i].ours);
        buf_add(b, STR("</Tracking>"));
    }
    buf_add(b, STR("</TrackingEvents>"));
}

/* Players of 4.x tell whether it was seen; "not" tells that it could be measured. */
static void add_viewability(struct buf *b, const struct outgoing *o)
{
    buf_add(b, STR("<ViewableImpression><Viewable>"));
    add_event_url(b, o, "viewable");
    buf_add(b, STR("</Viewable><NotViewable>"));
    add_event_url(b, o, "measurable");
    buf_add(b, STR("</NotViewable></ViewableImpression>"));
}

static void add_duration(struct buf *b, int ms)
{
    buf_addf(b, "<Duration>%02d:%02d:%02d", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60);
    if (ms % 1000) buf_addf(b, ".%03d", ms % 1000);
    buf_add(b, STR("</Duration>"));
}

static bool streams(struct str mime_type)
{
    return str_is(mime_type, "application/x-mpegURL") || str_is(mime_type, "application/vnd.apple.mpegurl") ||
           str_is(mime_type, "application/dash+xml");
}

static void add_files(struct buf *b, const struct content *c)
{
    buf_add(b, STR("<MediaFiles>"));
    for (size_t i = 0; i < c->media_n; i++) {
        const struct content_media *m = &c->media[i];
        buf_addf(b, "<MediaFile delivery=\"%s\" type=\"", streams(m->mime_type) ? "streaming" : "progressive");
        add_text(b, m->mime_type);
        buf_addf(b, "\" width=\"%d\" height=\"%d\"", m->width, m->height);
        if (m->bitrate_kbps > 0) buf_addf(b, " bitrate=\"%d\"", m->bitrate_kbps);
        buf_add_char(b, '>');
        add_text(b, m->url);
        buf_add(b, STR("</MediaFile>"));
    }
    buf_add(b, STR("</MediaFiles>"));
}

/* A click leads through us to where the creative leads. */
static void add_clicks(struct buf *b, const struct outgoing *o)
{
    if (!o->content->click_url.n) return;
    buf_add(b, STR("<VideoClicks><ClickThrough>"));
    add_click_url(b, o);
    buf_add(b, STR("</ClickThrough></VideoClicks>"));
}

static struct str title(const struct content *c)
{
    return c->title.n ? c->title : c->creative_id;
}

static void add_inline_4(struct buf *b, const struct outgoing *o)
{
    const struct content *c = o->content;
    buf_add(b, STR("<InLine><AdSystem>salesagent</AdSystem>"));
    add_error(b, o);
    add_impressions(b, o);
    add_viewability(b, o);
    add_element(b, "AdServingId", (struct str){ o->token.c, TOKEN_CHARS });
    add_element(b, "AdTitle", title(c));
    if (c->advertiser.n) add_element(b, "Advertiser", c->advertiser);
    buf_add(b, STR("<Creatives><Creative id=\""));
    add_text(b, c->creative_id);
    buf_add(b, STR("\"><Linear>"));
    add_tracking(b, o);
    add_duration(b, c->duration_ms);
    add_files(b, c);
    add_clicks(b, o);
    buf_add(
        b,
        STR("</Linear><UniversalAdId idRegistry=\"unknown\">unknown</UniversalAdId></Creative></Creatives></InLine>"));
}

static void add_inline_3(struct buf *b, const struct outgoing *o)
{
    const struct content *c = o->content;
    buf_add(b, STR("<InLine><AdSystem>salesagent</AdSystem>"));
    add_element(b, "AdTitle", title(c));
    if (c->advertiser.n) add_element(b, "Advertiser", c->advertiser);
    add_error(b, o);
    add_impressions(b, o);
    buf_add(b, STR("<Creatives><Creative id=\""));
    add_text(b, c->creative_id);
    buf_add(b, STR("\"><Linear>"));
    add_duration(b, c->duration_ms);
    add_tracking(b, o);
    add_clicks(b, o);
    add_files(b, c);
    buf_add(b, STR("</Linear></Creative></Creatives></InLine>"));
}

/* Where the wrapped ad is: the buyer's own ad server, or its document, kept here. */
static void add_tag(struct buf *b, const struct outgoing *o)
{
    if (o->content->kind == CONTENT_VAST_URL) {
        add_buyer_url(b, o, "VASTAdTagURI", o->content->vast_url);
        return;
    }
    buf_add(b, STR("<VASTAdTagURI>"));
    buf_add(b, o->base);
    buf_add(b, STR("/x/"));
    buf_add(b, (struct str){ o->token.c, TOKEN_CHARS });
    buf_add(b, STR("</VASTAdTagURI>"));
}

static void add_wrapped_linear(struct buf *b, const struct outgoing *o)
{
    buf_add(b, STR("<Creatives><Creative><Linear>"));
    add_tracking(b, o);
    buf_add(b, STR("<VideoClicks><ClickTracking>"));
    add_event_url(b, o, "click");
    buf_add(b, STR("</ClickTracking></VideoClicks></Linear></Creative></Creatives>"));
}

static void add_wrapper(struct buf *b, const struct outgoing *o, enum vast_version version)
{
    buf_add(b, STR("<Wrapper><AdSystem>salesagent</AdSystem>"));
    if (version == VAST_3) add_tag(b, o);
    add_error(b, o);
    add_impressions(b, o);
    if (version == VAST_4) add_viewability(b, o);
    add_wrapped_linear(b, o);
    if (version == VAST_4) add_tag(b, o);
    buf_add(b, STR("</Wrapper>"));
}

static bool is_audio(const struct content *c)
{
    return c->media_n && str_starts(c->media[0].mime_type, STR("audio/"));
}

void vast_add(struct buf *b, const struct outgoing *o, enum vast_version version)
{
    open_vast(b, version);
    buf_add(b, STR("<Ad id=\""));
    add_text(b, o->content->creative_id);
    buf_add(b, version == VAST_4 && is_audio(o->content) ? STR("\" adType=\"audio\">") : STR("\">"));
    switch (o->content->kind) {
    case CONTENT_VAST_URL:
    case CONTENT_VAST_XML: add_wrapper(b, o, version); break;
    case CONTENT_MEDIA:
    case CONTENT_IMAGE: /* in no video slot; the lineup sees to that */
    case CONTENT_HTML:
        if (version == VAST_4) {
            add_inline_4(b, o);
        } else {
            add_inline_3(b, o);
        }
        break;
    }
    buf_add(b, STR("</Ad></VAST>\n"));
}
