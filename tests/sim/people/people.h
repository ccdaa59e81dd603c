/* One run of the table of people.c, and the operations that wait for people. An operation is a row of people_operations:
 * how it is asked for and what shows that it happened; the ways to decide are the same for all. */
#pragma once

#include "servers.h"

enum rule { NO_RULE, PERSON, AUTO, REJECTING, RULES_N };
enum crash { NO_CRASH, BEFORE, DURING, AFTER, CRASHES_N };
enum door { COMMAND_LINE, BULK, MCP, A2A, REST, LINK, DOORS_N };

struct run;

struct people_operation {
    const char *name; /* of the rule's operation, and of the output */
    bool person_without_rule; /* the demo publisher has a person decide it anyway */
    bool fails_by_item; /* its items fail, not the call */
    bool is_booked; /* deciding it asks the ad server */
    bool is_admitted; /* ... which may object beforehand */
    bool ends_with_flight; /* not possible once the flight is over */
    const char *undone, *waiting; /* effects after a rejection, and before any decision */
    void (*prepare)(struct run *r); /* before the rules are made; may be NULL */
    enum sim_result (*ask)(struct run *r, yyjson_val **reply);
    const char *(*effect)(struct run *r); /* "approved", "rejected", "open", "unchanged", "" (nothing there) */
    int64_t order_before, order_after; /* whole units at the far ad server, when is_booked */
};

extern const struct people_operation people_operations[];
extern const size_t people_operations_n;

struct way;

struct run {
    struct sim sim;
    struct servers servers;
    const struct people_operation *operation;
    const struct way *way;
    enum rule rule;
    enum crash crash;
    enum door door;
    const char *adapter;
    struct str task_id, media_buy_id, package_id;
    int failures, keys;
};

void check(struct run *r, bool ok, const char *what);
struct str kept(struct run *r, struct str s);
/* A buyer's call; `members` follow the idempotency key and the account. */
enum sim_result buyer(struct run *r, const char *tool, const char *members, yyjson_val **reply);
/* Decides on the command line, for preparations. */
void resolve_local(struct run *r, struct str task_id, const char *decision);
