/* Time zone files of any content: what is taken has days that begin, in order, and hold the moment they are asked for. */
#include "base/rfc3339.h"
#include "base/tz.h"
#include "driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    const struct tz *z;
    arena_init(&a);
    if (tz_parse(&a, (struct str){ (const char *)data, size }, &z) == 0) {
        for (int64_t at = 0; at < 200 * 366 * USEC_PER_DAY; at += 97 * USEC_PER_DAY + 1) {
            int64_t offset = tz_offset_s(z, at);
            ENSURE(offset > -26 * 3600 * 7 && offset < 26 * 3600 * 7);
            int64_t day = tz_day(z, at), begins = tz_day_begins_at(z, day);
            ENSURE(tz_month_first_day(day, 0) <= day && tz_month_first_day(day, 1) > day);
            ENSURE(begins <= tz_day_begins_at(z, day + 8));
        }
    }
    arena_finish(&a);
    return 0;
}
