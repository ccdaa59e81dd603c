/* Property lists and collection lists that buyers keep with us (AdCP 3.1 property/, collection/): inventory chosen by
 * identifiers or by a publisher's own names, less what filters exclude.
 *
 * A list belongs to a principal; another's does not exist, unless the reference carries the token the list was made
 * with (the token of a list reference, shown once at creation and kept as a hash). */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "store/q/q_buyer_object.h"

struct inventory_list_kind {
    const char *object_kind; /* BUYER_OBJECT_PROPERTY_LIST, BUYER_OBJECT_COLLECTION_LIST */
    const char *id_prefix;
    const char *base_key;   /* "base_properties", "base_collections" */
    const char *count_key;  /* "property_count", "collection_count" */
    int cache_hours;
};
extern const struct inventory_list_kind property_lists, collection_lists;

/* The caller's list. REFERENCE_NOT_FOUND at /list_id. */
MUST_CHECK int inventory_list_load(const struct act *act, const struct inventory_list_kind *kind, struct str list_id,
                                   struct buyer_object_row *out, struct err *e);

struct inventory_list_new {
    const struct inventory_list_kind *kind;
    struct str account_id;
    yyjson_val *args; /* name, description, account, brand, base, filters, webhook_url as AdCP has them */
};
/* Makes a list; `token` is the only copy. INVALID_REQUEST, UNSUPPORTED_FEATURE (filters by features we know nothing of). */
MUST_CHECK int inventory_list_create(const struct act *act, const struct inventory_list_new *in,
                                     struct buyer_object_row *out, struct str *token, struct err *e);
/* Replaces the members that args have; the rest stays. */
MUST_CHECK int inventory_list_change(const struct act *act, const struct inventory_list_kind *kind, yyjson_val *args,
                                     struct buyer_object_row *row, struct err *e);

/* One entry of a resolved list. */
struct inventory_entry {
    struct str type, value; /* identifier or distribution id; of publisher_collections: "" and the collection's id */
    bool unknown; /* not in the publisher's catalogue, so that filters by attributes could not be applied */
};
struct inventory_entries {
    struct inventory_entry *items;
    size_t n;
    bool everything; /* the list names no base: all of the publisher's inventory */
};
/* What the list holds, in its order, without repetition. */
MUST_CHECK int inventory_list_entries(const struct act *act, const struct inventory_list_kind *kind,
                                      const struct buyer_object_row *row, struct inventory_entries *out, struct err *e);

/* For products and media buys: resolves core/property-list-ref.json or collection-list-ref.json ({agent_url, list_id,
 * auth_token}). 1: resolved, *out filled; 0: the list lives with another agent (domain/buyer/remote_list.h knows those);
 * -1: REFERENCE_NOT_FOUND with field `at`/list_id for a list of ours that is not the caller's. `agent_url` empty in
 * the reference, or equal to ours, means ours. */
struct list_ref {
    yyjson_val *ref;
    const char *at; /* its JSON Pointer */
};
MUST_CHECK int list_resolve(const struct act *act, const struct inventory_list_kind *kind, const struct list_ref *ref,
                            struct inventory_entries *out, struct err *e);

/* True when the reference names a list of another agent. */
bool list_is_remote(const struct act *act, yyjson_val *ref);

/* Of a property of the publisher's catalogue: publisher_domain, else the first identifier of type domain; empty when there is
 * neither. */
struct str property_domain(yyjson_val *property);
