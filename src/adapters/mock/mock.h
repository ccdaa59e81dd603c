/* The mock ad server: books everything that makes sense and delivers it as a well-behaved ad server would, as a
 * pure function of the plan and the time (model.c). Its memory is our own store: what had been delivered before a
 * plan changed is frozen as facts by domain/delivery, and the rest follows. */
#pragma once

#include <salesagent/adapter.h>

struct mock_config {
    int fill_percent; /* how much of what is booked the inventory can deliver; 1..100 */
    unsigned refuses; /* bit 1 << verb: settings.refuse, for trying out what a refusal does */
};

extern const struct adapter mock_adapter;

/* The vtable's auction; see adapter.h. */
MUST_CHECK bool mock_auction(const void *config, const struct plan *plan, size_t index, struct adapter_auction *out);
/* Whether a word in a name says how this verb ends; then op->result is filled. */
bool mock_scenario(struct adapter_op *op);

/* The vtable's question; see adapter.h. */
struct str mock_question(const struct adapter_site *site, const struct plan *plan, enum adapter_verb verb,
                         int *after_s);

/* What a unit costs: the rate, or what an auction clears at. */
int64_t mock_rate(const struct plan_package *p);

/* The vtable's deliver; see adapter.h. */
void mock_deliver(const void *config, const struct plan *plan, size_t index, int64_t since,
                  const struct delivered *before, int64_t until, struct delivered *out);
