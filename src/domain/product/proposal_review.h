/* Finalizing a proposal as something a person may have to agree to: rules that name the operation "proposal" are asked
 * (products of the plan, its recommended budget). Approving the task finalizes for the buyer; the task's result is what
 * get_products would have answered. */
#pragma once

#include "domain/product/proposal.h"
#include "domain/rule/rule.h"
#include "domain/task/task.h"

#define PROPOSAL_TASK "proposal"

struct proposal_review {
    bool person;
    struct rule_verdict verdict;
};
/* No person is needed for a proposal that is committed and has not lapsed, nor for one that does not exist: finalizing it then
 * fails with PROPOSAL_NOT_FOUND. POLICY_VIOLATION at /proposal_id where a rule rejects it. */
MUST_CHECK int proposal_judge(const struct act *act, struct str proposal_id, struct proposal_review *out,
                              struct err *e);

struct proposal_request {
    const struct str *ids; /* all of one call; one task decides them together */
    size_t n;
    struct str context, push_config; /* of the call, as JSON; may be empty */
    const struct rule_verdict *verdict;
};
/* Opens the task, or finds the one that is open for the same proposals. */
MUST_CHECK int proposal_submit(const struct act *act, const struct proposal_request *r, struct task_row *out,
                               struct err *e);

/* The task was approved. */
MUST_CHECK int proposal_approve(const struct act *act, const struct task_row *task, struct err *e);
/* {products: [], proposals: [...]} of an approved task. */
MUST_CHECK int proposal_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e);
