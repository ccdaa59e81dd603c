/* The plan of a media buy: its rows in the words of the adapter contract; as a whole, and the part of one ad server. */
#pragma once

#include <salesagent/adapter.h>

#include "domain/core/ad_server.h"
#include "store/q/q_media_buy.h"

/* NUMBERS is what delivery follows from; WHOLE also has targeting, creatives and advertiser, for the ad server's verbs;
 * EXPECTED counts creatives that wait for review as approved, for dry runs. */
enum plan_depth { PLAN_NUMBERS, PLAN_WHOLE, PLAN_EXPECTED };

/* Reads the rows of a buy. 1 found, 0 not, -1 failed. Whose buy it is was checked by the caller. Lives in the arena. */
MUST_CHECK int plan_load(const struct act *act, struct str media_buy_id, enum plan_depth depth, struct plan *out,
                         struct err *e);

/* What one ad server is given of a whole plan: its packages, and the ids it has given. While another ad server has not taken
 * its part, every package is paused. */
MUST_CHECK int plan_part(const struct act *act, const struct plan *whole, struct str ad_server, struct plan *out,
                         struct err *e);

/* The ad servers that a plan needs, each once, in the order of its packages. */
struct plan_server_names {
    struct str names[AD_SERVERS_MAX];
    size_t n; /* no more: a publisher has no more */
};
void plan_servers(const struct plan *plan, struct plan_server_names *out);

/* True when every ad server of the plan knows at any time what it has delivered (the mock, the built-in one). */
MUST_CHECK int plan_is_local(const struct act *act, const struct plan *plan, bool *local, struct err *e);

/* How an advertiser found at an ad server is remembered: by account and brand. Kind of q_ad_remote. */
#define AD_REMOTE_ADVERTISER "advertiser"
struct str plan_advertiser_id(struct arena *a, const struct plan *plan);

/* What the plans of one reading have in common, so that it is read once however many packages there are: products, the
 * publisher's first ad server. For one act and its transaction; begins as zeros, lives in the act's arena. */
#define PLAN_SHELF_PRODUCTS_MAX 256 /* what comes after them is read each time */
struct plan_shelf {
    struct plan_shelf_product *products;
    size_t products_n;
    struct str first_ad_server;
    bool knows_first;
};

/* The numbers, from rows at hand. `shelf` may be NULL. */
MUST_CHECK int plan_from_rows(const struct act *act, struct plan_shelf *shelf, const struct media_buy_row *buy,
                              const struct package_rows *packages, struct plan *out, struct err *e);
