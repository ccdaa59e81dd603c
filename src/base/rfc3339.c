#include "base/rfc3339.h"

/* Days since the epoch to and from the calendar, in eras of 400 years that start in March
 * so that the leap day is the last day of its year. */
int64_t days_from_civil(struct civil c)
{
    int64_t y = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct civil civil_from_days(int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int day = (int)(doy - (153 * mp + 2) / 5 + 1);
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){ yoe + era * 400 + (month <= 2), month, day };
}

int days_in_month(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* `v` in exactly `width` digits. Printing times is on the hot path of every reply; printf is twenty times slower. */
static char *put_digits(char *p, int64_t v, int width)
{
    for (int i = width - 1; i >= 0; i--, v /= 10) p[i] = (char)('0' + v % 10);
    return p + width;
}

static char *put_char(char *p, char c)
{
    *p = c;
    return p + 1;
}

size_t rfc3339_print(int64_t at, enum rfc3339_precision precision, char out[RFC3339_MAX])
{
    if (at < 0) at = 0;
    if (at > TIME_LAST) at = TIME_LAST;
    struct civil c = civil_from_days(at / USEC_PER_DAY);
    int64_t secs = at % USEC_PER_DAY / USEC_PER_SEC;
    char *p = put_char(put_digits(out, c.year, 4), '-');
    p = put_char(put_digits(p, c.month, 2), '-');
    p = put_char(put_digits(p, c.day, 2), 'T');
    p = put_char(put_digits(p, secs / 3600, 2), ':');
    p = put_char(put_digits(p, secs / 60 % 60, 2), ':');
    p = put_digits(p, secs % 60, 2);
    if (precision == RFC3339_MILLIS) p = put_digits(put_char(p, '.'), at % USEC_PER_SEC / 1000, 3);
    p = put_char(p, 'Z');
    *p = '\0';
    return (size_t)(p - out);
}

size_t rfc3339_print_date(int64_t at, char out[RFC3339_MAX])
{
    (void)rfc3339_print(at, RFC3339_SECONDS, out); /* only its first ten characters are wanted */
    out[10] = '\0';
    return 10;
}

static bool digits(struct str s, size_t from, size_t count, int *value)
{
    if (from + count > s.n) return false;
    int v = 0;
    for (size_t i = from; i < from + count; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *value = v;
    return true;
}

int rfc3339_parse_date(struct str t, int64_t *at)
{
    int y, m, d;
    if (t.n != 10 || t.p[4] != '-' || t.p[7] != '-') return -1;
    if (!digits(t, 0, 4, &y) || !digits(t, 5, 2, &m) || !digits(t, 8, 2, &d)) return -1;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > days_in_month(y, m)) return -1;
    *at = days_from_civil((struct civil){ y, m, d }) * USEC_PER_DAY;
    return 0;
}

/* "Z" or "+hh:mm" at `i` to the end, as seconds east of UTC. */
static bool parse_offset(struct str t, size_t i, int64_t *offset_s)
{
    if (i + 1 == t.n && (t.p[i] == 'Z' || t.p[i] == 'z')) {
        *offset_s = 0;
        return true;
    }
    int h, m;
    if (i + 6 != t.n || (t.p[i] != '+' && t.p[i] != '-') || t.p[i + 3] != ':') return false;
    if (!digits(t, i + 1, 2, &h) || !digits(t, i + 4, 2, &m) || h > 23 || m > 59) return false;
    *offset_s = (t.p[i] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

int rfc3339_parse(struct str t, int64_t *at)
{
    int h, mi, s;
    int64_t day, offset_s;
    if (t.n < 20 || t.n > 40 || (t.p[10] != 'T' && t.p[10] != 't')) return -1;
    if (rfc3339_parse_date((struct str){ t.p, 10 }, &day)) return -1;
    if (t.p[13] != ':' || t.p[16] != ':') return -1;
    if (!digits(t, 11, 2, &h) || !digits(t, 14, 2, &mi) || !digits(t, 17, 2, &s)) return -1;
    if (h > 23 || mi > 59 || s > 60) return -1;
    size_t i = 19;
    int64_t usec = 0;
    if (t.p[i] == '.') {
        int64_t scale = USEC_PER_SEC / 10;
        for (i++; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++, scale /= 10) usec += (t.p[i] - '0') * scale;
        if (t.p[i - 1] == '.') return -1;
    }
    if (i >= t.n || !parse_offset(t, i, &offset_s)) return -1;
    int64_t r = day + (h * 3600 + mi * 60 + s - offset_s) * USEC_PER_SEC + usec;
    if (r < 0 || r > TIME_LAST) return -1;
    *at = r;
    return 0;
}
