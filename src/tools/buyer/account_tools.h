/* Accounts: the `run` functions of their rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int sync_accounts_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_accounts_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_account_financials_run(struct tool_call *c, struct err *e);
MUST_CHECK int report_usage_run(struct tool_call *c, struct err *e);
MUST_CHECK int sync_governance_run(struct tool_call *c, struct err *e);
bool list_accounts_writes(yyjson_val *args);
