/* Contracts by tool and by path. */
#include <stdlib.h>

#include "contract/validate.h"

struct wanted {
    int line;
    const char *name;
};

static int by_tool(const void *key, const void *row)
{
    const struct wanted *w = key;
    const struct contract_tool *t = row;
    return w->line != t->line ? w->line - t->line : strcmp(w->name, t->name);
}

static int by_path(const void *key, const void *row)
{
    const struct wanted *w = key;
    const struct contract *c = row;
    return w->line != c->line ? w->line - c->line : strcmp(w->name, c->path);
}

const struct contract *contract_find(enum adcp_line line, const char *tool, enum contract_side side)
{
    struct wanted w = { (int)line, tool };
    const struct contract_tool *t =
        bsearch(&w, contract_tools, contract_tool_count, sizeof(contract_tools[0]), by_tool);
    return t ? &contract_documents[t->document[side]] : NULL;
}

const struct contract *contract_find_document(enum adcp_line line, const char *path)
{
    struct wanted w = { (int)line, path };
    return bsearch(&w, contract_documents, contract_document_count, sizeof(contract_documents[0]), by_path);
}
