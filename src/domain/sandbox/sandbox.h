/* What a sandbox can be told to do: the domain behind comply_test_controller (AdCP 3.1, building/L3,
 * comply-test-controller). Fixtures are put in place, states are forced along the arrows that really exist, delivery
 * is simulated, and the next call of an operation can be made to answer with a task.
 *
 * Everything is kept for the caller alone (seeds and directives are rows of `buyer_object`, kind "sandbox") except the
 * catalogue, which is the publisher's. Errors carry the controller's own codes: INVALID_PARAMS, NOT_FOUND,
 * INVALID_TRANSITION (`state` then says where the thing is), INVALID_STATE, FORBIDDEN. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"

#define BUYER_OBJECT_SANDBOX "sandbox"

/* ---- forcing states ---- */

struct sandbox_state {
    struct str previous, current; /* current is also set with INVALID_TRANSITION */
};
/* `params`: creative_id, account_id, media_buy_id or audience_id, and status, rejection_reason. */
MUST_CHECK int sandbox_force_creative(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                      struct err *e);
MUST_CHECK int sandbox_force_account(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                     struct err *e);
MUST_CHECK int sandbox_force_media_buy(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                       struct err *e);
MUST_CHECK int sandbox_force_audience(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                      struct err *e);
/* soft: archived, still listed among the archived; hard: gone. */
MUST_CHECK int sandbox_purge_creative(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                      struct err *e);
/* There are no conversations here: NOT_FOUND, after the parameters are checked. */
MUST_CHECK int sandbox_force_session(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                     struct err *e);

/* Completes an open task of the caller with this result, which is also what its webhook carries. */
MUST_CHECK int sandbox_complete_task(const struct act *act, yyjson_val *params, struct sandbox_state *out,
                                     struct err *e);

/* ---- delivery ---- */

/* Adds to what the buy has delivered. `simulated` and `cumulative` are filled as the controller shows them. */
MUST_CHECK int sandbox_simulate_delivery(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc,
                                         yyjson_mut_val *reply, struct err *e);
/* Brings the spend of a buy, or of each buy of an account, to a share of its budget. */
MUST_CHECK int sandbox_simulate_spend(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc,
                                      yyjson_mut_val *reply, struct err *e);

/* ---- fixtures ---- */

/* `what`: "product", "pricing_option", "creative", "plan", "media_buy", "account", "creative_format",
 * "measurement_catalog". The fixture is partial: what it leaves out is filled in. The same fixture again changes
 * nothing (*existing is true); another one under the same id is INVALID_PARAMS. */
struct sandbox_seed {
    const char *what;
    yyjson_val *params;
    yyjson_val *call; /* whose `account`, when it has a natural key, owns what is seeded */
};
MUST_CHECK int sandbox_seed(const struct act *act, const struct sandbox_seed *in, bool *existing, struct err *e);

/* ---- directives for the next call ---- */

struct sandbox_directive {
    struct str arm, task_id, message; /* arm: "submitted" or "input-required" */
};
MUST_CHECK int sandbox_direct(const struct act *act, const char *tool, yyjson_val *params,
                              struct sandbox_directive *out, struct err *e);
/* Whether one waits for this caller and tool; readable without a write transaction. */
MUST_CHECK int sandbox_directed(const struct act *act, const char *tool, struct sandbox_directive *out, struct err *e);
/* Takes it away, and makes the task that a submitted answer refers to. `args` are the call's. */
MUST_CHECK int sandbox_obey(const struct act *act, const char *tool, const struct sandbox_directive *d,
                            yyjson_val *args, struct err *e);

/* ---- evidence ---- */

/* `params`: since_timestamp, endpoint_pattern, limit, attestation_mode, identifier_value_digests. Fills recorded_calls,
 * total_count, truncated, since_timestamp with what jobs sent for this caller (jobs/traffic.h). */
MUST_CHECK int sandbox_query_traffic(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc,
                                     yyjson_mut_val *reply, struct err *e);
/* Fills creative_id and audit_observations (AdCP 3.1, creative/audit-observation.json) of one of the caller's creatives. */
MUST_CHECK int sandbox_query_provenance(const struct act *act, yyjson_val *params, yyjson_mut_doc *doc,
                                        yyjson_mut_val *reply, struct err *e);

/* ---- upstreams ---- */

/* What params.tool (or "*") rests on counts as unreachable for this caller, until sandbox_reset_upstreams. */
MUST_CHECK int sandbox_force_upstream(const struct act *act, yyjson_val *params, struct str *upstream, struct err *e);
MUST_CHECK int sandbox_reset_upstreams(const struct act *act, struct err *e);
struct sandbox_stale {
    const char *payload; /* the member of the reply that is older than it should be */
    struct str upstream;
    int64_t age_s;
};
/* 1 what this tool rests on is unreachable, 0 it is not, -1 failed. Readable without a write transaction. */
MUST_CHECK int sandbox_stale(const struct act *act, const char *tool, struct sandbox_stale *out, struct err *e);

/* ---- for sandbox_*.c ---- */

MUST_CHECK int sandbox_param(yyjson_val *params, const char *key, struct str *out, struct err *e);
int sandbox_not_found(const char *what, struct err *e);
