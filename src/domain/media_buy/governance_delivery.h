/* Telling the governance agent of an account how a media buy delivers (AdCP 3.1 check_governance, phase "delivery").
 *
 * An agent that wants to be told answers a check with `next_check`. Then a job of kind GOVERNANCE_DELIVERY_JOB is due at
 * that time; which job is the buy's current one, and up to where the last one told, is kept in the buy's private doc
 * (`governance_delivery`), so that a later answer replaces the appointment.
 *
 *     approved, or conditions that the buy keeps   goes on; `next_check` is the next appointment
 *     denied, or conditions that it breaks         the buy is paused at once
 *     no answer within GOVERNANCE_PATIENCE_S       the buy is paused: what cannot be asked is not approved
 *
 * A buy paused like this is resumed by its buyer (update_media_buy), and then the agent is asked first:
 * governance_delivery_holds(). A change that waited for a person meanwhile does not resume it. An ended buy is told of
 * once more and then no longer. */
#pragma once

#include "domain/buyer/governance_check.h"
#include "store/q/q_governance.h"
#include "store/q/q_media_buy.h"

#define GOVERNANCE_DELIVERY_JOB "governance.delivery"
#define GOVERNANCE_PATIENCE_S   (6 * 3600)

/* Makes the appointment that `shown` (what governance_gate() said) names, if it names one. Changes buy->doc, which the
 * caller writes. */
MUST_CHECK int governance_delivery_appoint(const struct act *act, const struct account_row *account, struct str plan_id,
                                           struct str shown, struct media_buy_row *buy, struct err *e);

/* What to ask at this appointment: check_governance's arguments from the buy and what was delivered. 1, or 0: the
 * appointment is no longer the buy's, or nobody asks any more; -1 failed. `agent` is whom to ask. */
MUST_CHECK int governance_delivery_question(const struct act *act, struct str media_buy_id, struct str job_id,
                                            struct governance_check_row *out, struct governance_agent *agent,
                                            struct err *e);

/* The answer (or "unavailable") is in `check`: pauses the buy or makes the next appointment. */
MUST_CHECK int governance_delivery_heard(const struct act *act, struct str media_buy_id,
                                         const struct governance_check_row *check, struct err *e);

/* True when the last delivery check paused the buy. */
bool governance_delivery_holds(struct arena *a, const struct media_buy_row *buy);
