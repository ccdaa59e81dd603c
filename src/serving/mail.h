/* Which ad was shown in a place without scripts: a newsletter's picture and the link round it are two requests, perhaps
 * days apart, and all they share is the place's name in their URLs. So the first picture fetched for a place decides, and
 * the place keeps its ad as long as that may be shown; the link leads where the last picture came from.
 *
 * A place is a slot and a key of the mailing's own ("2026-10-top", or one for each recipient); several places of one mail
 * have keys of their own and so do not share a click. The memory is bounded; what was not asked for longest makes room. */
#pragma once

#include "base/compiler.h"

#define MAIL_KEPT_S (60 * 86400) /* after that a link of a mail leads nowhere any more */

struct mail_place {
    uint32_t slot;
    uint64_t key; /* a hash of the place's key, never 0 */
    uint32_t package, creative;
    uint32_t asked_s; /* when last */
};

struct mail_places;

struct mail_places *mail_places_create(size_t max);
void mail_places_destroy(struct mail_places *m); /* NULL-safe */
/* NULL: nothing was shown there. */
const struct mail_place *mail_places_find(const struct mail_places *m, uint32_t slot, uint64_t key);
void mail_places_put(struct mail_places *m, const struct mail_place *p);
size_t mail_places_count(const struct mail_places *m);
