/* /sign/<task id>: where a person of the publisher reads an order that waits and signs or refuses it. Nothing is shown
 * without an operator's credential, and each step asks for it again: the page keeps no session.
 *
 *   GET                 a form for the credential
 *   POST action=show    the order, with two buttons
 *   POST action=approve, action=reject (with reason)    decides, by the same tool as the command line */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

void sign_page_handle(struct dispatcher *d, struct http_exchange *ex, struct str task_id);
