/* The plan of a media buy: its rows in the words of the adapter contract, and the ad server it is booked on. */
#pragma once

#include <salesagent/adapter.h>

#include "domain/core/act.h"
#include "store/q/q_media_buy.h"

struct ad_server {
    const struct adapter *adapter;
    const void *config;
    struct str name;     /* the publisher's for it */
    struct str settings; /* as text, with its secrets: never shown */
    struct adapter_site site;
};

/* The act's own, else the publisher's: tenant.adapter, with the settings in tenant.doc's "adapter_settings". CONFIGURATION_ERROR when
 * there is no adapter of that name or the settings are wrong. */
MUST_CHECK int ad_server_of(const struct act *act, struct ad_server *out, struct err *e);

/* NUMBERS is what delivery follows from; WHOLE also has targeting, creatives and advertiser, for the ad server's verbs;
 * EXPECTED counts creatives that wait for review as approved, for dry runs. */
enum plan_depth { PLAN_NUMBERS, PLAN_WHOLE, PLAN_EXPECTED };

/* Reads the rows of a buy. 1 found, 0 not, -1 failed. Whose buy it is was checked by the caller. Lives in the arena. */
MUST_CHECK int plan_load(const struct act *act, struct str media_buy_id, enum plan_depth depth, struct plan *out,
                         struct err *e);

/* How an advertiser found at an ad server is remembered: by account and brand. Kind of q_ad_remote. */
#define AD_REMOTE_ADVERTISER "advertiser"
struct str plan_advertiser_id(struct arena *a, const struct plan *plan);

/* The numbers, from rows at hand. */
MUST_CHECK int plan_from_rows(const struct act *act, const struct media_buy_row *buy,
                              const struct package_rows *packages, struct plan *out, struct err *e);
