/* How long a webhook may be tried again after its first attempt, in seconds. Receivers are told (AdCP 3.2
 * webhook_signing.delivery_retry_horizon_seconds: a day at least, seven at most), because they keep what they have seen as long. */
#pragma once

#define WEBHOOK_HORIZON_S (36 * 3600)
