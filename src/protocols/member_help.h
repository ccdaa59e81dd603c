/* What the members of the tools a buyer needs most mean, in our own words: for the short tools/list, from which a language
 * model learns to call them. The published schemas carry no prose here. */
#pragma once

#include "salesagent/str.h"

/* One sentence, or NULL. */
const char *member_help(const char *tool, struct str member);
/* Whether it is one of the tools a buyer needs most: those whose own members are described. */
bool member_help_has(const char *tool);

/* Whether the member means the same in all tools. */
bool member_help_shared(struct str member);
