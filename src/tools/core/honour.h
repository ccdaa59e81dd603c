/* What a published schema names and nothing here acts on: refused by name, in one place, so that nothing is promised by
 * being taken. The table is checked against the published schemas by a test. */
#pragma once

#include "tools/tool.h"

struct unhonoured {
    const char *tool; /* "*": every tool */
    const char *member; /* JSON Pointer in the arguments; "*" stands for any index */
    const char *reason; /* a sentence for the caller */
};
extern const struct unhonoured unhonoured[];
extern const size_t unhonoured_n;

/* UNSUPPORTED_FEATURE at the first member of the arguments that stands in the table. */
MUST_CHECK int honour_check(struct str tool, yyjson_val *args, struct err *e);

/* Whether a member of the first level is refused, whatever it holds. */
bool honour_refuses(const char *tool, struct str member);

/* The list of a tool whose items stand for themselves: one may be malformed and the others are done. NULL when the tool
 * has none, or the caller wants all or nothing (validation_mode strict). */
const char *honour_batch(const char *tool, yyjson_val *args);
/* Item `index` of the list as its schema wants it, or INVALID_REQUEST at the first place that is not. */
MUST_CHECK int honour_item(const struct tool_call *c, const char *list, size_t index, struct err *e);

/* The reply's ext.salesagent, made when it is not there. */
yyjson_mut_val *honour_ours(struct tool_call *c);
/* Says in the reply, under ext.salesagent.ignored, that a member of the arguments had no effect. */
void honour_ignored(struct tool_call *c, struct str pointer);
