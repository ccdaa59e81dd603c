/* What was said to ad servers and what they answered, secrets removed: a file that a publisher who runs into something can
 * hand to whoever looks after an adapter. One JSON object a line:
 *
 *     {"at": TIME, "ad_server": .., "method": .., "url": .., "headers": {..}, "body": .., "outcome": "ok", "status": 200,
 *      "elapsed_ms": 12, "response": ..}
 *
 * body and response are JSON where they were JSON, else text; {"bytes": N} where they are neither, or long. */
#pragma once

#include <salesagent/http_call.h>

#include "base/compiler.h"

struct cassette;

/* Appends to the file, which is made with mode 0600. Errors: CONFIGURATION_ERROR naming it. */
MUST_CHECK int cassette_open(const char *path, struct cassette **out, struct err *e);
void cassette_close(struct cassette *c); /* NULL-safe */

/* A call that has ended; `ad_server` is the publisher's name for it. NULL-safe. A disk that does not take it ends the recording, with a line in the log. */
void cassette_note(struct cassette *c, struct str ad_server, const struct http_call *call, int64_t now);
