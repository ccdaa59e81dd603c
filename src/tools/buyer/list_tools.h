/* Property lists, collection lists and content standards: the `run` functions of their rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int create_property_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_property_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_property_lists_run(struct tool_call *c, struct err *e);
MUST_CHECK int update_property_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int delete_property_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int validate_property_delivery_run(struct tool_call *c, struct err *e);

MUST_CHECK int create_collection_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_collection_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_collection_lists_run(struct tool_call *c, struct err *e);
MUST_CHECK int update_collection_list_run(struct tool_call *c, struct err *e);
MUST_CHECK int delete_collection_list_run(struct tool_call *c, struct err *e);

MUST_CHECK int create_content_standards_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_content_standards_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_content_standards_run(struct tool_call *c, struct err *e);
MUST_CHECK int update_content_standards_run(struct tool_call *c, struct err *e);
MUST_CHECK int calibrate_content_run(struct tool_call *c, struct err *e);
MUST_CHECK int validate_content_delivery_run(struct tool_call *c, struct err *e);
