/* What the jobs of one ad server account share, in memory: how fast it may be called, its access token, its memo. All of
 * it can be made anew, so a restart loses nothing but time.
 *
 * The pace is the account's (struct adapter_limits.account), which publishers may share; token and memo belong to one
 * publisher's settings of one ad server, and are gone when those change. */
#pragma once

#include <salesagent/adapter.h>

#include "jobs/pump.h"

struct ad_account;

struct ad_account_of {
    struct str tenant_id, ad_server;
    struct str lane; /* of its jobs */
    struct str settings; /* as text; only their digest is kept */
    const struct adapter *adapter;
    const void *config;
};

/* The account, until ad_account_drop. */
struct ad_account *ad_account_hold(struct jobs *j, const struct ad_account_of *of);
void ad_account_drop(struct ad_account *a); /* NULL-safe */

/* How many jobs of this lane may run at a time; 0: nobody has said. For the pump. */
int ad_account_lane_max(struct jobs *j, struct str lane);

/* ---- pace ---- */

/* Starts calls as the account's limits allow, in the order in which they came. */
struct http_client *ad_account_client(struct ad_account *a);
/* It has had enough: nothing is started before `until`. */
void ad_account_pause(struct ad_account *a, int64_t until);

/* ---- token ---- */

enum ad_token_state {
    AD_TOKEN_THERE, /* *token; for this turn */
    AD_TOKEN_FETCH, /* there is none, and the caller is to fetch one: ad_token_fetched must follow */
    AD_TOKEN_COMES /* another run fetches one; *wait fires when it has ended */
};
enum ad_token_state ad_token_get(struct ad_account *a, struct steps *s, struct op_event *wait, struct str *token);
/* The fetch has ended; NULL: in vain. */
void ad_token_fetched(struct ad_account *a, const struct adapter_token *token);
/* A call was refused with this one. */
void ad_token_drop(struct ad_account *a, struct str token);

/* ---- memo ---- */

struct ad_memo {
    struct adapter_memo memo; /* first */
    struct ad_account *account;
    struct arena *arena; /* of what it finds */
};
void ad_memo_init(struct ad_memo *m, struct ad_account *a, struct arena *arena);
