/* The command line's door: POST /local/<tool> on the unix-domain socket in the data directory. Whoever may open the
 * socket (its directory is the operator's) acts as an administrator; the answer is the canonical reply. */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

void local_handle(struct dispatcher *d, struct http_exchange *ex);
