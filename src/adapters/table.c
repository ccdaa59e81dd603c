/* The adapters this program has. Nothing else is in this file, so that a simulation can link a table of its own. */
#include <salesagent/adapter.h>

#include "adapters/gam/gam.h"
#include "adapters/house/house.h"
#include "adapters/kevel/kevel.h"
#include "adapters/manual/manual.h"
#include "adapters/mock/mock.h"
#include "adapters/triton/triton.h"
#include "base/compiler.h"

static const struct adapter *const adapters[] = {
    &mock_adapter, &gam_adapter, &house_adapter, &kevel_adapter, &triton_adapter, &manual_adapter,
};

const struct adapter *adapter_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(adapters); i++) {
        if (str_is(name, adapters[i]->name)) return adapters[i];
    }
    return NULL;
}

const struct adapter *const *adapter_list(size_t *n)
{
    *n = ARRAY_LEN(adapters);
    return adapters;
}
