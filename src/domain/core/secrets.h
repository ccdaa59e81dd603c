/* Secrets inside stored documents: a publisher's settings, what buyers leave with their calls. They are kept where they
 * are used, in the database (data_dir.h: it is readable for its owner only; those of ad servers sealed, ad_server.h), and never shown: what shows a document
 * redacts it first, and who sends a redacted document back changes nothing.
 *
 *   by name   api_key, password, secret, token, credentials, private_key and names that end with _ and one of these:
 *             the value becomes "***", whatever it was
 *   URLs      hitl_webhook_url, webhook_url, smtp_url: what may open the door (user, password, path, query) becomes
 *             "***", the host stays; an address alone is no secret */
#pragma once

#include "contract/json.h"

#define SECRET_SHOWN "***"

/* In place, at any depth; what it writes lives in the arena. */
void secrets_redact(struct arena *a, yyjson_mut_val *v);
/* The same for JSON text; empty for text that is not JSON. */
struct str secrets_redacted(struct arena *a, struct str json_text);

/* Puts back, in place, what a redacted value stands for in `stored` (may be NULL) at the same path. INVALID_REQUEST
 * naming the member, as a pointer below v, when there is nothing it could stand for. */
struct secrets_restore {
    struct arena *arena;
    yyjson_mut_doc *doc; /* of v */
};
MUST_CHECK int secrets_restore(const struct secrets_restore *r, yyjson_mut_val *v, yyjson_val *stored, struct err *e);
/* The same for JSON text, objects both; a damaged `stored` holds nothing. */
MUST_CHECK int secrets_restored(struct arena *a, struct str *json_text, struct str stored, struct err *e);
