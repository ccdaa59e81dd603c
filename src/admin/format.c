#include "admin/format.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"

static const char *const months[] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};
static const char *const week[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* from 1970-01-01 */

/* --- times ------------------------------------------------------------------------------------------------------ */

struct moment {
    int64_t day;
    struct civil civil;
    int hour, minute;
};

static struct moment moment_at(const struct format_how *how, int64_t at)
{
    int64_t local = at + tz_offset_s(how->zone, at) * USEC_PER_SEC;
    int64_t day = local / USEC_PER_DAY - (local % USEC_PER_DAY < 0);
    int64_t minutes = (local - day * USEC_PER_DAY) / (60 * USEC_PER_SEC);
    return (struct moment){ day, civil_from_days(day), (int)(minutes / 60), (int)(minutes % 60) };
}

static struct str day_text(const struct format_how *how, const struct moment *m)
{
    const char *month = months[m->civil.month - 1];
    if (m->civil.year == moment_at(how, how->now).civil.year)
        return arena_printf(how->arena, "%d %s", m->civil.day, month);
    return arena_printf(how->arena, "%d %s %lld", m->civil.day, month, (long long)m->civil.year);
}

static const char *weekday(const struct moment *m)
{
    return week[((m->day % 7) + 7) % 7];
}

static struct str when_text(const struct format_how *how, const struct moment *m)
{
    int64_t days = m->day - moment_at(how, how->now).day;
    const char *near = days == 0 ? "today" : days == 1 ? "tomorrow" : days == -1 ? "yesterday" : NULL;
    if (near) return arena_printf(how->arena, "%s %02d:%02d", near, m->hour, m->minute);
    return arena_printf(how->arena, "%s " STR_FMT ", %02d:%02d", weekday(m), STR_ARG(day_text(how, m)), m->hour,
                        m->minute);
}

static struct str ago_text(const struct format_how *how, int64_t at)
{
    int64_t us = how->now > at ? how->now - at : at - how->now, minutes = us / (60 * USEC_PER_SEC);
    bool past = at <= how->now;
    if (minutes == 0) return past ? STR("just now") : STR("now");
    bool hours = minutes >= 60 && minutes < 48 * 60, days = minutes >= 48 * 60;
    long long n = (long long)(days ? minutes / (24 * 60) : hours ? minutes / 60 : minutes);
    const char *unit = days ? "days" : hours ? "h" : "min";
    return past ? arena_printf(how->arena, "%lld %s ago", n, unit) : arena_printf(how->arena, "in %lld %s", n, unit);
}

/* An end at midnight belongs to the day before. */
static struct moment end_at(const struct format_how *how, int64_t at)
{
    struct moment m = moment_at(how, at);
    if (m.hour || m.minute) return m;
    m.day--;
    m.civil = civil_from_days(m.day);
    m.hour = 24;
    return m;
}

static struct str time_value(const struct format_how *how, enum format f, struct str text)
{
    int64_t at;
    if (rfc3339_parse(text, &at)) return text;
    bool end = f == SHOW_LASTDAY || f == SHOW_END;
    struct moment m = end ? end_at(how, at) : moment_at(how, at);
    if (f == SHOW_DAY || f == SHOW_LASTDAY) return day_text(how, &m);
    if (f == SHOW_CLOCK) return arena_printf(how->arena, "%02d:%02d", m.hour, m.minute);
    if (f == SHOW_WHEN) return when_text(how, &m);
    if (f == SHOW_AGO) return ago_text(how, at);
    return arena_printf(how->arena, "%s %d %s %lld, %02d:%02d", weekday(&m), m.civil.day, months[m.civil.month - 1],
                        (long long)m.civil.year, m.hour, m.minute);
}

/* --- numbers ---------------------------------------------------------------------------------------------------- */

/* Decimal text with its whole part in groups of three, and at least `decimals` places. */
static struct str grouped(struct arena *a, struct str text, int decimals)
{
    char out[96];
    size_t n = 0, whole = 0, sign = text.n && text.p[0] == '-';
    while (sign + whole < text.n && text.p[sign + whole] >= '0' && text.p[sign + whole] <= '9') whole++;
    struct str rest = str_skip(text, sign + whole);
    if (!whole || text.n > 40 || (rest.n && rest.p[0] != '.')) return text; /* "1e30": as it is */
    if (sign) out[n++] = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) out[n++] = ',';
        out[n++] = text.p[sign + i];
    }
    int places = rest.n ? (int)rest.n - 1 : 0;
    if (decimals > 0 && !rest.n) out[n++] = '.';
    memcpy(out + n, rest.p, rest.n);
    n += rest.n;
    for (; places < decimals; places++) out[n++] = '0';
    return arena_dup(a, (struct str){ out, n });
}

static struct str money_value(const struct format_how *how, yyjson_val *v, yyjson_val *currency)
{
    char text[MONEY_TEXT_MAX];
    int64_t micros;
    struct err not_money;
    bool below = yyjson_get_num(v) < 0;
    if (money_micros_from_double(below ? -yyjson_get_num(v) : yyjson_get_num(v), &micros, &not_money))
        return json_write_val(how->arena, v);
    size_t n = money_print(below ? -micros : micros, text);
    struct str amount = grouped(how->arena, (struct str){ text, n }, 2), unit = json_val_str(currency);
    return unit.n ? arena_printf(how->arena, STR_FMT " " STR_FMT, STR_ARG(amount), STR_ARG(unit)) : amount;
}

static struct str percent_value(const struct format_how *how, yyjson_val *v)
{
    char text[MONEY_TEXT_MAX];
    int64_t micros;
    struct err not_a_share;
    if (money_micros_from_double(yyjson_get_num(v), &micros, &not_a_share)) return json_write_val(how->arena, v);
    size_t n = money_print(micros / 100 * 10000, text); /* hundredths of a percent; more would be noise */
    return arena_printf(how->arena, STR_FMT " %%", STR_ARG(grouped(how->arena, (struct str){ text, n }, 0)));
}

static struct str bytes_value(const struct format_how *how, int64_t n)
{
    static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
    size_t u = 0;
    int64_t tenths = n * 10;
    for (; tenths >= 10240 && u + 1 < ARRAY_LEN(units); u++) tenths /= 1024;
    if (u == 0 || tenths % 10 == 0) return arena_printf(how->arena, "%lld %s", (long long)tenths / 10, units[u]);
    return arena_printf(how->arena, "%lld.%lld %s", (long long)tenths / 10, (long long)tenths % 10, units[u]);
}

/* --- the rest --------------------------------------------------------------------------------------------------- */

static struct str words_value(struct arena *a, struct str s)
{
    char *text = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) text[i] = (char)(s.p[i] == '_' || s.p[i] == '.' ? ' ' : s.p[i]);
    return (struct str){ text, s.n };
}

static struct str place_value(struct arena *a, struct str s)
{
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == '/') return words_value(a, str_skip(s, i + 1));
    }
    return s;
}

static struct str name_value(struct str s)
{
    const char *colon = memchr(s.p, ':', s.n);
    return colon ? str_skip(s, (size_t)(colon - s.p) + 1) : s;
}

static struct str list_value(struct arena *a, yyjson_val *list)
{
    struct str all = STR_NONE;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        struct str one = json_val_str(v);
        if (one.n) all = all.n ? arena_printf(a, STR_FMT ", " STR_FMT, STR_ARG(all), STR_ARG(one)) : one;
    }
    return all;
}

static struct str json_value(struct arena *a, yyjson_val *v)
{
    yyjson_alc alc = json_arena_alc(a);
    size_t n = 0;
    const char *text =
        yyjson_val_write_opts(v, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &n, NULL);
    return text ? (struct str){ text, n } : STR_NONE;
}

static struct str plain_value(const struct format_how *how, yyjson_val *v)
{
    if (yyjson_is_str(v)) return json_val_str(v);
    if (yyjson_is_bool(v)) return yyjson_get_bool(v) ? STR("yes") : STR("no");
    if (yyjson_is_arr(v)) return list_value(how->arena, v);
    return v && !yyjson_is_null(v) ? json_write_val(how->arena, v) : STR_NONE;
}

struct str format_value(const struct format_how *how, enum format f, yyjson_val *v, yyjson_val *argument)
{
    struct str text = json_val_str(v);
    switch (f) {
    case SHOW_NONE: break;
    case SHOW_TIME:
    case SHOW_DAY:
    case SHOW_LASTDAY:
    case SHOW_END:
    case SHOW_CLOCK:
    case SHOW_WHEN:
    case SHOW_AGO:
        if (text.n) return time_value(how, f, text);
        break;
    case SHOW_MONEY:
        if (yyjson_is_num(v)) return money_value(how, v, argument);
        break;
    case SHOW_NUMBER:
        if (yyjson_is_num(v)) return grouped(how->arena, json_write_val(how->arena, v), 0);
        break;
    case SHOW_PERCENT:
        if (yyjson_is_num(v)) return percent_value(how, v);
        break;
    case SHOW_WORDS:
        if (text.n) return words_value(how->arena, text);
        break;
    case SHOW_BYTES:
        if (yyjson_is_num(v)) return bytes_value(how, (int64_t)yyjson_get_num(v));
        break;
    case SHOW_PLACE:
        if (text.n) return place_value(how->arena, text);
        break;
    case SHOW_JSON:
        if (v) return json_value(how->arena, v);
        break;
    case SHOW_NAME:
        if (text.n) return name_value(text);
        break;
    case SHOW_VALUE:
        if (yyjson_is_num(v)) return grouped(how->arena, json_write_val(how->arena, v), 0);
        if (text.n) return time_value(how, SHOW_TIME, text);
        break;
    }
    return plain_value(how, v);
}
