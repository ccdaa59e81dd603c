#include "domain/core/working_time.h"

#include "base/rfc3339.h"

#define DAYS_LOOKED_AT 731
#define MINUTE         (INT64_C(60) * USEC_PER_SEC)

static int wrong(struct err *e, const char *at, const char *member, const char *what)
{
    (void)err_set(e, "INVALID_REQUEST", "%s %s.", member, what);
    return err_field(e, "%s/%s", at, member);
}

/* "09:00" -> 540, "24:00" -> 1440; -1 for what is no time of a day. */
static int minute_of(struct str text)
{
    if (text.n != 5 || text.p[2] != ':') return -1;
    for (size_t i = 0; i < 5; i++) {
        if (i != 2 && (text.p[i] < '0' || text.p[i] > '9')) return -1;
    }
    int hour = (text.p[0] - '0') * 10 + text.p[1] - '0', minute = (text.p[3] - '0') * 10 + text.p[4] - '0';
    return minute > 59 || hour > 24 || (hour == 24 && minute) ? -1 : hour * 60 + minute;
}

static int read_days(yyjson_val *list, struct working_time *out)
{
    static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    size_t i, n, k;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        for (k = 0; k < 7 && !str_is(json_val_str(v), names[k]);) k++;
        if (k == 7) return -1;
        out->days[k] = true;
    }
    return yyjson_arr_size(list) ? 0 : -1;
}

int working_time_read(yyjson_val *settings, const char *at, struct working_time *out, struct err *e)
{
    size_t i, n;
    int64_t day;
    yyjson_val *v;
    *out = (struct working_time){ .from_minute = minute_of(json_str(settings, "from")),
                                  .to_minute = minute_of(json_str(settings, "to")),
                                  .holidays = json_arr(settings, "holidays") };
    if (read_days(json_arr(settings, "days"), out))
        return wrong(e, at, "days", "is a list of mon, tue, wed, thu, fri, sat and sun, of one at least");
    if (out->from_minute < 0) return wrong(e, at, "from", "is a time of the day, as 09:00");
    if (out->to_minute <= out->from_minute) return wrong(e, at, "to", "is a later time of the day, as 18:00");
    if (json_has(settings, "holidays") && (!out->holidays || yyjson_arr_size(out->holidays) > HOLIDAYS_MAX))
        return wrong(e, at, "holidays", "is a list of at most 400 days");
    yyjson_arr_foreach(out->holidays, i, n, v) {
        if (rfc3339_parse_date(json_val_str(v), &day)) return wrong(e, at, "holidays", "are days, as 2026-12-25");
    }
    return 0;
}

static bool works(const struct working_time *w, int64_t day)
{
    char text[RFC3339_MAX];
    size_t i, n;
    yyjson_val *v;
    if (!w->days[((day + 3) % 7 + 7) % 7]) return false; /* 1970-01-01 was a Thursday */
    struct str date = { text, rfc3339_print_date(day * USEC_PER_DAY, text) };
    yyjson_arr_foreach(w->holidays, i, n, v) {
        if (str_eq(json_val_str(v), date)) return false;
    }
    return true;
}

/* What the zone's clocks show as this minute of this day. */
static int64_t moment_of(const struct tz *zone, int64_t day, int minute)
{
    int64_t shown = day * USEC_PER_DAY + minute * MINUTE;
    int64_t at = shown - tz_offset_s(zone, tz_day_begins_at(zone, day)) * USEC_PER_SEC;
    return shown - tz_offset_s(zone, at) * USEC_PER_SEC;
}

int64_t working_time_due(const struct working_time *w, const struct tz *zone, int64_t from, int64_t hours)
{
    int64_t left = hours * 60 * MINUTE, first = tz_day(zone, from), worked_until = from;
    for (int64_t day = first; w && day < first + DAYS_LOOKED_AT; day++) {
        if (!works(w, day)) continue;
        int64_t begins = moment_of(zone, day, w->from_minute), ends = moment_of(zone, day, w->to_minute);
        if (begins < from) begins = from;
        if (begins >= ends) continue;
        if (left <= ends - begins) return begins + left;
        left -= ends - begins;
        worked_until = ends;
    }
    return worked_until + left;
}
