#include "domain/core/slow_hash.h"

void slow_hash_do(struct slow_hash *h)
{
    if (h->against.n) h->matches = password_matches(h->password, h->against.p);
    else h->failed = password_hash(h->password, h->salt, h->made) != 0;
}

bool slow_hash_there(const struct act *act, size_t which)
{
    return act->slow && which < act->slow->done;
}

/* What was asked for before is not asked again, unless the world has moved under it. */
static bool there(const struct act *act, size_t which, struct str password, struct str against)
{
    if (!slow_hash_there(act, which)) return false;
    const struct slow_hash *h = &act->slow->list[which];
    return str_eq(h->password, password) && str_eq(h->against, against);
}

static int get(const struct act *act, size_t which, struct str password, struct str against, struct slow_hash *out,
               struct err *e)
{
    struct slow_hash fresh = { .password = arena_dup(act->arena, password),
                               .against = against.n ? arena_dup(act->arena, against) : STR_NONE };
    if (there(act, which, password, against)) {
        *out = act->slow->list[which];
    } else {
        act->rng->fill(act->rng, fresh.salt, sizeof(fresh.salt));
        if (act->slow && which < SLOW_HASHES_MAX) {
            act->slow->list[which] = fresh;
            act->slow->done = which;
            act->slow->wanted = true;
            return err_set(e, "SERVICE_UNAVAILABLE", "The password was not checked; try again.");
        }
        *out = fresh;
        slow_hash_do(out);
    }
    return out->failed ? err_set(e, "SERVICE_UNAVAILABLE", "There is no memory for a password now; try again.") : 0;
}

int slow_hash_check(const struct act *act, size_t which, struct str password, struct str against, bool *matches,
                    struct err *e)
{
    struct slow_hash h;
    if (get(act, which, password, against, &h, e)) return -1;
    *matches = h.matches;
    return 0;
}

int slow_hash_make(const struct act *act, size_t which, struct str password, struct str *hash, struct err *e)
{
    struct slow_hash h;
    if (get(act, which, password, STR_NONE, &h, e)) return -1;
    *hash = arena_dup(act->arena, str_from(h.made));
    return 0;
}
