/* What a publisher's own rows and settings say of its health, without asking anybody: settings that contradict each other
 * (a rule that nobody can decide, links that lead nowhere, delivery that is invented in production), ad servers and how their
 * last test ended, what was given up, what does not answer.
 *
 *     checks: publisher, catalogue, people, rules, notifications, links, ad_server, jobs, deliveries
 */
#pragma once

#include "domain/core/act.h"
#include "domain/health/finding.h"

/* Everything found is appended, also that all is well. -1: the store failed. */
MUST_CHECK int publisher_health(const struct act *act, struct findings *out, struct err *e);

/* What must be asked outside to know more, of the same publisher. In the act's arena. */
#define HEALTH_DOMAINS_MAX 20
struct health_questions {
    struct str tenant_id;
    struct str
        agent_url; /* "https://sales.example", without a path; empty: nobody knows under which name buyers come */
    struct str link_base; /* of links that decide tasks; empty: none are sent */
    struct str domains[HEALTH_DOMAINS_MAX]; /* of properties, each once */
    size_t domains_n, domains_left_out;
    struct str kids[16]; /* of the keys that are published */
    size_t kids_n;
};
MUST_CHECK int health_questions(const struct act *act, struct health_questions *out, struct err *e);
