/* Sends what domain/tell/people_notify.h writes: to Slack, to any receiver of JSON, by mail. Receivers are the publisher's own
 * and may be anywhere; a message says little and carries the link. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind people_kind;
