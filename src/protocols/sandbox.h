/* The headers with which a sandbox is played: what day it is, what happens, what it costs, whose world it is. In
 * production mode none of them is looked at.
 *
 *   X-Mock-Time         a date or an RFC 3339 time: the call happens then
 *   X-Jump-To-Event     one of the events of sandbox.c: the call happens at that moment of the media buy's flight (the
 *                       buy the arguments name, else the flight they describe, else the caller's newest buy), and
 *                       what the event says happens: a refusal, a slow approval, poor delivery
 *   X-Force-Error       budget_exceeded, low_delivery or platform_error
 *   X-Simulated-Spend   an amount: a read of this media buy answers as if so much more had been spent
 *   X-Test-Session-ID   a world of its own: the caller becomes another buyer of the same name, who sees nothing of the
 *                       other sessions and whose idempotency keys are its own
 *   X-Auto-Advance, X-Dry-Run   "true"
 *
 * Answers to calls that used one of them and concern a media buy carry X-Next-Event, X-Next-Event-Time (the next moment
 * of its flight after the call's time) and X-Simulated-Spend (what it has spent by then). */
#pragma once

#include "protocols/call.h"

/* The next three are gates of dispatch.c. INVALID_REQUEST for a value that is none. */
MUST_CHECK int sandbox_take(struct call *c, struct tx *tx, int64_t now);
/* Before the tool runs: the error that was asked for. */
MUST_CHECK int sandbox_refuse(struct call *c);
/* Inside the transaction, before the tool: a session's buyer exists, spend is simulated. */
MUST_CHECK int sandbox_prepare(struct call *c);

/* A read that must see something simulated runs in a transaction of its own, which is undone. */
bool sandbox_needs_write(const struct call *c);

/* A poll with X-Auto-Advance decides what waits for the publisher's people about the buys it names: it writes. */
bool sandbox_decides(const struct call *c);

/* Makes the caller the buyer of its session; -1 with INVALID_REQUEST for an id that is none. For auth_identify(). */
MUST_CHECK int sandbox_session(struct call *c, struct err *e);

/* Fills c->sandbox's reply headers. After the call has ended. */
void sandbox_reply(struct call *c, struct tx *tx);
