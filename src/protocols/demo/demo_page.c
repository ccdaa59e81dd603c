#include "protocols/demo/demo_page.h"

#include "base/rfc3339.h"
#include "protocols/html.h"
#include "protocols/web_reply.h"

#define PAGE_BYTES_MAX ((size_t)1 << 20)
#define SLOTS_SHOWN    REQUEST_SLOTS_MAX /* as many as the tag asks for at once */
#define PACKAGES_SHOWN 50

extern const char demo_html[], demo_css[], demo_js[], demo_landing_html[], demo_banner_png[];
extern const size_t demo_html_n, demo_css_n, demo_js_n, demo_landing_html_n, demo_banner_png_n;

static void header(struct http_exchange *ex, const char *name, const char *value)
{
    (void)http_rep_header(ex, name, str_from(value)); /* these are headers' values */
}

/* Scripts and styles of its own only; pictures and films are the buyers'. */
static void reply_page(struct http_exchange *ex, struct buf *b)
{
    struct str body = arena_dup(&ex->arena, buf_str(b));
    buf_finish(b);
    header(ex, "Content-Security-Policy",
           "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
           "img-src http: https: data:; media-src http: https: data:; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'");
    header(ex, "Cache-Control", "no-store");
    header(ex, "X-Content-Type-Options", "nosniff");
    header(ex, "X-Robots-Tag", "noindex");
    http_exchange_reply_with(ex, 200, "text/html; charset=utf-8", body);
}

/* ---- whose page ---- */

static bool has_slots(const struct lineup *l, uint32_t publisher)
{
    for (uint32_t i = 0; i < l->slots_n; i++) {
        if (l->slots[i].publisher == publisher) return true;
    }
    return false;
}

/* The publisher that is named; else the first with slots. */
static bool find_publisher(const struct lineup *l, struct http_exchange *ex, uint32_t *place)
{
    struct str named;
    if (!l) return false;
    if (http_req_query(ex, "p", &named) && named.n) return lineup_find_publisher(l, named, place);
    for (*place = 0; *place < l->publishers_n; (*place)++) {
        if (has_slots(l, *place)) return true;
    }
    return false;
}

/* ---- the page ---- */

static bool take(struct str *rest, struct str mark)
{
    if (!str_starts(*rest, mark)) return false;
    *rest = str_skip(*rest, mark.n);
    return true;
}

static void add_sizes(struct buf *b, const struct serving_slot *s, const char *by, const char *between)
{
    for (size_t i = 0; i < s->sizes_n; i++)
        buf_addf(b, "%s%d%s%d", i ? between : "", s->sizes[i].width, by, s->sizes[i].height);
}

static void add_slot(struct buf *b, const struct serving_slot *s)
{
    bool film = s->medium != MEDIUM_DISPLAY;
    buf_add(b, STR("<section class=\"slot\"><h3>"));
    html_text(b, s->slot_id);
    buf_add(b, STR(" <small>"));
    if (film) buf_add(b, s->medium == MEDIUM_VIDEO ? STR("video") : STR("audio"));
    else add_sizes(b, s, " \xC3\x97 ", ", "); /* a multiplication sign */
    buf_add(b, film ? STR("</small></h3><div class=\"place\" data-film=\"")
                    : STR("</small></h3><div class=\"place\" data-slot=\""));
    html_text(b, s->slot_id);
    buf_add(b, STR("\" data-size=\""));
    if (!film) add_sizes(b, s, "x", ",");
    buf_add(b, STR("\"><span>No ad yet</span></div><p class=\"state\"></p></section>"));
}

/* Those of pages first, then those of players; not those of mails. */
static void add_slots(struct buf *b, const struct lineup *l, uint32_t publisher)
{
    size_t n = 0;
    for (int films = 0; films < 2; films++) {
        for (uint32_t i = 0; i < l->slots_n && n < SLOTS_SHOWN; i++) {
            const struct serving_slot *s = l->slots[i].slot;
            if (l->slots[i].publisher != publisher || s->pictures_only) continue;
            if ((s->medium != MEDIUM_DISPLAY) != (films == 1)) continue;
            add_slot(b, s);
            n++;
        }
    }
}

/* The skeleton with what belongs at its marks, which are comments in capitals. */
static void page(const struct ads_doors *d, struct http_exchange *ex)
{
    const struct lineup *l = serving_lineup(d->serving);
    uint32_t publisher;
    struct buf b;
    buf_init(&b, PAGE_BYTES_MAX);
    bool found = find_publisher(l, ex, &publisher);
    for (struct str rest = { demo_html, demo_html_n }; rest.n;) {
        const char *mark = memmem(rest.p, rest.n, "<!--", 4);
        size_t n = mark ? (size_t)(mark - rest.p) : rest.n;
        buf_add(&b, (struct str){ rest.p, n });
        rest = str_skip(rest, n);
        if (take(&rest, STR("<!--PUBLISHER-->")) && found) html_text(&b, l->publishers[publisher]->tenant_id);
        if (take(&rest, STR("<!--BASE-->"))) html_text(&b, web_base_url(ex));
        if (take(&rest, STR("<!--NOW-->"))) buf_addf(&b, "%lld", (long long)(loop_now(d->loop) / USEC_PER_SEC));
        if (!take(&rest, STR("<!--SLOTS-->"))) continue;
        if (found) add_slots(&b, l, publisher);
        else
            buf_add(&b,
                    STR("<p>There is no publisher with slots here. <code>salesagent import</code> brings some.</p>"));
    }
    reply_page(ex, &b);
}

/* ---- numbers ---- */

/* What kept it off most often in the last hour; WHY_SHOWN: nothing did. */
static enum why main_reason(const struct package_look *look)
{
    enum why most = WHY_SHOWN;
    for (int w = WHY_SHOWN + 1; w < WHYS_N; w++) {
        if (look->last_hour[w] > (most == WHY_SHOWN ? 0 : look->last_hour[most])) most = (enum why)w;
    }
    return most;
}

/* What most of its events did not count for, and how many did not. */
static enum invalid main_filter(const struct package_look *look, uint64_t *n)
{
    enum invalid most = VALID;
    *n = 0;
    for (int i = VALID + 1; i < INVALIDS_N; i++) {
        *n += look->filtered[i];
        if (look->filtered[i] > (most == VALID ? 0 : look->filtered[most])) most = (enum invalid)i;
    }
    return most;
}

static void add_number(struct buf *b, const char *name, uint64_t n)
{
    buf_addf(b, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void add_package(struct buf *b, const struct serving *s, const struct serving_package *p)
{
    const struct content *c = p->creatives_n ? p->creatives[0].more : NULL;
    struct package_look look;
    struct counted total, today;
    int64_t day;
    if (!serving_counted(s, p->key, &total, &today, &day) || !serving_look(s, p->key, &look)) return;
    uint64_t filtered_n;
    enum why kept_off = main_reason(&look);
    enum invalid filtered = main_filter(&look, &filtered_n);
    buf_add(b, b->p[b->n - 1] == '[' ? STR("{") : STR(",{"));
    buf_add(b, STR("\"media_buy_id\":"));
    buf_add_json_str(b, p->media_buy_id);
    buf_add(b, STR(",\"package_id\":"));
    buf_add_json_str(b, p->package_id);
    buf_add(b, STR(",\"title\":"));
    buf_add_json_str(b, c ? c->title : STR_NONE);
    add_number(b, "impressions", (uint64_t)total.n[EVENT_IMPRESSION]);
    add_number(b, "viewable", (uint64_t)total.n[EVENT_VIEWABLE]);
    add_number(b, "clicks", (uint64_t)total.n[EVENT_CLICK]);
    buf_add(b, STR(",\"why\":"));
    buf_add_json_str(b, look.why == WHY_SHOWN ? STR_NONE : str_from(why_text(look.why)));
    add_number(b, "kept_off", kept_off == WHY_SHOWN ? 0 : look.last_hour[kept_off]);
    buf_add(b, STR(",\"because\":"));
    buf_add_json_str(b, kept_off == WHY_SHOWN ? STR_NONE : str_from(why_text(kept_off)));
    add_number(b, "filtered", filtered_n);
    buf_add(b, STR(",\"filtered_as\":"));
    buf_add_json_str(b, filtered == VALID ? STR_NONE : str_from(invalid_text(filtered)));
    buf_add(b, STR("}"));
}

static void counts(const struct ads_doors *d, struct http_exchange *ex)
{
    const struct lineup *l = serving_lineup(d->serving);
    uint32_t publisher;
    struct buf b;
    buf_init(&b, PAGE_BYTES_MAX);
    buf_add(&b, STR("{\"packages\":["));
    if (find_publisher(l, ex, &publisher)) {
        size_t n = 0;
        for (uint32_t i = l->packages_n; i-- > 0 && n < PACKAGES_SHOWN;) {
            if (l->packages[i].publisher != publisher) continue;
            add_package(&b, d->serving, l->packages[i].package);
            n++;
        }
    }
    buf_add(&b, STR("]}"));
    struct str body = arena_dup(&ex->arena, buf_str(&b));
    buf_finish(&b);
    header(ex, "Cache-Control", "no-store");
    http_exchange_reply_with(ex, 200, "application/json", body);
}

static void landing(const struct ads_doors *d, struct http_exchange *ex)
{
    struct buf b;
    buf_init(&b, PAGE_BYTES_MAX);
    buf_add(&b, (struct str){ demo_landing_html, demo_landing_html_n });
    reply_page(ex, &b);
}

/* ---- by path ---- */

bool demo_page_answered(const struct ads_doors *d, struct http_exchange *ex, struct str path)
{
    static const struct {
        const char *path;
        void (*handle)(const struct ads_doors *d, struct http_exchange *ex);
    } pages[] = { { "/demo", page }, { "/demo/counts", counts }, { "/demo/landing", landing } };
    const struct {
        const char *path, *type;
        struct str bytes;
    } files[] = {
        { "/demo/demo.css", "text/css; charset=utf-8", { demo_css, demo_css_n } },
        { "/demo/demo.js", "text/javascript; charset=utf-8", { demo_js, demo_js_n } },
        { "/demo/banner.png", "image/png", { demo_banner_png, demo_banner_png_n } },
    };
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (!str_is(path, pages[i].path)) continue;
        if (web_methods_admit(ex, STR("GET, HEAD"))) pages[i].handle(d, ex);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (!str_is(path, files[i].path)) continue;
        if (!web_methods_admit(ex, STR("GET, HEAD"))) return true;
        header(ex, "Cache-Control", "no-cache");
        header(ex, "X-Content-Type-Options", "nosniff");
        web_reply_tagged(ex, files[i].type, files[i].bytes, STR_NONE);
        return true;
    }
    return false;
}
