/* Whether what a buyer keeps with us (catalogs, audiences, event sources, lists) is still needed by its media buys. */
#pragma once

#include "domain/core/act.h"
#include "store/q/q_buyer_object.h"

/* INVALID_STATE, with the media buy's id and without a field, when a media buy that has not ended refers to the object:
 * taken away silently, it would deliver to whom it was not to, or nothing. */
MUST_CHECK int object_unused(const struct act *act, const struct buyer_object_key *key, struct err *e);
