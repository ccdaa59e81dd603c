/* Media buys on ad servers: what was asked of each, how it stands, what it calls what it has, and when its numbers were
 * read. */
#pragma once

#include "store/store.h"

enum booking_state {
    BOOKING_ASKED, /* its ad server is being asked */
    BOOKING_WAITING, /* it has it, and waits for somebody or something over there */
    BOOKING_BOOKED,
    BOOKING_REFUSED, /* it will not, or did not in time */
    BOOKING_DROPPED, /* refused, and the buy goes on without it */
    BOOKING_CANCELED /* stopped for good, or being stopped */
};
const char *booking_state_name(enum booking_state s);

struct booking_row {
    struct str media_buy_id, ad_server, tenant_id;
    enum booking_state state;
    struct str remote_id, reason;
    int64_t wait_until, changed_at, booked_at; /* TIME_NONE, changed_at excepted */
    struct str creatives_asked;
    int64_t read_at, as_of, read_due_at, looked_at; /* TIME_NONE */
    struct str looked; /* JSON; empty */
};

/* A row for a booking that is being asked for. */
struct booking_row q_booking_new(struct str tenant_id, struct str media_buy_id, struct str ad_server, int64_t now);

struct booking_rows {
    struct booking_row *rows;
    size_t n;
};

/* By ad server. */
MUST_CHECK int q_bookings_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct booking_rows *out,
                                 struct err *e);
/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_booking_get(struct tx *tx, struct arena *a, struct str media_buy_id, struct str ad_server,
                             struct booking_row *out, struct err *e);
/* Inserts or replaces. */
MUST_CHECK int q_booking_put(struct tx *tx, const struct booking_row *row, struct err *e);

/* Those of an ad server that are to be read by `until`, the longest due first, at most `limit`. */
struct booking_due {
    struct str tenant_id, ad_server;
    int64_t until;
    int limit;
};
MUST_CHECK int q_bookings_due(struct tx *tx, struct arena *a, const struct booking_due *due, struct booking_rows *out,
                              struct err *e);
/* When the next one is due; TIME_NONE: none. */
MUST_CHECK int q_booking_next_due(struct tx *tx, struct str tenant_id, struct str ad_server, int64_t *at,
                                  struct err *e);

/* Booked ones that are still read and were not looked at since `until`, the longest ago first, at most `limit`. */
MUST_CHECK int q_bookings_to_look(struct tx *tx, struct arena *a, const struct booking_due *due,
                                  struct booking_rows *out, struct err *e);

/* A package on an ad server, by our id or by the ad server's own. 1 found, 0 not, -1 failed. */
struct booked_package {
    struct str tenant_id, ad_server; /* given */
    struct str id; /* given: ours, or theirs */
    struct str media_buy_id, package_id;
};
MUST_CHECK int q_booked_package(struct tx *tx, struct arena *a, struct booked_package *p, struct err *e);

/* A publisher's that are not settled: asked, waiting or refused; the oldest first. */
MUST_CHECK int q_bookings_open(struct tx *tx, struct arena *a, struct str tenant_id, int limit,
                               struct booking_rows *out, struct err *e);
