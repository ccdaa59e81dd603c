#include "base/tz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/rfc3339.h"

#define TZ_DIRECTORY    "/usr/share/zoneinfo"
#define FILE_BYTES_MAX  16384
#define TRANSITIONS_MAX 2048
#define HEADER_BYTES    44
#define SECS_PER_DAY    INT64_C(86400)
#define RULE_TIME_MAX_S (167 * 3600)

/* When in a year clocks change: the POSIX TZ forms Mm.w.d, Jn and n, and a time of day that may lie days away. */
struct change {
    enum { CHANGE_WEEKDAY, CHANGE_DAY_NO_LEAP, CHANGE_DAY } kind;
    int month, week, day;
    int64_t time_s;
};

/* What holds after the last transition of the file. */
struct rule {
    bool present, has_summer;
    int64_t standard_s, summer_s; /* east of UTC */
    struct change begins, ends;   /* of summer time */
};

struct tz {
    const int64_t *at;       /* transitions, ascending, seconds */
    const int32_t *offset_s; /* from then on */
    size_t n;
    int64_t first_offset_s;
    struct rule rule;
};

const struct tz *tz_utc(void)
{
    static const struct tz utc = { .n = 0 };
    return &utc;
}

static int64_t floor_div(int64_t v, int64_t by)
{
    int64_t q = v / by;
    return v % by < 0 ? q - 1 : q;
}

/* --- the calendar -------------------------------------------------------------------------------------------------- */

static int64_t month_begins(int64_t year, int month) /* the day */
{
    return days_from_civil((struct civil){ year, month, 1 });
}

int64_t tz_month_first_day(int64_t day, int months)
{
    struct civil c = civil_from_days(day);
    int64_t count = c.year * 12 + c.month - 1 + months, year = floor_div(count, 12);
    return month_begins(year, (int)(count - year * 12) + 1);
}

/* --- the rule for the years to come -------------------------------------------------------------------------------- */

static int64_t change_day(const struct change *c, int64_t year)
{
    int64_t first = month_begins(year, c->kind == CHANGE_WEEKDAY ? c->month : 1);
    if (c->kind == CHANGE_DAY) return first + c->day;
    if (c->kind == CHANGE_DAY_NO_LEAP) return first + c->day - 1 + (c->day >= 60 && days_in_month(year, 2) == 29);
    int64_t weekday = floor_div(first + 4, 7) * 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + (c->day - (first + 4 - weekday) + 7) % 7 + (c->week - 1) * INT64_C(7);
    while (day >= first + days_in_month(year, c->month)) day -= 7; /* week 5: the last */
    return day;
}

static int64_t rule_offset(const struct rule *r, int64_t at_s)
{
    if (!r->has_summer) return r->standard_s;
    int64_t year = civil_from_days(floor_div(at_s + r->standard_s, SECS_PER_DAY)).year;
    int64_t begins = change_day(&r->begins, year) * SECS_PER_DAY + r->begins.time_s - r->standard_s;
    int64_t ends = change_day(&r->ends, year) * SECS_PER_DAY + r->ends.time_s - r->summer_s;
    bool summer = begins < ends ? at_s >= begins && at_s < ends : at_s >= begins || at_s < ends;
    return summer ? r->summer_s : r->standard_s;
}

/* A cursor over the rule's text; `p` stays behind what was read. */
static bool read_number(const char **p, int64_t max, int64_t *out)
{
    int64_t v = 0;
    if (**p < '0' || **p > '9') return false;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        v = v * 10 + (**p - '0');
        if (v > max) return false;
    }
    *out = v;
    return true;
}

static bool read_name(const char **p)
{
    const char *from = *p;
    if (**p == '<') {
        while (**p && **p != '>') (*p)++;
        return *(*p)++ == '>';
    }
    while ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z')) (*p)++;
    return *p - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **p, int64_t *out)
{
    int64_t part, sum = 0, sign = 1, unit = 3600;
    if (**p == '+' || **p == '-') sign = *(*p)++ == '-' ? -1 : 1;
    for (int i = 0; i < 3; i++, unit /= 60) {
        if (i > 0 && **p != ':') break;
        if (i > 0) (*p)++;
        if (!read_number(p, i == 0 ? 167 : 59, &part)) return false;
        sum += part * unit;
    }
    *out = sign * sum;
    return sum <= RULE_TIME_MAX_S;
}

static bool read_change(const char **p, struct change *out)
{
    int64_t a, b = 0, c = 0;
    *out = (struct change){ .time_s = 2 * 3600 };
    if (*(*p)++ != ',') return false;
    if (**p == 'M') {
        (*p)++;
        if (!read_number(p, 12, &a) || *(*p)++ != '.' || !read_number(p, 5, &b) || *(*p)++ != '.') return false;
        if (!read_number(p, 6, &c) || a < 1 || b < 1) return false;
        out->kind = CHANGE_WEEKDAY;
        out->month = (int)a;
        out->week = (int)b;
        out->day = (int)c;
    } else {
        out->kind = **p == 'J' ? CHANGE_DAY_NO_LEAP : CHANGE_DAY;
        if (**p == 'J') (*p)++;
        if (!read_number(p, 365, &a)) return false;
        out->day = (int)a;
    }
    if (**p != '/') return true;
    (*p)++;
    return read_time(p, &out->time_s);
}

/* "EST5EDT,M3.2.0,M11.1.0": offsets are counted west of Greenwich. Empty: nothing is said. */
static bool read_rule(const char *p, struct rule *out)
{
    struct rule r = { .present = true };
    int64_t west;
    if (!*p) return true;
    if (!read_name(&p) || !read_time(&p, &west)) return false;
    r.standard_s = -west;
    if (*p) {
        r.has_summer = true;
        r.summer_s = r.standard_s + 3600;
        if (!read_name(&p)) return false;
        if (*p != ',') {
            if (!read_time(&p, &west)) return false;
            r.summer_s = -west;
        }
        if (!read_change(&p, &r.begins) || !read_change(&p, &r.ends)) return false;
    }
    if (*p) return false;
    *out = r;
    return true;
}

/* --- the file ------------------------------------------------------------------------------------------------------- */

static int64_t big_endian(const char *p, int bytes)
{
    uint64_t v = (uint8_t)p[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | (uint8_t)p[i];
    return (int64_t)v;
}

struct counts {
    size_t utc, standard, leap, transitions, types, chars;
};

/* 0 and the counts of a block's header, or -1. */
static int read_header(struct str s, struct counts *out)
{
    size_t v[6];
    if (s.n < HEADER_BYTES || memcmp(s.p, "TZif", 4) != 0 || s.p[4] < '2') return -1;
    for (int i = 0; i < 6; i++) {
        int64_t n = big_endian(s.p + 20 + 4 * i, 4);
        if (n < 0 || n > TRANSITIONS_MAX) return -1;
        v[i] = (size_t)n;
    }
    *out = (struct counts){ v[0], v[1], v[2], v[3], v[4], v[5] };
    return 0;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
    return c->transitions * (time_bytes + 1) + c->types * 6 + c->chars + c->leap * (time_bytes + 4) + c->standard +
           c->utc;
}

/* An offset a clock can have. */
static bool offset_of(const char *types, size_t type, int64_t *out)
{
    *out = big_endian(types + type * 6, 4);
    return *out > -26 * 3600 && *out < 26 * 3600;
}

static int read_block(struct arena *a, const char *p, const struct counts *c, struct tz *out)
{
    const char *indices = p + c->transitions * 8, *types = indices + c->transitions;
    int64_t *at = ARENA_ARRAY(a, int64_t, c->transitions + 1), offset;
    int32_t *offsets = ARENA_ARRAY(a, int32_t, c->transitions + 1);
    if (c->types == 0 || !offset_of(types, 0, &out->first_offset_s)) return -1;
    for (size_t i = 0; i < c->transitions; i++) {
        at[i] = big_endian(p + i * 8, 8);
        size_t type = (uint8_t)indices[i];
        if (type >= c->types || !offset_of(types, type, &offset) || (i > 0 && at[i] <= at[i - 1])) return -1;
        offsets[i] = (int32_t)offset;
    }
    out->at = at;
    out->offset_s = offsets;
    out->n = c->transitions;
    return 0;
}

int tz_parse(struct arena *a, struct str file, const struct tz **out)
{
    struct counts c;
    struct tz *z = ARENA_NEW(a, struct tz);
    *z = (struct tz){ .n = 0 };
    if (read_header(file, &c)) return -1;
    size_t skip = HEADER_BYTES + block_bytes(&c, 4); /* what version 1 could say */
    if (skip > file.n) return -1;
    struct str rest = { file.p + skip, file.n - skip };
    if (read_header(rest, &c) || HEADER_BYTES + block_bytes(&c, 8) > rest.n) return -1;
    if (read_block(a, rest.p + HEADER_BYTES, &c, z)) return -1;
    size_t n = HEADER_BYTES + block_bytes(&c, 8);
    struct str footer = { rest.p + n, rest.n - n };
    if (footer.n < 2 || footer.p[0] != '\n' || footer.p[footer.n - 1] != '\n') return -1;
    if (!read_rule(arena_cstr(a, (struct str){ footer.p + 1, footer.n - 2 }), &z->rule)) return -1;
    *out = z;
    return 0;
}

/* A name that cannot lead out of the database: words of letters, digits, '_', '+' and '-', parted by single slashes. The
 * database's own side rooms (posix/, right/) and helper files are in lower case; names of zones are not. */
static bool name_valid(struct str name)
{
    if (name.n == 0 || name.n > TZ_NAME_MAX || name.p[0] < 'A' || name.p[0] > 'Z' || name.p[name.n - 1] == '/')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && !strchr("_+-/", c)) return false;
        if (c == '/' && name.p[i + 1] == '/') return false;
    }
    return true;
}

int tz_load(struct arena *a, struct str name, const struct tz **out, struct err *e)
{
    if (str_is(name, "UTC")) {
        *out = tz_utc();
        return 0;
    }
    if (name_valid(name)) {
        struct str path = arena_printf(a, TZ_DIRECTORY "/" STR_FMT, STR_ARG(name));
        int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        char *bytes = arena_alloc_raw(a, FILE_BYTES_MAX);
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, FILE_BYTES_MAX);
        if (fd >= 0) (void)close(fd); /* only read from */
        if (n > 0 && tz_parse(a, (struct str){ bytes, (size_t)n }, out) == 0) return 0;
    }
    return err_set(e, "INVALID_REQUEST", "\"%.*s\" is not a time zone this system knows; use \"UTC\" or an IANA name.",
                   (int)(name.n < TZ_NAME_MAX ? name.n : TZ_NAME_MAX), name.p ? name.p : "");
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

static int64_t offset_at(const struct tz *z, int64_t at_s)
{
    size_t low = 0, high = z->n; /* the number of transitions until at_s */
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (z->at[mid] <= at_s) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low == z->n && z->rule.present) return rule_offset(&z->rule, at_s);
    return low == 0 ? z->first_offset_s : z->offset_s[low - 1];
}

int64_t tz_offset_s(const struct tz *z, int64_t at)
{
    return offset_at(z, floor_div(at, USEC_PER_SEC));
}

static int64_t day_of(const struct tz *z, int64_t at_s)
{
    return floor_div(at_s + offset_at(z, at_s), SECS_PER_DAY);
}

int64_t tz_day(const struct tz *z, int64_t at)
{
    return day_of(z, floor_div(at, USEC_PER_SEC));
}

int64_t tz_day_begins_at(const struct tz *z, int64_t day)
{
    int64_t low = (day - 2) * SECS_PER_DAY, high = (day + 2) * SECS_PER_DAY; /* offsets are less than 26 hours */
    while (low + 1 < high) {
        int64_t mid = low + (high - low) / 2;
        if (day_of(z, mid) >= day) {
            high = mid;
        } else {
            low = mid;
        }
    }
    return high * USEC_PER_SEC;
}
