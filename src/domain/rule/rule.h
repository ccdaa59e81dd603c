/* Rules: what needs a person, what goes by itself and what is refused, per publisher, in an order; the first rule whose
 * conditions all hold is the one that counts, and it is recorded on the task. Without a matching rule the
 * publisher's settings decide (workflow_required, auto_approve_below, creative_review_required). A product that
 * wants review gets it whatever a rule says: of a product and a rule the stricter one counts.
 *
 * A rule is a JSON object:
 *   {"name": "Large orders", "when": {...}, "then": "person", "role": "operator", "due_hours": 24,
 *    "remind_hours": 8, "escalate_hours": 12, "lapse": "stay", "reason": "shown to the buyer of a rejection"}
 * `then`: person, auto, reject. The others are for `person`: who may decide (operator or administrator), by when
 * after the task's creation, when to remind and to escalate, and what happens when the time is over: stay, reject
 * or approve.
 * `when`, every member optional: operations [create_media_buy, update_media_buy, creative_review, account,
 * proposal, get_products] (absent: all of them, except finalizing a proposal, an account's first use and offering products,
 * which must be named; products are offered or not, by nobody's decision, so that get_products takes no `person`),
 * amount_over and currency (total after the change), products, accounts, principals (ids, any of them), first_buy
 * (true: the buyer has bought nothing before), targeting (keys of targeting_overlay, any of them),
 * creative_formats, creative_categories
 * (ext.salesagent.categories of the creative, else its tags; any of them), spend_raise_over_bp (an update raises the total by more than
 * this share, in basis points of the total before). A condition on something the operation does not have does not
 * hold. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "store/q/q_rule.h"

enum rule_outcome { RULE_NONE, RULE_PERSON, RULE_AUTO, RULE_REJECT };
enum rule_lapse { LAPSE_STAY, LAPSE_REJECT, LAPSE_APPROVE };

#define RULE_FACTS_MAX 512 /* twice the packages a buy may have: what is there and what is asked for */

/* What an operation is, for the conditions. */
struct rule_facts {
    const char *operation;
    struct str account_id, principal_id;
    const char *currency; /* NULL: no money */
    int64_t amount_micros; /* with currency */
    int64_t before_micros; /* total before an update; -1: none */
    struct str products[RULE_FACTS_MAX];
    size_t products_n;
    yyjson_val *targeting[RULE_FACTS_MAX]; /* overlays; NULL entries are none */
    size_t targeting_n;
    struct str creative_format; /* empty: none */
    yyjson_val *creative_categories; /* array of strings, or NULL */
    bool named_only; /* only rules that name the operation count */
};

struct rule_verdict {
    enum rule_outcome outcome; /* RULE_NONE: no rule matched */
    struct str rule_id, name, reason, role;
    int64_t due_hours, remind_hours, escalate_hours; /* 0: not said */
    enum rule_lapse lapse;
};

/* Adds a package's product and targeting overlay (or NULL). */
void rule_facts_package(struct rule_facts *f, struct str product_id, yyjson_val *targeting);

MUST_CHECK int rule_decide(const struct act *act, const struct rule_facts *facts, struct rule_verdict *out,
                           struct err *e);

/* Whether a rule may ask a person about an operation (AdCP media-buy-action-mode): never, if its conditions hold, or
 * always. */
enum rule_asks { RULE_ASKS_NEVER, RULE_ASKS_SOMETIMES, RULE_ASKS_ALWAYS };
MUST_CHECK int rule_asks_of(const struct act *act, const char *operation, enum rule_asks *out, struct err *e);

/* The error of a rejection: POLICY_VIOLATION with the rule's reason. Returns -1. */
int rule_refuse(const struct rule_verdict *v, struct err *e);

/* Adds a rule at `position` (1..; 0: at the end). INVALID_REQUEST naming the member for what is not a rule. */
MUST_CHECK int rule_add(const struct act *act, yyjson_val *rule, int64_t position, struct rule_row *out, struct err *e);
/* REFERENCE_NOT_FOUND when there is none. */
MUST_CHECK int rule_remove(const struct act *act, struct str rule_id, struct err *e);
MUST_CHECK int rule_move(const struct act *act, struct str rule_id, int64_t position, struct err *e);

/* Facts as JSON, for `salesagent rule test`: operation, amount, before, currency, products, account_id, principal_id,
 * targeting (an object), creative_format, creative_categories. Against the rules as they are; `first_buy` is looked up
 * of the principal. */
MUST_CHECK int rule_facts_read(yyjson_val *obj, struct rule_facts *out, struct err *e);

const char *rule_outcome_name(enum rule_outcome o); /* "none", "person", "auto", "reject" */
