/* See object_use.h. */
#include "domain/buyer/object_use.h"

static const struct {
    const char *kind, *noun;
    const char *where; /* where a package names one: LIKE over JSON paths, whose names SQLite may quote */
} uses[] = {
    { BUYER_OBJECT_AUDIENCE, "audience", "%targeting_overlay%audience_%clude%" },
    { BUYER_OBJECT_CATALOG, "catalog", "%catalogs%catalog_id%" },
    { BUYER_OBJECT_EVENT_SOURCE, "event source", "%event_source_id%" },
    { BUYER_OBJECT_PROPERTY_LIST, "list", "%property_list%list_id%" },
    { BUYER_OBJECT_COLLECTION_LIST, "list", "%collection_list%list_id%" },
};

int object_unused(const struct act *act, const struct buyer_object_key *key, struct err *e)
{
    struct str buy;
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (strcmp(uses[i].kind, key->kind) != 0) continue;
        int rc = q_buyer_object_user(act->tx, act->arena, key, uses[i].where, act->now, &buy, e);
        if (rc <= 0) return rc;
        (void)err_set(e, "INVALID_STATE", "Media buy " STR_FMT " uses this %s.", STR_ARG(buy), uses[i].noun);
        return err_suggest(e,
                           "Take it out of the packages with update_media_buy first, or wait until they have ended.");
    }
    return 0;
}
