/* /decide/TENANT.LINK.SEAL: a person decides one task from a message, without signing in. GET shows the task and changes
 * nothing (mail scanners follow links); POST decides, once. Works without scripts and on a phone. The link itself is
 * the credential, it is sent by nobody but its holder (no cookies), so a form on another site cannot use it. */
#pragma once

#include "protocols/dispatch.h"

void decide_page_handle(struct dispatcher *d, struct http_exchange *ex, struct str link);
