/* Idempotency (AdCP 3.1, security, "Idempotency"; reference §2.3): a writing call that carries an idempotency_key is
 * executed once per (caller, account, key). The record is written in the same transaction as the effect, so there is
 * no in-between state to recover: writes are serial, a second caller sees either nothing or the finished reply. Only
 * calls that wait for an answer from outside stay open for long; they are known by idem_in_flight(), and end with the
 * process. */
#pragma once

#include "protocols/call.h"

#define IDEMPOTENCY_TTL_S 86400

enum idem_verdict { IDEM_NEW, IDEM_REPLAY, IDEM_NO_KEY };

/* Reads the key and hashes the request as it was received: SHA-256 over RFC 8785 text without idempotency_key,
 * context, governance_context and push_notification_config.authentication.credentials. */
MUST_CHECK int idem_prepare(const struct call *c, struct idem *out, struct err *e);

/* Looks the record up inside the write transaction. IDEM_REPLAY sets *snapshot. Errors: IDEMPOTENCY_CONFLICT (same
 * key, other request; says nothing of the stored one), IDEMPOTENCY_EXPIRED. */
MUST_CHECK int idem_check(const struct call *c, const struct idem *i, enum idem_verdict *verdict, struct str *snapshot,
                          struct err *e);

/* -1 when a call of the same key is among `asking`: IDEMPOTENCY_IN_FLIGHT for the identical request (retry_after is
 * `patience_s`), IDEMPOTENCY_CONFLICT for another. */
MUST_CHECK int idem_in_flight(const struct call *c, const struct idem *i, const struct call *asking, int patience_s,
                              struct err *e);

/* Keeps the reply of a call that succeeded. */
MUST_CHECK int idem_store(const struct call *c, const struct idem *i, struct str snapshot, struct err *e);
