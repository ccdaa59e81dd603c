/* Another table of adapters, before src/adapters/table.c: a program that has one of its own. */
#include "upstream.h"

static const struct adapter *const adapters[] = { &upstream_adapter };

const struct adapter *adapter_find(struct str name)
{
    return str_is(name, upstream_adapter.name) ? &upstream_adapter : NULL;
}

const struct adapter *const *adapter_list(size_t *n)
{
    *n = 1;
    return adapters;
}
