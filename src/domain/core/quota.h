/* How much a buyer may store: the publisher's settings `quotas` {media_buys, creatives, objects, bytes}; 0 is no quota.
 * What a call has stored is weighed when it is done and before it is committed, whatever tool it was; a call that stores
 * nothing more is never refused, so that somebody who is over can always pause, cancel and delete. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "store/q/q_stored.h"

/* What the act's buyer has now; all zero for everybody else. */
MUST_CHECK int quota_before(const struct act *act, struct stored *out, struct err *e);
/* After the operation: VALIDATION_ERROR that names the quota, what it allows and how to get below it. */
MUST_CHECK int quota_check(const struct act *act, const struct stored *before, struct err *e);
/* The settings' member. VALIDATION_ERROR with its field below `at`. */
MUST_CHECK int quota_check_settings(yyjson_val *settings, const char *at, struct err *e);
