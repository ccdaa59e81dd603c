#include "serving/reasons.h"

#include "base/rfc3339.h"

#define STRETCH_US (300 * USEC_PER_SEC)

static const struct {
    const char *name, *text;
} words[WHYS_N] = {
    [WHY_SHOWN] = { "shown", "it was shown" },
    [WHY_NOT_LIVE] = { "not_live", "its media buy is not approved, or waits for something" },
    [WHY_NOT_STARTED] = { "not_started", "its flight has not begun" },
    [WHY_ENDED] = { "ended", "its flight is over, or it was canceled" },
    [WHY_PAUSED] = { "paused", "it is paused, or its media buy is" },
    [WHY_NO_SLOT] = { "no_slot", "its product names no slot that exists" },
    [WHY_NO_CREATIVE] = { "no_creative", "it has no approved creative" },
    [WHY_NO_FIT] = { "no_fit", "none of its creatives fits one of its slots" },
    [WHY_DONE] = { "done", "its goal is reached, or its budget is used up" },
    [WHY_DAY_DONE] = { "day_done", "the limit of this day is reached" },
    [WHY_COUNTRY] = { "country", "the visitor's country is not one it wants, or is unknown" },
    [WHY_DEVICE] = { "device", "the visitor's device is not one it wants, or is unknown" },
    [WHY_LANGUAGE] = { "language", "the visitor's language is not one it wants, or is unknown" },
    [WHY_HOUR] = { "hour", "it does not want this hour of the week" },
    [WHY_KEY_VALUES] = { "key_values", "the page's key-values are not those it wants" },
    [WHY_CAPPED] = { "capped", "the visitor has seen it as often as its frequency cap allows" },
    [WHY_NO_VISITOR] = { "no_visitor", "it has a frequency cap, and this visitor could not be told from others" },
    [WHY_ADVERTISER] = { "advertiser", "the page shows another ad of the same advertiser" },
    [WHY_ON_THE_WAY] = { "on_the_way", "the ads that are on their way will meet its goal" },
    [WHY_SIZE] = { "size", "the place on the page has another size than its creatives" },
    [WHY_PACED] = { "paced", "its pacing keeps the rest for later" },
    [WHY_OUTRANKED] = { "outranked", "other guaranteed packages were more urgent" },
    [WHY_OUTBID] = { "outbid", "others bid more, or guaranteed packages took the place" },
};

void reasons_turn(struct reasons *r, int64_t now)
{
    int64_t stretch = now / STRETCH_US, gone = stretch - r->stretch;
    if (gone <= 0) return;
    if (gone > REASONS_STRETCHES) gone = REASONS_STRETCHES;
    for (int64_t s = stretch - gone + 1; s <= stretch; s++)
        memset(r->count[s % REASONS_STRETCHES], 0, sizeof(r->count[0]));
    r->stretch = stretch;
}

uint64_t reasons_of(const struct reasons *r, enum why why)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < REASONS_STRETCHES; i++) sum += r->count[i][why];
    return sum;
}

const char *why_name(enum why w)
{
    return words[w].name;
}

const char *why_text(enum why w)
{
    return words[w].text;
}
