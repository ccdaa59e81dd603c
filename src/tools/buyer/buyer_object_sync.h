/* What sync_catalogs, sync_event_sources and sync_audiences share: objects that the buyer names, kept with one
 * account, brought to the state of the call; without a list the call only shows what there is. */
#pragma once

#include "domain/buyer/account.h"
#include "contract/document.h"
#include "store/q/q_buyer_object.h"
#include "tools/tool.h"

#define BUYER_OBJECT_ID_MAX 256
#define BUYER_OBJECT_ALL    10000 /* objects of a kind in an account; no more are kept */

struct buyer_object_sync {
    struct tool_call *c;
    const char *kind;     /* BUYER_OBJECT_... */
    const char *id_key;   /* "catalog_id": its name on the wire */
    const char *list_key; /* "catalogs": in the request and in the reply */
    size_t list_max;
    bool dry_run;
    struct account_row account;
    yyjson_val *list; /* NULL: discovery */
    const struct str *ids;  /* of the list's entries */
    const size_t *first;    /* see base/first_occurrence.h */
    int64_t stored;         /* objects of the kind in the account, with those this call has made */
    yyjson_mut_val *out;
};

/* Reads `account` and the list, opens the reply. */
MUST_CHECK int buyer_object_begin(struct buyer_object_sync *h, struct err *e);

struct buyer_object_item {
    yyjson_val *entry;
    const char *at; /* its JSON Pointer */
    struct str id;
    bool found;
    struct buyer_object_row row;        /* when found, as stored; else a fresh one, its doc empty */
    yyjson_mut_val *reply;      /* {id, action} so far */
};

struct buyer_object_ops {
    /* One entry; adds what the reply says beyond id and action. -1 with *e: only this entry fails, unless the code is
     * SERVICE_UNAVAILABLE. It writes nothing before it can no longer fail. */
    MUST_CHECK int (*entry)(struct buyer_object_sync *h, struct buyer_object_item *item, struct err *e);
    /* An object as it is, for discovery. */
    MUST_CHECK int (*show)(struct buyer_object_sync *h, const struct buyer_object_row *row, yyjson_mut_val *out,
                           struct err *e);
};
MUST_CHECK int buyer_object_run(struct buyer_object_sync *h, const struct buyer_object_ops *ops, struct err *e);

/* Stores item->row with this document (nothing when it is the same or the call is a dry run) and sets the action.
 * *changed, when not NULL, says whether it is new or other than before. */
MUST_CHECK int buyer_object_keep(struct buyer_object_sync *h, struct buyer_object_item *item, struct str doc,
                                 bool *changed, struct err *e);
void buyer_object_action(struct buyer_object_sync *h, struct buyer_object_item *item, const char *action);
