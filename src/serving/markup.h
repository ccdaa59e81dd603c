/* What is sent for a decided ad: VAST for players, documents for frames. Pure text; everything that comes from a buyer is
 * escaped, except a creative's own markup, which is shown in a sandboxed document of no origin (frame_creative). */
#pragma once

#include "serving/macros.h"
#include "serving/token.h"

/* An ad as it goes out. */
struct outgoing {
    const struct content *content;
    const struct macro_values *macros;
    struct str base; /* of our URLs: "https://ads.example/ads" */
    struct token_text token;
    struct str label; /* "Advertisement" */
    bool who_paid; /* say on whose behalf, and who pays when that is somebody else */
    struct str paid_by_label; /* "paid by" */
    struct str consent_query; /* "?gdpr=1...": for the creative's own document; or empty */
};

/* Our URLs for an ad: base, door, token. */
void add_event_url(struct buf *b, const struct outgoing *o, const char *event);
void add_click_url(struct buf *b, const struct outgoing *o);

/* For text and quoted attributes of HTML and XML. */
void add_text(struct buf *b, struct str s);

/* ---- VAST ---- */

enum vast_version { VAST_3, VAST_4 }; /* 3.0, 4.2 */
/* "3", "3.0", "2", ... are 3.0, everything else 4.2. */
enum vast_version vast_version_of(struct str text);

/* A whole document: inline, or a wrapper round another ad server's tag or the buyer's own document. */
void vast_add(struct buf *b, const struct outgoing *o, enum vast_version version);
/* A document without an ad; `error_url` is told that there was none. */
void vast_add_none(struct buf *b, enum vast_version version, struct str error_url);

/* ---- JSON and frames ---- */

/* {"slot", "place", "width", "height", "kind", ...}: what the script and the decision API get (docs/ad-servers/house.md). `place`: which of
 * the slots asked for it is, from 0. */
void ad_json_add(struct buf *b, const struct outgoing *o, struct str slot_id, size_t place);

/* A document for <iframe src=".../f/SLOT">: the ad as data for the script, and without scripts a link and a picture. `script`
 * is the tag's URL. */
void frame_ad(struct buf *b, const struct outgoing *o, struct str slot_id, struct str script);
/* A document without an ad. */
void frame_empty(struct buf *b);
/* The creative's own document. */
void frame_creative(struct buf *b, const struct outgoing *o);
