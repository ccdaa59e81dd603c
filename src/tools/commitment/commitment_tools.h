/* The compact lifecycle of AdCP 3.2: thin tools over the functions that create_media_buy, update_media_buy and proposals use. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int buy_products_run(struct tool_call *c, struct err *e);
MUST_CHECK int control_media_buy_run(struct tool_call *c, struct err *e);
MUST_CHECK int request_proposals_run(struct tool_call *c, struct err *e);
MUST_CHECK int refine_proposals_run(struct tool_call *c, struct err *e);
MUST_CHECK int decline_proposals_run(struct tool_call *c, struct err *e);
MUST_CHECK int accept_proposal_run(struct tool_call *c, struct err *e);
