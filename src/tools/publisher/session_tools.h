/* Tools of our own pages: opening a session by a one-time link or a password, what is shown before, leaving, and how the person
 * that asks signs in. */
#pragma once

#include "tools/tool.h"

/* Who it is, with name and role, and the publisher's name. */
MUST_CHECK int session_encode_person(struct tool_call *c, struct str principal_id, struct err *e);

MUST_CHECK int tool_x_sign_in_get(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_open(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_close(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_password(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_openid(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_switch(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_own_sign_in_get(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_own_password_set(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_own_totp_start(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_own_totp_confirm(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_own_totp_stop(struct tool_call *c, struct err *e);
