/* How much there may be of what comes from outside, in one place and for all dialects. A limit is held when something is
 * taken in, so that what is stored can be read, shown and changed ever after; sizes are those of the text as it is
 * stored, in which numbers may be longer than they were sent ("1e20" is written with 23 bytes). */
#pragma once

struct json_limits;

/* ---- what a call may bring ---- */

#define REQUEST_BYTES_MAX (8 << 20)
#define REQUEST_DEPTH_MAX 64
#define REQUEST_NODES_MAX 400000

#define PACKAGES_MAX 250 /* of one media buy, and of one request */

/* ---- what is answered ---- */

/* One answer, or one object in it; only what older versions have stored comes near. */
#define REPLY_BYTES_MAX (64 << 20)

#define PAGE_BYTES_MAX (8 << 20) /* a page of a list ends once it holds so much of stored text; its cursor goes on */

/* ---- what may be stored ---- */

#define AUDIT_DOC_BYTES_MAX         (64 << 10) /* the details of one line of the audit trail */
#define PACKAGE_BYTES_MAX           (1 << 20) /* what is kept of one package: thousands of keywords, for one */
#define BUY_BYTES_MAX               (4 << 20) /* of a media buy with all its packages */
#define PRODUCT_BYTES_MAX           (1 << 20) /* when people change it; a file may bring more */
#define CREATIVE_BYTES_MAX          (1 << 20)
#define BUYER_OBJECT_BYTES_MAX      (4 << 20) /* a catalog, a list, an audience ... without its items */
#define BUYER_ITEM_BYTES_MAX        (256 << 10) /* one of its items */
#define FEEDBACK_BYTES_MAX          (32 << 10) /* one piece of performance feedback */
#define GOVERNANCE_ANSWER_BYTES_MAX (32 << 10) /* what a buyer's governance agent answers */

/* ---- JSON text that is read: how long, how deep, how many values (contract/json.h) ---- */

extern const struct json_limits json_limits_request; /* the body of a call */
extern const struct json_limits json_limits_value; /* one value in a form, a query, a message */
extern const struct json_limits json_limits_scalar; /* a number or a word */
extern const struct json_limits json_limits_settings; /* of an ad server, as people write them */
extern const struct json_limits json_limits_import; /* a publisher's file */
extern const struct json_limits json_limits_export; /* what is told of two of them: they may have grown here */
extern const struct json_limits json_limits_note; /* a small file or report of another process of this program */
extern const struct json_limits
    json_limits_answer; /* what another system answers, read as far as its caller let it come */
extern const struct json_limits json_limits_list; /* an agent's answer, ours to the command line included */
extern const struct json_limits json_limits_feed; /* a feed; its bytes are held while they are fetched */
extern const struct json_limits json_limits_item; /* one item made of a feed's */
