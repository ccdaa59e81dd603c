/* A media buy on several ad servers of which one has refused its part. Nothing delivers anywhere until a person of the
 * publisher has chosen, in one task:
 *
 *     approve   the buy goes on without the packages of those that refused: less money, and the buyer is told
 *     reject    it ends everywhere: a buy that was not confirmed yet is rejected, one that was is canceled
 *
 * Should the ad server take it after all (its job was sent again), the task is withdrawn. */
#pragma once

#include "domain/booking/booking.h"
#include "domain/task/task.h"

#define SPLIT_TASK "ad_server_split"

/* Opens the task, unless it is open. `task_id`: of the decision that waits for the ad servers; empty: none does. */
MUST_CHECK int booking_split_open(const struct act *act, struct str media_buy_id, struct str task_id, struct err *e);

/* Withdraws the open task when there is nothing to choose any more. */
MUST_CHECK int booking_split_over(const struct act *act, struct str media_buy_id, struct err *e);

/* For task_kinds.c. */
MUST_CHECK int booking_split_approve(const struct act *act, const struct task_row *task, struct err *e);
MUST_CHECK int booking_split_reject(const struct act *act, const struct task_row *task, struct str reason,
                                    struct err *e);
