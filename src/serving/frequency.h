/* How often a visitor has seen a package: what frequency caps ask.
 *
 * A decision counts at once and for a minute, so that several slots of a page, or two tabs, do not show one too many;
 * the impression makes it stay. Windows roll: of any stretch as long as the window, no more than the cap. For caps
 * above eight, impressions are remembered in eight groups, each with the time of its last; so a cap may hold a little
 * longer than asked, and never shorter.
 *
 * Visitors are hashes of ids that consent, or the publisher's setting, allows to be used. The memory is bounded; what
 * would be useful for the shortest time makes room. */
#pragma once

#include "serving/visit.h"

struct frequency;

#define FREQUENCY_GROUPS 8

/* What is remembered of one visitor and package, as it is stored. */
struct exposure {
    uint32_t visitor, package;
    uint32_t at_s[FREQUENCY_GROUPS]; /* of the last impression in a group, newest first; 0: none */
    uint16_t in_newest;              /* impressions in the newest group */
    uint16_t group_size;
    uint32_t useful_until_s;
};

struct frequency *frequency_create(size_t entries_max);
void frequency_destroy(struct frequency *f); /* NULL-safe */

bool frequency_allows(const struct frequency *f, const struct exposure *who, const struct frequency_cap *cap,
                      int64_t now_s);
/* `who` names visitor and package only. */
void frequency_decided(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap, int64_t now_s);
/* Writes what is to be stored. */
void frequency_seen(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap, int64_t now_s,
                    struct exposure *out);
/* What was stored before a restart; nothing once it is of no use. */
void frequency_restore(struct frequency *f, const struct exposure *e, int64_t now_s);
size_t frequency_entries(const struct frequency *f);
