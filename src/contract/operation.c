#include "contract/operation.h"

const struct operation *operation_find(struct str name)
{
    for (size_t i = 0; i < operations_n; i++) {
        if (str_is(name, operations[i].name)) return &operations[i];
    }
    return NULL;
}

int operation_check(const struct operation *o, struct arena *a, yyjson_val *args, struct err *e)
{
    struct contract_report *report = ARENA_NEW(a, struct contract_report);
    report->arena = a;
    if (contract_validate(&o->arguments, args, report) == 0) return 0;
    return contract_report_err(report, e);
}
