/* The one table. Rows in the order in which tools/list shows them. */
#include "tools/tool.h"

const struct tool tool_table[] = {
    { 0 },
};
const size_t tool_table_n = sizeof(tool_table) / sizeof(tool_table[0]) - 1; /* the empty row ends the table */

enum tool_kind tool_kind_of(const struct tool *t, yyjson_val *args)
{
    return t->writes && t->writes(args) ? TOOL_WRITE : t->kind;
}

const struct tool *tool_find(struct str name)
{
    for (size_t i = 0; i < tool_table_n; i++) {
        if (str_is(name, tool_table[i].name)) return &tool_table[i];
    }
    return NULL;
}
