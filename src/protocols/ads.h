/* The doors of the built-in ad server, all below /ads/:
 *
 *   t.js                 the tag for pages                          -> serving/t.js
 *   d?slot=...           decisions for many slots, as JSON
 *   f/SLOT               a document for <iframe>
 *   r/TOKEN              a creative's own document, sandboxed
 *   v?slot=...           VAST                                       x/TOKEN: a buyer's VAST document
 *   i/SLOT?k=, c/SLOT?k= picture and link of a place in a mail
 *   e/EVENT/TOKEN        something happened to an ad
 *   click/TOKEN          a click: counted, then on to where the creative leads
 *
 * They belong to nobody's session: no cookie is read or set, no credential is looked at, and what is refused or filtered
 * looks to the client like what is counted. Decisions for scripts are answered to the publisher's own pages only (CORS). */
#pragma once

#include "net/http.h"
#include "protocols/web_policy.h"
#include "run/loop.h"
#include "serving/content.h"
#include "serving/serving.h"

struct ads_doors {
    struct loop *loop;
    struct serving *serving;
    const struct web_policy *web;
    /* Where a creative leads that is not part of the lineup any more: true and the URL, in the arena. */
    bool (*destination)(struct ads_doors *d, struct arena *a, uint32_t creative, struct str *url);
};

bool ads_is_path(struct str path);
/* Answers the exchange. After web_policy_roles. */
void ads_handle(struct ads_doors *d, struct http_exchange *ex);
