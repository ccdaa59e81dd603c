/* What the built-in ad server shows, for the publisher's people: x_ads_report, x_ads_why. */
#include "base/rfc3339.h"
#include "base/tz.h"
#include "domain/house/house_report.h"
#include "serving/serving.h"
#include "store/q/q_media_buy.h"
#include "tools/operation_tools.h"

#define DAYS_MAX     366
#define DAYS_DEFAULT 7
#define LINES        500
#define PACKAGES_MAX 500

/* A media buy of somebody else is none. */
static int check_buy(struct tool_call *c, struct str media_buy_id, struct err *e)
{
    struct media_buy_row buy;
    struct media_buy_key key = { .tenant_id = c->act->tenant->tenant_id, .media_buy_id = media_buy_id };
    if (!media_buy_id.n) return 0;
    int found = q_media_buy_get(c->act->tx, c->arena, &key, &buy, e);
    if (found) return found < 0 ? -1 : 0;
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "The publisher has no media buy of that id.");
    (void)err_suggest(e, "x_buy_list shows all media buys.");
    return err_field(e, "/media_buy_id");
}

static void add_reason(struct tool_call *c, yyjson_mut_val *list, const char *name, const char *text, int64_t n)
{
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_cstr(c->doc, o, "reason", name);
    json_add_cstr(c->doc, o, "text", text);
    json_add_i64(c->doc, o, "count", n);
}

/* ---- report ---- */

static int read_day(struct tool_call *c, const char *member, int64_t otherwise, int64_t *day, struct err *e)
{
    struct str text = json_str(c->args, member);
    int64_t at;
    *day = otherwise;
    if (!text.n) return 0;
    if (rfc3339_parse_date(text, &at)) {
        (void)err_set(e, "INVALID_REQUEST", "there is no such day");
        return err_field(e, "/%s", member);
    }
    *day = at / USEC_PER_DAY;
    return 0;
}

static void read_by(struct tool_call *c, struct house_report_wish *w)
{
    yyjson_val *by = json_arr(c->args, "by"), *v;
    size_t i, n;
    w->by_package = by == NULL;
    yyjson_arr_foreach(by, i, n, v) {
        w->by_package = w->by_package || yyjson_equals_str(v, "package");
        w->by_day = w->by_day || yyjson_equals_str(v, "day");
        w->by_creative = w->by_creative || yyjson_equals_str(v, "creative");
        w->by_slot = w->by_slot || yyjson_equals_str(v, "slot");
    }
}

static int64_t number_of(struct str digits)
{
    int64_t n = 0;
    for (size_t i = 0; i < digits.n; i++) n = n * 10 + (digits.p[i] - '0');
    return n;
}

static int read_wish(struct tool_call *c, const struct tz *zone, struct house_report_wish *w, struct err *e)
{
    int64_t today = tz_day(zone, c->act->now);
    *w = (struct house_report_wish){ .media_buy_id = json_str(c->args, "media_buy_id"),
                                     .skip = (size_t)number_of(json_str(c->args, "cursor")),
                                     .max = (size_t)json_i64_or(c->args, "limit", LINES) };
    read_by(c, w);
    if (read_day(c, "until", today, &w->until_day, e)) return -1;
    if (read_day(c, "from", w->until_day - (DAYS_DEFAULT - 1), &w->from_day, e)) return -1;
    if (w->from_day > w->until_day || w->until_day - w->from_day >= DAYS_MAX) {
        (void)err_set(e, "INVALID_REQUEST", "the days are from the first to the last, at most %d", DAYS_MAX);
        return err_field(e, "/from");
    }
    return check_buy(c, w->media_buy_id, e);
}

static void add_day(struct tool_call *c, yyjson_mut_val *o, const char *member, int64_t day)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(day * USEC_PER_DAY, text);
    json_add_str(c->doc, o, member, arena_dup(c->arena, (struct str){ text, n }));
}

static void encode_filtered(struct tool_call *c, yyjson_mut_val *o, const struct house_line *l)
{
    int64_t all = 0;
    for (int i = VALID + 1; i < INVALIDS_N; i++) all += l->reasons[i];
    json_add_i64(c->doc, o, "filtered", all);
    yyjson_mut_val *list = all ? json_add_arr(c->doc, o, "filtered_by") : NULL;
    for (int i = VALID + 1; i < INVALIDS_N; i++) {
        if (l->reasons[i])
            add_reason(c, list, invalid_name((enum invalid)i), invalid_text((enum invalid)i), l->reasons[i]);
    }
}

/* Of what was asked for, what got an ad. */
static void encode_requests(struct tool_call *c, yyjson_mut_val *o, const struct house_line *l)
{
    int64_t requests = l->n[EVENT_REQUEST], shown = l->n[EVENT_DECISION];
    json_add_i64(c->doc, o, "requests", requests);
    if (requests) json_add_real(c->doc, o, "fill", (double)muldiv(shown, 10000, requests, MONEY_ROUND_HALF_UP) / 10000);
}

/* Currencies are never added up. */
static void encode_money(struct tool_call *c, yyjson_mut_val *o, const struct house_line *l)
{
    if (l->spends_n == 1) {
        json_add_str(c->doc, o, "currency", l->spends[0].currency);
        json_add_money(c->doc, o, "spend", l->spends[0].micros);
        return;
    }
    yyjson_mut_val *list = l->spends_n ? json_add_arr(c->doc, o, "spends") : NULL;
    for (size_t i = 0; i < l->spends_n; i++) {
        yyjson_mut_val *x = json_push_obj(c->doc, list);
        json_add_str(c->doc, x, "currency", l->spends[i].currency);
        json_add_money(c->doc, x, "spend", l->spends[i].micros);
    }
}

static void encode_line(struct tool_call *c, yyjson_mut_val *o, const struct house_report_wish *w,
                        const struct house_line *l)
{
    static const struct {
        const char *member;
        enum event event;
    } members[] = {
        { "decisions", EVENT_DECISION },
        { "impressions", EVENT_IMPRESSION },
        { "measurable", EVENT_MEASURABLE },
        { "viewable", EVENT_VIEWABLE },
        { "clicks", EVENT_CLICK },
        { "starts", EVENT_START },
        { "first_quartiles", EVENT_FIRST_QUARTILE },
        { "midpoints", EVENT_MIDPOINT },
        { "third_quartiles", EVENT_THIRD_QUARTILE },
        { "completes", EVENT_COMPLETE },
        { "errors", EVENT_ERROR },
    };
    if (w->by_day) add_day(c, o, "day", l->day);
    json_add_str_opt(c->doc, o, "media_buy_id", l->media_buy_id);
    json_add_str_opt(c->doc, o, "package_id", l->package_id);
    json_add_str_opt(c->doc, o, "principal_id", l->principal_id);
    json_add_str_opt(c->doc, o, "creative_id", l->creative_id);
    json_add_str_opt(c->doc, o, "slot_id", l->slot_id);
    if (house_report_has_requests(w)) encode_requests(c, o, l);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) json_add_i64(c->doc, o, members[i].member, l->n[members[i].event]);
    json_add_i64(c->doc, o, "gross_impressions", l->n[EVENT_IMPRESSION] + l->filtered[EVENT_IMPRESSION]);
    json_add_i64(c->doc, o, "gross_clicks", l->n[EVENT_CLICK] + l->filtered[EVENT_CLICK]);
    encode_money(c, o, l);
    encode_filtered(c, o, l);
}

int tool_x_ads_report(struct tool_call *c, struct err *e)
{
    const struct tz *zone;
    struct str zone_name;
    struct house_report_wish wish;
    struct house_report report;
    if (house_zone(c->act, &zone, &zone_name, e) || read_wish(c, zone, &wish, e)) return -1;
    if (house_report_make(c->act, zone, &wish, &report, e)) return -1;
    add_day(c, c->reply, "from", wish.from_day);
    add_day(c, c->reply, "until", wish.until_day);
    json_add_str(c->doc, c->reply, "timezone", zone_name);
    if (report.more) json_add_str(c->doc, c->reply, "cursor", arena_printf(c->arena, "%zu", wish.skip + report.n));
    yyjson_mut_val *rows = json_add_arr(c->doc, c->reply, "rows");
    for (size_t i = 0; i < report.n; i++) encode_line(c, json_push_obj(c->doc, rows), &wish, &report.lines[i]);
    return 0;
}

/* ---- why ---- */

/* Reasons by how often they were met, the most frequent first. */
static void add_reasons(struct tool_call *c, yyjson_mut_val *list, const struct package_look *look)
{
    bool done[WHYS_N] = { [WHY_SHOWN] = true };
    for (;;) {
        int most = -1;
        for (int w = 0; w < WHYS_N; w++) {
            if (!done[w] && look->last_hour[w] && (most < 0 || look->last_hour[w] > look->last_hour[most])) most = w;
        }
        if (most < 0) return;
        done[most] = true;
        add_reason(c, list, why_name((enum why)most), why_text((enum why)most), (int64_t)look->last_hour[most]);
    }
}

static void encode_look(struct tool_call *c, yyjson_mut_val *o, const struct serving_package *p,
                        const struct package_look *look)
{
    json_add_str(c->doc, o, "media_buy_id", p->media_buy_id);
    json_add_str(c->doc, o, "package_id", p->package_id);
    json_add_cstr(c->doc, o, "now", why_name(look->why));
    json_add_cstr(c->doc, o, "because",
                  look->why == WHY_SHOWN ? "nothing keeps it from being shown" : why_text(look->why));
    json_add_i64(c->doc, o, "shown", (int64_t)look->last_hour[WHY_SHOWN]);
    add_reasons(c, json_add_arr(c->doc, o, "kept_off"), look);
    yyjson_mut_val *filtered = json_add_arr(c->doc, o, "filtered");
    for (int i = VALID + 1; i < INVALIDS_N; i++) {
        if (look->filtered[i])
            add_reason(c, filtered, invalid_name((enum invalid)i), invalid_text((enum invalid)i), look->filtered[i]);
    }
    json_add_i64(c->doc, o, "requests_expected", look->requests_expected);
}

/* Of this publisher, and of this media buy when one is named. */
static bool is_asked_for(struct tool_call *c, const struct lineup *l, uint32_t place, struct str media_buy_id)
{
    const struct live_package *p = &l->packages[place];
    if (!str_eq(l->publishers[p->publisher]->tenant_id, c->act->tenant->tenant_id)) return false;
    return !media_buy_id.n || str_eq(p->package->media_buy_id, media_buy_id);
}

int tool_x_ads_why(struct tool_call *c, struct err *e)
{
    struct str media_buy_id = json_str(c->args, "media_buy_id");
    const struct lineup *l = c->act->serving ? serving_lineup(c->act->serving) : NULL;
    bool more = false;
    size_t n = 0;
    if (check_buy(c, media_buy_id, e)) return -1;
    json_add_bool(c->doc, c->reply, "at_work", l != NULL);
    if (!l) c->message = STR("No agent is running, and only a running one knows what it shows.");
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "packages");
    for (uint32_t i = l ? l->packages_n : 0; i-- > 0 && !more;) {
        struct package_look look;
        if (!is_asked_for(c, l, i, media_buy_id) || !serving_look(c->act->serving, l->packages[i].package->key, &look))
            continue;
        more = n++ == PACKAGES_MAX;
        if (!more) encode_look(c, json_push_obj(c->doc, list), l->packages[i].package, &look);
    }
    json_add_bool(c->doc, c->reply, "has_more", more);
    if (l && media_buy_id.n && !n)
        c->message =
            STR("The ad server does not run it: it is not approved, long over, or booked on another ad server.");
    return 0;
}
