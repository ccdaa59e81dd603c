/* What an ad server refuses, or leaves undone for too long, is for a person of the publisher: a task of kind "ad_server", whose
 * approval has it tried again and whose rejection leaves it as it is (decide/task_kinds.c). */
#pragma once

#include "domain/booking/booking.h"

#define TROUBLE_TASK "ad_server"

struct booking_trouble {
    struct str media_buy_id, ad_server;
    enum adapter_verb verb;
    struct str job_id; /* of a remote one: what is tried again; empty: the verb itself */
    struct str why;
    const struct adapter_problems *problems; /* package by package; may be NULL */
};
/* Opens the task, unless one is open that says it already. */
MUST_CHECK int booking_trouble(const struct act *act, const struct booking_trouble *t, struct err *e);

/* It has been done after all: withdraws the open tasks of that verb. */
MUST_CHECK int booking_trouble_over(const struct act *act, const struct booking_trouble *t, struct err *e);

/* The operation of such a task: {"media_buy_id", "ad_server", "verb", "job_id"?}. Older ones hold less. */
void booking_trouble_read(yyjson_val *operation, struct booking_trouble *out);
