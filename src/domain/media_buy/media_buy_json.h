/* Media buys in AdCP 3.1 words, for replies, task results and notifications. Everything a page of buys needs is
 * fetched by media_buy_view_load in a fixed number of queries; encoding reads rows only. */
#pragma once

#include "domain/creative/creative.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "domain/rule/rule.h"

/* Remembered between the buys of one page: see media_buy_json.c. */
struct media_buy_actions_text {
    bool made;
    int64_t mask, approval;
    struct str valid, available;
};

struct media_buy_view {
    struct arena *arena;
    int64_t now;
    enum rule_asks asks; /* of rules about updates */
    bool minor_3_0; /* valid_actions in the closed vocabulary of AdCP 3.0, no available_actions */
    struct media_buy_rows buys;
    struct package_rows packages; /* of all buys, grouped in the order of the buys */
    struct creative_assigned_list creatives;
    struct media_buy_actions_text *actions;
    struct account_row *accounts; /* of buys[i]; account_id empty when it is gone */
    struct delivery *deliveries;  /* of buys[i], for snapshots; NULL: none are shown */
};

/* AdCP media-buy-action-mode of an action, by what its products demand (a mask) and the publisher's rules. */
const char *media_buy_action_mode(enum media_buy_action action, int64_t approval, enum rule_asks asks);

/* `buys` in the order of the reply: newest first. */
MUST_CHECK int media_buy_view_load(const struct act *act, const struct media_buy_rows *buys, struct media_buy_view *out,
                                   struct err *e);

/* Also reads what each buy has delivered, so that its packages are shown with a snapshot (include_snapshot). */
MUST_CHECK int media_buy_view_add_snapshots(const struct act *act, struct media_buy_view *v, struct err *e);

/* Which of the object's members an answer has. */
enum media_buy_shape {
    SHAPE_CREATED, /* create-media-buy-response */
    SHAPE_UPDATED, /* update-media-buy-response, without affected_packages */
    SHAPE_LISTED   /* get-media-buys-response, media_buys[] */
};

/* Adds the members of buy `index` to `obj`. */
void media_buy_encode(const struct media_buy_view *v, size_t index, enum media_buy_shape shape, yyjson_mut_doc *doc,
                      yyjson_mut_val *obj);

/* Adds an array of packages of buy `index` under `key`; `only` (by package, in order) selects them, NULL all.
 * SERVICE_UNAVAILABLE when they are larger than a reply may be. */
MUST_CHECK int media_buy_encode_packages(const struct media_buy_view *v, size_t index, const bool *only,
                                         yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct err *e);

/* The completion payload of a create task, as the synchronous answer would be now. Empty when the buy is gone. */
MUST_CHECK int media_buy_result(const struct act *act, struct str media_buy_id, struct str *json_text, struct err *e);
