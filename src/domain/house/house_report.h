/* What the built-in ad server counted, for the publisher's people: by package, day, creative or slot, net and gross. */
#pragma once

#include "domain/core/act.h"
#include "serving/tally.h"

struct house_report_wish {
    struct str media_buy_id; /* empty: of all */
    int64_t from_day, until_day; /* days of the publisher's zone since 1970, both included */
    bool by_package, by_day, by_creative, by_slot;
    size_t skip, max; /* lines */
};

/* Money of one currency. */
struct house_spend {
    struct str currency;
    int64_t micros;
};

struct house_line {
    int64_t day; /* by day only */
    struct str media_buy_id, package_id; /* by package only */
    struct str principal_id, creative_id; /* by creative only; of what is gone: empty */
    struct str slot_id; /* by slot only; of one that is gone: empty */
    int64_t n[EVENTS_N]; /* what counts; requests where house_report_has_requests */
    int64_t filtered[EVENTS_N]; /* what did not */
    int64_t reasons[INVALIDS_N]; /* the same by its reason, of events alone: not of decisions */
    const struct house_spend *spends; /* what it cost, by currency; never above a budget */
    size_t spends_n;
};

struct house_report {
    struct house_line *lines; /* by day, package, creative, slot */
    size_t n;
    bool more;
};

/* Somebody asks for an ad for a slot, and not for one of a package: whether lines of this wish can say how often. */
bool house_report_has_requests(const struct house_report_wish *w);

struct tz;
/* The zone of the publisher's days; UTC's when it has no built-in ad server. In the act's arena. */
MUST_CHECK int house_zone(const struct act *act, const struct tz **zone, struct str *name, struct err *e);

MUST_CHECK int house_report_make(const struct act *act, const struct tz *zone, const struct house_report_wish *wish,
                                 struct house_report *out, struct err *e);
