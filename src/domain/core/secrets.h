/* Secrets inside stored documents: a publisher's settings, what buyers leave with their calls. They are kept where they
 * are used, in the database (data_dir.h: it is readable for its owner only; those of ad servers sealed, ad_server.h), and never shown: what shows a document
 * redacts it first, and who sends a redacted document back changes nothing.
 *
 *   by name   api_key, password, passphrase, secret, token, credentials, private_key and names whose last word is one of
 *             these, however written (client_secret, client-secret, clientSecret): the value becomes "***", whatever it was
 *   by shape  a private key in PEM and a signed token (JWT) are secrets under any name, in any list
 *   URLs      hitl_webhook_url, webhook_url, smtp_url: what may open the door (user, password, path, query) becomes
 *             "***", the host stays; an address alone is no secret */
#pragma once

#include "contract/json.h"

#define SECRET_SHOWN "***"

/* In place, at any depth; what it writes lives in the arena. */
void secrets_redact(struct arena *a, yyjson_mut_val *v);
/* The same for JSON text; empty for text that is not JSON. */
struct str secrets_redacted(struct arena *a, struct str json_text);

/* Text that a peer sends or is sent: JSON as above, a form or a query (NAME=VALUE&...) by its names, other text by its shape. */
struct str secrets_shown_text(struct arena *a, struct str text);
/* The URL with its user and the secrets of its query hidden; its path stays. */
struct str secrets_shown_address(struct arena *a, struct str url);
/* Whether a header of this name lets somebody in. */
bool secrets_is_header(struct str name);

/* Puts back, in place, what a redacted value stands for in `stored` (may be NULL) at the same path. INVALID_REQUEST
 * naming the member, as a pointer below v, when there is nothing it could stand for. */
struct secrets_restore {
    struct arena *arena;
    yyjson_mut_doc *doc; /* of v */
};
MUST_CHECK int secrets_restore(const struct secrets_restore *r, yyjson_mut_val *v, yyjson_val *stored, struct err *e);
/* The same for JSON text, objects both; a damaged `stored` holds nothing. */
MUST_CHECK int secrets_restored(struct arena *a, struct str *json_text, struct str stored, struct err *e);
