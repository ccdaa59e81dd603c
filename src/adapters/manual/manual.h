/* Ad servers without an interface for programs: a person works them. What is asked of one is a task that says everything to type
 * in (domain/booking/by_hand.h); the ids the person types back are kept, and numbers come from files (domain/media_buy/
 * delivery_import.h). A day without numbers is unknown. */
#pragma once

#include <salesagent/adapter.h>

extern const struct adapter manual_adapter;
