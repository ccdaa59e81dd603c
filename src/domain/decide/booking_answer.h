/* What follows from an ad server's answer, whoever brings it: the job that asked a remote one (jobs/adapter_job.c), or the
 * person who worked one by hand (decide/task_kinds.c).
 *
 *     BOOK       booked: read from now on; when it was the last, all are let go     refused: a person chooses
 *     UPDATE     done; a task that waited for it goes on                            refused: a person has it tried again
 *     CANCEL     stopped                                                            refused: likewise
 *     CREATIVES  taken: what waited for them moves on                               refused: likewise
 *
 * A person chooses between trying again and leaving it (booking_trouble.h) or, for a buy on several ad servers, between going on
 * without the refused part and ending the buy everywhere (booking_split.h). */
#pragma once

#include "domain/booking/booking.h"

enum booking_answer_kind {
    ANSWER_AGREED,
    ANSWER_WAITS, /* somebody or something over there is not ready: until wait_until at most */
    ANSWER_REFUSED,
    ANSWER_SILENT /* nothing was heard in time, or it could not even be asked */
};

struct booking_answer {
    enum booking_answer_kind kind;
    struct booking_ask ask;
    const struct ad_server *server; /* NULL: it could not be opened */
    const struct plan *plan; /* the part it was asked for; NULL: none was made */
    struct str reason;
    int64_t wait_until; /* with ANSWER_WAITS */
    int64_t waiting_since; /* likewise */
    const struct adapter_problems *problems; /* or NULL */
};

/* Ids that it gave are recorded already. */
MUST_CHECK int booking_answered(const struct act *act, const struct booking_answer *a, struct err *e);
